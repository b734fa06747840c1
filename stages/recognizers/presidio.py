"""What others find in a text: recognizers of the recipe, of plugins and of Presidio, and names by spaCy pipelines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.errors import StageError

from . import presidio_ner
from .presidio_engine import (
    Found,
    found_by_patterns,
    found_in_pieces,
    library_versions,
    marked_lines,
    our_entity,
    word_analyzer,
)
from .presidio_patterns import Bounded, bound
from .presidio_recipe import Chosen, chosen
from .rule import Finding

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

UNKNOWN = (None, "", "und")
"""Languages of a document that nobody knows: all recognizers look at it."""


class _Running(NamedTuple):
    """A recognizer that is loaded. language: the one that it is for, empty for all. patterns: all by which it finds,
    or none if it finds in another way."""

    chosen: Chosen
    language: str
    engine: AnalyzerEngine
    patterns: tuple[Bounded, ...]

    def find(self, text: str) -> list[Found]:
        described, found = self.chosen.described, []
        spans = marked_lines(text, described.marks) if described.marks else [(0, len(text))]
        for start, stop in spans:
            for one in self._find(text[start:stop]):
                found.append(one._replace(start=start + one.start, stop=start + one.stop))
        for entity in {our_entity(one.entity) for one in found} - set(self.chosen.entities):
            raise StageError(
                f"recognizer '{described.name}' found the entity {entity!r}, which it did not announce"
                f" (it announced {', '.join(self.chosen.entities)})"
            )
        return found

    def _find(self, text: str) -> Iterator[Found]:
        name = self.chosen.described.name
        if self.patterns:
            return found_by_patterns(self.engine, name, self.patterns, text)
        return found_in_pieces(self.engine, name, text)


class Others:
    """The recognizers of the options `recognizers` and `ner` of the stage `pii`.

    Pickles before `open`, with the classes of plugins by name, so that workers import what they are in.
    """

    def __init__(self, recognizers: tuple[Mapping[str, Any], ...] = (), ner: dict[str, str] | None = None) -> None:
        """Raises OptionError for options that cannot be used; loads no model."""
        self._chosen, self._ner = chosen(recognizers), dict(ner or {})
        presidio_ner.check_ner(self._ner)
        self._running: list[_Running] = []
        self._names: list[presidio_ner.Names] = []

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._chosen or self._ner)

    @property
    def entities(self) -> tuple[str, ...]:
        """What the recognizers may find, by our names, sorted. Pipelines find `presidio_ner.ENTITIES`."""
        return tuple(sorted({entity for one in self._chosen for entity in one.entities}))

    def identity(self) -> dict[str, str]:
        """What decides the findings beside the options.

        Raises OptionError if Presidio is missing, InputError if a pipeline is not there.
        """
        found = {f"ner {language}": presidio_ner.identity(model) for language, model in self._ner.items()}
        plugins = {one.described.name: one.plugin.version for one in self._chosen if one.plugin}
        found |= {f"recognizer {name}": stated for name, stated in plugins.items()}
        return found | library_versions("recognizers" if self._chosen else "ner") if self else found

    def open(self) -> Others:
        """The same with all loaded. Raises InputError or OptionError if something cannot be used."""
        opened = copy(self)
        opened._running = [
            _Running(one, language, word_analyzer(made, "recognizers"), bound(made, one.described.name))
            for one in self._chosen
            for language, made in one.made()
        ]
        opened._names = [presidio_ner.Names(language, model) for language, model in self._ner.items()]
        return opened

    def find(self, text: str, language: str | None) -> list[Finding]:
        """What they find in a document, in bytes, in order of place; findings may overlap, and be there twice.

        Raises StageError if a recognizer fails or finds an entity that it has not announced; OptionError if a pattern
        takes too long.
        """
        found: list[tuple[str, Found]] = []
        for one in self._running:
            if not one.language or language in (one.language, *UNKNOWN):
                found += [(one.chosen.described.name, place) for place in one.find(text)]
        for names in self._names:
            if language in (names.language, *UNKNOWN):
                found += [(names.rule, place) for place in names.find(text)]
        bytes_of = byte_places(text, [place for _, one in found for place in (one.start, one.stop)])
        return sorted(
            Finding(bytes_of[one.start], bytes_of[one.stop], one.score, rule, our_entity(one.entity))
            for rule, one in found
        )


def byte_places(text: str, places: Iterable[int]) -> dict[int, int]:
    """Place in characters -> place in bytes of the text as UTF-8."""
    found, before, n_bytes = {}, 0, 0
    for place in sorted(set(places)):
        n_bytes += len(text[before:place].encode())
        found[place] = n_bytes
        before = place
    return found
