"""The account of a run: of every source in every phase, what was planned is what was served and what was skipped.

Three counts come from three places: planned from the plan and the tables of pieces, by numbers of sequences alone;
served from the masks of the batches that were used; skipped from the windows that the state records. A batch that
was lost or came twice shows as a difference, also where another of the same size hides it: counts hold a sum of hashes.

Letters: F phases, N sources, 3 counts: tokens (predicted pairs), sequences, sum of hashes of sequences (modulo 2^64).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .errors import DataError, TrainError
from .loader import Batch, Loader

CHUNK_SEQUENCES = 1 << 16
"""So many sequences are counted at once."""
SORTED_SEQUENCES = 1 << 24
"""So many sequences of the order are sorted, 128 MiB, to read the shards one after another."""


class AccountError(TrainError, ArithmeticError):
    """What was served is not what was planned."""

    exit_code = 4


def _hashes(row: np.ndarray) -> np.ndarray:
    """A number for each row int64[K], int64[K]: the finalizer of MurmurHash3 (Appleby), for sums modulo 2^64."""
    bits = row.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return (bits ^ (bits >> np.uint64(33))).view(np.int64)


def _counted(
    shape: tuple[int, int], phase: np.ndarray, source: np.ndarray, tokens: np.ndarray, row: np.ndarray
) -> np.ndarray:
    """The counts of sequences, int64[F,N,3]; all given are [K]."""
    counts = np.zeros((*shape, 3), np.int64)
    np.add.at(counts, (phase, source), np.stack((tokens, np.ones_like(tokens), _hashes(row)), axis=1))
    return counts


class Account:
    """What was served: filled batch by batch, kept in a checkpoint, added up over ranks."""

    def __init__(self, n_phases: int, sources: Sequence[str]) -> None:
        self.sources = tuple(sources)
        self.counts = np.zeros((n_phases, len(self.sources), 3), np.int64)

    @classmethod
    def of(cls, loader: Loader) -> Account:
        """An empty account for a loader."""
        return cls(len(loader.plan.phases), loader.sources)

    @property
    def tokens(self) -> int:
        """Predicted pairs served until now."""
        return int(self.counts[..., 0].sum())

    def add(self, batch: Batch) -> None:
        """Count a batch that was used, of arrays or of tensors on the CPU."""
        phase, source, row, mask = (np.asarray(one) for one in (batch.phase, batch.source, batch.row, batch.mask))
        tokens = np.count_nonzero(mask, axis=1)
        self.counts += _counted(self.counts.shape[:2], phase, source, tokens, row)

    def merge(self, other: Account) -> None:
        """Add what another rank was served."""
        assert self.sources == other.sources
        self.counts += other.counts

    def state_dict(self) -> dict[str, Any]:
        """All of it, as plain values."""
        return {"sources": list(self.sources), "counts": self.counts.tolist()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state. Raises DataError if it is of other sources or phases."""
        try:
            counts = np.array(state["counts"], np.int64)
            is_right = list(state["sources"]) == list(self.sources) and counts.shape == self.counts.shape
            is_right = is_right and counts.tolist() == state["counts"] and bool((counts[..., :2] >= 0).all())
        except (KeyError, TypeError, ValueError, OverflowError):
            is_right = False
        if not is_right:
            raise DataError("the account of what was served is not of this data and plan: start the run again")
        self.counts = counts


def planned(loader: Loader) -> np.ndarray:
    """The counts that the plan of a loader comes to, int64[F,N,3]: each source's numbers phase by phase, no blocks."""
    plan = loader.plan
    counts = np.zeros((len(plan.phases), len(plan.sources), 3), np.int64)
    for source, name in enumerate(plan.sources):
        ends = list(itertools.accumulate((phase.sequences[name] for phase in plan.phases), initial=0))
        counts[:, source] = _ranges(loader, source, list(itertools.pairwise(ends)))
    return counts


