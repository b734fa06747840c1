"""Lines: how they begin and end, how long they are, and which are copies.

Letters: D bytes, N documents, L lines, Q measures. A line is what stands between two `\\n`, without the
white space around it; blank lines are no lines. Its width counts Hangul syllables and letters of unspaced
scripts (Han, kana, Thai ...) twice, for such a character says about as much as two letters.
"""

from __future__ import annotations

import functools

import numpy as np
from numba import njit

from .utf8 import HAN, N_CODE_POINTS, SPACE, UNSPACED, classes, decode

TERMINAL = ".?!…。？！．｡؟۔।॥።፧։។။᠃"
QUOTES = "\"'”’»」』›"
"""What may follow the end of a sentence, and counts as its end, as in C4."""
BULLETS = "•‣◦●○▪■□◆◇*-"

IS_TERMINAL, IS_BULLET = 1, 2

(
    N_LINES, N_TERMINAL, N_BULLET, N_ELLIPSIS_END, N_SHORT, WIDTH, N_DUPLICATE, DUPLICATE_WIDTH, N_HASH, N_ELLIPSIS,
    N_HANGUL, N_UNSTOPPED,
) = range(12)  # fmt: skip
"""Measures: lines; those that end a sentence; begin with a bullet; end in an ellipsis; are at most `short` wide; the
width of all; lines that are copies of an earlier one; their width; `#`; ellipses (`...` and `…`); Hangul
syllables; letters of scripts that have no full stop (Thai, Lao)."""
N_MEASURES = 12


@functools.cache
def marks() -> np.ndarray:
    """IS_TERMINAL and IS_BULLET of every code point, uint8[0x110000]."""
    table = np.zeros(N_CODE_POINTS, np.uint8)
    for character in TERMINAL + QUOTES:
        table[ord(character)] |= IS_TERMINAL
    for character in BULLETS:
        table[ord(character)] |= IS_BULLET
    table.flags.writeable = False
    return table


@njit(cache=True, nogil=True)
def _ellipses(data_D, start, stop):
    """Ellipses between two bytes: `…`, and three full stops, not overlapping."""
    n_ellipses, position = np.int64(0), start
    while position + 2 < stop:
        first = data_D[position]
        if (first == 0x2E and data_D[position + 1] == 0x2E and data_D[position + 2] == 0x2E) or (
            first == 0xE2 and data_D[position + 1] == 0x80 and data_D[position + 2] == 0xA6
        ):
            n_ellipses += 1
            position += 3
        else:
            position += 1
    return n_ellipses


@njit(cache=True, nogil=True)
def _count_copies(hashes_L, widths_L, measures_Q):
    """Lines whose hash an earlier one has, and their width."""
    order_L = np.argsort(hashes_L)
    for place in range(1, len(order_L)):
        if hashes_L[order_L[place]] == hashes_L[order_L[place - 1]]:
            measures_Q[6] += 1
            measures_Q[7] += widths_L[order_L[place]]


@njit(cache=True, nogil=True)
def measure_kernel(data_D, offsets_N1, classes_U, marks_U, short):
    """int64[N, Q]; see `measure`."""
    n_documents = len(offsets_N1) - 1
    measures_NQ = np.zeros((n_documents, 12), np.int64)
    hashes_L, widths_L = np.empty(256, np.uint64), np.empty(256, np.int64)
    for row in range(n_documents):
        position, end = offsets_N1[row], offsets_N1[row + 1]
        measures_Q = measures_NQ[row]
        n_lines = np.int64(0)
        while position < end:
            hashed, width, n_dots = np.uint64(0xCBF29CE484222325), np.int64(0), np.int64(0)
            pending, first, last = np.int64(0), np.int64(-1), np.int64(0)
            while position < end:
                byte = data_D[position]
                if byte < 0x80:
                    code, size = np.int64(byte), np.int64(1)
                else:
                    code, size = decode(data_D, position)
                position += size
                if code == 10:
                    break
                kind = classes_U[code]
                if kind == 1:
                    pending += first >= 0
                    continue
                hashed = (hashed ^ np.uint64(code + (pending << 32))) * np.uint64(0x9E3779B97F4A7C15)
                hashed ^= hashed >> np.uint64(29)
                is_hangul = 0xAC00 <= code <= 0xD7A3
                width += pending + 1 + np.int64(kind == 5 or kind == 6 or is_hangul)
                measures_Q[10] += is_hangul
                measures_Q[11] += kind == 6 and 0x0E00 <= code <= 0x0EFF
                if pending > 0 or code != 0x2E:
                    n_dots = np.int64(0)
                n_dots += code == 0x2E
                pending = np.int64(0)
                if first < 0:
                    first = code
                measures_Q[8] += code == 0x23
                last = code
            if first < 0:
                continue
            if n_lines == len(hashes_L):
                hashes_L, widths_L = np.append(hashes_L, hashes_L), np.append(widths_L, widths_L)
            hashes_L[n_lines], widths_L[n_lines] = hashed, width
            n_lines += 1
            measures_Q[1] += marks_U[last] & 1
            measures_Q[2] += (marks_U[first] & 2) >> 1
            measures_Q[3] += n_dots >= 3 or last == 0x2026
            measures_Q[4] += width <= short
            measures_Q[5] += width
        measures_Q[0] = n_lines
        measures_Q[9] = _ellipses(data_D, offsets_N1[row], end)
        _count_copies(hashes_L[:n_lines], widths_L[:n_lines], measures_Q)
    return measures_NQ


def measure(data, offsets, short: int) -> np.ndarray:
    """Measures of the lines of each document, int64[N, Q]; columns N_LINES, N_TERMINAL, ...

    short: the greatest width of a short line. Two lines are copies if their 64-bit hashes are equal.
    """
    assert (SPACE, HAN, UNSPACED) == (1, 5, 6)  # the kernel's literals
    return measure_kernel(data, offsets, classes(), marks(), short)
