"""How many floating-point operations a training run costs, with the output head and attention.

Letters: L blocks, C width, F width of SwiGLU, T slots of a sequence, V vocabulary.

A multiplication and its addition count as 2. Forward and backward cost 6 per weight of a matrix and slot (2 forward,
4 backward), and the embedding's look-up nothing: "6 N" of Kaplan et al. (arXiv 2001.08361), but with the head in N,
which small models spend most of their time in. Attention adds scores and their weighted sum, each 2 x C per pair of
slots forward and twice that backward: 12 x L x C per pair, for the T (T + 1) / 2 pairs that a causal model needs (PaLM,
arXiv 2204.02311, appendix B, counts all T^2). Norms, softmax, the optimizer and evaluation are left out.
"""

from __future__ import annotations

from .model import Shape


def matrix_weights(shape: Shape) -> int:
    """Weights that every slot is multiplied with: those of the blocks and of the head."""
    block = 4 * shape.width**2 + 3 * shape.width * shape.hidden
    return shape.layers * block + shape.width * shape.vocab_size


def training_flops(shape: Shape, n_sequences: int) -> int:
    """Operations to train on `n_sequences` sequences, padding included: it is computed as well."""
    n_slots = shape.sequence_tokens
    attention = 12 * shape.layers * shape.width * (n_slots * (n_slots + 1) // 2)
    return n_sequences * (6 * matrix_weights(shape) * n_slots + attention)
