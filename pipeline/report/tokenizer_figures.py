"""Pictures of tokenizers as SVG text: tokens by size of the vocabulary, and what content costs in another language.

Places across are percentages of the width. Colours are classes; what a colour says, a word beside it says too.
"""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from .ablation_figures import LABEL_HEIGHT, PLOT_HEIGHT, Scale, _apart, style_of, ticks
from .figures import _text
from .text import brief_share, number

MAX_LABEL = 12
N_LEVELS = 8
UNKNOWN = 0.01
"""A share of the tokens; with fewer that are unknown, the others tell how long tokens are."""
ALIKE = 0.0005
"""Bytes per token that the page does not tell apart."""
ROOM = 1.08

Tree = dict[str, Any]


def heat(name: str, row: Tree) -> str:
    """The class of a cell of bytes per token: from h0, the fewest of its row, to h8, the most; alike if they are.

    A tokenizer that does not know some of the text is not compared, and has no colour.
    """
    known = {
        other: one["bytes_per_token"]
        for other, one in row["models"].items()
        if one["bytes_per_token"] is not None and one["unknown_share"] < UNKNOWN
    }
    if name not in known:
        return ""
    low, high = min(known.values()), max(known.values())
    return "h4" if high - low < ALIKE else f"h{round(N_LEVELS * (known[name] - low) / (high - low))}"


def sweep_curves(sweep: Tree) -> Markup:
    """Tokens for 1,000 bytes by size of the vocabulary, a line for all text and one for each group, knees as dots."""
    sizes, curves = sweep["sizes"], sweep["curves"]
    if len(sizes) < 2 or not curves:
        return Markup("")
    across = Scale(math.log2(sizes[0]), math.log2(sizes[-1]))
    values = [value for curve in curves for value in curve["per_kb"]]
    room = max(max(values) - min(values), 1.0) / 20
    up = Scale(max(0.0, min(values) - room), max(values) + room)
    lines = "".join(_line(curve, place, sizes, across, up) for place, curve in enumerate(curves))
    inside = (
        _up_axis(up)
        + _size_axis(sizes, across)
        + f'<svg width="100%" height="{PLOT_HEIGHT}" viewBox="0 0 100 100" preserveAspectRatio="none">{lines}</svg>'
        + "".join(_knee(curve, place, sizes, across, up) for place, curve in enumerate(curves))
        + _names(curves, up)
    )
    label = f"Tokens for 1,000 bytes of text by size of the vocabulary, {len(curves)} curves"
    return Markup(f'<svg class="curves sweep" role="img" aria-label="{_text(label)}">{inside}</svg>')


def _line(curve: Tree, place: int, sizes: list[int], across: Scale, up: Scale) -> str:
    points = " ".join(
        f"{across.at(math.log2(n)):.2f},{100 - up.at(value):.2f}"
        for n, value in zip(sizes, curve["per_kb"], strict=True)
    )
    return f'<polyline points="{points}" class="curve {style_of(place)}"/>'


def _knee(curve: Tree, place: int, sizes: list[int], across: Scale, up: Scale) -> str:
    if not curve["knee"]:
        return ""
    x = across.at(math.log2(curve["knee"]))
    y = PLOT_HEIGHT * (1 - up.at(curve["per_kb"][sizes.index(curve["knee"])]) / 100)
    title = f"<title>{_text('knee of ' + curve['name'])}: {number(curve['knee'])} tokens</title>"
    dot = f'<circle cx="{x:.2f}%" cy="{y:.1f}" r="5.5" class="mean {style_of(place)}">{title}</circle>'
    if place:
        return dot
    foot = f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{y:.1f}" y2="{PLOT_HEIGHT}" class="best-line"/>'
    return foot + dot + f'<text x="{x:.2f}%" y="{PLOT_HEIGHT - 6}" dx="6">knee {number(curve["knee"])}</text>'


