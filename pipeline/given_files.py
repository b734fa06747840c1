"""What a command line names: files and what reads them, a language, and a new file that may be written."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from . import storage
from .errors import InputError, PlanError
from .readers.base import find_reader
from .recipe import Source
from .schema import build
from .stage import LANGUAGE_CODE

READERS: dict[str, tuple[str, dict[str, Any]]] = {
    ".jsonl": ("jsonl", {}),
    ".ndjson": ("jsonl", {}),
    ".txt": ("text", {}),
    ".md": ("text", {}),
    ".parquet": ("parquet", {}),
    ".arrow": ("arrow", {}),
    ".feather": ("arrow", {}),
    ".csv": ("csv", {}),
    ".tsv": ("csv", {"delimiter": "\t"}),
}
"""Suffix, below one of compression -> reader and options."""
COMPRESSED = (".gz", ".zst", ".bz2", ".xz")


def sources_of(paths: Sequence[str], name: str, reader: str | None, text: str | None) -> Iterator[Source]:
    """A source per kind of file, `<name>_0` and so on; of two paths that end with the same name, each in its own.

    reader, text: the reader and the field with the text, if the suffix does not say. Raises PlanError for a path that
    nothing says how to read, RecipeError for a reader that there is not.
    """
    groups: dict[str, tuple[str, dict[str, Any], list[str]]] = {}
    met: Counter[str] = Counter()
    for path in paths:
        stem, suffix = os.path.splitext(path.rstrip("/"))
        if suffix in COMPRESSED:
            suffix = os.path.splitext(stem)[1]
        kind, values = (reader, {}) if reader else READERS.get(suffix, ("", {}))
        if not kind:
            raise PlanError(f"nothing says how to read {path}: give --reader, such as --reader jsonl")
        whole = path if storage.is_url(path) else os.path.abspath(path)
        base = os.path.basename(whole)
        groups.setdefault(f"{kind} {values} {met[base]}", (kind, values, []))[2].append(whole)
        met[base] += 1
    for number, (kind, values, of_kind) in enumerate(groups.values()):
        field = {"text": text} if text else {}
        made = build(find_reader(kind), {**values, **field, "paths": of_kind}, f"reader {kind}")
        yield Source(f"{name}_{number}", made, "", 0)


def check_language(code: str) -> None:
    """Raises PlanError unless this is a code as documents have it."""
    if not LANGUAGE_CODE.fullmatch(code):
        better = code.replace("-", "_")
        hint = f" (did you mean '{better}'?)" if LANGUAGE_CODE.fullmatch(better) else ""
        raise PlanError(f"--language takes a code such as de or zh_Hant, got {code!r}{hint}")


def check_out(path: str) -> None:
    """Raises InputError if there is such a file, which somebody may have edited, or none can be written there."""
    if storage.exists(path):
        raise InputError(f"{path} exists: give another --out, or delete it")
    if not storage.is_url(path):
        folder = os.path.dirname(os.path.abspath(path))
        while not os.path.lexists(folder):
            folder = os.path.dirname(folder)
        with writing(path), tempfile.TemporaryFile(dir=folder):
            pass


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """A block that writes `path`, whose failure is the user's: an InputError."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {path} ({error.strerror or error}): give another --out") from error
