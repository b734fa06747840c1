"""Fits between two passes: one reads all documents in this process, a GlobalFit works in rounds on all workers.

What a task of a round returned is committed as `results-<method>/<task>.json` in the Fit's scratch folder, beside the
files and spills that rounds hand to each other, so a run that was killed goes on with the tasks that are left.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, NamedTuple

import numpy.typing as npt

from . import storage
from .batch import Batch
from .exchange import SpillWriter, read_chunks
from .export import Map
from .shards import read_shard
from .stage import Declared, Fit, GlobalFit
from .work import Workspace
from .worker import Done, at_hand, naming_failures

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
"""What names a task, a file or a spill: it is part of a path."""


class Place(NamedTuple):
    """The position of a Fit or a GlobalStage, and that of the complete folder whose documents reach it."""

    position: int
    parent: int


class RoundTask(NamedTuple):
    """A call of a method. stage: the label of the one that has it."""

    stage: str
    method: str
    task: str


class Scratch:
    """The files that the rounds of a GlobalFit or a GlobalStage share; see `stage.Bench`."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def write(self, name: str) -> AbstractContextManager[BinaryIO]:
        """See `stage.Bench`."""
        return storage.commit(self.path("files", name))

    def read(self, name: str) -> BinaryIO:
        """See `stage.Bench`."""
        return storage.open_read(self.path("files", name))

    def local(self, name: str) -> AbstractContextManager[str]:
        """See `stage.Bench`."""
        return storage.local(self.path("files", name))

    def spill(self, name: str, n_partitions: int) -> SpillWriter:
        """See `stage.Bench`."""
        return SpillWriter(self.path("spills", f"{name}.arrow"), n_partitions)

    def partition(self, names: Iterable[str], number: int) -> Iterator[dict[str, npt.NDArray[Any]]]:
        """See `stage.Bench`."""
        for name in names:
            yield from read_chunks(self.path("spills", f"{name}.arrow"), number)

    def remove(self, prefix: str) -> None:
        """See `stage.Bench`."""
        for folder in ("files", "spills"):
            for path in storage.list_files(storage.join(self.folder, folder)):
                if os.path.basename(path).startswith(prefix):
                    storage.remove(path)

    def result(self, method: str, task: str) -> str:
        """The file with what a task returned."""
        return self.path(f"results-{method}", f"{task}.json")

    def path(self, *names: str) -> str:
        """A file of the folder."""
        assert all(map(NAME.fullmatch, names)), f"{names} are no names of files"
        return storage.join(self.folder, *names)


class RunBench(Scratch):
    """The bench of a Fit in a run; see `stage.Bench`. rows, n_bytes: of documents that were read at it."""

    def __init__(self, work: Workspace, place: Place, made: Declared, run_map: Map | None = None) -> None:
        self._work, self._place, self._made, self._run_map = work, place, made, run_map
        self._label = work.plan.step(place.position).label
        super().__init__(work.scratch(self._label) if isinstance(made, Fit) else work.rounds(place.position))
        index = work.index(place.parent)
        assert index is not None, f"{work.folder(place.parent)} is not complete"
        self.shards: tuple[str, ...] = tuple(shard["name"] for shard in index["shards"])
        self.rows = self.n_bytes = 0

    def batches(self, shard: str) -> Iterator[Batch]:
        """See `stage.Bench`."""
        path = storage.join(self._work.folder(self._place.parent), "documents", f"{shard}.arrow")
        for batch in read_shard(path):
            self.rows += batch.num_rows
            self.n_bytes += batch.column("text").nbytes
            yield Batch(batch, self._made, self._label)

    def map(self, method: str, tasks: Sequence[str]) -> list[Any]:
        """See `stage.Bench`. Raises what the method raises, as StageError if it is none of ours."""
        assert self._run_map is not None, f"{self._label}: a task calls no map"
        assert len(set(tasks)) == len(tasks), f"{self._label}: {method} has a task twice"
        paths = [self.result(method, task) for task in tasks]
        left = [
            RoundTask(self._label, method, task)
            for task, path in zip(tasks, paths, strict=True)
            if not storage.exists(path)
        ]
        self._map_tasks(f"{self._label}: {method}", left, len(tasks))
        return [storage.read_json(path) for path in paths]

    def _map_tasks(self, what: str, tasks: Sequence[RoundTask], total: int) -> None:
        assert self._run_map is not None
        self._run_map(what, round_task, self._place, tasks, total)


def round_task(work: Workspace, place: Place, task: RoundTask) -> Done:
    """Call a method of a GlobalFit and commit what it returns. Raises StageError."""
    return do_round(RunBench, work, place, task)


def do_round(kind: type[RunBench], work: Workspace, place: Place, task: RoundTask) -> Done:
    """Call a method of a stage on a bench of this kind and commit what it returns. Raises StageError."""
    started = time.perf_counter()
    with at_hand(work, work.plan.step(place.position)) as made:
        bench = kind(work, place, made)
        with naming_failures(work, task.stage, f"{task.method} of {task.task}"):
            found = storage.to_text(getattr(made, task.method)(bench, task.task))
    storage.write_bytes(bench.result(task.method, task.task), found.encode())
    seconds = time.perf_counter() - started
    return Done(f"{task.method}-{task.task}", [], bench.rows, bench.n_bytes, seconds)


def fit(work: Workspace, place: Place, run_map: Map) -> None:
    """Write the artifact of a Fit from all documents if it is not there, and leave no scratch. Raises StageError."""
    step = work.plan.step(place.position)
    path, scratch = work.artifacts[step.label], work.scratch(step.label)
    if not storage.exists(path):
        with at_hand(work, step) as made, storage.commit(path) as file:
            assert isinstance(made, Fit)
            bench = RunBench(work, place, made, run_map)
            with naming_failures(work, step.label, "the documents that reach it"):
                _write(made, bench, file)
    storage.remove_folder(scratch)


def _write(made: Fit, bench: RunBench, file: BinaryIO) -> None:
    if isinstance(made, GlobalFit):
        storage.make_folder(bench.folder, private=True)
        made.fit(bench, file)
    else:
        made.fit((batch for shard in bench.shards for batch in bench.batches(shard)), file)
