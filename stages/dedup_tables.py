"""Rounds of `clustering` about what came out: the table of clusters, facts, and verdicts by shard.

Letters: M members of clusters, C clusters, V verdicts, T partitions of clusters, S shards, Q sources. A cluster belongs
to a partition by the number of the item that stays, ascending, so that partitions one after the other are in order.

Files of a bench: `members-s` the members of clusters in a shard, by t, and with them, as guests, the neighbours that
members of t have in other clusters; `told-t` what came of them, by shard; `table-t` a partition of the table.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.stage import Comparison

from .dedup_clusters import FINAL, NONE, UNKNOWN, load, mapped
from .dedup_pairs import HALF, add_by, few_partitions, heads_of, joined, others_of, pairs_of, runs, spill_by
from .uids import to_text

if TYPE_CHECKING:
    from .clustering import Clustering

Array = npt.NDArray[Any]
TABLE = pa.schema(
    [("id", pa.string()), ("size", pa.int64()), ("kept", pa.string()), ("members", pa.list_(pa.string()))]
)
"""`id` and `kept` are the uid of the one that stays, `members` the uids of all, also that one, in order of rank and
those of an index last; clusters are in the order of those that stay."""
TABLE_MEMBERS = 65_536
"""A batch of the table ends with the cluster that has the member of this number."""
LARGEST = 20
SIDES = ("train", "validation")
COMPARED, SHORT, KEYLESS = range(3)
"""What the record `kind` says of an item."""


def members(stage: Clustering, bench: Comparison, shard: int) -> dict[str, int]:
    """Spill the members of clusters in a shard; returns how many of its items are of which kind."""
    first = int(stage.shards(bench).firsts[shard])
    counts = np.zeros(3, np.int64)
    has_sides = False
    cuts, guests = load(bench, "final-cuts.npy"), load(bench, "final-guests.npy")
    with contextlib.ExitStack() as files:
        finals = {name: files.enter_context(mapped(bench, f"final-{name}.npy")) for name in FINAL}
        spill = files.enter_context(bench.spill(f"members-{shard}", few_partitions(bench)))
        for piece in stage.records(bench, shard, ("uid", "kind", "side")):
            counts += np.bincount(piece["kind"], minlength=3)
            has_sides |= bool((piece["side"] >= 0).any())
            last = first + len(piece["kind"])
            columns: dict[str, Any] = {"item": np.arange(first, last, dtype=np.uint32)}
            columns |= {name: np.array(values[first:last]) for name, values in finals.items()}
            columns |= {"uid": piece["uid"], "side": piece["side"]}
            own = np.flatnonzero(columns["kept"] != NONE)
            asked = guests[slice(*np.searchsorted(guests, np.array([first, last], np.uint64) << HALF))]
            hosts = np.concatenate([columns["kept"][own], others_of(asked)])
            rows = np.concatenate([own, heads_of(asked) - first])
            columns = {name: values[rows] for name, values in columns.items()}
            columns["is_guest"] = np.arange(len(rows)) >= len(own)
            numbers = np.searchsorted(cuts, hosts, side="right")
            add_by(spill, few_partitions(bench), numbers, columns)
            first = last
    return {"short": int(counts[SHORT]), "without_key": int(counts[KEYLESS]), "sides": int(has_sides)}


def tell(stage: Clustering, bench: Comparison, partition: int) -> dict[str, Any]:
    """Put a partition's clusters together, into the table and for the shards of their members; returns facts."""
    shards = stage.shards(bench)
    names = [f"members-{shard}" for shard in range(len(shards.names))]
    chunks = [chunk for chunk in bench.partition(names, partition) if len(chunk["item"])]
    if not chunks:
        _write_table(bench, partition, np.zeros((0, 2), np.uint64), np.zeros(1, np.int64), np.zeros(0, np.int64))
        spill_by(bench, f"told-{partition}", len(shards.names), np.zeros(0, np.int64), _told({}))
        return {}
    found = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
    is_guest = found.pop("is_guest")
    known = {name: found[name] for name in ("item", "uid")}
    found = {name: values[~is_guest] for name, values in found.items()}
    order = np.argsort(pairs_of(found["kept"], found["item"]))
    found = {name: values[order] for name, values in found.items()}
    clusters = runs(found["kept"])
    firsts = np.searchsorted(clusters, np.arange(clusters[-1] + 2))
    found["size"] = np.diff(firsts)[clusters].astype(np.int32)
    is_kept = found["item"] == found["kept"]
    found["place"] = np.flatnonzero(is_kept)[clusters]  # of the one that stays
    found["is_foreign"] = found["kept"] >= bench.firsts[-1]
    _write_table(bench, partition, found["uid"], firsts, found["place"][firsts[:-1]])
    _choose_neighbours(stage, found, clusters, is_kept)
    _name_neighbours(found, **known)
    shard = np.searchsorted(shards.firsts, found["item"], side="right") - 1
    spill_by(bench, f"told-{partition}", len(shards.names), shard, _told(found))
    return facts(stage, found, firsts, shards.codes[shard])


