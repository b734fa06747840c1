"""Pictures of perplexities as SVG text: how the documents of a language or a source spread, and where bounds lie.

Places across are of one scale for a whole stage, so that pictures below each other can be compared. Colours are
classes; what a colour says, a word beside the picture says too.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from markupsafe import Markup

from .figures import _text
from .perplexity import N_COLUMNS, figure, position
from .perplexity_spread import FATES, PARTS
from .text import number

HEIGHT = 40
"""As high as the tallest column; a picture is stretched to what the page gives it."""
STYLES = dict(zip(FATES, ("kept", "lost", "cut"), strict=True))
MIN_NAMED = 15
"""A part has its name over it if it takes these per cent of the width."""
NARROW, LETTER = 300, 7.5
"""Pixels of the narrowest picture, and of a letter at its axis."""

Tree = dict[str, Any]


def spread(name: str, row: Tree, bounds: Tree | None, found: Tree, reference: bool = False) -> Markup:
    """Documents by perplexity, kept to the end below and dropped on top, with bounds as dashed lines.

    reference: draw the outline of the documents that gave the bounds, in the same shares.
    """
    counts = [row["columns"][fate] for fate in FATES]
    shares = [of / max(1, row["measured"]) for of in map(sum, zip(*counts, strict=True))]
    outline = _shares(bounds["columns"]) if bounds and reference else []
    most = max([*shares, *outline]) or 1.0
    tall = HEIGHT / most / max(1, row["measured"])
    parts = [f'<path d="{path}" class="{STYLES[fate]}"/>' for fate, path in _paths(counts, tall).items() if path]
    parts += [_outline([HEIGHT * share / most for share in outline])] if outline else []
    for end in bounds["ends"] if bounds else ():
        x = f"{N_COLUMNS * position(found, end):.2f}"
        parts.append(f'<line x1="{x}" x2="{x}" y1="0" y2="{HEIGHT}" class="limit"/>')
    parts.append(f'<line x1="0" x2="{N_COLUMNS}" y1="{HEIGHT}" y2="{HEIGHT}" class="axis"/>')
    label = said(name, row)
    return Markup(
        f'<svg class="spread" viewBox="0 0 {N_COLUMNS} {HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{_text(label)}"><title>{_text(label)}</title>{"".join(parts)}</svg>'
    )


def _shares(counts: list[int]) -> list[float]:
    return [n / max(1, sum(counts)) for n in counts]


def _paths(counts: list[list[int]], tall: float) -> dict[str, str]:
    """Fate -> its columns, each on those of the fates before it."""
    paths, below = {}, [0] * N_COLUMNS
    for fate, of in zip(FATES, counts, strict=True):
        paths[fate] = "".join(
            f"M{x} {HEIGHT - tall * under:.2f}v-{tall * n:.2f}h.9v{tall * n:.2f}z"
            for x, (n, under) in enumerate(zip(of, below, strict=True))
            if n
        )
        below = [n + under for n, under in zip(of, below, strict=True)]
    return paths


def _outline(heights: list[float]) -> str:
    points = [f"{x},{HEIGHT - height:.2f}" for place, height in enumerate(heights) for x in (place, place + 1)]
    return f'<polyline points="{" ".join(points)}" class="reference"/>'


def said(name: str, row: Tree) -> str:
    """The picture in words."""
    if row["quantiles"] is None:
        return f"{name}: {number(row['documents'])} documents, none of them measured"
    low, median, high = (figure(row["quantiles"][q]) for q in ("5", "50", "95"))
    return (
        f"{name}: perplexity of {number(row['measured'])} documents, median {median}, 90 % from {low} to {high};"
        f" {number(row['fates']['here'])} dropped here, {number(row['fates']['later'])} later"
    )


def names(bounds: Tree, found: Tree) -> Markup:
    """The parts over the pictures of a language, each beside its bound, as far as there is room."""
    first, last = (100 * position(found, end) for end in bounds["ends"])
    told = [
        _name(PARTS[0], first - 1, "end") if first >= MIN_NAMED else "",
        _name(PARTS[1], (first + last) / 2, "middle") if last - first >= MIN_NAMED else "",
        _name(PARTS[2], last + 1, "start") if 100 - last >= MIN_NAMED else "",
    ]
    return Markup(f'<svg class="strip-axis" height="16" aria-hidden="true">{"".join(told)}</svg>')


def _name(part: str, x: float, anchor: str) -> str:
    return f'<text x="{x:.2f}%" y="13" text-anchor="{anchor}">{part}</text>'


def axis(found: Tree) -> Markup:
    """The axis below the pictures of a stage: perplexities at equal distances of their logarithm."""
    parts = ['<line x1="0" x2="100%" y1="0.5" y2="0.5" class="axis"/>']
    for value in ticks(found):
        x = 100 * position(found, value)
        anchor = "start" if x < 6 else "end" if x > 94 else "middle"
        parts.append(f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="5" class="axis"/>')
        parts.append(f'<text x="{x:.2f}%" y="19" text-anchor="{anchor}">{figure(value)}</text>')
    return Markup(f'<svg class="strip-axis" height="24" aria-hidden="true">{"".join(parts)}</svg>')


def ticks(found: Tree) -> list[float]:
    """Round perplexities within the pictures, as many as there is room for."""
    inside: list[float] = []
    for steps, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3)):
        values = [step * 10.0**power for power in range(0, 11, every) for step in steps]
        inside = [value for value in values if 0 < position(found, value) < 1]
        if all(_apart(found, low, high) for low, high in pairwise(inside)):
            break
    return inside


def _apart(found: Tree, low: float, high: float) -> bool:
    """Whether the labels of two ticks do not touch where the picture is narrow."""
    letters = (len(figure(low)) + len(figure(high))) / 2
    return NARROW * (position(found, high) - position(found, low)) >= LETTER * (letters + 1)
