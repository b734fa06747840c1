"""What the rows of survivors show of personal data: counts by source and language, rules, and places to look at.

Shards are read a batch at a time and only in the columns that are needed; kept of them are counts, and of each entity a
few documents by their uid, so that nothing depends on how the run was cut into shards. Letters: N rows of a batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.histograms import OTHER
from pipeline.slices import UNMEASURED

from .dedup_rows import documents
from .rows import batches

N_SAMPLES = 5
"""Of each entity."""
AROUND_CHARS = 60
"""Shown on either side of what was replaced."""
MOST_CHARS = 300
"""Shown of what stands there now."""

Tree = dict[str, Any]
Tally = dict[str, list[int]]
"""Source or language -> findings, and documents with any."""


class Scrubbing(NamedTuple):
    """A stage by its label, and which columns are read: entities it counts, whether it tells the places of findings,
    the column of languages if there is one, and those that count later edits."""

    label: str
    entities: tuple[str, ...]
    has_findings: bool
    language: str | None
    later: tuple[str, ...]

    @property
    def findings(self) -> str:
        """The column with the places."""
        return f"{self.label}_findings"

    def count_of(self, entity: str) -> str:
        """The column with the findings of an entity."""
        return f"{self.label}_n_{entity}"

    def columns(self) -> list[str]:
        """Those that are read."""
        counts = [self.count_of(entity) for entity in self.entities]
        places = [self.findings, *self.later] if self.has_findings else []
        return ["uid", "source", f"{self.label}_n_edits", *counts, *places, *([self.language] if self.language else [])]


class Found:
    """What the rows show.

    totals: `sources` and `languages` -> name -> documents; edited: source -> documents with any edit; tallies: the same
    keys -> entity -> Tally; rules: (entity, rule) -> findings, least and greatest score; chosen: entity -> (order, uid)
    of documents to look at.
    """

    def __init__(self, scrubbing: Scrubbing) -> None:
        self._of = scrubbing
        self.totals: dict[str, dict[str, int]] = {"sources": {}, "languages": {}}
        self.edited: dict[str, int] = {}
        self.tallies: dict[str, dict[str, Tally]] = {
            by: {entity: {} for entity in scrubbing.entities} for by in self.totals
        }
        self.rules: dict[tuple[str, str], tuple[int, float, float]] = {}
        self.chosen: dict[str, list[tuple[str, str]]] = {entity: [] for entity in scrubbing.entities}

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in survivors."""
        self._count(batch, "sources", batch.column("source"))
        if self._of.language:
            self._count(batch, "languages", batch.column(self._of.language).fill_null(UNMEASURED))
        if self._of.has_findings:
            self._add_rules(batch.column(self._of.findings))
            self._choose(batch)

    def _count(self, batch: pa.RecordBatch, by: str, values: pa.Array) -> None:
        encoded = values.dictionary_encode()
        names, places = encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False)
        _add(self.totals[by], names, np.bincount(places, minlength=len(names)))
        if by == "sources":
            edited = _numbers(batch, f"{self._of.label}_n_edits") > 0
            _add(self.edited, names, np.bincount(places[edited], minlength=len(names)))
        for entity, tally in self.tallies[by].items():
            counts = _numbers(batch, self._of.count_of(entity))
            sums = np.bincount(places, counts, len(names)).astype(np.int64)
            rows = np.bincount(places[counts > 0], minlength=len(names))
            for name, n, n_rows in zip(names, sums.tolist(), rows.tolist(), strict=True):
                if n:
                    both = tally.setdefault(name, [0, 0])
                    both[0], both[1] = both[0] + n, both[1] + n_rows

    def _add_rules(self, findings: pa.ListArray) -> None:
        flat = findings.flatten()
        columns = {name: flat.field(name) for name in ("entity", "rule", "score")}
        of = [("score", "count"), ("score", "min"), ("score", "max")]
        for row in pa.table(columns).group_by(["entity", "rule"]).aggregate(of).to_pylist():
            key = row["entity"], row["rule"]
            n, least, most = self.rules.get(key, (0, row["score_min"], row["score_max"]))
            self.rules[key] = n + row["score_count"], min(least, row["score_min"]), max(most, row["score_max"])

    def _choose(self, batch: pa.RecordBatch) -> None:
        """Documents by their uid, which is a hash, read from another place for each entity: so not always the same."""
        is_there = np.ones(batch.num_rows, bool)
        for column in self._of.later:
            is_there &= _numbers(batch, column) == 0
        uids = np.array(batch.column("uid").to_pylist(), "S32")
        for number, entity in enumerate(self._of.entities):
            rows = np.flatnonzero(is_there & (_numbers(batch, self._of.count_of(entity)) > 0))
            orders = _read_from(uids[rows], 3 * number % 32)
            least = np.argsort(orders, kind="stable")[:N_SAMPLES]
            found = [(orders[place].decode(), uids[rows[place]].decode()) for place in least]
            self.chosen[entity] = sorted([*self.chosen[entity], *found])[:N_SAMPLES]


