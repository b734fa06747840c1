"""The plan: budgets that add up, phase by phase, and an order that depends on no mixture."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from train import plan
from train.errors import ConfigError
from train.mixtures import natural
from train.plan import Order, Phase, key, permute


def allot(weights, available, n_tokens, max_epochs):
    """The plan of a run of one phase."""
    return plan.allot([Phase(weights, n_tokens)], available, max_epochs)


def test_weights_are_of_tokens_and_not_of_documents_or_sequences():
    """Both sources get half of the tokens, though one's sequences hold ten times as many."""
    made = allot({"short": 0.5, "long": 0.5}, {"short": (10_000, 10_000), "long": (10_000, 100_000)}, 10_000, 4)
    assert made.sequences == {"long": 500, "short": 5_000}
    assert made.phases[0].expected == made.asked == {"long": 5_000, "short": 5_000}
    assert made.epochs == {"long": 0.05, "short": 0.5}
    assert made.capped == () and made.short_tokens == 0 and made.total == 5_500


def test_what_a_capped_source_cannot_give_goes_to_the_others_by_weight():
    available = {"tiny": (10, 100), "small": (30, 300), "a": (1000, 10_000), "b": (1000, 10_000)}
    made = allot({"tiny": 0.4, "small": 0.3, "a": 0.2, "b": 0.1}, available, 3000, 2)
    assert made.asked == {"a": 600, "b": 300, "small": 900, "tiny": 1200}
    # tiny gives 200 of 1,200, so that 1,000 more are shared, which takes small over its 600 in turn.
    assert made.capped == ("small", "tiny")
    assert made.phases[0].expected == pytest.approx({"a": 1467, "b": 733, "small": 600, "tiny": 200}, abs=5)
    assert made.epochs["tiny"] == made.epochs["small"] == 2.0 and made.short_tokens == 0


def test_all_capped_falls_short_and_says_so():
    made = allot({"web": 0.5, "books": 0.5}, {"web": (5, 50), "books": (7, 70)}, 1000, 3)
    assert made.sequences == {"books": 21, "web": 15} and made.capped == ("books", "web")
    assert made.short_tokens == 1000 - 360


def test_every_source_of_some_weight_comes_and_none_without():
    made = allot(
        {"web": 1.0, "tiny": 1e-9, "none": 0.0}, {"web": (100, 1000), "tiny": (3, 30), "none": (5, 50)}, 500, 4
    )
    assert made.sequences == {"tiny": 1, "web": 50}
    half = allot({"tiny": 1.0}, {"tiny": (1, 30)}, 500, 0.5)
    assert half.sequences == {"tiny": 1} and half.capped == ("tiny",)


@pytest.mark.parametrize("others", [{"web": 1e308}, {"web": 1.0}, {"web": 1e-300, "books": 1e300}])
def test_a_weight_that_vanishes_beside_the_others_still_brings_a_sequence(others):
    made = allot({"书": 1e-308, **others}, dict.fromkeys(("书", "web", "books"), (100, 1000)), 500, 4)
    assert made.sequences == {**dict.fromkeys(others, 1), "书": 1, list(others)[-1]: 50}


def test_a_source_that_is_asked_for_what_it_has_is_not_capped():
    """Each sequence once, by weights that are rounded: nothing is short, and nothing goes to another source."""
    random = Random(0)
    for _ in range(500):
        sizes = [random.randrange(1, 10**6) for _ in range(random.randrange(1, 6))]
        available = {f"s{i}": (n, n * random.randrange(10, 2048) + random.randrange(n)) for i, n in enumerate(sizes)}
        tokens = {name: n_tokens for name, (_, n_tokens) in available.items()}
        made = allot(natural(tokens), available, sum(tokens.values()), 1)
        assert made.capped == () and made.short_tokens == 0
        assert made.sequences == {name: n for name, (n, _) in available.items()}


def test_a_source_is_capped_from_where_it_lacks_a_sequence():
    available = {"web": (1000, 10_000), "书": (10, 100)}
    for over, capped in ((4, ()), (6, ("书",))):
        made = allot({"web": 100 - over, "书": 100 + over}, available, 200, 1)
        assert made.capped == capped and made.sequences["书"] == 10
    part = allot({"书": 1.0}, {"书": (1, 100)}, 200, 1.9)
    assert part.capped == ("书",) and part.sequences == {"书": 1} and part.short_tokens == 100, "whole sequences only"


def test_without_a_most_a_source_is_repeated_as_often_as_asked():
    made = allot({"tiny": 1.0}, {"tiny": (1, 10)}, 10**12, math.inf)
    assert made.sequences == {"tiny": 10**11} and made.epochs == {"tiny": 1e11}


