"""The audit: a sample of the dropped documents goes on through the later row stages, which only measure it.

A document is dropped where and why it was, whether it is audited or not; what it gains are the signals of later stages.
They say which of these stages it would have failed, which nobody knows of the other dropped documents.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .batch import Batch, Bools
from .execute import Outcome, written
from .rows import DOCUMENT, DROP
from .stage import Stage, signals_of


def is_audited(uid: str, share: float) -> bool:
    """Whether a document is in the sample of this share: by 64 bits of BLAKE2b of its uid, and nothing else.

    A larger share's sample holds a smaller one's.
    """
    drawn = int.from_bytes(hashlib.blake2b(f"0\0audit\0{uid}".encode(), digest_size=8).digest(), "big")
    return drawn < int(share * 2**64)


def divide(outcome: Outcome, share: float) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """The dropped rows that are done with, and those to measure on, which have their text."""
    assert outcome.texts is not None
    chosen = np.array([is_audited(uid, share) for uid in outcome.dropped.column("uid").to_pylist()], dtype=bool)
    with_text = outcome.dropped.append_column(DOCUMENT.field("text"), outcome.texts())
    return outcome.dropped.filter(pa.array(~chosen)), with_text.filter(pa.array(chosen))


def measured(stage: Stage, audited: pa.RecordBatch, label: str, resource: Any) -> pa.RecordBatch:
    """Audited rows with the columns that a stage adds, and their text as the stage leaves it; nothing is dropped.

    A row that lacks a column which the stage needs, such as one of a global stage, is passed over: its new columns
    are null.
    """
    seen = _complete(audited, stage.needs())
    batch = Batch(audited.drop_columns(DROP.names).filter(pa.array(seen)), stage, label, resource)
    stage.apply(batch)
    places = pa.array(np.cumsum(seen) - 1, mask=~seen)
    found = written(batch, stage, label).take(places)
    out = audited.drop_columns(["text"])
    for name in signals_of(stage, label):
        out = out.append_column(found.schema.field(name), found.column(name))
    return out.append_column(DOCUMENT.field("text"), pc.coalesce(found.column("text"), audited.column("text")))


def _complete(batch: pa.RecordBatch, names: tuple[str, ...]) -> Bools:
    """bool[N]: the rows in which none of these columns is null."""
    complete = np.ones(batch.num_rows, dtype=bool)
    for name in names:
        complete &= batch.column(name).is_valid().to_numpy(zero_copy_only=False)
    return complete