def _ranges(loader: Loader, source: int, ranges: Sequence[tuple[int, int]]) -> list[np.ndarray]:
    """The counts of ranges of a source's numbers, int64[3] of each; a whole epoch is counted once for all."""
    n, epoch, found = loader.plan.available[loader.sources[source]], None, []
    for begin, end in ranges:
        first, last = -(-begin // n), end // n
        if last <= first:
            found.append(_numbers(loader, source, begin, end))
            continue
        if epoch is None:
            epoch = _epoch(loader, source, n)
        ends = _numbers(loader, source, begin, first * n) + _numbers(loader, source, last * n, end)
        found.append(epoch * (last - first) + ends)
    return found


def _epoch(loader: Loader, source: int, n: int) -> np.ndarray:
    """The counts of an epoch, in which the order does not matter; int64[3]."""
    if n < loader.plan.there[loader.sources[source]]:
        return _numbers(loader, source, 0, n)
    chunks = (np.arange(at, min(at + CHUNK_SEQUENCES, n)) for at in range(0, n, CHUNK_SEQUENCES))
    return _sum(_rows(loader, source, row) for row in chunks)


def _numbers(loader: Loader, source: int, begin: int, end: int) -> np.ndarray:
    """The counts of the numbers begin .. end-1 of a source, int64[3]."""
    return _sum(
        _rows(loader, source, row)
        for at in range(begin, end, SORTED_SEQUENCES)
        for row in _sorted(loader, source, at, min(at + SORTED_SEQUENCES, end))
    )


def _sorted(loader: Loader, source: int, begin: int, end: int) -> Iterator[np.ndarray]:
    """The rows of the numbers begin .. end-1 of a source in the order of the data, int64, in chunks."""
    row = np.empty(end - begin, np.int64)
    for at in range(begin, end, CHUNK_SEQUENCES):
        stop = min(at + CHUNK_SEQUENCES, end)
        row[at - begin : stop - begin] = loader.order.rows(loader.sources[source], at, stop)[1]
    row.sort()
    for at in range(0, len(row), CHUNK_SEQUENCES):
        yield row[at : at + CHUNK_SEQUENCES]


def _rows(loader: Loader, source: int, row: np.ndarray) -> np.ndarray:
    """The counts of rows int64[K] of a source, int64[3]."""
    return np.array([loader.tokens_of(source, row).sum(), len(row), _hashes(row).sum()], np.int64)


def _sum(counts: Iterable[np.ndarray]) -> np.ndarray:
    return sum(counts, np.zeros(3, np.int64))


def skipped(loader: Loader) -> np.ndarray:
    """The counts of all windows that a loader skips, int64[F,N,3]."""
    counts = np.zeros((len(loader.plan.phases), len(loader.sources), 3), np.int64)
    for first, stop in loader.skipped:
        for number in range(first, stop):
            window = loader.window(number)
            counts += _counted(counts.shape[:2], window.phase, window.source, window.layout.tokens, window.row)
    return counts


def settle(loader: Loader, served: Account) -> dict[str, Any]:
    """The account of a run that is over, for `check` and for `account.json`.

    skipped_windows as ranges; phases: of each, what was planned, served and skipped by source in tokens,
    sequences and epochs; total: the same of all phases; differences: a sentence for each.
    """
    kinds = {"planned": planned(loader), "served": served.counts, "skipped": skipped(loader)}
    phases = [
        {kind: _told(loader, counts[number]) for kind, counts in kinds.items()} for number in range(len(served.counts))
    ]
    return {
        "steps": loader.step,
        "windows": loader.n_windows,
        "skipped_windows": [list(one) for one in loader.skipped],
        "phases": phases,
        "total": {kind: _told(loader, counts.sum(axis=0)) for kind, counts in kinds.items()},
        "differences": list(_differences(loader, **kinds)),
    }


def _told(loader: Loader, counts: np.ndarray) -> dict[str, dict[str, int | float]]:
    """Counts int64[N,3] in words."""
    return {
        name: {"tokens": tokens, "sequences": sequences, "epochs": sequences / loader.plan.available[name]}
        for name, (tokens, sequences, _) in zip(loader.sources, counts.tolist(), strict=True)
    }


def _differences(loader: Loader, planned: np.ndarray, served: np.ndarray, skipped: np.ndarray) -> Iterator[str]:
    for phase, source in np.argwhere((planned != served + skipped).any(axis=2)).tolist():
        told = [
            f"{kind} {counts[phase, source, 0]:,} tokens in {counts[phase, source, 1]:,} sequences"
            for kind, counts in (("planned", planned), ("served", served), ("skipped", skipped))
        ]
        yield f"'{loader.sources[source]}' in phase {phase + 1}: {', '.join(told)}"


def check(account: Mapping[str, Any]) -> None:
    """Raise AccountError, which names the sources, if an account that `settle` made does not add up."""
    found = account["differences"]
    if found:
        raise AccountError(
            f"the account does not add up: {'; '.join(found)}; a batch was lost, came twice, or is not the one that was"
            " planned: the run's results are not of its plan"
        )
