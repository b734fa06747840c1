"""Lines: how they begin and end, how long they are, and which are copies.

Letters: D bytes, N documents, L lines, Q measures. A line is what stands between two `\\n`, without the
white space around it, if it holds a letter or digit: blank lines, brackets, rules and the marks around code
and formulas are no lines. Its width counts Han characters three times, for a Chinese text has about a third
of the characters of its English translation, and Hangul syllables, kana and other letters of unspaced
scripts twice.
"""

from __future__ import annotations

import functools

import numpy as np
from numba import njit

from .utf8 import HAN, LETTER, MARK, N_CODE_POINTS, SPACE, UNSPACED, classes, decode

STOPS = ".?!؟۔।॥።፧։។။᠃"
FULL_WIDTH_STOPS = "。？！．｡"
QUOTES = "\"'”’»」』›"
"""What may follow the end of a sentence, and counts as its end, as in C4."""
TERMINAL = STOPS + FULL_WIDTH_STOPS + QUOTES + "…"
BULLETS = "•‣◦●○▪■□◆◇"
ASCII_BULLETS = "*-"
"""Bullets if white space follows; `**` and `--` begin other things."""

IS_TERMINAL, IS_BULLET, IS_STOP, IS_FULL_WIDTH_STOP, IS_ASCII_BULLET = 1, 2, 4, 8, 16

(
    N_LINES, N_TERMINAL, N_BULLET, N_ELLIPSIS_END, N_SHORT, WIDTH, N_DUPLICATE, DUPLICATE_WIDTH, N_HASH, N_ELLIPSIS,
    N_HANGUL, N_UNSTOPPED,
) = range(12)  # fmt: skip
"""Measures: lines; those in which a sentence ends; that begin with a bullet; end in an ellipsis; are at most `short`
wide; the width of all; lines that are copies of an earlier one; their width; `#`; ellipses (`...` and `…`); Hangul
syllables; letters of scripts that have no full stop (Thai, Lao). A sentence ends with the line at a stop, closing
quote or `…`, and inside it at `?` or `!` before white space, at `.` between three or more letters or digits and
white space, and at a full-width stop (`．` after three or more letters)."""
N_MEASURES = 12


@functools.cache
def marks() -> np.ndarray:
    """The flags IS_TERMINAL, IS_BULLET, ... of every code point, uint8[0x110000]."""
    table = np.zeros(N_CODE_POINTS, np.uint8)
    families = (TERMINAL, BULLETS, STOPS, FULL_WIDTH_STOPS, ASCII_BULLETS)
    flags = (IS_TERMINAL, IS_BULLET, IS_STOP, IS_FULL_WIDTH_STOP, IS_ASCII_BULLET)
    for characters, flag in zip(families, flags, strict=True):
        for character in characters:
            table[ord(character)] |= flag
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
            measures_Q[N_DUPLICATE] += 1
            measures_Q[DUPLICATE_WIDTH] += widths_L[order_L[place]]


@njit(cache=True, nogil=True)
def _count_wide(code, kind, measures_Q):
    """Count a character that is not ASCII; how much wider than one it is."""
    is_hangul = 0xAC00 <= code <= 0xD7A3
    measures_Q[N_HANGUL] += is_hangul
    measures_Q[N_UNSTOPPED] += kind == UNSPACED and 0x0E00 <= code <= 0x0EFF
    return np.int64(2 if kind == HAN else kind == UNSPACED or is_hangul)


@njit(cache=True, nogil=True)
def _read_line(data_D, position, end, classes_U, marks_U, measures_Q):
    """Read the line at a byte position: where the next begins, hash, width, whether it is a line; count the rest."""
    hashed, width, pending = np.uint64(0xCBF29CE484222325), np.int64(0), np.int64(0)
    first, last, n_dots, run, run_before = np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    is_line, ends, bullet = False, False, False
    while position < end:
        code, size = decode(data_D, position)
        position += size
        if code == 10:
            break
        kind = classes_U[code]
        if kind == SPACE:
            if pending == 0 and width > 0:
                ends |= marks_U[last] & IS_STOP != 0 and (last != 0x2E or run_before >= 3)
                bullet |= width == 1 and marks_U[last] & IS_ASCII_BULLET != 0
            pending += width > 0
            continue
        hashed = (hashed ^ np.uint64(code + (pending << 32))) * np.uint64(0x9E3779B97F4A7C15)
        hashed ^= hashed >> np.uint64(29)
        n_dots = (n_dots + 1 if pending == 0 else 1) if code == 0x2E else 0
        run = 0 if pending > 0 else run
        first = code if width == 0 else first
        width += pending + 1
        pending = np.int64(0)
        if LETTER <= kind <= UNSPACED:
            run += 1
            is_line |= kind != MARK
        else:
            run, run_before = 0, run
            measures_Q[N_HASH] += code == 0x23
        if code >= 0x80:
            width += _count_wide(code, kind, measures_Q)
            ends |= marks_U[code] & IS_FULL_WIDTH_STOP != 0 and (code != 0xFF0E or run_before >= 3)
        last = code
    if is_line:
        measures_Q[N_TERMINAL] += ends or marks_U[last] & IS_TERMINAL != 0
        measures_Q[N_BULLET] += bullet or marks_U[first] & IS_BULLET != 0
        measures_Q[N_ELLIPSIS_END] += n_dots >= 3 or last == 0x2026
    return position, hashed, width, is_line


@njit(cache=True, nogil=True)
def measure_kernel(data_D, offsets_N1, classes_U, marks_U, short):
    """int64[N, Q]; see `measure`."""
    n_documents = len(offsets_N1) - 1
    measures_NQ = np.zeros((n_documents, N_MEASURES), np.int64)
    hashes_L, widths_L = np.empty(256, np.uint64), np.empty(256, np.int64)
    for row in range(n_documents):
        position, end = offsets_N1[row], offsets_N1[row + 1]
        measures_Q = measures_NQ[row]
        measures_Q[N_ELLIPSIS] = _ellipses(data_D, position, end)
        n_lines = np.int64(0)
        while position < end:
            position, hashed, width, is_line = _read_line(data_D, position, end, classes_U, marks_U, measures_Q)
            if not is_line:
                continue
            if n_lines == len(hashes_L):
                hashes_L, widths_L = np.append(hashes_L, hashes_L), np.append(widths_L, widths_L)
            hashes_L[n_lines], widths_L[n_lines] = hashed, width
            n_lines += 1
            measures_Q[N_SHORT] += width <= short
            measures_Q[WIDTH] += width
        measures_Q[N_LINES] = n_lines
        _count_copies(hashes_L[:n_lines], widths_L[:n_lines], measures_Q)
    return measures_NQ


def measure(data, offsets, short: int) -> np.ndarray:
    """Measures of the lines of each document, int64[N, Q]; columns N_LINES, N_TERMINAL, ...

    short: the greatest width of a short line. Two lines are copies if their 64-bit hashes are equal.
    """
    return measure_kernel(data, offsets, classes(), marks(), short)
