"""Figures about scores: those of SciPy, of the formulas taken literally, and of cases known by heart."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, mannwhitneyu

from stages.evaluation import (
    SCALE,
    auc,
    average_precision,
    brier,
    calibration_error,
    evaluation,
    millionths,
    quantiles,
    ties,
)

few = st.integers(0, 10).map(lambda tenths: tenths * SCALE // 10)
scores = st.lists(few | st.integers(0, SCALE), min_size=1, max_size=30).map(lambda values: np.array(values, np.int64))


@given(scores, scores)
@settings(max_examples=60)
def test_the_area_is_that_of_mann_and_whitney(positives, candidates):
    _, area, _ = auc(positives, candidates)
    found = mannwhitneyu(positives, candidates, method="asymptotic").statistic / (len(positives) * len(candidates))
    assert area == pytest.approx(found, abs=1e-6)


@given(scores, scores)
@settings(max_examples=60)
def test_figures_are_those_of_the_definitions(positives, candidates):
    pairs = [(score / SCALE, 1) for score in positives.tolist()] + [(score / SCALE, 0) for score in candidates.tolist()]
    assert brier(positives, candidates) == pytest.approx(np.mean([(s - y) ** 2 for s, y in pairs]), abs=1e-6)
    thresholds = sorted({s for s, y in pairs if y}, reverse=True)
    steps = [0.0]
    expected = 0.0
    for threshold in thresholds:  # the area under the steps of the curve, as in textbooks on retrieval
        above = [y for s, y in pairs if s >= threshold]
        steps.append(sum(above) / len(positives))
        expected += (steps[-1] - steps[-2]) * sum(above) / len(above)
    assert average_precision(positives, candidates) == pytest.approx(expected, abs=1e-6)
    bins: dict[int, list[tuple[float, int]]] = {}
    for score, label in pairs:
        bins.setdefault(min(int(score * SCALE) * 10 // SCALE, 9), []).append((score, label))
    gaps = [abs(sum(y for _, y in one) - sum(s for s, _ in one)) for one in bins.values()]
    assert calibration_error(positives, candidates) == pytest.approx(sum(gaps) / len(pairs), abs=1e-5)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    chance = np.random.default_rng(1)
    truth = 0.760250  # two normal distributions, a standard deviation apart: the normal integral of 1 / sqrt(2)
    inside = 0
    for _ in range(400):
        positives = millionths(0.5 + 0.05 * (1 + chance.normal(size=60)))
        candidates = millionths(0.5 + 0.05 * chance.normal(size=80))
        low, _, high = auc(positives, candidates)
        inside += low <= truth <= high
    assert 0.91 < inside / 400 < 0.99


def test_a_case_worked_out_by_hand():
    found = evaluation(millionths([0.9, 0.8, 0.5, 0.2]), millionths([0.8, 0.4, 0.1, 0.1]))
    assert found["auc"] == (4 + 3.5 + 3 + 2) / 16
    assert (found["precision"], found["recall"]) == (0.75, 0.75)
    assert found["average_precision"] == round((1 + 2 / 3 + 3 / 4 + 4 / 6) / 4, 6)
    assert found["brier"] == round((0.01 + 0.04 + 0.25 + 0.64 + 0.64 + 0.16 + 0.01 + 0.01) / 8, 6)
    assert found["ece"] == round((0.1 + abs(1.6 - 1) + 0.5 + abs(1 - 0.2) + 0.4 + 0.2) / 8, 6)
    at_half = next(row for row in found["curve"] if row["score"] == 0.5)
    assert at_half == {"score": 0.5, "precision": 0.75, "recall": 0.75, "kept": 0.25}
    fifth = found["calibration"][8]
    assert (fifth["n"], fifth["positives"], fifth["share"], fifth["mean_score"]) == (2, 1, 0.5, 0.8)
    assert found["calibration"][3]["share"] is None and found["calibration"][3]["n"] == 0
    assert sum(found["scores"]["positives"]) == 4 and found["scores"]["candidates"][5] == 2
    json.dumps(found, allow_nan=False)


@given(scores, scores)
@settings(max_examples=40)
def test_curves_fit_their_figures(positives, candidates):
    found = evaluation(positives, candidates)
    json.dumps(found, allow_nan=False)
    assert 1 <= len(found["curve"]) <= 101
    assert found["curve"][0]["recall"] == 1 and found["curve"][0]["kept"] == 1
    for row in found["curve"]:
        limit = round(row["score"] * SCALE)
        hits, false = (positives >= limit).sum(), (candidates >= limit).sum()
        assert row["precision"] == pytest.approx(hits / (hits + false), abs=1e-6)
        assert row["recall"] == pytest.approx(hits / len(positives), abs=1e-6)
        assert row["kept"] == pytest.approx(false / len(candidates), abs=1e-6)
    assert sum(row["n"] for row in found["calibration"]) == len(positives) + len(candidates)
    assert sum(row["positives"] for row in found["calibration"]) == len(positives)
    for row in found["calibration"]:
        if row["n"]:
            theirs = binomtest(row["positives"], row["n"]).proportion_ci(method="wilson")
            assert (row["share_low"], row["share_high"]) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_perfect_and_useless_scores():
    ones, zeros = millionths([1.0] * 50), millionths([0.0] * 50)
    perfect, reversed_, useless = evaluation(ones, zeros), evaluation(zeros, ones), evaluation(ones, ones)
    assert (perfect["auc"], perfect["average_precision"], perfect["brier"], perfect["ece"]) == (1, 1, 0, 0)
    assert perfect["auc_low"] == pytest.approx(binomtest(50, 50).proportion_ci().low, abs=1e-6)
    assert reversed_["auc_high"] == pytest.approx(1 - perfect["auc_low"], abs=1e-6) and perfect["auc_high"] == 1
    assert auc(ones[:3], zeros)[0] < 0.3
    assert (reversed_["auc"], reversed_["brier"], reversed_["recall"]) == (0, 1, 0)
    assert (useless["auc"], useless["precision"], useless["average_precision"], useless["brier"]) == (0.5,) * 4
    none_above = evaluation(zeros, zeros)
    assert none_above["precision"] is None and none_above["precision_low"] is None


def test_order_does_not_matter_and_all_kinds_of_floats_are_scores():
    chance = random.Random(3)
    positives, candidates = ([chance.random() for _ in range(300)] for _ in range(2))
    expected = evaluation(millionths(positives), millionths(candidates))
    assert evaluation(millionths(sorted(positives)), millionths(sorted(candidates))) == expected
    assert millionths(np.array([0, 1, 1.0000001, -0.0000001], np.float32)).tolist() == [0, SCALE, SCALE, 0]


@pytest.mark.parametrize("n", [1, 2, 2000, 2001, 2002, 50_000])
def test_quantiles_are_evenly_spaced_and_hold_both_ends(n):
    values = np.random.default_rng(n).permutation(n).astype(np.int64)
    found = quantiles(values)
    assert len(found) == min(n, 2001) and found == sorted(found)
    assert (found[0], found[-1]) == (0, n - 1)
    steps = np.diff(found)
    assert n == 1 or steps.max() - steps.min() <= 1


@given(scores)
def test_ties_are_the_share_of_the_commonest_score(values):
    assert ties(values) == round(max(map(values.tolist().count, values.tolist())) / len(values), 6)
