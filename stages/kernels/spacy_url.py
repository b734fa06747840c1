"""Web addresses as English tokenization knows them: they stay whole.

Letters: D bytes, U code points. The definition is the regular expression `URL_PATTERN` of spaCy 3.8
(`spacy/lang/tokenizer_exceptions.py`, after Diego Perini's https://gist.github.com/dperini/729294): an address is

    [scheme ://] [anything @] (public IPv4 address | labels . top level) [: port] [/ ? # anything]

No two parts can share a character at their border, so it is read from left to right without going back. Only the
place where the host begins is open: at the start, behind the scheme, or behind any `@`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .spacy_tables import DECIMAL, LOWER, WORD
from .utf8 import decode

MOST_LABEL_CHARS = 64
MOST_TOP_LEVEL_CHARS = 63
OTHER_DIGITS = 999
"""The value of a number that has digits of other scripts."""

AT, COLON, SLASH, DOT = ord("@"), ord(":"), ord("/"), ord(".")
QUESTION, NUMBER_SIGN, HYPHEN, PLUS, UNDERSCORE = ord("?"), ord("#"), ord("-"), ord("+"), ord("_")


@njit(cache=True, nogil=True)
def is_url(data_D, start, stop, marks_U):
    """Whether the bytes from `start` to `stop`, without white space, are an address."""
    if _has_host(data_D, start, stop, marks_U):
        return True
    host = _after_scheme(data_D, start, stop, marks_U)
    if host < stop and _has_host(data_D, host, stop, marks_U):
        return True
    place = start + 1
    while place < stop and not (data_D[place] == AT and _has_host(data_D, place + 1, stop, marks_U)):
        place += 1
    return place < stop


@njit(cache=True, nogil=True)
def _after_scheme(data_D, start, stop, marks_U):
    """Where a scheme and `://` end, or `stop`."""
    position, n_chars = start, 0
    while position < stop and data_D[position] != COLON:
        code, size = decode(data_D, position)
        if marks_U[code] & WORD == 0 and code != PLUS and code != HYPHEN and code != DOT:
            return stop
        n_chars += 1
        position += size
    if n_chars < 2 or position + 3 > stop or data_D[position + 1] != SLASH or data_D[position + 2] != SLASH:
        return stop
    return position + 3


@njit(cache=True, nogil=True)
def _has_host(data_D, position, stop, marks_U):
    """Whether the bytes are a host with, perhaps, a port and a path."""
    return _is_domain(data_D, position, stop, marks_U) or _is_ip(data_D, position, stop, marks_U)


@njit(cache=True, nogil=True)
def _is_domain(data_D, position, stop, marks_U):
    """Whether the bytes are labels and a top level, and what may follow."""
    n_labels = 0
    while True:
        n_chars, begins, ends = 0, False, False  # with a character that is no hyphen or underscore
        is_label, is_top = True, True
        while position < stop and not _ends_part(data_D[position]):
            code, size = decode(data_D, position)
            ends = _is_host_character(code)
            begins = ends if n_chars == 0 else begins
            is_label = is_label and (ends or code == HYPHEN or code == UNDERSCORE)
            is_top = is_top and marks_U[code] & LOWER != 0
            if not is_label and not is_top:
                return False
            n_chars += 1
            position += size
        if position == stop or data_D[position] != DOT:
            is_top = is_top and n_labels > 0 and 2 <= n_chars <= MOST_TOP_LEVEL_CHARS
            return is_top and _is_tail(data_D, position, stop, marks_U)
        if not (is_label and begins and ends and n_chars <= MOST_LABEL_CHARS):
            return False
        n_labels += 1
        position += 1


@njit(cache=True, nogil=True)
def _ends_part(byte):
    return byte == DOT or byte == SLASH or byte == QUESTION or byte == NUMBER_SIGN or byte == COLON


@njit(cache=True, nogil=True)
def _is_host_character(code):
    """ASCII letters and digits, and everything from U+00A1 to U+FFFF."""
    if code >= 0x80:
        return 0xA1 <= code <= 0xFFFF
    return 0x30 <= code <= 0x39 or 0x41 <= code & 0x5F <= 0x5A


@njit(cache=True, nogil=True)
def _is_tail(data_D, position, stop, marks_U):
    """Whether the rest is nothing, or a port or path or both."""
    if position < stop and data_D[position] == COLON:
        n_digits = 0
        position += 1
        while position < stop:
            code, size = decode(data_D, position)
            if marks_U[code] & DECIMAL == 0:
                break
            n_digits += 1
            position += size
        if n_digits < 2 or n_digits > 5:
            return False
    if position == stop:
        return True
    return data_D[position] == SLASH or data_D[position] == QUESTION or data_D[position] == NUMBER_SIGN


@njit(cache=True, nogil=True)
def _is_ip(data_D, position, stop, marks_U):
    """Whether the bytes are a public IPv4 address in dotted notation, and what may follow."""
    first, position = _octet(data_D, position, stop, marks_U, 0)
    if first < 0 or position >= stop or data_D[position] != DOT:
        return False
    second, position = _octet(data_D, position + 1, stop, marks_U, 1)
    if second < 0 or position >= stop or data_D[position] != DOT:
        return False
    third, position = _octet(data_D, position + 1, stop, marks_U, 1)
    if third < 0 or position >= stop or data_D[position] != DOT:
        return False
    fourth, position = _octet(data_D, position + 1, stop, marks_U, 2)
    is_private = first == 10 or first == 127 or (first == 172 and 16 <= second <= 31)
    is_private = is_private or (first == 169 and second == 254) or (first == 192 and second == 168)
    return fourth >= 0 and not is_private and _is_tail(data_D, position, stop, marks_U)


@njit(cache=True, nogil=True)
def _octet(data_D, position, stop, marks_U, place):
    """One number of an address, or -1, and where it ends. Place: 0 the first, 2 the last, 1 between them.

    Digits of other scripts may stand where any digit may; `2` and such a digit count as 20, which the private
    networks take for one of theirs.
    """
    n_digits, value, is_ascii = 0, np.int64(0), True
    highest = 223 if place == 0 else (255 if place == 1 else 254)
    leading = np.int64(-1)
    while position < stop and n_digits < 4:
        code, size = decode(data_D, position)
        if marks_U[code] & DECIMAL == 0:
            break
        digit = code - 0x30 if code < 0x80 else np.int64(-1)
        if n_digits == 0:
            leading = digit
        is_ascii = is_ascii and digit >= 0
        value = value * 10 + max(digit, 0)
        n_digits += 1
        position += size
    if n_digits == 0 or n_digits > 3 or (n_digits == 3 and (leading < 1 or value > highest)):
        return np.int64(-1), position
    if n_digits < 3 and place != 1 and leading < 1:
        return np.int64(-1), position
    if is_ascii or (n_digits == 2 and leading == 2):
        return value, position
    return np.int64(OTHER_DIGITS), position
