"""Who is removed: rates by slice with intervals, and warnings where a slice loses far more than the others.

A slice is all documents with one value of one dimension: those of a source, of a language, of a length. What removes
is a stage as a whole or one of its rules; none is known by name, so that heuristics and classifiers are held to the
same account. Pure functions of the counts in `slices.json`, where `reached` documents came to a stage, `dropped` of
them left there, and `failed` of them failed a rule, whether or not another rule came first. Rates are of those that the
stage judges: `exempt` ones, whose source it was told not to judge, are nobody's others.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from .histograms import OTHER
from .intervals import wilson
from .slices import UNMEASURED

CONFIDENCE = 0.95
FACTOR = 2.0
"""Far above: removed more than so many times as often as the others, or kept less than so many times as often."""
MIN_REMOVED = 20
"""A slice that loses fewer documents is not warned of."""

Tree = dict[str, Any]


def chance(k: int, n: int, rate: float) -> float:
    """At most so likely is it that of n documents, each removed with probability `rate`, k or more are removed.

    k or fewer, where k is below n * rate. exp(-n KL(k / n || rate)), a bound that holds for every n (Chernoff 1952;
    Hoeffding 1963, J. Am. Stat. Assoc. 58:13, theorem 1).
    """
    seen = k / n
    if not 0 < rate < 1:
        return 1.0 if seen == rate else 0.0
    divergence = sum(p * math.log(p / q) for p, q in ((seen, rate), (1 - seen, 1 - rate)) if p)
    return math.exp(-n * max(0.0, divergence))


def highest(k: int, n: int, level: float) -> float:
    """The highest rate at which losing k of n or fewer is not less likely than `level`, by `chance`."""
    low, high = k / n, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if chance(k, n, middle) < level else (middle, high)
    return high


def far_above(rate: float) -> float:
    """The rate from which on a slice is far above others that are removed at this rate."""
    return min(FACTOR * rate, 1 - (1 - rate) / FACTOR)


class Share(NamedTuple):
    """So many of so many documents removed."""

    removed: int
    reached: int

    @property
    def rate(self) -> float:
        """0 of none."""
        return self.removed / self.reached if self.reached else 0.0

    def without(self, other: Share) -> Share:
        """The rest of the documents."""
        return Share(self.removed - other.removed, self.reached - other.reached)

    def to_json(self) -> Tree:
        """With the interval at CONFIDENCE."""
        low, high = wilson(self.removed, self.reached, CONFIDENCE)
        return {**self._asdict(), "rate": self.rate, "low": low, "high": high}


Shares = dict[str, dict[str, Share]]
"""Dimension -> value -> what one rule, or a stage, removed of it."""


def is_far_above(slice_: Share, others: Share, level: float) -> bool:
    """Whether a slice is far above the others, each of two bounds being wrong with a chance of at most `level`.

    It lost MIN_REMOVED documents or more, and even at the highest rate of the others it would hardly lose so many if
    its own rate were not above `far_above` of theirs.
    """
    if slice_.removed < MIN_REMOVED or not others.reached or slice_.rate <= far_above(others.rate):
        return False
    limit = far_above(highest(*others, level))
    return slice_.rate > limit and chance(*slice_, limit) < level


def audit(slices: Tree, rules: list[str], by_name: Collection[tuple[str, str]] = ()) -> Tree:
    """What one stage removed of every slice, and the warnings, as JSON-ready values.

    slices: dimension -> value -> counts, `slices.json` of that stage; rules: reasons in the order of judging;
    by_name: (rule, dimension) where a recipe can name the very values to remove, such as languages to keep.
    whole, rules: rates by dimension and value, of the stage and of each rule.
    decides: those of `by_name` that remove some values of the dimension wholly and the others not at all, as they were
    told; no warnings are given for them. Any other rule that does so is unjust to them, however clear its cut.
    warnings: by the number of documents, the most first; for a stage with one rule, of that rule. The chance that any
    is false is at most 1 - CONFIDENCE, if documents are independent: each of `comparisons` gets an equal part of it
    (Bonferroni), which its two bounds share.
    """
    known = _known(slices)
    tables = {rule: _shares(known, rule) for rule in rules}
    whole = _shares(known, None)
    decides = [decided for rule in rules for decided in _decides(rule, tables[rule], by_name)]
    compared: list[tuple[str | None, Shares]] = [*([(None, whole)] if len(rules) > 1 else []), *tables.items()]
    pairs = [(name, *one) for name, shares in compared for one in _pairs(shares)]
    level = (1 - CONFIDENCE) / (2 * max(1, len(pairs)))
    by_design = {(one["rule"], one["dimension"]) for one in decides}
    gone = {(None, one["dimension"], value) for one in decides for value in one["values"]}
    warnings = [
        _warning(name, dimension, value, mine, others)
        for name, dimension, value, mine, others in pairs
        if (name, dimension) not in by_design
        and (name, dimension, value) not in gone
        and is_far_above(mine, others, level)
    ]
    return {
        "whole": _to_json(whole),
        "rules": {rule: _to_json(shares) for rule, shares in tables.items()},
        "decides": decides,
        "comparisons": len(pairs),
        "warnings": sorted(warnings, key=lambda one: -one["excess"]),
    }


def _known(slices: Tree) -> Tree:
    """The dimensions of two values or more, without values that were not measured or of which nothing is judged."""
    found = {
        dimension: {value: one for value, one in values.items() if value != UNMEASURED and judged(one)}
        for dimension, values in slices.items()
    }
    return {dimension: values for dimension, values in found.items() if len(values) > 1}


def _shares(known: Tree, rule: str | None) -> Shares:
    """What a rule, or the whole stage, removed of every slice."""
    return {dimension: {v: _share(one, rule) for v, one in values.items()} for dimension, values in known.items()}


def _share(one: Tree, rule: str | None) -> Share:
    failed = one["rules"].get(rule, {"failed": 0})["failed"] if rule is not None else one["dropped"]
    return Share(failed, judged(one))


def judged(one: Tree) -> int:
    """Documents of a slice that a stage could drop."""
    return int(one["reached"]) - int(one["exempt"])


def _decides(rule: str, shares: Shares, by_name: Collection[tuple[str, str]]) -> Iterator[Tree]:
    for dimension, values in shares.items():
        if (rule, dimension) not in by_name:
            continue
        gone = [value for value, share in values.items() if share.removed == share.reached]
        removed = sum(values[value].removed for value in gone)
        wholly = all(share.removed in (0, share.reached) for share in values.values())
        if removed >= MIN_REMOVED and wholly and len(gone) < len(values):
            yield {"rule": rule, "dimension": dimension, "values": gone, "removed": removed}


def _pairs(shares: Shares) -> Iterator[tuple[str, str, Share, Share]]:
    """Dimension, value, the slice and all others: of slices that are large enough to be warned of."""
    for dimension, values in shares.items():
        total = Share(sum(one.removed for one in values.values()), sum(one.reached for one in values.values()))
        for value, share in values.items():
            if value != OTHER and share.reached >= MIN_REMOVED:
                yield dimension, value, share, total.without(share)


def _warning(rule: str | None, dimension: str, value: str, mine: Share, others: Share) -> Tree:
    """excess: documents more than at the rate of the others."""
    excess = mine.removed - others.rate * mine.reached
    about = {"rule": rule, "dimension": dimension, "value": value, **mine.to_json()}
    return {**about, "others": others.to_json(), "excess": excess}


def _to_json(shares: Shares) -> Tree:
    return {dimension: {value: one.to_json() for value, one in values.items()} for dimension, values in shares.items()}
