"""Presidio's analyzer with the recognizers that need no model, offline, for comparison."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from labelled_text import Label

OURS = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IP_ADDRESS": "ip",
    "MAC_ADDRESS": "mac",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "US_SSN": "ssn",
    "US_PASSPORT": "passport",
    "DE_PASSPORT": "passport",
    "CRYPTO": "wallet",
}
"""Presidio's entity -> ours. Its plates are of other countries than those that are labelled, but for British ones."""
IN_ENGLISH = ("passport",)
"""Compared in English, where American and German ones are labelled: it has no recognizer of Chinese ones."""
LANGUAGES = ("en", "zh")
MIN_SCORES = (0.0, 0.3, 0.4, 0.5, 0.6, 0.85)


def _nlp_engine() -> Any:
    """spaCy's tokenizers without a model; a word's lemma is the word, so that context raises scores."""
    import spacy
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from spacy.language import Language

    @Language.component("words_as_lemmas")
    def words_as_lemmas(doc: Any) -> Any:
        for token in doc:
            token.lemma_ = token.lower_
        return doc

    engine = SpacyNlpEngine(models=[{"lang_code": one, "model_name": f"blank_{one}"} for one in LANGUAGES])
    engine.nlp = {one: spacy.blank(one) for one in LANGUAGES}
    for made in engine.nlp.values():
        made.add_pipe("words_as_lemmas")
    return engine


def analyzer(recognizers: Iterable[Any] = ()) -> Any:
    """An AnalyzerEngine for English and Chinese: with Presidio's own recognizers of these entities, in both languages
    whatever its registry has them for, that of telephone numbers for the countries that our rules take; or with those
    given."""
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer import predefined_recognizers as theirs

    from stages.recognizers.rule import Settings

    tldextract.extract = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
    registry = RecognizerRegistry(supported_languages=list(LANGUAGES))
    own = list(recognizers)
    if not own:
        registry.load_predefined_recognizers(languages=list(LANGUAGES))
        registry.recognizers = [one for one in registry.recognizers if set(one.supported_entities) & set(OURS)]
        registry.remove_recognizer("PhoneRecognizer")
        regions = Settings().regions
        own = [theirs.PhoneRecognizer(supported_regions=regions, supported_language=one) for one in LANGUAGES]
        english_only = (theirs.CreditCardRecognizer, theirs.UsSsnRecognizer, theirs.UsPassportRecognizer)
        own += [made(supported_language="zh") for made in english_only]
        own += [theirs.DePassportRecognizer(supported_language=one) for one in LANGUAGES]
    for one in own:
        registry.add_recognizer(one)
    return AnalyzerEngine(registry, _nlp_engine(), supported_languages=list(LANGUAGES))


def compares(entity: str, language: str) -> bool:
    """Whether what is labelled in a language is something that Presidio has a recognizer for."""
    return entity in OURS.values() and (language == "en" or entity not in IN_ENGLISH)


def found(engine: Any, text: str, language: str) -> list[tuple[float, Label]]:
    """(score, finding), with our names of entities; languages other than Chinese go as English."""
    spoken = language if language in LANGUAGES else "en"
    hits = engine.analyze(text, language=spoken)
    return [(hit.score, Label(hit.start, hit.end, OURS.get(hit.entity_type, hit.entity_type.lower()))) for hit in hits]
