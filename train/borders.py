"""Where the pieces of packed sequences begin and end, for models that keep documents apart.

Letters: B sequences of a batch, S slots = T+1, T predicted positions (the inputs of a model), n segments.
"""

from __future__ import annotations

import numpy as np


def cu_seqlens(piece: np.ndarray) -> np.ndarray:
    """The borders of the segments in the inputs of a batch, laid end to end: int32[n+1], from 0 to B*T.

    piece int32[B,S]: number of the piece at each slot, -1 for padding, as a batch of the loader has it. A segment
    is what one piece has among the T inputs of its sequence, or their padding; none reaches over two sequences.
    The form is that of FlashAttention's `flash_attn_varlen_func`, whose `max_seqlen` is the greatest difference.
    """
    assert piece.size < 1 << 31
    borders = np.append(np.flatnonzero(_begins(piece)), piece.shape[0] * (piece.shape[1] - 1))
    return borders.astype(np.int32)


def positions(piece: np.ndarray) -> np.ndarray:
    """The position of each input in its segment (see `cu_seqlens`), counted from 0: int32[B,T] for int32[B,S]."""
    borders = cu_seqlens(piece)
    inputs = np.arange(borders[-1], dtype=np.int32)
    inputs -= np.repeat(borders[:-1], np.diff(borders))
    return inputs.reshape(piece.shape[0], piece.shape[1] - 1)


def _begins(piece: np.ndarray) -> np.ndarray:
    """Whether an input is the first of its segment, bool[B,T]."""
    begins = np.ones((piece.shape[0], piece.shape[1] - 1), bool)
    begins[:, 1:] = piece[:, 1:-1] != piece[:, :-2]
    return begins
