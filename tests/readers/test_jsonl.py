"""JSON Lines: good lines, every kind of bad line, broken UTF-8."""

from __future__ import annotations

import gzip
import json
import re

import fsspec
import pytest
import zstandard

from pipeline.errors import InputError
from pipeline.readers.base import Bad, Document
from pipeline.readers.jsonl import Jsonl


def test_documents(rows, write):
    write("a.jsonl", '{"text": "中文 🙂\\n", "url": "u", "n": 1}\n{"text": "", "tags": ["x", null]}')
    assert rows(Jsonl(paths=("a.jsonl",))) == [
        Document(0, "中文 🙂\n", "", {"url": "u", "n": 1}),
        Document(1, "", "", {"tags": ["x", None]}),
    ]


def test_text_id_and_columns(rows, write):
    write("a.jsonl", '{"body": "t", "key": 7, "a": 1, "b": 2}\n{"body": "t", "b": 3}\n')
    assert rows(Jsonl(paths=("a.jsonl",), text="body", id="key", columns=("b", "c"))) == [
        Document(0, "t", "7", {"b": 2}),
        Document(1, "t", "", {"b": 3}),
    ]


def test_blank_lines_crlf_and_byte_order_mark(rows, write):
    write("a.jsonl", '\ufeff{"text": "a"}\r\n\r\n  \t\n{"text": "b"}\r\n')
    assert [(row.row, row.text) for row in rows(Jsonl(paths=("a.jsonl",)))] == [(0, "a"), (3, "b")]


@pytest.mark.parametrize("content", ["", "\n", "\ufeff"])
def test_nothing(rows, write, content):
    write("a.jsonl", content)
    assert rows(Jsonl(paths=("a.jsonl",))) == []


@pytest.mark.parametrize(
    ("line", "reason", "what"),
    [
        (b'{"text": "a"', "bad_json", "not valid JSON"),
        (b"\xff\xfe{\x00}\x00", "bad_json", "not valid JSON"),
        (b"[1]", "not_an_object", "a list, not a JSON object"),
        (b"null", "not_an_object", "null"),
        (b'{"Text": "a", "\\ud800": 1}', "missing_text", "no field 'text' \\(fields: Text, \ufffd\\)"),
        (b'{"text": null}', "text_not_a_string", "'text' is null"),
        (b'{"text": 1.5}', "text_not_a_string", "a number"),
        (b'{"text": NaN}', None, ""),
        (b'{"text": "' + b"a" * 200 + b'"}', "line_too_long", "longer than 0.0002 MB"),
        (b"[" * 199, "bad_json", "not valid JSON"),
        (b'{"text": "a", "b": ' + b"[" * 80 + b"]" * 80 + b"}", "nested_too_deep", "nested too deeply"),
    ],
)
def test_bad_lines(rows, write, line, reason, what):
    path = write("a.jsonl", b'{"text": "before"}\n' + line + b'\n{"text": "after"}\n')
    before, row, after = rows(Jsonl(paths=("a.jsonl",), max_line_mb=0.0002))
    assert (before.text, after.text, after.row) == ("before", "after", 2)
    if reason is None:
        assert row.text == "NaN"
        return
    assert isinstance(row, Bad)
    assert (row.row, row.reason) == (1, reason)
    assert row.message.startswith(f"{path}:2: ")
    assert 0 < len(row.excerpt) <= 1000
    assert re.search(what, row.message)


def test_huge_nesting_is_a_bad_row(rows, write):
    write("a.jsonl", b'{"text": "a", "b": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n")
    assert [row.reason for row in rows(Jsonl(paths=("a.jsonl",)))] == ["nested_too_deep"]


def test_numbers_that_json_lacks_and_huge_ones(rows, write):
    digits = "9" * 5000
    write("a.jsonl", f'{{"text": "a", "x": [NaN, -Infinity, 1e999], "n": {10**30}, "huge": {digits}}}\n')
    (row,) = rows(Jsonl(paths=("a.jsonl",)))
    assert row.meta == {"x": ["NaN", "-Infinity", "Infinity"], "n": 10**30, "huge": digits}


def lone(text):
    return sum("\ud800" <= char <= "\udfff" for char in text)


def test_broken_utf8_is_counted_in_its_own_field(rows, write):
    emoji = "🙂".encode()
    write("a.jsonl", b'{"text": "a\xff' + emoji[:3] + b'b\xe4\xb8", "other": "\xff\xff"}\n')
    (row,) = rows(Jsonl(paths=("a.jsonl",)))
    assert lone(row.text) == 3
    assert row.text.encode(errors="replace").decode() == "a??b?"
    assert row.meta == {"other": "\ufffd\ufffd"}


def test_lone_surrogate_escapes(rows, write):
    write("a.jsonl", b'{"text": "a\\ud800b\\ud83d\\ude00\\udc00 \xef\xbf\xbd", "id": "\\udfff"}\n')
    (row,) = rows(Jsonl(paths=("a.jsonl",), id="id"))
    assert row.text == "a\ud800b😀\udc00 \ufffd"
    assert (lone(row.text), row.id) == (2, "\ufffd")


def test_escape_beside_a_broken_byte(rows, write):
    write("a.jsonl", b'{"text": "\\ud800\xf0\x9f\x99\\udc00"}\n')
    (row,) = rows(Jsonl(paths=("a.jsonl",)))
    assert lone(row.text) == 3


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_compressed_and_half_written(rows, write, suffix):
    content = b"".join(json.dumps({"text": f"{n} 中文"}).encode() + b"\n" for n in range(3000))
    packed = gzip.compress(content) if suffix == "gz" else zstandard.ZstdCompressor().compress(content)
    path = write(f"a.jsonl.{suffix}", packed)
    assert [row.text for row in rows(Jsonl(paths=("*",)))] == [f"{n} 中文" for n in range(3000)]
    path.write_bytes(packed[:-20])
    with pytest.raises(InputError, match=rf"{path} to its end .*half-written"):
        rows(Jsonl(paths=("*",)))


def test_half_written_plain_file_ends_in_a_bad_row(rows, write):
    write("a.jsonl", '{"text": "a"}\n{"text": "b')
    assert [getattr(row, "reason", None) for row in rows(Jsonl(paths=("a.jsonl",)))] == [None, "bad_json"]


def test_url(rows):
    with fsspec.open("memory://jsonl/x/a.jsonl.gz", "wb") as file:
        file.write(gzip.compress(b'{"text": "a"}\n'))
    reader = Jsonl(paths=("memory://jsonl/**/*.gz",))
    assert [item.name for item in reader.inputs("/nowhere")] == ["x/a.jsonl.gz"]
    assert rows(reader) == [Document(0, "a", "", {})]
