"""YAML -> frozen Recipe. Strict: every error names file and line and what was meant.

A recipe is read from top to bottom and holds data only: no anchors, no interpolation, no
tags, and it cannot run code.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import schema
from .errors import RecipeError, did_you_mean
from .readers.base import Reader, find_reader
from .schema import configured, option
from .sections import Ablation, Mixtures, check_mixtures, weights_of
from .stage import Declared, find_stage
from .yaml_tree import Path, Tree, check_name, read_yaml


@partial(configured, what="recipe")
class Settings:
    """What a recipe says besides its sections."""

    on_error: str = option(
        "stop",
        "what a row or shard that fails does: stop the run, or quarantine (drop it, with a reason of its own)",
        choices=("stop", "quarantine"),
    )
    shard_mb: int = option(256, "MB of text per shard, and of input files per task", ge=1, le=4096)
    audit: float = option(
        0.0,
        "share of the dropped documents that later stages still measure, to tell what other limits would keep",
        ge=0,
        le=1,
    )
    publish_meta: tuple[str, ...] = option(
        (),
        "fields of `meta` that are published with documents, such as [title, url]; the others stay in work/. If a stage"
        " removes personal data, it does so here too; if none does, they are published as they are",
    )


@dataclass(frozen=True)
class Source:
    """A named source: what reads it, what kind of text it is (a tag, or empty), and its line in the recipe, if any."""

    name: str
    reader: Reader
    tag: str
    line: int


@dataclass(frozen=True)
class Step:
    """A stage at its place in the recipe. label: its name, or what `as:` calls it."""

    label: str
    stage: Declared
    line: int


@dataclass(frozen=True)
class Recipe:
    """A whole recipe, validated. folder: what paths in it are relative to."""

    path: str
    text: str
    settings: Settings
    sources: tuple[Source, ...]
    steps: tuple[Step, ...]
    mixtures: Mixtures
    ablation: Ablation | None

    @property
    def tags(self) -> dict[str, str]:
        """What kind of text each source is, by its name."""
        return {source.name: source.tag for source in self.sources}

    def at(self, line: int) -> str:
        """How an error about a line begins; with nothing if a command and no file says what to do."""
        return f"{self.path}:{line}: " if line else ""

    @property
    def folder(self) -> str:
        """The recipe's own folder, to which paths in it are relative."""
        return os.path.dirname(os.path.abspath(self.path))

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return os.path.splitext(os.path.basename(self.path))[0]

    @property
    def sha256(self) -> str:
        """Hash of the file's text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def load_recipe(path: str) -> Recipe:
    """Read and validate a recipe file. Raises RecipeError; InputError if there is no such file.

    The stages and readers that it names must have been loaded (`load_stages`, `load_readers`).
    """
    return parse_recipe(path, read_yaml(path))


REQUIRED = ("sources", "stages")
SECTIONS = (*REQUIRED, "mixtures", "ablation")


def parse_recipe(path: str, text: str) -> Recipe:
    """A recipe from its text. Raises RecipeError."""
    tree = Tree(path, text)
    if not isinstance(tree.value, dict):
        raise tree.error((), "a recipe is a map with the sections 'sources' and 'stages'")
    known = [*SECTIONS, *(field.name for field, _ in schema.fields_of(Settings))]
    for key in tree.value:
        if key not in known:
            raise tree.error((key,), f"a recipe has no section '{key}'{did_you_mean(key, known)}")
    for section in REQUIRED:
        if not tree.value.get(section):
            raise tree.error((section,), f"the recipe needs the section '{section}'")
    plain = {key: value for key, value in tree.value.items() if key not in SECTIONS}
    settings = tree.build(Settings, plain, (), "recipe")
    sources = _sources(tree)
    names = [source.name for source in sources]
    mixtures = check_mixtures(tree, names)
    return Recipe(path, text, settings, sources, _steps(tree, mixtures), mixtures, _ablation(tree, names))


def _ablation(tree: Tree, sources: list[str]) -> Ablation | None:
    values = tree.value.get("ablation")
    if values is None and "ablation" not in tree.value:
        return None
    at: Path = ("ablation",)
    if not isinstance(values, dict):
        raise tree.error(at, "'ablation' is a map, such as ablation: {objective: {web: 1}}")
    made: Ablation = tree.build(Ablation, values, at, "ablation")
    for name in made.objective:
        if name not in sources:
            raise tree.error(
                (*at, "objective", name),
                f"ablation option 'objective' names no source of this recipe: '{name}'{did_you_mean(name, sources)}",
            )
    return made


def _sources(tree: Tree) -> tuple[Source, ...]:
    sections = tree.value["sources"]
    if not isinstance(sections, dict):
        raise tree.error(
            ("sources",), "'sources' is a map of names to readers, such as web: {reader: jsonl, paths: [...]}"
        )
    sources = []
    for name, values in sections.items():
        at: Path = ("sources", name)
        check_name(tree, name, at, "the source name")
        if not isinstance(values, dict) or not isinstance(values.get("reader"), str):
            raise tree.error(at, f"the source '{name}' needs a reader, such as {name}: {{reader: jsonl, paths: [...]}}")
        try:
            cls = find_reader(values["reader"])
        except RecipeError as error:
            raise tree.error((*at, "reader"), str(error)) from None
        tag = values.get("tag", "")
        if not isinstance(tag, str):
            raise tree.error((*at, "tag"), f"'tag' must be text, got {tag!r}")
        if tag:
            check_name(tree, tag, (*at, "tag"), "the tag")
        options = {key: value for key, value in values.items() if key not in ("reader", "tag")}
        sources.append(Source(name, tree.build(cls, options, at, f"reader {cls.name}"), tag, tree.lines[at]))
    return tuple(sources)


def _steps(tree: Tree, mixtures: Mixtures) -> tuple[Step, ...]:
    items = tree.value["stages"]
    if not isinstance(items, list):
        raise tree.error(("stages",), "'stages' is a list, such as - normalize")
    steps: list[Step] = []
    for index, item in enumerate(items):
        at: Path = ("stages", index)
        name, values = _step_item(tree, item, at)
        if isinstance(item, dict):
            at = (*at, name)
        try:
            cls = find_stage(name)
        except RecipeError as error:
            raise tree.error(at, str(error)) from None
        label = values.pop("as", name)
        if not isinstance(label, str):
            raise tree.error((*at, "as"), f"'as' must be text, got {label!r}")
        check_name(tree, label, at, "the stage label")
        if label == "read" or any(step.label == label for step in steps):
            raise tree.error(at, f"the label '{label}' is taken: give this stage another with as:")
        for option_ in weights_of(cls):
            if isinstance(values.get(option_), str):
                values[option_] = _mixture(tree, values[option_], (*at, option_), mixtures)
        steps.append(Step(label, tree.build(cls, values, at, name), tree.lines[at]))
    return tuple(steps)


def _mixture(tree: Tree, name: str, at: Path, mixtures: Mixtures) -> dict[str, float]:
    """The weights of a mixture of the recipe, where an option takes weights of sources. Raises RecipeError."""
    if name not in mixtures:
        what = f"'{at[-1]}' names no mixture of this recipe's section 'mixtures': '{name}'"
        raise tree.error(at, f"{what}{did_you_mean(name, mixtures)}")
    return dict(mixtures[name])


def _step_item(tree: Tree, item: Any, at: Path) -> tuple[str, dict[str, Any]]:
    """The name and options of one item: `- name`, `- name:` or `- name: {options}`."""
    if isinstance(item, str):
        return item, {}
    if not isinstance(item, dict) or len(item) != 1:
        raise tree.error(at, "a stage is written - name or - name: {option: value}")
    ((name, values),) = item.items()
    if values is None:
        return name, {}
    if not isinstance(values, dict):
        raise tree.error((*at, name), f"the options of {name} are a map, such as {name}: {{option: value}}")
    return name, dict(values)
