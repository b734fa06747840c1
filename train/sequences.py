"""The sequences of packed shards in memory maps: any rows of many shards at once.

Letters: K sequences asked for, P pieces of them, n sequences of a shard, S slots of a sequence.
"""

from __future__ import annotations

import itertools
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from .errors import DataError
from .packed import PackedIndex, Shard, check_pieces, open_rows, pieces_of
from .tokens import damaged

OPEN_SHARDS = 2048
"""So many shards stay mapped, those used last: each takes two of a process's 65,530 maps, and no file descriptor."""


class _Mapped(NamedTuple):
    """A shard in memory maps. rows [n,S]; pieces: table; sequence, n_tokens int32: its columns."""

    rows: np.ndarray
    pieces: pa.Table
    sequence: np.ndarray
    n_tokens: np.ndarray


Part = tuple[int, np.ndarray, np.ndarray]
"""Of rows that are asked for, what one shard serves: its number, their places, and its own row numbers there."""


class Layout(NamedTuple):
    """Where rows lie, and how long their pieces are.

    shard, inside int64[K]: number of the shard, and of the row in it; pieces int64[K]: how many each row
    has; lengths int64[P]: tokens of all pieces, row by row.
    """

    shard: np.ndarray
    inside: np.ndarray
    pieces: np.ndarray
    lengths: np.ndarray

    @property
    def tokens(self) -> np.ndarray:
        """Predicted pairs of each row, int64[K]."""
        return (
            np.add.reduceat(self.lengths - 1, self.pieces.cumsum() - self.pieces) if len(self.pieces) else self.pieces
        )

    def part(self, rows: slice) -> Layout:
        """That of some of the rows, which follow one another."""
        first, stop, _ = rows.indices(len(self.pieces))
        begin = int(self.pieces[:first].sum())
        lengths = slice(begin, begin + int(self.pieces[first:stop].sum()))
        return Layout(self.shard[rows], self.inside[rows], self.pieces[rows], self.lengths[lengths])


