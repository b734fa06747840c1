"""Makes what is published beside the text fit for it: id, origin, meta and excerpts, by the scrubbing stage."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .batch import Batch, apply_edits
from .ingest import canonical_json
from .rows import DOCUMENT, EXCERPT_CHARS, PUBLISHED_CHARS
from .stage import Stage

EDGE_CHARS = 254
"""Characters at the end of a cut excerpt that may be half of something, such as of the longest e-mail address."""


class Scrubber:
    """Takes a scrubbing stage (it may need no other columns than `rows.DOCUMENT`), its label and its resource."""

    def __init__(self, stage: Stage, label: str, resource: Any) -> None:
        self.stage, self.label, self.resource = stage, label, resource

    def strings(self, values: pa.Array) -> pa.Array:
        """Each string as the stage leaves it, as large_string."""
        text = values.cast(pa.large_string())
        columns = [
            pa.array([0 if pa.types.is_integer(field.type) else ""] * len(text), field.type) for field in DOCUMENT
        ]
        columns[DOCUMENT.get_field_index("text")] = text
        batch = Batch(pa.RecordBatch.from_arrays(columns, schema=DOCUMENT), self.stage, self.label, self.resource)
        self.stage.apply(batch)
        return text if batch.edits is None else apply_edits(text, batch.edits)

    def identity(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with its columns `id`, `origin` and `meta` scrubbed."""
        for name in ("id", "origin"):
            batch = _replace(batch, name, self.strings(batch.column(name)).cast(pa.string()))
        return _replace(batch, "meta", self._meta(batch.column("meta")))

    def _meta(self, meta: pa.Array) -> pa.Array:
        """Every string inside the JSON scrubbed. Only rows in which something is found are parsed."""
        bare = pc.replace_substring_regex(meta, r"\\(u[0-9a-f]{4}|.)", " ")  # an escape would hide a word's border
        found = np.flatnonzero(
            pc.not_equal(self.strings(bare), bare.cast(pa.large_string())).to_numpy(zero_copy_only=False)
        )
        if not len(found):
            return meta
        values = meta.to_pylist()
        for row in found.tolist():
            values[row] = canonical_json(self._leaves(json.loads(values[row])))
        return pa.array(values, pa.string())

    def _leaves(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.strings(pa.array([value]))[0].as_py()
        if isinstance(value, list):
            return [self._leaves(item) for item in value]
        if isinstance(value, dict):
            return {key: self._leaves(item) for key, item in value.items()}
        return value

    def excerpts(self, values: pa.Array) -> pa.Array:
        """Excerpts of `EXCERPT_CHARS` scrubbed, without what the cut may have broken, as `PUBLISHED_CHARS`."""
        was_cut = pc.equal(pc.utf8_length(values), EXCERPT_CHARS).to_numpy(zero_copy_only=False)
        texts = self.strings(values).to_pylist()
        whole = [text[:-EDGE_CHARS] if cut else text for text, cut in zip(texts, was_cut, strict=True)]
        return pa.array([text[:PUBLISHED_CHARS] for text in whole], pa.large_string())

    def dropped(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Dropped rows with identity and excerpts scrubbed."""
        return _replace(self.identity(batch), "excerpt", self.excerpts(batch.column("excerpt")))


def without_excerpts(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Dropped rows of a run that has no scrubber: nothing of their text is published."""
    return _replace(batch, "excerpt", pa.array([""] * batch.num_rows, pa.large_string()))


def _replace(batch: pa.RecordBatch, name: str, array: pa.Array) -> pa.RecordBatch:
    position = batch.schema.get_field_index(name)
    return batch.set_column(position, batch.schema.field(position), array)
