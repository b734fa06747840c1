"""fastText's bag of features: the rows of its input matrix that a text stands for, and their sum.

Letters: B bytes of words, C bytes of a token, D bytes of text, S spans, N documents, W words, H slots, I places in a
buffer, G open n-grams, R rows, V values of a row, L labels, F features, E buckets by 64. Hashes and the order of rows
are fastText 0.9's, so that a model made by either is read by both. Sources: Bojanowski et al. 2017 (n-grams of
characters), Joulin et al. 2016 (n-grams of words, hashed; compressed models).

A document is some spans of the text, taken as one line with a space between them. A token is what stands between white
space in ASCII (and NUL). Nothing in a text is special: `</s>` and `__label__x` are tokens like others.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

FNV_OFFSET, FNV_PRIME = np.uint32(2166136261), np.uint32(16777619)
NGRAM_FACTOR = np.uint64(116049371)
BEGIN, END = np.uint8(ord("<")), np.uint8(ord(">"))
END_OF_LINE = np.uint32(3617362777)
"""The hash of `</s>`, which fastText reads at the end of a line."""
BUFFER = 4096
LONG_WAY = 4096


class Tables(NamedTuple):
    """A model as kernels take it.

    words_B uint8, firsts_W1 int64[W+1] and hashes_W uint32: the words; slots_H int32: the place of a word is at its
    hash, or after it, -1 where there is none; H is a power of two. kept_E uint64: a bit for each bucket that is left of
    a compressed model; ranks_E int64: the row of the first of each 64. Both are empty if all are left; rows of buckets
    come after those of words, in order. end_row int64: the row of the end of a line, or -1.
    input_RV float32. output float32: of shape (V, L), but (L, V) for hierarchical softmax. left_T, right_T int32:
    the children of the inner nodes of its tree, whose leaves are the labels. sigmoid_Q float32.
    """

    words_B: Any
    firsts_W1: Any
    hashes_W: Any
    slots_H: Any
    kept_E: Any
    ranks_E: Any
    end_row: int
    n_buckets: int
    min_n: int
    max_n: int
    word_ngrams: int
    loss: int
    input_RV: Any
    output: Any
    left_T: Any
    right_T: Any
    sigmoid_Q: Any


@njit(cache=True, nogil=True, inline="always")
def _hash_on(hashed, byte):
    """FNV-1a with 32 bits; a byte is signed, as it was where the first models were made."""
    return np.uint32((hashed ^ np.uint32(np.int8(byte))) * FNV_PRIME)


@njit(cache=True, nogil=True)
def hash_words(words_B, firsts_W1):
    """The hash of each word, uint32[W]."""
    hashes_W = np.empty(len(firsts_W1) - 1, np.uint32)
    for word in range(len(hashes_W)):
        hashed = FNV_OFFSET
        for place in range(firsts_W1[word], firsts_W1[word + 1]):
            hashed = _hash_on(hashed, words_B[place])
        hashes_W[word] = hashed
    return hashes_W


@njit(cache=True, nogil=True)
def fill_slots(keys_W, slots_H):
    """Put the place of each key, uint32[W], at its slot, or the first free one after it; the longest way to one, int64.

    It ends at a way of LONG_WAY: keys that collide so often were made to.
    """
    mask, longest = np.int64(len(slots_H) - 1), np.int64(0)
    for place in range(len(keys_W)):
        slot, way = np.int64(keys_W[place]) & mask, np.int64(0)
        while slots_H[slot] >= 0 and way < LONG_WAY:
            slot = (slot + 1) & mask
            way += 1
        slots_H[slot] = place
        longest = max(longest, way)
        if way == LONG_WAY:
            break
    return longest


@njit(cache=True, nogil=True, inline="always")
def _is_space(byte):
    return byte == 32 or (byte >= 9 and byte <= 13) or byte == 0


@njit(cache=True, nogil=True)
def _word_row(data_D, start, stop, hashed, t):
    """The row of a word, or -1."""
    mask = np.int64(len(t.slots_H) - 1)
    slot = np.int64(hashed) & mask
    while True:
        word = np.int64(t.slots_H[slot])
        if word < 0:
            return np.int64(-1)
        first, last = t.firsts_W1[word], t.firsts_W1[word + 1]
        if t.hashes_W[word] == hashed and last - first == stop - start:
            same = True
            for offset in range(stop - start):
                if t.words_B[first + offset] != data_D[start + offset]:
                    same = False
                    break
            if same:
                return word
        slot = (slot + 1) & mask


@njit(cache=True, nogil=True, inline="always")
def _n_bits(bits):
    """How many bits of a uint64 are 1."""
    bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True, nogil=True, inline="always")
def _has(bucket, t):
    """Whether the model has a row for a bucket, 1 or 0."""
    if not len(t.kept_E):
        return np.int64(1)
    return np.int64((t.kept_E[np.uint64(bucket >> 6)] >> np.uint64(bucket & 63)) & np.uint64(1))


@njit(cache=True, nogil=True, inline="always")
def _bucket_row(bucket, t):
    """The row of a bucket that the model has."""
    if not len(t.kept_E):
        return len(t.hashes_W) + bucket
    below = t.kept_E[np.uint64(bucket >> 6)] & ((np.uint64(1) << np.uint64(bucket & 63)) - np.uint64(1))
    return t.ranks_E[np.uint64(bucket >> 6)] + _n_bits(below)


@njit(cache=True, nogil=True, inline="always")
def _room(t):
    """How many rows there must be room for: a word's, and those of n-grams that end with it or begin at a character."""
    return np.int64(2 + t.max_n + t.word_ngrams)


