"""How a Presidio recognizer is run: by Presidio's AnalyzerEngine, on pieces of a text, in bounded time, offline."""

from __future__ import annotations

import traceback
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.errors import CorpusmillError, OptionError, StageError, did_you_mean

from .presidio_patterns import MAX_AROUND, MAX_LONG, Bounded

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine, EntityRecognizer

INSTALL = "needs the package presidio-analyzer: pip install 'corpusmill[pii]'"
LIBRARIES = ("presidio-analyzer", "regex", "spacy", "tldextract")
MAX_PIECE = 20_000
"""Characters that a recognizer sees at a time. Of these, an expression may match each with all others."""
MAX_WORD = 40
"""Characters of a word of context. Chinese goes on without spaces: what stands near is in the same word."""
OURS = {
    "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "IP_ADDRESS": "ip", "MAC_ADDRESS": "mac", "CREDIT_CARD": "card",
    "IBAN_CODE": "iban", "US_SSN": "ssn", "CRYPTO": "wallet",
}  # fmt: skip
"""Presidio's name of an entity -> ours, where it is not ours in capitals."""
THEIRS = {ours: theirs for theirs, ours in OURS.items()}


def our_entity(name: str) -> str:
    """What an entity of Presidio's is called in columns, options and tags."""
    return OURS.get(name.upper(), name.lower())


def their_entity(name: str) -> str:
    """What an entity of ours is called in Presidio."""
    return THEIRS.get(name, name.upper())


def presidio(option: str) -> Any:
    """The module `presidio_analyzer`, kept off the network. Raises OptionError for the option that needs it."""
    try:
        import presidio_analyzer
    except ImportError as error:
        raise OptionError(option, f"pii option '{option}' {INSTALL}") from error
    _stay_offline()
    return presidio_analyzer


def library_versions(option: str) -> dict[str, str]:
    """Versions of what decides findings. Raises OptionError, for the option that needs them, if one is missing."""
    try:
        return {name: version(name) for name in LIBRARIES}
    except PackageNotFoundError as error:
        raise OptionError(option, f"pii option '{option}' {INSTALL}") from error


@cache
def _stay_offline() -> None:
    """Presidio's recognizer of e-mail asks tldextract, which would fetch the list of public suffixes; it has a copy."""
    import tldextract.tldextract

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())


class Found(NamedTuple):
    """What a recognizer found, in characters of the whole text. entity: Presidio's name."""

    start: int
    stop: int
    score: float
    entity: str


class Piece(NamedTuple):
    """A part of a text with a little around it. place: of its first character in the whole text; low, high: what
    starts there is found in this piece, and not in the one before or after."""

    place: int
    text: str
    low: int
    high: int


def parts(text: str, most: int = MAX_PIECE) -> Iterator[tuple[int, int]]:
    """Where parts of a text of at most `most` characters start and end, cut after lines if there are any."""
    low = 0
    while low < len(text):
        high = len(text)
        if high - low > most:
            high = text.rfind("\n", low, low + most) + 1 or low + most
        yield low, high
        low = high


def piece_of(text: str, low: int, high: int, around: int = MAX_AROUND, more: int = MAX_AROUND) -> Piece:
    """A part of a text with so many characters before it, and so many after it."""
    start = max(low - around, 0)
    return Piece(start, text[start : high + more], low, high)


def pieces(text: str, most: int = MAX_PIECE, around: int = MAX_AROUND) -> Iterator[Piece]:
    """A text in parts with what is around them."""
    return (piece_of(text, low, high, around, around) for low, high in parts(text, most))


