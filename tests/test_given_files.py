"""Files that a command line names: what reads them, and which may be written."""

from __future__ import annotations

import pytest

from pipeline.errors import InputError, OptionError, PlanError, RecipeError
from pipeline.given_files import sources_of, writing
from pipeline.readers.base import load_readers


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    load_readers()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(*paths: str, reader: str | None = None, text: str | None = None):
    """Name, reader and paths of each source."""
    return [(one.name, one.reader.name, list(one.reader.paths)) for one in sources_of(paths, "new", reader, text)]


def test_suffixes_say_what_reads_and_each_kind_is_a_source(folder):
    assert listed("a.jsonl", "b.tsv", "文.jsonl.zst", "x/c.csv", "memory://b/d.ndjson.gz") == [
        ("new_0", "jsonl", [f"{folder}/a.jsonl", f"{folder}/文.jsonl.zst", "memory://b/d.ndjson.gz"]),
        ("new_1", "csv", [f"{folder}/b.tsv"]),
        ("new_2", "csv", [f"{folder}/x/c.csv"]),
    ]


def test_files_of_one_name_are_sources_of_their_own(folder):
    assert listed("en/a.jsonl", "zh/a.jsonl", "zh/b.jsonl", "de/a.jsonl") == [
        ("new_0", "jsonl", [f"{folder}/en/a.jsonl", f"{folder}/zh/b.jsonl"]),
        ("new_1", "jsonl", [f"{folder}/zh/a.jsonl"]),
        ("new_2", "jsonl", [f"{folder}/de/a.jsonl"]),
    ]


def test_reader_and_field_may_be_named(folder):
    assert listed("a", "b.csv", reader="text") == [("new_0", "text", [f"{folder}/a", f"{folder}/b.csv"])]
    (one,) = sources_of(["a.jsonl"], "new", None, "正文")
    assert one.reader.text == "正文"
    with pytest.raises(PlanError, match=r"nothing says how to read a.zst: give --reader, such as --reader jsonl"):
        listed("a.zst")
    with pytest.raises(RecipeError, match=r"there is no reader 'jsnol' \(did you mean 'jsonl'\?\)"):
        listed("a", reader="jsnol")
    with pytest.raises(OptionError, match="reader text has no option 'text'"):
        listed("a.txt", text="body")


def test_a_disk_that_fails_is_told_with_the_path():
    with (
        pytest.raises(InputError, match=r"^cannot write 好.zip \(No space left on device\): give another --out$"),
        writing("好.zip"),
    ):
        raise OSError(28, "No space left on device")
