"""The layout of `work/`: a folder per pass, named by the step it ends with and that step's fingerprint.

    work/{step}-{label}-{fingerprint}/          index.json (complete), documents/, dropped/, sidecars/, tasks/
    work/{step}-{label}-{fingerprint}.exchange/  compared.json (complete), verdicts/, tables/
        {P}.rounds/ while a GlobalStage compares: sketches/, records/, results-{method}/, spills/, files/
    work/artifact-{label}-{fingerprint}          what a Fit wrote
    work/artifact-{label}-{fingerprint}.scratch/ results-{method}/, spills/, files/ while a GlobalFit works
    work/export-{label}/  exports.json            sidecars of exports; which exports `out/` holds
    work/ablation/{mixture}-{seed}-{fingerprint}/ training runs
    work/variants/{name}/                         out/ and state/ of a variant; state/data/ to train it from
    work/failed.txt                               what a stage said that failed, if that may quote text

`quarantined` beside `work/` is there if `on_error: quarantine` set anything aside: it must outlive what it is about.

A name holds all that decides a folder's content, so runs of other variants, or up to another
stage, share what they have in common.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import storage
from .ledger import Ledger
from .plan import Plan
from .readers.base import Input

INPUTS = -1
"""Stands for the folder before step 0."""
SCRATCH = ".scratch"
"""How the names of scratch folders end."""
EXCHANGE = ".exchange"
"""How the names of the folders of comparisons end."""
ROUNDS = ".rounds"
"""How the names of the folders end that a comparison has until it is complete."""


@dataclass(frozen=True)
class ReadTask:
    """Consecutive files of one source, read by one worker: positions first..last (inclusive)."""

    source: int
    number: int
    first: int
    last: int

    @property
    def name(self) -> str:
        """The first part of the names of its shards."""
        return f"{self.source:03d}-{self.number:05d}"


@dataclass(frozen=True)
class Segment:
    """What a pass still has to do: the row stages after `parent` up to `last`, on the documents of `parent`.

    parent: position of a step whose folder is complete, or INPUTS; then: the global stage that sketches, if any.
    """

    parent: int
    last: int
    then: int | None


@dataclass(frozen=True)
class Workspace:
    """A plan and the run folder it is carried out in; the same in every worker. variant: its name, if it is one."""

    plan: Plan
    run: str
    variant: str = ""

    @property
    def replay(self) -> str:
        """The command that does the run again, in one process."""
        until = ["--until", self.plan.until] if self.plan.until else []
        return shlex.join(["corpusmill", "run", self.plan.recipe.path, "--out", self.run, "--workers", "1", *until])

    @property
    def root(self) -> str:
        """The private folder of raw text and intermediates."""
        return storage.join(self.run, "work")

    @property
    def out(self) -> str:
        """The folder of what may be shown to others; a variant's is not shown."""
        return storage.join(self._own or self.run, "out")

    @property
    def state(self) -> str:
        """The folder of what is known about `out`."""
        return storage.join(self._own, "state") if self.variant else self.root

    @property
    def _own(self) -> str:
        return storage.join(self.root, "variants", self.variant) if self.variant else ""

    def folder(self, position: int) -> str:
        """The folder of the pass that ends with a step."""
        return storage.join(self.root, self.plan.folder_name(position))

    def exchange(self, position: int) -> str:
        """The folder in which a global stage compares documents."""
        return self.folder(position) + EXCHANGE

    def rounds(self, position: int) -> str:
        """The folder of what a global stage has before and between its rounds."""
        return storage.join(self.exchange(position), f"{self.plan.partitions}{ROUNDS}")

    def compared(self, position: int) -> str:
        """The facts that a global stage found, which say that it has compared."""
        return storage.join(self.exchange(position), "compared.json")

    def table(self, position: int, name: str) -> str:
        """A table that a global stage publishes."""
        return storage.join(self.exchange(position), "tables", name)

    def verdicts(self, position: int, shard: str) -> str:
        """A global stage's verdicts on the documents of a shard."""
        return storage.join(self.exchange(position), "verdicts", f"{shard}.arrow")

    @property
    def artifacts(self) -> dict[str, str]:
        """The path of each Fit's artifact and of each Export's folder by label."""
        exports = {step.label for step in self.plan.exports}
        return {
            label: storage.join(self.out, label)
            if label in exports
            else storage.join(self.root, f"artifact-{label}-{mark[:16]}")
            for label, mark in self.plan.artifacts.items()
        }

    def scratch(self, label: str) -> str:
        """The folder of what a GlobalFit has between its rounds."""
        return self.artifacts[label] + SCRATCH

    @property
    def failed(self) -> str:
        """What the last failure of a stage said, if it may not be shown."""
        return storage.join(self.root, "failed.txt")

    @property
    def quarantined(self) -> str:
        """The mark that something was set aside."""
        return storage.join(self.run, "quarantined")

    def index(self, position: int) -> dict[str, Any] | None:
        """The index of a complete folder, or None."""
        path = storage.join(self.folder(position), "index.json")
        if not storage.exists(path):
            return None
        index: dict[str, Any] = storage.read_json(path)
        return index if index["fingerprint"] == self.plan.fingerprints[position] else None

    def source_of(self, shard: str) -> str:
        """The name of the source that all documents of a shard are of; see `ReadTask.name`."""
        return self.plan.recipe.sources[int(shard.partition("-")[0])].name

    def lineage(self, position: int) -> list[tuple[int, dict[str, Any]]]:
        """(position, index) of the folders that led to a complete one, the first that was read first."""
        found: list[tuple[int, dict[str, Any]]] = []
        while position != INPUTS:
            index = self.index(position)
            assert index is not None, f"{self.folder(position)} is not complete"
            found.append((position, index))
            position = index["parent"]
        return found[::-1]

    def ledger(self, position: int) -> Ledger:
        """What happened from the inputs up to a step."""
        total = Ledger()
        for _, index in self.lineage(position):
            total.merge(Ledger.from_json(index["ledger"]))
        total.check()
        return total

    def read_tasks(self) -> list[ReadTask]:
        """The inputs in groups of about `shard_mb` on disk; one of each source at least."""
        most = self.plan.recipe.settings.shard_mb * 1_000_000
        tasks = []
        for source, items in enumerate(self.plan.inputs.values()):
            for number, (first, last) in enumerate(_groups(items, most)):
                tasks.append(ReadTask(source, number, first, last))
        return tasks


def _groups(items: list[Input], most: int) -> Iterator[tuple[int, int]]:
    first, size = 0, 0
    for position, item in enumerate(items):
        size += item.size
        if size >= most or position == len(items) - 1:
            yield first, position
            first, size = position + 1, 0
