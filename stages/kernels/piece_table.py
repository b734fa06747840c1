"""A table of different pieces of text: each is found again by its bytes, and with it its tokens.

Open addressing: a slot has the number of an entry + 1, and half of the slots at least are free. An entry is a piece:
its hash, its bytes from starts_E1[e] on, its tokens from the same place on in an array of tokens (a token has at least
one byte, so they have room), and their number. Where too many pieces share a slot, as in text made for that, a piece is
entered once more: what is found is right anyway.

Letters: D bytes, N documents, P pieces, S slots (a power of two), E entries, A bytes of all entries, M tokens.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .loads import word64

FACTOR = np.uint64(0x9E3779B97F4A7C15)
MAX_PROBES = 64


@njit(cache=True, nogil=True)
def hash_piece(data_D, start, stop):
    """uint64 of the bytes from `start` up to `stop`, a word of eight at a time."""
    total = np.uint64(stop - start) * FACTOR
    while stop - start >= 8:
        total = (total ^ word64(data_D, start)) * FACTOR
        total ^= total >> np.uint64(32)
        start += 8
    if start < stop:
        word = np.uint64(0)
        if start + 8 <= len(data_D):
            word = word64(data_D, start) & ((np.uint64(1) << np.uint64(8 * (stop - start))) - np.uint64(1))
        else:
            for place in range(start, stop):
                word |= np.uint64(data_D[place]) << np.uint64(8 * (place - start))
        total = (total ^ word) * FACTOR
        total ^= total >> np.uint64(32)
    total *= FACTOR
    return total ^ (total >> np.uint64(29))


@njit(cache=True, nogil=True)
def _is_entry(data_D, start, stop, first, bytes_A):
    while stop - start >= 8:
        if word64(data_D, start) != word64(bytes_A, first):
            return False
        start += 8
        first += 8
    for place in range(stop - start):  # noqa: SIM110 -- a kernel has no generators
        if data_D[start + place] != bytes_A[first + place]:
            return False
    return True


@njit(cache=True, nogil=True)
def find_piece(data_D, start, stop, slots_S, hashes_E, starts_E1, bytes_A):
    """(entry or -1, a free slot for it or -1, its hash)."""
    key, mask = hash_piece(data_D, start, stop), len(slots_S) - 1
    slot = np.int64(key & np.uint64(mask))
    for _ in range(MAX_PROBES):
        entry = np.int64(slots_S[slot]) - 1
        if entry < 0:
            return np.int64(-1), slot, key
        first = starts_E1[entry]
        is_alike = hashes_E[entry] == key and starts_E1[entry + 1] - first == stop - start
        if is_alike and _is_entry(data_D, start, stop, first, bytes_A):
            return entry, slot, key
        slot = (slot + 1) & mask
    return np.int64(-1), np.int64(-1), key


@njit(cache=True, nogil=True)
def enter_kernel(data_D, starts_P1, n_pieces, n_entries, slots_S, hashes_E, starts_E1, bytes_A, entries_P):
    """Write the entry of each piece into entries_P, new ones from `n_entries` on; returns how many there are then."""
    for piece in range(n_pieces):
        start, stop = starts_P1[piece], starts_P1[piece + 1]
        entry, slot, key = find_piece(data_D, start, stop, slots_S, hashes_E, starts_E1, bytes_A)
        if entry < 0:
            entry = np.int64(n_entries)
            n_entries += 1
            if slot >= 0:
                slots_S[slot] = entry + 1
            hashes_E[entry] = key
            first = starts_E1[entry]
            for place in range(stop - start):
                bytes_A[first + place] = data_D[start + place]
            starts_E1[entry + 1] = first + stop - start
        entries_P[piece] = entry
    return n_entries


@njit(cache=True, nogil=True)
def tokens_kernel(entries_P, starts_P1, n_pieces, starts_E1, n_tokens_E, tokens_A, offsets_N1, row, before, borders_N1):
    """The tokens of pieces one after another, uint32[M], and the borders of the documents that end before a piece.

    row: the document that the first piece is in or after; before: tokens before it. Returns the tokens and the row of
    the last piece.
    """
    n_tokens = np.int64(0)
    for piece in range(n_pieces):
        n_tokens += n_tokens_E[entries_P[piece]]
    ids_M = np.empty(n_tokens, np.uint32)
    n_tokens = np.int64(0)
    for piece in range(n_pieces):
        while offsets_N1[row + 1] <= starts_P1[piece]:
            row += 1
            borders_N1[row] = before + n_tokens
        entry = entries_P[piece]
        first = starts_E1[entry]
        for place in range(n_tokens_E[entry]):
            ids_M[n_tokens + place] = tokens_A[first + place]
        n_tokens += n_tokens_E[entry]
    return ids_M, row
