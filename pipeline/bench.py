"""What the frame gives a GlobalFit and an Export to work with; stages import it from `stage`.

Letters: M rows, P partitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .batch import Batch


class Spill(Protocol):
    """A file of rows, each of which belongs to a partition."""

    def add(self, columns: Mapping[str, npt.NDArray[Any]], borders: npt.NDArray[np.int64]) -> None:
        """Append rows: name -> array[M] of a fixed-size type, the same names and types in each call.

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
        """One partition of spills: what each `add` gave it, one after the other, also where that is no row."""
        ...

    def remove(self, prefix: str) -> None:
        """Delete the files and spills whose names begin so: once all results of the last round that needs them are
        there, a run that goes on after a kill does not miss them.
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
