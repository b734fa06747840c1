"""What a worker does: one shard through the row stages of a pass, and its keys for the next global stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from . import storage
from .batch import Batch
from .errors import CorpusmillError
from .exchange import write_spill
from .execute import Outcome, quarantine, run_stage
from .ingest import Place, read_batches
from .ledger import Ledger
from .readers.base import Input
from .recipe import Step
from .rows import document_schema, dropped_schema
from .shards import ShardWriter, finished, read_shard, sidecar_path
from .stage import Fit, GlobalStage, RowVerdicts, Sketch
from .verdicts import read_verdicts, verdicts_of
from .work import INPUTS, ReadTask, Segment, Workspace
from .worker import Done, opened, stage_error


class ShardTask(NamedTuple):
    """A shard of a complete folder: its number in the index, and its name."""

    number: int
    name: str


def segment_mark(work: Workspace, segment: Segment) -> str:
    """What a sidecar must carry: a folder may have been begun from another parent."""
    return f"{work.plan.fingerprints[segment.last]}<{segment.parent}"


class ShardSink:
    """Carries the batches of one shard through a segment and writes what becomes of them."""

    def __init__(self, work: Workspace, segment: Segment, shard: str) -> None:
        self.work, self.segment, self.shard = work, segment, shard
        self.folder = work.folder(segment.last)
        signals = work.plan.signals[segment.last]
        self.documents = ShardWriter(storage.join(self.folder, "documents", f"{shard}.arrow"), document_schema(signals))
        self.dropped = ShardWriter(storage.join(self.folder, "dropped", f"{shard}.arrow"), dropped_schema(signals))
        self.ledger = Ledger()
        self.sketches: list[Sketch] = []
        self.errors: list[str] = []
        self.ranks: list[int] = []

    def push(self, outcome: Outcome, verdicts: RowVerdicts | None = None) -> None:
        """Take a batch, as a reader or the folder before has it, through the stages."""
        first = max(self.segment.parent, 0) + 1
        self._record(outcome)
        batch = outcome.kept
        for position in range(first, self.segment.last + 1):
            step = self.work.plan.step(position)
            if not isinstance(step.stage, Fit):
                outcome = self._run(step, position, batch, verdicts)
                self._record(outcome)
                batch = outcome.kept
        self.documents.write(batch)
        if batch.num_rows:
            self.ranks += [batch.column("rank")[0].as_py(), batch.column("rank")[-1].as_py()]
        if self.segment.then is not None:
            self.sketches.append(sketch(self.work, self.segment.then, batch, self.shard))

    def _record(self, outcome: Outcome) -> None:
        self.ledger.merge(outcome.ledger)
        self.dropped.write(outcome.dropped)

    def _run(self, step: Step, position: int, batch: pa.RecordBatch, verdicts: RowVerdicts | None) -> Outcome:
        stage, resource = opened(self.work, position)
        try:
            return run_stage(stage, batch, label=step.label, resource=resource, verdicts=verdicts)
        except CorpusmillError:
            raise
        except Exception as error:
            problem = stage_error(self.work, step.label, f"shard {self.shard}", batch, error)
            if self.work.plan.recipe.settings.on_error == "stop":
                raise problem from error
            self.errors.append(str(problem))
            storage.write_bytes(self.work.quarantined, b"")
            return quarantine(stage, batch, step.label)

    def close(self) -> None:
        """Commit all files, the sidecar last."""
        if self.segment.then is not None:
            write_spill(self.work.spill(self.segment.then, self.shard), self.sketches, self.work.plan.partitions)
        documents, dropped = self.documents.close(), self.dropped.close()
        sidecar = {
            "fingerprint": segment_mark(self.work, self.segment),
            "documents": documents,
            "dropped": dropped,
            "ranks": [min(self.ranks), max(self.ranks)] if self.ranks else None,
            "errors": self.errors,
            "ledger": self.ledger.to_json(),
        }
        storage.write_json(sidecar_path(self.folder, self.shard), sidecar)

    def abandon(self, error: BaseException) -> None:
        """Leave nothing half-written behind."""
        self.documents.abandon(error)
        self.dropped.abandon(error)


def sketch(work: Workspace, position: int, batch: pa.RecordBatch, shard: str) -> Sketch:
    """A global stage's keys of one batch. Raises StageError."""
    step = work.plan.step(position)
    stage, resource = opened(work, position)
    assert isinstance(stage, GlobalStage)
    try:
        return stage.sketch(Batch(batch, stage, step.label, resource))
    except Exception as error:
        raise stage_error(work, step.label, f"shard {shard}", batch, error) from error


