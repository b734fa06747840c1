"""slices.json: who was removed by which stage and rule, against the published rows counted one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest
from batches import documents
from harness import CHINESE, rows, run, write_jsonl
from hypothesis import given
from hypothesis import strategies as st
from test_pipeline import RECIPE as REAL
from test_pipeline import folder as real_folder  # noqa: F401

from pipeline import slices, storage
from pipeline.execute import run_stage
from pipeline.ledger import Ledger
from pipeline.rows import dropped_schema
from pipeline.schema import option
from pipeline.shards import conform
from pipeline.stage import Stage, stage


@stage("toy_tongue")
class ToyTongue(Stage):
    """Labels a document by its first character and drops what has none; measures nothing else."""

    slices: ClassVar[dict[str, str]] = {"toy_tongue_label": "language"}

    def adds(self):
        return {"toy_tongue_label": pa.string()}

    def apply(self, batch) -> None:
        texts = batch.column("text").to_pylist()
        labels = ["zh" if text and text[0] in CHINESE else f"x-{text[0].lower()}" if text else "und" for text in texts]
        batch.set("toy_tongue_label", pa.array(labels, pa.string()))
        batch.drop(np.array([not text for text in texts], dtype=bool), "blank")


@stage("toy_rules")
class ToyRules(Stage):
    """Four rules, of which a document may fail several."""

    unjudged: tuple[str, ...] = option((), "sources that are not dropped")

    source_options = ("unjudged",)

    def needs(self):
        return ("text", "source")

    def apply(self, batch) -> None:
        sizes = np.array([len(text) for text in batch.column("text").to_pylist()], np.int64)
        judged = ~np.isin(batch.column("source").to_pylist(), self.unjudged)
        for factor in (2, 3, 5):
            batch.drop(judged & (sizes % factor == 1), f"one_over_{factor}")
        batch.drop(sizes < 0, "never")


RECIPE = """
sources:
  web: {reader: jsonl, paths: [a.jsonl]}
  维基: {reader: jsonl, paths: [b.jsonl]}
shard_mb: 1
on_error: quarantine
stages:
  - toy_even
  - toy_tongue
  - toy_rules: {unjudged: [维基]}
  - toy_first_char
  - toy_tongue: {as: again}
  - toy_rules: {as: all}
