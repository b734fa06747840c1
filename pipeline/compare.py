"""Between two passes: a global stage's key partitions -> edges, in parallel; all edges -> verdicts, once."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from . import storage
from .exchange import read_sketches
from .shards import read_table, write_table
from .stage import Edges, GlobalStage
from .verdicts import write_verdicts
from .work import Workspace
from .worker import Done, opened, stage_error


class PartitionTask(NamedTuple):
    """One key partition of a global stage at a position; shards: names of all shards that have keys."""

    position: int
    partition: int
    shards: tuple[str, ...]


def _global_stage(work: Workspace, position: int) -> GlobalStage:
    stage, _ = opened(work, position)
    assert isinstance(stage, GlobalStage)
    return stage


def decide_task(work: Workspace, segment: None, task: PartitionTask) -> Done:
    """Write the edges of one partition. Raises StageError."""
    started = time.perf_counter()
    label = work.plan.step(task.position).label
    part = read_sketches([work.spill(task.position, shard) for shard in task.shards], task.partition)
    try:
        edges = _global_stage(work, task.position).decide(part)
        assert (edges.kept < edges.other).all(), f"{label}: an edge goes from the higher rank to the lower"
    except Exception as error:
        raise stage_error(work, label, f"key partition {task.partition}", None, error) from error
    table = pa.table({"kept": pa.array(edges.kept, pa.int64()), "other": pa.array(edges.other, pa.int64())})
    write_table(work.edges(task.position, task.partition), table)
    return Done(f"{label}-{task.partition:05d}", [], len(part.ranks), 0, time.perf_counter() - started)


def settle(work: Workspace, position: int, index: dict[str, Any]) -> None:
    """Write the verdicts of a global stage from the edges of all partitions. Raises StageError."""
    tables = [read_table(work.edges(position, partition)) for partition in range(work.plan.partitions)]
    kept, other = (np.concatenate([table[name].to_numpy() for table in tables]) for name in ("kept", "other"))
    label = work.plan.step(position).label
    try:
        verdicts = _global_stage(work, position).settle(Edges(kept, other))
        assert (np.diff(verdicts.ranks) > 0).all(), f"{label}: verdicts are not sorted by rank"
    except Exception as error:
        raise stage_error(work, label, "its edges", None, error) from error
    ranges = [None if shard["ranks"] is None else tuple(shard["ranks"]) for shard in index["shards"]]
    write_verdicts(work.verdicts(position), verdicts, ranges)


def partition_tasks(work: Workspace, position: int, index: dict[str, Any]) -> list[PartitionTask]:
    """The partitions that have no edges on storage yet."""
    shards = tuple(shard["name"] for shard in index["shards"])
    wanted = range(work.plan.partitions)
    return [PartitionTask(position, p, shards) for p in wanted if not storage.exists(work.edges(position, p))]
