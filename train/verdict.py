"""The verdict over an ablation: which mixture is best, by how much, and whether the noise allows to say so.

Every mixture is trained with the same seeds, so that what a seed does to all of them (its start, its
order within each source) is taken out: value = mixture + seed + noise, and the noise is what is left.

A mixture that leaves out a source that counts is judged on text of a kind it never saw, where runs
differ several times as much. Its noise is measured apart, so that it does not widen the others' intervals:
within either group one noise is pooled; between them the two are joined (Welch 1947, with all of a group's
runs, seeds not taken out, which is too wide rather than too narrow). Groups follow from the weights alone,
never from the results.

All pairs of mixtures are compared at once by Tukey's studentized range (Games and Howell 1976 between groups),
because the best is picked by looking at the values: intervals for M-1 comparisons with a mixture named
beforehand would hold the truth too seldom (corrected after Bonferroni: 90 times in 100 for M 8, S 3; 80 for
M 20, S 5). With 2 mixtures of one group it is the paired t-test.

Assumed: noise of the same size within a group, independent and normal. Simulated with 8 equal mixtures of one
group, something is called resolved 5 times in 100; if half of them are twice as noisy, 8 times; if one is ten
times as noisy, 20 to 25 times: compare `std` of the mixtures before trusting a close call.

Letters: M mixtures, S seeds.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from .errors import ConfigError, did_you_mean

CONFIDENCE = 0.95
Results = Mapping[str, Mapping[int, Mapping[str, float]]]
"""Bits per byte by mixture, seed and validation source."""


class Error(NamedTuple):
    """Standard error of a difference, and its degrees of freedom, rounded down."""

    size: float
    freedom: int


def judge(
    results: Results, objective: Mapping[str, float], seen: Mapping[str, Collection[str]] | None = None
) -> dict[str, Any]:
    """The verdict, ready for JSON, over `results`: {mixture: {seed: {source: bits per byte}}}; less is better.

    `objective`: {source: weight}, scaled to a sum of 1. `seen`: the sources that each mixture was trained on; without
    it all mixtures are one group. The verdict holds for the weighted mean; `sources` holds one for each validation
    source, each by itself at 95 %. `difference`, `low` and `high` are bits per byte above the best; `resolved` is
    true where `low` is above 0. `noise` is the standard deviation of one run in the best mixture's group, `std`
    that of one mixture's runs. With one seed or one mixture there is no noise to compare with: all of these are null
    and nothing is resolved.

    Raises ConfigError if a result is missing, not a finite number, or the objective names no source.
    """
    names, seeds, sources = _axes(results)
    values = np.array([[[results[m][s][source] for source in sources] for s in seeds] for m in names], float)
    if not np.isfinite(values).all():
        at = np.argwhere(~np.isfinite(values))[0]
        raise ConfigError(f"mixture {names[at[0]]}, seed {seeds[at[1]]}: no finite bits per byte of {sources[at[2]]}")
    weights = _objective(objective, sources)
    mean = values @ np.array([weights.get(source, 0.0) for source in sources])
    whole = _has_seen(names, seen, [source for source, weight in weights.items() if weight])
    return {
        "objective": weights,
        "confidence": CONFIDENCE,
        "seeds": seeds,
        "mixtures": _means(names, seeds, sources, values, mean, whole),
        **_compare(names, mean, whole),
        "sources": {
            source: _compare(names, values[:, :, i], _has_seen(names, seen, [source]))
            for i, source in enumerate(sources)
        },
    }


def _has_seen(names: list[str], seen: Mapping[str, Collection[str]] | None, counting: list[str]) -> np.ndarray:
    """bool[M]: whether a mixture was trained on all sources that count."""
    return np.array([seen is None or set(counting) <= set(seen[name]) for name in names])


def _means(
    names: list[str], seeds: list[int], sources: list[str], values: np.ndarray, mean: np.ndarray, whole: np.ndarray
) -> dict[str, Any]:
    """What each mixture came to. values float64[M,S,sources], mean float64[M,S]."""
    has_noise = min(mean.shape) > 1
    spread = np.sqrt(_variances(mean, whole))
    return {
        name: {
            "mean": float(mean[i].mean()),
            "seeds": dict(zip(map(str, seeds), mean[i].tolist(), strict=True)),
            "sources": dict(zip(sources, values[i].mean(axis=0).tolist(), strict=True)),
            "std": float(spread[i]) if has_noise else None,
        }
        for i, name in enumerate(names)
    }


def _same(found: Iterable[Iterable[Any]], what: str) -> list[Any]:
    """The one set that all are, sorted."""
    sets = [set(one) for one in found]
    if not sets or any(one != sets[0] for one in sets) or not sets[0]:
        raise ConfigError(f"every mixture needs results of the same {what}: train what is missing")
    return sorted(sets[0])


def _axes(results: Results) -> tuple[list[str], list[int], list[str]]:
    if not results:
        raise ConfigError("there are no results to judge: train at least one mixture")
    seeds = _same(results.values(), "seeds")
    sources = _same((run for runs in results.values() for run in runs.values()), "validation sources")
    return sorted(results), seeds, sources


def _objective(objective: Mapping[str, float], sources: list[str]) -> dict[str, float]:
    for name, weight in objective.items():
        if name not in sources:
            raise ConfigError(f"the objective names no validation source: '{name}'{did_you_mean(name, sources)}")
        if not 0 <= weight < math.inf:
            raise ConfigError(f"the objective gives '{name}' the weight {weight}, it must be 0 or more")
    total = sum(objective.values())
    if not 0 < total < math.inf:
        raise ConfigError(f"the weights of the objective must have a sum above 0, not {total}")
    return {name: weight / total for name, weight in sorted(objective.items())}


@functools.cache
def _critical(n_mixtures: int, freedom: int) -> float:
    """How many standard errors all differences stay within, 95 times in 100."""
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(CONFIDENCE, n_mixtures, freedom)) / math.sqrt(2)


def _unexplained(values: np.ndarray) -> np.ndarray:
    """What mixture and seed leave of values float64[M,S], scaled up for the degrees of freedom that M means take."""
    rest: np.ndarray = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + values.mean()
    return rest * math.sqrt(len(values) / max(1, len(values) - 1))


def noise_of(values: np.ndarray) -> float:
    """Standard deviation of the noise in values float64[M,S], M and S >= 2, with (M-1)(S-1) degrees of freedom."""
    return math.sqrt(float((_unexplained(values) ** 2).sum()) / (values.size - len(values)))


def _variances(values: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Variance of each mixture's runs, float64[M], seeds taken out within a group of two or more."""
    rest = values - values.mean(axis=1, keepdims=True)
    for group in (whole, ~whole):
        if group.sum() > 1:
            rest[group] = _unexplained(values[group])
    variances: np.ndarray = (rest**2).sum(axis=1) / max(1, values.shape[1] - 1)
    return variances


