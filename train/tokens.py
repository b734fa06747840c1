"""The format of token shards: what writes them and what reads them.

Token shard: `{name}.npy`, 1-D, documents one after another, each `[EOT] t1 .. tn [EOT]`, and
`{name}.docs.arrow`, a row per document: uid, where it starts, its tokens with both marks, its bytes of text, and the
source it is from. numpy and `datasets` read both as they are. What is read is not trusted: sizes, bounds and names
are checked, nothing is ever unpickled.

Letters: N documents, M tokens.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from .errors import DataError

FORMAT = 2
SIDES = ("train", "validation")
DTYPES = ("uint16", "uint32", "int32")
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '(<u2|<u4|<i4)', 'fortran_order': False, 'shape': \((\d{1,18}),(?: (\d{1,18}))?\), \} *\n"
)
DOCUMENTS = pa.schema(
    [
        ("uid", pa.string()),
        ("start", pa.int64()),
        ("n_tokens", pa.int64()),
        ("n_bytes", pa.int64()),
        ("source", pa.string()),
    ]
)


def token_dtype(vocab_size: int) -> np.dtype[Any]:
    """uint16 where every id of the vocabulary fits, else uint32."""
    return np.dtype(np.uint16 if vocab_size <= 1 << 16 else np.uint32)


def write_array(file: BinaryIO, array: np.ndarray) -> None:
    """Write an array of uint16, uint32 or int32 as .npy, version 1.0."""
    assert array.dtype.name in DTYPES
    np.lib.format.write_array(file, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)


def write_parts(file: BinaryIO, parts: Sequence[np.ndarray], dtype: np.dtype[Any]) -> None:
    """Write the tokens of arrays of this type one after another as one .npy of 1 dimension, without joining them."""
    assert dtype.name in DTYPES and all(part.dtype == dtype and part.ndim == 1 for part in parts)
    head = {"descr": dtype.newbyteorder("<").str, "fortran_order": False, "shape": (sum(map(len, parts)),)}
    np.lib.format.write_array_header_1_0(file, head)
    for part in parts:
        file.write(np.ascontiguousarray(part).view(np.uint8).data)  # bytes, so that their number is counted right


def damaged(what: str, why: object) -> DataError:
    return DataError(f"{what} is damaged ({why}): make the data folder again, or copy it again")


def name_of(file: BinaryIO) -> str:
    return str(getattr(file, "name", "the file"))


def _read_header(file: BinaryIO, what: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Type and shape at the head of a .npy; only what `write_array` writes (numpy's reader evaluates an expression)."""
    head = file.read(10)
    found = _HEADER.fullmatch(file.read(int.from_bytes(head[8:], "little"))) if head[:8] == _MAGIC else None
    if not found:
        raise damaged(what, f"not an array of {', '.join(DTYPES)} in .npy 1.0")
    return np.dtype(found[1].decode()), tuple(int(size) for size in found.groups()[1:] if size)


def _check_size(what: str, n_bytes: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    expected = dtype.itemsize * math.prod(shape)
    if n_bytes != expected:
        raise damaged(what, f"{n_bytes:,} bytes instead of {expected:,}")


def read_array(file: BinaryIO) -> np.ndarray:
    """Read a whole .npy of tokens (uint16, uint32 or int32) from an open file.

    Raises DataError if it is damaged, of another type, or not as long as it says.
    """
    what = name_of(file)
    dtype, shape = _read_header(file, what)
    data = file.read()
    _check_size(what, len(data), dtype, shape)
    return np.frombuffer(data, dtype).reshape(shape)


def open_array(path: str) -> np.memmap:
    """Map a .npy of tokens (uint16, uint32 or int32) into memory, read-only.

    Raises DataError if it is missing, damaged, of another type, or not as long as it says.
    """
    try:
        with open(path, "rb") as file:
            dtype, shape = _read_header(file, path)
            begin = file.tell()
            _check_size(path, os.fstat(file.fileno()).st_size - begin, dtype, shape)
            return np.memmap(file, dtype, "r", begin, shape)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def write_table(file: BinaryIO, table: pa.Table) -> None:
    """Write a table as an Arrow IPC file, zstd."""
    options = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
    with pa.ipc.new_file(file, table.schema, options=options) as writer:
        writer.write_table(table)


def write_documents(file: BinaryIO, uids: Any, starts: Any, n_tokens: Any, n_bytes: Any, source: str) -> None:
    """Write the table of a token shard's documents: four columns of N values, in the order of their tokens."""
    columns = [
        pa.array(values, field.type)
        for values, field in zip((uids, starts, n_tokens, n_bytes), DOCUMENTS, strict=False)
    ]
    columns.append(pa.repeat(pa.scalar(source, pa.string()), len(columns[0])))
    write_table(file, pa.Table.from_arrays(columns, schema=DOCUMENTS))


def read_table(file: BinaryIO, schema: pa.Schema) -> pa.Table:
    what = name_of(file)
    try:
        table = pa.ipc.open_file(file).read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last: of a column's name
        raise damaged(what, error) from error
    if not table.schema.equals(schema):
        raise damaged(what, f"its columns are {', '.join(table.schema.names)}, not {', '.join(schema.names)}")
    if any(column.null_count for column in table.columns):
        raise damaged(what, "a value is missing")
    return table


def read_documents(file: BinaryIO) -> pa.Table:
    """Read a table that `write_documents` wrote: uid string, start, n_tokens, n_bytes int64[N], source string.

    Raises DataError if it is damaged or its documents do not follow one another without gaps.
    """
    table = read_table(file, DOCUMENTS)
    start, n_tokens, n_bytes = (table[name].to_numpy() for name in ("start", "n_tokens", "n_bytes"))
    if len(table) and (n_tokens.min() < 2 or n_tokens.max() >= 1 << 48 or n_bytes.min() < 0):
        raise damaged(name_of(file), "a document with less than its two borders")
    if not np.array_equal(start, np.cumsum(n_tokens) - n_tokens):
        raise damaged(name_of(file), "the documents do not follow one another")
    return table
