"""N-grams of characters that repeat.

Letters: D bytes, N documents, C grams, S slots of a hash table (a power of two), B words of a bitmap (a power of two).

64-bit hashes stand for the grams. A gram of ASCII only is read as ten bytes at once, one after another without
waiting for the gram before; the others are hashed from character to character.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .hashing import rotated
from .loads import word64
from .ngrams import n_slots
from .units import GOLDEN
from .utf8 import decode

GRAM_CHARS = 10
"""Characters in a gram."""
ROOM = 1 << 16
"""How much longer than needed scratch gets, lest every somewhat larger document allocates anew."""
SPREAD = np.uint64(0xD6E8FEB86659FD93)
ONE, HALF, TAIL = np.uint64(1), np.uint64(32), np.uint64(48)
TO_PAIR, PAIRS = np.uint64(58), np.uint64(62)
HIGH_BITS = np.uint64(0x8080808080808080)


@njit(cache=True, nogil=True)
def _meet(hashed, bits_B):
    """Note that a gram occurs: a pair of bits says whether a hash was met, and whether it was met twice."""
    word, bit = hashed & np.uint64(len(bits_B) - 1), ONE << (hashed >> TO_PAIR & PAIRS)
    met = bits_B[word]
    bits_B[word] = met | bit | (met & bit) << ONE


@njit(cache=True, nogil=True)
def _ascii_end(data_D, position, end):
    """Where the ASCII characters from a position end."""
    while position + 8 <= end and word64(data_D, position) & HIGH_BITS == 0:
        position += 8
    while position < end and data_D[position] < 0x80:
        position += 1
    return position


@njit(cache=True, nogil=True)
def _hash_ascii(data_D, start, end, keys_C, bits_B):
    """Hashes of all grams of a stretch of ASCII into keys_C: how many there are."""
    n_grams = max(end - start - GRAM_CHARS + 1, np.int64(0))
    for gram in range(n_grams):
        first_8 = word64(data_D, start + gram) * GOLDEN
        last_2 = word64(data_D, start + gram + 2) >> TAIL
        hashed = ((first_8 ^ (first_8 >> HALF)) + last_2) * SPREAD
        keys_C[gram] = hashed
        _meet(hashed, bits_B)
    return n_grams


@njit(cache=True, nogil=True)
def _scatter(data_D, position, end, keys_C):
    """64 bits for every character into keys_C, up to a gram of ASCII only: how many there are, and where it begins.

    The first nine characters of that gram are among them, for the grams before it; at the end of the text, all are.
    """
    n_chars, n_ascii = np.int64(0), np.int64(0)
    while position < end:
        code, size = decode(data_D, position)
        spread = (np.uint64(code) ^ SPREAD) * GOLDEN  # of code alone, twice a code would be a rotation of its bits
        keys_C[n_chars] = (spread ^ (spread >> HALF)) * SPREAD
        position += size
        if size > 1:
            n_ascii = np.int64(-1)
        n_ascii += 1
        if n_ascii == GRAM_CHARS:
            return n_chars, position - GRAM_CHARS
        n_chars += 1
    return n_chars, end


@njit(cache=True, nogil=True)
def _hash_others(keys_C, n_chars, bits_B):
    """From the bits of every character to hashes of all grams, in place: how many there are.

    The hash is a cyclic polynomial (Cohen, 1997): one rotation lets a character in and another takes the first out.
    """
    n_grams = max(n_chars - GRAM_CHARS + 1, np.int64(0))
    hashed, first = np.uint64(0), np.uint64(0)
    for place in range(min(n_chars, GRAM_CHARS - 1)):
        hashed = rotated(hashed, 1) ^ keys_C[place]
    for gram in range(n_grams):
        hashed = rotated(hashed, 1) ^ (keys_C[gram + GRAM_CHARS - 1] ^ rotated(first, GRAM_CHARS))
        first = keys_C[gram]
        keys_C[gram] = hashed
        _meet(hashed, bits_B)
    return n_grams


@njit(cache=True, nogil=True)
def _hash_grams(data_D, position, end, keys_C, bits_B):
    """Hashes of all grams of a text into keys_C: how many there are. bits_B is 0 before."""
    n_grams = np.int64(0)
    while True:
        stop = _ascii_end(data_D, position, end)
        n_grams += _hash_ascii(data_D, position, stop, keys_C[n_grams:], bits_B)
        if stop == end:
            return n_grams
        left_C = keys_C[n_grams:]
        n_chars, position = _scatter(data_D, max(position, stop - GRAM_CHARS + 1), end, left_C)
        n_grams += _hash_others(left_C, n_chars, bits_B)


@njit(cache=True, nogil=True)
def _may_repeat(keys_C, n_grams, bits_B):
    """Keep, in place, the hashes that were met twice: how many are left. The others occur once; most do."""
    mask, n_kept = np.uint64(len(bits_B) - 1), np.int64(0)
    for gram in range(n_grams):
        key = keys_C[gram]
        keys_C[n_kept] = key
        n_kept += np.int64(bits_B[key & mask] >> (key >> TO_PAIR | ONE) & ONE)
    return n_kept


@njit(cache=True, nogil=True)
def count_keys(keys_C, n_keys, seen_S, counts_S):
    """Count the first n_keys keys: how many are distinct. keys_C is written over: their counts, in order.

    seen_S uint64[S], counts_S uint32[S]: scratch of `n_slots`. Nothing here depends on whether a key is new but the
    values written, for a processor cannot guess that.
    """
    size = n_slots(n_keys)
    counts_S[:size] = 0
    mask, shift = np.uint64(size - 1), np.uint64(64)
    while size > 1:
        size >>= 1
        shift -= ONE
    n_distinct = np.int64(0)
    for place in range(n_keys):
        key = keys_C[place]
        slot = key >> shift
        while (counts_S[slot] != 0) & (seen_S[slot] != key):
            slot = (slot + ONE) & mask
        count = counts_S[slot]
        seen_S[slot], counts_S[slot] = key, count + np.uint32(1)
        keys_C[n_distinct] = slot  # n_distinct <= place: that key is read
        n_distinct += np.int64(count == 0)
    for place in range(n_distinct):
        keys_C[place] = np.uint64(counts_S[keys_C[place]])
    return n_distinct


@njit(cache=True, nogil=True)
def sum_of_largest(counts_G, n_grams, n_largest, histogram_S):
    """The sum of the n_largest greatest of the counts that are 2 or more, int64. histogram_S is written over."""
    largest = np.int64(1)
    histogram_S[:2] = 0
    for gram in range(n_grams):
        count = np.int64(counts_G[gram])
        while largest < count:
            largest += 1
            histogram_S[largest] = 0
        histogram_S[count] += 1
    total = np.int64(0)
    for count in range(largest, 1, -1):
        taken = min(n_largest, histogram_S[count])
        total += taken * count
        n_largest -= taken
    return total


@njit(cache=True, nogil=True)
def character_kernel(data_D, offsets_N1):
    """int64[N, 2]: occurrences of the most frequent character grams that repeat, and of all; see `characters`."""
    n_documents = len(offsets_N1) - 1
    measures_N2 = np.zeros((n_documents, 2), np.int64)
    keys_C, bits_all_B = np.empty(0, np.uint64), np.empty(0, np.uint64)
    seen_S, counts_S, histogram_S = np.empty(0, np.uint64), np.empty(0, np.uint32), np.empty(0, np.int64)
    for row in range(n_documents):
        start, end = offsets_N1[row], offsets_N1[row + 1]
        if len(keys_C) < end - start:
            keys_C = np.empty(end - start + ROOM, np.uint64)
        n_words = n_slots((end - start) // 4)
        if len(bits_all_B) < n_words:
            bits_all_B = np.empty(n_words, np.uint64)
        bits_B = bits_all_B[:n_words]
        bits_B[:] = 0
        n_grams = _hash_grams(data_D, start, end, keys_C, bits_B)
        n_candidates = _may_repeat(keys_C, n_grams, bits_B)
        size = n_slots(n_candidates)
        if len(seen_S) < size:
            seen_S, counts_S, histogram_S = (
                np.empty(size, np.uint64),
                np.empty(size, np.uint32),
                np.empty(size, np.int64),
            )
        n_counted = count_keys(keys_C, n_candidates, seen_S, counts_S)
        n_distinct = n_grams - n_candidates + n_counted
        measures_N2[row, 0] = sum_of_largest(keys_C, n_counted, np.int64(np.sqrt(n_distinct)), histogram_S)
        measures_N2[row, 1] = n_grams
    return measures_N2


def characters(data, offsets) -> np.ndarray:
    """Repetition of characters in each document, int64[N, 2]: the ratio of the two is BLOOM's.

    Of all overlapping grams of 10 characters, white space included: column 1 is their number; column 0 the
    occurrences of the sqrt(distinct grams) most frequent ones (rounded down), of which only those count that occur
    more than once. Definition: the filter of the ROOTS corpus (Laurençon et al., 2022, character repetition ratio)
    and data-juicer's character_repetition_filter.
    """
    return character_kernel(data, offsets)
