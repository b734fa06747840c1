"""Scores of lines by an n-gram language model in back-off form.

Letters: T tokens, L lines, P places (T + 2 L: a line's tokens stand between `<s>` and `</s>`), N the order, A n-grams
that are looked up. A model's `Tables` are explained in `ngram_file`.

The probability of a token after a context is that of the longest n-gram of both that is in a table; its log10 gets that
of the back-off weight of each longer context, or `unseen` for a longer context that is in no table (Katz 1987). What
is in a table has all its suffixes in tables too, so that n-grams are looked up from the shortest to the first that is
in none: all those of one length together, since a processor then waits for several slots of a large table at a time.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .ngram_tokens import combined

MILLION = 1_000_000.0
MOST = 1000.0
"""The log10 of a probability is taken to lie within this, also if a file says otherwise or says no number."""
CHUNK = 1024
"""Keys whose slots are asked for before the first is looked at; they remain in the processor's cache."""


@njit(cache=True, nogil=True)
def look_up(tables, n, keys_A):
    """Where in `tables.keys` the slots of n-grams are, or -1: int64[A]. keys: uint64[A], none of them 0.

    A search looks at no slot beyond the table or `shift` slots after the first, whatever the file says.
    """
    table, at, buckets = tables.keys, tables.at[n - 1], tables.buckets[n - 1]
    last, shift = tables.slots[n - 1] - 1, tables.shifts[n - 1]
    places_A = np.empty(len(keys_A), np.int64)
    slots, found = np.empty(CHUNK, np.int64), np.empty(CHUNK, np.uint64)
    for first in range(0, len(keys_A), CHUNK):
        size = min(CHUNK, len(keys_A) - first)
        for i in range(size):
            slot = min(np.int64(((keys_A[first + i] >> np.uint64(32)) * buckets) >> np.uint64(32)), last)
            slots[i], found[i] = slot, table[at + 2 * slot]
        for i in range(size):
            key, slot, here = keys_A[first + i], slots[i], found[i]
            stop = min(slot + shift, last)
            while here < key and here != np.uint64(0) and slot < stop:
                slot += 1
                here = table[at + 2 * slot]
            places_A[first + i] = at + 2 * slot if here == key else -1
    return places_A


@njit(cache=True, nogil=True)
def _sequences(marks_3, hashes_T, firsts_L1):
    """hashes uint64[P], and which place of its line each is, int64[P]; a token that spells a mark is `<unk>`."""
    n_lines = len(firsts_L1) - 1
    hashes_P = np.empty(len(hashes_T) + 2 * n_lines, np.uint64)
    inside_P = np.empty(len(hashes_P), np.int64)
    place = np.int64(0)
    for line in range(n_lines):
        hashes_P[place], inside_P[place] = marks_3[1], 0
        for token in range(firsts_L1[line], firsts_L1[line + 1]):
            place += 1
            one = hashes_T[token]
            is_mark = one == marks_3[1] or one == marks_3[2]
            hashes_P[place], inside_P[place] = marks_3[0] if is_mark else one, inside_P[place - 1] + 1
        hashes_P[place + 1], inside_P[place + 1] = marks_3[2], inside_P[place] + 1
        place += 2
    return hashes_P, inside_P


@njit(cache=True, nogil=True)
def _millionths(total):
    """-total in millionths, int64."""
    if not total >= -MOST:  # also where it is no number
        total = -MOST
    return np.int64(np.rint(-min(total, MOST) * MILLION))


@njit(cache=True, nogil=True)
def costs_kernel(tables, order, unseen, marks_3, hashes_T, firsts_L1):
    """What each place costs, int64[P], millionths of -log10 p, 0 for `<s>`; and whether it is unknown, bool[P]."""
    hashes_P, inside_P = _sequences(marks_3, hashes_T, firsts_L1)
    n_places = len(hashes_P)
    lengths_P = np.ones(n_places, np.int64)  # of the longest n-gram found that ends here
    probs_P = np.empty(n_places, np.float64)
    weights_PN = np.zeros((n_places, order), np.float32)
    is_unknown_P = np.zeros(n_places, np.bool_)
    places_A = look_up(tables, 1, hashes_P)
    unknown = look_up(tables, 1, marks_3[:1])[0]
    for place in range(n_places):
        at = places_A[place]
        if at < 0 or hashes_P[place] == marks_3[0]:
            hashes_P[place], is_unknown_P[place], at = marks_3[0], True, unknown
        probs_P[place] = tables.values[2 * at + 2] if at >= 0 else -MOST
        weights_PN[place, 0] = tables.values[2 * at + 3] if at >= 0 else 0
    alive_A, keys_A = np.arange(n_places), hashes_P.copy()
    for n in range(2, order + 1):
        size = np.int64(0)
        for i in range(len(alive_A)):  # those whose shorter n-gram was found, and that have one token more before them
            place = alive_A[i]
            if lengths_P[place] == n - 1 and inside_P[place] >= n - 1:
                alive_A[size], keys_A[size] = place, combined(keys_A[i], hashes_P[place - n + 1])
                size += 1
        alive_A, keys_A = alive_A[:size], keys_A[:size]
        places_A = look_up(tables, n, keys_A)
        for i in range(size):
            at, place = places_A[i], alive_A[i]
            if at >= 0:
                lengths_P[place], probs_P[place] = n, tables.values[2 * at + 2]
                weights_PN[place, n - 1] = tables.values[2 * at + 3]
    costs_P = np.zeros(n_places, np.int64)
    for place in range(n_places):
        if inside_P[place] > 0:
            total = probs_P[place]
            for context in range(lengths_P[place], min(order - 1, inside_P[place]) + 1):
                total += np.float64(weights_PN[place - 1, context - 1]) if context <= lengths_P[place - 1] else unseen
            costs_P[place] = _millionths(total)
    return costs_P, is_unknown_P


@njit(cache=True, nogil=True)
def lines_kernel(tables, order, unseen, marks_3, hashes_T, firsts_L1):
    """sums int64[L], tokens int32[L], unknown int32[L]; see `ngram_score.Lines`."""
    n_lines = len(firsts_L1) - 1
    sums_L, tokens_L = np.zeros(n_lines, np.int64), np.zeros(n_lines, np.int32)
    unknown_L = np.zeros(n_lines, np.int32)
    costs_P, is_unknown_P = costs_kernel(tables, order, unseen, marks_3, hashes_T, firsts_L1)
    for line in range(n_lines):
        first, n_tokens = firsts_L1[line] + 2 * line + 1, firsts_L1[line + 1] - firsts_L1[line]
        if n_tokens > 0:
            sums_L[line], tokens_L[line] = costs_P[first : first + n_tokens + 1].sum(), n_tokens + 1
            unknown_L[line] = is_unknown_P[first : first + n_tokens].sum()
    return sums_L, tokens_L, unknown_L
