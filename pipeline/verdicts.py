"""Verdicts on storage: a record batch per shard, so that a shard reads only its own.

Letters: V documents that have a verdict, N rows of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from .ingest import uid_of
from .plan import Plan
from .rows import place_of
from .shards import ShardWriter, read_batch
from .stage import RowVerdicts, Verdicts

SCHEMA = pa.schema([("rank", pa.int64()), ("twin", pa.int64()), ("size", pa.int32())])


def write_verdicts(path: str, verdicts: Verdicts, ranges: Sequence[tuple[int, int] | None]) -> None:
    """Commit verdicts as a batch per shard; ranges: first and last rank of each shard, None if it is empty."""
    arrays = [pa.array(verdicts.ranks), pa.array(verdicts.twins), pa.array(verdicts.sizes)]
    batch = pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
    writer = ShardWriter(path, SCHEMA)
    for limits in ranges:
        first, stop = (0, 0) if limits is None else np.searchsorted(verdicts.ranks, [limits[0], limits[1] + 1]).tolist()
        writer.write_even_if_empty(batch.slice(first, stop - first))
    writer.close()


def read_verdicts(path: str, number: int) -> Verdicts:
    """The verdicts of one shard, by its number in the index."""
    batch = read_batch(path, number)
    return Verdicts(*(batch.column(name).to_numpy(zero_copy_only=False) for name in SCHEMA.names))


def verdicts_of(batch: pa.RecordBatch, verdicts: Verdicts, plan: Plan) -> RowVerdicts:
    """Verdicts joined to the rows of a batch by rank; the uid of a twin follows from its place in the inputs."""
    ranks = batch.column("rank").to_numpy(zero_copy_only=False)
    twins, sizes = np.full(len(ranks), "", dtype=object), np.ones(len(ranks), dtype=np.int32)
    if len(verdicts.ranks):
        found = np.minimum(np.searchsorted(verdicts.ranks, ranks), len(verdicts.ranks) - 1)
        rows = np.flatnonzero(verdicts.ranks[found] == ranks)
        sizes[rows] = verdicts.sizes[found[rows]]
        for row in rows.tolist():
            twin = int(verdicts.twins[found[row]])
            if twin >= 0:
                twins[row] = _uid_at(twin, plan)
    return RowVerdicts(twins, sizes)


def _uid_at(rank: int, plan: Plan) -> str:
    source, file, row = place_of(rank)
    name = plan.recipe.sources[source].name
    return uid_of(name, plan.inputs[name][file].name, row)
