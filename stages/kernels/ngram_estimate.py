"""Probabilities and back-offs of the n-grams of one order: their contexts, sums over these, and what follows.

Letters: R n-grams of order n, C contexts, S n-grams of order n - 1 (ids for n = 2).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .ngram_counts import token


@njit(cache=True, nogil=True)
def _context_key(hi, lo, n, context):
    """A number for the context of an n-gram, uint64, in the suffix order of contexts.

    The context is the suffix's context, whose number is `context`, with one token more before it.
    """
    return (np.uint64(context) << np.uint64(21)) | np.uint64(token(hi, lo, n))


@njit(cache=True, nogil=True)
def context_keys_kernel(hi_M, lo_M, rows_R, suffixes_R, contexts_S, n):
    """The key of the context of each n-gram, uint64[R]; `contexts_S` are the numbers of the suffixes' contexts."""
    keys_R = np.empty(len(rows_R), np.uint64)
    for i in range(len(rows_R)):
        keys_R[i] = _context_key(hi_M[rows_R[i]], lo_M[rows_R[i]], n, contexts_S[suffixes_R[i]])
    return keys_R


@njit(cache=True, nogil=True)
def numbers_kernel(hi_M, lo_M, rows_R, suffixes_R, contexts_S, n, sorted_C):
    """The place in `sorted_C` of the key of each n-gram's context, int32[R].

    The keys of all n-grams with one last token ascend, so a search goes on from the last place found.
    """
    places_R = np.empty(len(rows_R), np.int32)
    at = np.int64(0)
    for i in range(len(rows_R)):
        key = _context_key(hi_M[rows_R[i]], lo_M[rows_R[i]], n, contexts_S[suffixes_R[i]])
        if key < sorted_C[at]:
            low, high = np.int64(0), at
        else:
            low, step = at, np.int64(1)
            while low + step < len(sorted_C) and sorted_C[low + step] <= key:
                low += step
                step *= 2
            high = min(low + step, np.int64(len(sorted_C)))
        while high - low > 1:  # sorted_C[low] <= key < sorted_C[high]
            middle = (low + high) // 2
            if sorted_C[middle] <= key:
                low = middle
            else:
                high = middle
        places_R[i] = at = low
    return places_R


@njit(cache=True, nogil=True)
def distinct_kernel(sorted_R):
    """Move the distinct ones of sorted keys to the front; how many there are, int64."""
    n_distinct = np.int64(0)
    for i in range(len(sorted_R)):
        if i == 0 or sorted_R[i] != sorted_R[n_distinct - 1]:
            sorted_R[n_distinct] = sorted_R[i]
            n_distinct += 1
    return n_distinct


@njit(cache=True, nogil=True)
def sums_kernel(contexts_R, counts_R, kept_R, less_4, n_contexts):
    """Of each context: an n-gram int32[C], the sum of its counts, and how much of it is freed, float64[C] both.

    Freed is less_4[min(count, 3)] of an n-gram that is kept, and the whole count of one that is not.
    """
    examples_C = np.empty(n_contexts, np.int32)
    totals_C, freed_C = np.zeros(n_contexts, np.float64), np.zeros(n_contexts, np.float64)
    for i in range(len(contexts_R)):
        context, n_seen = contexts_R[i], np.int64(counts_R[i])
        examples_C[context] = i
        totals_C[context] += n_seen
        freed_C[context] += less_4[min(n_seen, 3)] if kept_R[i] else np.float64(n_seen)
    return examples_C, totals_C, freed_C


@njit(cache=True, nogil=True)
def probabilities_kernel(contexts_R, counts_R, kept_R, suffixes_R, less_4, whole_C, gammas_C, lower_S):
    """(count - less_4[min(count, 3)]) / whole + gamma * the probability of the suffix, float64[R].

    0 for n-grams that are not kept.
    """
    probabilities_R = np.zeros(len(contexts_R), np.float64)
    for i in range(len(contexts_R)):
        if kept_R[i]:
            context, n_seen = contexts_R[i], np.int64(counts_R[i])
            share = (np.float64(n_seen) - less_4[min(n_seen, 3)]) / whole_C[context]
            probabilities_R[i] = share + gammas_C[context] * lower_S[suffixes_R[i]]
    return probabilities_R
