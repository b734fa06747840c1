"""Shards: Arrow IPC files (zstd) and the sidecars that say they are complete.

A shard counts as written when its sidecar, written last, exists and carries the
fingerprint that the plan expects.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO

import pyarrow as pa

from . import storage
from .errors import InputError

BATCH_ROWS = 8_192
BATCH_BYTES = 64_000_000


class HashingFile:
    """A sink that hashes and counts what passes through it on the way to a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest, self.size, self.closed = hashlib.sha256(), 0, False

    def write(self, data: Any) -> int:
        """Pass bytes on; returns how many."""
        view = memoryview(data)
        self.digest.update(view)
        self.size += view.nbytes
        self._file.write(view)
        return view.nbytes

    def tell(self) -> int:
        """Bytes written so far."""
        return self.size

    def flush(self) -> None:
        """Pass it on."""
        self._file.flush()

    def close(self) -> None:
        """Only note it: whoever opened the file closes it."""
        self.closed = True


class ShardWriter:
    """Writes record batches of one schema to a file that appears when `close` is called."""

    def __init__(self, path: str, schema: pa.Schema) -> None:
        self.rows = 0
        self._stack = ExitStack()
        self._sink = HashingFile(self._stack.enter_context(storage.commit(path)))
        options = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
        self._writer = pa.ipc.new_file(self._sink, schema, options=options)
        self._schema = schema

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch, if it has rows; columns that it lacks become null."""
        if batch.num_rows:
            self.write_even_if_empty(batch)

    def write_even_if_empty(self, batch: pa.RecordBatch) -> None:
        """Append a batch that others find by its position."""
        self._writer.write_batch(conform(batch, self._schema))
        self.rows += batch.num_rows

    def close(self) -> dict[str, Any]:
        """Commit the file; returns its rows, bytes and sha256."""
        self._writer.close()
        self._stack.close()
        return {"rows": self.rows, "bytes": self._sink.size, "sha256": self._sink.digest.hexdigest()}

    def abandon(self, error: BaseException) -> None:
        """Leave no file behind, because of `error`."""
        self._stack.__exit__(type(error), error, error.__traceback__)


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with exactly the columns of `schema`, in that order; missing ones are null."""
    if batch.schema.equals(schema):
        return batch
    columns = []
    for field in schema:
        position = batch.schema.get_field_index(field.name)
        columns.append(
            batch.column(position).cast(field.type) if position >= 0 else pa.nulls(batch.num_rows, field.type)
        )
    return pa.RecordBatch.from_arrays(columns, schema=schema)


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Raises InputError where Arrow says that the file is damaged."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{path} is missing or damaged ({error}): delete its run's work/ folder and run again"
        ) from error


def open_shard(path: str, columns: list[str] | None = None) -> pa.ipc.RecordBatchFileReader:
    """An Arrow IPC file reader, of some columns only. Raises InputError if the file's frame is damaged."""
    with reading(path):
        file = pa.PythonFile(storage.open_read(path), mode="r") if storage.is_url(path) else pa.OSFile(path, "rb")
        included = None
        if columns is not None:
            schema = pa.ipc.open_file(file).schema
            included = [schema.get_field_index(name) for name in columns]
        options = pa.ipc.IpcReadOptions(use_threads=False, included_fields=included)
        return pa.ipc.open_file(file, options=options)


def read_batch(path: str, number: int, columns: list[str] | None = None) -> pa.RecordBatch:
    """One batch of a shard. Raises InputError if it is damaged."""
    reader = open_shard(path, columns)
    with reading(path):
        return reader.get_batch(number)


def read_shard(path: str, columns: list[str] | None = None, *, at_least_one: bool = False) -> Iterator[pa.RecordBatch]:
    """The batches of a shard in order, one in memory at a time; `at_least_one`: an empty one if there is none.

    Raises InputError if it is damaged.
    """
    reader = open_shard(path, columns)
    for position in range(reader.num_record_batches):
        with reading(path):
            batch = reader.get_batch(position)
        yield batch
    if at_least_one and not reader.num_record_batches:
        yield pa.RecordBatch.from_pylist([], schema=reader.schema)


def read_table(path: str, columns: list[str] | None = None) -> pa.Table:
    """A whole small file, or some of its columns. Raises InputError if it is damaged."""
    reader = open_shard(path, columns)
    with reading(path):
        return reader.read_all()


def write_table(path: str, table: pa.Table) -> None:
    """Commit a table as one file."""
    writer = ShardWriter(path, table.schema)
    for batch in table.to_batches(max_chunksize=1 << 20):
        writer.write(batch)
    writer.close()


def sidecar_path(folder: str, shard: str) -> str:
    """Where a shard's sidecar lies in the folder of its pass."""
    return storage.join(folder, "sidecars", f"{shard}.json")


def finished(folder: str, shard: str, fingerprint: str) -> dict[str, Any] | None:
    """The sidecar of a shard that is complete for this plan, else None."""
    path = sidecar_path(folder, shard)
    if not storage.exists(path):
        return None
    sidecar: dict[str, Any] = storage.read_json(path)
    return sidecar if sidecar["fingerprint"] == fingerprint else None
