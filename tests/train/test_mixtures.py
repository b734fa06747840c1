"""Mixtures: weights by tokens, by name, by tags, or refused."""

import math

import pytest

from train import mixtures
from train.errors import ConfigError

TOKENS = {"web": 600, "books": 300, "code": 100}


def test_named_mixtures():
    assert mixtures.natural(TOKENS) == {"web": 0.6, "books": 0.3, "code": 0.1}
    assert mixtures.uniform(TOKENS) == dict.fromkeys(TOKENS, 1 / 3)
    assert mixtures.alone("books", TOKENS) == {"books": 1.0, "code": 0.0, "web": 0.0}


def test_mixtures_by_name_or_by_weights():
    tokens = {"web": 30, "书": 10}
    assert mixtures.weights_of("natural", tokens) == {"web": 0.75, "书": 0.25}
    assert mixtures.weights_of("uniform", tokens) == {"web": 0.5, "书": 0.5}
    assert mixtures.weights_of({"书": 3, "web": 1}, tokens) == {"web": 0.25, "书": 0.75}
    with pytest.raises(ConfigError, match=r"no mixture named 'nautral' \(did you mean 'natural'\?\)"):
        mixtures.weights_of("nautral", tokens)


def test_a_source_without_tokens_has_no_weight():
    tokens = {"web": 30, "empty": 0, "书": 10}
    assert mixtures.natural(tokens) == {"web": 0.75, "empty": 0.0, "书": 0.25}
    assert mixtures.uniform(tokens) == {"web": 0.5, "empty": 0.0, "书": 0.5}
    for power in (0, 0.5, 1):
        assert mixtures.tempered(tokens, power)["empty"] == 0.0


def test_tempered_lies_between_natural_and_uniform():
    assert mixtures.tempered(TOKENS, 1) == pytest.approx(mixtures.natural(TOKENS))
    assert mixtures.tempered(TOKENS, 0) == pytest.approx(mixtures.uniform(TOKENS))
    roots = {name: math.sqrt(n) for name, n in TOKENS.items()}
    expected = {name: root / sum(roots.values()) for name, root in roots.items()}
    assert mixtures.tempered(TOKENS, 0.5) == pytest.approx(expected)


@pytest.mark.parametrize("power", [-1, math.nan, math.inf])
def test_a_power_that_is_none(power):
    with pytest.raises(ConfigError, match="the power of a tempered mixture"):
        mixtures.tempered(TOKENS, power)


def test_tags_share_their_weight_by_tokens_and_missing_ones_are_told():
    tokens = {"crawl_en": 300, "crawl_zh": 100, "novels": 50, "empty": 0, "untagged": 9}
    tags = {"crawl_en": "web", "crawl_zh": "web", "novels": "books", "empty": "papers", "untagged": None}
    weights, missing = mixtures.by_tags({"web": 0.6, "books": 0.2, "code": 0.1, "papers": 0.1}, tags, tokens)
    assert weights == pytest.approx(
        {"crawl_en": 0.5625, "crawl_zh": 0.1875, "novels": 0.25, "empty": 0.0, "untagged": 0.0}
    )
    assert missing == ["code", "papers"]


@pytest.mark.parametrize("proportions", [{"code": 1.0}, {"web": 0.0, "code": 1.0}, {}])
def test_tags_of_which_none_is_here(proportions):
    with pytest.raises(ConfigError, match="no source has one of the mixture's tags"):
        mixtures.by_tags(proportions, {"web": "web"}, {"web": 10})


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"wbe": 1.0}, r"no source of the data: 'wbe' \(did you mean 'web'\?\)"),
        ({"新闻": 1.0}, r"'新闻' \(there are: books, code, empty, web\)"),
        ({"web": -0.1}, "weight -0.1"),
        ({"web": math.nan}, "weight nan"),
        ({"web": math.inf}, "weight inf"),
        ({"web": 0.0, "books": 0}, "a sum above 0"),
        ({}, "a sum above 0"),
        ({"web": 1e308, "books": 1e308}, "a sum above 0"),
        ({"web": 1.0, "empty": 0.5}, "'empty' a weight, but it has no tokens"),
    ],
)
def test_weights_that_are_refused(weights, says):
    with pytest.raises(ConfigError, match=says):
        mixtures.check_weights(weights, {**TOKENS, "empty": 0})


def test_a_weight_above_0_stays_so():
    made = mixtures.check_weights({"web": 1e308, "books": 1e-308, "code": 0.0}, TOKENS)
    assert made["web"] == 1.0 and made["books"] > 0 and made["code"] == 0.0


def test_no_tokens_at_all():
    for name in (mixtures.natural, mixtures.uniform):
        with pytest.raises(ConfigError, match="no source has tokens"):
            name({"web": 0})
