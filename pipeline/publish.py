"""`out/`: what may be shown to others, written shard by shard from `work/`; the manifest says it is complete.

out/documents/*.arrow   survivors with their signals, one schema
out/dropped/*.arrow     every dropped row with its reason, one schema
out/<label>/            what an Export wrote; out/tokenizer.json and the like: what a Fit publishes
out/<label>.json        what a Fit tells of its artifact, or a stage of its model
out/ledger.json  signals.json  slices.json  inputs.jsonl  manifest.json
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO, NamedTuple, cast

import pyarrow as pa

from . import histograms, slices, storage
from .errors import CorpusmillError
from .export import Map, run_exports
from .ingest import clean
from .ledger import Ledger
from .plan import Plan, facts_file, library_versions, table_files, tells_facts
from .recipe import Step
from .rows import document_schema, dropped_schema
from .schema import options
from .scrub import Scrubber, without_excerpts
from .shards import BATCH_ROWS, HashingFile, ShardWriter, conform, finished, read_shard, read_table, sidecar_path
from .stage import Fit, GlobalStage, Stage, relabel, signals_of
from .work import Workspace
from .worker import Done, opened, stage_error

FORMAT = 5
"""Version of what publishing itself does to a shard. Raise it when its bytes change."""
COPY_BYTES = 1 << 20


class PublishTask(NamedTuple):
    """A shard to publish: its survivors are in the folder of the last of `positions`, dropped rows in those of all.

    Those dropped rows that were audited are in the last as well.
    """

    name: str
    positions: tuple[int, ...]


def _publication(work: Workspace) -> str:
    """What decides the bytes of a published shard."""
    settings = work.plan.recipe.settings
    return hashlib.sha256(f"{FORMAT} {work.plan.fingerprints[-1]} {settings.on_error}".encode()).hexdigest()


def _folder(work: Workspace) -> str:
    return storage.join(work.state, f"publish-{_publication(work)[:16]}")


def _out(work: Workspace, *parts: str) -> str:
    return storage.join(work.out, *parts)


def is_published(work: Workspace) -> bool:
    """Whether `out/` is complete for this plan: the manifest matches and its files are there with their sizes."""
    path = _out(work, "manifest.json")
    if not storage.exists(path):
        return False
    manifest = storage.read_json(path)
    there = [manifest.get(key) for key in ("publication", "artifacts", "recipe_sha256")]
    if there != [_publication(work), work.plan.artifacts, work.plan.recipe.sha256]:
        return False
    return all(storage.size_of(_out(work, name)) == file["bytes"] for name, file in manifest["files"].items())


def publish(work: Workspace, position: int, ledger: Ledger, run_map: Map) -> None:
    """Write `out/` from the complete folder at a position; the manifest is removed first and written last."""
    before = _exported(work)
    storage.remove(_out(work, "manifest.json"))
    lineage = work.lineage(position)
    names = [shard["name"] for shard in lineage[-1][1]["shards"]]
    positions = tuple(p for p, _ in lineage)
    left = [PublishTask(name, positions) for name in names if not _is_there(work, name)]
    run_map("publish", publish_task, None, left, len(names))
    files, facts = _merged(work, names, ledger)
    facts["inputs.jsonl"] = _inputs(work, lineage[0][0]).encode()
    for name, data in facts.items():
        files[name] = _write(work, name, io.BytesIO(data))
    files.update(_artifacts(work))
    _remove_others(work, files)
    files.update(run_exports(work, names, before, run_map))
    storage.write_json(_out(work, "manifest.json"), _manifest(work, ledger, files))


def _merged(work: Workspace, names: list[str], ledger: Ledger) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the sidecars of published shards say: their files, and the content of the files that count them all."""
    files: dict[str, Any] = {}
    counts: histograms.Counts = {}
    removed: slices.Counts = {}
    for name in names:
        sidecar = finished(_folder(work), name, _publication(work))
        assert sidecar is not None, f"{sidecar_path(_folder(work), name)} is missing"
        for kind in ("documents", "dropped"):
            files[f"{kind}/{name}.arrow"] = sidecar[kind]
        histograms.merge(counts, sidecar["signals"])
        slices.merge(removed, sidecar["slices"])
    stages = {column: step.label for step in work.plan.steps for column in signals_of(step.stage, step.label)}
    facts = {
        "ledger.json": ledger.to_json(),
        "signals.json": histograms.to_json(counts, work.plan.signals[-1], stages),
        "slices.json": slices.to_json(removed, work.plan, ledger),
    }
    return files, {name: _json(fact) for name, fact in facts.items()}


