"""Clusters of items that are the same, or nearly, with one of each that stays: the rounds that all dedup stages share.

A stage says by `sketch` which keys items have and by hooks of `Clustering` what tells how similar two are. Rounds:

1. `decide`, by partition of keys: pairs of the first member of each bucket (the items of one key, in order of priority)
   with every other.
2. `request`, by partition of pairs: which pairs are new, and of which items something has to be known.
3. `evidence`, by shard: that, such as the shingles of texts, which are read again for these items only.
4. `weigh`, by partition of pairs: how similar the items of each pair are.
5. `join`, once: the clusters that the pairs of the threshold and more connect. Members of a bucket that are not of the
   cluster of its first are then compared with others of it (see `dedup_buckets`), by 1 to 5, MOST_ROUNDS times in all.
6. `settle`, once: the first of each cluster stays; how similar the others are to it is measured, by 2 to 4, where that
   is not known. In stars those that are below the threshold are gone through again, MOST_TURNS times at most; what is
   then left stays.
7. `members`, `tell`, `table`, `route`: clusters are put together with their uids, and verdicts go to the shards.

Without verification 2 to 4 are left out, and the pairs of 1 are what connects. Only `join` and `settle` hold something
of every item, some 30 bytes; they read pairs by chunk. Nothing depends on the number of partitions or on where shards
end.

Records of every item: `uid` uint64[2] (see `uids`), `kind` uint8 (COMPARED, SHORT, KEYLESS), `side` int8 (of SIDES, -1:
none), and `merit` int64 if the order of priority is not that of ranks, which `sketch` then gives as payload, too: the
lowest comes first, ties go by rank. The payload may have `second`: more bits of the key.

Items from elsewhere, such as an index of earlier runs, come after all others in number and before them in priority: a
stage appends shards of its own in `shards`, whose camp is 0 or more, so that they are not compared with each other,
adds their keys in `part` and their merits, below all others, in `merits` (then `merit` is in every payload), and
answers for them in `pieces` and `records`. They always stay, for `appoint` lets all of a camp stay that come first.

Letters: V items, E pairs, S shards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.errors import OptionError, PlanError
from pipeline.stage import Comparison, GlobalStage, Part

from . import dedup_buckets, dedup_clusters, dedup_pairs, dedup_tables
from .dedup_pairs import MOST_ITEMS, Piece, few_partitions
from .dedup_tables import told

Array = npt.NDArray[Any]
SCALE = 10_000
"""Similarities are in ten-thousandths, rounded down."""
MOST_ROUNDS = 4
MOST_TURNS = 8
CLUSTERS = "clusters.arrow"
RANK = "first"
"""The order of priority that is that of ranks."""


def check_threshold(stage: str, threshold: float) -> None:
    """Raises OptionError for a similarity that ten-thousandths cannot say."""
    if round(threshold * SCALE) / SCALE != threshold:
        message = f"has four decimals at most, as similarities have, got {threshold}"
        raise OptionError("threshold", f"{stage} option 'threshold' {message}")


class Shards(NamedTuple):
    """All shards of items: names; firsts int64[S+1] as a bench has them; codes int64[S]: the number of each one's
    source in `sources`; camps int64[S]: items of the same camp are not compared, -1: with all. The first `n_own` are
    the bench's."""

    names: tuple[str, ...]
    firsts: Array
    codes: Array
    sources: list[str]
    camps: Array
    n_own: int


class Camps(NamedTuple):
    """The camps of shards, to ask for those of items."""

    firsts: Array
    camps: Array

    def of(self, items: Array) -> Array:
        """int64[V]: the camp of each item."""
        return np.asarray(self.camps[np.searchsorted(self.firsts, items, side="right") - 1])


