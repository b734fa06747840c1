"""How perplexities spread: counts by language, source, part and fate, and the documents at some percentiles.

Shards are read a batch at a time and only in the columns that are needed; what is counted has a fixed size. Counts are
integers over bins that do not depend on the data, and documents are chosen by their bin, then by uid, so that nothing
depends on how the run was cut into shards.

Letters: N rows of a batch, L languages, S sources, P parts, F fates, B bins.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import storage
from pipeline.rows import PUBLISHED_CHARS
from pipeline.shards import read_batch, read_shard

SCALE = 10_000
"""Perplexities are counted by their log10, in ten-thousandths."""
WIDTH = 20
"""Ten-thousandths per bin, which is half a per cent of a perplexity; as in the sketches of the models."""
N_BINS = 5_000
"""Bins, up to a perplexity of 10^10, and the last one holds what is above."""
PARTS = ("head", "middle", "tail", "none")
FATES = ("kept", "later", "here")
"""Kept to the end; dropped by a later stage; dropped by the one that measured."""
ENDINGS = ("per_token", "log10", "part", "model")
"""Of the columns that a stage about perplexity writes."""
PERCENTILES = (1, 50, 99)
N_TEXTS = 3

Int64s = npt.NDArray[np.int64]
Tree = dict[str, Any]


class Measured(NamedTuple):
    """What to count: the stage's label, the column of the language if there is one, the stages that drop what reached
    it, and the languages and sources that are told apart."""

    label: str
    language: str | None
    since: tuple[str, ...]
    languages: tuple[str, ...]
    sources: tuple[str, ...]

    def columns(self) -> list[str]:
        """Those that are read."""
        own = [f"{self.label}_{ending}" for ending in ENDINGS]
        return ["uid", "source", *([self.language] if self.language else []), *own]


class Rows(NamedTuple):
    """Where each document of a batch counts, int64[N] each. places: its row in the batch; bins: -1 if not measured."""

    places: Int64s
    languages: Int64s
    sources: Int64s
    parts: Int64s
    fates: Int64s
    bins: Int64s
    uids: npt.NDArray[np.bytes_]
    models: npt.NDArray[np.object_]


class Place(NamedTuple):
    """Where a document lies, in the order of choosing: by how many bins it is off the percentile, then by uid."""

    distance: int
    uid: bytes
    path: str
    number: int
    row: int


class Spread:
    """Counts of the documents that reached the stage.

    n int64[L, S, P, F]: documents; bins int64[L, S, F, B]: those with a perplexity; models: for each language, the
    models that measured it, with documents. The last of languages and of sources stands for all others.
    """

    def __init__(self, measured: Measured) -> None:
        shape = (len(measured.languages) + 1, len(measured.sources) + 1)
        self.n = np.zeros((*shape, len(PARTS), len(FATES)), np.int64)
        self.bins = np.zeros((*shape, len(FATES), N_BINS), np.int64)
        self.models: list[dict[str, int]] = [{} for _ in range(shape[0])]

    def add(self, rows: Rows) -> None:
        """Count a batch."""
        np.add.at(self.n, (rows.languages, rows.sources, rows.parts, rows.fates), 1)
        here = rows.bins >= 0
        np.add.at(self.bins, (rows.languages[here], rows.sources[here], rows.fates[here], rows.bins[here]), 1)
        for language, model in zip(rows.languages[here].tolist(), rows.models[here].tolist(), strict=True):
            self.models[language][model] = self.models[language].get(model, 0) + 1


def count(run: str, measured: Measured) -> Spread:
    """Count all documents of a run that reached the stage."""
    spread = Spread(measured)
    for _, _, rows in _read(run, measured):
        spread.add(rows)
    return spread


def _read(run: str, measured: Measured) -> Iterator[tuple[str, int, Rows]]:
    """Every batch, with its shard and its number there: survivors, then dropped rows, of which the others are cut."""
    for kind, more in (("documents", []), ("dropped", ["stage"])):
        for path in storage.list_files(storage.join(run, "out", kind), ".arrow"):
            for number, batch in enumerate(read_shard(path, [*measured.columns(), *more])):
                yield path, number, _rows(batch, measured)


def _rows(batch: pa.RecordBatch, measured: Measured) -> Rows:
    fates, places = np.full(batch.num_rows, FATES.index("kept"), np.int64), np.arange(batch.num_rows)
    if "stage" in batch.schema.names:
        stage = _codes(batch.column("stage"), measured.since)
        places = np.flatnonzero(stage < len(measured.since))
        fates = np.where(stage[places] == 0, FATES.index("here"), FATES.index("later"))
        batch = batch.take(pa.array(places))
    per_token, logs = (_floats(batch.column(f"{measured.label}_{ending}")) for ending in ("per_token", "log10"))
    bins = np.clip(np.rint(logs * SCALE).astype(np.int64) // WIDTH, 0, N_BINS - 1)
    languages = batch.column(measured.language) if measured.language else pa.nulls(batch.num_rows, pa.string())
    return Rows(
        places,
        _codes(languages, measured.languages),
        _codes(batch.column("source"), measured.sources),
        np.minimum(_codes(batch.column(f"{measured.label}_part"), PARTS), PARTS.index("none")),
        fates,
        np.where(per_token > 0, bins, -1),
        batch.column("uid").to_numpy(zero_copy_only=False).astype("S32"),
        np.array(batch.column(f"{measured.label}_model").fill_null("").to_pylist(), object),
    )


def _floats(values: pa.Array) -> npt.NDArray[np.float64]:
    return np.asarray(values.fill_null(0).to_numpy(zero_copy_only=False), np.float64)


def _codes(values: pa.Array, names: tuple[str, ...]) -> Int64s:
    """The place of each value among the names, int64[N]; as many as there are for another, or for none."""
    found = pc.index_in(values, value_set=pa.array(names, pa.string())).fill_null(len(names))
    return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)


def percentile(counts: Int64s, percent: float) -> int:
    """The bin that holds the document below or at which this share of them lie. counts: int64[B], not all 0."""
    up_to = np.cumsum(counts)
    return int(np.searchsorted(up_to * 100, percent * up_to[-1]))


def texts(run: str, measured: Measured, spread: Spread, n_languages: int) -> dict[int, dict[str, list[Tree]]]:
    """Place of each of the first languages -> percentile -> the documents next to it, as `_shown` tells of them.

    Of the documents of a bin, or of the nearest ones if there are fewer than N_TEXTS, those of the least uids.
    """
    counts = spread.bins.sum(axis=(1, 2))[:n_languages]
    wanted = {
        (language, percent): percentile(of, percent)
        for language, of in enumerate(counts)
        for percent in PERCENTILES
        if of.any()
    }
    chosen: dict[tuple[int, int], list[Place]] = {key: [] for key in wanted}
    for path, number, rows in _read(run, measured):
        for (language, percent), bin in wanted.items():
            places = chosen[language, percent]
            chosen[language, percent] = sorted([*places, *_near(rows, language, bin, path, number)])[:N_TEXTS]
    shown = _shown(measured, {place for places in chosen.values() for place in places})
    found: dict[int, dict[str, list[Tree]]] = {}
    for (language, percent), places in chosen.items():
        found.setdefault(language, {})[str(percent)] = [shown[place.path, place.number, place.row] for place in places]
    return found


def _near(rows: Rows, language: int, bin: int, path: str, number: int) -> list[Place]:
    """The documents of a batch that are the next to a bin."""
    here = np.flatnonzero((rows.languages == language) & (rows.bins >= 0))
    distances = np.abs(rows.bins[here] - bin)
    near = distances <= np.sort(distances)[:N_TEXTS].max(initial=0)
    here, distances = here[near], distances[near]
    order = np.lexsort((rows.uids[here], distances))[:N_TEXTS]
    return [
        Place(int(distances[one]), bytes(rows.uids[here[one]]), path, number, int(rows.places[here[one]]))
        for one in order
    ]


def _shown(measured: Measured, places: set[Place]) -> dict[tuple[str, int, int], Tree]:
    """(shard, batch, row) -> what is told of a document: what it is, its perplexity, its fate, and how it begins."""
    found: dict[tuple[str, int, int], Tree] = {}
    for path, number in sorted({(place.path, place.number) for place in places}):
        rows = sorted(place.row for place in places if (place.path, place.number) == (path, number))
        is_dropped = os.path.basename(os.path.dirname(path)) == "dropped"
        text, more = ("excerpt", ["stage", "reason"]) if is_dropped else ("text", [])
        own = [f"{measured.label}_{ending}" for ending in ("per_token", "part")]
        batch = read_batch(path, number, ["uid", "source", "origin", *own, text, *more]).take(pa.array(rows))
        for row, one in zip(rows, batch.to_pylist(), strict=True):
            found[path, number, row] = {
                **{name: one[name] for name in ("uid", "source", "origin")},
                "perplexity": one[own[0]],
                "part": one[own[1]],
                "dropped": {name: one[name] for name in more} or None,
                "text": one[text][:PUBLISHED_CHARS],
            }
    return found
