"""Batches: every pair of every document once per epoch, resumed by a number, and validation apart from it."""

import itertools
import math
import os
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packed_folders import END_OF_TEXT, encode, packed_folder

from train import loader as loader_module
from train import sequences
from train.borders import cu_seqlens, positions
from train.errors import ConfigError, DataError
from train.loader import Loader, validation_batches
from train.mixtures import natural
from train.packed import PIECES, read_index, write_pieces
from train.plan import Phase
from train.plan import allot as plan_of

TRAIN = {
    "web": [encode(f"page {number} of the web, with some words. " * (number % 4)) for number in range(40)],
    "zh": [encode(f"第{number}页：今天天气很好，我们去公园散步。" * (number % 3)) for number in range(17)],
    "tiny": [encode("一本书 😀")],
}
VALIDATION = {
    "web": [encode(f"held out {number}. " * 3) for number in range(20)],
    "zh": [encode(f"留出来的文本，{number}。") for number in range(9)],
}


def pairs_of(documents) -> Counter:
    """Every pair of neighbouring tokens of documents with their borders, and how often it is there."""
    bordered = [[END_OF_TEXT, *document, END_OF_TEXT] for document in documents]
    return Counter(pair for document in bordered for pair in itertools.pairwise(document))


def pairs_in(batches) -> Counter:
    found: Counter = Counter()
    for batch in batches:
        found.update(zip(batch.inputs[batch.mask].tolist(), batch.targets[batch.mask].tolist(), strict=True))
    return found


def allot(weights, available, n_tokens, max_epochs):
    """The plan of a run of one phase."""
    return plan_of([Phase(weights, n_tokens)], available, max_epochs)


def one_epoch(index):
    """A plan of each training sequence once."""
    available = index.available()
    tokens = {name: n for name, (_, n) in available.items()}
    return allot(natural(tokens), available, sum(tokens.values()), 1)


def batches_of(loader):
    return [loader[step] for step in range(len(loader))]


def part_of(batch, chosen):
    """The rows of a batch that are chosen by bool[B]."""
    return batch._replace(inputs=batch.inputs[chosen], targets=batch.targets[chosen], mask=batch.mask[chosen])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("packed")
    packed_folder(path, TRAIN, VALIDATION, sequence_tokens=32, shards=3)
    return str(path)


@pytest.fixture(scope="module")
def index(folder):
    return read_index(folder)


@pytest.mark.parametrize("batch_sequences", [1, 5, 8, 1000])
def test_an_epoch_is_every_pair_of_every_document_once(folder, index, batch_sequences):
    loader = Loader(index, folder, one_epoch(index), 0, batch_sequences)
    batches = batches_of(loader)
    assert pairs_in(batches) == pairs_of([document for documents in TRAIN.values() for document in documents])
    for number, name in enumerate(loader.sources):
        rows = [part_of(batch, batch.source == number) for batch in batches]
        assert pairs_in(rows) == pairs_of(TRAIN[name]), "and each source's are its own"


texts = st.lists(st.sampled_from(["", "中", "公园散步" * 9, "😀", "the end. " * 6]) | st.text(max_size=20), max_size=9)


@settings(max_examples=40)
@given(texts, st.lists(st.just("x"), min_size=1, max_size=3), st.integers(1, 40), st.integers(1, 4), st.integers(1, 9))
def test_no_pair_is_lost_whatever_the_sizes(tmp_path_factory, values, other, sequence_tokens, shards, batch_sequences):
    path = str(tmp_path_factory.mktemp("drawn"))
    documents = {"zh": [encode(text) for text in values], "en": [encode(text) for text in other]}
    packed_folder(path, documents, sequence_tokens=sequence_tokens, shards=shards)
    index = read_index(path)
    loader = Loader(index, path, one_epoch(index), 7, batch_sequences)
    assert pairs_in(batches_of(loader)) == pairs_of(documents["zh"] + documents["en"])


def test_shapes_and_padding(folder, index):
    loader = Loader(index, folder, one_epoch(index), 0, 7)
    for batch in batches_of(loader):
        size = len(batch.source)
        assert batch.inputs.shape == batch.targets.shape == batch.mask.shape == (size, 32)
        assert batch.piece.shape == (size, 33) and batch.inputs.dtype == batch.targets.dtype == np.int64
        assert batch.piece.dtype == batch.source.dtype == np.int32 and batch.mask.dtype == bool
        np.testing.assert_array_equal(batch.inputs[:, 1:], batch.targets[:, :-1])
        assert (batch.targets[batch.piece[:, 1:] == -1] == END_OF_TEXT).all()
        assert batch.n_tokens == batch.mask.sum() and batch.phase.tolist() == [0] * size
        assert batch.row.dtype == np.int64 and batch.phase.dtype == np.int32
        np.testing.assert_array_equal(batch.positions, positions(batch.piece))
        np.testing.assert_array_equal(batch.cu_seqlens, cu_seqlens(batch.piece))


