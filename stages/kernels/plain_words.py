"""Plain words: text as a classifier reads it, nothing left but its words.

Letters: D bytes, N documents, S spans, E bytes of plain text. Plain text is the words of `words` in order, each in
lower case with every digit as `0` (`shingles.folded`), joined by single spaces, so that n-grams of words are n-grams of
characters in scripts written without spaces. What is then longer than MAX_WORD bytes is left out: it is encoded data,
not a word. Plain text is its own plain text.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .shingles import folded
from .utf8 import classes, decode, encode
from .words import next_word

MAX_WORD = 300
"""Half a window of those in which a long document is judged: of one long run, neither side sees anything."""


@njit(cache=True, nogil=True)
def _write_words(data_D, position, end, classes_U, folded_U, data_E, place):
    """The words of one span, each with a space after it, from `place` on; returns the place after them."""
    while True:
        start, position, _, _ = next_word(data_D, position, end, classes_U)
        if start == position:
            return place
        first = place
        while start < position:
            if data_D[start] < 0x80:
                data_E[place] = folded_U[data_D[start]]
                start += 1
                place += 1
            else:
                code, size = decode(data_D, start)
                place = encode(np.int64(folded_U[code]), data_E, place)
                start += size
        if place - first > MAX_WORD:
            place = first
            continue
        data_E[place] = 32
        place += 1


@njit(cache=True, nogil=True)
def plain_kernel(data_D, starts_S, stops_S, firsts_N1, classes_U, folded_U):
    """data_E uint8[E] and offsets int64[N+1]; see `plain`."""
    n_documents = len(firsts_N1) - 1
    n_bytes = np.int64(0)
    for span in range(len(starts_S)):
        n_bytes += stops_S[span] - starts_S[span]
    # A word of one byte makes two, with its space; one of n > 1 at most 3 n / 2 + 1, for in lower case a
    # character of two bytes may have three.
    data_E = np.empty(2 * n_bytes, np.uint8)
    offsets_N1 = np.zeros(n_documents + 1, np.int64)
    place = np.int64(0)
    for row in range(n_documents):
        first = place
        for span in range(firsts_N1[row], firsts_N1[row + 1]):
            place = _write_words(data_D, starts_S[span], stops_S[span], classes_U, folded_U, data_E, place)
        if place > first:
            place -= 1  # the last space
        offsets_N1[row + 1] = place
    return data_E[:place].copy(), offsets_N1


def plain(data, starts, stops, firsts) -> tuple[np.ndarray, np.ndarray]:
    """Plain text of documents: data uint8[E] and offsets int64[N+1].

    starts, stops int64[S]: spans of `data`, on character boundaries; document n has those from firsts[n] to
    firsts[n + 1], and their words follow each other as if a space stood between.
    """
    return plain_kernel(data, starts, stops, firsts, classes(), folded())
