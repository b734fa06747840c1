"""The stages `dedup_exact` and `dedup_document`: of documents that are the same, or nearly, one is kept.

Both keep the document of the lowest rank: the one that comes first in the input, sources in the order
of the recipe. Letters: N documents, K keys, E edges.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.schema import option
from pipeline.stage import Edges, GlobalStage, RowVerdicts, Sketch, Verdicts, stage


@stage("dedup_exact")
class DedupExact(GlobalStage):
    """Keep one of the documents whose texts are the same byte for byte.

    Documents meet by 64 bits of a 128-bit hash (XXH64 with two seeds) and are the same if all 128 are. Empty
    documents are not compared.

    Drops: `exact_duplicate`; the value is the number of copies, the twin the one that is kept.
    Signals: `dedup_exact_cluster_size`, documents with this text, this one included.
    """

    def adds(self) -> dict[str, pa.DataType]:
        return {"dedup_exact_cluster_size": pa.int32()}

    def sketch(self, batch: Batch) -> Sketch:
        from .kernels import hashing

        data, offsets = batch.utf8()
        full = np.diff(offsets) > 0
        first, second = (hashing.hash_documents(data, offsets, seed) for seed in (0, 1))
        return Sketch(first[full], batch.ranks[full], {"second": second[full]})

    def decide(self, part: Sketch) -> Edges:
        order = np.lexsort((part.ranks, part.payload["second"], part.keys))
        keys, second = part.keys[order], part.payload["second"][order]
        return chain(part.ranks[order], (keys[1:] == keys[:-1]) & (second[1:] == second[:-1]))

    def settle(self, edges: Edges) -> Verdicts:
        return clusters(edges)

    def apply(self, batch: Batch, verdicts: RowVerdicts) -> None:
        batch.set("dedup_exact_cluster_size", verdicts.size)
        batch.drop(verdicts.is_duplicate, "exact_duplicate", value=verdicts.size, twin=verdicts.twin_uid)


@stage("dedup_document")
class DedupDocument(GlobalStage):
    """Keep one of the documents that are nearly the same, found by MinHash and banding (LSH).

    A document is the set of its shingles: runs of `shingle_words` words in lower case, digits as 0, without
    punctuation. In a text of an unspaced script (Chinese, Japanese, Thai ...) a word is a character and a
    shingle has `shingle_chars` of them. A document with fewer words is one shingle, so it meets
    only those with just its words; one without a word is not compared.

    Two documents whose sets have the Jaccard similarity s share a band with the probability
    1 - (1 - s^rows)^bands: with 14 x 8, 5 % at s = 0.5, 56 % at 0.7, 92 % at 0.8 and nearly 100 % at 0.9. Those
    that share one are taken for duplicates, and so are duplicates of duplicates; no text is compared again.

    Drops: `near_duplicate`; the value is the size of the cluster, the twin the document that is kept.
    Signals: `dedup_document_cluster_size`, documents of the cluster, this one included.
    """

    version = 2

    bands: int = option(14, "bands; more find less similar documents", ge=1, le=256)
    rows: int = option(8, "minima per band; more ask for more similar documents", ge=1, le=64)
    shingle_words: int = option(5, "words per shingle", ge=1, le=64)
    shingle_chars: int = option(
        8, "characters per shingle in unspaced scripts, about what 5 English words say", ge=1, le=64
    )
    seed: int = option(0, "seed of the hash functions", ge=0)

    def adds(self) -> dict[str, pa.DataType]:
        return {"dedup_document_cluster_size": pa.int32()}

    def identity(self) -> dict[str, str]:
        return {"unicode": unicodedata.unidata_version}

    def sketch(self, batch: Batch) -> Sketch:
        from .kernels import minhash

        size = self.bands * self.rows
        minima, has_words = minhash.signatures(*batch.utf8(), size, self.shingle_words, self.shingle_chars, self.seed)
        keys = minhash.band_keys(minima[has_words], self.bands)
        return Sketch(keys.ravel(), np.repeat(batch.ranks[has_words], self.bands))

    def decide(self, part: Sketch) -> Edges:
        return chain(part.ranks, part.keys[1:] == part.keys[:-1])

    def settle(self, edges: Edges) -> Verdicts:
        return clusters(edges)

    def apply(self, batch: Batch, verdicts: RowVerdicts) -> None:
        batch.set("dedup_document_cluster_size", verdicts.size)
        batch.drop(verdicts.is_duplicate, "near_duplicate", value=verdicts.size, twin=verdicts.twin_uid)


def chain(ranks: Any, same_as_before: Any) -> Edges:
    """An edge from the first of each run to every other member, so that a run of n gives n - 1.

    ranks int64[K], ascending within a run; same_as_before bool[K-1]: whether row i + 1 belongs to the run of row i.
    """
    others = np.flatnonzero(same_as_before) + 1
    begins = np.arange(len(ranks))
    begins[others] = 0
    first = ranks[np.maximum.accumulate(begins)[others]] if len(others) else ranks[:0]
    distinct = first != ranks[others]
    return Edges(first[distinct], ranks[others][distinct])


def clusters(edges: Edges) -> Verdicts:
    """Every connected cluster with its member of the lowest rank as the one to keep."""
    from .kernels import unionfind

    ranks, places = np.unique(np.concatenate([edges.kept, edges.other]), return_inverse=True)
    half = len(edges.kept)
    roots = unionfind.roots(places[:half], places[half:], len(ranks))
    sizes = np.bincount(roots, minlength=len(ranks))[roots].astype(np.int32)
    twins = np.where(roots == np.arange(len(ranks)), -1, ranks[roots])
    return Verdicts(ranks, twins, sizes)
