"""How text is cut into pieces before tokens are found: what regular expressions of one family do, by one scanner.

The family (GPT-2's, GPT-4's, this project's), its alternatives in order; `Cut` has what differs:

    suffix   's 't 're 've 'm 'll 'd
    letters  a character before, if it is BEFORE, and a run of RUN_A, else of RUN_B
    numbers  a run of them, some with a space before
    others   a space before, if there, a run of OTHER, and some with the line ends after it
    spaces   some: up to the last line end; else all but the last one before other text; else one

Every alternative is greedy and the text is covered, so that one look at the next character decides nearly everything.

Letters: D bytes, N documents, P pieces, U code points.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .utf8 import decode

RUN_A, RUN_B, NUMBER, SPACE, LINE_END, OTHER, BEFORE, LETTER = (1 << bit for bit in range(8))
"""The bits of a character; `stages.pretokenizers` says which has which. A character may have several."""
EXACT, FOLDED, NOT_IN_WORDS = range(3)
"""Suffixes: in lower case; in any case; so, with ’ too, and not where a letter follows."""


@njit(cache=True, nogil=True)
def _bits(data_D, position, end, bits_U):
    """The bits of the character at a position and its bytes; 0, 0 at the end."""
    if position >= end:
        return np.uint8(0), 0
    if data_D[position] < 0x80:
        return bits_U[data_D[position]], 1
    code, size = decode(data_D, position)
    return bits_U[code], size


@njit(cache=True, nogil=True)
def _run(data_D, position, end, bits_U, wanted, most):
    """Where a run of characters with a wanted bit ends, after `most` at the latest."""
    while most > 0 and position < end:
        if data_D[position] < 0x80:
            if not bits_U[data_D[position]] & wanted:
                break
            position += 1
        else:
            code, size = decode(data_D, position)
            if not bits_U[code] & wanted:
                break
            position += size
        most -= 1
    return position


@njit(cache=True, nogil=True)
def _suffix(data_D, position, end, bits_U, suffixes):
    """Where a suffix that begins here ends, or -1."""
    if data_D[position] == 0x27:
        position += 1
    elif suffixes == NOT_IN_WORDS and position + 2 < end and data_D[position] == 0xE2 and data_D[position + 1] == 0x80:
        if data_D[position + 2] != 0x99:  # the three bytes of ’
            return -1
        position += 3
    else:
        return -1
    if position >= end:
        return -1
    fold = 0 if suffixes == EXACT else 0x20
    first = data_D[position] | fold
    second = data_D[position + 1] | fold if position + 1 < end else 0
    is_re_ve = (first == 0x72 or first == 0x76) and second == 0x65
    is_ll = first == 0x6C and second == 0x6C
    is_long_s = fold and position + 1 < end and data_D[position] == 0xC5 and data_D[position + 1] == 0xBF  # ſ, an s
    stop = -1
    if first == 0x73 or first == 0x74 or first == 0x6D or first == 0x64:  # s t m d
        stop = position + 1
    elif is_re_ve or is_ll or is_long_s:
        stop = position + 2
    if stop > 0 and suffixes == NOT_IN_WORDS and _bits(data_D, stop, end, bits_U)[0] & LETTER:
        return -1
    return stop


@njit(cache=True, nogil=True)
def _spaces(data_D, position, end, bits_U, max_run, by_line):
    """Where a piece of white space that begins here ends."""
    n_spaces, last, after_line = 0, position, -1
    bits, size = _bits(data_D, position, end, bits_U)
    while bits & SPACE and n_spaces < max_run:
        last = position
        position += size
        n_spaces += 1
        if bits & LINE_END:
            after_line = position
        bits, size = _bits(data_D, position, end, bits_U)
    if by_line and bits & LINE_END:  # after as many spaces as a piece may have
        return _run(data_D, position, end, bits_U, LINE_END, max_run)
    if by_line and after_line > 0:
        return after_line
    return last if n_spaces > 1 and size > 0 and not bits & SPACE else position


@njit(cache=True, nogil=True)
def next_piece(data_D, start, end, bits_U, cut):
    """Where the piece that begins at `start` < `end` ends; cut: a `stages.pretokenizers.Cut`."""
    bits, size = _bits(data_D, start, end, bits_U)
    if bits & OTHER:
        stop = _suffix(data_D, start, end, bits_U, cut.suffixes)
        if stop > 0:
            return stop
    second = np.uint8(0)
    if bits & (BEFORE | SPACE):
        second, _ = _bits(data_D, start + size, end, bits_U)
    if bits & BEFORE and second & RUN_A:
        return _run(data_D, start + size, end, bits_U, RUN_A, cut.max_run)
    if bits & RUN_A:
        return _run(data_D, start, end, bits_U, RUN_A, cut.max_run)
    if bits & BEFORE and second & RUN_B:
        return _run(data_D, start + size, end, bits_U, RUN_B, cut.max_run)
    if bits & RUN_B:
        return _run(data_D, start, end, bits_U, RUN_B, cut.max_run)
    is_space = data_D[start] == 0x20
    if bits & NUMBER or (is_space and cut.space_before_numbers and second & NUMBER):
        return _run(data_D, start + is_space, end, bits_U, NUMBER, cut.max_numbers)
    if bits & OTHER or (is_space and second & OTHER):
        stop = _run(data_D, start + is_space, end, bits_U, OTHER, cut.max_run)
        return _run(data_D, stop, end, bits_U, LINE_END, cut.max_run) if cut.by_line else stop
    return _spaces(data_D, start, end, bits_U, cut.max_run, cut.by_line)


@njit(cache=True, nogil=True)
def pieces_kernel(data_D, offsets_N1, row, position, max_bytes, bits_U, cut, starts_P1):
    """Write where the next pieces begin into starts_P1, and after them where the last one ends.

    row, position: the document and the byte to go on from. Stops where P pieces are found, or with the piece that
    brings them to `max_bytes`. Returns their number, and where to go on.
    """
    n_pieces, first = 0, position
    while row < len(offsets_N1) - 1:
        end = offsets_N1[row + 1]
        while position < end:
            if n_pieces == len(starts_P1) - 1 or position - first >= max_bytes:
                starts_P1[n_pieces] = position
                return n_pieces, row, position
            starts_P1[n_pieces] = position
            n_pieces += 1
            position = next_piece(data_D, position, end, bits_U, cut)
        row += 1
    starts_P1[n_pieces] = position
    return n_pieces, row, position
