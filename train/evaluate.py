"""Bits per byte on the validation sequences of every source: comparable between tokenizers.

Letters: R sequences at once, T predicted positions, V vocabulary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .loader import Batch, validation_batches
from .packed import PackedIndex

IGNORED = -100
"""The target of positions that do not count; torch's cross-entropy leaves it out."""


@dataclass(frozen=True)
class Score:
    """How well the model predicts a source: sums over all its validation targets."""

    nats: float
    bytes: int
    tokens: int
    sequences: int

    @property
    def bits_per_byte(self) -> float | None:
        """Bits per byte of UTF-8; None if there was no text."""
        return self.nats / math.log(2) / self.bytes if self.bytes else None


@dataclass(frozen=True)
class Place:
    """Where and how numbers are computed: device, and the type of matrix products (None: float32)."""

    device: torch.device
    autocast: torch.dtype | None

    def sequences_at_once(self, index: PackedIndex) -> int:
        """R: so many sequences that their logits, the largest array there is, stay in a CPU's cache or a GPU's memory.

        Larger batches are summed up from such parts.
        """
        most = 1 << 21 if self.device.type == "cpu" else 1 << 30
        return max(1, most // (index.sequence_tokens * index.vocab_size))


def token_nats(model: nn.Module, batch: Batch, rows: slice, place: Place, across: bool) -> Tensor:
    """Nats of every target of a batch's rows, float32 [R, T]; 0 where the mask is false.

    across: documents packed together see one another.
    """
    inputs = torch.from_numpy(batch.inputs[rows]).to(place.device, non_blocking=True)
    targets = torch.from_numpy(np.where(batch.mask[rows], batch.targets[rows], IGNORED))
    targets = targets.to(place.device, non_blocking=True)
    piece = None if across else torch.from_numpy(batch.piece[rows, :-1]).to(place.device, non_blocking=True)
    with torch.autocast(place.device.type, place.autocast, enabled=place.autocast is not None):
        logits = model(inputs, piece)
    nats = functional.cross_entropy(
        logits.float().flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return nats.view(targets.shape)


@torch.no_grad()
def evaluate(
    model: nn.Module, index: PackedIndex, folder: str, sizes: np.ndarray, place: Place, across: bool, max_tokens: int
) -> dict[str, Score]:
    """The score on each source's validation sequences, at most `max_tokens` predicted pairs of each.

    sizes: bytes that each token stands for, int32[V]. Sums are float64. Raises DataError if a file is damaged.
    """
    scores = {}
    for source in index.sources:
        nats = torch.zeros((), dtype=torch.float64, device=place.device)
        n_bytes = n_tokens = n_sequences = 0
        for batch in validation_batches(index, folder, source, place.sequences_at_once(index), max_tokens):
            nats += token_nats(model, batch, slice(None), place, across).sum(dtype=torch.float64)
            n_bytes += int(sizes[batch.targets[batch.mask]].sum(dtype=np.int64))
            n_tokens += int(batch.mask.sum())
            n_sequences += len(batch.inputs)
        scores[source] = Score(nats.item(), n_bytes, n_tokens, n_sequences)
    return scores
