"""Benchmarks: files of items that a model is to be tested with, and the texts of each item."""

from __future__ import annotations

import contextlib
import csv
import glob
import hashlib
import io
import json
import os
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO, cast

import pyarrow as pa

from pipeline.errors import InputError, OptionError, did_you_mean, shortened

KINDS = (".jsonl", ".ndjson", ".json", ".txt", ".csv", ".tsv", ".parquet")
COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
MAX_LINE_BYTES = 64_000_000
MAX_JSON_BYTES = 1_000_000_000
MAX_NAMES = 10
"""Fields that a message names."""
BATCH_ROWS = 512


def files_of(pattern: str) -> list[str]:
    """The files that a path or glob pattern (`**` crosses folders) names, sorted.

    A path is `~`, absolute, or from the working directory. Raises InputError if there is no file, or the name of one
    does not tell how to read it.
    """
    whole = os.path.expanduser(pattern)
    found = [whole] if os.path.isfile(whole) else sorted(filter(os.path.isfile, glob.glob(whole, recursive=True)))
    if not found:
        raise InputError(
            f"there is no file {pattern}: give the path of a local file, or a pattern such as evals/*.jsonl"
        )
    for path in found:
        if _kind(path) not in KINDS:
            raise InputError(f"nothing says how to read {path}: its name must end in one of {', '.join(KINDS)}")
    return found


