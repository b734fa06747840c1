"""Words: what a word is, where each begins and ends, and what documents' words are like.

Letters: D bytes, N documents, W words, Q measures. A word (the unit `words` of every stage) is

    word = (HAN | UNSPACED) MARK*
         | (LETTER | DIGIT) (LETTER | DIGIT | MARK | JOINER (LETTER | DIGIT))*

in the classes of `utf8`: a run of letters, digits and marks with single inner apostrophes, hyphens and
underscores (`don't`, `snake_case`), or one character of a script that is written without spaces. So a
Chinese text has as many words as Han characters, and `3.14` is two words.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .utf8 import DIGIT, HAN, JOINER, LETTER, MARK, UNSPACED, classes, decode

N_WORDS, N_UNSPACED, N_ALPHABETIC, N_SPACED_CHARS = range(4)
"""Measures of `measure`: words; those of HAN and UNSPACED characters; those that hold a letter of any
script; characters in the words that are letter runs (all but the unspaced)."""
N_MEASURES = 4


@njit(cache=True, nogil=True)
def next_word(data_D, position, end, classes_U):
    """The first word at or after a byte position: start and stop (bytes), characters, class of its first.

    All int64. start == stop == end if there is no further word. A word that begins with a digit and holds
    a letter is reported with class LETTER.
    """
    while position < end:
        code, size = decode(data_D, position)
        kind = np.int64(classes_U[code])
        if kind == HAN or kind == UNSPACED:
            stop, n_chars = _skip_marks(data_D, position + size, end, classes_U)
            return position, stop, n_chars + 1, kind
        if kind == LETTER or kind == DIGIT:
            return _spaced_word(data_D, position, end, classes_U)
        position += size
    return end, end, np.int64(0), np.int64(0)


@njit(cache=True, nogil=True)
def _skip_marks(data_D, position, end, classes_U):
    """Where the marks at a position end, and how many there are."""
    n_chars = np.int64(0)
    while position < end and data_D[position] >= 0x80:  # no mark is ASCII
        code, size = decode(data_D, position)
        if classes_U[code] != MARK:
            break
        position += size
        n_chars += 1
    return position, n_chars


@njit(cache=True, nogil=True)
def _spaced_word(data_D, start, end, classes_U):
    """The letter run that begins at `start`, as `next_word` returns it."""
    position, stop, found = start, start, np.int64(DIGIT)
    n_chars, n_pending = np.int64(0), np.int64(0)  # pending: a joiner that counts if a letter or digit follows
    while position < end:
        code, size = decode(data_D, position)
        kind = np.int64(classes_U[code])
        position += size
        if kind == LETTER or kind == DIGIT or (kind == MARK and n_pending == 0):
            n_chars += n_pending + 1
            n_pending = np.int64(0)
            stop = position
            if kind == LETTER:
                found = kind
        elif kind == JOINER and n_pending == 0:
            n_pending = np.int64(1)
        else:
            break
    return start, stop, n_chars, found


@njit(cache=True, nogil=True)
def measure_kernel(data_D, offsets_N1, classes_U):
    """int64[N, Q]; see `measure`."""
    n_documents = len(offsets_N1) - 1
    measures_NQ = np.zeros((n_documents, 4), dtype=np.int64)
    for row in range(n_documents):
        position, end = offsets_N1[row], offsets_N1[row + 1]
        measures_Q = measures_NQ[row]
        while True:
            start, position, n_chars, kind = next_word(data_D, position, end, classes_U)
            if start == position:
                break
            measures_Q[0] += 1
            if kind == HAN or kind == UNSPACED:
                measures_Q[1] += 1
            else:
                measures_Q[3] += n_chars
            if kind != DIGIT:
                measures_Q[2] += 1
    return measures_NQ


@njit(cache=True, nogil=True)
def bounds_kernel(data_D, offsets_N1, classes_U):
    """starts, stops int64[W] and word_offsets int64[N+1]; see `bounds`."""
    n_documents = len(offsets_N1) - 1
    n_bytes = offsets_N1[n_documents] - offsets_N1[0]
    starts_W, stops_W = np.empty(n_bytes, np.int64), np.empty(n_bytes, np.int64)
    word_offsets_N1 = np.zeros(n_documents + 1, np.int64)
    n_words = np.int64(0)
    for row in range(n_documents):
        position, end = offsets_N1[row], offsets_N1[row + 1]
        while True:
            start, position, _, _ = next_word(data_D, position, end, classes_U)
            if start == position:
                break
            starts_W[n_words], stops_W[n_words] = start, position
            n_words += 1
        word_offsets_N1[row + 1] = n_words
    return starts_W[:n_words].copy(), stops_W[:n_words].copy(), word_offsets_N1


def measure(data, offsets) -> np.ndarray:
    """Counts over the words of each document, int64[N, Q]; columns N_WORDS, N_UNSPACED, ..."""
    return measure_kernel(data, offsets, classes())


def count(data, offsets) -> np.ndarray:
    """Words of each document, int32[N]."""
    return measure(data, offsets)[:, N_WORDS].astype(np.int32)


def bounds(data, offsets) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the words lie: starts and stops int64[W], as byte positions in `data`, and word_offsets int64[N+1]:
    the words of document i are word_offsets[i] to word_offsets[i + 1]."""
    return bounds_kernel(data, offsets, classes())
