"""Variants of a corpus: the recipe without some stages, made to be trained on beside the corpus itself.

A variant shares every folder of `work/` up to the first stage it leaves out. It has the tokenizer of the corpus, and is
validated on the validation documents of the corpus, which were set aside before any stage it may leave out.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from typing import Any

from . import storage
from .errors import PlanError, did_you_mean
from .plan import Plan, artifact_file, make_plan
from .recipe import Step
from .references import with_artifacts
from .rows import DOCUMENT
from .stage import Fit, Stage, signals_of
from .work import Workspace


def variants(work: Workspace) -> Iterator[Workspace]:
    """The workspace of each variant that the ablation asks for, once the corpus itself is published."""
    chosen = work.plan.ablation
    for name, about in chosen.variants.items() if chosen else ():
        yield Workspace(_plan(work, about["without"]), work.run, name)


def check_variants(plan: Plan) -> None:
    """Raises PlanError if a variant leaves out a stage that is not there, that must stay, or that another needs."""
    chosen = plan.ablation
    if chosen is None:
        return
    for name, about in chosen.variants.items():
        where = f"{plan.recipe.path}: the variant '{name}'"
        labels = [step.label for step in plan.steps]
        for label in about["without"]:
            if label not in labels:
                raise PlanError(f"{where} leaves out '{label}', which is no stage{did_you_mean(label, labels)}")
            _check_may_go(plan, plan.steps[labels.index(label)], where)
        _check_plan(plan, about["without"], where)


def _check_may_go(plan: Plan, step: Step, where: str) -> None:
    position = plan.steps.index(step)
    wanted = {name for export in plan.exports for name in export.stage.needs()} - {*DOCUMENT.names}
    needed = [place for place, other in enumerate(plan.steps) if wanted & signals_of(other.stage, other.label).keys()]
    if needed and position <= max(needed):
        by = plan.steps[max(needed)].label
        raise PlanError(f"{where} leaves out {step.label}, which must stay: validation is what {by} sets aside")
    if isinstance(step.stage, Fit) or (isinstance(step.stage, Stage) and step.stage.scrubs):
        raise PlanError(f"{where} leaves out {step.label}, which must stay")


@dataclasses.dataclass(frozen=True)
class _Made(Fit):
    """In the place of a Fit whose file a variant takes from the corpus: it reads nothing."""

    name = "made"


def _check_plan(plan: Plan, without: tuple[str, ...], where: str) -> None:
    """Raises PlanError if what is left does not fit together."""
    left = [step for step in plan.recipe.steps if step.label not in without]
    steps = tuple(dataclasses.replace(step, stage=_Made()) if isinstance(step.stage, Fit) else step for step in left)
    try:
        make_plan(dataclasses.replace(plan.recipe, steps=steps, ablation=None))
    except PlanError as error:
        raise PlanError(f"{where} leaves out {', '.join(without)}: {error}") from error


def _plan(work: Workspace, without: tuple[str, ...]) -> Plan:
    """The plan of a variant: what Fits made for the corpus is taken from there."""
    plan = work.plan
    made = {}
    for step in plan.steps:
        if isinstance(step.stage, Fit):
            name = artifact_file(step)
            made[step.label] = storage.join(work.out, name) if name else work.artifacts[step.label]
    left = [step for step in plan.recipe.steps if step.label not in {*without, *made}]
    steps = tuple(dataclasses.replace(step, stage=with_artifacts(step.stage, made)) for step in left)
    before: Any = plan.recipe.settings
    settings = dataclasses.replace(before, on_error="stop")  # nobody would see what was set aside
    return make_plan(dataclasses.replace(plan.recipe, steps=steps, settings=settings, ablation=None))


def data_of(work: Workspace, variant: Workspace, label: str) -> str:
    """The folder to train a variant from: its own training side beside the validation side of the corpus.

    label: of the export that packs. On a local disk, for the sides are links.
    """
    ours, theirs = work.artifacts[label], variant.artifacts[label]
    folder = storage.join(variant.state, "data")
    storage.remove_folder(folder)
    storage.make_folder(folder)
    for side, of in (("train", theirs), ("validation", ours)):
        os.symlink(os.path.abspath(storage.join(of, side)), storage.join(folder, side))
    for name in ("tokenizer.json", "token_bytes.npy"):
        storage.copy(storage.join(ours, name), storage.join(folder, name))
    about, held_out = (storage.read_json(storage.join(of, "packed.json")) for of in (theirs, ours))
    sources: dict[str, Any] = {
        name: {**source, "validation": held_out["sources"][name]["validation"]}
        for name, source in about["sources"].items()
    }
    storage.write_json(storage.join(folder, "packed.json"), {**about, "sources": sources})
    return folder
