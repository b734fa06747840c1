"""Encoded data: long runs as of Base64, escapes, and lists of bytes in hexadecimal.

Letters: D bytes, B = 256 byte values. What counts is in `markup`, whose table of kinds says which bytes make runs.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MIN_RUN, MIN_ITEMS = 64, 8
RUN = 0
"""The kind of the bytes `[A-Za-z0-9+/=]`."""
DIGIT, LETTER, HEX, NAME, SPACE = 1, 2, 4, 8, 16


def traits() -> np.ndarray:
    """What each byte is, uint8[B]: DIGIT, LETTER, HEX, NAME (all of NAME), SPACE."""
    table = np.zeros(256, np.uint8)
    for trait, members in (
        (DIGIT, b"0123456789"),
        (LETTER, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
        (HEX, b"0123456789ABCDEFabcdef"),
        (NAME, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz:_.-"),
        (SPACE, b" \t\r\n\f"),
    ):
        table[list(members)] |= trait
    return table


@njit(cache=True, nogil=True)
def _has_hex(data_D, place, end, n_digits, traits_B):
    """Whether so many hexadecimal digits stand at a place."""
    n_found = 0
    while n_found < n_digits and place < end and traits_B[data_D[place]] & HEX != 0:
        n_found += 1
        place += 1
    return n_found == n_digits


@njit(cache=True, nogil=True)
def escapes_end(data_D, start, end, traits_B):
    """Where the 8 or more escapes end that begin with the backslash at `start`, or 0."""
    if start + 1 == end or (data_D[start + 1] != 0x78 and data_D[start + 1] != 0x75):
        return np.int64(0)
    letter, place, n_items = data_D[start + 1], start, np.int64(0)
    n_digits = 2 if letter == 0x78 else 4
    while place + 1 < end and data_D[place] == 0x5C and data_D[place + 1] == letter:
        if not _has_hex(data_D, place + 2, end, n_digits, traits_B):
            break
        place += 2 + n_digits
        n_items += 1
    return place if n_items >= MIN_ITEMS else np.int64(0)


@njit(cache=True, nogil=True)
def _is_byte(data_D, start, end, kinds_B, traits_B):
    """Whether `0xNN` stands at `start` and nothing of a run after it."""
    if start + 4 > end or data_D[start] != 0x30 or data_D[start + 1] | 0x20 != 0x78:
        return False
    return _has_hex(data_D, start + 2, end, 2, traits_B) and (start + 4 == end or kinds_B[data_D[start + 4]] != RUN)


@njit(cache=True, nogil=True)
def _bytes_end(data_D, start, end, kinds_B, traits_B):
    """Where the 8 or more `0xNN` end that begin at `start`, commas and up to 20 white space between them, or 0."""
    place, stop, n_items = start, start, np.int64(0)
    while _is_byte(data_D, place, end, kinds_B, traits_B):
        stop = place + 4
        n_items += 1
        if stop == end or data_D[stop] != 0x2C:
            break
        place = stop + 1
        while place < end and place - stop <= 20 and traits_B[data_D[place]] & SPACE != 0:
            place += 1
    return stop if n_items >= MIN_ITEMS else np.int64(0)


@njit(cache=True, nogil=True)
def _mixes(data_D, start, stop, traits_B):
    """Whether there are both letters and digits."""
    found = 0
    for place in range(start, stop):
        found |= traits_B[data_D[place]]
    return found & (DIGIT | LETTER) == DIGIT | LETTER


@njit(cache=True, nogil=True)
def run_end(data_D, start, stop, begin, end, kinds_B, traits_B):
    """Where the encoded data ends that begins with the run between `start` and `stop`, or 0."""
    if start > begin and kinds_B[data_D[start - 1]] == RUN:
        return np.int64(0)
    if stop - start == 4:
        return _bytes_end(data_D, start, end, kinds_B, traits_B)
    return stop if _mixes(data_D, start, stop, traits_B) else np.int64(0)
