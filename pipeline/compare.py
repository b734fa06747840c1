"""Between two passes: a global stage compares all documents, in rounds on all workers, and writes verdicts by shard.

What it has before and between its rounds is deleted once it has compared; `compared.json`, written last, says so.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

import numpy.typing as npt

from . import storage
from .fitting import Place, RoundTask, RunBench, do_round
from .sketches import firsts_of, read_part, read_records
from .stage import GlobalStage, Int64s, Part
from .verdicts import write_verdicts
from .work import Workspace
from .worker import Done, at_hand, naming_failures


@functools.lru_cache(maxsize=1)
def _firsts(folder: str, shards: tuple[str, ...]) -> Int64s:
    """Kept by a worker, whose tasks would else read a file of each shard every time."""
    return firsts_of(folder, shards)


class RunComparison(RunBench):
    """The bench of a global stage in a run; see `stage.Comparison`."""

    @property
    def n_partitions(self) -> int:
        """See `stage.Comparison`."""
        return self._work.plan.partitions

    @property
    def sources(self) -> tuple[str, ...]:
        """See `stage.Comparison`."""
        return tuple(self._work.source_of(shard) for shard in self.shards)

    @property
    def firsts(self) -> Int64s:
        """See `stage.Comparison`."""
        return _firsts(self.folder, self.shards)

    def part(self, number: int) -> Part:
        """See `stage.Comparison`."""
        return read_part(self.folder, self.shards, self.firsts, number)

    def records(self, shard: str, columns: Sequence[str]) -> Iterator[dict[str, npt.NDArray[Any]]]:
        """See `stage.Comparison`."""
        return read_records(self.folder, shard, columns)

    def verdicts(self, shard: str, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        """See `stage.Comparison`."""
        write_verdicts(self._work.verdicts(self._place.position, shard), columns)

    def write(self, name: str) -> AbstractContextManager[BinaryIO]:
        """See `stage.Bench`; a table of the stage outlives the rounds."""
        if name in self._tables:
            return storage.commit(self._work.table(self._place.position, name))
        return super().write(name)

    @property
    def _tables(self) -> tuple[str, ...]:
        assert isinstance(self._made, GlobalStage)
        return self._made.tables

    def _map_tasks(self, what: str, tasks: Sequence[RoundTask], total: int) -> None:
        assert self._run_map is not None
        self._run_map(what, comparison_task, self._place, tasks, total)

    def check(self) -> None:
        """Whether all that the stage promises is there."""
        position = self._place.position
        for shard in self.shards:
            assert storage.exists(self._work.verdicts(position, shard)), f"{self._label} has no verdicts on {shard}"
        for name in self._tables:
            assert storage.exists(self._work.table(position, name)), f"{self._label} has not written {name}"


def comparison_task(work: Workspace, place: Place, task: RoundTask) -> Done:
    """Call a method of a GlobalStage and commit what it returns. Raises StageError."""
    return do_round(RunComparison, work, place, task)


def compare(work: Workspace, place: Place, run_map: Any) -> None:
    """Write the verdicts of a global stage if they are not there, and leave no scratch. Raises StageError."""
    step = work.plan.step(place.position)
    if not storage.exists(work.compared(place.position)):
        with at_hand(work, step) as made:
            assert isinstance(made, GlobalStage)
            bench = RunComparison(work, place, made, run_map)
            with naming_failures(work, step.label, "the comparison of all documents"):
                facts = made.compare(bench)
                bench.check()
        storage.write_json(work.compared(place.position), facts)
    storage.remove_folder(work.rounds(place.position))
