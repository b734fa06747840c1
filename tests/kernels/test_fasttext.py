"""Prediction: the library's labels and scores, whatever the loss and the compression; spans; features by definition."""

from __future__ import annotations

import fasttext_models
import numpy as np
import pytest
import reference_fasttext
from fasttext.FastText import _FastText
from hypothesis import given
from hypothesis import strategies as st
from strategies import buffers, texts

from stages.fasttext_model import Entries, build, load
from stages.kernels import fasttext, fasttext_rows

LIMIT = 3e-6
BY_TABLE = {"negative", "one_vs_all"}
"""Models whose losses read the logistic function from a table."""
TABLE = np.minimum(np.array([0, *fasttext.sigmoids(), 1]) + fasttext.LITTLE, 1)
"""The scores that they can give, int place -> float64: below the table, its entries, above it."""
WORDS = [b"the", b"cat", b"</s>", "猫".encode(), "的".encode(), b"__label__x", "น้ำ".encode()]


def whole(values: list[str]):
    """The arguments of the kernels for documents that are whole texts."""
    data, offsets = buffers(values)
    return data, offsets[:-1].copy(), offsets[1:].copy(), np.arange(len(values) + 1)  # writable, as in stages


def predicted(path: str, values: list[str], n_best: int = 4) -> list[dict[str, float]]:
    model = load(path)
    labels, scores = fasttext.predict(*whole(values), model.tables, n_best)
    return [
        {model.labels[label]: float(score) for label, score in zip(row, values, strict=True) if label >= 0}
        for row, values in zip(labels, scores, strict=True)
    ]


def theirs(path: str, values: list[str], n_best: int = 4) -> list[dict[str, float]]:
    """The library's answer: it takes one line, on which `</s>` and labels are not text."""
    model = _FastText(model_path=path)
    found = [model.predict(value, k=n_best) for value in values]
    return [
        {label.removeprefix("__label__"): min(1.0, float(score)) for label, score in zip(*one, strict=True)}
        for one in found
    ]


def place(score: float) -> int:
    """Where a score stands in TABLE; the last entry is that of a sum of just 8, and counts as what is above it."""
    distances = np.abs(TABLE - score)
    assert distances.min() < LIMIT, score
    return min(int(distances.argmin()), len(TABLE) - 2)


def agree(ours: float, other: float, case: str) -> bool:
    """Whether two scores are the same, or of a table neighbours.

    We add a word and then its n-grams, the library all words and then all n-grams: over thousands of rows their sums
    differ by some 1e-4, rarely so that they fall on both sides of a step, which is 1/32 wide and tells up to 8e-3 more.
    """
    return abs(place(ours) - place(other)) <= 1 if case in BY_TABLE else abs(ours - other) < LIMIT


def plain(text: str) -> str:
    for special in ("\n", "</s>", "__label__"):
        text = text.replace(special, " ")
    return text


SOME = [
    "",
    " \t ",
    "the",
    "a bird in the tree",
    fasttext_models.DE,
    "今天天气很好 我们一起去公园散步",
    "猫はマットの上に",
    "ภาษาไทย น้ำ",
    "x" * 20_000,
    "鸟" * 20_000,
    "the cat 猫 " * 3000,
    "é ü 😀 \x01 a\0b",
    *(f"{'b' * n} {'猫' * n}" for n in range(1, 7)),
]


@pytest.mark.parametrize("case", fasttext_models.CASES)
def test_labels_and_scores_are_those_of_the_library(case):
    path = fasttext_models.path(case)
    for ours, other, text in zip(predicted(path, SOME), theirs(path, SOME), SOME, strict=True):
        assert set(other) <= set(ours), text[:50]  # the library leaves out what is unlikely
        assert all(agree(ours[label], other[label], case) for label in other), text[:50]
        assert all(ours[label] < 1e-4 for label in set(ours) - set(other)), text[:50]


@given(st.lists(texts, min_size=1, max_size=3))
@pytest.mark.parametrize("case", ["tree-cut", "softmax"])
def test_any_text_gets_the_answer_of_the_library(case, values):
    path = fasttext_models.path(case)
    values = [plain(text) for text in values]
    for ours, other in zip(predicted(path, values), theirs(path, values), strict=True):
        assert all(abs(ours[label] - other[label]) < LIMIT for label in other)


