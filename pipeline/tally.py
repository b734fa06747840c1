"""What a what-if question counts, shard by shard, and the answer made of it.

A pair is (now, then): the outcome that a document had, and the one it would have.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from .intervals import wilson
from .rejudge import FAILS, PASSES, Codes, Course, Judge, Outcome
from .shards import read_batch
from .slices import UNMEASURED
from .stage import can_judge

ALL = "all"
PAIR = 1 << 20
"""Over the number of outcomes, so that a pair of codes is one number."""
Pairs = Counter[tuple[Outcome, Outcome]]


class Place(NamedTuple):
    """Where a document's row lies: a published shard, `documents` or `dropped`, and the number of its batch."""

    kind: str
    path: str
    batch: int


class Example(NamedTuple):
    """A document whose outcome changes. value, limit: what the stage measured that now drops it, or NaN."""

    uid: str
    now: int
    then: int
    place: Place
    row: int
    value: float
    limit: float


@dataclass
class Tally:
    """Counts of all shards. dimensions: name -> the column by which it slices."""

    dimensions: dict[str, str]
    n_examples: int
    codes: Codes = field(default_factory=Codes)
    pairs: Counter[tuple[str, str, int, int]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[Example]] = field(default_factory=dict)
    strangers: Counter[str] = field(default_factory=Counter)

    def add(self, course: Course, place: Place) -> None:
        """Count a batch."""
        pairs = course.now * PAIR + course.then
        self._count(ALL, [ALL], np.zeros(len(pairs), np.int64), pairs)
        for dimension, column in self.dimensions.items():
            encoded = course.stored.column(column).cast(pa.string()).fill_null(UNMEASURED).dictionary_encode()
            self._count(dimension, encoded.dictionary.to_pylist(), encoded.indices.to_numpy(), pairs)
        self.strangers["all"] += int(course.is_stranger.sum())
        for name, verdict in (("fail", FAILS), ("pass", PASSES)):
            self.strangers[name] += int((course.is_audited & (course.later == verdict)).sum())
        if self.n_examples:
            self._pick(course, place)

    def _count(self, dimension: str, values: list[str], numbers: Any, pairs: Any) -> None:
        for number, value in enumerate(values):
            for pair, n in zip(*np.unique(pairs[numbers == number], return_counts=True), strict=True):
                self.pairs[dimension, value, int(pair) // PAIR, int(pair) % PAIR] += int(n)

    def _pick(self, course: Course, place: Place) -> None:
        """Keep the least uids of each kind of change."""
        rows = np.flatnonzero(course.now != course.then)
        uids = course.stored.column("uid").take(pa.array(rows)).to_pylist()
        for uid, row in zip(uids, rows.tolist(), strict=True):
            now, then = int(course.now[row]), int(course.then[row])
            example = Example(uid, now, then, place, row, float(course.value[row]), float(course.limit[row]))
            kind = self.codes.all[now].kind, self.codes.all[then].kind
            self.examples.setdefault(kind, []).append(example)
        for kind, some in self.examples.items():
            self.examples[kind] = heapq.nsmallest(self.n_examples, some)

    def answer(self, judges: Sequence[Judge]) -> dict[str, Any]:
        """All of it, JSON-ready, in an order that does not depend on that of the shards."""
        names = self.codes.all
        pairs: Pairs = Counter()
        for (dimension, _, now, then), n in self.pairs.items():
            if dimension == ALL:
                pairs[names[now], names[then]] += n
        return {
            "documents": pairs.total(),
            **_sides(pairs),
            "transitions": [
                {"now": pair[0]._asdict(), "then": pair[1]._asdict(), "documents": n}
                for pair, n in sorted(pairs.items(), key=lambda entry: (-entry[1], entry[0]))
            ],
            "rules": _rules(pairs, judges),
            "unknown": _unknown(pairs),
            "estimate": self._estimate(judges),
            "by": {dimension: self._slices(dimension) for dimension in self.dimensions},
            "examples": [self._shown(one) for kind in sorted(self.examples) for one in self.examples[kind]],
        }

    def _slices(self, dimension: str) -> dict[str, Any]:
        """value -> kept, dropped and unknown, now and then; the most frequent value first."""
        names = self.codes.all
        found: dict[str, Pairs] = {}
        for (other, value, now, then), n in self.pairs.items():
            if other == dimension:
                found.setdefault(value, Counter())[names[now], names[then]] += n
        return {
            value: _sides(found[value]) for value in sorted(found, key=lambda value: (-found[value].total(), value))
        }

    def _estimate(self, judges: Sequence[Judge]) -> dict[str, Any] | None:
        """What the audit sample says of documents that come to stages which had not met them."""
        n_pass, n_audited = self.strangers["pass"], self.strangers["pass"] + self.strangers["fail"]
        if not n_audited:
            return None
        low, high = wilson(n_pass, n_audited)
        first = next(judge.position for judge in judges if judge.is_asked)
        blind = [judge.label for judge in judges[first:] if judge.drops and not can_judge(judge.now)]
        facts = {"documents": self.strangers["all"], "audited": n_audited, "pass": n_pass}
        return {**facts, "share": n_pass / n_audited, "low": low, "high": high, "not_judged_by": blind}

    def _shown(self, one: Example) -> dict[str, Any]:
        """A changed document for people: where it is from, what was measured, and its excerpt if it was dropped."""
        names = ["source", "origin", *(["value", "limit", "excerpt"] if one.place.kind == "dropped" else [])]
        row = read_batch(one.place.path, one.place.batch, names).slice(one.row, 1).to_pylist()[0]
        now = {**self.codes.all[one.now]._asdict(), "value": row.get("value"), "limit": row.get("limit")}
        then = {**self.codes.all[one.then]._asdict(), "value": _or_none(one.value), "limit": _or_none(one.limit)}
        identity = {"uid": one.uid, "source": row["source"], "origin": row["origin"]}
        return {**identity, "now": now, "then": then, "excerpt": row.get("excerpt", "")}


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _sides(pairs: Pairs) -> dict[str, dict[str, int]]:
    """Documents kept, dropped and unknown, now and then."""
    kinds = ("kept", "dropped", "unknown")
    return {
        side: {kind: sum(n for pair, n in pairs.items() if pair[place].kind == kind) for kind in kinds}
        for place, side in enumerate(("now", "then"))
    }


def _totals(pairs: Pairs, place: int) -> Counter[Outcome]:
    total: Counter[Outcome] = Counter()
    for pair, n in pairs.items():
        total[pair[place]] += n
    return total


def _rules(pairs: Pairs, judges: Sequence[Judge]) -> list[dict[str, Any]]:
    """Documents by the rule that is the reason for their drop, in the order of the stages."""
    order = {judge.label: judge.position for judge in judges}
    now, then = _totals(pairs, 0), _totals(pairs, 1)
    rules = [one for one in now | then if one.kind == "dropped"]
    rules.sort(key=lambda rule: (order.get(rule.stage, 0), rule))
    return [{"stage": rule.stage, "reason": rule.reason, "now": now[rule], "then": then[rule]} for rule in rules]


def _unknown(pairs: Pairs) -> list[dict[str, Any]]:
    unknown = [(one, n) for one, n in _totals(pairs, 1).items() if one.kind == "unknown"]
    return [
        {"stage": one.stage, "why": one.reason, "documents": n}
        for one, n in sorted(unknown, key=lambda entry: (-entry[1], entry[0]))
    ]
