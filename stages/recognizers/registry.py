"""Recognizers written in Python by others: recipes name them, `--plugin` and entry points bring them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pipeline.errors import PlanError

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

GROUP = "corpusmill.recognizers"
"""Of entry points: each is loaded, which registers what it holds."""
ENTITY = re.compile("[A-Za-z][A-Za-z0-9_]{0,39}")
"""A name of an entity, in Presidio's case or in ours; a column is named after it."""


class Registered(NamedTuple):
    """A recognizer of a plugin. make: a class or function of a module; it is pickled by its name."""

    name: str
    make: Callable[[], EntityRecognizer]
    entities: tuple[str, ...]
    version: str


_registry: dict[str, Registered] = {}
Made = TypeVar("Made", bound=Callable[..., object])


def recognizer(name: str, entities: Iterable[str], version: str = "1") -> Callable[[Made], Made]:
    """Decorator: recipes may name this class or function, which gives a Presidio EntityRecognizer when called.

    entities: all that it finds. version: change it whenever it finds something else, so that results are made anew.
    It is called without arguments in each worker. Its recognizer sees pieces of documents of every language, without a
    model of one (`nlp_artifacts` has no tokens), and must find the same in the same piece.
    Raises PlanError if another one has the name, or if something cannot be the name of an entity.
    """

    def register(made: Made) -> Made:
        rival = _registry.get(name)
        if rival is not None and _place(rival.make) != _place(made):
            raise PlanError(f"two recognizers claim the name '{name}': {_place(rival.make)} and {_place(made)}")
        for entity in entities:
            if not ENTITY.fullmatch(entity):
                raise PlanError(f"recognizer '{name}' has the entity {entity!r}, which must match {ENTITY.pattern}")
        _registry[name] = Registered(name, made, tuple(entities), version)  # type: ignore[arg-type]
        return made

    return register


def registered() -> dict[str, Registered]:
    """Those that are known, by name, entry points included."""
    _load_entry_points()
    return dict(sorted(_registry.items()))


@functools.cache
def _load_entry_points() -> None:
    for point in entry_points(group=GROUP):
        point.load()


def _place(made: Callable[..., object]) -> str:
    return f"{made.__module__}.{getattr(made, '__qualname__', '')}"
