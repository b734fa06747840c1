"""Small global stages that compare parts of documents in rounds, for tests of the frame; a plugin."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np
import pyarrow as pa
from toy_fits import logged

from pipeline.batch import Batch
from pipeline.errors import InputError
from pipeline.schema import option
from pipeline.stage import Comparison, Fit, GlobalStage, Sketch, Verdicts, stage


def key_of(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


@stage("toy_once")
class ToyOnce(GlobalStage):
    """Cuts every word that came before, in this document or another; drops documents that lose all."""

    edits_text = True
    tables = ("words.arrow",)

    def adds(self):
        return {"toy_once_n_words": pa.int32()}

    def sketch(self, batch: Batch) -> Sketch:
        found = [
            (key_of(match[0]), row, *(len(text[:place].encode()) for place in match.span()))
            for row, text in enumerate(batch.column("text").to_pylist())
            for match in re.finditer(r"\S+", text)
        ]
        columns = [np.array([one[i] for one in found], np.uint64 if i == 0 else np.int64) for i in range(4)]
        keys, rows, starts, ends = columns
        return Sketch(keys, np.arange(len(keys)), len(keys), {}, rows, {"span": np.stack([starts, ends], axis=1)})

    def decide(self, bench: Comparison, task: str) -> int:
        """Spills every word but the first of its kind, by the shard that it is of."""
        with logged(f"decide {task}"), bench.spill(f"cuts-{task}", len(bench.shards)) as spill:
            part = bench.part(int(task))
            again = np.sort(part.items[1:][part.keys[1:] == part.keys[:-1]])
            spill.add({"item": again}, np.searchsorted(again, bench.firsts))
        return len(np.unique(part.keys))

    def settle(self, bench: Comparison, shard: str) -> int:
        """Commits the verdicts of a shard."""
        with logged(f"settle {shard}"):
            number = bench.shards.index(shard)
            names = [f"cuts-{task}" for task in range(bench.n_partitions)]
            none = np.zeros(0, np.int64)
            cuts = np.concatenate([none, *(chunk["item"] for chunk in bench.partition(names, number))])
            pieces = list(bench.records(shard, ["row", "span"]))
            rows, spans = (
                np.concatenate([n, *(piece[c] for piece in pieces)])
                for c, n in (("row", none), ("span", np.zeros((0, 2), np.int64)))
            )
            places = np.sort(cuts) - bench.firsts[number]
            bench.verdicts(shard, {"row": rows[places], "span": spans[places]})
        return len(cuts)

    def compare(self, bench: Comparison) -> dict[str, Any]:
        n_words = sum(bench.map("decide", [str(number) for number in range(bench.n_partitions)]))
        with logged("compare"):
            n_cut = sum(bench.map("settle", bench.shards))
        with bench.write("words.arrow") as file:
            file.write(str(n_words).encode())
        return {"words": n_words, "cut": n_cut}

    def apply(self, batch: Batch, verdicts: Verdicts) -> None:
        spans = verdicts.columns["span"]
        batch.edit(verdicts.rows, spans[:, 0], spans[:, 1], b"")
        n_words = np.array([len(text.split()) for text in batch.column("text").to_pylist()], np.int64)
        n_cut = np.bincount(verdicts.rows, minlength=len(batch))
        batch.set("toy_once_n_words", n_words)
        batch.drop((n_words > 0) & (n_cut == n_words), "nothing_new", value=n_words)


@stage("toy_claims")
class ToyClaims(Fit):
    """Publishes a file of the name of another stage's table."""

    publishes = "again.words.arrow"


@stage("toy_careless")
class ToyCareless(ToyOnce):
    """Does what `does` says."""

    does: str = option("", "what it does")

    def adds(self):
        return {"toy_careless_n_words": pa.int32()}

    def settle(self, bench: Comparison, shard: str) -> int:
        if self.does == "unsorted":
            bench.verdicts(shard, {"row": np.array([1, 0])})
        return super().settle(bench, shard) if self.does != "silent" else 0

    def compare(self, bench: Comparison) -> dict[str, Any]:
        if self.does == "refuses":
            raise InputError("nothing to compare")
        if self.does == "no table":
            bench.map(
                "settle", bench.map("decide", [str(number) for number in range(bench.n_partitions)]) and bench.shards
            )
            return {}
        return super().compare(bench)
