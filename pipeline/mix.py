"""`corpusmill mix`: the big run's corpus from a finished run, weighted by tokens, shuffled and sharded.

The result is a packed folder as `python -m train` reads it: one source `mixture` to train on, and the validation
sequences of every source as they were. `mix.json` holds the account: what was asked for and what there is.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shlex
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from train.errors import ConfigError, DataError
from train.packed import PackedIndex, Shard, Side, Source, read_index, write_pieces
from train.plan import Order, Phase, Plan, allot
from train.sequences import Shards
from train.tokens import write_array

from . import storage
from .contenders import label_of
from .engine import EngineFactory
from .errors import InputError, RecipeError, did_you_mean
from .manifest import read_manifest
from .mixtures import Mixture, resolve
from .recipe import Recipe, parse_recipe
from .shards import finished, sidecar_path
from .worker import Done, Progress

MIXED = "mixture"
SHARD_BYTES = 256_000_000


class Asked(NamedTuple):
    """What to mix. max_epochs: how often a source may be repeated at most; data: label of the stage that packed, or
    None for the one that the ablation trains from.
    """

    mixture: str
    tokens: int
    seed: int
    max_epochs: float
    data: str | None = None


@dataclass(frozen=True)
class Mixing:
    """Everything that a worker needs. data: the packed folder; packed: hash of its index; out: the new folder; marks:
    folder of the sidecars of its shards.
    """

    run: str
    asked: Asked
    mixture: Mixture
    plan: Plan
    data: str
    packed: str
    out: str
    marks: str
    fingerprint: str
    block_sequences: int

    @property
    def order(self) -> Order:
        """Which sequences come in which shard."""
        return Order(self.plan, self.asked.seed, self.block_sequences)

    @property
    def replay(self) -> str:
        """The command that does it again, in one process."""
        asked = self.asked
        numbers = [
            f"--tokens={asked.tokens}",
            f"--seed={asked.seed}",
            f"--max-epochs={asked.max_epochs:g}",
            "--workers=1",
        ]
        data = [f"--data={asked.data}"] if asked.data else []
        return shlex.join(
            ["corpusmill", "mix", self.run, "--mixture", asked.mixture, *numbers, *data, "--out", self.out]
        )


class BlockTask(NamedTuple):
    """One shard of the mixed corpus."""

    number: int

    @property
    def name(self) -> str:
        """The shard's name in the packed folder."""
        return f"train/{MIXED}/{self.number:05d}"


def mix(
    run: str, asked: Asked, out: str | None, workers: int, progress: Progress, start_engine: EngineFactory
) -> dict[str, Any]:
    """Write the mixed corpus, or what is missing of it; returns the account. Raises InputError, RecipeError."""
    try:
        mixing, index = _prepare(run, asked, out)
        there = _account_of(mixing)
        if there is not None:
            return {**there, "did_nothing": True, "folder": mixing.out}
        with storage.lock(storage.join(run, ".lock")):
            account = _mix(mixing, index, workers, progress, start_engine)
    except DataError as error:
        raise InputError(str(error)) from error
    return {**account, "did_nothing": False, "folder": mixing.out}


def _mix(
    mixing: Mixing, index: PackedIndex, workers: int, progress: Progress, start_engine: EngineFactory
) -> dict[str, Any]:
    storage.make_folder(storage.join(mixing.run, "work"), private=True)
    storage.make_folder(mixing.marks)  # from here on, what is in the new folder is ours
    tasks = [BlockTask(number) for number in range(mixing.order.n_blocks)]
    left = [task for task in tasks if not _is_there(mixing, task)]
    progress.begin("mix", len(tasks), len(tasks) - len(left))
    with start_engine(mixing, workers) as engine:
        for done in engine.map(block_task, None, left):
            progress.advance(done)
    return _finish(mixing, index, tasks)


def _account_of(mixing: Mixing) -> dict[str, Any] | None:
    """The account of this very corpus, if all of it is there. Raises InputError if something else is."""
    path = storage.join(mixing.out, "mix.json")
    if not storage.exists(path):
        begun = storage.exists(mixing.marks)
        if storage.exists(mixing.out) and os.listdir(mixing.out) and not begun:
            raise InputError(f"{mixing.out} holds something else: choose another --out")
        return None
    account: dict[str, Any] = storage.read_json(path)
    if account.get("fingerprint") != mixing.fingerprint:
        raise InputError(f"{mixing.out} holds another corpus: choose another --out, or delete it")
    sizes = {name: storage.size_of(storage.join(mixing.out, name)) for name in account["files"]}
    return account if sizes == account["files"] else None


def _is_there(mixing: Mixing, task: BlockTask) -> bool:
    sidecar = finished(mixing.marks, f"{task.number:05d}", mixing.fingerprint)
    return sidecar is not None and all(
        storage.size_of(storage.join(mixing.out, name)) == n_bytes for name, n_bytes in sidecar["files"].items()
    )


