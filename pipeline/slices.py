"""Who is removed: what every stage and rule did to each kind of document, counted while publishing.

A dimension is a way to sort documents into values: all of them, their source, their length, and what a stage measured
for this purpose, such as the language. Counts are integers and merging is addition.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .batch import Bools, utf8_buffers
from .histograms import OTHER
from .ledger import Ledger
from .plan import Plan
from .stage import UNJUDGED, Stage, relabel

ALL, SOURCE, LENGTH, LANGUAGE = "all", "source", "length", "language"
UNMEASURED = "(not measured)"
LENGTHS = ("under 1 KB", "1 to 4 KB", "4 to 16 KB", "16 to 64 KB", "64 KB and more")
LENGTH_BYTES = (1_000, 4_000, 16_000, 64_000)
MAX_VALUES = 200

Tally = dict[str, Counter[str]]
"""What happened -> value -> documents. What happened: `dropped`, or `failed`, `first` or `only` before a reason; of
survivors `kept`, and `kept_bytes`, which counts bytes of text; of all, `exempt` before the label of a stage that does
not judge their source."""
Counts = dict[str, dict[str, Tally]]
"""Label of a stage, or KEPT -> dimension -> tally of the documents it dropped, or of the survivors."""
KEPT = ""


def dimensions(plan: Plan) -> dict[str, tuple[str, int]]:
    """Dimension -> the column it is in, and the position of the step that writes it, for those that stages measure.

    A second stage with the same dimension has its label after it.
    """
    found: dict[str, tuple[str, int]] = {}
    for position, step in enumerate(plan.steps, start=1):
        if isinstance(step.stage, Stage):
            for column, dimension in step.stage.slices.items():
                name = f"{dimension} ({step.label})" if dimension in found else dimension
                found[name] = relabel(column, step.stage.name, step.label), position
    return found


def is_language(dimension: str) -> bool:
    """Whether a stage measured languages under this name of `dimensions`: the first one, or another with its label."""
    return dimension == LANGUAGE or dimension.startswith(f"{LANGUAGE} (")


def unjudged_sources(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Label of each stage that leaves sources unjudged -> these."""
    found = {
        step.label: tuple(getattr(step.stage, UNJUDGED)) for step in plan.steps if UNJUDGED in step.stage.source_options
    }
    return {label: sources for label, sources in found.items() if sources}


def add_kept(
    counts: Counts, batch: pa.RecordBatch, columns: dict[str, str], unjudged: dict[str, tuple[str, ...]]
) -> None:
    """Count survivors. columns: dimension -> the column that holds its values; unjudged: `unjudged_sources`."""
    masks = _exempt(batch, unjudged)
    n_bytes = np.diff(utf8_buffers(batch.column("text"))[1])
    for dimension, values in _values(batch, n_bytes, columns).items():
        tally = counts.setdefault(KEPT, {}).setdefault(dimension, {})
        _add(tally, "kept", values)
        for what, mask in masks.items():
            _add(tally, what, values[mask])
        names, places = np.unique(values.astype(str), return_inverse=True)
        sums = np.zeros(len(names), np.int64)
        np.add.at(sums, places, n_bytes)
        tally.setdefault("kept_bytes", Counter()).update(dict(zip(names.tolist(), sums.tolist(), strict=True)))


def add_dropped(
    counts: Counts, batch: pa.RecordBatch, columns: dict[str, str], unjudged: dict[str, tuple[str, ...]]
) -> None:
    """Count dropped rows, which say of themselves by which stage, and which rules they failed."""
    sorted_ = _values(batch, batch.column("text_bytes").to_numpy(), columns)
    stages = np.array(batch.column("stage").to_pylist(), object)
    for stage in sorted(set(stages)):
        rows = np.flatnonzero(stages == stage)
        of_stage = batch.take(pa.array(rows))
        masks = {**_masks(of_stage), **_exempt(of_stage, unjudged)}
        for dimension, values in sorted_.items():
            tally = counts.setdefault(stage, {}).setdefault(dimension, {})
            for what, mask in masks.items():
                _add(tally, what, values[rows][mask])


def _exempt(batch: pa.RecordBatch, unjudged: dict[str, tuple[str, ...]]) -> dict[str, Bools]:
    """What happened -> bool[N]: the rows of sources that a stage does not judge, where there are any."""
    sources = np.array(batch.column("source").to_pylist(), object)
    masks = {f"exempt {label}": np.isin(sources, names) for label, names in unjudged.items()}
    return {what: mask for what, mask in masks.items() if mask.any()}


def _masks(dropped: pa.RecordBatch) -> dict[str, Bools]:
    """What happened -> bool[N]: the rows of one stage to which it did."""
    failed = dropped.column("failed").to_pylist()
    first = np.array(dropped.column("reason").to_pylist(), object)
    alone = np.array([len(reasons) == 1 for reasons in failed], dtype=bool)
    masks = {"dropped": np.ones(len(failed), dtype=bool)}
    for reason in sorted({reason for reasons in failed for reason in reasons}):
        masks[f"failed {reason}"] = np.array([reason in reasons for reasons in failed], dtype=bool)
        masks[f"first {reason}"] = first == reason
        masks[f"only {reason}"] = masks[f"failed {reason}"] & alone
    return masks


