"""Benches for tests of a GlobalFit and a GlobalStage: all in this process, on given batches, with files in a folder."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.execute import run_stage
from pipeline.fitting import Scratch
from pipeline.sketches import SketchWriter, firsts_of, read_part, read_records
from pipeline.stage import GlobalFit, GlobalStage, Part
from pipeline.verdicts import verdicts_in


class ToyBench(Scratch):
    """The shards by name; done: (method, task) of every call, in order."""

    def __init__(
        self, stage: GlobalFit | GlobalStage, shards: Mapping[str, Sequence[pa.RecordBatch]], folder: Path
    ) -> None:
        super().__init__(str(folder))
        self.shards = tuple(shards)
        self.done: list[tuple[str, str]] = []
        self._stage, self._batches = stage, shards

    def batches(self, shard: str) -> Iterator[Batch]:
        for batch in self._batches[shard]:
            if batch.num_rows:
                yield Batch(batch, self._stage, self._stage.name)

    def map(self, method: str, tasks: Sequence[str]) -> list[Any]:
        assert len(set(tasks)) == len(tasks)
        found = []
        for task in tasks:
            self.path("results", task)
            self.done.append((method, task))
            found.append(json.loads(json.dumps(getattr(self._stage, method)(self, task), allow_nan=False)))
        return found


def fitted(stage: GlobalFit, shards: Mapping[str, Sequence[pa.RecordBatch]], folder: Path) -> bytes:
    """The artifact that a GlobalFit makes of these shards; the folder is empty or new."""
    stage.fit(ToyBench(stage, shards, folder), out := io.BytesIO())
    return out.getvalue()


class ToyComparison(ToyBench):
    """The bench of a GlobalStage; found: shard -> its verdicts."""

    def __init__(
        self, stage: GlobalStage, shards: Mapping[str, Sequence[pa.RecordBatch]], folder: Path, n_partitions: int = 1
    ) -> None:
        super().__init__(stage, shards, folder)
        self.n_partitions = n_partitions
        self.found: dict[str, dict[str, np.ndarray]] = {}
        self.sources = tuple(
            next((batch.column("source")[0].as_py() for batch in batches if batch.num_rows), "")
            for batches in shards.values()
        )
        for shard, batches in shards.items():
            with SketchWriter(self.folder, shard, n_partitions) as writer:
                for batch in batches:
                    writer.add(batch.num_rows, stage.sketch(Batch(batch, stage, stage.name)))
        self.firsts = firsts_of(self.folder, self.shards)

    def part(self, number: int) -> Part:
        return read_part(self.folder, self.shards, self.firsts, number)

    def records(self, shard: str, columns: Sequence[str]) -> Iterator[dict[str, np.ndarray]]:
        return read_records(self.folder, shard, columns)

    def verdicts(self, shard: str, columns: Mapping[str, np.ndarray]) -> None:
        assert shard not in self.found, f"{shard} has verdicts already"
        assert (np.diff(columns["row"]) >= 0).all(), f"the verdicts of {shard} are not sorted"
        self.found[shard] = dict(columns)


def compared(
    stage: GlobalStage, shards: Mapping[str, Sequence[pa.RecordBatch]], folder: Path, n_partitions: int = 1
) -> tuple[list[pa.RecordBatch], list[pa.RecordBatch], dict[str, Any]]:
    """What a global stage makes of these shards: survivors and dropped rows by batch, and the facts."""
    bench = ToyComparison(stage, shards, folder, n_partitions)
    facts = json.loads(json.dumps(stage.compare(bench), allow_nan=False))
    assert set(bench.found) == set(shards)
    kept, dropped = [], []
    for shard, batches in shards.items():
        first = 0
        for batch in batches:
            outcome = run_stage(stage, batch, verdicts=verdicts_in(bench.found[shard], first, batch.num_rows))
            kept.append(outcome.kept)
            dropped.append(outcome.dropped)
            first += batch.num_rows
    return kept, dropped, facts
