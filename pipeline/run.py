"""Carries out a plan: skips what is finished, does the rest pass by pass, and publishes.

Nothing depends on this process living to the end: every file appears whole, what is
complete says so, and a run that was killed goes on from there to the same bytes.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from . import storage
from .ablation import check_ablation, compare_mixtures, is_compared
from .compare import compare
from .engine import Engine, EngineFactory, LocalEngine, Task
from .fitting import Place, fit
from .ledger import Ledger
from .passes import read_task, segment_mark, shard_task, sketch_task, task_path
from .plan import Pass, Plan
from .publish import is_published, publish
from .report import has_report, write_report
from .scrubbers import scrubbed_errors
from .shards import finished, sidecar_path
from .sketches import keys_path
from .stage import Fit, GlobalStage
from .variants import check_variants, variants
from .work import EXCHANGE, INPUTS, ROUNDS, SCRATCH, Segment, Workspace
from .worker import Done, Progress

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """What a run came to. did_nothing: all was there already."""

    run: str
    ledger: Ledger
    did_nothing: bool


def run_plan(
    plan: Plan, run: str, workers: int, progress: Progress, start_engine: EngineFactory = LocalEngine
) -> Result:
    """Bring the run folder to what the plan says. Raises InputError, StageError."""
    check_ablation(plan)
    check_variants(plan)
    work = Workspace(plan, run)
    did_nothing = is_published(work) and is_compared(work) and has_report(run)
    if not did_nothing:
        storage.make_folder(run)
        with storage.lock(storage.join(run, ".lock")):
            _prepare(work)
            storage.remove_folder(storage.join(work.out, "report"))
            with scrubbed_errors(work):
                _bring_up(work, start_engine, progress, workers)
            write_report(run)
    return Result(run, Ledger.from_json(storage.read_json(storage.join(work.out, "ledger.json"))), did_nothing)


def _bring_up(work: Workspace, start_engine: EngineFactory, progress: Progress, workers: int) -> None:
    """Do what is missing of the corpus and its variants, and then of the ablation over them."""
    if is_published(work) and is_compared(work):
        return
    for one in itertools.chain([work], variants(work)):
        if not is_published(one):
            with start_engine(one, workers) as engine:
                runner = Runner(one, engine, progress)
                position = runner.all_passes()
                publish(one, position, one.ledger(position), runner.map)
    with start_engine(work, workers) as engine:
        compare_mixtures(work, engine, progress, workers)


def _prepare(work: Workspace) -> None:
    """Make the run folder fit for this plan, and note in `run.json` what it is of."""
    plan = work.plan
    storage.remove_partial(work.run)
    if plan.recipe.settings.on_error == "stop" and storage.exists(work.quarantined):
        storage.remove_folder(work.root)  # what was set aside then must stop this run
        storage.remove(work.quarantined)
    storage.make_folder(work.root, private=True)
    if plan.until is None:  # else a stage after the last may have left it, which goes on another time
        _remove_scratch(work)
    about = {"recipe": os.path.abspath(plan.recipe.path), "until": plan.until}
    storage.write_json(storage.join(work.run, "run.json"), about)


def _remove_scratch(work: Workspace) -> None:
    """Delete what Fits and comparisons left that this plan does not go on with; a variant's comparison begins anew."""
    kept = {work.scratch(label) for label in work.plan.artifacts}
    kept |= {work.rounds(one.then) for one in work.plan.passes if one.then is not None}
    rounds = (path for folder in storage.list_files(work.root, EXCHANGE) for path in storage.list_files(folder, ROUNDS))
    for path in (*storage.list_files(work.root, SCRATCH), *rounds):
        if path not in kept:
            storage.remove_folder(path)


