"""Units as spaCy's blank English pipeline finds them: the tokens that are not white space.

Letters: D bytes, U code points, T words of the lookup table, W units, N documents. The algorithm is that of spaCy 3.8
(`spacy/tokenizer.pyx`): a chunk is a run without white space; prefixes and suffixes split off it until a special
case or nothing more is left to split; what remains is a special case, an address, or split at infixes. At last,
tokens that spell a special case one behind the other become its pieces (`spacy_merge`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numba import njit

from .hashing import mixed
from .spacy_affixes import next_infix, prefix, suffix
from .spacy_cases import special_cases
from .spacy_lookup import case_at, describe, put_case
from .spacy_merge import merge_cases
from .spacy_tables import (
    BYTE_CLOSING,
    BYTE_DIGIT,
    BYTE_INFIX,
    BYTE_LETTER,
    BYTE_LOWER,
    BYTE_SPACE,
    BYTE_UPPER,
    BYTE_WORD,
    HAS_LETTER,
    MOST_PIECES,
    NOT_SYMBOL,
    SPACE,
    lookup,
    marks,
    may_be_case,
)
from .spacy_url import is_url
from .units import FNV_OFFSET, GOLDEN
from .utf8 import decode

DOT = ord(".")
LEAST_ROOM = 2 * MOST_PIECES
"""Units that must fit behind those of the chunks before."""


@functools.cache
def tables() -> tuple[np.ndarray, np.ndarray]:
    """The tables of `spacy_units`: marks_U uint32[U] and lookup_T uint64[T], made once per process.

    The token sequences that become a special case are those the general rules make of it: found by them, from a
    lookup table without special cases.
    """
    cases, rules = special_cases(), (marks(), lookup({}, []))
    patterns = [tuple(_pieces(key.encode(), rules)) for key in cases]
    return marks(), lookup(cases, [pattern for pattern in patterns if len(pattern) > 1])


def _pieces(text: bytes, rules: tuple[np.ndarray, np.ndarray]) -> Iterator[str]:
    starts, stops, _ = _bounds(np.frombuffer(text, np.uint8), np.array([0, len(text)]), rules)
    return (text[start:stop].decode() for start, stop in zip(starts, stops, strict=True))


def tokens(data, offsets) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the units lie: starts and stops int64[W], as byte positions in `data`, and unit_offsets int64[N+1]."""
    return _bounds(data, offsets, tables())


