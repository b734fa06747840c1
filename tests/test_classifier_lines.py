"""What `corpusmill train-classifier` prints of a classifier, by languages."""

from __future__ import annotations

import numpy as np

from pipeline.answers import MAX_UNSERVED, classifier_lines
from pipeline.report.classifiers import warnings
from stages.evaluation import evaluation

WHY = ("fewer than 100 candidates", "no positives")


def facts(evaluations: dict[str, dict], unserved: dict[str, tuple[int, int]]) -> dict:
    named = {name: {"positives": 1_200, "candidates": 1_300} for name in evaluations}
    return {
        "kind": "classifier",
        "options": {"min_documents": 100},
        "languages": named,
        "evaluation": {"all": next(iter(evaluations.values())), "by_language": evaluations},
        "unserved": {name: {"positives": p, "candidates": c, "why": WHY[p == 0]} for name, (p, c) in unserved.items()},
    }


def scored(low: int, high: int, n: int = 200) -> dict:
    """An evaluation of evenly spaced scores, positives a little above candidates."""
    scores = np.linspace(low, high, n).astype(np.int64)
    return evaluation(scores + 1_000, scores)


def test_figures_that_there_are_not_are_dashes():
    lines = list(classifier_lines(facts({"zh": scored(0, 400_000)}, {}), "made.zip"))
    assert lines[0].splitlines()[1].split()[-2:] == ["–", "0.0%"]
    assert lines[-1] == "classifier: made.zip"


def test_languages_that_are_not_served_are_named_with_counts_the_largest_first():
    told = facts({"en": scored(0, 900_000)}, {"zh": (120, 5), "th": (0, 300), "ja": (0, 400), "ko": (99, 7)})
    lines = [line for line in classifier_lines(told, "made.zip") if line.startswith("not served")]
    assert lines == [
        "not served, fewer than 100 candidates (positives and candidates): ko 99 and 7, zh 120 and 5",
        "not served, no positives (positives and candidates): ja 0 and 400, th 0 and 300",
    ]
    many = {f"x{n}": (n, n) for n in range(1, 151)}
    (line,) = [line for line in classifier_lines(facts({"en": scored(0, 9)}, many), "m") if line.startswith("not")]
    assert line.count(" and ") == MAX_UNSERVED + 2 and line.endswith(" and 140 more")


def test_warnings_are_those_of_the_report():
    told = facts({"en": scored(0, 900_000), "zh": scored(0, 400_000, n=9)}, {})
    printed = [line for line in classifier_lines(told, "made.zip") if line.startswith("warning: ")]
    assert printed == [f"warning: {one}" for one in warnings(told)] and len(printed) >= 2
    assert any("zh" in line for line in printed) and any("AUC" in line for line in printed)