class Runner:
    """The passes of one run, in order."""

    def __init__(self, work: Workspace, engine: Engine, progress: Progress) -> None:
        self.work, self.engine, self.progress = work, engine, progress

    def map(self, what: str, function: Task[T, Done], segment: Any, tasks: Sequence[T], total: int) -> None:
        """Do the tasks that are left of `total`, and log what each took."""
        if not tasks:
            return
        self.progress.begin(what, total, total - len(tasks))
        lines = []
        try:
            for done in self.engine.map(function, segment, tasks):
                line = {"pass": what, **done._asdict(), "seconds": round(done.seconds, 3)}
                lines.append(storage.to_line(line))
                self.progress.advance(done)
        finally:
            storage.append_lines(storage.join(self.work.root, "timings.jsonl"), lines)

    def all_passes(self) -> int:
        """Do every pass; returns the position of the folder that has the survivors."""
        position = INPUTS
        for one in self.work.plan.passes:
            position = self._pass(one, position)
        return position

    def _pass(self, one: Pass, previous: int) -> int:
        """Complete the folder of a pass from the furthest one that is complete, then what comes between passes."""
        steps = self.work.plan.steps[max(one.first, 1) - 1 : one.last]
        position = one.last
        if previous != INPUTS and all(isinstance(step.stage, Fit) for step in steps):
            position = previous
        elif self.work.index(one.last) is None:
            self._fill(self._segment(one, previous))
        index = self.work.index(position)
        assert index is not None
        if one.then is not None:
            self._between(Segment(previous, position, one.then), index)
        return position

    def _segment(self, one: Pass, previous: int) -> Segment:
        complete = [p for p in range(one.first, one.last) if self.work.index(p) is not None]
        then = (
            one.then if one.then is not None and isinstance(self.work.plan.step(one.then).stage, GlobalStage) else None
        )
        return Segment(max(complete, default=previous), one.last, then)

    def _fill(self, segment: Segment) -> None:
        """Complete one folder and write its index."""
        if segment.parent == INPUTS:
            shards = self._read(segment)
        else:
            shards = self._rework(segment)
        folder, mark = self.work.folder(segment.last), segment_mark(self.work, segment)
        ledger, entries = Ledger(), []
        for shard in shards:
            sidecar = finished(folder, shard, mark)
            assert sidecar is not None, f"{sidecar_path(folder, shard)} is missing"
            ledger.merge(Ledger.from_json(sidecar["ledger"]))
            entries.append({"name": shard, "rows": sidecar["documents"]["rows"], "ranks": sidecar["ranks"]})
        ledger.check()
        index = {
            "fingerprint": self.work.plan.fingerprints[segment.last],
            "parent": segment.parent,
            "shards": entries,
            "ledger": ledger.to_json(),
        }
        storage.write_json(storage.join(folder, "index.json"), index)

    def _read(self, segment: Segment) -> list[str]:
        """Every input read; returns the names of the shards in order."""
        tasks = self.work.read_tasks()
        paths = [task_path(self.work, segment, task) for task in tasks]
        mark = segment_mark(self.work, segment)
        open_tasks = [
            task
            for task, path in zip(tasks, paths, strict=True)
            if not storage.exists(path) or storage.read_json(path)["fingerprint"] != mark
        ]
        self.map(self._title(segment), read_task, segment, open_tasks, len(tasks))
        return [shard for path in paths for shard in storage.read_json(path)["shards"]]

    def _rework(self, segment: Segment) -> list[str]:
        """Every shard of the parent taken on; returns their names in order."""
        parent = self.work.index(segment.parent)
        assert parent is not None
        names = [shard["name"] for shard in parent["shards"]]
        folder, mark = self.work.folder(segment.last), segment_mark(self.work, segment)
        tasks = [name for name in names if not finished(folder, name, mark)]
        self.map(self._title(segment), shard_task, segment, tasks, len(names))
        return names

    def _title(self, segment: Segment) -> str:
        labels = self.work.plan.labels[segment.parent + 1 : segment.last + 1]
        return labels[0] if len(labels) == 1 else f"{labels[0]} .. {labels[-1]}"

    def _between(self, segment: Segment, index: dict[str, Any]) -> None:
        """What the next stage needs of all documents: verdicts of a global stage, or the artifact of a Fit."""
        assert segment.then is not None
        stage = self.work.plan.step(segment.then).stage
        if isinstance(stage, Fit):
            fit(self.work, Place(segment.then, segment.last), self.map)
        else:
            self._compare(Place(segment.then, segment.last), segment, index)

    def _compare(self, place: Place, segment: Segment, index: dict[str, Any]) -> None:
        """The verdicts of a global stage, after the sketches of shards that have none yet."""
        if not storage.exists(self.work.compared(place.position)):
            names, folder = [shard["name"] for shard in index["shards"]], self.work.rounds(place.position)
            missing = [name for name in names if not storage.exists(keys_path(folder, name))]
            self.map(f"{self.work.plan.step(place.position).label}: sketch", sketch_task, segment, missing, len(names))
        compare(self.work, place, self.map)
