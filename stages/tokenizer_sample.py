"""What a tokenizer is trained on: a sample of documents by source and language, deterministic and bounded in memory."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from pipeline.errors import InputError

Group = tuple[str, str]
"""A source and a language; empty where they share one budget, as they come."""


class Text(NamedTuple):
    """A document of the sample, or its head, and where it is from."""

    text: str
    source: str
    language: str


def whole(weights: Mapping[str, float]) -> dict[str, int]:
    """Weights above 0 as integers in the same proportions, those of the decimals that they are written as."""
    exact = {name: Fraction(repr(float(weight))) for name, weight in weights.items() if weight}
    scale = math.lcm(*(weight.denominator for weight in exact.values()))
    return {name: int(weight * scale) for name, weight in exact.items()}


def fill(weights: Mapping[str, int], most: Mapping[str, int], budget: int) -> dict[str, int]:
    """Bytes of each name by weight, none above its most; what one lacks goes to the others, by weight.

    The sum is the budget, or all there is, less than a byte of each name lost to rounding down. It is exact: a share
    never falls when its own most grows, and never grows when another's does.
    """
    short: set[str] = set()
    while True:
        total = sum(weight for name, weight in weights.items() if name not in short)
        left = max(0, budget - sum(most[name] for name in short))
        others = weights.keys() - short
        over = {name for name in others if left * weights[name] > most[name] * total}
        if not over:
            return {name: left * weight // total if name in others else most[name] for name, weight in weights.items()}
        short |= over


class Pool:
    """The texts of the lowest keys that fill a budget of bytes, whatever order they come in. The budget may fall."""

    def __init__(self, budget: int) -> None:
        self.budget, self.n_bytes = budget, 0
        self._heap: list[tuple[int, bytes, str, str]] = []  # keys negative, so that the highest comes first

    def takes(self, key: int) -> bool:
        """Whether a text with this key belongs here, as far as is known."""
        return self.n_bytes < self.budget or key <= -self._heap[0][0]

    def add(self, key: int, text: bytes, source: str = "", language: str = "") -> None:
        """Take a text in, and let go of those that the budget then has no room for."""
        if text:
            heapq.heappush(self._heap, (-key, text, source, language))
            self.n_bytes += len(text)
        self.trim(self.budget)

    def trim(self, budget: int) -> None:
        """Lower the budget."""
        self.budget = budget
        while self._heap and self.n_bytes - len(self._heap[0][1]) >= budget:
            self.n_bytes -= len(heapq.heappop(self._heap)[1])

    def texts(self, budget: int) -> Iterator[Text]:
        """The texts by key; the last is cut where this budget, no higher than the own one, ends."""
        for _, text, source, language in sorted(self._heap, reverse=True):
            if budget <= 0:
                return
            if cut := text[:budget].decode(errors="ignore"):  # without a character that is cut
                yield Text(cut, source, language)
            budget -= len(text)


class Sample:
    """Texts of the lowest keys, shared out among sources and, in each source, among languages, by weight.

    What a language lacks goes to the others of its source, what a source lacks to the other sources: there is as much
    as the budget as long as there is text. The more text comes, the less can a pool have to stand in for others, so
    that no more is held than the budget, a document for each source and language, and what a batch adds.
    """

    def __init__(self, budget: int, sources: Mapping[str, float], languages: Mapping[str, float]) -> None:
        """budget: bytes; weights of sources and of languages, with none of them a budget in common."""
        self.budget = budget
        self._sources, self._languages = whole(sources or {"": 1.0}), whole(languages or {"": 1.0})
        self._by_source, self._by_language = bool(sources), bool(languages)
        self._pools: dict[Group, Pool] = {
            (source, language): Pool(budget) for source in self._sources for language in self._languages
        }

    def pool(self, source: str, language: str) -> Pool | None:
        """Where a document of these belongs; None if its source or language gives nothing."""
        return self._pools.get((source if self._by_source else "", language if self._by_language else ""))

    def settle(self) -> None:
        """Let go of what there is no more room for; a byte more than a share is kept, for shares are rounded down.

        What is let go is never missed: with more text from others, a pool's share can only fall.
        """
        for group, share in self._shares().items():
            pool = self._pools[group]
            if pool.n_bytes > share:
                pool.trim(min(pool.budget, share + 1))

    def _shares(self) -> dict[Group, int]:
        """The bytes of each group if no more text came."""
        own = {source: {one: self._pools[source, one].n_bytes for one in self._languages} for source in self._sources}
        there = {source: sum(counts.values()) for source, counts in own.items()}
        return {
            (source, language): share
            for source, budget in fill(self._sources, there, self.budget).items()
            for language, share in fill(self._languages, own[source], budget).items()
        }

    def texts(self) -> list[Text]:
        """The sample, by source, language and key. Raises InputError for a source or a language without a text."""
        for position, names in ((1, self._languages), (0, self._sources)):
            for name in names:
                if not any(pool.n_bytes for group, pool in self._pools.items() if group[position] == name):
                    where = f" of the {('source', 'language')[position]} '{name}'" if name else ""
                    raise InputError(f"tokenizer has nothing to train on: no text{where} reached it")
        return [text for group, share in self._shares().items() for text in self._pools[group].texts(share)]

    def asked(self) -> tuple[dict[str, float], dict[str, float]]:
        """Bytes that the weights ask for, by source and by language; empty without weights."""
        return (
            self._by_weight(self._sources) if self._by_source else {},
            self._by_weight(self._languages) if self._by_language else {},
        )

    def _by_weight(self, weights: Mapping[str, int]) -> dict[str, float]:
        total = sum(weights.values())
        return {name: self.budget * weight / total for name, weight in weights.items()}