def _prepare(run: str, asked: Asked, out: str | None) -> tuple[Mixing, PackedIndex]:
    """Raises DataError too."""
    recipe = _recipe(run)
    data = _packed_folder(run, recipe, asked.data)
    index = read_index(data)
    if MIXED in index.sources:
        raise RecipeError(
            f"{recipe.path}: a source is called '{MIXED}', the name that the mixed corpus gets: rename it"
        )
    available = index.available()
    mixture = resolve(asked.mixture, recipe, {name: n for name, (_, n) in available.items()})
    try:
        plan = allot([Phase(mixture.weights, asked.tokens)], available, asked.max_epochs)
    except ConfigError as error:
        raise RecipeError(f"{recipe.path}: {error}") from error
    packed = storage.sha256_of(storage.join(data, "packed.json"))
    fingerprint = hashlib.sha256(repr([asked, mixture.weights, packed]).encode()).hexdigest()
    folder = out or storage.join(run, "mix", f"{asked.mixture}-{asked.tokens}-{fingerprint[:8]}")
    mark = hashlib.sha256(f"{fingerprint} {os.path.abspath(folder)}".encode()).hexdigest()
    row_bytes = (index.sequence_tokens + 1) * np.dtype(index.dtype).itemsize
    block_sequences = max(1, SHARD_BYTES // row_bytes)
    marks = storage.join(run, "work", f"mix-{mark[:16]}")
    return Mixing(run, asked, mixture, plan, data, packed, folder, marks, fingerprint, block_sequences), index


def _packed_folder(run: str, recipe: Recipe, label: str | None) -> str:
    """The packed folder of a run. Raises InputError if there is none."""
    exports = storage.read_json(storage.join(run, "out", "manifest.json"))["exports"]
    packed = [one for one in exports if storage.exists(storage.join(run, "out", one, "packed.json"))]
    if not packed:
        raise InputError(f"{run} has no packed tokens: add the stages split, tokenizer, tokens and pack to its recipe")
    if label is None:
        label = label_of(recipe.ablation) if recipe.ablation else packed[0]
    if label not in packed:
        raise InputError(f"{run} has no packed tokens of the stage '{label}'{did_you_mean(label, packed)}")
    return os.path.abspath(storage.join(run, "out", label))


def _recipe(run: str) -> Recipe:
    """The recipe as it was when the run was done: its mixtures are meant. Raises InputError."""
    path = storage.join(run, "out", "manifest.json")
    if storage.is_url(run) or not storage.exists(path):
        raise InputError(f"{run} is not a complete run on a local disk: give the folder of one")
    where = storage.read_json(storage.join(run, "run.json"))["recipe"]
    return parse_recipe(where, read_manifest(run)["recipe_text"])


@functools.lru_cache(maxsize=1)
def _opened(data: str, packed: str, sources: tuple[str, ...]) -> tuple[PackedIndex, Shards, np.ndarray]:
    """All training sequences of the sources, opened once per worker; and the number of the first of each.

    packed: hash of the index, so that another corpus in the same place is opened anew.
    """
    index = read_index(data)
    sides = [index.sources[name].train for name in sources]
    first = np.cumsum([0, *(side.total("sequences") for side in sides)], dtype=np.int64)
    return index, Shards(index, data, [shard for side in sides for shard in side.shards]), first


def block_task(mixing: Mixing, segment: None, task: BlockTask) -> Done:
    """Write one shard of the mixed corpus, then its sidecar."""
    started = time.perf_counter()
    order = mixing.order
    index, shards, first = _opened(mixing.data, mixing.packed, order.sources)
    source, _, row = order.block(task.number)
    row += first[source]
    rows = np.empty((len(row), index.sequence_tokens + 1), np.dtype(index.dtype))
    pieces = []
    for number, where, inside in shards.locate(row):
        rows[where] = shards.array(number)[inside]
        pieces.append(_moved(shards.pieces(number), inside, where))
    table = pa.concat_tables(pieces).sort_by([("sequence", "ascending"), ("start", "ascending")])
    names = (f"{task.name}.npy", f"{task.name}.docs.arrow")
    with storage.commit(storage.join(mixing.out, names[0])) as file:
        write_array(file, rows)
    with storage.commit(storage.join(mixing.out, names[1])) as file:
        write_pieces(file, table)
    files = {name: storage.size_of(storage.join(mixing.out, name)) for name in names}
    facts = {"fingerprint": mixing.fingerprint, "facts": _facts(task, rows, table), "files": files}
    facts["sources"] = _counts(order.sources, source, table)
    storage.write_json(sidecar_path(mixing.marks, f"{task.number:05d}"), facts)
    return Done(task.name, [task.name], len(rows), rows.nbytes, time.perf_counter() - started)


def _moved(pieces: pa.Table, inside: np.ndarray, sequences: np.ndarray) -> pa.Table:
    """The pieces of the rows `inside` of a shard, as those of the rows `sequences` of another."""
    of_row = pieces["sequence"].to_numpy()
    first, stop = np.searchsorted(of_row, inside), np.searchsorted(of_row, inside, side="right")
    count = stop - first
    begin = np.cumsum(count) - count
    taken = np.arange(count.sum()) - np.repeat(begin - first, count)
    moved = pa.array(np.repeat(sequences, count), pa.int32())
    return pieces.take(pa.array(taken)).set_column(0, pieces.schema.field(0), moved)


def _counts(names: Sequence[str], source: np.ndarray, table: pa.Table) -> dict[str, dict[str, int]]:
    """Sequences and tokens of each source; source int32[K], of each sequence, an index of the names."""
    tokens = np.zeros(len(names), np.int64)
    np.add.at(tokens, source[table["sequence"].to_numpy()], table["n_tokens"].to_numpy() - 1)
    sequences = np.bincount(source, minlength=len(names))
    pairs = zip(names, sequences.tolist(), tokens.tolist(), strict=True)
    return {name: {"sequences": n, "tokens": n_tokens} for name, n, n_tokens in pairs}


def _facts(task: BlockTask, rows: np.ndarray, table: pa.Table) -> dict[str, Any]:
    """The counts of a packed shard; what is not in these sequences, and the bytes of a piece, is not known."""
    n_tokens, part = table["n_tokens"].to_numpy(), table["part"].to_numpy()
    covered, first = int(n_tokens.sum()), int((part == 0).sum())
    return {
        "name": task.name,
        "sequences": len(rows),
        "tokens": covered - len(n_tokens),
        "padding": rows.size - covered,
        "cropped": 0,
        "documents": first,
        "documents_cut": int((part == 1).sum()),
        "pieces": len(n_tokens),
        "cuts": len(n_tokens) - first,
        "bytes": 0,
    }


def _finish(mixing: Mixing, index: PackedIndex, tasks: list[BlockTask]) -> dict[str, Any]:
    """Copy what belongs to the folder, and write its index and the account, which comes last."""
    served = {name: {"sequences": 0, "tokens": 0} for name in mixing.plan.sources}
    shards = []
    for task in tasks:
        sidecar = finished(mixing.marks, f"{task.number:05d}", mixing.fingerprint)
        assert sidecar is not None, f"{task.name} is missing"
        shards.append(Shard(**sidecar["facts"]))
        for name, counts in sidecar["sources"].items():
            for key, value in counts.items():
                served[name][key] += value
    sources = {MIXED: Source(None, Side(tuple(shards)), Side(()))}
    for name, source in index.sources.items():
        sources[name] = Source(source.tag, Side(()), source.validation)
    held_out = [shard.name for source in sources.values() for shard in source.validation.shards]
    copied = ["tokenizer.json", "token_bytes.npy", *(f"{n}{end}" for n in held_out for end in (".npy", ".docs.arrow"))]
    for name in copied:
        storage.copy(storage.join(mixing.data, name), storage.join(mixing.out, name))
    content = {**index.to_json(), "sources": {name: asdict(source) for name, source in sources.items()}}
    storage.write_json(storage.join(mixing.out, "packed.json"), content)
    names = [*copied, "packed.json", *(f"{task.name}{end}" for task in tasks for end in (".npy", ".docs.arrow"))]
    files = {name: storage.size_of(storage.join(mixing.out, name)) for name in names}
    account = {"fingerprint": mixing.fingerprint, **_account(mixing, served), "files": files}
    storage.write_json(storage.join(mixing.out, "mix.json"), account)
    return account


def _account(mixing: Mixing, served: dict[str, dict[str, int]]) -> dict[str, Any]:
    plan, total = mixing.plan, sum(counts["tokens"] for counts in served.values())
    return {
        "mixture": mixing.mixture.name,
        "cited": mixing.mixture.cited,
        "missing_tags": list(mixing.mixture.missing),
        "packed_sha256": mixing.packed,
        "seed": mixing.asked.seed,
        "max_epochs": mixing.asked.max_epochs,
        "tokens_asked": mixing.asked.tokens,
        "tokens": total,
        "shards": mixing.order.n_blocks,
        "sources": {
            name: {
                "weight": mixing.mixture.weights[name],
                "share": counts["tokens"] / total,
                "tokens_planned": plan.asked[name],
                "tokens": counts["tokens"],
                "sequences": counts["sequences"],
                "sequences_there": plan.available[name],
                "epochs": plan.epochs[name],
                "capped": name in plan.capped,
            }
            for name, counts in served.items()
        },
    }
