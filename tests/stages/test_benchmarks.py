"""Reading benchmarks: every kind of file gives the same items, and what cannot be used is told with its place."""

from __future__ import annotations

import bz2
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from pipeline.errors import InputError, OptionError
from stages import benchmarks

ROWS = [
    {
        "question": "How many, and who?",
        "choices": ["eight", "nine"],
        "label": 1,
        "meta": {"a": {"b": "deep"}, "n": 2.5},
    },
    {"question": "一共有多少个苹果？\n请写出", "choices": [], "label": None, "meta": None},
    {"question": "", "choices": ["é", "😀"], "label": True, "meta": {"a": {"b": "x"}, "n": 0.0}},
]
TEXTS = [["How many, and who?", "eight", "nine", "deep"], ["一共有多少个苹果？\n请写出"], ["", "é", "😀", "x"]]
LINES = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode()


def read(path, *fields):
    return list(benchmarks.items("x", str(path), fields))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", LINES),
        ("a.ndjson", b"\xef\xbb\xbf" + LINES.replace(b"\n", b"\r\n\r\n \n") + b"\n\n"),
        ("A.JSONL.GZ", gzip.compress(LINES[:50]) + gzip.compress(LINES[50:])),
        ("a.jsonl.zst", zstandard.compress(LINES[:50]) + zstandard.compress(LINES[50:])),
        ("a.jsonl.bz2", bz2.compress(LINES)),
        ("a.json", json.dumps(ROWS).encode()),
        ("b.json", json.dumps({"version": "1", "tags": ["t"], "none": [], "data": ROWS}).encode()),
        ("c.json.zst", zstandard.compress(json.dumps(ROWS).encode())),
    ],
)
def test_json_of_all_kinds(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    assert read(path) == TEXTS
    assert read(path, "choices", "label") == [["eight", "nine"], [], ["é", "😀"]]
    assert read(path, "meta", "question") == [["How many, and who?", "deep"], ["一共有多少个苹果？\n请写出"], ["", "x"]]


def test_parquet_with_nested_columns(tmp_path):
    path = tmp_path / "a.parquet"
    table = pa.Table.from_pylist([{**row, "label": 1} for row in ROWS])
    kinds = pa.array(["d", "d", "e"]).dictionary_encode(), pa.array([b"\xff"] * 3)
    pq.write_table(table.append_column("kind", kinds[0]).append_column("raw", kinds[1]), path, row_group_size=2)
    assert read(path, "question", "choices", "meta") == TEXTS
    assert [one[-1] for one in read(path)] == ["d", "d", "e"]
    assert read(path, "raw") == [[], [], []]
    with pytest.raises(OptionError, match=r"no item of 'x' has a field 'choice' \(did you mean 'choices'"):
        read(path, "choice")


def test_csv_and_tsv(tmp_path):
    for name, mark in (("a.csv", ","), ("a.tsv.gz", "\t")):
        path = tmp_path / name
        lines = [f"question{mark}answer", f'"How ""many""{mark} and\n\nwho?"{mark}eight', "", f"一共有{mark}é"]
        content = "\r\n".join(lines).encode()
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        assert [[text.replace("\r", "") for text in one] for one in read(path)] == [
            ["question", "answer"],  # of this nobody said that it has names
            [f'How "many"{mark} and\nwho?', "eight"],
            ["一共有", "é"],
        ]
        assert read(path, "answer") == [["eight"], ["é"]]


def test_csv_without_names(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("What is it?,one,two,A\n它是什么？,一,二,B\n", encoding="utf-8")
    assert read(path) == [["What is it?", "one", "two", "A"], ["它是什么？", "一", "二", "B"]]
    with pytest.raises(OptionError, match="no item of 'x' has a field 'question'"):
        read(path, "question")


def test_csv_with_a_name_twice(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("问,text,text\na,b,c\n", encoding="utf-8")
    assert read(path) == [["问", "text", "text"], ["a", "b", "c"]]
    with pytest.raises(InputError, match=r"a\.csv:1: the first row names 'text' twice"):
        read(path, "问")


def test_parquet_with_text_as_bytes(tmp_path):
    path = tmp_path / "a.parquet"
    table = {"q": ["是 a?".encode(), None], "image": [b"\x89PNG\xff", b""], "n": [1, 2]}
    pq.write_table(pa.table(table), path)
    assert read(path) == [["是 a?"], [""]]
    assert read(path, "q") == [["是 a?"], []]


def test_text_lines_and_bare_values(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one line\n\n \n第二行\r\nlast", encoding="utf-8")
    assert [[text.strip() for text in one] for one in read(path)] == [["one line"], ["第二行"], ["last"]]
    values = tmp_path / "a.jsonl"
    values.write_text('"text"\n["a", ["b", {"c": "d"}]]\n7\nnull\n"\\ud800"\n')
    assert read(values) == [["text"], ["a", "b", "d"], [], [], ["\ud800"]]


def test_patterns_and_what_identifies_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name, text in (("deep/b.txt", "two"), ("deep/a.txt", "one"), ("deep/er/c.txt", "three"), ("[x].txt", "four")):
        (tmp_path / name).write_text(text)
    assert read("deep/*.txt") == [["one"], ["two"]] == read("~/deep/?.txt")
    assert read("deep/**/*.txt") == [["one"], ["two"], ["three"]]
    assert read("[x].txt") == [["four"]]
    before = benchmarks.identity("deep/*.txt")
    (tmp_path / "other").mkdir()
    for name, text in (("x.txt", "one"), ("y.txt", "two")):
        (tmp_path / "other" / name).write_text(text)
    assert benchmarks.identity("other/*") == before != benchmarks.identity("deep/**/*.txt")
    (tmp_path / "deep" / "b.txt").write_text("too")
    assert benchmarks.identity("deep/*.txt") != before


def test_very_deep_values(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[" * 200 + '"deep"' + "]" * 200)
    assert read(path) == [["deep"]]
    path.write_text("[" * 200_000 + "]" * 200_000)
    with pytest.raises(InputError, match=r"a\.json is JSON that is nested too deeply"):
        read(path)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.jsonl", b'{"a": "b"}\n\n{"a": }\n', r"a\.jsonl:3: the line is not valid JSON \(Expecting value"),
        ("a.jsonl", b'{"a": "\xff"}\n', r"a\.jsonl:1: not UTF-8"),
        ("a.jsonl", b'{"a": ' + b"9" * 5_000 + b"}", r"a\.jsonl:1: the line is not valid JSON"),
        ("a.jsonl.gz", gzip.compress(LINES)[:-20], r"cannot read .*a\.jsonl\.gz to its end"),
        ("a.jsonl.zst", zstandard.compress(LINES)[:-20], r"cannot read .*a\.jsonl\.zst to its end"),
        ("a.jsonl.zst", LINES, r"cannot read .*a\.jsonl\.zst to its end"),
        ("a.json", b'{"a": "b"}', "holds neither a list of items nor an object with one"),
        ("a.json", b'{"a": [{}], "b": [{}]}', "holds neither a list of items nor an object with one"),
        ("a.json", b"7", "holds neither a list"),
        ("a.json", b"[1, 2", "not valid JSON"),
        ("a.csv", b"a,b\n1,2\n3\n", r"a\.csv:3: a row of 1 fields, and the first has 2"),
        ("a.csv", b'a,b\n1,"2\n', r"a\.csv:2: the row that begins here is not valid CSV .*is a quote not closed\?"),
        ("a.csv", b'a,b\n1,2\n3,"4\n' + b"5,6\n" * 5_000, r"a\.csv:3: the row that begins here is not valid CSV"),
        ("a.tsv", b'a\tb\n"1\n2\n"\t3\n4\t5"6\n"7\t\n"8\n', r"a\.tsv:6: the row that begins here"),
        ("a.parquet", b"PAR1 and no more", r"cannot read .*a\.parquet to its end"),
        ("a.yaml", b"a: b", r"nothing says how to read .*a\.yaml: its name must end in one of \.jsonl"),
        ("a.gz", b"", "nothing says how to read"),
    ],
)
def test_what_cannot_be_read(tmp_path, name, data, message):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        read(path)


def test_files_that_are_not_there(tmp_path):
    for path in ("none.jsonl", "*.jsonl", ""):
        with pytest.raises(InputError, match="there is no file"):
            benchmarks.identity(str(tmp_path / path))
    (tmp_path / "a.jsonl").write_bytes(LINES)
    (tmp_path / "a.jsonl").chmod(0)
    try:
        (tmp_path / "a.jsonl").read_bytes()
    except PermissionError:
        with pytest.raises(InputError, match="cannot read"):
            benchmarks.identity(str(tmp_path / "a.jsonl"))


def test_long_lines_are_not_held_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("stages.benchmarks.MAX_LINE_BYTES", 100)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a": "' + b"x" * 89 + b'"}\n' + b"y" * 200))
    with pytest.raises(InputError, match=r"a\.jsonl\.gz:2: the line is longer than 100 bytes"):
        read(path)
    monkeypatch.setattr("stages.benchmarks.MAX_JSON_BYTES", 100)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(["x" * 96]))
    assert read(path) == [["x" * 96]]
    path.write_text(json.dumps(["x" * 97]))
    with pytest.raises(InputError, match="is longer than 100 bytes"):
        read(path)
