"""Publishing: what leaves the run folder is scrubbed, counted and listed."""

from __future__ import annotations

import hashlib
import json

import pyarrow as pa
import pytest
from harness import published, rows, run, write_jsonl
from toys import ToyScrub

from pipeline import histograms, storage
from pipeline.errors import PlanError, StageError
from pipeline.schema import option
from pipeline.scrub import EDGE_CHARS, Scrubber, Span, united
from pipeline.scrubbers import Scrubbers
from pipeline.stage import Stage, stage

RECIPE = """
sources: {web: {reader: jsonl, paths: ["SECRET.jsonl"], id: id}}
publish_meta: [note]
stages: [toy_even, toy_scrub]
"""


@pytest.fixture
def scrubber():
    return Scrubber(ToyScrub(), "toy_scrub", None)


def test_every_string_inside_meta_is_scrubbed_and_the_rest_stays(scrubber):
    metas = [
        {"a": "SECRET", "b": [1, "x SECRET y", {"c": "中SECRET", "SECRET": 2}], "d": None, "e": 1.5, "SECRET": True},
        {"a": 'line\nSECRET\t"SECRET"'},
        {"a": "nothing 没有 <TAG>"},
        {},
    ]
    given = pa.array([json.dumps(meta, ensure_ascii=False, sort_keys=True, separators=(",", ":")) for meta in metas])
    found = scrubber.meta(given).to_pylist()
    assert [json.loads(text) for text in found] == [
        {"a": "<TAG>", "b": [1, "x <TAG> y", {"c": "中<TAG>", "<TAG>": 2}], "d": None, "e": 1.5, "SECRET": True},
        {"a": 'line\n<TAG>\t"<TAG>"'},
        metas[2],
        {},
    ]
    assert found[2:] == given.to_pylist()[2:]


def test_spans_that_overlap_become_one_with_what_replaces_the_longest():
    spans = [Span(5, 9, b"b"), Span(0, 6, b"a"), Span(8, 10, b"c"), Span(10, 12, b"d"), Span(0, 6, b"a")]
    assert united(spans) == [Span(0, 10, b"a"), Span(10, 12, b"d")]
    assert united([]) == []


def test_a_border_moves_before_what_stands_on_it(scrubber):
    heads, tails = ["中SEC", "SECRET中", "", "x"], ["RET!", "SECRET", "SECRET", ""]
    assert scrubber.split(heads, tails) == (["中", "<TAG>中", "", "x"], ["<TAG>!", "<TAG>", "<TAG>", ""])


def test_a_cut_excerpt_ends_before_what_the_cut_may_have_broken(scrubber):
    whole, cut = "SECRET" + "中" * 600, "SECRET。" * 142 + "SECRET"
    assert len(cut) == 1000
    scrubbers = Scrubbers({1: scrubber}, ["read", "toy_scrub"])
    found = scrubbers.excerpts(pa.array([whole, cut, "", "SECRET"], pa.large_string()), [1] * 4).to_pylist()
    assert found == [("<TAG>" + "中" * 600)[:500], ("<TAG>。" * 142)[:-EDGE_CHARS][:500], "", "<TAG>"]


def test_nothing_secret_is_published_anywhere(tmp_path):
    extra = [{"text": "my SECRET" + "!" * n, "id": "SECRET", "note": {"deep": ["SECRET"]}} for n in range(20)]
    write_jsonl(tmp_path / "SECRET.jsonl", 30, seed=3, extra=extra)
    run(tmp_path, RECIPE)
    assert '"name": "<TAG>.jsonl"' in (tmp_path / "run" / "out" / "inputs.jsonl").read_text()
    for kind in ("documents", "dropped"):
        found = [row for row in rows(tmp_path / "run", kind) if "note" in row["meta"]]
        assert len(found) == 10
        for row in found:
            assert (row["id"], row["meta"]) == ("<TAG>", '{"note":{"deep":["<TAG>"]}}')
        for row in rows(tmp_path / "run", kind):
            assert "SECRET" not in json.dumps(row, ensure_ascii=False, default=str)