def _values(
    batch: pa.RecordBatch, n_bytes: npt.NDArray[np.int64], columns: dict[str, str]
) -> dict[str, npt.NDArray[np.object_]]:
    """Dimension -> the value of each document, N strings."""
    found = {
        ALL: np.full(batch.num_rows, ALL, object),
        SOURCE: np.array(batch.column("source").to_pylist(), object),
        LENGTH: np.array(LENGTHS, object)[np.searchsorted(LENGTH_BYTES, n_bytes, side="right")],
    }
    for dimension, column in columns.items():
        values = batch.column(column).cast(pa.string()).fill_null(UNMEASURED)
        found[dimension] = np.array(values.to_pylist(), object)
    return found


def _add(tally: Tally, what: str, values: npt.NDArray[np.object_]) -> None:
    tally.setdefault(what, Counter()).update(values.tolist())


def merge(counts: Counts, more: dict[str, dict[str, dict[str, dict[str, int]]]]) -> None:
    """Add another shard's counts, as JSON has them."""
    for stage, dimensions_ in more.items():
        for dimension, tally in dimensions_.items():
            for what, values in tally.items():
                counts.setdefault(stage, {}).setdefault(dimension, {}).setdefault(what, Counter()).update(values)


def to_json(counts: Counts, plan: Plan, ledger: Ledger) -> dict[str, Any]:
    """What `slices.json` holds: stage -> dimension -> value -> counts.

    A dimension that a stage measures is there for this stage and those after it: of what was dropped before, nobody
    knows the value.
    """
    since = {ALL: 0, SOURCE: 0, LENGTH: 0, **{name: position for name, (_, position) in dimensions(plan).items()}}
    found: dict[str, Any] = {label: {} for label in ledger.stages}
    for dimension, position in since.items():
        labels = [label for label in plan.labels[position:] if label in ledger.stages]
        for label, values in _dimension(counts, dimension, labels, ledger).items():
            found[label][dimension] = values
    return found


def _dimension(counts: Counts, dimension: str, labels: list[str], ledger: Ledger) -> dict[str, Any]:
    """Stage -> value -> counts for one dimension; the stages in order."""
    tallies = {label: counts.get(label, {}).get(dimension, {}) for label in labels}
    survivors = counts.get(KEPT, {}).get(dimension, {})
    reached = Counter(survivors.get("kept", {}))
    for tally in tallies.values():
        reached.update(tally.get("dropped", {}))
    shown = _shown(dimension, reached)
    found = {}
    for place, (label, tally) in enumerate(tallies.items()):
        others = [survivors, *(tallies[later] for later in labels[place + 1 :])]  # what it did drop, it could drop
        exempt = sum((one.get(f"exempt {label}", Counter()) for one in others), Counter[str]())
        more = {"kept_bytes": survivors.get("kept_bytes", Counter()), "exempt": exempt}
        rules = list(dict.fromkeys(reason for count in ledger.stages[label].values() for reason in count.reasons))
        found[label] = _stage(shown, reached, {**tally, **more}, rules)
        reached.subtract(tally.get("dropped", {}))
    return found


def _shown(dimension: str, total: Counter[str]) -> dict[str, str]:
    """Value -> the name it is shown by, in the order to show them: its own, or OTHER if it is a rare one of many."""
    if dimension in (ALL, LENGTH):
        return {value: value for value in ((ALL,) if dimension == ALL else LENGTHS)}
    values = sorted(total, key=lambda value: (-total[value], value))
    return {value: value if place < MAX_VALUES else OTHER for place, value in enumerate(values)}


def _stage(shown: dict[str, str], reached: Counter[str], tally: Tally, rules: list[str]) -> dict[str, Any]:
    """Value -> counts for one stage and dimension, without values that did not reach it."""
    whole = {what: _folded(values, shown) for what, values in {**tally, "reached": reached}.items()}

    def count(what: str, name: str) -> int:
        return whole[what][name] if what in whole else 0

    return {
        name: {
            "reached": count("reached", name),
            "dropped": count("dropped", name),
            "exempt": count("exempt", name),
            "kept_bytes": count("kept_bytes", name),
            "rules": {
                reason: {kind: count(f"{kind} {reason}", name) for kind in ("failed", "first", "only")}
                for reason in rules
            },
        }
        for name in dict.fromkeys(shown.values())
        if count("reached", name) or name == ALL
    }


def _folded(values: Counter[str], shown: dict[str, str]) -> Counter[str]:
    folded: Counter[str] = Counter()
    for value, n in values.items():
        folded[shown[value]] += n
    return folded
