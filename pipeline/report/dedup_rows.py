"""What dropped rows and documents show of duplicates: drops to look at, sentences lost, and texts by uid.

Shards are read a batch at a time and only in the columns that are needed; of what is chosen a few rows are kept, by a
measure and then by uid, so that nothing depends on how the run was cut into shards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import storage
from pipeline.rows import PUBLISHED_CHARS
from pipeline.shards import read_batch, read_shard

from .rows import batches

N_EXAMPLES = 4
"""Drops of each kind that are shown."""
NEAREST, FARTHEST = "nearest", "farthest"
"""Dropped for the least similarity to a neighbour; the least similar to the document that was kept."""
ROW = ["uid", "source", "origin", "text_bytes", "twin", "value", "limit"]

Tree = dict[str, Any]
Rows = npt.NDArray[np.int64]


class Judge(NamedTuple):
    """A stage by its label, and which of its columns there are: those about similarity, and the sentences lost."""

    label: str
    is_similar: bool
    has_orphans: bool

    def columns(self) -> list[str]:
        """Those that are read."""
        similar = [f"{self.label}_neighbour", f"{self.label}_kept_similarity"] if self.is_similar else []
        return similar + ([f"{self.label}_orphans"] if self.has_orphans else [])


class Found:
    """What the dropped rows of one stage show.

    examples: kind -> (measure, uid, row) of the least ones; orphans: sentences that had their only copy in a dropped
    document.
    """

    def __init__(self) -> None:
        self.examples: dict[str, list[tuple[float, str, Tree]]] = {NEAREST: [], FARTHEST: []}
        self.orphans = 0

    def add(self, batch: pa.RecordBatch, judge: Judge) -> None:
        """Take in dropped rows of the stage."""
        if judge.has_orphans:
            self.orphans += pc.sum(batch.column(f"{judge.label}_orphans")).as_py() or 0
        if judge.is_similar:
            self._add(NEAREST, batch, batch.column("value"), judge)
            self._add(FARTHEST, batch, batch.column(f"{judge.label}_kept_similarity"), judge)

    def _add(self, kind: str, batch: pa.RecordBatch, measured: pa.Array, judge: Judge) -> None:
        """The rows with a neighbour in which the measure is least."""
        values = np.asarray(measured.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
        known = pc.not_equal(pc.fill_null(batch.column(f"{judge.label}_neighbour"), ""), "")
        for name in ("value", f"{judge.label}_kept_similarity"):
            known = pc.and_(known, pc.is_valid(batch.column(name)))
        here = np.flatnonzero(known.to_numpy(zero_copy_only=False) & np.isfinite(values))
        uids = np.array(batch.column("uid").to_pylist(), object)
        least = here[np.lexsort((uids[here].astype("S32"), values[here]))[:N_EXAMPLES]]
        names = {
            f"{judge.label}_neighbour": "neighbour",
            f"{judge.label}_kept_similarity": "kept_similarity",
            "excerpt": "text",
        }
        rows = batch.select([*ROW, *names]).rename_columns([*ROW, *names.values()]).take(pa.array(least)).to_pylist()
        ranked = [(float(values[place]), row["uid"], row) for place, row in zip(least.tolist(), rows, strict=True)]
        self.examples[kind] = sorted([*self.examples[kind], *ranked], key=lambda one: one[:2])[:N_EXAMPLES]

    def shown(self, kind: str) -> list[Tree]:
        """The examples of a kind, those of the least measure first."""
        return [row for _, _, row in self.examples[kind]]


def dropped(run: str, judges: Iterable[Judge]) -> dict[str, Found]:
    """Label -> what the rows that it dropped show; only stages with any of the columns."""
    found = {judge: Found() for judge in judges if judge.columns()}
    columns = [column for judge in found for column in judge.columns()]
    for batch in batches(run, "dropped", ["stage", *ROW, "excerpt", *columns]) if found else ():
        for judge, of_stage in found.items():
            here = batch.filter(pc.equal(batch.column("stage"), judge.label))
            if here.num_rows:
                of_stage.add(here, judge)
    return {judge.label: of_stage for judge, of_stage in found.items()}


def documents(run: str, uids: Collection[str], also: list[str]) -> Iterator[tuple[Tree, str]]:
    """The documents of these uids that are in the run: what is known of each, and its text, or how it begins if it was
    dropped.

    What is known: uid, source, origin, `dropped`: by which stage and for what reason, or None; and of survivors the
    columns `also`.
    """
    wanted = pa.array(sorted(uids), pa.string())
    for kind, text, more in (("documents", "text", also), ("dropped", "excerpt", ["stage", "reason"])):
        for path, number, places in _places(run, kind, wanted):
            batch = read_batch(path, number, ["uid", "source", "origin", *more, text]).take(places)
            for row in batch.to_pylist():
                content = row.pop(text)
                fate = {name: row.pop(name) for name in more} if kind == "dropped" else None
                yield {**row, "dropped": fate}, content


def _places(run: str, kind: str, wanted: pa.Array) -> Iterator[tuple[str, int, pa.Array]]:
    """Shard, number of a batch in it, and the rows there that are wanted, if there are any."""
    for path in storage.list_files(storage.join(run, "out", kind), ".arrow") if len(wanted) else ():
        for number, batch in enumerate(read_shard(path, ["uid"])):
            places = pc.indices_nonzero(pc.is_in(batch.column("uid"), value_set=wanted))
            if len(places):
                yield path, number, places


def beginning(text: str) -> str:
    """What is shown of a text."""
    return text[:PUBLISHED_CHARS]


def excerpt(text: str, start: int, stop: int) -> str:
    """What is shown of some bytes of a text."""
    return beginning(text.encode()[start:stop].decode(errors="replace"))
