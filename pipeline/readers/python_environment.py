"""The installed Python as a corpus: a few dozen MB of code, prose and licences that every user already has."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import stat
import sysconfig
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from pipeline import storage
from pipeline.errors import InputError
from pipeline.schema import option

from .base import Bad, Document, Input, Reader, reader
from .python_docs import docstrings, header_and_body, module_name

PARTS = ("code", "docs", "legal")
DEFAULT_MB = {"code": 20.0, "docs": 40.0, "legal": 4.0}
OWN = "corpusmill"

LEGAL = ("license*", "licence*", "copying*", "notice*", "authors*")
NOT_PROSE = (".py", ".pyc", ".pyi", ".so", ".json", ".html", ".js", ".xml")
LEFT_OUT = ("__pycache__", "site-packages", "dist-packages", "test", "idlelib", "turtledemo", "lib2to3", "config-*")
"""Folders of the standard library that are not read: not text, not its own, or missing from some installations."""


@reader("python_environment")
class PythonEnvironment(Reader):
    """The standard library and the installed packages that a lock file names: three sources for a first run.

    `code` is module source; `docs` the docstrings of a module as one document, and the descriptions of packages;
    `legal` licence texts, many of them near-duplicates, and package metadata with the authors' addresses.
    Files are chosen in the order of a hash of their names until `max_mb` is reached, so the same installation gives
    the same files.

        sources:
          code: {reader: python_environment, part: code}
          docs: {reader: python_environment, part: docs, max_mb: 10}
    """

    part: str = option(help="what to read", choices=PARTS)
    lock: str = option("../constraints.txt", "file of lines `name==version`, relative to the recipe's folder")
    max_mb: float | None = option(
        None, "MB of files to read, docs being a fifth of theirs (null: code 20, docs 40, legal 4)", ge=0.01
    )

    def inputs(self, folder: str) -> list[Input]:
        """The chosen files, sorted by name. Raises InputError if the lock file cannot be read."""
        lock = storage.join(folder, storage.expand_user(self.lock))
        names = [name for name in locked_names(lock) if name != OWN]
        found = dict(_standard_library(self._wants))
        for name in names:
            found.update(_package(name, self._wants))
        max_mb = DEFAULT_MB[self.part] if self.max_mb is None else self.max_mb
        chosen = _within(found, int(max_mb * 1_000_000))
        if not chosen:
            raise InputError(f"no installed file of the part '{self.part}' fits into {max_mb} MB: raise max_mb")
        return chosen

    def _wants(self, name: str) -> bool:
        folder, _, base = name.rpartition("/")
        metadata = base == "METADATA" and folder.endswith(".dist-info")
        if self.part == "legal":
            return metadata or _is_legal(base)
        return (base.endswith(".py") and "__pycache__" not in folder) or (self.part == "docs" and metadata)

    def read(self, item: Input) -> Iterator[Document | Bad]:
        """One document, or none: a module without docstrings, a package without a description."""
        data = storage.read_bytes(item.location)
        if b"\0" in data:
            yield Bad(0, "binary", f"{item.location}: the file is not text, for it holds a NUL byte")
            return
        text: str | bytes = data
        if item.name.endswith("/METADATA"):
            text = header_and_body(data)[0 if self.part == "legal" else 1]
        elif self.part == "docs":
            text = docstrings(data, module_name(item.name.removeprefix("stdlib/")))
        if text.strip():
            yield Document(0, text, origin=item.name)


def _is_legal(base: str) -> bool:
    low = base.lower()
    return any(fnmatch(low, pattern) for pattern in LEGAL) and not low.endswith(NOT_PROSE)


def locked_names(path: str) -> list[str]:
    """The packages that a lock file names, normalized (PEP 503), each once. Raises InputError."""
    lines = storage.read_bytes(path).decode(errors="replace").splitlines()
    names = [match[0] for line in lines if (match := re.match(r"[A-Za-z0-9][\w.-]*", line))]
    return sorted({re.sub(r"[-_.]+", "-", name).lower() for name in names})


def _standard_library(wants: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """(name, path) of each wanted file, the name beginning with `stdlib/`."""
    root = sysconfig.get_path("stdlib")
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not any(fnmatch(name, pattern) for pattern in LEFT_OUT)]
        inside = os.path.relpath(folder, root).replace(os.sep, "/")
        for base in files:
            name = f"stdlib/{base}" if inside == "." else f"stdlib/{inside}/{base}"
            if wants(name) and not base.startswith("_sysconfigdata"):  # which holds this machine's paths
                yield name, os.path.join(folder, base)


def _package(name: str, wants: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """(name, path) of each wanted file of a package, the name relative to site-packages; nothing if not installed."""
    try:
        package = distribution(name)
    except PackageNotFoundError:
        return
    root = str(package.locate_file(""))
    for file in _recorded(package):
        path = os.path.normpath(file).replace(os.sep, "/")
        if wants(path) and not path.startswith(("../", "/")):
            yield path, os.path.join(root, path)


def _recorded(package: Distribution) -> Iterator[str]:
    """A package's files. `Distribution.files` gives the same, and asks the disk about each."""
    record = package.read_text("RECORD")
    if record is None:
        yield from map(str, package.files or ())
        return
    for row in csv.reader(record.splitlines()):
        yield row[0]


def _within(found: dict[str, str], most: int) -> list[Input]:
    """Files in the order of a hash of their names, as long as they fit into `most` bytes; then sorted by name."""
    chosen, total = [], 0
    for name in sorted(found, key=lambda name: hashlib.sha256(name.encode(errors="replace")).digest()):
        try:
            status = os.lstat(found[name])
        except FileNotFoundError:  # in the list of a package's files, but deleted since
            continue
        if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= most - total:
            continue
        total += status.st_size
        chosen.append(Input(name, found[name], status.st_size, str(status.st_mtime_ns)))
    return sorted(chosen, key=lambda item: item.name)
