"""MinHash signatures of documents, and the keys of their bands.

Letters: D bytes, N documents, W words, S shingles, H minima, B bands. x is the low half of a shingle's hash (see
`shingles`) for the first H // 2 minima, the high half for the others. The i-th minimum, over all shingles, is that of
y ^ (y >> 15) times an odd constant, where y is a_i (x ^ b_i) mod 2^32 with a_i odd. Without the second step minima of
different i are correlated, up to 0.8, and bands are not independent.

Band j has the minima j, j + B, j + 2 B ..., so with two or more rows it depends on both halves. By one half alone,
of n documents with a single shingle n^2 / 2^33 pairs would agree in every minimum and be merged by chance.
Sources: Broder 1997 (shingles, minima); Indyk and Motwani 1998 (bands).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .hashing import mixed
from .shingles import BASE, characters, hash_shingles, most_words


def coefficients(n_minima: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """a, odd, and b, uint32[H] each, from the seed."""
    drawn = np.random.Generator(np.random.PCG64(seed)).integers(0, 1 << 32, (2, n_minima), dtype=np.uint64)
    return (drawn[0] | np.uint64(1)).astype(np.uint32), drawn[1].astype(np.uint32)


@njit(cache=True, nogil=True)
def _least(halves_S, a, b):
    """One minimum over the shingles; the loop runs from 0 to the length, so that it is vectorized."""
    least = np.uint32(0xFFFFFFFF)
    for place in range(len(halves_S)):
        value = np.uint32(a * (halves_S[place] ^ b))  # numba computes in 64 bits; all is meant modulo 2^32
        value = np.uint32((value ^ (value >> np.uint32(15))) * np.uint32(0x85EBCA6B))
        least = min(least, value)
    return least


@njit(cache=True, nogil=True)
def signature_kernel(data_D, offsets_N1, characters_U, a_H, b_H, shingle_words, shingle_chars):
    """minima uint32[N, H], n_words and sizes int64[N]; see `signatures`."""
    n_documents, n_minima = len(offsets_N1) - 1, len(a_H)
    minima_NH = np.empty((n_documents, n_minima), np.uint32)
    n_words_N, sizes_N = np.empty(n_documents, np.int64), np.empty(n_documents, np.int64)
    n_most = most_words(offsets_N1)
    hashes_W, halves_2W = np.empty(n_most, np.uint64), np.empty((2, n_most), np.uint32)
    for row in range(n_documents):
        n_shingles, n_words_N[row], sizes_N[row] = hash_shingles(
            data_D, offsets_N1[row], offsets_N1[row + 1], characters_U, shingle_words, shingle_chars, hashes_W
        )
        for place in range(n_shingles):
            halves_2W[0, place] = np.uint32(hashes_W[place] & np.uint64(0xFFFFFFFF))
            halves_2W[1, place] = np.uint32(hashes_W[place] >> np.uint64(32))
        for i in range(n_minima):
            half = np.int64(i >= n_minima // 2)
            minima_NH[row, i] = _least(halves_2W[half, :n_shingles], a_H[i], b_H[i])
    return minima_NH, n_words_N, sizes_N


@njit(cache=True, nogil=True)
def keys_kernel(minima_NH, n_bands):
    """A key per band, uint64[N, B]."""
    n_rows = minima_NH.shape[1] // n_bands
    keys_NB = np.empty((len(minima_NH), n_bands), np.uint64)
    for row in range(len(minima_NH)):
        for band in range(n_bands):
            key = mixed(np.uint64(band + 1))
            for i in range(n_rows):
                key = mixed((key ^ np.uint64(minima_NH[row, i * n_bands + band])) * BASE)
            keys_NB[row, band] = key
    return keys_NB


def signatures(data, offsets, n_minima: int, shingle_words: int, shingle_chars: int, seed: int):
    """minima uint32[N, H] of each document, how many words it has, int64[N], and how many a shingle has, int64[N].

    A shingle has `shingle_words` words, or `shingle_chars` in a document at least half of whose words are
    characters of unspaced scripts; a document with fewer words has one shingle, of all of them. The minima of one
    without words are 0xFFFFFFFF.
    """
    a, b = coefficients(n_minima, seed)
    return signature_kernel(data, offsets, characters(), a, b, shingle_words, shingle_chars)


def band_keys(minima, n_bands: int) -> np.ndarray:
    """The key of every band of every document, uint64[N, B]; two bands share no key but by chance."""
    return keys_kernel(minima, n_bands)
