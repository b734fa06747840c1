"""Zones of a text that may hold an address or a number, so that only those are looked at closely.

Letters: D bytes, N documents, M zones. AT is an `@` after one of `[A-Za-z0-9_+-]` and before one of
`[A-Za-z0-9]`; DIGITS a run of digits (ASCII or full-width) with short separators on one line, with 7 digits
or more, or 3 dots; COLONS a run of hexadecimal digits, dots and colons, with 3 colons or more or a double
one, and 4 digits or more.
"""

from __future__ import annotations

import numpy as np
from numba import njit

AT, DIGITS, COLONS = 1, 2, 3
MAX_SEPARATORS = 3
"""Separators between two groups of digits; full-width ones count as one."""

_DIGIT, _HEX, _SEPARATOR, _COLON, _DOT, _AT, _WIDE = 1, 2, 3, 4, 5, 6, 7


def _kinds() -> np.ndarray:
    """What each byte is, uint8[256]; _WIDE begins a character that may be a digit or a separator."""
    table = np.zeros(256, np.uint8)
    table[list(b"0123456789")] = _DIGIT
    table[list(b"abcdefABCDEF")] = _HEX
    table[list(b" -()+/")] = _SEPARATOR
    table[ord(":")], table[ord(".")], table[ord("@")] = _COLON, _DOT, _AT
    table[[0xC2, 0xE2, 0xEF]] = _WIDE
    return table


KINDS = _kinds()


@njit(cache=True, nogil=True)
def _wide(data_D, position, end):
    """Bytes of a full-width digit (3), of a dash or a full-width hyphen (-3), of a no-break space (-2), else 0."""
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
    stop, n_digits, n_dots = position, np.int64(0), np.int64(0)
    n_between, n_dots_between = np.int64(0), np.int64(0)
    while position < end and n_between <= 3:
        kind = kinds_B[data_D[position]]
        wide = _wide(data_D, position, end) if kind == 7 else 0
        if kind == 1 or wide > 0:
            position += max(wide, 1)
            n_digits += 1
            n_dots += n_dots_between
            stop, n_between, n_dots_between = position, np.int64(0), np.int64(0)
        elif kind == 3 or kind == 5 or wide < 0:
            position += max(-wide, 1)
            n_between += 1
            n_dots_between += kind == 5
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
def _joins(data_D, position):
    """Whether an `@` stands where it does in an address."""
    before, after = data_D[position - 1], data_D[position + 1]
    is_after = 0x30 <= after <= 0x39 or 0x41 <= after & 0xDF <= 0x5A
    is_before = 0x30 <= before <= 0x39 or 0x41 <= before & 0xDF <= 0x5A
    return is_after and (is_before or before == 0x5F or before == 0x2B or before == 0x2D)


@njit(cache=True, nogil=True)
def _next(data_D, position, end, kinds_B):
    """The first byte at or after a position with which a zone may begin; a loop of its own, for it is the hot one."""
    while position < end:
        kind = kinds_B[data_D[position]]
        if kind == 1 or kind == 4 or kind >= 6:
            break
        position += 1
    return position


@njit(cache=True, nogil=True)
def _has_han(data_D, start, end):
    """Whether a Han character (U+3400 to U+9FFF) stands before the end of the line that `start` is in, and that end."""
    found = False
    while start < end and data_D[start] != 0x0A:
        found |= 0xE4 <= data_D[start] <= 0xE9 or (data_D[start] == 0xE3 and data_D[start + 1] >= 0x90)
        start += 1
    return found, start


@njit(cache=True, nogil=True)
def _line_start(data_D, begin, position):
    """Where the line of `position` begins."""
    while position > begin and data_D[position - 1] != 0x0A:
        position -= 1
    return position


@njit(cache=True, nogil=True)
def _add(zones_M5, n_zones, row, start, stop, kind):
    if n_zones == len(zones_M5):
        larger = np.empty((2 * n_zones, 5), np.int64)
        larger[:n_zones] = zones_M5
        zones_M5 = larger
    zones_M5[n_zones, 0], zones_M5[n_zones, 1], zones_M5[n_zones, 2] = row, start, stop
    zones_M5[n_zones, 3], zones_M5[n_zones, 4] = kind, 0
    return zones_M5


@njit(cache=True, nogil=True)
def find_kernel(data_D, offsets_N1, kinds_B):
    """int64[M, 5]; see `find`. The last column is left 0."""
    zones_M5, n_zones = np.empty((256, 5), np.int64), np.int64(0)
    for row in range(len(offsets_N1) - 1):
        begin, end = offsets_N1[row], offsets_N1[row + 1]
        position, hex_done, digits_done = begin, begin, begin
        while True:
            position = _next(data_D, position, end, kinds_B)
            if position == end:
                break
            kind = kinds_B[data_D[position]]
            if kind == 6 and begin < position < end - 1 and _joins(data_D, position):
                zones_M5 = _add(zones_M5, n_zones, row, position - begin, position + 1 - begin, 1)
                n_zones += 1
            elif kind == 4 and position >= hex_done:
                start = position
                while start > hex_done and (kinds_B[data_D[start - 1]] == 1 or kinds_B[data_D[start - 1]] == 2):
                    start -= 1
                hex_done, n_digits, n_colons, n_double = _colons(data_D, start, end, kinds_B)
                if n_digits >= 4 and (n_colons >= 3 or n_double > 0):
                    zones_M5 = _add(zones_M5, n_zones, row, start - begin, hex_done - begin, 3)
                    n_zones += 1
            elif position >= digits_done and (kind == 1 or (kind == 7 and _wide(data_D, position, end) > 0)):
                digits_done, n_digits, n_dots = _digits(data_D, position, end, kinds_B)
                if n_digits >= 7 or (n_digits >= 4 and n_dots >= 3):
                    zones_M5 = _add(zones_M5, n_zones, row, position - begin, digits_done - begin, 2)
                    n_zones += 1
            position += 1
    return zones_M5[:n_zones].copy()


@njit(cache=True, nogil=True)
def mark_han_kernel(data_D, offsets_N1, zones_M5):
    """Set the last column of DIGITS zones; every line is read at most twice."""
    row, line_end, found = np.int64(-1), np.int64(0), False
    for zone in range(len(zones_M5)):
        if zones_M5[zone, 3] != 2:
            continue
        begin, end = offsets_N1[zones_M5[zone, 0]], offsets_N1[zones_M5[zone, 0] + 1]
        position = begin + zones_M5[zone, 1]
        if zones_M5[zone, 0] != row or position > line_end:
            row = zones_M5[zone, 0]
            start = _line_start(data_D, begin, position)
            found, line_end = _has_han(data_D, start, end)
            if not found and start > begin:
                found, _ = _has_han(data_D, _line_start(data_D, begin, start - 1), end)
        zones_M5[zone, 4] = found


def find(data, offsets) -> np.ndarray:
    """Zones of all documents, int64[M, 5]: row, start and stop in bytes from the row's start, kind, and for
    DIGITS whether a Han character stands in that line or the one before; by row, for each kind by start."""
    zones = find_kernel(data, offsets, KINDS)
    mark_han_kernel(data, offsets, zones)
    return zones
