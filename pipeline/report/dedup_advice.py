"""What to do about duplicates, where the numbers of a stage call for it: sentences, the most pressing first."""

from __future__ import annotations

from typing import Any

from .dedup import SENTENCE, items
from .text import number, percent, share

MUCH = 0.05
"""Of the removed documents: so many far from the one kept are worth another way to cluster."""
LARGE = 0.01
"""Of all documents: a cluster of so many is no matter of a few copies."""
MIN_SIZE = 50
CLOSE = 5
"""Hundredths below the threshold in which a pair counts as close."""
MANY_CLOSE = 0.5
"""Of the pairs above the threshold: so many close below it make the threshold decide much."""
MIN_PAIRS = 100
MUCH_LOST = 0.01
"""Of the sentences that were cut."""

Tree = dict[str, Any]


def warnings(label: str, found: Tree) -> list[str]:
    """What to be careful about with a stage, and what to do."""
    return [
        *_left(label, found),
        *_far(label, found),
        *_large(label, found),
        *_close(label, found),
        *_lost(label, found),
        *_same(label, found),
    ]


def curve(similarity: float, bands: int, rows: int) -> float:
    """How likely two texts of this similarity share a band: 1 - (1 - s^rows)^bands.

    Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, section 3.4.
    """
    return float(1 - (1 - similarity**rows) ** bands)


def missed(found: Tree) -> float | None:
    """The share of pairs as similar as those found that share no band, by the curve; None if there are none."""
    banding, counts = found["banding"], found["pairs"]["similarities"]
    likely = [curve(min(1.0, (place + 0.5) / 100), banding["bands"], banding["rows"]) for place in range(len(counts))]
    above = [(n, p) for n, p in list(zip(counts, likely, strict=True))[threshold_place(found) :] if p]
    there = sum(n / p for n, p in above)
    return 1 - sum(n for n, _ in above) / there if there else None


def curve_means(found: Tree) -> str:
    """What is said of the picture with the S-curve."""
    told = "How likely a pair of a similarity is to share a band, and so to be compared."
    if found["pairs"] is None or not any(found["pairs"]["similarities"]):
        return told
    lost = missed(found)
    few = "" if lost is None else f" Of pairs as similar as those found, the curve misses {percent(lost)}."
    return f"{told} Below, the pairs that were, on a scale of powers of ten: grey ones lie below the threshold.{few}"


def threshold_place(found: Tree) -> int:
    """The hundredth in which the threshold lies."""
    return min(100, int(100 * found["banding"]["threshold"] + 1e-9))


def _left(label: str, found: Tree) -> list[str]:
    pairs = found["pairs"] or {"left": 0, "undecided": 0}
    told = []
    if pairs["undecided"]:
        told.append(
            f"{number(pairs['undecided'])} {items(found)} were kept since their clusters have too many turns to go"
            f" through. A higher “threshold” in {label} makes clusters smaller."
        )
    if not pairs["left"]:
        return told
    return [
        *told,
        f"{number(pairs['left'])} pairs that share a band were left unmeasured after"
        f" {number(pairs['rounds'])} rounds, so some copies may be kept. More “rows” in {label} make such"
        " meetings fewer.",
    ]


def _far(label: str, found: Tree) -> list[str]:
    far, removed = found["far"] or 0, found["clusters"]["removed"]
    if far < max(1, MUCH * removed) or (found["banding"] or {}).get("cluster") != "connected":
        return []
    return [
        f"{number(far)} of {number(removed)} dropped documents ({share(far, removed)}) are less similar to the one"
        f" that was kept than the threshold: others connect them. With “cluster: star” in {label} none is."
    ]


def _large(label: str, found: Tree) -> list[str]:
    n = found["items"]
    largest = max(found["clusters"]["largest"], key=lambda one: int(one["size"]), default=None)
    if largest is None or largest["size"] < max(MIN_SIZE, LARGE * n):
        return []
    return [
        f"One cluster holds {number(largest['size'])} of {number(n)} {items(found)} ({share(largest['size'], n)}). Read"
        f" what is kept of it: a notice or an error page, repeated so often, is better removed by a rule."
    ]


def _close(label: str, found: Tree) -> list[str]:
    if found["pairs"] is None or found["banding"] is None or found["banding"]["verify"] == "none":
        return []
    place, counts = threshold_place(found), found["pairs"]["similarities"]
    below, above = sum(counts[max(0, place - CLOSE) : place]), sum(counts[place:])
    if below < max(MIN_PAIRS, MANY_CLOSE * above):
        return []
    return [
        f"{number(below)} pairs lie less than {CLOSE / 100:g} below the threshold, and {number(above)} above it: where"
        f" it lies decides much. Read the drops nearest to it; if they are copies without doubt, a lower “threshold” in"
        f" {label} finds more."
    ]


def _lost(label: str, found: Tree) -> list[str]:
    if not found["orphans"] or found["level"] != SENTENCE or found["orphans"] < MUCH_LOST * found["cut"]["items"]:
        return []
    rate = found["orphans"] / max(1, found["cut"]["items"])
    return [
        f"{number(found['orphans'])} {items(found)} were cut, and the copy kept for them went too, with a document that"
        f" was then too short ({percent(min(1.0, rate))} of those cut). Let {label} keep shorter documents: lower its"
        f" “min_words” and “min_units”."
    ]


def _same(label: str, found: Tree) -> list[str]:
    same = found["index"]["same_uid"] if found.get("index") else 0
    if not same:
        return []
    return [
        f"{number(same)} documents were removed by {label} for one with their own uid: the index is of these files,"
        " or of others with the same source and names. Give the files of each month names of their own."
    ]