def test_pieces_are_told_apart(tmp_path):
    """Two documents and padding in a sequence of 9 slots: no target crosses from one to the other."""
    packed_folder(tmp_path, {"web": [encode("ab"), encode("c")]}, sequence_tokens=8)
    index = read_index(str(tmp_path))
    batch = Loader(index, str(tmp_path), one_epoch(index), 0, 4)[0]
    assert batch.piece.tolist() == [[0, 0, 0, 0, 1, 1, 1, -1, -1]]
    assert batch.mask.tolist() == [[True, True, True, False, True, True, False, False]]
    a, b, c = b"abc"
    assert batch.inputs.tolist() == [[END_OF_TEXT, a, b, END_OF_TEXT, END_OF_TEXT, c, END_OF_TEXT, END_OF_TEXT]]
    assert batch.targets[0, :4].tolist() == [a, b, END_OF_TEXT, END_OF_TEXT]
    assert batch.positions.tolist() == [[0, 1, 2, 3, 0, 1, 2, 0]] and batch.cu_seqlens.tolist() == [0, 4, 7, 8]


def test_a_batch_is_a_function_of_its_number(folder, index):
    made = allot({"web": 0.5, "zh": 0.3, "tiny": 0.2}, index.available(), 20_000, math.inf)
    forward = batches_of(Loader(index, folder, made, 3, 6))
    fresh = Loader(index, folder, made, 3, 6)
    for number in reversed(range(len(fresh))):
        for one, other in zip(forward[number], fresh[number], strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_order_does_not_depend_on_the_size_of_a_batch(folder, index):
    made = allot({"web": 0.5, "zh": 0.5}, index.available(), 5_000, math.inf)
    runs = [np.concatenate([b.inputs for b in batches_of(Loader(index, folder, made, 0, size))]) for size in (3, 64)]
    np.testing.assert_array_equal(*runs)


def test_another_seed_is_another_order(folder, index):
    made = one_epoch(index)
    one, other = (np.concatenate([b.inputs for b in batches_of(Loader(index, folder, made, s, 8))]) for s in (0, 1))
    assert one.shape == other.shape and (one != other).any()


def test_many_blocks_lose_nothing(folder, index, monkeypatch):
    """Batches that span blocks, and blocks that span batches, hold the same sequences in number."""
    monkeypatch.setattr(loader_module, "BLOCK_SEQUENCES", 10)
    made = allot({"web": 0.6, "zh": 0.3, "tiny": 0.1}, index.available(), 9_000, math.inf)
    for size in (3, 25, 1000):
        loader = Loader(index, folder, made, 0, size)
        batches = batches_of(loader)
        counts = np.bincount(np.concatenate([batch.source for batch in batches]))
        assert counts.tolist() == [made.sequences[name] for name in loader.sources]
        assert [len(batch.source) for batch in batches[:-1]] == [size] * (len(batches) - 1)


def test_a_source_smaller_than_a_batch_is_not_lost(folder, index):
    made = allot({"tiny": 0.01, "web": 0.99}, index.available(), 1000, math.inf)
    loader = Loader(index, folder, made, 0, 64)
    assert sum(np.count_nonzero(batch.source == 0) for batch in batches_of(loader)) >= 1
    alone = Loader(index, folder, allot({"tiny": 1.0}, index.available(), 1, 1), 0, 64)
    assert len(alone) == 1
    assert pairs_in(batches_of(alone)) == pairs_of(TRAIN["tiny"])


def test_more_shards_than_stay_open(tmp_path, monkeypatch):
    monkeypatch.setattr(sequences, "OPEN_SHARDS", 2)
    packed_folder(tmp_path, TRAIN, sequence_tokens=32, shards=17)
    index = read_index(str(tmp_path))
    loader = Loader(index, str(tmp_path), one_epoch(index), 0, 8)
    assert pairs_in(batches_of(loader)) == pairs_of(
        [document for documents in TRAIN.values() for document in documents]
    )


def test_a_batch_of_nothing(folder, index):
    with pytest.raises(ConfigError, match="a batch of 0 sequences"):
        Loader(index, folder, one_epoch(index), 0, 0)


def test_validation_is_every_validation_pair_and_never_a_training_one(folder, index):
    for source, documents in VALIDATION.items():
        assert pairs_in(validation_batches(index, folder, source, 4, 10**9)) == pairs_of(documents)
    assert list(validation_batches(index, folder, "tiny", 4, 10**9)) == []


def test_validation_is_the_same_for_all_and_at_most_what_is_asked(folder, index):
    everything = sum(pairs_of(VALIDATION["web"]).values())
    for most in (50, 100, 300, everything - 1, everything):
        batches = list(validation_batches(index, folder, "web", 4, most))
        again = list(validation_batches(index, folder, "web", 3, most))
        n_tokens = sum(int(batch.mask.sum()) for batch in batches)
        assert most - 33 < n_tokens <= most
        rows, others = (np.concatenate([batch.inputs for batch in run]) for run in (batches, again))
        np.testing.assert_array_equal(rows, others)
        assert all(len(batch.source) <= 4 and not batch.source.any() for batch in batches)


def test_validation_is_at_least_one_sequence_and_not_the_first(folder, index):
    (batch,) = validation_batches(index, folder, "web", 4, 1)
    assert len(batch.source) == 1
    first = next(iter(index.sources["web"].validation.shards)).name
    assert batch.inputs[0].tolist() != np.load(os.path.join(folder, f"{first}.npy"))[0, :-1].tolist()


def test_validation_of_a_source_that_is_none(folder, index):
    with pytest.raises(ConfigError, match=r"no source 'wbe' \(did you mean 'web'\?\)"):
        list(validation_batches(index, folder, "wbe", 4, 100))


def test_training_and_validation_share_no_sequence(folder, index):
    train = {
        row.tobytes() for batch in batches_of(Loader(index, folder, one_epoch(index), 0, 8)) for row in batch.inputs
    }
    for source in VALIDATION:
        for batch in validation_batches(index, folder, source, 8, 10**9):
            assert not train & {row.tobytes() for row in batch.inputs}


def damage(path, name, change):
    array = np.load(path / name)
    change(array)
    np.save(path / name, array)


def test_a_token_outside_the_vocabulary_is_refused(tmp_path):
    packed_folder(tmp_path, {"web": [encode("你好")]}, sequence_tokens=8)
    damage(tmp_path, "train/web/000-00000-0000.npy", lambda array: array.__setitem__((0, 2), 257))
    index = read_index(str(tmp_path))
    with pytest.raises(DataError, match="outside the vocabulary"):
        Loader(index, str(tmp_path), one_epoch(index), 0, 4)[0]


OTHERS = [["你好"], ["你好", "好a"], ["你们好", "吗"], ["你好" * 2, "吗" * 2, "好" * 2], []]


@pytest.mark.parametrize("other", OTHERS)
def test_pieces_of_another_folder_are_refused(tmp_path, other):
    packed_folder(tmp_path / "one", {"web": [encode("你好"), encode("吗")]}, sequence_tokens=16)
    packed_folder(tmp_path / "other", {"web": [encode(text) for text in other]}, sequence_tokens=16)
    name = "train/web/000-00000-0000.docs.arrow"
    os.replace(tmp_path / "other" / name, tmp_path / "one" / name)
    index = read_index(str(tmp_path / "one"))
    with pytest.raises(DataError, match=r"not what packed\.json says"):
        Loader(index, str(tmp_path / "one"), one_epoch(index), 0, 4)[0]


def test_pieces_beyond_the_last_sequence_are_refused(tmp_path):
    """As many pieces and tokens as said, but the second is in a sequence of its own."""
    packed_folder(tmp_path, {"web": [encode("ab"), encode("c")]}, sequence_tokens=8)
    columns = [pa.array(values, pa.int32()) for values in ([0, 1], [0, 0], [4, 3], [0, 0])]
    with open(tmp_path / "train/web/000-00000-0000.docs.arrow", "wb") as file:
        write_pieces(file, pa.Table.from_arrays([*columns[:3], pa.array(["u", "v"]), columns[3]], schema=PIECES))
    index = read_index(str(tmp_path))
    with pytest.raises(DataError, match=r"not what packed\.json says"):
        Loader(index, str(tmp_path), one_epoch(index), 0, 4)[0]