def read_task(work: Workspace, segment: Segment, task: ReadTask) -> Done:
    """Read the files of a task into shards, each through the segment; shards that are finished are not done again."""
    started = time.perf_counter()
    recipe = work.plan.recipe
    source = recipe.sources[task.source]
    items = work.plan.inputs[source.name][task.first : task.last + 1]
    places = [(Place(task.source, task.first + offset), item) for offset, item in enumerate(items)]
    shards: list[str] = []
    rows, n_bytes = 0, 0
    sink: ShardSink | None = None
    try:
        for number, draft in read_batches(
            source, places, recipe.settings.on_error, recipe.settings.shard_mb * 1_000_000
        ):
            if number == len(shards):
                _close(sink)
                shards.append(f"{task.name}-{number:04d}")
                sink = _sink(work, segment, shards[-1])
            rows, n_bytes = rows + len(draft), n_bytes + draft.n_bytes
            if draft.bad:
                storage.write_bytes(work.quarantined, b"")
            if sink is not None:
                sink.push(draft.outcome())
        _close(sink)
    except BaseException as error:
        if sink is not None:
            sink.abandon(error)
        raise
    content = {
        "fingerprint": segment_mark(work, segment),
        "shards": shards,
        "sha256": [_sha256(item) for item in items],
    }
    storage.write_json(task_path(work, segment, task), content)
    return Done(task.name, shards, rows, n_bytes, time.perf_counter() - started)


def task_path(work: Workspace, segment: Segment, task: ReadTask) -> str:
    """The file that says that a task is complete, and which shards it gave."""
    return storage.join(work.folder(segment.last), "tasks", f"{task.name}.json")


def _sink(work: Workspace, segment: Segment, shard: str) -> ShardSink | None:
    folder, mark = work.folder(segment.last), segment_mark(work, segment)
    return None if finished(folder, shard, mark) else ShardSink(work, segment, shard)


def _close(sink: ShardSink | None) -> None:
    if sink is not None:
        sink.close()


def _sha256(item: Input) -> str:
    """The content hash of a local file; empty for folders and what comes over a network, which its stamp identifies."""
    return storage.sha256_of(item.location) if storage.is_local_file(item.location) else ""


def shard_task(work: Workspace, segment: Segment, task: ShardTask) -> Done:
    """Take one stored shard through the segment, with the verdicts of its first stage if that is a global one."""
    started = time.perf_counter()
    assert segment.parent != INPUTS
    rows, n_bytes = 0, 0
    sink = ShardSink(work, segment, task.name)
    try:
        for batch, verdicts in _stored(work, segment, task):
            rows, n_bytes = rows + batch.num_rows, n_bytes + batch.column("text").nbytes
            sink.push(Outcome(batch, batch.slice(0, 0), Ledger()), verdicts)
        sink.close()
    except BaseException as error:
        sink.abandon(error)
        raise
    return Done(task.name, [task.name], rows, n_bytes, time.perf_counter() - started)


def _stored(work: Workspace, segment: Segment, task: ShardTask) -> Iterator[tuple[pa.RecordBatch, RowVerdicts | None]]:
    """The batches of a stored shard, at least one, each with its rows' verdicts."""
    path = storage.join(work.folder(segment.parent), "documents", f"{task.name}.arrow")
    row_steps = [p for p in range(segment.parent + 1, segment.last + 1) if not isinstance(work.plan.step(p).stage, Fit)]
    position, verdicts = row_steps[0], None
    if isinstance(work.plan.step(position).stage, GlobalStage):
        verdicts = read_verdicts(work.verdicts(position), task.number)
    for batch in read_shard(path, at_least_one=True):
        yield batch, None if verdicts is None else verdicts_of(batch, verdicts, work.plan)


def sketch_task(work: Workspace, segment: Segment, task: ShardTask) -> Done:
    """Only the keys of a stored shard, for a global stage that was not yet planned when the shard was written."""
    started = time.perf_counter()
    assert segment.then is not None
    path = storage.join(work.folder(segment.last), "documents", f"{task.name}.arrow")
    sketches, rows, n_bytes = [], 0, 0
    for batch in read_shard(path, at_least_one=True):
        rows, n_bytes = rows + batch.num_rows, n_bytes + batch.column("text").nbytes
        sketches.append(sketch(work, segment.then, batch, task.name))
    write_spill(work.spill(segment.then, task.name), sketches, work.plan.partitions)
    return Done(task.name, [task.name], rows, n_bytes, time.perf_counter() - started)
