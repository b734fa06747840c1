"""A small causal decoder: pre-norm RMSNorm, rotary positions, SwiGLU, no biases.

Letters: B sequences, T slots, C width, H heads, D width of a head (C / H), F width of the SwiGLU, V vocabulary.

Sources: RMSNorm arXiv 1910.07467, rotary positions arXiv 2104.09864 (halves rotated, base 10,000),
SwiGLU arXiv 2002.05202. Initial weights are normal with std 1 / sqrt(columns), those that write to the residual stream
divided by sqrt(2 x layers) as in GPT-2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

ROTARY_BASE = 10_000.0


@dataclass(frozen=True, kw_only=True)
class Shape:
    """All that the weights' shapes depend on. hidden is F; width must be a multiple of 2 x heads."""

    vocab_size: int
    sequence_tokens: int
    layers: int
    width: int
    heads: int
    hidden: int
    tie_embeddings: bool

    @property
    def head_width(self) -> int:
        """D."""
        return self.width // self.heads


def hidden_width(width: int, mlp_ratio: float) -> int:
    """F: mlp_ratio x width, rounded up to a multiple of 8."""
    return 8 * math.ceil(mlp_ratio * width / 8)


def rotary_table(sequence_tokens: int, head_width: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines, float32 [T, D / 2]: of position t times base^(-2 i / D)."""
    rates = ROTARY_BASE ** (-torch.arange(0, head_width, 2, dtype=torch.float64) / head_width)
    angles = torch.outer(torch.arange(sequence_tokens, dtype=torch.float64), rates)
    return angles.cos().float(), angles.sin().float()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate each pair (i, i + D / 2) of x [.., T, D] by its position's angle; cos and sin are [T, D / 2]."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def document_mask(piece: Tensor) -> Tensor:
    """Who sees whom, bool [B, 1, T, T], from piece numbers [B, T]: slots of the same piece that are not later."""
    n_slots = piece.shape[1]
    causal = torch.ones(n_slots, n_slots, dtype=torch.bool, device=piece.device).tril()
    return ((piece[:, :, None] == piece[:, None, :]) & causal)[:, None]


class Attention(nn.Module):
    """Causal self-attention of H heads with rotary positions."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.out = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        """x [B, T, C] to [B, T, C]; mask as of `document_mask`, or None: each slot sees all before it."""
        n_rows, n_slots, width = x.shape
        split = self.qkv(x).view(n_rows, n_slots, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)  # [B, H, T, D] each
        query, key = rotate(query, cos, sin).to(value.dtype), rotate(key, cos, sin).to(value.dtype)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=mask is None)
        mixed: Tensor = self.out(seen.transpose(1, 2).reshape(n_rows, n_slots, width))
        return mixed


class SwiGLU(nn.Module):
    """silu(x G) * (x U), projected back: the gate G and U are one matrix."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_up = nn.Linear(shape.width, 2 * shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """x [B, T, C] to [B, T, C]."""
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        added: Tensor = self.down(functional.silu(gate) * up)
        return added


class Block(nn.Module):
    """x + attention(norm(x)), then x + swiglu(norm(x))."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(shape.width, eps=1e-6)
        self.attention = Attention(shape)
        self.mlp_norm = nn.RMSNorm(shape.width, eps=1e-6)
        self.mlp = SwiGLU(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        """x [B, T, C] to [B, T, C]."""
        x = x + self.attention(self.attention_norm(x), cos, sin, mask)
        added: Tensor = self.mlp(self.mlp_norm(x))
        return x + added


class Decoder(nn.Module):
    """The language model. Its initial weights depend on the shape and the seed alone."""

    cos: Tensor
    sin: Tensor

    def __init__(self, shape: Shape, seed: int) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocab_size, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=1e-6)
        self.head = nn.Linear(shape.width, shape.vocab_size, bias=False)
        if shape.tie_embeddings:
            self.head.weight = self.embedding.weight
        cos, sin = rotary_table(shape.sequence_tokens, shape.head_width)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._draw(torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def _draw(self, generator: torch.Generator) -> None:
        """Draw all matrices, on the CPU whatever the device will be, in order of declaration."""
        for name, weight in self.named_parameters():
            if weight.ndim < 2:
                continue  # the norms' gains begin as ones
            std = weight.shape[1] ** -0.5
            if name.endswith(("attention.out.weight", "mlp.down.weight")):
                std /= math.sqrt(2 * self.shape.layers)
            weight.normal_(0.0, std, generator=generator)

    def forward(self, inputs: Tensor, piece: Tensor | None) -> Tensor:
        """Logits [B, T, V] of the token after each slot.

        inputs: token ids int64 [B, T]. piece: numbers of pieces [B, T]: slots of different pieces do not see each
        other; None: they do.
        """
        n_slots = inputs.shape[1]
        mask = None if piece is None else document_mask(piece)
        cos, sin = self.cos[:n_slots], self.sin[:n_slots]
        x = self.embedding(inputs)
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        logits: Tensor = self.head(self.norm(x))
        return logits

    def n_parameters(self) -> int:
        """How many numbers are learned; a tied embedding counts once."""
        return sum(weight.numel() for weight in self.parameters())
