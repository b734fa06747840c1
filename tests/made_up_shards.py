"""Shards and histograms of runs that are made up by hand. Letters: N documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline import histograms
from pipeline.rows import document_schema, dropped_schema

Signals = dict[str, pa.DataType]


def write_rows(out: Path, columns: dict[str, Any], signals: Signals, n_shards: int) -> None:
    """In place of the shards that are there: survivors and dropped rows, every n_shards-th document in one.

    columns: name -> N values; those that a schema has besides are empty, or 0.
    """
    gone, n = columns["stage"] != "", len(columns["uid"])
    for kind, here, schema in (("documents", ~gone, document_schema(signals)), ("dropped", gone, dropped_schema(signals))):  # fmt: skip
        for path in (out / kind).glob("*.arrow"):
            path.unlink()
        filled = {field.name: [""] * n if pa.types.is_string(field.type) else np.zeros(n, np.int64) for field in schema}
        filled |= columns
        arrays = [pa.array(filled[one.name], one.type, from_pandas=one.name in ("value", "limit")) for one in schema]
        whole = pa.table(arrays, schema=schema)
        for number in range(n_shards):
            rows = np.flatnonzero(here & (np.arange(n) % n_shards == number))
            with pa.OSFile(str(out / kind / f"{number:03}.arrow"), "wb") as file, pa.ipc.new_file(file, schema) as writer:  # fmt: skip
                writer.write_table(whole.take(pa.array(rows)), max_chunksize=700)


def histograms_of(columns: dict[str, Any], signals: Signals, stage_of: Callable[[str], str]) -> dict[str, Any]:
    """What `signals.json` says of these columns; nested ones are in none. stage_of: the stage of a column."""
    counted = {name: kind for name, kind in signals.items() if not pa.types.is_nested(kind)}
    counts: histograms.Counts = {}
    table = pa.table({name: pa.array(columns[name], kind) for name, kind in counted.items()})
    gone = columns["stage"] != ""
    for side, here in (("kept", ~gone), ("dropped", gone)):
        for batch in table.filter(pa.array(here)).combine_chunks().to_batches():
            histograms.add_batch(counts, batch, counted, side)
    return histograms.to_json(counts, counted, {name: stage_of(name) for name in counted})
