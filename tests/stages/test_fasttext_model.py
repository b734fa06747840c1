"""Files of fastText: what is read, what is refused, and that the library reads what is written."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import fasttext
import fasttext_models
import numpy as np
import pytest
from fasttext.FastText import _FastText

from pipeline.errors import InputError
from stages import fasttext_model
from stages.fasttext_model import Entries, build, load, parse, to_bytes
from stages.kernels import fasttext as kernel
from stages.kernels import fasttext_rows


def predict(model, text: str) -> tuple[list[str], list[float]]:
    data = np.frombuffer(text.encode(), np.uint8)
    ends = np.array([0, len(data)])
    labels, scores = kernel.predict(data, ends[:1], ends[1:], np.arange(2), model.tables, 2)
    return [model.labels[label] for label in labels[0] if label >= 0], scores[0].tolist()


@pytest.mark.parametrize("case", fasttext_models.CASES)
def test_the_parts_are_those_that_the_library_reads(case):
    model, other = load(fasttext_models.path(case)), _FastText(model_path=fasttext_models.path(case))
    assert [f"__label__{label}" for label in model.labels] == other.get_labels()
    assert [name.decode() for name in model.words.names] == other.get_words()
    assert model.classes.counts.tolist() == other.get_labels(include_freq=True)[1].tolist()
    assert model.words.counts.tolist() == other.get_words(include_freq=True)[1].tolist()
    rows = np.array([other.get_input_vector(row) for row in range(len(model.words.names))])
    np.testing.assert_allclose(model.input_RV[: len(rows)], rows, rtol=1e-6, atol=1e-7)
    if not other.is_quantized():
        np.testing.assert_array_equal(model.output_LV, other.get_output_matrix())


@pytest.mark.parametrize("case", ["tree", "many-output", "tree-cut"])
def test_damaged_files_are_refused(case, tmp_path):
    """The library itself ends the process, or allocates without bound, on some of these."""
    data = Path(fasttext_models.path(case)).read_bytes()
    damaged = [b"", data[:3], data[:40], *(data[: len(data) * n // 7] for n in range(1, 7)), data[:-1], data + b"\0"]
    damaged += [b"\0" * len(data), data[:8] + b"\xff" * 60 + data[68:], data[:64] + b"\x7f" * 28 + data[92:]]
    for number, content in enumerate(damaged):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(content)
        with pytest.raises(InputError, match=rf"{path} is not a usable fastText classifier .*: give the path"):
            load(str(path))


@pytest.mark.parametrize("case", ["tree", "many-output", "softmax-cut"])
def test_a_changed_byte_never_ends_the_process(case):
    """It is refused, or changes numbers; a text can then still be judged."""
    data = bytearray(Path(fasttext_models.path(case)).read_bytes())
    chance = random.Random(20261126)
    places = [*range(8, 100), *(chance.randrange(len(data)) for _ in range(300))]
    refused = 0
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1 << chance.randrange(8)
        try:
            model = parse(bytes(changed), "changed")
        except InputError:
            refused += 1
            continue
        kernel.predict(
            np.frombuffer("the cat 猫坐在".encode(), np.uint8), *np.array([[0], [17]]), np.arange(2), model.tables, 2
        )
    assert 20 < refused < len(places) / 2


def test_word_vectors_are_no_classifier(tmp_path):
    (tmp_path / "text.txt").write_text(fasttext_models.EN * 20, encoding="utf-8")
    made = fasttext.train_unsupervised(
        str(tmp_path / "text.txt"), dim=4, bucket=100, minCount=1, epoch=1, thread=fasttext_models.THREADS, verbose=0
    )
    made.save_model(str(tmp_path / "vectors.bin"))
    with pytest.raises(InputError, match="not made by supervised training"):
        load(str(tmp_path / "vectors.bin"))


def test_files_that_are_not_there_or_no_files(tmp_path):
    for path in (tmp_path / "missing.bin", tmp_path):
        with pytest.raises(InputError, match="is not a usable fastText classifier"):
            load(str(path))


def test_the_error_shows_no_content(tmp_path):
    (tmp_path / "page.bin").write_text("<html>404 秘密</html>" * 50, encoding="utf-8")
    with pytest.raises(InputError, match=r"\(it does not begin as one\)") as caught:
        load(str(tmp_path / "page.bin"))
    assert "404" not in str(caught.value)


def trained():
    """A model with numbers of its own."""
    words = Entries([b"</s>", b"the", "猫".encode(), "น้ำ".encode()], np.array([9, 7, 5, 3]))
    model = build(words, Entries([b"good", "坏".encode()], np.array([4, 5])), dim=6, word_ngrams=3, n_buckets=50)
    chance = np.random.Generator(np.random.PCG64(3))
    model.input_RV[:] = chance.normal(size=model.input_RV.shape)
    model.output_LV[:] = chance.normal(size=model.output_LV.shape)
    return model


def test_what_is_written_is_what_the_library_reads(tmp_path):
    data = to_bytes(trained())
    (tmp_path / "ours.bin").write_bytes(data)
    other, again = _FastText(model_path=str(tmp_path / "ours.bin")), load(str(tmp_path / "ours.bin"))
    assert to_bytes(again) == data == to_bytes(parse(data, "memory"))
    assert again.labels == ("good", "坏")
    for text in ("the 猫 the", "", "น้ำ 猫 unknown the 鸟 " * 50):
        labels, scores = predict(again, text)
        their_labels, their_scores = other.predict(text, k=2)
        assert [f"__label__{label}" for label in labels] == list(their_labels)
        assert scores == pytest.approx(np.minimum(their_scores, 1), abs=2e-6)


def test_a_large_matrix_stays_in_the_file(monkeypatch, tmp_path):
    data = to_bytes(trained())
    (tmp_path / "large.bin").write_bytes(data)
    small = load(str(tmp_path / "large.bin"))
    monkeypatch.setattr(fasttext_model, "SHARED_BYTES", 0)
    large = load(str(tmp_path / "large.bin"))
    assert not large.input_RV.flags.owndata
    assert not large.input_RV.flags.aligned  # as this file lies; kernels must take it
    assert predict(large, "the 猫 the") == predict(small, "the 猫 the")


def test_buckets_that_are_left_may_be_none():
    """`cutoff` can take all n-grams away: what is left are words."""
    data = bytearray(to_bytes(trained()))
    assert struct.unpack_from("<q", data, 84) == (-1,)
    struct.pack_into("<q", data, 84, 0)
    without = parse(bytes(data), "cut")
    assert predict(without, "the 猫 the") != predict(trained_again(), "the 猫 the")
    mean = (2 * without.input_RV[1] + without.input_RV[2] + without.input_RV[0]) / 4
    products = without.output_LV @ mean
    shares = np.exp(products) / np.exp(products).sum()
    labels, scores = predict(without, "the 猫 the")
    assert labels[0] == ("good", "坏")[int(shares.argmax())]
    assert scores == pytest.approx(sorted(shares.tolist(), reverse=True), abs=2e-5)


def trained_again():
    return parse(to_bytes(trained()), "again")


def test_counts_that_no_tree_can_have_are_refused():
    """The root would be its own child."""
    data = Path(fasttext_models.path("tree")).read_bytes()
    place = data.index(b"__label__") + data[data.index(b"__label__") :].index(b"\0") + 1
    changed = data[:place] + struct.pack("<q", 10**15) + data[place + 8 :]
    with pytest.raises(InputError, match="dictionary is damaged"):
        parse(changed, "tree")


def test_words_that_are_there_twice_or_collide_are_refused():
    twice = build(
        Entries([b"a", b"a"], np.ones(2, np.int64)),
        Entries([b"x"], np.ones(1, np.int64)),
        dim=1,
        word_ngrams=1,
        n_buckets=0,
    )
    with pytest.raises(InputError, match="a word twice"):
        parse(to_bytes(twice), "twice")
    slots = np.full(1 << 15, -1, np.int32)
    assert fasttext_rows.fill_slots(np.full(10_000, 7, np.uint32), slots) == fasttext_rows.LONG_WAY


def test_a_matrix_that_claims_to_be_huge_is_refused():
    data = bytearray(Path(fasttext_models.path("tree-quantized")).read_bytes())
    place = data.index(struct.pack("<qq", len(load(fasttext_models.path("tree-quantized")).input_RV), 8))
    struct.pack_into("<qq", data, place, 1 << 20, 1 << 12)
    with pytest.raises(InputError, match="damaged"):
        parse(bytes(data), "huge")


@pytest.mark.parametrize("loss", [2, 3, 4])
def test_weights_too_large_to_add_give_no_answer(loss):
    made = trained()
    made.input_RV[:], made.output_LV[:] = 3e38, 3e38
    made.output_LV[1] = -3e38
    data = bytearray(to_bytes(made))
    struct.pack_into("<i", data, 8 + 4 * 6, loss)
    labels, scores = predict(parse(bytes(data), "large"), "the 猫 the the")
    assert not np.isnan(scores).any()
    assert set(labels) <= {"good", "坏"}
