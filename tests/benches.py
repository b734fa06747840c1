"""A bench for tests of a GlobalFit: all in this process, on given batches, with files in a temporary folder."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.batch import Batch
from pipeline.fitting import Scratch
from pipeline.stage import GlobalFit


class ToyBench(Scratch):
    """The shards by name; done: (method, task) of every call, in order."""

    def __init__(self, stage: GlobalFit, shards: Mapping[str, Sequence[pa.RecordBatch]], folder: Path) -> None:
        super().__init__(str(folder))
        self.shards = tuple(shards)
        self.done: list[tuple[str, str]] = []
        self._stage, self._batches = stage, shards

    def batches(self, shard: str) -> Iterator[Batch]:
        for batch in self._batches[shard]:
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
