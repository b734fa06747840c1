"""Jaccard similarities of pairs of documents, exact from their shingles and estimated from their minima.

Letters: N documents, M values, E pairs, H minima. The Jaccard similarity of two sets is the size of their intersection
over that of their union. Results are ten-thousandths, rounded down, so that they compare as integers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

SCALE = 10_000


@njit(cache=True, nogil=True)
def _n_common(values_a_M, start_a, stop_a, values_b_M, start_b, stop_b):
    """How many values two ascending runs without repetition share."""
    n_common = np.int64(0)
    while start_a < stop_a and start_b < stop_b:
        one, other = values_a_M[start_a], values_b_M[start_b]
        n_common += one == other
        start_a += one <= other
        start_b += other <= one
    return n_common


@njit(cache=True, nogil=True)
def exact_kernel(values_a_M, firsts_a_N1, values_b_M, firsts_b_N1, pairs_a_E, pairs_b_E):
    """int32[E]; see `exact`."""
    found_E = np.zeros(len(pairs_a_E), np.int32)
    for pair in range(len(pairs_a_E)):
        start_a, stop_a = firsts_a_N1[pairs_a_E[pair]], firsts_a_N1[pairs_a_E[pair] + 1]
        start_b, stop_b = firsts_b_N1[pairs_b_E[pair]], firsts_b_N1[pairs_b_E[pair] + 1]
        n_common = _n_common(values_a_M, start_a, stop_a, values_b_M, start_b, stop_b)
        if n_common > 0:
            found_E[pair] = SCALE * n_common // (stop_a - start_a + stop_b - start_b - n_common)
    return found_E


@njit(cache=True, nogil=True)
def estimated_kernel(minima_a_NH, minima_b_NH, pairs_a_E, pairs_b_E):
    """int32[E]; see `estimated`."""
    n_minima = minima_a_NH.shape[1]
    found_E = np.empty(len(pairs_a_E), np.int32)
    for pair in range(len(pairs_a_E)):
        one_H, other_H = minima_a_NH[pairs_a_E[pair]], minima_b_NH[pairs_b_E[pair]]
        n_equal = np.int64(0)
        for i in range(n_minima):
            n_equal += one_H[i] == other_H[i]
        found_E[pair] = SCALE * n_equal // n_minima
    return found_E


def exact(values_a, firsts_a, values_b, firsts_b, pairs_a, pairs_b) -> np.ndarray:
    """floor(10,000 |A & B| / |A | B|) of each pair, int32[E]; 0 where either set is empty.

    Pair e is of set pairs_a[e] of the first collection and set pairs_b[e] of the second, int64[E] each; collections
    are values uint64[M] and firsts int64[N+1], as `shingles.sets` gives them.
    """
    return exact_kernel(values_a, firsts_a, values_b, firsts_b, pairs_a, pairs_b)


def estimated(minima_a, minima_b, pairs_a, pairs_b) -> np.ndarray:
    """floor(10,000 n_equal / H) of each pair, int32[E]: pair e is of rows pairs_a[e] and pairs_b[e] of minima [N, H].

    The standard deviation is sqrt(s (1 - s) / H) at the similarity s (Broder 1997).
    """
    return estimated_kernel(minima_a, minima_b, pairs_a, pairs_b)
