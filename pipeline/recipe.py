"""YAML -> frozen Recipe. Strict: every error names file and line and what was meant.

A recipe is read from top to bottom and holds data only: no anchors, no interpolation, no
tags, and it cannot run code.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

from . import schema, storage
from .errors import OptionError, RecipeError, did_you_mean
from .readers.base import Reader, find_reader
from .schema import configured, option
from .stage import Declared, find_stage

MAX_RECIPE_BYTES = 1_000_000
MAX_DEPTH = 20
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

Path = tuple[str | int, ...]


@partial(configured, what="recipe")
class Settings:
    """What a recipe says besides its sources and stages."""

    on_error: str = option(
        "stop",
        "what a row or shard that fails does: stop the run, or quarantine (drop it, with a reason of its own)",
        choices=("stop", "quarantine"),
    )
    shard_mb: int = option(256, "MB of text per shard, and of input files per task", ge=1, le=4096)


@dataclass(frozen=True)
class Source:
    """A named source: what reads it, and its line in the recipe."""

    name: str
    reader: Reader
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


class _NoAliases(yaml.SafeLoader):
    """Refuses anchors and aliases: a recipe is read from top to bottom, and cannot explode in memory."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None:
            raise yaml.composer.ComposerError(None, None, "a recipe has no anchors or aliases", event.start_mark)
        return super().compose_node(parent, index)


class _Tree:
    """Parsed YAML: plain values, and the line of everything by its path."""

    def __init__(self, path: str, text: str) -> None:
        self.file = path
        self.lines: dict[Path, int] = {(): 1}
        self.value: Any = None
        try:
            loader = _NoAliases(text)
            node = self._compose(loader)
            self.value = self._plain(loader, node, ()) if node is not None else None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            raise RecipeError(f"{path}:{line}: not valid YAML: {error.problem or error.context}") from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise RecipeError(f"{path}:{line}: not valid YAML: the character U+{error.character:04X}") from error

    def _compose(self, loader: _NoAliases) -> yaml.Node | None:
        try:
            return loader.get_single_node()
        except RecursionError:
            raise RecipeError(f"{self.file}:1: nested too deeply") from None

    def _plain(self, loader: _NoAliases, node: yaml.Node, at: Path) -> Any:
        line = self.lines[at] = node.start_mark.line + 1
        if len(at) > MAX_DEPTH:
            raise RecipeError(f"{self.file}:{line}: nested deeper than {MAX_DEPTH} levels")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(loader, node, at)
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(loader, item, (*at, index)) for index, item in enumerate(node.value)]
        return loader.construct_object(node, deep=True)

    def _mapping(self, loader: _NoAliases, node: yaml.MappingNode, at: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = loader.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise RecipeError(f"{self.file}:{line}: a key must be text, got {key!r} (put it in quotes)")
            if key in values:
                raise RecipeError(f"{self.file}:{line}: '{key}' is given twice")
            values[key] = self._plain(loader, value_node, (*at, key))
            self.lines[(*at, key)] = line
        return values

    def error(self, at: Path, message: str) -> RecipeError:
        """An error at the line of `at`, or of the nearest part of the recipe that has one."""
        while at not in self.lines:
            at = at[:-1]
        return RecipeError(f"{self.file}:{self.lines[at]}: {message}")


def load_recipe(path: str) -> Recipe:
    """Read and validate a recipe file. Raises RecipeError; InputError if there is no such file.

    The stages and readers that it names must have been loaded (`load_stages`, `load_readers`).
    """
    data = storage.read_bytes(path, MAX_RECIPE_BYTES + 1)
    if len(data) > MAX_RECIPE_BYTES:
        raise RecipeError(f"{path}:1: a recipe may have at most {MAX_RECIPE_BYTES:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise RecipeError(f"{path}:{line}: not UTF-8") from error
    return parse_recipe(path, text)


SECTIONS = ("sources", "stages")


def parse_recipe(path: str, text: str) -> Recipe:
    """A recipe from its text. Raises RecipeError."""
    tree = _Tree(path, text)
    if not isinstance(tree.value, dict):
        raise tree.error((), "a recipe is a map with the sections 'sources' and 'stages'")
    known = [*SECTIONS, *(field.name for field, _ in schema.fields_of(Settings))]
    for key in tree.value:
        if key not in known:
            raise tree.error((key,), f"a recipe has no section '{key}'{did_you_mean(key, known)}")
    for section in SECTIONS:
        if not tree.value.get(section):
            raise tree.error((section,), f"the recipe needs the section '{section}'")
    plain = {key: value for key, value in tree.value.items() if key not in SECTIONS}
    settings = _build(tree, Settings, plain, (), "recipe")
    return Recipe(path, text, settings, _sources(tree), _steps(tree))


def _build(tree: _Tree, cls: type, values: dict[str, Any], at: Path, what: str) -> Any:
    try:
        return schema.build(cls, values, what)
    except OptionError as error:
        raise tree.error((*at, error.key), str(error)) from None


def _check_name(tree: _Tree, name: str, at: Path, what: str) -> None:
    if not _NAME.fullmatch(name):
        raise tree.error(at, f"{what} '{name}' must be lower-case letters, digits and _, at most 40, a letter first")


def _sources(tree: _Tree) -> tuple[Source, ...]:
    sections = tree.value["sources"]
    if not isinstance(sections, dict):
        raise tree.error(
            ("sources",), "'sources' is a map of names to readers, such as web: {reader: jsonl, paths: [...]}"
        )
    sources = []
    for name, values in sections.items():
        at: Path = ("sources", name)
        _check_name(tree, name, at, "the source name")
        if not isinstance(values, dict) or not isinstance(values.get("reader"), str):
            raise tree.error(at, f"the source '{name}' needs a reader, such as {name}: {{reader: jsonl, paths: [...]}}")
        try:
            cls = find_reader(values["reader"])
        except RecipeError as error:
            raise tree.error((*at, "reader"), str(error)) from None
        options = {key: value for key, value in values.items() if key != "reader"}
        sources.append(Source(name, _build(tree, cls, options, at, f"reader {cls.name}"), tree.lines[at]))
    return tuple(sources)


def _steps(tree: _Tree) -> tuple[Step, ...]:
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
        _check_name(tree, label, at, "the stage label")
        if label == "read" or any(step.label == label for step in steps):
            raise tree.error(at, f"the label '{label}' is taken: give this stage another with as:")
        steps.append(Step(label, _build(tree, cls, values, at, name), tree.lines[at]))
    return tuple(steps)


def _step_item(tree: _Tree, item: Any, at: Path) -> tuple[str, dict[str, Any]]:
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