def identity(pattern: str) -> str:
    """A hash of the content of all files, in their order, for fingerprints. Raises InputError."""
    digest = hashlib.sha256()
    for path in files_of(pattern):
        try:
            with open(path, "rb") as file:
                digest.update(f"{_kind(path)} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    return digest.hexdigest()


def items(name: str, pattern: str, fields: Collection[str]) -> Iterator[list[str]]:
    """The texts of each item of a benchmark, in the order of its files: of these fields, or of all if none is named.

    If fields are named, the first row of CSV has the names of its own; else it is an item, for files such as MMLU's
    begin with one.

    Raises InputError for a file that cannot be used, OptionError for a field that no item has.
    """
    wanted, met = frozenset(fields), dict[str, None]()
    for path in files_of(pattern):
        try:
            for value in _values(path, bool(wanted)):
                if isinstance(value, dict):
                    met.update(dict.fromkeys(value))
                    value = {key: one for key, one in value.items() if not wanted or key in wanted}
                yield _texts(value) if isinstance(value, dict) or not wanted else []
        except (OSError, EOFError, pa.ArrowException, UnicodeDecodeError) as error:
            what = shortened(str(error))
            raise InputError(f"cannot read {path} to its end ({what}): it is damaged or of another kind") from error
    for field in fields:
        if met and field not in met:
            hint = did_you_mean(field, met, MAX_NAMES)
            raise OptionError(
                "fields", f"decontaminate option 'fields': no item of '{name}' has a field '{field}'{hint}"
            )


def _kind(path: str) -> str:
    """The suffix that tells how to read a file, below one of compression."""
    stem, suffix = os.path.splitext(path.lower())
    return os.path.splitext(stem)[1] if suffix in COMPRESSED else suffix


def _values(path: str, is_named: bool) -> Iterator[Any]:
    """The items of a file: objects, or texts. is_named: whether the first row of CSV has names."""
    kind = _kind(path)
    if kind == ".parquet":
        return _parquet(path)
    if kind in (".csv", ".tsv"):
        rows = _csv(path, "\t" if kind == ".tsv" else ",")
        return _named(path, rows) if is_named else rows
    return {".json": _json, ".txt": _txt}.get(kind, _jsonl)(path)


def _opened(path: str) -> BinaryIO:
    """A file's content as a stream, decompressed by its suffix."""
    codec = COMPRESSED.get(os.path.splitext(path.lower())[1])
    return cast(BinaryIO, io.BufferedReader(pa.input_stream(path, compression=codec), 1 << 18))


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, and their numbers from 1. One over the limit is an error, whatever its size."""
    with _opened(path) as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                raise InputError(f"{path}:{number}: the line is longer than {MAX_LINE_BYTES:,} bytes")
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise InputError(f"{path}:{number}: not UTF-8 ({error.reason}); save the file as UTF-8") from error
            if text.strip():
                yield number, text


def _txt(path: str) -> Iterator[str]:
    return (line for _, line in _lines(path))


def _jsonl(path: str) -> Iterator[Any]:
    for number, line in _lines(path):
        yield _parsed(line, f"{path}:{number}: the line")


def _parsed(text: str | bytes, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{what} is not valid JSON ({shortened(str(error))})") from error
    except RecursionError as error:
        raise InputError(f"{what} is JSON that is nested too deeply") from error


def _json(path: str) -> Iterator[Any]:
    """The items of a list, or of the one list of objects that an object holds, such as `{"data": [...]}`."""
    with _opened(path) as file:
        data = file.read(MAX_JSON_BYTES + 1)
    if len(data) > MAX_JSON_BYTES:
        raise InputError(f"{path} is longer than {MAX_JSON_BYTES:,} bytes: write it as JSON lines")
    value = _parsed(data, path)
    if isinstance(value, dict):
        lists = [one for one in value.values() if isinstance(one, list) and one and isinstance(one[0], dict)]
        value = lists[0] if len(lists) == 1 else value
    if not isinstance(value, list):
        raise InputError(f"{path} holds neither a list of items nor an object with one: write it as JSON lines")
    return iter(value)


def _csv(path: str, delimiter: str) -> Iterator[list[str]]:
    """The rows, all with as many fields as the first. An error is told with the line in which its row begins."""
    numbers: list[int] = []

    def lines() -> Iterator[str]:
        for number, line in _lines(path):
            numbers.append(number)
            yield line

    rows, width = csv.reader(lines(), delimiter=delimiter, strict=True), None
    while True:
        numbers.clear()
        csv.field_size_limit(MAX_LINE_BYTES)  # one for the whole process, so it is set before each use
        try:
            row = next(rows, None)
        except csv.Error as error:
            what = f"the row that begins here is not valid CSV ({shortened(str(error))}; is a quote not closed?)"
            raise InputError(f"{path}:{numbers[0]}: {what}") from error
        if row is None:
            return
        width = width or len(row)
        if len(row) != width:
            raise InputError(f"{path}:{numbers[0]}: a row of {len(row)} fields, and the first has {width}")
        yield row


def _named(path: str, rows: Iterator[list[str]]) -> Iterator[dict[str, str]]:
    """Each row by the names in the first."""
    names = next(rows, [])
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        what = f"the first row names '{shortened(twice)}' twice: 'fields' of such a file cannot be told apart"
        raise InputError(f"{path}:1: {what}; give the columns names of their own, or search all, without 'fields'")
    for row in rows:
        yield dict(zip(names, row, strict=True))


def _parquet(path: str) -> Iterator[dict[str, Any]]:
    """The rows, with columns that can hold text: strings, also within lists, and bytes, which are how some write it."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        kinds = {field.name: str(field.type) for field in file.schema_arrow}
        names = [name for name, kind in kinds.items() if "string" in kind or kind in ("binary", "large_binary")]
        others = dict.fromkeys(set(kinds) - set(names))
        for batch in file.iter_batches(BATCH_ROWS, columns=names, use_threads=False):
            yield from ({**others, **row} for row in batch.to_pylist())


def _texts(value: Any) -> list[str]:
    """Every text in a value, in order; nested as deeply as may be. Bytes are text if they are UTF-8."""
    found, left = [], [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, bytes):
            with contextlib.suppress(UnicodeDecodeError):
                found.append(one.decode())
        elif isinstance(one, (list, tuple)):
            left.extend(reversed(one))
        elif isinstance(one, dict):
            left.extend(reversed(one.values()))
    return found
