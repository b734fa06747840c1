"""Lists of words by hash, merged, and a table from token hashes to ids.

Letters: T tokens, V words, A and B words of two lists, S slots. The table is open addressing with linear probing from
the hash's low bits; an id of -1 marks an empty slot, and at most half of the slots are used.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def table_kernel(hashes_V, ids_V):
    """hashes_S uint64[S], ids_S int32[S]; S is a power of two."""
    n_slots = np.int64(2)
    while n_slots < 2 * len(hashes_V):
        n_slots *= 2
    hashes_S, ids_S = np.zeros(n_slots, np.uint64), np.full(n_slots, -1, np.int32)
    for i in range(len(hashes_V)):
        slot = np.int64(hashes_V[i] & np.uint64(n_slots - 1))
        while ids_S[slot] >= 0:
            slot = (slot + 1) & (n_slots - 1)
        hashes_S[slot], ids_S[slot] = hashes_V[i], ids_V[i]
    return hashes_S, ids_S


@njit(cache=True, nogil=True)
def ids_kernel(hashes_T, hashes_S, ids_S):
    """The id of each token, int32[T]; 0 for one that is not in the table."""
    ids_T = np.zeros(len(hashes_T), np.int32)
    last = np.int64(len(ids_S) - 1)
    for place in range(len(hashes_T)):
        slot = np.int64(hashes_T[place] & np.uint64(last))
        while ids_S[slot] >= 0:
            if hashes_S[slot] == hashes_T[place]:
                ids_T[place] = ids_S[slot]
                break
            slot = (slot + 1) & last
    return ids_T


@njit(cache=True, nogil=True)
def _is_less(data_D, start, stop, other_D, other_start, other_stop):
    """Whether bytes come before others in the order of bytes."""
    n = min(stop - start, other_stop - other_start)
    for step in range(n):
        if data_D[start + step] != other_D[other_start + step]:
            return data_D[start + step] < other_D[other_start + step]
    return stop - start < other_stop - other_start


@njit(cache=True, nogil=True)
def merge_kernel(hashes_A, counts_A, data_D, offsets_A1, hashes_B, counts_B, other_D, offsets_B1):
    """Two lists of words, each by ascending hash, as one: hashes uint64, counts int64, data uint8, offsets int64."""
    n_most = len(hashes_A) + len(hashes_B)
    hashes, counts = np.empty(n_most, np.uint64), np.empty(n_most, np.int64)
    data, offsets = np.empty(len(data_D) + len(other_D), np.uint8), np.zeros(n_most + 1, np.int64)
    at, stop, i, j = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    while i < len(hashes_A) or j < len(hashes_B):
        in_a = i < len(hashes_A) and (j == len(hashes_B) or hashes_A[i] <= hashes_B[j])
        in_b = j < len(hashes_B) and (i == len(hashes_A) or hashes_B[j] <= hashes_A[i])
        hashes[at] = hashes_A[i] if in_a else hashes_B[j]
        counts[at] = (counts_A[i] if in_a else 0) + (counts_B[j] if in_b else 0)
        is_a = in_a and not (
            in_b and _is_less(other_D, offsets_B1[j], offsets_B1[j + 1], data_D, offsets_A1[i], offsets_A1[i + 1])
        )
        if is_a:
            form = data_D[offsets_A1[i] : offsets_A1[i + 1]]
        else:
            form = other_D[offsets_B1[j] : offsets_B1[j + 1]]
        data[stop : stop + len(form)] = form
        stop += len(form)
        i += in_a
        j += in_b
        at += 1
        offsets[at] = stop
    return hashes[:at].copy(), counts[:at].copy(), data[:stop].copy(), offsets[: at + 1].copy()
