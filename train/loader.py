"""From a packed folder to batches: memory-mapped, every batch a function of its number alone.

Letters: B sequences of a batch, K sequences asked for, T predicted positions, S slots = T+1.
"""

from __future__ import annotations

import bisect
import functools
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from .errors import ConfigError, DataError, did_you_mean
from .mixtures import Allotment, Order, key, permute
from .tokens import PackedIndex, Shard, open_array, read_pieces

BLOCK_SEQUENCES = 1024
"""About so many sequences are shuffled with one another; not the batch size, on which the order must not depend."""
OPEN_SHARDS = 32
"""So many files of a source stay mapped: each holds a file descriptor."""


class Batch(NamedTuple):
    """Sequences to train or evaluate on.

    inputs, targets int64[B,T]: a token and its next; mask bool[B,T]: both belong to one piece, so the
    target counts; piece int32[B,T+1]: number of the piece in its sequence, -1 for padding; source
    int32[B]: an index of the loader's `sources` (0 in validation).
    """

    inputs: np.ndarray
    targets: np.ndarray
    mask: np.ndarray
    piece: np.ndarray
    source: np.ndarray


class _Lengths(NamedTuple):
    """Lengths of a shard's pieces: those of row r are length[first[r] : first[r + 1]], and have tokens[r] pairs."""

    first: np.ndarray
    length: np.ndarray
    tokens: np.ndarray


