"""What all tasks of a worker share: the stages it has opened, its reports, and its errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from . import storage
from .errors import MAX_NAME, OptionError, RecipeError, StageError, interruption, shortened
from .plan import references, with_artifacts
from .recipe import Step
from .stage import Declared, Stage
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
        step = work.plan.step(position)
        made = with_artifacts(step.stage, work.artifacts)
        with at_hand(work, step) as opening:
            assert isinstance(made, Stage) and isinstance(opening, Stage)
            _opened[key] = made, opening.open()
    return _opened[key]


@contextlib.contextmanager
def at_hand(work: Workspace, step: Step) -> Iterator[Declared]:
    """The stage with artifacts on the local disk filled in: it opens them by path, and a run folder may have a URL.

    An option that does not fit what is in them is at the stage's line of the recipe.
    """
    with contextlib.ExitStack() as files:
        names = sorted(set(references(step.stage).values()))
        paths = {name: files.enter_context(storage.local(work.artifacts[name])) for name in names}
        try:
            yield with_artifacts(step.stage, paths)
        except OptionError as error:
            raise RecipeError(f"{work.plan.recipe.at(step.line)}{error}") from error


def stage_error(work: Context, label: str, where: str, batch: pa.RecordBatch | None, error: Exception) -> StageError:
    """The error that names stage, place, rows and the command that runs it again.

    Raises KeyboardInterrupt if `error` came of one: then it is nobody's fault.
    """
    stopped = interruption(error)
    if stopped is not None:
        raise stopped
    rows = ""
    if batch is not None and batch.num_rows:
        first, last = (shortened(batch.column("origin")[place].as_py(), MAX_NAME) for place in (0, -1))
        rows = f", rows {first} to {last}"
    what = f"{type(error).__name__}: {shortened(str(error))}" if str(error) else type(error).__name__
    return StageError(f"{label} failed on {where}{rows} ({what}); to run it again: {work.replay}")
