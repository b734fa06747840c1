"""What all tasks of a worker share: the stages it has opened, its reports, and its errors."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from . import storage
from .errors import MAX_NAME, CorpusmillError, OptionError, RecipeError, StageError, interruption, shortened
from .plan import Scrub
from .recipe import Step
from .references import references, with_artifacts
from .rows import place_of
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
    return _opened_step(work, work.plan.step(position), work.plan.fingerprints[position])


def opened_scrub(work: Workspace, scrub: Scrub) -> tuple[Stage, Any]:
    """The same of a scrubbing stage, whether or not the run reaches it."""
    return _opened_step(work, scrub.step, scrub.fingerprint)


def _opened_step(work: Workspace, step: Step, key: str) -> tuple[Stage, Any]:
    if key not in _opened:
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


@contextlib.contextmanager
def naming_failures(work: Context, label: str, where: str, batch: pa.RecordBatch | None = None) -> Iterator[None]:
    """Raises StageError for what the block raises, if it is none of our errors; see `failure`."""
    try:
        yield
    except CorpusmillError:
        raise
    except Exception as error:
        problem, cause = failure(work, label, where, batch, error)
        raise problem from cause


def failure(
    work: Context, label: str, where: str, batch: pa.RecordBatch | None, error: Exception
) -> tuple[StageError, Exception]:
    """The error about a failure and its cause, as both may be shown.

    What a library says may quote the text at which it failed, and the origin of a document may be a URL with somebody's
    name. If the recipe removes personal data, that stays in `work/`, and shown are the kind of error, its place in the
    code, and the documents by number. Raises as `stage_error` does.
    """
    problem = stage_error(work, label, where, batch, error)
    if not isinstance(work, Workspace) or not work.plan.scrubs:
        return problem, error
    storage.write_bytes(work.failed, "".join(traceback.format_exception(error)).encode(errors="replace"))
    frames = traceback.extract_tb(error.__traceback__)
    at = f" in {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    rows = ""
    if batch is not None and batch.num_rows:
        first, last = (place_of(batch.column("rank")[place].as_py()) for place in (0, -1))
        rows = f", file {first[1] + 1} row {first[2] + 1} to file {last[1] + 1} row {last[2] + 1}"
    what = f"{type(error).__name__}{at}; what it says may quote text, so only {work.failed} has it"
    told = StageError(f"{label} failed on {where}{rows} ({what}); to run it again: {work.replay}")
    return told, Withheld("".join(["at\n", *traceback.format_list(frames)]))


class Withheld(Exception):
    """Where in the code an error came from; its message is not shown."""


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
