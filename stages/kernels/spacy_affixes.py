"""Prefixes, suffixes and infixes of English tokenization.

Letters: D bytes, U code points, T words of the lookup table. The definitions are the regular expressions of spaCy 3.8,
TOKENIZER_PREFIXES and TOKENIZER_SUFFIXES of `spacy/lang/punctuation.py` and TOKENIZER_INFIXES of
`spacy/lang/en/punctuation.py`, read from left to right as `re` does: of several suffixes the longest, of several
infixes at a place the first.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .spacy_tables import (
    ALPHA,
    BEFORE_STOP,
    BYTE_INFIX,
    CURRENCY,
    ICON,
    LOWER,
    MEASURES,
    MOST_UNIT_CHARS,
    N_MEASURE_SLOTS,
    PREFIX,
    QUOTE,
    SUFFIX,
    UNIT_END,
    UPPER,
    value_of,
)
from .units import hash_bytes
from .utf8 import decode, decode_before

DOT, PLUS, COMMA, HYPHEN, TILDE, CARET, STAR, DOLLAR = 0x2E, 0x2B, 0x2C, 0x2D, 0x7E, 0x5E, 0x2A, 0x24
APOSTROPHE, CURLY_APOSTROPHE, EN_DASH, EM_DASH, ELLIPSIS, DEGREE = 0x27, 0x2019, 0x2013, 0x2014, 0x2026, 0xB0
A, C, F, K, S, U, SMALL_S = 0x41, 0x43, 0x46, 0x4B, 0x53, 0x55, 0x73


@njit(cache=True, nogil=True)
def is_digit(byte):
    """Whether a byte is an ASCII digit."""
    return 0x30 <= byte <= 0x39


@njit(cache=True, nogil=True, inline="always")
def _dots(data_D, position, stop):
    """How many full stops begin at a position."""
    start = position
    while position < stop and data_D[position] == DOT:
        position += 1
    return position - start


@njit(cache=True, nogil=True, inline="always")
def prefix(data_D, start, stop, marks_U):
    """The bytes of the prefix of the string from `start` to `stop`, or 0. int64."""
    code, size = decode(data_D, start)
    if marks_U[code] & PREFIX:
        return size
    if code == DOT:
        n_dots = _dots(data_D, start, stop)
        return n_dots if n_dots > 1 else np.int64(0)
    if code == PLUS:
        return np.int64(0 if start + 1 < stop and is_digit(data_D[start + 1]) else 1)
    if (code == A or code == C) and start + 1 < stop and data_D[start + 1] == DOLLAR:
        return np.int64(2)
    if code == U and start + 2 < stop and data_D[start + 1] == S and data_D[start + 2] == DOLLAR:
        return np.int64(3)
    return np.int64(0)


@njit(cache=True, nogil=True, inline="always")
def suffix(data_D, start, stop, has_digit, marks_U, lookup_T):
    """The bytes of the suffix of the string from `start` to `stop`, which may be empty, or 0. int64.

    has_digit: whether there may be an ASCII digit in it.
    """
    if start == stop:
        return np.int64(0)
    code, size = decode_before(data_D, stop)
    marked = marks_U[code]
    if code == DOT:
        return _final_stop(data_D, start, stop, marks_U)
    longest = np.int64(0)
    if marked & SUFFIX:
        longest = size
    if stop - size > start:
        before, before_size = decode_before(data_D, stop - size)
        is_ending = (code == SMALL_S or code == S) and (before == APOSTROPHE or before == CURLY_APOSTROPHE)
        if is_ending or (code == ELLIPSIS and before == ELLIPSIS):
            longest = size + before_size
        elif code == PLUS and is_digit(data_D[stop - 2]):
            longest = size
        elif marked & CURRENCY:
            longest = max(longest, _currency(data_D, start, stop, code, size))
        if has_digit and marked & UNIT_END:
            longest = max(longest, _measure(data_D, start, stop, lookup_T))
    return longest


@njit(cache=True, nogil=True)
def _final_stop(data_D, start, stop, marks_U):
    """The bytes of a suffix of full stops: two and more; or one behind what `BEFORE_STOP` says, or two capitals."""
    position = stop
    while position > start and data_D[position - 1] == DOT:
        position -= 1
    if stop - position > 1:
        return stop - position
    if position == start:
        return np.int64(0)
    last, size = decode_before(data_D, position)
    if marks_U[last] & BEFORE_STOP:
        return np.int64(1)
    if position - size == start or marks_U[last] & UPPER == 0:
        return np.int64(0)
    before, _ = decode_before(data_D, position - size)
    is_degree = before == DEGREE and (last == F or last == C or last == K)
    return np.int64(1 if is_degree or marks_U[before] & UPPER else 0)


@njit(cache=True, nogil=True)
def _currency(data_D, start, stop, code, size):
    """The bytes of a currency sign behind an ASCII digit, or 0; `US$`, `C$` and `A$` are some."""
    place = stop - size
    if code == DOLLAR:
        last = data_D[place - 1]
        if last == A or last == C:
            place -= 1
        elif last == S and place - 2 >= start and data_D[place - 2] == U:
            place -= 2
    return stop - place if place > start and is_digit(data_D[place - 1]) else np.int64(0)


@njit(cache=True, nogil=True, inline="always")
def _measure(data_D, start, stop, lookup_T):
    """The bytes of a unit of measurement behind an ASCII digit, or 0."""
    place = stop
    for _ in range(MOST_UNIT_CHARS):
        _, size = decode_before(data_D, place)
        place -= size
        if place == start:
            return np.int64(0)
        if is_digit(data_D[place - 1]):
            hashed = hash_bytes(data_D, place, stop)
            return stop - place if value_of(lookup_T, MEASURES, N_MEASURE_SLOTS, hashed) else np.int64(0)
    return np.int64(0)


@njit(cache=True, nogil=True)
def next_infix(data_D, start, position, stop, marks_U):
    """The first infix at or after a position of the string from `start` to `stop`: its first byte and its bytes.

    `stop` and 0 if there is none. int64 both.
    """
    while position < stop:
        if data_D[position] < 0x80:
            size = np.int64(1)
            if marks_U[data_D[position]] & BYTE_INFIX:
                length = _ascii_infix(data_D, start, position, stop, marks_U)
                if length:
                    return position, length
        else:
            code, size = decode(data_D, position)
            if code == ELLIPSIS or marks_U[code] & ICON:
                return position, size
            if code == EN_DASH or code == EM_DASH:
                length = _dash(data_D, start, position, stop, code, size, marks_U)
                if length:
                    return position, length
        position += size
    return stop, np.int64(0)


@njit(cache=True, nogil=True)
def _ascii_infix(data_D, start, position, stop, marks_U):
    """The bytes of the infix that begins with an ASCII byte, or 0."""
    byte = data_D[position]
    if byte == DOT:
        n_dots = _dots(data_D, position, stop)
        if n_dots > 1:
            return n_dots
    if position == start or position + 1 == stop:
        return np.int64(0)
    before, _ = decode_before(data_D, position)
    after, _ = decode(data_D, position + 1)
    if byte == DOT:
        return np.int64(1 if marks_U[before] & (LOWER | QUOTE) and marks_U[after] & (UPPER | QUOTE) else 0)
    if byte == COMMA:
        return np.int64(1 if marks_U[before] & marks_U[after] & ALPHA else 0)
    if byte == PLUS or byte == HYPHEN or byte == STAR or byte == CARET:
        if is_digit(before) and (is_digit(after) or after == HYPHEN):
            return np.int64(1)
        if byte != HYPHEN:
            return np.int64(0)
        return _dash(data_D, start, position, stop, np.int64(byte), np.int64(1), marks_U)
    is_between = (marks_U[before] & ALPHA or is_digit(before)) and marks_U[after] & ALPHA
    return np.int64(1 if is_between else 0)


@njit(cache=True, nogil=True)
def _dash(data_D, start, position, stop, code, size, marks_U):
    """The bytes of one dash (hyphens up to three, em dashes up to two) between letters, or a digit and a letter."""
    if position == start:
        return np.int64(0)
    before, _ = decode_before(data_D, position)
    if marks_U[before] & ALPHA == 0 and not is_digit(before):
        return np.int64(0)
    most = 3 if code == HYPHEN else (2 if code == EM_DASH else 1)
    end = position
    for _ in range(most):
        end += size
        if end >= stop:
            return np.int64(0)
        after, _ = decode(data_D, end)
        if marks_U[after] & ALPHA:
            return end - position
        if after != code:
            return np.int64(0)
    return np.int64(0)
