"""Byte-level BPE: of all pairs of neighbours, the one that was learned first is merged, the leftmost of them first.

The definition is that of the `tokenizers` library (Sennrich 2016, arXiv 1508.07909; bytes as in GPT-2). A merge is an
int64, its rank in the upper and the token that it makes in the lower 32 bits, so that the least is the next.

Letters: B tokens of a piece, first its bytes; S slots of the table of merges (a power of two); E entries and A bytes of
a table of pieces (`piece_table`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .hashing import mixed
from .piece_table import find_piece

NONE = np.int64(np.iinfo(np.int64).max)
"""Of two tokens that are not merged."""
LOW = np.int64(0xFFFFFFFF)
SHORT = 96
"""Tokens up to which looking at all of them for each merge is faster than a heap."""


@njit(cache=True, nogil=True)
def merge_table(pairs_R2, made_R):
    """keys uint64[S] and merges int64[S] from the pairs by rank, uint32[R, 2], and the tokens they make, uint32[R].

    A pair that is there twice has the rank of the last one, as in the library.
    """
    size = 16
    while size < 2 * len(pairs_R2) + 1:
        size *= 2
    keys_S, merges_S = np.zeros(size, np.uint64), np.full(size, NONE, np.int64)
    for rank in range(len(pairs_R2)):
        key = (np.uint64(pairs_R2[rank, 0]) << np.uint64(32)) | np.uint64(pairs_R2[rank, 1])
        slot = np.int64(mixed(key) & np.uint64(size - 1))
        while merges_S[slot] != NONE and keys_S[slot] != key:
            slot = (slot + 1) & (size - 1)
        keys_S[slot] = key
        merges_S[slot] = (np.int64(rank) << 32) | np.int64(made_R[rank])
    return keys_S, merges_S


@njit(cache=True, nogil=True)
def _merge(left, right, keys_S, merges_S):
    """The merge of two tokens, or NONE."""
    key = (np.uint64(left) << np.uint64(32)) | np.uint64(right)
    slot = np.int64(mixed(key) & np.uint64(len(keys_S) - 1))
    while True:
        if keys_S[slot] == key or merges_S[slot] == NONE:
            return merges_S[slot]
        slot = (slot + 1) & (len(keys_S) - 1)


@njit(cache=True, nogil=True)
def _merge_short(tokens_B, keys_S, merges_S, merges_B):
    """Merge tokens in place by looking at all pairs each time; returns how many are left."""
    size = len(tokens_B)
    for place in range(size - 1):
        merges_B[place] = _merge(tokens_B[place], tokens_B[place + 1], keys_S, merges_S)
    while size > 1:
        best, where = NONE, 0
        for place in range(size - 1):
            if merges_B[place] < best:
                best, where = merges_B[place], place
        if best == NONE:
            break
        tokens_B[where] = best & LOW
        size -= 1
        for place in range(where + 1, size):
            tokens_B[place] = tokens_B[place + 1]
            merges_B[place - 1] = merges_B[place]
        if where > 0:
            merges_B[where - 1] = _merge(tokens_B[where - 1], tokens_B[where], keys_S, merges_S)
        if where < size - 1:
            merges_B[where] = _merge(tokens_B[where], tokens_B[where + 1], keys_S, merges_S)
    return size


@njit(cache=True, nogil=True)
def _push(heap_H, size, value):
    place = size
    while place > 0 and heap_H[(place - 1) >> 1] > value:
        heap_H[place] = heap_H[(place - 1) >> 1]
        place = (place - 1) >> 1
    heap_H[place] = value
    return size + 1


@njit(cache=True, nogil=True)
def _pop(heap_H, size):
    """The new size; the least value was heap_H[0]."""
    size -= 1
    value, place = heap_H[size], 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and heap_H[child + 1] < heap_H[child]:
            child += 1
        if heap_H[child] >= value:
            break
        heap_H[place] = heap_H[child]
        place = child
    heap_H[place] = value
    return size


@njit(cache=True, nogil=True)
def _merge_long(tokens_B, keys_S, merges_S):
    """Merge tokens in place with a heap of (rank, place), in O(B log B); returns how many are left.

    A heap's value that is no longer the merge at its place is passed over. Neighbours are a list by places.
    """
    size = len(tokens_B)
    before_B, after_B = np.arange(-1, size - 1), np.arange(1, size + 1)
    merges_B, heap_H, n_heap = np.full(size, NONE, np.int64), np.empty(3 * size, np.int64), 0
    for place in range(size - 1):
        merges_B[place] = _merge(tokens_B[place], tokens_B[place + 1], keys_S, merges_S)
        if merges_B[place] != NONE:
            n_heap = _push(heap_H, n_heap, (merges_B[place] & ~LOW) | place)
    while n_heap > 0:
        value = heap_H[0]
        n_heap = _pop(heap_H, n_heap)
        where = value & LOW
        if merges_B[where] == NONE or merges_B[where] & ~LOW != value & ~LOW:
            continue
        tokens_B[where] = merges_B[where] & LOW
        gone = after_B[where]
        merges_B[gone] = NONE
        after_B[where] = after_B[gone]
        if after_B[where] < size:
            before_B[after_B[where]] = where
        for left in (before_B[where], where):
            if left >= 0:
                right = after_B[left]
                merges_B[left] = _merge(tokens_B[left], tokens_B[right], keys_S, merges_S) if right < size else NONE
                if merges_B[left] != NONE:
                    n_heap = _push(heap_H, n_heap, (merges_B[left] & ~LOW) | left)
    n_left, place = 0, 0
    while place < size:
        tokens_B[n_left] = tokens_B[place]
        n_left += 1
        place = after_B[place]
    return n_left


@njit(cache=True, nogil=True)
def bpe_kernel(first, last, starts_E1, bytes_A, tokens_A, n_tokens_E, byte_tokens_256, keys_S, merges_S, words):
    """Write the tokens of the entries from `first` up to `last` of a table of pieces.

    words: slots, hashes, starts, bytes and tokens of a table of pieces that are one token without a merge
    (`ignore_merges`); without entries, all are merged.
    """
    merges_B = np.empty(SHORT, np.int64)
    slots_W, hashes_W, starts_W1, bytes_W, tokens_W = words
    for entry in range(first, last):
        start, stop = starts_E1[entry], starts_E1[entry + 1]
        if len(tokens_W):
            word, _, _ = find_piece(bytes_A, start, stop, slots_W, hashes_W, starts_W1, bytes_W)
            if word >= 0:
                tokens_A[start] = tokens_W[word]
                n_tokens_E[entry] = 1
                continue
        tokens_B = tokens_A[start:stop]
        for place in range(stop - start):
            tokens_B[place] = byte_tokens_256[bytes_A[start + place]]
        if stop - start <= SHORT:
            n_tokens_E[entry] = _merge_short(tokens_B, keys_S, merges_S, merges_B)
        else:
            n_tokens_E[entry] = _merge_long(tokens_B, keys_S, merges_S)
