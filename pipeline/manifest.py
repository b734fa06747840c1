"""`manifest.json`: what a run was, and what it published; the recipe in it is scrubbed as all that is published."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from . import slices, storage
from .ledger import Ledger
from .plan import Plan, facts_file, library_versions, tells_facts
from .recipe import Step
from .schema import options
from .scrubbers import scrubbers_of
from .stage import Stage, relabel
from .work import Workspace
from .worker import naming_failures

NAME = "manifest.json"
SAME = ("publication", "artifacts", "recipe_sha256", "until", "files")
"""By which it is known that two manifests are of the same run."""


def write_manifest(work: Workspace, ledger: Ledger, publication: str, files: dict[str, Any]) -> None:
    """Write `out/manifest.json`, scrubbed, and a copy that is not for commands that work with its options."""
    manifest = _manifest(work, ledger, publication, files)
    scrubbers = scrubbers_of(work)
    with naming_failures(work, "publish", "the manifest"):
        shown = {
            **manifest,
            "recipe": scrubbers.names([manifest["recipe"]])[0],
            "recipe_text": scrubbers.recipe(manifest["recipe_text"]),
            "steps": [{**step, "options": scrubbers.values(step["options"])} for step in manifest["steps"]],
        }
    storage.write_json(storage.join(work.state, NAME), manifest)
    storage.write_json(storage.join(work.out, NAME), shown)


def read_manifest(run: str) -> dict[str, Any]:
    """The manifest of a complete run with its recipe and options as they were given, as long as `work/` has them."""
    shown: dict[str, Any] = storage.read_json(storage.join(run, "out", NAME))
    path = storage.join(run, "work", NAME)
    if storage.exists(path):
        given: dict[str, Any] = storage.read_json(path)
        if all(given.get(key) == shown.get(key) for key in SAME):
            return given
    return shown


def _manifest(work: Workspace, ledger: Ledger, publication: str, files: dict[str, Any]) -> dict[str, Any]:
    plan = work.plan
    scrubs = [scrub.step.label for scrub in plan.scrubs]
    late = [scrub.step.label for scrub in plan.scrubs if scrub.position > plan.last]
    survivors = ledger.total(list(ledger.stages)[-1])
    libraries = library_versions()
    all_steps = (*plan.steps, *plan.exports)
    for step in all_steps:
        libraries.update(library_versions(step.stage))
    sources = {
        source.name: {
            "reader": source.reader.name,
            "tag": source.tag,
            "n_inputs": len(plan.inputs[source.name]),
            "bytes_on_disk": sum(item.size for item in plan.inputs[source.name]),
        }
        for source in plan.recipe.sources
    }
    return {
        "recipe": plan.recipe.name,
        "recipe_text": plan.recipe.text,
        "recipe_sha256": plan.recipe.sha256,
        "fingerprint": plan.fingerprints[-1],
        "publication": publication,
        "artifacts": plan.artifacts,
        "exports": [step.label for step in plan.exports],
        "until": plan.until,
        "on_error": plan.recipe.settings.on_error,
        "steps": [_step(step, plan, files) for step in all_steps],
        "sources": sources,
        "documents": survivors.rows_out,
        "bytes": survivors.bytes_out,
        "libraries": libraries,
        "scrubbed_by": scrubs[-1] if scrubs and not late else None,
        "scrubbed_while_published": late,
        "files": files,
    }


def _step(step: Step, plan: Plan, files: dict[str, Any]) -> dict[str, Any]:
    """What the manifest says of a step.

    limits: its rules about single signals, columns as they are in this run; slices: dimension, as `slices.json` names
    it, -> column, of those that it measures; facts: the file in `out/` about the artifact of a Fit or the model of
    another stage, if there is one. files: of the manifest.
    """
    made = step.stage
    measured = slices.dimensions(plan).items()
    limits = made.limits() if isinstance(made, Stage) else ()
    return {
        "label": step.label,
        "stage": made.name,
        "version": made.version,
        "options": options(made),
        "limits": [{**asdict(limit), "column": relabel(limit.column, made.name, step.label)} for limit in limits],
        "slices": {name: column for name, (column, at) in measured if plan.labels[at] == step.label},
        "facts": facts_file(step) if tells_facts(made) and facts_file(step) in files else None,
    }
