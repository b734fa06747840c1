"""Evaluation sets in the corpus: what of each benchmark was found, in which sources, and the worst documents.

A stage is about them if its facts say so; what it found, the columns of survivors and of dropped rows tell. Shards are
read a batch at a time and only in the columns that are needed.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.histograms import OTHER

from .dedup import edit_columns, facts_of
from .dedup_form import has_benchmarks
from .rows import batches
from .text import number, share

KIND = "decontaminate"
ENDINGS = ("hits", "item_frac", "benchmark", "item", "items", "covered_frac")
"""Of the columns that such a stage writes: n-grams found, the share of the closest item's, which item that is, of how
many items of each benchmark there are any, and the share of the document's words that are in them."""
FATES = ("dropped", "cut", "kept", "later")
"""Dropped by the stage; kept without the item; kept as it is; dropped by a later stage."""
FATE_WORDS = {"dropped": "dropped", "cut": "cut out", "kept": "kept as it is", "later": "dropped later"}
N_WORST = 20
MAX_SOURCES = 12
"""Of a benchmark that are shown."""
MANY = 0.1
"""Of the items of a benchmark: so many found are more than a few quotations."""
MIN_MANY = 5
MEANS = (
    "Documents that share n-grams with items of evaluation sets: a model that has seen these is better at them than it"
    " is. What is found is the same words; a translation or a paraphrase is not found. A document counts for every"
    " benchmark of which it has n-grams. Which items these are of is known only of the item of which a document holds"
    " the most, and of the others how many they are; so the items found are those, or as many as one document has, and"
    " there may be more."
)
NO_FIGURES = "The stage tells no figures, or not in the form that this version shows. Run it again to have them."

Tree = dict[str, Any]


class Search(NamedTuple):
    """What to read: the stage's label, its column of edits if there is one, and the stages that follow it."""

    label: str
    edits: str | None
    later: tuple[str, ...]

    def columns(self) -> list[str]:
        """Those of survivors and of dropped rows alike."""
        own = [f"{self.label}_{ending}" for ending in ENDINGS]
        return ["uid", "source", "origin", *own, *([self.edits] if self.edits else [])]


class Found:
    """What was found of each benchmark.

    items: of each benchmark, those of which a document holds the most, with documents; most: items of each benchmark of
    which one document has n-grams; documents: of each benchmark, by source and fate, those that have any of its
    n-grams; worst: of the items of which documents hold the most, that document, by its measure.
    """

    def __init__(self) -> None:
        self.items: dict[str, Counter[int]] = {}
        self.most: Counter[str] = Counter()
        self.documents: dict[str, dict[str, Counter[str]]] = {}
        self.worst: dict[tuple[str, int], tuple[float, int, str, Tree]] = {}

    def add(self, batch: pa.RecordBatch, fate: str, search: Search) -> None:
        """Take in documents of one fate; those with edits were cut."""
        names = dict(zip((f"{search.label}_{ending}" for ending in ENDINGS), ENDINGS, strict=True))
        hits = pc.greater(pc.fill_null(batch.column(f"{search.label}_hits"), 0), 0)
        batch = batch.filter(hits)
        fates = np.full(batch.num_rows, fate, object)
        if search.edits and fate == "kept":
            edits = pc.fill_null(batch.column(search.edits), 0).to_numpy(zero_copy_only=False)
            fates[edits > 0] = "cut"
        columns = ["uid", "source", "origin", *names]
        rows = batch.select(columns).rename_columns(["uid", "source", "origin", *ENDINGS]).to_pylist()
        for row, told in zip(rows, fates.tolist(), strict=True):
            self._count({**row, "fate": told})
        self.worst = dict(sorted(self.worst.items(), key=lambda one: one[1][:3])[:N_WORST])

    def _count(self, row: Tree) -> None:
        self.items.setdefault(row["benchmark"], Counter())[row["item"]] += 1
        for name, n_items in json.loads(row["items"]).items():
            self.most[name] = max(self.most[name], n_items)
            by_source = self.documents.setdefault(name, {})
            by_source.setdefault(row["source"], Counter())[row["fate"]] += 1
        item, measured = (row["benchmark"], row["item"]), (-row["item_frac"], -row["hits"], row["uid"], row)
        self.worst[item] = min(self.worst.get(item, measured), measured, key=lambda one: one[:3])


