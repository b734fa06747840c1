"""The engine on Ray: the same bytes as the local one, whoever is killed; errors as themselves; nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import Silent, plan, published, rows, run, write_jsonl
from processes import all_end, busy, descendants, started, title, wait_until_busy
from test_dedup_run import write_copies
from test_pipeline import RECIPE as REAL
from test_run import POISON, RECIPE

from pipeline.errors import InputError, StageError
from pipeline.jobs import Job
from pipeline.run import run_plan
from pipeline.work import Workspace

pytest.importorskip("ray")
pytestmark = pytest.mark.ray

ROOT = Path(__file__).parent.parent
TASKS = """
import os, sys, time
import numba, pyarrow as pa
from pipeline.errors import InputError

class Task:
    def __init__(self, name): self.name = name

class Unreadable(Task):
    def __setstate__(self, state): raise ImportError("no module named 'left_at_home'")

class Twisted(Exception):
    def __init__(self, one, two): super().__init__(f"{one}, {two}")

def look(work, segment, task):
    return os.getpid(), os.getcwd(), pa.cpu_count(), numba.config.NUMBA_NUM_THREADS, os.environ["OMP_NUM_THREADS"]

def value_error(work, segment, task): raise ValueError("坏 value")
def twisted(work, segment, task): raise Twisted(1, 2)
def bad_input(work, segment, task): raise InputError("b.jsonl:7 is bad")
def leaves(work, segment, task): sys.exit(3)
"""
"""A module that only we can find."""
STAGES = """
import os, time
from pipeline.stage import Stage, stage

@stage("ray_waits")
class Waits(Stage):
    def apply(self, batch): time.sleep(600)

@stage("ray_crashes")
class Crashes(Stage):
    def apply(self, batch): os.abort()
"""
"""Stages for runs by the command line; in a process of tests they would stay registered."""


# One cluster of two machines, for all tests that do not start their own


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The input and results of the toys, by the local engine."""
    root = tmp_path_factory.mktemp("ray")
    for number in range(4):
        write_jsonl(root / "a" / f"{number}.jsonl", 1000, seed=number)
    write_jsonl(root / "b.jsonl", 2000, seed=7, extra=[{"text": ""}, {"text": "中a SECRET"}, {"text": "a\ud800b"}])
    (root / "recipe.yaml").write_text(RECIPE)
    for name in ("waits", "crashes"):
        (root / f"{name}.yaml").write_text(POISON.replace("toy_fails", f"ray_{name}"))
    (root / "modules").mkdir()
    (root / "modules" / "ray_tasks.py").write_text(TASKS)
    (root / "modules" / "ray_stages.py").write_text(STAGES)
    run(root, RECIPE, out="local")
    return root


@pytest.fixture(scope="module")
def address(folder) -> Iterator[str]:
    """A cluster of two machines with two cores, one with a GPU that is only said to be there; this process uses it."""
    import ray
    from ray._private import ray_constants
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as temporary:
        patch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", False)  # nobody else is to reach it
        patch.setenv(ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR, "0")
        patch.setenv("RAY_TMPDIR", temporary)  # a cluster notes its address there, and does not make the folder
        os.mkdir(os.path.join(temporary, "ray"))
        patch.syspath_prepend(str(folder / "modules"))
        cluster = Cluster()
        try:
            cluster.add_node(num_cpus=2, num_gpus=1, temp_dir=temporary, include_dashboard=False)
            cluster.add_node(num_cpus=2, temp_dir=temporary)
            ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
            yield cluster.address
        finally:
            ray.shutdown()
            cluster.shutdown()


@pytest.fixture
def engine(address, folder, monkeypatch, tmp_path):
    """An engine of two workers, started in a folder of its own."""
    from pipeline.engine_ray import RayEngine

    monkeypatch.chdir(tmp_path)
    with RayEngine(Workspace(plan(folder, RECIPE), str(tmp_path / "run")), 2) as made:
        yield made


def run_on_ray(folder: Path, recipe: str, out: str, workers: int):
    from pipeline.engine_ray import RayEngine

    return run_plan(plan(folder, recipe), str(folder / out), workers, Silent(), RayEngine)


@pytest.mark.parametrize("workers", [1, 4])  # two are those that are killed below
def test_the_same_bytes_as_the_local_engine(address, folder, workers):
    result = run_on_ray(folder, RECIPE, f"w{workers}", workers)
    result.ledger.check()
    assert published(folder / f"w{workers}") == published(folder / "local")
    assert not list(folder.rglob("*.partial"))


def test_the_same_bytes_from_real_stages(address, tmp_path):
    """Among them all that compare documents, in rounds."""
    write_copies(tmp_path)
    recipe = (
        REAL.replace("wiki.jsonl.gz", "wiki-*.jsonl").replace(", id: url", "").replace("min_score: 0.3", "min_score: 0")
    )
    recipe += "  - dedup_sentence: {min_words: 5, min_units: 1}\n"
    run(tmp_path, recipe)
    run_on_ray(tmp_path, recipe, "ray", 4)
    assert published(tmp_path / "ray") == published(tmp_path / "run")
    kept, dropped = rows(tmp_path / "ray"), rows(tmp_path / "ray", "dropped")
    assert len(kept) > 100
    assert sum(row["dedup_sentence_cut_units"] >= 3 for row in kept) > 20
    assert {row["reason"] for row in dropped} >= {"exact_duplicate", "near_duplicate"}


