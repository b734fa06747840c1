"""Probabilities of n-gram models: the published formulas, in exact fractions, and sums of 1."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import reference_ngram_train as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_training import Trained, contexts, corpora, partitions

from stages import ngram_estimate
from stages.ngram_estimate import SMOOTHINGS, Smoothing

orders = st.integers(2, 6)
smoothings = st.builds(Smoothing, st.sampled_from(SMOOTHINGS), st.sampled_from([0.01, 0.5, 2.0]))


@st.composite
def cut_offs(draw, order):
    return [1, *sorted(draw(st.lists(st.integers(1, 3), min_size=order - 1, max_size=order - 1)))]


@settings(max_examples=60)
@given(corpora, orders, smoothings, st.data())
def test_probabilities_are_those_of_the_definition_and_add_up_to_1(corpus, order, smoothing, data):
    lines, n_ids = corpus
    least = data.draw(cut_offs(order))
    trained = Trained([lines[:2], lines[2:]], order, n_ids, smoothing, least, data.draw(st.integers(1, 3)))
    k = Fraction(smoothing.k) if smoothing.name == "add_k" else Fraction(1)
    model = reference.Model(lines, order, n_ids, smoothing.name, k, least)
    tokens = [token for token in range(n_ids) if token != 1]
    for context in contexts(lines, order)[:12]:
        found = [trained.p(token, context) for token in tokens]
        expected = [float(model.p(token, context)) for token in tokens]
        np.testing.assert_allclose(found, expected, rtol=2e-6)
        if smoothing.name != "stupid_backoff":
            assert math.isclose(sum(found), 1, abs_tol=1e-6)


@settings(max_examples=30)
@given(corpora, orders, smoothings, st.integers(2, 7), st.integers(0, 10))
def test_partitions_and_chunks_change_no_bit(corpus, order, smoothing, n_partitions, cut):
    lines, n_ids = corpus
    one = Trained([lines], order, n_ids, smoothing, [1, *[2] * (order - 1)])
    other = Trained([lines[cut:], lines[:cut]], order, n_ids, smoothing, [1, *[2] * (order - 1)], n_partitions)
    assert one.unigrams.tolist() == other.unigrams.tolist() and one.discounts.tolist() == other.discounts.tolist()
    assert one.probabilities == other.probabilities and one.backoffs == other.backoffs


@settings(max_examples=30)
@given(corpora, orders, smoothings, st.data())
def test_what_is_kept_has_its_context_and_its_suffix(corpus, order, smoothing, data):
    lines, n_ids = corpus
    trained = Trained([lines], order, n_ids, smoothing, data.draw(cut_offs(order)))
    for gram in trained.probabilities:
        assert len(gram) == 1 or (gram[1:] in trained.probabilities and gram[:-1] in trained.probabilities)
        assert len(gram) == 1 or 0 not in gram
    for context, log in trained.backoffs.items():
        assert context in trained.probabilities and log < 0 and len(context) < order


A, B, C = 3, 4, 5
LINES = [[A, B, C], [A, B], [B, C, A, B], [C, A, B, C], [A, A, C]]


def test_modified_kneser_ney_by_hand():
    """A trigram of five lines of a, b and c, computed on paper from Chen and Goodman (1998) and Heafield et al. (2013).

    Counts of pairs: once 5, twice 4, three times 1, so Y = 5 / 13. There is no single token with a count of 1 and no
    trigram with one of 3, so their discounts fall back.
    """
    trained = Trained([LINES], 3, 6)
    d1, d2, d3 = 5 / 13, 2 - 3 * 5 / 13 * 1 / 4, 3.0
    assert trained.fallback.tolist() == [True, False, True]
    assert trained.discounts[1].tolist() == pytest.approx([d1, d2, d3])
    # Before a: <s>, c, a. Before b: a, <s>. Before c: b, <s>, a. Before </s>: c, b. So 10 in all.
    assert trained.sums["before"].tolist() == [0, 0, 2, 3, 2, 3]
    # gamma = (1 + 1.5 + 1 + 1.5) / 10 = 0.5, shared by <unk>, </s>, a, b and c.
    one = {0: 0.1, 2: 0.2, A: 0.25, B: 0.2, C: 0.25}
    for token, expected in one.items():
        assert trained.p(token, ()) == pytest.approx(expected, rel=1e-6)
    # a b was seen after <s> and c; a a after <s>; a c after a: 4 in all.
    gamma = (d2 + d1 + d1) / 4
    assert trained.p(B, (A,)) == pytest.approx((2 - d2) / 4 + gamma * one[B], rel=1e-6)
    assert trained.p(C, (A,)) == pytest.approx((1 - d1) / 4 + gamma * one[C], rel=1e-6)
    assert trained.p(2, (A,)) == pytest.approx(gamma * one[2], rel=1e-6)
    # After <s>, as often as seen: a 3, b 1, c 1.
    assert trained.p(A, (1,)) == pytest.approx((3 - d3) / 5 + (d3 + d1 + d1) / 5 * one[A], rel=1e-6)
    # b c was seen after a and <s>, b </s> after a.
    gamma = (d2 + d1) / 3
    after_b = (2 - d2) / 3 + gamma * one[C]
    assert trained.p(C, (B,)) == pytest.approx(after_b, rel=1e-6)
    # After a b, as often as seen: c 2, </s> 2; gamma = (1 + 1) / 4.
    assert trained.p(C, (A, B)) == pytest.approx((2 - 1) / 4 + 0.5 * after_b, rel=1e-6)
    assert trained.p(A, (A, B)) == pytest.approx(0.5 * gamma * one[A], rel=1e-6)
    # A context that was never seen: b a.
    assert trained.p(B, (B, A)) == pytest.approx(trained.p(B, (A,)), rel=1e-6)


def test_cut_off_pairs_leave_their_counts_to_the_lower_order():
    trained = Trained([LINES], 2, 6, min_counts=[1, 2])
    # After a: b 4 times, a and c once each; without those two, gamma = (1.5 + 1 + 1) / 6.
    assert (A, C) not in trained.probabilities
    assert trained.p(B, (A,)) == pytest.approx((4 - 1.5) / 6 + 3.5 / 6 * 0.2, rel=1e-6)
    assert trained.p(C, (A,)) == pytest.approx(3.5 / 6 * 0.25, rel=1e-6)


def test_simple_smoothings_by_hand():
    laplace, stupid = Trained([LINES], 2, 6, Smoothing("laplace")), Trained([LINES], 3, 6, Smoothing("stupid_backoff"))
    assert laplace.p(B, (A,)) == pytest.approx((4 + 1) / (6 + 5)) and laplace.p(2, (A,)) == pytest.approx(1 / 11)
    half = Trained([LINES], 2, 6, Smoothing("add_k", 0.5))
    assert half.p(B, (A,)) == pytest.approx(4.5 / 8.5) and half.p(0, (A,)) == pytest.approx(0.5 / 8.5)
    assert stupid.p(C, (A, B)) == pytest.approx(2 / 4) and stupid.p(A, (A, B)) == pytest.approx(0.16 * 6 / 21)
    assert stupid.p(B, (B, A)) == pytest.approx(0.4 * 4 / 6) and stupid.p(0, ()) == pytest.approx(1 / 21)


def test_discounts_of_chen_and_goodman():
    # Y = 10 / (10 + 2 * 4) = 5/9; D1 = 1 - 2 Y 4/10, D2 = 2 - 3 Y 2/4, D3+ = 3 - 4 Y 1/2.
    found, fallback = ngram_estimate.discounts(np.array([[10, 4, 2, 1]]))
    assert found[0].tolist() == pytest.approx([5 / 9, 2 - 5 / 6, 3 - 10 / 9]) and not fallback.any()


@pytest.mark.parametrize(
    "of_counts", [[0, 4, 2, 1], [10, 0, 2, 1], [10, 4, 0, 1], [0, 0, 0, 0], [10, 2, 5, 1], [30, 4, 2, 9], [4, 4, 8, 1]]
)
def test_discounts_that_cannot_be_are_flagged(of_counts):
    found, fallback = ngram_estimate.discounts(np.array([of_counts, [10, 4, 2, 1]]))
    assert found[0].tolist() == [0.5, 1, 1.5] and fallback.tolist() == [True, False]


def test_unknown_words_stay_rare_though_many_were_seen():
    lines = [[0, 3, 0, 4, 0, 5, 0, 6, 0] for _ in range(5)]
    trained = Trained([lines], 3, 7)
    assert trained.unigrams[0] == min(trained.unigrams[[0, *range(2, 7)]])
    assert trained.p(0, (3,)) == pytest.approx(trained.unigrams[0], rel=1e-6)


def test_kneser_ney_foretells_what_comes_better_than_the_others():
    """Lines drawn by a chain of pairs; the probabilities of stupid back-off are its scores by their sum."""
    chance = np.random.Generator(np.random.PCG64(11))
    follows = chance.dirichlet(np.full(40, 0.1), 40)
    lines = [[int(chance.integers(40))] for _ in range(400)]
    for line in lines:
        for _ in range(8):
            line.append(int(chance.choice(40, p=follows[line[-1]])))
    lines = [[token + 3 for token in line] for line in lines]
    costs = {}
    for name, k in (("kneser_ney", 0), ("laplace", 1), ("add_k", 0.05), ("stupid_backoff", 0)):
        trained = Trained([lines[:300]], 3, 43, Smoothing(name, k))
        costs[name] = 0.0
        for line in lines[300:]:
            for place in range(1, len(line)):
                context = (1, *line)[max(0, place - 1) : place + 1]
                total = sum(trained.p(token, context) for token in range(43) if token != 1)
                costs[name] -= math.log(trained.p(line[place], context) / total)
    assert sorted(costs, key=costs.__getitem__)[0] == "kneser_ney"
    assert costs["add_k"] < costs["laplace"]


@pytest.mark.parametrize("order", [2, 6])
def test_one_empty_line_predicts_its_end(order):
    trained = Trained([[[]]], order, 3)
    assert trained.p(2, (1,)) + trained.p(0, (1,)) == pytest.approx(1)


def test_blocks_are_many_where_n_grams_are_many(monkeypatch):
    whole = Trained([LINES], 4, 6)
    monkeypatch.setattr(ngram_estimate, "BLOCK", 3)
    parts = Trained([LINES], 4, 6)
    assert parts.probabilities == whole.probabilities and parts.backoffs == whole.backoffs
    (merged,) = partitions([LINES], 4, 1)
    blocks = list(ngram_estimate.estimate(merged, 4, [1] * 4, Smoothing("kneser_ney"), whole.discounts, whole.unigrams))
    assert max(len(block.ids) for block in blocks) == 3
    assert all(block.ids.dtype == np.int32 and block.logs.dtype == np.float32 for block in blocks)
