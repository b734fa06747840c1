"""Windows of units: what their words are, as hashes; and how a text is cut so that it reads on.

Letters: D bytes, N documents, S spans, I items, K keys, U code points, C cuts. An item is a unit (see `sentence_spans`)
that has a word (see `words`); a window is a run of items of one document. Two units are the same if their words are,
in lower case: digits count, white space and punctuation do not. A hash reads the characters of the words, and a
separator after each word; a window's reads the hashes of its units. There are two, of 64 bits each and by different
operations, so that one says nothing of the other.

How long a unit is, is counted in eighths of a word: 1.6 characters of scripts without spaces say about what a word
does, so that a word has eight and such a character five.
"""

from __future__ import annotations

import functools

import numpy as np
from numba import njit

from .hashing import P1, P2, P3, P4, mixed, rotated
from .sentence_spans import LINE_FEED
from .shingles import CLASS_BIT, CODE
from .utf8 import (
    DIGIT,
    HAN,
    JOINER,
    LETTER,
    MARK,
    N_CODE_POINTS,
    SPACE,
    UNSPACED,
    classes,
    decode,
    decode_before,
    lower_case,
)

WORD, CHARACTER = 8, 5
"""Eighths of a word in a word, and in a character of a script without spaces."""
SEPARATOR = np.uint64(N_CODE_POINTS)
"""What no character is."""


@functools.cache
def lowered() -> np.ndarray:
    """What a code point counts as, in lower case if that is one character, and its class: uint32[0x110000].

    As `shingles.characters`, but no digit counts as another.
    """
    table = lower_case() | classes().astype(np.uint32) << CLASS_BIT
    table.flags.writeable = False
    return table


@njit(cache=True, nogil=True)
def _character_at(data_D, position, lowered_U):
    """The code and the class of the character at a byte position, and where the next one begins."""
    first = np.int64(data_D[position])
    if first < 0x80:
        entry = lowered_U[first]
        return np.uint64(entry & CODE), np.int64(entry >> CLASS_BIT), position + 1
    code, size = decode(data_D, position)
    entry = lowered_U[code]
    return np.uint64(entry & CODE), np.int64(entry >> CLASS_BIT), position + size


@njit(cache=True, nogil=True, inline="always")
def _read(one, two, code):
    """Both hashes after one more value, uint64 all."""
    return (one ^ code) * P1, rotated(two + code * P3, 29) * P2


@njit(cache=True, nogil=True)
def _hash_unit(data_D, position, end, lowered_U):
    """Both hashes of the words between two bytes, uint64, and how many eighths of a word there are."""
    one, two, eighths = P4, P2, np.int64(0)
    while position < end:
        code, kind, position = _character_at(data_D, position, lowered_U)
        if kind == LETTER or kind == DIGIT:
            one, two = _read(one, two, code)
            while position < end:
                code, kind, after = _character_at(data_D, position, lowered_U)
                if kind == JOINER and after < end:  # it belongs to the word if a letter or digit follows
                    following, kind, beyond = _character_at(data_D, after, lowered_U)
                    if kind != LETTER and kind != DIGIT:
                        break
                    one, two = _read(one, two, code)
                    one, two = _read(one, two, following)
                    position = beyond
                elif kind == LETTER or kind == DIGIT or kind == MARK:
                    one, two = _read(one, two, code)
                    position = after
                else:
                    break
            eighths += WORD
        elif kind == HAN or kind == UNSPACED:
            one, two = _read(one, two, code)
            while position < end and data_D[position] >= 0x80:  # no mark is ASCII
                code, kind, after = _character_at(data_D, position, lowered_U)
                if kind != MARK:
                    break
                one, two = _read(one, two, code)
                position = after
            eighths += CHARACTER
        else:
            continue
        one, two = _read(one, two, SEPARATOR)
    return mixed(one), mixed(two), eighths


@njit(cache=True, nogil=True)
def hash_kernel(data_D, starts_S, stops_S, lowered_U):
    """uint64[S] twice and int64[S]; see `hash_units`."""
    n_spans = len(starts_S)
    ones_S, twos_S, eighths_S = np.empty(n_spans, np.uint64), np.empty(n_spans, np.uint64), np.empty(n_spans, np.int64)
    for span in range(n_spans):
        ones_S[span], twos_S[span], eighths_S[span] = _hash_unit(data_D, starts_S[span], stops_S[span], lowered_U)
    return ones_S, twos_S, eighths_S


@njit(cache=True, nogil=True)
def numbers_kernel(data_D, starts_S, stops_S, classes_U):
    """uint64[S]; see `hash_numbers`."""
    hashes_S = np.empty(len(starts_S), np.uint64)
    for span in range(len(starts_S)):
        position, total, was_digit = starts_S[span], P4, False
        while position < stops_S[span]:
            code, size = decode(data_D, position)
            is_digit = classes_U[code] == DIGIT
            if is_digit or was_digit:
                total = (total ^ (np.uint64(code) if is_digit else SEPARATOR)) * P1
            was_digit = is_digit
            position += size
        hashes_S[span] = mixed((total ^ SEPARATOR) * P1 if was_digit else total)
    return hashes_S