class Clustering(GlobalStage):
    """A global stage that finds clusters. Subclasses define `sketch`, the hooks from `is_verified` to `similarities`
    and, unless items are documents, `verdicts`."""

    tables: ClassVar[tuple[str, ...]] = (CLUSTERS,)
    most_rounds: ClassVar[int] = MOST_ROUNDS
    most_turns: ClassVar[int] = MOST_TURNS
    first_turn: ClassVar[int] = MOST_ROUNDS + 1
    """The number of the round of pairs that the first turn of `settle` asks for; that of each later one follows."""

    @property
    def is_verified(self) -> bool:
        """Whether pairs are measured; if not, items of one key are the same."""
        return False

    @property
    def is_star(self) -> bool:
        """Whether items go only for one that they reach the threshold with."""
        return False

    @property
    def is_between(self) -> bool:
        """Whether items of one source are not compared."""
        return False

    @property
    def order(self) -> str:
        """What decides which item of a cluster stays; RANK, or anything else for what `merit` says."""
        return RANK

    @property
    def least_similarity(self) -> int:
        """The threshold in ten-thousandths."""
        return SCALE

    def pieces(self, bench: Comparison, shard: int) -> Iterator[Piece]:
        """A shard's items in order with what tells how similar they are; asked for if pairs are measured."""
        raise NotImplementedError(f"{type(self).__name__}.pieces")

    def similarities(self, heads: Any, others: Any, at_heads: Array, at_others: Array) -> Array:
        """Ten-thousandths int32[E]: of the evidence at_heads[e] of `heads` and at_others[e] of `others`.

        Evidence is what `take` of a Piece gave, of many items: lists of a fixed size as array[V, C], or Arrow lists.
        """
        raise NotImplementedError(f"{type(self).__name__}.similarities")

    def estimates(self, bench: Comparison) -> bool:
        """Whether pairs with items from elsewhere are measured by other evidence than all others."""
        return False

    def estimated(self, heads: Any, others: Any, at_heads: Array, at_others: Array) -> Array:
        """As `similarities`, for pairs with items from elsewhere, if `estimates` says so."""
        raise NotImplementedError(f"{type(self).__name__}.estimated")

    def shards(self, bench: Comparison) -> Shards:
        """The shards of the bench."""
        sources = list(dict.fromkeys(bench.sources))
        codes = np.array([sources.index(source) for source in bench.sources], np.int64)
        camps = codes if self.is_between else np.full(len(codes), -1, np.int64)
        return Shards(tuple(bench.shards), np.asarray(bench.firsts), codes, sources, camps, len(codes))

    def part(self, bench: Comparison, partition: int) -> Part:
        """The keys of a partition."""
        return bench.part(partition)

    def records(self, bench: Comparison, shard: int, columns: Sequence[str]) -> Iterator[dict[str, Array]]:
        """The records of a shard's items, by batch."""
        return bench.records(self.shards(bench).names[shard], columns)

    def merits(self, bench: Comparison) -> Array:
        """int64[V]: what decides about priority, lowest first; empty if it is the rank."""
        if self.order == RANK:
            return np.zeros(0, np.int64)
        found = self.shards(bench)
        merits, start = np.empty(int(found.firsts[-1]), np.int64), 0
        for shard in range(len(found.names)):
            for piece in self.records(bench, shard, ["merit"]):
                merits[start : start + len(piece["merit"])] = piece["merit"]
                start += len(piece["merit"])
        return merits

    def verdicts(self, bench: Comparison, shard: int) -> dict[str, Array]:
        """The verdicts of a shard whose items are documents: of the members of clusters, and of short ones.

        `row`, `kind` uint8, `size` int32 (0: of no cluster), `stays` (bool), `twin` and `neighbour` uint64[V, 2] (uids,
        zeros: none), `similarity` (to the neighbour) and `kept_similarity` int16.
        """
        found = told(bench, shard)
        first = int(self.shards(bench).firsts[shard])
        pieces = [piece["kind"] for piece in self.records(bench, shard, ["kind"])]
        kinds = np.concatenate([np.zeros(0, np.uint8), *pieces])
        members = found.pop("item").astype(np.int64) - first
        rows = np.union1d(members, np.flatnonzero(kinds == dedup_tables.SHORT))
        places = np.searchsorted(rows, members)
        columns = {"row": rows, "kind": kinds[rows]}
        for name, values in found.items():
            columns[name] = np.zeros((len(rows), *values.shape[1:]), values.dtype)
            columns[name][places] = values
        return columns

    # Rounds, as `bench.map` calls them.

    def decide(self, bench: Comparison, task: str) -> int:
        """See `dedup_buckets`."""
        return dedup_buckets.decide(self, bench, *_numbers(task))

    def request(self, bench: Comparison, task: str) -> int:
        """See `dedup_pairs`."""
        return dedup_pairs.request(self, bench, *_numbers(task))

    def evidence(self, bench: Comparison, task: str) -> int:
        """See `dedup_pairs`."""
        return dedup_pairs.evidence(self, bench, *_numbers(task))

    def weigh(self, bench: Comparison, task: str) -> dict[str, Any]:
        """See `dedup_pairs`."""
        return dedup_pairs.weigh(self, bench, *_numbers(task))

    def join(self, bench: Comparison, task: str) -> int:
        """See `dedup_clusters`."""
        return dedup_clusters.join(self, bench, *_numbers(task))

    def settle(self, bench: Comparison, task: str) -> dict[str, Any]:
        """See `dedup_clusters`."""
        return dedup_clusters.settle(self, bench, *_numbers(task))

    def members(self, bench: Comparison, task: str) -> dict[str, int]:
        """See `dedup_tables`."""
        return dedup_tables.members(self, bench, *_numbers(task))

    def tell(self, bench: Comparison, task: str) -> dict[str, Any]:
        """See `dedup_tables`."""
        return dedup_tables.tell(self, bench, *_numbers(task))

    def table(self, bench: Comparison, task: str) -> int:
        """See `dedup_tables`."""
        return dedup_tables.table(bench, CLUSTERS)

    def route(self, bench: Comparison, task: str) -> int:
        """Commit the verdicts of a shard; returns how many."""
        (shard,) = _numbers(task)
        columns = self.verdicts(bench, shard)
        bench.verdicts(bench.shards[shard], columns)
        return len(columns["row"])

    def roots(self, bench: Comparison, number: int) -> AbstractContextManager[Array]:
        """The least item of each one's cluster after a round of pairs, uint32[V]."""
        return dedup_clusters.mapped(bench, f"roots-{number}.npy")

    def camps(self, bench: Comparison) -> Camps:
        """The camps of items."""
        found = self.shards(bench)
        return Camps(found.firsts, found.camps)

    def pair_spills(self, bench: Comparison, number: int) -> list[str]:
        """The spills with the pairs of a round: of all partitions of keys, or of `settle`."""
        return [f"pairs-{number}-{p}" for p in range(bench.n_partitions if number < self.first_turn else 1)]

    def compare(self, bench: Comparison) -> dict[str, Any]:
        """All rounds; see the module. Returns facts (see `told_facts`)."""
        found = Rounds(self, bench)
        found.find()
        return self.told_facts(bench, found.clusters(), found)

    def told_facts(self, bench: Comparison, clusters: dict[str, Any], rounds: Rounds) -> dict[str, Any]:
        """What is published: items, pairs and clusters; subclasses say which stage it is of."""
        names = ("n", "items", "removed", "sizes", "largest")
        return {
            "items": int(bench.firsts[-1]),
            "without_key": clusters["without_key"],
            "short": clusters["short"],
            "pairs": rounds.pairs if self.is_verified else None,
            "clusters": {name: clusters[name] for name in names},
            "far": clusters["far"],
            "sources": self.shards(bench).sources,
            "matrix": clusters["matrix"],
            "sides": clusters["sides"],
            "index": None,
        }