def _error(values: np.ndarray, whole: np.ndarray, one: int, other: int) -> Error | None:
    """Of the difference of two mixtures' means; None if there is one seed. values float64[M,S], whole bool[M]."""
    n_seeds = values.shape[1]
    if n_seeds < 2:
        return None
    group = whole == whole[one]
    if group[other]:
        return Error(noise_of(values[group]) * math.sqrt(2 / n_seeds), (int(group.sum()) - 1) * (n_seeds - 1))
    parts = [float(values[part].var(axis=1, ddof=1).mean()) / n_seeds for part in (group, ~group)]
    freedoms = [int(part.sum()) * (n_seeds - 1) for part in (group, ~group)]
    spread = sum(part**2 / freedom for part, freedom in zip(parts, freedoms, strict=True))
    return Error(math.sqrt(sum(parts)), int(sum(parts) ** 2 / spread) if spread else min(freedoms))


def _compare(names: list[str], values: np.ndarray, whole: np.ndarray) -> dict[str, Any]:
    """The best of the mixtures by values float64[M,S], and the others' difference to it."""
    mean = values.mean(axis=1)
    best = int(np.argmin(mean))
    others = {}
    for i in np.argsort(mean, kind="stable").tolist():
        if i != best:
            others[names[i]] = _other(float(mean[i] - mean[best]), _error(values, whole, best, i), len(names))
    return {
        "best": names[best],
        "resolved": bool(others) and all(other["resolved"] for other in others.values()),
        "noise": _noise(names, values, whole, best),
        "others": others,
        "verdict": _sentence(names[best], float(mean[best]), others),
    }


def _other(difference: float, error: Error | None, n_mixtures: int) -> dict[str, Any]:
    margin = None if error is None else _critical(n_mixtures, error.freedom) * error.size
    return {
        "difference": difference,
        "standard_error": None if error is None else error.size,
        "low": None if margin is None else difference - margin,
        "high": None if margin is None else difference + margin,
        "resolved": margin is not None and difference > margin,
    }


def _noise(names: list[str], values: np.ndarray, whole: np.ndarray, best: int) -> dict[str, Any] | None:
    """The noise of a run in the group of the best mixture."""
    if min(values.shape) < 2:
        return None
    group = np.flatnonzero(whole == whole[best])
    freedom = max(1, len(group) - 1) * (values.shape[1] - 1)
    variance = float(_variances(values, whole)[group].mean())
    return {"std": math.sqrt(variance), "degrees_of_freedom": freedom, "mixtures": [names[i] for i in group]}


def _sentence(best: str, mean: float, others: Mapping[str, Mapping[str, Any]]) -> str:
    if not others:
        return (
            f"Not resolved: {best} is the only mixture ({mean:.4f} bits per byte), there is nothing to compare it with."
        )
    first, nearest = next(iter(others.items()))
    if nearest["low"] is None:
        return (
            f"Not resolved: one seed says nothing about noise. {best} is ahead ({mean:.4f} bits per byte), "
            f"before {first} by {nearest['difference']:.4f}."
        )
    apart = {name: f"{one['difference']:.4f} ± {one['high'] - one['difference']:.4f}" for name, one in others.items()}
    close = [f"{name} ({apart[name]})" for name, other in others.items() if not other["resolved"]]
    if close:
        return (
            f"Not resolved at this size: {best} is ahead ({mean:.4f} bits per byte), "
            f"but as good could be: {', '.join(close)}."
        )
    return f"{best} is best: {mean:.4f} bits per byte, before {first} by {apart[first]}."