def _choose_neighbours(stage: Clustering, found: dict[str, Array], clusters: Array, is_kept: Array) -> None:
    """Give items that stay the neighbour that is most similar to them, of those that they stay for."""
    rows = np.flatnonzero(~is_kept)
    order = rows[np.lexsort((found["item"][rows], -found["similarity"][rows].astype(np.int64), clusters[rows]))]
    best = order[np.flatnonzero(np.diff(clusters[order], prepend=-1))]  # of each cluster, for all have another member
    own = np.flatnonzero(is_kept)
    found["similarity"][own] = np.where(found["similarity"][best] == UNKNOWN, UNKNOWN, 10_000)
    found["neighbour"][own], found["nearest"][own] = found["item"][best], found["similarity"][best]
    below = own[found["nearest"][own] < stage.least_similarity]
    found["neighbour"][below], found["nearest"][below] = NONE, 0


def _name_neighbours(found: dict[str, Array], item: Array, uid: Array) -> None:
    """Give every neighbour its uid; item, uid: of the members and guests of a partition, in any order."""
    has_one = np.flatnonzero(found["neighbour"] != NONE)
    wanted = found["neighbour"][has_one]
    by_item = np.argsort(item)
    rows = by_item[np.minimum(np.searchsorted(item[by_item], wanted), len(item) - 1)]
    assert (item[rows] == wanted).all(), "neighbours are neither members nor guests"
    found["neighbour_uid"] = np.zeros_like(found["uid"])
    found["neighbour_uid"][has_one] = uid[rows]


def _told(found: dict[str, Array]) -> dict[str, Array]:
    """The columns for the shards; twin and neighbour are uids, zeros where there is none."""
    if not found:
        nothing, no_uids = np.zeros(0, np.int16), np.zeros((0, 2), np.uint64)
        return {
            "item": np.zeros(0, np.uint32), "size": np.zeros(0, np.int32), "stays": np.zeros(0, bool),
            "is_foreign": np.zeros(0, bool),
            "twin": no_uids, "neighbour": no_uids, "similarity": nothing, "kept_similarity": nothing,
        }  # fmt: skip
    stays = found["item"] == found["kept"]
    twins = np.where(stays[:, None], np.uint64(0), found["uid"][found["place"]])
    return {
        "item": found["item"], "size": found["size"], "stays": stays, "is_foreign": found["is_foreign"],
        "twin": twins, "neighbour": found["neighbour_uid"], "similarity": np.maximum(found["nearest"], 0),
        "kept_similarity": np.maximum(found["similarity"], 0),
    }  # fmt: skip


def facts(stage: Clustering, found: dict[str, Array], firsts: Array, codes: Array) -> dict[str, Any]:
    """What may be told of the clusters of a partition: counts that add up, and the largest."""
    sizes, place = np.diff(firsts), found["place"]
    dropped = found["item"] != found["kept"]
    n_sources = max(int(codes.max()), 0) + 1
    sides = found["side"].astype(np.int64)
    told = dropped & (sides >= 0) & (sides[place] >= 0)
    far = dropped & (found["similarity"] < stage.least_similarity) if stage.is_verified else dropped[:0]
    cells = codes[place[dropped]] * n_sources + codes[dropped]
    side_cells = sides[place[told]] * len(SIDES) + sides[told]
    return {
        "n": len(sizes),
        "items": int(sizes.sum()),
        "removed": int(dropped.sum()),
        "far": int(far.sum()),
        "same_uid": int((dropped & (found["uid"] == found["uid"][place]).all(axis=1)).sum()),
        "sizes": np.bincount(np.ceil(np.log2(sizes)).astype(np.int64)).tolist(),
        "matrix": np.bincount(cells, minlength=n_sources**2).reshape(n_sources, n_sources).tolist(),
        "sides": np.bincount(side_cells, minlength=len(SIDES) ** 2).reshape(len(SIDES), -1).tolist(),
        "largest": _largest(stage, found, firsts, codes),
    }


def _largest(stage: Clustering, found: dict[str, Array], firsts: Array, codes: Array) -> list[dict[str, Any]]:
    sizes = np.diff(firsts)
    made = []
    for cluster in np.argsort(-sizes, kind="stable")[:LARGEST].tolist():
        rows = slice(firsts[cluster], firsts[cluster + 1])
        place = found["place"][firsts[cluster]]
        similarity = np.maximum(found["similarity"][rows], 0)
        made.append(
            {
                "kept": to_text(found["uid"][place : place + 1])[0],
                "item": int(found["item"][place]),
                "size": int(sizes[cluster]),
                "sources": np.bincount(codes[rows]).tolist(),
                "least_similarity": int(similarity.min()) / 10_000 if stage.is_verified else None,
            }
        )
    return made


