"""The reference of recipes, and a JSON Schema for editors, from the dataclasses that parse them."""

from __future__ import annotations

import inspect
import json
import types
import typing
from typing import Any

from . import schema, storage
from .readers.base import Reader, load_readers
from .recipe import Settings
from .sections import Ablation, weights_of
from .stage import Declared, Export, Fit, GlobalStage, Stage, load_stages, private_of, signals_of

Class = type[Any]
JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def pages() -> dict[str, str]:
    """File name -> text of every generated page."""
    stages = {name: cls for name, cls in load_stages().items() if cls.__module__.startswith("stages.")}
    readers = load_readers()
    schema_text = json.dumps(recipe_schema(stages, readers), indent=1, ensure_ascii=False) + "\n"
    return {"REFERENCE.md": reference(stages, readers), "recipe.schema.json": schema_text}


def write_pages(folder: str, texts: dict[str, str], *, check: bool) -> list[str]:
    """Write the pages that differ from what is there, or with `check` only name them."""
    stale = []
    for name, text in texts.items():
        path = storage.join(folder, name)
        if not storage.exists(path) or storage.read_bytes(path) != text.encode():
            stale.append(path)
            if not check:
                storage.write_bytes(path, text.encode())
    return stale


def reference(stages: dict[str, type[Declared]], readers: dict[str, type[Reader]]) -> str:
    """The whole reference page, in Markdown."""
    parts = [
        "# Reference of recipes\n\nWritten by `corpusmill docs`; do not edit.",
        "A recipe has the sections `sources` (name -> reader and its options; `tag:` says what kind of text it is) and"
        " `stages` (a list, run from top to bottom; `as:` gives a stage another label), and it may have `mixtures`"
        " (name -> source -> weight), `ablation` (below) and these settings:",
        _options(Settings),
        "## Stages",
        *(stage_page(cls) for cls in stages.values()),
        "## Readers",
        *(_reader_page(cls) for cls in readers.values()),
        "## The section `ablation`",
        inspect.cleandoc(Ablation.__doc__ or ""),
        _options(Ablation),
    ]
    return "\n\n".join(parts) + "\n"


def stage_page(cls: type[Declared]) -> str:
    """One stage's page, in Markdown."""
    parts = [f"### {cls.name}", inspect.cleandoc(cls.__doc__ or "")]
    parts.append(_options(cls) if schema.fields_of(cls) else "It has no options.")
    made = example(cls)
    if made is not None:
        needs = ", ".join(f"`{name}`" for name in made.needs())
        parts.append(f"Kind: {kind(cls)}." + (f" Needs: {needs}." if needs else ""))
        adds = signals_of(made, cls.name)
        if adds:
            private = private_of(made, cls.name)
            columns = [f"`{name}` ({kind}{', private' * (name in private)})" for name, kind in adds.items()]
            parts.append("Adds: " + ", ".join(columns) + ".")
    return "\n\n".join(parts)


def stage_json(cls: type[Declared]) -> dict[str, Any]:
    """One stage for machines."""
    made = example(cls)
    return {
        "kind": kind(cls),
        "version": cls.version,
        "description": inspect.cleandoc(cls.__doc__ or ""),
        "options": _properties(cls),
        "needs": list(made.needs()) if made else None,
        "adds": {name: str(column) for name, column in signals_of(made, cls.name).items()} if made else None,
    }


def example(cls: type[Declared]) -> Declared | None:
    """The stage with its default options, if it has defaults for all."""
    required = [field.name for field, _ in schema.fields_of(cls) if schema.default_of(field) is schema.REQUIRED]
    return None if required else cls()


def kind(cls: type[Declared]) -> str:
    """What kind of stage this is."""
    if issubclass(cls, Fit):
        return "fit"
    if issubclass(cls, Export):
        return "export"
    if issubclass(cls, GlobalStage):
        return "global stage"
    return "stage that edits text" if issubclass(cls, Stage) and cls.edits_text else "stage"


def _reader_page(cls: type[Reader]) -> str:
    return "\n\n".join([f"### {cls.name}", inspect.cleandoc(cls.__doc__ or ""), _options(cls)])


def _options(cls: Class) -> str:
    rows = ["| option | type | default | meaning |", "|---|---|---|---|"]
    for field, kind in schema.fields_of(cls):
        default = schema.default_of(field)
        shown = "required" if default is schema.REQUIRED else f"`{json.dumps(_plain(default), ensure_ascii=False)}`"
        meaning = [field.metadata["help"]]
        if field.metadata["choices"]:
            meaning.append("one of " + ", ".join(f"`{choice}`" for choice in field.metadata["choices"]))
        for word, name in (("at least", "ge"), ("at most", "le")):
            if field.metadata[name] is not None:
                meaning.append(f"{word} {field.metadata[name]}")
        row = (f"`{field.name}`", schema.type_name(kind), shown, "; ".join(meaning))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    return "\n".join(rows)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def recipe_schema(stages: dict[str, type[Declared]], readers: dict[str, type[Reader]]) -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) that accepts what the recipe parser accepts, up to checks across options."""
    items: list[dict[str, Any]] = [{"enum": [name for name, cls in stages.items() if example(cls) is not None]}]
    for name, cls in stages.items():
        options = _object(cls, {"as": {"type": "string", "description": "another label for this stage"}})
        body = {"anyOf": [options, {"type": "null"}]}
        items.append({"type": "object", "properties": {name: body}, "required": [name], "additionalProperties": False})
    tag = {"type": "string", "description": "what kind of text it is, such as web, books or code"}
    sources = [_object(cls, {"reader": {"const": name}, "tag": tag}, ("reader",)) for name, cls in readers.items()]
    weights = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}, "minProperties": 1}
    root = _object(
        Settings,
        {
            "sources": {"type": "object", "additionalProperties": {"oneOf": sources}, "minProperties": 1},
            "stages": {"type": "array", "items": {"anyOf": items}, "minItems": 1},
            "mixtures": {"type": "object", "additionalProperties": weights},
            "ablation": _object(Ablation, {}),
        },
        ("sources", "stages"),
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Corpusmill recipe", **root}


def _object(cls: Class, more: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    needed = [field.name for field, _ in schema.fields_of(cls) if schema.default_of(field) is schema.REQUIRED]
    return {
        "type": "object",
        "properties": {**more, **_properties(cls)},
        "required": [*required, *needed],
        "additionalProperties": False,
    }


def _properties(cls: Class) -> dict[str, Any]:
    named = weights_of(cls) if issubclass(cls, Declared) else []
    kinds = {field.name: kind | str if field.name in named else kind for field, kind in schema.fields_of(cls)}
    return {field.name: _property(field, kinds[field.name]) for field, _ in schema.fields_of(cls)}


def _property(field: Any, kind: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"description": field.metadata["help"], **_type(kind, field.metadata)}
    default = schema.default_of(field)
    if default is not schema.REQUIRED:
        described["default"] = _plain(default)
    return described


def _type(kind: Any, limits: Any) -> dict[str, Any]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return {}
    if origin is tuple:
        return {"type": "array", "items": _type(arguments[0], limits)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _type(arguments[1], limits)}
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [_type(argument, limits) for argument in arguments]}
    described: dict[str, Any] = {"type": JSON_TYPES[kind]}
    if limits["choices"]:
        described["enum"] = list(limits["choices"])
    if kind in (int, float):
        described.update(
            {key: limits[name] for key, name in (("minimum", "ge"), ("maximum", "le")) if limits[name] is not None}
        )
    return described
