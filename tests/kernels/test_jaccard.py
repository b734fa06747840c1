"""Jaccard: counts of sets as Python has them, in ten-thousandths rounded down."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stages.kernels import jaccard

sets = st.lists(st.sets(st.integers(0, 2**64 - 1) | st.integers(0, 9)), min_size=1, max_size=6)


def stored(values: list[set[int]]):
    flat = [value for one in values for value in sorted(one)]
    return np.array(flat, np.uint64), np.cumsum([0, *map(len, values)])


@given(sets, sets)
def test_exact_is_the_definition(ours, theirs):
    pairs = [(i, j) for i in range(len(ours)) for j in range(len(theirs))]
    found = jaccard.exact(*stored(ours), *stored(theirs), *np.array(pairs).T)
    assert found.dtype == np.int32
    expected = [10_000 * len(ours[i] & theirs[j]) // max(1, len(ours[i] | theirs[j])) for i, j in pairs]
    assert found.tolist() == expected


def test_exact_rounds_down_and_the_empty_are_like_nothing():
    ours = stored([{1, 2, 3}, set(), {2**64 - 1}])
    pairs = np.array([(0, 0), (0, 1), (1, 1), (2, 2), (0, 2)]).T
    assert jaccard.exact(*ours, *stored([{2, 3, 4, 5, 6, 7}, set(), {2**64 - 1}]), *pairs).tolist() == [
        2857,
        0,
        0,
        10_000,
        0,
    ]
    nothing = np.empty(0, np.int64)
    assert jaccard.exact(*ours, *ours, nothing, nothing).tolist() == []


def test_exact_counts_large_sets_without_overflow():
    many = np.arange(1_000_000, dtype=np.uint64), np.array([0, 1_000_000])
    half = np.arange(0, 1_000_000, 2, dtype=np.uint64), np.array([0, 500_000])
    none = np.zeros(1, np.int64)
    assert jaccard.exact(*many, *half, none, none).tolist() == [5000]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=150))
def test_estimated_is_the_share_of_equal_minima(minima):
    one, other = np.array(minima, np.uint32).T
    table = np.array([one, other])
    found = jaccard.estimated(table, table, np.array([0, 0, 1]), np.array([1, 0, 0]))
    expected = 10_000 * sum(a == b for a, b in minima) // len(minima)
    assert found.dtype == np.int32
    assert found.tolist() == [expected, 10_000, expected]