def _exported(work: Workspace) -> list[str]:
    """The exports that `out/` has, by its manifest."""
    path = _out(work, "manifest.json")
    return list(storage.read_json(path)["exports"]) if storage.exists(path) else []


def _json(value: Any) -> bytes:
    return storage.to_text(value).encode()


def _write(work: Workspace, name: str, content: BinaryIO) -> dict[str, Any]:
    """Commit a file of `out/`; returns its size and hash."""
    with storage.commit(_out(work, name)) as file:
        sink = HashingFile(file)
        shutil.copyfileobj(content, cast(BinaryIO, sink), COPY_BYTES)
    return {"bytes": sink.size, "sha256": sink.digest.hexdigest()}


def _artifacts(work: Workspace) -> dict[str, Any]:
    """Write what stages publish besides rows; returns the files. Raises StageError."""
    files = {}
    for step in work.plan.steps:
        if isinstance(step.stage, Fit) and step.stage.publishes:
            with storage.open_read(work.artifacts[step.label]) as artifact:
                files[step.stage.publishes] = _write(work, step.stage.publishes, artifact)
        for name, path in zip(table_files(step), _tables(work, step), strict=True):
            with storage.open_read(path) as table:
                files[name] = _write(work, name, table)
        facts = _facts(work, step) if tells_facts(step.stage) else b""
        if facts:
            files[facts_file(step)] = _write(work, facts_file(step), io.BytesIO(facts))
    return files


def _tables(work: Workspace, step: Step) -> list[str]:
    """The paths of what a global stage publishes."""
    position = work.plan.steps.index(step) + 1
    return [work.table(position, name) for name in step.stage.tables] if isinstance(step.stage, GlobalStage) else []


def _facts(work: Workspace, step: Step) -> bytes:
    """What a Fit tells of its artifact, a global stage of its comparison, or another stage of its model, as JSON;
    nothing where there is nothing to tell."""
    is_fit = isinstance(step.stage, Fit)
    if isinstance(step.stage, GlobalStage):
        found = storage.read_json(work.compared(work.plan.steps.index(step) + 1))
        return _json(found) if found else b""
    try:
        if isinstance(step.stage, Fit):
            with storage.open_read(work.artifacts[step.label]) as artifact:
                return _json(step.stage.facts(artifact))
        assert isinstance(step.stage, Stage)
        facts = step.stage.facts()
        return _json(facts) if facts else b""
    except CorpusmillError:
        raise
    except Exception as error:
        raise stage_error(work, step.label, "its artifact" if is_fit else "its model", None, error) from error


def _is_there(work: Workspace, name: str) -> bool:
    sidecar = finished(_folder(work), name, _publication(work))
    kinds = ("documents", "dropped")
    return sidecar is not None and all(
        storage.size_of(_out(work, kind, f"{name}.arrow")) == sidecar[kind]["bytes"] for kind in kinds
    )


def _remove_others(work: Workspace, files: dict[str, Any]) -> None:
    """Delete the shards and the artifacts of an earlier run with another plan."""
    for kind, suffix in (("documents/", ".arrow"), ("dropped/", ".arrow"), ("", ".json"), ("", ".arrow")):
        for path in storage.list_files(_out(work, kind) if kind else work.out, suffix):
            if kind + os.path.basename(path) not in files:
                storage.remove(path)


def _inputs(work: Workspace, position: int) -> str:
    """A line of JSON per input with its content hash; names of files are scrubbed as origins are."""
    lines = []
    scrubber = _scrubber(work)
    for task in work.read_tasks():
        content = storage.read_json(storage.join(work.folder(position), "tasks", f"{task.name}.json"))
        source = work.plan.recipe.sources[task.source].name
        items = work.plan.inputs[source][task.first : task.last + 1]
        names = pa.array([clean(item.name) for item in items], pa.string())
        shown = (scrubber.strings(names) if scrubber else names).to_pylist()
        for item, name, sha256 in zip(items, shown, content["sha256"], strict=True):
            lines.append(storage.to_line({"source": source, "name": name, "bytes": item.size, "sha256": sha256}) + "\n")
    return "".join(lines)


