"""Texts to token ids piece by piece: a piece that was seen before has its tokens already.

Natural text repeats its words, and the tokens of a piece do not depend on its neighbours. Pieces are cut by
`kernels.pieces`, found again in a `kernels.piece_table`, and only new ones go to the model.

Letters: D bytes, N texts, M tokens, P pieces of a chunk, E entries of the table and A bytes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .pretokenizers import Cut, Letters, bits

CHUNK_PIECES, CHUNK_BYTES = 1 << 16, 1 << 20
"""What is cut at once: some pieces, in some bytes of text unless a single piece has more."""
MAX_ENTRIES, MAX_BYTES = 1 << 19, 1 << 23
"""Of the table: it is emptied where a chunk would not fit. It takes 60 MB of memory, but for a piece of more bytes."""
Ids = npt.NDArray[np.uint32]
Int64s = npt.NDArray[np.int64]


class PieceTable:
    """Different pieces, each with its tokens."""

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self.max_entries, self.max_bytes = max_entries, max_bytes
        self.slots = np.zeros(1 << (2 * max_entries - 1).bit_length(), np.int32)
        self.hashes, self.starts = np.empty(max_entries, np.uint64), np.zeros(max_entries + 1, np.int64)
        self.n_tokens, self.n_entries = np.zeros(max_entries, np.int32), 0
        self._allocate(max_bytes)

    def _allocate(self, n_bytes: int) -> None:
        self.bytes, self.tokens = np.empty(n_bytes, np.uint8), np.empty(n_bytes, np.uint32)

    def make_room(self, n_pieces: int, n_bytes: int) -> None:
        """Forget all pieces if so many new ones would not fit."""
        assert n_pieces <= self.max_entries
        used = int(self.starts[self.n_entries])
        if self.n_entries + n_pieces <= self.max_entries and used + n_bytes <= len(self.bytes):
            return
        self.slots[:] = 0
        self.n_entries = 0
        if len(self.bytes) != max(self.max_bytes, n_bytes):
            self._allocate(max(self.max_bytes, n_bytes))


Model = Callable[[PieceTable, int, int], None]
"""Writes the tokens of the entries from the second up to the third argument."""


class PieceEncoder:
    """Encodes by a cut that `kernels.pieces` knows and a model of pieces."""

    def __init__(self, cut: Cut, letters: Letters, model: Model, table: PieceTable | None = None) -> None:
        self._cut, self._bits, self._model = cut, bits(letters), model
        self._table = table or PieceTable()
        n_pieces = min(CHUNK_PIECES, self._table.max_entries)
        self._starts, self._entries = np.empty(n_pieces + 1, np.int64), np.empty(n_pieces, np.int32)

    def encode(self, data: npt.NDArray[np.uint8], offsets: Int64s) -> tuple[Ids, Int64s]:
        """ids uint32[M] and borders int64[N+1] of texts, uint8[D] read-only and int64[N+1] read-only."""
        from .kernels.piece_table import tokens_kernel
        from .kernels.pieces import pieces_kernel

        borders, found, total = np.zeros(len(offsets), np.int64), [np.empty(0, np.uint32)], 0
        row, place, last_row = 0, int(offsets[0]), 0
        table, starts, entries = self._table, self._starts, self._entries
        while True:
            n, row, place = pieces_kernel(data, offsets, row, place, CHUNK_BYTES, self._bits, self._cut, starts)
            if n == 0:
                break
            self._enter(data, n)
            ids, last_row = tokens_kernel(
                entries, starts, n, table.starts, table.n_tokens, table.tokens, offsets, last_row, total, borders
            )
            found.append(ids)
            total += len(ids)
        borders[last_row + 1 :] = total
        return np.concatenate(found), borders

    def _enter(self, data: npt.NDArray[np.uint8], n_pieces: int) -> None:
        """Find the entry of each piece of a chunk, and the tokens of new ones."""
        from .kernels.piece_table import enter_kernel

        table, starts = self._table, self._starts
        table.make_room(n_pieces, int(starts[n_pieces] - starts[0]))
        first = table.n_entries
        table.n_entries = enter_kernel(
            data, starts, n_pieces, first, table.slots, table.hashes, table.starts, table.bytes, self._entries
        )
        self._model(table, first, table.n_entries)


def bpe_model(merges: Sequence[tuple[int, int, int]], bytes_256: Ids, words: dict[bytes, int]) -> Model:
    """Byte-level BPE. merges: (left, right, made) by rank; words: pieces that are one token without a merge."""
    from .kernels.bpe import bpe_kernel, merge_table

    table = np.array(merges, np.uint32).reshape(-1, 3)
    keys, by_slot = merge_table(table[:, :2].copy(), table[:, 2].copy())
    known = _words(words)

    def model(table: PieceTable, first: int, last: int) -> None:
        bpe_kernel(
            first, last, table.starts, table.bytes, table.tokens, table.n_tokens, bytes_256, keys, by_slot, known
        )  # fmt: skip

    return model


def _words(words: dict[bytes, int]) -> tuple[npt.NDArray[Any], ...]:
    """slots, hashes, starts, bytes and tokens of pieces that are one token. Raises ValueError if they do not fit."""
    from .kernels.piece_table import enter_kernel

    n_bytes = sum(map(len, words))
    table = PieceTable(2 * len(words) + 1, n_bytes)
    starts = np.cumsum([0, *map(len, words)], dtype=np.int64)
    data, entries = np.frombuffer(b"".join(words), np.uint8), np.empty(len(words), np.int32)
    enter_kernel(data, starts, len(words), 0, table.slots, table.hashes, table.starts, table.bytes, entries)
    if np.count_nonzero(table.slots) != len(words):
        raise ValueError("too many of its tokens have the same hash")
    return table.slots, table.hashes, table.starts, table.bytes, np.array([*words.values()], np.uint32)
