"""The report on a run of a stage that measures perplexity: columns, facts and drops go all the way through."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
from harness import rows, run, write_jsonl
from made_up_perplexity import sketch

from pipeline.report import collect, write_report
from pipeline.schema import option
from pipeline.stage import Stage, stage

TEXTS = ["短", "一份比较长的文件。" * 30, "one document", "another one, which is longer " * 9]
RECIPE = """
sources:
  web: {reader: jsonl, paths: ["*.jsonl"]}
audit: 1.0
stages:
  - toy_even
  - toy_perplexity: {as: ppl}
  - length: {min_words: 20}
  - pii
"""


@stage("toy_perplexity")
class ToyPerplexity(Stage):
    """Says that a text is the more surprising the more characters it has; drops what is above the middle."""

    model: str = option("", "a model")
    head_percentile: float = option(50.0, "where the head ends")
    middle_percentile: float = option(90.0, "where the middle ends")

    def adds(self):
        kinds = {"per_token": pa.float32(), "log10": pa.float32(), "part": pa.string(), "model": pa.string()}
        return {f"toy_perplexity_{name}": kind for name, kind in kinds.items()}

    def facts(self):
        logs = np.round(np.linspace(1, 3, 2001), 4)
        counts = dict.fromkeys(("documents", "bytes", "n_tokens", "vocabulary"), 5)
        bounds = {"from": ["web"], "documents": len(logs), "document_sketch": sketch(logs)}
        one = {"tokens": "characters", "order": 2, "ngrams": [3, 4], "discounts": [], "fallback": [], **counts}
        return {"kind": "ngram_model", "languages": {"all": {**one, "held_out": None, "bounds": bounds}}}

    def measure(self, batch):
        logs = np.round(np.log10([len(text) for text in batch.column("text").to_pylist()]), 4)
        parts = np.where(logs <= 2, "head", np.where(logs <= 2.8, "middle", "tail"))
        batch.set("toy_perplexity_per_token", (10**logs).astype(np.float32))
        batch.set("toy_perplexity_log10", logs.astype(np.float32))
        batch.set("toy_perplexity_part", parts.tolist())
        batch.set("toy_perplexity_model", ["all"] * len(batch))

    def judge(self, batch):
        batch.drop(batch.signal("toy_perplexity_part") == "tail", "high_perplexity")


def test_what_a_stage_measures_and_tells_is_reported(tmp_path):
    for number in range(3):
        write_jsonl(tmp_path / f"{number}.jsonl", 60, seed=number, extra=[{"text": text} for text in TEXTS])
    run(tmp_path, RECIPE)
    folder = tmp_path / "run"
    data = collect(str(folder))
    found = data["perplexity"]["ppl"]
    (row,) = found["languages"]
    everything = [one for one in rows(folder, "documents") + rows(folder, "dropped") if one.get("stage") != "toy_even"]
    assert len(everything) < len(rows(folder, "documents") + rows(folder, "dropped"))  # some were measured for audit
    assert row["documents"] == row["measured"] == len(everything)
    fates = {"": "kept", "ppl": "here"}
    for part, counts in row["parts"].items():
        here = [fates.get(one.get("stage", ""), "later") for one in everything if one["ppl_part"] == part]
        assert counts == {fate: here.count(fate) for fate in ("kept", "later", "here")}
        assert part != "tail" or counts["kept"] == 0 < counts["here"]
    assert row["fates"]["later"] > 0
    assert np.allclose(np.log10(row["bounds"]["ends"]), [2, 2.8], atol=0.002)
    assert list(data["language_models"]) == ["ppl"]
    texts = [one for of in row["texts"].values() for one in of]
    assert len(texts) == 9 and all(one["text"] for one in texts)
    assert any(one["dropped"] for one in texts) and any(one["dropped"] is None for one in texts)
    write_report(str(folder))
    assert 'id="perplexity"' in (folder / "out" / "report" / "index.html").read_text(encoding="utf-8")
    assert "ppl" in json.loads((folder / "out" / "report" / "report.json").read_text(encoding="utf-8"))["perplexity"]
