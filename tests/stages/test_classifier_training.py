"""Training beside fastText's own: as good, and the file is one that fastText reads."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from classifier_cases import text_of
from fasttext.FastText import _FastText
from scipy.stats import mannwhitneyu

from stages.classifier_text import joined, predicted, prepared
from stages.classifier_training import Settings, train
from stages.fasttext_model import parse

NAMES = ("good", "candidate")
SETTINGS = Settings(word_ngrams=2, dim=10, buckets=20_000, epochs=10, lr=0.5, min_count=2, seed=1)


def examples(n: int, seed: int) -> tuple[list[bytes], np.ndarray]:
    """Prepared texts of both languages that are not easily told apart, and their labels."""
    chance = random.Random(seed)
    labels = [chance.randrange(2) for _ in range(n)]
    texts = [
        text_of(chance, chance.choice(["en", "zh"]), (0.3, 0.45)[label], chance.randrange(10, 90)) for label in labels
    ]
    data, offsets = prepared(*joined([text.encode() for text in texts]))
    return [data[offsets[i] : offsets[i + 1]].tobytes() for i in range(n)], np.array(labels, np.int64)


@pytest.fixture(scope="module")
def made():
    return train(*examples(3000, 1), NAMES, SETTINGS)


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    good, other = scores[labels == 0], scores[labels == 1]
    return float(mannwhitneyu(good, other).statistic / (len(good) * len(other)))


def scores_of_fasttext(theirs, texts: list[bytes]) -> np.ndarray:
    """The probability of `good`, by the library, which wants a line."""
    found = [
        {label: score for score, label in theirs.f.predict(text.decode() + "\n", 2, 0.0, "strict")} for text in texts
    ]
    return np.array([one["__label__good"] for one in found])


def trained_by_fasttext(folder: Path, texts: list[bytes], labels: np.ndarray):
    """The library's model of the same examples, by one thread.

    It leaves most of its input matrix as the memory was. In a process of its own, where a block of that size is always
    fresh memory, these values are 0; elsewhere they can be anything, and training then may end in NaN.
    """
    lines = [f"__label__{NAMES[label]} {text.decode()}\n" for text, label in zip(texts, labels, strict=True)]
    (folder / "train.txt").write_text("".join(lines), encoding="utf-8")
    options = {
        "dim": 10,
        "wordNgrams": 2,
        "bucket": 20_000,
        "epoch": 10,
        "lr": 0.5,
        "minCount": 2,
        "thread": 1,
        "verbose": 0,
    }
    program = f"import fasttext; fasttext.train_supervised('train.txt', **{options}).save_model('theirs.bin')"
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    subprocess.run([sys.executable, "-c", program], cwd=folder, env=environment, check=True, timeout=120)
    return _FastText(model_path=str(folder / "theirs.bin"))


def test_it_is_as_good_as_fasttext(made, tmp_path):
    theirs = trained_by_fasttext(tmp_path, *examples(3000, 1))
    held_out, truth = examples(1500, 2)
    ours = auc(predicted(parse(made, "made"), 0, *joined(held_out)), truth)
    assert ours == pytest.approx(auc(scores_of_fasttext(theirs, held_out), truth), abs=0.01)
    assert 0.8 < ours < 0.99


def test_fasttext_reads_the_file_and_gives_the_same_scores(made, tmp_path):
    (tmp_path / "model.bin").write_bytes(made)
    theirs = _FastText(model_path=str(tmp_path / "model.bin"))
    assert sorted(theirs.get_labels()) == ["__label__candidate", "__label__good"]
    texts, _ = examples(300, 3)
    assert predicted(parse(made, "made"), 0, *joined([b""])).tolist() == [0]  # nothing is known of it
    texts += ["未 见 过 的 字".encode(), b"never seen words", b"s", "é 😀".encode()]
    ours = predicted(parse(made, "made"), 0, *joined(texts))
    np.testing.assert_allclose(ours, scores_of_fasttext(theirs, texts), atol=1e-5)


def test_only_words_seen_often_enough_have_a_row(tmp_path):
    texts = [b"twice twice once", "二 二 一".encode(), b"thrice thrice thrice"]
    model = parse(train(texts, np.array([0, 1, 0]), NAMES, SETTINGS), "made")
    assert [name.decode() for name in model.words.names] == ["thrice", "twice", "二"]
    assert model.words.counts.tolist() == [3, 2, 2]
    assert model.classes.counts.tolist() == [2, 1]
    assert model.input_RV.shape == (3 + 20_000, 10)


def test_every_value_gets_a_start():
    untrained = parse(train([b"a a", b"b b"], np.array([0, 1]), NAMES, SETTINGS._replace(epochs=1, lr=1e-9)), "made")
    assert untrained.input_RV.std() == pytest.approx(0.1 / 3**0.5, rel=0.02)
    assert abs(untrained.input_RV).max() == pytest.approx(0.1, rel=0.01)
    assert (untrained.input_RV == 0).mean() < 0.001


def test_the_seed_decides_and_nothing_else(made):
    assert train(*examples(3000, 1), NAMES, SETTINGS) == made
    assert train(*examples(3000, 1), NAMES, SETTINGS._replace(seed=2)) != made
