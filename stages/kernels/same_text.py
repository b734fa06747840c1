"""Text without what does not tell documents apart: one blank for a run of white space, or only the words.

Letters: D bytes, N documents, R bytes of the results.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .utf8 import SPACE, classes, decode, encode, lower_case
from .words import next_word

BLANK = 0x20


@njit(cache=True, nogil=True)
def squeezed_kernel(data_D, offsets_N1, classes_U):
    """uint8[R] and int64[N+1]; see `squeezed`."""
    n_documents = len(offsets_N1) - 1
    out_R = np.empty(offsets_N1[n_documents] - offsets_N1[0], np.uint8)
    ends_N1 = np.zeros(n_documents + 1, np.int64)
    place = np.int64(0)
    for row in range(n_documents):
        position, end = offsets_N1[row], offsets_N1[row + 1]
        begin, waits = place, False
        while position < end:
            code, size = decode(data_D, position)
            if classes_U[code] == SPACE:
                waits = place > begin
            else:
                if waits:
                    out_R[place] = BLANK
                    place += 1
                    waits = False
                for step in range(size):
                    out_R[place + step] = data_D[position + step]
                place += size
            position += size
        ends_N1[row + 1] = place
    return out_R[:place].copy(), ends_N1


@njit(cache=True, nogil=True)
def words_kernel(data_D, offsets_N1, classes_U, lowered_U):
    """uint8[R] and int64[N+1]; see `lower_words`."""
    n_documents = len(offsets_N1) - 1
    out_R = np.empty(2 * (offsets_N1[n_documents] - offsets_N1[0]), np.uint8)  # lower case grows by half at most
    ends_N1 = np.zeros(n_documents + 1, np.int64)
    place = np.int64(0)
    for row in range(n_documents):
        position, end = offsets_N1[row], offsets_N1[row + 1]
        begin = place
        while True:
            start, position, _, _ = next_word(data_D, position, end, classes_U)
            if start == position:
                break
            if place > begin:
                out_R[place] = BLANK
                place += 1
            while start < position:
                code, size = decode(data_D, start)
                place = encode(np.int64(lowered_U[code]), out_R, place)
                start += size
        ends_N1[row + 1] = place
    return out_R[:place].copy(), ends_N1


def squeezed(data, offsets) -> tuple[np.ndarray, np.ndarray]:
    """Each text with one blank for every run of white space (as `str.isspace`) and none at its ends: data uint8[R] and
    offsets int64[N+1]."""
    return squeezed_kernel(data, offsets, classes())


def lower_words(data, offsets) -> tuple[np.ndarray, np.ndarray]:
    """The words (see `words`) of each text in lower case, a blank between two: data uint8[R] and offsets int64[N+1].

    A character whose lower case is several stays as it is.
    """
    return words_kernel(data, offsets, classes(), lower_case())
