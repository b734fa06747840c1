"""Made-up MinHash signatures with planted clusters, any shard of which is made without the others.

Document n takes the slot (a n + c) mod N, and runs of slots are clusters: the first a giant of 1 % of all documents, then
many of each size of SIZES; the rest are alone. So the members of a cluster are far apart in the corpus. A member other
than the first has each minimum of the first with the probability of the cluster's similarity, else a random one, which
is what MinHash gives for two sets of that Jaccard similarity. Letters: N documents, M of them asked for, H minima.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numba import njit

GIANT = 0.01
"""Share of the documents that is in one cluster."""
SIZES = {2: 0.08, 3: 0.02, 5: 0.015, 10: 0.01, 30: 0.01, 300: 0.01, 3000: 0.01}
"""Size of a cluster -> share of the documents that is in clusters of this size, as far as a whole one fits."""
SIMILARITIES = np.round(np.arange(0.5, 1.001, 0.05), 2)
GIANT_SIMILARITY = 0.95
ALONE = -1


@njit(cache=True, nogil=True)
def _mixed(x):
    """The finalizer of SplitMix64 (Steele et al. 2014)."""
    x += np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@njit(cache=True, nogil=True)
def _fill(numbers_M, clusters_M, members_M, chances_M, seed, found_MH):
    for row in range(len(numbers_M)):
        own = _mixed(seed ^ (np.uint64(numbers_M[row]) << np.uint64(1)))
        base = _mixed(~seed ^ (np.uint64(clusters_M[row]) << np.uint64(1)))
        chance = np.uint64(chances_M[row])
        for i in range(found_MH.shape[1]):
            drawn = _mixed(own ^ np.uint64(i))
            if clusters_M[row] >= 0 and (members_M[row] == 0 or (drawn >> np.uint64(32)) < chance):
                drawn = _mixed(base ^ np.uint64(i))
            found_MH[row, i] = drawn & np.uint64(0xFFFFFFFF)


class Planted:
    """N signatures of H minima, and what is planted in them."""

    def __init__(self, n_documents: int, n_minima: int = 112, seed: int = 0) -> None:
        self.n, self.n_minima, self.seed = n_documents, n_minima, seed
        sizes = [max(1, int(GIANT * n_documents))]
        for size, share in SIZES.items():
            sizes += [size] * int(share * n_documents / size)
        self.firsts = np.cumsum([0, *sizes])
        """int64[C+1]: the first slot of each cluster; the slots after the last are of documents that are alone."""
        assert self.firsts[-1] <= n_documents
        step = int(n_documents * (math.sqrt(5) - 1) / 2) | 1
        while math.gcd(step, n_documents) > 1:
            step += 2
        self._step, self._shift = step, n_documents // 3

    def places(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The cluster of documents, or ALONE, and their places in it, from 0: int64[M] each."""
        slots = (numbers.astype(np.int64) * self._step + self._shift) % self.n
        clusters = np.searchsorted(self.firsts, slots, side="right") - 1
        members = slots - self.firsts[clusters]
        return np.where(slots < self.firsts[-1], clusters, ALONE), members

    def numbers(self, slots: np.ndarray) -> np.ndarray:
        """The documents that have these slots, int64[M]."""
        back = pow(self._step, -1, self.n)
        return (slots.astype(np.int64) - self._shift) % self.n * back % self.n

    @cached_property
    def similarities(self) -> np.ndarray:
        """That of each cluster, float64[C]; every size has all of them."""
        found = SIMILARITIES[np.arange(len(self.firsts) - 1) % len(SIMILARITIES)]
        found[0] = GIANT_SIMILARITY
        return found

    def signatures(self, numbers: np.ndarray) -> np.ndarray:
        """uint32[M, H] of these documents."""
        clusters, members = self.places(numbers)
        chances = np.where(clusters == ALONE, 0, np.round(self.similarities[clusters] * 2.0**32)).astype(np.int64)
        found = np.empty((len(numbers), self.n_minima), np.uint32)
        _fill(numbers.astype(np.int64), clusters, members, chances, np.uint64(self.seed), found)
        return found

    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The planted clusters of two: the lower and the higher document, int64[E] each, and their similarity."""
        clusters = np.flatnonzero(np.diff(self.firsts) == 2)
        ends = [self.numbers(self.firsts[clusters] + member) for member in (0, 1)]
        return np.minimum(*ends), np.maximum(*ends), self.similarities[clusters]


def found_chance(similarity: float, bands: int, rows: int, least: int) -> float:
    """How likely it is that two signatures share a band and agree in at least `least` of bands x rows minima.

    Given the number of equal minima, their places are any with the same chance: inclusion and exclusion over bands.
    """
    n = bands * rows
    total = 0.0
    for equal in range(least, n + 1):
        ways = math.comb(n, equal)
        shared = sum(
            (-1) ** (j + 1) * math.comb(bands, j) * math.comb(n - j * rows, equal - j * rows)
            for j in range(1, equal // rows + 1)
        )
        total += shared * similarity**equal * (1 - similarity) ** (n - equal) if ways else 0.0
    return total
