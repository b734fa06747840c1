"""Token shards: written and read back, and nothing damaged or hostile gets in."""

import contextlib
import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packed_folders import encode, token_shard

from train import tokens
from train.errors import DataError, TrainError


def as_file(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def test_the_type_holds_every_id():
    assert tokens.token_dtype(65536) == np.uint16
    assert tokens.token_dtype(65537) == np.uint32


@pytest.mark.parametrize("shape", [(0,), (1,), (1000,), (0, 9), (3, 9)])
@pytest.mark.parametrize("dtype", ["uint16", "uint32", "int32"])
def test_arrays_come_back(tmp_path, shape, dtype):
    array = np.arange(np.prod(shape), dtype=dtype).reshape(shape)
    path = tmp_path / "a.npy"
    with open(path, "wb") as file:
        tokens.write_array(file, array)
    with open(path, "rb") as file:
        read = tokens.read_array(file)
    for got in (read, tokens.open_array(str(path)), np.load(path, allow_pickle=False)):
        assert got.dtype == array.dtype
        np.testing.assert_array_equal(got, array)


@pytest.mark.parametrize("parts", [[], [[]], [[1, 2], [], [65535]], [[7]]])
@pytest.mark.parametrize("dtype", ["uint16", "uint32", "int32"])
def test_parts_are_written_as_one_array(parts, dtype):
    file, joined = io.BytesIO(), io.BytesIO()
    arrays = [np.array(part, dtype) for part in parts]
    tokens.write_parts(file, [array[::1] for array in arrays], np.dtype(dtype))
    tokens.write_array(joined, np.concatenate([np.empty(0, dtype), *arrays]))
    assert file.getvalue() == joined.getvalue()


def test_a_slice_with_gaps_is_written_whole():
    file = io.BytesIO()
    tokens.write_array(file, np.arange(10, dtype=np.uint16)[::2])
    file.seek(0)
    assert tokens.read_array(file).tolist() == [0, 2, 4, 6, 8]


GOOD = as_file(np.arange(50, dtype=np.uint16))
DAMAGED = {
    "empty": b"",
    "garbage": b"\x93NUMPY" + bytes(range(200)),
    "truncated": GOOD[:-1],
    "longer": GOOD + b"\0",
    "header only": GOOD[:40],
    "pickled": as_file(np.array([{"a": 1}], object)),
    "floats": as_file(np.zeros(3)),
    "big-endian": as_file(np.zeros(3, ">u2")),
    "fields": as_file(np.zeros(3, [("a", "u2")])),
    "columns first": as_file(np.asfortranarray(np.zeros((3, 4), np.uint16))),
    "other version": GOOD[:6] + b"\x03\x00" + GOOD[8:],
    "huge": GOOD.replace(b"(50,), }    ", b"(10**15,), }"),
    "huge number": GOOD.replace(b"(50,), }           ", b"(50000000000000,), }"),
    "negative": GOOD.replace(b"(50,), } ", b"(-50,), }"),
    "text": "不是数组".encode(),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_array_is_refused(tmp_path, data):
    path = tmp_path / "文件.npy"
    path.write_bytes(data)
    with open(path, "rb") as file, pytest.raises(DataError, match=r"文件\.npy is damaged"):
        tokens.read_array(file)
    with pytest.raises(DataError, match=r"文件\.npy is damaged"):
        tokens.open_array(str(path))


def test_a_missing_array_is_named(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*none\.npy"):
        tokens.open_array(str(tmp_path / "none.npy"))


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused_or_read(tmp_path_factory, place, change):
    data = bytearray(GOOD)
    data[place] ^= change
    path = tmp_path_factory.getbasetemp() / "changed.npy"
    path.write_bytes(data)
    for read in (lambda: tokens.read_array(io.BytesIO(data)), lambda: tokens.open_array(str(path))):
        with contextlib.suppress(DataError):
            assert read().nbytes <= 200


def written(*columns) -> io.BytesIO:
    file = io.BytesIO()
    tokens.write_documents(file, *columns, "书籍")
    file.seek(0)
    return file


def test_documents_come_back():
    _, docs = token_shard([encode("hello"), [], encode("中文")])
    assert docs.schema == tokens.DOCUMENTS
    assert docs.to_pydict() == {
        "uid": ["d-0", "d-1", "d-2"],
        "start": [0, 7, 9],
        "n_tokens": [7, 2, 8],
        "n_bytes": [5, 0, 6],
        "source": ["web"] * 3,
    }
    assert len(token_shard([])[1]) == 0


@pytest.mark.parametrize(
    "columns",
    [
        (["a", "b"], [0, 6], [5, 5], [3, 3]),
        (["a", "b"], [0, 4], [5, 5], [3, 3]),
        (["a"], [1], [5], [3]),
        (["a"], [0], [1], [3]),
        (["a"], [0], [-5], [3]),
        (["a"], [0], [5], [-1]),
        (["a"], [0], [1 << 50], [3]),
        ([None], [0], [5], [3]),
        (["a"], [0], [None], [3]),
    ],
)
def test_documents_that_do_not_follow_one_another_are_refused(columns):
    with pytest.raises(DataError):
        tokens.read_documents(written(*columns))


def arrow(table: pa.Table) -> io.BytesIO:
    file = io.BytesIO()
    tokens.write_table(file, table)
    file.seek(0)
    return file


def test_other_tables_and_garbage_are_refused():
    other = pa.table({"uid": ["a"], "start": [0], "n_tokens": [2]})
    for file in (arrow(other), io.BytesIO(b""), io.BytesIO("不是表".encode() * 100)):
        with pytest.raises(DataError):
            tokens.read_documents(file)
    wrong_type = pa.table({"uid": ["a"], "start": [0], "n_tokens": [2.5], "n_bytes": [3], "source": ["web"]})
    with pytest.raises(DataError, match="its columns are"):
        tokens.read_documents(arrow(wrong_type))


@given(st.data())
def test_a_changed_table_is_refused_or_read(data):
    content = bytearray(written(["a", "文"], [0, 5], [5, 7], [3, 5]).getvalue())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(DataError):
        assert len(tokens.read_documents(io.BytesIO(content))) <= 2


def test_a_name_of_a_column_that_is_no_text_is_refused():
    content = written(["a", "文"], [0, 5], [5, 7], [3, 5]).getvalue()
    assert b"n_bytes" in content
    with pytest.raises(DataError, match="damaged"):
        tokens.read_documents(io.BytesIO(content.replace(b"n_bytes", b"\xee_bytes")))


def test_errors_carry_their_exit_code():
    assert issubclass(DataError, TrainError) and issubclass(DataError, ValueError)
    assert DataError("x").exit_code == 3
