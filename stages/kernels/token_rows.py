"""Tokens of documents: put between marks, and compared with the text that they stand for.

Letters: D bytes of text, N documents, M tokens, K chosen documents, B tokens with marks, V vocabulary, A its bytes.
"""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True)
def bordered_kernel(ids_M, borders_N1, rows_K, mark, bordered_B):
    """Write the tokens of the chosen documents into bordered_B, each between two marks."""
    place = 0
    for row in rows_K:
        bordered_B[place] = mark
        place += 1
        for token in range(borders_N1[row], borders_N1[row + 1]):
            bordered_B[place] = ids_M[token]
            place += 1
        bordered_B[place] = mark
        place += 1


@njit(cache=True, nogil=True)
def first_difference(ids_M, borders_N1, data_D, offsets_N1, strings_A, starts_V1):
    """The first document whose text is not the strings of its tokens, or -1."""
    for row in range(len(offsets_N1) - 1):
        position, end = offsets_N1[row], offsets_N1[row + 1]
        for token in range(borders_N1[row], borders_N1[row + 1]):
            first, stop = starts_V1[ids_M[token]], starts_V1[ids_M[token] + 1]
            if stop - first > end - position:
                return row
            for place in range(first, stop):
                if strings_A[place] != data_D[position]:
                    return row
                position += 1
        if position != end:
            return row
    return -1
