"""Engines carry tasks to workers. The local one works inline, or in a pool of spawned processes.

A task function takes (context, segment, task) and must be importable by name; what it
returns is small, for text stays on storage.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from .errors import StageError
from .jobs import Job, JobDone, run_commands
from .worker import Context

T = TypeVar("T")
R = TypeVar("R")
Task = Callable[[Any, Any, T], R]

AHEAD = 3
"""Tasks handed to the pool per worker, those being worked on included."""


class Engine(Protocol):
    """Maps a task function over tasks. A context manager: leaving it ends the workers."""

    def __enter__(self) -> Engine: ...

    def __exit__(self, *error: object) -> None: ...

    def map(self, function: Task[T, R], segment: Any, tasks: Sequence[T]) -> Iterator[R]:
        """Results as they come, in any order. Raises what a task raises; StageError if a worker dies."""
        ...

    def run_commands(self, jobs: Sequence[Job], parallel: int) -> Iterator[JobDone]:
        """Run commands, at most `parallel` at a time; whoever asked looks at their exit codes. All end with us."""
        ...


EngineFactory = Callable[[Context, int], Engine]
"""Makes an engine for so many tasks at a time."""


class DeadWorker(StageError):
    """A worker process died."""


class LocalEngine:
    """Works in this process if `workers` is 1 or there is one task, else in a pool started at first need."""

    def __init__(self, work: Context, workers: int) -> None:
        self.work, self.workers = work, workers
        self._pool: ProcessPoolExecutor | None = None
        self._lifeline: Connection | None = None
        self._jobs = contextlib.ExitStack()

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(self, *error: object) -> None:
        self._jobs.close()
        if self._pool is None or self._lifeline is None:
            return
        if error[0] is not None:  # do not wait for what is being worked on
            self._lifeline.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._lifeline.close()

    def map(self, function: Task[T, R], segment: Any, tasks: Sequence[T]) -> Iterator[R]:
        """See Engine."""
        if self.workers == 1 or (len(tasks) <= 1 and self._pool is None):
            with _one_arrow_thread():
                for task in tasks:
                    yield function(self.work, segment, task)
            return
        yield from self._map_in_pool(function, segment, tasks)

    def run_commands(self, jobs: Sequence[Job], parallel: int) -> Iterator[JobDone]:
        """See Engine."""
        return self._jobs.enter_context(contextlib.closing(run_commands(jobs, parallel)))

    def _map_in_pool(self, function: Task[T, R], segment: Any, tasks: Sequence[T]) -> Iterator[R]:
        pool = self._start()
        waiting, running = list(tasks)[::-1], set[Future[R]]()
        try:
            while waiting or running:
                while waiting and len(running) < AHEAD * self.workers:
                    running.add(pool.submit(_call, function, segment, waiting.pop()))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BrokenProcessPool as error:
            raise DeadWorker(
                "a worker process died (killed, or out of memory?): run the same command again to go on,"
                " with fewer --workers or a smaller shard_mb if memory was short"
            ) from error

    def _start(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            reader, self._lifeline = context.Pipe(duplex=False)
            self._pool = ProcessPoolExecutor(self.workers, context, _begin, (self.work, reader))
        return self._pool


@contextlib.contextmanager
def _one_arrow_thread() -> Iterator[None]:
    """The engine owns the cores; Arrow would start a thread for each."""
    before = pa.cpu_count()
    pa.set_cpu_count(1)
    try:
        yield
    finally:
        pa.set_cpu_count(before)


_work: Context | None = None


def _begin(work: Context, lifeline: Connection) -> None:
    """What a worker does first: it ends when the other end of its lifeline is closed, even by a SIGKILL."""
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes the lifeline
    pa.set_cpu_count(1)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)


def _call(function: Task[T, R], segment: Any, task: T) -> R:
    assert _work is not None
    return function(_work, segment, task)
