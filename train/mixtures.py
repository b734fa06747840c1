"""Mixtures: weights of sources by tokens. "tokens" are predicted pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping

from .errors import ConfigError, did_you_mean

MAX_TOKENS = 10**15
"""Of a run: in so many, floating-point numbers still tell one token from the next."""


def _shares(values: Mapping[str, float]) -> dict[str, float]:
    total = math.fsum(values.values())
    if not total > 0:
        raise ConfigError("no source has tokens to train on: look at the report for what dropped them")
    return {name: value / total for name, value in values.items()}


def natural(tokens: Mapping[str, int]) -> dict[str, float]:
    """Weights in proportion to the tokens there are."""
    return _shares(tokens)


def uniform(tokens: Mapping[str, int]) -> dict[str, float]:
    """The same weight for every source that has tokens."""
    return _shares({name: float(n > 0) for name, n in tokens.items()})


def tempered(tokens: Mapping[str, int], power: float) -> dict[str, float]:
    """Weights in proportion to the natural ones to a power: 1 is natural, 0 uniform (XLM, arXiv 1901.07291; RegMix)."""
    if not 0 <= power < math.inf:
        raise ConfigError(f"the power of a tempered mixture is {power}, it must be 0 or more")
    return _shares({name: share**power if share > 0 else 0.0 for name, share in natural(tokens).items()})


def alone(source: str, tokens: Mapping[str, int]) -> dict[str, float]:
    """One source and no other."""
    return check_weights({source: 1.0}, tokens)


def weights_of(mixture: str | Mapping[str, float], tokens: Mapping[str, int]) -> dict[str, float]:
    """The weights of a mixture that is named `natural` or `uniform`, or given by weights. Raises ConfigError."""
    named = {"natural": natural, "uniform": uniform}
    if not isinstance(mixture, str):
        return check_weights(mixture, tokens)
    if mixture not in named:
        raise ConfigError(f"there is no mixture named '{mixture}'{did_you_mean(mixture, named)}")
    return named[mixture](tokens)


def by_tags(
    proportions: Mapping[str, float], tags: Mapping[str, str | None], tokens: Mapping[str, int]
) -> tuple[dict[str, float], list[str]]:
    """Weights from proportions of tags, such as those a paper published, and the tags that no source here has.

    Sources that share a tag share its proportion by tokens. Tags without a source that has tokens are
    left out and the others scaled up to a sum of 1. Raises ConfigError if no tag is left.
    """
    of_tag: dict[str, dict[str, int]] = {tag: {} for tag in proportions}
    for name, n_tokens in tokens.items():
        if tags.get(name) in of_tag and n_tokens > 0:
            of_tag[str(tags[name])][name] = n_tokens
    missing = sorted(tag for tag, members in of_tag.items() if not members)
    weights = dict.fromkeys(tokens, 0.0)
    for tag, members in of_tag.items():
        weights.update({name: proportions[tag] * n / sum(members.values()) for name, n in members.items()})
    if not any(weights.values()):
        raise ConfigError(f"no source has one of the mixture's tags: {', '.join(sorted(proportions))}")
    return check_weights(weights, tokens), missing


def check_weights(weights: Mapping[str, float], tokens: Mapping[str, int]) -> dict[str, float]:
    """The weights scaled to a sum of 1, for all sources that there are, in order of their names.

    What is above 0 stays above 0, however small it is beside the others.
    Raises ConfigError for an unknown source, a weight that is negative or no number, weights that are
    all zero, and a source that has a weight but no tokens.
    """
    for name, weight in weights.items():
        if name not in tokens:
            raise ConfigError(f"the mixture names no source of the data: '{name}'{did_you_mean(name, tokens)}")
        if not 0 <= weight < math.inf:
            raise ConfigError(f"the mixture gives '{name}' the weight {weight}, it must be 0 or more")
        if weight > 0 and tokens[name] <= 0:
            raise ConfigError(f"the mixture gives '{name}' a weight, but it has no tokens: leave it out")
    ordered = {name: weights.get(name, 0.0) for name in sorted(tokens)}
    total = sum(ordered.values())
    if not 0 < total < math.inf:
        raise ConfigError(f"the weights of a mixture must have a sum above 0, not {total}")
    least = math.nextafter(0.0, 1.0)
    return {name: max(weight / total, least) if weight else 0.0 for name, weight in ordered.items()}
