"""What the readers of files share: the options `paths`, `text`, `id` and `columns`, and the list of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline import storage
from pipeline.errors import InputError, OptionError
from pipeline.rows import EXCERPT_CHARS
from pipeline.schema import option

from .base import Input, Reader
from .values import id_text, json_ready


def list_inputs(folder: str, paths: tuple[str, ...]) -> list[Input]:
    """The files that the patterns match, once each, sorted by name.

    A file's name is its path below the pattern's folders that have no wildcard. Raises InputError
    if a pattern matches nothing, or two files would have the same name.
    """
    by_location: dict[str, Input] = {}
    by_name: dict[str, Input] = {}
    for pattern in paths:
        for found in storage.find(folder, pattern):
            if found.location in by_location:
                continue
            item = Input(*found)
            _check_name(item, by_name.get(item.name))
            by_location[item.location] = by_name[item.name] = item
    return [by_name[name] for name in sorted(by_name)]


def _check_name(item: Input, rival: Input | None) -> None:
    if rival is not None:
        raise InputError(
            f"two files are both named '{item.name}', {rival.location} and {item.location}:"
            " use one pattern with the wildcard at the folder in which they differ, or two sources"
        )
    if not item.name.isprintable():
        raise InputError(f"the file name {item.location!r} is not printable UTF-8: rename the file")


@dataclass(frozen=True, kw_only=True)
class FileReader(Reader):
    """Reads each file that a list of patterns matches."""

    paths: tuple[str, ...] = option(help="files, folders, glob patterns or URLs, relative to the recipe's folder")

    def check(self) -> None:
        """Raises OptionError if there is no path."""
        if not self.paths:
            raise OptionError("paths", f"reader {self.name} option 'paths' must name at least one file")

    def inputs(self, folder: str) -> list[Input]:
        """A file each, sorted by name."""
        return list_inputs(folder, self.paths)


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Which field of a row is what."""

    text: str = option("text", "field with the text")
    id: str = option("", "field with the document's own id (empty: none)")
    columns: tuple[str, ...] | None = option(None, "other fields to keep in meta (null: all)")

    def split(self, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The id and the meta of a row. Raises TooDeepError."""
        names = values if self.columns is None else (name for name in self.columns if name in values)
        meta = {name: json_ready(values[name]) for name in names if name != self.text and name != self.id}
        return id_text(values.get(self.id)) if self.id else "", meta

    def named(self) -> tuple[str, ...]:
        """Every field that the options name."""
        return (self.text, *((self.id,) if self.id else ()), *(self.columns or ()))


@dataclass(frozen=True, kw_only=True)
class TableReader(Fields, FileReader):
    """Reads files of rows with named fields."""


def excerpt(text: str) -> str:
    """The beginning of a row that cannot be read, for the people who have `work/`."""
    return text.strip()[:EXCERPT_CHARS]
