"""From a packed folder to batches: memory-mapped, every batch a function of seed, number and skipped windows alone.

A window is a batch of the plan; a step is a window that is not skipped. A skip is recorded, never silent.

Letters: B sequences of a batch (of this rank's part of it), K sequences, T predicted positions, S slots = T+1, n
segments.
"""

from __future__ import annotations

import bisect
import functools
import hashlib
import itertools
import operator
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .borders import cu_seqlens, positions
from .errors import ConfigError, DataError, did_you_mean
from .mixtures import weights_of
from .packed import PackedIndex, read_index
from .parts import plan_of
from .plan import Order, Phase, Plan, key, permute
from .sequences import Layout, Shards

BLOCK_SEQUENCES = 1024
"""About so many sequences are shuffled with one another; not the batch size, on which the order must not depend."""


class Batch(NamedTuple):
    """Sequences to train or evaluate on.

    inputs, targets int64[B,T]: a token and its next; mask bool[B,T]: both belong to one piece, so the
    target counts; piece int32[B,S]: number of the piece in its sequence, -1 for padding; source, phase
    int32[B]: indices of the loader's `sources` and of the plan's phases (0 in validation); row int64[B]:
    number of the sequence in the source; n_tokens: predicted pairs of all ranks' parts together, by which
    to divide a sum of losses. A DataLoader of torch makes tensors of the arrays.
    """

    inputs: np.ndarray
    targets: np.ndarray
    mask: np.ndarray
    piece: np.ndarray
    source: np.ndarray
    phase: np.ndarray
    row: np.ndarray
    n_tokens: int

    @property
    def positions(self) -> np.ndarray:
        """The position of each input in its piece, int32[B,T]."""
        return positions(np.asarray(self.piece))

    @property
    def cu_seqlens(self) -> np.ndarray:
        """The borders of the pieces in the inputs laid end to end, int32[n+1] (see `borders.cu_seqlens`)."""
        return cu_seqlens(np.asarray(self.piece))


class Window(NamedTuple):
    """Sequences in turn: source int32[K], phase int32[K], row int64[K] in the source, and where they lie."""

    source: np.ndarray
    phase: np.ndarray
    row: np.ndarray
    layout: Layout

    def part(self, rows: slice) -> Window:
        """Some of the sequences, which follow one another."""
        return Window(self.source[rows], self.phase[rows], self.row[rows], self.layout.part(rows))


class _Block(NamedTuple):
    """A block of the order: its number, how many sequences come before it, and its sequences."""

    number: int
    first: int
    sequences: Window

    @property
    def stop(self) -> int:
        """How many sequences come before the next block."""
        return self.first + len(self.sequences.row)


def _joined(parts: Sequence[Window]) -> Window:
    if len(parts) == 1:
        return parts[0]
    layout = Layout(*map(np.concatenate, zip(*(one.layout for one in parts), strict=True)))
    source, phase, row = (np.concatenate(one) for one in zip(*(one[:3] for one in parts), strict=True))
    return Window(source, phase, row, layout)


def _batch(shards: Shards, window: Window) -> Batch:
    tokens, piece = shards.read(window.layout)
    flat = piece.ravel()  # rows that follow one another are compared faster than row by row
    same = np.zeros(flat.shape, bool)
    np.equal(flat[1:], flat[:-1], out=same[:-1])
    same[:-1] &= flat[1:] >= 0
    mask = same.reshape(piece.shape)[:, :-1]
    n_tokens = int(window.layout.tokens.sum())
    return Batch(tokens[:, :-1], tokens[:, 1:], mask, piece, window.source, window.phase, window.row, n_tokens)


