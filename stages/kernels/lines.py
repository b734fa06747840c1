"""Lines and paragraphs: how they begin and end, how long they are, and which are copies.

Letters: D bytes, N documents, P profiles, U code points, S slots of a hash table, Q measures. Three ways of
cutting a text, each the one of the filter that asks for it (datatrove 0.10 is the reference):

- `str.splitlines`, blank lines included, for bullets and ellipses (Gopher quality, Rae et al. 2021);
- at every `\\n`, without the lines that are white space only, for line ends and short lines (FineWeb, Penedo et al.
  2024);
- at runs of one or more `\\n` for lines and, after stripping the text, of two or more for paragraphs
  (Gopher repetition); a run at the edge of the text leaves an empty line beside it.

A copy is a line or paragraph whose bytes have the 64-bit hash of an earlier one; the first is no copy.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .hashing import mixed
from .loads import word64
from .utf8 import N_CODE_POINTS, SPACE, classes, decode, decode_before

FINEWEB_TERMINAL = (
    "!.?\u0589\u061d\u061e\u061f\u06d4\u0700\u0701\u0702\u07f9\u0837\u0839\u083d\u083e\u0964\u0965\u104a\u104b"
    "\u1362\u1367\u1368\u166e\u1735\u1736\u17d4\u17d5\u17d6\u17d9\u17da\u1803\u1809\u1944\u1945\u1aa8\u1aa9\u1aaa"
    "\u1aab\u1b5a\u1b5b\u1b5e\u1b5f\u1b7d\u1b7e\u1c3b\u1c3c\u1c7e\u1c7f\u203c\u203d\u2047\u2048\u2049\u2e2e\u2e3c"
    "\u2e53\u2e54\u3002\ua4ff\ua60e\ua60f\ua6f3\ua6f7\ua876\ua877\ua8ce\ua8cf\ua92f\ua9c8\ua9c9\uaa5d\uaa5e\uaa5f"
    "\uaaf0\uaaf1\uabeb\ufe52\ufe56\ufe57\uff01\uff0e\uff1f\uff61\U00010a56\U00010a57\U00010f55\U00010f56"
    "\U00010f57\U00010f58\U00010f59\U00010f86\U00010f87\U00010f88\U00010f89\U00011047\U00011048\U000110be"
    "\U000110bf\U000110c0\U000110c1\U00011141\U00011142\U00011143\U000111c5\U000111c6\U000111cd\U000111de"
    "\U000111df\U00011238\U00011239\U0001123b\U0001123c\U000112a9\U0001144b\U0001144c\U000115c2\U000115c3"
    "\U000115c9\U000115ca\U000115cb\U000115cc\U000115cd\U000115ce\U000115cf\U000115d0\U000115d1\U000115d2"
    "\U000115d3\U000115d4\U000115d5\U000115d6\U000115d7\U00011641\U00011642\U0001173c\U0001173d\U0001173e"
    "\U00011944\U00011946\U00011a42\U00011a43\U00011a9b\U00011a9c\U00011c41\U00011c42\U00011ef7\U00011ef8"
    "\U00011f43\U00011f44\U00016a6e\U00016a6f\U00016af5\U00016b37\U00016b38\U00016b44\U00016e98\U0001bc9f"
    "\U0001da88"
)
"""What ends a sentence for FineWeb's filter: TERMINAL_PUNCTUATION of datatrove 0.10 (`datatrove/utils/text.py`)."""
BULLETS = "•-"
"""What begins a list item for Gopher's filter (datatrove 0.10, `gopher_quality_filter.py`)."""
NUMERALS = "0123456789０１２３４５６７８９〇零一二三四五六七八九十百"
"""What numbers a list item, for N_LISTED."""

IS_TERMINAL, IS_BULLET, IS_CLOSING, IS_NUMERAL, IS_SPACE = 1, 2, 4, 8, 16

(
    N_SPLIT, N_BULLET, N_LISTED, N_ELLIPSIS_END,
    N_LINES, N_TERMINAL, N_SHORT, DUP_LINE_CHARS_NONBLANK, N_NEWLINES, N_NONNEWLINE_CHARS,
    N_GOPHER_LINES, N_DUP_LINES, DUP_LINE_CHARS, N_PARAGRAPHS, N_DUP_PARAGRAPHS, DUP_PARAGRAPH_CHARS,
    MAX_LINE_CHARS, N_LONG_LINES, N_CHARS,
) = range(19)  # fmt: skip
"""Measures; sizes are in characters.

Of the lines of `str.splitlines`: their number; those that begin with a bullet after white space; that begin with a
bullet or a number (see `_is_numbered`); that end in `...` or `…` before white space.
Of the lines between `\\n` that are not white space: their number; those that end in terminal punctuation, or in closing
marks that follow it; that are at most `short` long; characters of copies. Of all text: `\\n`; other characters.
Of Gopher's lines: their number, copies, characters of the copies; the same of its paragraphs.
Of the lines between `\\n`, blank or not: the longest; those of more than 1,000 characters. Characters of the text."""
N_MEASURES = 19
LONG = 1000

