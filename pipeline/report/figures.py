"""Pictures as SVG text: pure functions of counts. Colours are classes, so that the style sheet decides."""

from __future__ import annotations

from html import escape
from typing import Any

from markupsafe import Markup

from .text import number, share, size, visible

N_COLOURS = 7
OTHER = "other sources"
HISTOGRAM = (260.0, 84.0)
"""Width and height; both are stretched to what the page gives."""


def grouped(sources: list[str], weights: dict[str, int]) -> dict[str, int]:
    """Source -> colour: the heaviest have one of their own, the rest share the last."""
    ranked = sorted(sources, key=lambda source: (-weights.get(source, 0), source))
    own = set(ranked[: N_COLOURS if len(ranked) <= N_COLOURS else N_COLOURS - 1])
    colours = iter(range(N_COLOURS))
    return {source: next(colours) if source in own else N_COLOURS - 1 for source in sources}


def legend(colours: dict[str, int]) -> Markup:
    """The sources beside their colours."""
    names: dict[int, list[str]] = {}
    for source, colour in colours.items():
        names.setdefault(colour, []).append(source)
    items = [
        '<li><svg width="12" height="12" aria-hidden="true">'
        f'<rect width="12" height="12" rx="2" class="c{colour}"/></svg> '
        f"{_text(members[0] if len(members) == 1 else OTHER)}</li>"
        for colour, members in sorted(names.items())
    ]
    return Markup(f'<ul class="legend">{"".join(items)}</ul>')


def bar(counts: dict[str, int], lost: int, whole: int, colours: dict[str, int], what: str) -> Markup:
    """One stage of the funnel: what is left by source, then what this stage took, out of `whole`."""
    width, place = 600.0, 0.0
    scale = width / whole if whole else 0.0
    parts = []
    for source, value in counts.items():
        if value:
            title = f"{source}: {_amount(value, what)}"
            parts.append(_rect(place, 0, value * scale, 18, f"c{colours[source]}", title))
            place += value * scale
    if lost:
        parts.append(_rect(place, 0, lost * scale, 18, "lost", f"dropped here: {_amount(lost, what)}"))
    label = f"{_amount(sum(counts.values()), what)} left, {_amount(lost, what)} dropped here"
    return _svg(width, 18, "".join(parts), label, "bar")


def _amount(value: int, what: str) -> str:
    return size(value) if what == "bytes" else f"{number(value)} {what}"


def histogram(signal: dict[str, Any], name: str, marks: str = "", limits: str = "") -> Markup:
    """Documents by the value of a signal: kept below, dropped on top, with the greatest column as scale.

    marks: SVG to lay on it, see `rule_figures.limit_marks`; limits: the same in words.
    """
    kept, dropped = signal["kept"], signal["dropped"]
    width, height = HISTOGRAM
    most = max((k + d for k, d in zip(kept, dropped, strict=True)), default=0) or 1
    step = width / max(1, len(kept))
    parts = []
    for place, (k, d) in enumerate(zip(kept, dropped, strict=True)):
        if k + d:
            low, high = k / most * height, (k + d) / most * height
            title = f"{_range(signal, place)}: {number(k)} kept, {number(d)} dropped"
            x, wide = place * step, max(step - 1, 0.6)
            columns = _rect(x, height - low, wide, low, "kept") + _rect(x, height - high, wide, high - low, "cut")
            parts.append(f"<g><title>{_text(title)}</title>{columns}</g>")
    axis = f'<line x1="0" x2="{width:g}" y1="{height + 0.5:g}" y2="{height + 0.5:g}" class="axis"/>'
    total = sum(kept) + sum(dropped)
    label = f"{name}: histogram of {number(total)} documents, {share(sum(dropped), total)} of them dropped"
    return _svg(width, height + 2, axis + "".join(parts) + marks, label + (limits and f"; {limits}"), "histogram")


def _range(signal: dict[str, Any], place: int) -> str:
    low, high = signal["edges"][place : place + 2]
    if low is None:
        return f"below {number(high)}"
    if high is None:
        return f"above {number(low)}" if signal["kind"] == "frac" else f"from {number(low)} on"
    return f"{number(low)} up to {number(high)}"


def ends(signal: dict[str, Any]) -> tuple[str, str]:
    """What stands at the left and the right end of a histogram."""
    edges = signal["edges"]
    low, high = edges[0], edges[-1]
    return (
        _range(signal, 0) if low is None else number(low),
        _range(signal, len(edges) - 2) if high is None else number(high),
    )


def columns(pairs: list[list[Any]], what: str) -> Markup:
    """(name, count) as horizontal bars."""
    most = max((count for _, count in pairs), default=0) or 1
    line = 20
    parts = []
    for row, (name, count) in enumerate(pairs):
        y = row * line
        shown = visible(name)[:24]
        parts.append(f'<text x="96" y="{y + 14}" text-anchor="end">{escape(shown)}</text>')
        parts.append(_rect(104, y + 3, 240 * count / most, 14, "kept"))
        parts.append(f'<text x="{110 + 240 * count / most:.1f}" y="{y + 14}">{number(count)}</text>')
    return _svg(420, max(1, len(pairs)) * line, "".join(parts), f"{what}: bars of {len(pairs)} values", "columns")


def _rect(x: float, y: float, width: float, height: float, kind: str, title: str = "") -> str:
    inside = f"<title>{_text(title)}</title>" if title else ""
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" class="{kind}">{inside}</rect>'


def _svg(width: float, height: float, inside: str, label: str, kind: str) -> Markup:
    return Markup(
        f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{_text(label)}"'
        f"{' preserveAspectRatio=' + chr(34) + 'none' + chr(34) if kind != 'columns' else ''}>{inside}</svg>"
    )


def _text(text: object) -> str:
    return escape(visible(text))
