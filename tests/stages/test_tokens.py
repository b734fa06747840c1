"""Token shards of a corpus: every document is there once, on its side, and a tokenizer that loses text is caught."""

from __future__ import annotations

import contextlib
import io
import json

import numpy as np
import pyarrow as pa
import pytest
import token_kinds
from batches import documents

from pipeline.batch import Batch
from pipeline.errors import InputError
from pipeline.stage import Exported
from stages.encoder import Encoder, encoder
from stages.tokens import Check, Tokens
from train import tokens

TEXTS = [
    "Hello, 'tis 2024.",
    "",
    "语言模型，用1234个字。",
    "\0a\0",
    "<|endoftext|> USER",
    "👩\u200d👩\u200d👧\r\n",
    "x" * 3000,
    "完" * 2000,
]
SIDES = ["train", "train", "validation", "train", "validation", "train", "train", "train"]


class ToyShard:
    """A shard of batches, and a folder in memory."""

    def __init__(self, model: dict, batches: list[pa.RecordBatch], source: str = "书籍") -> None:
        self.name, self.source, self.files = "000-00000-0000", source, {}
        self._model, self._batches = json.dumps(model).encode(), batches

    def read(self, path: str):
        assert path == "tokenizer.json"
        return io.BytesIO(self._model)

    @contextlib.contextmanager
    def write(self, name: str):
        yield (file := io.BytesIO())
        self.files[name] = file.getvalue()

    def batches(self):
        for batch in self._batches:
            yield Batch(batch, Tokens(), "tokens")


def batch(texts: list[str], sides: list[str]) -> pa.RecordBatch:
    return documents(texts).append_column("split_side", pa.array(sides, pa.string()))


def made(model: dict, batches: list[pa.RecordBatch]) -> tuple[ToyShard, dict]:
    shard = ToyShard(model, batches)
    return shard, Tokens(model="tokenizer.json").export(shard)


@pytest.mark.parametrize("kind", token_kinds.KINDS)
def test_every_document_is_there_once_on_its_side(kind):
    model = token_kinds.trained(kind)
    shard, facts = made(model, [batch(TEXTS, SIDES)])
    encode = encoder(json.dumps(model).encode())
    for side in tokens.SIDES:
        texts = [text for text, of in zip(TEXTS, SIDES, strict=True) if of == side]
        array = tokens.read_array(io.BytesIO(shard.files[f"{side}/书籍/{shard.name}.npy"]))
        table = tokens.read_documents(io.BytesIO(shard.files[f"{side}/书籍/{shard.name}.docs.arrow"]))
        expected = [[encode.end_of_text, *ids, encode.end_of_text] for ids in encode.encode_batch(texts)]
        assert array.dtype == np.uint16 and array.tolist() == [number for ids in expected for number in ids]
        assert table["n_tokens"].to_pylist() == list(map(len, expected))
        assert table["n_bytes"].to_pylist() == [len(text.encode()) for text in texts]
        assert table["uid"].to_pylist() == [f"{row:032x}" for row, of in enumerate(SIDES) if of == side]
        assert set(table["source"].to_pylist()) == {"书籍"}
        n_predicted = sum(len(ids) - 1 for ids in expected)
        assert facts[side] == {
            "documents": len(texts),
            "tokens": n_predicted,
            "bytes": sum(table["n_bytes"].to_pylist()),
        }


def test_the_same_bytes_however_batches_are_cut():
    model, whole = token_kinds.trained("bpe"), batch(TEXTS, SIDES)
    expected, _ = made(model, [whole])
    for rows in (1, 3):
        parts = [whole.slice(first, rows) for first in range(0, len(TEXTS), rows)]
        assert made(model, parts)[0].files == expected.files
    assert made(model, [whole.slice(0, 0), whole, whole.slice(2, 0)])[0].files == expected.files


def test_a_shard_without_documents():
    shard, facts = made(token_kinds.trained("bpe"), [])
    assert facts == {side: {"documents": 0, "tokens": 0, "bytes": 0} for side in tokens.SIDES}
    for side in tokens.SIDES:
        assert len(tokens.read_array(io.BytesIO(shard.files[f"{side}/书籍/{shard.name}.npy"]))) == 0


def test_a_large_document():
    text = "It's 3.14, 中文也要有。\n" * 800_000  # 25 MB
    shard, facts = made(token_kinds.trained("bpe"), [batch([text, "end"], ["train", "train"])])
    assert facts["train"]["documents"] == 2 and facts["train"]["bytes"] == len(text.encode()) + 3
    array = tokens.read_array(io.BytesIO(shard.files[f"train/书籍/{shard.name}.npy"]))
    assert np.count_nonzero(array == 0) == 4


@pytest.mark.parametrize("change", ["a token less", "a token more", "another token", "all tokens gone"])
def test_text_that_is_lost_is_an_error_that_names_the_document(change, monkeypatch):
    honest = Encoder.encode

    def encode(self, data, offsets):
        ids, borders = honest(self, data, offsets)
        ids, borders, row = ids.copy(), borders.copy(), 2
        if change == "a token less":
            ids, borders[row + 1 :] = np.delete(ids, borders[row + 1] - 1), borders[row + 1 :] - 1
        elif change == "a token more":
            ids, borders[row + 1 :] = np.insert(ids, borders[row + 1], 7), borders[row + 1 :] + 1
        elif change == "another token":
            ids[borders[row]] += 1
        else:
            n = borders[row + 1] - borders[row]
            ids, borders[row + 1 :] = np.delete(ids, range(borders[row], borders[row + 1])), borders[row + 1 :] - n
        return ids, borders

    monkeypatch.setattr(Encoder, "encode", encode)
    with pytest.raises(InputError, match=f"the tokens of document {2:032x} are not its text"):
        made(token_kinds.trained("bpe"), [batch(TEXTS, SIDES)])


def test_a_special_token_in_the_place_of_an_empty_text_is_no_difference():
    check, one = Check([b"", b"a", "中".encode()]), Batch(batch(["a中", ""], ["train"] * 2), Tokens(), "tokens")
    check(one, np.array([1, 2], np.uint32), np.array([0, 2, 2]))
    with pytest.raises(InputError, match=f"{0:032x}"):
        check(one, np.array([2, 1], np.uint32), np.array([0, 2, 2]))


def test_the_index_names_the_shards():
    model = token_kinds.trained("unigram")
    shard, facts = made(model, [batch(TEXTS, SIDES)])
    Tokens(model="tokenizer.json").index(shard, [Exported(shard.name, "书籍", facts)], {"书籍": "books", "web": ""})
    content = json.loads(shard.files["tokens.json"])
    assert content["format"] == tokens.FORMAT == 2 and content["dtype"] == "uint16" and content["end_of_text"] == 0
    assert content["vocab_size"] == len(model["model"]["vocab"])
    assert content["sources"]["web"] == {"tag": None, "train": {"shards": []}, "validation": {"shards": []}}
    (entry,) = content["sources"]["书籍"]["train"]["shards"]
    assert entry == {"name": f"train/书籍/{shard.name}", **facts["train"]}
    assert shard.files["tokenizer.json"] == json.dumps(model).encode()