def marked_lines(text: str, marks: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where the lines start and end in which one of the marks stands as it is written."""
    spans = set()
    for mark in marks:
        place = text.find(mark)
        while place >= 0:
            start, stop = text.rfind("\n", 0, place) + 1, text.find("\n", place)
            stop = len(text) if stop < 0 else stop
            spans.add((start, stop))
            place = text.find(mark, stop)
    return sorted(spans)


class Words:
    """The words of a piece of text, in place of Presidio's artifacts, for its search for words of context.

    Words are taken as they are written, in lower case: there are no lemmas without a model of the language.
    """

    def __init__(self, text: str, language: str) -> None:
        self.text, self._stop_words = text, _stop_words(language)

    @cached_property
    def _tokens(self) -> tuple[list[int], list[int], list[str]]:
        """Where each starts and ends, and what it says in lower case."""
        import regex

        found = list(regex.finditer(rf"\w{{1,{MAX_WORD}}}|[^\w\s]", self.text))
        return [one.start() for one in found], [one.end() for one in found], [one[0].lower() for one in found]

    @cached_property
    def _keywords(self) -> tuple[list[int], list[str]]:
        """Where those start that count, and they: neither punctuation nor, by spaCy's list, too common."""
        starts, _, words = self._tokens
        pairs = [
            (start, word)
            for start, word in zip(starts, words, strict=True)
            if word[0].isalnum() and word not in self._stop_words
        ]
        return [start for start, _ in pairs], [word for _, word in pairs]

    def near(self, place: int, before: int, after: int) -> list[str]:
        """Of the words that count the one at a place, so many before it and so many after, as Presidio takes them.

        If the word there does not count, one more on each side. Presidio's own search takes time by the square.
        """
        starts, ends, _ = self._tokens
        places, words = self._keywords
        if not words:
            return [""]
        start = starts[min(bisect_right(ends, place), len(ends) - 1)]
        low, high = bisect_left(places, start), bisect_right(places, start)
        return sorted({*words[max(high - before - 1, 0) : high], *words[low : low + after + 1]})


@cache
def _stop_words(language: str) -> frozenset[str]:
    from spacy.util import get_lang_class

    try:
        return frozenset(get_lang_class(language).Defaults.stop_words)
    except ImportError:  # spaCy does not know the language
        return frozenset()


class WordEngine:
    """What AnalyzerEngine asks for words: an NlpEngine without a model."""

    def __init__(self) -> None:
        self._last: Words | None = None

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> Words:
        if self._last is None or self._last.text is not text:  # parts of a text come one after the other
            self._last = Words(text, language)
        return self._last


def word_analyzer(recognizer: EntityRecognizer, option: str) -> AnalyzerEngine:
    """An engine that runs one recognizer, and raises its scores where words of its context stand before a finding."""
    from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer

    enhancer = LemmaContextAwareEnhancer()

    def near(nlp_artifacts: Words, word: str, start: int) -> list[str]:
        return nlp_artifacts.near(start, enhancer.context_prefix_count, enhancer.context_suffix_count)

    enhancer._extract_surrounding_words = near
    return analyzer(recognizer, option, nlp_engine=WordEngine(), context_aware_enhancer=enhancer)


def analyzer(recognizer: EntityRecognizer, option: str, **more: Any) -> AnalyzerEngine:
    """An engine that runs one recognizer: Presidio orders those that it runs together by chance."""
    module, languages = presidio(option), [recognizer.supported_language]
    registry = module.RecognizerRegistry(recognizers=[recognizer], supported_languages=languages)
    return module.AnalyzerEngine(registry=registry, supported_languages=languages, **more)


def analyzed(engine: AnalyzerEngine, name: str, piece: Piece) -> list[Found]:
    """What an engine for one recognizer finds in a piece.

    Raises StageError, without the words of a recognizer that fails, for these may be the text's; OptionError if a
    pattern takes too long.
    """
    try:
        results = engine.analyze(text=piece.text, language=engine.supported_languages[0])
    except CorpusmillError:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise StageError(
            f"recognizer '{name}' raised {type(error).__name__} at {last.filename}:{last.lineno}"
            " (what it says is not shown: it may be text of the document)"
        ) from None
    for one in results:
        if not (0 <= one.start < one.end <= len(piece.text) and 0 <= one.score <= 1):
            raise StageError(
                f"recognizer '{name}' found characters {one.start} to {one.end} of {len(piece.text)}, with the score"
                f" {one.score}"
            )
    place = piece.place
    found = [Found(place + one.start, place + one.end, float(one.score), one.entity_type) for one in results]
    return [one for one in found if piece.low <= one.start < piece.high]


def found_by_patterns(engine: AnalyzerEngine, name: str, patterns: tuple[Bounded, ...], text: str) -> Iterator[Found]:
    """What an engine for a recognizer with these patterns finds in a text. Raises as `analyzed` does."""
    for low, high in parts(text):
        for pattern in patterns:
            pattern.look_at(low, high)
        yield from analyzed(engine, name, Piece(0, text, low, high))


def found_in_pieces(engine: AnalyzerEngine, name: str, text: str) -> Iterator[Found]:
    """What an engine for any recognizer finds in a text, of which it sees pieces. Raises as `analyzed` does.

    If a finding ends where its piece does, it is looked for again in one that goes on; StageError if that never ends.
    """
    for low, high in parts(text):
        more = MAX_AROUND
        found = analyzed(engine, name, piece_of(text, low, high))
        while any(one.stop == high + more < len(text) for one in found):
            if more > MAX_LONG:
                raise StageError(f"recognizer '{name}' found over {MAX_LONG:,} characters at once")
            more *= 2
            found = analyzed(engine, name, piece_of(text, low, high, more=more))
        yield from found


def class_of(name: str) -> Any:
    """Presidio's class of a recognizer that works by itself, on patterns or numbers. Raises OptionError otherwise."""
    module = presidio("recognizers").predefined_recognizers
    places = ("presidio_analyzer.predefined_recognizers.generic", "presidio_analyzer.predefined_recognizers.country_")
    known = {one: getattr(module, one) for one in module.__all__ if one.endswith("Recognizer")}
    alone = {one: made for one, made in known.items() if made.__module__.startswith(places)}
    if name in alone:
        return alone[name]
    why = ", for it needs a model or a service" if name in known else did_you_mean(name, alone)
    raise OptionError("recognizers", f"pii cannot take a recognizer '{name}' from Presidio{why}")