def contamination_facts(run: str, manifest: Tree, stages: list[str], signals: Tree) -> dict[str, Tree]:
    """Label of each stage that looks for benchmarks -> its facts with, for each benchmark, how many items at least were
    `found` and the `documents` by source and fate; and the `worst`: of each item the document that holds the most of
    it. `benchmarks`: None if the form is not known.

    stages: of the ledger, in order; signals: of `signals.json`.
    """
    found = {}
    for label, about in facts_of(run, manifest["steps"], KIND).items():
        if label in stages and has_benchmarks(about) and all(f"{label}_{ending}" in signals for ending in ENDINGS):
            edits = (
                f"{label}_n_edits" if f"{label}_n_edits" in edit_columns(manifest["steps"], label, signals) else None
            )
            rows = _read(run, Search(label, edits, tuple(stages[stages.index(label) + 1 :])))
            found[label] = _told(about, rows)
        else:
            found[label] = {"kind": KIND, "benchmarks": None}
    return found


def _read(run: str, search: Search) -> Found:
    found = Found()
    for batch in batches(run, "documents", search.columns()):
        found.add(batch, "kept", search)
    for batch in batches(run, "dropped", ["stage", *search.columns()]):
        stage = batch.column("stage")
        found.add(batch.filter(pc.equal(stage, search.label)), "dropped", search)
        found.add(batch.filter(pc.is_in(stage, value_set=pa.array(search.later, pa.string()))), "later", search)
    return found


def _told(about: Tree, rows: Found) -> Tree:
    benchmarks = {
        name: {
            **one,
            "found": max(len(rows.items.get(name, ())), rows.most[name]),
            "documents": {
                source: {fate: counts[fate] for fate in FATES}
                for source, counts in sorted(rows.documents.get(name, {}).items(), key=_most)
            },
        }
        for name, one in about["benchmarks"].items()
    }
    worst = [{**row, "documents": rows.items[row["benchmark"]][row["item"]]} for *_, row in rows.worst.values()]
    return {**about, "benchmarks": benchmarks, "worst": worst}


def _most(item: tuple[str, Counter[str]]) -> tuple[int, str]:
    return -item[1].total(), item[0]


def total(benchmark: Tree) -> dict[str, int]:
    """Fate -> documents of all sources that have n-grams of a benchmark."""
    return {fate: sum(counts[fate] for counts in benchmark["documents"].values()) for fate in FATES}


def sources(benchmark: Tree) -> list[tuple[str, dict[str, int]]]:
    """Source -> documents by fate, the most first; those beyond MAX_SOURCES are one."""
    ranked = list(benchmark["documents"].items())
    rest = [counts for _, counts in ranked[MAX_SOURCES:]]
    others = [(OTHER, {fate: sum(counts[fate] for counts in rest) for fate in FATES})] if rest else []
    return ranked[:MAX_SOURCES] + others


def grams(found: Tree) -> str:
    """What is looked for."""
    chars = found.get("ngram_chars")
    unspaced = f", {number(chars)} characters in unspaced scripts" if type(chars) is int else ""
    return f"n-grams of {number(found['ngram_words'])} words{unspaced}"


def searched(benchmark: Tree) -> int:
    """The items that were searched for."""
    return max(0, int(benchmark["items"] - benchmark["short"] - benchmark["templated"]))


def left_out(benchmark: Tree) -> str:
    """What was not searched for because too many items have it; empty if there is none."""
    if not benchmark["templates"]:
        return ""
    items = f", and {number(benchmark['templated'])} items without others" if benchmark["templated"] else ""
    return f"without {number(benchmark['templates'])} that very many items repeat{items}"


def warnings(found: Tree) -> list[str]:
    """The benchmarks of which much was found."""
    told = []
    for name, one in found["benchmarks"].items():
        by_source = one["documents"]
        n = searched(one)
        if one["found"] >= max(MIN_MANY, MANY * n):
            first, of_first = next(iter(by_source.items()))
            told.append(
                f"{name}: documents have n-grams of at least {number(one['found'])} of {number(n)} items that were"
                f" searched ({share(one['found'], n)}); of {number(sum(total(one).values()))} such documents"
                f" {number(sum(of_first.values()))} are in {first}. So much is hardly quoted by chance: look whether a"
                " source has a copy of the set, and leave that out as a whole, since what was reworded stays; or"
                " whether items have a passage in common that is in the corpus."
            )
    return told