class Shards:
    """The sequences of a list of shards as one: row numbers run through them in order."""

    def __init__(self, index: PackedIndex, folder: str, shards: Sequence[Shard]) -> None:
        self._index, self._folder, self._shards = index, folder, shards
        self._ends = np.cumsum([shard.sequences for shard in shards], dtype=np.int64)
        self._lengths: dict[int, _Lengths] = {}
        self.array = functools.lru_cache(OPEN_SHARDS)(self._map)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def locate(self, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """For each shard in turn: its number, the places in `rows` that it serves, and its own row numbers there."""
        shard_of = np.searchsorted(self._ends, rows, side="right")
        for number in np.unique(shard_of).tolist():
            where = np.flatnonzero(shard_of == number)
            yield number, where, rows[where] - (self._ends[number] - self._shards[number].sequences)

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tokens int64[K,S] and pieces int32[K,S] of rows int64[K]. Raises DataError if a file is damaged."""
        shape = (len(rows), self._index.sequence_tokens + 1)
        tokens, piece = np.empty(shape, np.int64), np.empty(shape, np.int32)
        for number, where, inside in self.locate(rows):
            tokens[where] = self.array(number)[inside]
            piece[where] = _pieces(self._shard_lengths(number), inside, shape[1])
        if tokens.size and tokens.max() >= self._index.vocab_size:
            raise DataError(f"{self._folder} holds a token outside the vocabulary: copy the whole folder again")
        return tokens, piece

    def tokens_of(self, rows: np.ndarray) -> np.ndarray:
        """Predicted pairs of each of rows int64[K], int64[K]."""
        tokens = np.empty(len(rows), np.int64)
        for number, where, inside in self.locate(rows):
            tokens[where] = self._shard_lengths(number).tokens[inside]
        return tokens

    def _map(self, number: int) -> np.memmap:
        return open_array(os.path.join(self._folder, f"{self._shards[number].name}.npy"))

    def pieces(self, number: int) -> pa.Table:
        """The pieces of one shard (`tokens.PIECES`). Raises DataError if they are not what `packed.json` says."""
        shard = self._shards[number]
        path = os.path.join(self._folder, f"{shard.name}.docs.arrow")
        try:
            with open(path, "rb") as file:
                table = read_pieces(file, self._index.sequence_tokens)
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from error
        first, length = _firsts(table, shard), table["n_tokens"].to_numpy()
        is_whole = len(length) == shard.pieces == first[-1] and int(length.sum()) == shard.pieces + shard.tokens
        if not is_whole or (np.diff(first) < 1).any():
            raise DataError(f"{path} is not what packed.json says: copy the whole folder again")
        return table

    def _shard_lengths(self, number: int) -> _Lengths:
        if number not in self._lengths:
            table = self.pieces(number)
            first, length = _firsts(table, self._shards[number]), table["n_tokens"].to_numpy()
            before = np.concatenate(([0], np.cumsum(length - 1, dtype=np.int64)))
            self._lengths[number] = _Lengths(first, length, np.diff(before[first]))
        return self._lengths[number]


def _firsts(table: pa.Table, shard: Shard) -> np.ndarray:
    """The first piece of each row of a shard, and the end, int64[n+1]."""
    return np.searchsorted(table["sequence"].to_numpy(), np.arange(shard.sequences + 1))


def _pieces(lengths: _Lengths, rows: np.ndarray, slots: int) -> np.ndarray:
    """The number of the piece at each slot, int32[K,S]; -1 for padding."""
    first, length, _ = lengths
    count = first[rows + 1] - first[rows]
    begin = np.cumsum(count) - count
    number = np.arange(count.sum()) - np.repeat(begin, count)
    size = length[np.repeat(first[rows], count) + number].astype(np.int64)
    padding = slots - np.add.reduceat(size, begin) if len(rows) else np.empty(0, np.int64)
    after = begin + count  # the padding of a row follows its last piece
    return np.repeat(np.insert(number, after, -1), np.insert(size, after, padding)).reshape(len(rows), slots)


def _batch(tokens: np.ndarray, piece: np.ndarray, source: np.ndarray) -> Batch:
    mask = (piece[:, 1:] == piece[:, :-1]) & (piece[:, 1:] >= 0)
    return Batch(tokens[:, :-1], tokens[:, 1:], mask, piece, source)


class Loader:
    """The batches of a run; `len` of them, the last one smaller if need be, so that no sequence is lost."""

    def __init__(self, index: PackedIndex, folder: str, allotment: Allotment, seed: int, batch_sequences: int) -> None:
        """Raises ConfigError if the batch is empty or the seed out of range."""
        if batch_sequences < 1:
            raise ConfigError(f"a batch of {batch_sequences} sequences: it must have at least 1")
        self.sources = tuple(allotment.sequences)
        self._allotment, self._size, self._slots = allotment, batch_sequences, index.sequence_tokens + 1
        self._order = Order(allotment, seed, max(1, allotment.total // BLOCK_SEQUENCES))
        self._shards = [Shards(index, folder, index.sources[name].train.shards) for name in self.sources]
        self._held: tuple[int, tuple[np.ndarray, np.ndarray]] | None = None

    def __len__(self) -> int:
        return -(-self._allotment.total // self._size)

    def batch(self, number: int) -> Batch:
        """Batch `number` of 0 .. len-1, whichever came before. Raises DataError if a file is damaged."""
        assert 0 <= number < len(self)
        source, row = self._sequences(number * self._size, min((number + 1) * self._size, self._allotment.total))
        tokens, piece = (np.empty((len(row), self._slots), dtype) for dtype in (np.int64, np.int32))
        for one, shards in enumerate(self._shards):
            where = np.flatnonzero(source == one)
            tokens[where], piece[where] = shards.take(row[where])
        return _batch(tokens, piece, source)

    def served(self, n_batches: int) -> dict[str, dict[str, int | float]]:
        """What the first `n_batches` batches hold of each source: tokens (predicted pairs), sequences and epochs."""
        account: dict[str, dict[str, int | float]] = {
            name: {"tokens": 0, "sequences": 0, "epochs": 0.0} for name in self.sources
        }
        end = min(n_batches * self._size, self._allotment.total)
        for begin in range(0, end, BLOCK_SEQUENCES):
            source, row = self._sequences(begin, min(begin + BLOCK_SEQUENCES, end))
            for one, name in enumerate(self.sources):
                rows = row[source == one]
                account[name]["tokens"] += int(self._shards[one].tokens_of(rows).sum())
                account[name]["sequences"] += len(rows)
        for name, counts in account.items():
            counts["epochs"] = counts["sequences"] / self._allotment.available[name]
        return account

    def _begin(self, block: int) -> int:
        return sum(self._order.begin(block).values())

    def _sequences(self, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Source int32 and row int64 of the run's sequences begin .. end-1."""
        sources, rows = [], []
        block = bisect.bisect_right(range(self._order.n_blocks), begin, key=self._begin) - 1
        while (first := self._begin(block)) < end:
            source, row = self._block(block)
            part = slice(max(0, begin - first), end - first)
            sources.append(source[part])
            rows.append(row[part])
            block += 1
        return np.concatenate(sources), np.concatenate(rows)

    def _block(self, block: int) -> tuple[np.ndarray, np.ndarray]:
        """Source and row of a block; the last one is kept, as the next batch mostly lies in it."""
        if self._held is None or self._held[0] != block:
            source, _, row = self._order.block(block)
            self._held = block, (source, row)
        return self._held[1]


def validation_batches(
    index: PackedIndex, folder: str, source: str, batch_sequences: int, max_tokens: int
) -> Iterator[Batch]:
    """Batches of a source's validation sequences: the same for every run, at most `max_tokens`, at least one sequence.

    The first ones in a fixed random order. None at all if the source has no validation sequence.
    Raises ConfigError for an unknown source.
    """
    if source not in index.sources:
        raise ConfigError(f"the data has no source '{source}'{did_you_mean(source, index.sources)}")
    shards = Shards(index, folder, index.sources[source].validation.shards)
    if len(shards) == 0:
        return
    order = permute(np.arange(len(shards)), len(shards), key(0, f"validation {source}", 0))
    tokens = np.cumsum(shards.tokens_of(order))
    chosen = order[: max(1, int(np.searchsorted(tokens, max_tokens, side="right")))]
    for begin in range(0, len(chosen), batch_sequences):
        rows = chosen[begin : begin + batch_sequences]
        yield _batch(*shards.take(rows), np.zeros(len(rows), np.int32))
