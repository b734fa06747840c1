"""Our rules as recognizers of a Presidio engine that somebody else made."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from personal import found
from strategies import texts

from pipeline.errors import OptionError
from stages.recognizers import marks, rules
from stages.recognizers.presidio_recognizers import recognizers
from stages.recognizers.rule import Rule, Settings, Span

presidio_analyzer = pytest.importorskip("presidio_analyzer")


def around_at(text: bytes, start: int, stop: int, settings: Settings):
    """What stands between spaces around an `@`."""
    before, after = re.search(rb"\S*\Z", text[:start]), re.match(rb"\S*", text[stop:])
    yield Span(start - len(before[0]), stop + after.end(), 0.9, "around_at")


def number(text: bytes, start: int, stop: int, settings: Settings):
    """A number, if the region is the one that is asked for."""
    yield Span(start, stop, 0.8 if settings.all_ips else 0.6, f"number_{settings.regions[0]}")


RULES = (
    Rule("email", marks.AT, around_at),
    Rule("phone", marks.DIGITS, number),
    Rule(
        "api_key", marks.WORDS, lambda text, start, stop, settings: [Span(start, stop, 0.7, "words")], ("key", "密钥")
    ),
)


@pytest.fixture
def toy_rules(monkeypatch):
    monkeypatch.setattr(rules, "RULES", RULES)


def engine(made: list):
    """Presidio's engine with these, and a model of English that knows nothing."""
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from spacy import blank

    nlp = SpacyNlpEngine()
    nlp.nlp = {"en": blank("en")}
    return presidio_analyzer.AnalyzerEngine(presidio_analyzer.RecognizerRegistry(made), nlp)


def test_a_presidio_engine_finds_what_our_rules_find(toy_rules):
    text = "𠮷 写信给 wang@example.org，the key 13800138000 密钥"
    results = engine(recognizers()).analyze(text, "en", return_decision_process=True)
    assert sorted((one.entity_type, text[one.start : one.end], one.score) for one in results) == [
        ("API_KEY", "key", 0.7),
        ("API_KEY", "密钥", 0.7),
        ("EMAIL_ADDRESS", "wang@example.org，the", 0.9),
        ("PHONE_NUMBER", "13800138000", 0.6),
    ]
    assert {one.analysis_explanation.pattern_name for one in results} == {"around_at", "number_CN", "words"}


def test_options_and_the_choice_of_entities(toy_rules):
    (phone,) = recognizers(["phone"], language="zh", regions=("DE",), all_ips=True)
    assert (phone.supported_entities, phone.supported_language) == (["PHONE_NUMBER"], "zh")
    (result,) = phone.analyze("电话 13800138000", ["PHONE_NUMBER"])
    assert (result.start, result.end, result.score) == (3, 14, 0.8)
    assert result.analysis_explanation.pattern_name == "number_DE"
    assert phone.analyze("电话 13800138000", ["EMAIL_ADDRESS"]) == []
    assert [one.name for one in recognizers(["api_key", "email"])] == ["corpusmill_email", "corpusmill_api_key"]
    with pytest.raises(OptionError, match=r"no rules for 'e-mail' \(did you mean 'email'\?\)"):
        recognizers(["e-mail"])


def test_text_that_is_no_utf8_has_the_same_places(toy_rules):
    (email,) = recognizers(["email"])
    (result,) = email.analyze("\ud800é \udc00a@b\ud800", ["EMAIL_ADDRESS"])
    assert (result.start, result.end) == (3, 8)


@given(texts)
@settings(max_examples=30, deadline=None)
def test_all_our_rules_are_there_and_find_the_same(text):
    """Of the rules that there are, whatever the score."""
    results = []
    for one in recognizers():
        (entity,) = one.supported_entities
        results += [(one.name.removeprefix("corpusmill_"), text[r.start : r.end]) for r in one.analyze(text, [entity])]
    entities = {rule.entity for rule in rules.RULES}
    expected = [pair for name in entities for pair in found(text, _of(name), min_score=0)]
    assert sorted(results) == sorted(expected)
    assert {one.name for one in recognizers()} == {f"corpusmill_{name}" for name in entities}


def _of(entity: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules.RULES if rule.entity == entity)