def test_workers_killed_at_random_moments_do_not_show(address, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random_, over, moments = random.Random(os.urandom(8)), threading.Event(), []

    def kill() -> None:
        while len(moments) < 3 and not over.is_set():  # a task that dies four times would end the run
            if busy(tmp_path):
                moments.append(random_.uniform(0, 0.2))
                time.sleep(moments[-1])
                for pid in busy(tmp_path):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        result = run_on_ray(folder, RECIPE, "killed", 2)
    finally:
        over.set()
        thread.join()
    assert moments
    result.ledger.check()
    assert published(folder / "killed") == published(folder / "local"), moments
    assert len(rows(folder / "killed")) + len(rows(folder / "killed", "dropped")) == 6003


# Tasks


def test_a_task_has_one_thread_and_the_folder_and_modules_of_the_run(engine, tmp_path):
    import ray_tasks

    found = list(engine.map(ray_tasks.look, None, [ray_tasks.Task(str(number)) for number in range(20)]))
    assert len(found) == 20
    assert os.getpid() not in {one[0] for one in found}
    assert {one[1:] for one in found} == {(str(tmp_path), 1, 1, "1")}
    assert list(engine.map(ray_tasks.look, None, [])) == []


def test_errors_of_a_run_are_those_of_the_local_engine(address, tmp_path):
    write_jsonl(tmp_path / "b.jsonl", 100, seed=1, extra=[{"text": "poison"}])
    said = []
    for way in (run, run_on_ray):
        with pytest.raises(StageError) as caught:
            way(tmp_path, POISON, out="run", workers=2)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert "toy_fails failed on shard 000-00000-0000, rows b.jsonl:1 to b.jsonl:101" in said[0]
    assert 'raise ZeroDivisionError("poisoned")' in str(caught.value.__cause__)
    (tmp_path / "b.jsonl").write_text('{"text": "never clo')
    with pytest.raises(InputError, match=r"b\.jsonl:1: .*on_error: quarantine"):
        run_on_ray(tmp_path, POISON, "bad", 1)


@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        ("bad_input", InputError, r"^b\.jsonl:7 is bad$"),
        (
            "value_error",
            StageError,
            r"^value_error failed on shard seven \(ValueError: 坏 value\); to run it again: corp",
        ),
        ("twisted", StageError, r"twisted failed on shard seven \(RuntimeError: Twisted: 1, 2\)"),
        ("leaves", StageError, r"leaves failed on shard seven \(WorkerDied: 2 times; .*corpusmill run .*--workers 1$"),
    ],
)
def test_what_a_task_raises_comes_with_its_traceback(engine, monkeypatch, function, kind, message):
    import ray_tasks

    monkeypatch.setattr("pipeline.engine_ray.RETRIES", 1)
    with pytest.raises(kind, match=message) as caught:
        list(engine.map(getattr(ray_tasks, function), None, [ray_tasks.Task("seven")]))
    assert function == "leaves" or "ray_tasks.py" in str(caught.value.__cause__)
    assert len(list(engine.map(ray_tasks.look, None, [ray_tasks.Task("after")]))) == 1


def test_what_a_worker_cannot_read_is_named(engine):
    import ray_tasks

    with pytest.raises(StageError, match=r"look failed on shard seven \(.*left_at_home.*--workers 1$"):
        list(engine.map(ray_tasks.look, None, [ray_tasks.Unreadable("seven")]))


# Commands


def command(folder: Path, name: str, code: str, gpus: float = 0) -> Job:
    return Job(name, (sys.executable, "-c", code), str(folder / f"{name}.txt"), gpus)


def test_commands_keep_their_output_and_exit_codes_and_share_gpus(engine, tmp_path):
    shows = "import os, sys; print('好', os.environ['CUDA_VISIBLE_DEVICES'], os.environ.get('OMP_NUM_THREADS')); sys.exit(%d)"
    jobs = [command(tmp_path, str(code), shows % code, gpus=0.5) for code in range(4)]
    done = list(engine.run_commands(jobs, 4))
    assert sorted((one.name, one.returncode) for one in done) == [("0", 0), ("1", 1), ("2", 2), ("3", 3)]
    own = os.environ.get("OMP_NUM_THREADS")
    assert {(tmp_path / f"{code}.txt").read_text() for code in range(4)} == {f"好 0 {own}\n"}


FIRST_SLEEPS = """
import os, sys, time
first = sys.argv[1]
if not os.path.exists(first):
    with open(first + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(first + ".new", first)
    time.sleep(600)
"""


