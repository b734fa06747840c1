"""A run as a whole: it learns, accounts for every token, stops clearly, and goes on after a kill as if nothing was."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from packed_folders import encode, packed_folder

from train import loop
from train.account import AccountError
from train.config import Config
from train.errors import ConfigError, DataError
from train.loop import DivergedError, train
from train.packed import read_index

ROOT = Path(__file__).parent.parent.parent
EN = [
    f"The {animal} runs over the {place} and back again."
    for animal in ("cat", "dog", "fox")
    for place in ("hill", "sea")
]
ZH = [f"{who}说：学而时习之，不亦说乎？" for who in ("子", "孟子", "老子", "庄子")]
SMALL = {
    "device": "cpu",
    "width": 16,
    "heads": 2,
    "layers": 1,
    "batch_sequences": 4,
    "tokens": 3000,
    "max_epochs": 1000.0,
    "lr": 0.01,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packed")
    train_side = {"en": [encode(text) for text in EN * 3], "zh": [encode(text) for text in ZH * 3], "empty": []}
    validation = {"en": [encode(EN[0])], "zh": [encode(ZH[0])]}
    packed_folder(folder, train_side, validation, sequence_tokens=32, shards=2)
    return str(folder)


def config(data, out, **options):
    return Config(data=data, out=str(out), **{**SMALL, **options})


def lines(out):
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def weights(out):
    return torch.load(out / "checkpoint.pt", weights_only=True)["model"]


def assert_same(one, other):
    """Result and lines byte for byte, weights bit for bit."""
    for name in ("result.json", "metrics.jsonl"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    mine, theirs = weights(one), weights(other)
    assert list(mine) == list(theirs)
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_it_learns_and_accounts_for_every_token(data, tmp_path):
    result = train(config(data, tmp_path, mixture={"en": 3, "zh": 1}, log_every=5, evaluate_every=10))
    index = read_index(data)
    assert result == json.loads((tmp_path / "result.json").read_text())
    assert result["weights"] == {"empty": 0.0, "en": 0.75, "zh": 0.25}
    assert result["planned"] == {"en": 2250, "zh": 750}
    served = result["served"]
    assert sum(one["tokens"] for one in served.values()) == result["tokens"] == pytest.approx(3000, rel=0.05)
    assert served["en"]["tokens"] == pytest.approx(2250, rel=0.05)
    assert served["zh"]["epochs"] == served["zh"]["sequences"] / index.available()["zh"][0]
    logged = [line for line in lines(tmp_path) if "loss" in line]
    assert [line["step"] for line in logged][:3] == [5, 10, 15] and logged[-1]["step"] == result["steps"]
    assert logged[-1]["tokens"] == result["tokens"]
    assert logged[0]["loss"] > 5 > 2.5 > logged[-1]["loss"]
    evaluated = [line for line in lines(tmp_path) if "validation" in line]
    assert [line["step"] for line in evaluated] == [10, 20, result["steps"]]
    assert evaluated[-1]["validation"] == {name: one["bits_per_byte"] for name, one in result["validation"].items()}
    assert evaluated[-1]["validation"]["en"] < evaluated[0]["validation"]["en"] < 8
    assert result["validation"]["empty"]["bits_per_byte"] is None
    assert result["validation"]["zh"]["bytes"] == len(ZH[0].encode())


def test_phases_follow_one_another_and_are_told(data, tmp_path):
    phases = [{"mixture": {"en": 1.0}, "tokens": 1500}, {"mixture": {"en": 1.0, "zh": 2.0}, "tokens": 1500}]
    result = train(config(data, tmp_path, phases=phases))
    assert result["weights"] == pytest.approx({"empty": 0.0, "en": 2 / 3, "zh": 1 / 3})
    assert result["planned"] == {"en": 2000, "zh": 1000}
    first, second = (phase["served"] for phase in result["account"]["phases"])
    assert first["zh"]["tokens"] == 0 and second["zh"]["tokens"] == result["served"]["zh"]["tokens"]
    assert first["en"]["tokens"] == pytest.approx(1500, abs=40) and second["en"]["tokens"] == pytest.approx(500, abs=40)
    assert result["account"] == json.loads((tmp_path / "account.json").read_text())
    assert result["account"]["total"]["planned"] == result["served"] and result["account"]["differences"] == []


def test_a_proxy_repeats_as_often_as_its_target(data, tmp_path):
    target = train(config(data, tmp_path / "target", mixture="uniform", tokens=8000))
    proxy = train(config(data, tmp_path / "proxy", mixture="uniform", tokens=2000, target_tokens=8000))
    for source, served in proxy["served"].items():
        assert served["epochs"] == pytest.approx(target["served"][source]["epochs"], rel=0.35)
    there = read_index(data).available()
    assert all(one["sequences"] / one["epochs"] < there[name][0] for name, one in proxy["served"].items())


@pytest.mark.parametrize("lose", [True, False])
def test_a_batch_that_is_lost_or_comes_twice_stops_the_run(data, tmp_path, monkeypatch, lose):
    advance = loop.Run.advance

    def advance_wrongly(run):
        advance(run)
        if run.step == 5:
            run.loader.step += 1 if lose else -1
            if not lose:
                monkeypatch.undo()

    monkeypatch.setattr(loop.Run, "advance", advance_wrongly)
    with pytest.raises(AccountError, match="the account does not add up: 'en' in phase 1: planned"):
        train(config(data, tmp_path, tokens=800))
    assert not (tmp_path / "result.json").exists()
    assert json.loads((tmp_path / "account.json").read_text())["differences"]


def test_logged_loss_is_the_mean_over_tokens(data, tmp_path):
    """A line for 5 steps holds what their 5 lines of another run say, weighted by their tokens."""
    train(config(data, tmp_path / "each", log_every=1))
    train(config(data, tmp_path / "five", log_every=5))
    each = lines(tmp_path / "each")
    first, nats, before = lines(tmp_path / "five")[0], 0.0, 0
    for line in each[:5]:
        nats, before = nats + line["loss"] * (line["tokens"] - before), line["tokens"]
    assert first["loss"] == pytest.approx(nats / before, rel=1e-12)
    assert (first["lr"], first["grad_norm"]) == (each[4]["lr"], each[4]["grad_norm"])


def test_steps_equal_those_of_a_plain_loop(data, tmp_path, monkeypatch):
    """One backward pass over the whole batch, targets picked by the mask, torch's own clip and AdamW."""
    monkeypatch.setattr(loop.Place, "sequences_at_once", lambda self, index: 3)  # 4 sequences: parts of 3 and 1
    chosen = config(data, tmp_path, mixture="uniform", tokens=400, warmup_frac=0.0)
    train(chosen)
    run = loop.Run(chosen, read_index(data), loop.choose_place(chosen))
    model, n_steps = run.model, len(run.loader)
    matrices, vectors = ([w for w in model.parameters() if (w.ndim > 1) == is_matrix] for is_matrix in (True, False))
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95))
    for step in range(n_steps):
        batch = run.loader[step]
        mask = torch.from_numpy(batch.mask)
        logits = model(torch.from_numpy(batch.inputs), torch.from_numpy(batch.piece[:, :-1]))[mask]
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(logits, torch.from_numpy(batch.targets)[mask]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * (0.1 + 0.45 * (1 + math.cos(math.pi * step / (n_steps - 1))))
        optimizer.step()
    assert n_steps > 2
    for name, weight in weights(tmp_path).items():
        torch.testing.assert_close(weight, model.state_dict()[name], rtol=1e-4, atol=1e-5, msg=name)


KILLED = """
import os, shutil, signal, sys
from train import loop, record
from train.config import Config
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def train_and_die(where, step, chosen):
    advance, evaluate = loop.Run.advance, loop.Run.evaluate
    def advance_and_die(run):
        advance(run)
        if where == "step" and run.step == step:
            die()
        if where == "write" and run.step == step:
            record.os.replace = die
    def evaluate_and_die(run):
        if where == "evaluation" and run.step == run.n_steps:
            die()
        return evaluate(run)
    loop.Run.advance, loop.Run.evaluate = advance_and_die, evaluate_and_die
    loop.train(chosen)
chosen, kills = Config(**eval(sys.argv[1])), eval(sys.argv[2])
for where, step in kills:
    process = os.fork()
    if process == 0:
        train_and_die(where, step, chosen)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL, where
    shutil.copytree(chosen.out, f"{chosen.out}-{where}-{step}")
"""


def kill(chosen, *kills):
    """Train in processes that kill themselves, one after another; each leaves a copy `OUT-where-step` of the folder."""
    command = [sys.executable, "-c", KILLED, repr(dataclasses.asdict(chosen)), repr(kills)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_killed_again_and_again_it_ends_as_if_never_stopped(data, tmp_path):
    phases = [{"tokens": 2000}, {"mixture": {"zh": 1.0}, "tokens": 1000}]
    every = {"log_every": 4, "evaluate_every": 6, "checkpoint_every_steps": 7}
    chosen = config(data, tmp_path / "run", phases=phases, target_tokens=6000, **every)
    whole = train(dataclasses.replace(chosen, out=str(tmp_path / "whole")))
    kill(chosen, ("step", 3), ("step", 10), ("write", 14), ("evaluation", 0))
    assert not (tmp_path / "run-step-3" / "checkpoint.pt").exists()
    assert lines(tmp_path / "run-step-10")[-1]["step"] == 8  # which the checkpoint of step 7 does not know
    written = torch.load(tmp_path / "run-write-14" / "checkpoint.pt", weights_only=True)
    assert written["loader"]["step"] == 7 and (tmp_path / "run-write-14" / "checkpoint.pt.tmp").exists()
    assert not (tmp_path / "run-evaluation-0" / "result.json").exists()
    said = []
    train(chosen, said.append)
    assert said == [f"going on from step {whole['steps']} of {whole['steps']}"]
    assert_same(tmp_path / "run", tmp_path / "whole")
    assert not (tmp_path / "run" / "checkpoint.pt.tmp").exists()


def test_a_second_call_does_nothing_and_says_so(data, tmp_path, monkeypatch):
    result = train(config(data, tmp_path, tokens=200))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    monkeypatch.setattr(loop, "Run", None)
    said = []
    assert train(config(data, tmp_path, tokens=200, log_every=3), said.append) == result
    assert said == [f"{tmp_path / 'result.json'} is complete: nothing to do"]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_run_of_another_version_is_refused(data, tmp_path, monkeypatch):
    train(config(data, tmp_path, tokens=200))
    monkeypatch.setattr(loop, "VERSION", -1)
    with pytest.raises(ConfigError, match=r"result.json is of another run \(version \d+, now -1\)"):
        train(config(data, tmp_path, tokens=200))


def test_another_run_in_the_same_folder_is_refused(data, tmp_path):
    train(config(data, tmp_path, tokens=200))
    with pytest.raises(ConfigError, match=r"result.json is of another run \(lr 0.01, now 0.02\): choose another --out"):
        train(config(data, tmp_path, tokens=200, lr=0.02))
    (tmp_path / "result.json").unlink()
    with pytest.raises(ConfigError, match=r"checkpoint.pt is of another run \(seed 0, now 1; tokens 200, now 300\)"):
        train(config(data, tmp_path, tokens=300, seed=1))
    other = tmp_path / "other"
    shutil.copytree(data, other)
    (other / "packed.json").write_text((other / "packed.json").read_text() + "\n")
    with pytest.raises(ConfigError, match=r"of another run \(data_sha256 "):
        train(config(str(other), tmp_path, tokens=200))


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"config": 3}'])
def test_a_foreign_result_is_not_overwritten(data, tmp_path, content):
    (tmp_path / "result.json").write_text(content)
    with pytest.raises(DataError, match=r"result\.json is"):
        train(config(data, tmp_path))
    assert (tmp_path / "result.json").read_text() == content


def test_a_folder_that_cannot_be_made(data, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="out: cannot make the folder"):
        train(config(data, tmp_path / "file" / "run"))
    with pytest.raises(DataError, match="is this a folder of packed tokens"):
        train(config(str(tmp_path), tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_no_number_stops_the_run(data, tmp_path, monkeypatch):
    advance = loop.Run.advance

    def spoil(run):
        advance(run)
        if run.step == 6:
            torch.nn.init.constant_(run.model.norm.weight, torch.inf)

    monkeypatch.setattr(loop.Run, "advance", spoil)
    chosen = config(data, tmp_path, log_every=5, checkpoint_every_steps=4)
    with pytest.raises(DivergedError) as caught:
        train(chosen)
    said = str(caught.value)
    assert caught.value.exit_code == 4
    assert said.startswith("training diverged at step 7 of ") and "(loss nan, norm of the gradient nan)" in said
    assert said.endswith("choose an lr below 0.01 or a longer warmup_frac, and another --out")
    assert lines(tmp_path)[-1]["step"] == 5
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["loader"]["step"] == 4
    assert not (tmp_path / "result.json").exists()


def test_a_model_spoilt_by_its_last_step_gives_no_result(data, tmp_path, monkeypatch):
    steps = loop._steps

    def spoil(run, *others):
        steps(run, *others)
        torch.nn.init.constant_(run.model.norm.weight, torch.inf)

    monkeypatch.setattr(loop, "_steps", spoil)
    with pytest.raises(DivergedError, match="the loss on en is nan: choose an lr below"):
        train(config(data, tmp_path, tokens=200))
    assert not (tmp_path / "result.json").exists()


def test_mixtures_share_their_start_and_threads_are_pinned(data, tmp_path):
    torch.set_num_threads(2)
    runs = []
    for mixture in ("natural", "uniform", {"zh": 1.0}):
        result = train(config(data, tmp_path / str(len(runs)), mixture=mixture, tokens=150, lr=0.0))
        assert (torch.get_num_threads(), result["threads"]) == (1, 1)
        runs.append(weights(tmp_path / str(len(runs))))
    assert all(torch.equal(run[name], runs[0][name]) for run in runs for name in run)


def test_a_budget_that_cannot_be_served_is_said(data, tmp_path):
    said = []
    result = train(config(data, tmp_path, mixture={"en": 1.0}, tokens=100_000, max_epochs=1.0), said.append)
    short = result["short_tokens"]
    assert result["capped"] == ["en"]
    assert short + result["tokens"] == pytest.approx(100_000, abs=100)
    assert said == [f"no source may be shown more often (max_epochs): the run lacks {short:,} of its tokens"]


def test_a_part_too_small_to_match_the_target_is_said(data, tmp_path):
    said = []
    result = train(config(data, tmp_path, mixture="uniform", tokens=200, target_tokens=40_000), said.append)
    assert result["coarse"] == ["en", "zh"] and result["capped"] == []
    assert said == [
        "too few sequences of en, zh are drawn to match target_tokens: its run would repeat them more or less often than"
        " this one, by over 10%"
    ]
    assert train(config(data, tmp_path / "all", tokens=200))["coarse"] == []


def test_half_precision_and_attention_across_documents(data, tmp_path):
    plain = train(config(data, tmp_path / "plain", tokens=400))
    half = train(config(data, tmp_path / "half", tokens=400, precision="bfloat16"))
    across = train(config(data, tmp_path / "across", tokens=400, attend_across_documents=True))
    assert [one["config"]["precision"] for one in (plain, half, across)] == ["float32", "bfloat16", "float32"]
    for other in (half, across):
        assert other["validation"]["en"]["nats"] != plain["validation"]["en"]["nats"]
        assert other["validation"]["en"]["nats"] == pytest.approx(plain["validation"]["en"]["nats"], rel=0.05)
        assert other["served"] == plain["served"]


def test_results_say_nothing_of_folders_or_time(data, tmp_path):
    train(config(data, tmp_path / "網", tokens=200))
    text = (tmp_path / "網" / "result.json").read_text()
    assert str(tmp_path) not in text and data not in text
    timing = json.loads((tmp_path / "網" / "timing.json").read_text())
    assert sorted(timing) == ["peak_memory_bytes", "seconds", "tokens_per_second", "train_seconds"]
    assert all(value > 0 for value in timing.values())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there(data, tmp_path):
    with pytest.raises(ConfigError, match="torch finds no GPU here"):
        train(config(data, tmp_path, device="cuda"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_the_same_on_a_gpu_twice(data, tmp_path):
    for name in ("one", "two"):
        train(config(data, tmp_path / name, device="cuda", precision="bfloat16"))
    assert_same(tmp_path / "one", tmp_path / "two")
    near = train(config(data, tmp_path / "three", device="cuda", precision="float32", tokens=400))
    cpu = train(config(data, tmp_path / "four", device="cpu", tokens=400))
    assert near["validation"]["zh"]["nats"] == pytest.approx(cpu["validation"]["zh"]["nats"], rel=1e-3)
