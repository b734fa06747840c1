"""A stage whose documents say what they meet by and consist of, and what stages that find clusters make of documents."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from batches import documents
from benches import ToyComparison
from dedup_reference import Documents, ten_thousandths

from pipeline.batch import Batch
from pipeline.execute import run_stage
from pipeline.schema import option
from pipeline.stage import Comparison, Sketch, stage
from pipeline.verdicts import verdicts_in
from stages.clustering import Clustering
from stages.dedup_pairs import Piece
from stages.dedup_records import document_records
from stages.kernels import jaccard

IN_MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
"""A folder whose files are written fast, for a comparison has many; the usual one where there is none."""


class Made(NamedTuple):
    """A document: what it meets others by, what it is made of, and its merit."""

    keys: list[int]
    values: list[int]
    merit: int = 0

    def text(self) -> str:
        return "|".join(" ".join(map(str, part)) for part in (self.keys, self.values, [self.merit]))


def parts_of(batch: Batch) -> list[list[list[int]]]:
    return [[[*map(int, part.split())] for part in text.split("|")] for text in batch.column("text").to_pylist()]


@stage("toy_clusters")
class ToyClusters(Clustering):
    """Finds clusters of what `Made` wrote."""

    threshold: int = option(5000, "ten-thousandths")
    verified: bool = option(True, "whether pairs are measured")
    star: bool = option(False, "stars")
    between: bool = option(False, "between sources")
    by_merit: bool = option(False, "the lowest merit first")

    @property
    def is_verified(self):
        return self.verified

    @property
    def is_star(self):
        return self.star or self.between

    @property
    def is_between(self):
        return self.between

    @property
    def order(self):
        return "merit" if self.by_merit else "first"

    @property
    def least_similarity(self):
        return self.threshold

    def sketch(self, batch: Batch) -> Sketch:
        found = parts_of(batch)
        items = np.repeat(np.arange(len(found)), [len(keys) for keys, _, _ in found])
        keys = np.array([key for keys, _, _ in found for key in keys], np.uint64)
        merits = {"merit": np.array([merit for _, _, (merit,) in found], np.int64)} if self.by_merit else {}
        payload = {name: values[items] for name, values in merits.items()}
        none = np.zeros(len(found), bool)
        return Sketch(keys, items, len(found), payload, None, document_records(batch, none, None, merits))

    def pieces(self, bench: Comparison, shard: int) -> Iterator[Piece]:
        for batch in bench.batches(bench.shards[shard]):
            values = [sorted(set(values)) for _, values, _ in parts_of(batch)]
            lists = pa.array(values, pa.large_list(pa.uint64()))
            yield Piece(len(batch), lambda rows, lists=lists: lists.take(pa.array(rows)))

    def similarities(self, heads, others, at_heads, at_others):
        sets = []
        for lists in (heads, others):
            firsts = lists.offsets.to_numpy()
            sets += [lists.flatten().to_numpy(), firsts - firsts[0]]
        return jaccard.exact(*sets, at_heads, at_others)


def truth_of(made: Sequence[Made], stage: ToyClusters, sources: Sequence[str]) -> Documents:
    """The same documents for the slow truth."""
    names = sorted(set(sources), key=list(sources).index)
    return Documents(
        len(made),
        lambda one, other: ten_thousandths(set(made[one].values), set(made[other].values)),
        [one.merit if stage.by_merit else 0 for one in made],
        [names.index(source) if stage.between else -1 for source in sources],
        [set(one.keys) for one in made],
    )


class Outcome(NamedTuple):
    """What came out. rows: of all documents, as dropped or kept, by uid; table: the bytes of the table of clusters."""

    rows: dict[str, dict[str, Any]]
    facts: dict[str, Any]
    table: bytes
    verdicts: dict[int, tuple]
    done: list[tuple[str, str]]


def shards_of(
    texts: Sequence[str], sources: Sequence[str] | None, cuts: Sequence[int] = (), **columns: Sequence[Any]
) -> dict[str, list[pa.RecordBatch]]:
    """Shards of one batch or two that end at the cuts, and where the source changes; columns are put in or replaced.

    Document i has the uid i + 1.
    """
    sources = sources or ["web"] * len(texts)
    ends = sorted({*cuts, len(texts), *(i for i in range(1, len(texts)) if sources[i] != sources[i - 1])})
    shards: dict[str, list[pa.RecordBatch]] = {}
    for start, end in zip([0, *ends], ends, strict=False):
        batch = documents(list(texts[start:end]), list(sources[start:end]), first_row=start + 1)
        for name, values in columns.items():
            if name in batch.schema.names:
                batch = batch.drop_columns([name])
            batch = batch.append_column(name, pa.array(values[start:end]))
        half = (end - start) // 3
        shards[f"s{len(shards)}"] = [batch.slice(0, half), batch.slice(half)] if half else [batch]
    return shards


def outcome(
    stage: Clustering, shards: dict[str, list[pa.RecordBatch]], n_partitions: int = 1, apply: bool = True
) -> Outcome:
    """Compare the documents of shards, and judge them. verdicts: number -> all columns, of a Clustering's own kind."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        bench = ToyComparison(stage, shards, Path(folder), n_partitions)
        facts = stage.compare(bench)
        names = sorted(path.name for path in Path(folder, "spills").iterdir())
        names += sorted(path.name for path in Path(folder, "files").iterdir())
        assert names == [*stage.tables], "files are left"
        table = Path(folder, "files", "clusters.arrow").read_bytes() if stage.tables else b""
    rows: dict[str, dict[str, Any]] = {}
    verdicts: dict[int, tuple] = {}
    for number, (shard, batches) in enumerate(shards.items()):
        columns, first = bench.found[shard], 0
        for place, row in enumerate(columns["row"].tolist()):
            values = {name: found[place].tolist() for name, found in columns.items() if name != "row"}
            verdicts[int(bench.firsts[number]) + row] = tuple(sorted(values.items()))
        for batch in batches:
            if apply:
                out = run_stage(stage, batch, verdicts=verdicts_in(columns, first, batch.num_rows))
                rows |= {row["uid"]: row for row in out.kept.to_pylist() + out.dropped.to_pylist()}
            first += batch.num_rows
    return Outcome(rows, facts, table, verdicts, bench.done)


def kept_of(found: Outcome, n: int) -> dict[int, int]:
    """Document -> the one that stays for it, by number, from the verdicts."""
    kept = {number: number for number in range(n)}
    for number, columns in found.verdicts.items():
        verdict = dict(columns)
        kept[number] = number if verdict["stays"] else verdict["twin"][1] - 1
    return kept


def random_cuts(chance: random.Random, n: int) -> list[int]:
    return sorted(chance.sample(range(1, n), min(n - 1, chance.randrange(0, 5)))) if n > 1 else []


def clusters_in(table: bytes) -> list[dict[str, Any]]:
    return pa.ipc.open_file(pa.py_buffer(table)).read_all().to_pylist()


def edited(chance: random.Random, units: list[str], alphabet: list[str], n_edits: int) -> list[str]:
    """The units with some replaced, put in or left out."""
    units = list(units)
    for _ in range(n_edits):
        place = chance.randrange(len(units))
        units[place : place + chance.randrange(2)] = chance.choices(alphabet, k=chance.randrange(2))
    return units
