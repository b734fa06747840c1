"""The packed folder: written and read back, and nothing damaged or hostile gets in."""

import copy
import io
import json
import shutil

import numpy as np
import pyarrow as pa
import pytest
from packed_folders import VOCAB_SIZE, encode, packed_folder

from train import packed
from train.errors import DataError
from train.pack import WAYS


def as_file(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def pieces(sequence, start, n_tokens) -> io.BytesIO:
    uid = [f"u{i}" for i in range(len(sequence))]
    columns = [pa.array(values, pa.int32()) for values in (sequence, start, n_tokens, [0] * len(uid))]
    table = pa.Table.from_arrays([*columns[:3], pa.array(uid, pa.string()), columns[3]], schema=packed.PIECES)
    packed.write_pieces(file := io.BytesIO(), table)
    file.seek(0)
    return file


def test_pieces_come_back():
    file = pieces([0, 0, 1], [0, 4, 0], [4, 5, 9])
    assert packed.read_pieces(file, 8)["n_tokens"].to_pylist() == [4, 5, 9]
    assert len(packed.read_pieces(pieces([], [], []), 8)) == 0


def test_pieces_can_be_mapped_into_memory(tmp_path):
    (tmp_path / "some.docs.arrow").write_bytes(pieces(range(1000), [0] * 1000, [9] * 1000).getvalue())
    before = pa.total_allocated_bytes()
    with pa.memory_map(str(tmp_path / "some.docs.arrow")) as file:
        table = pa.ipc.open_file(file).read_all()
        assert table["sequence"].to_pylist() == list(range(1000))
        assert table.nbytes > 20_000 > 10 * (pa.total_allocated_bytes() - before)
        assert len(table["n_tokens"].chunks) == 1


def test_pieces_in_several_chunks_are_written_as_one():
    table = packed.read_pieces(pieces([0, 1], [0, 0], [4, 5]), 8)
    packed.write_pieces(file := io.BytesIO(), pa.concat_tables([table.slice(0, 1), table.slice(1)]))
    assert file.getvalue() == pieces([0, 1], [0, 0], [4, 5]).getvalue()


@pytest.mark.parametrize(
    "columns",
    [
        ([0, 0, 1], [0, 4, 0], [4, 6, 9]),
        ([0, 0, 1], [0, 5, 0], [4, 4, 9]),
        ([0, 0, 1], [0, 3, 0], [4, 4, 9]),
        ([0, 0, 2], [0, 4, 0], [4, 5, 9]),
        ([0, 1, 0], [0, 0, 4], [4, 5, 5]),
        ([1], [0], [4]),
        ([0], [1], [4]),
        ([0], [0], [0]),
        ([0], [0], [1]),
        ([0, 0], [0, 1], [1, 5]),
        ([0], [0], [-1]),
        ([0], [-1], [4]),
        ([-1], [0], [4]),
        ([0, 0], [0, 2**31 - 1], [2**31 - 1, 5]),
    ],
)
def test_pieces_out_of_place_are_refused(columns):
    with pytest.raises(DataError):
        packed.read_pieces(pieces(*columns), 8)


def compressed(table, codec) -> bytes:
    with pa.ipc.new_file(file := io.BytesIO(), table.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as out:
        out.write_table(table)
    return file.getvalue()


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_compressed_pieces_are_refused(codec):
    table = packed.read_pieces(pieces(range(100), [0] * 100, [9] * 100), 8)
    with pytest.raises(DataError, match="it is compressed, which packed folders are not"):
        packed.read_pieces(io.BytesIO(compressed(table, codec)), 8)
    assert packed.read_pieces(io.BytesIO(compressed(table, None)), 8) == table


def test_other_columns_are_refused():
    table = packed.read_pieces(pieces([0, 1], [0, 0], [4, 5]), 8)
    for other in (table.drop_columns("uid"), table.append_column("中", table["part"]), table.set_column(
        3, "uid", table["uid"].dictionary_encode()
    )):  # fmt: skip
        with pytest.raises(DataError, match=r"its columns are .*, not sequence, start, n_tokens, uid, part"):
            packed.read_pieces(io.BytesIO(compressed(other, None)), 8)


@pytest.mark.parametrize("body", ["batch", "a schema of none"])
def test_a_file_of_other_messages_is_refused(body):
    table = packed.read_pieces(pieces([0, 1], [0, 0], [4, 5]), 8)
    message = (table.to_batches()[0] if body == "batch" else pa.schema([])).serialize().to_pybytes()
    with pytest.raises(DataError, match=r"a record batch before its schema|its columns are , not sequence"):
        packed.read_pieces(io.BytesIO(b"ARROW1\0\0" + message + b"ARROW1"), 8)


def test_whatever_is_changed_in_a_file_it_is_refused_or_pieces_in_order():
    whole = pieces([0, 0, 1], [0, 4, 0], [4, 5, 9]).getvalue()
    for size in range(len(whole)):
        with pytest.raises(DataError):
            packed.read_pieces(io.BytesIO(whole[:size]), 8)
    refused = 0
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        try:
            assert set(packed.read_pieces(io.BytesIO(bytes(changed)), 8)["n_tokens"].to_pylist()) <= set(range(2, 10))
        except DataError:
            refused += 1
    assert refused > 100


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("packed")
    train = {"web": [encode("hello world, 你好")] * 9, "books": [encode("一本书")]}
    packed_folder(path, train, {"web": [encode("held out 留")]}, tags={"web": "crawl"}, shards=2)
    return path


def test_the_index_comes_back(folder):
    index = packed.read_index(str(folder))
    assert json.loads((folder / "packed.json").read_text()) == json.loads(json.dumps(index.to_json()))
    assert index.sources["web"].tag == "crawl" and index.sources["books"].tag is None
    assert index.available()["books"] == (1, 10)
    assert [shard.sequences for shard in index.sources["books"].train.shards] == [1, 0]
    assert index.sources["web"].validation.total("bytes") == len("held out 留".encode())
    assert packed.read_token_bytes(str(folder), index).sum() == 256


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_to_pack_comes_back(tmp_path, way):
    written = packed_folder(tmp_path, {"web": [encode("hello world, 你好"), []]}, packing=way[0], long=way[1])
    assert packed.read_index(str(tmp_path)) == written
    assert (written.packing, written.long) == way
    assert (written.sources["web"].train.total("cropped") > 0) == (way[1] == "truncate")


def shard_of(tree: dict) -> dict:
    return tree["sources"]["web"]["train"]["shards"][0]


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(DataError, match="is this a folder of packed tokens"):
        packed.read_index(str(tmp_path))


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b'{"format": 1}', b"9" * 5000])
def test_an_index_that_is_no_index(tmp_path, text):
    (tmp_path / "packed.json").write_bytes(text)
    with pytest.raises(DataError, match=r"packed\.json"):
        packed.read_index(str(tmp_path))