@njit(cache=True, nogil=True)
def keys_kernel(ones_I, twos_I, eighths_I, rows_I, size, least):
    """items int64[K], keys and seconds uint64[K]; see `keys`."""
    n_items = len(rows_I)
    items_K, keys_K, seconds_K = np.empty(n_items, np.int64), np.empty(n_items, np.uint64), np.empty(n_items, np.uint64)
    n_keys, eighths = np.int64(0), np.int64(0)
    for last in range(n_items):
        eighths += eighths_I[last]
        if last >= size:
            eighths -= eighths_I[last - size]
        first = last - size + 1
        if first < 0 or rows_I[first] != rows_I[last] or eighths < least * WORD:
            continue
        one, two = P4, P2
        for item in range(first, last + 1):
            one, two = mixed((one ^ ones_I[item]) * P1), mixed((two + twos_I[item]) * P3)
        items_K[n_keys], keys_K[n_keys], seconds_K[n_keys] = first, one, two
        n_keys += 1
    return items_K[:n_keys].copy(), keys_K[:n_keys].copy(), seconds_K[:n_keys].copy()


@njit(cache=True, nogil=True)
def _space_before(data_D, position, begin, classes_U):
    """Where the white space that ends at a byte position begins; and its last line feed, or -1."""
    feed = np.int64(-1)
    while position > begin:
        code, size = decode_before(data_D, position)
        if classes_U[code] != SPACE:
            break
        position -= size
        if code == LINE_FEED and feed < 0:
            feed = position
    return position, feed


@njit(cache=True, nogil=True)
def _space_after(data_D, position, end, classes_U):
    """Where the white space that begins at a byte position ends; and its last line feed, or -1."""
    feed = np.int64(-1)
    while position < end:
        code, size = decode(data_D, position)
        if classes_U[code] != SPACE:
            break
        if code == LINE_FEED:
            feed = position
        position += size
    return position, feed


@njit(cache=True, nogil=True)
def _n_feeds(data_D, start, stop):
    """Line feeds between two bytes."""
    n_feeds = np.int64(0)
    for position in range(start, stop):
        n_feeds += data_D[position] == LINE_FEED
    return n_feeds


@njit(cache=True, nogil=True)
def edges_kernel(data_D, offsets_N1, rows_C, starts_C, stops_C, classes_U):
    """starts, stops int64[C]; see `edges`."""
    wider_C, further_C = starts_C.copy(), stops_C.copy()
    for cut in range(len(rows_C)):
        row = rows_C[cut]
        begin, end = offsets_N1[row], offsets_N1[row + 1]
        start, stop = begin + starts_C[cut], begin + stops_C[cut]
        before, feed_before = _space_before(data_D, start, begin, classes_U)
        after, feed_after = _space_after(data_D, stop, end, classes_U)
        if before == begin:
            start, stop = before, after
        elif after == end:
            start = before
        elif feed_before < 0 and feed_after < 0:
            stop = after if before < start else stop
        elif _n_feeds(data_D, stop, after) > _n_feeds(data_D, before, start):
            start = before
        elif feed_after < 0:
            stop = after
        else:  # what is left of the line after it is its indentation
            start, stop = feed_before + 1, feed_after + 1
        wider_C[cut], further_C[cut] = start - begin, stop - begin
    return wider_C, further_C


def hash_units(data, starts, stops) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two hashes of the words of each span, uint64[S], and how many eighths of a word it has, int64[S]."""
    return hash_kernel(data, starts, stops, lowered())


def hash_numbers(data, starts, stops) -> np.ndarray:
    """A hash of the numbers of each span, uint64[S]: its runs of digits, in their order."""
    return numbers_kernel(data, starts, stops, classes())


def keys(ones, twos, eighths, rows, size: int, least: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The windows of `size` items with at least `least` words: their first items int64[K], hashes uint64[K] twice.

    ones, twos uint64[I], eighths int64[I]: of each item; rows int64[I], ascending: the document it is of.
    """
    return keys_kernel(ones, twos, eighths, rows, size, least)


def edges(data, offsets, rows, starts, stops) -> tuple[np.ndarray, np.ndarray]:
    """Spans to cut, with as much of the white space around each that one separator is left: starts, stops int64[C].

    rows, starts, stops int64[C], in bytes of the row's text: from the first character of a unit to the last of one.
    What separates more lines stays, so that a blank line stays one; nothing stays at the beginning of a text, and
    at its end the white space that was there.
    """
    return edges_kernel(data, offsets, rows, starts, stops, classes())