def _bounds(data, offsets, rules: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    most = int(offsets[-1] - offsets[0]) + LEAST_ROOM
    columns = [np.empty(most, kind) for kind in (np.int64, np.int64, np.int64, np.uint8, np.uint64)]
    unit_offsets = np.zeros(len(offsets), np.int64)
    for row, (start, end) in enumerate(pairwise(offsets)):
        rest = (column[unit_offsets[row] :] for column in columns)
        unit_offsets[row + 1] = unit_offsets[row] + spacy_units(data, start, end, *rules, *rest)
    return columns[0][: unit_offsets[-1]], columns[1][: unit_offsets[-1]], unit_offsets


@njit(cache=True, nogil=True)
def spacy_units(data_D, start, end, marks_U, lookup_T, starts_W, stops_W, chars_W, kinds_W, hashes_W):
    """SPACY units of the document between two bytes: their number, int64, or -1; see `units`.

    marks_U, lookup_T: what `tables` returns.
    """
    n_units = _find(data_D, start, end, marks_U, lookup_T, starts_W, stops_W, chars_W, kinds_W, hashes_W)
    if n_units > 0:
        describe(data_D, n_units, marks_U, starts_W, stops_W, chars_W, kinds_W, hashes_W)
        n_units = merge_cases(data_D, n_units, lookup_T, starts_W, stops_W, chars_W, hashes_W)
        describe(data_D, n_units, marks_U, starts_W, stops_W, chars_W, kinds_W, hashes_W)
    return n_units


@njit(cache=True, nogil=True)
def _find(data_D, start, end, marks_U, lookup_T, starts_W, stops_W, chars_W, kinds_W, hashes_W):
    """The units before any are merged, as `spacy_units`; those of other than ordinary chunks have 0 characters yet.

    An ordinary chunk is ASCII letters, or digits, and perhaps one mark that always splits off.
    """
    n_units, position, last = np.int64(0), start, len(starts_W) - LEAST_ROOM
    while position < end:
        marked = marks_U[data_D[position]]
        if marked & BYTE_SPACE:
            position += 1
            continue
        if n_units > last:
            return np.int64(-1)
        begin, running, found = position, FNV_OFFSET, np.uint32(0)
        while marked & BYTE_WORD:
            found |= marked
            running = (running ^ np.uint64(data_D[position])) * GOLDEN
            position += 1
            marked = marks_U[data_D[position]] if position < end else np.uint32(BYTE_SPACE)
        is_ordinary = position > begin and (found & BYTE_DIGIT == 0 or found & BYTE_LETTER == 0)
        has_closing = is_ordinary and marked & BYTE_SPACE == 0
        hashed, closing_hash = mixed(running), np.uint64(0)
        if has_closing:
            is_ordinary = position + 1 == end or marks_U[data_D[position + 1]] & BYTE_SPACE != 0
            is_ordinary = is_ordinary and _splits_off(data_D, begin, position, marked, marks_U)
            if is_ordinary:
                closing = np.uint64(data_D[position])
                both = mixed((running ^ closing) * GOLDEN)
                is_ordinary = not may_be_case(lookup_T, both)
                closing_hash = mixed((FNV_OFFSET ^ closing) * GOLDEN)
        if is_ordinary and not may_be_case(lookup_T, hashed):
            starts_W[n_units], stops_W[n_units], chars_W[n_units] = begin, position, position - begin
            kinds_W[n_units] = found & (HAS_LETTER | NOT_SYMBOL)
            hashes_W[n_units] = hashed
            n_units += 1
            if has_closing:
                starts_W[n_units], stops_W[n_units], chars_W[n_units] = position, position + 1, 1
                kinds_W[n_units] = marked & (HAS_LETTER | NOT_SYMBOL)
                hashes_W[n_units] = closing_hash
                n_units += 1
                position += 1
            continue
        position, found = _skip_chunk(data_D, position, end, found, marks_U)
        if position == begin:  # white space beyond ASCII
            position += decode(data_D, position)[1]
            continue
        first = n_units
        n_units = _split(data_D, begin, position, n_units, found, marks_U, lookup_T, starts_W, stops_W)
        for unit in range(first, n_units):
            chars_W[unit] = 0
        if n_units < 0:
            return n_units
    return n_units


@njit(cache=True, nogil=True)
def _splits_off(data_D, begin, position, marked, marks_U):
    """Whether the last byte of a chunk splits off the word before it. A full stop does not from one capital."""
    if data_D[position] != DOT:
        return marked & BYTE_CLOSING != 0
    if marks_U[data_D[position - 1]] & (BYTE_LOWER | BYTE_DIGIT):
        return True
    return position - 1 > begin and marks_U[data_D[position - 2]] & BYTE_UPPER != 0


@njit(cache=True, nogil=True)
def _skip_chunk(data_D, position, end, found, marks_U):
    """Where white space begins, and the flags uint32 of the bytes before it; those beyond ASCII have BYTE_INFIX."""
    while position < end:
        size = np.int64(1)
        if data_D[position] < 0x80:
            marked = marks_U[data_D[position]]
            if marked & BYTE_SPACE:
                break
            found |= marked
        else:
            code, size = decode(data_D, position)
            if marks_U[code] & SPACE:
                break
            found |= np.uint32(BYTE_INFIX)
        position += size
    return position, found


@njit(cache=True, nogil=True)
def _split(data_D, start, stop, n_units, found, marks_U, lookup_T, starts_W, stops_W):
    """Write starts and stops of the units of any chunk behind `n_units` others: their new number, or -1.

    found: the flags of its bytes, see `_skip_chunk`. Suffixes, found from the end, wait at the end of the arrays.
    """
    n_suffixes, end, case = 0, len(starts_W), np.int64(0)
    while start < stop:
        if n_units + n_suffixes + LEAST_ROOM > end:
            return np.int64(-1)
        case = case_at(data_D, start, stop, lookup_T)
        if case:
            break
        head, tail = prefix(data_D, start, stop, marks_U), np.int64(0)
        if head and head < stop - start:
            case = case_at(data_D, start + head, stop, lookup_T)
        if case == 0:
            tail = suffix(data_D, start + head, stop, found & BYTE_DIGIT != 0, marks_U, lookup_T)
            if tail and tail < stop - start:
                case = case_at(data_D, start, stop - tail, lookup_T)
                head = np.int64(0) if case else head
        if head:
            starts_W[n_units], stops_W[n_units] = start, start + head
            n_units += 1
        if tail:
            n_suffixes += 1
            starts_W[end - n_suffixes], stops_W[end - n_suffixes] = stop - tail, stop
        start, stop = start + head, stop - tail
        if case or (head == 0 and tail == 0):
            break
    if case:
        n_units = put_case(case, start, n_units, lookup_T, starts_W, stops_W)
    elif start < stop and found & BYTE_INFIX == 0:
        starts_W[n_units], stops_W[n_units] = start, stop
        n_units += 1
    elif start < stop:
        n_units = _split_inside(data_D, start, stop, n_units, end - n_suffixes, marks_U, starts_W, stops_W)
        if n_units < 0:
            return n_units
    for place in range(end - n_suffixes, end):
        starts_W[n_units], stops_W[n_units] = starts_W[place], stops_W[place]
        n_units += 1
    return n_units


@njit(cache=True, nogil=True)
def _split_inside(data_D, start, stop, n_units, room, marks_U, starts_W, stops_W):
    """As `_split` for a string that is no special case and has no prefix or suffix: an address, or split at infixes."""
    place, size = next_infix(data_D, start, start, stop, marks_U)
    if place == start and size:  # spaCy passes over an infix at the start
        place, size = next_infix(data_D, start, start + size, stop, marks_U)
    if size and is_url(data_D, start, stop, marks_U):
        place = stop
    begin = start
    while place < stop:
        if n_units + LEAST_ROOM > room:
            return np.int64(-1)
        if place > begin:
            starts_W[n_units], stops_W[n_units] = begin, place
            n_units += 1
        starts_W[n_units], stops_W[n_units] = place, place + size
        n_units += 1
        begin = place + size
        place, size = next_infix(data_D, start, begin, stop, marks_U)
    if begin < stop:
        starts_W[n_units], stops_W[n_units] = begin, stop
        n_units += 1
    return n_units
