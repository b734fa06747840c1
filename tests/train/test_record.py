"""Files of a run: replaced whole, cut back to the last checkpoint, and clear when damaged."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from train.errors import ConfigError, DataError
from train.record import Clock, Log, check_same_run, peak_memory_bytes, read_json, replacing, write_json


def test_peak_memory_is_that_of_the_process_itself():
    """A child of a process that holds much, which itself holds little and then some."""
    code = "from train.record import peak_memory_bytes as peak; a = peak(); b = b'x' * 60_000_000; print(a, peak())"
    held = np.ones(40_000_000)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert before < held.nbytes / 2 < held.nbytes < peak_memory_bytes()
    assert 55_000_000 < after - before < 90_000_000


def test_json_there_and_back(tmp_path):
    path = str(tmp_path / "x.json")
    assert read_json(path) is None
    write_json(path, {"mixture": {"網": 0.5}, "score": None})
    assert read_json(path) == {"mixture": {"網": 0.5}, "score": None}
    assert "網" in (tmp_path / "x.json").read_text()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]", b"[" * 100_000])
def test_damaged_json(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.json is"):
        read_json(str(tmp_path / "x.json"))


def test_a_number_that_json_does_not_know_is_never_written(tmp_path):
    path = str(tmp_path / "x.json")
    write_json(path, {"loss": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"loss": math.nan})
    assert read_json(path) == {"loss": 1}


def test_replacing_stops_half_way(tmp_path):
    (tmp_path / "x").write_text("before")

    def stopped():
        with replacing(str(tmp_path / "x")) as file:
            file.write(b"after")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("x", "before")]


def test_log_goes_on_where_the_checkpoint_was(tmp_path):
    path = tmp_path / "metrics.jsonl"
    log = Log(str(path), 0)
    for step in (1, 2, 3):
        log.write({"step": step, "loss": 1 / 3})
        if step == 2:
            known = log.n_bytes
    assert log.n_bytes == path.stat().st_size  # seen by others at once
    log.close()
    path.write_bytes(path.read_bytes() + b'{"step": 4, "lo')  # a kill in the middle of a line
    log = Log(str(path), known)
    log.write({"step": 3, "loss": 0.25})
    log.sync()
    log.close()
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [1, 2, 3]
    assert log.n_bytes == path.stat().st_size


def test_log_without_lines_that_the_checkpoint_knows(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n')
    with pytest.raises(DataError, match="lacks lines that its checkpoint knows"):
        Log(str(path), 100)
    assert path.read_text() == '{"step": 1}\n'


def test_seconds_add_up_over_interruptions(tmp_path):
    path = str(tmp_path / "timing.json")
    clock = Clock(path, resumed=False)
    clock.train_seconds = 2.0
    clock.write(1000, 5)
    first = read_json(path)
    assert (first["tokens_per_second"], first["peak_memory_bytes"]) == (500.0, 5)
    clock = Clock(path, resumed=True)
    clock.train_seconds += 3.0
    clock.write(2000, 7)
    again = read_json(path)
    assert again["train_seconds"] == 5.0 and again["tokens_per_second"] == 400.0 and again["peak_memory_bytes"] == 7
    assert again["seconds"] >= first["seconds"]
    assert Clock(path, resumed=False).train_seconds == 0.0


def test_same_run():
    check_same_run("p", {"a": 1, "b": {"c": 2}}, {"b": {"c": 2}, "a": 1})
    with pytest.raises(ConfigError, match=r"p is of another run \(b 2, now 3\)"):
        check_same_run("p", {"a": 1, "b": 2}, {"a": 1, "b": 3})
