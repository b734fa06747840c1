"""What `dedup_sentence` tells of a comparison, from what each shard had: no text, JSON-ready."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .dedup_tables import SIDES, size_names
from .sentence_rounds import N_MOST_COPIED


def facts(sources: Sequence[str], reports: Sequence[dict[str, Any]], n_left: int) -> dict[str, Any]:
    """Counts of units. sources: of each shard; reports: what `cut` returned for each.

    clusters: a unit that stays, with its copies that were cut, by how many they are; matrix: [i][j] cut units of source
    j whose copy that stays is in source i; cut: units, and the bytes of the text from each run's first to its last.
    without_key: units in no window that was compared, for all are too short, or the document is. left: cut units whose
    copy was not looked for any further; they are not in clusters, matrix, sides and most_copied.
    """
    names = list(dict.fromkeys(sources))
    matrix = np.zeros((len(names), len(names)), np.int64)
    for source, report in zip(sources, reports, strict=True):
        matrix[names.index(source)] += [report["matrix"][name] for name in names]
    n_items, n_cut = (sum(report[name] for report in reports) for name in ("items", "cut"))
    return {
        "kind": "dedup",
        "level": "sentence",
        "items": n_items,
        "without_key": sum(report["without_key"] for report in reports),
        "clusters": _clusters(reports, int(matrix.sum())),
        "far": 0,
        "sources": names,
        "matrix": matrix.tolist(),
        "sides": _sides(reports),
        "index": None,
        "cut": {"items": n_cut, "bytes": sum(report["bytes"] for report in reports)},
        "left": n_left,
        "most_copied": _most_copied(reports),
    }


def _clusters(reports: Sequence[dict[str, Any]], n_removed: int) -> dict[str, Any]:
    """How many there are by size, in powers of two."""
    longest = max((len(report["sizes"]) for report in reports), default=0)
    counts = np.sum([np.pad(report["sizes"], (0, longest - len(report["sizes"]))) for report in reports], axis=0)
    sizes = size_names(counts.astype(np.int64).tolist() if longest else [])
    n = sum(sizes.values())
    return {"n": n, "items": n + n_removed, "removed": n_removed, "sizes": sizes, "largest": []}


def _sides(reports: Sequence[dict[str, Any]]) -> dict[str, dict[str, int]] | None:
    """Cut units by the sides of the split: of the copy that stays, and their own; None without a split."""
    if not any(report["has_sides"] for report in reports):
        return None
    counts = sum((np.array(report["sides"]) for report in reports), np.zeros((len(SIDES),) * 2, np.int64))
    return {one: dict(zip(SIDES, row, strict=True)) for one, row in zip(SIDES, counts.tolist(), strict=True)}


def _most_copied(reports: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The units of which most copies were cut, where they stay; of equals the first."""
    found = sorted((one for report in reports for one in report["most_copied"]), key=lambda one: -one[0])
    names = ("copies", "uid", "start", "stop")
    return [dict(zip(names, one, strict=True)) for one in found[:N_MOST_COPIED]]
