"""A stage with nested and private columns, for tests of the frame; a plugin, as `--plugin toy_findings`."""

from __future__ import annotations

import re
from typing import ClassVar

import numpy as np
import pyarrow as pa
from personal_columns import FINDINGS, HASHES, hash_of

from pipeline.batch import Batch
from pipeline.schema import option
from pipeline.stage import Export, Exported, ExportShard, Folder, Limit, Stage, stage

WORD = re.compile(r"SECRET(\d*)")


@stage("toy_finds")
class ToyFinds(Stage):
    """Replaces words such as `SECRET7` by a tag; raises on `POISON`, quoting the text."""

    max_findings: int = option(3, "findings; above: too_many_findings", ge=0)

    edits_text = True
    scrubs = True
    judging_options = ("max_findings",)
    private: ClassVar[tuple[str, ...]] = ("toy_finds_hashes",)

    def adds(self):
        return {
            "toy_finds_n_word": pa.int32(),
            "toy_finds_n_findings": pa.int32(),
            "toy_finds_findings": FINDINGS,
            "toy_finds_hashes": HASHES,
        }

    def limits(self):
        return (Limit("too_many_findings", "toy_finds_n_findings", "max_findings", False, self.max_findings),)

    def measure(self, batch: Batch) -> None:
        findings, hashes, spans = [], [], []
        for row, text in enumerate(batch.column("text").to_pylist()):
            if "POISON" in text:
                raise KeyError(text)
            places = [
                (len(text[: found.start()].encode()), len(text[: found.end()].encode()), found[1])
                for found in WORD.finditer(text)
            ]
            spans += [(row, start, stop) for start, stop, _ in places]
            findings.append(
                [
                    {"start": start, "stop": stop, "entity": "word", "rule": "toy", "score": 1.0, "replaced": 5}
                    for start, stop, _ in places
                ]
            )
            hashes.append([hash_of("word", number) for *_, number in places])
        rows, starts, stops = (np.array([span[i] for span in spans], np.int64) for i in range(3))
        batch.edit(rows, starts, stops, b"<TAG>")
        for name in ("word", "findings"):
            batch.set(f"toy_finds_n_{name}", pa.array([*map(len, findings)], pa.int32()))
        batch.set("toy_finds_findings", pa.array(findings, FINDINGS))
        batch.set("toy_finds_hashes", pa.array(hashes, HASHES))

    def judge(self, batch: Batch) -> None:
        n = batch.signal("toy_finds_n_findings")
        batch.drop(n > self.max_findings, "too_many_findings", value=n, limit=self.max_findings)


@stage("toy_reads_hashes")
class ToyReadsHashes(Stage):
    """Measures how many hashes there are, which a later stage may."""

    def needs(self):
        return ("toy_finds_hashes",)

    def adds(self):
        return {"toy_reads_hashes_n": pa.int32()}

    def apply(self, batch: Batch) -> None:
        batch.set("toy_reads_hashes_n", batch.column("toy_finds_hashes").value_lengths())


@stage("toy_judges_hashes")
class ToyJudgesHashes(ToyReadsHashes):
    """Judges by a column that is not published, so nobody could judge again."""

    def adds(self):
        return {}

    def measure(self, batch: Batch) -> None:
        assert len(batch)

    def judge(self, batch: Batch) -> None:
        batch.drop(np.zeros(len(batch), bool), "never")

    apply = Stage.apply


@stage("toy_exports_hashes")
class ToyExportsHashes(Export):
    """Needs what is not published."""

    def needs(self):
        return ("toy_finds_hashes",)

    def export(self, shard: ExportShard) -> dict:
        return {}

    def index(self, folder: Folder, shards: list[Exported], tags: dict[str, str]) -> None:
        assert shards


@stage("toy_raises")
class ToyRaises(Stage):
    """Fails on a document that begins with `RAISE`, or on any, and says what it was about."""

    always: bool = option(False, "fail on any")

    def apply(self, batch: Batch) -> None:
        for text in batch.column("text").to_pylist():
            if self.always or text.startswith("RAISE"):
                raise KeyError("\n".join([text, *batch.column("id").to_pylist()]))
