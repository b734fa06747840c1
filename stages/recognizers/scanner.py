"""Runs rules on the marks that a kernel finds for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from . import marks
from .rule import Finding, Rule, Settings

MAX_WORDED = 63
"""Rules with words: a mark has a bit for each, and a sign."""
Place = tuple[int, int, int]
"""Where a mark is, in bytes, and for whom: the groups of a word, or a kind of other marks, negative."""


class Scanner:
    """Finds what rules find, where their marks are. least: entity -> the score below which a finding does not count."""

    def __init__(self, rules: Iterable[Rule], settings: Settings, least: Mapping[str, float]) -> None:
        from stages.kernels import automaton

        chosen = [rule for rule in rules if rule.entity in least]
        self._worded = [rule for rule in chosen if rule.mark in marks.WORDED]
        assert len(self._worded) <= MAX_WORDED, f"{len(self._worded)} rules with words"
        words = [(word, group) for group, rule in enumerate(self._worded) for word in rule.words]
        self._automaton = automaton.build(words) if words else None
        self._starting, self._ending = (
            sum(1 << bit for bit, rule in enumerate(self._worded) if rule.mark == mark)
            for mark in (marks.STARTS, marks.ENDS)
        )
        self._wanted = frozenset(marks.WORDS if rule in self._worded else rule.mark for rule in chosen)
        self._settings, self._least = settings, least
        self._rules = {-kind: [rule for rule in chosen if rule.mark == kind] for kind in self._wanted}

    def places(self, data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> Iterator[tuple[int, list[Any]]]:
        """The rows with marks, ascending, and the marks of each as a list of Place."""
        from stages.kernels import marks as kernel

        found = kernel.find(data, offsets, self._wanted, self._automaton, self._starting, self._ending)
        whose = np.where(found[:, 3] == marks.WORDS, found[:, 4], -found[:, 3])
        places = np.column_stack([found[:, 1:3], whose])
        borders = np.searchsorted(found[:, 0], np.arange(len(offsets)))
        for row in np.unique(found[:, 0]).tolist():
            yield row, places[borders[row] : borders[row + 1]].tolist()

    def find(self, text: bytes, places: list[Place]) -> list[Finding]:
        """All findings at the marks of a text that count; they may overlap."""
        found = []
        for start, stop, whose in places:
            for rule in self._rules.get(whose) or self._of_word(whose):
                for span in rule.find(text, start, stop, self._settings):
                    if span.score >= self._least[rule.entity]:
                        found.append(Finding(*span, rule.entity))
        return found

    def _of_word(self, groups: int) -> list[Rule]:
        self._rules[groups] = [rule for bit, rule in enumerate(self._worded) if groups >> bit & 1]
        return self._rules[groups]
