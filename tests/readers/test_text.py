"""Text files and source trees."""

from __future__ import annotations

import gzip

import pytest

from pipeline.errors import InputError
from pipeline.readers.base import Document
from pipeline.readers.text import Text


def test_a_document_per_file(rows, write):
    write("d/a.txt", "\ufeff中文\r\n🙂")
    write("d/b/c.txt", "")
    write("d/e.txt.gz", gzip.compress(b"\xff"))
    assert rows(Text(paths=("d",))) == [
        Document(0, "中文\r\n🙂".encode(), origin="a.txt"),
        Document(0, b"", origin="b/c.txt"),
        Document(0, b"\xff", origin="e.txt.gz"),
    ]


def test_include_and_exclude(tmp_path, write):
    for name in ("a.py", "p/b.py", "p/vendor/c.py", "p/notes.md", "p/x.bin"):
        write(f"tree/{name}", "x")
    reader = Text(paths=("tree",), include=("*.py", "p/*.md"), exclude=("*/vendor/*",))
    assert [item.name for item in reader.inputs(str(tmp_path))] == ["a.py", "p/b.py", "p/notes.md"]
    with pytest.raises(InputError, match="no file below tree passes 'include' and 'exclude'"):
        Text(paths=("tree",), include=("*.rs",)).inputs(str(tmp_path))


def test_bad_files(rows, write):
    write("a.txt", "x" * 1001)
    write("b.txt", b"x\0y")
    write("c.txt", "x" * 1000)
    big, binary, good = rows(Text(paths=("*.txt",), max_file_mb=0.001))
    assert (big.row, big.reason) == (0, "file_too_big")
    assert big.message.endswith("a.txt: the file is bigger than 0.001 MB")
    assert (binary.reason, good.text) == ("binary", b"x" * 1000)


def test_a_file_deleted_after_listing(tmp_path, write):
    path = write("a.txt", "x")
    (item,) = Text(paths=("a.txt",)).inputs(str(tmp_path))
    path.unlink()
    with pytest.raises(InputError, match=f"cannot read {path}"):
        list(Text(paths=("a.txt",)).read(item))
