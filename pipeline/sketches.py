"""What a global stage compares, on storage: the keys of each shard's items by partition, and the records of its items.

    keys/SHARD.arrow      a spill; written last, it says that the others are there
    records/SHARD.arrow   a batch for each batch of documents that has rows
    items/SHARD.json      how many items each of these batches has

Letters: K keys, P partitions, S shards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import storage
from .exchange import SpillWriter, arrays, read_chunks, record_batch
from .shards import ShardWriter, open_shard, reading
from .stage import Int64s, Part, Sketch

FLUSH_BYTES = 64_000_000
"""Keys that wait before they are spilled."""


def keys_path(folder: str, shard: str) -> str:
    """Where a shard's keys lie in the folder of a comparison."""
    return storage.join(folder, "keys", f"{shard}.arrow")


def _records_path(folder: str, shard: str) -> str:
    return storage.join(folder, "records", f"{shard}.arrow")


def _items_path(folder: str, shard: str) -> str:
    return storage.join(folder, "items", f"{shard}.json")


class SketchWriter:
    """Writes the sketches of a shard's batches, in order; all is there when the block ends without an error.

    Items and their rows are numbered through the shard. A key belongs to partition key % P.
    """

    def __init__(self, folder: str, shard: str, partitions: int) -> None:
        assert partitions <= 1 << 16, f"{partitions} partitions"
        self._folder, self._shard, self._partitions = folder, shard, partitions
        self._keys = SpillWriter(keys_path(folder, shard), partitions)
        self._records: ShardWriter | None = None
        self._waiting: list[dict[str, npt.NDArray[Any]]] = []
        self._waiting_bytes = self._n_rows = 0
        self._items: list[int] = []

    def __enter__(self) -> SketchWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None:
            self.close()
        else:
            self.abandon(error)

    def close(self) -> None:
        """Commit all files, the keys last."""
        self._flush()
        if self._records is not None:
            self._records.close()
        storage.write_json(_items_path(self._folder, self._shard), self._items)
        self._keys.__exit__(None, None, None)

    def abandon(self, error: BaseException) -> None:
        """Leave no file behind, because of `error`."""
        if self._records is not None:
            self._records.abandon(error)
        self._keys.__exit__(type(error), error, error.__traceback__)

    def add(self, n_rows: int, sketch: Sketch) -> None:
        """The next batch's. n_rows: how many documents it has; one without any only tells which columns there are."""
        columns = {"key": sketch.keys, "item": sketch.items + sum(self._items), **sketch.payload}
        self._waiting.append(columns)
        self._waiting_bytes += sum(values.nbytes for values in columns.values())
        rows = {} if sketch.rows is None else {"row": sketch.rows + self._n_rows}
        batch = record_batch({**rows, **sketch.records})
        self._records = self._records or ShardWriter(_records_path(self._folder, self._shard), batch.schema)
        if n_rows:
            self._records.write_even_if_empty(batch)
            self._items.append(sketch.n_items)
        self._n_rows += n_rows
        if self._waiting_bytes > FLUSH_BYTES:
            self._flush()

    def _flush(self) -> None:
        """Spill the keys that wait, in the order of items within each partition."""
        if not self._waiting:
            return
        columns = _joined(self._waiting)
        self._waiting, self._waiting_bytes = [], 0
        if (np.diff(columns["item"]) < 0).any():
            order = np.argsort(columns["item"], kind="stable")
            columns = {name: values[order] for name, values in columns.items()}
        part = (columns["key"] % np.uint64(self._partitions)).astype(np.uint16)  # 16 bits are sorted by radix
        order = np.argsort(part, kind="stable")
        borders = np.cumsum([0, *np.bincount(part, minlength=self._partitions)])
        self._keys.add({name: values[order] for name, values in columns.items()}, borders)


def items_of(folder: str, shard: str) -> list[int]:
    """How many items each batch of a shard has that has rows."""
    found: list[int] = storage.read_json(_items_path(folder, shard))
    return found


def firsts_of(folder: str, shards: Sequence[str]) -> Int64s:
    """See `stage.Comparison`."""
    return np.concatenate([[0], np.cumsum([sum(items_of(folder, shard)) for shard in shards], dtype=np.int64)])


def read_records(folder: str, shard: str, columns: Sequence[str]) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """See `stage.Comparison`; `row` is counted where it is not stored. Raises InputError if they are damaged."""
    n_items = items_of(folder, shard)
    if not n_items:
        return
    path = _records_path(folder, shard)
    there = open_shard(path).schema.names
    reader = open_shard(path, [name for name in columns if name in there])
    first = 0
    for number, n in enumerate(n_items):
        with reading(path):
            found = arrays(reader.get_batch(number))
        if "row" not in there:
            found["row"] = np.arange(first, first + n)
        yield {name: found[name] for name in columns}
        first += n


def read_part(folder: str, shards: Sequence[str], firsts: Int64s, partition: int) -> Part:
    """One partition of the keys of all shards; firsts int64[S+1]: the number of each one's first item."""
    columns = _joined(
        [
            {**chunk, "item": chunk["item"] + first}
            for shard, first in zip(shards, firsts[:-1], strict=True)
            for chunk in read_chunks(keys_path(folder, shard), partition)
        ]
    )
    rows = np.argsort(columns["key"], kind="stable")  # items ascend already, within shards and from one to the next
    columns = {name: values[rows] for name, values in columns.items()}
    return Part(columns.pop("key"), columns.pop("item"), columns)


def _joined(pieces: Sequence[dict[str, npt.NDArray[Any]]]) -> dict[str, npt.NDArray[Any]]:
    """The rows of pieces with the same columns, one after the other; of a shard without a batch only two are known."""
    nothing = {"key": np.zeros(0, np.uint64), "item": np.zeros(0, np.int64)}
    filled = [piece for piece in pieces if len(piece["key"])] or [max(pieces, key=len, default=nothing)]
    return {name: np.concatenate([piece[name] for piece in filled]) for name in filled[0]}
