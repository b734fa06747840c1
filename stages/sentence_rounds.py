"""The rounds of `dedup_sentence` between sketch and verdicts: which units are cut, and whom their copies count for.

    repeats  by key partition: of windows that are the same all but the first are cut; or `clustering` finds near copies
    mark     by shard: which units these are, and for each the unit it is a copy of (its counterpart, always earlier)
    credit   by shard, as often as it takes: a cut unit counts for its counterpart, or if that is cut too for that of
             this one, until there is one that stays
    cut      by shard: verdicts, and facts

Letters: S shards, I items (units with a word) of a shard, M messages, C cut windows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.stage import Comparison

from .dedup_clusters import NONE, mapped
from .dedup_tables import SIDES
from .uids import to_text

Int64s = npt.NDArray[np.int64]
Columns = dict[str, npt.NDArray[Any]]

MAX_HOPS = 16
"""Counterparts of counterparts that `credit` follows; four are rare, and what is left then is in the facts."""
STAYS = np.iinfo(np.int64).max
"""The counterpart of a unit that is not cut."""
N_MOST_COPIED = 20


class Rule(NamedTuple):
    """Which copies are cut. window: units; between: only those of another source than the first; unjudged: sources of
    which nothing is cut; near: `clustering` has found them."""

    window: int
    between: bool
    unjudged: tuple[str, ...]
    near: bool


def run(bench: Comparison) -> list[dict[str, Any]]:
    """All rounds but the first; what `cut` returned for each shard, and then what is left."""
    shards = list(bench.shards)
    reports = bench.map("mark", shards)
    bench.remove("cuts-")
    reached: list[list[str]] = []
    while len(reached) < MAX_HOPS and any(report["n"] for report in reports):
        reached.append([shards[number] for number in sorted({number for one in reports for number in one["targets"]})])
        hop = len(reached)
        _write_json(bench, f"reached-{hop}", reached)
        reports = bench.map("credit", [f"{hop}.{shard}" for shard in reached[-1]])
        bench.remove(f"hop-{hop}-")
    _write_json(bench, "reached", reached)
    n_left = sum(report["n"] for report in reports)
    return [*bench.map("cut", shards), {"left": n_left}]


def repeats(bench: Comparison, task: str, rule: Rule) -> int:
    """Spill the windows of a partition that are cut, `item`, and the first that is the same, `kept`, both by their
    first items; returns how many windows there are."""
    part = bench.part(int(task))
    order = np.lexsort((part.items, part.payload["second"], part.keys))
    keys, seconds, items = part.keys[order], part.payload["second"][order], part.items[order]
    others = np.flatnonzero((keys[1:] == keys[:-1]) & (seconds[1:] == seconds[:-1])) + 1
    begins = np.arange(len(items))
    begins[others] = 0
    _spill_cuts(bench, f"cuts-{task}", items[others], items[np.maximum.accumulate(begins)[others]], rule)
    return len(keys)


def _spill_cuts(bench: Comparison, name: str, items: Int64s, kept: Int64s, rule: Rule) -> None:
    """Spill windows that are cut by their shards; items, kept int64[C]. Between sources: not those of one source."""
    order = np.argsort(items)
    if rule.between:
        _, numbers = np.unique(bench.sources, return_inverse=True)
        places, firsts = np.searchsorted(bench.firsts, (items[order], kept[order]), side="right") - 1
        order = order[numbers[places] != numbers[firsts]]
    columns = {"item": items[order], "kept": kept[order]}
    with bench.spill(name, len(bench.shards)) as spill:
        spill.add(columns, np.searchsorted(columns["item"], bench.firsts))


def mark(bench: Comparison, shard: str, rule: Rule) -> dict[str, Any]:
    """Write the counterpart of every unit of a shard, int64[I], and spill those of the cut ones as messages."""
    number = bench.shards.index(shard)
    first, last = bench.firsts[number : number + 2].tolist()
    counterparts = np.full(last - first, STAYS)
    if bench.sources[number] in rule.unjudged:
        pass
    elif rule.near:
        with mapped(bench, "final-kept.npy") as kept:
            is_cut = (kept[first:last] != NONE) & (kept[first:last] != np.arange(first, last))
            counterparts[is_cut] = kept[first:last][is_cut]
    else:
        _cover(counterparts, bench, number, rule.window)
    with bench.write(f"counterparts-{shard}") as file:
        file.write(counterparts.tobytes())
    columns = _records(bench, shard, ["row", "side"])
    cut = np.flatnonzero(counterparts != STAYS)
    homes = first + np.searchsorted(columns["row"], columns["row"][cut])
    messages = {
        "item": counterparts[cut],
        "home": np.where(counterparts[cut] >= homes, homes, -1),
        "side": columns["side"][cut].astype(np.int64),
        "shard": np.full(len(cut), number),
        "n": np.ones(len(cut), np.int64),
    }
    return _send(bench, f"hop-1-{shard}", [messages])


def _cover(counterparts: Int64s, bench: Comparison, number: int, window: int) -> None:
    """Set the counterparts of all units of the windows of a shard that are cut: of several the least."""
    for chunk in bench.partition([f"cuts-{part}" for part in range(bench.n_partitions)], number):
        for place in range(window):
            at = chunk["item"] - bench.firsts[number] + place  # windows begin at different items, so no two are alike
            counterparts[at] = np.minimum(counterparts[at], chunk["kept"] + place)


def credit(bench: Comparison, task: str) -> dict[str, Any]:
    """Take the messages to a shard's units: for one that is cut they go on to its counterpart."""
    hop, shard = task.split(".", 1)
    first = int(bench.firsts[bench.shards.index(shard)])
    counterparts = counterparts_of(bench, shard)
    reached = _read_json(bench, f"reached-{hop}")
    writers, onward = reached[-2] if len(reached) > 1 else bench.shards, []
    with bench.spill(f"arrived-{hop}-{shard}", 1) as arrived:
        for chunk in bench.partition([f"hop-{hop}-{writer}" for writer in writers], bench.shards.index(shard)):
            nexts = counterparts[chunk["item"] - first]
            stays = nexts == STAYS
            arrived.add(_of(chunk, stays), np.array([0, stays.sum()]))
            goes = {**_of(chunk, ~stays), "item": nexts[~stays]}
            onward.append({**goes, "home": np.where(goes["item"] >= goes["home"], goes["home"], -1)})
    return _send(bench, f"hop-{int(hop) + 1}-{shard}", onward)


