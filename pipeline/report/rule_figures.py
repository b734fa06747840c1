"""Pictures of rules as SVG text: limits in a histogram, a waterfall of rules, removal rates with their intervals.

Places across are percentages of the width, except in a histogram. Colours are classes, so that the style sheet decides;
what a colour says, a shape or a word says too.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from pipeline.bias import MIN_REMOVED

from .ablation_figures import N_LEVELS, Scale, ticks
from .figures import _text
from .rules import limit_text
from .text import interval, number, percent, share

N_DRAWN = 4
"""Limits drawn in one histogram."""
MAX_SLICES = 12
"""Values of a dimension that are shown; report.json has all."""
STRONGEST = 4.0
"""The strongest colour: removed so many times as often as all documents."""

Tree = dict[str, Any]


def place(signal: Tree, value: float) -> float:
    """Where a value lies between the ends of a histogram, 0 .. 1; at an end if it lies beyond it.

    Within a bin by its distance to the edges, of their logarithms where bins are parts of a doubling; in the middle of
    a bin without an end.
    """
    edges, n = signal["edges"], len(signal["edges"]) - 1
    for row, (low, high) in enumerate(pairwise(edges)):
        if (low is None or value >= low) and (high is None or value < high or (value == high and low is not None)):
            return (row + _within(low, high, value, signal["kind"])) / n
    return 0.0 if edges[0] is not None and value < edges[0] else 1.0


def _within(low: float | None, high: float | None, value: float, kind: str) -> float:
    if low is None or high is None:
        return 0.5
    if kind == "log2" and low >= 8:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)


def drawn(signal: Tree, limits: list[Tree]) -> list[Tree]:
    """The first limits that lie within the histogram."""
    low, high = signal["edges"][0], signal["edges"][-1]
    return [one for one in limits if (low is None or one["value"] >= low) and (high is None or one["value"] <= high)][
        :N_DRAWN
    ]


def limit_marks(signal: Tree, limits: list[Tree], width: float, height: float) -> str:
    """A dashed line at each limit; the side that fails is shaded, more where more limits agree."""
    shades, lines = [], []
    for limit in limits:
        x = width * place(signal, limit["value"])
        left, wide = (0.0, x) if limit["least"] else (x, width - x)
        title = f"<title>{_text(limit_text(limit))}</title>"
        shades.append(f'<rect x="{left:.2f}" y="0" width="{wide:.2f}" height="{height:g}" class="fails"/>')
        lines.append(f'<g>{title}<line x1="{x:.2f}" x2="{x:.2f}" y1="0" y2="{height:g}" class="limit"/></g>')
    return "".join(shades + lines)


def waterfall_row(step: Tree, before: int, total: int) -> Markup:
    """One rule: above, what it drops after the rules before it; below, what it would drop alone (outlined) and what
    no other rule would (filled). before: dropped by earlier rules; total: by all."""
    scale = Scale(0, total)
    start, end = scale.at(before), scale.at(step["so_far"])
    parts = [
        _bar(start, end, 3, 9, "cut", f"in order: {number(step['first'])}"),
        f'<line x1="{end:.2f}%" x2="{end:.2f}%" y1="12" y2="31" class="stair"/>',
        _bar(0, scale.at(step["failed"]), 16, 9, "alone", f"alone: {number(step['failed'])}"),
        _bar(0, scale.at(step["only"]), 16, 9, "only", f"only this rule: {number(step['only'])}"),
    ]
    label = (
        f"{step['reason']}: {number(step['failed'])} alone, {number(step['first'])} in order,"
        f" {number(step['only'])} only by this rule, of {number(total)} dropped"
    )
    return _strip("".join(parts), 28, label)


def _bar(start: float, end: float, y: int, height: int, kind: str, title: str) -> str:
    width = max(end - start, 0.0)
    box = f'x="{start:.2f}%" y="{y}" width="{width:.2f}%" height="{height}"'
    return f'<rect {box} class="{kind}"><title>{_text(title)}</title></rect>'


def _strip(inside: str, height: int, label: str) -> Markup:
    return Markup(f'<svg class="strip" height="{height}" role="img" aria-label="{_text(label)}">{inside}</svg>')


def shown_slices(values: Tree) -> dict[str, Tree]:
    """The largest slices, in the order in which they come; none so small that it could not be warned of."""
    largest = sorted(values, key=lambda value: -values[value]["reached"])[:MAX_SLICES]
    return {value: values[value] for value in values if value in largest and values[value]["reached"] >= MIN_REMOVED}


def overall(values: Tree) -> float:
    """The rate of all slices of a dimension together."""
    reached = sum(one["reached"] for one in values.values())
    return sum(one["removed"] for one in values.values()) / reached if reached else 0.0


def rate_scale(dimensions: Tree) -> Scale:
    """One axis from 0 for all dimensions of a stage, to a round number beyond the highest rate shown.

    Beyond rates, not the ends of intervals: a few documents would take up the whole width.
    """
    rates = [one["rate"] for values in dimensions.values() for one in shown_slices(values).values()]
    most = max(rates, default=0.0)
    steps = (m * 10.0**power for power in range(-6, 1) for m in (1, 1.5, 2, 3, 4, 5, 6, 8))
    return Scale(0, min(1.0, next((step for step in steps if step >= most * 1.15), 1.0)))


def rate_row(value: str, one: Tree, average: float, scale: Scale, far: bool) -> Markup:
    """One slice: a dot at its rate, or a diamond if it is far above the others, and the interval as a bar."""
    x, line = scale.at(one["rate"]), scale.at(average)
    low, high = scale.at(one["low"]), min(100.0, scale.at(one["high"]))
    parts = [
        f'<line x1="{line:.2f}%" x2="{line:.2f}%" y1="0" y2="22" class="best-line"/>',
        f'<line x1="{low:.2f}%" x2="{high:.2f}%" y1="11" y2="11" class="whisker"/>',
        f'<svg x="{x:.2f}%" y="11" overflow="visible"><path d="M 0 -7 L 7 0 L 0 7 L -7 0 Z" class="far-above"/></svg>'
        if far
        else f'<circle cx="{x:.2f}%" cy="11" r="4.5" class="kept"/>',
    ]
    label = f"{value}: {interval(one)} of {number(one['reached'])} documents removed"
    return _strip("".join(parts), 22, label + (", far above the others" if far else ""))


def rate_axis(scale: Scale) -> Markup:
    """The axis below the slices, in per cent."""
    values = ticks(scale.low, scale.high, 2)
    parts = ['<line x1="0" x2="100%" y1="0.5" y2="0.5" class="axis"/>']
    for value in values:
        x = scale.at(value)
        anchor = "start" if x < 5 else "end" if x > 95 else "middle"
        parts.append(f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="5" class="axis"/>')
        parts.append(f'<text x="{x:.2f}%" y="19" text-anchor="{anchor}">{percent(value)}</text>')
    return Markup(f'<svg class="strip-axis" height="24" aria-hidden="true">{"".join(parts)}</svg>')


def heat(one: Tree, average: float) -> str:
    """The class of a cell: h0 where the low end of the interval is not above the average, h8 from STRONGEST times on.

    By the low end, so that a few documents do not catch the eye.
    """
    if one["low"] <= average:
        return "h0"
    times = one["low"] / average if average else STRONGEST
    return f"h{min(N_LEVELS, math.ceil(N_LEVELS * math.log(times) / math.log(STRONGEST)))}"


def of_all(one: Tree) -> str:
    """Documents removed of those that the stage judged, and how many it was told not to."""
    spared = f"; {number(one['exempt'])} of sources that it does not judge are left out" if one["exempt"] else ""
    told = f"{number(one['removed'])} of {number(one['reached'])} documents, {share(one['removed'], one['reached'])}"
    return told + spared
