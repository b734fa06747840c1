"""Scan for bytes that are rare: eight at a time, or as many as the processor has lanes.

Letters: D bytes, C cores. A word is eight bytes, the first one lowest; flags are the highest bits of some of them.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .loads import word64

ONES, TOPS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)


def cores(pieces: list[str]) -> np.ndarray:
    """What `may_hold` takes, uint8[C, 2, 4]: the bytes of pieces of four ASCII characters, and the bits that count."""
    rows = np.array([list(piece.encode("ascii")) for piece in pieces], np.uint8)
    assert rows.shape == (len(pieces), 4)
    masks = np.where(rows >= 0x40, 0xDF, 0xFF).astype(np.uint8)
    return np.stack([rows & masks, masks], axis=1)


@njit(cache=True, nogil=True)
def may_hold(data_D, start, end, cores_C24):
    """Whether one of the cores stands between two bytes, case ignored.

    What differs from a letter as a capital does, as `{` from `[`, is taken for it: what is found may be none.
    """
    n_places = max(end - start - 3, 0)
    first_D, second_D = data_D[start : start + n_places], data_D[start + 1 : start + 1 + n_places]
    third_D, fourth_D = data_D[start + 2 : start + 2 + n_places], data_D[start + 3 : start + 3 + n_places]
    found = False
    for core_24 in cores_C24:
        byte_0, byte_1, byte_2, byte_3 = core_24[0, 0], core_24[0, 1], core_24[0, 2], core_24[0, 3]
        mask_0, mask_1, mask_2, mask_3 = core_24[1, 0], core_24[1, 1], core_24[1, 2], core_24[1, 3]
        for place in range(n_places):  # no branches: compiles to vector instructions
            differs = (first_D[place] & mask_0 ^ byte_0) | (second_D[place] & mask_1 ^ byte_1)
            differs |= (third_D[place] & mask_2 ^ byte_2) | (fourth_D[place] & mask_3 ^ byte_3)
            found |= differs == 0
    return found


@njit(cache=True, nogil=True)
def low_bytes(word, bound):
    """Bytes of a word that are less than a bound up to 128, as their highest bits.

    Those above the lowest such byte may be wrong (Anderson, Bit Twiddling Hacks).
    """
    return (word - ONES * np.uint64(bound)) & ~word & TOPS


@njit(cache=True, nogil=True)
def equal_bytes(word, byte):
    """Bytes of a word that have a value, as `low_bytes` gives them."""
    return low_bytes(word ^ ONES * np.uint64(byte), 1)


@njit(cache=True, nogil=True)
def lowest(flags):
    """Which byte of a word is the lowest that has its highest bit set."""
    below = (flags & (~flags + np.uint64(1))) - np.uint64(1)
    return np.int64(((below & ONES) * ONES >> np.uint64(56)) - np.uint64(1))


@njit(cache=True, nogil=True)
def find(data_D, position, end, byte):
    """The first position of a byte, or `end`."""
    while position + 8 <= end:
        flags = equal_bytes(word64(data_D, position), byte)
        if flags != 0:
            return position + lowest(flags)
        position += 8
    while position < end and data_D[position] != byte:
        position += 1
    return position


@njit(cache=True, nogil=True)
def n_chars(data_D, start, stop):
    """Characters between two bytes, int64."""
    n_found = np.int64(0)
    for byte in data_D[start:stop]:
        n_found += byte & 0xC0 != 0x80
    return n_found
