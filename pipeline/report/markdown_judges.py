"""Languages and classifiers as Markdown."""

from __future__ import annotations

from typing import Any

from .classifiers import (
    AUC_MEANS,
    CANDIDATES,
    NO_FIGURES,
    evaluations,
    measure,
    not_learned,
    reading,
    spared,
    warnings,
    whose,
)
from .languages import measured
from .markdown_text import plain, table
from .text import interval, number, share, size

Tree = dict[str, Any]
MEASURED = {
    "score: median": "score",
    "5 % below": "score",
    "runner-up": "second",
    "scripts": "scripts",
    "mixed": "mixed",
}
"""Heading of a column -> what it is made of."""


def languages_part(data: Tree) -> list[str]:
    """Two tables for each stage that identifies languages: of the languages, and of the survivors by source."""
    parts = []
    for label, found in data["languages"].items():
        parts += [f"## Languages by {plain(label)}", _languages(found)]
        taken = data["labels"].get(found["column"])
        if taken:
            rows = [[plain(source), plain(name), number(n)] for source, pairs in taken.items() for name, n in pairs]
            parts.append(table(["source", "survivors taken for", "documents"], rows))
    return parts


def _languages(found: Tree) -> str:
    has = measured(found)
    head = ["language", "documents", "kept", "text kept", *map(plain, found["rules"])]
    rows = [
        [plain(row["language"]), number(row["reached"]), number(row["kept"]), size(row["kept_bytes"])]
        + [number(row["reasons"].get(rule, 0)) for rule in found["rules"]]
        + [cell for part, cell in zip(MEASURED.values(), _told(row), strict=True) if has[part]]
        for row in found["rows"]
    ]
    return table([*head, *(name for name, part in MEASURED.items() if has[part])], rows)


def _told(row: Tree) -> list[str]:
    """What was measured of a language: median and 5 % of the score, runner-up, scripts, mixed."""
    score, second, reached = row["score"], row["second"], row["reached"]
    return [
        f"{score['median']:.2f}" if score else "–",
        f"{score['low']:.2f}" if score else "–",
        plain(f"{second[0]} {share(second[1], reached)}") if second else "–",
        plain(", ".join(f"{script} {share(n, reached)}" for script, n in row["scripts"])) or "–",
        plain(share(*row["mixed"])) if row["mixed"] else "–",
    ]


def classifiers_part(data: Tree) -> list[str]:
    """What each classifier is worth, and what the stages that use it kept."""
    if not data["classifiers"]:
        return []
    parts = ["## Classifiers", f"{plain(AUC_MEANS)} {plain(CANDIDATES)}"]
    for label, about in data["classifiers"].items():
        figures = _evaluations(about) if about["evaluation"] else plain(NO_FIGURES)
        parts += [f"### {plain(label)}", *_lines(warnings(about)), figures, *_said(not_learned(about))]
        parts += _lines(f"{whose(name)}: {line}" for name, one in evaluations(about).items() for line in reading(one))
        for judge, of_judge in about["judges"].items():
            rows = [
                [
                    f"{plain(dimension)}: {plain(value)}",
                    number(one["reached"]),
                    number(one["kept"]),
                    interval(one),
                ]
                for dimension, values in of_judge["kept"].items()
                for value, one in values.items()
            ]
            parts += [f"### Kept by {plain(judge)}", *_said(spared(of_judge))]
            parts.append(table(["slice", "documents", "kept", "share (95 %)"], rows))
    return parts


def _evaluations(about: Tree) -> str:
    rows = [
        [plain(whose(name)), number(one["positives"]), number(one["candidates"])]
        + [measure(one, what) for what in ("auc", "precision", "recall", "ece")]
        for name, one in evaluations(about).items()
    ]
    return table(["held out", "trusted", "candidates", "AUC", "precision", "recall", "calibration error"], rows)


def _said(sentence: str) -> list[str]:
    return [plain(sentence)] if sentence else []


def _lines(lines: Any) -> list[str]:
    text = "\n".join(f"- {plain(line)}" for line in lines)
    return [text] if text else []
