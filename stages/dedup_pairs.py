"""Rounds of `clustering` about pairs: which are new, what tells how similar their items are, and how similar.

Letters: K rows, E pairs, I items, P partitions, S shards. A pair is one uint64: its head, the first in priority, in the
upper 32 bits, the other in the lower; it belongs to a partition by its head. So the pairs of a head meet in one
partition, from all keys, and are told apart there.

Files of a bench, r a round, p a partition of keys, q one of pairs, s a shard (its number): `pairs-r-p` pairs by q;
`asked-r-q` those that are new; `wanted-r-q` of which items something has to be known for them, by s; `evidence-r-s`
that, by q, of heads apart from others; `measured-r-q` pairs with their similarity in ten-thousandths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.stage import Bench, Comparison, Spill

if TYPE_CHECKING:
    from .clustering import Clustering

HALF, LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
MOST_ITEMS = 2**32 - 1
CHUNK_PAIRS = 4_000_000
"""Pairs that are looked at at a time."""
CHUNK_ITEMS = 2_048
"""Items of which evidence is made at a time."""
CHUNK_BYTES = 64_000_000
"""Evidence that waits before it is spilled."""
FEW, FEWER = 64, 16
"""Partitions of pairs where there are many of keys: FEW, or one for every FEWER of keys if these are more."""
HUNDREDTHS = 101

Array = npt.NDArray[Any]


class Piece(NamedTuple):
    """The items of a batch. take: evidence of some of them, int64[I] numbered from 0, as an Arrow array of I lists;
    estimate: that for foreign pairs, of the same type, from a stage that estimates these."""

    n_items: int
    take: Callable[[Array], pa.Array]
    estimate: Callable[[Array], pa.Array] | None = None


def pairs_of(heads: Array, others: Array) -> Array:
    """uint64[E] of two item numbers each."""
    return (heads.astype(np.uint64) << HALF) | others.astype(np.uint64)


def heads_of(pairs: Array) -> Array:
    """int64[E]: the heads."""
    return (pairs >> HALF).astype(np.int64)


def others_of(pairs: Array) -> Array:
    """int64[E]: the others."""
    return (pairs & LOW).astype(np.int64)


def spill_by(bench: Bench, name: str, n_partitions: int, numbers: Array, columns: dict[str, Any]) -> None:
    """Write rows to a spill by their partition's number."""
    with bench.spill(name, n_partitions) as spill:
        add_by(spill, n_partitions, numbers, columns)


def add_by(spill: Spill, n_partitions: int, numbers: Array, columns: dict[str, Any]) -> None:
    """Add rows to a spill by their partition's number, in their order within it."""
    small = numbers.astype(np.uint16) if n_partitions <= 1 << 16 else numbers  # numpy sorts these by counting
    order = np.argsort(small, kind="stable")
    borders = np.searchsorted(small[order], np.arange(n_partitions + 1, dtype=np.int64))
    taken = {
        name: values.take(pa.array(order)) if isinstance(values, pa.Array) else values[order]
        for name, values in columns.items()
    }
    spill.add(taken, borders)


