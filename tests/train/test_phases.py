"""Plans of several phases: quotas in each, caps over all, the same rows in the same order, matched repetition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from train.errors import ConfigError
from train.plan import Order, Part, Phase, allot, part_sequences

AVAILABLE = {"web": (400, 4000), "books": (70, 700), "书": (10, 100)}


def part(n_tokens: int, target: int, available=AVAILABLE) -> Part:
    """What a run draws from, where all sequences of a source hold the same number of tokens."""
    sizes = {name: (part_sequences(n, n_tokens, target), tokens // n) for name, (n, tokens) in available.items() if n}
    return Part(target, {name: (n, n * size) for name, (n, size) in sizes.items()})


def drawn(order: Order) -> list[list[tuple[int, int, int]]]:
    """(source, epoch, row) of each phase, in order."""
    found: dict[int, list] = {}
    for block in range(order.n_blocks):
        rows = zip(*(part.tolist() for part in order.block(block)), strict=True)
        found.setdefault(order.phase_of(block), []).extend(rows)
    return [found.get(phase, []) for phase in range(max(found) + 1)]


def test_each_phase_has_its_own_weights_and_budget():
    made = allot([Phase({"web": 1.0}, 1000), Phase({"web": 0.5, "书": 0.5}, 200)], AVAILABLE, math.inf)
    assert made.sources == ("web", "书")
    assert [phase.sequences for phase in made.phases] == [{"web": 100, "书": 0}, {"web": 10, "书": 10}]
    assert [phase.asked for phase in made.phases] == [{"web": 1000, "书": 0}, {"web": 100, "书": 100}]
    assert made.sequences == {"web": 110, "书": 10} and made.asked == {"web": 1100, "书": 100}
    assert made.epochs == {"web": 110 / 400, "书": 1.0} and made.total == 120
    assert made.before(1) == {"web": 100, "书": 0}
    phases = drawn(Order(made, 3, 16))
    assert [[made.sources[source] for source, *_ in phase].count("书") for phase in phases] == [0, 10]


@pytest.mark.parametrize("weight", [0, 1])
def test_a_weight_of_nothing_or_all(weight):
    made = allot([Phase({"web": weight, "书": 1 - weight}, 300)], AVAILABLE, math.inf)
    assert made.sequences == {"web": 30} if weight else {"书": 30}
    ((source, *_), *_) = drawn(Order(made, 0, 7))[0]
    assert source == 0


def test_quotas_are_exact_in_every_block_of_every_phase():
    weights = [{"web": 0.7, "books": 0.2, "书": 0.1}, {"web": 0.1, "books": 0.4, "书": 0.5}]
    made = allot([Phase(one, 9_130) for one in weights], AVAILABLE, math.inf)
    order = Order(made, 0, 100)
    for block in range(order.n_blocks):
        counts = np.bincount(order.block(block)[0], minlength=3)
        wanted = weights[order.phase_of(block)]
        size = 913 / 10
        for count, name in zip(counts, made.sources, strict=True):
            assert abs(count - wanted[name] * size) < 1
    assert order.n_blocks == 20


def test_caps_count_over_all_phases_and_leave_something_to_the_last():
    """10 rows of 书, 2 epochs: 20 of the 60 that both phases ask for, a third in each; web takes the rest."""
    made = allot([Phase({"web": 0.6, "书": 0.4}, 1000), Phase({"web": 0.6, "书": 0.4}, 500)], AVAILABLE, 2)
    assert [phase.sequences["书"] for phase in made.phases] == [13, 7]
    assert made.capped == ("书",) and made.epochs["书"] == 2.0 and made.short_tokens == 0
    assert [phase.sequences["web"] for phase in made.phases] == [87, 43]


def test_a_phase_whose_sources_are_all_capped_falls_short_and_another_does_not():
    made = allot([Phase({"web": 1.0}, 1000), Phase({"书": 1.0}, 500)], AVAILABLE, 2)
    assert [phase.short_tokens for phase in made.phases] == [0, 300]
    assert made.short_tokens == 300 and made.sequences == {"web": 100, "书": 20}


def test_a_source_of_little_weight_comes_once_where_it_is_asked_for_most():
    weights = [{"web": 1.0, "书": 1e-9}, {"web": 1.0, "书": 2e-9}, {"web": 1.0}]
    made = allot([Phase(one, 500) for one in weights], AVAILABLE, 4)
    assert [phase.sequences["书"] for phase in made.phases] == [0, 1, 0]
    assert [len(phase) for phase in drawn(Order(made, 0, 10))] == [50, 51, 50]


def test_the_nth_row_is_the_same_in_every_mixture_and_the_count_goes_on_in_the_next_phase():
    plans = [
        [Phase({"web": 0.9, "书": 0.1}, 2000), Phase({"web": 0.2, "书": 0.8}, 1000)],
        [Phase({"web": 0.3, "books": 0.3, "书": 0.4}, 3000)],
    ]
    runs = []
    for phases in plans:
        made = allot(phases, AVAILABLE, math.inf)
        rows = [one for phase in drawn(Order(made, 5, 64)) for one in phase]
        runs.append({name: [one[1:] for one in rows if made.sources[one[0]] == name] for name in ("web", "书")})
    for name in ("web", "书"):
        one, other = (run[name] for run in runs)
        n = min(len(one), len(other))
        assert n >= 80 and one[:n] == other[:n]
        assert [epoch for epoch, _ in one] == sorted(epoch for epoch, _ in one)


def test_a_proxy_repeats_its_part_as_often_as_the_target_repeats_all():
    """A tenth of the target's tokens: a tenth of the rows, in as many epochs."""
    weights = {"web": 0.5, "书": 0.5}
    target = allot([Phase(weights, 10_000)], AVAILABLE, math.inf)
    proxy = allot([Phase(weights, 1_000)], AVAILABLE, math.inf, part(1_000, 10_000))
    assert target.epochs == {"web": 1.25, "书": 50.0}
    assert proxy.available == {"web": 40, "书": 1} and proxy.there == {"web": 400, "书": 10}
    assert proxy.epochs == target.epochs and proxy.coarse == ()
    least = allot([Phase(weights, 10)], AVAILABLE, math.inf, part(10, 10**15))
    assert least.available == {"web": 1, "书": 1} and least.coarse == ("web", "书"), "at least one"
    same = allot([Phase(weights, 1_000)], AVAILABLE, math.inf, part(1_000, 1_000))
    assert same == allot([Phase(weights, 1_000)], AVAILABLE, math.inf)


