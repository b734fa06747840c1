"""Citations as C4 cuts them out: `[]`, `[12]`, `[edit]` and `[citation needed]`.

Letters: D bytes, U code points. The expression is that of datatrove 0.10's C4QualityFilter.
"""

from __future__ import annotations

import functools

import numpy as np
from numba import njit

from .scan import find
from .utf8 import N_CODE_POINTS, assigned_code_points, decode

EDIT, CITATION_NEEDED = np.frombuffer(b"edit]", np.uint8), np.frombuffer(b"citation needed]", np.uint8)


@functools.cache
def decimals() -> np.ndarray:
    """Whether a code point is a decimal digit of any script, as `\\d` of a regular expression; bool[0x110000]."""
    table = np.zeros(N_CODE_POINTS, np.bool_)
    table[[code for code in assigned_code_points() if chr(code).isdecimal()]] = True
    table.flags.writeable = False
    return table


@njit(cache=True, nogil=True)
def _stands(data_D, position, stop, phrase_D):
    """Whether these bytes stand at a position."""
    size = len(phrase_D)
    return position + size <= stop and np.array_equal(data_D[position : position + size], phrase_D)


@njit(cache=True, nogil=True)
def _citation(data_D, position, stop, decimals_U):
    """How many bytes the citation has that begins with the `[` at a position; 0 if none does."""
    place = position + 1
    while place < stop:
        code, size = decode(data_D, place)
        if not decimals_U[code]:
            break
        place += size
    if place < stop and data_D[place] == 0x5D:
        return place + 1 - position
    if _stands(data_D, position + 1, stop, EDIT):
        return np.int64(1 + len(EDIT))
    if _stands(data_D, position + 1, stop, CITATION_NEEDED):
        return np.int64(1 + len(CITATION_NEEDED))
    return np.int64(0)


@njit(cache=True, nogil=True)
def next_citation(data_D, position, stop, decimals_U):
    """Where the next citation begins, or `stop`, which may be the end of the text: none holds a line break."""
    while True:
        position = find(data_D, position, stop, 0x5B)
        if position == stop or _citation(data_D, position, stop, decimals_U) > 0:
            return position
        position += 1


@njit(cache=True, nogil=True)
def next_piece(data_D, position, stop, is_cited, decimals_U):
    """The next stretch of a text that is in no citation: where it begins and ends; empty at the end."""
    if not is_cited:
        return position, stop
    while position < stop and data_D[position] == 0x5B:
        size = _citation(data_D, position, stop, decimals_U)
        if size == 0:
            break
        position += size
    return position, next_citation(data_D, position, stop, decimals_U)
