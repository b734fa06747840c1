"""Pictures of duplicates as SVG text: the S-curve over the similarities of pairs, sizes of clusters, matrices.

Places across are percentages of the width, places up pixels, so that lines and letters do not bend. Colours are
classes, so that the style sheet decides; what a colour says, a number or a word says too.
"""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from .ablation_figures import N_LEVELS
from .dedup_advice import curve, threshold_place
from .dedup_form import N_HUNDREDTHS
from .figures import _text
from .text import number, percent, share
from .units import count

CURVE_HEIGHT, GAP, PAIRS_HEIGHT = 130, 26, 100
"""As in the style sheet, which gives the picture room for its axes by padding."""
FOOT = 0.3
"""Powers of ten below 1 at which an axis of counts begins, so that a single one can be seen."""
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
MAX_POWERS = 4
"""Labels beside an axis of counts."""

Tree = dict[str, Any]


def similarities(name: str, found: Tree) -> Markup:
    """The probability that a pair of a similarity is compared, and the pairs that were, with the threshold in both.

    The pictures have a column for each hundredth; the last one is of pairs without a difference.
    """
    banding, pairs = found["banding"], found["pairs"]
    measured = pairs is not None and any(pairs["similarities"])
    low, height = CURVE_HEIGHT + GAP, CURVE_HEIGHT + (GAP + PAIRS_HEIGHT if measured else 0)
    at = curve(banding["threshold"], banding["bands"], banding["rows"])
    parts = [
        _curve(banding),
        *(
            f'<text x="-6" y="{CURVE_HEIGHT * (1 - p) + 4:g}" text-anchor="end">{percent(p)}</text>'
            for p in (0, 0.5, 1)
        ),
    ]
    if measured:
        parts.append(_pairs(pairs["similarities"], found, low))
    parts += [_tick(value, height) for value in TICKS]
    x = _across(banding["threshold"])
    anchor, beside = ("end", x - 1) if x > 50 else ("start", x + 1)
    parts.append(f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="{height}" class="limit"/>')
    told = f"threshold {banding['threshold']:g}: {percent(at)}"
    parts.append(f'<text x="{beside:.2f}%" y="12" text-anchor="{anchor}">{told}</text>')
    parts.append(f'<text x="50%" y="{height + 37}" text-anchor="middle">similarity</text>')
    kind = "plot similarities" if measured else "plot curve-alone"
    return Markup(f'<svg class="{kind}" role="img" aria-label="{_text(_said(name, found, at))}">{"".join(parts)}</svg>')


def _said(name: str, found: Tree, at: float) -> str:
    """The picture in words."""
    banding, pairs = found["banding"], found["pairs"]
    told = f"{name}: a pair of the similarity {banding['threshold']:g} is compared with a probability of {percent(at)}"
    if pairs is None:
        return told
    above = sum(pairs["similarities"][threshold_place(found) :])
    return f"{told}; of {number(sum(pairs['similarities']))} pairs {number(above)} have it or more"


def _across(similarity: float) -> float:
    """Per cent of the width: the place where the column of this hundredth begins."""
    return 10_000 * similarity / N_HUNDREDTHS


def _curve(banding: Tree) -> str:
    steps = 4 * (N_HUNDREDTHS - 1)
    values = [(place / steps, curve(place / steps, banding["bands"], banding["rows"])) for place in range(steps + 1)]
    points = " ".join(f"{_across(s):.2f},{100 * (1 - p):.2f}" for s, p in values)
    grid = "".join(
        f'<line x1="0" x2="100%" y1="{CURVE_HEIGHT * (1 - p):g}" y2="{CURVE_HEIGHT * (1 - p):g}" class="grid-line"/>'
        for p in (0, 0.5, 1)
    )
    return grid + _stretched(0, CURVE_HEIGHT, 100, f'<polyline points="{points}" class="drawn"/>')


def _stretched(y: int, height: int, wide: int, inside: str) -> str:
    return (
        f'<svg x="0" y="{y}" width="100%" height="{height}" viewBox="0 0 {wide} 100" preserveAspectRatio="none">'
        f"{inside}</svg>"
    )


def _pairs(counts: list[int], found: Tree, y: int) -> str:
    """Columns of pairs by similarity; those below the threshold are of another colour."""
    top, threshold = top_power(max(counts)), threshold_place(found)
    parts = []
    for kind, places in (("lost", range(threshold)), ("kept", range(threshold, len(counts)))):
        path = "".join(
            f"M{place} 100v-{(tall := 100 * height(counts[place], top)):.2f}h.92v{tall:.2f}z"
            for place in places
            if counts[place]
        )
        parts.append(f'<path d="{path}" class="{kind}"/>')
    grid = ""
    for power in range(0, top + 1, math.ceil((top + 1) / MAX_POWERS)):
        up = y + PAIRS_HEIGHT * (1 - height(10**power, top))
        grid += f'<line x1="0" x2="100%" y1="{up:.1f}" y2="{up:.1f}" class="grid-line"/>'
        grid += f'<text x="-6" y="{up + 4:.1f}" text-anchor="end">{count(10**power)}</text>'
    base = y + PAIRS_HEIGHT
    axis = f'<line x1="0" x2="100%" y1="{base}" y2="{base}" class="axis"/>'
    return grid + _stretched(y, PAIRS_HEIGHT, N_HUNDREDTHS, "".join(parts)) + axis


def _tick(value: float, y: int) -> str:
    x = f"{_across(value):.2f}%"
    return (
        f'<line x1="{x}" x2="{x}" y1="{y}" y2="{y + 5}" class="axis"/>'
        f'<text x="{x}" y="{y + 19}" text-anchor="middle">{value:g}</text>'
    )


def top_power(most: int) -> int:
    """The power of ten at which an axis of counts ends."""
    return max(1, math.ceil(math.log10(max(1, most))))


def height(n: int, top: int) -> float:
    """How high a count stands on an axis of powers of ten that ends at 10^top, 0 .. 1; 0 of nothing."""
    return (math.log10(n) + FOOT) / (top + FOOT) if n else 0.0


def size_row(name: str, n: int, most: int) -> Markup:
    """Clusters of a size, on a scale of powers of ten that ends beyond the most."""
    wide = 100 * height(n, top_power(most))
    label = f"{number(n)} clusters of {name}"
    return Markup(
        f'<svg class="strip" height="16" role="img" aria-label="{_text(label)}"><title>{_text(label)}</title>'
        f'<rect x="0" y="2" width="{wide:.2f}%" height="12" class="kept"/></svg>'
    )


def size_axis(most: int) -> Markup:
    """The axis below the sizes."""
    top = top_power(most)
    parts = ['<line x1="0" x2="100%" y1="0.5" y2="0.5" class="axis"/>']
    for power in range(0, top + 1, math.ceil((top + 1) / MAX_POWERS)):
        x = 100 * height(10**power, top)
        anchor = "end" if x > 95 else "middle"
        parts.append(f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="5" class="axis"/>')
        parts.append(f'<text x="{x:.2f}%" y="19" text-anchor="{anchor}">{count(10**power)}</text>')
    return Markup(f'<svg class="strip-axis" height="24" aria-hidden="true">{"".join(parts)}</svg>')


def heat(n: int, whole: int) -> str:
    """The class of a cell: h0 of none, h8 of all, by the square root of the share: 1 % can be told from none."""
    if not n:
        return "h0"
    return f"h{min(N_LEVELS, math.ceil(N_LEVELS * math.sqrt(min(1.0, n / whole if whole else 1.0))))}"


def briefly(n: int) -> str:
    """A count with three digits at most: 999, 1.23 k, 45.6 M."""
    if n < 1000:
        return number(n)
    n = round(n, 3 - len(str(n)))
    power = min(4, (len(str(n)) - 1) // 3)
    value = n / 1000**power
    shown = f"{value:.{max(0, 2 - (len(str(int(value))) - 1))}f}"
    return f"{shown} {'kMGT'[power - 1]}"


def cell_title(kept: str, removed: str, n: int, whole: int) -> str:
    """What a cell of the matrix says, in words."""
    return f"{number(n)} of {removed} ({share(n, whole)}) for a copy in {kept}"
