"""One document's whole story: where it came from, what was measured, what was edited, why it was dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import storage
from .batch import Batch, utf8_buffers
from .errors import CorpusmillError, InputError
from .execute import carry_out
from .ingest import Place, read_batches
from .plan import make_plan
from .readers.base import Input
from .recipe import load_recipe
from .rows import DOCUMENT, DROP, place_of
from .shards import read_batch, read_shard
from .stage import IN_INDEX, Fit, GlobalStage, Verdicts
from .verdicts import read_verdicts, verdicts_in
from .work import INPUTS, Workspace
from .worker import opened

MAX_EDITS = 20
MIN_UID = 6


def story(run: str, uid: str) -> dict[str, Any]:
    """Everything known of the document whose uid is, or begins with, `uid`.

    Its edits are found by reading it again from its input. Raises InputError if there is no such run or
    document, or more than one.
    """
    row, dropped = _find(run, uid.lower())
    told: dict[str, Any] = {"outcome": "dropped" if dropped else "kept"}
    told.update({name: row[name] for name in DOCUMENT.names if name != "text"})
    if dropped:
        told["drop"] = {name: row[name] for name in DROP.names}
        told["twin_origin"] = "" if row["reason"] == IN_INDEX else _origin_of(run, row["twin"])
    known = {*DOCUMENT.names, *(DROP.names if dropped else ())}
    told["signals"] = {name: value for name, value in row.items() if name not in known and value is not None}
    told["replay"] = _replay(run, row)
    return told


def _find(run: str, uid: str) -> tuple[dict[str, Any], bool]:
    if not storage.exists(storage.join(run, "out", "manifest.json")):
        raise InputError(f"{run} is not a complete run: give the folder that `corpusmill run` printed")
    if len(uid) < MIN_UID:
        raise InputError(f"give at least {MIN_UID} characters of the uid, got '{uid}'")
    found = list(_matches(run, uid))
    if not found:
        raise InputError(f"{run} has no document with the uid {uid}")
    if len(found) > 1:
        raise InputError(f"{len(found)} documents have uids that begin with {uid}: give more of it")
    return found[0]


def _matches(run: str, uid: str) -> Iterator[tuple[dict[str, Any], bool]]:
    for kind in ("documents", "dropped"):
        for path in storage.list_files(storage.join(run, "out", kind), ".arrow"):
            for number, batch in enumerate(read_shard(path, ["uid"])):
                for row in np.flatnonzero(
                    pc.starts_with(batch.column("uid"), uid).to_numpy(zero_copy_only=False)
                ).tolist():
                    yield read_batch(path, number).slice(row, 1).to_pylist()[0], kind == "dropped"


def _origin_of(run: str, uid: str) -> str:
    found = next(_matches(run, uid), None) if uid else None
    return str(found[0]["origin"]) if found else ""


def _replay(run: str, row: dict[str, Any]) -> dict[str, Any]:
    """The document taken through the stages again, with its edits; `why_not` if that cannot be done."""
    try:
        work = _workspace(run)
        batch = _read_again(work, row)
    except CorpusmillError as error:
        return {"why_not": str(error)}
    if batch is None:
        return {"why_not": "its row cannot be read"}
    stages = []
    for position, step in enumerate(work.plan.steps, start=1):
        if isinstance(step.stage, Fit):
            continue
        stage, resource = opened(work, position)
        draft = Batch(batch, stage, step.label, resource)
        if isinstance(stage, GlobalStage):
            verdicts = _verdicts(work, position, row["rank"])
            if verdicts is None:
                return {"why_not": f"what {step.label} found is no longer in {work.root}"}
            stage.apply(draft, verdicts)
        else:
            stage.apply(draft)
        stages.append({"label": step.label, **_edits(draft)})
        outcome = carry_out(draft, stage, step.label)
        if not outcome.kept.num_rows:
            break
        batch = outcome.kept
    return {"stages": stages, "excerpt": batch.column("text")[0].as_py()[:500]}


def _verdicts(work: Workspace, position: int, rank: int) -> Verdicts | None:
    """What a global stage decided about the document of a rank, or None if that is not stored any more."""
    before = next((p for p in range(position - 1, INPUTS, -1) if work.index(p) is not None), None)
    if before is None or not storage.exists(work.compared(position)):
        return None
    index = work.index(before)
    assert index is not None
    for shard in index["shards"]:
        if shard["ranks"] and shard["ranks"][0] <= rank <= shard["ranks"][1]:
            path = storage.join(work.folder(before), "documents", f"{shard['name']}.arrow")
            ranks = np.concatenate([batch.column("rank").to_numpy() for batch in read_shard(path, ["rank"])])
            columns = read_verdicts(work.verdicts(position, shard["name"]))
            return verdicts_in(columns, int(np.searchsorted(ranks, rank)), 1)
    return None


def _workspace(run: str) -> Workspace:
    """The run's plan, made anew from its recipe. Raises InputError if it is not what the run did."""
    about = storage.read_json(storage.join(run, "run.json"))
    plan = make_plan(load_recipe(about["recipe"]), about["until"])
    if plan.fingerprints[-1] != storage.read_json(storage.join(run, "out", "manifest.json"))["fingerprint"]:
        raise InputError("for the recipe, its inputs or the installed versions have changed since the run")
    return Workspace(plan, run)


def _read_again(work: Workspace, row: dict[str, Any]) -> pa.RecordBatch | None:
    """The document as its reader gives it, or None if the row is a bad one."""
    source, file, _ = place_of(row["rank"])
    item: Input = work.plan.inputs[row["source"]][file]
    settings = work.plan.recipe.settings
    batches = read_batches(
        work.plan.recipe.sources[source], [(Place(source, file), item)], "quarantine", settings.shard_mb << 20
    )
    for _, draft in batches:
        documents = draft.outcome().kept
        found = np.flatnonzero(documents.column("rank").to_numpy() == row["rank"])
        if len(found):
            return documents.slice(int(found[0]), 1)
    return None


def _edits(draft: Batch) -> dict[str, Any]:
    edits = draft.edits
    if edits is None:
        return {"n_edits": 0, "edits": []}
    data, offsets = utf8_buffers(draft.column("text"))
    shown = []
    for start, end, after in list(zip(edits.starts, edits.ends, edits.replacements, strict=True))[:MAX_EDITS]:
        first = int(offsets[0])
        before = bytes(data[first + int(start) : first + int(end)]).decode()
        shown.append({"start": int(start), "end": int(end), "before": before, "after": bytes(after).decode()})
    return {"n_edits": len(edits.rows), "edits": shown}
