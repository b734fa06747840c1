"""CSV: quoting, line ends, row numbers, bad records, limits."""

from __future__ import annotations

import csv
import gzip

import pytest

from pipeline.errors import InputError, OptionError
from pipeline.readers.base import Bad, Document
from pipeline.readers.csv import Csv


@pytest.fixture
def read(rows, write):
    def run(content, **options):
        write("a.csv", content)
        return rows(Csv(paths=("a.csv",), **options))

    return run


def test_documents(read):
    content = '\ufeffid,text,note\r\n1,"中文, ""quoted""\r\nsecond line 🙂",x\r\n\r\n2,plain 5" disk,\r\n'
    assert read(content, id="id") == [
        Document(1, '中文, "quoted"\r\nsecond line 🙂', "1", {"note": "x"}),
        Document(4, 'plain 5" disk', "2", {"note": ""}),
    ]


def test_tabs_without_quotes_and_without_header(read):
    assert read('"a\tu\n"b"\t', names=("text", "url"), delimiter="\t", quote="", columns=()) == [
        Document(0, '"a'),
        Document(1, '"b"'),
    ]


def test_agrees_with_the_writer_of_python(rows, tmp_path):
    texts = ["a,b", 'say "hi"', "", "line\nend\r\nand\rmore", "中文，全角", "\u3000", "🙂", "nul\0l"]
    with open(tmp_path / "a.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["text", "n"], *([text, n] for n, text in enumerate(texts))])
    assert [row.text for row in rows(Csv(paths=("a.csv",)))] == texts


def test_wrong_field_counts(read):
    first, few, many, last = read("text,n\na,1\nb\nc,1,2\nd,4\n")
    assert (first.text, last.text, last.row) == ("a", "d", 4)
    assert (few.row, few.reason, few.excerpt) == (2, "wrong_field_count", "b")
    assert (many.row, many.reason, many.excerpt) == (3, "wrong_field_count", "c,1,2")
    assert many.message.endswith("a.csv:4: the record has 3 fields, and the file 2 columns")


def test_stray_and_unclosed_quotes(read):
    stray, good, unclosed = read('text,n\n"a"b,1\nc,2\n"half writ')
    assert (stray.row, stray.reason, good.text) == (1, "bad_quotes", "c")
    assert isinstance(unclosed, Bad)
    assert (unclosed.row, unclosed.reason) == (3, "bad_quotes")
    assert "a.csv:4: the quotes of the record do not match" in unclosed.message


def test_a_field_over_the_limit_ends_the_file(read):
    content = 'text\n"never closed\n' + "line\n" * 1000
    with pytest.raises(InputError, match=r"a.csv:2: a field .* longer than max_field_mb \(0.001 .*never closed"):
        read(content, max_field_mb=0.001)
    with pytest.raises(InputError, match=r"a.csv:2: the line is longer"):
        read("text\n" + "x" * 1001, max_field_mb=0.001)
    assert len(read("text\n" + "x" * 999, max_field_mb=0.001)[0].text) == 999


def test_a_field_over_the_limit_of_python(read):
    assert len(read("text\n" + "字" * 200_000 + "\n")[0].text) == 200_000


def test_broken_utf8(read):
    (row,) = read(b"text,n\na\xff\xf0\x9f\x98b,\xe4\xb8\n")
    assert sum("\ud800" <= char <= "\udfff" for char in row.text) == 2
    assert row.meta == {"n": "\ufffd"}


def test_missing_column(read):
    with pytest.raises(InputError, match=r"no column 'text' \(did you mean 'Text'\?\); its columns are Text, n"):
        read("Text,n\na,1\n")
    with pytest.raises(InputError, match="two columns named 'n'"):
        read("text,n,n\na,1,1\n")


def test_empty_file(read):
    with pytest.raises(InputError, match=r"a.csv has no header line"):
        read("")
    assert read("", names=("text",)) == []
    assert read("text\n") == []


def test_half_written_archive(rows, write):
    path = write("a.csv.gz", gzip.compress(b"text\n" + b"a\n" * 5000)[:-9])
    with pytest.raises(InputError, match=f"{path} to its end"):
        rows(Csv(paths=("a.csv.gz",)))


@pytest.mark.parametrize("options", [{"delimiter": ""}, {"delimiter": "||"}, {"quote": "''"}, {"quote": ","}])
def test_options(options):
    with pytest.raises(OptionError, match=f"option '{next(iter(options))}' must be one"):
        Csv(paths=("a",), **options)
