"""SHA-1 of byte runs. It protects nothing here: other tools make their signatures of it.

Letters: D bytes, T words of a message schedule (80). Definition: FIPS 180-4, sections 5.1.1, 5.3.1 and 6.1.2.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .loads import word32

N_SCHEDULE = 80
BLOCK = 64


@njit(cache=True, nogil=True)
def rotated32(value, bits):
    """uint32 rotated to the left by 0 < bits < 32."""
    return np.uint32((value << np.uint32(bits)) | (value >> np.uint32(32 - bits)))


@njit(cache=True, nogil=True)
def swapped32(value):
    """uint32 with its four bytes in the other order."""
    pairs = np.uint32((value & np.uint32(0x00FF00FF)) << np.uint32(8) | (value >> np.uint32(8)) & np.uint32(0x00FF00FF))
    return rotated32(pairs, 16)


@njit(cache=True, nogil=True)
def _fill(data_D, start, stop, block, schedule_T):
    """The schedule of the block from byte `block` of the padded message on: the bytes, 0x80, zeros, the length."""
    for t in range(16):
        place = start + block + 4 * t
        if place + 4 <= stop:
            schedule_T[t] = swapped32(word32(data_D, place))
            continue
        word = np.uint32(0)
        for step in range(4):
            if place + step < stop:
                word |= np.uint32(data_D[place + step]) << np.uint32(24 - 8 * step)
            elif place + step == stop:
                word |= np.uint32(0x80) << np.uint32(24 - 8 * step)
        schedule_T[t] = word
    if stop - start - block < BLOCK - 8:  # the length fits
        n_bits = np.uint64(8 * (stop - start))
        schedule_T[14] = np.uint32(n_bits >> np.uint64(32))
        schedule_T[15] = np.uint32(n_bits & np.uint64(0xFFFFFFFF))
    for t in range(16, N_SCHEDULE):
        schedule_T[t] = rotated32(schedule_T[t - 3] ^ schedule_T[t - 8] ^ schedule_T[t - 14] ^ schedule_T[t - 16], 1)


@njit(cache=True, nogil=True)
def _round(a, b, c, d, e, f, constant, word):
    """The five variables after one step."""
    first = np.uint32(rotated32(a, 5) + f + e + np.uint32(constant) + word)
    return first, a, rotated32(b, 30), c, d


@njit(cache=True, nogil=True)
def sha1(data_D, start, stop, schedule_T):
    """SHA-1 of the bytes from `start` up to `stop`: five uint32, the first bytes of the digest highest in the first.

    schedule_T uint32[80] is scratch.
    """
    one, two, three = np.uint32(0x67452301), np.uint32(0xEFCDAB89), np.uint32(0x98BADCFE)
    four, five = np.uint32(0x10325476), np.uint32(0xC3D2E1F0)
    for block in range(0, stop - start + 9, BLOCK):
        _fill(data_D, start, stop, block, schedule_T)
        a, b, c, d, e = one, two, three, four, five
        for t in range(20):
            a, b, c, d, e = _round(a, b, c, d, e, (b & c) | (~b & d), 0x5A827999, schedule_T[t])
        for t in range(20, 40):
            a, b, c, d, e = _round(a, b, c, d, e, b ^ c ^ d, 0x6ED9EBA1, schedule_T[t])
        for t in range(40, 60):
            a, b, c, d, e = _round(a, b, c, d, e, (b & c) | (b & d) | (c & d), 0x8F1BBCDC, schedule_T[t])
        for t in range(60, 80):
            a, b, c, d, e = _round(a, b, c, d, e, b ^ c ^ d, 0xCA62C1D6, schedule_T[t])
        one, two, three = np.uint32(one + a), np.uint32(two + b), np.uint32(three + c)
        four, five = np.uint32(four + d), np.uint32(five + e)
    return one, two, three, four, five
