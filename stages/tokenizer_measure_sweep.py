"""What smaller vocabularies of the same byte-level BPE would make of the same text, without training or encoding again.

BPE learns its merges one by one, so its vocabulary of size k is the first merges of the larger one. Where no merge uses
a token of a later one and no two make the same token, the larger one joins in the order of its merges; so the tokens
that the small one makes of a text are those of the large one, each split where a later merge joined it, and how often
each occurs is enough to count them.

Letters: V vocabulary, R merges, K sizes, G groups of text.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .tokenizer_measure import Counts

Int64s = npt.NDArray[np.int64]
FIRST = 512
STEPS = 4
"""Sizes to an octave, if the recipe gives none."""
MIN_POINTS = 5
"""A curve through fewer points has no bend worth a name."""


class Merges(NamedTuple):
    """How a vocabulary was learned. left, right, made int64[R]: the ids that each merge joins, and that of what it
    makes; first: the size of the vocabulary without merges, special tokens included."""

    left: Int64s
    right: Int64s
    made: Int64s
    first: int

    @property
    def last(self) -> int:
        """The size of the vocabulary."""
        return self.first + len(self.made)


def merges_of(content: dict[str, Any]) -> Merges | None:
    """The merges of a byte-level BPE that `encoder` takes; None where smaller vocabularies are not as told above."""
    model = content["model"]
    if model.get("type") != "BPE" or model.get("ignore_merges"):
        return None
    special = {one["content"] for one in content["added_tokens"]}
    tokens = {token: number for token, number in model["vocab"].items() if token not in special}
    known = {token for token in tokens if len(token) == 1}
    first, joined = len(special) + len(known), []
    for one in model["merges"]:
        left, right = one.split(" ") if isinstance(one, str) else one
        if special & {left, right, left + right}:
            continue  # as the encoder does
        if left not in known or right not in known or left + right in known:
            return None
        known.add(left + right)
        joined.append((tokens[left], tokens[right], tokens[left + right]))
    if len(known) != len(tokens):
        return None
    return Merges(*np.array(joined, np.int64).reshape(-1, 3).T, first)


def tokens_by_size(merges: Merges, groups: list[Counts], sizes: list[int]) -> list[list[int]]:
    """How many tokens the text of each of G groups is with vocabularies of K sizes: its bytes, less what is joined."""
    times = np.zeros((merges.last, len(groups)), np.int64)  # V x G
    for place, counts in enumerate(groups):
        times[:, place] = counts.dense(merges.last)
    joins = np.zeros((len(merges.made) + 1, len(groups)), np.int64)
    rows = zip(merges.left.tolist(), merges.right.tolist(), merges.made.tolist(), strict=True)
    for rank, (left, right, made) in reversed(list(enumerate(rows))):
        joins[rank + 1] = times[made]
        times[left] += times[made]
        times[right] += times[made]
        times[made] = 0
    n_left = times.sum(axis=0) - np.cumsum(joins, axis=0)  # of the first: bytes, all tokens being split by now
    chosen = np.clip(np.array(sizes) - merges.first, 0, len(merges.made))
    return [[int(n) for n in n_left[chosen, place]] for place in range(len(groups))]


def default_sizes(merges: Merges) -> list[int]:
    """Sizes at equal distances of their logarithm, from 512 to that of the vocabulary, powers of two among them."""
    n = max(0, math.floor(STEPS * math.log2(merges.last / FIRST)) + 1) if merges.last >= FIRST else 0
    return sorted({*(round(FIRST * 2 ** (step / STEPS)) for step in range(n)), merges.last})


def knee(sizes: list[int], tokens: list[int]) -> int | None:
    """The size where the curve of tokens bends most: farthest below the line from its first point to its last.

    Kneedle (Satopaa and others, 2011), of a falling curve that gets flatter, sizes by their logarithm. None with less
    than MIN_POINTS sizes, or if the curve never falls below the line.
    """
    if len(sizes) < MIN_POINTS or tokens[0] <= tokens[-1]:
        return None
    across = np.log2(np.array(sizes, float))
    across = (across - across[0]) / (across[-1] - across[0])
    down = (tokens[0] - np.array(tokens, float)) / (tokens[0] - tokens[-1])
    below = np.round(down - across, 9)
    place = int(below.argmax())
    return sizes[place] if below[place] > 0 else None
