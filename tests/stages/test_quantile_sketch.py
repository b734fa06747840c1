"""Sketches of perplexities against the values themselves, and what comes from files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.quantile_sketch import MAX_COUNT, MAX_VALUE, PERCENTILES, SCALE, WIDTH, from_json, merged, sketched

values = st.lists(st.one_of(st.integers(0, 90), st.integers(0, MAX_VALUE)), max_size=60)
some = st.lists(st.one_of(st.integers(0, 90), st.integers(0, MAX_VALUE)), min_size=1, max_size=60)


def made(numbers):
    return sketched(np.array(numbers, np.int64))


@given(some, some)
def test_ranks_are_those_of_the_values_but_for_one_bin(seen, asked):
    ranks = made(seen).rank(np.array(asked, np.int64))
    for value, rank in zip(asked, ranks.tolist(), strict=True):
        low, high = value // WIDTH * WIDTH, value // WIDTH * WIDTH + WIDTH
        below, here = sum(one < low for one in seen), sum(low <= one < high for one in seen)
        exact = SCALE * (below + here * (value - low + 0.5) / WIDTH) / len(seen)
        assert exact - 1e-6 <= rank < exact + 1 + 1e-6
    order = np.argsort(asked, kind="stable")
    assert (np.diff(ranks[order]) >= 0).all()


@given(some, st.integers(0, SCALE))
def test_quantiles_are_those_of_the_values_but_for_one_bin(seen, share):
    found = made(seen).quantile(share)
    exact = sorted(seen)[max(0, -(-share * len(seen) // SCALE) - 1)]
    assert abs(found - exact) < WIDTH
    assert abs(found - np.quantile(seen, share / SCALE, method="inverted_cdf")) < WIDTH  # numpy's own


def test_quantiles_and_ranks_of_many_values_agree():
    seen = np.rint(np.random.default_rng(5).normal(24_000, 2_500, 50_000)).astype(np.int64)
    one = sketched(seen)
    for share in (1, 100, 3_333, 5_000, 6_667, 9_900):
        assert abs(int(one.rank(np.array([one.quantile(share)]))[0]) - share) <= 2
        assert abs((seen <= one.quantile(share)).mean() * SCALE - share) <= 15
    assert one.percentiles()["50"] == pytest.approx(10 ** (np.median(seen) / SCALE), rel=0.005)
    assert list(one.percentiles()) == list(PERCENTILES)


@given(st.lists(values, max_size=5), st.randoms())
def test_merging_in_any_order_is_seeing_all(parts, chance):
    whole = made([value for part in parts for value in part])
    chance.shuffle(parts)
    found = merged(map(made, parts))
    assert found.bins.tolist() == whole.bins.tolist() and found.counts.tolist() == whole.counts.tolist()
    assert found.n == sum(map(len, parts))


@given(values)
def test_json_keeps_everything(seen):
    one = made(seen)
    again = from_json(json.loads(json.dumps(one.to_json())))
    assert again.bins.tolist() == one.bins.tolist() and again.counts.tolist() == one.counts.tolist()
    assert again.bins.dtype == again.counts.dtype == np.int64


def test_the_ends():
    assert made([]).n == 0 and made([]).percentiles() == {}
    assert made([-5, MAX_VALUE + 99]).bins.tolist() == [0, MAX_VALUE // WIDTH]
    one = made([40, 40, 59, 100])
    assert one.rank(np.array([0, 39, 40, 59, 60, 99, 119, 120, MAX_VALUE])).tolist() == [
        0, 0, 188, 7_313, 7_500, 7_500, 9_938, 10_000, 10_000,
    ]  # fmt: skip
    assert (one.quantile(0), one.quantile(7_500), one.quantile(SCALE)) == (40, 59, 119)
    most = from_json({"width": WIDTH, "bins": [0, 1], "counts": [MAX_COUNT - 1, 1]})
    assert most.rank(np.array([19, 20, 400])).tolist() == [9_750, 10_000, 10_000]
    assert most.quantile(SCALE) == 39


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"width": 21}, "has not the width 20"),
        ({"bins": [3, 1]}, "are damaged"),
        ({"bins": [1, 1]}, "are damaged"),
        ({"bins": [1]}, "are damaged"),
        ({"counts": [1, 0]}, "are damaged"),
        ({"counts": [MAX_COUNT, MAX_COUNT]}, "are damaged"),
        ({"counts": [1, -1]}, "no lists of numbers"),
        ({"counts": [1, 2**70]}, "no lists of numbers"),
        ({"bins": [1, MAX_VALUE]}, "no lists of numbers"),
        ({"bins": [1, 2.0]}, "no lists of numbers"),
        ({"bins": [True, 2]}, "no lists of numbers"),
        ({"bins": "12"}, "no lists of numbers"),
        ({"counts": None}, "no lists of numbers"),
    ],
)
def test_what_is_no_sketch_is_refused(changes, what):
    right = {"width": WIDTH, "bins": [1, 2], "counts": [5, 6]}
    assert from_json(right).n == 11
    with pytest.raises(ValueError, match=what):
        from_json(right | changes)
    for other in (None, [], "sketch", {}):
        with pytest.raises(ValueError, match="width"):
            from_json(other)
