"""The exchange: rows spilled by partition, one file per shard or task, and read back by partition.

A spill of P partitions is an Arrow IPC file whose record batch c P + p is what call c of
`add` gave to partition p; the file's own footer is the offset table, so one partition of
S spills costs S short reads. Letters: M rows, C columns of a matrix, P partitions, S spills.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .shards import ShardWriter, open_shard, reading
from .stage import Int64s

PARTITIONS = b"partitions"
"""The key of the schema's metadata that says P."""


def record_batch(columns: Mapping[str, Any]) -> pa.RecordBatch:
    """Columns as Arrow has them: array[M] as numbers, array[M, C] as fixed-size lists, Arrow arrays as they are."""
    return pa.RecordBatch.from_pydict({name: _arrow(values) for name, values in columns.items()})


def _arrow(values: Any) -> pa.Array:
    if isinstance(values, np.ndarray) and values.ndim == 2:
        return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
    return values if isinstance(values, pa.Array) else pa.array(values)


def arrays(batch: pa.RecordBatch) -> dict[str, Any]:
    """The reverse of `record_batch`."""
    return {name: _numpy(batch.column(name)) for name in batch.schema.names}


def _numpy(array: pa.Array) -> Any:
    if pa.types.is_fixed_size_list(array.type):
        return array.flatten().to_numpy(zero_copy_only=False).reshape(len(array), array.type.list_size)
    is_list = pa.types.is_list(array.type) or pa.types.is_large_list(array.type)
    return array if is_list else array.to_numpy(zero_copy_only=False)


class SpillWriter:
    """Writes a spill, which appears when the block ends without an error; see `stage.Spill`."""

    def __init__(self, path: str, partitions: int) -> None:
        self._path, self._partitions = path, partitions
        self._writer: ShardWriter | None = None
        self._schema: pa.Schema | None = None

    def __enter__(self) -> SpillWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None:
            (self._writer or self._begin(pa.schema([]))).close()
        elif self._writer is not None:
            self._writer.abandon(error)

    def add(self, columns: Mapping[str, npt.NDArray[Any]], borders: Int64s) -> None:
        """See `stage.Spill`."""
        batch = record_batch(columns)
        rows = batch.num_rows
        assert len(borders) == self._partitions + 1 and borders[0] == 0 and borders[-1] == rows, "borders do not fit"
        assert (np.diff(borders) >= 0).all(), "borders are not ascending"
        writer = self._writer or self._begin(batch.schema)
        assert self._schema == batch.schema, f"{batch.schema.names} are not the columns of the call before"
        for start, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
            writer.write_even_if_empty(batch.slice(start, end - start))

    def _begin(self, schema: pa.Schema) -> ShardWriter:
        self._schema = schema
        self._writer = ShardWriter(self._path, schema.with_metadata({PARTITIONS: str(self._partitions)}))
        return self._writer


def read_chunks(path: str, partition: int) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """What each call of `add` gave to a partition, in order: columns by name. Raises InputError if it is damaged."""
    reader = open_shard(path)
    partitions = int(reader.schema.metadata[PARTITIONS])
    assert 0 <= partition < partitions, f"{path} has no partition {partition}"
    for number in range(partition, reader.num_record_batches, partitions):
        with reading(path):
            batch = reader.get_batch(number)
        yield arrays(batch)
