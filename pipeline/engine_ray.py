"""The engine on Ray: the same tasks in the workers of a Ray started on this machine, or of the cluster at RAY_ADDRESS.

A task gets the workspace (paths and pickled stages), a segment and a task, and returns what it returns to any
engine: text stays on storage. What a task raises comes back as a value, so it reaches the user as itself. A task
whose worker dies is tried again, which is safe: files appear whole, and two tries write the same bytes. Ray's own
retries are off, for those after running out of memory have no end.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import socket
import sys
import sysconfig
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import ray
from ray._private import ray_constants
from ray.exceptions import RayError, RayTaskError

from . import storage
from .engine import AHEAD, Task
from .errors import CorpusmillError, InputError, StageError
from .jobs import Job, JobDone, run_commands
from .work import Segment, Workspace
from .worker import Context, stage_error

T = TypeVar("T")
R = TypeVar("R")

RETRIES = 3
"""How often a task whose worker died is tried again."""
PATIENCE_SECONDS = 300.0
"""How long a cluster may take to get a machine for what is waiting, when it has none."""
CONNECT_SECONDS = 10.0
"""How long the head of a cluster may take to answer; Ray itself would wait for minutes."""
OBJECT_STORE_BYTES = 100_000_000
"""Ray's shared memory: only the workspace goes there."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""The engine owns the cores; libraries would start a thread for each."""
SHOWN_LINES = 40


class Attempt(NamedTuple):
    """Something to do on Ray. label, where: how an error names it; deaths: of workers that tried before."""

    submit: Callable[[], ray.ObjectRef[Any]]
    label: str
    where: str
    gpus: float = 0.0
    deaths: int = 0


class RemoteTraceback(Exception):
    """What a worker said before it failed; the cause of the error that is raised here."""


class WorkerDied(Exception):
    """The worker of a task died, again and again."""


class RayEngine:
    """At most `workers` tasks at a time. If this process uses Ray already, that is used, and left running."""

    def __init__(self, work: Context, workers: int) -> None:
        self.work, self.workers = work, workers
        self._ahead = 1
        self._logs = ""
        self._options: dict[str, Any] = {"max_retries": 0}
        self._running: dict[ray.ObjectRef[Any], Attempt] = {}
        self._exit = contextlib.ExitStack()

    def __enter__(self) -> RayEngine:
        with contextlib.ExitStack() as stack:
            if ray.is_initialized():
                self._options["runtime_env"] = _environment()
            else:
                stack.enter_context(contextlib.redirect_stdout(sys.stderr))  # Ray says there what died
                address = os.environ.get("RAY_ADDRESS", "")
                if address not in ("", "local"):
                    stack.enter_context(_joined(address))
                else:
                    self._logs = stack.enter_context(_started(self.workers))
                    self._ahead = AHEAD
            stack.callback(self._cancel)
            self._work = ray.put(self.work)
            self._exit = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    def _cancel(self) -> None:
        for reference in self._running:
            ray.cancel(reference, force=True)
        self._running.clear()

    def map(self, function: Task[T, R], segment: Any, tasks: Sequence[T]) -> Iterator[R]:
        """See Engine."""
        remote = _call.options(**self._options)
        attempts = []
        for task in tasks:
            submit = partial(remote.remote, self._work, os.getcwd(), function, segment, task)
            attempts.append(Attempt(submit, self._label(function, segment), _where(task)))
        yield from self._each(attempts, self._ahead * self.workers)

    def run_commands(self, jobs: Sequence[Job], parallel: int) -> Iterator[JobDone]:
        """See Engine. Each job also waits for its GPUs, unless there are none in the cluster, and for a core."""
        has_gpus = any(machine.get("GPU", 0) for machine in _machines())
        attempts = []
        for job in jobs:
            job = job._replace(log=os.path.abspath(job.log), gpus=job.gpus if has_gpus else 0)
            remote = _call.options(**self._options, num_gpus=job.gpus)
            own = {name: os.environ[name] for name in ONE_THREAD if name in os.environ}
            submit = partial(remote.remote, self._work, os.getcwd(), _run_job, own, job)
            attempts.append(Attempt(submit, "the command", f"job {job.name}", job.gpus))
        yield from self._each(attempts, parallel)

    def _each(self, attempts: Sequence[Attempt], most: int) -> Iterator[Any]:
        """What attempts return, `most` in flight; those whose worker died are tried again after all others."""
        waiting = list(attempts)[::-1]
        while waiting or self._running:
            while waiting and len(self._running) < most:
                attempt = waiting.pop()
                self._running[attempt.submit()] = attempt
            ready, _ = ray.wait(list(self._running), timeout=PATIENCE_SECONDS)
            if not ready:
                self._check_room()
            for reference in ready:
                attempt = self._running.pop(reference)
                try:
                    answer = ray.get(reference)
                except RayTaskError as error:  # not raised by what it calls: its arguments could not be unpickled
                    raise self._failed(attempt, RuntimeError(_first_line(error.cause))) from error
                except RayError as error:
                    if attempt.deaths == RETRIES:
                        died = WorkerDied(f"{RETRIES + 1} times; Ray says: {_first_line(error)}")
                        raise self._failed(attempt, died) from self._said(error)
                    waiting.insert(0, attempt._replace(deaths=attempt.deaths + 1))
                else:
                    yield self._opened(answer, attempt)

    def _opened(self, answer: tuple[bool, Any], attempt: Attempt) -> Any:
        good, value = answer
        if good:
            return value
        error, said = pickle.loads(value)
        if not isinstance(error, CorpusmillError):
            error = self._failed(attempt, error)
        raise error from RemoteTraceback(f'\n"""\n{said}"""')

    def _check_room(self) -> None:
        """Raises StageError if something waits for what no machine has, which it would for ever."""
        machines = _machines()
        for attempt in self._running.values():
            if not any(machine.get("CPU", 0) >= 1 and machine.get("GPU", 0) >= attempt.gpus for machine in machines):
                wanted = f"a core and {attempt.gpus:g} GPUs" if attempt.gpus else "a core"
                raise self._failed(attempt, RuntimeError(f"no machine of the Ray cluster has {wanted} to give"))

    def _failed(self, attempt: Attempt, error: Exception) -> StageError:
        return stage_error(self.work, attempt.label, attempt.where, None, error)

    def _label(self, function: Task[T, R], segment: Any) -> str:
        if not isinstance(segment, Segment) or not isinstance(self.work, Workspace):
            return function.__name__.removesuffix("_task")
        labels = self.work.plan.labels[segment.parent + 1 : segment.last + 1]
        return " .. ".join(dict.fromkeys((labels[0], labels[-1]))) if labels else function.__name__

    def _said(self, error: RayError) -> RemoteTraceback:
        """What Ray tells of a death, and what the dead wrote last, such as where a kernel crashed."""
        lines = []
        for path in storage.list_files(self._logs, ".err") if self._logs else []:
            if os.path.basename(path).startswith("worker-"):
                lines += storage.read_bytes(path).decode(errors="replace").splitlines()[-SHOWN_LINES:]
        return RemoteTraceback("\n".join([str(error), *lines]))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _where(task: Any) -> str:
    """How an error names a task: a shard, or a named tuple with a name or a few numbers."""
    name = task if isinstance(task, str) else getattr(task, "name", None)
    if name is not None:
        return f"shard {name}"
    return ", ".join(f"{key} {value}" for key, value in task._asdict().items() if isinstance(value, int | str))


