"""UTF-8: a character read and written, the class of every character, and counts of characters by class.

Letters: D bytes, N documents, C classes. Text is valid UTF-8 (Arrow checks it), so the decode step
does not look for broken sequences. Kernels take `classes_U: uint8[0x110000]`, the class of every
code point, as an argument; Python callers get it from `classes()`.
"""

from __future__ import annotations

import functools
import re
import unicodedata

import numpy as np
from numba import njit

N_CODE_POINTS = 0x110000

OTHER = 0
"""Controls, format characters, private use, unassigned: neither word nor white space."""
SPACE = 1
"""White space as `str.isspace`."""
LETTER = 2
"""Letters (L*) of scripts that put spaces between words; Hangul is among them."""
MARK = 3
"""Combining marks (M*), zero-width joiner and non-joiner, soft hyphen: they continue a word, never begin one."""
DIGIT = 4
"""Numbers (N*): decimal digits and the like of `²`, `½`, `Ⅷ`."""
HAN = 5
"""Han characters, with 々 〆 〇; each is a word of its own."""
UNSPACED = 6
"""Letters of the other scripts written without spaces; each is a word of its own (see `UNSPACED_SCRIPTS`)."""
PUNCTUATION = 7
"""Punctuation (P*) except JOINER."""
SYMBOL = 8
"""Symbols (S*): currency, mathematics, emoji, `+ < = > | ~`."""
JOINER = 9
"""`' ’ - ‐ ‑ _`: inside a word if a single one stands between two letters or digits, else punctuation."""
N_CLASSES = 10

UNSPACED_SCRIPTS = re.compile(
    "(HALFWIDTH )?(HIRAGANA|HENTAIGANA|KATAKANA|BOPOMOFO|THAI|LAO|KHMER|MYANMAR|AHOM|TANGUT|NUSHU|YI|TAI LE|NEW TAI LUE"
    "|TAI THAM|TAI VIET)\\b"
)
"""Kana, syllabaries and the scripts of line-breaking class SA (UAX #14), by how the names of their characters begin."""

_JOINERS = "'’-‐‑_"
_JOINING_FORMATS = "\u00ad\u200c\u200d"
_UNIFORM_BLOCKS = ((0x3400, 0x9FFF, HAN), (0xAC00, 0xD7A3, LETTER), (0x20000, 0x3FFFF, HAN))
"""Where letters, most of all there are, need no look at their names."""
_BY_MAJOR_CATEGORY = {"L": LETTER, "M": MARK, "N": DIGIT, "P": PUNCTUATION, "S": SYMBOL, "C": OTHER, "Z": SPACE}


def assigned_code_points() -> list[int]:
    """Code points worth a look: planes 0 to 3 without surrogates, and 14; the others are unassigned or private."""
    return [*range(0xD800), *range(0xE000, 0x40000), *range(0xE0000, 0xE0200)]


def class_of(character: str) -> int:
    """The class of one character, from `unicodedata`."""
    if character in _JOINERS:
        return JOINER
    if character in _JOINING_FORMATS:
        return MARK
    if character.isspace():
        return SPACE
    major = unicodedata.category(character)[0]
    if major == "L" or character == "〇":
        return _class_of_letter(character)
    return _BY_MAJOR_CATEGORY[major]


def _class_of_letter(character: str) -> int:
    name = unicodedata.name(character, "")
    if name.startswith(("CJK UNIFIED", "CJK COMPATIBILITY", "IDEOGRAPHIC")):
        return HAN
    return UNSPACED if UNSPACED_SCRIPTS.match(name) else LETTER


