"""Keys and records of a comparison: those of all shards meet by partition, however often they were spilled."""

from __future__ import annotations

import dataclasses
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sketches import SketchWriter, firsts_of, items_of, keys_path, read_part, read_records
from pipeline.stage import Sketch

BATCHES = st.lists(st.lists(st.lists(st.integers(0, 20), max_size=3), max_size=4), max_size=3)
"""Batches of items of keys."""


def sketched(items: list[list[int]]) -> tuple[int, Sketch]:
    keys = [(key, item) for item, keys in enumerate(items) for key in keys]
    columns = [np.array([pair[i] for pair in keys], np.int64) for i in range(2)]
    numbers = np.arange(2 * len(items)).reshape(-1, 2)
    payload = {"twice": 2 * columns[0]}
    rows = np.arange(len(items)) // 2
    sketch = Sketch(columns[0].astype(np.uint64), columns[1], len(items), payload, rows, {"n": numbers})
    return len(set(rows.tolist())), sketch


def turned(sketch: Sketch) -> Sketch:
    """The same with its keys in another order: a stage may give them in any, those of a batch too."""
    payload = {name: values[::-1] for name, values in sketch.payload.items()}
    return dataclasses.replace(sketch, keys=sketch.keys[::-1], items=sketch.items[::-1], payload=payload)


def write(folder: str, shard: str, sketches: list[tuple[int, Sketch]], n_partitions: int = 1) -> None:
    with SketchWriter(folder, shard, n_partitions) as writer:
        for n_rows, sketch in sketches:
            writer.add(n_rows, sketch)


@pytest.mark.parametrize("flush_bytes", [0, 100, 64_000_000])
@given(st.lists(BATCHES, min_size=1, max_size=3), st.sampled_from([1, 2, 3, 300]))
def test_keys_of_all_shards_meet_in_one_partition_sorted(flush_bytes, shards, n_partitions):
    names = [str(number) for number in range(len(shards))]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.sketches.FLUSH_BYTES", flush_bytes)
        for name, batches in zip(names, shards, strict=True):
            sketches = [sketched(items) for items in [*batches, []] if items or batches]
            write(folder, name, [(n, turned(sketch)) for n, sketch in sketches], n_partitions)
            assert items_of(folder, name) == [len(items) for items in batches if items]
        all_items = [keys for batches in shards for items in batches for keys in items]
        firsts = firsts_of(folder, names)
        assert firsts.tolist() == np.cumsum([0, *(sum(map(len, batches)) for batches in shards)]).tolist()
        for number in range(n_partitions):
            found = read_part(folder, names, firsts, number)
            expected = sorted(
                (key, item) for item, keys in enumerate(all_items) for key in keys if key % n_partitions == number
            )
            assert list(zip(found.keys.tolist(), found.items.tolist(), strict=True)) == expected
            twice = found.payload["twice"] if any(shards) else found.keys
            assert twice.tolist() == [2 * key for key, _ in expected]


@given(BATCHES)
def test_records_come_back_in_pieces_of_batches(batches):
    sketches = [sketched(items) for items in [*batches, []]]
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "one", sketches)
        found = list(read_records(folder, "one", ["row", "n"]))
        assert [list(piece) for piece in read_records(folder, "one", ["n"])] == [["n"]] * len(found)
    assert [piece["n"].tolist() for piece in found] == [sketch.records["n"].tolist() for n, sketch in sketches if n]
    rows = [row for n, sketch in sketches for row in sketch.rows.tolist()]
    first = np.repeat(np.cumsum([0, *(n for n, _ in sketches)])[:-1], [sketch.n_items for _, sketch in sketches])
    assert [row for piece in found for row in piece["row"].tolist()] == (np.array(rows, np.int64) + first).tolist()


def test_items_that_are_rows_are_numbered_through_the_shard(tmp_path):
    sketches = [(n, Sketch(np.zeros(0, np.uint64), np.zeros(0, np.int64), n)) for n in (2, 3)]
    write(str(tmp_path), "one", sketches)
    found = read_records(str(tmp_path), "one", ["row"])
    assert [piece["row"].tolist() for piece in found] == [[0, 1], [2, 3, 4]]


def test_what_fails_leaves_no_file(tmp_path):
    def fails():
        with SketchWriter(str(tmp_path), "one", 2) as writer:
            writer.add(*sketched([[1, 2], [3]]))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fails()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not (tmp_path / keys_path("", "one")).exists()