class Rounds:
    """The rounds of a comparison. pairs: what is told of them."""

    def __init__(self, stage: Clustering, bench: Comparison) -> None:
        self._stage, self._bench = stage, bench
        self._shards = stage.shards(bench)
        if self._shards.firsts[-1] > MOST_ITEMS:
            raise PlanError(f"{stage.name} compares {MOST_ITEMS:,} items at most, got {self._shards.firsts[-1]:,}")
        self._similarities = np.zeros(dedup_pairs.HUNDREDTHS, np.int64)
        self.pairs: dict[str, Any] = {"compared": 0, "verified": 0, "rounds": 0, "left": 0, "to_kept": 0}

    def find(self) -> None:
        """Rounds 1 to 6."""
        n_rounds = self._candidates() if self._stage.is_verified else self._unverified()
        self._settled(n_rounds)
        self.pairs |= {"rounds": n_rounds, "similarities": self._similarities.tolist()}
        for prefix in ("roots-", "state-", "measured-"):
            self._bench.remove(prefix)

    def _over(self, method: str, number: int, n: int) -> list[Any]:
        return self._bench.map(method, [f"{number}-{place}" for place in range(n)])

    def _unverified(self) -> int:
        self._over("decide", 0, self._bench.n_partitions)
        self._bench.map("join", ["0"])
        self._bench.remove("pairs-")
        return 1

    def _candidates(self) -> int:
        """Rounds 1 to 5, until no pairs are left; returns how often."""
        number = 0
        while True:
            n_found = sum(self._over("decide", number, self._bench.n_partitions))
            if number:
                self._bench.remove(f"open-{number - 1}-")
            if number and (not n_found or number == self._stage.most_rounds):
                break
            found = self._measured(number)
            self.pairs["compared"] += found["compared"]
            self.pairs["verified"] += found["verified"]
            self._similarities += found["similarities"]
            self._bench.map("join", [str(number)])
            if number:
                self._bench.remove(f"roots-{number - 1}.")
            number += 1
        self.pairs["left"] = n_found
        self._bench.remove(f"open-{number}-")
        self._bench.remove(f"pairs-{number}-")
        return number

    def _measured(self, number: int) -> dict[str, Any]:
        """Rounds 2 to 4."""
        n_partitions = few_partitions(self._bench)
        n_new = sum(self._over("request", number, n_partitions))
        self._bench.remove(f"pairs-{number}-")
        self._over("evidence", number, len(self._shards.names))
        self._bench.remove(f"wanted-{number}-")
        found = self._over("weigh", number, n_partitions)
        for name in ("asked", "evidence"):
            self._bench.remove(f"{name}-{number}-")
        similarities = np.sum([part["similarities"] for part in found], axis=0)
        return {"compared": n_new, "verified": sum(part["verified"] for part in found), "similarities": similarities}

    def _settled(self, n_rounds: int) -> None:
        """Round 6."""
        turn = 0
        while True:
            (found,) = self._bench.map("settle", [f"{turn}-{n_rounds}"])
            if turn:
                self._bench.remove(f"state-{turn - 1}-")
            if found["pairs"] is None:
                break
            self.pairs["to_kept"] += found["pairs"]
            self._measured(self._stage.first_turn + turn)
            turn += 1
        self.pairs["undecided"] = found["rest"]

    def clusters(self) -> dict[str, Any]:
        """Round 7; returns its facts."""
        bench, n_own = self._bench, self._shards.n_own
        counts = bench.map("members", [str(shard) for shard in range(len(self._shards.names))])
        bench.remove("final-")
        parts = bench.map("tell", [str(partition) for partition in range(few_partitions(bench))])
        bench.remove("members-")
        if self._stage.tables:
            bench.map("table", ["all"])
        bench.remove("table-")
        bench.map("route", [str(shard) for shard in range(n_own)])
        bench.remove("told-")
        found = dedup_tables.total(parts, self._shards.sources)
        own = counts[:n_own]
        found |= {name: sum(one[name] for one in own) for name in ("short", "without_key")}
        return found if any(one["sides"] for one in own) else {**found, "sides": None}


def _numbers(task: str) -> list[int]:
    return [int(part) for part in task.split("-")]
