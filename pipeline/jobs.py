"""Commands that run beside the pipeline, such as training runs, several at a time.

Each has a keeper (`keeper.py`) between it and us, which ends it when we end, even by a SIGKILL.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from multiprocessing import connection
from typing import NamedTuple

from . import keeper, storage


class Job(NamedTuple):
    """A command to run. command: program and arguments, given to no shell; log: a local file that gets its output and
    errors; gpus: the share of a GPU, or the number of GPUs, that it needs (used on Ray only).
    """

    name: str
    command: tuple[str, ...]
    log: str
    gpus: float


class JobDone(NamedTuple):
    """How a job ended. returncode: -N if signal N ended it, 127 if there is no such program; seconds: wall clock."""

    name: str
    returncode: int
    seconds: float


class Running:
    """A job that has been started."""

    def __init__(self, job: Job, environment: Mapping[str, str] | None) -> None:
        self.job, self.started = job, time.perf_counter()
        storage.make_folder(os.path.dirname(os.path.abspath(job.log)))
        with open(job.log, "wb") as log:
            self.keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", keeper.__file__, *job.command],
                stdin=subprocess.PIPE,  # the lifeline
                stdout=subprocess.PIPE,  # closed when the keeper ends
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    @property
    def signal(self) -> int:
        """The file descriptor that becomes readable when the job has ended."""
        assert self.keeper.stdout is not None
        return self.keeper.stdout.fileno()

    def done(self) -> JobDone:
        """Wait for the end."""
        with self.keeper:
            returncode = self.keeper.wait()
        return JobDone(self.job.name, returncode, time.perf_counter() - self.started)

    def end(self) -> None:
        """End the job and all that it has started, at once."""
        assert self.keeper.stdin is not None
        self.keeper.stdin.close()
        self.done()


def run_commands(
    jobs: Sequence[Job], parallel: int, environment: Mapping[str, str] | None = None
) -> Generator[JobDone, None, None]:
    """Run jobs, at most `parallel` at a time, the first first; what ends is told as it ends, whatever its exit code.

    environment: of the jobs, else ours. Closing the iterator ends those that run. Raises OSError if a log cannot be
    written.
    """
    waiting, running = list(jobs)[::-1], dict[object, Running]()
    try:
        while waiting or running:
            while waiting and len(running) < parallel:
                started = Running(waiting.pop(), environment)
                running[started.signal] = started
            for ended in connection.wait([one.signal for one in running.values()]):
                yield running.pop(ended).done()
    finally:
        for one in running.values():
            one.end()
