"""Histograms of signals, over bins that do not depend on the data, so that merging them is addition.

frac    name ends in _frac or _score: bins of 0.02 from 0 to 1, which the last of them holds; then above 1
log2    other numbers: below 0; 0, 1 ... 7; then four bins per doubling
label   strings: a count each

Columns of lists and structs are not counted.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

FRACTIONS = np.append(np.arange(51) / 50, np.inf)
OCTAVES = np.concatenate([[-np.inf], np.arange(8.0), 2.0 ** (np.arange(12, 161) / 4), [np.inf]])
MAX_LABELS = 200
OTHER = "(other)"

Counts = dict[str, dict[str, Counter[str]]]
"""column -> `kept` or `dropped` -> bin (a label, or the number of a bin as text) -> documents."""


def kind_of(column: str, kind: pa.DataType) -> str:
    """How a signal is counted: `frac`, `log2` or `label`."""
    if pa.types.is_string(kind) or pa.types.is_boolean(kind):
        return "label"
    return "frac" if column.endswith(("_frac", "_score")) else "log2"


def counted(signals: dict[str, pa.DataType]) -> dict[str, pa.DataType]:
    """Those of the columns that have one value for each document."""
    return {column: kind for column, kind in signals.items() if not pa.types.is_nested(kind)}


def _edges(kind: str) -> npt.NDArray[np.float64]:
    return FRACTIONS if kind == "frac" else OCTAVES


def add_batch(counts: Counts, batch: pa.RecordBatch, signals: dict[str, pa.DataType], side: str) -> None:
    """Count a batch's signals, where they are not null, under `kept` or `dropped`."""
    for column, kind in counted(signals).items():
        values = batch.column(batch.schema.get_field_index(column)).drop_null()
        tally = counts.setdefault(column, {}).setdefault(side, Counter())
        how = kind_of(column, kind)
        if how == "label":
            for entry in pc.value_counts(values.cast(pa.string())).to_pylist():
                tally[entry["values"]] += entry["counts"]
            continue
        edges, numbers = _edges(how), values.to_numpy(zero_copy_only=False)
        if numbers.dtype == np.float32:  # 0.02 is less in 32 bits than in 64
            edges = edges.astype(np.float32)
        bins = np.searchsorted(edges, numbers, side="right") - 1
        if how == "frac":  # the whole is no more than 1
            bins[numbers == 1] -= 1
        for bin, n in zip(*np.unique(np.clip(bins, 0, len(edges) - 2), return_counts=True), strict=True):
            tally[str(bin)] += int(n)


def merge(counts: Counts, more: dict[str, dict[str, dict[str, int]]]) -> None:
    """Add another shard's counts, as JSON has them."""
    for column, sides in more.items():
        for side, tally in sides.items():
            counts.setdefault(column, {}).setdefault(side, Counter()).update(tally)


def to_json(counts: Counts, signals: dict[str, pa.DataType], stages: dict[str, str]) -> dict[str, Any]:
    """What `signals.json` holds; stages: the stage that writes each column."""
    return {
        column: {"stage": stages[column], **_column_json(counts.get(column, {}), kind_of(column, kind))}
        for column, kind in counted(signals).items()
    }


def _column_json(sides: dict[str, Counter[str]], kind: str) -> dict[str, Any]:
    kept, dropped = sides.get("kept", Counter()), sides.get("dropped", Counter())
    if kind == "label":
        labels = sorted(kept + dropped, key=lambda label: (-(kept[label] + dropped[label]), label))
        names, rest = labels[:MAX_LABELS], labels[MAX_LABELS:]
        columns = [
            [tally[name] for name in names] + [sum(tally[name] for name in rest)] * bool(rest)
            for tally in (kept, dropped)
        ]
        return {"kind": kind, "labels": names + [OTHER] * bool(rest), "kept": columns[0], "dropped": columns[1]}
    edges = _edges(kind)
    used = sorted(int(bin) for bin in kept | dropped)
    first, last = (used[0], used[-1]) if used else (1, 1)
    bins = [str(bin) for bin in range(first, last + 1)]
    limits = [float(edge) if np.isfinite(edge) else None for edge in edges[first : last + 2]]
    return {
        "kind": kind,
        "edges": limits,
        "kept": [kept[bin] for bin in bins],
        "dropped": [dropped[bin] for bin in bins],
    }
