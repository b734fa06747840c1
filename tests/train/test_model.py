"""The decoder against a written-out one, against finite differences, and that nobody sees what they must not."""

from __future__ import annotations

import cmath
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from train.model import Decoder, Shape, document_mask, hidden_width, rotary_table, rotate

TINY = Shape(vocab_size=11, sequence_tokens=8, layers=2, width=12, heads=3, hidden=16, tie_embeddings=False)


def tokens(n_rows=2, n_slots=8, seed=0):
    return torch.randint(TINY.vocab_size, (n_rows, n_slots), generator=torch.Generator().manual_seed(seed))


def turned(vector, position):
    """A head's vector rotated: pairs (i, i + D/2) are complex numbers times e^(i position / 10000^(2i/D))."""
    half = len(vector) // 2
    pairs = [
        complex(vector[i], vector[i + half]) * cmath.exp(1j * position * 10_000 ** (-i / half)) for i in range(half)
    ]
    return [pair.real for pair in pairs] + [pair.imag for pair in pairs]


def normed(x, gain):
    return x / np.sqrt((x * x).mean() + 1e-6) * gain


def naive_logits(model, inputs, piece):
    """The whole model in float64, slot by slot and head by head, from the definitions."""
    w = {name: weight.detach().double().numpy() for name, weight in model.state_dict().items()}
    heads, width = model.shape.heads, model.shape.width
    size = width // heads
    x = [w["embedding.weight"][token] for token in inputs]
    for b in range(model.shape.layers):
        block = {name.removeprefix(f"blocks.{b}."): weight for name, weight in w.items()}
        qkv = [block["attention.qkv.weight"] @ normed(one, block["attention_norm.weight"]) for one in x]
        for t in range(len(x) - 1, -1, -1):
            seen = []
            for h in range(heads):
                at = slice(h * size, (h + 1) * size)
                query = np.array(turned(qkv[t][:width][at], t))
                near = [s for s in range(t + 1) if piece is None or piece[s] == piece[t]]
                keys = [np.array(turned(qkv[s][width : 2 * width][at], s)) for s in near]
                scores = np.exp([query @ one / math.sqrt(size) for one in keys])
                values = [qkv[s][2 * width :][at] for s in near]
                seen.append(sum(a * v for a, v in zip(scores / scores.sum(), values, strict=True)))
            x[t] = x[t] + block["attention.out.weight"] @ np.concatenate(seen)
        for t, one in enumerate(x):
            gate, up = np.split(block["mlp.gate_up.weight"] @ normed(one, block["mlp_norm.weight"]), 2)
            x[t] = one + block["mlp.down.weight"] @ (gate / (1 + np.exp(-gate)) * up)
    return np.stack([w["head.weight"] @ normed(one, w["norm.weight"]) for one in x])


@pytest.mark.parametrize("piece", [None, [0, 0, 0, 1, 1, 2, -1, -1]])
@pytest.mark.parametrize("tied", [False, True])
def test_equals_the_written_out_model(piece, tied):
    model = Decoder(replace(TINY, tie_embeddings=tied), seed=3)
    for name, weight in model.named_parameters():
        if name.endswith("norm.weight"):  # gains that are not all the same
            torch.nn.init.normal_(weight, 1.0, 0.3)
    inputs = tokens(1)
    logits = model(inputs, None if piece is None else torch.tensor([piece], dtype=torch.int32))
    np.testing.assert_allclose(logits[0].detach(), naive_logits(model, inputs[0].tolist(), piece), rtol=1e-4, atol=1e-5)


def test_a_later_token_changes_no_earlier_logit():
    model, inputs = Decoder(TINY, seed=0), tokens()
    for piece in (None, torch.zeros(2, 8, dtype=torch.int32)):
        before = model(inputs, piece)
        for slot in range(8):
            changed = inputs.clone()
            changed[:, slot] = (changed[:, slot] + 1) % TINY.vocab_size
            after = model(changed, piece)
            assert torch.equal(after[:, :slot], before[:, :slot])
            assert not torch.allclose(after[:, slot:], before[:, slot:])


