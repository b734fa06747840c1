"""What is known about packing, as plain JSON-ready values; None where a run has none of it.

"tokens" are predicted pairs, as in all counts of packed folders; shares are None where there is nothing to share.
"""

from __future__ import annotations

from typing import Any

from pipeline import storage
from train.pack import WAYS, add_costs
from train.tokens import SIDES

from .text import share
from .tokenized import folder_of

MIN_DOCUMENTS = 20
MIN_BYTES = 50_000
"""A source's validation side with less than one of these says little about the source."""
COUNTS = ("sequences", "tokens", "padding", "cropped", "documents", "documents_cut", "pieces", "cuts", "bytes")

Tree = dict[str, Any]


def packing_facts(run: str, exports: list[str]) -> Tree | None:
    """What packing into sequences cost, what every other way to pack would cost, and how much is held out."""
    folder = folder_of(run, exports, "packed.json")
    if folder is None:
        return None
    index, ways = (storage.read_json(storage.join(folder, name)) for name in ("packed.json", "packing.json"))
    slots = index["sequence_tokens"] + 1
    used = next(name for name, way in WAYS.items() if way == (index["packing"], index["long"]))
    by_source = {source: _ways(list(sides.values()), slots) for source, sides in ways.items()}
    return {
        "sequence_tokens": index["sequence_tokens"],
        "way": used,
        "sources": {source: _source(about, slots) for source, about in index["sources"].items()},
        "ways": {source: found for source, found in by_source.items() if found[used]["documents"]},
        "total": _ways([one for sides in ways.values() for one in sides.values()], slots),
    }


def _source(about: Tree, slots: int) -> Tree:
    sides = {side: _packed(about[side]["shards"], slots) for side in SIDES}
    n_tokens = sum(counts["tokens"] for counts in sides.values())
    held_out = sides["validation"]
    return {
        "tag": about["tag"],
        **sides,
        "validation_share": held_out["tokens"] / n_tokens if n_tokens else None,
        "validation_is_small": held_out["documents"] < MIN_DOCUMENTS or held_out["bytes"] < MIN_BYTES,
    }


def _packed(shards: list[Tree], slots: int) -> Tree:
    """Sums over the shards of one source and side; padding_share: of all slots."""
    total = {name: sum(shard[name] for shard in shards) for name in COUNTS}
    return {**total, "padding_share": _share(total["padding"], total["sequences"] * slots)}


def _ways(parts: list[Tree], slots: int) -> Tree:
    """Way to pack -> its counts, summed over parts; padding_share: of all slots; cropped and dropped: of all tokens."""
    found = {}
    for way, total in add_costs(parts).items():
        n_tokens = total["tokens"] + total["cropped"] + total["dropped"]
        found[way] = {
            **total,
            "padding_share": _share(total["padding"], total["sequences"] * slots),
            "cropped_share": _share(total["cropped"], n_tokens),
            "dropped_share": _share(total["dropped"], n_tokens),
            "cut_share": _share(total["documents_cut"], total["documents"]),
        }
    return found


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def shown(value: float | None) -> str:
    """A share as a percentage; a dash for None."""
    return "–" if value is None else share(value, 1)


def options(way: str) -> str:
    """The options of the stage that ask for a way to pack."""
    packing, long = WAYS[way]
    return f"packing: {packing}" + (", long: truncate" if long == "truncate" else "")


def verdict(found: Tree) -> str:
    """What the packing of this run cost, and what the usual other ways would have, in a few sentences."""
    total = found["total"]
    one = total[found["way"]]
    if not one["documents"]:
        return "There is nothing to pack."
    truncates = WAYS[found["way"]][1] == "truncate"
    lost = f"{shown(one['cropped_share'])} of the tokens are cropped" if truncates else "no token is cropped or dropped"
    parts = [
        f"{shown(one['padding_share'])} of the slots are padding, {lost}, and "
        f"{shown(one['cut_share'])} of the documents are {'cropped' if truncates else 'cut into pieces'}."
    ]
    others = {
        "concat": f"Laid end to end, {shown(total['concat']['cut_share'])} of the documents would be cut.",
        "best_fit": f"By best fit, {shown(total['best_fit']['cut_share'])} of the documents would be cut,"
        f" with {shown(total['best_fit']['padding_share'])} padding.",
        "pad": f"One to a sequence, {shown(total['pad']['padding_share'])} of the slots would be padding.",
    }
    return " ".join([*parts, *(text for way, text in others.items() if way != found["way"])])
