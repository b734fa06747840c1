"""Shingles of documents: runs of words, each a hash of 64 bits.

Letters: D bytes, N documents, W words, S shingles, P parts, M distinct shingles of all documents. A shingle is a run of
words (see `words`) in lower case with every digit as 0; what is not a word does not count. A shingle's hash is a
polynomial over the hashes of its words, modulo 2^64, finalized by `hashing.mixed`.
Source: Broder 1997 (shingles), Karp and Rabin 1987 (a polynomial that rolls).
"""

from __future__ import annotations

import functools

import numpy as np
from numba import njit

from .hashing import mixed
from .loads import word64
from .utf8 import DIGIT, HAN, JOINER, LETTER, MARK, UNSPACED, classes, decode, lower_case

BASE = np.uint64(0x9E3779B97F4A7C15)
SEED, FACTOR = np.uint64(0x27D4EB2F165667C5), np.uint64(0xC2B2AE3D27D4EB4F)
EACH, HIGH = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
WIDE = np.uint64(1 << 63)
"""Marks a chunk that is one code of more than seven bits: ASCII codes have no such bit."""
NOTHING, RUN, CHARACTER = np.int64(0), np.int64(1), np.int64(2)
"""What a position is inside of: no word, a word of letters and digits, a word of one unspaced character."""
MOST_NEIGHBOURS = 32
CODE, CLASS_BIT = np.uint32(0x1FFFFF), np.uint32(24)


@functools.cache
def folded() -> np.ndarray:
    """What each code point counts as, uint32[0x110000]: lower case if that is one character, every digit as `0`."""
    table = lower_case().copy()
    table[classes() == DIGIT] = ord("0")
    table.flags.writeable = False
    return table


@functools.cache
def characters() -> np.ndarray:
    """uint32[0x110000]: what a code point counts as (`folded`) in the low 21 bits, its class from bit 24 on."""
    table = folded() | (classes().astype(np.uint32) << CLASS_BIT)
    table.flags.writeable = False
    return table


@njit(cache=True, nogil=True)
def _plain_run(eight):
    """Of eight bytes, the first lowest: how many ASCII letters and digits come first, and these, folded.

    A byte of seven bits is at least m if the sum with 0x80 - m has the high bit.
    """
    seven = eight & (EACH * np.uint64(0x7F))
    lower = seven | (EACH * np.uint64(0x20))
    letters = (lower + EACH * np.uint64(0x80 - 0x61)) & ~(lower + EACH * np.uint64(0x80 - 0x7B)) & ~eight & HIGH
    digits = (seven + EACH * np.uint64(0x80 - 0x30)) & ~(seven + EACH * np.uint64(0x80 - 0x3A)) & ~eight & HIGH
    others = (letters | digits) ^ HIGH
    before = ((others & (~others + np.uint64(1))) >> np.uint64(7)) - np.uint64(1)  # all bits if there are no others
    n_bytes = np.int64((((before >> np.uint64(7)) & EACH) * EACH) >> np.uint64(56))
    folded = (lower & ((letters >> np.uint64(7)) * np.uint64(0xFF))) | ((digits >> np.uint64(7)) * np.uint64(0x30))
    return n_bytes, folded & before


@njit(cache=True, nogil=True)
def _taken(total, chunk):
    """The state of a word's hash after one more chunk."""
    total = (total ^ chunk) * FACTOR
    return total ^ (total >> np.uint64(32))


@njit(cache=True, nogil=True)
def _put(total, chunk, n_held, codes, n_codes):
    """The state and the open chunk after up to eight ASCII codes, a byte each, and how many the chunk then holds."""
    if n_held == 8:
        total, chunk, n_held = _taken(total, chunk), np.uint64(0), np.int64(0)
    chunk |= codes << np.uint64(8 * n_held)
    if n_held + n_codes <= 8:
        return total, chunk, n_held + n_codes
    return _taken(total, chunk), codes >> np.uint64(64 - 8 * n_held), n_held + n_codes - 8


@njit(cache=True, nogil=True)
def _closed(total, chunk, n_held):
    """The hash of a word from its state and its open chunk."""
    return mixed(_taken(total, chunk) if n_held > 0 else total)


@njit(cache=True, nogil=True)
def _joins(data_D, position, end, characters_U):
    """Whether a letter or digit stands at a byte position, so that a joiner before it belongs to the word."""
    if position >= end:
        return False
    kind = characters_U[decode(data_D, position)[0]] >> CLASS_BIT
    return kind == LETTER or kind == DIGIT


@njit(cache=True, nogil=True)
def hash_words(data_D, position, end, characters_U, hashes_W):
    """Hashes of a document's words into `hashes_W`; how many, and how many unspaced.

    The words are those of `words.next_word`, found and hashed in one go. A hash takes ASCII codes by eight; any other
    code closes the chunk before and is one by itself. One loop, as each further function with a branch that is given
    the arrays costs a count of references.
    """
    n_words, n_unspaced, inside = np.int64(0), np.int64(0), NOTHING
    total, chunk, n_held = SEED, np.uint64(0), np.int64(0)
    while position < end:
        if data_D[position] < 0x80 and position + 8 <= end and inside != CHARACTER:
            n_codes, codes = _plain_run(word64(data_D, position))
            if n_codes > 0:
                total, chunk, n_held = _put(total, chunk, n_held, codes, n_codes)
                position += n_codes
                inside = RUN
                if n_codes == 8:
                    continue
        code, size = decode(data_D, position)
        entry = characters_U[code]
        folded_code, kind = np.uint64(entry & CODE), np.int64(entry >> CLASS_BIT)
        if inside != NOTHING:
            goes_on = kind == MARK
            if inside == RUN:
                goes_on |= kind == LETTER or kind == DIGIT
                if kind == JOINER:
                    goes_on = _joins(data_D, position + size, end, characters_U)
            if not goes_on:
                hashes_W[n_words] = _closed(total, chunk, n_held)
                n_words += 1
                total, chunk, n_held, inside = SEED, np.uint64(0), np.int64(0), NOTHING
        if inside == NOTHING:
            if kind == HAN or kind == UNSPACED:
                inside = CHARACTER
                n_unspaced += 1
            elif kind == LETTER or kind == DIGIT:
                inside = RUN
        if inside != NOTHING:
            if folded_code < 0x80:
                total, chunk, n_held = _put(total, chunk, n_held, folded_code, np.int64(1))
            else:
                total = _taken(total, chunk) if n_held > 0 else total
                total, chunk, n_held = _taken(total, folded_code | WIDE), np.uint64(0), np.int64(0)
        position += size
    if inside != NOTHING:
        hashes_W[n_words] = _closed(total, chunk, n_held)
        n_words += 1
    return n_words, n_unspaced