@pytest.mark.parametrize(
    ("n_tokens", "max_epochs"), [(0, 4), (-5, 4), (math.nan, 4), (10, 0), (10, -1), (10, math.nan)]
)
def test_budgets_that_are_refused(n_tokens, max_epochs):
    with pytest.raises(ConfigError, match="a run needs"):
        allot({"web": 1.0}, {"web": (5, 50)}, n_tokens, max_epochs)


HUGE = [[10**15 + 1], [10**308], [10**320], [10**5000], [1e308], [math.inf], [10**15, 1], [1, 10**320]]


@pytest.mark.parametrize("budgets", HUGE, ids=range(len(HUGE)))
@pytest.mark.parametrize("max_epochs", [4, math.inf])
def test_budgets_of_no_run(budgets, max_epochs):
    with pytest.raises(ConfigError, match="a run may have at most 1,000,000,000,000,000 tokens"):
        plan.allot([Phase({"web": 1.0}, n) for n in budgets], {"web": (5, 50)}, max_epochs)


sources = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 50), st.integers(1, 40)), min_size=1, max_size=6)


@given(sources, st.integers(1, 20_000), st.floats(0.1, 5))
def test_budgets_add_up(drawn, n_tokens, max_epochs):
    available = {f"s{i}": (sequences, sequences * size) for i, (_, sequences, size) in enumerate(drawn)}
    weights = {f"s{i}": weight for i, (weight, _, _) in enumerate(drawn)}
    assume(sum(weights.values()) > 1e-6)
    made = allot(weights, available, n_tokens, max_epochs)
    assert set(made.sequences) == {name for name, weight in weights.items() if weight > 0}
    for name, n in made.sequences.items():
        assert 1 <= n <= max(1, max_epochs * available[name][0])
    rounding = sum(available[name][1] / available[name][0] for name in made.sequences)
    assert (
        abs(sum(made.phases[0].expected.values()) + made.short_tokens - n_tokens) <= rounding + len(made.sequences) + 1
    )
    if made.short_tokens:
        assert len(made.capped) == len(made.sequences)


@pytest.mark.parametrize("n", [*range(1, 70), 255, 256, 257, 1000, 4096, 4097, 65_537])
def test_the_permutation_is_one(n):
    for seed in range(3):
        moved = permute(np.arange(n), n, key(seed, "网页", 0))
        assert moved.dtype == np.int64
        assert (np.bincount(moved, minlength=n) == 1).all() and len(moved) == n


def test_the_permutation_of_part_is_part_of_the_permutation():
    n, round_keys = 1013, key(0, "web", 0)
    whole = permute(np.arange(n), n, round_keys)
    some = np.array([5, 1012, 0, 5, 77])
    assert permute(some, n, round_keys).tolist() == whole[some].tolist()
    assert permute(np.empty(0, np.int64), n, round_keys).tolist() == []