def test_the_tokens_of_the_part_count_and_not_the_mean_of_the_source():
    """Sequences that are drawn again and again hold half as many tokens as others: twice as many of them come."""
    made = allot(
        [Phase({"web": 1, "书": 1}, 1_000)], AVAILABLE, math.inf, Part(10_000, {"web": (40, 200), "书": (1, 10)})
    )
    assert made.sequences == {"web": 100, "书": 50}
    assert made.phases[0].expected == made.asked == {"web": 500, "书": 500}
    assert made.coarse == ("web",)
    capped = allot([Phase({"web": 1.0}, 1_000)], AVAILABLE, 3, Part(10_000, {"web": (40, 200)}))
    assert capped.capped == ("web",) and capped.short_tokens == 400


@pytest.mark.parametrize(("tokens", "coarse"), [(359, True), (361, False), (439, False), (441, True)])
def test_a_part_that_misses_its_share_of_the_tokens_is_named(tokens, coarse):
    made = allot([Phase({"web": 1.0}, 1_000)], AVAILABLE, math.inf, Part(10_000, {"web": (40, tokens)}))
    assert made.coarse == (("web",) if coarse else ())


def test_the_part_of_a_proxy_is_the_same_in_every_mixture_and_for_every_seed():
    parts = []
    for weights, seed in (({"web": 0.9, "书": 0.1}, 0), ({"web": 0.5, "books": 0.5}, 1)):
        made = allot([Phase(weights, 1_000)], AVAILABLE, math.inf, part(1_000, 4_000))
        rows = drawn(Order(made, seed, 8))[0]
        web = {row for source, _, row in rows if made.sources[source] == "web"}
        assert len(web) <= 100
        parts.append((web, {row for source, epoch, row in rows if epoch == 0 and made.sources[source] == "web"}))
    whole = allot([Phase({"web": 1.0}, 1_000)], AVAILABLE, math.inf, part(1_000, 4_000))
    (every,) = drawn(Order(whole, 7, 8))
    of_web = {row for *_, row in every}
    assert len(of_web) == 100 and max(of_web) > 300, "not the first ones"
    assert all(web <= of_web for web, _ in parts)


