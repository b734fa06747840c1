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
import sys
from dataclasses import dataclass
from typing import Any

import yaml

from train.errors import ConfigError, DataError
from train.tokens import PackedIndex, read_index

from . import storage
from .engine import Engine
from .errors import InputError, RecipeError, StageError
from .jobs import Job
from .mixtures import Mixture, expand, resolve
from .plan import Plan
from .sections import Ablation
from .variants import data_of, variants
from .work import Workspace
from .worker import Done, Progress

FORMAT = 1
"""Version of `ablation.json`. Raise it when it changes for the same runs."""
SHOWN_LINES = 5
OWN_OPTIONS = ("data", "out", "mixture", "tokens", "seed")
UNCAPPED = {"max_epochs": 1e9}
"""Every run gets the same number of tokens, however often a small source is repeated; the report says how often."""


@dataclass(frozen=True)
class Run:
    """One training run. name: unique within the ablation; config: the options of `python -m train`."""

    mixture: Mixture
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
    from train.config import Config

    recipe = plan.recipe
    if _label(chosen) not in [step.label for step in plan.exports]:
        raise RecipeError(f"{recipe.path}: the ablation needs packed tokens: add the stages tokenizer, tokens and pack")
    expand(chosen.mixtures, recipe)
    for name in OWN_OPTIONS:
        if name in chosen.train:
            raise RecipeError(f"{recipe.path}: ablation option 'train' may not have '{name}': the ablation sets it")
    given: dict[str, Any] = {"data": "", "out": "", "tokens": chosen.tokens, **chosen.train}
    try:
        Config(**given)
    except (ConfigError, TypeError) as error:
        raise RecipeError(f"{recipe.path}: ablation option 'train': {error}") from error


def _fingerprint(work: Workspace, chosen: Ablation) -> str:
    """What decides the bytes of `ablation.json`."""
    parts = [FORMAT, work.plan.artifacts[_label(chosen)], chosen, work.plan.recipe.mixtures]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _result(work: Workspace) -> str:
    return storage.join(work.out, "ablation", "ablation.json")


def is_compared(work: Workspace) -> bool:
    """Whether the plan asks for no ablation, or its results are there."""
    chosen = work.plan.ablation
    there = storage.exists(_result(work))
    if chosen is None:
        return not there
    return there and storage.read_json(_result(work))["fingerprint"] == _fingerprint(work, chosen)


def compare_mixtures(work: Workspace, engine: Engine, progress: Progress, parallel: int) -> None:
    """Train what is missing and write the results. Raises RecipeError, StageError."""
    if is_compared(work):
        return
    storage.remove_folder(storage.join(work.out, "ablation"))
    chosen = work.plan.ablation
    if chosen is None:
        return
    data = work.artifacts[_label(chosen)]
    if storage.is_url(data):
        raise InputError(
            f"an ablation trains from a local disk, and {work.run} is not on one: copy {data} and use --out"
        )
    index = _index(data)
    _check_objective(work.plan.recipe.path, chosen, index)
    runs = _runs(work, chosen, data)
    _train(runs, chosen, engine, progress, parallel)
    results = [_read(run) for run in runs]
    storage.write_json(storage.join(work.out, "ablation", "timing.json"), {run.name: _timing(run) for run in runs})
    content = {"fingerprint": _fingerprint(work, chosen), **_conclude(chosen, index, runs, results)}
    storage.write_json(_result(work), content)


def _index(data: str) -> PackedIndex:
    try:
        return read_index(data)
    except DataError as error:
        raise InputError(str(error)) from error


def _check_objective(path: str, chosen: Ablation, index: PackedIndex) -> None:
    """Raises RecipeError, before anything is trained, if a source that counts has no validation text."""
    for name, weight in chosen.objective.items():
        if weight and not index.sources[name].validation.total("bytes"):
            raise RecipeError(
                f"{path}: the ablation's objective counts the source '{name}', which has no document on the side"
                " 'validation': raise validation_frac of the stage split, or leave it out"
            )


