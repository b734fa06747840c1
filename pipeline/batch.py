"""Batch: a draft over one Arrow RecordBatch, which a stage reads and writes on.

Columns arrive by `set`, text changes by `edit`, rows leave by `drop`; the RecordBatch
itself is never changed. Letters: N rows, D bytes of text, M edits.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .stage import Declared, Int64s, relabel, signals_of

Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


class Rule:
    """One call of `drop`: the documents that failed, with what was measured and the limit."""

    def __init__(self, mask: Bools, value: Any, limit: Any, twin: Any) -> None:
        self.mask, self.value, self.limit, self.twin = mask, value, limit, twin


class Edits:
    """One sorted, non-overlapping set of byte spans of the text, and what replaces them.

    rows, starts, ends int64[M], starts and ends relative to the row's own text; replacements:
    M byte strings.
    """

    def __init__(self, rows: Int64s, starts: Int64s, ends: Int64s, replacements: Sequence[bytes]) -> None:
        self.rows, self.starts, self.ends, self.replacements = rows, starts, ends, replacements

    def of(self, chosen: Bools) -> Edits:
        """The edits of the chosen rows (bool[N]), which are numbered anew."""
        edits, numbers = np.flatnonzero(chosen[self.rows]), np.cumsum(chosen) - 1
        replacements = [self.replacements[edit] for edit in edits.tolist()]
        return Edits(numbers[self.rows[edits]], self.starts[edits], self.ends[edits], replacements)

    def growth(self, n_rows: int) -> Int64s:
        """Bytes that each row gains, int64[N]."""
        lengths = np.fromiter(map(len, self.replacements), np.int64, len(self.replacements))
        growth = np.zeros(n_rows, np.int64)
        np.add.at(growth, self.rows, lengths - (self.ends - self.starts))
        return growth


class Batch:
    """What a stage sees of up to 8,192 documents, and the draft of what it does to them."""

    def __init__(self, record_batch: pa.RecordBatch, stage: Declared, label: str, resource: Any = None) -> None:
        self.record_batch = record_batch
        self.resource = resource
        self.columns: dict[str, pa.Array] = {}
        self.rules: dict[str, Rule] = {}
        self.notes: dict[str, Bools] = {}
        self.edits: Edits | None = None
        self._stage, self._label = stage, label
        self._promised = signals_of(stage, label)

    def __len__(self) -> int:
        return int(self.record_batch.num_rows)

    @property
    def ranks(self) -> Int64s:
        """int64[N]: each document's priority, lower wins."""
        return np.asarray(self.column("rank").to_numpy(zero_copy_only=False), dtype=np.int64)

    def column(self, name: str) -> pa.Array:
        """A column of the input by name."""
        return self.record_batch.column(self.record_batch.schema.get_field_index(name))

    def utf8(self, name: str = "text") -> tuple[Bytes, Int64s]:
        """A text column as kernels take it: data uint8[D], offsets int64[N+1]; offsets[0] may be > 0."""
        return utf8_buffers(self.column(name))

    def set(self, name: str, values: Any) -> None:
        """Write a promised column: an array of N values, none of them null."""
        column = relabel(name, self._stage.name, self._label)
        assert column in self._promised, f"{self._label} did not promise the column {column}"
        assert column not in self.columns, f"{self._label} wrote {column} twice"
        array = values if isinstance(values, pa.Array) else pa.array(values)
        array = array.cast(self._promised[column])
        assert len(array) == len(self), f"{column} has {len(array)} values for {len(self)} rows"
        assert array.null_count == 0, f"{column} has null values"
        self.columns[column] = array

    def signal(self, name: str) -> npt.NDArray[Any]:
        """A promised column as values [N]: as just set, or as stored with the documents."""
        column = relabel(name, self._stage.name, self._label)
        array = self.columns[column] if column in self.columns else self.column(column)
        return np.asarray(array.to_numpy(zero_copy_only=False))

    def edit(self, rows: Int64s, starts: Int64s, ends: Int64s, replacements: Sequence[bytes] | bytes) -> None:
        """Replace byte spans of the text; once per stage, sorted by row and start, not overlapping.

        rows, starts, ends int64[M]; starts and ends count bytes from the row's own start and must lie
        on character boundaries; replacements: M valid UTF-8 byte strings, or one for all.
        """
        assert self.edits is None, f"{self._label} edited twice"
        replacements = [replacements] * len(rows) if isinstance(replacements, bytes) else replacements
        assert len(rows) == len(starts) == len(ends) == len(replacements)
        _, offsets = self.utf8()
        absolute_start, absolute_end = offsets[rows] + starts, offsets[rows] + ends
        assert (starts >= 0).all() and (starts <= ends).all() and (absolute_end <= offsets[rows + 1]).all()
        assert (absolute_end[:-1] <= absolute_start[1:]).all(), f"{self._label}: spans overlap or are not sorted"
        self.edits = Edits(rows, starts, ends, replacements)

    def drop(self, mask: Any, reason: str, value: Any = None, limit: Any = None, twin: Any = None) -> None:
        """Drop the documents in `mask` (bool[N]) for `reason`, a past fact such as `too_short`.

        Call it for every rule on every batch, also where nothing fails, so that the ledger knows the
        rule. value and limit (a number, or an array of N): what was measured and what was allowed.
        twin (N strings): the uid of the document that is kept instead.
        """
        mask = np.asarray(mask, dtype=bool)
        assert mask.shape == (len(self),), f"{reason}: a mask of shape {mask.shape} for {len(self)} rows"
        assert reason not in self.rules, f"{self._label} uses the reason {reason} twice"
        self.rules[reason] = Rule(mask, value, limit, twin)

    def note(self, mask: Any, what: str) -> None:
        """Have the ledger count documents (mask: bool[N]) of which `what` is true, such as `neutral_profile`."""
        mask = np.asarray(mask, dtype=bool)
        assert mask.shape == (len(self),), f"{what}: a mask of shape {mask.shape} for {len(self)} rows"
        assert what not in self.notes, f"{self._label} uses the note {what} twice"
        self.notes[what] = mask


