"""Checkpoints: whole or not at all, of this run or refused, and never code."""

from __future__ import annotations

import os
import pickle

import pytest
import torch

from train import checkpoint
from train.checkpoint import load, save
from train.errors import ConfigError, DataError

RUN = {"lr": 0.01, "mixture": {"web": 0.5, "書": 0.5}, "seed": 0, "torch": "2"}


def state(**changes):
    return {
        "run": RUN,
        "loader": {"step": 3, "skipped": [[5, 8]]},
        "served": {"sources": ["web", "書"], "counts": [[[200, 2, -7], [100, 1, 1 << 62]]]},
        "log_bytes": 12,
        "window": [[1.5, 0.5, 100]],
        "model": {"weight": torch.arange(6.0).reshape(2, 3)},
        "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
        **changes,
    }


def test_what_is_saved_is_loaded(tmp_path):
    path = str(tmp_path / "checkpoint.pt")
    assert load(path, RUN) is None
    save(path, state(loader={"step": 1, "skipped": []}))
    save(path, state())
    loaded = load(path, RUN)
    for name in ("loader", "served", "log_bytes", "window"):
        assert loaded[name] == state()[name]
    assert torch.equal(loaded["model"]["weight"], state()["model"]["weight"])
    assert loaded["optimizer"]["param_groups"] == [{"lr": 0.1, "params": [0]}]
    assert os.listdir(tmp_path) == ["checkpoint.pt"]


def test_a_failed_write_leaves_the_one_before(tmp_path, monkeypatch):
    path = str(tmp_path / "checkpoint.pt")
    save(path, state())

    def full(what, file):
        file.write(b"half of it")
        raise OSError("No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space"):
        save(path, state(log_bytes=99))
    assert load(path, RUN)["log_bytes"] == 12
    assert os.listdir(tmp_path) == ["checkpoint.pt"]


def test_another_run_is_refused_by_what_differs(tmp_path):
    path = str(tmp_path / "checkpoint.pt")
    save(path, state())
    with pytest.raises(ConfigError) as caught:
        load(path, {**RUN, "lr": 0.02, "mixture": {"web": 1.0}})
    assert str(caught.value) == (
        f"{path} is of another run (lr 0.01, now 0.02; mixture {{'web': 0.5, '書': 0.5}}, now {{'web': 1.0}}): "
        "choose another --out or delete that folder"
    )
    with pytest.raises(ConfigError, match="layers None, now 2"):
        load(path, {**RUN, "layers": 2})


def test_damaged_and_foreign_files(tmp_path):
    path = str(tmp_path / "checkpoint.pt")
    save(path, state())
    whole = (tmp_path / "checkpoint.pt").read_bytes()
    flipped = whole.replace(torch.arange(6.0).numpy().tobytes(), bytes(24))
    assert flipped != whole
    for content in (b"", b"\x80", b"not a checkpoint", whole[: len(whole) // 2], whole[:-9], flipped):
        (tmp_path / "checkpoint.pt").write_bytes(content)
        with pytest.raises(DataError, match="delete it to start this run again"):
            load(path, RUN)
    for foreign in ([1, 2], {"model": {}}, {**state(), "format": checkpoint.FORMAT + 1}):
        torch.save(foreign, path)
        with pytest.raises(DataError, match="no checkpoint of this program's version"):
            load(path, RUN)


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "sprung"),))

    path = str(tmp_path / "checkpoint.pt")
    for write in (torch.save, lambda what, to: (tmp_path / "checkpoint.pt").write_bytes(pickle.dumps(what))):
        write({**state(), "model": Trap()}, path)
        with pytest.raises(DataError, match="damaged or no checkpoint"):
            load(path, RUN)
        assert not (tmp_path / "sprung").exists()