def _runs(work: Workspace, chosen: Ablation, data: str) -> list[Run]:
    """Every run: all mixtures with the first seed, then with the next, so that a stopped ablation is of use."""
    contenders = _contenders(work, chosen, data)
    runs = []
    for seed in range(chosen.seeds):
        for mixture, folder in contenders:
            decides = {"mixture": mixture.weights, "tokens": chosen.tokens, "seed": seed, **UNCAPPED, **chosen.train}
            packed = storage.sha256_of(storage.join(folder, "packed.json"))
            mark = hashlib.sha256(repr((work.plan.artifacts[_label(chosen)], packed, decides)).encode()).hexdigest()
            name = f"{mixture.name}-{seed}"
            out = storage.join(work.root, "ablation", f"{storage.file_name(name)}-{mark[:16]}")
            runs.append(Run(mixture, seed, name, {"data": folder, "out": out, **decides}, out))
    return runs


def _contenders(work: Workspace, chosen: Ablation, data: str) -> list[tuple[Mixture, str]]:
    """What is compared, and the folder that each is trained from: mixtures of the corpus, then its variants."""
    recipe = work.plan.recipe
    tokens = _tokens(data)
    found = [(resolve(name, recipe, tokens), data) for name in expand(chosen.mixtures, recipe)]
    for variant in variants(work):
        folder = data_of(work, variant, _label(chosen))
        natural = resolve("natural", recipe, _tokens(folder))
        without = chosen.variants[variant.variant]["without"]
        found.append((dataclasses.replace(natural, name=variant.variant, without=without), folder))
    return found


def _tokens(data: str) -> dict[str, int]:
    return {name: n_tokens for name, (_, n_tokens) in _index(data).available().items()}


def _label(chosen: Ablation) -> str:
    return chosen.data.removeprefix("@")


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
    command = (sys.executable, "-m", "train", "--config", config)
    return Job(run.name, command, storage.join(run.folder, "log.txt"), gpus)


def _failed(run: Run, returncode: int) -> StageError:
    log = storage.read_bytes(storage.join(run.folder, "log.txt")).decode(errors="replace")
    said = " | ".join(log.strip().splitlines()[-SHOWN_LINES:])
    command = f"{sys.executable} -m train --config {storage.join(run.folder, 'config.yaml')}"
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
    return {"mixture": run.mixture.name, "seed": run.seed, **kept, "curve": curve}


def _timing(run: Run) -> Any:
    return storage.read_json(storage.join(run.folder, "timing.json"))


def _conclude(chosen: Ablation, index: PackedIndex, runs: list[Run], results: list[dict[str, Any]]) -> dict[str, Any]:
    """The facts of the ablation, and the verdict."""
    from train import verdict

    seen = {run.mixture.name: [source for source, weight in run.mixture.weights.items() if weight] for run in runs}
    losses: dict[str, dict[int, dict[str, float]]] = {}
    for run, result in zip(runs, results, strict=True):
        by_source = {source: one["bits_per_byte"] for source, one in result["validation"].items() if one["bytes"]}
        losses.setdefault(run.mixture.name, {})[run.seed] = by_source
    try:
        judged = verdict.judge(losses, chosen.objective, seen)
    except ConfigError as error:
        raise RecipeError(f"the ablation's objective: {error}") from error
    mixtures = {
        run.mixture.name: {
            "weights": run.mixture.weights,
            "missing_tags": list(run.mixture.missing),
            "without": list(run.mixture.without),
            "cited": run.mixture.cited,
        }
        for run in runs
    }
    return {
        "objective": chosen.objective,
        "tokens": chosen.tokens,
        "seeds": chosen.seeds,
        "sequence_tokens": index.sequence_tokens,
        "train": chosen.train,
        "mixtures": mixtures,
        "runs": results,
        "verdict": judged,
    }
