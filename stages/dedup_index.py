"""Indexes on disk: what an earlier run kept, by which a later one finds copies of it without its text.

An index is an Arrow IPC file with the `uid` of every document that a dedup stage compared and kept, in order of rank,
and what it compares by: `minima` uint32[H] at the level `document`, `hash` uint64[2] at the level `exact`. What decides
these values, and must be the same to compare them, is JSON in the schema's metadata. Every batch but the last has
BATCH_ROWS rows, so that the number of documents is known without reading them, and each has in its own metadata the
CRC-32 of its number, uids and values.
Letters: N documents of a batch, H values of a document, K keys, P partitions, S shards.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, BinaryIO, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError, OptionError, shortened
from pipeline.schema import option
from pipeline.stage import Comparison, Int64s, Part, UInt64s

from . import uids
from .clustering import RANK, Clustering, Rounds, Shards
from .dedup_pairs import add_by
from .dedup_priority import WORST, Priority
from .dedup_tables import COMPARED

FORMAT = 2
"""Version of these files. Raise it when they, or the values that the same settings give, change."""
ABOUT = b"corpusmill.index"
"""The key of the schema's metadata with the settings."""
CHECKSUM = b"crc32"
"""The key of a batch's metadata with its checksum, in decimals."""
BATCH_ROWS = 1 << 16
SHARD_BATCHES = 16
"""Batches of an index that are a shard to the rounds of a comparison."""
UID = "^[0-9a-f]{32}$"
COLUMNS = {"document": ("minima", pa.uint32()), "exact": ("hash", pa.uint64())}
"""Level -> the column of what is compared, and the type of its values."""
INDEX = "index.arrow"
SOURCE = "(index)"
"""What facts call the source of documents that are in an index."""
FIRST = np.iinfo(np.int64).min
"""The merit of documents of an index, which none of others has."""
Array = npt.NDArray[Any]
Columns = dict[str, Array]


def index_option() -> Any:
    return option(False, "write `out/<label>.index.arrow`, by which later runs find copies of what stays here")


def against_option() -> Any:
    return option(
        (),
        "indexes that earlier runs wrote (`~`, absolute, or from here): their documents come before all others, stay, "
        "and are not compared with each other",
    )


def as_lists(minima: Array) -> pa.Array:
    """Rows uint32[N, H] as Arrow lists of uint64, as the shingles of texts are given."""
    firsts = np.arange(len(minima) + 1, dtype=np.int64) * minima.shape[1]
    return pa.LargeListArray.from_arrays(pa.array(firsts), pa.array(minima.ravel().astype(np.uint64)))


def from_lists(lists: pa.Array, n_minima: int) -> Array:
    """The reverse of `as_lists`."""
    return np.asarray(lists.flatten().to_numpy().reshape(len(lists), n_minima).astype(np.uint32))


class IndexFile(NamedTuple):
    """An index that fits. n: its documents."""

    path: str
    level: str
    n: int


