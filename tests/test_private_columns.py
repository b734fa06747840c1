"""Columns of lists and structs, and columns that stay in `work/`, go through runs as all others do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from harness import Silent, plan, published, rows, run, write_jsonl
from personal_columns import FINDINGS, HASHES, hash_of

from pipeline import histograms
from pipeline.errors import PlanError, StageError
from pipeline.exchange import SpillWriter, read_chunks
from pipeline.stage import load_stages
from pipeline.what_if import parse_change, what_if

RECIPE = """
sources:
  web: {reader: jsonl, paths: [a.jsonl]}
  books: {reader: jsonl, paths: [b.jsonl]}
shard_mb: 1
audit: 0.5
stages:
  - toy_even
  - toy_finds
  - toy_reads_hashes
  - repeated_pii: {of: toy_finds, max_documents: 5}
  - length: {min_words: 3}
"""
NESTED = {"toy_finds_findings": FINDINGS, "toy_finds_hashes": HASHES}


@pytest.fixture(scope="module", autouse=True)
def loaded():
    load_stages(["toy_findings"])


@pytest.fixture
def folder(tmp_path):
    for name, seed in (("a", 1), ("b", 2)):
        extra = [{"text": f"SECRET{n % 7} 与 " * (n % 6) + "x" * (n % 4)} for n in range(90)]
        write_jsonl(tmp_path / f"{name}.jsonl", 40, seed=seed, extra=extra)
    return tmp_path


def schemas(run: Path, kind: str) -> list[pa.Schema]:
    return [pa.ipc.open_file(path.read_bytes()).schema for path in sorted((run / "out" / kind).glob("*.arrow"))]


def test_what_is_private_stays_in_work_and_nested_signals_are_published(folder):
    run(folder, RECIPE)
    for kind in ("documents", "dropped"):
        for schema in schemas(folder / "run", kind):
            assert schema.field("toy_finds_findings").type == FINDINGS
            assert "toy_finds_hashes" not in schema.names
    kept, dropped = rows(folder / "run"), rows(folder / "run", "dropped")
    for row in kept:
        assert len(row["toy_finds_findings"]) == row["toy_finds_n_findings"] == row["toy_reads_hashes_n"]
    early = [row for row in dropped if row["stage"] == "toy_even"]
    unmeasured = [row for row in early if row["toy_finds_findings"] is None]
    assert {row["reason"] for row in dropped} == {"odd", "too_many_findings", "repeated_pii", "too_short"}
    assert 0 < len(unmeasured) < len(early)  # the others are audited
    assert {len(row["toy_finds_findings"]) for row in dropped if row["reason"] == "too_many_findings"} == {4}
    hashes = {str(hash_of("word", str(n))) for n in range(7)}
    for path in (folder / "run" / "out").glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert not [one for one in hashes if one in text], path.name
    signals = json.loads((folder / "run" / "out" / "signals.json").read_text(encoding="utf-8"))
    assert "toy_finds_n_findings" in signals and not NESTED.keys() & signals.keys()


def test_any_number_of_workers_publishes_the_same_bytes(folder):
    run(folder, RECIPE, out="one")
    run(folder, RECIPE, out="two", workers=2)
    assert published(folder / "one") == published(folder / "two")


def test_what_if_judges_again_by_what_is_published(folder):
    run(folder, RECIPE, out="one")
    found = what_if(str(folder / "one"), [parse_change("toy_finds.max_findings=1")], 0, Silent())
    run(folder, RECIPE.replace("- toy_finds", "- toy_finds: {max_findings: 1}"), out="two")
    then = {row["uid"] for row in rows(folder / "two", "dropped") if row["reason"] == "too_many_findings"}
    moved = [one for one in found["transitions"] if one["then"].get("reason") == "too_many_findings"]
    assert sum(one["documents"] for one in moved) == len(then) > 50


def test_stages_that_work_on_what_is_published_may_not_need_what_is_private(folder):
    message = "needs the column 'toy_finds_hashes', which toy_finds keeps private"
    for name in ("toy_judges_hashes", "toy_exports_hashes"):
        with pytest.raises(PlanError, match=rf"recipe.yaml:13: {name} {message}"):
            plan(folder, RECIPE + f"  - {name}\n")


def test_a_batch_that_fails_is_set_aside_with_empty_columns(folder):
    with open(folder / "b.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps({"text": "POISON 毒药!"}) + "\n")
    with pytest.raises(
        StageError, match=r"toy_finds failed on shard .* \(KeyError in toy_findings.py:\d+; what it says"
    ):
        run(folder, RECIPE.replace("audit: 0.5", "audit: 0"))
    run(folder, RECIPE.replace("audit: 0.5", "on_error: quarantine"))
    aside = [row for row in rows(folder / "run", "dropped") if row["reason"] == "quarantined"]
    assert {row["source"] for row in aside} == {"books"} and len(aside) > 50
    assert {row["toy_finds_findings"] for row in aside} == {None}


def test_histograms_pass_over_nested_columns():
    schema = pa.schema([("n", pa.int32()), *NESTED.items(), ("one", pa.struct([("a", pa.int32())]))])
    batch = pa.RecordBatch.from_pylist([{"n": 1, "toy_finds_findings": [], "one": {"a": 2}}], schema=schema)
    kinds = {field.name: field.type for field in schema}
    counts: histograms.Counts = {}
    histograms.add_batch(counts, batch, kinds, "kept")
    assert list(counts) == list(histograms.to_json(counts, kinds, {"n": "a"})) == ["n"]


def test_lists_of_structs_are_spilled_as_they_are(tmp_path):
    lists = pa.array([[], [{"start": 1, "stop": 2, "entity": "电话"}], [{"start": 3, "entity": "b"}] * 2], FINDINGS)
    with SpillWriter(str(tmp_path / "spill"), 2) as spill:
        spill.add({"found": lists, "n": pa.array([1, 2, 3])}, np.array([0, 1, 3]))
    (chunk,) = read_chunks(str(tmp_path / "spill"), 1)
    assert chunk["found"].to_pylist() == lists[1:].to_pylist()
