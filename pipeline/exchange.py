"""The exchange: rows spilled by partition, one file per shard or task, and read back by partition.

A spill of P partitions is an Arrow IPC file whose record batch c P + p is what call c of
`add` gave to partition p; the file's own footer is the offset table, so one partition of
S spills costs S short reads. Sketches of a global stage are one call, sorted by (key,
rank). Letters: K keys, M rows, P partitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .shards import ShardWriter, open_shard, reading
from .stage import Int64s, Sketch

PARTITIONS = b"partitions"
"""The key of the schema's metadata that says P."""


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
        batch = pa.RecordBatch.from_pydict({name: pa.array(values) for name, values in columns.items()})
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
        yield {name: batch.column(name).to_numpy(zero_copy_only=False) for name in batch.schema.names}


def join_sketches(sketches: Sequence[Sketch]) -> Sketch:
    """The rows of several sketches, one after the other."""
    if not sketches:
        return Sketch(np.zeros(0, np.uint64), np.zeros(0, np.int64))
    payload = {name: np.concatenate([sketch.payload[name] for sketch in sketches]) for name in sketches[0].payload}
    return Sketch(
        np.concatenate([sketch.keys for sketch in sketches]),
        np.concatenate([sketch.ranks for sketch in sketches]),
        payload,
    )


def _sorted(sketch: Sketch, order: Sequence[Int64s]) -> Sketch:
    rows = np.lexsort((sketch.ranks, sketch.keys, *order))
    payload = {name: values[rows] for name, values in sketch.payload.items()}
    return Sketch(sketch.keys[rows], sketch.ranks[rows], payload)


def write_sketches(path: str, sketches: Sequence[Sketch], partitions: int) -> None:
    """Commit one shard's sketches as a spill; a key belongs to partition key % P."""
    joined = join_sketches(sketches)
    joined = _sorted(joined, [(joined.keys % np.uint64(partitions)).astype(np.int64)])
    part = (joined.keys % np.uint64(partitions)).astype(np.int64)
    with SpillWriter(path, partitions) as spill:
        columns = {"key": joined.keys, "rank": joined.ranks, **joined.payload}
        spill.add(columns, np.searchsorted(part, np.arange(partitions + 1)))


def read_sketches(paths: Sequence[str], partition: int) -> Sketch:
    """Partition p of all shards, sorted by (key, rank)."""
    sketches = []
    for path in paths:
        for columns in read_chunks(path, partition):
            keys, ranks = columns.pop("key"), columns.pop("rank")
            sketches.append(Sketch(keys, ranks, columns))
    return _sorted(join_sketches(sketches), [])
