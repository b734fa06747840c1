"""Kernels of the unigram trainer against all segmentations, written out."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.kernels import unigram

ALPHABET = "ab中"
PIECES = st.lists(st.text(ALPHABET, min_size=2, max_size=5), max_size=12, unique=True)
WORDS = st.lists(st.tuples(st.text(ALPHABET, min_size=1, max_size=8), st.integers(1, 5)), min_size=1, max_size=6)


def numbers(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    chars = np.array([ALPHABET.index(character) for text in texts for character in text], np.int64)
    return chars, np.array([0, *itertools.accumulate(map(len, texts))], np.int64)


def scores_of(pieces: list[str], seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).random(len(pieces)) + 0.05
    return np.log(drawn / drawn.sum())


def segmentations(word: str, pieces: list[str]) -> list[list[int]]:
    """Every way to write a word as pieces."""
    if not word:
        return [[]]
    return [
        [number, *rest]
        for number, piece in enumerate(pieces)
        if word.startswith(piece)
        for rest in segmentations(word[len(piece) :], pieces)
    ]


@settings(max_examples=60)
@given(PIECES, WORDS, st.integers(0, 9))
def test_expectations_are_those_of_all_segmentations(longer, words, seed):
    pieces = [*ALPHABET, *longer]
    scores = scores_of(pieces, seed)
    expected, likelihood = np.zeros(len(pieces)), 0.0
    for word, count in words:
        ways = segmentations(word, pieces)
        chances = np.exp([scores[way].sum() for way in ways])
        likelihood += count * math.log(chances.sum())
        for way, chance in zip(ways, chances / chances.sum(), strict=True):
            np.add.at(expected, way, count * chance)
    trie = unigram.trie(*numbers(pieces), len(ALPHABET))
    counts = np.array([count for _, count in words], np.float64)
    found, total = unigram.expect(*numbers([word for word, _ in words]), counts, *trie, len(ALPHABET), scores)
    assert found == pytest.approx(expected) and total == pytest.approx(likelihood)


@settings(max_examples=60)
@given(PIECES, WORDS, st.integers(0, 9), st.integers(-1, 5))
def test_the_best_segmentation_is_the_best_of_all_without_one_piece(longer, words, seed, banned):
    pieces = [*ALPHABET, *longer]
    scores, texts = scores_of(pieces, seed), [word for word, _ in words]
    trie = unigram.trie(*numbers(pieces), len(ALPHABET))
    without = np.full(len(texts), banned)
    found, offsets, totals = unigram.best(*numbers(texts), without, *trie, len(ALPHABET), scores)
    for row, word in enumerate(texts):
        ways = [way for way in segmentations(word, pieces) if banned not in way]
        own = found[offsets[row] : offsets[row + 1]].tolist()
        if ways:
            assert scores[own].sum() == pytest.approx(max(scores[way].sum() for way in ways)) == totals[row]
            assert "".join(pieces[number] for number in own[::-1]) == word
        else:
            assert own == [] and totals[row] < -1e200


def test_a_piece_is_found_wherever_it_starts_and_no_longer_than_the_limit():
    pieces = [*ALPHABET, "a" * unigram.MAX_CHARS]
    trie = unigram.trie(*numbers(pieces), len(ALPHABET))
    scores = np.log(np.array([0.25, 0.25, 0.25, 0.25]))
    text = "b" + "a" * (2 * unigram.MAX_CHARS)
    found, _, _ = unigram.best(*numbers([text]), np.array([-1]), *trie, len(ALPHABET), scores)
    assert [pieces[number] for number in found] == [pieces[3], pieces[3], "b"]


def test_no_words_expect_nothing():
    trie = unigram.trie(*numbers([*ALPHABET]), len(ALPHABET))
    none = np.zeros(0, np.int64), np.zeros(1, np.int64)
    found, total = unigram.expect(*none, np.zeros(0), *trie, len(ALPHABET), np.log(np.full(3, 1 / 3)))
    assert found.tolist() == [0, 0, 0] and total == 0


def test_losses_are_those_of_the_definition():
    frequency = np.array([10.0, 4.0, 6.0, 0.0])
    alternatives, offsets = np.array([0, 1, 0, 1]), np.array([0, 0, 0, 2, 4])
    total, own = 20.0, 6.0
    whole = math.log(total + own)
    other = math.log(10 + own) - whole + math.log(4 + own) - whole
    expected = own / total * (math.log(own) - math.log(total) - other)
    assert unigram.losses(frequency, alternatives, offsets) == pytest.approx([0, 0, expected, 0])


def test_digamma_is_scipys():
    values = np.concatenate([np.geomspace(0.01, 1e9, 200), [0.5, 1.0, 7.0]])
    assert unigram.digamma(values) == pytest.approx(scipy.special.digamma(values), rel=1e-10, abs=1e-10)