def test_the_manifest_lists_every_file_with_its_hash(tmp_path):
    write_jsonl(tmp_path / "SECRET.jsonl", 30, seed=3)
    run(tmp_path, RECIPE)
    out = tmp_path / "run" / "out"
    manifest = json.loads((out / "manifest.json").read_text())
    there = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == {name for name in there if not name.startswith("report/")} - {"manifest.json"}
    for name, about in manifest["files"].items():
        content = (out / name).read_bytes()
        assert (about["bytes"], about["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    (item,) = [json.loads(line) for line in (out / "inputs.jsonl").read_text().splitlines()]
    assert item["sha256"] == hashlib.sha256((tmp_path / "SECRET.jsonl").read_bytes()).hexdigest()
    assert manifest["documents"] == len(rows(tmp_path / "run"))
    assert manifest["bytes"] == sum(len(row["text"].encode()) for row in rows(tmp_path / "run"))


def test_the_manifest_names_the_limits_of_every_stage(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 30, seed=3)
    sources = "sources: {web: {reader: jsonl, paths: [a.jsonl]}}\n"
    run(tmp_path, sources + "stages: [normalize, length: {as: 'after', min_words: 7}, dedup_exact, toy_count]\n")
    steps = json.loads((tmp_path / "run" / "out" / "manifest.json").read_text())["steps"]
    after = {"column": "after_n_words", "languages": []}
    assert {step["label"]: step["limits"] for step in steps} == {
        "normalize": [],
        "after": [
            {**after, "reason": "too_short", "option": "min_words", "least": True, "value": 7},
            {**after, "reason": "too_long", "option": "max_words", "least": False, "value": 100_000},
        ],
        "dedup_exact": [],
        "toy_count": [],
    }


TOLD = """
sources: {web: {reader: jsonl, paths: [a.jsonl]}}
stages: [toy_told, toy_even, toy_told: {as: after}, toy_scrub]
"""


def told(folder, out="run") -> dict:
    """Name -> content of the files of facts, which the manifest must list."""
    manifest = json.loads((folder / out / "out" / "manifest.json").read_text())
    names = [step["facts"] for step in manifest["steps"] if step["facts"]]
    own = {"ledger.json", "signals.json", "slices.json", "manifest.json"}
    assert {path.name for path in (folder / out / "out").glob("*.json")} == {*names, *own}
    assert {name: manifest["files"][name]["sha256"] for name in names} == {
        name: hashlib.sha256((folder / out / "out" / name).read_bytes()).hexdigest() for name in names
    }
    return {name: json.loads((folder / out / "out" / name).read_text()) for name in names}


def test_what_a_fit_tells_is_published_under_its_label(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 30, seed=3, extra=[{"text": "SECRET 中文"}])
    run(tmp_path, TOLD)
    left = len(rows(tmp_path / "run"))
    counts = {"toy_told.json": {"kind": "count", "文档": 31}, "after.json": {"kind": "count", "文档": left}}
    assert told(tmp_path) == counts
    steps = json.loads((tmp_path / "run" / "out" / "manifest.json").read_text())["steps"]
    assert [step["facts"] for step in steps] == ["toy_told.json", None, "after.json", None]
    assert run(tmp_path, TOLD).did_nothing


def test_artifacts_which_may_be_large_are_never_read_as_a_whole(tmp_path, monkeypatch):
    def read_bytes(path, most=-1):
        assert "artifact-" not in path, "read as a whole"
        return whole(path, most)

    whole = storage.read_bytes
    monkeypatch.setattr(storage, "read_bytes", read_bytes)
    write_jsonl(tmp_path / "a.jsonl", 30, seed=3, extra=[{"text": "SECRET 中文"}])
    run(tmp_path, TOLD.replace("toy_scrub]", "toy_scrub, toy_published]"))
    content = (tmp_path / "run" / "out" / "count.json").read_bytes()
    assert int(content) == len(rows(tmp_path / "run"))
    files = json.loads((tmp_path / "run" / "out" / "manifest.json").read_text())["files"]
    assert files["count.json"] == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_facts_go_with_the_fit_and_come_back_with_it(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 30, seed=3, extra=[{"text": "SECRET 中文"}])
    run(tmp_path, TOLD)
    before = published(tmp_path / "run")
    run(tmp_path, TOLD, until="toy_even")
    assert list(told(tmp_path)) == ["toy_told.json"]
    run(tmp_path, TOLD, until="toy_told")
    assert told(tmp_path)["toy_told.json"]["文档"] == 31 == len(rows(tmp_path / "run"))
    run(tmp_path, TOLD.replace("toy_told", "toy_count"))
    assert told(tmp_path) == {}
    (tmp_path / "run" / "out" / "manifest.json").unlink()  # as if the run had been killed before
    run(tmp_path, TOLD, workers=2)
    assert published(tmp_path / "run") == before
    (tmp_path / "run" / "out" / "after.json").unlink()
    assert not run(tmp_path, TOLD).did_nothing
    assert published(tmp_path / "run") == before


def test_facts_that_fail_stop_the_run_and_name_the_fit(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 3, seed=3)
    with pytest.raises(
        StageError,
        match=r"^after failed on its artifact \(ZeroDivisionError in toys.py:\d+; what it says may quote text",
    ):
        run(tmp_path, TOLD.replace("as: after", "as: after, broken: true"))
    assert not (tmp_path / "run" / "out" / "manifest.json").exists()


@stage("toy_model")
class ToyModel(Stage):
    """Does nothing, and tells of the model that an option names by its path."""

    model: str = option("plain", "an artifact, or a model")

    def apply(self, batch) -> None:
        assert len(batch) > 0

    def facts(self) -> dict:
        if self.model == "broken":
            raise ZeroDivisionError("by wish")
        if self.model == "no number":
            return {"mean": float("nan")}
        return {} if self.model == "plain" else {"kind": "模型", "model": self.model}


MODELS = """
sources: {web: {reader: jsonl, paths: [a.jsonl]}}
stages:
  - toy_count
  - toy_model
  - toy_model: {as: own, model: 模型.bin}
  - toy_model: {as: fitted, model: "@toy_count"}
"""


def test_what_a_stage_tells_of_its_model_is_published_under_its_label(tmp_path):
    """Of one that a Fit has made the Fit would tell; a model of which nothing is known has no file."""
    write_jsonl(tmp_path / "a.jsonl", 30, seed=3)
    run(tmp_path, MODELS)
    assert told(tmp_path) == {"own.json": {"kind": "模型", "model": "模型.bin"}}
    steps = json.loads((tmp_path / "run" / "out" / "manifest.json").read_text(encoding="utf-8"))["steps"]
    assert {step["label"]: step["facts"] for step in steps} == {
        "toy_count": None, "toy_model": None, "own": "own.json", "fitted": None,
    }  # fmt: skip
    assert run(tmp_path, MODELS).did_nothing
    run(tmp_path, MODELS.replace("模型.bin", "plain"))
    assert told(tmp_path) == {}


def test_a_stage_that_fails_to_tell_or_tells_under_a_name_in_use_is_named(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 3, seed=3)
    with pytest.raises(StageError, match=r"^own failed on its model \(ZeroDivisionError: by wish\); to run it again"):
        run(tmp_path, MODELS.replace("模型.bin", "broken"))
    with pytest.raises(StageError, match=r"^own failed on its model \(ValueError: Out of range float values"):
        run(tmp_path, MODELS.replace("模型.bin", "no number"))
    for label, rival in (("slices", "every run"), ("count", "toy_published")):
        clash = MODELS.replace("toy_count", "toy_published").replace("as: own", f"as: {label}")
        with pytest.raises(PlanError, match=f"{label} publishes {label}.json, as {rival} does: choose another as:"):
            run(tmp_path, clash)
    run(tmp_path, MODELS.replace("as: fitted", "as: signals"))  # it has nothing of its own to tell


SIGNALS = {"a_frac": pa.float32(), "a_n": pa.int32(), "a_label": pa.string()}


def batch_of(fractions, counts, labels):
    arrays = [
        pa.array(values, kind) for values, kind in zip((fractions, counts, labels), SIGNALS.values(), strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=list(SIGNALS))


def test_histograms_count_every_value_once_and_merging_is_addition():
    one, other = (
        batch_of([0, 0.019, 0.02, 1, None], [0, 1, 5, 1 << 30, None], ["en", "zh", "zh", "", None]),
        batch_of([0.5], [-3], ["en"]),
    )
    counts: histograms.Counts = {}
    histograms.add_batch(counts, one, SIGNALS, "kept")
    merged: histograms.Counts = {}
    histograms.merge(merged, json.loads(json.dumps(counts)))
    more: histograms.Counts = {}
    histograms.add_batch(more, other, SIGNALS, "dropped")
    histograms.merge(merged, json.loads(json.dumps(more)))
    found = histograms.to_json(merged, SIGNALS, dict.fromkeys(SIGNALS, "a"))
    assert found["a_frac"]["edges"][0] == 0
    assert found["a_frac"]["edges"][-2:] == [0.98, 1]
    assert (found["a_frac"]["kept"][:2], found["a_frac"]["kept"][-1]) == ([2, 1], 1)
    assert found["a_frac"]["dropped"][25] == 1
    assert found["a_n"]["edges"][:3] == [None, 0, 1]
    assert found["a_n"]["kept"][:3] == [0, 1, 1]
    assert found["a_n"]["dropped"][0] == 1
    assert [sum(found[name]["kept"]) for name in SIGNALS] == [4, 4, 4]
    assert found["a_label"] == {
        "stage": "a",
        "kind": "label",
        "labels": ["en", "zh", ""],
        "kept": [1, 2, 1],
        "dropped": [1, 0, 0],
    }


def test_fractions_above_1_are_counted_apart():
    counts: histograms.Counts = {}
    values = [0.97, 0.98, 0.999, 1, 1.000001, 1.5, 30]
    histograms.add_batch(counts, batch_of(values, [0] * 7, ["中"] * 7), SIGNALS, "kept")
    found = histograms.to_json(counts, SIGNALS, dict.fromkeys(SIGNALS, "a"))["a_frac"]
    assert (found["edges"], found["kept"]) == ([0.96, 0.98, 1, None], [1, 3, 3])


def test_rare_labels_are_put_together():
    counts: histograms.Counts = {}
    labels = [f"l{n:04d}" for n in range(histograms.MAX_LABELS + 7)]
    histograms.add_batch(counts, batch_of([0.0] * len(labels), [0] * len(labels), labels), SIGNALS, "kept")
    found = histograms.to_json(counts, SIGNALS, dict.fromkeys(SIGNALS, "a"))["a_label"]
    assert (len(found["labels"]), found["labels"][-1], found["kept"][-1]) == (histograms.MAX_LABELS + 1, "(other)", 7)
