"""What a worker does: one shard through the row stages of a pass, and what the next global stage compares of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pyarrow as pa

from . import storage
from .audit import divide, measured
from .batch import Batch
from .errors import CorpusmillError
from .execute import Outcome, quarantine, run_stage
from .ingest import READ, Draft, Place, read_batches
from .ledger import Ledger
from .readers.base import Input
from .recipe import Source
from .rows import audited_schema, document_schema, dropped_schema
from .shards import ShardWriter, conform, finished, read_shard, sidecar_path
from .sketches import SketchWriter
from .stage import Fit, GlobalStage, Sketch, Verdicts
from .verdicts import read_verdicts, verdicts_in
from .work import INPUTS, ReadTask, Segment, Workspace
from .worker import Done, failure, naming_failures, opened

T = TypeVar("T")


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
        self.audited = ShardWriter(storage.join(self.folder, "audited", f"{shard}.arrow"), audited_schema(signals))
        first = max(segment.parent, 0) + 1
        steps = range(first, segment.last + 1)
        self.positions = [position for position in steps if not isinstance(work.plan.step(position).stage, Fit)]
        self.ledger = Ledger()
        self.sketches = None if segment.then is None else _sketch_writer(work, segment.then, shard)
        self.errors: list[str] = []
        self.ranks: list[int] = []

    def push(self, outcome: Outcome, verdicts: Verdicts | None = None) -> None:
        """Take a batch, as a reader or the folder before has it, through the stages."""
        audited = self._record(outcome, max(self.segment.parent, 0))
        batch = outcome.kept
        for position in self.positions:
            outcome = self._run(position, batch, verdicts)
            audited = self._joined([self._measure(position, audited), self._record(outcome, position)], position)
            batch = outcome.kept
        self.audited.write(audited)
        self.documents.write(batch)
        if batch.num_rows:
            self.ranks += [batch.column("rank")[0].as_py(), batch.column("rank")[-1].as_py()]
        if self.sketches is not None and self.segment.then is not None:
            self.sketches.add(batch.num_rows, sketch(self.work, self.segment.then, batch, self.shard))

    def push_audited(self, audited: pa.RecordBatch) -> None:
        """Take rows that were dropped before through the stages, which measure them."""
        for position in self.positions:
            audited = self._joined([self._measure(position, audited)], position)
        self.audited.write(audited)

    def _record(self, outcome: Outcome, position: int) -> pa.RecordBatch:
        """Count and write what was dropped; returns those of it that are audited instead of written."""
        self.ledger.merge(outcome.ledger)
        if outcome.texts is None or not self.work.plan.recipe.settings.audit:
            self.dropped.write(outcome.dropped)
            return self._joined([], position)
        done_with, audited = divide(outcome, self.work.plan.recipe.settings.audit)
        self.dropped.write(done_with)
        return audited

    def _joined(self, audited: list[pa.RecordBatch], position: int) -> pa.RecordBatch:
        """Audited rows in one batch, with the columns there are after a step."""
        schema = audited_schema(self.work.plan.signals[position])
        none = pa.RecordBatch.from_pylist([], schema=schema)
        return pa.concat_batches([none, *(conform(batch, schema) for batch in audited)])

    def _run(self, position: int, batch: pa.RecordBatch, verdicts: Verdicts | None) -> Outcome:
        stage, resource = opened(self.work, position)
        label = self.work.plan.labels[position]
        outcome = self._attempt(
            label, batch, lambda: run_stage(stage, batch, label=label, resource=resource, verdicts=verdicts)
        )
        return quarantine(stage, batch, label) if outcome is None else outcome

    def _measure(self, position: int, audited: pa.RecordBatch) -> pa.RecordBatch:
        """Audited rows after a step; one that the stage fails on stays as it is, whatever is beside it."""
        stage, resource = opened(self.work, position)
        if isinstance(stage, GlobalStage) or not audited.num_rows:
            return audited
        label = self.work.plan.labels[position]
        found = self._attempt(label, audited, lambda: measured(stage, audited, label, resource))
        if found is not None or audited.num_rows == 1:
            return audited if found is None else found
        rows = [self._measure(position, audited.slice(row, 1)) for row in range(audited.num_rows)]
        return self._joined(rows, position)

    def _attempt(self, label: str, batch: pa.RecordBatch, act: Callable[[], T]) -> T | None:
        """What a stage makes of a batch; None if it failed, which is noted. Raises StageError if that stops the run."""
        try:
            return act()
        except CorpusmillError:
            raise
        except Exception as error:
            problem, cause = failure(self.work, label, f"shard {self.shard}", batch, error)
            if self.work.plan.recipe.settings.on_error == "stop":
                raise problem from cause
            self.errors.append(str(problem))
            storage.write_bytes(self.work.quarantined, b"")
            return None

    def close(self) -> None:
        """Commit all files, the sidecar last."""
        if self.sketches is not None:
            self.sketches.close()
        documents, dropped, audited = (file.close() for file in (self.documents, self.dropped, self.audited))
        sidecar = {
            "fingerprint": segment_mark(self.work, self.segment),
            "documents": documents,
            "dropped": dropped,
            "audited": audited,
            "ranks": [min(self.ranks), max(self.ranks)] if self.ranks else None,
            "errors": self.errors,
            "ledger": self.ledger.to_json(),
        }
        storage.write_json(sidecar_path(self.folder, self.shard), sidecar)

    def abandon(self, error: BaseException) -> None:
        """Leave nothing half-written behind."""
        if self.sketches is not None:
            self.sketches.abandon(error)
        for file in (self.documents, self.dropped, self.audited):
            file.abandon(error)


def _sketch_writer(work: Workspace, position: int, shard: str) -> SketchWriter:
    return SketchWriter(work.rounds(position), shard, work.plan.partitions)


def sketch(work: Workspace, position: int, batch: pa.RecordBatch, shard: str) -> Sketch:
    """What a global stage compares of one batch. Raises StageError."""
    step = work.plan.step(position)
    stage, resource = opened(work, position)
    assert isinstance(stage, GlobalStage)
    with naming_failures(work, step.label, f"shard {shard}", batch):
        return stage.sketch(Batch(batch, stage, step.label, resource))


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
        for number, draft in _read(work, source, places):
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


def _read(work: Workspace, source: Source, places: list[tuple[Place, Input]]) -> Iterator[tuple[int, Draft]]:
    """What `read_batches` gives. Raises StageError if the reader fails."""
    settings = work.plan.recipe.settings
    with naming_failures(work, READ, f"the source {source.name}"):
        yield from read_batches(source, places, settings.on_error, settings.shard_mb * 1_000_000)


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


def shard_task(work: Workspace, segment: Segment, shard: str) -> Done:
    """Take one stored shard through the segment, with the verdicts of its first stage if that is a global one."""
    started = time.perf_counter()
    assert segment.parent != INPUTS
    rows, n_bytes = 0, 0
    sink = ShardSink(work, segment, shard)
    try:
        for batch, verdicts in _stored(work, segment, shard):
            rows, n_bytes = rows + batch.num_rows, n_bytes + batch.column("text").nbytes
            sink.push(Outcome(batch, batch.slice(0, 0), Ledger()), verdicts)
        for batch in read_shard(storage.join(work.folder(segment.parent), "audited", f"{shard}.arrow")):
            sink.push_audited(batch)
        sink.close()
    except BaseException as error:
        sink.abandon(error)
        raise
    return Done(shard, [shard], rows, n_bytes, time.perf_counter() - started)


def _stored(work: Workspace, segment: Segment, shard: str) -> Iterator[tuple[pa.RecordBatch, Verdicts | None]]:
    """The batches of a stored shard, at least one, each with its rows' verdicts."""
    path = storage.join(work.folder(segment.parent), "documents", f"{shard}.arrow")
    row_steps = [p for p in range(segment.parent + 1, segment.last + 1) if not isinstance(work.plan.step(p).stage, Fit)]
    position = row_steps[0]
    if not isinstance(work.plan.step(position).stage, GlobalStage):
        for batch in read_shard(path, at_least_one=True):
            yield batch, None
        return
    columns, first = read_verdicts(work.verdicts(position, shard)), 0
    for batch in read_shard(path, at_least_one=True):
        yield batch, verdicts_in(columns, first, batch.num_rows)
        first += batch.num_rows


def sketch_task(work: Workspace, segment: Segment, shard: str) -> Done:
    """Only what is compared of a stored shard, for a global stage not yet planned when the shard was written."""
    started = time.perf_counter()
    assert segment.then is not None
    path = storage.join(work.folder(segment.last), "documents", f"{shard}.arrow")
    rows, n_bytes = 0, 0
    with _sketch_writer(work, segment.then, shard) as writer:
        for batch in read_shard(path, at_least_one=True):
            rows, n_bytes = rows + batch.num_rows, n_bytes + batch.column("text").nbytes
            writer.add(batch.num_rows, sketch(work, segment.then, batch, shard))
    return Done(shard, [shard], rows, n_bytes, time.perf_counter() - started)