_PARAGRAPH = np.uint64(0xD6E8FEB86659FD93)  # makes other hashes of paragraphs, so that one table holds both
_N_SLOTS = 256
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_ONES, _TOPS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_ONE, _LAST_BREAK, _SPACES, _E2 = np.uint64(1), np.uint64(0x1F), _ONES * np.uint64(0x20), _ONES * np.uint64(0xE2)


def marks(terminal: str, bullets: str, closing: str) -> np.ndarray:
    """The flags IS_TERMINAL, IS_BULLET, IS_CLOSING (of the characters given), IS_NUMERAL and IS_SPACE, uint8[U].

    closing: quotes and brackets that may stand between the terminal mark and the end of the line; none in FineWeb.
    """
    table = np.where(classes() == SPACE, IS_SPACE, 0).astype(np.uint8)
    flags = (IS_TERMINAL, IS_BULLET, IS_CLOSING, IS_NUMERAL)
    for characters, flag in zip((terminal, bullets, closing, NUMERALS), flags, strict=True):
        for character in characters:
            table[ord(character)] |= flag
    table.flags.writeable = False
    return table


@njit(cache=True, nogil=True)
def _lstripped(data_D, start, stop, marks_U):
    """Where the text between two bytes begins after white space; `stop` if there is nothing else."""
    while start < stop:
        if 0x20 < data_D[start] < 0x80:  # nearly always, in English
            break
        code, size = decode(data_D, start)
        if marks_U[code] & IS_SPACE == 0:
            break
        start += size
    return start


@njit(cache=True, nogil=True)
def _rstripped(data_D, start, stop, marks_U):
    """Where the text between two bytes ends before white space; `start` if there is nothing else."""
    while start < stop:
        if 0x20 < data_D[stop - 1] < 0x80:
            break
        code, size = decode_before(data_D, stop)
        if marks_U[code] & IS_SPACE == 0:
            break
        stop -= size
    return stop


@njit(cache=True, nogil=True)
def _n_continuing(word):
    """How many of eight bytes continue a character (10xxxxxx)."""
    return np.int64((word >> np.uint64(7) & ~(word >> np.uint64(6)) & _ONES) * _ONES >> np.uint64(56))


@njit(cache=True, nogil=True)
def _read(data_D, start, stop):
    """A 64-bit hash of the bytes between two positions, uint64, and how many characters they are, int64."""
    hashed, n_chars = np.uint64(stop - start) * _FACTOR, stop - start
    if stop - start < 8:
        word = np.uint64(0)
        for byte in data_D[start:stop]:
            word = word << np.uint64(8) | np.uint64(byte)
        return mixed(hashed ^ word), n_chars - _n_continuing(word)
    while start + 8 < stop:
        word = word64(data_D, start)
        hashed = (hashed ^ word) * _FACTOR
        hashed ^= hashed >> np.uint64(32)
        n_chars -= _n_continuing(word)
        start += 8
    word = word64(data_D, stop - 8)  # some of these bytes have been read before
    n_chars -= _n_continuing(word >> np.uint64(8 * (start + 8 - stop)))
    return mixed(hashed ^ word), n_chars


@njit(cache=True, nogil=True)
def _is_numbered(data_D, start, stop, marks_U):
    """Whether a stripped line is a numbered item.

    It begins with an enclosed number or letter (`①` to `ⓩ`, `⓪`), or with up to three numerals or one ASCII letter,
    perhaps after `(` or `（`, and then `、`, `．`, `）`, or one of `.` and `)` before white space or the line's end.
    """
    code, size = decode(data_D, start)
    if 0x2460 <= code <= 0x24EA:
        return True
    if code == 0x28 or code == 0xFF08:
        start += size
    n_numerals = np.int64(0)
    while start < stop and n_numerals < 3:
        code, size = decode(data_D, start)
        if marks_U[code] & IS_NUMERAL == 0:
            break
        start += size
        n_numerals += 1
    if n_numerals == 0 and start < stop and 0x61 <= data_D[start] | 0x20 <= 0x7A:
        start += 1
    elif n_numerals == 0:
        return False
    if start == stop:
        return False
    code, size = decode(data_D, start)
    if code == 0x3001 or code == 0xFF0E or code == 0xFF09:
        return True
    start += size
    return (code == 0x2E or code == 0x29) and (start == stop or _lstripped(data_D, start, stop, marks_U) > start)


