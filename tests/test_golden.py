"""Golden output: the results of a stage do not change unless its version does.

When this test fails because results were meant to change, raise `version` in the stage and write the new hash here.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
from pathlib import Path

import planted_lms
import pyarrow as pa
import pytest
from batches import documents
from benches import ToyComparison
from harness import text_of
from personal_columns import with_findings

from pipeline.batch import Batch
from pipeline.execute import run_stage
from pipeline.plan import FORMAT
from pipeline.stage import Export, Fit, GlobalStage, Verdicts, load_stages
from pipeline.verdicts import verdicts_in
from stages.quality import PRESETS

GOLDEN = {
    "read": (2, "f5a050dc272f5319"),
    "normalize": (2, "c647af68b4a72f3c"),
    "quality": (5, "dab0101cf9f0d6fe"),
    "length": (1, "e9d9b6f53ff52edc"),
    "dedup_exact": (2, "01cb812293618f5b"),
    "dedup_document": (3, "9e9dd7608b2fd534"),
    "pii": (2, "dfce2bcb58d9c8f6"),
    "split": (2, "a76e8b4e86e99289"),
    "tokenizer": (2, "2f64d090b355dfc8"),
    "perplexity": (1, "97cb75a8ea7df00f"),
    "dedup_sentence": (1, "b98622d5b9eb0d2d"),
    "decontaminate": (1, "62ae21051d3db227"),
    "repeated_pii": (1, "74937facac48211d"),
}
"""Stage -> version and hash. Exports write files and leave the documents as they are."""
OF_MODELS = {"language", "classifier", "classifier_model", "ngram_model"}
"""Not here: the last bits of what a model sums depend on the processor."""

GIVEN = {
    "perplexity": {"model": "planted.lm"},
    "decontaminate": {
        "benchmarks": {"planted": "planted.txt"},
        "ngram_words": 3,
        "ngram_chars": 4,
        "min_item_words": 2,
    },
}
"""Stage -> options that it needs."""
OTHERWISE = {
    "quality": {"presets": PRESETS, "words": "spacy"},
    "repeated_pii": {"max_documents": 2},
    "pii": {"action": "mask", "min_score": 0.0, "ips": "all", "max_findings": {"phone": 0, "all": 1}},
    "perplexity": {
        "model": "planted.lm",
        "by_line": True,
        "cut_lines": True,
        "keep": ["middle"],
        "max_perplexity": 900,
    },
}
"""Stage -> options of a second run, which do what the default ones leave out; its results count as well."""


def texts() -> list[str]:
    """Some two hundred documents of several kinds."""
    chance = random.Random(1)
    made = [text_of(chance, chance.randrange(1, 300)) for _ in range(150)]
    made += [text.replace("。", "！").upper() for text in made[:20]] + made[20:40]
    made += [
        "e\u0301\r\nx\x00",
        "",
        " ",
        "\u2000\u2001",
        "短句\n}\n}\n* a\n--b\n结束了（出自《书》）\nSo it ends. (Reuters)\n" * 5,
        "# a\n" * 40,
        "- b...\n" * 60,
        "jane@acme.org 52.23.22.193 +1 602-275-6300",
        "电话13800138000",
    ]
    return made


def digest(tables: list) -> str:
    found = hashlib.sha256()
    for table in tables:
        found.update(json.dumps(table.to_pylist(), ensure_ascii=False, sort_keys=True, default=str).encode())
    return found.hexdigest()[:16]


def verdicts(stage: GlobalStage, batch, folder: Path) -> Verdicts:
    bench = ToyComparison(stage, {"one": [batch]}, folder, 3)
    stage.compare(bench)
    return verdicts_in(bench.found["one"], 0, len(batch))


def output_of(name: str, folder: Path) -> tuple[int, str]:
    if name == "read":
        from test_ingest import Document, batches

        outcomes = batches([Document(n, text, meta={"n": n}) for n, text in enumerate(texts())], shard_bytes=20_000)
        return FORMAT, digest([outcome.kept for _, outcome in outcomes])
    stage = load_stages()[name](**GIVEN.get(name, {}))
    batch = documents(texts())
    if "pii_findings" in stage.needs():
        batch = with_findings(batch, [[("person", word) for word in text.split()[:2]] for text in texts()])
    if "language_label" in stage.needs():
        batch = documents(texts(), languages=["en" if text.isascii() else "zh" for text in texts()])
    if isinstance(stage, Fit):
        sides = pa.array(["train"] * len(batch), pa.string())
        stage.fit([Batch(batch.append_column("split_side", sides), stage, name)], out := io.BytesIO())
        return stage.version, hashlib.sha256(out.getvalue()).hexdigest()[:16]
    given, keys = None, []
    if isinstance(stage, GlobalStage):
        given, keys = verdicts(stage, batch, folder), [pa.table({"key": stage.sketch(Batch(batch, stage, name)).keys})]
    found = []
    for made in (stage, *([type(stage)(**OTHERWISE[name])] if name in OTHERWISE else [])):
        outcome = run_stage(made, batch, resource=made.open(), verdicts=given)
        found += [outcome.kept, outcome.dropped]
    return stage.version, digest([*found, *keys])


@pytest.mark.parametrize("name", GOLDEN)
def test_results_are_those_of_this_version(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    planted_lms.write(tmp_path / "planted.lm", planted_lms.model())
    (tmp_path / "planted.txt").write_text("the river garden\nof and a\n的一是不了人我\n", encoding="utf-8")
    assert output_of(name, tmp_path) == GOLDEN[name], (
        f"{name}: results changed; if they were meant to, raise its version"
    )


def test_every_stage_is_here():
    stages = {name: cls for name, cls in load_stages().items() if not issubclass(cls, Export)}
    ours = {name for name, cls in stages.items() if cls.__module__.startswith("stages.")}
    assert ours - OF_MODELS == GOLDEN.keys() - {"read"}