@functools.cache
def classes() -> np.ndarray:
    """The class of every code point, uint8[0x110000], made once per process (50 ms).

    It depends on the Unicode version of Python: a stage that uses it returns
    `{"unicode": unicodedata.unidata_version}` from `identity`.
    """
    codes = np.array(assigned_code_points())
    characters = codes.astype(np.uint32).tobytes().decode("utf-32")
    majors = np.frombuffer("".join(map(unicodedata.category, characters)).encode(), np.uint8)[::2]
    by_major = np.zeros(128, np.uint8)
    by_major[[ord(major) for major in _BY_MAJOR_CATEGORY]] = list(_BY_MAJOR_CATEGORY.values())
    table = np.zeros(N_CODE_POINTS, dtype=np.uint8)
    table[codes] = by_major[majors]
    is_letter = table == LETTER
    for first, last, kind in _UNIFORM_BLOCKS:
        table[first : last + 1][is_letter[first : last + 1]] = kind
        is_letter[first : last + 1] = False
    own = [*filter(str.isspace, characters), *_JOINERS, *_JOINING_FORMATS, "〇"]
    for code in [*np.flatnonzero(is_letter).tolist(), *map(ord, own)]:
        table[code] = class_of(chr(code))
    table.flags.writeable = False
    return table


@functools.cache
def lower_case() -> np.ndarray:
    """Every code point in lower case if that is one character, else as it is, uint32[0x110000]; made once."""
    table = np.arange(N_CODE_POINTS, dtype=np.uint32)
    for code in assigned_code_points():
        lower = chr(code).lower()
        if len(lower) == 1:
            table[code] = ord(lower)
    table.flags.writeable = False
    return table


@njit(cache=True, nogil=True)
def decode(data_D, position):
    """The character that begins at a byte position: its code point and its length in bytes, int64 both."""
    first = np.int64(data_D[position])
    if first < 0x80:
        return first, np.int64(1)
    second = np.int64(data_D[position + 1]) & 0x3F
    if first < 0xE0:
        return (first & 0x1F) << 6 | second, np.int64(2)
    third = np.int64(data_D[position + 2]) & 0x3F
    if first < 0xF0:
        return (first & 0x0F) << 12 | second << 6 | third, np.int64(3)
    fourth = np.int64(data_D[position + 3]) & 0x3F
    return (first & 0x07) << 18 | second << 12 | third << 6 | fourth, np.int64(4)


@njit(cache=True, nogil=True)
def encode(code, data_D, position):
    """Write a code point as UTF-8 at a byte position; returns the position after it."""
    if code < 0x80:
        data_D[position] = code
        return position + 1
    if code < 0x800:
        data_D[position] = 0xC0 | code >> 6
        data_D[position + 1] = 0x80 | code & 0x3F
        return position + 2
    if code < 0x10000:
        data_D[position] = 0xE0 | code >> 12
        data_D[position + 1] = 0x80 | code >> 6 & 0x3F
        data_D[position + 2] = 0x80 | code & 0x3F
        return position + 3
    data_D[position] = 0xF0 | code >> 18
    data_D[position + 1] = 0x80 | code >> 12 & 0x3F
    data_D[position + 2] = 0x80 | code >> 6 & 0x3F
    data_D[position + 3] = 0x80 | code & 0x3F
    return position + 4


@njit(cache=True, nogil=True)
def decode_before(data_D, position):
    """The character that ends before a byte position: its code point and its length in bytes, int64 both."""
    start = position - 1
    while data_D[start] & 0xC0 == 0x80:
        start -= 1
    return decode(data_D, start)


@njit(cache=True, nogil=True)
def count_classes_kernel(data_D, offsets_N1, classes_U):
    """Characters of each class, int64[N, C]."""
    n_documents = len(offsets_N1) - 1
    counts_NC = np.zeros((n_documents, 10), dtype=np.int64)
    for row in range(n_documents):
        position, end = offsets_N1[row], offsets_N1[row + 1]
        counts_C = counts_NC[row]
        while position < end:
            code, size = decode(data_D, position)
            counts_C[classes_U[code]] += 1
            position += size
    return counts_NC


def count_classes(data, offsets) -> np.ndarray:
    """Characters of each class in each document, int64[N, C]; a row's sum is its length in characters."""
    return count_classes_kernel(data, offsets, classes())
