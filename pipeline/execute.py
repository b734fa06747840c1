"""run_stage: one stage on one batch, pure. The frame counts, checks and carries out the draft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .batch import Batch, Bools, Edits, Rule, apply_edits, utf8_buffers
from .ledger import Ledger, Reason
from .rows import DROP, EXCERPT_CHARS
from .stage import GlobalStage, Stage, Verdicts, signals_of

QUARANTINED = "quarantined"


class Outcome(NamedTuple):
    """Survivors, dropped rows (identity, signals, why; no text), and the ledger of one stage on one batch.

    texts: makes those of the dropped rows, as the stage leaves them (large_string); None if they have none.
    """

    kept: pa.RecordBatch
    dropped: pa.RecordBatch
    ledger: Ledger
    texts: Callable[[], pa.Array] | None = None


def run_stage(
    stage: Stage,
    record_batch: pa.RecordBatch,
    *,
    label: str | None = None,
    resource: Any = None,
    verdicts: Verdicts | None = None,
) -> Outcome:
    """Apply a stage to a batch of documents (columns of `rows.DOCUMENT` and earlier signals)."""
    label = label or stage.name
    batch = Batch(record_batch, stage, label, resource)
    if isinstance(stage, GlobalStage):
        assert verdicts is not None, f"{label} needs verdicts"
        stage.apply(batch, verdicts)
    else:
        stage.apply(batch)
    return carry_out(batch, stage, label)


def carry_out(batch: Batch, stage: Stage, label: str) -> Outcome:
    """Turn a draft into its outcome."""
    assert batch.edits is None or stage.edits_text, f"{label} edits text but does not declare it"
    out = _with_columns(batch, stage, label)
    dropped_mask = np.zeros(len(batch), dtype=bool)
    for rule in batch.rules.values():
        dropped_mask |= rule.mask
    dropped = _dropped_rows(batch, out, dropped_mask, label)
    ledger = _count(batch, dropped_mask, label)
    kept = _edited(out, batch.edits, ~dropped_mask)
    return Outcome(kept, dropped, ledger, lambda: _edited(out, batch.edits, dropped_mask).column("text"))


def written(batch: Batch, stage: Stage, label: str) -> pa.RecordBatch:
    """All rows of the input, with what a draft says of them: the promised columns, the text as edited."""
    return _edited(_with_columns(batch, stage, label), batch.edits, np.ones(len(batch), dtype=bool))


def _edited(out: pa.RecordBatch, edits: Edits | None, chosen: Bools) -> pa.RecordBatch:
    """The chosen rows (bool[N]) with their text as edited."""
    rows = out if chosen.all() else out.filter(pa.array(chosen))
    if edits is None:
        return rows
    text = rows.column(rows.schema.get_field_index("text"))
    return _replace(rows, "text", apply_edits(text, edits if chosen.all() else edits.of(chosen)))


def quarantine(stage: Stage, record_batch: pa.RecordBatch, label: str) -> Outcome:
    """Drop every document of a batch on which the stage failed, for the reason `quarantined`."""
    batch = Batch(record_batch, stage, label)
    batch.drop(np.ones(len(batch), dtype=bool), QUARANTINED)
    for name, kind in signals_of(stage, label).items():
        record_batch = record_batch.append_column(pa.field(name, kind), pa.nulls(len(batch), kind))
    dropped = _dropped_rows(batch, record_batch, batch.rules[QUARANTINED].mask, label)
    ledger = _count(batch, batch.rules[QUARANTINED].mask, label)
    return Outcome(record_batch.slice(0, 0), dropped, ledger, lambda: record_batch.column("text"))


def _with_columns(batch: Batch, stage: Stage, label: str) -> pa.RecordBatch:
    """The input with the promised columns after it, in the order promised."""
    out = batch.record_batch
    for name, kind in signals_of(stage, label).items():
        if stage.edits_text and name == f"{label}_n_edits":
            rows = batch.edits.rows if batch.edits is not None else np.zeros(0, np.int64)
            array = pa.array(np.bincount(rows, minlength=len(batch)).astype(np.int32))
        else:
            assert name in batch.columns, f"{label} promised the column {name} and did not write it"
            array = batch.columns[name]
        out = out.append_column(pa.field(name, kind), array)
    return out


def _replace(batch: pa.RecordBatch, name: str, array: pa.Array) -> pa.RecordBatch:
    position = batch.schema.get_field_index(name)
    return batch.set_column(position, batch.schema.field(position), array)


def _first_failures(rules: dict[str, Rule], n_rows: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """int64[N]: the position of the first rule that each row failed, or -1."""
    first = np.full(n_rows, -1, dtype=np.int64)
    for position, rule in enumerate(rules.values()):
        first[rule.mask & (first < 0)] = position
    return first


def _at(values: Any, rows: Any, dtype: Any) -> Any:
    """`values` (one for all, or N) at `rows`."""
    array = np.asarray(values)
    return (array[rows] if array.ndim else np.repeat(array, len(rows))).astype(dtype)


def _dropped_rows(batch: Batch, out: pa.RecordBatch, mask: Bools, label: str) -> pa.RecordBatch:
    rows = np.flatnonzero(mask)
    first = _first_failures(batch.rules, len(batch))[rows]
    value, limit = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    twin = np.full(len(rows), "", dtype=object)
    for position, rule in enumerate(batch.rules.values()):
        here = np.flatnonzero(first == position)
        for target, given, dtype in ((value, rule.value, float), (limit, rule.limit, float), (twin, rule.twin, object)):
            if given is not None:
                target[here] = _at(given, rows[here], dtype)
    names = np.array(list(batch.rules), dtype=object)
    text = batch.column("text").take(pa.array(rows))  # as it came
    _, offsets = utf8_buffers(text)
    columns = [
        pa.array([label] * len(rows), pa.string()),
        pa.array(names[first] if len(names) else [], pa.string()),
        _failed_lists(batch.rules, rows),
        pa.array(value, pa.float64(), from_pandas=True),
        pa.array(limit, pa.float64(), from_pandas=True),
        pa.array(twin, pa.string()),
        pa.array(np.diff(offsets), pa.int64()),
        pc.utf8_slice_codeunits(text, 0, EXCERPT_CHARS),
    ]
    dropped = out.drop_columns(["text"]).take(pa.array(rows))
    for field, column in zip(DROP, columns, strict=True):
        dropped = dropped.append_column(field, column)
    return dropped


def _failed_lists(rules: dict[str, Rule], rows: Any) -> pa.Array:
    """list<string>[len(rows)]: every rule that each row failed, in order."""
    matrix = np.zeros((len(rows), len(rules)), dtype=bool)
    for position, rule in enumerate(rules.values()):
        matrix[:, position] = rule.mask[rows]
    offsets = np.concatenate([[0], np.cumsum(matrix.sum(axis=1))]).astype(np.int32)
    names = np.array(list(rules), dtype=object)
    values = pa.array(names[np.nonzero(matrix)[1]] if len(names) else [], pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def _lengths(batch: pa.RecordBatch) -> Any:
    _, offsets = utf8_buffers(batch.column(batch.schema.get_field_index("text")))
    return np.diff(offsets)


def _count(batch: Batch, mask: Bools, label: str) -> Ledger:
    """The ledger of one batch. A dropped document counts with the bytes it came with."""
    ledger = Ledger()
    ledger.stages[label] = {}
    encoded = batch.column("source").dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    before = after = _lengths(batch.record_batch)
    edited = np.zeros(len(batch), dtype=bool)
    if batch.edits is not None:
        edited[batch.edits.rows] = True
        after = before + batch.edits.growth(len(batch))
    first = _first_failures(batch.rules, len(batch))
    for code, source in enumerate(encoded.dictionary.to_pylist()):
        here = codes == code
        kept = here & ~mask
        count = ledger.count(label, source)
        count.rows_in, count.bytes_in = int(here.sum()), int(before[here].sum())
        count.rows_out, count.bytes_out = int(kept.sum()), int(after[kept].sum())
        count.rows_edited = int((edited & kept).sum())
        count.bytes_edited = int((after - before)[kept].sum())
        count.notes = {what: int((mask & here).sum()) for what, mask in batch.notes.items()}
        for position, (reason, rule) in enumerate(batch.rules.items()):
            first_here = here & (first == position)
            count.reasons[reason] = Reason(
                int((rule.mask & here).sum()), int(first_here.sum()), int(before[first_here].sum())
            )
        count.check(f"{label}/{source}")
    return ledger
