"""The only file that touches a path: local files directly, URLs (`s3://`, `memory://`) by fsspec.

A file is written under a temporary name and renamed when complete, so a reader sees
all of it or nothing; object stores give the same by uploading on close.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, cast

from .errors import InputError


class Found(NamedTuple):
    """A file that a pattern matched. name: relative to the pattern's fixed part, with `/`; stamp: changes with it."""

    name: str
    location: str
    size: int
    stamp: str


def is_url(path: str) -> bool:
    """Whether fsspec, not the operating system, opens this path."""
    return "://" in path


def _filesystem(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    filesystem, path = url_to_fs(url)
    return filesystem, str(path)


def join(folder: str, *parts: str) -> str:
    """A path below a folder; an absolute last part or a URL stands for itself."""
    for part in parts:
        if is_url(part) or os.path.isabs(part):
            folder = part
        else:
            folder = f"{folder.rstrip('/')}/{part}" if is_url(folder) else os.path.normpath(os.path.join(folder, part))
    return folder


def expand_user(path: str) -> str:
    """`~` as the home folder."""
    return path if is_url(path) else os.path.expanduser(path)


def open_read(path: str) -> BinaryIO:
    """Open a file's bytes as they are. Raises InputError with the path."""
    try:
        if is_url(path):
            filesystem, inside = _filesystem(path)
            return cast(BinaryIO, filesystem.open(inside, "rb"))
        return open(path, "rb")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def read_bytes(path: str, most: int = -1) -> bytes:
    """A file's content, at most so many bytes of it."""
    with open_read(path) as file:
        return file.read(most)


def read_json(path: str) -> Any:
    """The JSON in a file. Raises InputError if it is not JSON."""
    try:
        return json.loads(read_bytes(path))
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON ({error}): delete it and run again") from error


@contextlib.contextmanager
def commit(path: str) -> Iterator[BinaryIO]:
    """A file to write, which appears at `path` when the block ends without an error, or not at all."""
    if is_url(path):
        filesystem, inside = _filesystem(path)
        with filesystem.transaction, filesystem.open(inside, "wb") as file:
            yield file
        return
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    partial = f"{path}.{os.getpid()}.partial"
    try:
        with open(partial, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(partial)


def write_bytes(path: str, data: bytes) -> None:
    """Commit a file with this content."""
    with commit(path) as file:
        file.write(data)


def write_json(path: str, value: Any) -> None:
    """Commit a JSON file, readable and the same for the same value."""
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


def append_line(path: str, line: str) -> None:
    """Add a line to a local log such as `timings.jsonl`."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write(line + "\n")


def exists(path: str) -> bool:
    """Whether there is a file or folder."""
    if is_url(path):
        filesystem, inside = _filesystem(path)
        return bool(filesystem.exists(inside))
    return os.path.exists(path)


def remove(path: str) -> None:
    """Delete a file if it is there."""
    if is_url(path):
        filesystem, inside = _filesystem(path)
        if filesystem.exists(inside):
            filesystem.rm(inside)
        return
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)


def remove_folder(path: str) -> None:
    """Delete a folder with all below it, if it is there."""
    if is_url(path):
        filesystem, inside = _filesystem(path)
        if filesystem.exists(inside):
            filesystem.rm(inside, recursive=True)
        return
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path)


def make_folder(path: str, *, private: bool = False) -> None:
    """Make a folder and those above it; private: only its owner may enter (mode 0700)."""
    if is_url(path):
        return
    os.makedirs(path, exist_ok=True)
    if private:
        os.chmod(path, 0o700)


def list_files(folder: str, suffix: str = "") -> list[str]:
    """Paths of the files directly in a folder whose names end in `suffix`, sorted; none if it is not there."""
    if is_url(folder):
        filesystem, inside = _filesystem(folder)
        if not filesystem.exists(inside):
            return []
        names = [os.path.basename(str(path)) for path in filesystem.ls(inside, detail=False)]
    else:
        names = os.listdir(folder) if os.path.isdir(folder) else []
    return [join(folder, name) for name in sorted(names) if name.endswith(suffix) and not name.endswith(".partial")]


def sha256_of(path: str) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    digest = hashlib.sha256()
    with open_read(path) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def find(folder: str, pattern: str) -> list[Found]:
    """The files that a glob pattern (`**` crosses folders) matches, relative to `folder`, sorted by name.

    A pattern that names a folder stands for all files below it. Hidden files and folders are left out.
    Raises InputError if nothing matches.
    """
    full = join(folder, expand_user(pattern))
    found = _find_remote(full) if is_url(full) else _find_local(full)
    if not found:
        raise InputError(f"no file matches {full}")
    return sorted(found)


def _fixed_part(pattern: str) -> str:
    """The folders of a pattern before its first wildcard."""
    parts = pattern.split("/")
    fixed = [part for part in parts[:-1]]
    for position, part in enumerate(parts[:-1]):
        if glob.has_magic(part):
            fixed = parts[:position]
            break
    return "/".join(fixed)


def _find_local(pattern: str) -> list[Found]:
    if os.path.isdir(pattern):
        pattern = os.path.join(pattern, "**")
    base = _fixed_part(pattern.replace(os.sep, "/")) or ("/" if pattern.startswith("/") else ".")
    found = []
    for path in glob.iglob(pattern, recursive=True):
        if os.path.isfile(path):
            status = os.stat(path)
            name = os.path.relpath(path, base).replace(os.sep, "/")
            found.append(Found(name, os.path.abspath(path), status.st_size, str(status.st_mtime_ns)))
    return found


def _find_remote(pattern: str) -> list[Found]:
    filesystem, inside = _filesystem(pattern)
    if filesystem.isdir(inside):
        inside = f"{inside.rstrip('/')}/**"
    base = _fixed_part(inside)
    found = []
    for path, info in filesystem.glob(inside, detail=True).items():
        if info.get("type") == "file":
            stamp = next((str(info[key]) for key in ("ETag", "etag", "mtime", "created", "LastModified") if key in info), "")
            location = filesystem.unstrip_protocol(path)
            found.append(Found(str(path)[len(base) :].lstrip("/"), location, int(info.get("size") or 0), stamp))
    return found
