"""What the report says of whom a classifier judges: sources that are spared, languages it does not know, given files."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import run
from judges import model, planted
from judges import write as write_model
from made_up_judges import classifier
from made_up_run import WEB_SOURCES, write_json

from pipeline.report import collect, render_html, render_markdown
from pipeline.report.classifier_form import has_figures
from pipeline.report.classifiers import MAX_VALUES, NO_FIGURES, evaluations, not_learned, warnings
from stages.evaluation import evaluation, millionths


def edited(folder: Path, name: str, edit: Any) -> None:
    path = folder / "out" / f"{name}.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content)
    write_json(path, content)


def spare(folder: Path, *sources: str) -> int:
    """Of these sources the stage `classifier` judges nothing and drops nothing; of languages, a half each."""

    def edit(slices: dict) -> None:
        dimensions = slices["classifier"]
        for name in sources:
            one = dimensions["source"][name]
            one.update(exempt=one["reached"], dropped=0, rules={"low_score": {"failed": 0, "first": 0, "only": 0}})
        for one in dimensions["language"].values():
            one["exempt"] = (one["reached"] - one["dropped"]) // 2
        n = sum(one["reached"] for one in dimensions["source"].values() if one.get("exempt"))
        dimensions["all"]["all"].update(exempt=n, dropped=sum(one["dropped"] for one in dimensions["source"].values()))
        spared.append(n)

    spared: list[int] = []
    edited(folder, "slices", edit)
    return spared[0]


def test_sources_that_are_not_judged_are_compared_with_nothing(classified):
    others = [name for name in WEB_SOURCES if name != "论坛"]
    n = spare(classified, *others[:-1])
    data = collect(str(classified))
    audit, about = data["removal"]["classifier"], data["classifiers"]["classifier_model"]["judges"]["classifier"]
    assert set(about["kept"]["source"]) == set(audit["whole"]["source"]) == {"论坛", others[-1]}
    slices = json.loads((classified / "out" / "slices.json").read_text(encoding="utf-8"))["classifier"]["language"]
    one = about["kept"]["language"]["zh"]
    assert (
        one["reached"]
        == slices["zh"]["reached"] - slices["zh"]["exempt"]
        == audit["whole"]["language"]["zh"]["reached"]
    )
    assert one["reached"] - one["kept"] == slices["zh"]["dropped"] == audit["whole"]["language"]["zh"]["removed"]
    assert (about["exempt"], audit["exempt"]) == (n, n) and n > 0
    assert about["judged"] == audit["reached"]
    told = f"{n:,} documents of sources that it does not judge are left out."
    assert told in render_html(data) and told in render_markdown(data)
    assert f"{n:,} of sources that it does not judge are left out" in render_markdown(data).split("## Classifiers")[0]
    assert any("Name 论坛 in “unjudged”" in step["text"] for step in data["removal_steps"])


def test_the_only_source_that_is_judged_is_never_to_be_spared(classified):
    spare(classified, *(name for name in WEB_SOURCES if name != "论坛"))
    data = collect(str(classified))
    assert "source" not in data["removal"]["classifier"]["whole"]
    assert not [one for one in data["removal"]["classifier"]["warnings"] if one["dimension"] == "source"]
    assert not any("unjudged" in step["text"] for step in data["removal_steps"])
    assert list(data["classifiers"]["classifier_model"]["judges"]["classifier"]["kept"]["source"]) == ["论坛"]


def test_languages_that_the_model_could_not_learn_are_told_with_counts(classified):
    few = {f"x{n:02}": {"positives": n, "candidates": 3} for n in range(MAX_VALUES)}
    edited(classified, "classifier_model", lambda about: about.update(unserved={"日本語": {"positives": 0, "candidates": 1500}, **few}))  # fmt: skip
    data = collect(str(classified))
    line = not_learned(data["classifiers"]["classifier_model"])
    assert "日本語 (0 and 1,500), x24 (24 and 3), " in line and line.endswith("x01 (1 and 3), and 1 more languages.")
    assert line in render_html(data) and line in render_markdown(data).replace("\\", "")
    assert not_learned(classifier()) == ""


def test_a_stage_that_knows_hardly_any_language_is_warned_of(classified):
    def worries(**edits: Any) -> list[str]:
        edited(classified, "classifier_model", lambda about: about.update(edits))
        return warnings(collect(str(classified))["classifiers"]["classifier_model"])

    assert not any("was not trained on" in line for line in worries())
    known = classifier()["languages"]
    line = worries(languages={"de": known["de"]})[0]
    one = collect(str(classified))["classifiers"]["classifier_model"]["judges"]["classifier"]
    assert one["judged"] > one["unserved"] > 0.9 * one["judged"]
    share = f"{100 * one['unserved'] / one['judged']:.1f} % of {one['judged']:,} documents are in languages that"
    assert line.startswith(f"classifier: {share} the classifier was not trained on")
    assert not any("was not trained on" in line for line in worries(languages={"all": known["de"]}))
    edited(classified, "manifest", lambda manifest: manifest["steps"][-1]["options"].update(by_language=False))
    assert not any("was not trained on" in line for line in worries(languages={"de": known["de"]}))


def test_what_is_not_shown_by_itself_is_shown_together(classified):
    def edit(slices: dict) -> None:
        of_rule = {"low_score": {"failed": 2, "first": 2, "only": 2}}
        one = {"reached": 10, "dropped": 2, "exempt": 0, "kept_bytes": 9, "rules": of_rule}
        slices["classifier"]["source"] = {f"网{n}": {**one, "reached": 10 + n} for n in range(MAX_VALUES + 3)}

    edited(classified, "slices", edit)
    data = collect(str(classified))
    rows = data["classifiers"]["classifier_model"]["judges"]["classifier"]["kept"]["source"]
    assert next(iter(rows)) == f"网{MAX_VALUES + 2}" and len(rows) == MAX_VALUES + 1
    rest = rows["3 more together"]
    assert (rest["kept"], rest["reached"]) == (10 + 11 + 12 - 6, 10 + 11 + 12)
    assert sum(one["reached"] for one in rows.values()) == sum(10 + n for n in range(MAX_VALUES + 3))
    assert "3 more together" in render_html(data) and "source: 3 more together" in render_markdown(data)


GIVEN = """
sources:
  网: {reader: jsonl, paths: [a.jsonl]}
  books: {reader: jsonl, paths: [b.jsonl]}
