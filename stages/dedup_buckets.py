"""Rounds of `clustering` about buckets: which of the items of one key are compared with which.

Letters: K keys, M members of buckets, E pairs, B buckets.

All members are compared with the first in priority. If some are then not of its cluster, they are APART, and in the
next round compared with the first of themselves. They, and all that others were compared with, are also compared with
the next member that WAITS, being of a cluster which has been compared, if that is another cluster: they may be like
this one. So a bucket of M members never gives more than 2 M pairs a round, and one of up to four ends with all of its
clusters connected.

Files of a bench: `open-r-p`, what a round r has left of the buckets of a partition p of keys, in order of priority.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.stage import Comparison, Part

from .dedup_pairs import HALF, pairs_of, runs, spill_pairs, spill_whole

if TYPE_CHECKING:
    from .clustering import Clustering

APART, WAITS, COMPARED = range(3)
"""What a member is: of no cluster of a COMPARED one, of such a cluster, or one that all others were compared with."""

Array = npt.NDArray[Any]


class Members(NamedTuple):
    """The members of buckets, bucket by bucket, in order of priority: items, buckets, roles and camps int64[M].

    camps: members of the same are not compared; -1: with all.
    """

    items: Array
    buckets: Array
    roles: Array
    camps: Array

    def of(self, chosen: Array) -> Members:
        """The chosen ones, bool[M]; buckets are numbered anew."""
        items, buckets, roles, camps = (values[chosen] for values in self)
        return Members(items, runs(buckets), roles, camps)

    def first(self, chosen: Array) -> Array:
        """int64[B]: the row of the first chosen member, bool[M], of each bucket; -1: none."""
        found = np.full(int(self.buckets[-1]) + 1 if len(self.buckets) else 0, -1, np.int64)
        rows = np.flatnonzero(chosen)[::-1]
        found[self.buckets[rows]] = rows  # of several the last that is written, which is the first
        return found


def decide(stage: Clustering, bench: Comparison, number: int, partition: int) -> int:
    """Spill the pairs of a round for one partition of keys; returns how many."""
    if number == 0:
        found = members_of(stage, bench, stage.part(bench, partition))
        found = worthwhile(found, found.items)
        pairs, roles = compared(found, found.items)  # of different clusters, all
    else:
        with stage.roots(bench, number - 1) as roots:
            found = _left(stage, bench, number, partition, roots)
            pairs, roles = compared(found, roots[found.items])
    spill_pairs(bench, f"pairs-{number}-{partition}", pairs)
    if stage.is_verified:
        several = np.bincount(found.buckets)[found.buckets] > 2 if len(roles) else np.zeros(0, bool)
        columns = {"item": found.items.astype(np.uint32), "bucket": found.buckets, "role": roles.astype(np.uint8)}
        spill_whole(bench, f"open-{number}-{partition}", {name: values[several] for name, values in columns.items()})
    return len(pairs)


def members_of(stage: Clustering, bench: Comparison, part: Part) -> Members:
    """The members of all buckets of two and more; each item once.

    Payload `second` is more of the key, `merit` the priority within it, the lowest first; ties go by item.
    """
    same = part.keys[1:] == part.keys[:-1]
    shared = np.zeros(len(part.keys), bool)
    shared[1:] = same
    shared[:-1] |= same
    rows = np.flatnonzero(shared)
    buckets = runs(part.keys[rows])
    further = [part.payload[name][rows] for name in ("merit", "second") if name in part.payload]
    if further:
        order = np.lexsort((*further, buckets))  # stable, so that items of the same merit stay in their order
        rows, buckets = rows[order], buckets[order]
    if "second" in part.payload:
        buckets = runs(buckets, part.payload["second"][rows])
    items = part.items[rows]
    again = np.zeros(len(items), bool)
    again[1:] = (items[1:] == items[:-1]) & (buckets[1:] == buckets[:-1])
    found = Members(items, buckets, np.full(len(items), APART), stage.camps(bench).of(items))
    return found.of(~again)


def worthwhile(found: Members, clusters: Array) -> Members:
    """The buckets that have a member to compare with one of another cluster and camp; clusters int64[M]."""
    if not len(found.items):
        return found
    n_buckets = int(found.buckets[-1]) + 1
    first = found.first(np.ones(len(found.items), bool))[found.buckets]
    differs = (found.camps < 0) | (found.camps != found.camps[first])
    of_several = [found.roles != COMPARED, differs, clusters != clusters[first]]
    chosen = np.all([np.bincount(found.buckets, one, n_buckets) > 0 for one in of_several], axis=0)
    return found.of(chosen[found.buckets])


def compared(found: Members, clusters: Array) -> tuple[Array, Array]:
    """The pairs of a round, uint64[E], and the roles after it, int64[M]; clusters int64[M] are as known before."""
    pairs, roles = list[Array](), found.roles.copy()
    for role, with_whom in ((APART, found.roles == APART), (WAITS, found.roles != WAITS)):
        rows = np.flatnonzero(with_whom)
        of_buckets = found.first(found.roles == role)
        heads = of_buckets[found.buckets[rows]]
        chosen = (heads >= 0) & (heads != rows) & (clusters[heads] != clusters[rows])
        chosen &= (found.camps[heads] < 0) | (found.camps[heads] != found.camps[rows])
        one, other = np.minimum(heads, rows)[chosen], np.maximum(heads, rows)[chosen]  # rows are in order of priority
        pairs.append(pairs_of(found.items[one], found.items[other]))
        roles[of_buckets[of_buckets >= 0]] = COMPARED
    return np.concatenate(pairs), roles


def _left(stage: Clustering, bench: Comparison, number: int, partition: int, roots: Array) -> Members:
    """What the round before has left, with the clusters that are known since."""
    chunks = list(bench.partition([f"open-{number - 1}-{partition}"], 0))
    names = ("item", "bucket", "role")
    none = np.zeros(0, np.int64)
    items, buckets, roles = (
        np.concatenate([none, *(chunk[name].astype(np.int64) for chunk in chunks)]) for name in names
    )
    buckets = runs(buckets)
    cells = buckets.astype(np.uint64) << HALF | roots[items]
    roles[(roles == APART) & np.isin(cells, cells[roles != APART])] = WAITS
    waits = roles == WAITS
    before = np.cumsum(waits) - waits
    places = before - before[np.searchsorted(buckets, buckets)] if len(items) else before
    needed = ~waits | (places <= stage.most_rounds - number)  # one of them is compared in each round that may come
    left = Members(items, buckets, roles, stage.camps(bench).of(items)).of(needed)
    return worthwhile(left, roots[left.items])