def _manifest(work: Workspace, ledger: Ledger, files: dict[str, Any]) -> dict[str, Any]:
    plan = work.plan
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
        "publication": _publication(work),
        "artifacts": plan.artifacts,
        "exports": [step.label for step in plan.exports],
        "until": plan.until,
        "on_error": plan.recipe.settings.on_error,
        "steps": [_step(step, plan, files) for step in all_steps],
        "sources": sources,
        "documents": survivors.rows_out,
        "bytes": survivors.bytes_out,
        "libraries": libraries,
        "scrubbed_by": plan.scrubber.label if plan.scrubber else None,
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


class Tally:
    """What publishing counts of one shard."""

    def __init__(self, work: Workspace) -> None:
        self.known = work.plan.signals[-1]
        self.columns = {dimension: column for dimension, (column, _) in slices.dimensions(work.plan).items()}
        self.unjudged = slices.unjudged_sources(work.plan)
        self.signals: histograms.Counts = {}
        self.slices: slices.Counts = {}

    def kept(self, batch: pa.RecordBatch) -> None:
        """Count survivors."""
        histograms.add_batch(self.signals, batch, self.known, "kept")
        slices.add_kept(self.slices, batch, self.columns, self.unjudged)

    def dropped(self, batch: pa.RecordBatch) -> None:
        """Count dropped rows."""
        histograms.add_batch(self.signals, batch, self.known, "dropped")
        slices.add_dropped(self.slices, batch, self.columns, self.unjudged)


def publish_task(work: Workspace, segment: None, task: PublishTask) -> Done:
    """Write one shard's survivors and dropped rows, scrubbed, and count them."""
    started = time.perf_counter()
    signals = work.plan.signals[-1]
    scrubber, tally = _scrubber(work), Tally(work)
    documents = ShardWriter(_out(work, "documents", f"{task.name}.arrow"), document_schema(signals))
    dropped = ShardWriter(_out(work, "dropped", f"{task.name}.arrow"), dropped_schema(signals))
    try:
        for batch in read_shard(storage.join(work.folder(task.positions[-1]), "documents", f"{task.name}.arrow")):
            tally.kept(batch)
            documents.write(scrubber.identity(batch) if scrubber else batch)
        for batch in _dropped(work, task):
            tally.dropped(batch)
            dropped.write(scrubber.dropped(batch) if scrubber else without_excerpts(batch))
        files = {"documents": documents.close(), "dropped": dropped.close()}
    except BaseException as error:
        documents.abandon(error)
        dropped.abandon(error)
        raise
    counts = {"signals": tally.signals, "slices": tally.slices}
    storage.write_json(sidecar_path(_folder(work), task.name), {"fingerprint": _publication(work), **files, **counts})
    n_bytes = sum(file["bytes"] for file in files.values())
    return Done(task.name, [task.name], documents.rows + dropped.rows, n_bytes, time.perf_counter() - started)


def _dropped(work: Workspace, task: PublishTask) -> Iterator[pa.RecordBatch]:
    """All dropped rows of a shard, with all columns; the audited ones come last, by rank, however passes were cut."""
    schema = dropped_schema(work.plan.signals[-1])
    for position in task.positions:
        for batch in read_shard(storage.join(work.folder(position), "dropped", f"{task.name}.arrow")):
            yield conform(batch, schema)
    audited = read_table(storage.join(work.folder(task.positions[-1]), "audited", f"{task.name}.arrow"), schema.names)
    for batch in audited.sort_by("rank").combine_chunks().to_batches(max_chunksize=BATCH_ROWS):
        yield conform(batch, schema)


def _scrubber(work: Workspace) -> Scrubber | None:
    """The last scrubbing stage of the plan, opened."""
    step = work.plan.scrubber
    if step is None:
        return None
    stage, resource = opened(work, work.plan.steps.index(step) + 1)
    assert isinstance(stage, Stage)
    return Scrubber(stage, step.label, resource)
