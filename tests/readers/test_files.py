"""Lists of inputs: order, names, repeats, and what is wrong with patterns."""

from __future__ import annotations

import fsspec
import pytest

from pipeline.errors import InputError, OptionError
from pipeline.readers.base import load_readers
from pipeline.readers.files import list_inputs
from pipeline.readers.jsonl import Jsonl


def names(folder, *paths):
    return [item.name for item in list_inputs(str(folder), paths)]


def test_sorted_once_each(tmp_path, write):
    for name in ("d/b.txt", "d/a.txt", "d/中文.txt", "d/sub/c.txt", "d/.hidden"):
        write(name, "x")
    assert names(tmp_path, "d/*.txt") == ["a.txt", "b.txt", "中文.txt"]
    assert names(tmp_path, "d/b.txt", "d/*.txt", "d/a.txt") == ["a.txt", "b.txt", "中文.txt"]
    assert names(tmp_path, "d") == ["a.txt", "b.txt", "sub/c.txt", "中文.txt"]
    assert names(tmp_path, "d/**/*.txt") == names(tmp_path, "d")


def test_an_input_says_where_and_how_big(tmp_path, write):
    path = write("a.txt", "中")
    (item,) = list_inputs(str(tmp_path), ("a.txt",))
    assert (item.location, item.size, item.stamp) == (str(path), 3, str(path.stat().st_mtime_ns))


def test_two_files_of_one_name(tmp_path, write):
    write("a/x.txt", "1")
    write("b/x.txt", "2")
    with pytest.raises(InputError, match=r"both named 'x.txt', .*a/x.txt and .*b/x.txt"):
        names(tmp_path, "a/x.txt", "b/x.txt")
    assert names(tmp_path, "*/x.txt") == ["a/x.txt", "b/x.txt"]


def test_a_pattern_that_matches_nothing(tmp_path, write):
    write("a.txt", "1")
    with pytest.raises(InputError, match=r"no file matches .*b\*.txt"):
        names(tmp_path, "a.txt", "b*.txt")


def test_a_link_to_nothing(tmp_path, write):
    write("a.txt", "1")
    (tmp_path / "b.txt").symlink_to("nowhere")
    for pattern in ("*.txt", "b.txt"):
        with pytest.raises(InputError, match=r"cannot read .*b.txt: No such file"):
            names(tmp_path, pattern)


def test_a_name_that_is_not_utf8(tmp_path):
    (tmp_path / "a\udcff.txt").write_text("x")
    with pytest.raises(InputError, match="rename the file"):
        names(tmp_path, "*.txt")


def test_urls(tmp_path):
    for name in ("a.txt", "sub/b.txt", ".hidden/c.txt"):
        with fsspec.open(f"memory://files/{name}", "wb") as file:
            file.write(b"1234")
    assert names(tmp_path, "memory://files") == ["a.txt", "sub/b.txt"]
    (item,) = list_inputs(str(tmp_path), ("memory://files/*.txt",))
    assert (item.name, item.location, item.size) == ("a.txt", "memory:///files/a.txt", 4)
    assert item.stamp


def test_no_paths():
    with pytest.raises(OptionError, match="at least one file"):
        Jsonl(paths=())


def test_every_reader_has_a_page():
    readers = load_readers()
    assert list(readers) == ["arrow", "csv", "datasets", "jsonl", "parquet", "python_environment", "text"]
    for name, reader in readers.items():
        assert f"reader: {name}" in reader.__doc__
