"""Pictures of what learned judges say, as SVG text: scores by language, and the quality of a classifier.

Places across are percentages of the width, places up pixels of PLOT_HEIGHT, so that dots and letters do not bend.
Colours are classes, so that the style sheet decides; what a colour says, a dash or a word says too.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from .classifiers import MIN_READ, rated
from .figures import _text
from .text import interval, number, percent

PLOT_HEIGHT = 180
"""As in the style sheet, which gives the plot room for its axes by padding."""
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
SPARK_HEIGHT = 24

Tree = dict[str, Any]


def spark(name: str, score: Tree) -> Markup:
    """Documents of a language by score, 0 at the left and 1 at the right, the greatest column as scale."""
    columns, most = score["columns"], max(score["columns"])
    path = "".join(
        f"M{place} {SPARK_HEIGHT}v-{SPARK_HEIGHT * n / most:.2f}h.9v{SPARK_HEIGHT * n / most:.2f}z"
        for place, n in enumerate(columns)
        if n
    )
    label = (
        f"{name}: scores of {number(score['n'])} documents, median {score['median']:.2f}, 5 % below {score['low']:.2f}"
    )
    line = f'<line x1="0" x2="{len(columns)}" y1="{SPARK_HEIGHT}" y2="{SPARK_HEIGHT}" class="axis"/>'
    return Markup(
        f'<svg class="spark" viewBox="0 0 {len(columns)} {SPARK_HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{_text(label)}"><title>{_text(label)}</title><path d="{path}" class="kept"/>{line}</svg>'
    )


def calibration(name: str, one: Tree) -> Markup:
    """The share of trusted documents by score, with its interval, beside the diagonal where both are the same.

    Bins of few documents have a hollow dot; lines join neighbours of more.
    """
    bins = [part for part in one["calibration"] if part["n"]]
    dots = "".join(map(_bin, bins))
    lines = _line([(0, 0), (1, 1)], "ideal")
    for part, after in pairwise(one["calibration"]):
        if min(part["n"], after["n"]) >= MIN_READ:
            lines += _line([(part["mean_score"], part["share"]), (after["mean_score"], after["share"])], "drawn")
    label = f"{name}: share of trusted documents by score. " + "; ".join(map(_said, bins))
    return _plot(lines, dots, "score", [percent(value) for value in TICKS], label)


def _bin(part: Tree) -> str:
    """A dot and its interval."""
    x, kind = f"{100 * part['mean_score']:.2f}%", "kept" if part["n"] >= MIN_READ else "seed"
    ends = f'y1="{_up(part["share_low"]):.1f}" y2="{_up(part["share_high"]):.1f}"'
    return (
        f'<g><title>{_text(_said(part))}</title><line x1="{x}" x2="{x}" {ends} class="whisker"/>'
        f'<circle cx="{x}" cy="{_up(part["share"]):.1f}" r="4.5" class="{kind}"/></g>'
    )


def _said(part: Tree) -> str:
    return f"scored {part['low']:.1f} to {part['high']:.1f}: {interval(rated(part))} trusted of {number(part['n'])}"


def precision_recall(name: str, one: Tree) -> Markup:
    """Precision by recall; the dashed line is what guessing gives, the dot the threshold."""
    points = [(part["recall"], part["precision"]) for part in one["curve"] if part["precision"] is not None]
    guess = one["positives"] / max(1, one["positives"] + one["candidates"])
    at = f"threshold {one['threshold']:g}: precision {_rate(one['precision'])}, recall {_rate(one['recall'])}"
    dot = ""
    if one["precision"] is not None and one["recall"] is not None:
        place = f'cx="{100 * one["recall"]:.2f}%" cy="{_up(one["precision"]):.1f}"'
        dot = f'<g><title>{_text(at)}</title><circle {place} r="5" class="kept"/></g>'
    lines = _line([(0, guess), (1, guess)], "ideal") + _line(points, "drawn")
    label = f"{name}: precision by recall; {at}; guessing gives {percent(guess)}"
    return _plot(lines, dot, "recall", [percent(value) for value in TICKS], label)


def _rate(value: float | None) -> str:
    return "–" if value is None else percent(value)


def scores(name: str, one: Tree) -> Markup:
    """Both kinds by score: what share of its kind each column holds, the highest column of either as scale."""
    shares = {kind: _shares(one["scores"][kind]) for kind in ("candidates", "positives")}
    highest = max((share for kind in shares.values() for share in kind), default=0)
    most = _rounded_up(highest)
    lines = "".join(
        _line(_steps([share / most for share in shares[kind]]), style)
        for kind, style in (("candidates", "candidates"), ("positives", "trusted"))
    )
    marks = [percent(most * value) for value in TICKS]
    above = {kind: sum(kept[len(kept) // 2 :]) for kind, kept in shares.items()}
    label = (
        f"{name}: documents by score, trusted and candidates; above 0.5 are {percent(above['positives'])} of the"
        f" trusted and {percent(above['candidates'])} of the candidates"
    )
    return _plot(lines, "", "score", marks, label)


def _rounded_up(share: float) -> float:
    """Where an axis ends, so that each quarter of it is a whole per cent."""
    step = 0.04 if share <= 0.4 else 0.2
    return max(1, math.ceil(share / step)) * step


def _shares(counts: list[int]) -> list[float]:
    total = sum(counts)
    return [n / total if total else 0.0 for n in counts]


def _steps(heights: list[float]) -> list[tuple[float, float]]:
    """The outline of columns of equal width from 0 to 1, closed at the axis."""
    edges = [place / len(heights) for place in range(len(heights) + 1)]
    outline = [(x, height) for (low, high), height in zip(pairwise(edges), heights, strict=True) for x in (low, high)]
    return [(0.0, 0.0), *outline, (1.0, 0.0)]


def _up(share: float) -> float:
    return PLOT_HEIGHT * (1 - share)


def _line(points: list[tuple[float, float]], kind: str) -> str:
    """A line in the stretched part of a plot."""
    places = " ".join(f"{100 * x:.2f},{100 * (1 - y):.2f}" for x, y in points)
    return f'<polyline points="{places}" class="{kind}"/>'


def _plot(lines: str, dots: str, across: str, marks: list[str], label: str) -> Markup:
    """Lines and dots over a grid. across: the name of the axis; marks: what stands at TICKS of the other axis."""
    stretched = (
        f'<svg width="100%" height="{PLOT_HEIGHT}" viewBox="0 0 100 100" preserveAspectRatio="none">{lines}</svg>'
    )
    parts = []
    for value, mark in zip(TICKS, marks, strict=True):
        y, x = _up(value), f"{100 * value:g}%"
        parts.append(f'<line x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}" class="grid-line"/>')
        parts.append(f'<text x="-6" y="{y + 4:.1f}" text-anchor="end">{mark}</text>')
        parts.append(f'<line x1="{x}" x2="{x}" y1="{PLOT_HEIGHT}" y2="{PLOT_HEIGHT + 5}" class="axis"/>')
        parts.append(f'<text x="{x}" y="{PLOT_HEIGHT + 19}" text-anchor="middle">{value:g}</text>')
    parts.append(f'<text x="50%" y="{PLOT_HEIGHT + 37}" text-anchor="middle">{across}</text>')
    inside = "".join(parts) + stretched + dots
    return Markup(f'<svg class="plot" role="img" aria-label="{_text(label)}">{inside}</svg>')