class Shards:
    """The sequences of a list of shards as one: row numbers run through them in order."""

    def __init__(self, index: PackedIndex, folder: str, shards: Sequence[Shard]) -> None:
        self._index, self._folder, self._shards = index, folder, shards
        self._ends = np.cumsum([shard.sequences for shard in shards], dtype=np.int64)
        self._checked: dict[int, tuple[int, ...]] = {}
        # Not functools.lru_cache, which with a method makes a cycle: the maps would stay until it is collected.
        self._mapped: OrderedDict[int, _Mapped] = OrderedDict()

    def __reduce__(self) -> tuple[Any, ...]:
        """Without the maps, so that another process opens its own."""
        return Shards, (self._index, self._folder, self._shards)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def locate(self, rows: np.ndarray) -> Iterator[Part]:
        """What each shard that is needed serves of rows int64[K], shard by shard."""
        shard_of = self._ends.searchsorted(rows, side="right")
        order = shard_of.argsort(kind="stable")
        numbers, begin = np.unique(shard_of[order], return_index=True)
        borders = itertools.pairwise([*begin.tolist(), len(rows)])
        for number, (first, stop) in zip(numbers.tolist(), borders, strict=True):
            where = order[first:stop]
            yield number, where, rows[where] - (self._ends[number] - self._shards[number].sequences)

    def array(self, number: int) -> np.ndarray:
        """The rows of one shard, [n,S]. Raises DataError if a file is damaged."""
        return self._map(number).rows

    def pieces(self, number: int) -> pa.Table:
        """The pieces of one shard (`packed.PIECES`). Raises DataError if they are not what `packed.json` says."""
        return self._map(number).pieces

    def layout(self, rows: np.ndarray) -> Layout:
        """Where rows int64[K] lie, and their pieces. Raises DataError if a file is damaged."""
        shard, inside, count = (
            np.empty(len(rows), np.int64),
            np.empty(len(rows), np.int64),
            np.zeros(len(rows), np.int64),
        )
        order, found = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for number, where, of_shard in self.locate(rows):
            mapped = self._map(number)
            wanted = of_shard.astype(np.int32)  # of another type, the whole column would be converted
            first = mapped.sequence.searchsorted(wanted)
            shard[where], inside[where] = number, of_shard
            count[where] = n_pieces = mapped.sequence.searchsorted(wanted, "right") - first
            found.append(mapped.n_tokens[_ranges(first, n_pieces)])
            order.append(where)
        by_shard, begin = np.concatenate(order), np.empty(len(rows), np.int64)
        begin[by_shard] = count[by_shard].cumsum() - count[by_shard]
        return Layout(shard, inside, count, np.concatenate(found)[_ranges(begin, count)])

    def read(self, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
        """Tokens int64[K,S] and pieces int32[K,S] of rows. Raises DataError if a file is damaged."""
        slots = self._index.sequence_tokens + 1
        tokens = np.empty((len(layout.shard), slots), self._index.dtype)
        for place, (number, inside) in enumerate(zip(layout.shard.tolist(), layout.inside.tolist(), strict=True)):
            tokens[place] = self.array(number)[inside]
        if tokens.size and tokens.max() >= self._index.vocab_size:
            raise DataError(f"{self._folder} holds a token outside the vocabulary: copy the whole folder again")
        return tokens.astype(np.int64), _spread(layout.pieces, layout.lengths, slots)

    def _map(self, number: int) -> _Mapped:
        """A shard, mapped if it is not any more."""
        mapped = self._mapped.get(number)
        if mapped is None:
            mapped = self._open(number)
            while len(self._mapped) >= OPEN_SHARDS:
                self._mapped.popitem(last=False)
            self._mapped[number] = mapped
        else:
            self._mapped.move_to_end(number)
        return mapped

    def _open(self, number: int) -> _Mapped:
        shard = self._shards[number]
        path = os.path.join(self._folder, f"{shard.name}.docs.arrow")
        try:
            stamp = _stamp(path)
            with pa.memory_map(path) as file:  # the map outlives the file, which holds a descriptor
                table = pieces_of(file.read_buffer(), path)
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}") from error
        if self._checked.get(number) != stamp:
            self._check(shard, table, path)
            self._checked[number] = stamp
        sequence, n_tokens = (table[name].to_numpy() for name in ("sequence", "n_tokens"))
        return _Mapped(self._rows(shard), table, sequence, n_tokens)

    def _check(self, shard: Shard, table: pa.Table, path: str) -> None:
        """Raise DataError if the pieces of a shard are not what `packed.json` says."""
        check_pieces(table, self._index.sequence_tokens, path)
        sequence, n_tokens = (table[name].to_numpy() for name in ("sequence", "n_tokens"))
        has_all = len(sequence) == shard.pieces and int(n_tokens.sum()) == shard.pieces + shard.tokens
        if not has_all or (int(sequence[-1]) + 1 if len(sequence) else 0) != shard.sequences:
            raise DataError(f"{path} is not what packed.json says: copy the whole folder again")

    def _rows(self, shard: Shard) -> np.ndarray:
        """The sequences of a shard in a memory map that holds no file descriptor, as numpy's does."""
        checked = open_rows(self._folder, self._index, shard)
        path = os.path.join(self._folder, f"{shard.name}.npy")
        try:
            with pa.memory_map(path) as file:
                data = file.read_buffer()
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}") from error
        if len(data) != checked.offset + checked.nbytes:
            raise damaged(path, "it was changed while it was opened")
        return np.frombuffer(data, checked.dtype, checked.size, checked.offset).reshape(checked.shape)


def _stamp(path: str) -> tuple[int, ...]:
    """What changes when a file is replaced or written again."""
    found = os.stat(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _ranges(begin: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The numbers begin .. begin+count-1 of each pair, one after another, int64."""
    numbers: np.ndarray = (begin - count.cumsum() + count).repeat(count)
    numbers += np.arange(len(numbers))
    return numbers


def _spread(count: np.ndarray, length: np.ndarray, slots: int) -> np.ndarray:
    """The number of the piece at each slot, int32[K,S], -1 for padding, which follows a row's last piece."""
    if len(count) == 0:
        return np.zeros((0, slots), np.int32)
    after = count.cumsum()
    padding = after + np.arange(len(count))  # where it is in the list of pieces, when each row ends with some
    number = _ranges(np.zeros_like(count), count + 1).astype(np.int32)
    number[padding] = -1
    is_piece, size = number >= 0, np.empty(len(number), np.int64)
    size[is_piece], size[padding] = length, slots - np.add.reduceat(length, after - count)
    return number.repeat(size).reshape(len(count), slots)