@njit(cache=True, nogil=True)
def _is_terminated(data_D, start, stop, marks_U):
    """Whether a line ends in terminal punctuation and any number of closing marks."""
    while start < stop:
        code, size = decode_before(data_D, stop)
        if marks_U[code] & IS_TERMINAL != 0:
            return True
        if marks_U[code] & IS_CLOSING == 0:
            return False
        stop -= size
    return False


@njit(cache=True, nogil=True)
def _ends_in_ellipsis(data_D, start, stop):
    """Whether a stripped line ends in `...` or `…`: in UTF-8, three bytes both."""
    if stop - start < 3:
        return False
    first, second, third = data_D[stop - 3], data_D[stop - 2], data_D[stop - 1]
    dots = first == 0x2E and second == 0x2E and third == 0x2E
    return dots or (first == 0xE2 and second == 0x80 and third == 0xA6)


@njit(cache=True, nogil=True)
def _break_size(data_D, position):
    """Bytes of the line break at a byte position (`\\r\\n` is two breaks); 0 if there is none."""
    byte = data_D[position]
    if byte < 0x80:
        return np.int64(0x0A <= byte <= 0x0D or 0x1C <= byte <= 0x1E)
    if byte == 0xC2:
        return np.int64(2 if data_D[position + 1] == 0x85 else 0)
    is_separator = byte == 0xE2 and data_D[position + 1] == 0x80 and data_D[position + 2] & 0xFE == 0xA8
    return np.int64(3 if is_separator else 0)  # U+2028, U+2029


@njit(cache=True, nogil=True)
def _less(word, bound):
    """The top bits of bytes, the lowest of which is that of the first of eight bytes less than a bound; 0 if none is.

    The bound is a uint64 up to 128 (Anderson, Bit Twiddling Hacks).
    """
    return (word - _ONES * bound) & ~word & _TOPS


@njit(cache=True, nogil=True)
def _next_break(data_D, position, end):
    """The byte position of the first line break at or after `position`; `end` if there is none."""
    while position + 8 <= end:
        word = word64(data_D, position)  # 0xC2 with the bit of a space is 0xE2
        found = _less((word | _SPACES) ^ _E2, _ONE) | _less(word, _LAST_BREAK)
        if found == 0:
            position += 8
            continue
        below = (found - _ONE) & ~found  # all bits below the lowest
        position += np.int64((below & _ONES) * _ONES >> np.uint64(56)) - 1
        if _break_size(data_D, position) > 0:
            return position
        position += 1
    while position < end and _break_size(data_D, position) == 0:
        position += 1
    return position


@njit(cache=True, nogil=True)
def _is_copy(hashed, slots_S):
    """Whether the table of hashes, 0 where free, holds this one; it does from now on."""
    hashed = max(hashed, np.uint64(1))
    mask = np.uint64(len(slots_S) - 1)
    slot = np.int64(hashed & mask)
    while slots_S[slot] != 0:
        if slots_S[slot] == hashed:
            return True
        slot = np.int64(np.uint64(slot + 1) & mask)
    slots_S[slot] = hashed
    return False


@njit(cache=True, nogil=True)
def _grown(slots_S):
    """A table of twice as many slots with the same hashes."""
    more_S = np.zeros(2 * len(slots_S), np.uint64)
    for hashed in slots_S:
        if hashed != 0:
            _is_copy(hashed, more_S)
    return more_S


@njit(cache=True, nogil=True)
def _end_split_line(data_D, start, stop, marks_U, measures_Q):
    """Count a line of `str.splitlines`; whether it is blank."""
    measures_Q[N_SPLIT] += 1
    start = _lstripped(data_D, start, stop, marks_U)
    if start == stop:
        return True
    code, _ = decode(data_D, start)
    is_bullet = marks_U[code] & IS_BULLET != 0
    measures_Q[N_BULLET] += is_bullet
    measures_Q[N_LISTED] += is_bullet or _is_numbered(data_D, start, stop, marks_U)
    measures_Q[N_ELLIPSIS_END] += _ends_in_ellipsis(data_D, start, _rstripped(data_D, start, stop, marks_U))
    return False


@njit(cache=True, nogil=True)
def _end_line(data_D, start, stop, is_blank, marks_U, short, slots_S, measures_Q):
    """Count a line between two `\\n`, and return what `_read` does; the empty ones are counted where they stand."""
    if start == stop:
        return np.uint64(0), np.int64(0)
    hashed, n_chars = _read(data_D, start, stop)
    measures_Q[N_CHARS] += n_chars
    measures_Q[MAX_LINE_CHARS] = max(measures_Q[MAX_LINE_CHARS], n_chars)
    measures_Q[N_LONG_LINES] += n_chars > LONG
    measures_Q[N_GOPHER_LINES] += 1
    is_copy = _is_copy(hashed, slots_S)
    if is_copy:
        measures_Q[N_DUP_LINES] += 1
        measures_Q[DUP_LINE_CHARS] += n_chars
    if not is_blank:
        measures_Q[N_LINES] += 1
        measures_Q[N_TERMINAL] += _is_terminated(data_D, start, stop, marks_U)
        measures_Q[N_SHORT] += n_chars <= short
        measures_Q[DUP_LINE_CHARS_NONBLANK] += n_chars if is_copy else 0
    return hashed, n_chars


