"""Overlap: which n-grams of documents are in an index of those of other texts, and of which text they have most.

Letters: D bytes, N documents, W words in scratch arrays, G distinct n-grams, F words of 64 bits, B buckets, H heads, L
lengths, P pairs of an n-gram and an item that it is in, I items, E sets of items, M hits, S spans. What an n-gram is:
`overlap_ngrams`.

The key of every n-gram is looked for in a table of bits by its highest ones, which holds 16 to 32 for every key and
tells nearly all that are not there; then in sorted keys, through buckets by fewer of the highest bits. A key that is
found is verified by its check.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .overlap_ngrams import LONGEST, N_SCRATCH, Grams, check_of, extended, fill, key_of, longer, shifted


class Table(NamedTuple):
    """Keys to look up: uint64[G], ascending.

    seen uint64[F], in bits: one for each value of a key's highest bits, 64 - seen_shift of them, set if a key has it.
    buckets int32[B+1]: the keys whose highest bits, 64 - shift of them, are b are from buckets[b] to buckets[b + 1].
    """

    seen: np.ndarray
    seen_shift: np.uint64
    keys: np.ndarray
    buckets: np.ndarray
    shift: np.uint64


class Index(NamedTuple):
    """n-grams, and the heads of whole texts shorter than one, which are n-grams too.

    checks uint64[G]. The head of a text is its shortest run of words from the first on whose sizes sum up to `least`;
    length_firsts int64[H+1], lengths int64[L]: how many words the texts with each head have, without repeats.
    """

    grams: Table
    checks: np.ndarray
    heads: Table
    length_firsts: np.ndarray
    lengths: np.ndarray


class Hits(NamedTuple):
    """grams int64[M]: which n-gram each hit is, an n-gram as often as it occurs; those of document n are from firsts[n]
    to firsts[n + 1], int64[N+1].

    spans: rows, starts and stops, int64[S] each, of what the hits cover, as byte positions in the data, from a word's
    first byte to a word's last, none next to another. n_words, n_covered int64[N]: words, and those in spans.
    """

    grams: np.ndarray
    firsts: np.ndarray
    spans: tuple[np.ndarray, np.ndarray, np.ndarray]
    n_words: np.ndarray
    n_covered: np.ndarray


@njit(cache=True, nogil=True, inline="always")
def _is_seen(seen_F, seen_shift, key):
    """Whether a key may be there. Of those that are not, at most one in 16 may be."""
    bit = key >> seen_shift
    return (seen_F[bit >> np.uint64(6)] >> (bit & np.uint64(63))) & np.uint64(1) != np.uint64(0)


@njit(cache=True, nogil=True)
def _find(table, key):
    """The place of the first key that is this one, or -1."""
    bucket = np.int64(key >> table.shift)
    for place in range(table.buckets[bucket], table.buckets[bucket + 1]):
        if table.keys[place] >= key:
            return np.int64(place) if table.keys[place] == key else np.int64(-1)
    return np.int64(-1)


@njit(cache=True, nogil=True)
def _verified(index, key, hashes_W, first, stop):
    """The n-gram that these words, which have this key, are, or -1."""
    place, keys = _find(index.grams, key), index.grams.keys
    if place < 0:
        return place
    check = check_of(hashes_W, first, stop)
    while place < len(keys) and keys[place] == key:
        if index.checks[place] == check:
            return place
        place += 1
    return np.int64(-1)


@njit(cache=True, nogil=True)
def _whole_texts(index, head, hashes_W, first, n_words, grams_M, n_hits):
    """Whole texts with a head that was found: grams_M, which is replaced if it is short, with their n-grams, how many
    hits that makes, and where the longest of them ends (0: none is there)."""
    reach = np.int64(0)
    for text in range(index.length_firsts[head], index.length_firsts[head + 1]):
        stop = first + index.lengths[text]
        if stop <= n_words:
            key = key_of(hashes_W, first, stop)
            gram = _verified(index, key, hashes_W, first, stop)
            if gram >= 0:
                if n_hits == len(grams_M):
                    grams_M = longer(grams_M)
                grams_M[n_hits] = gram
                n_hits, reach = n_hits + 1, max(reach, stop)
    return grams_M, n_hits, reach


@njit(cache=True, nogil=True)
def search_kernel(data_D, offsets_N1, spec, index):
    """The fields of `Hits`; see `search`."""
    n_documents = len(offsets_N1) - 1
    hashes_W, sizes_W = np.empty(N_SCRATCH, np.uint64), np.empty(N_SCRATCH, np.int64)
    starts_W, stops_W = np.empty(N_SCRATCH, np.int64), np.empty(N_SCRATCH, np.int64)
    grams_M, firsts_N1 = np.empty(64, np.int64), np.zeros(n_documents + 1, np.int64)
    rows_S, starts_S, stops_S = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int64)
    n_hits, n_spans = np.int64(0), np.int64(0)
    n_words_N, n_covered_N = np.zeros(n_documents, np.int64), np.zeros(n_documents, np.int64)
    seen_F, shift, head_seen_F, head_shift = (
        index.grams.seen,
        index.grams.seen_shift,
        index.heads.seen,
        index.heads.seen_shift,
    )
    classes_U, folded_U, powers_L, sizes, whole, least = spec  # taken out once, for each look is counted
    has_heads = len(index.heads.keys) > 0
    for row in range(n_documents):
        position, end = offsets_N1[row], offsets_N1[row + 1]
        n_words, before, is_last = np.int64(0), np.int64(0), False  # before: words of the document that are gone
        covered = np.int64(-1)  # where the open span ends, as a word of the document
        while not is_last:
            n_words, position, is_last = fill(
                data_D, position, end, classes_U, folded_U, sizes, hashes_W, sizes_W, starts_W, stops_W, n_words
            )
            n_starts = n_words if is_last else n_words - LONGEST
            key, total, stop = np.uint64(0), np.int64(0), np.int64(0)
            head, head_total, head_stop = np.uint64(0), np.int64(0), np.int64(0)
            for first in range(n_starts):
                reach, at = np.int64(0), np.uint64(first)
                key, total, stop = extended(hashes_W, sizes_W, n_words, key, total, stop, whole)
                if total < whole and not has_heads:
                    break
                if total >= whole and _is_seen(seen_F, shift, key):
                    gram = _verified(index, key, hashes_W, first, stop)
                    if gram >= 0:
                        if n_hits == len(grams_M):
                            grams_M = longer(grams_M)
                        grams_M[n_hits] = gram
                        n_hits, reach = n_hits + 1, stop
                key -= hashes_W[at] * powers_L[np.uint64(stop - first - 1)]
                total -= sizes_W[at]
                if has_heads:
                    head, head_total, head_stop = extended(
                        hashes_W, sizes_W, n_words, head, head_total, head_stop, least
                    )
                    if head_total < least:
                        break
                    if _is_seen(head_seen_F, head_shift, head):
                        place = _find(index.heads, head)
                        if place >= 0:
                            grams_M, n_hits, far = _whole_texts(index, place, hashes_W, first, n_words, grams_M, n_hits)
                            reach = max(reach, far)
                    head -= hashes_W[at] * powers_L[np.uint64(head_stop - first - 1)]
                    head_total -= sizes_W[at]
                if before + reach <= covered or reach == 0:
                    continue
                if before + first > covered:  # not even next to the open span
                    if n_spans == len(rows_S):
                        rows_S, starts_S, stops_S = longer(rows_S), longer(starts_S), longer(stops_S)
                    rows_S[n_spans], starts_S[n_spans] = row, starts_W[first]
                    covered, n_spans = before + first, n_spans + 1
                stops_S[n_spans - 1] = stops_W[reach - 1]
                n_covered_N[row] += before + reach - covered
                covered = before + reach
            if not is_last:
                n_words = shifted(hashes_W, sizes_W, starts_W, stops_W, n_starts, n_words)
                before += n_starts
        n_words_N[row], firsts_N1[row + 1] = before + n_words, n_hits
    spans = rows_S[:n_spans].copy(), starts_S[:n_spans].copy(), stops_S[:n_spans].copy()
    return grams_M[:n_hits].copy(), firsts_N1, spans, n_words_N, n_covered_N


@njit(cache=True, nogil=True)
def closest_kernel(grams_M, firsts_N1, item_firsts_G1, items_P, n_grams_I, sets_I, n_sets):
    """items, found int64[N], n_items int32[N, E]; see `closest`."""
    n_documents = len(firsts_N1) - 1
    items_N, found_N = np.full(n_documents, -1, np.int64), np.zeros(n_documents, np.int64)
    n_items_NE = np.zeros((n_documents, n_sets), np.int32)
    counts_I, met_I = np.zeros(len(n_grams_I), np.int64), np.empty(len(n_grams_I), np.int64)
    for row in range(n_documents):
        n_met = 0
        for hit in range(firsts_N1[row], firsts_N1[row + 1]):
            for place in range(item_firsts_G1[grams_M[hit]], item_firsts_G1[grams_M[hit] + 1]):
                item = np.int64(items_P[place])
                if counts_I[item] == 0:
                    met_I[n_met] = item
                    n_met += 1
                counts_I[item] += 1
        for place in range(n_met):
            item, best = met_I[place], items_N[row]
            found = counts_I[item]
            counts_I[item] = 0
            n_items_NE[row, sets_I[item]] += 1
            if best >= 0:
                more = found * n_grams_I[best] - found_N[row] * n_grams_I[item]
                if more == 0:
                    more = found - found_N[row]
                if more < 0 or (more == 0 and item > best):
                    continue
            items_N[row], found_N[row] = item, found
    return items_N, found_N, n_items_NE


def search(data, offsets, spec: Grams, index: Index) -> Hits:
    """Where documents have n-grams of the index. data uint8[D], offsets int64[N+1]."""
    return Hits(*search_kernel(data, offsets, spec, index))


def closest(grams, firsts, item_firsts, items, n_grams, sets, n_sets: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The item of which a document has the largest share of n-grams, or -1, and how many of them: int64[N] each; and of
    how many items of each set it has any: int32[N, E].

    Of equal shares the one with more n-grams found counts, then the lower item. grams int64[M]: a document's distinct
    n-grams, those of document n from firsts[n] to firsts[n + 1]; item_firsts int64[G+1], items int32[P]: the items
    that each n-gram is in; n_grams int64[I]: how many distinct ones an item has; sets int64[I]: the set that it is in.
    """
    return closest_kernel(grams, firsts, item_firsts, items, n_grams, sets, n_sets)


