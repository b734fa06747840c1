"""Marks of a text, which may hold personal data, so that only what is around them is looked at closely.

Letters: D bytes, N documents, M marks, B = 256 byte values. What each kind of mark is, `recognizers.marks` defines:
here are the same marks, found in two passes over the bytes, and words in one more. A pass looks only at the bytes with
which a mark may begin; of a run of letters and digits it looks at every 25th byte, one of which any such run must have.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .automaton import LEFT, RIGHT, Automaton, is_free, next_hit
from .utf8 import classes

AT, DIGITS, COLONS, PAIRS, RUN, CODE, WORDS = range(1, 8)
"""Kinds of marks; those of words that may go on, or may have begun before, are of the kind WORDS too."""
MIN_DIGITS, MIN_RUN, MAX_SEPARATORS = 7, 25, 3

_DIGIT, _HEX, _SEPARATOR, _COLON, _DOT, _AT, _WIDE, _HYPHEN, _LETTER = range(1, 10)
"""What a byte is: _HEX is a letter that is a hexadecimal digit, _WIDE begins a character that may be a digit or a
separator, _LETTER is another letter."""
_LEADS = {AT: b"@", DIGITS: b"0123456789\xef", COLONS: b":", PAIRS: b"-.", CODE: b"0123456789"}
"""The bytes at which a kind of mark is looked for."""


def _kinds() -> np.ndarray:
    table = np.zeros(256, np.uint8)
    table[list(b"ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ")] = _LETTER
    table[list(b"0123456789")] = _DIGIT
    table[list(b"abcdefABCDEF")] = _HEX
    table[list(b" ()+/")] = _SEPARATOR
    table[ord(":")], table[ord(".")], table[ord("@")], table[ord("-")] = _COLON, _DOT, _AT, _HYPHEN
    table[[0xC2, 0xE2, 0xEF]] = _WIDE
    return table


KINDS = _kinds()
"""uint8[B]."""


@njit(cache=True, nogil=True)
def _next(data_D, position, end, leads_B):
    """The first byte at or after a position at which to look for a mark; a loop of its own, for it is the hot one."""
    while position < end and leads_B[data_D[position]] == 0:
        position += 1
    return position


@njit(cache=True, nogil=True)
def _wide(data_D, position, end):
    """Bytes of a full-width digit (3), of a dash or a full-width hyphen (-3), of a no-break space (-2), else 0."""
    byte = data_D[position]
    if byte == 0xEF and data_D[position + 1] == 0xBC:
        if 0x90 <= data_D[position + 2] <= 0x99:
            return 3
        return -3 if data_D[position + 2] == 0x8D else 0
    if byte == 0xE2 and data_D[position + 1] == 0x80 and 0x90 <= data_D[position + 2] <= 0x95:
        return -3
    if byte == 0xC2 and data_D[position + 1] == 0xA0:
        return -2
    return 0


@njit(cache=True, nogil=True)
def _digits(data_D, position, end, kinds_B):
    """From a digit on: where the run ends (after its last digit), digits, dots."""
    stop, n_digits, n_dots = position, np.int64(0), np.int64(0)
    n_between, n_dots_between = np.int64(0), np.int64(0)
    while position < end and n_between <= MAX_SEPARATORS:
        kind = kinds_B[data_D[position]]
        wide = _wide(data_D, position, end) if kind == _WIDE else 0
        if kind == _DIGIT or wide > 0:
            position += max(wide, 1)
            n_digits += 1
            n_dots += n_dots_between
            stop, n_between, n_dots_between = position, np.int64(0), np.int64(0)
        elif kind == _SEPARATOR or kind == _DOT or kind == _HYPHEN or wide < 0:
            position += max(-wide, 1)
            n_between += 1
            n_dots_between += kind == _DOT
        else:
            break
    return stop, n_digits, n_dots


@njit(cache=True, nogil=True)
def _colons(data_D, begin, position, end, kinds_B):
    """Of the run around a colon: where it begins and ends, digits, colons, double colons."""
    start = position
    while start > begin:
        kind = kinds_B[data_D[start - 1]]
        if kind != _DIGIT and kind != _HEX and kind != _COLON and kind != _DOT:
            break
        start -= 1
    while data_D[start] == 0x2E:
        start += 1
    n_digits, n_colons, n_double, stop = np.int64(0), np.int64(0), np.int64(0), start
    while stop < end:
        kind = kinds_B[data_D[stop]]
        if kind == _DIGIT or kind == _HEX:
            n_digits += 1
        elif kind == _COLON:
            n_colons += 1
            n_double += stop + 1 < end and data_D[stop + 1] == 0x3A
        elif kind != _DOT:
            break
        stop += 1
    return start, stop, n_digits, n_colons, n_double


@njit(cache=True, nogil=True)
def _is_alphanumeric(kind):
    return kind == _DIGIT or kind == _HEX or kind == _LETTER


@njit(cache=True, nogil=True)
def _is_at(data_D, begin, position, end, kinds_B):
    """Whether the `@` at a position is a mark."""
    if position == begin or position + 1 == end or not _is_alphanumeric(kinds_B[data_D[position + 1]]):
        return False
    return 0x21 <= data_D[position - 1] <= 0x7E


@njit(cache=True, nogil=True)
def _is_pairs(data_D, begin, start, end, kinds_B):
    """Whether six pairs begin at a position."""
    stop = start + 17
    if start < begin or stop > end:
        return False
    for place in range(17):
        kind = kinds_B[data_D[start + place]]
        if (kind != _HYPHEN) if place % 3 == 2 else (kind != _DIGIT and kind != _HEX):
            return False
    before = kinds_B[data_D[start - 1]] if start > begin else 0
    after = kinds_B[data_D[stop]] if stop < end else 0
    return not (_is_alphanumeric(before) or before == _HYPHEN or _is_alphanumeric(after) or after == _HYPHEN)


@njit(cache=True, nogil=True)
def _is_quads(data_D, begin, start, end, kinds_B):
    """Whether three groups of four begin at a position."""
    stop = start + 14
    if start < begin or stop > end or data_D[start + 9] != 0x2E:
        return False
    for place in range(14):
        kind = kinds_B[data_D[start + place]]
        if (kind != _DOT) if place % 5 == 4 else (kind != _DIGIT and kind != _HEX):
            return False
    before = kinds_B[data_D[start - 1]] if start > begin else 0
    after = kinds_B[data_D[stop]] if stop < end else 0
    if before == _DOT or before == _HYPHEN or after == _HYPHEN or _is_alphanumeric(before):
        return False
    if after == _DOT and stop + 1 < end:
        after = kinds_B[data_D[stop + 1]]
    return not _is_alphanumeric(after)


@njit(cache=True, nogil=True)
def _is_capital(byte):
    return 0x41 <= byte <= 0x5A


@njit(cache=True, nogil=True)
def _is_code(data_D, begin, position, end, kinds_B):
    """Whether a code has its first digit at a position."""
    start = position - 2
    if start < begin or not _is_capital(data_D[start]) or not _is_capital(data_D[start + 1]) or position + 2 >= end:
        return False
    if kinds_B[data_D[position]] != _DIGIT or kinds_B[data_D[position + 1]] != _DIGIT:
        return False
    if start > begin and _is_alphanumeric(kinds_B[data_D[start - 1]]):
        return False
    after = data_D[position + 2]
    return _is_capital(after) or kinds_B[after] == _DIGIT or after == 0x20 or after == 0x2D


@njit(cache=True, nogil=True)
def _add(marks_M5, n_marks, row, start, stop, kind, groups):
    """The marks with one more, in a larger array if it takes one."""
    if n_marks == len(marks_M5):
        larger = np.empty((2 * n_marks, 5), np.int64)
        larger[:n_marks] = marks_M5
        marks_M5 = larger
    marks_M5[n_marks, 0], marks_M5[n_marks, 1], marks_M5[n_marks, 2] = row, start, stop
    marks_M5[n_marks, 3], marks_M5[n_marks, 4] = kind, groups
    return marks_M5


@njit(cache=True, nogil=True)
def forms_kernel(data_D, offsets_N1, kinds_B, leads_B):
    """int64[M, 5]: the marks of all kinds but RUN and WORDS, by row and where they were met."""
    marks_M5, n_marks = np.empty((256, 5), np.int64), np.int64(0)
    for row in range(len(offsets_N1) - 1):
        begin, end = offsets_N1[row], offsets_N1[row + 1]
        digits_done, colons_done, position = begin, begin, _next(data_D, begin, end, leads_B)
        while position < end:
            kind = kinds_B[data_D[position]]
            start = stop = found = np.int64(0)
            if kind == _AT:
                if _is_at(data_D, begin, position, end, kinds_B):
                    start, stop, found = position, position + 1, np.int64(AT)
            elif kind == _HYPHEN:
                if _is_pairs(data_D, begin, position - 2, end, kinds_B):
                    start, stop, found = position - 2, position + 15, np.int64(PAIRS)
            elif kind == _DOT:
                if _is_quads(data_D, begin, position - 4, end, kinds_B):
                    start, stop, found = position - 4, position + 10, np.int64(PAIRS)
            elif kind == _COLON:
                if position >= colons_done:
                    start, stop, n_digits, n_colons, n_double = _colons(data_D, begin, position, end, kinds_B)
                    colons_done = stop
                    if n_digits >= 4 and (n_colons >= 3 or n_double > 0):
                        found = np.int64(COLONS)
            elif position >= digits_done and (kind == _DIGIT or _wide(data_D, position, end) > 0):
                if _is_code(data_D, begin, position, end, kinds_B):
                    marks_M5 = _add(marks_M5, n_marks, row, position - 2 - begin, position + 2 - begin, CODE, 0)
                    n_marks += 1
                start = position
                stop, n_digits, n_dots = _digits(data_D, position, end, kinds_B)
                digits_done = stop
                if n_digits >= MIN_DIGITS or (n_digits >= 4 and n_dots >= 3):
                    found = np.int64(DIGITS)
            if found != 0:
                marks_M5 = _add(marks_M5, n_marks, row, start - begin, stop - begin, found, 0)
                n_marks += 1
            position = _next(data_D, position + 1, end, leads_B)
    return marks_M5[:n_marks].copy()


@njit(cache=True, nogil=True)
def runs_kernel(data_D, offsets_N1, kinds_B):
    """int64[M, 5]: the marks of the kind RUN, by row and start."""
    marks_M5, n_marks = np.empty((256, 5), np.int64), np.int64(0)
    for row in range(len(offsets_N1) - 1):
        begin, end = offsets_N1[row], offsets_N1[row + 1]
        position = begin + MIN_RUN - 1
        while position < end:
            if _is_alphanumeric(kinds_B[data_D[position]]):
                start, stop, n_digits = position, position, np.int64(0)
                while start > begin and _is_alphanumeric(kinds_B[data_D[start - 1]]):
                    start -= 1
                    n_digits += kinds_B[data_D[start]] == _DIGIT
                while stop < end and _is_alphanumeric(kinds_B[data_D[stop]]):
                    n_digits += kinds_B[data_D[stop]] == _DIGIT
                    stop += 1
                if stop - start >= MIN_RUN and n_digits > 0:
                    marks_M5 = _add(marks_M5, n_marks, row, start - begin, stop - begin, RUN, 0)
                    n_marks += 1
                position = stop
            position += MIN_RUN
    return marks_M5[:n_marks].copy()


@njit(cache=True, nogil=True)
def words_kernel(data_D, offsets_N1, automaton, starting, ending, classes_U):
    """int64[M, 5]: the marks of the kind WORDS, by row and stop, and of those that end together the longest first."""
    marks_M5, n_marks = np.empty((256, 5), np.int64), np.int64(0)
    for row in range(len(offsets_N1) - 1):
        begin, end = offsets_N1[row], offsets_N1[row + 1]
        stop, place, record = next_hit(data_D, begin, end, np.uint64(0), automaton)
        while record != 0:
            while record != 0:
                start, sides = stop - automaton.bytes_R[record], automaton.sides_R[record]
                groups = np.int64(automaton.groups_R[record])
                if not is_free(data_D, begin, start, stop, end, sides & LEFT, classes_U):
                    groups &= ending
                if groups != 0 and not is_free(data_D, begin, start, stop, end, sides & RIGHT, classes_U):
                    groups &= starting
                if groups != 0:
                    marks_M5 = _add(marks_M5, n_marks, row, start - begin, stop - begin, WORDS, groups)
                    n_marks += 1
                record = np.int64(automaton.next_R[record])
            stop, place, record = next_hit(data_D, stop, end, place, automaton)
    return marks_M5[:n_marks].copy()


def find(
    data, offsets, wanted: frozenset[int], automaton: Automaton | None, starting: int = 0, ending: int = 0
) -> np.ndarray:
    """The marks of the wanted kinds in all documents, int64[M, 5]: row, start and stop in bytes from the row's start,
    kind, and the groups of a word (see `automaton.build`; of the groups 0 to 62), one bit each.

    By row, then start, then kind, then stop. automaton: of the words, if these are wanted; starting, ending:
    the bits of the groups whose words may go on, and of those whose words may have begun before.
    """
    leads = np.zeros(256, np.uint8)
    for kind in wanted & _LEADS.keys():
        leads[list(_LEADS[kind])] = 1
    parts = [forms_kernel(data, offsets, KINDS, leads)] if leads.any() else []
    if RUN in wanted:
        parts.append(runs_kernel(data, offsets, KINDS))
    if WORDS in wanted and automaton is not None:
        parts.append(words_kernel(data, offsets, automaton, np.int64(starting), np.int64(ending), classes()))
    found = np.concatenate([np.empty((0, 5), np.int64), *parts])
    if len(wanted & {DIGITS, CODE}) == 1:  # both are looked for at digits
        found = found[np.isin(found[:, 3], list(wanted))]
    return found[np.argsort((offsets[found[:, 0]] + found[:, 1]) * 8 + found[:, 3], kind="stable")]
