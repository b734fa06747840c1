"""Rounds of `clustering` about clusters: what is connected, and what is kept of it for whom.

Letters: V items, E pairs, R items that nothing is decided about, S shards.

Files of a bench, r a round, t a turn: `roots-r.npy` the least item of each one's cluster; `state-t-<name>.npy` and at
last `final-<name>.npy` a value of each item: `kept` the item that stays for it, itself if it stays and NONE if it is
alone, `similarity` to that one, `neighbour` and `nearest` the most similar one and how similar. All of them are dense,
a few bytes for each item; pairs are read by chunk. `final-guests.npy`: neighbours of items that another one stays for
than for them, as what is connected to several of an index may have them: pairs of a neighbour and of who stays for the
item that has it, ascending.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.stage import Bench, Comparison

from .dedup_pairs import column, different, few_partitions, measured, pairs_of, spill_pairs

if TYPE_CHECKING:
    from .clustering import Clustering

Array = npt.NDArray[Any]
NONE = np.uint32(0xFFFFFFFF)
UNKNOWN = -1
FINAL = ("kept", "similarity", "neighbour", "nearest")


def save(bench: Bench, name: str, values: Array) -> None:
    """Write an array to a file."""
    with bench.write(name) as file:
        np.save(file, values, allow_pickle=False)


@contextlib.contextmanager
def mapped(bench: Bench, name: str) -> Iterator[Array]:
    """The array of a file, mapped into memory until the block ends."""
    with bench.local(name) as path:
        yield np.load(path, mmap_mode="r", allow_pickle=False)


def load(bench: Bench, name: str) -> Array:
    """The array of a file."""
    with mapped(bench, name) as values:
        return np.array(values)


def join(stage: Clustering, bench: Comparison, number: int) -> int:
    """Join what the pairs of a round connect with what was connected before. Returns how many items are not alone."""
    from .kernels import unionfind

    n_items = int(stage.shards(bench).firsts[-1])
    parents = load(bench, f"roots-{number - 1}.npy") if number else np.arange(n_items, dtype=np.uint32)
    for pairs in _connecting(stage, bench, number):
        unionfind.join_pairs(parents, pairs)
    unionfind.flatten(parents)
    save(bench, f"roots-{number}.npy", parents)
    return int(unionfind.share(parents).sum())


def _connecting(stage: Clustering, bench: Comparison, number: int) -> Iterator[Array]:
    if stage.is_verified:
        for pairs, similarities in measured(bench, [number]):
            yield pairs[similarities >= stage.least_similarity]
        return
    for partition in range(few_partitions(bench)):
        yield from column(bench, stage.pair_spills(bench, number), "pair", partition)


def settle(stage: Clustering, bench: Comparison, turn: int, n_rounds: int) -> dict[str, Any]:
    """Go through what nothing is decided about: the first in priority of each cluster stays, and others for it.

    n_rounds: of pairs. The first turn takes clusters as they are connected; each later one, of stars, the items that
    were not similar enough to the one that stayed. Returns how many those are now (`rest`), and how many pairs have to
    be measured for the next turn (`pairs`; they are spilled), or None for these if all is decided.
    """
    roots = load(bench, f"roots-{n_rounds - 1}.npy")
    merits = stage.merits(bench)
    state, rest = _taken_up(stage, bench, turn, roots, merits)
    is_done = turn > 0 and (not len(rest) or turn == stage.most_turns)
    if is_done:
        state["kept"][rest] = NONE
        _finish(stage, bench, state, n_rounds)
        return {"rest": len(rest), "pairs": None}
    from .kernels import unionfind

    order = rest[np.argsort(merits[rest], kind="stable")] if len(merits) else rest
    camps = stage.camps(bench).of(order).astype(np.int32)
    unionfind.appoint(roots, order, camps, state["kept"], state["similarity"])
    if not stage.is_verified:
        _finish(stage, bench, state, n_rounds)
        return {"rest": 0, "pairs": None}
    _note(stage, bench, state, merits, [*range(n_rounds), *range(stage.first_turn, stage.first_turn + turn)])
    asked = np.flatnonzero((state["similarity"] == UNKNOWN) & ~_stays(state["kept"]))
    spill_pairs(bench, f"pairs-{stage.first_turn + turn}-0", pairs_of(state["kept"][asked], asked))
    for name, values in state.items():
        save(bench, f"state-{turn}-{name}.npy", values)
    return {"rest": len(_rest(stage, state)), "pairs": len(asked)}


def _taken_up(
    stage: Clustering, bench: Comparison, turn: int, roots: Array, merits: Array
) -> tuple[dict[str, Array], Array]:
    """What the turn before has left, with what was measured since, and the items it has not decided about."""
    from .kernels import unionfind

    if turn == 0:
        kept, similarity = np.full(len(roots), NONE, np.uint32), np.full(len(roots), UNKNOWN, np.int16)
        return {"kept": kept, "similarity": similarity}, np.flatnonzero(unionfind.share(roots))
    state = {name: load(bench, f"state-{turn - 1}-{name}.npy") for name in ("kept", "similarity")}
    _note(stage, bench, state, merits, [stage.first_turn + turn - 1])
    return state, _rest(stage, state)


def _stays(kept: Array) -> Array:
    """Which items stay, those that are alone included, bool[V]."""
    return np.asarray((kept == NONE) | (kept == np.arange(len(kept), dtype=np.uint32)))


def _rest(stage: Clustering, state: dict[str, Array]) -> Array:
    """Items of stars that the kept one is not similar enough to, int64[R]."""
    if not stage.is_star:
        return np.zeros(0, np.int64)
    return np.flatnonzero((state["similarity"] < stage.least_similarity) & ~_stays(state["kept"]))


def _note(stage: Clustering, bench: Comparison, state: dict[str, Array], merits: Array, numbers: Iterable[int]) -> None:
    """Learn from the measured pairs of some rounds how similar items are to the ones that stay."""
    from .kernels import unionfind

    for pairs, similarities in measured(bench, numbers):
        unionfind.note_kept(state["kept"], state["similarity"], merits, pairs, similarities, stage.least_similarity)


def _finish(stage: Clustering, bench: Comparison, state: dict[str, Array], n_rounds: int) -> None:
    """Write the final state, and where to cut the items that stay, so that partitions have as many members each."""
    kept, similarity = state["kept"], state["similarity"]
    dropped = ~_stays(kept)
    has_members = np.zeros(len(kept), bool)
    has_members[kept[dropped]] = True
    kept[~dropped & ~has_members] = NONE
    neighbour, nearest = kept.copy(), similarity.copy()
    far = np.flatnonzero(dropped & (similarity < stage.least_similarity) & stage.is_verified)
    if len(far):
        neighbour[far], nearest[far] = (values[far] for values in _neighbours(stage, bench, len(kept), n_rounds))
        assert (neighbour[far] != NONE).all(), "items are connected by nothing"
    elsewhere = far[kept[neighbour[far]] != kept[far]]
    save(bench, "final-guests.npy", different(pairs_of(neighbour[elsewhere], kept[elsewhere])))
    for name, values in zip(FINAL, (kept, similarity, neighbour, nearest), strict=True):
        save(bench, f"final-{name}.npy", values)
    members = np.sort(kept[kept != NONE])
    cuts = [len(members) * part // few_partitions(bench) for part in range(1, few_partitions(bench))]
    save(bench, "final-cuts.npy", members[cuts] if len(members) else np.zeros(len(cuts), np.uint32))


def _neighbours(stage: Clustering, bench: Comparison, n_items: int, n_rounds: int) -> tuple[Array, Array]:
    """The most similar item of each one, of the measured that reach the threshold, and how similar it is."""
    from .kernels import unionfind

    neighbour, nearest = np.full(n_items, NONE, np.uint32), np.full(n_items, UNKNOWN, np.int16)
    for pairs, similarities in measured(bench, range(n_rounds)):
        unionfind.note_neighbours(neighbour, nearest, pairs, similarities, stage.least_similarity)
    return neighbour, nearest
