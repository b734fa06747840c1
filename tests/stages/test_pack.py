"""pack: what the stage writes in every way to pack is a folder that training reads, with all costs beside it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from packed_folders import END_OF_TEXT, VOCAB_SIZE, encode, token_shard, tokenizer_json

from pipeline.errors import OptionError
from pipeline.schema import build
from pipeline.stage import Exported
from stages.pack import Pack
from train import tokens
from train.errors import DataError
from train.pack import WAYS
from train.packed import read_index, read_pieces

T = 16
TEXTS = {
    "web": ["The quick brown fox jumps.", "中文", "", "a" * 15, "b" * 14, "今天天气很好，我们去公园散步。", "x"],
    "books": ["一本很长的书。" * 30, "short", "短"],
    "empty": [],
}


class Shard:
    """A shard of an export, with its files in a folder."""

    def __init__(self, folder: Path, source: str = "", name: str = "") -> None:
        self.folder, self.source, self.name = folder, source, name

    def read(self, path: str):
        return open(path, "rb")

    @contextlib.contextmanager
    def write(self, name: str):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            yield file


def write_tokens(folder: Path) -> list[tuple[str, str]]:
    """Token shards of the texts, every second document in a second shard, the first ones held out; (source, shard)."""
    model = json.dumps(tokenizer_json()).encode()
    about = {"dtype": "uint16", "vocab_size": VOCAB_SIZE, "end_of_text": END_OF_TEXT}
    (folder / "tokenizer.json").write_bytes(model)
    digest = hashlib.sha256(model).hexdigest()
    (folder / "tokens.json").write_text(json.dumps({**about, "tokenizer_sha256": digest}))
    shards = []
    for source, texts in TEXTS.items():
        for number in range(2 if texts else 0):
            part = [encode(text) for text in texts[number::2]]
            shards.append((source, f"{len(shards):03}-00000-0000"))
            for side, documents in (("validation", part[:1]), ("train", part[1:])):
                ids, table = token_shard(documents)
                path = folder / side / source / shards[-1][1]
                path.parent.mkdir(parents=True, exist_ok=True)
                np.save(f"{path}.npy", ids)
                with open(f"{path}.docs.arrow", "wb") as file:
                    tokens.write_table(file, table)
    return shards


def packed(folder: Path, **options) -> Path:
    """The folder that the stage writes of them."""
    source, out = folder / "tokens", folder / "pack"
    shutil.rmtree(out, ignore_errors=True)
    source.mkdir(exist_ok=True)
    shards = write_tokens(source)
    stage = Pack(tokens=str(source), sequence_tokens=T, **options)
    exported = []
    for name, shard in shards:
        facts = json.loads(json.dumps(stage.export(Shard(out, name, shard))))
        exported.append(Exported(shard, name, facts))
    stage.index(Shard(out), exported, {"web": "web", "books": "", "empty": ""})
    return out


@pytest.mark.parametrize("way", WAYS)
def test_what_is_written_is_read_by_training(tmp_path, way):
    packing, long = WAYS[way]
    out = packed(tmp_path, packing=packing, long=long)
    index = read_index(str(out))
    assert (index.sequence_tokens, index.packing, index.long) == (T, packing, long)
    assert [source.tag for source in index.sources.values()] == ["web", None, None]
    told = json.loads((out / "packing.json").read_text())
    for name, source in index.sources.items():
        for side in tokens.SIDES:
            of_side = getattr(source, side)
            counts = told[name][side][way]
            assert counts == {**{count: of_side.total(count) for count in counts if count != "dropped"}, "dropped": 0}
            for shard in of_side.shards:
                with open(out / f"{shard.name}.docs.arrow", "rb") as file:
                    assert len(read_pieces(file, T)) == shard.pieces


def test_every_way_is_told_whichever_is_used(tmp_path):
    out = packed(tmp_path)
    told = json.loads((out / "packing.json").read_text())
    assert read_index(str(out)).packing == "best_fit", "the default"
    for options in ({"packing": "concat"}, {"packing": "pad", "long": "truncate"}):
        assert json.loads((packed(tmp_path, **options) / "packing.json").read_text()) == told
    assert list(told) == list(TEXTS) and all(list(one) == list(tokens.SIDES) for one in told.values())
    assert all(list(ways) == list(WAYS) for one in told.values() for ways in one.values())
    assert not any(count for ways in told["empty"].values() for one in ways.values() for count in one.values())
    for name, texts in TEXTS.items():
        pairs = sum(len(text.encode()) + 1 for text in texts)
        for way in WAYS:
            one, two = (told[name][side][way] for side in tokens.SIDES)
            assert sum(one[count] + two[count] for count in ("tokens", "cropped", "dropped")) == pairs
            assert one["documents"] + two["documents"] == len(texts)


def test_a_side_without_documents_has_no_files(tmp_path):
    out = packed(tmp_path)
    written = sorted(str(path.relative_to(out)) for path in out.rglob("*.npy"))
    shards = read_index(str(out)).sources["books"]
    assert [shard.name for shard in shards.train.shards] == ["train/books/002-00000-0000"]
    assert written == sorted(
        [
            "token_bytes.npy",
            "train/books/002-00000-0000.npy",
            "train/web/000-00000-0000.npy",
            "train/web/001-00000-0000.npy",
            *(f"validation/{source}/{shard}.npy" for source, shard in write_tokens(tmp_path / "tokens")),
        ]
    )


def test_the_same_bytes_twice(tmp_path):
    first = {str(path): path.read_bytes() for path in packed(tmp_path).rglob("*.*")}
    assert first == {str(path): path.read_bytes() for path in packed(tmp_path).rglob("*.*")}


def test_tokens_of_another_tokenizer_are_refused(tmp_path):
    packed(tmp_path)
    path = tmp_path / "tokens" / "tokens.json"
    path.write_text(path.read_text().replace(f'"end_of_text": {END_OF_TEXT}', '"end_of_text": 0'))
    shard = Shard(tmp_path / "pack", "web", "000-00000-0000")
    with pytest.raises(DataError, match="without its borders"):
        Pack(tokens=str(tmp_path / "tokens")).export(shard)


def test_concat_truncates_nothing():
    with pytest.raises(OptionError, match="pack option 'long': concat cuts any document anywhere"):
        Pack(packing="concat", long="truncate")


@pytest.mark.parametrize("options", [{"packing": "first_fit"}, {"long": "drop"}, {"packing": "打包"}])
def test_options_that_are_none(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        build(Pack, options, "pack")
