"""The columns every document carries, and those of a dropped one.

`uid` (32 hex digits, hash of source, path and row) is a document's identity; `rank`
(source 16 | file 24 | row 24 bits) is its priority, lower wins; `broken_utf8` counts the
byte sequences that the reader replaced by U+FFFD.
"""

from __future__ import annotations

import pyarrow as pa

DOCUMENT = pa.schema(
    [
        ("uid", pa.string()),
        ("rank", pa.int64()),
        ("source", pa.string()),
        ("origin", pa.string()),
        ("id", pa.string()),
        ("meta", pa.string()),
        ("broken_utf8", pa.int32()),
        ("text", pa.large_string()),
    ]
)

DROP = pa.schema(
    [
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("failed", pa.list_(pa.string())),
        ("value", pa.float64()),
        ("limit", pa.float64()),
        ("twin", pa.string()),
        ("text_bytes", pa.int64()),
        ("excerpt", pa.large_string()),
    ]
)

EXCERPT_CHARS = 1_000
"""Characters of text kept of a dropped document while the run works."""

PUBLISHED_CHARS = 500
"""Characters of it that are published, after the scrubber has seen the longer one."""


def dropped_schema(signals: dict[str, pa.DataType]) -> pa.Schema:
    """The schema of dropped rows: identity, why, excerpt, then the signals (null: not measured)."""
    identity = [field for field in DOCUMENT if field.name != "text"]
    return pa.schema([*identity, *DROP, *(pa.field(name, kind) for name, kind in signals.items())])


def audited_schema(signals: dict[str, pa.DataType]) -> pa.Schema:
    """The schema of dropped rows that are still measured: the document, why it was dropped, then the signals."""
    return pa.schema([*DOCUMENT, *DROP, *(pa.field(name, kind) for name, kind in signals.items())])


def document_schema(signals: dict[str, pa.DataType]) -> pa.Schema:
    """The schema of surviving rows: the document, then its signals."""
    return pa.schema([*DOCUMENT, *(pa.field(name, kind) for name, kind in signals.items())])


MAX_SOURCES, MAX_FILES, MAX_ROWS = 1 << 15, 1 << 24, 1 << 24


def rank_of(source: int, file: int, row: int) -> int:
    """Pack a document's place in the input into its priority."""
    assert source < MAX_SOURCES and file < MAX_FILES and row < MAX_ROWS
    return source << 48 | file << 24 | row


def place_of(rank: int) -> tuple[int, int, int]:
    """(source, file, row) of a rank."""
    return rank >> 48, rank >> 24 & 0xFFFFFF, rank & 0xFFFFFF