def utf8_buffers(array: pa.Array) -> tuple[Bytes, Int64s]:
    """data uint8[D] and offsets int64[N+1] of a string or large_string array, without copying its text.

    Both are read-only: some of Arrow's buffers are and some are not, and kernels are compiled anew for each kind.
    """
    width = np.int64 if pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type) else np.int32
    _, offsets, data = array.buffers()
    if len(array) == 0 or offsets is None:
        return _read_only(np.empty(0, np.uint8)), _read_only(np.zeros(1, np.int64))
    starts = np.frombuffer(offsets, dtype=width)[array.offset : array.offset + len(array) + 1]
    text = np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, np.uint8)
    return _read_only(text), _read_only(starts.astype(np.int64, copy=False))


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def apply_edits(text: pa.Array, edits: Edits) -> pa.Array:
    """The large_string array that results from replacing the spans."""
    data, offsets = utf8_buffers(text)
    first, last = int(offsets[0]), int(offsets[-1])
    whole = data[first:last].tobytes()  # its slices are made and joined faster than those of a view
    starts, ends = offsets[edits.rows] + edits.starts, offsets[edits.rows] + edits.ends
    kept_from, kept_to = [0, *(ends - first).tolist()], [*(starts - first).tolist(), last - first]
    pieces = [whole[start:end] for start, end in zip(kept_from, kept_to, strict=True)]
    lengths = np.diff(offsets) + edits.growth(len(text))
    return text_array(b"".join(chain.from_iterable(zip(pieces, [*edits.replacements, b""], strict=True))), lengths)


def text_array(data: bytes, lengths: Int64s) -> pa.Array:
    """A large_string array from joined UTF-8 and the byte length of each row, int64[N]."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    assert offsets[-1] == len(data)
    return pa.LargeStringArray.from_buffers(len(lengths), pa.py_buffer(offsets), pa.py_buffer(data))
