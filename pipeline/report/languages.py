"""Languages: what a stage took documents for, how sure it was, and what became of them.

A stage identifies languages if the manifest says that it measures the dimension; what else it measured is known by the
endings of its columns. Shards are read once, a batch at a time and without text; kept of them are counts, by language.
Letters: N rows of a batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import storage
from pipeline.histograms import OTHER
from pipeline.shards import read_shard
from pipeline.slices import UNMEASURED, is_language

MAX_SHOWN = 25
"""Languages with a row of their own."""
N_BINS, N_DRAWN = 100, 25
"""Bins from 0 to 1 in which scores are counted, and columns of the picture."""
MAIN = 0.8
"""A document with a lower share of text in its main language is a mixed one."""
MAX_SCRIPTS, MIN_SCRIPT = 4, 0.01
"""Scripts that are told, of those that a hundredth of the documents have."""
LABEL = "_label"

Tree = dict[str, Any]
Names = npt.NDArray[np.object_]


def languages_facts(run: str, steps: list[Tree], signals: Tree) -> dict[str, Tree]:
    """Label of each stage that identifies languages -> `column`, `rules` that dropped, and `rows`, a language each.

    A row: documents that `reached` the stage, were `kept` to the end, `dropped` at the stage and there by which
    `reasons`; `kept_bytes` of text; and of all that reached it, where it was measured, `score` (see `_score`), the
    most frequent runner-up as `second` (name, documents), `scripts` (name, documents), and `mixed` (documents with a
    share of the main language below MAIN, documents measured). steps: of the manifest; signals: of `signals.json`.
    """
    slices = storage.read_json(storage.join(run, "out", "slices.json"))
    found: dict[str, Tree] = {}
    for step in steps:
        for dimension, column in step["slices"].items():
            if is_language(dimension):
                found[step["label"]] = _stage(run, step["label"], dimension, column, slices, signals)
    return found


def _stage(run: str, label: str, dimension: str, column: str, slices: Tree, signals: Tree) -> Tree:
    since = [other for other, dimensions in slices.items() if dimension in dimensions]
    here = slices.get(label, {}).get(dimension, {})
    measured = Measured(column, [name for name in here if name not in (OTHER, UNMEASURED)][:MAX_SHOWN], signals)
    measured.read(run, since)
    rows = []
    for name, values in _grouped(here, measured.shown).items():
        lost = sum(slices[other][dimension].get(value, {}).get("dropped", 0) for other in since for value in values)
        rows.append({"language": name, **_counts(values, here, lost), **measured.row(name)})
    return {"column": column, "rules": _rules(rows), "rows": rows}


def _grouped(here: Tree, shown: list[str]) -> dict[str, list[str]]:
    """Name of a row -> the values of the dimension that it holds."""
    groups: dict[str, list[str]] = {}
    for value in here:
        groups.setdefault(value if value in shown or value == UNMEASURED else OTHER, []).append(value)
    return groups


def _counts(values: list[str], here: Tree, lost: int) -> Tree:
    """lost: dropped at the stage or later."""
    reached = sum(here[value]["reached"] for value in values)
    reasons: Counter[str] = Counter()
    for value in values:
        reasons.update({reason: one["first"] for reason, one in here[value]["rules"].items()})
    dropped = sum(here[value]["dropped"] for value in values)
    kept_bytes = sum(here[value]["kept_bytes"] for value in values)
    return {
        "reached": reached,
        "kept": reached - lost,
        "kept_bytes": kept_bytes,
        "dropped": dropped,
        "reasons": dict(reasons),
    }


def _rules(rows: list[Tree]) -> list[str]:
    """The reasons for which the stage dropped any document, in the order of judging."""
    return [
        reason for reason in (rows[0]["reasons"] if rows else {}) if any(row["reasons"].get(reason) for row in rows)
    ]


def measured(found: Tree) -> dict[str, bool]:
    """Which columns a table of languages has besides the counts of documents."""
    return {part: any(row[part] for row in found["rows"]) for part in ("score", "second", "scripts", "mixed")}


class Measured:
    """What the columns of one stage say of each language that is shown, and of the others together."""

    def __init__(self, column: str, shown: list[str], signals: Tree) -> None:
        prefix = column.removesuffix(LABEL)
        names = {part: f"{prefix}_{part}" for part in ("score", "second", "script", "share_main")}
        self.columns = {part: name for part, name in names.items() if name in signals}
        self.column, self.shown = column, shown
        self.scores: dict[str, npt.NDArray[np.int64]] = {}
        self.labels: dict[str, dict[str, Counter[str]]] = {"second": {}, "script": {}}
        self.mixed: dict[str, list[int]] = {}

    def read(self, run: str, stages: list[str]) -> None:
        """Count all survivors, and what was dropped by these stages: the rest did not reach the one that measures."""
        columns = [self.column, *self.columns.values()]
        for batch in _batches(run, "documents", columns):
            self._add(batch, self._names(batch))
        for batch in _batches(run, "dropped", ["stage", *columns]):
            of_these = pc.is_in(batch.column("stage"), value_set=pa.array(stages, pa.string()))
            batch = batch.filter(of_these)
            self._add(batch, self._names(batch))

    def _names(self, batch: pa.RecordBatch) -> Names:
        """The row of the table that each document belongs to, N strings."""
        values = batch.column(self.column)
        named = pc.if_else(pc.is_in(values, value_set=pa.array(self.shown, pa.string())), values, OTHER)
        named = pc.if_else(pc.is_null(values), UNMEASURED, named)
        return np.asarray(named.to_numpy(zero_copy_only=False), dtype=object)

    def _add(self, batch: pa.RecordBatch, names: Names) -> None:
        for part, column in self.columns.items():
            values = batch.column(column)
            is_there = values.is_valid().to_numpy(zero_copy_only=False)
            of_there, there = names[is_there], values.drop_null()
            if part in self.labels:
                pairs = zip(of_there.tolist(), there.to_pylist(), strict=True)
                for (name, value), n in Counter(pairs).items():
                    self.labels[part].setdefault(name, Counter())[value] += n
            elif part == "score":
                self._add_scores(of_there, there.to_numpy(zero_copy_only=False))
            else:
                self._add_mixed(of_there, there.to_numpy(zero_copy_only=False))

    def _add_scores(self, names: Names, scores: npt.NDArray[Any]) -> None:
        """A score of 0.29 lies in the bin that begins there, in 32 bits too."""
        bins = np.clip(np.floor(scores.astype(np.float64) * N_BINS + 1e-4).astype(np.int64), 0, N_BINS - 1)
        for name in set(names.tolist()):
            tally = self.scores.setdefault(name, np.zeros(N_BINS, np.int64))
            tally += np.bincount(bins[names == name], minlength=N_BINS)

    def _add_mixed(self, names: Names, shares: npt.NDArray[Any]) -> None:
        low = np.round(shares.astype(np.float64), 4) < MAIN
        for name, n in _sums(names, low):
            both = self.mixed.setdefault(name, [0, 0])
            both[0] += n
            both[1] += int((names == name).sum())

    def row(self, name: str) -> Tree:
        """What is known of one language; None, or nothing, where it was not measured."""
        tally = self.labels["script"].get(name, Counter())
        scripts, n_scripts = _most_frequent(tally), tally.total()
        seconds = _most_frequent(self.labels["second"].get(name, Counter()))
        return {
            "score": _score(self.scores[name]) if name in self.scores else None,
            "second": next(([label, n] for label, n in seconds if label), None),
            "scripts": [[script, n] for script, n in scripts[:MAX_SCRIPTS] if n >= MIN_SCRIPT * n_scripts],
            "mixed": self.mixed.get(name),
        }


def _sums(names: Names, values: npt.NDArray[Any]) -> Iterable[tuple[str, int]]:
    for name in sorted(set(names.tolist())):
        yield name, int(values[names == name].sum())


def _most_frequent(tally: Counter[str]) -> list[tuple[str, int]]:
    return sorted(tally.items(), key=lambda item: (-item[1], item[0]))


def _score(tally: npt.NDArray[np.int64]) -> Tree | None:
    """Documents by their score in N_DRAWN columns from 0 to 1, and the begin of the bin that holds a percentile."""
    total = int(tally.sum())
    if not total:
        return None
    so_far = np.cumsum(tally)
    median, low = (int(np.searchsorted(so_far, share * total)) / N_BINS for share in (0.5, 0.05))
    return {"columns": tally.reshape(N_DRAWN, -1).sum(axis=1).tolist(), "median": median, "low": low, "n": total}


def _batches(run: str, kind: str, columns: list[str]) -> Iterable[pa.RecordBatch]:
    for path in storage.list_files(storage.join(run, "out", kind), ".arrow"):
        yield from read_shard(path, columns)
