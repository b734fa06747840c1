"""The published rows of a run, a batch at a time and only in the columns that are needed."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from pipeline import storage
from pipeline.shards import read_shard


def batches(run: str, kind: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Those of all shards in order. kind: `documents` or `dropped`."""
    for path in storage.list_files(storage.join(run, "out", kind), ".arrow"):
        yield from read_shard(path, columns)
