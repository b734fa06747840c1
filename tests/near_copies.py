"""Near copies of real documents, by seeded edits, and the brute-force truth about pairs of documents."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence

import numpy as np
from strategies import buffers

TOKEN = re.compile(r"[\u3400-\u9fff\u3040-\u30ff\u0e00-\u0e7f]|[^\s\u3400-\u9fff\u3040-\u30ff\u0e00-\u0e7f]+|\s+")
"""A character of an unspaced script, a run of what is no white space, or white space."""


def edited(text: str, share: float, pool: Sequence[str], chance: random.Random) -> str:
    """A text with this share of its words (or unspaced characters) replaced by ones of the pool."""
    tokens = TOKEN.findall(text)
    return "".join(
        chance.choice(pool) if not token.isspace() and chance.random() < share else token for token in tokens
    )


def near_copies(texts: Sequence[str], n_copies: int, seed: int, most: float = 0.06) -> list[tuple[int, str]]:
    """(number of the original, text) of copies of different texts, with up to this share of their words replaced.

    5-word shingles that are all different have at a share p the similarity q / (2 - q) with q = (1 - p)^5.
    """
    chance = random.Random(seed)
    pool = [token for text in texts[:50] for token in TOKEN.findall(text) if not token.isspace()]
    numbers = sorted(chance.sample(range(len(texts)), n_copies))
    return [(number, edited(texts[number], chance.uniform(0, most), pool, chance)) for number in numbers]


def similar_pairs(
    texts: Sequence[str], least: float, n_words: int = 5, n_chars: int = 8
) -> dict[tuple[int, int], float]:
    """Every pair of texts, i < j, that shares a shingle and has at least this Jaccard similarity, and that.

    The sizes of all intersections are the product of the matrix of documents and shingles with itself.
    """
    from scipy.sparse import csr_array, triu

    from stages.kernels import shingles

    values, firsts = shingles.sets(*buffers(list(texts)), n_words, n_chars)
    numbers = np.unique(values, return_inverse=True)[1]
    member = csr_array(
        (np.ones(len(values), np.int32), numbers, firsts), shape=(len(texts), numbers.max(initial=0) + 1)
    )
    common = triu(member @ member.T, 1).tocoo()
    sizes = np.diff(firsts)
    found = common.data / (sizes[common.row] + sizes[common.col] - common.data)
    rows = np.flatnonzero(found >= least)
    pairs = zip(common.row[rows].tolist(), common.col[rows].tolist(), strict=True)
    return dict(zip(pairs, found[rows].tolist(), strict=True))


def pairs_within(clusters: Sequence[Sequence[int]]) -> set[tuple[int, int]]:
    """All pairs of members of the same cluster, i < j."""
    return {pair for members in clusters for pair in itertools.combinations(sorted(members), 2)}
