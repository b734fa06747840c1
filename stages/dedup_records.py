"""What dedup stages keep of every document for the rounds of `clustering`, and drop of those of earlier runs.

Letters: N documents.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.batch import Batch
from pipeline.stage import IN_INDEX

from .dedup_tables import KEYLESS, SHORT, SIDES
from .uids import to_numbers

SIDE = "split_side"


def document_records(
    batch: Batch, is_keyless: Any, is_short: Any, merits: dict[str, Any]
) -> dict[str, npt.NDArray[Any]]:
    """The records that `clustering` asks for; is_keyless, is_short bool[N], merits as `dedup_priority` gives them."""
    kind = np.zeros(len(batch), np.uint8)
    if is_short is not None:
        kind[is_short] = SHORT
    kind[is_keyless] = KEYLESS
    return {"uid": to_numbers(batch.column("uid")), "kind": kind, "side": _sides(batch), **merits}


def drop_known(batch: Batch, in_index: Any, value: Any, limit: float | None, twins: Any) -> None:
    """Drop documents for one of an index, bool[N], and note those that go for one with their own uid."""
    batch.drop(in_index, IN_INDEX, value, limit, twins)
    batch.note(in_index & (twins == np.array(batch.column("uid").to_pylist(), object)), "same_uid_in_index")


def _sides(batch: Batch) -> npt.NDArray[np.int8]:
    """The number in SIDES of each document's side, -1 where it has none."""
    found = np.full(len(batch), -1, np.int8)
    if SIDE in batch.record_batch.schema.names:
        names = np.array(batch.column(SIDE).to_pylist(), object)
        for number, name in enumerate(SIDES):
            found[names == name] = number
    return found
