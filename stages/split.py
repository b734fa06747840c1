"""The stage `split`: which documents are trained on and which are kept for validation.

Letters: N documents of a batch.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.schema import option
from pipeline.stage import Comparison, Sketch, Verdicts, stage

from .clustering import Clustering, Rounds
from .dedup_document import NONE, DedupDocument
from .uids import to_text

TRAIN, VALIDATION = "train", "validation"


@stage("split")
class Split(Clustering):
    """Put every document on the side `train` or `validation`; near copies are never on both. Drops nothing.

    Documents meet by MinHash and banding, as in `dedup_document` without verification, and a cluster is all that is
    connected. A cluster goes where a hash of `seed` and of the uid of its first document sends it, so that the side
    depends on no other cluster, nor on workers or time. Documents of the similarity s share a band with the probability
    1 - (1 - s^rows)^bands: with 20 x 5, 47 % at s = 0.5, 80 % at 0.6, 97.5 % at 0.7 and 99.96 % at 0.8, where the
    14 x 8 of `dedup_document` give 5, 21, 56 and 92 %: for a split, a pair that is missed costs more than one that
    is found in vain. Exact copies always meet. A document without a word is alone.

    A cluster of more than `max_cluster` documents goes to `train`: as a whole it could be most of the validation,
    which would then measure one text over and over.

    Put it early, right after `normalize`: variants of a recipe that leave out later stages then share one split.

    Signals: `split_side`; `split_cluster_size`, documents of the cluster, this one included.
    """

    validation_frac: float = option(0.01, "share of the clusters that are kept for validation", ge=0, le=0.5)
    bands: int = option(20, "bands; more find less similar documents", ge=1, le=256)
    rows: int = option(5, "minima per band; more ask for more similar documents", ge=1, le=64)
    shingle_words: int = option(5, "words per shingle", ge=1, le=64)
    shingle_chars: int = option(8, "characters per shingle in unspaced scripts", ge=1, le=64)
    max_cluster: int = option(100, "documents; larger clusters go to train", ge=1)
    seed: int = option(0, "seed of the hash functions and of the choice", ge=0, le=2**32 - 1)

    version = 2
    tables: ClassVar[tuple[str, ...]] = ()

    def needs(self) -> tuple[str, ...]:
        return ("text", "uid")

    def adds(self) -> dict[str, pa.DataType]:
        return {"split_side": pa.string(), "split_cluster_size": pa.int32()}

    def identity(self) -> dict[str, str]:
        return {"dedup_document": str(DedupDocument.version), "unicode": unicodedata.unidata_version}

    def _finder(self) -> DedupDocument:
        """What finds near copies."""
        return DedupDocument(
            n_minima=self.bands * self.rows,
            bands=self.bands,
            rows=self.rows,
            shingle_words=self.shingle_words,
            shingle_chars=self.shingle_chars,
            seed=self.seed,
            verify=NONE,
        )

    def sketch(self, batch: Batch) -> Sketch:
        return self._finder().sketch(batch)

    def told_facts(self, bench: Comparison, clusters: dict[str, Any], rounds: Rounds) -> dict[str, Any]:
        """See `Clustering`, without what is about documents that go, for none does."""
        shared, banding = super().told_facts(bench, clusters, rounds), self._finder().banding_facts()
        largest = [{name: one[name] for name in ("size", "sources")} for one in clusters["largest"]]
        of_clusters = {name: clusters[name] for name in ("n", "items", "sizes")} | {"largest": largest}
        told = {name: shared[name] for name in ("items", "without_key", "short", "sources")}
        del banding["threshold"]
        return {"kind": "split", "banding": banding, **told, "clusters": of_clusters}

    def apply(self, batch: Batch, verdicts: Verdicts) -> None:
        stays = verdicts.filled("stays", len(batch), True)
        sizes = np.maximum(verdicts.filled("size", len(batch), 1), 1)
        twins, uids = to_text(verdicts.filled("twin", len(batch), 0)), batch.column("uid").to_pylist()
        first = np.where(stays | (sizes == 1), np.array(uids, object), twins)
        drawn = np.array([draw(self.seed, "split", uid) for uid in first.tolist()], np.uint64)
        limit = np.uint64(int(self.validation_frac * 2**64))
        held_out = (drawn < limit) & (sizes <= self.max_cluster)
        batch.set("split_side", pa.array(np.where(held_out, VALIDATION, TRAIN).tolist(), pa.string()))
        batch.set("split_cluster_size", sizes)


def draw(seed: int, stage: str, uid: str) -> int:
    """A document's own random number for a stage, 64 bits of BLAKE2b: the same whatever else is in the corpus."""
    return int.from_bytes(hashlib.blake2b(f"{seed}\0{stage}\0{uid}".encode(), digest_size=8).digest(), "big")
