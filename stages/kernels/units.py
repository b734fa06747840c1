"""Units: what the rules about words count, a document at a time and into the caller's scratch arrays.

Letters: D bytes, U code points, W units. There are two ways to find units, with the same arrays:

    FAST   the words of `words`, and every other punctuation mark or symbol by itself (PUNCTUATION, SYMBOL and
           JOINER of `utf8`); controls, white space and stray marks are no units
    SPACY  the tokens of spaCy's blank English pipeline that are not white space, as datatrove counts words

A unit function fills, per unit: starts_W and stops_W int64 (byte positions in `data_D`), chars_W int64 (code
points), kinds_W uint8 (HAS_LETTER, NOT_SYMBOL, CHARACTER) and hashes_W uint64 (`hash_bytes` of its bytes). It
returns how many there are, or -1 if the arrays are too short: the caller then comes again with longer ones.
"""

from __future__ import annotations

import functools

import numpy as np
from numba import njit

from .hashing import mixed
from .utf8 import DIGIT, HAN, JOINER, LETTER, MARK, PUNCTUATION, SPACE, UNSPACED, classes, decode

FAST, SPACY = 0, 1

HAS_LETTER, NOT_SYMBOL, CHARACTER = 1, 2, 4
"""Kinds: some character is a letter (`str.isalpha`); some character is not one of datatrove's PUNCTUATION_SET; the
unit is one character of a script written without spaces (HAN, UNSPACED), with its marks."""

SENTENCE_END, IS_PUNCTUATION, IN_WORD = 4, 8, 16
"""Further flags of code points, beside HAS_LETTER and NOT_SYMBOL: ends a sentence for spaCy's sentencizer; is in the
Unicode category P*; is a LETTER, DIGIT or MARK of `utf8`."""

FNV_OFFSET, GOLDEN = np.uint64(0xCBF29CE484222325), np.uint64(0x9E3779B97F4A7C15)

_SENTENCE_ENDS = """
21 2e 3f 589 61f 6d4 700-702 7f9 964-965 104a-104b 1362 1367-1368 166e 1735-1736 1803 1809 1944-1945 1aa8-1aab 1b5a-1b5b
1b5e-1b5f 1c3b-1c3c 1c7e-1c7f 203c-203d 2047-2049 2e2e 2e3c 3002 a4ff a60e-a60f a6f3 a6f7 a876-a877 a8ce-a8cf a92f
a9c8-a9c9 aa5d-aa5f aaf0-aaf1 abeb fe52 fe56-fe57 ff01 ff0e ff1f ff61 10a56-10a57 11047-11048 110be-110c1 11141-11143
111c5-111c6 111cd 111de-111df 11238-11239 1123b-1123c 112a9 1144b-1144c 115c2-115c3 115c9-115d7 11641-11642 1173c-1173e
11a42-11a43 11a9b-11a9c 11c41-11c42 16a6e-16a6f 16af5 16b37-16b38 16b44 1bc9f 1da88
"""
"""`Sentencizer.default_punct_chars` of spaCy 3.8: code points, hexadecimal."""
_OTHER_TERMINALS = """
61d-61e 837 839 83d-83e 17d4-17d6 17d9-17da 1b7d-1b7e 2e53-2e54 10f55-10f59 10f86-10f89 11944 11946 11ef7-11ef8
11f43-11f44 16e98
"""
"""What TERMINAL_PUNCTUATION of datatrove 0.10 has besides."""
_SYMBOLS = "\"#$%&'()*+,-/:;<=>@[\\]^_`{|}~«´»–—’“”„…∶━►、〈〉《》「」【】％（），１：；～"
_CONTROLS = "0-8 b-1f 7f-9f"
"""The rest of datatrove's PUNCTUATION_SET."""


def _code_points(ranges: str) -> list[int]:
    """The code points of ranges in hexadecimal, `21 30-39`."""
    ends = [item.split("-") for item in ranges.split()]
    return [code for item in ends for code in range(int(item[0], 16), int(item[-1], 16) + 1)]


