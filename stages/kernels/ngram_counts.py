"""N-grams of lines of token ids: packed, sorted, counted, merged, and the lower orders found in them.

Letters: T tokens, L lines, M n-grams, P partitions. An n-gram of up to 6 ids below 2^21 is two uint64:

    hi = last token << 42 | the one before << 21 | third from the end        lo = fourth << 42 | fifth << 21 | sixth

with 0 for what it does not have. So (hi, lo) ascending is *suffix order*, the last token compared first: n-grams
that end alike are neighbours, and those of a lower order are what is left when the low bits are masked away.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .hashing import mixed

UNKNOWN, BEGIN, END = 0, 1, 2
"""Ids of `<unk>`, `<s>` and `</s>`."""
N_IDS = (1 << 21) - 1
"""Ids are below this."""
MAX_COUNT = (1 << 32) - 1
"""Where counts stop."""


@njit(cache=True, nogil=True)
def masks(n):
    """Bits of hi and lo that an n-gram of order n uses, uint64 both; n from 1 to 6."""
    full, token = np.uint64((1 << 63) - 1), np.uint64((1 << 21) - 1)
    if n >= 3:
        return full, full - (full >> np.uint64(21 * (n - 3)))
    return full - (token if n == 2 else (token << np.uint64(21)) | token), np.uint64(0)


@njit(cache=True, nogil=True)
def token(hi, lo, place):
    """The id at this place from the end, int64; 1 is the last."""
    word = hi if place <= 3 else lo
    return np.int64((word >> np.uint64(21 * (2 - (place - 1) % 3))) & np.uint64((1 << 21) - 1))


@njit(cache=True, nogil=True)
def partition_of(hi, n_partitions):
    """The partition of an n-gram, int64: by its second token from the end."""
    return np.int64(mixed((hi >> np.uint64(21)) & np.uint64((1 << 21) - 1)) % np.uint64(n_partitions))


@njit(cache=True, nogil=True)
def pack_kernel(ids_T, firsts_L1, order):
    """The n-grams of all tokens and line ends, uint64[M, 2]; before a line stand as many `<s>` as they need."""
    n_lines = len(firsts_L1) - 1
    grams_M2 = np.empty((firsts_L1[n_lines] - firsts_L1[0] + n_lines, 2), np.uint64)
    used_hi, used_lo = masks(order)
    begins = (np.uint64(1) << np.uint64(42)) | (np.uint64(1) << np.uint64(21)) | np.uint64(1)
    n_grams = np.int64(0)
    for line in range(n_lines):
        hi, lo = begins, begins
        for place in range(firsts_L1[line], firsts_L1[line + 1] + 1):
            word = np.uint64(ids_T[place]) if place < firsts_L1[line + 1] else np.uint64(2)
            lo = (lo >> np.uint64(21)) | ((hi & np.uint64((1 << 21) - 1)) << np.uint64(42))
            hi = (hi >> np.uint64(21)) | (word << np.uint64(42))
            grams_M2[n_grams, 0], grams_M2[n_grams, 1] = hi & used_hi, lo & used_lo
            n_grams += 1
    return grams_M2


@njit(cache=True, nogil=True)
def _scatter(from_M2, to_M2, digits_M, n_values):
    """Sort by digits, those of equal digits as they stood; False if all have the same digit and nothing was done."""
    starts = np.zeros(n_values + 1, np.int64)
    for digit in digits_M:
        starts[digit + 1] += 1
    if len(digits_M) == 0 or starts[digits_M[0] + 1] == len(digits_M):
        return False
    for value in range(n_values):
        starts[value + 1] += starts[value]
    for i in range(len(digits_M)):
        place = starts[digits_M[i]]
        to_M2[place, 0], to_M2[place, 1] = from_M2[i, 0], from_M2[i, 1]
        starts[digits_M[i]] += 1
    return True


@njit(cache=True, nogil=True)
def sort_kernel(grams_M2, order, n_partitions):
    """`grams_M2` by (partition, suffix order): a radix sort, two digits a token. May change what it is given."""
    other_M2 = np.empty_like(grams_M2)
    digits_M = np.empty(len(grams_M2), np.uint16)
    for place in range(order, 0, -1):
        column = 0 if place <= 3 else 1
        shift = np.uint64(21 * (2 - (place - 1) % 3))
        for half in range(2):
            low, mask = shift + np.uint64(11 * half), np.uint64(1023 if half else 2047)
            for i in range(len(grams_M2)):
                digits_M[i] = np.uint16((grams_M2[i, column] >> low) & mask)
            if _scatter(grams_M2, other_M2, digits_M, 2048):
                grams_M2, other_M2 = other_M2, grams_M2
    if n_partitions > 1:
        for i in range(len(grams_M2)):
            digits_M[i] = np.uint16(partition_of(grams_M2[i, 0], n_partitions))
        if _scatter(grams_M2, other_M2, digits_M, n_partitions):
            grams_M2, other_M2 = other_M2, grams_M2
    return grams_M2


@njit(cache=True, nogil=True)
def distinct_kernel(grams_M2, n_partitions):
    """Of sorted n-grams the distinct ones: hi, lo uint64[M], counts uint32[M], borders int64[P+1]."""
    n_distinct = np.int64(0)
    for i in range(len(grams_M2)):
        n_distinct += i == 0 or grams_M2[i, 0] != grams_M2[i - 1, 0] or grams_M2[i, 1] != grams_M2[i - 1, 1]
    hi_M, lo_M = np.empty(n_distinct, np.uint64), np.empty(n_distinct, np.uint64)
    counts_M, borders_P1 = np.zeros(n_distinct, np.uint32), np.zeros(n_partitions + 1, np.int64)
    at = np.int64(-1)
    for i in range(len(grams_M2)):
        hi, lo = grams_M2[i, 0], grams_M2[i, 1]
        if at < 0 or hi != hi_M[at] or lo != lo_M[at]:
            at += 1
            hi_M[at], lo_M[at] = hi, lo
            borders_P1[partition_of(hi, n_partitions) + 1] += 1
        if counts_M[at] < np.uint32((1 << 32) - 1):
            counts_M[at] += np.uint32(1)
    for partition in range(n_partitions):
        borders_P1[partition + 1] += borders_P1[partition]
    return hi_M, lo_M, counts_M, borders_P1


@njit(cache=True, nogil=True)
def _order(hi, lo, other_hi, other_lo):
    """-1, 0 or 1: whether an n-gram stands before another, is the same, or stands after it."""
    if hi != other_hi:
        return -1 if hi < other_hi else 1
    if lo != other_lo:
        return -1 if lo < other_lo else 1
    return 0


@njit(cache=True, nogil=True)
def merge_kernel(hi_A, lo_A, counts_A, hi_B, lo_B, counts_B):
    """Two sorted lists of distinct n-grams (A and B long) as one: hi, lo uint64[M], counts uint32[M]."""
    n_common, i, j = np.int64(0), np.int64(0), np.int64(0)
    while i < len(hi_A) and j < len(hi_B):
        side = _order(hi_A[i], lo_A[i], hi_B[j], lo_B[j])
        n_common += side == 0
        i += side <= 0
        j += side >= 0
    n_all = len(hi_A) + len(hi_B) - n_common
    hi_M, lo_M, counts_M = np.empty(n_all, np.uint64), np.empty(n_all, np.uint64), np.empty(n_all, np.uint32)
    i, j = np.int64(0), np.int64(0)
    for at in range(n_all):
        if i == len(hi_A):
            side = 1
        elif j == len(hi_B):
            side = -1
        else:
            side = _order(hi_A[i], lo_A[i], hi_B[j], lo_B[j])
        total = np.int64(0)
        if side <= 0:
            hi_M[at], lo_M[at] = hi_A[i], lo_A[i]
            total += np.int64(counts_A[i])
            i += 1
        if side >= 0:
            hi_M[at], lo_M[at] = hi_B[j], lo_B[j]
            total += np.int64(counts_B[j])
            j += 1
        counts_M[at] = np.uint32(min(total, np.int64((1 << 32) - 1)))
    return hi_M, lo_M, counts_M


@njit(cache=True, nogil=True)
def real_length(hi, lo, order):
    """Tokens of an n-gram of the full order without the `<s>` that stand before the last `<s>`, int64."""
    length = np.int64(order)
    while length >= 2 and token(hi, lo, length) == 1 and token(hi, lo, length - 1) == 1:
        length -= 1
    return length


@njit(cache=True, nogil=True)
def sizes_kernel(hi_M, lo_M, order):
    """How many n-grams of each order from 0 to `order` there are in these of the full order, int64[order + 1]."""
    sizes = np.zeros(order + 1, np.int64)
    for n in range(1, order + 1):
        used_hi, used_lo = masks(n)
        last_hi, last_lo = np.uint64(0), np.uint64(0)
        for i in range(len(hi_M)):
            if real_length(hi_M[i], lo_M[i], order) >= n:
                hi, lo = hi_M[i] & used_hi, lo_M[i] & used_lo
                sizes[n] += sizes[n] == 0 or hi != last_hi or lo != last_lo
                last_hi, last_lo = hi, lo
    return sizes


@njit(cache=True, nogil=True)
def _has_unknown(hi, lo, n):
    n_unknown = np.int64(0)
    for place in range(1, n + 1):
        n_unknown += token(hi, lo, place) == 0
    return n_unknown > 0


@njit(cache=True, nogil=True)
def level_kernel(hi_M, lo_M, counts_M, order, n, n_grams, least, as_they_are):
    """The n-grams of order n >= 2 in these of the full order, in suffix order; see `stages.ngram_counts.level`.

    rows int32, suffixes int32, counts uint32, kept bool. In an n-gram that does not begin with `<s>` the counts are
    of distinct tokens before it, unless `as_they_are`.
    """
    rows, suffixes = np.empty(n_grams, np.int32), np.empty(n_grams, np.int32)
    counts, kept = np.empty(n_grams, np.uint32), np.empty(n_grams, np.bool_)
    used_hi, used_lo = masks(n)
    short_hi, short_lo = masks(n - 1)
    long_hi, long_lo = masks(min(n + 1, order))
    last_hi, last_lo = np.uint64(0), np.uint64(0)
    at, suffix = np.int64(-1), np.int64(-1)
    raw, n_left = np.int64(0), np.int64(0)
    seen = False
    for i in range(len(hi_M)):
        hi, lo = hi_M[i], lo_M[i]
        length = real_length(hi, lo, order)
        if length < n - 1:
            continue
        suffix += not seen or (hi ^ last_hi) & short_hi != 0 or (lo ^ last_lo) & short_lo != 0
        if length >= n:
            if at < 0 or (hi ^ hi_M[rows[at]]) & used_hi != 0 or (lo ^ lo_M[rows[at]]) & used_lo != 0:
                at += 1
                rows[at] = i
                suffixes[at] = suffix if n > 2 else token(hi, lo, 1)
                raw, n_left = np.int64(0), np.int64(0)
            if raw == 0 or (hi ^ last_hi) & long_hi != 0 or (lo ^ last_lo) & long_lo != 0:
                n_left += 1
            raw += np.int64(counts_M[i])
            is_raw = as_they_are or n == order or token(hi, lo, n) == 1
            counts[at] = np.uint32(min(raw, np.int64((1 << 32) - 1)) if is_raw else n_left)
            kept[at] = raw >= least and not _has_unknown(hi, lo, n)
        last_hi, last_lo, seen = hi, lo, True
    assert at + 1 == n_grams
    return rows, suffixes, counts, kept


@njit(cache=True, nogil=True)
def unpack_kernel(hi_M, lo_M, rows_R, n):
    """The last n tokens of the n-grams in these rows in the order of writing, int32[R, n]."""
    ids = np.empty((len(rows_R), n), np.int32)
    for i in range(len(rows_R)):
        for place in range(1, n + 1):
            ids[i, n - place] = token(hi_M[rows_R[i]], lo_M[rows_R[i]], place)
    return ids


@njit(cache=True, nogil=True)
def begins_kernel(hi_M, lo_M, rows_R, n):
    """Whether the last n tokens of the n-grams in these rows begin with `<s>`, bool[R]."""
    begins_R = np.empty(len(rows_R), np.bool_)
    for i in range(len(rows_R)):
        begins_R[i] = token(hi_M[rows_R[i]], lo_M[rows_R[i]], n) == 1
    return begins_R
