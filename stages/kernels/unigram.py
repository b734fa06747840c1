"""A unigram language model of pieces: what segmentations of words expect of each piece, and the best segmentation.

A piece is found by walking a trie from where it starts. The trie is a hash table: (node, character) -> node.

Letters: C characters of all words, W words; T slots of the table, a power of two; N nodes, 0 the root; P pieces,
D characters of all pieces; E edges of a word: its pieces by place.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MAX_CHARS = 16
"""Of a piece, as in SentencePiece."""
MIX = np.uint64(0x9E3779B97F4A7C15)
NEVER = -1e300


@njit(cache=True, nogil=True)
def _slot(keys_T, key):
    """Where a key is, or could be put."""
    mask = np.uint64(len(keys_T) - 1)
    mixed = np.uint64(key) * MIX
    slot = (mixed ^ (mixed >> np.uint64(32))) & mask
    while keys_T[slot] != key and keys_T[slot] != -1:
        slot = (slot + np.uint64(1)) & mask
    return slot


@njit(cache=True, nogil=True)
def trie(chars_D, offsets_P1, n_chars):
    """The trie of pieces whose characters are numbers below n_chars: keys and nodes int64[T], pieces int64[N] or -1."""
    size = 16
    while size < 2 * (len(chars_D) + 1):
        size *= 2
    keys_T, nodes_T = np.full(size, -1, np.int64), np.zeros(size, np.int64)
    pieces_N = np.full(len(chars_D) + 1, -1, np.int64)
    n_nodes = 1
    for piece in range(len(offsets_P1) - 1):
        node = 0
        for place in range(offsets_P1[piece], offsets_P1[piece + 1]):
            key = node * n_chars + chars_D[place]
            slot = _slot(keys_T, key)
            if keys_T[slot] == -1:
                keys_T[slot], nodes_T[slot] = key, n_nodes
                n_nodes += 1
            node = nodes_T[slot]
        pieces_N[node] = piece
    return keys_T, nodes_T, pieces_N[:n_nodes]


@njit(cache=True, nogil=True)
def _edges(chars_C, start, end, keys_T, nodes_T, pieces_N, n_chars, edges_E3):
    """All pieces in a word, by where they start: the places of start and end, and the piece; returns how many."""
    n_edges = 0
    for place in range(start, end):
        node = 0
        for last in range(place, min(end, place + MAX_CHARS)):
            slot = _slot(keys_T, node * n_chars + chars_C[last])
            if keys_T[slot] == -1:
                break
            node = nodes_T[slot]
            if pieces_N[node] >= 0:
                edges_E3[n_edges, 0], edges_E3[n_edges, 1] = place - start, last + 1 - start
                edges_E3[n_edges, 2] = pieces_N[node]
                n_edges += 1
    return n_edges


@njit(cache=True, nogil=True)
def _add(one, other):
    """log(exp(one) + exp(other))."""
    high, low = max(one, other), min(one, other)
    return high if high - low > 40.0 else high + np.log1p(np.exp(low - high))


@njit(cache=True, nogil=True)
def expect(chars_C, offsets_W1, counts_W, keys_T, nodes_T, pieces_N, n_chars, scores_P):
    """How often each piece is expected, float64[P], and the log-likelihood of all words (the E step of Kudo 2018).

    counts_W: of each word, float64; scores_P: log-probabilities. Every character is a piece.
    """
    longest = 0
    for word in range(len(offsets_W1) - 1):
        longest = max(longest, offsets_W1[word + 1] - offsets_W1[word])
    edges_E3 = np.empty((longest * MAX_CHARS, 3), np.int64)
    before, after = np.empty(longest + 1), np.empty(longest + 1)
    expected_P, total = np.zeros(len(scores_P)), 0.0
    for word in range(len(offsets_W1) - 1):
        start, end = offsets_W1[word], offsets_W1[word + 1]
        n_edges = _edges(chars_C, start, end, keys_T, nodes_T, pieces_N, n_chars, edges_E3)
        before[: end - start + 1], after[: end - start + 1] = NEVER, NEVER
        before[0], after[end - start] = 0.0, 0.0
        for edge in range(n_edges):
            begin, to, piece = edges_E3[edge]
            before[to] = _add(before[to], before[begin] + scores_P[piece])
        for edge in range(n_edges - 1, -1, -1):
            begin, to, piece = edges_E3[edge]
            after[begin] = _add(after[begin], after[to] + scores_P[piece])
        whole = before[end - start]
        total += counts_W[word] * whole
        for edge in range(n_edges):
            begin, to, piece = edges_E3[edge]
            expected_P[piece] += counts_W[word] * np.exp(before[begin] + scores_P[piece] + after[to] - whole)
    return expected_P, total


@njit(cache=True, nogil=True)
def best(chars_C, offsets_W1, not_W, keys_T, nodes_T, pieces_N, n_chars, scores_P):
    """The best segmentation of each word without the piece not_W (-1: with all).

    pieces int64[K], the last of a word first, offsets int64[W+1], and its score float64[W]. Every character is a
    piece; a word of that one character alone has no segmentation.
    """
    longest = 0
    for word in range(len(offsets_W1) - 1):
        longest = max(longest, offsets_W1[word + 1] - offsets_W1[word])
    edges_E3 = np.empty((longest * MAX_CHARS, 3), np.int64)
    reached, through = np.empty(longest + 1), np.empty(longest + 1, np.int64)
    found = np.empty(len(chars_C), np.int64)
    offsets, totals = np.zeros(len(offsets_W1), np.int64), np.empty(len(offsets_W1) - 1)
    for word in range(len(offsets_W1) - 1):
        start, end = offsets_W1[word], offsets_W1[word + 1]
        n_edges = _edges(chars_C, start, end, keys_T, nodes_T, pieces_N, n_chars, edges_E3)
        reached[: end - start + 1], reached[0] = NEVER, 0.0
        for edge in range(n_edges):
            begin, to, piece = edges_E3[edge]
            score = reached[begin] + scores_P[piece]
            if piece != not_W[word] and score > reached[to]:
                reached[to], through[to] = score, edge
        totals[word], n_found, place = reached[end - start], offsets[word], end - start
        while place > 0 and totals[word] > NEVER:
            edge = through[place]
            found[n_found] = edges_E3[edge, 2]
            n_found, place = n_found + 1, edges_E3[edge, 0]
        offsets[word + 1] = n_found
    return found[: offsets[len(offsets_W1) - 1]], offsets, totals


@njit(cache=True, nogil=True)
def losses(frequency_P, alternatives_K, offsets_P1):
    """What the likelihood of a word loses on average without each piece, if its alternative took its place, float64[P].

    frequency_P: of each in the best segmentations; alternatives_K: pieces of the alternatives (SentencePiece's
    `PruneSentencePieces`).
    """
    total, losses_P = frequency_P.sum(), np.zeros(len(frequency_P))
    for piece in range(len(frequency_P)):
        own, first, last = frequency_P[piece], offsets_P1[piece], offsets_P1[piece + 1]
        if own <= 0.0 or first == last:
            continue
        whole = np.log(total + own * (last - first - 1))
        alternative = 0.0
        for place in range(first, last):
            alternative += np.log(frequency_P[alternatives_K[place]] + own) - whole
        losses_P[piece] = own / total * (np.log(own) - np.log(total) - alternative)
    return losses_P


@njit(cache=True, nogil=True)
def digamma(values_P):
    """The digamma function of positive numbers, float64[P]: its recurrence up to 7, then the asymptotic series."""
    found_P = np.empty(len(values_P))
    for place in range(len(values_P)):
        x, shift = values_P[place], 0.0
        while x < 7.0:
            shift -= 1.0 / x
            x += 1.0
        x -= 0.5
        square = 1.0 / (x * x)
        series = square * (1.0 / 24.0 - square * (7.0 / 960.0 - square * (31.0 / 8064.0 - square * 127.0 / 30720.0)))
        found_P[place] = shift + np.log(x) + series
    return found_P