stages:
  - normalize
  - classifier: {as: mine, model: MODEL, by: threshold, min_score: 0.5, by_language: false, unjudged: [books]}
"""


def test_a_classifier_that_is_a_file_is_shown_with_whom_it_kept(tmp_path):
    for name, texts in (("a", ["bad", "good words", "好 文字"]), ("b", ["bad bad"])):
        lines = [json.dumps({"text": f"{text} {n}"}, ensure_ascii=False) for n, text in enumerate(texts * 8)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_model(tmp_path / "m.zip", planted({"all": [100_000, 500_000]}))
    recipe = GIVEN.replace("网", "web").replace("MODEL", str(tmp_path / "m.zip"))
    run(tmp_path, recipe)
    data = collect(str(tmp_path / "run"))
    about = data["classifiers"]["mine"]
    slices = json.loads((tmp_path / "run" / "out" / "slices.json").read_text(encoding="utf-8"))["mine"]["source"]
    web = slices["web"]["reached"] - slices["web"]["dropped"]
    assert about["labels"] == ["good", "candidate"] and about["evaluation"] is None
    assert slices["books"]["exempt"] == slices["books"]["reached"] == about["judges"]["mine"]["exempt"] == 8
    assert {name: one["kept"] for name, one in about["judges"]["mine"]["kept"]["source"].items()} == {"web": web}
    assert (evaluations(about), warnings(about)) == ({}, [])
    assert NO_FIGURES in render_html(data) and NO_FIGURES in render_markdown(data)


def test_a_bare_model_tells_nothing(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "good 好"}\n', encoding="utf-8")
    path = write_model(tmp_path / "m.bin", model())
    run(
        tmp_path,
        "sources: {web: {reader: jsonl, paths: [a.jsonl]}}\n"
        f"stages: [{{classifier: {{model: {path}, label: good, by: threshold, by_language: false}}}}]\n",
    )
    assert collect(str(tmp_path / "run"))["classifiers"] == {}
    assert not (tmp_path / "run" / "out" / "classifier.json").exists()


def broken(path: str, value: Any) -> dict:
    """A classifier's facts with one value changed."""
    about = copy.deepcopy(classifier())
    *above, last = path.split("/")
    at: Any = about
    for name in above:
        at = at[int(name) if isinstance(at, list) else name]
    at[int(last) if isinstance(at, list) else last] = value
    return about


BROKEN = [
    ("evaluation", None), ("evaluation", {}), ("evaluation/all", [1]), ("evaluation/by_language", []),
    ("evaluation/by_language/zh/auc", "0.9"), ("evaluation/by_language/zh/auc_low", "x"),
    ("evaluation/all/positives", -1), ("evaluation/all/positives", True), ("evaluation/all/candidates", 10**400),
    ("evaluation/all/ece", float("nan")), ("evaluation/all/precision", 7), ("evaluation/all/threshold", None),
    ("evaluation/all/curve/3", {}), ("evaluation/all/curve/3/recall", None), ("evaluation/all/scores/positives", []),
    ("evaluation/all/scores", {"positives": [1], "candidates": ["1"]}), ("evaluation/all/calibration", None),
    ("evaluation/all/calibration/9/share", None), ("evaluation/all/calibration/9/n", 1.5),
    ("unserved", ["日本語"]), ("unserved", {"日本語": {"positives": "<b>", "candidates": 1}}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), BROKEN, ids=range(len(BROKEN)))
def test_figures_of_another_form_are_not_shown_and_it_is_said(classified, path, value):
    about = broken(path, value)
    assert has_figures(classifier()) and not has_figures(about)
    write_json(classified / "out" / "classifier_model.json", {"kind": "classifier", **about})
    data = collect(str(classified))
    assert NO_FIGURES in render_html(data) and NO_FIGURES in render_markdown(data)
    assert "Kept by classifier" in render_html(data)
    assert 'class="plot"' not in render_html(data) and 'class="evaluations"' not in render_html(data)


@pytest.mark.parametrize(
    ("positives", "candidates"),
    [([0.9, 0.8, 0.5], [0.8, 0.1]), ([1.0] * 50, [0.0] * 50), ([0.0], [1.0]), ([0.0] * 3, [0.0] * 9), ([0.5], [0.5])],
)
def test_figures_that_training_measures_have_the_form_that_is_shown(positives, candidates):
    one = evaluation(millionths(np.array(positives)), millionths(np.array(candidates)))
    assert has_figures(json.loads(json.dumps({"evaluation": {"all": one, "by_language": {"中": one}}})))
