"""Spills: what each call gave to a partition comes back from it, in order, and nothing half-written."""

from __future__ import annotations

import tempfile

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.exchange import SpillWriter, read_chunks

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


def test_matrices_and_lists_come_back_as_they_were(tmp_path):
    lists = pa.LargeListArray.from_arrays([0, 2, 2, 5], pa.array(np.arange(5, dtype=np.uint64)))
    with SpillWriter(str(tmp_path / "one.arrow"), 2) as spill:
        spill.add({"matrix": np.arange(6, dtype=np.uint32).reshape(3, 2), "sets": lists}, np.array([0, 1, 3]))
    (found,) = read_chunks(str(tmp_path / "one.arrow"), 1)
    assert found["matrix"].tolist() == [[2, 3], [4, 5]] and found["matrix"].dtype == np.uint32
    assert found["sets"].to_pylist() == [[], [2, 3, 4]]


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