def test_a_command_whose_worker_dies_is_ended_and_run_again(engine, tmp_path):
    first, sleepers = tmp_path / "first", set[tuple[str, str]]()

    def kill() -> None:
        while not first.exists():
            time.sleep(0.01)
        sleepers.add((first.read_text(), started(first.read_text())))
        for pid in wait_until_busy(tmp_path):
            os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    job = Job("one", (sys.executable, "-c", FIRST_SLEEPS, str(first)), str(tmp_path / "log.txt"), 0)
    (done,) = engine.run_commands([job], 2)
    killer.join()
    assert done.returncode == 0
    assert done.seconds < 500
    assert len(sleepers) == 1
    assert all_end(sleepers)


def test_what_no_machine_can_give_is_said(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.engine_ray.PATIENCE_SECONDS", 0.5)
    with pytest.raises(StageError, match=r"job big \(.*no machine of the Ray cluster has a core and 2 GPUs to give"):
        list(engine.run_commands([command(tmp_path, "big", "", gpus=2)], 1))


# The command line


@contextlib.contextmanager
def corpusmill(recipe: Path, place: Path, address: str = "") -> Iterator[subprocess.Popen[str]]:
    """A run of two workers, with more stages as plugins, started in a folder of its own and in a session of its own."""
    plugins = ["--plugin", "toys", "--plugin", "ray_stages"]
    command = [sys.executable, "-m", "pipeline", "run", str(recipe), "--out", "run", "--engine", "ray", "--json"]
    paths = [str(ROOT), str(ROOT / "tests"), str(recipe.parent / "modules")]
    place.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [*command, *plugins, "--workers", "2"],
        cwd=place,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "RAY_ADDRESS": address},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_two_runs_on_one_cluster_do_not_disturb_each_other(address, folder, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    with corpusmill(folder / "waits.yaml", other, address):
        waiting = {(str(pid), started(pid)) for pid in wait_until_busy(other)}
        with corpusmill(folder / "recipe.yaml", one, address) as process:
            os.kill(wait_until_busy(one)[0], signal.SIGKILL)
            said, complained = process.communicate(timeout=100)
        assert process.returncode == 0, complained
        assert json.loads(said)["did_nothing"] is False
        assert "A worker died" in complained
        assert published(one / "run") == published(folder / "local")
        assert {int(pid) for pid, _ in waiting} == set(busy(other))
    assert all_end(waiting)


def test_a_task_that_keeps_killing_its_worker_ends_the_run(folder, tmp_path):
    with corpusmill(folder / "crashes.yaml", tmp_path) as process:
        said, complained = process.communicate(timeout=200)
    assert process.returncode == 4, complained
    assert said == ""
    assert "Fatal Python error: Aborted" in complained
    assert "ray_stages.py" in complained
    last = complained.strip().splitlines()[-1]
    assert last.startswith("error: read .. toy_even failed on shard 000-00000 (WorkerDied: 4 times; Ray says: ")
    assert last.endswith(f"; to run it again: corpusmill run {folder}/crashes.yaml --out {tmp_path}/run --workers 1")


def listening(processes: set[tuple[str, str]]) -> set[str]:
    """The addresses, as the kernel writes them, on which processes listen."""
    sockets = {}
    for kind in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                sockets[f"socket:[{fields[9]}]"] = fields[1].split(":")[0]
    found = set()
    for pid, _ in processes:
        with contextlib.suppress(OSError):
            found |= {sockets.get(os.readlink(path), "") for path in Path(f"/proc/{pid}/fd").iterdir()}
    return found - {""}


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_stopped_run_leaves_no_process_and_was_never_reachable(folder, tmp_path, number, expected):
    with corpusmill(folder / "waits.yaml", tmp_path) as process:
        wait_until_busy(tmp_path)
        processes = descendants(process.pid)
        assert listening(processes) <= {"0100007F", "0000000000000000FFFF00000100007F"}
        assert listening(processes)
        folders = {found for pid, _ in processes for found in re.findall(r"/tmp/ray-[a-z0-9_]+", title(pid))}
        os.killpg(process.pid, number)  # as Ctrl-C does
        _, complained = process.communicate(timeout=60)
    assert process.returncode == expected, complained
    assert len(processes) > 3
    assert len(folders) == 1
    assert all_end(processes)
    if number == signal.SIGINT:
        assert complained.strip().splitlines()[-1] == "interrupted: run the same command again to go on"
        assert not any(map(os.path.exists, folders))
    for left in folders:
        shutil.rmtree(left, ignore_errors=True)


@pytest.mark.parametrize("nowhere", ["127.0.0.1:1", "nonsense", "ray://127.0.0.1:1"])
def test_a_cluster_that_is_not_there_is_said(folder, tmp_path, nowhere):
    with corpusmill(folder / "recipe.yaml", tmp_path, nowhere) as process:
        _, complained = process.communicate(timeout=60)
    assert process.returncode == 3, complained
    assert complained.startswith(f"error: cannot join the Ray cluster at {nowhere}: ")


def test_without_the_package_it_is_said(folder, tmp_path):
    code = "import sys; sys.modules['ray'] = None; from pipeline.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "run", "--engine", "ray", "--plugin", "toys", str(folder / "recipe.yaml")]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "error: --engine ray needs Ray: pip install 'corpusmill[ray]'\n")
    assert not list(tmp_path.iterdir())
