"""The stage `dedup_document`: of documents that are nearly the same, one is kept.

Letters: N documents, H minima, B bands, K keys, E pairs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.batch import Batch, utf8_buffers
from pipeline.errors import OptionError
from pipeline.schema import option
from pipeline.stage import Comparison, Sketch, Verdicts, stage

from .banding import columns, solve
from .clustering import SCALE, Rounds, check_threshold
from .dedup_index import IndexedClustering, against_option, as_lists, from_lists, index_option
from .dedup_pairs import Piece
from .dedup_priority import BETWEEN_SOURCES, Priority, date_option, keep_option, signal_option, within_option
from .dedup_records import document_records, drop_known
from .dedup_tables import COMPARED, SHORT
from .uids import to_text

FAST, DATASKETCH = "fast", "datasketch"
EXACT, ESTIMATED, NONE = "exact", "estimated", "none"
CONNECTED, STAR = "connected", "star"
KEEP, DROP = "keep", "drop"

Array = npt.NDArray[Any]


@stage("dedup_document")
class DedupDocument(IndexedClustering):
    """Keep one of the documents that are nearly the same, found by MinHash and banding (LSH), and verified.

    A document is the set of its shingles: runs of `shingle_words` words in lower case, digits as 0, without
    punctuation. In a text of an unspaced script (Chinese, Japanese, Thai ...) a word is a character and a
    shingle has `shingle_chars` of them. One without a word is not compared.

    Documents that share a band meet. Two whose sets have the Jaccard similarity s do with the probability
    1 - (1 - s^rows)^bands: with 14 x 8, which is what 112 minima and a threshold of 0.8 come to, 5 % at s = 0.5, 56 %
    at 0.7, 92 % at 0.8 and nearly 100 % at 0.9. Those that met are compared: by their sets (`verify: exact`, for which
    the texts of these documents are read again), by their minima (`estimated`), or not at all (`none`). Of many that
    share a band, all are compared with the first, and those that are not of its cluster with two others, up to four
    times in all.

    Documents are duplicates from `threshold` on, and so are duplicates of duplicates (`cluster: connected`). With
    `star` a document goes only for one that is kept and that it reaches the threshold with itself; with
    `within: between_sources` that holds, too. Similarities are rounded down to four decimals.

    A document with fewer words than a shingle is short. By `short`, it meets only those with just its words (`exact`),
    is not compared (`keep`), or drops (`drop`; one without a word still stays).

    Documents of indexes in `against` come first and all stay, so that what is connected may have several of them: a
    document then goes for the first of these that it reaches the threshold with, or else for the first of all.

    Drops: `near_duplicate`; the value is the similarity to the document that it was found by, the limit is `threshold`,
    the twin is the one that is kept. `in_index`: the same, where that is in an index; those whose own uid is the twin's
    are noted as `same_uid_in_index`. `short_duplicate`: the same for short ones. `too_short_to_compare`: short, with
    `short: drop`. Without verification the value is the size of the cluster, and there is no limit.
    Signals: `dedup_document_cluster_size`, documents of the cluster, this one included; if pairs are verified,
    `dedup_document_neighbour` and `dedup_document_similarity`: the document that it was found by (the one that is kept
    if it reaches the threshold with that, else the most similar one that was measured, which may have gone for another
    document of an index) and how similar, and
    `dedup_document_kept_similarity`, to the one that is kept (0 where it is alone, 1 where it is that one).

    Table: `clusters.arrow`, of clusters of two and more: uids of the one that is kept (id, kept) and of all (members),
    in order of rank and those of an index last, and their number (size).

    With `keep: newest` documents without a date are noted as `without_<date>`, and as `unreadable_<date>` those with
    something else in that field.

    Sources: Broder 1997 (shingles, minima), Indyk and Motwani 1998 (bands).
    """

    threshold: float = option(0.8, "Jaccard similarity from which documents are duplicates", ge=0.01, le=1)
    n_minima: int = option(
        112, "minima of a signature; more cost time and tell similarities apart better", ge=1, le=16_384
    )
    bands: int = option(0, "bands; more find less similar documents; 0: from threshold and n_minima", ge=0, le=1024)
    rows: int = option(0, "minima per band; more ask for more similar documents; 0: as bands", ge=0, le=256)
    shingle_words: int = option(5, "words per shingle", ge=1, le=64)
    shingle_chars: int = option(
        8, "characters per shingle in unspaced scripts, about what 5 English words say", ge=1, le=64
    )
    seed: int = option(0, "seed of the hash functions", ge=0, le=2**32 - 1)
    signature: str = option(
        FAST, "how minima are made: fast, or as datasketch.MinHash does, for use with it", choices=(FAST, DATASKETCH)
    )
    verify: str = option(
        EXACT, "how pairs are compared: by their shingles, by their minima, or not", choices=(EXACT, ESTIMATED, NONE)
    )
    cluster: str = option(
        CONNECTED,
        "connected: duplicates of duplicates go; star: only what reaches the threshold with the kept one",
        choices=(CONNECTED, STAR),
    )
    keep: str = keep_option()
    date: str = date_option()
    signal: str = signal_option()
    short: str = option(
        EXACT, "documents with fewer words than a shingle: same words only, keep, or drop", choices=(EXACT, KEEP, DROP)
    )
    within: str = within_option()
    index: bool = index_option()
    against: tuple[str, ...] = against_option()

    version = 3
    level = "document"

    def check(self) -> None:
        """Raises OptionError for bands that do not fit the minima, and options that have no effect together."""
        for name, other in (("bands", "rows"), ("rows", "bands")):
            if getattr(self, name) and not getattr(self, other):
                raise OptionError(other, f"dedup_document option '{other}' must be given with '{name}'")
        if self.bands * self.rows > self.n_minima:
            message = f"are {self.bands * self.rows} minima in all, and 'n_minima' is {self.n_minima}"
            raise OptionError("bands", f"dedup_document options 'bands' x 'rows' {message}")
        for name, value in (("cluster", STAR), ("within", BETWEEN_SOURCES)):
            if self.verify == NONE and getattr(self, name) == value:
                raise OptionError(name, f"dedup_document option '{name}: {value}' needs 'verify: exact' or 'estimated'")
        self.priority.check("dedup_document")
        check_threshold("dedup_document", self.threshold)
        self.banding()

    def banding(self) -> tuple[int, int]:
        """(bands, rows), as given or solved."""
        return (self.bands, self.rows) if self.bands else solve(self.n_minima, self.threshold)

    @property
    def priority(self) -> Priority:
        return Priority(self.keep, self.date, self.signal)

    @property
    def is_verified(self) -> bool:
        return self.verify != NONE

    @property
    def is_star(self) -> bool:
        return self.cluster == STAR or self.is_between

    @property
    def is_between(self) -> bool:
        return self.within == BETWEEN_SOURCES

    @property
    def least_similarity(self) -> int:
        return round(self.threshold * SCALE)

    def needs(self) -> tuple[str, ...]:
        return ("text", "uid", "source", *self.priority.needs())

    def numeric_needs(self) -> tuple[str, ...]:
        return self.priority.numeric_needs()

    def adds(self) -> dict[str, pa.DataType]:
        size = {"dedup_document_cluster_size": pa.int32()}
        if not self.is_verified:
            return size
        return size | {
            "dedup_document_similarity": pa.float32(),
            "dedup_document_kept_similarity": pa.float32(),
            "dedup_document_neighbour": pa.string(),
        }

    def identity(self) -> dict[str, str]:
        return {"unicode": unicodedata.unidata_version, **super().identity()}

    def settings(self) -> dict[str, Any]:
        names = ("signature", "n_minima", "seed", "shingle_words", "shingle_chars")
        return {"unicode": unicodedata.unidata_version, **{name: getattr(self, name) for name in names}}

    @property
    def n_values(self) -> int:
        return self.n_minima

    @property
    def indexed_kinds(self) -> tuple[int, ...]:
        return (COMPARED, SHORT) if self.short == EXACT else (COMPARED,)

    def keyed(self, values: Array) -> tuple[Array, Array, dict[str, Array]]:
        rows = np.arange(len(values))
        keys, items = self._keys(values, rows, rows)
        order = np.argsort(items, kind="stable")
        return keys[order], items[order], {}

    def signatures(self, batch: Batch) -> tuple[Array, Array, Array]:
        """minima uint32[N, H], words int64[N], and words of a shingle int64[N], of each document."""
        from .kernels import minhash

        made = minhash.signatures
        if self.signature == DATASKETCH:
            from .kernels import datasketch

            made = datasketch.signatures
        return made(*batch.utf8(), self.n_minima, self.shingle_words, self.shingle_chars, self.seed)

    def sketch(self, batch: Batch) -> Sketch:
        minima, n_words, sizes = self.signatures(batch)
        is_short = n_words < sizes
        keys, items = self._keys(minima, np.flatnonzero(~is_short), np.flatnonzero(is_short & (n_words > 0)))
        merits = self.priority.merits(batch)
        records = document_records(batch, n_words == 0, is_short, merits)
        if self.verify == ESTIMATED or self.index or self.against:
            records["minima"] = minima
        payload = {name: values[items] for name, values in merits.items()}
        return Sketch(keys, items, len(batch), payload, None, records)

    def _keys(self, minima: Array, full: Array, short: Array) -> tuple[Array, Array]:
        """Keys uint64[K] and the rows int64[K] that have them: of all bands, and one of all minima of a short document,
        of which the words of just one shingle are known."""
        from .kernels import minhash

        n_bands, n_rows = self.banding()
        of_bands = columns(self.n_minima, n_bands, n_rows)
        keys = minhash.band_keys(np.ascontiguousarray(minima[np.ix_(full, of_bands)]), n_bands)
        if self.short != EXACT:
            return keys.ravel(), np.repeat(full, n_bands)
        own = minhash.band_keys(minima[short], 1)
        rows = np.concatenate([np.repeat(full, n_bands), short])
        order = np.argsort(rows, kind="stable")
        return np.concatenate([keys.ravel(), own.ravel()])[order], rows[order]

    def pieces(self, bench: Comparison, shard: int) -> Iterator[Piece]:
        found = self.shards(bench)
        minima = (records["minima"] for records in self.records(bench, shard, ["minima"]))
        if self.verify == ESTIMATED:
            for values in minima:
                yield Piece(len(values), _Minima(values).take)
        elif shard >= found.n_own:
            for values in minima:
                yield Piece(len(values), _Minima(values).as_lists, _Minima(values).as_lists)
        else:
            for batch in bench.batches(found.names[shard]):
                estimate = _Minima(next(minima)).as_lists if self.against else None
                yield Piece(len(batch), _Texts(batch, self.shingle_words, self.shingle_chars).take, estimate)

    def similarities(self, heads: Any, others: Any, at_heads: Array, at_others: Array) -> Array:
        from .kernels import jaccard

        if self.verify == ESTIMATED:
            return jaccard.estimated(heads, others, at_heads, at_others)
        return jaccard.exact(*_sets(heads), *_sets(others), at_heads, at_others)

    def estimates(self, bench: Comparison) -> bool:
        return bool(self.against) and self.verify == EXACT

    def estimated(self, heads: Any, others: Any, at_heads: Array, at_others: Array) -> Array:
        from .kernels import jaccard

        minima = (from_lists(lists, self.n_minima) for lists in (heads, others))
        return jaccard.estimated(*minima, at_heads, at_others)

    def told_facts(self, bench: Comparison, clusters: dict[str, Any], rounds: Rounds) -> dict[str, Any]:
        shared = super().told_facts(bench, clusters, rounds)
        return {
            "kind": "dedup",
            "level": "document",
            "by": "shingles",
            "banding": self.banding_facts(),
            **shared,
        }

    def banding_facts(self) -> dict[str, Any]:
        """How documents meet and are compared."""
        bands, rows = self.banding()
        names = ("threshold", "signature", "verify", "cluster", "shingle_words", "shingle_chars")
        return {"minima": self.n_minima, "bands": bands, "rows": rows, **{name: getattr(self, name) for name in names}}

    def apply(self, batch: Batch, verdicts: Verdicts) -> None:
        n_rows = len(batch)
        sizes = np.maximum(verdicts.filled("size", n_rows, 1), 1)
        twins = to_text(verdicts.filled("twin", n_rows, 0))
        goes = ~verdicts.filled("stays", n_rows, True) & (sizes > 1)
        is_short = verdicts.filled("kind", n_rows, 0) == SHORT
        similarity = verdicts.filled("similarity", n_rows, 0)
        self.priority.note(batch)
        batch.set("dedup_document_cluster_size", sizes)
        value: Any = sizes
        if self.is_verified:
            value = similarity / SCALE
            batch.set("dedup_document_similarity", value.astype(np.float32))
            kept_similarity = verdicts.filled("kept_similarity", n_rows, 0) / SCALE
            batch.set("dedup_document_kept_similarity", kept_similarity.astype(np.float32))
            neighbours = to_text(verdicts.filled("neighbour", n_rows, 0))
            batch.set("dedup_document_neighbour", pa.array(neighbours, pa.string()))
        limit = self.threshold if self.is_verified else None
        in_index = goes & verdicts.filled("is_foreign", n_rows, False)
        if self.against:
            drop_known(batch, in_index, value, limit, twins)
            goes &= ~in_index
        batch.drop(goes & ~is_short, "near_duplicate", value, limit, twins)
        batch.drop(goes & is_short, "short_duplicate", value, limit, twins)
        if self.short == DROP:
            batch.drop(is_short, "too_short_to_compare")


class _Minima:
    """Gives rows of uint32[N, H]."""

    def __init__(self, minima: Array) -> None:
        self._minima = minima

    def take(self, rows: Array) -> pa.Array:
        return pa.FixedSizeListArray.from_arrays(pa.array(self._minima[rows].ravel()), self._minima.shape[1])

    def as_lists(self, rows: Array) -> pa.Array:
        return as_lists(self._minima[rows])


class _Texts:
    """Gives the shingles of documents of a batch."""

    def __init__(self, batch: Batch, shingle_words: int, shingle_chars: int) -> None:
        self._batch, self._sizes = batch, (shingle_words, shingle_chars)

    def take(self, rows: Array) -> pa.Array:
        from .kernels import shingles

        texts = self._batch.column("text").take(pa.array(rows))
        values, firsts = shingles.sets(*utf8_buffers(texts), *self._sizes)
        return pa.LargeListArray.from_arrays(pa.array(firsts), pa.array(values))


def _sets(lists: Any) -> tuple[Array, Array]:
    """Values uint64[M] and firsts int64[N+1] of lists."""
    firsts = lists.offsets.to_numpy()
    return lists.flatten().to_numpy(), firsts - firsts[0]
