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
from typing import Any, BinaryIO, NamedTuple, cast

import pyarrow as pa

from . import histograms, slices, storage
from .export import Map, run_exports
from .ingest import clean
from .ledger import Ledger
from .manifest import write_manifest
from .plan import artifact_file, facts_file, table_files, tells_facts
from .recipe import Step
from .rows import document_schema, dropped_schema
from .scrubbers import chosen_meta, scrubbers_of
from .shards import BATCH_ROWS, HashingFile, ShardWriter, conform, finished, read_shard, read_table, sidecar_path
from .stage import Fit, GlobalStage, Stage, signals_of
from .work import Workspace
from .worker import Done, naming_failures

FORMAT = 7
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
    scrubs = [scrub.fingerprint for scrub in work.plan.scrubs]
    decides = [FORMAT, work.plan.fingerprints[-1], settings.on_error, settings.publish_meta, scrubs]
    return hashlib.sha256(_json(decides)).hexdigest()


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
    files.update(run_exports(work, names, run_map))
    _remove_others(work, files)
    write_manifest(work, ledger, _publication(work), files)


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
        "signals.json": histograms.to_json(counts, work.plan.published, stages),
        "slices.json": slices.to_json(removed, work.plan, ledger),
    }
    return files, {name: _json(fact) for name, fact in facts.items()}


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
                files[artifact_file(step)] = _write(work, artifact_file(step), artifact)
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
    """What a Fit tells of its artifact, a global stage of its comparison, or another stage of its model, as JSON with
    its texts scrubbed, such as names of files; nothing where there is nothing to tell."""
    kinds = {Fit: "its artifact", GlobalStage: "its comparison", Stage: "its model"}
    where = next(what for kind, what in kinds.items() if isinstance(step.stage, kind))
    with naming_failures(work, step.label, where):
        found = scrubbers_of(work).values(_told(work, step))
        return _json(found) if found else b""


def _told(work: Workspace, step: Step) -> dict[str, Any]:
    if isinstance(step.stage, GlobalStage):
        return dict(storage.read_json(work.compared(work.plan.steps.index(step) + 1)))
    if isinstance(step.stage, Fit):
        with storage.open_read(work.artifacts[step.label]) as artifact:
            return step.stage.facts(artifact)
    assert isinstance(step.stage, Stage)
    return step.stage.facts()


def _is_there(work: Workspace, name: str) -> bool:
    sidecar = finished(_folder(work), name, _publication(work))
    kinds = ("documents", "dropped")
    return sidecar is not None and all(
        storage.size_of(_out(work, kind, f"{name}.arrow")) == sidecar[kind]["bytes"] for kind in kinds
    )


def _remove_others(work: Workspace, files: dict[str, Any]) -> None:
    """Delete all that another plan left, whatever it is: it may hold text that this one would scrub."""
    for folder in ("", "documents/", "dropped/"):
        owned = {name[len(folder) :].partition("/")[0] for name in files if name.startswith(folder)}
        if not folder and work.plan.ablation:
            owned.add("ablation")
        for path in storage.list_files(_out(work, folder) if folder else work.out):
            if os.path.basename(path) not in owned:
                storage.remove_all(path)


def _inputs(work: Workspace, position: int) -> str:
    """A line of JSON per input with its content hash; names of files are scrubbed as origins are."""
    lines = []
    scrubbers = scrubbers_of(work)
    for task in work.read_tasks():
        content = storage.read_json(storage.join(work.folder(position), "tasks", f"{task.name}.json"))
        source = work.plan.recipe.sources[task.source].name
        items = work.plan.inputs[source][task.first : task.last + 1]
        with naming_failures(work, "publish", "the names of inputs"):
            shown = scrubbers.names([clean(item.name) for item in items])
        for item, name, sha256 in zip(items, shown, content["sha256"], strict=True):
            lines.append(storage.to_line({"source": source, "name": name, "bytes": item.size, "sha256": sha256}) + "\n")
    return "".join(lines)


class Tally:
    """What publishing counts of one shard."""

    def __init__(self, work: Workspace) -> None:
        self.known = work.plan.published
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
    signals, fields = work.plan.published, work.plan.recipe.settings.publish_meta
    scrubbers, tally = scrubbers_of(work), Tally(work)
    schema = document_schema(signals)
    documents = ShardWriter(_out(work, "documents", f"{task.name}.arrow"), schema)
    dropped = ShardWriter(_out(work, "dropped", f"{task.name}.arrow"), dropped_schema(signals))
    try:
        with naming_failures(work, "publish", f"shard {task.name}"):
            for batch in read_shard(storage.join(work.folder(task.positions[-1]), "documents", f"{task.name}.arrow")):
                tally.kept(batch)
                documents.write(scrubbers.survivors(chosen_meta(conform(batch, schema), fields)))
            for batch in _dropped(work, task):
                tally.dropped(batch)
                dropped.write(scrubbers.dropped(chosen_meta(batch, fields)))
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
    schema = dropped_schema(work.plan.published)
    for position in task.positions:
        for batch in read_shard(storage.join(work.folder(position), "dropped", f"{task.name}.arrow")):
            yield conform(batch, schema)
    audited = read_table(storage.join(work.folder(task.positions[-1]), "audited", f"{task.name}.arrow"), schema.names)
    for batch in audited.sort_by("rank").combine_chunks().to_batches(max_chunksize=BATCH_ROWS):
        yield conform(batch, schema)
