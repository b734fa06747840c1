"""Language profiles: what the rules of `quality` must know about a language, read from YAML files.

Those in `languages/` ship with the project; a recipe may name files of its own, which take the place of these for the
languages they list. `neutral.yaml` holds for every language that no profile lists.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from pipeline.errors import OptionError, RecipeError
from pipeline.schema import configured, option
from pipeline.stage import LANGUAGE_CODE
from pipeline.yaml_tree import Tree, read_yaml

RUNS, CHARACTERS = "runs", "characters"
NEUTRAL = "neutral"
OWN = Path(__file__).parent / "languages"
MAX_PROFILES = 32
"""As many as have a bit in the tables of words."""


class Profile:
    """What is particular to a language. `thresholds` holds options of `quality`; null: the rule is not judged."""

    languages: tuple[str, ...] = option((), "codes that the stage `language` gives, the main one first")
    words: str = option(RUNS, "what a word is: a run of letters, or a character", choices=(RUNS, CHARACTERS))
    spacy: bool = option(False, "whether `words: spacy` counts the tokens of spaCy's English pipeline in it")
    stop_words: tuple[str, ...] = option((), "words of which a text has several different ones (Gopher's rule)")
    function_words: tuple[str, ...] = option((), "the words whose share is measured (BLOOM's rule)")
    involved_words: tuple[str, ...] = option((), "words and marks of conversation")
    spoken_frac: float = option(1.0, "share of involved words from which a text is spoken", ge=0, le=1)
    terminal: str = option("", "marks that end a sentence, besides those of all scripts")
    closing: str = option("", "marks that may follow them at the end of a line")
    bullets: str = option("•-", "marks that begin an item of a list")
    short_line_chars: int = option(30, "characters up to which a line is short", ge=0)
    boilerplate: tuple[str, ...] = option((), "phrases of menus and notices")
    thresholds: dict[str, float | None] = option({}, "values of options of `quality` in this language", ge=0)

    def check(self) -> None:
        """Raises OptionError for a code that is none, or an empty word or phrase."""
        for code in self.languages:
            if not LANGUAGE_CODE.fullmatch(code):
                raise OptionError(
                    "languages", f"profile option 'languages' takes codes such as de or deu_Latn, got '{code}'"
                )
        for name in ("stop_words", "function_words", "involved_words", "boilerplate"):
            if not all(map(str.strip, getattr(self, name))):
                raise OptionError(name, f"profile option '{name}' must not hold an empty text")

    @property
    def name(self) -> str:
        """The main code of the language."""
        return self.languages[0] if self.languages else NEUTRAL


Profile = configured(Profile, "profile")  # type: ignore[misc]


class Profiles:
    """The profiles of one stage. The first is the neutral one."""

    def __init__(self, listed: Iterable[Profile]) -> None:
        self.listed = tuple(listed)
        self.by_code = {code: index for index, one in enumerate(self.listed) for code in one.languages}
        self.names = [one.name for one in self.listed]

    def index_of(self, code: str) -> int:
        """The profile of a language by its code; 0, the neutral one, if there is none."""
        return self.by_code.get(code, 0)


@functools.lru_cache(maxsize=8)
def load_profiles(paths: tuple[str, ...] = ()) -> Profiles:
    """The project's profiles, and those of the files in their place. Raises RecipeError with file and line."""
    own = [_read(str(path)) for path in sorted(OWN.glob("*.yaml"))]
    found = {one.name: one for one in own}
    neutral = found.pop(NEUTRAL)
    for path in paths:
        one = _read(path)
        if not one.languages:
            raise RecipeError(f"{path} lists no language: add the key 'languages', such as [de]")
        found = {other.name: other for other in map(_without(one.languages), found.values()) if other.languages}
        found[one.name] = one
    if len(found) >= MAX_PROFILES:
        raise RecipeError(f"there are {len(found)} profiles, at most {MAX_PROFILES - 1} are possible")
    return Profiles([neutral, *(found[name] for name in sorted(found))])


def _without(codes: tuple[str, ...]) -> Callable[[Profile], Profile]:
    """A profile without some of its languages."""
    return lambda one: dataclasses.replace(one, languages=tuple(code for code in one.languages if code not in codes))


def _read(path: str) -> Profile:
    """A profile from its file. `evidence` is for people."""
    tree = Tree(path, read_yaml(os.path.expanduser(path)))
    if not isinstance(tree.value, dict):
        raise tree.error((), "a profile is a mapping, such as `languages: [de]`")
    values = {name: value for name, value in tree.value.items() if name != "evidence"}
    made: Profile = tree.build(Profile, values, (), "profile")
    return made


@functools.cache
def own_identity() -> str:
    """SHA-256 of all profiles that ship with the project."""
    digest = hashlib.sha256()
    for path in sorted(OWN.glob("*.yaml")):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def identity_of(path: str) -> str:
    """SHA-256 of a profile's file."""
    return hashlib.sha256(read_yaml(os.path.expanduser(path)).encode()).hexdigest()
