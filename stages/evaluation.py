"""How well scores tell two kinds of documents apart: figures and curves, from numpy alone.

Letters: P positives, C candidates, N both, T thresholds, B bins. A score is the probability of being positive, as
integer millionths, so that figures do not hang on the last bits of a float.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.intervals import wilson

Int64s = npt.NDArray[np.int64]

SCALE = 1_000_000
Z, TAIL = 1.959964, 0.025
"""Intervals hold 95 %: of a normal distribution, so many standard deviations; this share is left at each end."""
DECIMALS = 6
N_CURVE, N_CALIBRATION, N_HISTOGRAM = 100, 10, 50
MAX_QUANTILES = 2_001


def millionths(scores: Any) -> Int64s:
    """Scores from 0 to 1 as integers, int64[N]."""
    return np.rint(np.clip(np.asarray(scores, np.float64), 0, 1) * SCALE).astype(np.int64)


def evaluation(positives: Int64s, candidates: Int64s) -> dict[str, Any]:
    """All figures about the scores of held-out positives (P > 0) and candidates (C > 0), int64 millionths; JSON-ready.

    With P = C, precision, average precision, Brier score and calibration are those of a stream half of which is
    positive. In another mixture they differ; AUC and recall do not.
    """
    n, m = len(positives), len(candidates)
    assert n and m
    hits, false = int((2 * positives >= SCALE).sum()), int((2 * candidates >= SCALE).sum())
    low, area, high = auc(positives, candidates)
    return {
        "positives": n,
        "candidates": m,
        "auc": area,
        "auc_low": low,
        "auc_high": high,
        "threshold": 0.5,
        **_share("precision", hits, hits + false),
        **_share("recall", hits, n),
        "average_precision": average_precision(positives, candidates),
        "brier": brier(positives, candidates),
        "ece": calibration_error(positives, candidates),
        "curve": curve(positives, candidates),
        "calibration": calibration(positives, candidates),
        "scores": {"positives": _histogram(positives), "candidates": _histogram(candidates)},
    }


def auc(positives: Int64s, candidates: Int64s) -> tuple[float, float, float]:
    """Low, value and high of the area under the ROC curve: how often a positive scores above a candidate; ties: half.

    The interval is that of Hanley and McNeil (The meaning and use of the area under a ROC curve, 1982), cut at 0 and 1.
    It has no width where separation is perfect; there the bound is the one of min(P, C) disjoint pairs, all of
    which came out alike (Clopper and Pearson 1934).
    """
    n, m = len(positives), len(candidates)
    ordered = np.sort(candidates)
    below, up_to = (np.searchsorted(ordered, positives, side).sum() for side in ("left", "right"))
    area = float(below + up_to) / (2 * n * m)
    if area in (0, 1):
        bound = TAIL ** (1 / min(n, m))
        return (_told(bound), 1.0, 1.0) if area else (0.0, 0.0, _told(1 - bound))
    both_above, both_below = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (n - 1) * (both_above - area**2) + (m - 1) * (both_below - area**2)
    reach = Z * math.sqrt(max(0.0, variance) / (n * m))
    return _told(max(0.0, area - reach)), _told(area), _told(min(1.0, area + reach))


def average_precision(positives: Int64s, candidates: Int64s) -> float:
    """The mean of the precision at the score of each positive: the area under the steps of the PR curve."""
    at = np.sort(positives)
    hits = len(positives) - np.searchsorted(at, at)
    false = len(candidates) - np.searchsorted(np.sort(candidates), at)
    return _told(float(np.mean(hits / (hits + false))))


def brier(positives: Int64s, candidates: Int64s) -> float:
    """The mean squared distance of a score from 1 for positives and 0 for candidates (Brier 1950)."""
    squares = np.concatenate([(SCALE - positives) ** 2, candidates**2])
    return _told(float(squares.sum()) / len(squares) / SCALE**2)


def calibration_error(positives: Int64s, candidates: Int64s) -> float:
    """Expected calibration error: how far the share of positives in a bin is from the mean score, weighted by size.

    Bins as in `calibration`. Naeini, Cooper, Hauskrecht: Obtaining well calibrated probabilities (2015).
    """
    n_pos, n_can, total = _bins(positives, candidates)
    return _told(float(np.abs(n_pos - total / SCALE).sum()) / (n_pos.sum() + n_can.sum()))


def calibration(positives: Int64s, candidates: Int64s) -> list[dict[str, Any]]:
    """What share of the documents in each of ten equal bins of the score is positive, with the interval of Wilson.

    A score on a border is in the higher bin. A bin without a document has null for its mean and shares.
    """
    n_pos, n_can, total = _bins(positives, candidates)
    rows = []
    for place, (hits, others, score) in enumerate(zip(n_pos.tolist(), n_can.tolist(), total.tolist(), strict=True)):
        n = hits + others
        low, high = place / N_CALIBRATION, (place + 1) / N_CALIBRATION
        mean = _told(score / n / SCALE) if n else None
        rows.append(
            {"low": low, "high": high, "n": n, "mean_score": mean, "positives": hits, **_share("share", hits, n)}
        )
    return rows


def _bins(positives: Int64s, candidates: Int64s) -> tuple[Int64s, Int64s, Int64s]:
    """Positives, candidates and the sum of all scores in each bin, int64[B]."""
    one, other = (np.minimum(scores * N_CALIBRATION // SCALE, N_CALIBRATION - 1) for scores in (positives, candidates))
    total = np.zeros(N_CALIBRATION, np.int64)
    np.add.at(total, np.concatenate([one, other]), np.concatenate([positives, candidates]))
    return np.bincount(one, minlength=N_CALIBRATION), np.bincount(other, minlength=N_CALIBRATION), total


def curve(positives: Int64s, candidates: Int64s) -> list[dict[str, Any]]:
    """Precision, recall and the share of candidates kept by thresholds, from the lowest score to the highest.

    The thresholds are at most 101 scores that occur, evenly spaced among the sorted scores of all.
    """
    thresholds = np.unique(_evenly(np.sort(np.concatenate([positives, candidates])), N_CURVE + 1))
    hits = len(positives) - np.searchsorted(np.sort(positives), thresholds)
    false = len(candidates) - np.searchsorted(np.sort(candidates), thresholds)
    return [
        {
            "score": _told(score / SCALE),
            "precision": _told(hit / (hit + wrong)),
            "recall": _told(hit / len(positives)),
            "kept": _told(wrong / len(candidates)),
        }
        for score, hit, wrong in zip(thresholds.tolist(), hits.tolist(), false.tolist(), strict=True)
    ]


def quantiles(scores: Int64s) -> list[int]:
    """At most 2,001 of the scores, sorted and evenly spaced, the lowest and the highest among them."""
    return [int(score) for score in _evenly(np.sort(scores), MAX_QUANTILES)]


def ties(scores: Int64s) -> float:
    """The largest share of the scores that are equal; 1 of one."""
    return _told(int(np.unique(scores, return_counts=True)[1].max()) / len(scores))


def _evenly(values: Int64s, most: int) -> Int64s:
    """The values, or `most` of them at equal distances, the first and the last among them."""
    if len(values) <= most:
        return values
    return values[np.arange(most) * (len(values) - 1) // (most - 1)]


def _histogram(scores: Int64s) -> list[int]:
    bins = np.minimum(scores * N_HISTOGRAM // SCALE, N_HISTOGRAM - 1)
    return [int(count) for count in np.bincount(bins, minlength=N_HISTOGRAM)]


def _share(name: str, hits: int, n: int) -> dict[str, float | None]:
    """The share hits / n with its interval; null where n is 0."""
    low, high = wilson(hits, n) if n else (None, None)
    share = hits / n if n else None
    return {name: _told(share), f"{name}_low": _told(low), f"{name}_high": _told(high)}


def _told(value: float | None) -> Any:
    return None if value is None else round(value, DECIMALS)