def _send(bench: Comparison, name: str, pieces: list[Columns]) -> dict[str, Any]:
    """Spill messages by the shard of their item, like ones as one; to which shards there are any, and for how many.

    A message says that `n` cut units of one `shard` and `side` count for an `item`, int64[M] each; `home` is the
    first item of the document that they are of if the item is of it too, else -1.
    """
    names = ("item", "home", "side", "shard")
    messages = _joined(pieces) if pieces else dict.fromkeys((*names, "n"), np.zeros(0, np.int64))
    order = np.lexsort([messages[name] for name in reversed(names)])
    messages = {name: values[order] for name, values in messages.items()}
    differs = np.any([np.diff(messages[name]) != 0 for name in names], axis=0)
    begins = np.flatnonzero(np.append(np.ones(min(len(order), 1), bool), differs))
    sums = np.add.reduceat(messages["n"], begins) if len(begins) else messages["n"]
    messages = {**{name: messages[name][begins] for name in names}, "n": sums}
    borders = np.searchsorted(messages["item"], bench.firsts)
    with bench.spill(name, len(bench.shards)) as spill:
        spill.add(messages, borders)
    return {"targets": np.flatnonzero(np.diff(borders)).tolist(), "n": int(sums.sum())}


def cut(bench: Comparison, shard: str) -> dict[str, Any]:
    """Commit the verdicts of a shard; what is to be told of it.

    A verdict on a document, with start = stop = 0, has its `units`, how many are `cut`, and the `copies` elsewhere of
    those that stay; one on a run of cut units has where it starts and stops, in bytes of the text.
    """
    units = _records(bench, shard, ["row", "start", "stop", "side", "uid", "has_key"])
    is_cut = counterparts_of(bench, shard) != STAYS
    copies, elsewhere, matrix, sides = _arrived(bench, shard, units["side"])
    rows, firsts, n_units = np.unique(units["row"], return_index=True, return_counts=True)
    begins, ends = _run_ends(is_cut, units["row"])
    bounds = np.append(firsts, len(is_cut))
    sums = [np.diff(np.append(0, np.cumsum(values))[bounds]) for values in (is_cut, elsewhere)]
    columns = {
        "row": np.append(rows, units["row"][begins]),
        "start": np.append(np.zeros(len(rows), np.int64), units["start"][begins]),
        "stop": np.append(np.zeros(len(rows), np.int64), units["stop"][ends]),
    }
    for name, values in zip(("units", "cut", "copies"), (n_units, *sums), strict=True):
        columns[name] = np.append(values, np.zeros(len(begins), np.int64))
    order = np.argsort(columns["row"], kind="stable")
    bench.verdicts(shard, {name: values[order] for name, values in columns.items()})
    n_bytes = int((units["stop"][ends].astype(np.int64) - units["start"][begins]).sum())
    return {
        "items": len(is_cut), "cut": int(is_cut.sum()), "bytes": n_bytes, "matrix": matrix, "sides": sides,
        "without_key": int((units["has_key"] == 0).sum()), "has_sides": bool((units["side"] >= 0).any()),
        "sizes": _histogram(copies), "most_copied": _most_copied(units, copies),
    }  # fmt: skip


