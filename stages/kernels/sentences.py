"""Sentences: how many there are in the lines of a document, as spaCy's sentencizer counts them.

Letters: D bytes, N documents, U code points, T words of the lookup table, W units. After a token that ends sentences
the next sentence begins with the first token that is not all punctuation (P*). White space is a token too, unless it is
one space. A line is at least one sentence, even if there is nothing on it. Where a document has SPACY units, tokens are
spaCy's, so that the count is that of datatrove's `split_into_sentences`; else every character is one. Only a chunk
(what white space divides) in which some character ends sentences is cut into tokens: in others nothing ends, and a
sentence begins if not all is punctuation.

Definition: `spacy/pipeline/sentencizer.pyx` of spaCy 3.8, with its default marks.
"""

from __future__ import annotations

import functools

import numpy as np
from numba import njit

from .spacy_units import LEAST_ROOM, spacy_units, tables
from .units import FAST, IS_PUNCTUATION, SENTENCE_END, SPACY, flags
from .utf8 import SPACE, classes, decode

IS_SPACE = 1
LINE_FEED, BLANK = 0x0A, 0x20
FIRST_ROOM = 4096


@functools.cache
def traits() -> np.ndarray:
    """IS_SPACE, SENTENCE_END and IS_PUNCTUATION of every code point, uint8[0x110000]: one look-up instead of two."""
    table = flags() & np.uint8(SENTENCE_END | IS_PUNCTUATION) | (classes() == SPACE).astype(np.uint8)
    table.flags.writeable = False
    return table


@njit(cache=True, nogil=True)
def _read_chunk(data_D, position, end, traits_U):
    """Where the chunk at a position ends, whether a character in it ends sentences, and whether all is punctuation."""
    some, every = np.uint8(0), np.uint8(IS_PUNCTUATION)
    while position < end:
        code, size = np.int64(data_D[position]), np.int64(1)
        if code >= 0x80:
            code, size = decode(data_D, position)
        traits = traits_U[code]
        if traits & IS_SPACE != 0:
            break
        some |= traits
        every &= traits
        position += size
    return position, some & SENTENCE_END != 0, every != 0


@njit(cache=True, nogil=True)
def _count_in(data_D, start, stop, has_ended, traits_U):
    """Sentences that begin between two bytes, if every character is a token, and whether one has ended and no other
    begun, before and after."""
    n_begun = np.int64(0)
    while start < stop:
        code, size = decode(data_D, start)
        if traits_U[code] & SENTENCE_END != 0:
            has_ended = True
        elif has_ended and traits_U[code] & IS_PUNCTUATION == 0:
            n_begun += 1
            has_ended = False
        start += size
    return n_begun, has_ended


@njit(cache=True, nogil=True)
def count_in_units(data_D, starts_W, stops_W, n_units, has_ended, traits_U):
    """As `_count_in`, if the units are the tokens."""
    n_begun = np.int64(0)
    for unit in range(n_units):
        position, stop = starts_W[unit], stops_W[unit]
        code, size = decode(data_D, position)
        if position + size == stop and traits_U[code] & SENTENCE_END != 0:
            has_ended = True
            continue
        while has_ended and position < stop:
            code, size = decode(data_D, position)
            if traits_U[code] & IS_PUNCTUATION == 0:
                n_begun += 1
                has_ended = False
            position += size
    return n_begun, has_ended


@njit(cache=True, nogil=True)
def _next_chunk(data_D, position, end, has_ended, traits_U):
    """Read on to a chunk in which some character ends sentences: its start and stop, both `end` if there is none.

    And how many sentences begin before it, and whether one has ended there and no other begun.
    """
    gap, n_begun = position, np.int64(0)
    while position < end:
        code, size = decode(data_D, position)
        if traits_U[code] & IS_SPACE != 0 and code != LINE_FEED:
            position += size
            continue
        if has_ended and _is_token(data_D, gap, position):
            n_begun += 1
            has_ended = False
        if code == LINE_FEED:
            n_begun += 1
            position, gap, has_ended = position + 1, position + 1, False
            continue
        start = position
        position, has_end, is_punctuation = _read_chunk(data_D, start, end, traits_U)
        if has_end:
            return start, position, n_begun, has_ended
        if has_ended and not is_punctuation:
            n_begun += 1
            has_ended = False
        gap = position
    n_begun += has_ended and _is_token(data_D, gap, end)
    return end, end, n_begun, has_ended


@njit(cache=True, nogil=True)
def _is_token(data_D, start, stop):
    """Whether white space is a token: anything but nothing and one space."""
    return stop > start + 1 or (stop == start + 1 and data_D[start] != BLANK)


@njit(cache=True, nogil=True)
def fast_kernel(data_D, offsets_N1, units_N, traits_U, counts_N):
    """Count in the documents with FAST units; see `count`."""
    for row in range(len(units_N)):
        position, end = offsets_N1[row], offsets_N1[row + 1]
        if units_N[row] == SPACY or position == end:
            continue
        n_sentences, has_ended = np.int64(1), np.bool_(False)
        while position < end:
            start, position, n_begun, has_ended = _next_chunk(data_D, position, end, has_ended, traits_U)
            n_within, has_ended = _count_in(data_D, start, position, has_ended, traits_U)
            n_sentences += n_begun + n_within
        counts_N[row] = n_sentences


@njit(cache=True, nogil=True)
def spacy_kernel(data_D, offsets_N1, units_N, traits_U, marks_U, lookup_T, counts_N):
    """As `fast_kernel` for those with SPACY units: a kernel of its own, for it takes much longer to compile."""
    scratch = _scratch(np.int64(FIRST_ROOM))
    for row in range(len(units_N)):
        position, end = offsets_N1[row], offsets_N1[row + 1]
        if units_N[row] != SPACY or position == end:
            continue
        n_sentences, has_ended = np.int64(1), np.bool_(False)
        while position < end:
            start, position, n_begun, has_ended = _next_chunk(data_D, position, end, has_ended, traits_U)
            n_sentences += n_begun
            if start == position:
                break
            if len(scratch[0]) < position - start + LEAST_ROOM:
                scratch = _scratch(2 * (position - start) + LEAST_ROOM)
            n_units = spacy_units(data_D, start, position, marks_U, lookup_T, *scratch)
            n_begun, has_ended = count_in_units(data_D, scratch[0], scratch[1], n_units, has_ended, traits_U)
            n_sentences += n_begun
        counts_N[row] = n_sentences


@njit(cache=True, nogil=True)
def _scratch(size):
    """Arrays for that many units."""
    return (
        np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.uint8),
        np.empty(size, np.uint64),
    )  # fmt: skip


def count(data, offsets, units) -> np.ndarray:
    """Sentences in the lines of each document, int64[N]; an empty one has none. units: uint8[N], FAST or SPACY of
    `units`. Line feeds divide lines, and sentences end with them."""
    counts = np.zeros(len(units), np.int64)
    if (units == FAST).any():
        fast_kernel(data, offsets, units, traits(), counts)
    if (units == SPACY).any():
        spacy_kernel(data, offsets, units, traits(), *tables(), counts)
    return counts