def _write_table(bench: Comparison, partition: int, uids: Array, firsts: Array, kept: Array) -> None:
    """Write a partition of the table, by chunks of clusters. firsts int64[C+1], kept int64[C]: rows of uids."""
    with bench.write(f"table-{partition}") as file, pa.ipc.new_file(file, TABLE) as writer:
        cuts = np.unique(np.searchsorted(firsts, np.arange(0, len(uids) + TABLE_MEMBERS, TABLE_MEMBERS)))
        for start, stop in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            start, stop = min(start, len(kept)), min(stop, len(kept))
            if stop > start:
                writer.write_batch(_table(uids, firsts[start : stop + 1], kept[start:stop]))


def _table(uids: Array, firsts: Array, kept: Array) -> pa.RecordBatch:
    ids = pa.array(to_text(uids[kept]), pa.string())
    texts = pa.array(to_text(uids[firsts[0] : firsts[-1]]), pa.string())
    lists = pa.ListArray.from_arrays(pa.array((firsts - firsts[0]).astype(np.int32)), texts)
    return pa.RecordBatch.from_arrays([ids, pa.array(np.diff(firsts), pa.int64()), ids, lists], schema=TABLE)


def table(bench: Comparison, name: str) -> int:
    """Write the table of all clusters, in batches that do not depend on partitions; returns how many there are."""
    n_clusters = 0
    with bench.write(name) as file, pa.ipc.new_file(file, TABLE, options=_OPTIONS) as writer:
        for batch in _evenly(_chunks(bench)):
            writer.write_batch(batch)
            n_clusters += batch.num_rows
    return n_clusters


_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)


def _chunks(bench: Comparison) -> Iterator[pa.Table]:
    for partition in range(few_partitions(bench)):
        with bench.read(f"table-{partition}") as file:
            reader = pa.ipc.open_file(file)
            for number in range(reader.num_record_batches):
                yield pa.Table.from_batches([reader.get_batch(number)])


def _evenly(chunks: Iterable[pa.Table]) -> Iterator[pa.RecordBatch]:
    """The rows of all chunks, cut after the cluster with which TABLE_MEMBERS or more are full."""
    waiting = TABLE.empty_table()
    for chunk in chunks:
        waiting = pa.concat_tables([waiting, chunk])
        ends = np.cumsum(waiting.column("size").to_numpy())
        done = 0
        while ends[-1] - (ends[done - 1] if done else 0) >= TABLE_MEMBERS:
            stop = int(np.searchsorted(ends, (ends[done - 1] if done else 0) + TABLE_MEMBERS)) + 1
            yield waiting.slice(done, stop - done).combine_chunks().to_batches()[0]
            done = stop
            if done == len(ends):
                break
        waiting = waiting.slice(done)
    if waiting.num_rows:
        yield waiting.combine_chunks().to_batches()[0]


def told(bench: Comparison, shard: int) -> dict[str, Array]:
    """What came of the members of clusters in a shard, by item, ascending; columns as `_told` has them."""
    names = [f"told-{partition}" for partition in range(few_partitions(bench))]
    chunks = list(bench.partition(names, shard))
    found = {name: joined([chunk[name] for chunk in chunks]) for name in chunks[0]}
    order = np.argsort(found["item"])
    return {name: values[order] for name, values in found.items()}


def size_names(counts: list[int]) -> dict[str, int]:
    """Clusters by size, named as ranges up to powers of two: place k of the counts is of sizes up to 2^k."""
    names = ["1", "2", *(f"{(1 << k - 1) + 1}-{1 << k}" for k in range(2, len(counts)))]
    return {name: n for name, n in zip(names, counts, strict=False) if n}


def total(parts: list[dict[str, Any]], sources: list[str]) -> dict[str, Any]:
    """The facts of all partitions added up; sources: by code."""
    sizes, matrix = Counter[int](), np.zeros((len(sources), len(sources)), np.int64)
    sides, largest = np.zeros((len(SIDES), len(SIDES)), np.int64), list[dict[str, Any]]()
    for part in filter(None, parts):
        sizes.update(dict(enumerate(part["sizes"])))
        n_sources = len(part["matrix"])
        matrix[:n_sources, :n_sources] += part["matrix"]
        sides += part["sides"]
        largest += part["largest"]
    largest = sorted(largest, key=lambda one: (-one["size"], one["item"]))[:LARGEST]
    sums = {name: sum(part[name] for part in parts if part) for name in ("n", "items", "removed", "far", "same_uid")}
    return {
        **sums,
        "sizes": size_names([sizes[k] for k in range(max(sizes, default=0) + 1)]),
        "matrix": matrix.tolist(),
        "sides": {one: dict(zip(SIDES, row, strict=True)) for one, row in zip(SIDES, sides.tolist(), strict=True)},
        "largest": [_named(one, sources) for one in largest],
    }


def _named(one: dict[str, Any], sources: list[str]) -> dict[str, Any]:
    """One of the largest clusters with its sources by name."""
    counts = {name: n for name, n in zip(sources, one["sources"], strict=False) if n}
    return {**{name: value for name, value in one.items() if name != "item"}, "sources": counts}