def _up_axis(up: Scale) -> str:
    parts = []
    for value in ticks(up.low, up.high, 4):
        y = PLOT_HEIGHT * (1 - up.at(value) / 100)
        parts.append(f'<line x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}" class="grid-line"/>')
        parts.append(f'<text x="-8" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    return "".join(parts)


def _size_axis(sizes: list[int], across: Scale) -> str:
    parts = [f'<line x1="0" x2="100%" y1="{PLOT_HEIGHT}" y2="{PLOT_HEIGHT}" class="axis"/>']
    for power in range(math.ceil(across.low), math.floor(across.high) + 1):
        x = f"{across.at(power):.2f}%"
        parts.append(f'<line x1="{x}" x2="{x}" y1="{PLOT_HEIGHT}" y2="{PLOT_HEIGHT + 5}" class="axis"/>')
        parts.append(f'<text x="{x}" y="{PLOT_HEIGHT + 19}" text-anchor="middle">{_short(2**power)}</text>')
    parts.append(f'<text x="100%" y="{PLOT_HEIGHT + 39}" text-anchor="end">tokens in the vocabulary</text>')
    return "".join(parts)


def _short(n: int) -> str:
    return f"{n // 1024}k" if n >= 1024 else str(n)


def _names(curves: list[Tree], up: Scale) -> str:
    """Names where the lines end, pushed apart where they would overlap, with leaders to the lines."""
    ends = sorted(
        (PLOT_HEIGHT * (1 - up.at(curve["per_kb"][-1]) / 100), place, curve["name"])
        for place, curve in enumerate(curves)
    )
    assert len(ends) * LABEL_HEIGHT <= PLOT_HEIGHT
    parts = []
    for (end, place, name), y in zip(ends, _apart([end for end, _, _ in ends]), strict=True):
        short = name if len(name) <= MAX_LABEL else f"{name[:5]}…{name[-5:]}"
        parts.append(f'<polyline points="2,{end:.1f} 12,{y:.1f} 22,{y:.1f}" class="curve {style_of(place)}"/>')
        parts.append(f'<text x="27" y="{y + 4:.1f}">{_text(short)}</text>')
    return f'<svg x="100%" class="end-labels" overflow="visible">{"".join(parts)}</svg>'


def premium_scale(rows: list[Tree]) -> Scale:
    """The axis of what content costs, with 1, as much as in the reference language, and all quartiles in it."""
    known = [row for row in rows if row["ratio"] is not None]
    values = [value for row in known for value in (row["ratio"], *(row["quartiles"] or [])[1:4])]
    low, high = min([1.0, *values]), max([1.0, *values])
    return Scale(low / ROOM, high * ROOM)


def premium(row: Tree, scale: Scale) -> Markup:
    """One row: the middle half of the pairs as a line, the whole text as a dot, 1 as a dashed line."""
    one = f"{scale.at(1.0):.2f}%"
    parts = [f'<line x1="{one}" x2="{one}" y1="0" y2="30" class="best-line"/>']
    if row["quartiles"]:
        low, high = (f"{scale.at(row['quartiles'][place]):.2f}%" for place in (1, 3))
        parts.append(f'<line x1="{low}" x2="{high}" y1="15" y2="15" class="whisker"/>')
        parts += [f'<line x1="{x}" x2="{x}" y1="10" y2="20" class="whisker cap"/>' for x in (low, high)]
    if row["ratio"] is not None:
        parts.append(f'<circle cx="{scale.at(row["ratio"]):.2f}%" cy="15" r="6" class="mean m0"/>')
    label = f"{row['model']}, {row['language']}: {said(row)}"
    return Markup(f'<svg class="strip" height="30" role="img" aria-label="{_text(label)}">{"".join(parts)}</svg>')


def said(row: Tree) -> str:
    """The row in words."""
    if row["ratio"] is None:
        return "no tokens"
    spread = row["quartiles"]
    unknown = f"; {brief_share(row['unknown'], row['tokens'])} unknown" if row["unknown"] else ""
    return f"{row['ratio']:.2f}" + (f" (half of them {spread[1]:.2f} to {spread[3]:.2f})" if spread else "") + unknown


def premium_axis(scale: Scale) -> Markup:
    """The axis below the rows."""
    parts = ['<line x1="0" x2="100%" y1="0.5" y2="0.5" class="axis"/>']
    for value in ticks(scale.low, scale.high, 3):
        x = f"{scale.at(value):.2f}%"
        parts.append(f'<line x1="{x}" x2="{x}" y1="0" y2="5" class="axis"/>')
        parts.append(f'<text x="{x}" y="19" text-anchor="middle">{value:g}</text>')
    return Markup(f'<svg class="strip-axis" height="24" aria-hidden="true">{"".join(parts)}</svg>')
