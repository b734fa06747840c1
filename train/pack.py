"""Pack documents into sequences: cut the long ones with an overlap of one token, fit the pieces best.

Letters: N documents, K pieces, n sequences, T predicted positions of a sequence (T+1 slots).
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from .errors import DataError
from .tokens import PIECES


class Pieces(NamedTuple):
    """Pieces of documents, in their order. document int64[K]; offset int64[K], in its document; length int64[K]."""

    document: np.ndarray
    offset: np.ndarray
    length: np.ndarray


class Packed(NamedTuple):
    """A packed shard. rows [n, T+1] of the tokens' type; pieces: table of K rows; counts: as in `packed.json`."""

    rows: np.ndarray
    pieces: pa.Table
    counts: dict[str, int]


def cut(n_tokens: np.ndarray, capacity: int) -> Pieces:
    """Cut documents of int64[N] tokens (each >= 1) into pieces of at most `capacity` (>= 2) tokens.

    Neighbouring pieces share one token, so each pair of neighbouring tokens is in exactly one piece.
    """
    assert capacity >= 2 and (n_tokens >= 1).all()
    step = capacity - 1
    parts = np.maximum(1, -(-(n_tokens - 1) // step))
    document = np.repeat(np.arange(len(n_tokens)), parts)
    offset = (np.arange(len(document)) - np.repeat(np.cumsum(parts) - parts, parts)) * step
    return Pieces(document, offset, np.minimum(n_tokens[document] - offset, capacity))


def best_fit(lengths: np.ndarray, capacity: int) -> tuple[np.ndarray, int]:
    """Best-fit-decreasing: the bin of each piece, int64[K], and the number of bins.

    The longest piece first (of equals the first), each into the fullest bin that has room (of equals
    the first), or else a new one. As in "Fewer Truncations Improve Language Modeling"
    (arXiv 2404.10830), but exact; at most 11/9 of the fewest bins possible, plus 4 (Johnson 1974).
    The room of bins is a set of bits, so that a piece costs O(log K + capacity / 64).
    """
    assert len(lengths) == 0 or (lengths.min() >= 1 and lengths.max() <= capacity)
    bins = np.zeros(len(lengths), np.int64)
    order = np.argsort(-lengths, kind="stable")
    n_bins, rooms = 0, 0  # bit r of `rooms`: some bin has room for exactly r tokens more
    by_room: list[list[int]] = [[] for _ in range(capacity + 1)]
    placed = []
    for length in lengths[order].tolist():
        fitting = rooms >> length
        if fitting:
            room = length + (fitting & -fitting).bit_length() - 1
            chosen = heappop(by_room[room])
            if not by_room[room]:
                rooms ^= 1 << room
        else:
            room, chosen, n_bins = capacity, n_bins, n_bins + 1
        placed.append(chosen)
        if room > length:
            heappush(by_room[room - length], chosen)
            rooms |= 1 << (room - length)
    bins[order] = placed
    return bins, n_bins


def pack_shard(tokens: np.ndarray, docs: pa.Table, sequence_tokens: int, end_of_text: int) -> Packed:
    """Pack the documents of a token shard into sequences of `sequence_tokens` predicted pairs, deterministically.

    tokens uint16 or uint32, 1-D; docs: as `read_documents` gives it. Within a sequence, pieces keep
    the order of their documents. Raises DataError if tokens and documents do not belong together.
    """
    starts, n_tokens = docs["start"].to_numpy(), docs["n_tokens"].to_numpy()
    _check_borders(tokens, starts, n_tokens, end_of_text)
    pieces = cut(n_tokens, sequence_tokens + 1)
    bins, n_bins = best_fit(pieces.length, sequence_tokens + 1)
    order = np.argsort(bins, kind="stable")
    sequence, length = bins[order], pieces.length[order]
    ends = np.cumsum(length)
    first = np.searchsorted(sequence, np.arange(n_bins))  # each sequence's first piece
    slot = (ends - length) - (ends - length)[first][sequence]
    rows = np.full((n_bins, sequence_tokens + 1), end_of_text, tokens.dtype)
    begin = (starts[pieces.document] + pieces.offset)[order]
    for row, to, at, size in zip(sequence.tolist(), slot.tolist(), begin.tolist(), length.tolist(), strict=True):
        rows[row, to : to + size] = tokens[at : at + size]
    uid = docs["uid"].take(pa.array(pieces.document[order]))
    part = (pieces.offset // sequence_tokens)[order]
    columns = [pa.array(values, pa.int32()) for values in (sequence, slot, length, part)]
    table = pa.Table.from_arrays([*columns[:3], uid, columns[3]], schema=PIECES)
    return Packed(rows, table, _counts(rows, pieces, docs))


def _check_borders(tokens: np.ndarray, starts: np.ndarray, n_tokens: np.ndarray, end_of_text: int) -> None:
    if len(tokens) != n_tokens.sum():
        raise DataError(f"a token shard has {len(tokens):,} tokens but its documents {n_tokens.sum():,}: make it again")
    if (tokens[starts] != end_of_text).any() or (tokens[starts + n_tokens - 1] != end_of_text).any():
        raise DataError("a token shard has a document without its borders: make it again with this tokenizer")


def _counts(rows: np.ndarray, pieces: Pieces, docs: pa.Table) -> dict[str, int]:
    covered = int(pieces.length.sum())
    return {
        "sequences": len(rows),
        "tokens": covered - len(pieces.length),
        "padding": rows.size - covered,
        "documents": len(docs),
        "pieces": len(pieces.length),
        "cuts": len(pieces.length) - len(docs),
        "bytes": int(docs["n_bytes"].to_numpy().sum()),
    }
