"""What rules find in a text, by their definition: every rule on the whole text."""

from __future__ import annotations

from stages.recognizers.rule import Rule, Settings, resolved
from stages.recognizers.rules import find_all


def found(text: str, rules: tuple[Rule, ...], min_score: float = 0.5, **settings) -> list[tuple[str, str]]:
    """(entity, value) of the findings, in order of place."""
    data = text.encode()
    findings = [one for rule in rules for one in find_all(data, rule, Settings(**settings)) if one.score >= min_score]
    return [(one.entity, data[one.start : one.stop].decode()) for one in resolved(findings)]
