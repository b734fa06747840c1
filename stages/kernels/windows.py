"""Spans of documents: a sample of each that says what the whole says, at the cost of a few kilobytes; and its lines.

Letters: D bytes, N documents, S spans. The spans of document i are firsts_N1[i] to firsts_N1[i + 1], ascending and
apart; starts_S and stops_S are positions in data_D. Headers, link lists and code weigh in evenly spread windows about
as much as their share of the document.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MIN_WINDOW_BYTES = 8
"""So that a window shrunk to whole characters still holds one."""
CUT_WORD_BYTES = 48
"""How far a window shrinks for a word that its edge would cut: longer runs without white space are no spaced script."""
LINE_FEED = 0x0A


@njit(cache=True, nogil=True)
def _is_white(byte):
    """Whether a byte is ASCII white space: fastText divides words at these."""
    return byte == 0x20 or 0x09 <= byte <= 0x0D


@njit(cache=True, nogil=True)
def _whole_start(data_D, start, most):
    """The first character, and the first word if one begins within `most` bytes, at or after the byte `start`."""
    while data_D[start] & 0xC0 == 0x80:
        start += 1
    if _is_white(data_D[start - 1]):
        return start
    for position in range(start, start + most):
        if _is_white(data_D[position]):
            return position + 1
    return start


@njit(cache=True, nogil=True)
def _whole_stop(data_D, stop, most):
    """The last end of a character, and of a word if one ends within `most` bytes, at or before the byte `stop`."""
    while data_D[stop] & 0xC0 == 0x80:
        stop -= 1
    if _is_white(data_D[stop]):
        return stop
    for position in range(stop - 1, stop - most - 1, -1):
        if _is_white(data_D[position]):
            return position
    return stop


@njit(cache=True, nogil=True)
def windows(data_D, offsets_N1, n_windows, n_bytes):
    """Spans of each document: starts, stops int64[S], as positions in `data_D`, and firsts int64[N+1].

    A document of at most `n_bytes` bytes is one span, all of it, also when it is empty. A longer one has `n_windows` of
    up to n_bytes // n_windows bytes each: the first begins where it begins, the last ends where it ends, and the others
    lie between at equal distances. They are shrunk to whole characters, and to whole words where white space is near.

    n_windows at least 1 and n_bytes // n_windows at least MIN_WINDOW_BYTES.
    """
    size = np.int64(n_bytes) // n_windows
    assert n_windows >= 1 and size >= MIN_WINDOW_BYTES
    n_documents = len(offsets_N1) - 1
    firsts_N1 = np.zeros(n_documents + 1, np.int64)
    for row in range(n_documents):
        is_long = offsets_N1[row + 1] - offsets_N1[row] > n_bytes
        firsts_N1[row + 1] = firsts_N1[row] + (n_windows if is_long else 1)
    starts_S, stops_S = np.empty(firsts_N1[-1], np.int64), np.empty(firsts_N1[-1], np.int64)
    most = min(np.int64(CUT_WORD_BYTES), size // 8)
    for row in range(n_documents):
        begin, end, first = offsets_N1[row], offsets_N1[row + 1], firsts_N1[row]
        if end - begin <= n_bytes:
            starts_S[first], stops_S[first] = begin, end
            continue
        for window in range(n_windows):
            start = begin + window * (end - begin - size) // max(n_windows - 1, 1)
            stop = start + size
            starts_S[first + window] = start if start == begin else _whole_start(data_D, start, most)
            stops_S[first + window] = stop if stop == end else _whole_stop(data_D, stop, most)
    return starts_S, stops_S, firsts_N1


@njit(cache=True, nogil=True)
def line_spans(data_D, offsets_N1, least):
    """Lines (between line feeds) of at least `least` bytes: starts, stops int64[S] and firsts int64[N+1]."""
    n_documents = len(offsets_N1) - 1
    firsts_N1 = np.zeros(n_documents + 1, np.int64)
    starts_S, stops_S = np.empty(0, np.int64), np.empty(0, np.int64)
    for are_counted in (False, True):
        if are_counted:
            starts_S, stops_S = np.empty(firsts_N1[-1], np.int64), np.empty(firsts_N1[-1], np.int64)
        n_spans = np.int64(0)
        for row in range(n_documents):
            start, end = offsets_N1[row], offsets_N1[row + 1]
            for position in range(start, end + 1):
                if position == end or data_D[position] == LINE_FEED:
                    if position - start >= least:
                        if are_counted:
                            starts_S[n_spans], stops_S[n_spans] = start, position
                        n_spans += 1
                    start = position + 1
            firsts_N1[row + 1] = n_spans
    return starts_S, stops_S, firsts_N1