@pytest.mark.parametrize("n", [10**12, (1 << 62) - 1, 1 << 62])
def test_a_huge_permutation_needs_only_what_is_asked_of_it(n):
    k = np.concatenate((np.arange(5000), np.arange(n - 5000, n)))
    moved = permute(k, n, key(3, "web", 1))
    assert len(np.unique(moved)) == 10_000 and moved.min() >= 0 and moved.max() < n
    assert stats.kstest(moved / n, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("n", [2, 3, 7, 16, 60])
def test_each_place_is_as_likely_as_the_other_and_each_pair(n):
    """Over 3,000 keys, where 0 and 1 go: chi-square of the place, and of the pair of places."""
    pairs = np.zeros((n, n))
    for seed in range(3000):
        first, second = permute(np.array([0, 1]), n, key(seed, "web", 0))
        pairs[first, second] += 1
    assert stats.chisquare(pairs.sum(axis=1)).pvalue > 1e-4
    if n <= 16:
        assert stats.chisquare(pairs[~np.eye(n, dtype=bool)]).pvalue > 1e-4


def test_neighbours_do_not_stay_together():
    moved = permute(np.arange(10_000), 10_000, key(0, "web", 0))
    assert abs(np.corrcoef(moved[:-1], moved[1:])[0, 1]) < 0.04
    assert abs(np.corrcoef(np.arange(10_000), moved)[0, 1]) < 0.04


def test_keys_differ_by_seed_name_and_epoch_and_stay_what_they_are():
    keys = [key(0, "web", 0), key(1, "web", 0), key(0, "books", 0), key(0, "web", 1), key(0, "1\nweb", 0)]
    assert len({tuple(one.tolist()) for one in keys}) == len(keys)
    assert permute(np.arange(10), 10, key(0, "web", 0)).tolist() == [7, 2, 9, 5, 3, 8, 0, 4, 6, 1]


def whole(order):
    """Source, epoch and row of all blocks."""
    parts = [order.block(block) for block in range(order.n_blocks)]
    return [np.concatenate([part[i] for part in parts]) for i in range(3)]


AVAILABLE = {"web": (40, 400), "books": (7, 70), "one": (1, 10)}


@pytest.mark.parametrize("block_sequences", [1, 3, 7, 18, 35, 1000])
def test_blocks_hold_every_sequence_of_every_epoch_once(block_sequences):
    order = Order(allot({"web": 0.5, "books": 0.4, "one": 0.1}, AVAILABLE, 350, 100), 0, block_sequences)
    assert order.n_blocks == -(-36 // block_sequences)
    source, epoch, row = whole(order)
    assert source.dtype == np.int32 and epoch.dtype == row.dtype == np.int64
    assert order.sources == ("books", "one", "web")
    of_books = sorted(zip(epoch[source == 0].tolist(), row[source == 0].tolist(), strict=True))
    assert len(of_books) == 14 and of_books == [(e, r) for e in range(2) for r in range(7)]
    assert sorted(epoch[source == 1].tolist()) == list(range(len(epoch[source == 1]))) and not row[source == 1].any()
    assert (
        len(set(zip(epoch[source == 2].tolist(), row[source == 2].tolist(), strict=True))) == (source == 2).sum() == 18
    )


def test_each_block_holds_its_part_of_each_source():
    made = allot({"web": 0.7, "books": 0.3}, {"web": (1000, 1000), "books": (1000, 1000)}, 1000, 4)
    for block in range(10):
        source, _, _ = Order(made, 0, 100).block(block)
        assert np.bincount(source).tolist() == [30, 70]
        assert len(np.unique(np.flatnonzero(source == 0) // 10)) > 5, "and not one source after the other"


def test_the_order_within_a_source_is_the_same_in_every_mixture():
    """Common random numbers: the longer of the two goes on where the shorter ends."""
    runs = []
    for weights, blocks in (({"web": 0.8, "books": 0.2}, 17), ({"web": 0.3, "books": 0.6, "one": 0.1}, 7)):
        order = Order(allot(weights, AVAILABLE, 500, 100), 11, blocks)
        source, epoch, row = whole(order)
        runs.append(
            [
                (epoch[source == order.sources.index(name)], row[source == order.sources.index(name)])
                for name in ("web", "books")
            ]
        )
    for (epoch, row), (other_epoch, other_row) in zip(*runs, strict=True):
        n = min(len(row), len(other_row))
        assert n >= 10
        assert epoch[:n].tolist() == other_epoch[:n].tolist() and row[:n].tolist() == other_row[:n].tolist()


def test_another_seed_is_another_order_and_the_same_the_same():
    made = allot({"web": 0.8, "books": 0.2}, AVAILABLE, 500, 100)
    one, again, other = (whole(Order(made, seed, 17)) for seed in (5, 5, 6))
    assert all((a == b).all() for a, b in zip(one, again, strict=True))
    assert (one[0] != other[0]).any() and (one[2] != other[2]).any()


def test_epochs_sources_and_blocks_each_have_an_order_of_their_own():
    made = allot({"a": 0.5, "b": 0.5}, {"a": (50, 50), "b": (50, 50)}, 200, 4)
    source, _, row = whole(Order(made, 0, 1000))
    of_a, of_b = row[source == 0].tolist(), row[source == 1].tolist()
    assert sorted(of_a[:50]) == sorted(of_a[50:]) and of_a[:50] != of_a[50:]
    assert of_a != of_b
    first, second = (Order(made, 0, 100).block(block)[0].tolist() for block in range(2))
    assert sorted(first) == sorted(second) and first != second


@pytest.mark.parametrize("seed", [-1, 1 << 64])
def test_seeds_out_of_range(seed):
    with pytest.raises(ConfigError, match="the seed is"):
        Order(allot({"web": 1.0}, AVAILABLE, 50, 1), seed, 1)


def test_a_block_of_a_trillion_sequences_costs_what_a_block_holds():
    available = {"web": (10**12, 10**15), "书": (10**6, 10**9)}
    made = allot({"web": 0.9, "书": 0.1}, available, 10**15, math.inf)
    assert made.total > 10**11
    order = Order(made, (1 << 64) - 1, 1000)
    source, epoch, row = order.block(order.n_blocks - 1)
    assert 900 <= len(source) <= 1100 and np.bincount(source)[1] in (99, 100, 101)
    assert epoch[source == 1].max() == math.ceil(made.epochs["书"]) - 1
    assert row.max() < 10**12
