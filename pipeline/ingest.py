"""Rows of a reader -> batches of documents with identity, and the ledger of stage `read`.

Every row gets its uid and rank here; broken UTF-8 is repaired and counted; a row that
cannot be read stops the run or is dropped with its reason, as the recipe's `on_error`
says. Batches and shards are cut by the input alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from .batch import text_array
from .errors import InputError
from .execute import Outcome
from .ledger import Ledger, Reason
from .readers.base import Bad, Document, Input
from .recipe import Source
from .rows import DOCUMENT, EXCERPT_CHARS, MAX_ROWS, dropped_schema, rank_of
from .shards import BATCH_BYTES, BATCH_ROWS

READ = "read"
UNREADABLE = "unreadable"
REPLACEMENT = "\ufffd"
SHARD_ROWS = 1 << 19
"""Documents of a shard at most, so that its keys fit into memory when documents are tiny."""


class Place(NamedTuple):
    """Where an input stands in the recipe: the positions that its documents' ranks hold."""

    source: int
    file: int


def uid_of(source: str, name: str, row: int) -> str:
    """A document's identity, 32 hexadecimal digits: BLAKE2b-128 of source, input and row."""
    return hashlib.blake2b(f"{source}\0{name}\0{row}".encode(errors="surrogateescape"), digest_size=16).hexdigest()


def repair(text: str | bytes) -> tuple[bytes, int]:
    """Valid UTF-8, and how many broken sequences were replaced by U+FFFD.

    In bytes a broken sequence is what Python's decoder replaces at once (the Unicode standard's maximal
    subpart); in a string it is a surrogate that is not one of a pair.
    """
    try:
        if isinstance(text, str):
            return text.encode(), 0
        text.decode()
        return text, 0
    except UnicodeError:
        pass
    if isinstance(text, str):
        had = text.count(REPLACEMENT)
        repaired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    else:
        had = text.count(REPLACEMENT.encode())
        repaired = text.decode(errors="replace")
    return repaired.encode(), repaired.count(REPLACEMENT) - had


def canonical_json(values: dict[str, object]) -> str:
    """The one JSON text of these values: sorted keys, no spaces, characters as they are."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def clean(text: str) -> str:
    """A string that Arrow can hold."""
    return repair(text)[0].decode()


class Draft:
    """The rows of a batch that is being filled."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.n_bytes = 0
        self.texts: list[bytes] = []
        self.rows: list[tuple[str, int, str, str, str, int]] = []
        self.bad: list[tuple[str, int, str, str, str]] = []

    def __len__(self) -> int:
        return len(self.rows) + len(self.bad)

    def add(self, document: Document, uid: str, rank: int, origin: str) -> None:
        """Take a document in."""
        text, n_broken = repair(document.text)
        meta = clean(canonical_json(document.meta)) if document.meta else "{}"
        self.texts.append(text)
        self.rows.append((uid, rank, origin, clean(document.id), meta, n_broken))
        self.n_bytes += len(text) + len(meta)

    def add_bad(self, bad: Bad, uid: str, rank: int, origin: str) -> None:
        """Take in a row that could not be read."""
        self.bad.append((uid, rank, origin, bad.reason, clean(bad.excerpt)[:EXCERPT_CHARS]))
        self.n_bytes += len(bad.excerpt)

    def outcome(self) -> Outcome:
        """The batch as if a stage had made it."""
        ledger = Ledger()
        count = ledger.count(READ, self.source)
        count.rows_in, count.rows_out = len(self), len(self.rows)
        count.bytes_in = count.bytes_out = sum(map(len, self.texts))
        for _, _, _, reason, _ in self.bad:
            tally = count.reasons.setdefault(reason, Reason())
            tally.failed += 1
            tally.dropped += 1
        return Outcome(self._documents(), self._dropped(), ledger)

    def _documents(self) -> pa.RecordBatch:
        uid, rank, origin, own_id, meta, broken = zip(*self.rows, strict=True) if self.rows else [()] * 6
        lengths = np.fromiter(map(len, self.texts), np.int64, len(self.texts))
        columns = [uid, rank, [self.source] * len(self.rows), origin, own_id, meta, broken]
        arrays = [pa.array(values, field.type) for values, field in zip(columns, DOCUMENT, strict=False)]
        return pa.RecordBatch.from_arrays([*arrays, text_array(b"".join(self.texts), lengths)], schema=DOCUMENT)

    def _dropped(self) -> pa.RecordBatch:
        rows = [
            {
                "uid": uid, "rank": rank, "source": self.source, "origin": origin, "id": "", "meta": "{}",
                "broken_utf8": 0, "stage": READ, "reason": reason, "failed": [reason], "twin": "", "text_bytes": 0,
                "excerpt": text,
            }
            for uid, rank, origin, reason, text in self.bad
        ]  # fmt: skip
        return pa.RecordBatch.from_pylist(rows, schema=dropped_schema({}))


def read_rows(source: Source, item: Input, on_error: str) -> Iterator[Document | Bad]:
    """The rows of one input; under `quarantine`, one that breaks off ends with a Bad row `unreadable`."""
    row = 0
    try:
        for read in source.reader.read(item):
            if read.row >= MAX_ROWS:
                raise InputError(f"{item.location} has over {MAX_ROWS:,} rows: split it into several files")
            row = read.row + 1
            if isinstance(read, Bad) and on_error == "stop":
                hint = "; `on_error: quarantine` in the recipe drops and counts such rows" if source.line else ""
                raise InputError(read.message + hint)
            yield read
    except InputError as error:
        if on_error == "stop":
            raise
        message = str(error).replace(item.location, item.name)  # dropped rows are published
        yield Bad(row, UNREADABLE, message, message)


def read_batches(
    source: Source, items: Iterable[tuple[Place, Input]], on_error: str, shard_bytes: int
) -> Iterator[tuple[int, Draft]]:
    """(number of its shard, batch) for the inputs of one task; at least one batch, which may be empty.

    A batch ends at BATCH_ROWS rows, or at BATCH_BYTES or `shard_bytes`; a shard at the end of the batch that
    brings it to `shard_bytes` or SHARD_ROWS rows. Raises InputError.
    """
    most = min(BATCH_BYTES, shard_bytes)
    shard, shard_size, shard_rows = 0, 0, 0
    draft = Draft(source.name)
    for place, item in items:
        name = clean(item.name)
        for read in read_rows(source, item, on_error):
            uid, rank = uid_of(source.name, item.name, read.row), rank_of(place.source, place.file, read.row)
            if isinstance(read, Bad):
                draft.add_bad(read, uid, rank, f"{name}:{read.row + 1}")
            else:
                draft.add(read, uid, rank, clean(read.origin) or f"{name}:{read.row + 1}")
            if len(draft) < BATCH_ROWS and draft.n_bytes < most:
                continue
            yield shard, draft
            shard_size, shard_rows = shard_size + draft.n_bytes, shard_rows + len(draft)
            draft = Draft(source.name)
            if shard_size >= shard_bytes or shard_rows >= SHARD_ROWS:
                shard, shard_size, shard_rows = shard + 1, 0, 0
    if len(draft) or (shard, shard_rows) == (0, 0):
        yield shard, draft
