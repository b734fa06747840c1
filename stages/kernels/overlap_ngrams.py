"""N-grams of words in folded text: what they are, and those of texts.

Letters: D bytes, N texts, U code points, W words in scratch arrays, M n-grams.

A word is one of `words` in folded text: every character stands for its compatibility form (NFKC) in lower case if that
is a single character, ligatures for their letters, curly apostrophes and other hyphens for the plain ones, and what is
not seen, such as soft hyphens, for nothing. So case, width, punctuation and white space do not count; digits do.

An n-gram may mix scripts. A word of letters has the size n_chars, a character of a script without spaces n_words, and
an n-gram is the shortest run of words from a word on whose sizes sum up to n_words * n_chars: n_words words, n_chars
characters, or something between. What an n-gram is hangs on nothing but its words, not on the text around it.

Its key is a polynomial over the 64-bit hashes of its words, modulo 2^64, rolled from word to word; its check is another
64-bit hash of the same words.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import NamedTuple

import numpy as np
from numba import njit

from .hashing import P1, P2, P4, mixed
from .utf8 import DIGIT, HAN, JOINER, LETTER, MARK, N_CODE_POINTS, UNSPACED, assigned_code_points, classes, decode

BASE = np.uint64(0x9E3779B97F4A7C15)
LONGEST = 256
"""Words in an n-gram, at most."""
N_SCRATCH = 4096
SEVERAL = np.uint32(1 << 31)
"""Bit of what stands for no character, or for two or three of ASCII: these follow, 7 bits each, the first lowest."""
UNSEEN = "\u00ad\u200c\u200d\u200e\u200f\u2060\ufeff"
"""Soft hyphen, joiners, marks of direction: they count as nothing, also in a word. A zero-width space parts words."""


class Grams(NamedTuple):
    """What an n-gram is. powers uint64[LONGEST + 1]: BASE to the power of the place; sizes: of a
    word of letters, and of a character of a script without spaces.

    whole: the sum of sizes that ends an n-gram; least: that of the shortest text that is searched as a whole.
    """

    classes: np.ndarray
    folded: np.ndarray
    powers: np.ndarray
    sizes: tuple[np.int64, np.int64]
    whole: np.int64
    least: np.int64


class Texts(NamedTuple):
    """n-grams of texts: keys, checks uint64[M] and rows int64[M], whose they are, an n-gram as often as it occurs.

    heads uint64[N], lengths int64[N]: of texts that are searched as a whole, which have one n-gram; else 0.
    """

    keys: np.ndarray
    checks: np.ndarray
    rows: np.ndarray
    heads: np.ndarray
    lengths: np.ndarray


def fold(character: str) -> str:
    """What a character counts as: its NFKC form in lower case where that is one character, or up to three letters of
    ASCII; `'` and `-` of their kin; nothing of UNSEEN."""
    if character in UNSEEN:
        return ""
    for form in (unicodedata.normalize("NFKC", character), character):
        if len(form) == len(form.lower()) == 1:
            return {"’": "'", "‐": "-", "‑": "-"}.get(form.lower(), form.lower())
        if len(form) <= 3 and form.isascii() and form.isalpha() and character.isalpha():
            return form.lower()
    return character


def _packed(folded: str) -> int:
    """A code point, or SEVERAL with those of none or more characters."""
    if len(folded) == 1:
        return ord(folded)
    return int(SEVERAL) + sum(ord(one) << 7 * place for place, one in enumerate(folded))


@functools.cache
def folded() -> np.ndarray:
    """What each code point counts as, uint32[0x110000]: by `fold`, a code point or SEVERAL; made once per process."""
    table = np.arange(N_CODE_POINTS, dtype=np.uint32)
    for code in assigned_code_points():
        table[code] = _packed(fold(chr(code)))
    table.flags.writeable = False
    return table


@functools.cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """The class that every code point has when it is folded, MARK if it is not seen, and what it is folded to."""
    assert (LETTER, MARK, DIGIT, HAN, UNSPACED, JOINER) == (2, 3, 4, 5, 6, 9)  # the kernel's literals
    one = folded() < SEVERAL
    kinds = np.where(folded() > SEVERAL, LETTER, MARK).astype(np.uint8)
    kinds[one] = classes()[folded()[one]]
    kinds.flags.writeable = False
    return kinds, folded()


def grams_of(n_words: int, n_chars: int, min_words: int) -> Grams:
    """What an n-gram is, from its length in words and in characters; min_words: see `Grams.least`."""
    assert 0 < min_words <= n_words <= LONGEST and 0 < n_chars <= LONGEST
    powers = np.ones(LONGEST + 1, np.uint64)
    powers[1:] = np.cumprod(np.full(LONGEST, BASE))
    sizes, whole, least = (
        (np.int64(n_chars), np.int64(n_words)),
        np.int64(n_words * n_chars),
        np.int64(min_words * n_chars),
    )
    return Grams(*_tables(), powers, sizes, whole, least)


@njit(cache=True, nogil=True, inline="always")
def _hashed(total, code):
    """The hash after what a character is folded to."""
    if code < SEVERAL:
        return (total ^ np.uint64(code)) * P2
    code ^= SEVERAL
    while code > 0:
        total = (total ^ np.uint64(code & np.uint32(127))) * P2
        code >>= np.uint32(7)
    return total


@njit(cache=True, nogil=True, inline="always")
def _goes_on(data_D, position, end, classes_U):
    """Whether a letter or digit stands at a byte position, so that the joiner before it is part of the word."""
    if position >= end:
        return False
    kind = classes_U[decode(data_D, position)[0]]
    return kind == 2 or kind == 4


@njit(cache=True, nogil=True)
def fill(data_D, position, end, classes_U, folded_U, sizes, hashes_W, sizes_W, starts_W, stops_W, n_words):
    """Put words into the scratch arrays until these are full: how many there are, where the text goes on, and whether
    there are no further ones.

    The words are those of `words.next_word`, hashed while they are read.
    """
    while True:
        start, kind = end, np.uint8(0)
        while position < end:  # to where a word begins
            code, size = np.int64(data_D[np.uint64(position)]), np.int64(1)
            if code >= 0x80:
                code, size = decode(data_D, position)
            kind = classes_U[np.uint64(code)]
            if (kind >= 4) & (kind <= 6) | (kind == 2):
                start = position
                break
            position += size
        if start == end:
            return n_words, end, True
        if n_words == len(hashes_W):
            return n_words, start, False
        total = _hashed(P4, folded_U[np.uint64(code)])
        position += size
        is_spaced = kind <= 4
        while position < end:
            code, size = np.int64(data_D[np.uint64(position)]), np.int64(1)
            if code >= 0x80:
                code, size = decode(data_D, position)
            kind = classes_U[np.uint64(code)]
            if is_spaced:
                is_inner = (kind >= 2) & (kind <= 4)
                if not is_inner and (kind != 9 or not _goes_on(data_D, position + size, end, classes_U)):
                    break
            elif kind != 3:
                break
            total = _hashed(total, folded_U[np.uint64(code)])
            position += size
        at = np.uint64(n_words)
        hashes_W[at] = mixed(total)
        sizes_W[at] = sizes[0] if is_spaced else sizes[1]
        starts_W[at], stops_W[at] = start, position
        n_words += 1


@njit(cache=True, nogil=True)
def shifted(hashes_W, sizes_W, starts_W, stops_W, first, n_words):
    """Move the words from `first` on to the front; how many they are."""
    n_left = n_words - first
    for place in range(n_left):
        hashes_W[place], sizes_W[place] = hashes_W[first + place], sizes_W[first + place]
        starts_W[place], stops_W[place] = starts_W[first + place], stops_W[first + place]
    return n_left


@njit(cache=True, nogil=True, inline="always")
def extended(hashes_W, sizes_W, n_words, key, total, stop, whole):
    """The run that ends before `stop` with words after it until it has its whole size, if there are enough."""
    while stop < n_words and total < whole:
        key = key * BASE + hashes_W[np.uint64(stop)]
        total += sizes_W[np.uint64(stop)]
        stop += 1
    return key, total, stop


@njit(cache=True, nogil=True)
def key_of(hashes_W, first, stop):
    key = np.uint64(0)
    for place in range(first, stop):
        key = key * BASE + hashes_W[place]
    return key


@njit(cache=True, nogil=True)
def check_of(hashes_W, first, stop):
    """A hash of the same words that is no polynomial."""
    total = P1
    for place in range(first, stop):
        total = mixed(total ^ hashes_W[place]) * P2 + P4
    return total


@njit(cache=True, nogil=True)
def longer(array):
    """An array twice as long that begins with this one."""
    found = np.empty(2 * len(array), array.dtype)
    found[: len(array)] = array
    return found


@njit(cache=True, nogil=True)
def texts_kernel(data_D, offsets_N1, spec):
    """The fields of `Texts`; see `texts`."""
    n_texts = len(offsets_N1) - 1
    hashes_W, sizes_W = np.empty(N_SCRATCH, np.uint64), np.empty(N_SCRATCH, np.int64)
    starts_W, stops_W = np.empty(N_SCRATCH, np.int64), np.empty(N_SCRATCH, np.int64)
    keys_M, checks_M, rows_M = np.empty(64, np.uint64), np.empty(64, np.uint64), np.empty(64, np.int64)
    heads_N, lengths_N = np.zeros(n_texts, np.uint64), np.zeros(n_texts, np.int64)
    classes_U, folded_U, powers_L, sizes, whole, least = spec  # taken out once, for each look is counted
    n_found = 0
    for row in range(n_texts):
        position, end = offsets_N1[row], offsets_N1[row + 1]
        n_words, is_first, is_last = np.int64(0), True, False
        while not is_last:
            n_words, position, is_last = fill(
                data_D, position, end, classes_U, folded_U, sizes, hashes_W, sizes_W, starts_W, stops_W, n_words
            )
            n_starts = n_words if is_last else n_words - LONGEST
            key, total, stop = np.uint64(0), np.int64(0), np.int64(0)
            for first in range(n_starts):
                key, total, stop = extended(hashes_W, sizes_W, n_words, key, total, stop, whole)
                is_short = is_first and first == 0 and least <= total < whole
                if total < whole and not is_short:
                    break
                if n_found == len(keys_M):
                    keys_M, checks_M, rows_M = longer(keys_M), longer(checks_M), longer(rows_M)
                keys_M[n_found], checks_M[n_found], rows_M[n_found] = key, check_of(hashes_W, first, stop), row
                n_found += 1
                if is_short:
                    heads_N[row] = extended(hashes_W, sizes_W, n_words, np.uint64(0), np.int64(0), np.int64(0), least)[
                        0
                    ]
                    lengths_N[row] = n_words
                    break
                key -= hashes_W[first] * powers_L[stop - first - 1]
                total -= sizes_W[first]
            if not is_last:
                n_words = shifted(hashes_W, sizes_W, starts_W, stops_W, n_starts, n_words)
                is_first = False
    return keys_M[:n_found].copy(), checks_M[:n_found].copy(), rows_M[:n_found].copy(), heads_N, lengths_N


def texts(data, offsets, spec: Grams) -> Texts:
    """The n-grams of texts. data uint8[D], offsets int64[N+1].

    One that is too short for an n-gram and has at least the size `least` has one n-gram, of all its words.
    """
    return Texts(*texts_kernel(data, offsets, spec))
