"""Maps of packed shards: few at a time, gone when they are not used, and files that are replaced are checked again."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from packed_folders import encode, packed_folder

from train import sequences
from train.errors import DataError
from train.loader import Loader, validation_batches
from train.packed import PIECES, read_index, write_pieces
from train.sequences import Shards

DOCUMENTS = [encode(text) for text in ("Once upon a time", "很久很久以前", "", "there was", "有一只狐狸。") * 4]


def maps(folder) -> int:
    """Files below a folder that this process has mapped."""
    return Path("/proc/self/maps").read_text().count(str(folder))


@pytest.fixture
def folder(tmp_path):
    packed_folder(tmp_path / "data", {"web": DOCUMENTS}, {"web": DOCUMENTS}, packing="pad", shards=10)
    return tmp_path / "data"


def opened(folder) -> Shards:
    index = read_index(str(folder))
    return Shards(index, str(folder), index.sources["web"].train.shards)


def test_the_shards_used_last_stay_mapped_and_no_more(folder, monkeypatch):
    monkeypatch.setattr(sequences, "OPEN_SHARDS", 3)
    shards = opened(folder)
    first = shards.array(0)
    for number in (1, 2, 0, 3):
        shards.array(number)
    assert shards.array(0) is first, "1 was used before it, and is the one that had to go"
    for number in range(10):
        shards.array(number)
        assert maps(folder) <= 2 * 3 + 2  # and `first`
    del first
    assert maps(folder) == 2 * 3


def test_as_many_shards_as_a_process_can_map():
    """Two maps of each, of 65,530 that Linux gives; validation may be mapped beside training."""
    assert 2 * 2 * sequences.OPEN_SHARDS < 65_530 // 2


def test_maps_go_with_what_they_were_made_for(folder):
    """A cycle of references would keep them until it is collected, and a run of many evaluations out of memory maps."""
    index = read_index(str(folder))
    gc.disable()
    try:
        for _ in range(3):
            batches = list(validation_batches(index, str(folder), "web", 4, 10**9))
            assert sum(batch.n_tokens for batch in batches) == index.sources["web"].validation.total("tokens")
            assert maps(folder) == 0
    finally:
        gc.enable()


def test_a_validation_set_larger_than_what_stays_mapped_is_read_shard_by_shard(folder, monkeypatch):
    monkeypatch.setattr(sequences, "OPEN_SHARDS", 2)
    count, index = [], read_index(str(folder))
    real = Shards._open
    monkeypatch.setattr(Shards, "_open", lambda self, number: count.append(number) or real(self, number))
    list(validation_batches(index, str(folder), "web", 3, 10**9))
    assert count == [*range(10), *range(10)], "once to count tokens, once to read"


def write_over(path, data):
    """In place of the file, as a copy does it."""
    path.with_name("new").write_bytes(data)
    os.replace(path.with_name("new"), path)


BAD = {
    "garbage": b"garbage" * 100,
    "nothing": b"",
    "a stub": b"ARROW1\0\0ARROW1",
    "numbers": b"ARROW1\0\0" + b"\xff" * 64 + b"ARROW1",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_pieces_that_are_replaced_after_their_check_are_refused(folder, monkeypatch, data):
    monkeypatch.setattr(sequences, "OPEN_SHARDS", 1)
    shards = opened(folder)
    for number in range(2):
        shards.pieces(number)
    path = folder / "train/web/000-00000-0000.docs.arrow"
    write_over(path, data)
    with pytest.raises(DataError, match=r"000-00000-0000\.docs\.arrow is damaged"):
        shards.pieces(0)


def test_valid_pieces_in_place_of_others_are_checked_again(folder, monkeypatch):
    monkeypatch.setattr(sequences, "OPEN_SHARDS", 1)
    shards, path = opened(folder), folder / "train/web/000-00000-0000.docs.arrow"
    table = shards.pieces(0)
    shards.pieces(1)
    longer = table.set_column(2, PIECES.field(2), pa.array([17 * 3] * len(table), pa.int32()))
    with open(path.with_name("new"), "wb") as file:
        write_pieces(file, longer)
    write_over(path, path.with_name("new").read_bytes())
    with pytest.raises(DataError, match=r"the pieces do not fill their sequences"):
        shards.pieces(0)


def test_rows_of_another_shape_in_place_of_others_are_refused(folder, monkeypatch):
    monkeypatch.setattr(sequences, "OPEN_SHARDS", 1)
    shards, path = opened(folder), folder / "train/web/000-00000-0000.npy"
    shards.array(0)
    shards.array(1)
    np.save(path, np.zeros((1, 17), np.uint16))
    with pytest.raises(DataError, match=r"000-00000-0000\.npy is damaged \(uint16\[1, 17\] is not what packed\.json"):
        shards.array(0)


def test_compressed_pieces_are_refused_before_they_take_memory(tmp_path):
    packed_folder(tmp_path, {"web": [encode("你好")]})
    path = tmp_path / "train/web/000-00000-0000.docs.arrow"
    table = opened(tmp_path).pieces(0)
    huge = table.set_column(3, PIECES.field(3), pa.array(["x" * (32 << 20)]))
    with pa.ipc.new_file(str(path), PIECES, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(huge)
    del huge
    before, loader = pa.total_allocated_bytes(), Loader.open(str(tmp_path), batch_sequences=1)
    with pytest.raises(DataError, match="it is compressed"):
        loader[0]
    assert path.stat().st_size < 20_000 and pa.default_memory_pool().bytes_allocated() - before < 1 << 20


def test_pieces_are_not_copied_into_memory(folder):
    before = pa.total_allocated_bytes()
    shards = opened(folder)
    tables = [shards.pieces(number) for number in range(10)]
    assert sum(table.nbytes for table in tables) > 0 and pa.total_allocated_bytes() <= before
