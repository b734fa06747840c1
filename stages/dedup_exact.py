"""The stage `dedup_exact`: of documents that are the same, one is kept. Letters: N documents."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.batch import Batch, utf8_buffers
from pipeline.errors import OptionError
from pipeline.schema import option
from pipeline.stage import Comparison, Sketch, Verdicts, stage

from .clustering import Array, Rounds
from .dedup_index import IndexedClustering, against_option, index_option
from .dedup_priority import (
    BETWEEN_SOURCES,
    Priority,
    date_option,
    keep_option,
    meta_fields,
    signal_option,
    within_option,
)
from .dedup_records import document_records, drop_known
from .uids import to_text

TEXT, WORDS, META = "text", "words", "meta:"


@stage("dedup_exact")
class DedupExact(IndexedClustering):
    """Keep one of the documents that are the same.

    What is the same is said by `by`: `text`, with a run of white space taken as one blank and none at the ends;
    `words`, in lower case and without what stands between them (digits count); or a field of `meta`, as in `meta:url`.
    Of that, 128 bits are compared (XXH64 with two seeds). Documents without any of it are not compared, and for a field
    of `meta` they are noted as `without_<field>`. With `keep: newest` those without a date are noted as
    `without_<date>`, and as `unreadable_<date>` those with something else in that field.

    Drops: `exact_duplicate`; the value is the number of copies, the twin the one that is kept. `in_index`: the same,
    for a document of an index in `against`; those whose own uid is the twin's are noted as `same_uid_in_index`.
    Signals: `dedup_exact_cluster_size`, documents that are the same, this one included.

    Table: `clusters.arrow`, of two copies and more: uids of the one that is kept (id, kept) and of all (members), in
    order of rank and those of an index last, and their number (size).
    """

    by: str = option(TEXT, "what is compared: text, words, or meta: and a field, such as meta:url")
    keep: str = keep_option()
    date: str = date_option()
    signal: str = signal_option()
    within: str = within_option()
    index: bool = index_option()
    against: tuple[str, ...] = against_option()

    version = 2
    level = "exact"

    def check(self) -> None:
        """Raises OptionError if `by` is nothing known, or options of `keep` do not fit."""
        if self.by not in (TEXT, WORDS) and not self._field:
            message = f"must be text, words, or meta: and the name of a field, got '{self.by}'"
            raise OptionError("by", f"dedup_exact option 'by' {message}")
        self.priority.check("dedup_exact")

    @property
    def _field(self) -> str:
        return self.by.removeprefix(META) if self.by.startswith(META) else ""

    @property
    def priority(self) -> Priority:
        return Priority(self.keep, self.date, self.signal)

    @property
    def is_between(self) -> bool:
        return self.within == BETWEEN_SOURCES

    def needs(self) -> tuple[str, ...]:
        fields = ("meta",) if self._field else ()
        return tuple(dict.fromkeys(("text", "uid", "source", *fields, *self.priority.needs())))

    def numeric_needs(self) -> tuple[str, ...]:
        return self.priority.numeric_needs()

    def adds(self) -> dict[str, pa.DataType]:
        return {"dedup_exact_cluster_size": pa.int32()}

    def identity(self) -> dict[str, str]:
        return {"unicode": unicodedata.unidata_version, **super().identity()}

    def settings(self) -> dict[str, Any]:
        return {"unicode": unicodedata.unidata_version, "by": self.by}

    @property
    def n_values(self) -> int:
        return 2

    def keyed(self, values: Array) -> tuple[Array, Array, dict[str, Array]]:
        return values[:, 0], np.arange(len(values)), {"second": values[:, 1]}

    def sketch(self, batch: Batch) -> Sketch:
        from .kernels import hashing

        data, offsets = self._compared(batch)
        full = np.flatnonzero(np.diff(offsets) > 0)
        first, second = (hashing.hash_documents(data, offsets, seed) for seed in (0, 1))
        merits = self.priority.merits(batch)
        payload = {"second": second[full], **{name: values[full] for name, values in merits.items()}}
        records = document_records(batch, np.diff(offsets) == 0, None, merits)
        if self.index:
            records["hash"] = np.stack([first, second], axis=1)
        return Sketch(first[full], full, len(batch), payload, None, records)

    def _compared(self, batch: Batch) -> tuple[Any, Any]:
        """What is compared of each document, as UTF-8: data uint8[D] and offsets int64[N+1]."""
        from .kernels import same_text

        if self._field:
            texts = [
                "" if value in (None, "") else json.dumps(value, sort_keys=True)
                for value in meta_fields(batch, self._field)
            ]
            return utf8_buffers(pa.array(texts, pa.large_string()))
        return (same_text.squeezed if self.by == TEXT else same_text.lower_words)(*batch.utf8())

    def told_facts(self, bench: Comparison, clusters: dict[str, Any], rounds: Rounds) -> dict[str, Any]:
        shared = super().told_facts(bench, clusters, rounds)
        return {"kind": "dedup", "level": "exact", "by": self.by, "banding": None, **shared}

    def apply(self, batch: Batch, verdicts: Verdicts) -> None:
        sizes = verdicts.filled("size", len(batch), 1)
        stays = verdicts.filled("stays", len(batch), True)
        twins = to_text(verdicts.filled("twin", len(batch), 0))
        batch.set("dedup_exact_cluster_size", sizes)
        if self.against:
            in_index = ~stays & verdicts.filled("is_foreign", len(batch), False)
            drop_known(batch, in_index, sizes, None, twins)
            stays = stays | in_index
        batch.drop(~stays, "exact_duplicate", value=sizes, twin=twins)
        self.priority.note(batch)
        if self._field and self._field != self.date:  # else it is noted already
            fields = meta_fields(batch, self._field)
            batch.note(np.array([value in (None, "") for value in fields], bool), f"without_{self._field}")