def few_partitions(bench: Comparison) -> int:
    """Into how many partitions pairs and members of clusters are told apart.

    There are far fewer of them than keys, and with as many partitions as keys have a corpus of T times the size would
    take T^2 times as many pieces of spills, each of a few rows.
    """
    return min(bench.n_partitions, max(FEW, bench.n_partitions // FEWER))


def spill_pairs(bench: Comparison, name: str, pairs: Array) -> None:
    """Write pairs by the partition of their heads."""
    mixed = (pairs >> HALF) * np.uint64(0x9E3779B97F4A7C15) >> HALF
    spill_by(bench, name, few_partitions(bench), mixed % np.uint64(few_partitions(bench)), {"pair": pairs})


def spill_whole(bench: Bench, name: str, columns: dict[str, Any]) -> None:
    """Write rows to a spill of one partition, some at a time."""
    n_rows = len(next(iter(columns.values())))
    with bench.spill(name, 1) as spill:
        for start in range(0, n_rows, CHUNK_PAIRS):
            chunk = {key: values[start : start + CHUNK_PAIRS] for key, values in columns.items()}
            spill.add(chunk, np.array([0, min(CHUNK_PAIRS, n_rows - start)]))


def column(bench: Bench, names: Iterable[str], name: str, number: int = 0) -> list[Any]:
    """A column of one partition of spills, by chunk; those without rows are left out."""
    return [chunk[name] for chunk in bench.partition(names, number) if len(chunk.get(name, ()))]


def runs(*columns: Array) -> Array:
    """int64[K]: the number of the run of rows with equal columns that each row belongs to, from 0."""
    begins = np.zeros(len(columns[0]), np.int64)
    for values in columns:
        begins[1:] |= values[1:] != values[:-1]
    return np.cumsum(begins)


def request(stage: Clustering, bench: Comparison, number: int, partition: int) -> int:
    """Tell the pairs of a partition apart, leave out those that are measured, and ask for evidence of their items.

    Returns how many pairs are new.
    """
    pairs = distinct(column(bench, stage.pair_spills(bench, number), "pair", partition))
    for earlier in range(number if number < stage.first_turn else 0):
        for known in column(bench, [f"measured-{earlier}-{partition}"], "pair"):
            places = np.minimum(np.searchsorted(known, pairs), len(known) - 1)
            pairs = pairs[known[places] != pairs]
    spill_whole(bench, f"asked-{number}-{partition}", {"pair": pairs})
    firsts = stage.shards(bench).firsts
    items = [different(ends(pairs[rows])) for rows in groups_of(stage, bench, pairs) for ends in (heads_of, others_of)]
    numbers = np.concatenate([np.searchsorted(firsts, one, side="right") - 1 for one in items])
    columns = {
        "item": np.concatenate(items).astype(np.uint32),
        "slot": np.repeat(np.arange(len(items), dtype=np.uint8), [len(one) for one in items]),
    }
    spill_by(bench, f"wanted-{number}-{partition}", len(firsts) - 1, numbers, columns)
    return len(pairs)


def groups_of(stage: Clustering, bench: Comparison, pairs: Array) -> list[Array]:
    """Pairs whose similarity is told by evidence of one kind: their rows, int64 each.

    They are all of one group, unless there are items from elsewhere, and a stage that estimates pairs with those: the
    second group is then of these foreign pairs. An item from elsewhere is a head.
    """
    if not stage.estimates(bench):
        return [np.arange(len(pairs))]
    is_foreign = heads_of(pairs) >= bench.firsts[-1]
    return [np.flatnonzero(~is_foreign), np.flatnonzero(is_foreign)]


def distinct(chunks: Iterable[Array]) -> Array:
    """uint64[E]: the different pairs of all chunks, ascending; merged now and then, for a pair may come many times."""
    found, waiting, n_waiting = np.zeros(0, np.uint64), list[Array](), 0
    for chunk in chunks:
        waiting.append(chunk)
        n_waiting += len(chunk)
        if n_waiting > max(len(found), CHUNK_PAIRS):
            found, waiting, n_waiting = different(np.concatenate([found, *waiting])), [], 0
    return different(np.concatenate([found, *waiting]))


def different(values: Array) -> Array:
    """The different values, ascending; sorted, which is many times as fast as numpy's table of hashes."""
    ordered = np.sort(values)
    begins = np.ones(len(ordered), bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    return ordered[begins]


def evidence(stage: Clustering, bench: Comparison, number: int, shard: int) -> int:
    """Spill what was asked for of a shard's items, that of slot i in partition n q + i, n being the number of slots:
    heads and others of the first group of pairs, and so of the second. Returns of how many items, counted once for
    each slot."""
    n = 2 * (1 + stage.estimates(bench))
    items, places = _wanted(bench, number, shard, n)
    first, start = int(stage.shards(bench).firsts[shard]), 0
    with bench.spill(f"evidence-{number}-{shard}", n * few_partitions(bench)) as spill:
        made = _Evidence(spill, n * few_partitions(bench))
        for piece in stage.pieces(bench, shard) if len(items) else ():
            stop = int(np.searchsorted(items, first + piece.n_items))
            for begin in range(start, stop, CHUNK_ITEMS):
                chunk = np.arange(begin, min(begin + CHUNK_ITEMS, stop))
                is_foreign = places[chunk] % n >= 2
                for rows, take in ((chunk[~is_foreign], piece.take), (chunk[is_foreign], piece.estimate)):
                    if len(rows):
                        assert take is not None
                        found = take(different(items[rows]) - first).take(pa.array(runs(items[rows])))
                        made.add(items[rows], places[rows], found)
            start, first = stop, first + piece.n_items
            if start == len(items):
                break
        made.flush()
    assert start == len(items), f"{len(items) - start} items are in no piece"
    return len(items)


class _Evidence:
    """Gathers evidence of items until it is worth a place in a spill."""

    def __init__(self, spill: Spill, n_partitions: int) -> None:
        self._spill, self._n_partitions = spill, n_partitions
        self._waiting: list[tuple[Array, Array, pa.Array]] = []
        self._n_bytes = 0

    def add(self, items: Array, places: Array, values: pa.Array) -> None:
        """Take in items, the partitions they go to, and what is known of them."""
        self._waiting.append((items, places, values))
        self._n_bytes += values.nbytes
        if self._n_bytes > CHUNK_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            items, places, values = zip(*self._waiting, strict=True)
            columns = {"item": np.concatenate(items).astype(np.uint32), "value": pa.concat_arrays(values)}
            add_by(self._spill, self._n_partitions, np.concatenate(places), columns)
        self._waiting, self._n_bytes = [], 0


def _wanted(bench: Comparison, number: int, shard: int, n: int) -> tuple[Array, Array]:
    """Items that evidence is asked for of, ascending, int64[I], and the partitions it goes to, int64[I]; n: slots."""
    items, places = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for partition in range(few_partitions(bench)):
        for chunk in bench.partition([f"wanted-{number}-{partition}"], shard):
            items.append(chunk["item"].astype(np.int64))
            places.append(n * partition + chunk["slot"].astype(np.int64))
    joined = np.concatenate(items)
    order = np.argsort(joined, kind="stable")
    return joined[order], np.concatenate(places)[order]


def weigh(stage: Clustering, bench: Comparison, number: int, partition: int) -> dict[str, Any]:
    """Measure the pairs of a partition: heads are in memory, the others come chunk by chunk."""
    pairs = np.concatenate([np.zeros(0, np.uint64), *column(bench, [f"asked-{number}-{partition}"], "pair")])
    measured = np.full(len(pairs), -1, np.int16)
    groups = groups_of(stage, bench, pairs)
    for group, (rows, similarities) in enumerate(zip(groups, (stage.similarities, stage.estimated), strict=False)):
        slot = 2 * (len(groups) * partition + group)
        measured[rows] = _weighed(stage, bench, number, slot, pairs[rows], similarities)
    assert (measured >= 0).all(), "pairs without evidence"
    spill_whole(bench, f"measured-{number}-{partition}", {"pair": pairs, "similarity": measured})
    return {
        "verified": int((measured >= stage.least_similarity).sum()),
        "similarities": np.bincount(measured // 100, minlength=HUNDREDTHS).tolist(),
    }


def _weighed(stage: Clustering, bench: Comparison, number: int, slot: int, pairs: Array, similarities: Any) -> Array:
    """How similar pairs are, int16[E], whose heads have their evidence in one partition, and others in the next."""
    names = [f"evidence-{number}-{shard}" for shard in range(len(stage.shards(bench).names))] if len(pairs) else []
    heads = [chunk for chunk in bench.partition(names, slot) if len(chunk["item"])]
    found = np.full(len(pairs), -1, np.int16)
    if heads:
        head_items = np.concatenate([chunk["item"] for chunk in heads])
        head_values = joined([chunk["value"] for chunk in heads])
        order = np.argsort(others_of(pairs), kind="stable")
        others = others_of(pairs)[order]
        for chunk in bench.partition(names, slot + 1):
            rows = _pairs_with(others, order, chunk["item"])
            places = np.searchsorted(head_items, heads_of(pairs[rows]))
            own = np.searchsorted(chunk["item"], others_of(pairs[rows]))
            found[rows] = similarities(head_values, chunk["value"], places, own)
    return found


def _pairs_with(others: Array, order: Array, items: Array) -> Array:
    """The pairs whose other is one of a chunk's items, which are ascending: others is ascending, order says of whom."""
    if not len(items):
        return order[:0]
    return order[np.searchsorted(others, items[0]) : np.searchsorted(others, items[-1], side="right")]


def joined(values: list[Any]) -> Any:
    """Evidence of several chunks as one."""
    return np.concatenate(values) if isinstance(values[0], np.ndarray) else pa.concat_arrays(values)


def measured(bench: Comparison, numbers: Iterable[int]) -> Iterator[tuple[Array, Array]]:
    """All measured pairs of some rounds, by chunk: pairs uint64[E] and similarities int16[E]."""
    names = [f"measured-{number}-{partition}" for number in numbers for partition in range(few_partitions(bench))]
    for chunk in bench.partition(names, 0):
        if len(chunk["pair"]):
            yield chunk["pair"], chunk["similarity"]
