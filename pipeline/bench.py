"""What the frame gives a GlobalStage, a GlobalFit and an Export to work with; stages import it from `stage`.

Letters: M rows, P partitions, S shards, K keys, V verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .batch import Batch


class Spill(Protocol):
    """A file of rows, each of which belongs to a partition."""

    def add(self, columns: Mapping[str, npt.NDArray[Any]], borders: npt.NDArray[np.int64]) -> None:
        """Append rows: name -> array[M] or [M, C] of a fixed-size type, or a list column as Arrow has it
        (`large_list`), the same names and types in each call.

        borders int64[P+1]: partition p has rows borders[p]..borders[p+1].
        """
        ...


class Bench(Protocol):
    """What a `GlobalFit` works on and with: the documents by shard, all workers, and files that the rounds share.

    A file or spill appears when its block ends without an error. All of them are deleted once the artifact is there.
    """

    shards: tuple[str, ...]

    def batches(self, shard: str) -> Iterable[Batch]:
        """The documents of a shard in order; as often as it is asked for."""
        ...

    def map(self, method: str, tasks: Sequence[str]) -> list[Any]:
        """One round: what `method(bench, task)` of the Fit returns for each task, in the order of the tasks.

        Each is called on some worker; what it returns is small and JSON-ready, and comes back as from JSON. A task that
        is finished is not done again, not even by a run that goes on after a kill: its name and that of the method
        decide what it does. Tasks are letters, digits and `._-`, no two alike. A task calls no `map`.
        """
        ...

    def write(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A new file."""
        ...

    def read(self, name: str) -> BinaryIO:
        """Open such a file."""
        ...

    def local(self, name: str) -> AbstractContextManager[str]:
        """The path on the local disk of such a file, to map it into memory; it is there until the block ends."""
        ...

    def spill(self, name: str, n_partitions: int) -> AbstractContextManager[Spill]:
        """A new spill of P partitions."""
        ...

    def partition(self, names: Iterable[str], number: int) -> Iterator[dict[str, npt.NDArray[Any]]]:
        """One partition of spills: what each `add` gave it, one after the other, also where that is no row; list
        columns come as Arrow arrays.
        """
        ...

    def remove(self, prefix: str) -> None:
        """Delete the files and spills whose names begin so: once all results of the last round that needs them are
        there, a run that goes on after a kill does not miss them.
        """
        ...


class Part(NamedTuple):
    """One key partition of all sketches, sorted by key and item.

    keys uint64[K]; items int64[K], numbered through all shards; payload: name -> array[K], or [K, C].
    """

    keys: npt.NDArray[np.uint64]
    items: npt.NDArray[np.int64]
    payload: dict[str, npt.NDArray[Any]]


class Comparison(Bench, Protocol):
    """What a `GlobalStage` works on and with: the bench of all rounds, what `sketch` gave, and a place for verdicts.

    Items are numbered through all shards, in the order of their documents, so that a lower number means a lower rank.
    The documents that `batches` gives are the sketched ones, in the same batches.
    """

    @property
    def n_partitions(self) -> int:
        """A key belongs to partition key % n_partitions."""
        ...

    @property
    def firsts(self) -> npt.NDArray[np.int64]:
        """int64[S+1]: the number of the first item of each shard, and after the last the number of all items."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """The source of each shard: all of its documents are of one."""
        ...

    def part(self, number: int) -> Part:
        """The keys of one partition."""
        ...

    def records(self, shard: str, columns: Sequence[str]) -> Iterator[dict[str, npt.NDArray[Any]]]:
        """The records of a shard's items in order, a piece for each batch; `row` is each item's row in the shard."""
        ...

    def verdicts(self, shard: str, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        """Commit the verdicts of a shard, once for every shard, also where there are none.

        columns: `row` int64[V], ascending, rows in the shard, perhaps more than once; others by name, array[V] or
        [V, C]; the same names and types for every shard.
        """
        ...


class Folder(Protocol):
    """The folder `out/<label>` of an Export. Names are relative to it, with `/`."""

    def write(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file that appears when the block ends without an error."""
        ...

    def read(self, path: str) -> BinaryIO:
        """Open a file of an artifact or of another export by its full path."""
        ...


class ExportShard(Folder, Protocol):
    """One shard of survivors, all of one source, and where an Export writes what it makes of them."""

    name: str
    source: str

    def batches(self) -> Iterable[Batch]:
        """The documents in order."""
        ...