def _read_from(uids_N: npt.NDArray[np.bytes_], start: int) -> npt.NDArray[np.bytes_]:
    """Uids, S32, that begin at another character of theirs."""
    turned = np.roll(uids_N.view(np.uint8).reshape(-1, 32), -start, axis=1)
    return np.ascontiguousarray(turned).view("S32").ravel()


def _numbers(batch: pa.RecordBatch, column: str) -> npt.NDArray[np.int64]:
    values = batch.column(column).fill_null(0).to_numpy(zero_copy_only=False)
    return np.asarray(values, np.int64)


def _add(tally: dict[str, int], names: Iterable[str], counts: npt.NDArray[np.int64]) -> None:
    for name, n in zip(names, counts.tolist(), strict=True):
        if n:
            tally[name] = tally.get(name, 0) + n


def read(run: str, scrubbing: Scrubbing) -> Found:
    """What all survivors show."""
    found = Found(scrubbing)
    for batch in batches(run, "documents", scrubbing.columns()):
        found.add(batch)
    return found


def samples(run: str, found: Found, scrubbing: Scrubbing) -> dict[str, list[Tree]]:
    """Entity -> places to look at: uid, source, origin, rule, score, what stands there `now`, and what `before` and
    `after` it, as they are published."""
    wanted = {uid for chosen in found.chosen.values() for _, uid in chosen}
    named = documents(run, wanted, [scrubbing.findings])
    texts = {about["uid"]: (about, text) for about, text in named if not about["dropped"]}
    shown: dict[str, list[Tree]] = {}
    for entity, chosen in found.chosen.items():
        places = (_sample(*texts[uid], entity, scrubbing.findings) for _, uid in chosen if uid in texts)
        shown[entity] = [one for one in places if one]
    return shown


def _sample(about: Tree, text: str, entity: str, column: str) -> Tree | None:
    """One of the document's findings of an entity, by its uid."""
    data = text.encode()
    here = [
        place
        for place in published(about[column])
        if place[2]["entity"] == entity and 0 <= place[0] <= place[1] <= len(data)
    ]
    if not here:
        return None
    start, stop, finding = here[int(about["uid"][:8], 16) % len(here)]
    return {
        **{name: about[name] for name in ("uid", "source", "origin")},
        **{name: finding[name] for name in ("rule", "score")},
        "before": data[max(0, start - 4 * AROUND_CHARS) : start].decode(errors="ignore")[-AROUND_CHARS:],
        "now": data[start:stop].decode(errors="ignore")[:MOST_CHARS],
        "after": data[stop : stop + 4 * AROUND_CHARS].decode(errors="ignore")[:AROUND_CHARS],
    }


def published(findings: list[Tree]) -> list[tuple[int, int, Tree]]:
    """Where what replaced each finding stands in the text that the stage left: bytes from and to, and the finding.

    findings: with the bytes `start` and `stop` in the text that the stage saw, and with how many bytes it was
    `replaced`.
    """
    ordered = sorted(findings, key=lambda one: one["start"])
    growths = accumulate((one["replaced"] - (one["stop"] - one["start"]) for one in ordered), initial=0)
    return [
        (one["start"] + growth, one["start"] + growth + one["replaced"], one)
        for one, growth in zip(ordered, growths, strict=False)
    ]


def folded(names: list[str], most: int) -> dict[str, str]:
    """Each name, in order of weight, to itself or, beyond so many, to what the rest is called."""
    return {name: name if place < most or len(names) == most + 1 else OTHER for place, name in enumerate(names)}
