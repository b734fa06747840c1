"""Scores are those of Katz's recursion, whatever stands in a line."""

from __future__ import annotations

import numpy as np
import pytest
import reference_ngram_score as slowly
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_models import CHINESE, ENGLISH, drawn, lm_of
from strategies import buffers, documents

from stages import ngram_score
from stages.ngram_score import score_lines, token_costs

UNKNOWN_WORDS = [b"unheard-of", "龍".encode(), b"<s>", b"</s>", b"<unk>", "\u3000".encode()]
lines = st.lists(st.sampled_from([*ENGLISH, *CHINESE, *UNKNOWN_WORDS]), max_size=15)


@pytest.mark.parametrize("order", [1, 2, 3, 5, 6])
@given(lines, st.integers(0, 3), st.sampled_from([0.0, -0.3979400086720376]))
@settings(max_examples=40)
def test_each_token_costs_what_the_recursion_says(order, line, seed, unseen):
    ngrams = drawn(seed, order, ENGLISH + CHINESE)
    costs, unknown = token_costs(lm_of(ngrams, unseen=unseen), b" ".join(line).decode())
    expected = slowly.costs(ngrams, order, line, unseen)
    assert np.abs(costs - expected).max() <= 1, "but for how a sum of floats is rounded"
    assert unknown.tolist() == [(word,) not in ngrams or word in slowly.MARKS for word in line] + [False]


@pytest.mark.parametrize("kind", ["spaces", "words", "characters"])
@given(documents)
@settings(max_examples=40)
def test_lines_are_scored_by_themselves(kind, texts):
    words = [b"the", b"a", b"of", "中".encode(), "国".encode(), b"0", b".", b"don't"]
    model = lm_of(drawn(3, 3, words), kind)
    data, offsets = buffers(texts)
    found = score_lines(model, data, offsets[:-1], offsets[1:])
    for row, text in enumerate(texts):
        costs, unknown = token_costs(model, text)
        if len(costs) == 1:
            costs, unknown = costs[:0], unknown[:0]
        assert [column[row] for column in found] == [costs.sum(), len(costs), unknown.sum()]
    assert (found.sums.dtype, found.tokens.dtype, found.unknown.dtype) == (np.int64, np.int32, np.int32)


def test_a_line_by_hand():
    model = lm_of(
        {
            (b"<unk>",): (-3.0, 0.0),
            (b"<s>",): (-99.0, -0.5),
            (b"</s>",): (-1.0, 0.0),
            (b"a",): (-0.75, -0.25),
            ("中".encode(),): (-1.25, -0.125),
            (b"<s>", b"a"): (-0.375, -0.0625),
            (b"a", "中".encode()): (-0.5, 0.0),
        }
    )
    costs, unknown = token_costs(model, "a 中 a zz")
    # a after <s>; 中 after a (no trigram, order 2); 中 a: backoff of 中; zz: backoff of a and <unk>; </s> after <unk>.
    assert costs.tolist() == [375_000, 500_000, 875_000, 3_250_000, 1_000_000]
    assert unknown.tolist() == [False, False, False, True, False]


def test_a_token_unheard_of_is_context_as_the_unknown_one():
    ngrams = {(mark,): (-1.0, -0.5) for mark in slowly.MARKS} | {(b"a",): (-2.0, 0.0), (b"<unk>", b"a"): (-0.25, 0.0)}
    assert token_costs(lm_of(ngrams), "zz a")[0].tolist() == [1_500_000, 250_000, 1_000_000]


def test_text_is_scored_in_blocks_that_change_nothing(monkeypatch):
    model = lm_of(drawn(1, 4, ENGLISH + CHINESE))
    texts = ["the cat sat", "", "中 文 的", "a " * 50, " ", "not"] * 5
    data, offsets = buffers(texts)
    whole = score_lines(model, data, offsets[:-1], offsets[1:])
    monkeypatch.setattr(ngram_score, "BLOCK_BYTES", 10)
    for one, other in zip(whole, score_lines(model, data, offsets[:-1], offsets[1:]), strict=True):
        assert one.tolist() == other.tolist()
    assert all(len(column) == 0 for column in score_lines(model, data, offsets[:0], offsets[:0]))
    assert whole.tokens[1] == whole.tokens[4] == 0 and whole.sums[1] == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -3e38, 3e38])
def test_a_number_that_is_none_costs_no_more_than_any(value):
    ngrams = {(mark,): (-1.0, value) for mark in slowly.MARKS} | {(b"a",): (value, value)}
    costs, _ = token_costs(lm_of(ngrams | {(b"a", b"a"): (value, 0.0)}), "a a b a")
    assert (np.abs(costs) <= 1_000_000_000).all()