def _arrived(bench: Comparison, shard: str, sides: npt.NDArray[np.int8]) -> tuple[Int64s, Int64s, Any, Any]:
    """How many cut units count for each of a shard, int64[I], how many of them are of other documents; and how many
    there are by source, and by both sides."""
    first = int(bench.firsts[bench.shards.index(shard)])
    copies, elsewhere = np.zeros((2, len(sides)), np.int64)
    by_shard, by_side = np.zeros(len(bench.shards), np.int64), np.zeros((len(SIDES) + 1,) * 2, np.int64)
    hops = [hop for hop, shards in enumerate(_read_json(bench, "reached"), 1) if shard in shards]
    for chunk in bench.partition([f"arrived-{hop}-{shard}" for hop in hops], 0):
        items, n = chunk["item"] - first, chunk["n"]
        np.add.at(copies, items, n)
        np.add.at(elsewhere, items, np.where(chunk["home"] < 0, n, 0))
        np.add.at(by_shard, chunk["shard"], n)
        np.add.at(by_side, (sides[items], chunk["side"]), n)  # -1, none, is the last
    found = {name: int(by_shard[np.asarray(bench.sources) == name].sum()) for name in dict.fromkeys(bench.sources)}
    return copies, elsewhere, found, by_side[:-1, :-1].tolist()


def _run_ends(is_cut: npt.NDArray[np.bool_], rows: Int64s) -> tuple[Int64s, Int64s]:
    """The first and the last unit of every run of cut units of a document."""
    goes_on = is_cut[1:] & is_cut[:-1] & (rows[1:] == rows[:-1])
    begins, ends = is_cut.copy(), is_cut.copy()
    begins[1:] &= ~goes_on
    ends[:-1] &= ~goes_on
    return np.flatnonzero(begins), np.flatnonzero(ends)


def _most_copied(units: Columns, copies: Int64s) -> list[list[Any]]:
    """The units with most cut copies, most first: copies, uid, start and stop."""
    found = np.argsort(-copies, kind="stable")[:N_MOST_COPIED]
    found = found[copies[found] > 0]
    told = (copies[found], to_text(units["uid"][found]), units["start"][found], units["stop"][found])
    return [list(one) for one in zip(*(values.tolist() for values in told), strict=True)]


def _histogram(copies: Int64s) -> list[int]:
    """How many units with their copies are 1 (none), 2, 3 or 4, 5 to 8, 9 to 16 and so on."""
    exponents = np.ceil(np.log2(copies[copies > 0] + 1)).astype(np.int64)
    return np.bincount(exponents).tolist()


def counterparts_of(bench: Comparison, shard: str) -> Int64s:
    """What `mark` wrote of a shard: the counterpart of each unit, int64[I], or STAYS."""
    with bench.read(f"counterparts-{shard}") as file:
        return np.frombuffer(file.read(), np.int64)


def _write_json(bench: Comparison, name: str, value: Any) -> None:
    with bench.write(name) as file:
        file.write(json.dumps(value).encode())


def _read_json(bench: Comparison, name: str) -> Any:
    with bench.read(name) as file:
        return json.load(file)


def _records(bench: Comparison, shard: str, names: Sequence[str]) -> Columns:
    """Those of all units of a shard."""
    none = {name: np.zeros((0, 2) if name == "uid" else 0, np.uint64 if name == "uid" else np.int64) for name in names}
    return _joined([none, *bench.records(shard, names)])


def _joined(pieces: Sequence[Columns]) -> Columns:
    """The rows of pieces, of which there is at least one, with the same columns."""
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _of(columns: Columns, chosen: npt.NDArray[np.bool_]) -> Columns:
    return {name: values[chosen] for name, values in columns.items()}
