"""The plan of a run over a packed folder; and what is in the part of each source that stands for all of it.

How often a part comes is known only when its own tokens are counted: it is shown again and again, so that a mean
over all sequences would be wrong by the same each time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .packed import PackedIndex
from .plan import Part, Phase, Plan, allot, budget, part_rows, part_sequences
from .sequences import Shards

CHUNK_SEQUENCES = 1 << 22
"""So many sequences are counted at once, in the order of their shards, so that each is opened once for all."""


def plan_of(
    index: PackedIndex, folder: str, phases: Sequence[Phase], max_epochs: float, target_tokens: int = 0
) -> Plan:
    """The plan of `allot` for a packed folder.

    target_tokens: budget of the run that this one stands for (0: none); each source is then cut down to
    n_tokens / target_tokens of its sequences, the same ones in every mixture and for every seed. Raises
    ConfigError as `allot` and `part_sequences` do, DataError if a file is damaged.
    """
    part = draw(index, folder, phases, target_tokens) if target_tokens else None
    return allot(phases, index.available(), max_epochs, part)


def draw(index: PackedIndex, folder: str, phases: Sequence[Phase], target_tokens: int) -> Part:
    """The part of each source that has a weight in some phase. Raises ConfigError, DataError."""
    n_tokens = budget(phases)
    drawn = {}
    for name, (there, all_tokens) in index.available().items():
        if any(phase.weights.get(name) for phase in phases):
            n = part_sequences(there, n_tokens, target_tokens)
            drawn[name] = n, all_tokens if n == there else _tokens(index, folder, name, n)
    return Part(target_tokens, drawn)


def _tokens(index: PackedIndex, folder: str, name: str, n: int) -> int:
    """Predicted pairs in the part of a source that has n sequences."""
    shards, total = Shards(index, folder, index.sources[name].train.shards), 0
    for begin in range(0, n, CHUNK_SEQUENCES):
        rows = part_rows(name, np.arange(begin, min(begin + CHUNK_SEQUENCES, n)), len(shards))
        total += int(shards.layout(np.sort(rows)).tokens.sum())
    return total