@njit(cache=True, nogil=True)
def roll(hashes_W, n_words, size):
    """Replace the words' hashes by those of all runs of `size` words, or of the one of all if there are fewer.

    Returns how many.
    """
    if n_words == 0:
        return np.int64(0)
    size = min(size, n_words)
    leaving, total = np.uint64(1), np.uint64(0)  # leaving: BASE to the power of `size`
    for place in range(size):
        total = total * BASE + hashes_W[place]
        leaving *= BASE
    n_shingles = n_words - size + 1
    for first in range(n_shingles - 1):
        shingle = mixed(total)
        total = total * BASE + (hashes_W[first + size] - hashes_W[first] * leaving)
        hashes_W[first] = shingle
    hashes_W[n_shingles - 1] = mixed(total)
    return n_shingles


@njit(cache=True, nogil=True)
def most_words(offsets_N1):
    """No document has more words: each takes a byte, and one between it and the next or more bytes of its own."""
    longest = np.int64(0)
    for row in range(len(offsets_N1) - 1):
        longest = max(longest, offsets_N1[row + 1] - offsets_N1[row])
    return (longest + 1) // 2


@njit(cache=True, nogil=True)
def hash_shingles(data_D, start, end, characters_U, shingle_words, shingle_chars, hashes_W):
    """Hashes of a document's shingles, in order, repeated ones too: the first of `hashes_W`; how many; of how many
    words the document has; and how many a shingle has. W is at least `most_words`."""
    n_words, n_unspaced = hash_words(data_D, start, end, characters_U, hashes_W)
    size = np.int64(shingle_chars if 2 * n_unspaced >= n_words else shingle_words)
    return roll(hashes_W, n_words, size), n_words, size


@njit(cache=True, nogil=True)
def _ordered(hashes_S):
    """Hashes in ascending order: by their upper bits, of which there are as many as hashes, and then among neighbours.

    Where many have the same upper bits, such as copies of one, it is left to a sort that does not mind.
    """
    n_bits = np.uint64(1)
    while np.int64(1) << np.int64(n_bits) < len(hashes_S):
        n_bits += np.uint64(1)
    shift = np.uint64(64) - n_bits
    ends_P = np.zeros((np.int64(1) << np.int64(n_bits)) + 1, np.int64)
    for place in range(len(hashes_S)):
        ends_P[np.int64(hashes_S[place] >> shift) + 1] += 1
    if ends_P.max() > MOST_NEIGHBOURS:
        return np.sort(hashes_S)
    for part in range(1, len(ends_P)):
        ends_P[part] += ends_P[part - 1]
    ordered_S = np.empty(len(hashes_S), np.uint64)
    for place in range(len(hashes_S)):
        part = np.int64(hashes_S[place] >> shift)
        ordered_S[ends_P[part]] = hashes_S[place]
        ends_P[part] += 1
    for place in range(1, len(hashes_S)):
        value, before = ordered_S[place], place - 1
        while before >= 0 and ordered_S[before] > value:
            ordered_S[before + 1] = ordered_S[before]
            before -= 1
        ordered_S[before + 1] = value
    return ordered_S


@njit(cache=True, nogil=True)
def sets_kernel(data_D, offsets_N1, characters_U, shingle_words, shingle_chars):
    """values uint64[M] and firsts int64[N+1]; see `sets`."""
    n_documents = len(offsets_N1) - 1
    firsts_N1 = np.zeros(n_documents + 1, np.int64)
    values_M = np.empty(4096, np.uint64)
    hashes_W = np.empty(most_words(offsets_N1), np.uint64)
    total = np.int64(0)
    for row in range(n_documents):
        n_shingles, _, _ = hash_shingles(
            data_D, offsets_N1[row], offsets_N1[row + 1], characters_U, shingle_words, shingle_chars, hashes_W
        )
        ordered_S = _ordered(hashes_W[:n_shingles])
        if total + n_shingles > len(values_M):
            longer = np.empty(2 * (total + n_shingles), np.uint64)
            longer[:total] = values_M[:total]
            values_M = longer
        for place in range(n_shingles):
            if place == 0 or ordered_S[place] != ordered_S[place - 1]:
                values_M[total] = ordered_S[place]
                total += 1
        firsts_N1[row + 1] = total
    return values_M[:total].copy(), firsts_N1


def sets(data, offsets, shingle_words: int, shingle_chars: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct shingles of each document as hashes: values uint64[M] and firsts int64[N+1].

    Those of document i are values[firsts[i] : firsts[i + 1]], ascending. A shingle has `shingle_words` words, or
    `shingle_chars` in a document at least half of whose words are characters of unspaced scripts; a document with
    fewer words has one shingle, of all of them, and one without words none.
    """
    return sets_kernel(data, offsets, characters(), shingle_words, shingle_chars)
