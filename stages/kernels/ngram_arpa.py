"""Lines of an ARPA file: where their fields lie, and the hashes of their words.

Letters: D bytes, R n-grams (one a line), n words of each. White space between fields is ASCII's (9 to 13, 32).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .ngram_tokens import hash_bytes, next_between_spaces

ENDED, COMPLETE, OTHER_SECTION, WRONG = range(4)
"""Why reading stopped: no line is left; there are as many n-grams as asked for; a line begins with `\\`; a line is no
n-gram with a number before it and perhaps one after."""
LINE, PROB, PROB_STOP, WORD, WORD_STOP, WEIGHT, WEIGHT_STOP = range(7)
"""Columns: how many lines came before; where the first number, the first word and the last number begin and stop.
Without a last number, both are 0."""


@njit(cache=True, nogil=True)
def entries_kernel(data_D, n, most):
    """n-grams of n words, at most `most`, from whole lines: why it stopped, bytes and lines read, rows int64[R, 7],
    hashes uint64[R, n]. The line that is another section or wrong is not read."""
    n_lines = np.int64(1)
    for position in range(len(data_D)):
        n_lines += data_D[position] == 10
    most = min(most, n_lines)
    rows_R7, hashes_Rn = np.zeros((most, 7), np.int64), np.empty((most, n), np.uint64)
    row, line, position, status = np.int64(0), np.int64(0), np.int64(0), ENDED
    while position < len(data_D):
        if row == most:
            status = COMPLETE
            break
        stop = position
        while stop < len(data_D) and data_D[stop] != 10:
            stop += 1
        n_fields = np.int64(0)
        place = position
        while True:
            start, place = next_between_spaces(data_D, place, stop)
            if start == place:
                break
            if n_fields == 0:
                rows_R7[row, 1], rows_R7[row, 2] = start, place
            elif n_fields <= n:
                hashes_Rn[row, n_fields - 1] = hash_bytes(data_D, start, place)
                if n_fields == 1:
                    rows_R7[row, 3], rows_R7[row, 4] = start, place
            else:
                rows_R7[row, 5], rows_R7[row, 6] = start, place
            n_fields += 1
        if n_fields > 0:
            if data_D[rows_R7[row, 1]] == 92:
                status = OTHER_SECTION
                break
            if n_fields < n + 1 or n_fields > n + 2:
                status = WRONG
                break
            rows_R7[row, 0] = line
            row += 1
        line += 1
        position = min(stop + 1, len(data_D))
    return status, position, line, rows_R7[:row], hashes_Rn[:row]


@njit(cache=True, nogil=True)
def texts_kernel(data_D, starts_R, stops_R):
    """The bytes of spans one after the other, uint8[...], and offsets int64[R+1]."""
    offsets_R1 = np.zeros(len(starts_R) + 1, np.int64)
    for row in range(len(starts_R)):
        offsets_R1[row + 1] = offsets_R1[row] + stops_R[row] - starts_R[row]
    copied = np.empty(offsets_R1[-1], np.uint8)
    for row in range(len(starts_R)):
        copied[offsets_R1[row] : offsets_R1[row + 1]] = data_D[starts_R[row] : stops_R[row]]
    return copied, offsets_R1