@functools.cache
def flags() -> np.ndarray:
    """The flags of every code point, uint8[0x110000]: HAS_LETTER, NOT_SYMBOL, SENTENCE_END, ..."""
    kinds = classes()
    table = np.full(len(kinds), NOT_SYMBOL, np.uint8)
    table[np.isin(kinds, (LETTER, HAN, UNSPACED))] |= HAS_LETTER
    table[ord("〇")] &= ~np.uint8(HAS_LETTER)  # a number, HAN for the words
    table[np.isin(kinds, (PUNCTUATION, JOINER))] |= IS_PUNCTUATION
    table[np.isin(kinds, (LETTER, DIGIT, MARK))] |= IN_WORD
    ends = _code_points(_SENTENCE_ENDS)
    table[ends] |= SENTENCE_END
    symbols = [*ends, *_code_points(_OTHER_TERMINALS), *map(ord, _SYMBOLS), *_code_points(_CONTROLS)]
    table[symbols] &= ~np.uint8(NOT_SYMBOL)
    table.flags.writeable = False
    return table


@njit(cache=True, nogil=True, inline="always")
def hash_on(hashed, data_D, start, stop):
    """The running hash, uint64, after further bytes; `mixed` ends it, and FNV_OFFSET begins it."""
    for place in range(start, stop):
        hashed = (hashed ^ np.uint64(data_D[place])) * GOLDEN
    return hashed


@njit(cache=True, nogil=True)
def hash_bytes(data_D, start, stop):
    """The hash of a unit's bytes, uint64: FNV-1a with a 64-bit multiplier, and the finalizer of XXH64."""
    return mixed(hash_on(FNV_OFFSET, data_D, start, stop))


@njit(cache=True, nogil=True, inline="always")
def _joins(data_D, position, end, classes_U):
    """Whether a letter or digit stands at a byte position, so that the joiner before it is part of the word."""
    if position >= end:
        return False
    code, _ = decode(data_D, position)
    kind = classes_U[code]
    return kind == LETTER or kind == DIGIT


@njit(cache=True, nogil=True)
def fast_units(data_D, start, end, classes_U, flags_U, starts_W, stops_W, chars_W, kinds_W, hashes_W):
    """FAST units of the document between two bytes: their number, int64, or -1; see the module.

    ASCII letters and digits, most of the text in many languages, take the shortest way, by one look into flags_U.
    """
    n_units, position, n_scratch = np.int64(0), start, len(starts_W)
    while position < end:
        code, size = decode(data_D, position)
        kind = classes_U[code]
        if kind <= SPACE or kind == MARK:
            position += size
            continue
        if n_units == n_scratch:
            return np.int64(-1)
        starts_W[n_units] = position
        marked, character, n_chars = flags_U[code], np.uint8(0), np.int64(1)
        hashed = hash_on(FNV_OFFSET, data_D, position, position + size)
        position += size
        if kind == LETTER or kind == DIGIT:
            while position < end:
                byte = data_D[np.uint64(position)]  # an index that is not asked whether it counts from the end
                if byte < 0x80:
                    ascii_flags = flags_U[np.uint64(byte)]
                    if ascii_flags & IN_WORD:
                        marked |= ascii_flags
                        hashed = (hashed ^ np.uint64(byte)) * GOLDEN
                        n_chars += 1
                        position += 1
                        continue
                    if classes_U[np.uint64(byte)] != JOINER:
                        break
                code, size = decode(data_D, position)
                kind = classes_U[code]
                is_inside = kind == LETTER or kind == DIGIT or kind == MARK
                if not is_inside and not (kind == JOINER and _joins(data_D, position + size, end, classes_U)):
                    break
                marked |= flags_U[code]
                hashed = hash_on(hashed, data_D, position, position + size)
                n_chars += 1
                position += size
        elif kind == HAN or kind == UNSPACED:
            character = np.uint8(CHARACTER)
            while position < end and data_D[position] >= 0x80:  # no mark is ASCII
                code, size = decode(data_D, position)
                if classes_U[code] != MARK:
                    break
                marked |= flags_U[code]
                hashed = hash_on(hashed, data_D, position, position + size)
                n_chars += 1
                position += size
        stops_W[n_units], chars_W[n_units], hashes_W[n_units] = position, n_chars, mixed(hashed)
        kinds_W[n_units] = marked & np.uint8(HAS_LETTER | NOT_SYMBOL) | character
        n_units += 1
    return n_units
