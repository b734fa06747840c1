"""The only file that touches a path: local files directly, URLs (`s3://`, `memory://`) by fsspec.

A file is written under a temporary name and renamed when complete, so a reader sees
all of it or nothing; for a URL it is written to a local temporary file and then uploaded.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, cast

from .errors import InputError

STAMP_KEYS = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created")
"""What fsspec's file systems call the tag or the time that changes with a file."""


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

    try:
        filesystem, path = url_to_fs(url)
    except (ImportError, ValueError) as error:  # a protocol that is unknown, or whose package is not installed
        raise InputError(f"cannot open {url}: {error}") from error
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
        with tempfile.NamedTemporaryFile() as file:
            yield cast(BinaryIO, file)
            file.flush()
            filesystem.makedirs(inside.rpartition("/")[0], exist_ok=True)
            filesystem.put_file(file.name, inside)
        return
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    partial = f"{path}.{secrets.token_hex(8)}.partial"  # two machines may be writing the same
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
    """Commit a JSON file."""
    write_bytes(path, to_text(value).encode())


def to_text(value: Any) -> str:
    """A value as JSON, readable and the same for the same value."""
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def to_line(value: Any) -> str:
    """A value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_lines(path: str) -> list[Any]:
    """The values of a file of lines of JSON. Raises InputError if one is not JSON."""
    try:
        return [json.loads(line) for line in read_bytes(path).splitlines()]
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON ({error}): delete it and run again") from error


def append_lines(path: str, lines: list[str]) -> None:
    """Add lines to a log such as `timings.jsonl`; an object store has it written anew."""
    text = "".join(line + "\n" for line in lines).encode()
    if is_url(path):
        write_bytes(path, (read_bytes(path) if exists(path) else b"") + text)
        return
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "ab") as file:
        file.write(text)


@contextlib.contextmanager
def local(path: str) -> Iterator[str]:
    """The path of a file on the local disk with this content, which is there until the block ends."""
    if not is_url(path):
        yield path
        return
    with tempfile.NamedTemporaryFile() as file, open_read(path) as there:
        shutil.copyfileobj(there, file)
        file.flush()
        yield file.name


def copy(path: str, to: str) -> None:
    """Commit a file with the content of another."""
    with open_read(path) as file, commit(to) as copied:
        shutil.copyfileobj(file, copied, 1 << 20)


def exists(path: str) -> bool:
    """Whether there is a file or folder."""
    if is_url(path):
        filesystem, inside = _filesystem(path)
        return bool(filesystem.exists(inside))
    return os.path.exists(path)


def size_of(path: str) -> int:
    """A file's size in bytes; -1 if there is none."""
    if is_url(path):
        filesystem, inside = _filesystem(path)
        return int(filesystem.size(inside)) if filesystem.exists(inside) else -1
    return os.path.getsize(path) if os.path.exists(path) else -1


def is_local_file(path: str) -> bool:
    """Whether this is a file on a disk of this machine."""
    return not is_url(path) and os.path.isfile(path)


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


def remove_all(path: str) -> None:
    """Delete a file, or a folder with all below it, if it is there; of a link what it leads to stays."""
    is_folder = not is_url(path) and os.path.isdir(path) and not os.path.islink(path)
    remove_folder(path) if is_url(path) or is_folder else remove(path)


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


def remove_partial(folder: str) -> None:
    """Delete what killed writers left below a local folder."""
    if not is_url(folder):
        for path in glob.glob(os.path.join(glob.escape(folder), "**", "*.partial"), recursive=True):
            remove(path)


@contextlib.contextmanager
def lock(path: str) -> Iterator[None]:
    """Hold a local lock file; which the end of the process releases, too. Raises InputError if it is held."""
    if is_url(path):
        yield
        return
    with open(path, "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                f"{os.path.dirname(path)} is in use by another run: wait for it, or give another --out"
            ) from error
        yield


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
    fixed = parts[:-1]
    for position, part in enumerate(parts[:-1]):
        if glob.has_magic(part):
            fixed = parts[:position]
            break
    return "/".join(fixed)


def _find_local(pattern: str) -> list[Found]:
    base, paths = _fixed_part(pattern.replace(os.sep, "/")), [pattern]
    if os.path.isdir(pattern):
        base, paths = pattern, glob.glob(os.path.join(glob.escape(pattern), "**"), recursive=True)
    elif os.path.lexists(pattern):  # a name may hold the characters of a pattern
        base = os.path.dirname(pattern)
    else:
        paths = glob.glob(pattern, recursive=True)
    base = base or ("/" if pattern.startswith("/") else ".")
    found = []
    for path in paths:
        if not os.path.isdir(path):
            found.append(_found_local(path, os.path.relpath(path, base).replace(os.sep, "/")))
    return found


def _found_local(path: str, name: str) -> Found:
    try:
        status = os.stat(path)
    except OSError as error:  # a link to a file that is not there
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    return Found(name, os.path.abspath(path), status.st_size, str(status.st_mtime_ns))


def _find_remote(pattern: str) -> list[Found]:
    filesystem, inside = _filesystem(pattern)
    base, hidden = _fixed_part(inside), "/." in inside
    if filesystem.isdir(inside):
        base = inside.rstrip("/")
        infos = filesystem.find(base, detail=True)
    elif filesystem.isfile(inside):  # a URL may hold the characters of a pattern
        base, hidden = inside.rpartition("/")[0], True
        infos = {inside: filesystem.info(inside)}
    else:
        infos = filesystem.glob(inside, detail=True)
    found = []
    for path, info in infos.items():
        name = str(path)[len(base) :].lstrip("/")
        if info.get("type") == "file" and (hidden or not f"/{name}".count("/.")):
            stamp = next((str(info[key]) for key in STAMP_KEYS if info.get(key)), "")
            found.append(Found(name, filesystem.unstrip_protocol(path), int(info.get("size") or 0), stamp))
    return found