@njit(cache=True, nogil=True)
def _add_rows(input_RV, ids_I, n_ids, sum_V):
    for place in range(n_ids):
        row = np.uint64(ids_I[place])
        for value in range(len(sum_V)):
            sum_V[value] += input_RV[row, value]


@njit(cache=True, nogil=True, inline="always")
def _put_subwords(token_C, n_bytes, t, ids_I, n_ids, sum_V):
    """Put the rows of a token's n-grams of characters into the buffer; where it is full, it is emptied into the sum.

    token_C: the token between `<` and `>`, which by themselves are no n-gram, and a NUL. Returns how many the buffer
    holds, and how many were emptied.
    """
    n_added, n_before = np.int64(0), n_ids
    n_buckets, min_n, max_n = np.int64(t.n_buckets), np.int64(t.min_n), np.int64(t.max_n)
    for first in range(n_bytes):
        if token_C[np.uint64(first)] & 0xC0 == 0x80:
            continue
        if n_ids > len(ids_I) - _room(t):
            _make_rows(ids_I, n_before, n_ids, t)
            _add_rows(t.input_RV, ids_I, n_ids, sum_V)
            n_added, n_ids, n_before = n_added + n_ids, np.int64(0), np.int64(0)
        hashed, position, n_chars = FNV_OFFSET, first, np.int64(0)
        while position < n_bytes and n_chars < max_n:
            hashed = _hash_on(hashed, token_C[np.uint64(position)])
            position += 1
            if token_C[np.uint64(position)] & 0xC0 == 0x80:
                continue
            n_chars += 1
            if n_chars >= min_n and (n_chars > 1 or (first > 0 and position < n_bytes)):
                bucket = np.int64(hashed) % n_buckets
                ids_I[np.uint64(n_ids)] = (
                    bucket  # a compressed model lacks most: they are overwritten, without a branch
                )
                n_ids += _has(bucket, t)
    _make_rows(ids_I, n_before, n_ids, t)
    return n_ids, n_added


@njit(cache=True, nogil=True, inline="always")
def _make_rows(buckets_I, first, last, t):
    """Replace buckets in places first .. last - 1 by their rows."""
    for place in range(first, last):
        buckets_I[place] = _bucket_row(np.int64(buckets_I[place]), t)


@njit(cache=True, nogil=True, inline="always")
def _copy_token(data_D, start, stop, token_C):
    """Put a token between its marks and before a NUL; how many bytes it then has without that."""
    size = stop - start
    token_C[0], token_C[size + 1], token_C[size + 2] = BEGIN, END, 0
    for offset in range(size):
        token_C[offset + 1] = data_D[start + offset]
    return size + 2


@njit(cache=True, nogil=True)
def _next_token(data_D, position, stop):
    """Start and end of the next token of a span, and its hash; start == end == stop if there is none."""
    while position < stop and _is_space(data_D[position]):
        position += 1
    start, hashed = position, FNV_OFFSET
    while position < stop and not _is_space(data_D[position]):
        hashed = _hash_on(hashed, data_D[position])
        position += 1
    return start, position, hashed


@njit(cache=True, nogil=True, inline="always")
def _sign_extended(hashed):
    """A hash of a word as it enters those of n-grams of words, uint64."""
    return np.uint64(np.int64(np.int32(hashed)))


