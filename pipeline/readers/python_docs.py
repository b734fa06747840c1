"""Prose out of Python: docstrings of a module's source, header and description of a package's METADATA."""

from __future__ import annotations

import ast
import inspect
import warnings
from collections.abc import Iterator

MIN_CHARS = 200
"""A module whose docstrings together are shorter gives no document."""

Owner = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def module_name(path: str) -> str:
    """The dotted name of a module from its path: `json/__init__.py` is `json`."""
    parts = path.removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def docstrings(source: bytes, module: str) -> str:
    """All docstrings of a module in the order of the source, each below the qualified name of what it describes.

    Empty if there are few, or the source is not valid Python.
    """
    if b'"""' not in source and b"'''" not in source:
        return ""
    try:
        with warnings.catch_warnings():  # of the compiler, about the code of others
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    sections = [f"{name}\n\n{text}\n" for name, text in _documented(tree, module)]
    text = "\n".join(sections)
    return text if len(text) >= MIN_CHARS else ""


def _documented(owner: Owner, name: str) -> Iterator[tuple[str, str]]:
    text = ast.get_docstring(owner, clean=False)
    if text and text.strip():
        yield name, inspect.cleandoc(text)
    for child in owner.body:
        if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _documented(child, f"{name}.{child.name}")


def header_and_body(metadata: bytes) -> tuple[str, str]:
    """The fields of a package's METADATA (name, authors ...), and the description after the first blank line."""
    header, _, body = metadata.replace(b"\r\n", b"\n").partition(b"\n\n")
    return header.decode(errors="replace").rstrip("\n") + "\n", body.decode(errors="replace")
