"""What the report says of a classifier: its figures, its pictures, when to be careful, and whom it deletes."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from made_up_judges import CLASSIFIED, UNJUST, classifier, evaluation
from made_up_run import HOSTILE_MIXTURE

from pipeline.bias import MIN_REMOVED
from pipeline.report import collect, render_html, render_markdown, write_report
from pipeline.report.classifiers import evaluations, measure, reading, warnings
from pipeline.report.judge_figures import PLOT_HEIGHT, calibration, precision_recall, scores


def few(n_trusted=5, n_candidates=5):
    is_trusted = np.arange(n_trusted + n_candidates) < n_trusted
    return evaluation(is_trusted, np.where(is_trusted, 0.95, 0.15))


def test_what_is_trained_and_held_out_is_told(classified):
    data = collect(str(classified))
    about = data["classifiers"]["classifier_model"]
    assert about["evaluation"] == json.loads(json.dumps(classifier()["evaluation"]))
    assert "quantiles" not in about
    assert list(evaluations(about)) == ["all", "en", "zh", "de", "中文方言"]  # the most documents first
    page, text = render_html(data), render_markdown(data)
    for language, (n_trusted, n_candidates, _) in CLASSIFIED.items():
        auc = measure(about["evaluation"]["by_language"][language], "auc")
        assert f"{language}: AUC {auc}" in page
        assert f"| {language} | {n_trusted:,} | {n_candidates:,} | {auc} |" in text
    assert page.count('class="plot"') == 3 * (len(CLASSIFIED) + 1)


def test_what_the_judging_stage_kept_is_told_by_source_and_language(classified):
    data = collect(str(classified))
    about = data["classifiers"]["classifier_model"]
    slices = json.loads((classified / "out" / "slices.json").read_text(encoding="utf-8"))["classifier"]
    assert list(about["judges"]) == ["classifier"]
    kept = about["judges"]["classifier"]["kept"]
    assert list(kept) == ["source", "language"]
    for dimension, values in kept.items():
        for value, one in values.items():
            counted = slices[dimension]["ja" if value.startswith("not trained") else value]
            assert (one["kept"], one["reached"]) == (counted["reached"] - counted["dropped"], counted["reached"])
            assert one["low"] <= one["rate"] == one["kept"] / one["reached"] <= one["high"]
        assert ("not trained on (1 languages)" in values) == (dimension == "language")
    assert "not trained on (1 languages)" in render_html(data)
    assert "| language: not trained on \\(1 languages\\) | " in render_markdown(data)


def test_a_classifier_that_deletes_colloquial_text_is_warned_of(classified):
    """By source, language, length and register, each with its interval; nothing else is."""
    data = collect(str(classified))
    (rule,) = {warning["rule"] for warning in data["removal"]["classifier"]["warnings"]}
    found = {one["dimension"]: one for one in data["removal"]["classifier"]["warnings"]}
    assert rule == "low_score"
    assert {dimension: one["value"] for dimension, one in found.items()} == UNJUST
    assert len(data["removal"]["classifier"]["warnings"]) == len(UNJUST)
    page, text = render_html(data), render_markdown(data)
    for dimension, one in found.items():
        assert one["low"] < one["rate"] < one["high"] and one["removed"] >= MIN_REMOVED
        shown = f"{100 * one['rate']:.0f} % ({100 * one['low']:.0f} to {100 * one['high']:.0f})"
        told = f"low_score</code> removes {shown} of the documents whose {dimension} is {one['value']}"
        assert told in page and f"{shown} of the documents whose {dimension} is {one['value']}" in text
    assert any("论坛 in “unjudged” of classifier" in step["text"] for step in data["removal_steps"])


def test_worries_are_in_words():
    lines = warnings(classifier())
    auc, ece = (classifier()["evaluation"]["by_language"]["de"][name] for name in ("auc", "ece"))
    assert [line.partition(":")[0] for line in lines[1:]] == [f"de ({ece:.2f})", "中文方言 (40 and 35)"]
    assert lines[0].startswith(f"de (AUC {auc:.3f} (0.") and "hardly told from candidates" in lines[0]
    assert "scores are no probabilities" in lines[1]
    assert "so few trusted documents and candidates were held out" in lines[2]
    alike = np.concatenate([np.full(300, 0.9), np.full(300, 0.1)])
    told = warnings({"evaluation": {"all": evaluation(alike > 0.5, alike), "by_language": {}}})
    assert len(told) == 1
    assert told[0].startswith("all documents (AUC 1.000 (1.000 to 1.000)): the two kinds are told apart nearly without")
    both = {
        "all": evaluation(alike > 0.5, alike),
        "by_language": dict.fromkeys(("en", "zh"), evaluation(alike > 0.5, alike)),
    }
    (told,) = warnings({"evaluation": both})
    assert told.startswith("en (AUC 1.000 (1.000 to 1.000)), zh (AUC 1.000 (1.000 to 1.000)): the two kinds")


def test_scores_are_read_in_plain_words():
    random = np.random.default_rng(0)
    is_trusted = random.random(4000) < 0.5
    one = evaluation(is_trusted, np.where(random.random(4000) < np.where(is_trusted, 0.85, 0.15), 0.85, 0.15))
    lines = reading(one)
    assert re.fullmatch(r"Of the documents scored 0\.8 to 0\.9, 8\d % \(8\d to 8\d\) were trusted ones\.", lines[1])
    assert re.fullmatch(r"Of the documents scored 0\.1 to 0\.2, 1\d % \(1\d to 1\d\) were trusted ones\.", lines[2])
    assert len(reading(few())) == 1  # bins of five documents are not put into words


def test_pictures_lie_where_the_figures_say():
    one = few(30, 10)
    picture = calibration("中文", one)
    (high,) = [part for part in one["calibration"] if part["n"] == 30]
    assert 'class="kept"' in picture and 'class="seed"' in picture  # one of thirty documents, and one of ten
    assert f'cx="95.00%" cy="{PLOT_HEIGHT * (1 - high["share"]):.1f}"' in picture
    assert f'y1="{PLOT_HEIGHT * (1 - high["share_low"]):.1f}"' in picture
    assert 'aria-label="中文: share of trusted documents by score. scored 0.1 to 0.2: 0 %' in picture
    assert 'points="0.00,100.00 100.00,0.00" class="ideal"' in picture
    guess = precision_recall("中文", one)
    assert 'points="0.00,25.00 100.00,25.00" class="ideal"' in guess  # 30 of 40
    assert 'cx="100.00%" cy="0.0"' in guess
    both = scores("<b>", one)
    assert "&lt;b&gt;: documents by score" in both
    assert "above 0.5 are 100 % of the trusted and 0 % of the candidates" in both
    outline = re.search(r'points="([^"]+)" class="trusted"', both)
    assert outline and "94.00,0.00 96.00,0.00" in outline[1]  # the 48th of 50 columns, as high as the picture


@pytest.mark.parametrize("missing", ["auc", "precision", "recall", "ece"])
def test_a_figure_that_nobody_knows_is_a_dash(missing, classified):
    path = classified / "out" / "classifier_model.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    one = about["evaluation"]["by_language"]["中文方言"]
    one.update({name: None for name in one if name == missing or name.startswith(f"{missing}_")})
    one.update(candidates=0, curve=[], calibration=[], scores={"positives": [0] * 50, "candidates": [0] * 50})
    path.write_text(json.dumps(about), encoding="utf-8")
    page = classified / "out" / "report" / "index.html"
    write_report(str(classified))
    assert "–" in page.read_text(encoding="utf-8")
    assert measure(one, missing) == "–"


def test_a_classifier_without_languages_has_one_row(classified):
    path = classified / "out" / "classifier_model.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    about["evaluation"]["by_language"] = {"all": about["evaluation"]["all"]}
    path.write_text(json.dumps(about), encoding="utf-8")
    data = collect(str(classified))
    assert list(evaluations(data["classifiers"]["classifier_model"])) == ["all"]
    assert render_html(data).count('class="plot"') == 3


def test_facts_of_another_kind_are_none_of_this(classified):
    path = classified / "out" / "classifier_model.json"
    path.write_text(json.dumps({"kind": "language_model"}), encoding="utf-8")
    assert collect(str(classified))["classifiers"] == {}


def test_names_of_languages_are_text(classified):
    """A user's own model may have any labels."""
    for name in ("classifier_model", "slices"):
        path = classified / "out" / f"{name}.json"
        hostile = json.dumps(HOSTILE_MIXTURE + "\u202e", ensure_ascii=False)
        path.write_text(path.read_text(encoding="utf-8").replace('"中文方言"', hostile), encoding="utf-8")
    data = collect(str(classified))
    page, text = render_html(data), render_markdown(data)
    for told in (page, text):
        assert "<img" not in told and "\u202e" not in told
    assert page.count("&lt;img") > 10 and "\\u202e" in page
