"""Classifiers trained from files, by the command line and by a recipe, and used in recipes and by what-if."""

from __future__ import annotations

import hashlib
import json
import shutil

import judges
import pytest
from harness import Silent, plan, published, rows, run

from pipeline import storage
from pipeline.cli import main
from pipeline.errors import PlanError, StageError
from pipeline.readers.base import load_readers
from pipeline.report.classifiers import warnings
from pipeline.run import run_plan
from pipeline.stage import load_stages
from pipeline.train_fit import CLASSIFIER, Asked
from pipeline.train_fit import train as train_fit
from pipeline.what_if import parse_change, what_if
from stages import classifier_file

SMALL = {"min_documents": 10, "min_held_out": 1, "buckets": 2_000, "dim": 4, "epochs": 20, "min_count": 1}
SET = [part for name, value in SMALL.items() for part in ("--set", f"{name}={value}")]
OPTIONS = ", ".join(f"{name}: {value}" for name, value in SMALL.items())
RECIPE = f"""
sources:
  books: {{reader: jsonl, paths: [good.jsonl]}}
  web: {{reader: jsonl, paths: [web.jsonl]}}
publish_meta: [good]
stages:
  - normalize
  - language: {{min_score: 0}}
  - classifier_model: {{positives: [books], {OPTIONS}}}
  - classifier: {{keep_frac: 0.3, unjudged: [books]}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    load_stages(["toys"])
    load_readers()
    judges.write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def train(*more, out="made.zip"):
    return main(
        ["train-classifier", "--positives", "good.jsonl", "--negatives", "web.jsonl", "--out", out, *SET, *more]
    )


def test_a_recipe_trains_tells_and_judges(folder):
    run(folder, RECIPE)
    facts = json.loads((folder / "run" / "out" / "classifier_model.json").read_text())
    assert facts["kind"] == "classifier" and list(facts["languages"]) == ["en", "zh"]
    kept, dropped = (rows(folder / "run", kind) for kind in ("documents", "dropped"))
    web = [row for row in kept if row["source"] == "web"]
    assert len(web) + len(dropped) == 120 and 20 <= len(web) <= 50
    assert {row["reason"] for row in dropped} == {"low_score"}
    good = [json.loads(row["meta"])["good"] for row in web]
    assert sum(good) >= 28  # of 30 that there are
    assert all(row["classifier_served"] == (row["language_label"] in ("en", "zh")) for row in kept)
    before = published(folder / "run")
    shutil.rmtree(folder / "run")
    run(folder, RECIPE, workers=2)
    assert published(folder / "run") == before


def test_a_classifier_reaches_its_stage_from_an_object_store(folder):
    url = "memory://classifier-of-test/run"  # the report tells the folder's name
    storage.remove_folder(url)
    run_plan(plan(folder, RECIPE), url, 1, Silent())
    run(folder, RECIPE)
    for name, sha256 in published(folder / "run").items():
        assert storage.sha256_of(f"{url}/{name}") == sha256, name


def test_stored_scores_answer_for_other_rules(folder):
    run(folder, RECIPE)

    def kept(*changes):
        answer = what_if(str(folder / "run"), [parse_change(change) for change in changes], 0, Silent())
        return answer["then"]["kept"]

    for options, changes in (
        ("by: threshold, min_score: 0.7", ["classifier.by=threshold", "classifier.min_score=0.7"]),
        ("by: pareto, pareto_alpha: 3, seed: 5", ["classifier.by=pareto", "classifier.pareto_alpha=3", "classifier.seed=5"]),
        ("keep_frac: 0.8", ["classifier.keep_frac=0.8"]),
        ("keep_frac: 0.3, unjudged: [web]", ["classifier.unjudged=[web]"]),
    ):  # fmt: skip
        other = RECIPE.replace("keep_frac: 0.3", options)
        other = other.replace(", unjudged: [books]", "" if "unjudged: [web]" in options else ", unjudged: [books]")
        run(folder, other, out="other")
        assert kept(*changes) == len(rows(folder / "other")), options
    signals = json.loads((folder / "run" / "out" / "signals.json").read_text())
    assert sum(signals["classifier_quantile_frac"]["kept"]) == len(rows(folder / "run"))
    with pytest.raises(PlanError, match="label changes what is measured"):
        kept("classifier.label=candidate")


def test_files_make_a_classifier_that_recipes_use(folder, capsys):
    assert train("--workers", "2") == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    heads = "language  positives  candidates  held out  AUC  interval, 95 %  precision  recall"
    assert lines[0].split() == heads.split()
    assert [line.split()[0] for line in lines[1:4]] == ["en", "zh", "all"] and err == ""
    assert [f"warning: {one}" for one in warnings(classifier_file.read("made.zip").about)] == lines[-2:-1]
    assert lines[-1] == "classifier: made.zip"
    made = classifier_file.read("made.zip")
    assert made.about["options"]["positives"] == ["positives_0"] and made.about["options"]["epochs"] == 20
    recipe = RECIPE[: RECIPE.index("  - classifier_model")] + "  - classifier: {model: made.zip, by: threshold}\n"
    run(folder, recipe)
    dropped = rows(folder / "run", "dropped")
    assert {row["reason"] for row in dropped} == {"low_score"}
    good = [json.loads(row["meta"])["good"] for row in dropped]
    assert good.count(False) >= 85 and good.count(True) <= 30  # of 90 and 150


def test_the_same_files_make_the_same_classifier(folder, capsys):
    train()
    first = hashlib.sha256((folder / "made.zip").read_bytes()).hexdigest()
    (folder / "moved").mkdir()
    for name in ("good.jsonl", "web.jsonl"):
        shutil.copy(name, folder / "moved" / name)
    moved = ["--positives", "moved/good.jsonl", "--negatives", "moved/web.jsonl"]
    assert main(["train-classifier", *moved, "--out", "again.zip", *SET, "--workers", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.partition("made.zip\n")[2])
    assert hashlib.sha256((folder / "again.zip").read_bytes()).hexdigest() == first
    assert told == {"path": "again.zip", "kind": "classifier", **classifier_file.read("again.zip").about}
    assert train("--set", "seed=1", "--workers", "1", out="other.zip") == 0
    assert hashlib.sha256((folder / "other.zip").read_bytes()).hexdigest() != first


def test_files_of_several_kinds_and_of_one_name(folder):
    whole = (folder / "web.jsonl").read_text().splitlines(keepends=True)
    (folder / "more").mkdir()
    (folder / "more" / "web.jsonl").write_text("".join(whole[::2]))
    (folder / "web.jsonl").write_text("".join(whole[1::2]))
    (folder / "page.txt").write_text("好的文章。 A page of its own.")
    files = {"--positives": ("good.jsonl",), "--negatives": ("web.jsonl", "more/web.jsonl", "page.txt")}
    facts = train_fit(CLASSIFIER, Asked(files, {**SMALL, "by_language": False}), "made.zip", 1, Silent())
    assert facts["languages"]["all"]["candidates_found"] == 121
    assert list(facts["options"]["negatives"]) == ["negatives_0", "negatives_1", "negatives_2"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--positives", "absent.jsonl"], 3, "error: no file matches {folder}/absent.jsonl\n"),
        (["--positives", "good.jsonl", "some.bin"], 2, "error: nothing says how to read some.bin: give --reader"),
        (["--reader", "josnl"], 2, "error: there is no reader 'josnl' (did you mean 'jsonl'?)"),
        (["--text", "body"], 3, "good.jsonl"),
        (["--set", "epoch=3"], 2, "error: classifier_model has no option 'epoch' (did you mean 'epochs'?)"),
        (["--set", "dim=many"], 2, "error: classifier_model option 'dim' must be integer, got 'many'"),
        (["--set", "dim"], 2, "error: an option is written option=value, such as seed=10, got 'dim'"),
        (["--set", "dim=4", "--set", "dim = 8"], 2, "error: dim is set twice"),
        (["--set", "positives=[a]"], 2, "error: 'positives' are files here: give them after --positives"),
        (["--set", "dim: {"], 2, "error: an option is written option=value"),
        (["--set", "dim={"], 2, "error: --set dim"),
        (["--negatives", "none.jsonl"], 3, "error: classifier_model can serve no language: each needs 10 documents"),
        (["--negatives", "broken.jsonl"], 3, "broken.jsonl"),
        (["--out", "there.zip"], 3, "error: there.zip exists: give another --out, or delete it"),
        (["--out", "there.zip/below.zip"], 3, "error: cannot write there.zip/below.zip"),
    ],
)
def test_errors(folder, capsys, arguments, code, message):
    (folder / "there.zip").write_bytes(b"mine")
    (folder / "none.jsonl").write_text("")
    (folder / "some.bin").write_bytes(b"\xff\xfe\0")
    (folder / "broken.jsonl").write_text('{"text": "好"}\n{"text": ')
    small = ["--set", "min_documents=10"]
    given = ["--positives", "good.jsonl", "--negatives", "web.jsonl", "--out", "made.zip", *small, "--workers", "1"]
    assert main(["train-classifier", *given, *arguments]) == code
    err = capsys.readouterr().err
    assert message.format(folder=folder) in err and "on_error" not in err and err.count("\n") == 1
    assert (folder / "there.zip").read_bytes() == b"mine" and not (folder / "made.zip").exists()


def test_a_bug_names_the_command_that_shows_it_again(folder, monkeypatch):
    monkeypatch.setattr("pipeline.train_fit.STAGES", {"toy_fails": {}, "language": {}})
    (folder / "bad.jsonl").write_text('{"text": "the poison 毒"}')
    again = (
        "corpusmill train-classifier --positives bad.jsonl --negatives web.jsonl --out made.zip --text text"
        " --set epochs=3 --workers 1"
    )
    asked = Asked({"--positives": ("bad.jsonl",), "--negatives": ("web.jsonl",)}, {"epochs": 3}, text="text")
    with pytest.raises(StageError, match=f"toy_fails failed on shard .*{again}$"):
        train_fit(CLASSIFIER, asked, "made.zip", 1, Silent())
