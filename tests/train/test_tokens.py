"""Token shards and the packed folder: written and read back, and nothing damaged or hostile gets in."""

import contextlib
import copy
import io
import json
import shutil

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packed_folders import VOCAB_SIZE, byte_characters, encode, packed_folder, token_shard, tokenizer_json
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from train import tokens
from train.errors import DataError, TrainError

ENGLISH = "The quick brown fox jumps over the lazy dog; it's 3.14 and naïve. " * 5
CHINESE = "今天天气很好，我们去公园散步。龍與國學，〇。" * 5
EMOJI = "👩‍👩‍👧 😀🇫🇷 \U0010ffff\n\n\t　x"


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
    tokens.write_documents(file, *columns)
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
    wrong_type = pa.table({"uid": ["a"], "start": [0], "n_tokens": [2.5], "n_bytes": [3]})
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


def pieces(sequence, start, n_tokens) -> io.BytesIO:
    uid = [f"u{i}" for i in range(len(sequence))]
    columns = [pa.array(values, pa.int32()) for values in (sequence, start, n_tokens, [0] * len(uid))]
    return arrow(pa.Table.from_arrays([*columns[:3], pa.array(uid, pa.string()), columns[3]], schema=tokens.PIECES))


def test_pieces_come_back():
    file = pieces([0, 0, 1], [0, 4, 0], [4, 5, 9])
    assert tokens.read_pieces(file, 8)["n_tokens"].to_pylist() == [4, 5, 9]
    assert len(tokens.read_pieces(pieces([], [], []), 8)) == 0


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
        ([0], [0], [-1]),
        ([0], [-1], [4]),
        ([-1], [0], [4]),
        ([0, 0], [0, 2**31 - 1], [2**31 - 1, 5]),
    ],
)
def test_pieces_out_of_place_are_refused(columns):
    with pytest.raises(DataError):
        tokens.read_pieces(pieces(*columns), 8)


@pytest.fixture(scope="module")
def trained() -> Tokenizer:
    """A byte-level BPE with merges, a special token, and added ones that are plain text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([ENGLISH, CHINESE, EMOJI], trainer)
    tokenizer.add_tokens([AddedToken("公园里的猫", normalized=False), "catflap"])
    return tokenizer


@pytest.mark.parametrize(
    "text", [ENGLISH, CHINESE, EMOJI, "", " ", "公园里的猫 and the catflap", "\x00\x7f\x85", "ภาษาไทย 한국어"]
)
def test_the_bytes_of_tokens_add_up_to_the_text(trained, text):
    sizes = tokens.token_bytes(json.loads(trained.to_str()))
    assert sizes.dtype == np.int32
    ids = trained.encode(text, add_special_tokens=False).ids
    assert sizes[ids].sum() == len(text.encode())


def test_every_token_that_is_text_has_the_size_of_that_text(trained):
    sizes = tokens.token_bytes(json.loads(trained.to_str()))
    assert len(sizes) == trained.get_vocab_size(with_added_tokens=True)
    end = trained.token_to_id("<|endoftext|>")
    decoded = [trained.decode([number]) for number in range(len(sizes))]
    whole = [number for number, text in enumerate(decoded) if "�" not in text and number != end]
    assert len(whole) > 150
    assert [int(sizes[number]) for number in whole] == [len(decoded[number].encode()) for number in whole]
    assert sizes[end] == 0


def test_the_special_token_written_out_as_text_has_its_size(trained):
    tree = json.loads(trained.to_str())
    alone = Tokenizer.from_str(json.dumps({**tree, "added_tokens": []}))
    ids = alone.encode("<|endoftext|>中").ids
    assert trained.token_to_id("<|endoftext|>") not in ids
    assert tokens.token_bytes(tree)[ids].sum() == len("<|endoftext|>中".encode())


def test_the_alphabet_is_that_of_the_tokenizers_library():
    assert set(byte_characters()) == set(pre_tokenizers.ByteLevel.alphabet()) == tokens._byte_alphabet()
    assert tokens.token_bytes(tokenizer_json()).tolist() == [1] * 256 + [0]
    assert Tokenizer.from_str(json.dumps(tokenizer_json())).encode("a中").ids == encode("a中")


def changed(**model) -> dict:
    tree = tokenizer_json()
    tree["model"].update(model)
    return tree


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"model": None, "added_tokens": []},
        {"model": {"type": "BPE", "vocab": {"a": 0}}, "added_tokens": [{"content": "a"}]},
        changed(type="WordPiece"),
        changed(vocab={"a": 0, "▁the": 1}),
        changed(vocab={"a": 0, "中": 1}),
        changed(vocab={"a": 0, "b": 2}),
        changed(vocab={"a": 0, "b": 0}),
        changed(vocab={"a": "0"}),
        changed(vocab=[1, 2]),
    ],
)
def test_other_tokenizers_are_refused(tree):
    with pytest.raises(DataError, match=r"tokenizer\.json"):
        tokens.token_bytes(tree)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("packed")
    train = {"web": [encode("hello world, 你好")] * 9, "books": [encode("一本书")]}
    packed_folder(path, train, {"web": [encode("held out 留")]}, tags={"web": "crawl"}, shards=2)
    return path


def test_the_index_comes_back(folder):
    index = tokens.read_index(str(folder))
    assert json.loads((folder / "packed.json").read_text()) == json.loads(json.dumps(index.to_json()))
    assert index.sources["web"].tag == "crawl" and index.sources["books"].tag is None
    assert index.available()["books"] == (1, 10)
    assert [shard.sequences for shard in index.sources["books"].train.shards] == [1, 0]
    assert index.sources["web"].validation.total("bytes") == len("held out 留".encode())
    assert tokens.read_token_bytes(str(folder), index).sum() == 256


def shard_of(tree: dict) -> dict:
    return tree["sources"]["web"]["train"]["shards"][0]


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(DataError, match="is this a folder of packed tokens"):
        tokens.read_index(str(tmp_path))


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b'{"format": 1}', b"9" * 5000])
def test_an_index_that_is_no_index(tmp_path, text):
    (tmp_path / "packed.json").write_bytes(text)
    with pytest.raises(DataError, match=r"packed\.json"):
        tokens.read_index(str(tmp_path))


CHANGES = {
    "other format": (lambda tree: tree.update(format=2), "reads format 1: pack again"),
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
        tokens.read_index(str(tmp_path / "copy"))


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
        tokens.read_index(str(tmp_path / "copy"))


def test_errors_carry_their_exit_code():
    assert issubclass(DataError, TrainError) and issubclass(DataError, ValueError)
    assert DataError("x").exit_code == 3
