"""Exports: what is written from the survivors after they are published, a shard at a time, below `out/<label>`.

A shard's export is complete when its sidecar in `work/export-<label>` says so. `work/exports.json` names what
`out/` holds: an export of another plan is removed as a whole before anything is written.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple, cast

from . import storage
from .batch import Batch
from .recipe import Step
from .references import with_artifacts
from .shards import HashingFile, finished, read_shard, sidecar_path
from .stage import Export, Exported
from .work import Workspace
from .worker import Done, naming_failures

Map = Callable[[str, Any, Any, Sequence[Any], int], None]


class ExportTask(NamedTuple):
    """A published shard for one export: the export's position among the plan's."""

    position: int
    name: str


class OutFolder:
    """The folder of an export; remembers size and hash of what was written."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.files: dict[str, Any] = {}

    @contextlib.contextmanager
    def write(self, name: str) -> Iterator[BinaryIO]:
        """See `stage.Folder`."""
        assert not name.startswith("/") and ".." not in name.split("/"), name
        with storage.commit(storage.join(self.path, name)) as file:
            sink = HashingFile(file)
            yield cast(BinaryIO, sink)
        self.files[name] = {"bytes": sink.size, "sha256": sink.digest.hexdigest()}

    def read(self, path: str) -> BinaryIO:
        """See `stage.Folder`."""
        return storage.open_read(path)


class OutShard(OutFolder):
    """One published shard and the folder of an export; see `stage.ExportShard`."""

    def __init__(self, work: Workspace, step: Step, name: str) -> None:
        super().__init__(work.artifacts[step.label])
        self.name, self.source = name, source_of(work, name)
        self._work, self._step = work, step

    def batches(self) -> Iterator[Batch]:
        """The documents in order."""
        for batch in read_shard(storage.join(self._work.out, "documents", f"{self.name}.arrow")):
            yield Batch(batch, self._step.stage, self._step.label)


def source_of(work: Workspace, shard: str) -> str:
    """The source that all documents of a shard are of."""
    return work.plan.recipe.sources[int(shard.partition("-")[0])].name


def run_exports(work: Workspace, shards: list[str], run_map: Map) -> dict[str, Any]:
    """Bring all exports of the plan up to date; returns size and hash of every file by its path in `out/`."""
    _remove_others(work)
    files: dict[str, Any] = {}
    for position, step in enumerate(work.plan.exports):
        left = [ExportTask(position, name) for name in shards if not _is_there(work, step, name)]
        run_map(step.label, export_task, None, left, len(shards))
        files.update({f"{step.label}/{name}": file for name, file in _index(work, step, shards).items()})
    return files


def _sidecars(work: Workspace, label: str) -> str:
    return storage.join(work.state, f"export-{label}")


def _is_there(work: Workspace, step: Step, shard: str) -> bool:
    sidecar = finished(_sidecars(work, step.label), shard, work.plan.artifacts[step.label])
    folder = work.artifacts[step.label]
    return sidecar is not None and all(
        storage.size_of(storage.join(folder, name)) == file["bytes"] for name, file in sidecar["files"].items()
    )


def _remove_others(work: Workspace) -> None:
    """Remove exports that are of another plan, and note what `out/` is going to hold."""
    path = storage.join(work.state, "exports.json")
    there: dict[str, str] = storage.read_json(path) if storage.exists(path) else {}
    wanted = {step.label: work.plan.artifacts[step.label] for step in work.plan.exports}
    for label in {*there, *wanted}:
        if label not in wanted or there.get(label) != wanted[label]:
            storage.remove_folder(storage.join(work.out, label))
            storage.remove_folder(_sidecars(work, label))
    storage.write_json(path, wanted)


def _index(work: Workspace, step: Step, shards: list[str]) -> dict[str, Any]:
    """Write the files about all shards; returns those and the shards' own."""
    stage = _made(work, step)
    exported, files = [], {}
    for name in shards:
        sidecar = finished(_sidecars(work, step.label), name, work.plan.artifacts[step.label])
        assert sidecar is not None, f"{sidecar_path(_sidecars(work, step.label), name)} is missing"
        exported.append(Exported(name, source_of(work, name), sidecar["facts"]))
        files.update(sidecar["files"])
    folder = OutFolder(work.artifacts[step.label])
    with naming_failures(work, step.label, "its index"):
        stage.index(folder, exported, work.plan.recipe.tags)
    return {**files, **folder.files}


def _made(work: Workspace, step: Step) -> Export:
    made = with_artifacts(step.stage, work.artifacts)
    assert isinstance(made, Export)
    return made


def export_task(work: Workspace, segment: None, task: ExportTask) -> Done:
    """Write one shard's files, then its sidecar. Raises StageError."""
    started = time.perf_counter()
    step = work.plan.exports[task.position]
    with naming_failures(work, step.label, f"shard {task.name}"):
        shard = OutShard(work, step, task.name)
        facts = _made(work, step).export(shard)
    sidecar = {"fingerprint": work.plan.artifacts[step.label], "facts": facts, "files": shard.files}
    storage.write_json(sidecar_path(_sidecars(work, step.label), task.name), sidecar)
    n_bytes = sum(file["bytes"] for file in shard.files.values())
    return Done(task.name, [task.name], 0, n_bytes, time.perf_counter() - started)
