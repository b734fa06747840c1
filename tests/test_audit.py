"""The audit: dropped documents gain the signals of later stages, and nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from batches import documents
from harness import plan, published, rows, run, write_jsonl
from test_pipeline import RECIPE as REAL
from test_pipeline import folder as real_folder  # noqa: F401

from pipeline import storage
from pipeline.audit import divide, is_audited, measured
from pipeline.errors import StageError
from pipeline.execute import run_stage
from pipeline.rows import DROP
from pipeline.stage import Stage, stage
from pipeline.trace import story
from stages.length import Length

RECIPE = """
sources:
  first: {reader: jsonl, paths: [a.jsonl]}
  second: {reader: jsonl, paths: [b.jsonl]}
shard_mb: 1
stages:
  - toy_even
  - toy_swap
  - toy_first_char
  - length: {min_words: 20}
  - toy_scrub
  - toy_even: {as: again}
  - toy_first_char: {as: last}
"""
ADDED = ["toy_swap_n_edits", "toy_first_char_size", "length_n_words", "toy_scrub_n_edits", "again_n_chars", "last_size"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    extra = [{"text": ""}, {"text": "中a SECRET"}, {"text": "一只 SECRET!"}, {"text": "a\ud800b"}]
    extra += [{"text": start + "one " * 30} for start in ("<b> ", "SECRET SECRET ")]
    write_jsonl(tmp_path / "a.jsonl", 600, seed=4, extra=extra)
    write_jsonl(tmp_path / "b.jsonl", 900, seed=7, extra=extra)
    return tmp_path


def by_uid(run_folder: Path, kind: str = "dropped") -> dict[str, dict]:
    return {row["uid"]: row for row in rows(run_folder, kind)}


def texts_in(folder: Path) -> dict[str, str]:
    """origin -> text as it is read."""
    found = {}
    for name in ("a.jsonl", "b.jsonl"):
        for number, line in enumerate((folder / name).read_text(encoding="utf-8").splitlines(), start=1):
            found[f"{name}:{number}"] = json.loads(line)["text"].replace("\ud800", "\ufffd")
    return found


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_the_sample_gains_later_signals_and_all_else_is_as_without_it(folder, share):
    run(folder, RECIPE, out="plain")
    run(folder, RECIPE + f"audit: {share}\n").ledger.check()
    for name in ("ledger.json", "slices.json", "inputs.jsonl"):
        assert (folder / "run" / "out" / name).read_bytes() == (folder / "plain" / "out" / name).read_bytes()
    assert rows(folder / "run") == rows(folder / "plain")
    plain, found = by_uid(folder / "plain"), by_uid(folder / "run")
    assert found.keys() == plain.keys()
    gained = set()
    for uid, row in found.items():
        changed = {name for name, value in row.items() if value != plain[uid][name]}
        assert changed <= {name for name in ADDED if plain[uid][name] is None}, row
        if changed:
            gained.add(uid)
    expected = {uid for uid, row in plain.items() if row["stage"] not in ("again", "last") and is_audited(uid, share)}
    assert gained == expected
    assert len(expected) > 100


def test_later_stages_measure_the_text_that_earlier_ones_left(folder):
    run(folder, RECIPE + "audit: 1\n")
    given = texts_in(folder)
    seen = set()
    for row in rows(folder / "run", "dropped"):
        seen.add(row["stage"])
        text = given[row["origin"]]
        swapped = text.replace("a", "AA").replace("中", "")
        scrubbed = swapped.replace("SECRET", "<TAG>")
        assert row["toy_even_n_chars"] == len(text)
        assert row["toy_swap_n_edits"] == text.count("a") + text.count("中")
        assert row["toy_scrub_n_edits"] == swapped.count("SECRET")
        assert row["again_n_chars"] == len(scrubbed)
        assert row["length_n_words"] is not None
        assert (row["toy_first_char_size"] is None) == (row["stage"] == "toy_even")
        assert (row["last_size"] is None) == (row["stage"] != "last")
    assert seen == {"toy_even", "toy_first_char", "length", "again", "last"}


def test_the_same_bytes_for_any_workers_and_any_cut_into_passes(folder):
    recipe = RECIPE + "audit: 0.4\n"
    run(folder, recipe)
    run(folder, recipe, out="pool", workers=2)
    for label in ("read", "toy_even", "toy_swap", "toy_first_char", "length", "again"):
        run(folder, recipe, out="steps", until=label)
    run(folder, recipe, out="steps")
    assert published(folder / "pool") == published(folder / "run")
    assert published(folder / "steps") == published(folder / "run")


def test_a_folder_of_another_share_is_not_gone_on_with(folder):
    prints = [plan(folder, RECIPE + f"audit: {share}\n").fingerprints for share in (0, 0.1, 0.2)]
    assert not set(prints[0]) & set(prints[1])
    assert not set(prints[1]) & set(prints[2])
    assert plan(folder, RECIPE).fingerprints == prints[0]
    run(folder, RECIPE + "audit: 0.1\n")
    assert not run(folder, RECIPE + "audit: 0.2\n").did_nothing
    run(folder, RECIPE + "audit: 0.2\n", out="fresh")
    assert published(folder / "run") == published(folder / "fresh")


def test_nothing_more_of_an_audited_document_is_published(folder):
    run(folder, RECIPE + "audit: 1\n")
    plain = RECIPE.replace("  - toy_scrub\n", "") + "audit: 1\n"
    run(folder, plain, out="unscrubbed")
    assert "SECRET" not in json.dumps(rows(folder / "run", "dropped"), ensure_ascii=False)
    assert any("<TAG>" in row["excerpt"] for row in rows(folder / "run", "dropped"))
    assert {row["excerpt"] for row in rows(folder / "unscrubbed", "dropped")} == {""}
    for row in rows(folder / "run", "dropped"):
        assert "text" not in row


def test_signals_of_audited_documents_are_counted_and_told(folder):
    (folder / "recipe.yaml").write_text(RECIPE + "audit: 1\n", encoding="utf-8")
    run(folder, RECIPE + "audit: 1\n")
    dropped = rows(folder / "run", "dropped")
    signals = storage.read_json(str(folder / "run" / "out" / "signals.json"))
    assert sum(signals["again_n_chars"]["dropped"]) == len(dropped)
    assert (folder / "run" / "out" / "report" / "report.json").exists()
    row = next(row for row in dropped if row["stage"] == "toy_even")
    told = story(str(folder / "run"), row["uid"])
    assert told["outcome"] == "dropped"
    assert told["signals"]["again_n_chars"] == row["again_n_chars"]
    assert [stage["label"] for stage in told["replay"]["stages"]] == ["toy_even"]


# Failing


FAILING = """
sources: {only: {reader: jsonl, paths: [b.jsonl]}}
stages: [toy_even, toy_fails, {length: {min_words: 0}}]
audit: 1
"""


def test_a_stage_that_fails_on_an_audited_document_stops_the_run(folder):
    (folder / "b.jsonl").write_text('{"text": "poison!"}\n')
    with pytest.raises(StageError, match=r"toy_fails failed on shard 000-00000-0000, rows b.jsonl:1 to b.jsonl:1 "):
        run(folder, FAILING)


def test_in_quarantine_only_the_document_it_fails_on_is_unmeasured(folder):
    extra = [{"text": "poison 毒"}, {"text": "poison!"}, {"text": "fine!"}]
    write_jsonl(folder / "b.jsonl", 300, seed=3, extra=extra)
    with open(folder / "b.jsonl", "a") as file:
        file.write('{"text": "never clo')
    recipe = FAILING.replace("toy_fails", "normalize, toy_fails") + "on_error: quarantine\n"
    run(folder, recipe)
    run(folder, recipe, out="steps", until="normalize")
    run(folder, recipe, out="steps", until="toy_fails")
    run(folder, recipe, out="steps")
    assert published(folder / "steps") == published(folder / "run")
    found = {row["origin"]: row for row in rows(folder / "run", "dropped")}
    even, odd, fine, bad = (found[f"b.jsonl:{line}"] for line in (301, 302, 303, 304))
    assert (even["stage"], even["reason"], even["length_n_words"]) == ("toy_fails", "quarantined", 2)
    assert (odd["stage"], odd["length_n_words"]) == ("toy_even", 1)
    assert (fine["stage"], fine["length_n_words"]) == ("toy_even", 1)
    assert (bad["stage"], bad["reason"], bad["length_n_words"]) == ("read", "bad_json", None)
    write_jsonl(folder / "b.jsonl", 300, seed=3, extra=[{"text": "poison!"}])
    with pytest.raises(StageError):
        run(folder, FAILING)


# Parts


@stage("toy_needs_some")
class NeedsSome(Stage):
    """Counts characters of text in documents that have a column which others lack."""

    edits_text = True

    def needs(self):
        return ("text", "elsewhere_n")

    def adds(self):
        return {"toy_needs_some_n": pa.int32()}

    def apply(self, batch) -> None:
        n_chars = np.array([len(text) for text in batch.column("text").to_pylist()], np.int32)
        assert batch.column("elsewhere_n").null_count == 0
        batch.set("toy_needs_some_n", n_chars)
        rows_ = np.arange(len(batch))
        batch.edit(rows_, rows_ * 0, rows_ * 0, "新".encode())
        batch.drop(n_chars >= 0, "any")


def audited(texts: list[str], **columns: list) -> pa.RecordBatch:
    """Rows dropped by `length`, with more columns."""
    batch = documents(texts)
    for name, values in columns.items():
        batch = batch.append_column(name, pa.array(values, pa.int32()))
    return divide(run_stage(Length(min_words=100), batch), 1.0)[1]


def test_a_row_that_lacks_what_a_stage_needs_is_passed_over():
    given = audited(["one 一", "two", "三", ""], elsewhere_n=[1, None, 2, None])
    found = measured(NeedsSome(), given, "label", None)
    assert found.column("label_n").to_pylist() == [5, None, 1, None]
    assert found.column("label_n_edits").to_pylist() == [1, None, 1, None]
    assert found.column("text").to_pylist() == ["新one 一", "two", "新三", ""]
    for name in (*DROP.names, "uid", "rank", "elsewhere_n", "length_n_words"):
        assert found.column(name).equals(given.column(name)), name
    nobody = measured(NeedsSome(), audited(["二", "two"], elsewhere_n=[None, None]), "label", None)
    assert nobody.column("text").to_pylist() == ["二", "two"]
    assert nobody.column("label_n").null_count == 2


def test_the_sample_is_drawn_by_uid_alone_and_grows_with_its_share():
    uids = [f"{n * 7919:032x}" for n in range(20_000)]
    samples = [{uid for uid in uids if is_audited(uid, share)} for share in (0, 0.01, 0.3, 1)]
    assert samples[0] == set()
    assert samples[3] == set(uids)
    assert samples[1] < samples[2]
    assert abs(len(samples[1]) - 200) < 5 * np.sqrt(200)
    assert abs(len(samples[2]) - 6000) < 5 * np.sqrt(6000 * 0.7)


def test_what_is_drawn_and_what_is_not_are_all_that_was_dropped():
    texts = [f"text 文本 {n}" for n in range(400)]
    outcome = run_stage(Length(min_words=100), documents(texts))
    rest, chosen = divide(outcome, 0.3)
    assert {*rest.column("uid").to_pylist()} | {*chosen.column("uid").to_pylist()} == {
        *outcome.dropped.column("uid").to_pylist()
    }
    assert rest.num_rows + chosen.num_rows == 400
    for row in chosen.to_pylist():
        assert row["text"] == texts[int(row["uid"], 16)]
    assert "text" not in rest.schema.names
    empty = divide(run_stage(Length(), documents([])), 1.0)
    assert [part.num_rows for part in empty] == [0, 0]


# The real stages


def test_real_stages_measure_what_earlier_ones_dropped(real_folder):  # noqa: F811
    recipe = REAL + "audit: 1\n"
    run(real_folder, recipe, out="audit")
    for label in ("normalize", "language", "quality", "dedup_exact"):
        run(real_folder, recipe, out="audit_steps", until=label)
    run(real_folder, recipe, out="audit_steps", workers=2)
    assert published(real_folder / "audit_steps") == published(real_folder / "audit")
    measured_by = ["normalize_n_edits", "language_label", "language_score", "quality_n_words", "pii_n_edits"]
    found = rows(real_folder / "audit", "dropped")
    for row in found:
        if row["stage"] != "read":
            assert all(row[name] is not None for name in measured_by), row
        assert (row["dedup_document_cluster_size"] is None) == (row["stage"] != "dedup_document")
    plain = {row["uid"]: row["reason"] for row in rows(real_folder / "run", "dropped")}
    assert {row["uid"]: row["reason"] for row in found} == plain