@njit(cache=True, nogil=True)
def _end_paragraph(hashed, n_chars, slots_S, measures_Q):
    """Count a paragraph, given what `_read` returned."""
    measures_Q[N_PARAGRAPHS] += 1
    if _is_copy(hashed ^ _PARAGRAPH, slots_S):
        measures_Q[N_DUP_PARAGRAPHS] += 1
        measures_Q[DUP_PARAGRAPH_CHARS] += n_chars


@njit(cache=True, nogil=True)
def _count_edges(data_D, start, end, measures_Q):
    """Count the empty lines that Gopher's cut leaves at the edges; the text itself, if it is empty."""
    n_empty = np.int64(1)
    if start < end:
        n_empty = np.int64(data_D[start] == 0x0A) + np.int64(data_D[end - 1] == 0x0A)
    measures_Q[N_GOPHER_LINES] += n_empty
    measures_Q[N_DUP_LINES] += n_empty == 2


@njit(cache=True, nogil=True)
def _measure_document(data_D, start, end, marks_U, short, slots_S, measures_Q):
    """Count the lines and paragraphs of one document; `slots_S` is an empty table."""
    body = _lstripped(data_D, start, end, marks_U)
    body_end = _rstripped(data_D, body, end, marks_U)
    position, split_line, line, paragraph = start, start, start, body
    is_blank = True
    while True:
        position = _next_break(data_D, position, end)
        if position >= end:
            break
        byte = data_D[position]
        if byte != 0x0A or position == start or data_D[position - 1] != 0x0D:  # `\r\n` ends one line
            is_blank &= _end_split_line(data_D, split_line, position, marks_U, measures_Q)
        if byte == 0x0A:
            measures_Q[N_NEWLINES] += 1
            read = _end_line(data_D, line, position, is_blank, marks_U, short, slots_S, measures_Q)
            if body < position < body_end:
                if line == position:
                    paragraph = position + 1
                elif data_D[position + 1] == 0x0A:
                    if paragraph != line:  # it is not only this line
                        read = _read(data_D, paragraph, position)
                    _end_paragraph(*read, slots_S, measures_Q)
            line, is_blank = position + 1, True
            n_entries = measures_Q[N_GOPHER_LINES] - measures_Q[N_DUP_LINES] + measures_Q[N_PARAGRAPHS]
            if 2 * n_entries + 8 > len(slots_S):
                slots_S = _grown(slots_S)
        position += _break_size(data_D, position)
        split_line = position
    if split_line < end:
        is_blank &= _end_split_line(data_D, split_line, end, marks_U, measures_Q)
    read = _end_line(data_D, line, end, is_blank, marks_U, short, slots_S, measures_Q)
    if paragraph != line or body_end != end:
        read = _read(data_D, paragraph, body_end)
    _end_paragraph(*read, slots_S, measures_Q)
    _count_edges(data_D, start, end, measures_Q)
    measures_Q[N_NONNEWLINE_CHARS] = measures_Q[N_CHARS]
    measures_Q[N_CHARS] += measures_Q[N_NEWLINES]


@njit(cache=True, nogil=True)
def measure_kernel(data_D, offsets_N1, profiles_N, marks_PU, short_P):
    """int64[N, Q]; see `measure`."""
    n_documents = len(offsets_N1) - 1
    measures_NQ = np.zeros((n_documents, N_MEASURES), np.int64)
    slots_S = np.empty(_N_SLOTS, np.uint64)
    for row in range(n_documents):
        profile = profiles_N[row]
        slots_S[:] = 0
        _measure_document(
            data_D, offsets_N1[row], offsets_N1[row + 1], marks_PU[profile], short_P[profile], slots_S, measures_NQ[row]
        )
    return measures_NQ


def measure(data, offsets, profiles_N, marks_PU, short_P) -> np.ndarray:
    """Measures of the lines and paragraphs of each document, int64[N, Q]; columns N_SPLIT, N_BULLET, ...

    profiles_N int64[N]: which row of the next two is a document's; marks_PU uint8[P, U]: rows made by `marks`;
    short_P int64[P]: the characters up to which a line is short.
    """
    assert len(profiles_N) == len(offsets) - 1 and len(marks_PU) == len(short_P)
    assert marks_PU.shape[1:] == (N_CODE_POINTS,)
    assert len(profiles_N) == 0 or 0 <= profiles_N.min() <= profiles_N.max() < len(marks_PU)
    return measure_kernel(data, offsets, profiles_N, marks_PU, short_P)
