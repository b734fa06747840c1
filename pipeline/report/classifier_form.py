"""Whether the figures of a classifier have the form that the report shows.

A classifier may be a file from anywhere. Scoring needs none of its figures, so a run goes by them unread; a report that
does not know their form says so instead.
"""

from __future__ import annotations

from typing import Any

MOST = 10**15
"""No count is higher; that of a float is still exact."""

RATE, RATE_OR_NONE, COUNT = "rate", "rate or none", "count"
BIN = {"low": RATE, "high": RATE, "n": COUNT}
FULL_BIN = {**BIN, "mean_score": RATE, "share": RATE, "share_low": RATE, "share_high": RATE}
EVALUATION = {
    "positives": COUNT,
    "candidates": COUNT,
    "threshold": RATE,
    **dict.fromkeys(("auc", "precision", "recall", "ece"), RATE_OR_NONE),
    "curve": [{"precision": RATE_OR_NONE, "recall": RATE}],
    "scores": {"positives": [COUNT], "candidates": [COUNT]},
}
KINDS = {"positives": COUNT, "candidates": COUNT}


def has_figures(about: dict[str, Any]) -> bool:
    """Whether `evaluation` has those of all documents and of each language, and `unserved` counts, if it is there."""
    figures, unserved = about.get("evaluation"), about.get("unserved", {})
    if not isinstance(figures, dict) or not isinstance(figures.get("by_language"), dict):
        return False
    return (
        all(_is_evaluation(one) for one in (figures.get("all"), *figures["by_language"].values()))
        and isinstance(unserved, dict)
        and all(_fits(counts, KINDS) for counts in unserved.values())
    )


def _is_evaluation(one: Any) -> bool:
    """A bin of the calibration needs its shares only where it has documents; columns of scores are not none."""
    return (
        _fits(one, EVALUATION)
        and all(one["scores"].values())
        and isinstance(one.get("calibration"), list)
        and all(_fits(part, BIN) and (not part["n"] or _fits(part, FULL_BIN)) for part in one["calibration"])
        and all(_fits(one[name], RATE_OR_NONE) for name in one if name.endswith(("_low", "_high")))
    )


def _fits(value: Any, form: Any) -> bool:
    if isinstance(form, dict):
        return isinstance(value, dict) and all(
            name in value and _fits(value[name], part) for name, part in form.items()
        )
    if isinstance(form, list):
        return isinstance(value, list) and all(_fits(one, form[0]) for one in value)
    if form == COUNT:
        return type(value) is int and 0 <= value <= MOST
    return (value is None and form == RATE_OR_NONE) or (type(value) in (int, float) and 0 <= value <= 1)
