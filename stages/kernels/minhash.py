"""MinHash signatures of documents, and the keys of their bands.

Letters: D bytes, N documents, W words, H minima, B bands. A shingle is a run of words (see `words`) in lower case
with every digit as 0; what is not a word does not count. Its hash is 64 bits of a polynomial over the hashes of
its words; x is the low half of it for the first H // 2 minima, the high half for the others. The i-th minimum, over
all shingles, is that of y ^ (y >> 15) times an odd constant, where y is a_i (x ^ b_i) mod 2^32 with a_i odd. Without
the second step minima of different i are correlated, up to 0.8, and bands are not independent.

Band j has the minima j, j + B, j + 2 B ..., so with two or more rows it depends on both halves. By one half alone,
of n documents with a single shingle n^2 / 2^33 pairs would agree in every minimum and be merged by chance.
Sources: Broder 1997 (shingles, minima); Indyk and Motwani 1998 (bands).
"""

from __future__ import annotations

import functools

import numpy as np
from numba import njit

from .hashing import mixed
from .utf8 import DIGIT, HAN, N_CODE_POINTS, UNSPACED, assigned_code_points, classes, decode
from .words import next_word

BASE = np.uint64(0x9E3779B97F4A7C15)


@functools.cache
def folded() -> np.ndarray:
    """What each code point counts as, uint32[0x110000]: lower case if that is one character, every digit as `0`."""
    table = np.arange(N_CODE_POINTS, dtype=np.uint32)
    for code in assigned_code_points():
        lower = chr(code).lower()
        if len(lower) == 1:
            table[code] = ord(lower)
    table[classes() == DIGIT] = ord("0")
    table.flags.writeable = False
    return table


def coefficients(n_minima: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """a, odd, and b, uint32[H] each, from the seed."""
    drawn = np.random.Generator(np.random.PCG64(seed)).integers(0, 1 << 32, (2, n_minima), dtype=np.uint64)
    return (drawn[0] | np.uint64(1)).astype(np.uint32), drawn[1].astype(np.uint32)


@njit(cache=True, nogil=True)
def _word_hash(data_D, start, stop, folded_U):
    total = np.uint64(0x27D4EB2F165667C5)
    position = start
    while position < stop:
        if data_D[position] < 0x80:
            code, size = np.int64(data_D[position]), np.int64(1)
        else:
            code, size = decode(data_D, position)
        total = (total ^ np.uint64(folded_U[code])) * np.uint64(0xC2B2AE3D27D4EB4F)
        total ^= total >> np.uint64(29)
        position += size
    return mixed(total)


@njit(cache=True, nogil=True)
def _lower_minima(minima_H, half, a_H, b_H):
    """Lower these minima by 32 bits of a shingle's hash; loops from 0 to the length, so that it is vectorized."""
    for i in range(len(minima_H)):
        value = np.uint32(a_H[i] * (half ^ b_H[i]))  # numba computes in 64 bits; all is meant modulo 2^32
        value = np.uint32((value ^ (value >> np.uint32(15))) * np.uint32(0x85EBCA6B))
        minima_H[i] = min(minima_H[i], value)


@njit(cache=True, nogil=True)
def _hash_words(data_D, position, end, classes_U, folded_U, hashes_W):
    """Hashes of a document's words into `hashes_W`, which is replaced if it is short; how many, how many unspaced."""
    n_words, n_unspaced = np.int64(0), np.int64(0)
    while True:
        start, position, _, kind = next_word(data_D, position, end, classes_U)
        if start == position:
            return hashes_W, n_words, n_unspaced
        if n_words == len(hashes_W):
            longer = np.empty(2 * n_words, np.uint64)
            longer[:n_words] = hashes_W
            hashes_W = longer
        hashes_W[n_words] = _word_hash(data_D, start, position, folded_U)
        n_words += 1
        n_unspaced += kind == 5 or kind == 6


@njit(cache=True, nogil=True)
def _shingle(minima_H, hashes_W, n_words, size, a_H, b_H):
    """Lower the minima by every run of `size` words, or by the one of all if there are fewer."""
    n_low = len(minima_H) // 2
    low_H, high_H = minima_H[:n_low], minima_H[n_low:]
    leaving = np.uint64(1)  # BASE to the power of `size`
    for _ in range(size):
        leaving *= BASE
    total = np.uint64(0)
    for place in range(n_words):
        total = total * BASE + hashes_W[place]
        if place >= size:
            total -= hashes_W[place - size] * leaving
        if place >= size - 1 or place == n_words - 1:
            shingle = mixed(total)
            _lower_minima(low_H, np.uint32(shingle & np.uint64(0xFFFFFFFF)), a_H[:n_low], b_H[:n_low])
            _lower_minima(high_H, np.uint32(shingle >> np.uint64(32)), a_H[n_low:], b_H[n_low:])


@njit(cache=True, nogil=True)
def signature_kernel(data_D, offsets_N1, classes_U, folded_U, a_H, b_H, shingle_words, shingle_chars):
    """minima uint32[N, H], and whether a document has a word, bool[N]."""
    n_documents = len(offsets_N1) - 1
    minima_NH = np.full((n_documents, len(a_H)), 0xFFFFFFFF, np.uint32)
    has_words_N = np.zeros(n_documents, np.bool_)
    hashes_W = np.empty(4096, np.uint64)
    for row in range(n_documents):
        hashes_W, n_words, n_unspaced = _hash_words(
            data_D, offsets_N1[row], offsets_N1[row + 1], classes_U, folded_U, hashes_W
        )
        size = shingle_chars if 2 * n_unspaced >= n_words else shingle_words
        _shingle(minima_NH[row], hashes_W, n_words, size, a_H, b_H)
        has_words_N[row] = n_words > 0
    return minima_NH, has_words_N


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
    """minima uint32[N, H] of each document, and whether it has a word, bool[N].

    A shingle has `shingle_words` words, or `shingle_chars` in a document at least half of whose words are
    characters of unspaced scripts; a document with fewer words has one shingle, of all of them.
    """
    assert (HAN, UNSPACED) == (5, 6)  # the kernel's literals
    a, b = coefficients(n_minima, seed)
    return signature_kernel(data, offsets, classes(), folded(), a, b, shingle_words, shingle_chars)


def band_keys(minima, n_bands: int) -> np.ndarray:
    """The key of every band of every document, uint64[N, B]; two bands share no key but by chance."""
    return keys_kernel(minima, n_bands)
