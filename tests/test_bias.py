"""The bias audit: intervals as scipy has them, warnings where a slice is planted and none by chance."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.bias import (
    MIN_REMOVED,
    Share,
    audit,
    chance,
    far_above,
    highest,
    is_far_above,
    judged,
)
from pipeline.histograms import OTHER
from pipeline.intervals import wilson
from pipeline.slices import UNMEASURED


def counted(dropped: int, reached: int, **failed: int) -> dict[str, Any]:
    """Counts of one slice, as `slices.json` has them; without rules named, all fail `short`."""
    rules = {rule: {"failed": n, "first": n, "only": n} for rule, n in (failed or {"short": dropped}).items()}
    return {"reached": reached, "exempt": 0, "dropped": dropped, "rules": rules}


def found(dimension: dict[str, Any], rules: tuple[str, ...] = ("short",), **more: Any) -> dict[str, Any]:
    return audit({"language": dimension, **more}, list(rules), {("unwanted", "language")})


def warned(result: dict[str, Any]) -> list[tuple[str | None, str, str]]:
    return [(one["rule"], one["dimension"], one["value"]) for one in result["warnings"]]


@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.5, 0.9, 0.95, 0.999]))  # fmt: skip
def test_the_interval_is_that_of_scipy(share, confidence):
    theirs = stats.binomtest(*share).proportion_ci(confidence, method="wilson")
    assert wilson(*share, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_the_interval_of_nothing_and_of_huge_counts():
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(10**15, 2 * 10**15)
    assert 0.4999 < low < 0.5 < high < 0.5001


@pytest.mark.parametrize(("n", "rate"), [(30, 0.05), (200, 0.5), (1000, 0.004), (50, 0.97)])
def test_intervals_cover_the_rate_about_as_often_as_they_say(n, rate):
    seen = np.random.default_rng(1).binomial(n, rate, 4000)
    limits = {k: wilson(k, n) for k in set(seen.tolist())}
    share = np.mean([limits[k][0] <= rate <= limits[k][1] for k in seen.tolist()])
    assert 0.92 < share < 0.99  # the score interval's own: it sways about 95 % (Brown, Cai and DasGupta 2001, fig. 5)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.001, 0.999))
def test_the_bound_is_above_the_exact_chance_and_no_wild_guess(share, rate):
    k, n = share
    exact = stats.binom.sf(k - 1, n, rate) if k >= n * rate else stats.binom.cdf(k, n, rate)
    bound = chance(k, n, rate)
    assert exact <= bound * (1 + 1e-9)
    assert bound <= 4 * (n + 1) ** 0.5 * exact + 1e-200


def test_a_rate_of_0_or_1_leaves_nothing_to_chance():
    assert [chance(0, 9, 0.0), chance(1, 9, 0.0), chance(9, 9, 1.0), chance(8, 9, 1.0)] == [1.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (40, 9000)])
def test_the_highest_rate_is_no_less_than_the_exact_one(k, n):
    exact = 1.0 if k == n else stats.beta.ppf(1 - 0.001, k + 1, n - k)  # Clopper and Pearson 1934
    assert exact <= highest(k, n, 0.001) <= min(1.0, exact + 0.2)


def test_far_above_is_twice_as_often_removed_or_half_as_often_kept():
    assert far_above(0.1) == pytest.approx(0.2)
    assert far_above(0.8) == pytest.approx(0.9)
    assert far_above(0.0) == 0.0
    assert far_above(1.0) == 1.0


def test_a_planted_slice_is_warned_of_and_no_other():
    languages = {"en": counted(900, 10_000), "zh": counted(480, 1000), "de": counted(110, 1000)}
    result = found(languages)
    assert warned(result) == [("short", "language", "zh")]
    (warning,) = result["warnings"]
    assert warning["rate"] == 0.48
    assert warning["others"]["rate"] == pytest.approx(1010 / 11_000)
    assert warning["excess"] == pytest.approx(480 - 1000 * 1010 / 11_000)
    assert (warning["low"], warning["high"]) == wilson(480, 1000)


def test_where_most_is_removed_half_as_many_kept_is_far_above():
    assert warned(found({"en": counted(6000, 10_000), "hi": counted(950, 1000)})) == [("short", "language", "hi")]
    assert warned(found({"en": counted(6000, 10_000), "hi": counted(700, 1000)})) == []


def test_few_documents_are_no_reason_to_warn():
    assert warned(found({"en": counted(10, 10_000), "yo": counted(MIN_REMOVED - 1, MIN_REMOVED)})) == []
    assert warned(found({"en": counted(10, 10_000), "yo": counted(MIN_REMOVED, MIN_REMOVED + 5)})) != []
    assert warned(found({"en": counted(25, 100), "yo": counted(0, 3)})) == []  # three others say little


def test_a_stage_is_compared_as_a_whole_if_it_has_several_rules():
    languages = {
        "en": counted(300, 10_000, short=300, bulleted=0),
        "zh": counted(500, 1000, short=500, bulleted=0),
    }
    assert warned(found(languages, ("short", "bulleted"))) == [
        (None, "language", "zh"), ("short", "language", "zh"),
    ]  # fmt: skip


def test_a_rule_that_decides_by_a_dimension_is_told_apart():
    languages = {
        "en": counted(400, 10_000, unwanted=0, unsure=400),
        "中文": counted(30, 1000, unwanted=0, unsure=30),
        "fr": counted(500, 500, unwanted=500, unsure=20),
    }
    result = found(languages, ("unwanted", "unsure"))
    assert result["decides"] == [{"rule": "unwanted", "dimension": "language", "values": ["fr"], "removed": 500}]
    assert warned(result) == []
    n = MIN_REMOVED - 1
    few = {"en": counted(0, 9000, unwanted=0), "fr": counted(n, n, unwanted=n)}
    assert found(few, ("unwanted",))["decides"] == []
    languages["en"] = counted(401, 10_000, unwanted=1, unsure=400)
    assert (None, "language", "fr") in warned(found(languages, ("unwanted", "unsure")))


@pytest.mark.parametrize("dimension", ["language", "source", "length", "register"])
def test_a_clear_cut_through_a_slice_is_no_excuse(dimension):
    """60 short poems are lost to a least length, and none of 200 long texts."""
    slices = {dimension: {"prose": counted(0, 200), "诗": counted(60, 60)}}
    result = audit(slices, ["short"], {("short", "another"), ("unwanted", dimension)})
    assert result["decides"] == []
    assert warned(result) == [("short", dimension, "诗")]
    told = audit(slices, ["short"], {("short", dimension)})
    assert (len(told["decides"]), told["warnings"]) == (1, [])


def test_documents_that_were_not_measured_are_nobodys_others():
    languages = {"en": counted(100, 5000), "zh": counted(600, 1000), UNMEASURED: counted(990, 1000)}
    result = found(languages)
    assert warned(result) == [("short", "language", "zh")]
    assert list(result["whole"]["language"]) == ["en", "zh"]
    assert result["warnings"][0]["others"]["reached"] == 5000


def test_documents_that_a_stage_does_not_judge_are_nobodys_others():
    """Books are not judged; of what is judged, both sources lose alike, and half of the Chinese are books."""
    sources = {"web": counted(600, 1000), "论坛": counted(590, 1000), "书": {**counted(0, 3000), "exempt": 3000}}
    languages = {"en": {**counted(590, 2500), "exempt": 1500}, "zh": {**counted(600, 2500), "exempt": 1500}}
    result = found(languages, source=sources)
    assert warned(result) == []
    assert list(result["whole"]["source"]) == ["web", "论坛"]
    zh = result["whole"]["language"]["zh"]
    assert (zh["removed"], zh["reached"], zh["rate"]) == (600, 1000, 0.6)
    assert judged(sources["书"]) == 0 and judged(languages["en"]) == judged(sources["web"]) == 1000
    assert warned(found({}, source={name: {**one, "exempt": 0} for name, one in sources.items()})) != []


def test_the_only_source_that_is_judged_is_compared_with_nothing():
    sources = {"web": counted(620, 1000), "书": {**counted(0, 3000), "exempt": 3000}}
    languages = {"en": {**counted(310, 2000), "exempt": 1500}, "zh": {**counted(310, 2000), "exempt": 1500}}
    result = found(languages, source=sources)
    assert list(result["whole"]) == ["language"]
    assert warned(result) == []


def test_one_value_and_the_rest_of_the_list_are_not_slices():
    assert found({"en": counted(100, 1000)})["whole"] == {}
    assert found({}, all={"all": counted(0, 0)})["whole"] == {}
    rest = {"en": counted(10, 10_000), "zh": counted(12, 9000), OTHER: counted(400, 500)}
    assert warned(found(rest)) == []


def test_the_result_is_json():
    result = found({"en": counted(900, 10_000), "zh": counted(480, 1000)})
    assert json.loads(json.dumps(result)) == result


def simulated(seed: int, factor: float) -> dict[str, Any]:
    """A stage of 10 rules over 12 languages, of which three are removed `factor` times as often as the others."""
    random = np.random.default_rng(seed)
    sizes = [20_000, 5000, 5000, 2000, 1000, 1000, 500, 500, 300, 200, 100, 50]
    rates = np.repeat(np.linspace(0.002, 0.25, 10)[None], 12, axis=0)
    rates[[1, 5, 9]] *= factor
    dimension = {}
    for language, size in enumerate(sizes):
        failed = {f"rule{rule}": int(random.binomial(size, rate)) for rule, rate in enumerate(rates[language])}
        dimension[str(language)] = counted(max(failed.values()), size, **failed)
    return found(dimension, tuple(f"rule{rule}" for rule in range(10)))


def test_false_warnings_are_rarer_than_they_may_be():
    assert not any(simulated(seed, 1.0)["warnings"] for seed in range(60))
    # Exactly twice as often is not yet far above: the others, with those three among them, are at more than the rate.
    assert sum(bool(simulated(seed, 2.0)["warnings"]) for seed in range(60)) <= 3
    assert all(len(simulated(seed, 4.0)["warnings"]) > 5 for seed in range(5))


def test_at_the_very_limit_a_single_comparison_is_false_no_oftener_than_its_level():
    random = np.random.default_rng(3)
    for n, n_others, rate in ((200, 5000, 0.05), (1000, 1000, 0.02), (1000, 200, 0.5)):
        pairs = zip(random.binomial(n, far_above(rate), 3000), random.binomial(n_others, rate, 3000), strict=True)
        false = [is_far_above(Share(int(k), n), Share(int(o), n_others), 0.025) for k, o in pairs]
        assert np.mean(false) <= 0.05
