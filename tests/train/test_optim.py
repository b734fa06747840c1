"""AdamW against its formula, what decays, and the learning rate at every end."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from train.model import Decoder, Shape
from train.optim import learning_rate, make_optimizer, set_learning_rate

SHAPE = Shape(vocab_size=5, sequence_tokens=4, layers=1, width=8, heads=2, hidden=8, tie_embeddings=False)


def test_learning_rate_rises_to_its_peak_and_ends_at_a_tenth():
    rates = [learning_rate(step, 100, 0.02, 0.1) for step in range(100)]
    assert rates[0] == pytest.approx(0.002)
    assert rates[4] == pytest.approx(0.01)
    assert rates[9] == 0.02 == max(rates)
    assert rates[54] == pytest.approx(0.02 * 0.55)  # half way down the cosine
    assert rates[99] == pytest.approx(0.002)
    assert rates[:10] == sorted(rates[:10]) and rates[9:] == sorted(rates[9:], reverse=True)


@pytest.mark.parametrize(
    ("n_steps", "warmup_frac", "expected"),
    [
        (1, 0.0, [1.0]),
        (1, 1.0, [1.0]),
        (2, 0.0, [1.0, 0.1]),
        (3, 0.0, [1.0, 0.55, 0.1]),
        (4, 1.0, [0.25, 0.5, 0.75, 1.0]),
        (4, 0.75, [1 / 3, 2 / 3, 1.0, 0.1]),
    ],
)
def test_learning_rate_of_short_runs(n_steps, warmup_frac, expected):
    assert [learning_rate(step, n_steps, 1.0, warmup_frac) for step in range(n_steps)] == pytest.approx(expected)


def give_gradients(model, step):
    for number, weight in enumerate(model.parameters()):
        generator = torch.Generator().manual_seed(100 * step + number)
        weight.grad = torch.randn(weight.shape, generator=generator) * 10.0 ** (step - 3)


@pytest.mark.parametrize("tied", [False, True])
def test_a_step_is_that_of_the_paper(tied):
    """Algorithm 2 of arXiv 1711.05101 written out in float64, the decay times the learning rate."""
    model = Decoder(replace(SHAPE, tie_embeddings=tied), seed=0)
    optimizer = make_optimizer(model, 0.3)
    weights = [weight.detach().double() for weight in model.parameters()]
    first, second = ([torch.zeros_like(weight) for weight in weights] for _ in range(2))
    for step, rate in enumerate((0.1, 0.05, 0.02, 0.1, 0.0)):
        give_gradients(model, step)
        gradients = [weight.grad.double() for weight in model.parameters()]
        set_learning_rate(optimizer, rate)
        optimizer.step()
        for i, gradient in enumerate(gradients):
            first[i] = 0.9 * first[i] + 0.1 * gradient
            second[i] = 0.95 * second[i] + 0.05 * gradient**2
            decayed = weights[i] * (1 - rate * 0.3) if weights[i].ndim >= 2 else weights[i]
            scale = (second[i] / (1 - 0.95 ** (step + 1))).sqrt() + 1e-8
            weights[i] = decayed - rate * first[i] / (1 - 0.9 ** (step + 1)) / scale
        for (name, weight), expected in zip(model.named_parameters(), weights, strict=True):
            torch.testing.assert_close(weight.double(), expected, rtol=1e-5, atol=1e-6, msg=f"{name} after step {step}")


def test_only_matrices_decay():
    model = Decoder(SHAPE, seed=0)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer = make_optimizer(model, weight_decay=0.3)
    set_learning_rate(optimizer, 0.1)
    optimizer.step()
    for name, weight in model.named_parameters():
        torch.testing.assert_close(weight.detach(), before[name] * (1.0 if "norm" in name else 0.97), msg=name)


def test_goes_on_from_its_state(tmp_path):
    """Bit for bit, through a file."""
    one, other = Decoder(SHAPE, seed=0), Decoder(SHAPE, seed=1)
    straight, resumed = make_optimizer(one, 0.1), make_optimizer(other, 0.1)
    for step in range(6):
        give_gradients(one, step)
        set_learning_rate(straight, 0.01)
        straight.step()
        if step == 2:
            torch.save(straight.state_dict(), tmp_path / "state")
            resumed.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
            other.load_state_dict(one.state_dict())
        if step > 2:
            give_gradients(other, step)
            resumed.step()
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(one.parameters(), other.parameters(), strict=True))


def test_without_a_learning_rate_nothing_moves():
    model = Decoder(SHAPE, seed=0)
    before = [weight.detach().clone() for weight in model.parameters()]
    give_gradients(model, 0)
    make_optimizer(model, weight_decay=0.1).step()
    assert all(torch.equal(weight, old) for weight, old in zip(model.parameters(), before, strict=True))
