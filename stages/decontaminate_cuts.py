"""How what was found in a text is cut so that the rest reads on.

Letters: D bytes, N documents, C cuts.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

ENDS = ".!?…。！？．｡؟۔।॥።"
PAUSES = ",;:，、；：､،؛"
QUOTES = "\"'"
"""Those that open and close alike."""
WINDOW = 256
"""Bytes on each side of a cut that are looked at."""


class Cuts(NamedTuple):
    """rows, starts, stops int64[C], in bytes of the row's text; replacements: a blank where two words would be one."""

    rows: Int64s
    starts: Int64s
    stops: Int64s
    replacements: list[bytes]


def cuts(data: Bytes, offsets: Int64s, rows: Int64s, starts: Int64s, stops: Int64s) -> Cuts:
    """What to cut for spans of words: with the marks that belong to them, and white space of which one stays.

    data uint8[D], offsets int64[N+1]; rows, starts, stops int64[C]: spans as positions in the data, with a word at
    least between two. Marks that end a sentence go with a span that begins one, and quotes and brackets around it; in a
    sentence the marks stay, and the blanks before them go.
    """
    from .kernels.sentence_windows import edges

    if not len(rows):
        return Cuts(rows, starts, stops, [])
    begins, ends = offsets[rows], offsets[rows + 1]
    places = np.stack([begins, ends, starts, stops], axis=1).tolist()
    wider = np.array([_with_marks(data, *place) for place in places], np.int64) - begins[:, None]
    starts, stops = edges(data, offsets, rows, wider[:, 0], wider[:, 1])
    places = np.stack([begins, ends, begins + starts, begins + stops], axis=1).tolist()
    return Cuts(rows, starts, stops, [b" " if _joins(*_around(data, *place)) else b"" for place in places])


def _around(data: Bytes, begin: int, end: int, start: int, stop: int) -> tuple[str, str]:
    """Some text before a span and after it."""
    before = data[max(begin, start - WINDOW) : start].tobytes().decode(errors="ignore")
    return before, data[stop : min(end, stop + WINDOW)].tobytes().decode(errors="ignore")


def _with_marks(data: Bytes, begin: int, end: int, start: int, stop: int) -> tuple[int, int]:
    """A span with the marks that go with it."""
    before, after = _around(data, begin, end, start, stop)
    n_before, n_after = len(before), 0
    while n_after < len(after):
        mark = after[n_after]
        if n_before and _is_pair(before[n_before - 1], mark):
            n_before -= 1
        elif not (mark in ENDS + PAUSES and _begins_sentence(before[:n_before])):
            break
        n_after += 1
    if n_after < len(after) and _follows(after[n_after]):  # no blank before the mark that stays
        n_before = len(before[:n_before].rstrip(" \u00a0\u3000"))
    return start - len(before[n_before:].encode()), stop + len(after[:n_after].encode())


def _follows(mark: str) -> bool:
    """Whether a mark has no blank before it."""
    return mark in ENDS + PAUSES or unicodedata.category(mark) in ("Pe", "Pf")


def _is_pair(opens: str, closes: str) -> bool:
    """Whether a mark closes what another opens."""
    if opens in QUOTES:
        return opens == closes
    return unicodedata.category(opens) in ("Ps", "Pi") and unicodedata.category(closes) in ("Pe", "Pf")


def _begins_sentence(before: str) -> bool:
    """Whether what follows this text begins a sentence, a line, or what a colon announces."""
    left = before.rstrip(" \t\u00a0\u3000")
    if before and before[-1] in QUOTES:
        return True
    return not left or left[-1] in ENDS + "\n\r:：" or unicodedata.category(left[-1]) in ("Ps", "Pi", "Pe", "Pf")


def _joins(before: str, after: str) -> bool:
    """Whether a word would end with one text and go on with the other."""
    from .kernels.utf8 import DIGIT, LETTER, MARK, classes

    if not before or not after:
        return False
    kinds = classes()[[ord(before[-1]), ord(after[0])]]
    return bool(np.isin(kinds, (LETTER, DIGIT, MARK)).all())