@njit(cache=True, nogil=True)
def _table_kernel(keys_G, seen_F, seen_shift, buckets_B1, shift):
    """Fill seen_F and buckets_B1, which are zero; see `Table`."""
    for place in range(len(keys_G)):
        bit = keys_G[place] >> seen_shift
        seen_F[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))
        buckets_B1[np.int64(keys_G[place] >> shift) + 1] += 1
    for bucket in range(len(buckets_B1) - 1):
        buckets_B1[bucket + 1] += buckets_B1[bucket]


def table(keys) -> Table:
    """A table of keys, uint64[G], ascending, with about one in a bucket and 16 to 32 bits for each."""
    n_bits = max(2, len(keys).bit_length())
    shift, seen_shift = np.uint64(64 - n_bits), np.uint64(64 - n_bits - 4)
    seen, buckets = np.zeros(1 << n_bits + 4 - 6, np.uint64), np.zeros((1 << n_bits) + 1, np.int32)
    _table_kernel(keys, seen, seen_shift, buckets, shift)
    return Table(seen, seen_shift, keys, buckets, shift)


def index(keys, checks, heads, lengths) -> Index:
    """An index of n-grams, uint64[G] ascending by key and check, and of the heads and lengths of whole texts."""
    order = np.lexsort((lengths, heads))
    heads, lengths = heads[order], lengths[order]
    is_head = np.append(True, heads[1:] != heads[:-1])[: len(heads)]
    is_length = is_head | np.append(True, lengths[1:] != lengths[:-1])[: len(heads)]
    firsts = np.append(np.cumsum(is_length)[is_head] - 1, is_length.sum())
    return Index(table(keys), checks, table(heads[is_head]), firsts, lengths[is_length])