CHANGES = {
    "other format": (lambda tree: tree.update(format=1), "reads format 2: pack again"),
    "an older format": (
        lambda tree: (tree.update(format=1), [tree.pop(name) for name in ("packing", "long")]),
        "has format 1, this program reads format 2: pack again",
    ),
    "no format": (lambda tree: tree.pop("format"), "exactly format, "),
    "no way to pack": (lambda tree: tree.update(packing="first_fit"), "no way to pack"),
    "a list of ways": (lambda tree: tree.update(packing=["pad"]), "no way to pack"),
    "long is null": (lambda tree: tree.update(long=None), "no way to pack"),
    "concat never truncates": (lambda tree: tree.update(packing="concat", long="truncate"), "no way to pack"),
    "cropped but not truncated": (lambda tree: shard_of(tree).update(cropped=3), "cropped where nothing is"),
    "cut but in one piece": (lambda tree: shard_of(tree).update(documents_cut=shard_of(tree)["cuts"] + 1), "add up"),
    "cropped is missing": (lambda tree: shard_of(tree).pop("cropped"), "exactly"),
    "negative cropped": (lambda tree: shard_of(tree).update(cropped=-1), "whole number"),
    "unknown key": (lambda tree: tree.update(extra=1), "exactly"),
    "missing key": (lambda tree: tree.pop("dtype"), "exactly"),
    "true is no number": (lambda tree: tree.update(sequence_tokens=True), "whole number"),
    "fraction": (lambda tree: tree.update(sequence_tokens=16.0), "whole number"),
    "no tokens": (lambda tree: tree.update(sequence_tokens=0), "whole number"),
    "end of text outside": (lambda tree: tree.update(end_of_text=VOCAB_SIZE), "whole number"),
    "wrong dtype": (lambda tree: tree.update(dtype="uint32"), "dtype"),
    "dtype of python": (lambda tree: tree.update(dtype="O"), "dtype"),
    "larger vocabulary": (lambda tree: tree.update(vocab_size=VOCAB_SIZE + 1), "token_bytes"),
    "other tokenizer": (lambda tree: tree.update(tokenizer_sha256="0" * 64), "not the tokenizer"),
    "no digest": (lambda tree: tree.update(tokenizer_sha256=None), "must be a string"),
    "sources a list": (lambda tree: tree.update(sources=[]), "a map"),
    "source leaves": (lambda tree: tree["sources"].update({"../x": tree["sources"]["web"]}), "no name of a source"),
    "tag a number": (lambda tree: tree["sources"]["web"].update(tag=1), "the tag"),
    "shards a map": (lambda tree: tree["sources"]["web"]["train"].update(shards={}), "must be a list"),
    "a shard twice": (lambda tree: tree["sources"]["web"]["train"]["shards"].append(shard_of(tree)), "twice"),
    "shard leaves": (lambda tree: shard_of(tree).update(name="train/web/../../x"), "no name of a shard"),
    "shard dots": (lambda tree: shard_of(tree).update(name="train/web/.."), "no name of a shard"),
    "shard absolute": (lambda tree: shard_of(tree).update(name="/etc/passwd"), "no name of a shard"),
    "shard of another": (lambda tree: shard_of(tree).update(name="train/books/000-00000-0000"), "no name of a shard"),
    "shard is null": (lambda tree: shard_of(tree).update(name=None), "no name of a shard"),
    "shard with NUL": (lambda tree: shard_of(tree).update(name="train/web/a\0"), "no name of a shard"),
    "shard missing": (lambda tree: shard_of(tree).update(name="train/web/none"), "cannot read"),
    "negative count": (lambda tree: shard_of(tree).update(bytes=-1), "whole number"),
    "counts do not add up": (lambda tree: shard_of(tree).update(padding=shard_of(tree)["padding"] + 1), "add up"),
    "documents do not add up": (lambda tree: shard_of(tree).update(documents=0), "add up"),
    "one more sequence": (
        lambda tree: shard_of(tree).update(
            sequences=shard_of(tree)["sequences"] + 1, padding=shard_of(tree)["padding"] + 17
        ),
        "not what packed.json says",
    ),
}


