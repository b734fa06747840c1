"""The verdict over an ablation: which mixture is best, by how much, and whether the noise allows to say so.

Every mixture is trained with the same seeds, so that what a seed does to all of them (its start, its
order within each source) is taken out: value = mixture + seed + noise, and the noise is what is left.

All pairs of mixtures are compared at once by Tukey's studentized range, because the best is picked
by looking at the values: intervals for M-1 comparisons with a mixture named beforehand would hold
the truth too seldom (corrected after Bonferroni: 90 times in 100 for M 8, S 3; 80 for M 20, S 5).
With 2 mixtures it is the paired t-test.

Assumed: noise of the same size for all mixtures, independent and normal. Simulated with 8 equal
mixtures, something is called resolved 5 times in 100; if half of them are twice as noisy, 8 times;
if one is ten times as noisy, 20 to 25 times: compare `std` of the mixtures before trusting a close call.

Letters: M mixtures, S seeds.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .errors import ConfigError, did_you_mean

CONFIDENCE = 0.95
Results = Mapping[str, Mapping[int, Mapping[str, float]]]
"""Bits per byte by mixture, seed and validation source."""


def judge(results: Results, objective: Mapping[str, float]) -> dict[str, Any]:
    """The verdict, ready for JSON, over `results`: {mixture: {seed: {source: bits per byte}}}; less is better.

    `objective`: {source: weight}, scaled to a sum of 1. The verdict holds for the weighted mean; `sources`
    holds one for each validation source, each by itself at 95 %. `difference`, `low` and `high` are bits
    per byte above the best; `resolved` is true where `low` is above 0. `noise` is the standard deviation of
    one run, over all mixtures, `std` that of one mixture's runs. With one seed or one mixture there is no
    noise to compare with: all of these are null and nothing is resolved.

    Raises ConfigError if a result is missing, not a finite number, or the objective names no source.
    """
    names, seeds, sources = _axes(results)
    values = np.array([[[results[m][s][source] for source in sources] for s in seeds] for m in names], float)
    if not np.isfinite(values).all():
        at = np.argwhere(~np.isfinite(values))[0]
        raise ConfigError(f"mixture {names[at[0]]}, seed {seeds[at[1]]}: no finite bits per byte of {sources[at[2]]}")
    weights = _objective(objective, sources)
    mean = values @ np.array([weights.get(source, 0.0) for source in sources])
    critical = _critical(len(names), len(seeds))
    spread = np.sqrt((_unexplained(mean) ** 2).sum(axis=1) / max(1, len(seeds) - 1))
    return {
        "objective": weights,
        "confidence": CONFIDENCE,
        "seeds": seeds,
        "mixtures": {
            name: {
                "mean": float(mean[i].mean()),
                "seeds": dict(zip(map(str, seeds), mean[i].tolist(), strict=True)),
                "sources": dict(zip(sources, values[i].mean(axis=0).tolist(), strict=True)),
                "std": None if critical is None else float(spread[i]),
            }
            for i, name in enumerate(names)
        },
        **_compare(names, mean, critical),
        "sources": {source: _compare(names, values[:, :, i], critical) for i, source in enumerate(sources)},
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
def _critical(n_mixtures: int, n_seeds: int) -> float | None:
    """How many standard errors all differences stay within, 95 times in 100; None where no noise can be measured."""
    if n_mixtures < 2 or n_seeds < 2:
        return None
    from scipy.stats import studentized_range

    freedom = (n_mixtures - 1) * (n_seeds - 1)
    return float(studentized_range.ppf(CONFIDENCE, n_mixtures, freedom)) / math.sqrt(2)


def _unexplained(values: np.ndarray) -> np.ndarray:
    """What mixture and seed leave of values float64[M,S], scaled up for the degrees of freedom that M means take."""
    rest: np.ndarray = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + values.mean()
    return rest * math.sqrt(len(values) / max(1, len(values) - 1))


def noise_of(values: np.ndarray) -> float:
    """Standard deviation of the noise in values float64[M,S], M and S >= 2, with (M-1)(S-1) degrees of freedom."""
    return math.sqrt(float((_unexplained(values) ** 2).sum()) / (values.size - len(values)))


def _compare(names: list[str], values: np.ndarray, critical: float | None) -> dict[str, Any]:
    """The best of the mixtures by values float64[M,S], and the others' difference to it."""
    mean = values.mean(axis=1)
    best = int(np.argmin(mean))
    noise = None if critical is None else noise_of(values)
    error = None if noise is None else noise * math.sqrt(2 / values.shape[1])
    margin = None if error is None or critical is None else critical * error
    others = {}
    for i in np.argsort(mean, kind="stable").tolist():
        if i != best:
            difference = float(mean[i] - mean[best])
            others[names[i]] = {
                "difference": difference,
                "standard_error": error,
                "low": None if margin is None else difference - margin,
                "high": None if margin is None else difference + margin,
                "resolved": margin is not None and difference > margin,
            }
    freedom = (values.shape[0] - 1) * (values.shape[1] - 1)
    return {
        "best": names[best],
        "resolved": bool(others) and all(other["resolved"] for other in others.values()),
        "noise": None if noise is None else {"std": noise, "degrees_of_freedom": freedom},
        "others": others,
        "verdict": _sentence(names[best], float(mean[best]), others, margin),
    }


def _sentence(best: str, mean: float, others: Mapping[str, Mapping[str, Any]], margin: float | None) -> str:
    if not others:
        return (
            f"Not resolved: {best} is the only mixture ({mean:.4f} bits per byte), there is nothing to compare it with."
        )
    apart = {name: f"{other['difference']:.4f}" for name, other in others.items()}
    first = next(iter(others))
    if margin is None:
        return (
            f"Not resolved: one seed says nothing about noise. {best} is ahead ({mean:.4f} bits per byte), "
            f"before {first} by {apart[first]}."
        )
    close = [f"{name} ({apart[name]} ± {margin:.4f})" for name, other in others.items() if not other["resolved"]]
    if close:
        return (
            f"Not resolved at this size: {best} is ahead ({mean:.4f} bits per byte), "
            f"but as good could be: {', '.join(close)}."
        )
    return f"{best} is best: {mean:.4f} bits per byte, before {first} by {apart[first]} ± {margin:.4f}."