@pytest.mark.parametrize(
    ("phases", "says"),
    [
        ([], "needs a phase"),
        ([Phase({"web": 1.0}, 100), Phase({"web": 1.0}, 0)], "needs 1 token, not 0"),
        ([Phase({"web": 1.0}, 100), Phase({"wbe": 1.0}, 100)], r"'wbe' \(did you mean 'web'\?\)"),
        ([Phase({"web": 1.0}, 100), Phase({"web": 0.0}, 100)], "a sum above 0"),
        ([Phase({"web": 1.0}, 100), Phase({"空": 1.0}, 100)], "'空' a weight, but it has no tokens"),
    ],
)
def test_phases_that_are_refused(phases, says):
    with pytest.raises(ConfigError, match=says):
        allot(phases, {**AVAILABLE, "空": (0, 0)}, 4)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (199, "target_tokens is 199, less than the 200 tokens"),
        (-1, "target_tokens is -1, less"),
        (math.nan, "target_tokens is nan, less"),
        (10**320, "target_tokens may be at most 1,000,000,000,000,000"),
    ],
)
def test_targets_that_are_refused(target, says):
    with pytest.raises(ConfigError, match=says):
        part_sequences(10, 200, target)


names = ("a", "b", "书")
weights = st.lists(st.floats(0, 1) | st.just(0.0), min_size=3, max_size=3)


@settings(max_examples=60)
@example([([0.0, 0.0, 1.0], 1), ([0.0, 1.0, 1e-125], 56)], [1, 1, 7], 1.0, 0)
@given(
    st.lists(st.tuples(weights, st.integers(1, 3000)), min_size=1, max_size=4),
    st.lists(st.integers(1, 40), min_size=3, max_size=3),
    st.floats(0.1, 6),
    st.sampled_from([0, 1, 3]),
)
def test_whatever_is_drawn_adds_up(drawn_phases, sizes, max_epochs, target):
    phases = [Phase(dict(zip(names, one, strict=True)), n) for one, n in drawn_phases]
    assume(all(sum(phase.weights.values()) > 1e-6 for phase in phases))
    available = {name: (n, n * 7) for name, n in zip(names, sizes, strict=True)}
    n_tokens = sum(phase.tokens for phase in phases)
    made = allot(phases, available, max_epochs, part(n_tokens, target * n_tokens, available) if target else None)
    for name in made.sources:
        n = made.available[name]
        assert 1 <= made.sequences[name] <= max(1, math.floor(max_epochs * n)) and n <= made.there[name]
    for phase, asked in zip(made.phases, phases, strict=True):
        rounding = 7 * 2 * len(names)
        assert abs(sum(phase.expected.values()) + phase.short_tokens - asked.tokens) <= rounding
    order = Order(made, 1, 13)
    found = drawn(order)
    for number, phase in enumerate(found):
        counts = np.bincount([source for source, *_ in phase], minlength=len(made.sources))
        assert counts.tolist() == list(made.phases[number].sequences.values())
    for source, name in enumerate(made.sources):
        pairs = [one[1:] for phase in found for one in phase if one[0] == source]
        n = made.available[name]
        assert len(set(pairs)) == len(pairs) == made.sequences[name], "no row twice in an epoch"
        assert len({row for _, row in pairs}) == min(n, len(pairs))
