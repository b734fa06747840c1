"""Pictures of an ablation as SVG text: pure functions of what `training` collects.

Places across are percentages of the width, so that a picture fits any screen without bending dots or letters.
Colours are classes, so that the style sheet decides.
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import fmean
from typing import Any, NamedTuple

from markupsafe import Markup

from .figures import N_COLOURS, _text
from .units import bits, count, difference

N_LEVELS = 8
FOCUS = 12.0
"""The axis ends so many times as far from the best as the noise, or the second mixture, reaches."""
PLOT_HEIGHT = 260
"""As in the style sheet, which gives the plot room for its axes and names by padding."""
LABEL_HEIGHT = 16
MAX_LABEL = 17

Tree = dict[str, Any]


class Scale(NamedTuple):
    """An axis from `low` to `high`; what lies beyond `high` is shown at its end."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Per cent of the width."""
        return 100 * (value - self.low) / (self.high - self.low)


def ticks(low: float, high: float, at_least: int) -> list[float]:
    """Round values in low..high, `at_least` of them or more: steps of 1, 2 or 5 times a power of ten."""
    step = 10.0 ** math.ceil(math.log10(high - low))
    for part in (1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01):
        found = range(math.ceil(low / (step * part)), math.floor(high / (step * part)) + 1)
        if len(found) >= at_least:
            break
    return [number * step * part for number in found]


def style_of(place: int) -> str:
    """The classes of the mixture at a place of the ranking: a colour, and a kind of line when colours come again."""
    return f"m{place % N_COLOURS} k{place // N_COLOURS % 3}"


def swatch(place: int) -> Markup:
    """The line that stands for a mixture."""
    line = f'<line x1="1" x2="21" y1="6" y2="6" class="curve {style_of(place)}"/>'
    return Markup(f'<svg class="swatch" width="22" height="12" aria-hidden="true">{line}</svg>')


def objective_scale(ablation: Tree) -> Scale:
    """The axis of the objective: from the least value to where the decision is made."""
    mixtures = list(ablation["mixtures"].values())
    margin, second = ablation["margin"] or 0.0, mixtures[1]["difference"] if len(mixtures) > 1 else 0.0
    limit = max(mixtures[0]["mean"] + FOCUS * max(margin, second), *mixtures[0]["seeds"].values())
    values = [value for one in mixtures for value in (one["mean"], *one["seeds"].values())]
    values += [one["mean"] + sign * (one["margin"] or 0.0) for one in mixtures for sign in (-1, 1)]
    low, high = min(values), min(limit, max(values))
    room = max(high - low, 1e-6) / 16
    return Scale(low - room, high + room)


