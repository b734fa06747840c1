"""Pictures of packing as SVG text: what becomes of tokens and slots in each way to pack, on one scale."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from .figures import _rect, _svg
from .text import number, share

Tree = dict[str, Any]

PARTS = {"tokens": "kept", "cropped": "cut", "dropped": "cut", "padding": "lost"}
"""What a bar is made of, from the left, and its colour."""
WIDTH, HEIGHT = 600.0, 18.0


def scale(ways: Tree) -> int:
    """The longest bar of ways to pack: the tokens of all documents, and the padding beside them."""
    return max(_length(one) for one in ways.values()) or 1


def _length(one: Tree) -> int:
    return sum(one[part] for part in PARTS)


def bar(one: Tree, whole: int) -> Markup:
    """One way to pack: tokens to train on, tokens lost, and padding, out of `whole`."""
    parts, place = [], 0.0
    for part, colour in PARTS.items():
        width = WIDTH * one[part] / whole
        if one[part]:
            parts.append(_rect(place, 0, width, HEIGHT, colour, f"{number(one[part])} {part}"))
        place += width
    label = ", ".join(f"{part} {share(one[part], _length(one))}" for part in PARTS if one[part])
    return _svg(WIDTH, HEIGHT, "".join(parts), label or "nothing", "bar")


def cut_bar(one: Tree) -> Markup:
    """The share of the documents that one way to pack cuts or crops."""
    width = WIDTH * one["documents_cut"] / one["documents"] if one["documents"] else 0.0
    told = f"{share(one['documents_cut'], one['documents'])} of the documents"
    return _svg(WIDTH, HEIGHT, _rect(0, 0, width, HEIGHT, "cut", told), told, "bar")
