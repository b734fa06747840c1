"""Commands of several at a time: what they say and return is kept, and none outlives who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.engine import LocalEngine
from pipeline.jobs import Job, JobDone, run_commands

COUNTS = """
import os, sys, time
os.mkdir(sys.argv[1])
print(len([name for name in os.listdir(".") if name.startswith("busy")]), flush=True)
time.sleep(0.2)
os.rmdir(sys.argv[1])
"""
MEETS = """
import os, sys, time
open(sys.argv[1], "w").close()
while not os.path.exists(sys.argv[2]):
    time.sleep(0.01)
"""
SLEEPS = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1] + ".new", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)
"""


def job(folder: Path, name: str, *command: str) -> Job:
    return Job(name, command, str(folder / "logs" / f"{name}.txt"), 0)


def python(folder: Path, name: str, code: str, *arguments: object) -> Job:
    return job(folder, name, sys.executable, "-c", code, *map(str, arguments))


def pids(path: Path) -> list[int]:
    """The processes of a job that runs SLEEPS, as soon as they are all there."""
    while not path.exists():
        time.sleep(0.01)
    return [int(pid) for pid in path.read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


def all_end(found: list[int]) -> bool:
    """Whether processes are gone within ten seconds."""
    for _ in range(1000):
        if not any(map(is_alive, found)):
            return True
        time.sleep(0.01)
    return False


def test_output_errors_and_exit_codes_are_kept(tmp_path):
    jobs = [
        python(
            tmp_path, "good", "import sys; print('好'); print(sys.argv[1:], file=sys.stderr)", "a b", "$HOME; *", ""
        ),
        python(tmp_path, "bad", "raise SystemExit(3)"),
        python(tmp_path, "killed", "import os; os.kill(os.getpid(), 9)"),
        python(tmp_path, "interrupted", "import os, signal; signal.signal(2, signal.SIG_DFL); os.kill(os.getpid(), 2)"),
        job(tmp_path, "absent", "/no/such/程序"),
    ]
    done = list(run_commands(jobs, 2))
    assert sorted((name, code) for name, code, _ in done) == [
        ("absent", 127), ("bad", 3), ("good", 0), ("interrupted", -2), ("killed", -9),
    ]  # fmt: skip
    assert all(one.seconds > 0 for one in done)
    logs = {path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "logs").iterdir()}
    assert logs["good"].splitlines() in (
        ["好", "['a b', '$HOME; *', '']"],
        ["['a b', '$HOME; *', '']", "好"],
    )
    assert logs["absent"] == "cannot start /no/such/程序: No such file or directory\n"
    assert logs["killed"] == ""


def test_as_many_run_at_once_as_asked_for_and_no_more(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    jobs = [python(tmp_path, one, MEETS, one, other) for one, other in ("ab", "ba")]
    assert [done.returncode for done in run_commands(jobs, 2)] == [0, 0]
    jobs = [python(tmp_path, str(number), COUNTS, f"busy{number}") for number in range(5)]
    assert {done.name for done in run_commands(jobs, 2)} == set("01234")
    seen = [int((tmp_path / "logs" / f"{number}.txt").read_text()) for number in range(5)]
    assert max(seen) <= 2
    assert list(run_commands([], 2)) == []


def test_the_environment_and_a_job_that_reads_input(tmp_path):
    code = "import os, sys; print(os.environ.get('ONE'), repr(sys.stdin.read()))"
    (done,) = run_commands([python(tmp_path, "one", code)], 1, {**os.environ, "ONE": "一"})
    assert done.returncode == 0
    assert (tmp_path / "logs" / "one.txt").read_text() == "一 ''\n"


def test_a_log_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(OSError, match="logs"):
        list(run_commands([python(tmp_path, "one", "")], 1))


def test_closing_ends_the_jobs_and_what_they_started(tmp_path):
    running = run_commands([python(tmp_path, "short", ""), python(tmp_path, "long", SLEEPS, tmp_path / "pids")], 2)
    assert isinstance(next(running), JobDone)
    found = pids(tmp_path / "pids")
    assert all(map(is_alive, found))
    running.close()
    assert all_end(found)


def test_leaving_the_engine_ends_the_jobs(tmp_path):
    jobs = [python(tmp_path, "short", ""), python(tmp_path, "long", SLEEPS, tmp_path / "pids")]
    engine = LocalEngine(None, 1)  # type: ignore[arg-type]
    found = []

    def work():
        with engine:
            for _ in engine.run_commands(jobs, 2):
                found.extend(pids(tmp_path / "pids"))
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:  # which still holds the frames, and so the iterator
        work()
    assert caught.tb
    assert len(found) == 2
    assert all_end(found)


DRIVER = """
import sys
from pipeline.jobs import Job, run_commands
list(run_commands([Job("long", (sys.executable, "-c", *sys.argv[1:3]), sys.argv[2] + ".log", 0)], 1))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_jobs_end_with_who_started_them(tmp_path, number):
    command = [sys.executable, "-c", DRIVER, SLEEPS, str(tmp_path / "pids")]
    with subprocess.Popen(command, cwd=Path(__file__).parent.parent, stderr=subprocess.DEVNULL) as driver:
        found = pids(tmp_path / "pids")
        driver.send_signal(number)
        driver.wait()
    assert all_end(found)
