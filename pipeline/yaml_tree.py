"""YAML as plain values that know their lines: no anchors, no tags, no key twice, not too deep, not too large."""

from __future__ import annotations

import re
from typing import Any

import yaml

from . import schema, storage
from .errors import OptionError, RecipeError

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
NAME_RULE = "lower-case letters, digits and _, at most 40, a letter first"
"""Names are parts of paths and of columns."""
MAX_BYTES = 1_000_000
MAX_DEPTH = 20

Path = tuple[str | int, ...]


class _NoAliases(yaml.SafeLoader):
    """Refuses anchors and aliases: a recipe is read from top to bottom, and cannot explode in memory."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None:
            raise yaml.composer.ComposerError(None, None, "a recipe has no anchors or aliases", event.start_mark)
        return super().compose_node(parent, index)


class Tree:
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
        return self._scalar(loader, node, line)

    def _scalar(self, loader: _NoAliases, node: yaml.Node, line: int) -> Any:
        try:
            return loader.construct_object(node, deep=True)
        except (ValueError, OverflowError) as error:  # such as a date that there is not
            raise RecipeError(f"{self.file}:{line}: not valid YAML: {error} (put it in quotes)") from error

    def _mapping(self, loader: _NoAliases, node: yaml.MappingNode, at: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._scalar(loader, key_node, line)
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

    def build(self, cls: type, values: dict[str, Any], at: Path, what: str) -> Any:
        """An instance of a dataclass of options from the values at `at`. Raises RecipeError with file and line."""
        try:
            return schema.build(cls, values, what)
        except OptionError as error:
            raise self.error((*at, error.key), str(error)) from None


def read_yaml(path: str) -> str:
    """The text of a YAML file. Raises RecipeError if it is too large or not UTF-8; InputError if it is not there."""
    data = storage.read_bytes(path, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise RecipeError(f"{path}:1: a recipe may have at most {MAX_BYTES:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise RecipeError(f"{path}:{line}: not UTF-8") from error


def check_name(tree: Tree, name: str, at: Path, what: str) -> None:
    """Raises RecipeError unless this can be a name."""
    if not NAME.fullmatch(name):
        raise tree.error(at, f"{what} '{name}' must be {NAME_RULE}")
