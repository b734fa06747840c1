"""Training steps are those of the formulas, and the formulas' gradient is the loss's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_sgd import loss_of, step

from stages.kernels.sgd import steps

examples = st.lists(st.tuples(st.lists(st.integers(0, 6), min_size=1, max_size=9), st.integers(0, 2)), max_size=12)


def matrices(n_labels: int = 3, seed: int = 5):
    chance = np.random.default_rng(seed)
    return chance.normal(size=(7, 4)).astype(np.float32), chance.normal(size=(n_labels, 4)).astype(np.float32)


def arrays(given_examples):
    sizes = [len(features) for features, _ in given_examples]
    ids = np.array([feature for features, _ in given_examples for feature in features], np.int32)
    labels = np.array([label for _, label in given_examples], np.int64)
    return ids, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), labels


@given(examples, st.sampled_from([0.05, 0.5]))
@settings(max_examples=60)
def test_steps_are_those_of_the_formulas(given_examples, rate):
    inputs, outputs = matrices()
    slow_inputs, slow_outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    drop = rate / 20
    for number, (features, label) in enumerate(given_examples):
        step(slow_inputs, slow_outputs, features, label, rate - number * drop)
    steps(inputs, outputs, *arrays(given_examples), rate, drop)
    np.testing.assert_allclose(inputs, slow_inputs, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(outputs, slow_outputs, rtol=1e-3, atol=1e-4)


def test_a_step_goes_against_the_measured_gradient():
    features, label, small = [0, 3, 3, 5], 1, 1e-5
    start = [matrix.astype(np.float64) for matrix in matrices()]
    after = [matrix.copy() for matrix in start]
    step(*after, features, label, 1e-4)
    for which in (0, 1):
        for place in np.ndindex(start[which].shape):
            near = [[matrix.copy() for matrix in start] for _ in range(2)]
            near[0][which][place] -= small
            near[1][which][place] += small
            slope = (loss_of(*near[1], features, label) - loss_of(*near[0], features, label)) / (2 * small)
            moved = (after[which][place] - start[which][place]) / 1e-4
            assert moved == pytest.approx(-slope, rel=1e-2, abs=1e-6)


def test_steps_in_two_calls_are_those_in_one():
    given_examples = [([0, 1, 2], 0), ([3], 1), ([4, 4, 5], 2), ([0, 6], 1)]
    once, twice = matrices(), matrices()
    ids, firsts, labels = arrays(given_examples)
    steps(*once, ids, firsts, labels, 1.0, 0.25)
    steps(*twice, ids, firsts[:3], labels[:2], 1.0, 0.25)
    steps(*twice, ids, firsts[2:], labels[2:], 0.5, 0.25)
    assert all(one.tobytes() == other.tobytes() for one, other in zip(once, twice, strict=True))


def test_separable_examples_are_learned_and_huge_rates_stay_finite():
    inputs, outputs = matrices(2)
    given_examples = [([0, 1], 0), ([2, 3], 1)] * 100
    before = [loss_of(inputs, outputs, *example) for example in given_examples[:2]]
    steps(inputs, outputs, *arrays(given_examples), 0.5, 0.0)
    assert max(loss_of(inputs, outputs, *example) for example in given_examples[:2]) < min(0.1, *before)
    steps(inputs, outputs, *arrays(given_examples), 1e6, 0.0)
    assert np.isfinite(inputs).all() and np.isfinite(outputs).all()