""".replace("维基", "wiki")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("slices")
    extra = [
        {"text": ""},
        {"text": "中" * 700},
        {"text": "中" * 5000},
        {"text": "w " * 20_000},
        {"text": "中" * 30_000},
    ]
    write_jsonl(root / "a.jsonl", 2500, seed=1, extra=extra)
    write_jsonl(root / "b.jsonl", 700, seed=2)
    with open(root / "b.jsonl", "a") as file:
        file.write("{broken\n")
    run(root, RECIPE)
    return root


def length_of(n_bytes: int) -> str:
    for limit, name in ((1000, "under 1 KB"), (4000, "1 to 4 KB"), (16000, "4 to 16 KB"), (64000, "16 to 64 KB")):
        if n_bytes < limit:
            return name
    return "64 KB and more"


def counted(run_folder: Path, labels: list[str], columns: dict[str, tuple[str, str]]) -> dict:
    """What slices.json must hold, but for the order. columns: dimension -> (column, label of the stage that adds it)."""
    kept, dropped = rows(run_folder), rows(run_folder, "dropped")
    ledger = storage.read_json(str(run_folder / "out" / "ledger.json"))
    found: dict = {}
    for place, label in enumerate(labels):
        rules = {reason for count in ledger[label].values() for reason in count["reasons"]}
        for row in kept + [row for row in dropped if labels.index(row["stage"]) >= place]:
            n_bytes = row["text_bytes"] if "stage" in row else len(row["text"].encode())
            values = {"all": "all", "source": row["source"], "length": length_of(n_bytes)}
            for dimension, (column, since) in columns.items():
                if labels.index(since) <= place:
                    values[dimension] = "(not measured)" if row[column] is None else row[column]
            for dimension, value in values.items():
                nothing = {reason: {"failed": 0, "first": 0, "only": 0} for reason in rules}
                at = found.setdefault(label, {}).setdefault(dimension, {})
                one = at.setdefault(value, {"reached": 0, "dropped": 0, "exempt": 0, "kept_bytes": 0, "rules": nothing})
                one["reached"] += 1
                one["exempt"] += row.get("stage") != label and row["source"] in UNJUDGED.get(label, ())
                one["kept_bytes"] += 0 if "stage" in row else n_bytes
                if row.get("stage") == label:
                    one["dropped"] += 1
                    for reason in row["failed"]:
                        one["rules"][reason]["failed"] += 1
                        one["rules"][reason]["first"] += reason == row["reason"]
                        one["rules"][reason]["only"] += row["failed"] == [reason]
    return found


LABELS = ["read", "toy_even", "toy_tongue", "toy_rules", "toy_first_char", "again", "all"]
UNJUDGED = {"toy_rules": ("wiki", "书")}
"""Label -> sources that the stage does not judge."""
COLUMNS = {"language": ("toy_tongue_label", "toy_tongue"), "language (again)": ("again_label", "again")}


def written(run_folder: Path) -> dict:
    return storage.read_json(str(run_folder / "out" / "slices.json"))


def test_counts_are_those_of_the_published_rows(folder):
    found = written(folder / "run")
    assert found == counted(folder / "run", LABELS, COLUMNS)
    assert list(found) == LABELS
    assert len(list((folder / "run" / "out" / "documents").glob("*.arrow"))) > 1
    assert list(found["toy_rules"]) == ["all", "source", "length", "language"]
    assert list(found["toy_rules"]["all"]["all"]["rules"]) == ["one_over_2", "one_over_3", "one_over_5", "never"]
    assert list(found["toy_even"]["length"]) == list(slices.LENGTHS)
    assert set(found["read"]) == {"all", "source", "length"}
    assert found["read"]["all"]["all"]["rules"] == {"bad_json": {"failed": 1, "first": 1, "only": 1}}
    rules = found["toy_rules"]["all"]["all"]["rules"]
    assert rules["one_over_3"]["failed"] == rules["one_over_3"]["first"] > rules["one_over_3"]["only"] > 0
    assert rules["one_over_5"]["failed"] > rules["one_over_5"]["first"] == rules["one_over_5"]["only"] > 0
    assert {"zh", "und", "x-t"} <= set(found["toy_tongue"]["language"])


def test_what_a_stage_may_not_drop_is_counted_for_that_stage_alone(folder):
    found = written(folder / "run")
    spared, later = found["toy_rules"]["source"]["wiki"], found["toy_first_char"]["source"]["wiki"]
    assert spared["exempt"] == spared["reached"] == later["reached"] > spared["dropped"] == 0
    assert found["toy_rules"]["source"]["web"]["exempt"] == 0
    for values in found["toy_rules"].values():
        assert sum(one["exempt"] for one in values.values()) == spared["reached"]
        assert all(one["exempt"] + one["dropped"] <= one["reached"] for one in values.values())
    assert any(0 < one["exempt"] < one["reached"] for one in found["toy_rules"]["language"].values())
    others = [found[label] for label in LABELS if label != "toy_rules"]
    assert not any(one["exempt"] for of in others for values in of.values() for one in values.values())


def test_spared_documents_that_survive_are_counted_too(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 60, seed=1)
    write_jsonl(tmp_path / "b.jsonl", 50, seed=2)
    recipe = RECIPE[: RECIPE.index("on_error")] + "stages: [toy_rules: {unjudged: [wiki]}, toy_rules: {as: all}]\n"
    run(tmp_path, recipe)
    found = written(tmp_path / "run")
    assert found == counted(tmp_path / "run", ["read", "toy_rules", "all"], {})
    wiki = found["all"]["source"]["wiki"]
    assert 0 < wiki["dropped"] < wiki["reached"] == found["toy_rules"]["source"]["wiki"]["exempt"] == 50


def test_they_agree_with_the_ledger(folder):
    found = written(folder / "run")
    ledger = Ledger.from_json(storage.read_json(str(folder / "run" / "out" / "ledger.json")))
    for label, dimensions in found.items():
        total = ledger.total(label)
        for dimension, values in dimensions.items():
            assert sum(one["reached"] for one in values.values()) == total.rows_in, (label, dimension)
            assert sum(one["dropped"] for one in values.values()) == total.rows_in - total.rows_out
            for reason, tally in total.reasons.items():
                rules = [one["rules"][reason] for one in values.values()]
                assert sum(one["failed"] for one in rules) == tally.failed
                assert sum(one["first"] for one in rules) == tally.dropped


def test_real_stages_an_audit_and_quarantine(real_folder):  # noqa: F811
    run(real_folder, REAL + "audit: 0.5\n", out="half")
    labels = ["read", "normalize", "language", "quality", "dedup_exact", "dedup_document", "pii"]
    found = written(real_folder / "half")
    assert found == written(real_folder / "run")
    columns = {"language": ("language_label", "language")}
    for label, dimensions in counted(real_folder / "half", labels, columns).items():
        for dimension, values in dimensions.items():
            assert found[label][dimension] == values
    assert {"en", "zh"} <= set(found["quality"]["language"])


def test_of_a_batch_set_aside_nothing_is_measured_and_nothing_spared(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 20, seed=1, extra=[{"text": "poison 毒"}])
    recipe = "sources: {web: {reader: jsonl, paths: [a.jsonl]}}\non_error: quarantine\nstages: [{toy_breaks: {unjudged: [web]}}]\n"
    run(tmp_path, recipe)
    rules = {"quarantined": {"failed": 21, "first": 21, "only": 21}}
    everybody = {"reached": 21, "dropped": 21, "exempt": 0, "kept_bytes": 0, "rules": rules}
    assert written(tmp_path / "run")["toy_breaks"]["language"] == {"(not measured)": everybody}


@stage("toy_breaks")
class ToyBreaks(ToyTongue):
    """As `toy_tongue`, and fails."""

    unjudged: tuple[str, ...] = option((), "sources that are not dropped, unless it fails")

    source_options = ("unjudged",)

    slices: ClassVar[dict[str, str]] = {"toy_breaks_label": "language"}

    def adds(self):
        return {"toy_breaks_label": pa.string()}

    def apply(self, batch) -> None:
        raise ZeroDivisionError("by wish")


def test_of_nothing_there_is_a_zero(tmp_path):
    (tmp_path / "a.jsonl").write_text("")
    run(tmp_path, "sources: {web: {reader: jsonl, paths: [a.jsonl]}}\nstages: [toy_rules, toy_tongue]\n")
    zero = {
        "all": {"all": {"reached": 0, "dropped": 0, "exempt": 0, "kept_bytes": 0, "rules": {}}},
        "source": {},
        "length": {},
    }
    assert written(tmp_path / "run") == {"read": zero, "toy_rules": zero, "toy_tongue": {**zero, "language": {}}}


# Parts


def dropped_rows(texts: list[str], sources: list[str]) -> pa.RecordBatch:
    """What `toy_rules` drops, as published."""
    batch = documents(texts, sources)
    signals = {"toy_tongue_label": pa.string()}
    batch = run_stage(ToyTongue(), batch).kept
    return conform(run_stage(ToyRules(), batch).dropped, dropped_schema(signals))


texts_and_sources = st.lists(
    st.tuples(st.sampled_from(["a", "ab", "中", "中文字", "x" * 1500, "é" * 4000]), st.sampled_from(["web", "书"])),
    max_size=12,
)


@given(texts_and_sources, st.integers(0, 12))
def test_merging_is_addition(documents_, cut):
    batch = dropped_rows([text for text, _ in documents_], [source for _, source in documents_])
    columns = {"language": "toy_tongue_label"}
    whole: slices.Counts = {}
    slices.add_dropped(whole, batch, columns, UNJUDGED)
    merged: slices.Counts = {}
    for part in (batch.slice(0, cut), batch.slice(min(cut, len(batch)))):
        counts: slices.Counts = {}
        slices.add_dropped(counts, part, columns, UNJUDGED)
        slices.merge(merged, json.loads(json.dumps(counts)))
    assert merged == whole


@pytest.mark.parametrize(
    ("n_bytes", "name"),
    [
        (0, "under 1 KB"),
        (999, "under 1 KB"),
        (1000, "1 to 4 KB"),
        (3999, "1 to 4 KB"),
        (4000, "4 to 16 KB"),
        (16_000, "16 to 64 KB"),
        (63_999, "16 to 64 KB"),
        (64_000, "64 KB and more"),
    ],
)
def test_edges_of_lengths(n_bytes, name):
    counts: slices.Counts = {}
    slices.add_kept(counts, documents(["skipped 前", "x" * n_bytes]).slice(1), {}, {})
    assert counts[slices.KEPT]["length"]["kept"] == {name: 1}


def test_rare_values_are_put_together_the_same_at_every_stage(tmp_path):
    texts = [f"{chr(0x4E00 + n)}文" for n in range(230) for _ in range(2)] + ["ax", "ay", "az"]
    lines = [json.dumps({"text": text}) + "\n" for text in texts]
    (tmp_path / "a.jsonl").write_text("".join(lines))
    recipe = "sources: {web: {reader: jsonl, paths: [a.jsonl]}}\nstages: [toy_tongue, toy_first_char]\n"
    run(tmp_path, recipe)
    found = written(tmp_path / "run")
    for label in ("toy_tongue", "toy_first_char"):
        values = found[label]["language"]
        assert len(values) == slices.MAX_VALUES + 1
        assert list(values)[-1] == "(other)"
        assert sum(one["reached"] for one in values.values()) == len(texts)
    others = found["toy_first_char"]["language"]["(other)"]
    assert others["reached"] - others["dropped"] == len({text[0] for text in texts}) - sum(
        one["reached"] - one["dropped"]
        for name, one in found["toy_first_char"]["language"].items()
        if name != "(other)"
    )


def test_the_manifest_names_the_dimensions_of_every_step(folder):
    steps = json.loads((folder / "run" / "out" / "manifest.json").read_text(encoding="utf-8"))["steps"]
    measured = {step["label"]: step["slices"] for step in steps}
    assert measured == {
        "toy_even": {},
        "toy_tongue": {"language": "toy_tongue_label"},
        "toy_rules": {},
        "toy_first_char": {},
        "again": {"language (again)": "again_label"},
        "all": {},
    }
    named = {name for names in measured.values() for name in names}
    assert named <= set(written(folder / "run")["again"])
    assert [slices.is_language(name) for name in ("language", "language (again)", "languages", "语言", "register")] == [
        True, True, False, False, False,
    ]  # fmt: skip