@pytest.mark.parametrize(("change", "says"), CHANGES.values(), ids=CHANGES)
def test_a_changed_index_is_refused(folder, tmp_path, change, says):
    shutil.copytree(folder, tmp_path / "copy")
    tree = copy.deepcopy(json.loads((folder / "packed.json").read_text()))
    change(tree)
    (tmp_path / "copy" / "packed.json").write_text(json.dumps(tree))
    with pytest.raises(DataError, match=says):
        packed.read_index(str(tmp_path / "copy"))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tokenizer.json", b"{}"),
        ("token_bytes.npy", as_file(np.zeros(5, np.int32))),
        ("token_bytes.npy", as_file(np.full(VOCAB_SIZE, -1, np.int32))),
        ("token_bytes.npy", as_file(np.zeros(VOCAB_SIZE, np.uint16))),
        ("train/web/000-00000-0000.npy", as_file(np.zeros((1, 17), np.uint16))),
        ("train/web/000-00000-0000.npy", as_file(np.zeros((5, 17), np.uint32))),
        ("tokenizer.json", None),
        ("token_bytes.npy", None),
        ("train/web/000-00000-0000.npy", None),
        ("train/web/000-00000-0000.docs.arrow", None),
    ],
)
def test_files_that_do_not_fit_the_index_are_refused(folder, tmp_path, name, data):
    shutil.copytree(folder, tmp_path / "copy")
    path = tmp_path / "copy" / name
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(DataError, match=path.name.split(".")[0]):
        packed.read_index(str(tmp_path / "copy"))
