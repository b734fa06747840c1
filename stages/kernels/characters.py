"""Characters: of which families they are, how evenly they are used, and how far the text can be compressed.

Letters: D bytes, N documents, U code points, F families, T distinct characters, A counts of ASCII, S slots of a
hash table, Q measures.
Every character is of one family; the measures of a document are sums over the families of its characters.
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
from numba import njit

from .lines import FINEWEB_TERMINAL
from .loads import word32, word64
from .utf8 import JOINER, LETTER, N_CODE_POINTS, PUNCTUATION, UNSPACED, classes, decode

(
    N_CHARS, N_LETTERS, N_UPPER, N_DIGITS, N_SPACES, N_PUNCTUATION, N_SYMBOLS, N_MARKS, N_OTHER,
    N_HAN, N_CJK, N_ASCII, N_HASH, N_BRACES, N_ELLIPSES, N_REPLACEMENT,
    N_STOPS, N_COMMAS, N_QUESTIONS, N_EXCLAMATIONS, N_QUOTES, N_BRACKETS, N_DASHES,
    CHAR_ENTROPY, PUNCTUATION_ENTROPY, LZ_BYTES,
) = range(26)  # fmt: skip
"""Measures, in characters unless said otherwise.

All; letters (L*, 〇); capitals among them (Lu, Lt); numbers (N*); white space as `str.isspace`; punctuation (P*);
symbols (S*); marks (M* and what `utf8` takes for one); all else. From N_LETTERS to N_OTHER, those but N_UPPER add up
to N_CHARS. Han characters; Han, kana, bopomofo and Hangul; ASCII; `#`; `{` and `}`; `...` and `…`, as `str.count`
counts them; U+FFFD.
Punctuation: full stops of all scripts (FINEWEB_TERMINAL without the next two); commas, colons and semicolons; question
marks; exclamation marks; quotes (Pi, Pf and QUOTES: apostrophes are among them); other brackets (Ps, Pe); dashes (Pd).
Shannon's entropy of the characters, and of the punctuation over its families (the above and all other), in
ten-thousandths of a bit per character, rounded; 0 where there is none. LZ_BYTES: see `_lz_bytes`."""
N_MEASURES = 26
ENTROPY_SCALE = 10_000

QUOTES = "\"'‚„「」『』｢｣﹁﹂﹃﹄〝〞〟＂＇"
"""Quotes that are not of the categories Pi and Pf."""

(
    _OTHER, _SPACE, _MARK, _DIGIT, _SYMBOL, _LETTER, _UPPER, _HAN, _KANA, _HANGUL,
    _STOP, _COMMA, _QUESTION, _EXCLAMATION, _QUOTE, _BRACKET, _DASH, _PUNCTUATION,
) = range(18)  # fmt: skip
_N_FAMILIES = 18
_BY_CLASS = np.array(
    [_OTHER, _SPACE, _LETTER, _MARK, _DIGIT, _HAN, _LETTER, _PUNCTUATION, _SYMBOL, _PUNCTUATION], np.uint8
)
"""Class of `utf8` -> family, before letters and punctuation are told apart."""
_KANA_BLOCKS = (
    (0x3040, 0x30FF),
    (0x3100, 0x312F),
    (0x31A0, 0x31BF),
    (0x31F0, 0x31FF),
    (0xFF66, 0xFF9F),
    (0x1AFF0, 0x1B16F),
)
_HANGUL_BLOCKS = ((0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xFFA0, 0xFFDC))

_TABLE_BITS = 13
_HIGH_BITS, _LOW_BITS = np.uint64(0x8080808080808080), np.uint64(0x7F7F7F7F7F7F7F7F)
_DOTS, _ONES = np.uint64(0x2E2E2E2E2E2E2E2E), np.uint64(0x0101010101010101)
_N_ENTROPY_TERMS = 4096


@functools.cache
def families() -> np.ndarray:
    """The family of every code point, uint8[U], made once per process."""
    kinds = classes()
    table = _BY_CLASS[kinds]
    is_letter = (kinds == LETTER) | (kinds == UNSPACED)
    for blocks, family in ((_KANA_BLOCKS, _KANA), (_HANGUL_BLOCKS, _HANGUL)):
        for first, last in blocks:
            table[first : last + 1][is_letter[first : last + 1]] = family
    for code in np.flatnonzero(table == _LETTER).tolist():
        if unicodedata.category(chr(code)) in ("Lu", "Lt"):
            table[code] = _UPPER
    for code in np.flatnonzero((kinds == PUNCTUATION) | (kinds == JOINER)).tolist():
        table[code] = _punctuation_family(chr(code))
    table.flags.writeable = False
    return table


def _punctuation_family(character: str) -> int:
    name, category = unicodedata.name(character), unicodedata.category(character)
    if "QUESTION" in name or "INTERROBANG" in name:
        return _QUESTION
    if "EXCLAMATION" in name:
        return _EXCLAMATION
    if character in FINEWEB_TERMINAL:
        return _STOP
    if "COMMA" in name or "COLON" in name:
        return _COMMA
    if character in QUOTES:
        return _QUOTE
    return {"Pi": _QUOTE, "Pf": _QUOTE, "Ps": _BRACKET, "Pe": _BRACKET, "Pd": _DASH}.get(category, _PUNCTUATION)


@njit(cache=True, nogil=True)
def _count_characters(data_D, start, end, ascii_A, counts_U, found_T):
    """Count every character in `counts_U`; of how many kinds those other than ASCII are, which `found_T` then lists.

    ascii_A: two histograms that take turns, since a count that has just been written is slow to read; zeros, and
    zeros again afterwards.
    """
    n_found, position = np.int64(0), start
    while position < end:
        if position + 8 <= end:
            word = word64(data_D, position)
            if word & _HIGH_BITS == 0:
                for place in range(8):
                    byte = (word >> np.uint64(8 * place)) & np.uint64(0x7F)
                    ascii_A[byte | np.uint64(0x80 * (place & 1))] += np.uint32(1)
                position += 8
                continue
        code, size = decode(data_D, position)
        found_T[n_found] = code
        n_found += (counts_U[code] == 0) & (code >= 0x80)
        counts_U[code] += np.uint32(1)
        position += size
    for code in range(0x80):
        counts_U[code] += ascii_A[code] + ascii_A[0x80 + code]
    ascii_A[:] = 0
    return n_found


@njit(cache=True, nogil=True)
def _count_ellipses(data_D, start, end):
    """How often `...` is in a text, as `str.count` counts: none overlaps the one before."""
    n_ellipses, n_dots, before, position = np.int64(0), np.int64(0), np.uint64(0), start
    while position < end:
        if position + 8 <= end:
            other = word64(data_D, position) ^ _DOTS
            dots = ~((other & _LOW_BITS) + _LOW_BITS | other) & _HIGH_BITS
            neighbours = dots & (dots << np.uint64(8) | before)
            before = dots >> np.uint64(56)
            if neighbours == 0:
                n_dots = np.int64(before > 0)
                position += 8
                continue
        for byte in data_D[position : min(position + 8, end)]:
            n_dots = n_dots + 1 if byte == 0x2E else np.int64(0)
            if n_dots == 3:
                n_ellipses += 1
                n_dots = np.int64(0)
        position += 8
    return n_ellipses


@njit(cache=True, nogil=True)
def _term(count, terms_E):
    """count * log2(count)."""
    return terms_E[count] if count < len(terms_E) else count * np.log2(np.float64(count))


@njit(cache=True, nogil=True)
def _entropy(sum_of_terms, n_chars):
    """Entropy from the sum of count * log2(count), in ten-thousandths of a bit, int64."""
    if n_chars == 0:
        return np.int64(0)
    return np.int64(np.rint(ENTROPY_SCALE * (np.log2(np.float64(n_chars)) - sum_of_terms / n_chars)))


@njit(cache=True, nogil=True)
def _sum_families(counts_U, found_T, families_U, families_F, terms_E):
    """Add up the counts by family and take them out of `counts_U`; the sum of count * log2(count)."""
    total = 0.0
    for code in range(0x80):
        count = counts_U[code]
        if count > 0:
            families_F[families_U[code]] += count
            total += _term(count, terms_E)
            counts_U[code] = 0
    for code in found_T:
        count = counts_U[code]
        families_F[families_U[code]] += count
        total += _term(count, terms_E)
        counts_U[code] = 0
    return total


@njit(cache=True, nogil=True)
def _write_measures(families_F, terms_E, measures_Q):
    """The measures that follow from the sums by family."""
    n_chars, n_punctuation, punctuation_terms = np.int64(0), np.int64(0), 0.0
    for family in range(_N_FAMILIES):
        n_chars += families_F[family]
        if family >= _STOP:
            n_punctuation += families_F[family]
            punctuation_terms += _term(families_F[family], terms_E)
    n_cjk = families_F[_HAN] + families_F[_KANA] + families_F[_HANGUL]
    measures_Q[N_CHARS], measures_Q[N_PUNCTUATION] = n_chars, n_punctuation
    measures_Q[N_LETTERS] = families_F[_LETTER] + families_F[_UPPER] + n_cjk
    measures_Q[N_UPPER], measures_Q[N_HAN], measures_Q[N_CJK] = families_F[_UPPER], families_F[_HAN], n_cjk
    measures_Q[N_DIGITS], measures_Q[N_SPACES] = families_F[_DIGIT], families_F[_SPACE]
    measures_Q[N_SYMBOLS], measures_Q[N_MARKS] = families_F[_SYMBOL], families_F[_MARK]
    measures_Q[N_OTHER] = families_F[_OTHER]
    measures_Q[N_STOPS : N_DASHES + 1] = families_F[_STOP : _DASH + 1]
    measures_Q[PUNCTUATION_ENTROPY] = _entropy(punctuation_terms, n_punctuation)


@njit(cache=True, nogil=True)
def _common_bytes(data_D, earlier, later, end):
    """For how many bytes the text at two positions is the same, before the later reaches `end`."""
    start = later
    while later + 8 <= end:
        other = word64(data_D, earlier) ^ word64(data_D, later)
        below = (other - np.uint64(1)) & ~other  # ones below the lowest one
        n_same = np.int64((below >> np.uint64(7) & _ONES) * _ONES >> np.uint64(56))
        later += n_same
        if n_same < 8:
            return later - start
        earlier += 8
    while later < end and data_D[earlier] == data_D[later]:
        earlier += 1
        later += 1
    return later - start


@njit(cache=True, nogil=True)
def _lz_bytes(data_D, start, end, places_S):
    """Bytes of the LZ4 block that a greedy parse of the text would write (lz4_Block_format.md of lz4/lz4).

    From left to right, the four bytes at a position are looked up in a table of 2^13 hashes, which then holds that
    position modulo 2^16; where they equal the bytes at the nearest position before that the entry can mean, the
    longest match from there is taken, and the next position is the one after it. An entry that was never written
    means the first position, and the search begins at the second. A sequence costs a byte, its literals, two bytes
    of distance, and a byte per 255 by which the literals or the match less four exceed 14. As the format wants it,
    matches begin 12 bytes and end 5 bytes before the end, and the last sequence is of literals only.

    places_S: uint16[S], written over. So small, it stays in the processor's first cache.
    """
    places_S[:] = 0
    n_bytes, position, written = np.int64(0), start + 1, start
    while position + 12 <= end:
        word = word32(data_D, position)
        slot = np.int64(np.uint32(word * np.uint32(2654435761)) >> np.uint32(32 - _TABLE_BITS))
        distance = np.int64(np.uint16(position - start - np.int64(places_S[slot])))
        places_S[slot] = np.uint16(position - start)
        if (distance == 0) | (word32(data_D, position - distance) != word):
            position += 1
            continue
        n_more = _common_bytes(data_D, position + 4 - distance, position + 4, end - 5)
        n_literals = position - written
        n_bytes += 3 + n_literals + (n_literals + 240) // 255 + (n_more + 240) // 255
        position += 4 + n_more
        written = position
    n_literals = end - written
    return n_bytes + 1 + n_literals + (n_literals + 240) // 255


@njit(cache=True, nogil=True)
def measure_kernel(data_D, offsets_N1, families_U, counts_U, terms_E):
    """int64[N, Q]; see `measure`. counts_U uint32[U]: zeros."""
    n_documents = len(offsets_N1) - 1
    measures_NQ = np.zeros((n_documents, N_MEASURES), np.int64)
    found_T, families_F = np.empty(N_CODE_POINTS + 1, np.int64), np.empty(_N_FAMILIES, np.int64)
    ascii_A, places_S = np.zeros(0x100, np.uint32), np.empty(1 << _TABLE_BITS, np.uint16)
    for row in range(n_documents):
        start, end = offsets_N1[row], offsets_N1[row + 1]
        measures_Q = measures_NQ[row]
        n_found = _count_characters(data_D, start, end, ascii_A, counts_U, found_T)
        for code in range(0x80):
            measures_Q[N_ASCII] += counts_U[code]
        measures_Q[N_HASH], measures_Q[N_BRACES] = counts_U[0x23], counts_U[0x7B] + counts_U[0x7D]
        measures_Q[N_ELLIPSES] = _count_ellipses(data_D, start, end) + counts_U[0x2026]
        measures_Q[N_REPLACEMENT] = counts_U[0xFFFD]
        families_F[:] = 0
        terms = _sum_families(counts_U, found_T[:n_found], families_U, families_F, terms_E)
        _write_measures(families_F, terms_E, measures_Q)
        measures_Q[CHAR_ENTROPY] = _entropy(terms, measures_Q[N_CHARS])
        measures_Q[LZ_BYTES] = _lz_bytes(data_D, start, end, places_S)
    return measures_NQ


@functools.cache
def _entropy_terms() -> np.ndarray:
    """count * log2(count) of small counts, float64[E]."""
    counts = np.arange(_N_ENTROPY_TERMS, dtype=np.float64)
    return counts * np.log2(np.maximum(counts, 1))


def measure(data, offsets) -> np.ndarray:
    """Measures of the characters of each document, int64[N, Q]; columns N_CHARS, N_LETTERS, ..."""
    counts = np.zeros(N_CODE_POINTS, np.uint32)  # here, for Python's zeros cost nothing until they are used
    return measure_kernel(data, offsets, families(), counts, _entropy_terms())
