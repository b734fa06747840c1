"""What all tasks of a worker share: the stages it has opened, its reports, and its errors."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from .errors import StageError
from .plan import with_artifacts
from .stage import Stage
from .work import Workspace


class Context(Protocol):
    """What all tasks of an engine are about; the same in every worker, as a `Workspace` is."""

    @property
    def replay(self) -> str:
        """The command that does the work again, in one process."""
        ...


class Done(NamedTuple):
    """What a task reports: the shards it made, and what it took. n_bytes: text that went in."""

    task: str
    shards: list[str]
    rows: int
    n_bytes: int
    seconds: float


class Progress(Protocol):
    """Who wants to know how far a run is."""

    def begin(self, what: str, total: int, done: int) -> None:
        """A pass begins, of `total` tasks, `done` of which were finished before."""
        ...

    def advance(self, done: Done) -> None:
        """One more task is finished."""
        ...


_opened: dict[str, tuple[Stage, Any]] = {}


def opened(work: Workspace, position: int) -> tuple[Stage, Any]:
    """The stage at a position with its artifacts filled in, and its resource; made once per worker."""
    key = work.plan.fingerprints[position]
    if key not in _opened:
        made = with_artifacts(work.plan.step(position).stage, work.artifacts)
        assert isinstance(made, Stage)
        _opened[key] = made, made.open()
    return _opened[key]


def stage_error(work: Context, label: str, where: str, batch: pa.RecordBatch | None, error: Exception) -> StageError:
    """The error that names stage, place, rows and the command that runs it again."""
    rows = ""
    if batch is not None and batch.num_rows:
        rows = f", rows {batch.column('origin')[0].as_py()} to {batch.column('origin')[-1].as_py()}"
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return StageError(f"{label} failed on {where}{rows} ({what}); to run it again: {work.replay}")
