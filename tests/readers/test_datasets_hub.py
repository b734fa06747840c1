"""Hugging Face datasets: folders of data files, folders of save_to_disk, and the hub when it cannot be reached."""

from __future__ import annotations

import json

import pytest

from pipeline.errors import InputError, OptionError
from pipeline.readers.base import Document
from pipeline.readers.datasets_hub import Datasets

EXAMPLES = [
    {"key": "k1", "body": "中文 🙂\r\n", "n": 1},
    {"key": "k2", "body": None, "n": 2},
    {"key": "k3", "body": "b", "n": None},
]


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """No test asks the hub, and none leaves files in the user's cache."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def folder(write):
    lines = [json.dumps(example) + "\n" for example in EXAMPLES]
    write("data/train-1.jsonl", "".join(lines[:2]))
    write("data/train-2.jsonl", lines[2])
    return write("data/test.jsonl", lines[0]).parent


def test_data_files(rows, folder):
    first, bad, last = rows(Datasets(path="data", text="body", id="key"))
    assert first == Document(0, "中文 🙂\r\n".encode(), "k1", {"n": 1}, "data/train:1")
    assert (bad.row, bad.reason) == (1, "null_text")
    assert last == Document(2, b"b", "k3", {"n": None}, "data/train:3")


def test_splits_and_columns(rows, folder):
    reader = Datasets(path="data", text="body", splits=("test", "train"), columns=("key",))
    assert [row.origin for row in rows(reader) if isinstance(row, Document)] == [
        "data/test:1",
        "data/train:1",
        "data/train:3",
    ]
    assert rows(reader)[0].meta == {"key": "k1"}


def test_inputs(tmp_path, folder):
    reader = Datasets(path="./data", text="body", splits=("train", "test"))
    train, test = before = reader.inputs(str(tmp_path))
    assert (train.name, test.name, train.location) == ("data/train", "data/test", str(folder))
    assert train.size == sum(path.stat().st_size for path in folder.iterdir())
    assert reader.inputs(str(tmp_path)) == before
    (folder / "test.jsonl").write_text('{"body": "changed"}\n')
    assert reader.inputs(str(tmp_path))[0].stamp != train.stamp


@pytest.mark.parametrize("as_dict", [False, True])
def test_saved_to_disk(rows, tmp_path, as_dict):
    import datasets

    made = datasets.Dataset.from_list(EXAMPLES)
    (datasets.DatasetDict({"train": made}) if as_dict else made).save_to_disk(str(tmp_path / "saved"))
    assert [getattr(row, "id", None) for row in rows(Datasets(path="saved", text="body", id="key"))] == [
        "k1",
        None,
        "k3",
    ]
    with pytest.raises(InputError, match="no subsets"):
        rows(Datasets(path="saved", text="body", subset="en"))
    if as_dict:
        with pytest.raises(InputError, match=r"no split 'test' \(there is: train\)"):
            rows(Datasets(path="saved", text="body", splits=("test",)))


def test_missing_column_and_split(rows, folder):
    with pytest.raises(InputError, match=r"data \(train\) has no column 'text'.*its columns are key, body, n"):
        rows(Datasets(path="data"))
    with pytest.raises(InputError, match=r"cannot read the dataset data \(dev\): Bad split: dev"):
        rows(Datasets(path="data", text="body", splits=("dev",)))


def test_damaged_and_empty_folders(rows, tmp_path, write):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no file matches"):
        rows(Datasets(path="empty"))
    with pytest.raises(InputError, match=r"there is no folder .*absent"):
        rows(Datasets(path="./absent"))
    write("damaged/train.parquet", b"PAR1 and no more")
    with pytest.raises(InputError, match="cannot read the dataset damaged"):
        rows(Datasets(path="damaged"))


def test_hub_out_of_reach(rows, tmp_path):
    with pytest.raises(InputError, match=r"cannot ask the hub about the dataset owner/name \(.*check its name and the"):
        rows(Datasets(path="owner/name"))
    reader = Datasets(path="owner/name", revision="0" * 40)
    (item,) = reader.inputs(str(tmp_path))
    assert (item.name, item.stamp, item.location) == ("name/train", "0" * 40, "owner/name@" + "0" * 40)
    with pytest.raises(InputError, match=r"cannot read the dataset owner/name \(train\): "):
        list(reader.read(item))


def test_no_splits():
    with pytest.raises(OptionError, match="at least one split"):
        Datasets(path="data", splits=())
