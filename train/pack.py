"""Pack documents into sequences in one of several ways, and tell what each way would cost.

Letters: N documents, K pieces, n sequences, T predicted positions of a sequence (T+1 slots).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from .errors import DataError
from .packed import PIECES

WAYS = {
    "concat": ("concat", "fragment"),
    "best_fit": ("best_fit", "fragment"),
    "best_fit_truncate": ("best_fit", "truncate"),
    "pad": ("pad", "fragment"),
    "pad_truncate": ("pad", "truncate"),
}
"""Every way to pack, as `packing.json` names it: how pieces share sequences, and what becomes of long documents."""


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
    """Cut documents of int64[N] tokens (each >= 2) into pieces of at most `capacity` (>= 2) tokens.

    Neighbouring pieces share one token, so each pair of neighbouring tokens is in exactly one piece.
    """
    return _cut_at(np.zeros(len(n_tokens), np.int64), n_tokens, capacity - 1)[0]


def crop(n_tokens: np.ndarray, capacity: int) -> Pieces:
    """The first `capacity` (>= 2) tokens of documents of int64[N] tokens; the rest is in no piece."""
    return Pieces(np.arange(len(n_tokens)), np.zeros(len(n_tokens), np.int64), np.minimum(n_tokens, capacity))


def stream(n_tokens: np.ndarray, capacity: int) -> tuple[Pieces, np.ndarray]:
    """Lay documents of int64[N] tokens (each >= 2) end to end and cut where a sequence is full.

    Returns the pieces and the sequence of each, int64[K]. Neighbouring pieces of a document share one
    token, as in `cut`. A document that would begin in the last slot of a sequence begins in the next
    one instead, and that slot is padding: a piece of one token would predict nothing.
    """
    step, place, begins = capacity - 1, 0, []
    for size in n_tokens.tolist():
        # Places count steps: the last slot of a sequence and the first of the next are one place.
        begins.append(place)
        end = place + size - 1
        place = end if end % step == 0 else end + 1
    return _cut_at(np.array(begins, np.int64), n_tokens, step)


def _cut_at(begins: np.ndarray, n_tokens: np.ndarray, step: int) -> tuple[Pieces, np.ndarray]:
    """Cut documents that begin at places int64[N] at every multiple of `step`; also the number of the multiple."""
    assert step >= 1 and (n_tokens >= 2).all()
    ends = begins + n_tokens - 1
    first = begins // step
    parts = (ends - 1) // step - first + 1
    document = np.repeat(np.arange(len(n_tokens)), parts)
    number = first[document] + _part(document, parts)
    offset = np.maximum(begins[document], number * step) - begins[document]
    stop = np.minimum(ends[document], (number + 1) * step) - begins[document]
    return Pieces(document, offset, stop - offset + 1), number


def _part(document: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """The number of each piece in its document, int64[K], of documents in int64[N] parts."""
    part: np.ndarray = np.arange(len(document)) - (np.cumsum(parts) - parts)[document]
    return part


class _Move(NamedTuple):
    """`bins` bins with room for `room` tokens get `each` pieces of `length` tokens."""

    length: int
    room: int
    each: int
    bins: int


def _moves(lengths: np.ndarray, capacity: int) -> Iterator[_Move]:
    """Best-fit-decreasing for all pieces of one length at a time; room `capacity`: new bins.

    The tightest bin that holds a piece stays the tightest until it has no room for another one of that length, so it
    takes as many as it can, and so does every bin with the same room. Each move places a piece and is O(capacity / 64).
    """
    counts = np.bincount(lengths, minlength=capacity + 1)
    bins, rooms = [0] * (capacity + 1), 0  # bit r of `rooms`: there are bins with room for exactly r tokens
    for length in np.flatnonzero(counts)[::-1].tolist():
        left = int(counts[length])
        while left:
            fitting = rooms >> length
            room = length + (fitting & -fitting).bit_length() - 1 if fitting else capacity
            each = min(room // length, left)
            many = min(bins[room], left // each) if fitting else left // each
            if fitting:
                bins[room] -= many
                rooms ^= (not bins[room]) << room
            after = room - each * length
            bins[after] += many
            rooms |= 1 << after
            left -= each * many
            yield _Move(length, room, each, many)


def best_fit(lengths: np.ndarray, capacity: int) -> tuple[np.ndarray, int]:
    """Best-fit-decreasing: the bin of each piece, int64[K], and the number of bins.

    The longest piece first, each into the fullest bin that has room, or else a new one; which of equally full bins
    is left open by that and fixed here. As in "Fewer Truncations Improve Language Modeling" (arXiv 2404.10830), but
    exact; at most 11/9 of the fewest bins possible, plus 4 (Johnson 1974).
    """
    assert len(lengths) == 0 or (lengths.min() >= 1 and lengths.max() <= capacity)
    held: dict[int, list[int]] = {}
    placed: list[int] = []
    n_bins = 0
    for length, room, each, many in _moves(lengths, capacity):
        if room == capacity:
            chosen = list(range(n_bins, n_bins + many))
            n_bins += many
        else:
            chosen = held[room][-many:]
            del held[room][-many:]
        placed += chosen * each
        held.setdefault(room - each * length, []).extend(chosen)
    bins = np.empty(len(lengths), np.int64)
    # Of a type as small as can be: numpy sorts 16 bits in linear time.
    bins[np.argsort((capacity - lengths).astype(np.min_scalar_type(capacity)), kind="stable")] = placed
    return bins, n_bins


def arrange(n_tokens: np.ndarray, capacity: int, packing: str, long: str) -> tuple[Pieces, np.ndarray, int]:
    """The pieces of documents of int64[N] tokens, the sequence of each, int64[K], and how many sequences there are.

    Documents longer than `capacity` are cut (`long` "fragment") or cropped ("truncate"). Packing: "concat", see
    `stream`; "best_fit", see there: what fits into a sequence is never cut; "pad": each piece alone.
    """
    assert (packing, long) in WAYS.values()
    if packing == "concat":
        pieces, sequence = stream(n_tokens, capacity)
        return pieces, sequence, int(sequence[-1]) + 1 if len(sequence) else 0
    pieces = (cut if long == "fragment" else crop)(n_tokens, capacity)
    if packing == "pad":
        return pieces, np.arange(len(pieces.length)), len(pieces.length)
    return pieces, *best_fit(pieces.length, capacity)


def costs(n_tokens: np.ndarray, sequence_tokens: int) -> dict[str, dict[str, int]]:
    """What every one of the WAYS makes of documents of int64[N] tokens.

    Way -> sequences, tokens, padding, cropped, documents and documents_cut as in `packed.json`, and dropped: tokens
    that are in no sequence although their documents were not cropped, of which there should be none.
    """
    found = {}
    for way, (packing, long) in WAYS.items():
        pieces, _, n_sequences = arrange(n_tokens, sequence_tokens + 1, packing, long)
        counts = _counts(pieces, n_sequences, n_tokens, sequence_tokens, long)
        counts["dropped"] = int(n_tokens.sum()) - len(n_tokens) - counts["tokens"] - counts["cropped"]
        found[way] = {name: number for name, number in counts.items() if name not in ("pieces", "cuts")}
    return found


def add_costs(parts: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """The sum of what `costs` gave for several shards; zeros for none."""
    total = costs(np.empty(0, np.int64), 1)
    for part in parts:
        for way, counts in part.items():
            for name, count in counts.items():
                total[way][name] += count
    return total


def pack_shard(
    tokens: np.ndarray, docs: pa.Table, sequence_tokens: int, end_of_text: int, packing: str, long: str
) -> Packed:
    """Pack the documents of a token shard into sequences of `sequence_tokens` predicted pairs, deterministically.

    tokens uint16 or uint32, 1-D; docs: as `read_documents` gives it; packing, long: see `arrange`. Within a sequence,
    pieces keep the order of their documents. Raises DataError if tokens and documents do not belong together.
    """
    starts, n_tokens = docs["start"].to_numpy(), docs["n_tokens"].to_numpy()
    _check_borders(tokens, starts, n_tokens, end_of_text)
    pieces, sequence, n_sequences = arrange(n_tokens, sequence_tokens + 1, packing, long)
    order = np.argsort(sequence, kind="stable")
    sequence, length = sequence[order], pieces.length[order]
    slot = _slots(sequence, length)
    rows = np.full((n_sequences, sequence_tokens + 1), end_of_text, tokens.dtype)
    begin = (starts[pieces.document] + pieces.offset)[order]
    _copy(rows.reshape(-1), tokens, sequence * (sequence_tokens + 1) + slot, begin, length)
    part = _part(pieces.document, np.bincount(pieces.document, minlength=len(docs)))[order]
    uid = docs["uid"].take(pa.array(pieces.document[order]))
    columns = [pa.array(values, pa.int32()) for values in (sequence, slot, length, part)]
    table = pa.Table.from_arrays([*columns[:3], uid, columns[3]], schema=PIECES)
    counts = _counts(pieces, n_sequences, n_tokens, sequence_tokens, long)
    return Packed(rows, table, {**counts, "bytes": int(docs["n_bytes"].to_numpy().sum())})


def _slots(sequence: np.ndarray, length: np.ndarray) -> np.ndarray:
    """The first slot of each piece, int64[K], of pieces in the order of their sequences, which they fill in turn."""
    before = np.cumsum(length) - length
    slot: np.ndarray = before - before[np.searchsorted(sequence, sequence)]  # less that of the sequence's first piece
    return slot


def _copy(rows: np.ndarray, tokens: np.ndarray, to: np.ndarray, begin: np.ndarray, length: np.ndarray) -> None:
    """rows[to : to + length] = tokens[begin : begin + length] for each of K pieces.

    A loop, as text has hundreds of tokens per document: gathering by an index per token took five times as long.
    """
    places = (to, to + length, begin, begin + length)
    for at, stop, first, last in zip(*(one.tolist() for one in places), strict=True):
        rows[at:stop] = tokens[first:last]


def _check_borders(tokens: np.ndarray, starts: np.ndarray, n_tokens: np.ndarray, end_of_text: int) -> None:
    if len(tokens) != n_tokens.sum():
        raise DataError(f"a token shard has {len(tokens):,} tokens but its documents {n_tokens.sum():,}: make it again")
    if (tokens[starts] != end_of_text).any() or (tokens[starts + n_tokens - 1] != end_of_text).any():
        raise DataError("a token shard has a document without its borders: make it again with this tokenizer")


def _counts(pieces: Pieces, n_sequences: int, n_tokens: np.ndarray, sequence_tokens: int, long: str) -> dict[str, int]:
    """Counts of a shard as in `packed.json`, but for bytes."""
    covered, n_pieces, capacity = int(pieces.length.sum()), len(pieces.length), sequence_tokens + 1
    is_first = pieces.offset == 0
    return {
        "sequences": n_sequences,
        "tokens": covered - n_pieces,
        "padding": n_sequences * capacity - covered,
        "cropped": int(np.maximum(n_tokens - capacity, 0).sum()) if long == "truncate" else 0,
        "documents": len(n_tokens),
        "documents_cut": int((is_first & (pieces.length < n_tokens[pieces.document])).sum()),
        "pieces": n_pieces,
        "cuts": n_pieces - len(n_tokens),
    }
