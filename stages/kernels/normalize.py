"""Where text is not normal: spans to remove, to make a line end, or to bring to NFC.

Letters: D bytes, N documents, M spans. A span of kind COMPOSE begins at the last starter before the
character that is not in order and goes on to the next one that cannot change, so that the form NFC
of the span alone is that of the whole text (Unicode Standard Annex #15, section 9).
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
from numba import njit

from .utf8 import N_CODE_POINTS, assigned_code_points, decode

STABLE = 0
"""A starter that no composition before or after can pull in from the left; it never changes alone."""
REMOVE = 1
"""Controls, U+FEFF and noncharacters."""
LINE_END = 2
"""Everything that ends a line except `\\n` itself."""
UNSURE = 3
"""NFC_Quick_Check is No or Maybe."""
MARK = 4
"""A combining mark (ccc > 0) that is in NFC if the marks before it have no higher class."""
BLANK = 5
"""White space that stays as it is."""
COMPOSE = UNSURE
"""As the kind of a span: bring it to NFC."""

LINE_ENDS = "\r\v\f\x85\u2028\u2029"
N_REPLACED, N_CHARS, N_VISIBLE = range(3)
"""Counts of `find`: U+FFFD; characters that stay; those of them that are not white space."""


def kind_of(character: str, composing: frozenset[str]) -> int:
    """The kind of one character; composing: the characters that can compose with one before them."""
    code = ord(character)
    if character in LINE_ENDS:
        return LINE_END
    if character in "\n\t":
        return BLANK
    is_noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    if unicodedata.category(character) == "Cc" or code == 0xFEFF or is_noncharacter:
        return REMOVE
    if character in composing or unicodedata.normalize("NFC", character) != character:
        return UNSURE
    if unicodedata.combining(character):
        return MARK
    return BLANK if character.isspace() else STABLE


def composing_characters() -> frozenset[str]:
    """Characters that may compose with one before them: NFC_Quick_Check Maybe."""
    second = {chr(code) for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}  # Hangul vowels and finals
    for code in assigned_code_points():
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            second.add(chr(int(parts[1], 16)))
    return frozenset(second)


@functools.cache
def tables() -> tuple[np.ndarray, np.ndarray]:
    """The kind and the canonical combining class of every code point, uint8[0x110000] each, made once per process."""
    kinds, marks = np.zeros(N_CODE_POINTS, np.uint8), np.zeros(N_CODE_POINTS, np.uint8)
    composing = composing_characters()
    for code in assigned_code_points():
        kinds[code] = kind_of(chr(code), composing)
        marks[code] = unicodedata.combining(chr(code))
    for plane in range(17):  # the last two code points of every plane are noncharacters
        kinds[(plane << 16) + 0xFFFE : (plane << 16) + 0x10000] = REMOVE
    return kinds, marks


@njit(cache=True, nogil=True)
def _grown(spans_M4):
    larger = np.empty((2 * len(spans_M4), 4), np.int64)
    larger[: len(spans_M4)] = spans_M4
    return larger


@njit(cache=True, nogil=True)
def _plain_run(data_D, position, end):
    """Where the ASCII characters that always stay end, and how many of them are white space."""
    n_blank = np.int64(0)
    while position < end:
        byte = data_D[position]
        if byte >= 0x7F or (byte < 0x20 and byte != 0x0A and byte != 0x09):
            break
        n_blank += np.int64(byte <= 0x20)
        position += 1
    return position, n_blank


@njit(cache=True, nogil=True)
def _is_quad(code):
    """Whether it is one of the two white-space characters that NFC replaces by another."""
    return code == 0x2000 or code == 0x2001


@njit(cache=True, nogil=True)
def _span_at(data_D, position, end, starter, kinds_U):
    """The span of a character that may not stay: start, stop, kind; characters that stay in it, and blank ones."""
    code, size = decode(data_D, position)
    stop, kind = position + size, np.int64(kinds_U[code])
    if kind == LINE_END:
        is_pair = code == 13 and stop < end and data_D[stop] == 10
        return position, stop + is_pair, kind, np.int64(1), np.int64(1)
    n_chars, n_blank = np.int64(kind != REMOVE), np.int64(_is_quad(code))
    while stop < end:
        code, size = decode(data_D, stop)
        other = np.int64(kinds_U[code])
        if other != REMOVE and (kind == REMOVE or (other != UNSURE and other != MARK)):
            break
        n_chars += other != REMOVE
        n_blank += _is_quad(code)
        stop += size
    if kind == REMOVE:
        return position, stop, kind, n_chars, n_blank
    return starter if starter >= 0 else position, stop, np.int64(COMPOSE), n_chars, n_blank


@njit(cache=True, nogil=True)
def _find_in_row(data_D, begin, end, row, tables, spans_M4, n_spans, counts_3):
    """Write the spans of one document after those there are; the spans, which may have grown, and their number."""
    kinds_U, marks_U = tables
    first_span = n_spans
    position, starter, last_mark = begin, np.int64(-1), np.int64(0)
    n_chars, n_blank, n_replaced = np.int64(0), np.int64(0), np.int64(0)
    while position < end:
        plain, blank = _plain_run(data_D, position, end)
        if plain > position:
            n_chars, n_blank = n_chars + plain - position, n_blank + blank
            position, starter, last_mark = plain, plain - 1, np.int64(0)
            continue
        code, size = decode(data_D, position)
        kind, mark = np.int64(kinds_U[code]), np.int64(marks_U[code])
        if kind == STABLE or kind == BLANK or (kind == MARK and mark >= last_mark):
            n_chars += 1
            n_blank += kind == BLANK
            n_replaced += code == 0xFFFD
            starter, last_mark = starter if kind == MARK else position, mark
            position += size
            continue
        start, position, kind, span_chars, span_blank = _span_at(data_D, position, end, starter, kinds_U)
        n_chars, n_blank = n_chars + span_chars, n_blank + span_blank
        if kind != REMOVE:
            starter, last_mark = np.int64(-1), np.int64(0)
            while n_spans > first_span and spans_M4[n_spans - 1, 2] > start - begin:
                n_spans -= 1  # what was to be removed inside this span
        spans_M4 = _grown(spans_M4) if n_spans == len(spans_M4) else spans_M4
        span_4 = spans_M4[n_spans]
        span_4[0], span_4[1], span_4[2], span_4[3] = row, start - begin, position - begin, kind
        n_spans += 1
    counts_3[N_REPLACED], counts_3[N_CHARS], counts_3[N_VISIBLE] = n_replaced, n_chars, n_chars - n_blank
    return spans_M4, n_spans


@njit(cache=True, nogil=True)
def find_kernel(data_D, offsets_N1, tables):
    """spans int64[M, 4] (row, start, stop, kind; bytes relative to the row) and counts int64[N, 3]."""
    n_documents = len(offsets_N1) - 1
    counts_N3 = np.zeros((n_documents, 3), np.int64)
    spans_M4 = np.empty((1024, 4), np.int64)
    n_spans = np.int64(0)
    for row in range(n_documents):
        begin, end = offsets_N1[row], offsets_N1[row + 1]
        spans_M4, n_spans = _find_in_row(data_D, begin, end, row, tables, spans_M4, n_spans, counts_N3[row])
    return spans_M4[:n_spans].copy(), counts_N3


def find(data, offsets) -> tuple[np.ndarray, np.ndarray]:
    """Spans that are not normal, int64[M, 4] (row, start, stop, kind), sorted; counts int64[N, 3].

    A COMPOSE span may turn out to be normal already; its characters count as they are before composition.
    """
    return find_kernel(data, offsets, tables())
