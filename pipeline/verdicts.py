"""Verdicts of a global stage on storage: a file for each shard, whose rows are ascending; and those of a batch.

Letters: V verdicts, N rows of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .exchange import arrays, record_batch
from .shards import ShardWriter, read_batch
from .stage import Verdicts


def write_verdicts(path: str, columns: Mapping[str, npt.NDArray[Any]]) -> None:
    """Commit the verdicts of a shard; see `stage.Comparison`."""
    batch = record_batch(columns)
    assert (np.diff(columns["row"]) >= 0).all(), f"the verdicts of {path} are not sorted by row"
    writer = ShardWriter(path, batch.schema)
    writer.write_even_if_empty(batch)
    writer.close()


def read_verdicts(path: str) -> dict[str, npt.NDArray[Any]]:
    """The verdicts of a shard."""
    return arrays(read_batch(path, 0))


def verdicts_in(columns: Mapping[str, npt.NDArray[Any]], first: int, n_rows: int) -> Verdicts:
    """Those of N rows of a shard, of which `first` is the number of the first."""
    start, stop = np.searchsorted(columns["row"], [first, first + n_rows]).tolist()
    others = {name: values[start:stop] for name, values in columns.items() if name != "row"}
    return Verdicts(columns["row"][start:stop] - first, others)
