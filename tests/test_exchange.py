"""Spills: what each call gave to a partition comes back from it, in order, and nothing half-written."""

from __future__ import annotations

import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.exchange import SpillWriter, read_chunks, read_sketches, write_sketches
from pipeline.stage import Sketch

CALLS = st.integers(1, 5).flatmap(
    lambda p: st.lists(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=4), min_size=p, max_size=p), max_size=4)
)
"""Calls of partitions of values."""


def columns(parts: list[list[int]]):
    values = np.array([value for part in parts for value in part], np.uint64)
    borders = np.cumsum([0, *map(len, parts)])
    return {"key": values, "odd": (values % np.uint64(2)).astype(np.int32)}, borders


@given(CALLS)
def test_what_is_spilled_comes_back_by_partition(calls):
    n_partitions = len(calls[0]) if calls else 3
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/one.arrow"
        with SpillWriter(path, n_partitions) as spill:
            for parts in calls:
                spill.add(*columns(parts))
        for number in range(n_partitions):
            chunks = list(read_chunks(path, number))
            assert [chunk["key"].tolist() for chunk in chunks] == [parts[number] for parts in calls]
            assert all(chunk["key"].dtype == np.uint64 and chunk["odd"].dtype == np.int32 for chunk in chunks)
            assert all((chunk["odd"] == chunk["key"] % np.uint64(2)).all() for chunk in chunks)


@given(st.lists(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2**63 - 1)), max_size=6), max_size=4), st.data())
def test_sketches_of_all_shards_meet_in_one_partition_sorted(shards, data):
    n_partitions = data.draw(st.integers(1, 4))
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{number}.arrow" for number in range(len(shards))]
        for path, pairs in zip(paths, shards, strict=True):
            cut = len(pairs) // 2
            sketches = [
                Sketch(np.array([key for key, _ in part], np.uint64), np.array([rank for _, rank in part], np.int64))
                for part in (pairs[:cut], pairs[cut:])
            ]
            write_sketches(path, sketches, n_partitions)
        for number in range(n_partitions):
            found = read_sketches(paths, number)
            expected = sorted(pair for pairs in shards for pair in pairs if pair[0] % n_partitions == number)
            assert list(zip(found.keys.tolist(), found.ranks.tolist(), strict=True)) == expected


@pytest.mark.parametrize(
    ("columns", "borders", "message"),
    [
        ({"key": [1, 2]}, [0, 1], "borders do not fit"),
        ({"key": [1, 2]}, [0, 1, 3], "borders do not fit"),
        ({"key": [1, 2]}, [1, 1, 2], "borders do not fit"),
        ({"key": [1, 2]}, [0, 3, 2], "borders are not ascending"),
        ({"other": [1, 2]}, [0, 1, 2], "are not the columns of the call before"),
        ({"key": [1.0, 2.0]}, [0, 1, 2], "are not the columns of the call before"),
    ],
)
def test_what_does_not_fit_leaves_no_file(tmp_path, columns, borders, message):
    def spilled():
        with SpillWriter(str(tmp_path / "one.arrow"), 2) as spill:
            spill.add({"key": np.array([5, 6])}, np.array([0, 1, 2]))
            spill.add({name: np.array(values) for name, values in columns.items()}, np.array(borders))

    with pytest.raises(AssertionError, match=message):
        spilled()
    assert not list(tmp_path.iterdir())


def test_a_spill_that_is_missing_or_damaged_is_named(tmp_path):
    path = tmp_path / "one.arrow"
    with pytest.raises(InputError, match=r"one\.arrow is missing or damaged"):
        list(read_chunks(str(path), 0))
    with SpillWriter(str(path), 2) as spill:
        spill.add({"key": np.arange(20_000)}, np.array([0, 10_000, 20_000]))
    with pytest.raises(AssertionError, match="has no partition 2"):
        list(read_chunks(str(path), 2))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"one\.arrow is missing or damaged"):
        list(read_chunks(str(path), 0))