def _machines() -> list[dict[str, float]]:
    """The resources of each machine that is alive, used or not."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return [node["Resources"] for node in nodes if node["Alive"]]


def _environment() -> dict[str, Any]:
    """Workers find our modules and plugins, beside what their machine has installed, and have one thread each."""
    where = sysconfig.get_paths()
    installed = tuple(where[kind] for kind in ("stdlib", "platstdlib", "purelib", "platlib", "scripts"))
    paths = dict.fromkeys(os.path.abspath(path) for path in sys.path)
    ours = os.pathsep.join(path for path in paths if os.path.isdir(path) and not path.startswith(installed))
    return {"env_vars": {"PYTHONPATH": ours, **ONE_THREAD}}


def _init(address: str, **options: Any) -> None:
    """Raises InputError."""
    try:
        ray.init(address, runtime_env=_environment(), log_to_driver=False, logging_level=logging.ERROR, **options)
    except (RayError, OSError, RuntimeError, ValueError) as error:
        if address == "local":
            raise InputError(f"cannot start Ray on this machine: {error}") from error
        hint = "" if "RAY_AUTH_MODE" in os.environ else "; if it asks for a token, set RAY_AUTH_MODE=token"
        raise InputError(f"cannot join the Ray cluster at {address}: {error}{hint}") from error


@contextlib.contextmanager
def _started(workers: int) -> Iterator[str]:
    """Ray on this machine, which nothing outside can reach; gives the folder of its logs, which is private, too."""
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # paths of sockets must be short
    reachable, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, False  # listen on 127.0.0.1 only
    try:
        inside = storage.join(folder, "ray")  # which Ray opens to all
        _init(
            "local",
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            _temp_dir=inside,
        )
        yield storage.join(inside, "session_latest", "logs")
    finally:
        ray.shutdown(wait_for_processes=True)
        ray_constants.ENABLE_RAY_CLUSTER = reachable
        storage.remove_folder(folder)


@contextlib.contextmanager
def _joined(address: str) -> Iterator[None]:
    """A cluster that runs. Raises InputError if nobody answers there."""
    host, _, port = address.rpartition(":")
    if port.isdecimal() and "://" not in address:
        try:
            socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
        except (OSError, OverflowError) as error:
            raise InputError(f"cannot join the Ray cluster at {address}: {error}") from error
    try:
        _init(address)
        yield
    finally:
        ray.shutdown()


@ray.remote
def _call(work: Context, folder: str, function: Callable[..., Any], segment: Any, task: Any) -> tuple[bool, Any]:
    """In a worker: (True, what the task returns) or (False, the pickled error and its traceback)."""
    pa.set_cpu_count(1)
    if os.path.isdir(folder):  # a relative path means the same as where the run was started
        os.chdir(folder)
    try:
        return True, function(work, segment, task)
    except Exception as error:
        return False, _packed(error)


def _packed(error: Exception) -> bytes:
    said = "".join(traceback.format_exception(error.__cause__ or error))
    try:
        packed = pickle.dumps((error, said))
        pickle.loads(packed)
    except Exception:  # an error of somebody else's that does not pickle, or not back
        packed = pickle.dumps((RuntimeError(f"{type(error).__name__}: {error}"), said))
    return packed


def _run_job(work: Context, own: dict[str, str], job: Job) -> JobDone:
    """In a worker: a job has the threads it asks for, and ends with the worker."""
    environment = {name: value for name, value in os.environ.items() if name not in ONE_THREAD}
    (done,) = run_commands([job], 1, environment | own)
    return done
