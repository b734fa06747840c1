"""The contract of a reader: list inputs without opening them, then read one as rows.

A reader yields a `Document` or a `Bad` for every row of an input, in order; the frame
gives each its uid and rank, repairs and counts broken UTF-8, and decides by the recipe's
`on_error` whether a `Bad` row stops the run or is dropped and counted.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeVar

from pipeline.errors import PlanError, RecipeError, did_you_mean
from pipeline.schema import configured


@dataclass(frozen=True)
class Input:
    """One file, or another unit that is read from start to end.

    name: identity of the input within its source, the same on every machine (part of the uid);
    location: path or URL to open; size: bytes on disk; stamp: changes when the content does
    (modification time in ns, or etag).
    """

    name: str
    location: str
    size: int
    stamp: str


class Document(NamedTuple):
    """One row. text: str, or UTF-8 bytes that may be broken; meta: JSON-ready values by name."""

    row: int
    text: str | bytes
    id: str = ""
    meta: dict[str, Any] = {}  # noqa: RUF012  (never mutated)
    origin: str = ""
    """What people find it by; empty: `<input name>:<row + 1>`."""


class Bad(NamedTuple):
    """A row that cannot be read. reason: a past fact (`bad_json`); message: what and where, for people; excerpt: how
    it begins, at most EXCERPT_CHARS characters, which is never published."""

    row: int
    reason: str
    message: str
    excerpt: str = ""


class Reader:
    """Options are fields made by `schema.option`; paths are relative to the recipe's folder."""

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    libraries: ClassVar[tuple[str, ...]] = ()

    def inputs(self, folder: str) -> list[Input]:
        """The inputs in a fixed order. Raises InputError if there are none."""
        raise NotImplementedError(f"{type(self).__name__}.inputs")

    def read(self, item: Input) -> Iterator[Document | Bad]:
        """The rows of one input in order, in memory bounded by a batch.

        Raises InputError if it cannot be opened, or breaks off (a truncated archive).
        """
        raise NotImplementedError(f"{type(self).__name__}.read")


_registry: dict[str, type[Reader]] = {}
Kind = TypeVar("Kind", bound=type[Reader])


def reader(name: str) -> Callable[[Kind], Kind]:
    """Class decorator: make the class a frozen dataclass of its options, known by `name`."""

    def register(cls: Kind) -> Kind:
        rival = _registry.get(name)
        if rival is not None and rival.__qualname__ != cls.__qualname__:
            raise PlanError(f"two readers claim the name '{name}': {rival.__module__} and {cls.__module__}")
        cls.name = name
        made: Kind = configured(cls, f"reader {name}")  # type: ignore[assignment]
        _registry[name] = made
        return made

    return register


def load_readers() -> dict[str, type[Reader]]:
    """Every reader by name."""
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{__package__}.{module.name}")
    return dict(sorted(_registry.items()))


def find_reader(name: str) -> type[Reader]:
    """The reader class a recipe names. Raises RecipeError with a suggestion."""
    if name not in _registry:
        raise RecipeError(f"there is no reader '{name}'{did_you_mean(name, _registry)}")
    return _registry[name]
