"""Counts of n-grams: those of the definition, whatever the chunks and partitions."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
import reference_ngram_train as reference
from hypothesis import given
from hypothesis import strategies as st
from ngram_training import corpora, grams, packed_lines, partitions

from stages import ngram_counts
from stages.kernels.ngram_counts import N_IDS

orders = st.integers(2, 6)


def level(merged, order, n, least=1, as_they_are=False):
    size = ngram_counts.sizes(merged, order)[n]
    return ngram_counts.level(merged, order, n, size, [least] * order, as_they_are)


@given(corpora, orders, st.integers(1, 5))
def test_counts_are_those_of_the_definition_in_suffix_order(corpus, order, n_partitions):
    lines, _ = corpus
    counts, borders = ngram_counts.count(*packed_lines(lines), order, n_partitions)
    found = grams(counts, order)
    assert dict(zip(found, counts.counts.tolist(), strict=True)) == reference.full_counts(lines, order)
    assert borders.dtype == np.int64 and borders[0] == 0 and borders[-1] == len(found)
    homes = {}
    for number in range(n_partitions):
        part = found[borders[number] : borders[number + 1]]
        assert part == sorted(part, key=lambda gram: gram[::-1])
        assert all(homes.setdefault(gram[-2], number) == number for gram in part)


@given(corpora, orders, st.lists(st.integers(0, 10), max_size=4), st.randoms(use_true_random=False))
def test_any_chunks_in_any_order_merge_to_the_same(corpus, order, cuts, chance):
    lines, _ = corpus
    borders = sorted({0, len(lines), *(cut for cut in cuts if cut < len(lines))})
    chunks = [lines[start:stop] for start, stop in itertools.pairwise(borders)]
    chance.shuffle(chunks)
    (together,), (merged,) = partitions([lines], order, 1), partitions(chunks, order, 1)
    for one, other in zip(together, merged, strict=True):
        assert one.dtype == other.dtype and one.tolist() == other.tolist()


@given(corpora, orders, st.integers(1, 3))
def test_levels_are_those_of_the_definition(corpus, order, least):
    lines, _ = corpus
    (merged,) = partitions([lines], order, 1)
    full, adjusted = grams(merged, order), reference.adjusted(lines, order)
    below = [(token,) for token in range(20 + 3)]
    for n in range(2, order + 1):
        found, raw = level(merged, order, n, least), reference.occurrences(lines, n)
        here = [full[row][order - n :] for row in found.rows]
        assert here == sorted(raw, key=lambda gram: gram[::-1])
        assert found.counts.tolist() == [adjusted[n - 1][gram] for gram in here]
        assert level(merged, order, n, least, as_they_are=True).counts.tolist() == [raw[gram] for gram in here]
        assert found.kept.tolist() == [raw[gram] >= least and 0 not in gram for gram in here]
        assert [below[suffix] for suffix in found.suffixes] == [gram[1:] for gram in here]
        below = here


@given(corpora, orders, st.integers(1, 4), st.booleans())
def test_statistics_add_up_over_partitions(corpus, order, n_partitions, as_they_are):
    lines, n_ids = corpus
    least = [1, *range(1, order)]
    parts = partitions([lines], order, n_partitions)
    found = [ngram_counts.statistics(part, order, n_ids, least, as_they_are) for part in parts]
    sums = {key: sum(one[key] for one in found) for key in found[0]}
    raw = [reference.occurrences(lines, n) for n in range(1, order + 1)]
    counts = raw if as_they_are else reference.adjusted(lines, order)
    for n in range(2, order + 1):
        values = Counter(counts[n - 1].values())
        assert sums["of_counts"][n - 1].tolist() == [values[k] for k in (1, 2, 3, 4)]
        assert sums["grams"][n - 1] == len(raw[n - 1])
        assert sums["kept"][n - 1] == sum(0 not in gram and count >= least[n - 1] for gram, count in raw[n - 1].items())
    before = reference.adjusted(lines, order)[0]
    assert sums["before"].tolist() == [before.get((token,), 0) for token in range(n_ids)]
    assert sums["occurrences"].tolist() == [raw[0].get((token,), 0) for token in range(n_ids)]


def test_counts_of_kneser_and_ney_by_hand():
    lines = [[3, 4, 3, 4], [4, 3, 4]]  # a b a b / b a b
    (merged,) = partitions([lines], 3, 1)
    found = level(merged, 3, 2)
    pairs = [gram[1:] for gram in grams(merged, 3)]
    assert {pairs[row]: int(count) for row, count in zip(found.rows, found.counts, strict=True)} == {
        (4, 2): 1,  # b </s>, twice, after a both times
        (1, 3): 1,  # <s> a, once
        (4, 3): 2,  # b a, after a and after <s>
        (1, 4): 1,
        (3, 4): 2,  # a b, three times, after <s> and b
    }
    sums = ngram_counts.statistics(merged, 3, 5, [1, 1, 1], False)
    assert sums["before"].tolist() == [0, 0, 1, 2, 2] and sums["occurrences"].tolist() == [0, 0, 2, 3, 4]


@pytest.mark.parametrize("order", range(2, 7))
def test_the_highest_ids_are_kept_apart(order):
    high = N_IDS - 1
    lines = [[high] * 7, [high - 1, high] * 3, [high - 2**11, high - 2**20, 3, high] * 2]
    counts, _ = ngram_counts.count(*packed_lines(lines), order, 1)
    assert dict(zip(grams(counts, order), counts.counts.tolist(), strict=True)) == reference.full_counts(lines, order)


def test_ids_that_do_not_fit_are_refused():
    with pytest.raises(AssertionError):
        ngram_counts.count(np.array([N_IDS], np.int32), np.array([0, 1]), 2, 1)


def test_counts_stop_where_they_end():
    full = np.iinfo(np.uint32).max
    one = ngram_counts.Counts(*(np.array([value], kind) for value, kind in ((9, "u8"), (0, "u8"), (full - 1, "u4"))))
    assert ngram_counts.merge([one, one, one]).counts.tolist() == [full]


@pytest.mark.parametrize("lines", [[], [[]], [[], []]])
def test_without_a_token(lines):
    counts, borders = ngram_counts.count(*packed_lines(lines), 4, 3)
    assert counts.counts.tolist() == ([len(lines)] if lines else [])
    assert borders[-1] == len(counts.hi)
    assert len(ngram_counts.merge([]).hi) == 0
    assert ngram_counts.sizes(ngram_counts.merge([]), 4) == [0] * 5


def test_lines_may_begin_anywhere_in_the_ids():
    ids = np.array([9, 9, 3, 4, 5, 9], np.int32)
    counts, _ = ngram_counts.count(ids, np.array([2, 4, 5]), 3, 1)
    assert dict(zip(grams(counts, 3), counts.counts.tolist(), strict=True)) == reference.full_counts([[3, 4], [5]], 3)


def test_min_counts_may_not_fall():
    with pytest.raises(AssertionError):
        ngram_counts.check_min_counts([1, 2, 1], 3)