@njit(cache=True, nogil=True, inline="always")
def _add_ngrams(hashed, t, open_G, n_open, ids_I, n_ids):
    """Put the rows of the n-grams of words that end with this one into the buffer.

    open_G uint64: the hashes of those that began with the words before it, the last word's first; moved on by a word.
    Returns how many the buffer holds, and how many are open.
    """
    value = _sign_extended(hashed)
    for place in range(n_open):
        open_G[place] = open_G[place] * NGRAM_FACTOR + value
        bucket = np.int64(open_G[place] % np.uint64(t.n_buckets))
        if _has(bucket, t):
            ids_I[n_ids] = _bucket_row(bucket, t)
            n_ids += 1
    n_open = min(n_open + 1, len(open_G))
    for place in range(n_open - 1, 0, -1):
        open_G[place] = open_G[place - 1]
    if n_open:
        open_G[0] = value
    return n_ids, n_open


@njit(cache=True, nogil=True, inline="always")
def _end_line(t, open_G, n_open, ids_I, n_ids):
    """Put the rows of the end of a line into the buffer; returns how many it holds."""
    if t.end_row >= 0:
        ids_I[n_ids] = t.end_row
        n_ids += 1
    n_ids, _ = _add_ngrams(END_OF_LINE, t, open_G, n_open, ids_I, n_ids)
    return n_ids


@njit(cache=True, nogil=True, inline="always")
def sum_document(data_D, starts_S, stops_S, first, last, t, token_C, ids_I, open_G, sum_V):
    """Put the sum of the rows of a document, the spans first .. last - 1, into sum_V; how many they are, int64."""
    sum_V[:] = 0
    n_ids, n_features, n_open = np.int64(0), np.int64(0), np.int64(0)
    for span in range(first, last):
        position, stop = starts_S[span], stops_S[span]
        while True:
            start, position, hashed = _next_token(data_D, position, stop)
            if start == position:
                break
            if n_ids > len(ids_I) - 2 * _room(t):
                _add_rows(t.input_RV, ids_I, n_ids, sum_V)
                n_features, n_ids = n_features + n_ids, np.int64(0)
            row = _word_row(data_D, start, position, hashed, t)
            if row >= 0:
                ids_I[n_ids] = row
                n_ids += 1
            if t.max_n > 0:
                n_bytes = _copy_token(data_D, start, position, token_C)
                n_ids, n_added = _put_subwords(token_C, n_bytes, t, ids_I, n_ids, sum_V)
                n_features += n_added
            n_ids, n_open = _add_ngrams(hashed, t, open_G, n_open, ids_I, n_ids)
    n_ids = _end_line(t, open_G, n_open, ids_I, n_ids)
    _add_rows(t.input_RV, ids_I, n_ids, sum_V)
    return n_features + n_ids


@njit(cache=True, nogil=True)
def features(data_D, starts_S, stops_S, firsts_N1, t):
    """The rows of each document, for a model without n-grams of characters: ids int32[F] and firsts int64[N+1]."""
    assert t.max_n == 0
    n_documents, n_features = len(firsts_N1) - 1, np.int64(0)
    firsts_F1 = np.zeros(n_documents + 1, np.int64)
    ids_F = np.empty(BUFFER, np.int32)
    open_G = np.empty(max(t.word_ngrams - 1, 0), np.uint64)
    for row in range(n_documents):
        n_open = np.int64(0)
        for span in range(firsts_N1[row], firsts_N1[row + 1]):
            position, stop = starts_S[span], stops_S[span]
            while True:
                start, position, hashed = _next_token(data_D, position, stop)
                if n_features > len(ids_F) - _room(t):
                    ids_F = np.concatenate((ids_F, np.empty(len(ids_F), np.int32)))
                if start == position:
                    break
                word = _word_row(data_D, start, position, hashed, t)
                if word >= 0:
                    ids_F[n_features] = word
                    n_features += 1
                n_features, n_open = _add_ngrams(hashed, t, open_G, n_open, ids_F, n_features)
        if n_features > len(ids_F) - _room(t):
            ids_F = np.concatenate((ids_F, np.empty(len(ids_F), np.int32)))
        n_features = _end_line(t, open_G, n_open, ids_F, n_features)
        firsts_F1[row + 1] = n_features
    return ids_F[:n_features], firsts_F1
