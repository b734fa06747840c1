"""Recognizers as a recipe describes them: with the keys of Presidio's YAML, and checked before anything is read."""

from __future__ import annotations

import functools
import re
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline import schema
from pipeline.errors import CorpusmillError, OptionError, StageError, shortened
from pipeline.schema import option
from pipeline.stage import LANGUAGE_CODE

from .presidio_engine import INSTALL, MAX_WORD, class_of, our_entity, presidio
from .presidio_patterns import MAX_WORDS, any_of, check_expression
from .registry import ENTITY, Registered, registered

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

MAX_NAME = 80
FLAGS = 26
"""Presidio's default: IGNORECASE, MULTILINE and DOTALL of the module regex."""
CONTEXT = re.compile(rf"[^\W_]\w{{0,{MAX_WORD - 1}}}")
"""A word of context: Presidio looks for it in words of the text one by one."""
NO_LANGUAGE = "en"
"""What Presidio is told of a recognizer that is for every language."""


@dataclass(frozen=True, kw_only=True)
class _Pattern:
    name: str = option()
    regex: str = option()
    score: float = option(ge=0, le=1)


@dataclass(frozen=True, kw_only=True)
class Described:
    """A recognizer of the option `recognizers`. Keys and defaults are those of Presidio's YAML, `marks` is ours."""

    name: str = option()
    type: str = option("custom", choices=("custom", "predefined"))
    class_name: str = option("")
    enabled: bool = option(True)
    supported_entity: str = option("")
    supported_entities: tuple[str, ...] = option(())
    supported_language: str = option("")
    supported_languages: tuple[str | dict[str, str | tuple[str, ...]], ...] = option(())
    patterns: tuple[dict[str, str | float], ...] = option(())
    deny_list: tuple[str, ...] = option(())
    deny_list_score: float = option(1.0, ge=0, le=1)
    context: tuple[str, ...] = option(())
    global_regex_flags: int = option(FLAGS)
    marks: tuple[str, ...] = option(())

    @property
    def languages(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(language, words of context); the language is empty if it is for all."""
        if not self.supported_languages:
            return ((self.supported_language, self.context),)
        given = [one if isinstance(one, dict) else {"language": one} for one in self.supported_languages]
        return tuple((str(one["language"]), tuple(one.get("context", self.context))) for one in given)


_OF_PATTERNS: tuple[str, ...] = (
    "patterns", "deny_list", "supported_entity", "supported_entities", "deny_list_score", "global_regex_flags",
)  # fmt: skip


class Chosen(NamedTuple):
    """A recognizer that a recipe names, and the plugin's that it means, if it is one. Pickles."""

    described: Described
    entities: tuple[str, ...]
    plugin: Registered | None = None

    def made(self) -> Iterator[tuple[str, EntityRecognizer]]:
        """Presidio's recognizers that it takes, and the language that each is for (empty: all)."""
        for language, context in self.described.languages:
            yield language, self._made(language or NO_LANGUAGE, context)

    def _made(self, language: str, context: tuple[str, ...]) -> EntityRecognizer:
        presidio("recognizers")
        if self.plugin:
            return _of_plugin(self.plugin)
        if self.described.type == "predefined":
            return _of_presidio(self.described, language, context)
        return _of_patterns(self.described, language, context)


def chosen(given: tuple[Mapping[str, Any], ...]) -> tuple[Chosen, ...]:
    """The recognizers of a recipe that are enabled. Raises OptionError for the first that cannot be used."""
    found = [_chosen(values) for values in given]
    names = [one.described.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise OptionError("recognizers", f"pii has two recognizers '{name}': findings tell which one it was")
    return tuple(one for one in found if one.described.enabled)


def _chosen(values: Mapping[str, Any]) -> Chosen:
    what = f"pii recognizer {str(values.get('name', ''))[:MAX_NAME]!r}"
    described = _checked(Described, values, what)
    _check_keys(described, what)
    _check_languages(described, what)
    plugin = registered().get(described.class_name or described.name) if described.type == "predefined" else None
    if plugin:
        if any(context for _, context in described.languages):
            raise OptionError("recognizers", f"{what}: 'context' does not go with a recognizer of a plugin")
        entities: tuple[str, ...] = plugin.entities
    elif described.type == "predefined":
        entities = tuple(_of_presidio(described, NO_LANGUAGE, ()).supported_entities)
    else:
        entities = (_entity(described, what),)
        _check_patterns(described, what)
    return Chosen(described, tuple(our_entity(entity) for entity in entities), plugin)


def _checked(cls: Any, values: Mapping[str, Any], what: str) -> Any:
    """An instance of one of the classes above. Raises OptionError."""
    try:
        made = schema.build(cls, values, what)
        schema.check(made, what)
    except OptionError as error:
        raise OptionError("recognizers", str(error)) from None
    return made


def _check_keys(described: Described, what: str) -> None:
    """Raises OptionError for keys that do not go together."""
    if not described.name or len(described.name) > MAX_NAME or not described.name.isprintable():
        raise OptionError("recognizers", f"{what} needs a name of 1 to {MAX_NAME} printable characters")
    if not all(mark and "\n" not in mark for mark in described.marks):
        raise OptionError("recognizers", f"{what}: 'marks' must be texts that stand in a line, none of them empty")
    if described.type == "predefined":
        only = _OF_PATTERNS
    elif described.patterns or described.deny_list:
        only = ("class_name",)
    else:
        raise OptionError("recognizers", f"{what} needs 'patterns' or 'deny_list', or 'type: predefined'")
    for key in only:
        if getattr(described, key) != getattr(Described, key):
            raise OptionError("recognizers", f"{what}: '{key}' does not go with 'type: {described.type}'")


def _check_languages(described: Described, what: str) -> None:
    """Raises OptionError as Presidio does: words of context belong to one language."""
    if described.supported_language and described.supported_languages:
        raise OptionError("recognizers", f"{what} takes 'supported_language' or 'supported_languages', not both")
    for one in described.supported_languages:
        if isinstance(one, dict) and not ({"language"} <= set(one) <= {"language", "context"}):
            raise OptionError("recognizers", f"{what}: a language is written {{language: en, context: [words]}}")
    if described.context and len(described.supported_languages) > 1:
        example = "supported_languages: [{language: en, context: [card]}, {language: zh, context: [卡号]}]"
        raise OptionError("recognizers", f"{what}: give each language its own words of context, as in {example}")
    for language, context in described.languages:
        for word in context:
            if not CONTEXT.fullmatch(word):
                given = f"got {shortened(word, MAX_NAME)!r}"
                raise OptionError("recognizers", f"{what}: 'context' takes single words, without signs, {given}")
        if language and not LANGUAGE_CODE.fullmatch(language):
            raise OptionError("recognizers", f"{what} has the language {language!r}; it takes codes such as en, zh")


def _entity(described: Described, what: str) -> str:
    """The one entity of a recognizer by patterns."""
    names = described.supported_entities or ((described.supported_entity,) if described.supported_entity else ())
    if len(names) != 1 or (described.supported_entities and described.supported_entity):
        raise OptionError("recognizers", f"{what} needs one 'supported_entity', such as STAFF_NUMBER")
    if not ENTITY.fullmatch(names[0]):
        raise OptionError("recognizers", f"{what}: 'supported_entity' must match {ENTITY.pattern}, got {names[0]!r}")
    return names[0]


def _check_patterns(described: Described, what: str) -> None:
    """Raises OptionError for a pattern that cannot be used."""
    try:
        import regex
    except ImportError as error:
        raise OptionError("recognizers", f"pii option 'recognizers' {INSTALL}") from error
    known = regex.ASCII | regex.IGNORECASE | regex.MULTILINE | regex.DOTALL | regex.VERBOSE | regex.V1 | regex.WORD
    if described.global_regex_flags < 0 or described.global_regex_flags & ~int(known):
        raise OptionError("recognizers", f"{what}: 'global_regex_flags' has bits that are no flags of the module regex")
    if not all(described.deny_list):
        raise OptionError("recognizers", f"{what}: 'deny_list' has an empty word")
    if sum(map(len, described.deny_list)) > MAX_WORDS:
        raise OptionError("recognizers", f"{what}: 'deny_list' has over {MAX_WORDS:,} characters; use several")
    for pattern in _patterns(described, what):
        try:
            check_expression(pattern.regex, described.global_regex_flags)
        except ValueError as error:
            name = shortened(pattern.name, MAX_NAME)
            raise OptionError("recognizers", f"{what}: the pattern '{name}' cannot be used: {error}") from None


def _patterns(described: Described, what: str) -> list[_Pattern]:
    """Raises OptionError."""
    return [_checked(_Pattern, values, f"{what}: a pattern") for values in described.patterns]


def _of_patterns(described: Described, language: str, context: tuple[str, ...]) -> EntityRecognizer:
    module = presidio("recognizers")
    given = _patterns(described, described.name)
    patterns = [module.Pattern(one.name, one.regex, one.score) for one in given]
    if described.deny_list:
        patterns.append(module.Pattern("deny_list", any_of(described.deny_list), described.deny_list_score))
    return module.PatternRecognizer(
        supported_entity=_entity(described, described.name),
        name=described.name,
        supported_language=language,
        patterns=patterns,
        context=list(context),
        global_regex_flags=described.global_regex_flags,
    )


@functools.cache
def _parameters(made: Any) -> frozenset[str]:
    import inspect

    return frozenset(inspect.signature(made).parameters)


def _of_presidio(described: Described, language: str, context: tuple[str, ...]) -> EntityRecognizer:
    made = class_of(described.class_name or described.name)
    given = {"supported_language": language, "context": list(context) or None}
    return made(**{key: value for key, value in given.items() if value is not None and key in _parameters(made)})


def _of_plugin(plugin: Registered) -> EntityRecognizer:
    """What a plugin makes. Raises OptionError if it fails, or makes something else."""
    what = f"pii recognizer '{plugin.name}' of a plugin"
    try:
        made = plugin.make()
    except CorpusmillError:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        said = shortened(f"{type(error).__name__}: {error}")
        raise OptionError("recognizers", f"{what} cannot be made: {said} ({last.filename}:{last.lineno})") from error
    if not isinstance(made, presidio("recognizers").EntityRecognizer):
        raise OptionError("recognizers", f"{what} must be an EntityRecognizer of Presidio, not {type(made).__name__}")
    made.analyze = _listing(made.analyze, plugin.name)
    return made


def _listing(analyze: Any, name: str) -> Any:
    """The same function, which raises StageError if it gives no list: Presidio takes None for no findings."""

    @functools.wraps(analyze)
    def checked(*given: Any, **more: Any) -> list[Any]:
        found = analyze(*given, **more)
        if not isinstance(found, list):
            raise StageError(f"recognizer '{name}' must give a list of RecognizerResult, not {type(found).__name__}")
        return found

    return checked
