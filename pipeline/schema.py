"""Options: one dataclass field is the schema, the parser and the reference page.

`option()` declares a field with its help and its bounds, `check()` validates an
instance (also one made in Python), `build()` makes one from parsed YAML, and
`fields_of()` gives what reference pages and the JSON Schema are written from.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

from .errors import OptionError, did_you_mean

REQUIRED = dataclasses.MISSING


def option(
    default: Any = REQUIRED,
    help: str = "",
    *,
    ge: float | None = None,
    le: float | None = None,
    choices: tuple[str, ...] | None = None,
    about: Any = None,
) -> Any:
    """Declare an option: its default (none: required), its help, its bounds (inclusive); about: notes of its owner."""
    metadata = {"help": help, "ge": ge, "le": le, "choices": choices, "about": about}
    if isinstance(default, dict):
        frozen = dict(default)
        return dataclasses.field(default_factory=lambda: dict(frozen), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def fields_of(cls: type) -> list[tuple[dataclasses.Field[Any], Any]]:
    """The options of a dataclass with their resolved types, in order of declaration."""
    hints = typing.get_type_hints(cls)
    return [(field, hints[field.name]) for field in dataclasses.fields(cls) if field.init]


def default_of(field: dataclasses.Field[Any]) -> Any:
    """A field's default value, or REQUIRED."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def type_name(kind: Any) -> str:
    """How an option's type is written for a reader of the reference page."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return f"list of {type_name(args[0])}"
    if origin is dict:
        return f"map of {type_name(args[0])} to {type_name(args[1])}"
    if origin in (types.UnionType, typing.Union):
        return " or ".join(type_name(arg) for arg in args)
    if kind is Any:
        return "anything that JSON has"
    names = {bool: "true/false", int: "integer", float: "number", str: "text", type(None): "null"}
    return names.get(kind, getattr(kind, "__name__", str(kind)))


def _scalar(value: Any, kind: Any) -> Any:
    """`value` as `kind`, or raise TypeError; an integer is a number, a truth value is not."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is float and isinstance(value, str):  # YAML 1.1 reads 1e-3 as text
        try:
            return float(value)
        except ValueError:
            raise TypeError from None
    if type(value) is not kind:
        raise TypeError
    return value


def _anything(value: Any) -> Any:
    """`value` as JSON could have it, lists as lists. Raises TypeError for what JSON does not have, such as a date."""
    if isinstance(value, Mapping):
        return {_scalar(key, str): _anything(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_anything(item) for item in value]
    is_plain = value is None or type(value) in (bool, int, str)
    if not (is_plain or (type(value) is float and math.isfinite(value))):
        raise TypeError
    return value


def convert(value: Any, kind: Any) -> Any:
    """`value` as the declared type `kind`; lists become tuples, but where anything goes. Raises TypeError."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return _anything(value)
    if origin in (types.UnionType, typing.Union):
        for arg in args:
            try:
                return convert(value, arg)
            except TypeError:
                continue
        raise TypeError
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise TypeError
        return tuple(convert(item, args[0]) for item in value)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise TypeError
        return {convert(k, args[0]): convert(v, args[1]) for k, v in value.items()}
    return _scalar(value, kind)


def _check_bounds(what: str, name: str, value: Any, metadata: Mapping[str, Any]) -> None:
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else [value]:
        if one is None:
            continue
        if metadata["choices"] and one not in metadata["choices"]:
            raise OptionError(
                name, f"{what} option '{name}' has no choice {one!r}{did_you_mean(str(one), metadata['choices'])}"
            )
        if isinstance(one, float) and not math.isfinite(one):
            raise OptionError(name, f"{what} option '{name}' must be a finite number, got {one}")
        if metadata["ge"] is not None and one < metadata["ge"]:
            raise OptionError(name, f"{what} option '{name}' must be at least {metadata['ge']}, got {one!r}")
        if metadata["le"] is not None and one > metadata["le"]:
            raise OptionError(name, f"{what} option '{name}' must be at most {metadata['le']}, got {one!r}")


def _hint(value: Any, kind: Any) -> str:
    """What a value of a wrong type most likely lacks, in brackets; nothing if it cannot be told."""
    if kind == tuple[str, ...] and isinstance(value, str):
        return " (put it in square brackets)"
    return " (put it in quotes)" if kind in (str, tuple[str, ...]) and not isinstance(value, dict) else ""


def check(instance: Any, what: str) -> None:
    """Validate the options of a frozen dataclass in place (called from `__post_init__`).

    Raises OptionError, whose `key` is the option's name.
    """
    for field, kind in fields_of(type(instance)):
        value = getattr(instance, field.name)
        try:
            value = convert(value, kind)
        except TypeError:
            hint = _hint(value, kind)
            raise OptionError(
                field.name, f"{what} option '{field.name}' must be {type_name(kind)}, got {value!r}{hint}"
            ) from None
        if field.metadata:
            _check_bounds(what, field.name, value, field.metadata)
        object.__setattr__(instance, field.name, value)


def build(cls: type, values: Mapping[str, Any], what: str) -> Any:
    """An instance of the dataclass `cls` from parsed YAML. Raises OptionError."""
    known = {field.name: field for field, _ in fields_of(cls)}
    for key in values:
        if key not in known:
            raise OptionError(str(key), f"{what} has no option '{key}'{did_you_mean(str(key), known)}")
    for name, field in known.items():
        if default_of(field) is REQUIRED and name not in values:
            raise OptionError(name, f"{what} needs the option '{name}': {field.metadata.get('help', '')}")
    return cls(**values)


def options(instance: Any) -> dict[str, Any]:
    """The resolved options of an instance as JSON-ready values, in order of declaration."""
    return {field.name: _plain(getattr(instance, field.name)) for field, _ in fields_of(type(instance))}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def configured(cls: type, what: str) -> type:
    """Make `cls` a frozen, keyword-only dataclass that validates its options when made."""

    def __post_init__(self: Any) -> None:
        check(self, what)
        extra = getattr(self, "check", None)
        if extra is not None:
            extra()

    cls.__post_init__ = __post_init__  # type: ignore[attr-defined]
    return dataclasses.dataclass(frozen=True, kw_only=True)(cls)