class Loader:
    """The batches of a run; `len` of them, the last one smaller if need be, so that no sequence is lost.

    `loader[step]` is a batch, whichever came before; iteration goes from `step` on. Also a map-style data set
    for torch: `DataLoader(loader, batch_size=None, sampler=range(loader.step, len(loader)))`.
    Of several ranks each has its contiguous part of the same batches.
    """

    def __init__(
        self,
        index: PackedIndex,
        folder: str,
        plan: Plan,
        seed: int,
        batch_sequences: int,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        """Raises ConfigError for an empty batch, more ranks than sequences of a batch, or a seed out of range."""
        if batch_sequences < 1:
            raise ConfigError(f"a batch of {batch_sequences} sequences: it must have at least 1")
        if not 0 <= rank < world:
            raise ConfigError(f"rank {rank} of {world}: it must be from 0 to {world - 1}")
        if batch_sequences < world:
            raise ConfigError(f"a batch of {batch_sequences} sequences for {world} ranks: each needs at least 1")
        self.plan, self.sources, self.step = plan, plan.sources, 0
        self.sequence_tokens, self._size, self._part = index.sequence_tokens, batch_sequences, (rank, world)
        self.order = Order(plan, seed, BLOCK_SEQUENCES)
        sides = [index.sources[name].train for name in self.sources]
        self._index, self._seed = index, seed
        self._shards = Shards(index, folder, [shard for side in sides for shard in side.shards])
        self._first = np.cumsum([0, *(side.total("sequences") for side in sides)], dtype=np.int64)
        self._set_skipped([])
        self._held: _Block | None = None

    @classmethod
    def open(
        cls,
        folder: str,
        *,
        batch_sequences: int,
        mixture: str | Mapping[str, float] = "natural",
        tokens: int | None = None,
        phases: Sequence[tuple[str | Mapping[str, float], int]] = (),
        max_epochs: float = 4.0,
        target_tokens: int = 0,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
    ) -> Loader:
        """The loader of a packed folder. Raises ConfigError, DataError.

        mixture: natural, uniform or weights; tokens: budget of predicted pairs, None for as many as there
        are; phases: (mixture, tokens) of each, in place of these two; for the others see `plan_of`.
        """
        index = read_index(folder)
        there = {name: n_tokens for name, (_, n_tokens) in index.available().items()}
        asked = phases or [(mixture, sum(there.values()) if tokens is None else tokens)]
        plan = plan_of(index, folder, [Phase(weights_of(one, there), n) for one, n in asked], max_epochs, target_tokens)
        return cls(index, folder, plan, seed, batch_sequences, rank, world)

    @property
    def n_windows(self) -> int:
        """Batches of the plan, those that are skipped among them."""
        return -(-self.plan.total // self._size)

    @property
    def skipped(self) -> tuple[tuple[int, int], ...]:
        """The skipped windows, as ranges: the first, and the one after the last."""
        return tuple(self._skipped)

    def __len__(self) -> int:
        return self.n_windows - self._n_skipped[-1]

    def __getitem__(self, step: int) -> Batch:
        """The batch of step 0 .. len-1. Raises DataError if a file is damaged, IndexError for another step."""
        if not 0 <= operator.index(step) < len(self):
            raise IndexError(f"step {step} of {len(self):,}")
        window = self.window(self.window_of(step))
        (rank, world), n = self._part, len(window.row)
        made = _batch(self._shards, window.part(slice(n * rank // world, n * (rank + 1) // world)))
        return made if world == 1 else made._replace(n_tokens=int(window.layout.tokens.sum()))

    def __iter__(self) -> Iterator[Batch]:
        """The batches from `step` on, which is raised as each is handed out."""
        while self.step < len(self):
            batch = self[self.step]
            self.step += 1
            yield batch

    def window_of(self, step: int) -> int:
        """The window of a step: as many as are skipped until there come before it."""
        return step + self._n_skipped[bisect.bisect_right(self._step_at, step)]

    def skip(self, first: int, stop: int) -> None:
        """Leave out the windows first .. stop-1 from now on, none of which may come before the one of `step`.

        A trainer that goes back to the state before a spike skips the windows that hurt (PaLM, arXiv
        2204.02311). Raises ConfigError for windows that were reached or do not exist.
        """
        reached = self.window_of(self.step - 1) + 1 if self.step else 0
        if not reached <= operator.index(first) < operator.index(stop) <= self.n_windows:
            raise ConfigError(
                f"cannot skip windows {first} to {stop}: they must lie from {reached:,}, which comes next,"
                f" to {self.n_windows:,}, the end"
            )
        merged: list[tuple[int, int]] = []
        for begin, end in sorted([*self._skipped, (int(first), int(stop))]):
            if merged and begin <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((begin, end))
        self._set_skipped(merged)

    def _set_skipped(self, ranges: list[tuple[int, int]]) -> None:
        """Skip these windows: ranges in order, apart from one another."""
        self._skipped = ranges
        self._n_skipped = [0, *itertools.accumulate(stop - first for first, stop in ranges)]
        """So many windows are skipped in the first 0, 1, 2 .. ranges."""
        self._step_at = [first - before for (first, _), before in zip(ranges, self._n_skipped, strict=False)]
        """The step that would have the first window of each range."""

    @functools.cached_property
    def identity(self) -> dict[str, Any]:
        """What decides all batches: equal for loaders whose states can be exchanged. `data` and `plan` are hashes."""
        plan = hashlib.sha256(repr((self.plan, BLOCK_SEQUENCES)).encode()).hexdigest()
        return {"data": self._index.digest(), "plan": plan, "seed": self._seed, "batch_sequences": self._size}

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, whatever its number of ranks.

        `step`, `skipped` windows as ranges, and `of`, the `identity` of the loader.
        """
        return {"step": self.step, "skipped": [[first, stop] for first, stop in self._skipped], "of": self.identity}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state. Raises DataError, which names what differs, if it is not one of this loader."""
        try:
            theirs, step, skipped = dict(state["of"]), state["step"], [tuple(one) for one in state["skipped"]]
            is_one = len(state) == 3 and self._can_be(step, skipped)
        except (KeyError, TypeError, ValueError):
            theirs, is_one = {}, False
        other = [name for name, value in self.identity.items() if theirs.get(name, value) != value]
        if other:
            raise DataError(f"the state of the loader is of another run: its {' and '.join(other)} differ")
        if not is_one or theirs != self.identity:
            raise DataError("the state of the loader is none of this data and plan: start the run again")
        self.step = step
        self._set_skipped(skipped)

    def _can_be(self, step: Any, skipped: list[tuple[Any, ...]]) -> bool:
        """Whether there are such windows, each range behind the one before it, and steps without them."""
        after, left = -1, self.n_windows
        for first, stop in skipped:
            if type(first) is not int or type(stop) is not int or not after < first < stop <= self.n_windows:
                return False
            after, left = stop, left - (stop - first)
        return type(step) is int and 0 <= step <= left

    def tokens_of(self, source: int, row: np.ndarray) -> np.ndarray:
        """Predicted pairs of sequences of a source, int64[K], of which row int64[K] is given."""
        return self._shards.layout(self._first[source] + row).tokens

    def window(self, number: int) -> Window:
        """All sequences of a window."""
        begin, end = number * self._size, min((number + 1) * self._size, self.plan.total)
        parts, held = [], self._held
        if held is None or not held.first <= begin < held.stop:
            held = self._block(bisect.bisect_right(range(self.order.n_blocks), begin, key=self._begin) - 1)
        while True:
            parts.append(held.sequences.part(slice(max(0, begin - held.first), end - held.first)))
            if held.stop >= end:
                break
            held = self._block(held.number + 1)
        self._held = held  # the next window mostly lies in it
        return _joined(parts)

    def _begin(self, block: int) -> int:
        return sum(self.order.begin(block).values())

    def _block(self, number: int) -> _Block:
        source, _, row = self.order.block(number)
        phase = np.full(len(row), self.order.phase_of(number), np.int32)
        layout = self._shards.layout(self._first[source] + row)
        return _Block(number, self._begin(number), Window(source, phase, row, layout))


def validation_batches(
    index: PackedIndex, folder: str, source: str, batch_sequences: int, max_tokens: int
) -> Iterator[Batch]:
    """Batches of a source's validation sequences: the same for every run, at most `max_tokens`, at least one sequence.

    The first ones in a fixed random order, told in the order of the data. None at all if the source has no validation
    sequence. Raises ConfigError for an unknown source.
    """
    if source not in index.sources:
        raise ConfigError(f"the data has no source '{source}'{did_you_mean(source, index.sources)}")
    shards = Shards(index, folder, index.sources[source].validation.shards)
    if len(shards) == 0:
        return
    some = np.arange(min(len(shards), max(1, max_tokens)))  # each has a token at least
    order = permute(some, len(shards), key(0, f"validation {source}", 0))
    tokens = shards.layout(order).tokens.cumsum()
    # Shard by shard from here on, so that each is mapped once, however many there are.
    chosen = np.sort(order[: max(1, int(np.searchsorted(tokens, max_tokens, side="right")))])
    for begin in range(0, len(chosen), batch_sequences):
        rows = chosen[begin : begin + batch_sequences]
        nothing = np.zeros(len(rows), np.int32)
        yield _batch(shards, Window(nothing, nothing, rows, shards.layout(rows)))
