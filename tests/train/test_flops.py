"""Operations counted by formula against those that torch counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from train.flops import matrix_weights, training_flops
from train.model import Decoder, Shape

SHAPE = Shape(vocab_size=50, sequence_tokens=24, layers=3, width=16, heads=2, hidden=40, tie_embeddings=False)


@pytest.mark.parametrize("tied", [False, True])
def test_equal_to_what_torch_counts(tied):
    model = Decoder(replace(SHAPE, tie_embeddings=tied), seed=0)
    inputs = torch.zeros(2, 24, dtype=torch.long)
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        model(inputs, None).sum().backward()
    unseen = 12 * 3 * 16 * (24 * 23 // 2)  # torch also counts the pairs above the diagonal
    assert counter.get_total_flops() == training_flops(model.shape, 2) + 2 * unseen


def test_weights_of_matrices_are_all_but_embedding_and_norms():
    model = Decoder(SHAPE, seed=0)
    vectors = sum(weight.numel() for weight in model.parameters() if weight.ndim == 1)
    assert matrix_weights(SHAPE) == model.n_parameters() - vectors - model.embedding.weight.numel()


def test_by_hand():
    blocks, head, pairs = 3 * (4 * 16 * 16 + 3 * 16 * 40), 16 * 50, 24 * 25 // 2
    assert training_flops(SHAPE, 10) == 10 * (6 * (blocks + head) * 24 + 12 * 3 * 16 * pairs) == 15_598_080
    assert training_flops(SHAPE, 0) == 0
