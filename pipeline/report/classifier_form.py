"""Whether the figures of a classifier have the form that the report shows."""

from __future__ import annotations

from typing import Any

from .form import COUNT, RATE, fits

RATE_OR_NONE = (RATE, None)
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
        and all(fits(counts, KINDS) for counts in unserved.values())
    )


def _is_evaluation(one: Any) -> bool:
    """A bin of the calibration needs its shares only where it has documents; columns of scores are not none."""
    return (
        fits(one, EVALUATION)
        and all(one["scores"].values())
        and isinstance(one.get("calibration"), list)
        and all(fits(part, BIN) and (not part["n"] or fits(part, FULL_BIN)) for part in one["calibration"])
        and all(fits(one[name], RATE_OR_NONE) for name in one if name.endswith(("_low", "_high")))
    )
