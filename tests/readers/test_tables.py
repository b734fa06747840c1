"""Parquet and Arrow IPC: the same rows from each format, types of other columns, what is wrong with files."""

from __future__ import annotations

import datetime
import decimal
import io
import json

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import InputError
from pipeline.readers.arrow_ipc import Arrow
from pipeline.readers.base import Document
from pipeline.readers.parquet import Parquet


def parquet(table, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def ipc(table, maker, **options):
    out = io.BytesIO()
    with maker(out, table.schema) as writer:
        writer.write_table(table, **options)
    return out.getvalue()


FORMATS = {
    "parquet": (Parquet, lambda table: parquet(table, row_group_size=2)),
    "file": (Arrow, lambda table: ipc(table, pa.ipc.new_file, max_chunksize=2)),
    "stream": (Arrow, lambda table: ipc(table, pa.ipc.new_stream, max_chunksize=2)),
}
MOMENT = datetime.datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=datetime.UTC)


@pytest.fixture(params=FORMATS)
def read(request, rows, write):
    reader, pack = FORMATS[request.param]

    def run(table, cut=None, **options):
        write("a.bin", pack(table)[:cut] if isinstance(table, pa.Table) else table)
        return rows(reader(paths=("a.bin",), **options))

    return run


def test_documents(read):
    table = pa.table({"key": [1, None, 3], "text": ["中文 🙂\r\n", "", None], "url": ["u", None, "w"]})
    first, second, bad = read(table, id="key")
    assert first == Document(0, "中文 🙂\r\n".encode(), "1", {"url": "u"})
    assert second == Document(1, b"", "", {"url": None})
    assert (bad.row, bad.reason) == (2, "null_text")
    assert bad.message.endswith("a.bin, row 3: the column 'text' is null")


def test_columns(read):
    table = pa.table({"a": [1], "body": ["t"], "b": [2], "c": [3]})
    assert read(table, text="body", columns=("c", "a")) == [Document(0, b"t", "", {"c": 3, "a": 1})]
    assert read(table, text="body", columns=()) == [Document(0, b"t", "", {})]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.dictionary(pa.int32(), pa.string())]
)
def test_types_of_text(read, kind):
    table = pa.table({"text": pa.array(["a", None, "中"]).cast(kind)})
    assert [getattr(row, "text", None) for row in read(table)] == [b"a", None, "中".encode()]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (MOMENT.date(), pa.date32(), "2024-02-29"),
        (MOMENT, pa.timestamp("us", "UTC"), "2024-02-29 01:02:03.000004Z"),
        (1, pa.timestamp("ns"), "1970-01-01 00:00:00.000000001"),
        ([[1]], pa.list_(pa.list_(pa.timestamp("ns"))), [["1970-01-01 00:00:00.000000001"]]),
        ({"t": 1, "m": [("k", 2)]}, pa.struct([("t", pa.duration("s")), ("m", pa.map_(pa.string(), pa.int8()))]), None),
        (MOMENT.time(), pa.time64("us"), "01:02:03.000004"),
        (decimal.Decimal("1.10"), pa.decimal128(9, 2), "1.10"),
        (b"\xff\x00", pa.binary(), "/wA="),
        (b"\xff\x00", pa.binary(2), "/wA="),
        ([1.5, float("nan")], pa.list_(pa.float64(), 2), [1.5, "NaN"]),
        (2**64 - 1, pa.uint64(), 2**64 - 1),
        (True, pa.bool_(), True),
        (None, pa.null(), None),
    ],
)
def test_types_of_meta(read, value, kind, expected):
    (row,) = read(pa.table({"text": ["a"], "x": pa.array([value], kind)}))
    if expected is None and value is not None:
        expected = {"t": 1, "m": [["k", 2]]}
    assert row.meta == {"x": expected}
    assert json.dumps(row.meta, allow_nan=False)


def test_broken_utf8(read):
    broken = pa.StringArray.from_buffers(2, pa.py_buffer(b"\0\0\0\0\1\0\0\0\3\0\0\0"), pa.py_buffer(b"\xffab"))
    assert [(row.text, row.meta) for row in read(pa.table({"text": broken, "x": broken}))] == [
        (b"\xff", {"x": "\ufffd"}),
        (b"ab", {"x": "ab"}),
    ]


def test_missing_or_wrong_column(read):
    table = pa.table({"texts": ["a"], "n": [1]})
    with pytest.raises(InputError, match=r"no column 'text' \(did you mean 'texts'\?\); its columns are texts, n"):
        read(table)
    with pytest.raises(InputError, match="no column 'url'"):
        read(table, text="texts", columns=("url",))
    with pytest.raises(InputError, match=r"the column 'n' of .* is int64, not text"):
        read(table, text="n")


def test_empty_table(read):
    assert read(pa.table({"text": pa.array([], pa.string())})) == []


@pytest.mark.parametrize("content", [b"", b"ARROW1", b"PAR1", b'{"text": "a"}\n', b"\0" * 100])
def test_not_that_format(read, content):
    with pytest.raises(InputError, match=r"a.bin is not a whole .*half-written"):
        read(content)


def test_half_written(read):
    with pytest.raises(InputError, match=r"a.bin is not a whole .*half-written"):
        read(pa.table({"text": ["x" * n for n in range(100)]}), cut=-600)


def test_row_numbers_run_on(read):
    table = pa.table({"text": [str(n) for n in range(1500)]})
    assert [(row.row, row.text) for row in read(table)] == [(n, str(n).encode()) for n in range(1500)]


def test_url(rows):
    with fsspec.open("memory://tables/a.parquet", "wb") as file:
        file.write(parquet(pa.table({"text": ["a"]})))
    assert rows(Parquet(paths=("memory://tables/*.parquet",))) == [Document(0, b"a", "", {})]


def test_folder_is_unreadable(tmp_path):
    (tmp_path / "a.parquet").symlink_to("nowhere")
    with pytest.raises(InputError, match=r"cannot read .*a.parquet"):
        Parquet(paths=("*.parquet",)).inputs(str(tmp_path))