def test_packed_documents_are_as_if_alone():
    model, inputs = Decoder(TINY, seed=0), tokens(1)
    piece = torch.tensor([[0, 0, 0, 1, 1, 1, 1, -1]], dtype=torch.int32)
    packed, across = model(inputs, piece), model(inputs, None)
    for begin, end in ((0, 3), (3, 7)):
        alone = model(inputs[:, begin:end], None)
        torch.testing.assert_close(packed[:, begin:end], alone, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(packed[:, 3:7], across[:, 3:7], rtol=1e-4, atol=1e-5)


def test_mask_of_documents():
    mask = document_mask(torch.tensor([[0, 0, 1, -1]], dtype=torch.int32))
    assert mask.shape == (1, 1, 4, 4)
    assert mask[0, 0].int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


def test_rotation_keeps_lengths_and_depends_on_distance_only():
    cos, sin = rotary_table(300, 8)
    query, key = torch.randn(2, 8, generator=torch.Generator().manual_seed(0))
    at = rotate(query.expand(300, 8), cos, sin), rotate(key.expand(300, 8), cos, sin)
    torch.testing.assert_close(at[0].norm(dim=-1), query.norm().expand(300))
    products = torch.tensor([at[0][t + 5] @ at[1][t] for t in (0, 1, 50, 294)])
    torch.testing.assert_close(products, products[:1].expand(4), rtol=1e-4, atol=1e-4)
    assert abs(float(at[0][5] @ at[1][0]) - float(at[0][6] @ at[1][0])) > 1e-3


def test_gradients_equal_finite_differences():
    model = Decoder(TINY, seed=1).double()
    inputs, piece = tokens(2, 6), torch.tensor([[0, 0, 0, 1, 1, -1], [0] * 6], dtype=torch.int32)

    def loss():
        return torch.nn.functional.cross_entropy(model(inputs, piece)[:, :-1].flatten(0, 1), inputs[:, 1:].flatten())

    loss().backward()
    step = 1e-6
    for name, weight in model.named_parameters():
        for place in ((0,) * weight.ndim, tuple(n // 2 for n in weight.shape), tuple(n - 1 for n in weight.shape)):
            with torch.no_grad():
                values = []
                for way in (step, -2 * step):
                    weight[place] += way
                    values.append(loss().item())
                weight[place] += step
            slope = (values[0] - values[1]) / (2 * step)
            assert slope == pytest.approx(weight.grad[place].item(), rel=1e-5, abs=1e-8), (name, place)


def test_initial_weights_depend_on_shape_and_seed_alone():
    one = Decoder(TINY, seed=5).state_dict()
    torch.manual_seed(99)  # the global generator has no part in it
    again, other = Decoder(TINY, seed=5).state_dict(), Decoder(TINY, seed=6).state_dict()
    assert list(one) == list(again)
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["head.weight"], other["head.weight"])


def test_initial_predictions_are_near_uniform():
    shape = Shape(vocab_size=512, sequence_tokens=64, layers=4, width=64, heads=4, hidden=192, tie_embeddings=False)
    inputs = torch.randint(512, (4, 64), generator=torch.Generator().manual_seed(0))
    for tied in (False, True):
        logits = Decoder(replace(shape, tie_embeddings=tied), seed=0)(inputs, None)
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), inputs[:, 1:].flatten()).item()
        assert abs(loss - math.log(512)) < 0.75


def test_parameters_are_counted_once():
    block = 12 * 36 + 12 * 12 + 12 * 32 + 16 * 12 + 2 * 12
    assert Decoder(TINY, seed=0).n_parameters() == 2 * block + 12 + 2 * 11 * 12
    tied = Decoder(replace(TINY, tie_embeddings=True), seed=0)
    assert tied.n_parameters() == 2 * block + 12 + 11 * 12
    assert tied.head.weight is tied.embedding.weight


def test_width_of_swiglu_is_a_multiple_of_8():
    assert [hidden_width(64, 3.0), hidden_width(64, 8 / 3), hidden_width(4, 0.01)] == [192, 176, 8]