def write_index(
    file: BinaryIO, level: str, settings: Mapping[str, Any], n_values: int, pieces: Iterable[Columns]
) -> int:
    """Write an index; returns the number of its documents.

    settings: JSON-ready, all that decides the values; pieces: `uid` uint64[N, 2] and the level's column [N, H], in
    order of rank, of any size; one is in memory at a time.
    """
    name, _ = COLUMNS[level]
    about = {"format": FORMAT, "level": level, **settings, "corpusmill": version("corpusmill")}
    schema = _schema(level, n_values).with_metadata({ABOUT: json.dumps(about, sort_keys=True)})
    written = 0
    with pa.ipc.new_file(file, schema) as writer:  # of random numbers there is nothing to compress
        for uid, values in _evenly((piece["uid"], piece[name]) for piece in pieces):
            rows = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), n_values)
            batch = pa.record_batch([pa.array(uids.to_text(uid), pa.string()), rows], schema=schema)
            writer.write_batch(batch, {CHECKSUM: str(_checksum(written // BATCH_ROWS, uid, values))})
            written += len(uid)
    return written


def _checksum(number: int, uid: Array, values: Array) -> int:
    """CRC-32 of a batch: what it holds, and its number to begin with."""
    return zlib.crc32(np.ascontiguousarray(values), zlib.crc32(np.ascontiguousarray(uid), number))


def _evenly(pieces: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """The same rows in pieces of BATCH_ROWS, the last of what is left."""
    waiting: list[tuple[Any, Any]] = []
    n = 0
    for piece in pieces:
        waiting.append(piece)
        n += len(piece[0])
        while n >= BATCH_ROWS:
            uid, values = (np.concatenate(columns) for columns in zip(*waiting, strict=True))
            yield uid[:BATCH_ROWS], values[:BATCH_ROWS]
            waiting = [(uid[BATCH_ROWS:], values[BATCH_ROWS:])]
            n -= BATCH_ROWS
    if n:
        uid, values = (np.concatenate(columns) for columns in zip(*waiting, strict=True))
        yield uid, values


def _schema(level: str, n_values: int) -> pa.Schema:
    name, kind = COLUMNS[level]
    return pa.schema([("uid", pa.string()), (name, pa.list_(kind, n_values))])


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Raises InputError where a file turns out to be no index."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, LookupError, RecursionError) as error:
        if isinstance(error, InputError | OptionError):
            raise
        raise InputError(
            f"{what} is no index of dedup_exact or dedup_document, or is damaged ({shortened(str(error))})"
        ) from error


def open_indexes(
    paths: Sequence[str], stage: str, level: str, settings: Mapping[str, Any], n_values: int
) -> list[IndexFile]:
    """The indexes at paths (`~`, absolute, or from here), for a stage with these settings.

    Raises InputError for a file that is missing or no index, OptionError for one that was made with other settings.
    """
    return [_open(os.path.expanduser(path), stage, level, settings, n_values) for path in paths]


def _open(path: str, stage: str, level: str, settings: Mapping[str, Any], n_values: int) -> IndexFile:
    if not os.path.isfile(path):
        raise InputError(f"there is no index {path}: give the path of an `out/*.index.arrow` that an earlier run wrote")
    with _reading(path):
        reader = _reader(path)
        about = json.loads((reader.schema.metadata or {})[ABOUT])
        _check_settings(path, stage, about, {"format": FORMAT, "level": level, **settings})
        if not reader.schema.equals(_schema(level, n_values)):
            raise InputError(f"{path} has the columns {shortened(str(reader.schema))}")
        full = max(reader.num_record_batches - 1, 0)
        last = reader.get_batch(full).num_rows if reader.num_record_batches else 0
        return IndexFile(path, level, full * BATCH_ROWS + last)


def _check_settings(path: str, stage: str, about: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    if not isinstance(about, dict):
        raise InputError(f"{path} has no settings")
    others = [name for name, value in wanted.items() if about.get(name) != value]
    if others:
        theirs = ", ".join(f"{name} {shortened(str(about.get(name)), 80)}" for name in others)
        ours = ", ".join(f"{name} {wanted[name]}" for name in others)
        message = f"{path} was made with {theirs}, and this stage has {ours}: they cannot be compared"
        raise OptionError("against", f"{stage} option 'against': {message}")


def _reader(path: str) -> pa.ipc.RecordBatchFileReader:
    return pa.ipc.open_file(pa.OSFile(path, "rb"), options=pa.ipc.IpcReadOptions(use_threads=False))


def hash_of(path: str) -> str:
    """The SHA-256 of an index, in hexadecimal. Raises InputError if it is not there."""
    import hashlib

    try:
        with open(os.path.expanduser(path), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read the index {path}: {error.strerror or error}") from error


def _read(stage: str, one: IndexFile, first: int, stop: int) -> Iterator[Columns]:
    """Some batches of an index: `uid` uint64[N, 2] and the level's column [N, H]. Raises InputError naming a stage."""
    name, _ = COLUMNS[one.level]
    what = f"{stage} option 'against': {one.path}"
    with _reading(what):
        reader = _reader(one.path)
        for number in range(first, min(stop, reader.num_record_batches)):
            batch, about = reader.get_batch_with_custom_metadata(number)
            batch.validate(full=True)
            uid, values = batch.column("uid"), batch.column(name)
            whole = batch.num_rows == min(BATCH_ROWS, one.n - number * BATCH_ROWS)
            if not whole or uid.null_count or values.null_count or values.flatten().null_count:
                raise InputError(f"{what} is damaged: its batch {number} lacks values")
            if pc.sum(pc.match_substring_regex(uid, UID)).as_py() != len(uid):
                raise InputError(f"{what} is damaged: its batch {number} has uids that are none")
            rows = values.flatten().to_numpy(zero_copy_only=False).reshape(len(uid), values.type.list_size)
            found = {"uid": uids.to_numbers(uid), name: rows}
            if about is None or about.get(CHECKSUM) != str(_checksum(number, *found.values())).encode():
                raise InputError(f"{what} is damaged: its batch {number} is not as it was written")
            yield found


class IndexedClustering(Clustering):
    """A Clustering that knows the documents of indexes too, and can write one.

    They are shards of items after those of the bench in number and before them in priority, all of one camp: none of
    them is compared with another, and all stay. Subclasses have the options `index` and `against`.

    A document may go for itself, so that a run over old files and new ones keeps what is new. How often it does is told
    (`same_uid`), for other documents have the same uid, too, if source, file and row have the same names.
    """

    index: bool
    against: tuple[str, ...]
    level: ClassVar[str]

    @property
    def priority(self) -> Priority:
        """What `keep` and the options with it say."""
        raise NotImplementedError(f"{type(self).__name__}.priority")

    @property
    def order(self) -> str:
        """See `Clustering`."""
        return self.priority.keep

    def settings(self) -> dict[str, Any]:
        """What decides the values of an index, JSON-ready."""
        raise NotImplementedError(f"{type(self).__name__}.settings")

    @property
    def n_values(self) -> int:
        """H, how many a document has."""
        raise NotImplementedError(f"{type(self).__name__}.n_values")

    @property
    def indexed_kinds(self) -> tuple[int, ...]:
        """Which documents an index is of, as records have it: those that are compared."""
        return (COMPARED,)

    def keyed(self, values: Array) -> tuple[UInt64s, Int64s, dict[str, Array]]:
        """Keys uint64[K] of N documents, whose they are int64[K], ascending, and their payload; values [N, H]."""
        raise NotImplementedError(f"{type(self).__name__}.keyed")

    @property
    def tables(self) -> tuple[str, ...]:  # type: ignore[override]
        return (*super().tables, INDEX) if self.index else super().tables

    def identity(self) -> dict[str, str]:
        """The hashes of indexes. Raises InputError and OptionError where one cannot be used."""
        self.opened()
        return {f"against {number}": hash_of(path) for number, path in enumerate(self.against)}

    def opened(self) -> list[IndexFile]:
        """The indexes. Raises InputError and OptionError where one cannot be used."""
        return open_indexes(self.against, self.name, self.level, self.settings(), self.n_values)

    def shards(self, bench: Comparison) -> Shards:
        """Those of the bench and, after them, of indexes."""
        own = super().shards(bench)
        pieces = self._pieces()
        if not pieces:
            return own
        camp, n = int(own.camps.max(initial=-1)) + 1, len(pieces)
        sizes = [size for _, _, size in pieces.values()]
        return Shards(
            (*own.names, *pieces),
            np.concatenate([own.firsts, own.firsts[-1] + np.cumsum(sizes)]),
            np.append(own.codes, [len(own.sources)] * n),
            [*own.sources, SOURCE],
            np.append(own.camps, [camp] * n),
            own.n_own,
        )

    def _pieces(self) -> dict[str, tuple[IndexFile, int, int]]:
        """Shard -> the index that it is of, the first of its batches, the number of its documents."""
        rows = SHARD_BATCHES * BATCH_ROWS
        return {
            f"index-{number:03d}-{piece:05d}": (one, piece * SHARD_BATCHES, min(rows, one.n - piece * rows))
            for number, one in enumerate(self.opened())
            for piece in range(-(-one.n // rows))
        }

    def records(self, bench: Comparison, shard: int, columns: Sequence[str]) -> Iterator[dict[str, Array]]:
        """Those of the bench, and of indexes the same, but for `row`."""
        found = self.shards(bench)
        if shard < found.n_own:
            yield from super().records(bench, shard, columns)
            return
        one, first, _ = self._pieces()[found.names[shard]]
        for piece in _read(self.name, one, first, first + SHARD_BATCHES):
            n = len(piece["uid"])
            piece["kind"], piece["side"] = np.full(n, COMPARED, np.uint8), np.full(n, -1, np.int8)
            piece["merit"] = np.full(n, FIRST, np.int64)
            yield {name: piece[name] for name in columns}

    def merits(self, bench: Comparison) -> Array:
        """int64[V]: documents of indexes come first."""
        found, n_items = self.shards(bench), int(bench.firsts[-1])
        if self.order != RANK or int(found.firsts[-1]) == n_items:
            return super().merits(bench)
        return np.repeat(np.array([0, FIRST]), [n_items, int(found.firsts[-1]) - n_items])

    def spill_index(self, bench: Comparison, task: str) -> int:
        """Spill the keys of a shard of an index by partition; returns how many."""
        found = self.shards(bench)
        shard = int(task)
        item, n_keys = int(found.firsts[shard]), 0
        with bench.spill(f"index-{shard}", bench.n_partitions) as spill:
            for piece in self.records(bench, shard, [COLUMNS[self.level][0]]):
                (values,) = piece.values()
                keys, items, payload = self.keyed(values)
                part = (keys % np.uint64(bench.n_partitions)).astype(np.int64)
                columns = {"key": keys, "item": items + item, **payload, "merit": np.full(len(keys), FIRST, np.int64)}
                add_by(spill, bench.n_partitions, part, columns)
                item, n_keys = item + len(values), n_keys + len(keys)
        return n_keys

    def verdicts(self, bench: Comparison, shard: int) -> dict[str, Array]:
        """See `Clustering`; what goes is noted for the index."""
        found = super().verdicts(bench, shard)
        if self.index:
            rows = found["row"][found["twin"].any(axis=1)]
            with bench.spill(f"gone-{shard}", 1) as spill:
                spill.add({"row": rows}, np.array([0, len(rows)]))
        return found

    def without_value(self, bench: Comparison, task: str) -> int:
        """How many documents of a shard have nothing that `keep` goes by."""
        pieces = self.records(bench, int(task), ["merit"])
        return sum(int((piece["merit"] == WORST).sum()) for piece in pieces)

    def compare(self, bench: Comparison) -> dict[str, Any]:
        """See `Clustering`; then the index is written. Raises OptionError if no document has a date to go by."""
        priority = self.priority.found(self.name, bench, int(bench.firsts[-1]))
        found = self.shards(bench)
        if len(found.names) > found.n_own:
            bench.map("spill_index", [str(shard) for shard in range(found.n_own, len(found.names))])
        facts = {**super().compare(bench), "priority": priority}
        bench.remove("index-")
        if self.index:
            bench.map("write_kept", ["all"])
            bench.remove("gone-")
        return facts

    def write_kept(self, bench: Comparison, task: str) -> int:
        """Write the index, as a round of its own, which is not done again when what it needs is gone."""
        with bench.write(INDEX) as file:
            return write_index(file, self.level, self.settings(), self.n_values, self._kept(bench))

    def _kept(self, bench: Comparison) -> Iterator[Columns]:
        """Documents that were compared and stay, by batch."""
        name, _ = COLUMNS[self.level]
        for shard, label in enumerate(bench.shards):
            gone = np.concatenate([chunk["row"] for chunk in bench.partition([f"gone-{shard}"], 0)])
            for piece in bench.records(label, ["uid", "kind", "row", name]):
                stays = np.isin(piece["kind"], self.indexed_kinds) & ~np.isin(piece["row"], gone)
                yield {"uid": piece["uid"][stays], name: piece[name][stays]}

    def told_facts(self, bench: Comparison, clusters: dict[str, Any], rounds: Rounds) -> dict[str, Any]:
        """See `Clustering`."""
        found, told = self.shards(bench), super().told_facts(bench, clusters, rounds)
        if self.against:
            removed = sum(clusters["matrix"][-1]) if len(found.names) > found.n_own else 0
            n = int(found.firsts[-1] - bench.firsts[-1])
            same = clusters["same_uid"]
            told["index"] = {"documents": n, "removed": removed, "same_uid": same, "files": len(self.against)}
        return told

    def part(self, bench: Comparison, partition: int) -> Part:
        """Keys of documents and of indexes."""
        own, found = bench.part(partition), self.shards(bench)
        if len(found.names) == found.n_own:
            return own
        columns = {"key": own.keys, "item": own.items, "merit": np.zeros(len(own.keys), np.int64), **own.payload}
        spills = [f"index-{shard}" for shard in range(found.n_own, len(found.names))]
        pieces = [columns, *(piece for piece in bench.partition(spills, partition) if len(piece["key"]))]
        columns = {name: np.concatenate([piece[name] for piece in pieces]) for name in columns}
        order = np.argsort(columns["key"], kind="stable")
        columns = {name: values[order] for name, values in columns.items()}
        return Part(columns.pop("key"), columns.pop("item"), columns)