def test_lid_gives_the_answers_of_the_library():
    from pipeline.assets import asset

    path = asset("lid.176.ftz")
    values = [*SOME, fasttext_models.EN, "Привет, как дела?", "안녕하세요 반갑습니다", "नमस्ते दुनिया", "مرحبا بالعالم"]
    for ours, other, text in zip(predicted(path, values, 3), theirs(path, values, 3), values, strict=True):
        assert all(abs(ours[label] - score) < LIMIT for label, score in other.items() if score > 0.001), text[:50]
        assert max(ours, key=ours.get) == max(other, key=other.get), text[:50]


@pytest.mark.parametrize("case", [*fasttext_models.KINDS, "tree-cut"])
def test_all_scores_are_those_of_the_best(case):
    model = load(fasttext_models.path(case))
    labels, scores = fasttext.predict(*whole(SOME), model.tables, len(model.labels))
    found = fasttext.score_all(*whole(SOME), model.tables)
    assert found.shape == labels.shape
    for row, text in enumerate(SOME):
        has_any = labels[row, 0] >= 0
        expected = scores[row][np.argsort(labels[row])] if has_any else np.zeros(len(model.labels), np.float32)
        np.testing.assert_allclose(found[row], expected, rtol=1e-5, atol=1e-7, err_msg=text[:50])


@pytest.mark.parametrize("case", ["tree", "softmax"])
def test_spans_are_read_as_one_line(case):
    tables = load(fasttext_models.path(case)).tables
    text = "ab the cat sat 猫坐在 cd\n"
    data, offsets = buffers([text])
    starts, stops = (
        offsets[0] + np.array([3, 11, 15]),
        offsets[0] + np.array([10, 14, 24]),
    )  # `the cat`, `sat`, `猫坐在`
    spans = fasttext.predict(data, starts, stops, np.array([0, 3, 3]), tables, 2)
    joined = fasttext.predict(*whole(["the cat sat 猫坐在", ""]), tables, 2)
    assert np.array_equal(spans[0], joined[0])
    assert np.array_equal(spans[1], joined[1])


def test_nothing_in_a_text_is_special():
    """Not the end of a line, nor a label: what follows `</s>` counts, and `__label__de` is an unknown word."""
    path = fasttext_models.path("tree")
    before, after = predicted(path, [fasttext_models.EN, f"</s> __label__de\n{fasttext_models.EN}"], 1)
    assert set(before) == set(after) == {"en"}
    (lost,) = theirs(path, [f"</s> {fasttext_models.EN}"], 1)
    assert lost != before


@given(st.lists(texts, min_size=1, max_size=4), st.integers(1, 4))
def test_features_are_those_of_the_definition(values, word_ngrams):
    values = [*values, "the the cat 的 猫 __label__x </s> น้ำ"]
    model = build(
        Entries(WORDS, np.ones(len(WORDS), np.int64)),
        Entries([b"a", b"b"], np.ones(2, np.int64)),
        dim=2,
        word_ngrams=word_ngrams,
        n_buckets=97,
    )
    ids, firsts = fasttext_rows.features(*whole(values), model.tables)
    for row, text in enumerate(values):
        expected = reference_fasttext.rows(text, WORDS, 97, word_ngrams)
        assert sorted(ids[firsts[row] : firsts[row + 1]].tolist()) == expected


def test_many_features_are_all_there():
    model = build(
        Entries(WORDS, np.ones(7, np.int64)), Entries([b"a"], np.ones(1, np.int64)), dim=1, word_ngrams=2, n_buckets=5
    )
    ids, firsts = fasttext_rows.features(*whole(["the cat " * 5000, "", "the"]), model.tables)
    assert np.diff(firsts).tolist() == [20_001, 1, 3]
    assert len(ids) == firsts[-1]


def test_no_documents():
    tables = load(fasttext_models.path("tree")).tables
    labels, scores = fasttext.predict(*whole([]), tables, 2)
    assert labels.shape == scores.shape == (0, 2)
