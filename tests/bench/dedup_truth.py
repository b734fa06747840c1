"""What a comparison of made-up signatures found, beside what was planted and what the S-curve says.

Letters: N documents of a shard, E planted pairs, H minima.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from .planted_signatures import ALONE, SIMILARITIES, Planted, found_chance

CHUNK = 50_000


def check(bench: Any, facts: dict[str, Any]) -> None:
    """Print what is wrong, which should be nothing, and the recall of planted pairs by similarity."""
    stage, made = bench.stage, Planted(bench.n, bench.stage.n_minima)
    bands, rows = facts["banding"]["bands"], facts["banding"]["rows"]
    least = next(n for n in range(made.n_minima + 1) if n * 10_000 // made.n_minima >= round(10_000 * stage.threshold))
    dropped = np.zeros(bench.n, np.bool_)
    wrong: Counter[str] = Counter()
    for first, shard in zip(bench.firsts.tolist(), bench.shards, strict=False):
        found = bench.found(shard)
        for start in range(0, len(found["row"]), CHUNK):
            part = {name: values[start : start + CHUNK] for name, values in found.items()}
            wrong += _wrong(made, part["row"] + first, part, round(10_000 * stage.threshold), dropped)
    print(f"    {dropped.sum():,} dropped; wrong: {dict(wrong) or 'nothing'}")
    _recall(made, dropped, bands, rows, least)


def _wrong(made: Planted, numbers: np.ndarray, part: dict[str, Any], least: int, dropped: np.ndarray) -> Counter[str]:
    """Count what is wrong with verdicts on these documents; marks those that are dropped."""
    neighbours, twins = (part[name][:, 1].astype(np.int64) for name in ("neighbour", "twin"))
    goes, found = part["twin"].any(axis=1), part["neighbour"].any(axis=1)
    dropped[numbers[goes]] = True
    own, similarity, wrong = made.places(numbers)[0], part["similarity"].astype(np.int64), Counter[str]()
    measured = equal_minima(made, numbers[found], neighbours[found]) * 10_000 // made.n_minima
    wrong["dropped without a neighbour"] = int((goes & ~found).sum())
    wrong["neighbour not planted"] = int((own[found] != made.places(neighbours[found])[0]).sum())
    wrong["twin not planted"] = int((own[goes] != made.places(twins[goes])[0]).sum())
    wrong["alone in what was planted"] = int((own == ALONE).sum())
    wrong["similarity"] = int((measured != similarity[found]).sum())
    wrong["below the threshold"] = int((measured < least).sum())
    return +wrong


def equal_minima(made: Planted, some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How many minima each two documents share, int64."""
    return (made.signatures(some) == made.signatures(others)).sum(axis=1)


def _recall(made: Planted, dropped: np.ndarray, bands: int, rows: int, least: int) -> None:
    """Of pairs alone in their cluster, so that nothing but their own similarity decides."""
    firsts, seconds, similarities = made.pairs()
    due = np.zeros(len(firsts), np.bool_)
    for start in range(0, len(firsts), CHUNK):
        some, others = (made.signatures(ends[start : start + CHUNK]) for ends in (firsts, seconds))
        same = some == others
        met = np.stack([same[:, band::bands][:, :rows].all(axis=1) for band in range(bands)]).any(axis=0)
        due[start : start + CHUNK] = met & (same.sum(axis=1) >= least)
    both = dropped[seconds]
    print(
        f"    pairs that share a band and enough minima, and were not found: {(due & ~both).sum()}; the reverse: {(both & ~due).sum()}"
    )
    print("    | similarity | pairs | found | S-curve | S-curve and verified |\n    |---|---|---|---|---|")
    for similarity in SIMILARITIES.tolist():
        here = np.isclose(similarities, similarity)
        curve = 1 - (1 - similarity**rows) ** bands
        chance = found_chance(similarity, bands, rows, least)
        print(f"    | {similarity:.2f} | {here.sum():,} | {both[here].mean():.2%} | {curve:.2%} | {chance:.2%} |")
