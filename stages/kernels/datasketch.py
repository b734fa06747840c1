"""MinHash signatures that are those of the library datasketch, bit by bit.

Letters: D bytes, N documents, W words, E bytes of folded text, S shingles, H minima, T see `sha1`. The i-th minimum,
over all shingles, is that of a_i h + b_i mod 2^32, where h is the finalizer of MurmurHash3 of the first four bytes,
little-endian, of SHA-1 of the shingle's UTF-8 bytes: the scheme `affine32`, the default of datasketch since 2.0.
By 32 bits of a shingle, of n documents with a single shingle n^2 / 2^33 pairs agree by chance.
Sources: datasketch 2.0 (`MinHash`, `sha1_hash32`); Appleby 2011 (MurmurHash3, `fmix32`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .sha1 import N_SCHEDULE, sha1, swapped32
from .shingles import characters, folded, hash_words, most_words
from .utf8 import classes, decode, encode
from .words import next_word


def coefficients(n_minima: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """a, odd, and b, uint32[H] each: the permutations of `datasketch.MinHash(n_minima, seed)`; seed < 2^32."""
    drawn = np.random.RandomState(seed)
    a = drawn.randint(0, 1 << 31, n_minima, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return a, drawn.randint(0, 1 << 32, n_minima, dtype=np.uint32)


@njit(cache=True, nogil=True)
def _write_words(data_D, position, end, classes_U, folded_U, gap, text_E, bounds_W2):
    """A document's words, folded, `gap` blanks between two of them, and where each begins and ends."""
    place, n_words = np.int64(0), np.int64(0)
    while True:
        start, position, _, _ = next_word(data_D, position, end, classes_U)
        if start == position:
            break
        bounds_W2[n_words, 0] = place
        while start < position:
            code, size = decode(data_D, start)
            place = encode(np.int64(folded_U[code]), text_E, place)
            start += size
        bounds_W2[n_words, 1] = place
        n_words += 1
        text_E[place] = 32
        place += gap


@njit(cache=True, nogil=True)
def _fmix32(value):
    value = np.uint32((value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B))
    value = np.uint32((value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35))
    return np.uint32(value ^ (value >> np.uint32(16)))


@njit(cache=True, nogil=True)
def _least(hashes_S, a, b):
    """One minimum over the shingles."""
    least = np.uint32(0xFFFFFFFF)
    for place in range(len(hashes_S)):
        least = min(least, np.uint32(a * hashes_S[place] + b))  # numba computes in 64 bits
    return least


@njit(cache=True, nogil=True)
def signature_kernel(data_D, offsets_N1, characters_U, classes_U, folded_U, a_H, b_H, shingle_words, shingle_chars):
    """minima uint32[N, H], n_words and sizes int64[N]; see `signatures`."""
    n_documents, n_most = len(offsets_N1) - 1, most_words(offsets_N1)
    minima_NH = np.empty((n_documents, len(a_H)), np.uint32)
    n_words_N, sizes_N = np.empty(n_documents, np.int64), np.empty(n_documents, np.int64)
    word_hashes_W, bounds_W2, hashes_S = (
        np.empty(n_most, np.uint64),
        np.empty((n_most, 2), np.int64),
        np.empty(n_most, np.uint32),
    )
    text_E, schedule_T = np.empty(4 * n_most + 4, np.uint8), np.empty(N_SCHEDULE, np.uint32)
    for row in range(n_documents):
        start, end = offsets_N1[row], offsets_N1[row + 1]
        n_words, n_unspaced = hash_words(data_D, start, end, characters_U, word_hashes_W)
        is_unspaced = 2 * n_unspaced >= n_words
        size = np.int64(shingle_chars if is_unspaced else shingle_words)
        _write_words(data_D, start, end, classes_U, folded_U, np.int64(not is_unspaced), text_E, bounds_W2)
        n_shingles = max(n_words - size + 1, np.int64(n_words > 0))
        for first in range(n_shingles):
            last = min(first + size, n_words) - 1
            digest = sha1(text_E, bounds_W2[first, 0], bounds_W2[last, 1], schedule_T)
            hashes_S[first] = _fmix32(swapped32(digest[0]))
        for i in range(len(a_H)):
            minima_NH[row, i] = _least(hashes_S[:n_shingles], a_H[i], b_H[i])
        n_words_N[row], sizes_N[row] = n_words, size
    return minima_NH, n_words_N, sizes_N


def signatures(data, offsets, n_minima: int, shingle_words: int, shingle_chars: int, seed: int):
    """As `minhash.signatures`, but row i of the minima is `datasketch.MinHash(n_minima, seed).hashvalues` updated
    with each of the document's shingles: minima uint32[N, H], n_words and sizes int64[N].

    A shingle's bytes are UTF-8 of its words (`words`), each character in lower case if that is one character, digits
    as `0`. Between two words stands one blank; in a document at least half of whose words are characters of unspaced
    scripts, nothing. `Don't stop, at 5 p.m.` has `don't stop at 0 p` and `stop at 0 p m`, and `我爱你，中国` has
    `我爱你中国`.
    """
    a, b = coefficients(n_minima, seed)
    return signature_kernel(data, offsets, characters(), classes(), folded(), a, b, shingle_words, shingle_chars)
