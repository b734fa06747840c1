"""Zones of a text that may hold an address or a number, so that only those are looked at closely.

Letters: D bytes, N documents, M zones. AT is the place of an `@` with something on both sides; DIGITS a run
of digits (ASCII or full-width) with short separators on one line, with 7 digits or more, or 3 dots; COLONS
a run of hexadecimal digits, dots and colons, with 3 colons or more or a double one, and 4 digits or more.
"""

from __future__ import annotations

import numpy as np
from numba import njit

AT, DIGITS, COLONS = 1, 2, 3
NOTHING, DIGIT, HEX, SEPARATOR, COLON, DOT = range(6)
MAX_SEPARATORS = 3
"""Bytes between two groups of digits."""


def _kinds() -> np.ndarray:
    """What each ASCII byte is, uint8[256]."""
    table = np.zeros(256, np.uint8)
    table[list(b"0123456789")] = DIGIT
    table[list(b"abcdefABCDEF")] = HEX
    table[list(b" -()+/")] = SEPARATOR
    table[ord(":")], table[ord(".")] = COLON, DOT
    return table


KINDS = _kinds()


@njit(cache=True, nogil=True)
def _wide(data_D, position, end):
    """Bytes of a full-width digit (3) or of a dash or no-break space (-3, -2) here, else 0."""
    byte = data_D[position]
    if byte == 0xEF and position + 2 < end and data_D[position + 1] == 0xBC:
        if 0x90 <= data_D[position + 2] <= 0x99:
            return 3
        return -3 if data_D[position + 2] == 0x8D else 0
    if byte == 0xE2 and position + 2 < end and data_D[position + 1] == 0x80 and 0x90 <= data_D[position + 2] <= 0x95:
        return -3
    if byte == 0xC2 and position + 1 < end and data_D[position + 1] == 0xA0:
        return -2
    return 0


@njit(cache=True, nogil=True)
def _digits(data_D, position, end, kinds_B):
    """From a digit on: where the zone ends (after its last digit), digits, dots."""
    stop, n_digits, n_dots, n_between = position, np.int64(0), np.int64(0), np.int64(0)
    while position < end and n_between <= 3:
        kind = kinds_B[data_D[position]]
        wide = _wide(data_D, position, end) if data_D[position] >= 0x80 else 0
        if kind == 1 or wide > 0:
            position += max(wide, 1)
            n_digits += 1
            stop, n_between = position, np.int64(0)
        elif kind == 3 or kind == 5 or wide < 0:
            position += max(-wide, 1)
            n_between += 1
            n_dots += kind == 5
        else:
            break
    return stop, n_digits, n_dots


@njit(cache=True, nogil=True)
def _colons(data_D, position, end, kinds_B):
    """From a hexadecimal digit or colon on: where the run ends, digits, colons, double colons."""
    n_digits, n_colons, n_double = np.int64(0), np.int64(0), np.int64(0)
    while position < end:
        kind = kinds_B[data_D[position]]
        if kind == 1 or kind == 2:
            n_digits += 1
        elif kind == 4:
            n_colons += 1
            n_double += position + 1 < end and data_D[position + 1] == 0x3A
        elif kind != 5:
            break
        position += 1
    return position, n_digits, n_colons, n_double


@njit(cache=True, nogil=True)
def _add(zones_M4, n_zones, row, start, stop, kind):
    if n_zones == len(zones_M4):
        larger = np.empty((2 * n_zones, 4), np.int64)
        larger[:n_zones] = zones_M4
        zones_M4 = larger
    zones_M4[n_zones, 0], zones_M4[n_zones, 1], zones_M4[n_zones, 2], zones_M4[n_zones, 3] = row, start, stop, kind
    return zones_M4


@njit(cache=True, nogil=True)
def find_kernel(data_D, offsets_N1, kinds_B):
    """int64[M, 4]; see `find`."""
    zones_M4, n_zones = np.empty((256, 4), np.int64), np.int64(0)
    for row in range(len(offsets_N1) - 1):
        begin, end = offsets_N1[row], offsets_N1[row + 1]
        position, hex_done, digits_done = begin, begin, begin
        while position < end:
            byte = data_D[position]
            kind = kinds_B[byte]
            if byte == 0x40 and begin < position < end - 1:
                zones_M4 = _add(zones_M4, n_zones, row, position - begin, position + 1 - begin, 1)
                n_zones += 1
            is_digit = kind == 1 or (byte == 0xEF and _wide(data_D, position, end) > 0)
            if is_digit and position >= digits_done:
                digits_done, n_digits, n_dots = _digits(data_D, position, end, kinds_B)
                if n_digits >= 7 or (n_digits >= 4 and n_dots >= 3):
                    zones_M4 = _add(zones_M4, n_zones, row, position - begin, digits_done - begin, 2)
                    n_zones += 1
            if kind == 4 and position >= hex_done:
                start = position
                while start > hex_done and (kinds_B[data_D[start - 1]] == 1 or kinds_B[data_D[start - 1]] == 2):
                    start -= 1
                hex_done, n_digits, n_colons, n_double = _colons(data_D, start, end, kinds_B)
                if n_digits >= 4 and (n_colons >= 3 or n_double > 0):
                    zones_M4 = _add(zones_M4, n_zones, row, start - begin, hex_done - begin, 3)
                    n_zones += 1
            position += 1
    return zones_M4[:n_zones].copy()


def find(data, offsets) -> np.ndarray:
    """Zones of all documents, int64[M, 4]: row, start and stop in bytes from the row's start, kind; by row."""
    return find_kernel(data, offsets, KINDS)
