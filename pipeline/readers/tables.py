"""Rows of Arrow batches as documents: what the readers of Parquet, Arrow and datasets share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from pipeline.errors import InputError, did_you_mean, listed

from .base import Bad, Document
from .files import Fields
from .values import TooDeepError

BATCH_ROWS = 512


def check_columns(names: list[str], fields: Fields, where: str) -> None:
    """Raises InputError if a column that the options name is not there, or is there twice."""
    for name in fields.named():
        if name not in names:
            existing = listed(names) or "none"
            raise InputError(f"{where} has no column '{name}'{did_you_mean(name, names)}; its columns are {existing}")
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError(f"{where} has two columns named '{listed(doubled[:1])}': rename one")


def rows(
    batch: pa.RecordBatch, first_row: int, fields: Fields, where: str, origin: str = ""
) -> Iterator[Document | Bad]:
    """A Document or Bad per row; text is handed on as bytes, for Arrow does not promise that it is valid UTF-8.

    Raises InputError if the text column does not hold text.
    """
    names = [name for name in batch.schema.names if fields.columns is None or name in fields.named()]
    texts = _texts(batch.column(fields.text), fields.text, where)
    columns = {name: _values(batch.column(name), name, where) for name in names if name != fields.text}
    for position, text in enumerate(texts):
        row = first_row + position
        if text is None:
            yield Bad(row, "null_text", f"{where}, row {row + 1}: the column '{fields.text}' is null")
            continue
        try:
            own_id, meta = fields.split({name: values[position] for name, values in columns.items()})
        except TooDeepError as error:
            yield Bad(row, "nested_too_deep", f"{where}, row {row + 1}: {error}")
            continue
        yield Document(row, text, own_id, meta, f"{origin}:{row + 1}" if origin else "")


def _texts(column: pa.Array, name: str, where: str) -> list[bytes | None]:
    column = _decoded(column)
    if not _is_text(column.type) and not pa.types.is_null(column.type):
        raise InputError(f"the column '{name}' of {where} is {column.type}, not text")
    values: list[bytes | None] = column.cast(pa.large_binary()).to_pylist()
    return values


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return bool(text or types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind))


def _decoded(column: pa.Array) -> pa.Array:
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _values(column: pa.Array, name: str, where: str) -> list[Any]:
    """Python values; dates and times as text, so that nanoseconds survive."""
    column = _decoded(column)
    try:
        kind = _without_times(column.type)
        values: list[Any] = (column if kind == column.type else column.cast(kind)).to_pylist()
    except pa.ArrowException as error:
        raise InputError(f"the column '{name}' of {where} cannot be kept in meta: {error}") from error
    except UnicodeDecodeError as error:
        if not _is_text(column.type):
            raise InputError(f"the column '{name}' of {where} holds text that is not UTF-8 ({error})") from error
        raw = column.cast(pa.large_binary()).to_pylist()
        values = [value if value is None else value.decode(errors="replace") for value in raw]
    return values


def _without_times(kind: pa.DataType) -> pa.DataType:
    """The type with times as text and durations as integers, also inside lists, structs and maps."""
    types = pa.types
    if types.is_timestamp(kind) or types.is_time(kind):
        return pa.string()
    if types.is_duration(kind):
        return pa.int64()
    if types.is_list(kind):
        return pa.list_(_field(kind.value_field))
    if types.is_large_list(kind):
        return pa.large_list(_field(kind.value_field))
    if types.is_fixed_size_list(kind):
        return pa.list_(_field(kind.value_field), kind.list_size)
    if types.is_map(kind):
        return pa.map_(_field(kind.key_field), _field(kind.item_field))
    if types.is_struct(kind):
        return pa.struct([_field(kind.field(i)) for i in range(kind.num_fields)])
    return kind


def _field(field: pa.Field) -> pa.Field:
    return field.with_type(_without_times(field.type))
