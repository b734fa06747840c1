"""The ablation: the same small model trained on several mixtures of the finished corpus, and the verdict.

    work/ablation/{mixture}-{seed}-{fingerprint}/   one run of `python -m train`: config.yaml, log.txt, its results
    out/ablation/ablation.json                      every run's results and the verdict: there when all are done
    out/ablation/timing.json                        seconds and memory: not the same in a second run

A run's folder is named by all that decides its results, so another objective trains nothing again, and one more
seed trains only that seed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import shlex
import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import yaml

from train.config import VERSION, Config
from train.errors import ConfigError
from train.packed import PackedIndex

from . import storage
from .contenders import (
    Contender,
    check_objective,
    contenders,
    fingerprint,
    label_of,
    mixtures_of,
    packed_index,
    torch_version,
)
from .engine import Engine
from .errors import InputError, RecipeError, StageError, did_you_mean
from .jobs import Job
from .mixtures import expand
from .plan import Plan
from .sections import Ablation
from .stage import Export
from .work import Workspace
from .worker import Done, Progress

FORMAT = 4
"""Version of `ablation.json`. Raise it when it changes for the same runs."""
SHOWN_LINES = 5
OWN_OPTIONS = ("data", "out", "mixture", "tokens", "seed")
UNCAPPED = {"max_epochs": 1e9}
"""Every run gets the same number of tokens, however often a small source is repeated; the report says how often."""


@dataclass(frozen=True)
class Run:
    """One training run. name: unique within the ablation; config: the options of `python -m train`."""

    contender: Contender
    seed: int
    name: str
    config: dict[str, Any]
    folder: str

    @property
    def is_done(self) -> bool:
        """Whether its results are complete."""
        return storage.exists(storage.join(self.folder, "result.json"))


def check_ablation(plan: Plan) -> None:
    """Raises RecipeError if the section `ablation` cannot be carried out."""
    chosen = plan.ablation
    if chosen is None:
        return
    recipe = plan.recipe
    packing = [step.label for step in plan.exports if isinstance(step.stage, Export) and step.stage.trains]
    if label_of(chosen) not in packing:
        need = f"{recipe.path}: the ablation needs packed tokens"
        if packing:
            raise RecipeError(f"{need}, and '{chosen.data}' has none{did_you_mean(label_of(chosen), packing)}")
        raise RecipeError(f"{need}: add the stages tokenizer, tokens and pack")
    expand(chosen.mixtures, recipe)
    _check_options(recipe.path, chosen, [source.name for source in recipe.sources])


def _check_options(path: str, chosen: Ablation, sources: Collection[str]) -> None:
    known = [field.name for field in dataclasses.fields(Config) if field.name not in OWN_OPTIONS]
    for name in chosen.train:
        if name in OWN_OPTIONS:
            raise RecipeError(f"{path}: ablation option 'train' may not have '{name}': the ablation sets it")
        if name not in known:
            raise RecipeError(f"{path}: ablation option 'train' has no option '{name}'{did_you_mean(name, known)}")
    tokens = {} if chosen.train.get("phases") else {"tokens": chosen.tokens}
    given: dict[str, Any] = {"data": "", "out": "", **tokens, **chosen.train}
    try:
        config = Config(**given)
    except ConfigError as error:
        raise RecipeError(f"{path}: ablation option 'train': {error}") from error
    if config.phases:
        _check_phases(f"{path}: ablation option 'train'", config, chosen.tokens, sources)


def _check_phases(where: str, config: Config, tokens: int, sources: Collection[str]) -> None:
    if config.tokens != tokens:
        raise RecipeError(
            f"{where}: phases have {config.tokens:,} tokens together, but every run gets {tokens:,}: set the ablation's"
            f" option tokens to {config.tokens:_}"
        )
    for number, phase in enumerate(config.phases, start=1):
        mixture = phase.get("mixture", {})
        for name in mixture if isinstance(mixture, dict) else ():
            if name not in sources:
                raise RecipeError(
                    f"{where}: the mixture of phase {number} names no source of this recipe: '{name}'"
                    f"{did_you_mean(name, sources)}"
                )
    if all("mixture" in phase for phase in config.phases):
        raise RecipeError(
            f"{where}: every one of the phases has its own mixture, so that all runs would be"
            " the same: leave it out where the compared one is meant"
        )


def _result(work: Workspace) -> str:
    return storage.join(work.out, "ablation", "ablation.json")


def is_compared(work: Workspace) -> bool:
    """Whether the plan asks for no ablation, or the results for its published corpus are there."""
    chosen = work.plan.ablation
    there = storage.exists(_result(work))
    if chosen is None or not there:
        return chosen is None and not there
    found: str = storage.read_json(_result(work))["fingerprint"]
    return found == fingerprint(work, chosen, FORMAT)


def compare_mixtures(work: Workspace, engine: Engine, progress: Progress, parallel: int) -> None:
    """Train what is missing and write the results. Raises InputError, RecipeError, StageError."""
    if is_compared(work):
        return
    storage.remove_folder(storage.join(work.out, "ablation"))
    chosen = work.plan.ablation
    if chosen is None:
        return
    data = work.artifacts[label_of(chosen)]
    if storage.is_url(data):
        raise InputError(f"an ablation trains from a local disk, and {work.run} is not on one: choose another --out")
    index = packed_index(data)
    check_objective(work.plan, chosen, index)
    runs = _runs(work, chosen)
    _train(runs, chosen, engine, progress, parallel)
    results = [_read(run) for run in runs]
    storage.write_json(storage.join(work.out, "ablation", "timing.json"), {run.name: _timing(run) for run in runs})
    _, left_out = mixtures_of(work, chosen)
    content = {
        "fingerprint": fingerprint(work, chosen, FORMAT),
        "left_out": left_out,
        **_conclude(chosen, index, runs, results),
    }
    storage.write_json(_result(work), content)


def _runs(work: Workspace, chosen: Ablation) -> list[Run]:
    """Every run: all contenders with the first seed, then with the next, so that a stopped ablation is of use."""
    compared = contenders(work, chosen)
    runs = []
    for seed in range(chosen.seeds):
        for one in compared:
            weights = one.mixture.weights
            decides = {"mixture": weights, "tokens": chosen.tokens, "seed": seed, **UNCAPPED, **chosen.train}
            packed = storage.sha256_of(storage.join(one.folder, "packed.json"))
            shards = work.plan.artifacts[label_of(chosen)], one.mixture.without, packed
            mark = hashlib.sha256(repr((shards, VERSION, torch_version(), decides)).encode()).hexdigest()
            name = f"{one.mixture.name}-{seed}"
            out = storage.join(work.root, "ablation", f"{name}-{mark[:16]}")
            runs.append(Run(one, seed, name, {"data": one.folder, "out": out, **decides}, out))
    return runs


def _train(runs: list[Run], chosen: Ablation, engine: Engine, progress: Progress, parallel: int) -> None:
    left = [run for run in runs if not run.is_done]
    if not left:
        return
    progress.begin("ablation: training runs", len(runs), len(runs) - len(left))
    by_name = {run.name: run for run in left}
    for done in engine.run_commands([_job(run, chosen.gpus_per_job) for run in left], parallel):
        if done.returncode != 0:
            raise _failed(by_name[done.name], done.returncode)
        progress.advance(Done(done.name, [], 0, 0, done.seconds))


def _job(run: Run, gpus: float) -> Job:
    config = storage.join(run.folder, "config.yaml")
    storage.write_bytes(config, yaml.safe_dump(run.config, allow_unicode=True, sort_keys=False).encode())
    command = (sys.executable, "-P", "-m", "train", "--config", config)
    return Job(run.name, command, storage.join(run.folder, "log.txt"), gpus)


def _failed(run: Run, returncode: int) -> StageError:
    log = storage.read_bytes(storage.join(run.folder, "log.txt")).decode(errors="replace")
    said = " | ".join(log.strip().splitlines()[-SHOWN_LINES:])
    command = shlex.join([sys.executable, "-P", "-m", "train", "--config", storage.join(run.folder, "config.yaml")])
    return StageError(
        f"the training run {run.name} ended with exit code {returncode} ({said}); to run it again: {command}"
    )


def _read(run: Run) -> dict[str, Any]:
    """What a run came to, without the paths of this machine."""
    result = storage.read_json(storage.join(run.folder, "result.json"))
    curve = [
        [line["tokens"], line["loss"]]
        for line in storage.read_lines(storage.join(run.folder, "metrics.jsonl"))
        if "loss" in line
    ]
    kept = {name: value for name, value in result.items() if name != "config"}
    return {"mixture": run.contender.mixture.name, "seed": run.seed, **kept, "curve": curve}


def _timing(run: Run) -> Any:
    return storage.read_json(storage.join(run.folder, "timing.json"))


def _conclude(chosen: Ablation, index: PackedIndex, runs: list[Run], results: list[dict[str, Any]]) -> dict[str, Any]:
    """The facts of the ablation, and the verdict."""
    from train import verdict

    mixtures = {run.contender.mixture.name: run.contender for run in runs}
    seen = {
        result["mixture"]: [source for source, served in result["served"].items() if served["tokens"]]
        for result in results
    }
    losses: dict[str, dict[int, dict[str, float]]] = {}
    for run, result in zip(runs, results, strict=True):
        by_source = {source: one["bits_per_byte"] for source, one in result["validation"].items() if one["bytes"]}
        losses.setdefault(run.contender.mixture.name, {})[run.seed] = by_source
    try:
        judged = verdict.judge(losses, chosen.objective, seen)
    except ConfigError as error:
        raise RecipeError(f"the ablation's objective: {error}") from error
    return {
        "objective": chosen.objective,
        "data": label_of(chosen),
        "tokens": chosen.tokens,
        "seeds": chosen.seeds,
        "sequence_tokens": index.sequence_tokens,
        "train": chosen.train,
        "mixtures": {name: _about(one) for name, one in mixtures.items()},
        "runs": results,
        "verdict": judged,
    }


def _about(one: Contender) -> dict[str, Any]:
    return {
        "weights": one.mixture.weights,
        "missing_tags": list(one.mixture.missing),
        "without": list(one.mixture.without),
        "also": list(one.also),
        "cited": one.mixture.cited,
    }
