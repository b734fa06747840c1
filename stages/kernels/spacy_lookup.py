"""What the parts of English tokenization share: special cases by their bytes, and what a unit is made of.

Letters: D bytes, U code points, T words of the lookup table, W units.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from . import units
from .hashing import mixed
from .spacy_tables import (
    CASES,
    CHARACTER,
    LENGTHS,
    MARK,
    MOST_KEY_BYTES,
    MOST_PIECES,
    N_CASE_SLOTS,
    RECORD_WORDS,
    RECORDS,
    value_of,
)
from .units import FNV_OFFSET, GOLDEN, HAS_LETTER, NOT_SYMBOL, hash_bytes
from .utf8 import decode

UNIT_CHARACTER = units.CHARACTER


@njit(cache=True, nogil=True, inline="always")
def case_at(data_D, start, stop, lookup_T):
    """The number of the special case that the bytes spell, or 0. int64."""
    if stop - start > MOST_KEY_BYTES:
        return np.int64(0)
    if lookup_T[LENGTHS + np.int64(data_D[start])] >> np.uint64(stop - start) & np.uint64(1) == np.uint64(0):
        return np.int64(0)
    case = value_of(lookup_T, CASES, N_CASE_SLOTS, hash_bytes(data_D, start, stop))
    if case == 0:
        return case
    record, length = RECORDS + RECORD_WORDS * case, np.int64(0)
    for place in range(MOST_PIECES):
        length += np.int64(lookup_T[record] >> np.uint64(8 * place) & np.uint64(0xFF))
    if length != stop - start:
        return np.int64(0)
    for place in range(length):
        byte = lookup_T[record + 1 + place // 8] >> np.uint64(8 * (place % 8)) & np.uint64(0xFF)
        if byte != np.uint64(data_D[start + place]):
            return np.int64(0)
    return case


@njit(cache=True, nogil=True, inline="always")
def put_case(case, start, n_units, lookup_T, starts_W, stops_W):
    """Write the pieces of a special case that begins at `start` behind `n_units` units; their new number."""
    lengths = lookup_T[RECORDS + RECORD_WORDS * case]
    while lengths != np.uint64(0):
        stop = start + np.int64(lengths & np.uint64(0xFF))
        starts_W[n_units], stops_W[n_units] = start, stop
        n_units += 1
        start = stop
        lengths >>= np.uint64(8)
    return n_units


@njit(cache=True, nogil=True)
def describe(data_D, n_units, marks_U, starts_W, stops_W, chars_W, kinds_W, hashes_W):
    """Fill in the characters, kinds and hashes of the units that have 0 characters yet."""
    for unit in range(n_units):
        if chars_W[unit]:
            continue
        position, stop = starts_W[unit], stops_W[unit]
        n_chars, found, running = np.int64(0), np.uint32(0), FNV_OFFSET
        is_character = True
        while position < stop:
            code, size = decode(data_D, position)
            marked = marks_U[code]
            is_character = is_character and marked & (MARK if n_chars else CHARACTER) != 0
            found |= marked
            for place in range(position, position + size):
                running = (running ^ np.uint64(data_D[place])) * GOLDEN
            n_chars += 1
            position += size
        chars_W[unit], hashes_W[unit] = n_chars, mixed(running)
        kinds_W[unit] = found & (HAS_LETTER | NOT_SYMBOL) | (UNIT_CHARACTER if is_character else 0)
