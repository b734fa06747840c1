"""The exchange: sketches spilled by key partition, one file per shard, and read back by partition.

A spill is an Arrow IPC file whose record batch p holds partition p, sorted by (key,
rank); the file's own footer is the offset table, so one partition of S shards costs S
short reads. Letters: K keys, P partitions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from .shards import ShardWriter, read_batch
from .stage import Sketch


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


def _sorted(sketch: Sketch, order: Sequence[np.ndarray[tuple[int], np.dtype[np.int64]]]) -> Sketch:
    rows = np.lexsort((sketch.ranks, sketch.keys, *order))
    payload = {name: values[rows] for name, values in sketch.payload.items()}
    return Sketch(sketch.keys[rows], sketch.ranks[rows], payload)


def write_spill(path: str, sketches: Sequence[Sketch], partitions: int) -> None:
    """Commit one shard's sketches as a file of P record batches; a key belongs to partition key % P."""
    joined = join_sketches(sketches)
    joined = _sorted(joined, [(joined.keys % np.uint64(partitions)).astype(np.int64)])
    table = {"key": joined.keys, "rank": joined.ranks, **joined.payload}
    batch = pa.RecordBatch.from_pydict({name: pa.array(values) for name, values in table.items()})
    part = (joined.keys % np.uint64(partitions)).astype(np.int64)
    borders = np.searchsorted(part, np.arange(partitions + 1))
    writer = ShardWriter(path, batch.schema)
    for start, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        writer.write_even_if_empty(batch.slice(start, end - start))
    writer.close()


def read_partition(paths: Sequence[str], partition: int) -> Sketch:
    """Partition p of all shards, sorted by (key, rank)."""
    sketches = []
    for path in paths:
        batch = read_batch(path, partition)
        columns = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in batch.schema.names}
        keys, ranks = columns.pop("key"), columns.pop("rank")
        sketches.append(Sketch(keys, ranks, columns))
    return _sorted(join_sketches(sketches), [])