def interval(name: str, one: Tree, place: int, best: float, scale: Scale) -> Markup:
    """One mixture: each seed's dot, the mean, and the interval of its difference to the best, laid on its mean."""
    if one["mean"] > scale.high:
        arrow = '<svg x="100%" y="9" overflow="visible"><path d="M -12 0 L -2 6 L -12 12 Z" class="far"/></svg>'
        return _strip(_line(best, scale) + arrow, f"{name}: {bits(one['mean'])} bits per byte, beyond the axis")
    parts, margin = [_line(best, scale)], one["margin"]
    if margin is not None:
        low, high = (scale.at(min(one["mean"] + sign * margin, scale.high)) for sign in (-1, 1))
        parts.append(f'<line x1="{low:.2f}%" x2="{high:.2f}%" y1="15" y2="15" class="whisker {style_of(place)}"/>')
        parts += [f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="10" y2="20" class="whisker cap"/>' for x in (low, high)]
    parts += [
        f'<circle cx="{scale.at(min(value, scale.high)):.2f}%" cy="15" r="4" class="seed">'
        f"<title>{_text(f'seed {seed}: {bits(value)}')}</title></circle>"
        for seed, value in one["seeds"].items()
    ]
    parts.append(f'<circle cx="{scale.at(one["mean"]):.2f}%" cy="15" r="6" class="mean {style_of(place)}"/>')
    said = f"{bits(one['mean'])} bits per byte, {difference(one['difference'], margin)} to the best"
    return _strip("".join(parts), f"{name}: {said}, {one['standing']}")


def _line(best: float, scale: Scale) -> str:
    x = f"{scale.at(best):.2f}%"
    return f'<line x1="{x}" x2="{x}" y1="0" y2="30" class="best-line"/>'


def _strip(inside: str, label: str) -> Markup:
    return Markup(f'<svg class="strip" height="30" role="img" aria-label="{_text(label)}">{inside}</svg>')


def objective_axis(scale: Scale) -> Markup:
    """The axis below the mixtures."""
    values = ticks(scale.low, scale.high, 3)
    digits = _digits(values)
    parts = ['<line x1="0" x2="100%" y1="0.5" y2="0.5" class="axis"/>']
    for value in values:
        x = f"{scale.at(value):.2f}%"
        parts.append(f'<line x1="{x}" x2="{x}" y1="0" y2="5" class="axis"/>')
        parts.append(f'<text x="{x}" y="19" text-anchor="middle">{value:.{digits}f}</text>')
    return Markup(f'<svg class="strip-axis" height="24" aria-hidden="true">{"".join(parts)}</svg>')


def _digits(values: list[float]) -> int:
    """So many after the point that neighbouring ticks differ."""
    step = min((b - a for a, b in pairwise(values)), default=1.0)
    return max(0, -math.floor(math.log10(step * 1.0001)))


def heat(value: float, column: list[float], margin: float | None) -> str:
    """The class of a cell: from h0, the worst of its column, to h8, the best; a column within the noise stays even.

    By the square root of the difference to the best, so that one bad mixture does not make all others look alike.
    """
    least = min(column)
    spread = max(max(column) - least, margin or 0.0)
    return f"h{N_LEVELS if not spread else round(N_LEVELS * (1 - math.sqrt((value - least) / spread)))}"


def loss_curves(mixtures: Tree) -> Markup:
    """Training loss by tokens seen, a line per mixture and seed, a name at the end of each mixture's lines."""
    curves = {name: {seed: curve for seed, curve in one["curves"].items() if curve} for name, one in mixtures.items()}
    points = [point for seeds in curves.values() for curve in seeds.values() for point in curve]
    if len({tokens for tokens, _ in points}) < 2:
        return Markup("")
    across = Scale(math.log10(min(x for x, _ in points)), math.log10(max(x for x, _ in points)))
    least, most = min(y for _, y in points), max(y for _, y in points)
    room = max(most - least, 1e-3) / 20
    up = Scale(least - room, most + room)
    lines = "".join(
        _curve(curve, place, across, up) for place, seeds in enumerate(curves.values()) for curve in seeds.values()
    )
    inside = (
        _loss_axis(up)
        + _token_axis(across)
        + f'<svg width="100%" height="{PLOT_HEIGHT}" viewBox="0 0 100 100" preserveAspectRatio="none">{lines}</svg>'
        + _end_labels(curves, up)
    )
    label = f"Training loss by tokens seen, of {len(curves)} mixtures"
    return Markup(f'<svg class="curves" role="img" aria-label="{_text(label)}">{inside}</svg>')


def _curve(curve: list[list[float]], place: int, across: Scale, up: Scale) -> str:
    points = " ".join(f"{across.at(math.log10(x)):.2f},{100 - up.at(y):.2f}" for x, y in curve)
    return f'<polyline points="{points}" class="curve {style_of(place)}"/>'


def _loss_axis(up: Scale) -> str:
    parts = []
    values = ticks(up.low, up.high, 4)
    for value in values:
        y = PLOT_HEIGHT * (1 - up.at(value) / 100)
        parts.append(f'<line x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}" class="grid-line"/>')
        parts.append(f'<text x="-8" y="{y + 4:.1f}" text-anchor="end">{value:.{_digits(values)}f}</text>')
    return "".join(parts)


def _token_axis(across: Scale) -> str:
    low, high = 10**across.low, 10**across.high
    powers = range(math.floor(across.low), math.ceil(across.high) + 1)
    values = [part * 10.0**power for power in powers for part in (1, 2, 5) if low <= part * 10.0**power <= high]
    parts = [f'<line x1="0" x2="100%" y1="{PLOT_HEIGHT}" y2="{PLOT_HEIGHT}" class="axis"/>']
    for value in values:
        x = f"{across.at(math.log10(value)):.2f}%"
        parts.append(f'<line x1="{x}" x2="{x}" y1="{PLOT_HEIGHT}" y2="{PLOT_HEIGHT + 5}" class="axis"/>')
        parts.append(f'<text x="{x}" y="{PLOT_HEIGHT + 19}" text-anchor="middle">{count(value)}</text>')
    parts.append(f'<text x="100%" y="{PLOT_HEIGHT + 39}" text-anchor="end">tokens seen</text>')
    return "".join(parts)


def _end_labels(curves: Tree, up: Scale) -> str:
    """Names where the lines end, pushed apart where they would overlap, with leaders to the lines."""
    ends = {
        name: PLOT_HEIGHT * (1 - up.at(fmean(curve[-1][1] for curve in seeds.values())) / 100)
        for name, seeds in curves.items()
        if seeds
    }
    places = {name: place for place, name in enumerate(curves)}
    names = sorted(ends, key=lambda name: ends[name])
    parts = []
    for name, y in zip(names, _apart([ends[name] for name in names]), strict=True):
        short = name if len(name) <= MAX_LABEL else f"{name[:8]}…{name[-8:]}"
        leader = f"2,{ends[name]:.1f} 12,{y:.1f} 22,{y:.1f}"
        parts.append(f'<polyline points="{leader}" class="curve {style_of(places[name])}"/>')
        parts.append(f'<text x="27" y="{y + 4:.1f}">{_text(short)}</text>')
    return f'<svg x="100%" class="end-labels" overflow="visible">{"".join(parts)}</svg>'


def _apart(places: list[float]) -> list[float]:
    """Rising places moved so that none is nearer than a line of text to the next, and the last not below the plot."""
    moved: list[float] = []
    for y in places:
        moved.append(max(y, moved[-1] + LABEL_HEIGHT) if moved else y)
    least = float(PLOT_HEIGHT)
    for row in reversed(range(len(moved))):
        moved[row] = min(moved[row], least)
        least = moved[row] - LABEL_HEIGHT
    return moved
