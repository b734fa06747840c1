"""Our rules as Presidio recognizers, for a Presidio engine of the user's own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from pipeline.errors import OptionError, did_you_mean

from . import rules
from .presidio_engine import presidio, their_entity
from .rule import Settings, resolved

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer


def recognizers(
    entities: Iterable[str] | None = None,
    language: str = "en",
    regions: tuple[str, ...] = Settings().regions,
    all_ips: bool = False,
) -> list[EntityRecognizer]:
    """A Presidio recognizer for each of our entities that has rules, or for those that are named, in our order.

    language: what Presidio is told that they are for; they find the same in any. Entities have Presidio's names where
    it has one (EMAIL_ADDRESS, PHONE_NUMBER, IP_ADDRESS, MAC_ADDRESS, CREDIT_CARD, IBAN_CODE, US_SSN, CRYPTO, PERSON),
    else ours in capitals (API_KEY). All findings are given, whatever their score. Raises OptionError for an entity
    that there is not, or if Presidio is missing.
    """
    known = [entity for entity in rules.ENTITIES if any(rule.entity == entity for rule in rules.RULES)]
    wanted = known if entities is None else list(entities)
    for entity in wanted:
        if entity not in known:
            raise OptionError("entities", f"there are no rules for '{entity}'{did_you_mean(entity, known)}")
    presidio("recognizers")
    made = _rule_recognizer()
    return [made(entity, language, Settings(tuple(regions), all_ips)) for entity in known if entity in wanted]


@cache
def _rule_recognizer() -> Any:
    """The class; it cannot be made before Presidio is there."""
    from presidio_analyzer import LocalRecognizer

    class RuleRecognizer(LocalRecognizer):
        """Finds what our rules for one entity find on a whole text."""

        def __init__(self, entity: str, language: str, settings: Settings) -> None:
            self.rules = tuple(rule for rule in rules.RULES if rule.entity == entity)
            self.settings = settings
            super().__init__([their_entity(entity)], name=f"corpusmill_{entity}", supported_language=language)

        def load(self) -> None:
            """There is nothing to load."""

        def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[Any]:
            """The findings, those that overlap decided as in the stage `pii`; places in characters."""
            return _results(self, text) if self.supported_entities[0] in entities else []

    return RuleRecognizer


def _results(recognizer: Any, text: str) -> list[Any]:
    from presidio_analyzer import AnalysisExplanation, RecognizerResult

    data = text.encode(errors="replace")  # half of a surrogate pair becomes one character too
    found = resolved(one for rule in recognizer.rules for one in rules.find_all(data, rule, recognizer.settings))
    results, place, n_characters = [], 0, 0
    for one in found:
        start = n_characters + len(data[place : one.start].decode())
        n_characters = start + len(data[one.start : one.stop].decode())
        place = one.stop
        why = AnalysisExplanation(recognizer.name, one.score, pattern_name=one.rule)
        about = {"recognizer_name": recognizer.name, "recognizer_identifier": recognizer.id}
        entity = recognizer.supported_entities[0]
        results.append(RecognizerResult(entity, start, n_characters, one.score, why, about))
    return results
