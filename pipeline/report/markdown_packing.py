"""Packing as Markdown: the facts of its section of the page."""

from __future__ import annotations

from typing import Any

from .markdown_text import plain, table
from .markdown_training import next_part
from .packing import options, shown, verdict
from .text import number

Tree = dict[str, Any]


def packing_part(data: Tree) -> list[str]:
    """What packing cost; nothing if the run packs nothing. Without an ablation, what to do next stands here."""
    found = data["packing"]
    if found is None:
        return []
    return [
        "## Packing",
        f"Sequences of {number(found['sequence_tokens'])} tokens, `{options(found['way'])}`. {plain(verdict(found))}",
        "### Every way to pack",
        "Padding is of all slots, cropped and dropped of all tokens; a document is cut if it is in pieces or cropped.",
        _every_way(found),
        "### What there is to train and to validate on",
        _sides(found),
        *([] if data["ablation"] else next_part(data)),
    ]


def _every_way(found: Tree) -> str:
    rows = []
    for source, ways in {"(all)": found["total"], **found["ways"]}.items():
        for way, one in ways.items():
            name = f"**{plain(way)}** (used)" if way == found["way"] else plain(way)
            lost = [f"{number(one[key])} ({plain(shown(one[key + '_share']))})" for key in ("cropped", "dropped")]
            padding = f"{number(one['padding'])} ({plain(shown(one['padding_share']))})"
            counts = [number(one["sequences"]), number(one["tokens"]), padding, *lost]
            rows.append([plain(source), name, *counts, _cut(one)])
    return table(["source", "way", "sequences", "tokens", "padding", "cropped", "dropped", "documents cut"], rows)


def _cut(one: Tree) -> str:
    share = one["documents_cut"] / one["documents"] if one["documents"] else None
    return f"{number(one['documents_cut'])} ({plain(shown(share))})"


def _sides(found: Tree) -> str:
    rows = []
    for source, about in found["sources"].items():
        for side in ("train", "validation"):
            one = about[side]
            counts = [number(one["sequences"]), number(one["tokens"]), plain(shown(one["padding_share"]))]
            named = [plain(source), _side_name(side, about)]
            rows.append([*named, *counts, number(one["documents"]), _cut(one), number(one["pieces"])])
    head = ["source", "side", "sequences", "tokens", "padding", "documents", "of them cut", "pieces"]
    return table(head, rows)


def _side_name(side: str, about: Tree) -> str:
    if side == "train":
        return side
    held_out = "" if about["validation_share"] is None else f" {plain(shown(about['validation_share']))}"
    return f"{side}{held_out}{' (small)' if about['validation_is_small'] else ''}"
