"""XXH64 of documents, and the finalizer that other kernels mix with.

Letters: D bytes, N documents. All arithmetic is uint64 on both sides, modulo 2^64.
Definition: the xxHash specification, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
"""

from __future__ import annotations

import numpy as np
from numba import njit

P1, P2, P3 = np.uint64(0x9E3779B185EBCA87), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
P4, P5 = np.uint64(0x85EBCA77C2B2AE63), np.uint64(0x27D4EB2F165667C5)


@njit(cache=True, nogil=True)
def rotated(value, bits):
    """uint64 rotated to the left by 0 < bits < 64."""
    return (value << np.uint64(bits)) | (value >> np.uint64(64 - bits))


@njit(cache=True, nogil=True)
def mixed(value):
    """uint64 with every bit depending on every bit (the finalizer of XXH64)."""
    value = (value ^ (value >> np.uint64(33))) * P2
    value = (value ^ (value >> np.uint64(29))) * P3
    return value ^ (value >> np.uint64(32))


@njit(cache=True, nogil=True)
def _word64(data_D, place):
    word = np.uint64(data_D[place])
    for step in range(1, 8):
        word |= np.uint64(data_D[place + step]) << np.uint64(8 * step)
    return word


@njit(cache=True, nogil=True)
def _word32(data_D, place):
    word = np.uint64(data_D[place])
    for step in range(1, 4):
        word |= np.uint64(data_D[place + step]) << np.uint64(8 * step)
    return word


@njit(cache=True, nogil=True)
def _round(lane, word):
    return rotated(lane + word * P2, 31) * P1


@njit(cache=True, nogil=True)
def _stripes(data_D, place, end, seed):
    """The four lanes over all whole stripes of 32 bytes, merged."""
    one, two, three, four = seed + P1 + P2, seed + P2, seed, seed - P1
    while place + 32 <= end:
        one = _round(one, _word64(data_D, place))
        two = _round(two, _word64(data_D, place + 8))
        three = _round(three, _word64(data_D, place + 16))
        four = _round(four, _word64(data_D, place + 24))
        place += 32
    total = rotated(one, 1) + rotated(two, 7) + rotated(three, 12) + rotated(four, 18)
    for lane in (one, two, three, four):
        total = (total ^ _round(np.uint64(0), lane)) * P1 + P4
    return total, place


@njit(cache=True, nogil=True)
def xxh64(data_D, place, end, seed):
    """XXH64 of the bytes from `place` up to `end`, uint64."""
    n_bytes = np.uint64(end - place)
    total = seed + P5
    if end - place >= 32:
        total, place = _stripes(data_D, place, end, seed)
    total += n_bytes
    while place + 8 <= end:
        total = rotated(total ^ _round(np.uint64(0), _word64(data_D, place)), 27) * P1 + P4
        place += 8
    if place + 4 <= end:
        total = rotated(total ^ (_word32(data_D, place) * P1), 23) * P2 + P3
        place += 4
    while place < end:
        total = rotated(total ^ (np.uint64(data_D[place]) * P5), 11) * P1
        place += 1
    return mixed(total)


@njit(cache=True, nogil=True)
def hash_kernel(data_D, offsets_N1, seed):
    """XXH64 of every document, uint64[N]."""
    hashes_N = np.empty(len(offsets_N1) - 1, np.uint64)
    for row in range(len(hashes_N)):
        hashes_N[row] = xxh64(data_D, offsets_N1[row], offsets_N1[row + 1], seed)
    return hashes_N


def hash_documents(data, offsets, seed: int) -> np.ndarray:
    """XXH64 of every document's UTF-8 bytes, uint64[N]."""
    return hash_kernel(data, offsets, np.uint64(seed))
