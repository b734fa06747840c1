"""Probabilities of an n-gram model from counts, by modified Kneser-Ney and three simpler smoothings.

Letters: R n-grams, C contexts, V ids, N the full order. Every smoothing is put into the back-off form: the probability
of a token is that of the longest n-gram that the model has, times the back-off of each longer context. A context that
the model has without a back-off of its own, and one that it does not have, multiply by `unseen`: 1 but for stupid
back-off. Sources: Chen and Goodman 1998 (Kneser-Ney with three discounts, interpolated; add-k as "additive");
Heafield et al. 2013 (the same from counts of n-grams, as kenlm computes it); Brants et al. 2007 (stupid back-off).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .ngram_counts import Counts, Level, check_min_counts, counts_of_counts, level, sizes

Array = npt.NDArray[Any]
KNESER_NEY, LAPLACE, ADD_K, STUPID = "kneser_ney", "laplace", "add_k", "stupid_backoff"
SMOOTHINGS = (KNESER_NEY, LAPLACE, ADD_K, STUPID)
STUPID_BACKOFF = 0.4
"""By which Brants et al. multiply."""
FALLBACK = (0.5, 1.0, 1.5)
"""Discounts where the counts give none; those of kenlm's `--discount_fallback`."""
NEVER = -99.0
"""log10 of a probability of 0, that of `<s>`, as ARPA files have it."""
BLOCK = 1 << 20
"""N-grams that are handed over at a time, at most."""
UNKNOWN, BEGIN = 0, 1
"""Ids of `<unk>` and `<s>`."""


class Smoothing(NamedTuple):
    """What becomes of the probability of things unseen."""

    name: str
    """One of SMOOTHINGS."""
    k: float = 1.0
    """What `add_k` adds to every count; `laplace` is `add_k` with 1."""

    @property
    def added(self) -> float:
        """What is added to every count."""
        return {LAPLACE: 1.0, ADD_K: self.k}.get(self.name, 0.0)

    @property
    def as_they_are(self) -> bool:
        """Whether n-grams of lower orders are counted as they are and not by the tokens before them."""
        return self.name != KNESER_NEY

    @property
    def unseen(self) -> float:
        """log10 of what a context multiplies by that has no back-off of its own, in the model or not."""
        return math.log10(STUPID_BACKOFF) if self.name == STUPID else 0.0


class Block(NamedTuple):
    """Some n-grams of one order with probabilities, or some contexts with back-offs."""

    ids: Array
    """int32[R, n]: in the order of writing."""
    logs: Array
    """float32[R]: log10 of their probabilities or back-offs."""
    are_contexts: bool
    """Whether these are contexts of n tokens and their back-offs."""


def discounts(of_counts: Array) -> tuple[Array, Array]:
    """D1, D2 and D3+ of each order, float64[N, 3], from int64[N, 4], and whether FALLBACK stands for them, bool[N].

    Y = t1 / (t1 + 2 t2) and Dk = k - (k + 1) Y t(k+1) / tk (Chen and Goodman 1998, equation 26), where there are counts
    of 1, 2 and 3 and each Dk is above 0 and at most k.
    """
    found, fallback = np.empty((len(of_counts), 3)), np.zeros(len(of_counts), bool)
    for row, (one, two, three, four) in enumerate(of_counts.tolist()):
        found[row], fallback[row] = FALLBACK, True
        if one and two and three:
            y = one / (one + 2 * two)
            these = [1 - 2 * y * two / one, 2 - 3 * y * three / two, 3 - 4 * y * four / three]
            if all(0 < these[k] <= k + 1 for k in range(3)):
                found[row], fallback[row] = these, False
    return found, fallback


def of_tokens(before: Array) -> Array:
    """The counts of counts of order 1, int64[4], from the distinct tokens before each token, int64[V]."""
    return counts_of_counts(before)


def unigrams(smoothing: Smoothing, before: Array, occurrences: Array, discounts_3: Array) -> Array:
    """The probability of each token without a context, float64[V]; that of `<s>` is 0, the others add up to 1.

    `before`, `occurrences` int64[V]: see `ngram_counts.statistics`; `discounts_3` float64[3], of order 1. Kneser-Ney
    mixes with the uniform distribution of all but `<s>`; to it goes what `<unk>` was seen as, which is of different
    words, so that each unknown one is rare. Stupid back-off takes frequencies; `<unk>` and what never occurred count
    as one occurrence, so these do not quite add up to 1; nor do its scores after a context.
    """
    n_ids = len(before)
    uniform = 1.0 / (n_ids - 1)
    if smoothing.name == KNESER_NEY:
        total = int(before.sum())
        assert total > 0 and before[BEGIN] == 0
        seen = before.copy()
        seen[UNKNOWN] = 0
        less = np.concatenate(([0.0], discounts_3))[np.minimum(seen, 3)]
        gamma = (math.fsum(less.tolist()) + int(before[UNKNOWN])) / total
        found = (seen - less) / total + gamma * uniform
    elif smoothing.name == STUPID:
        found = np.maximum(occurrences, 1) / int(occurrences.sum())
        found[UNKNOWN] = 1 / int(occurrences.sum())
    else:
        found = np.full(n_ids, uniform)
    found[BEGIN] = 0.0
    return np.asarray(found, np.float64)


def logs(probabilities: Array) -> Array:
    """log10 as float32, NEVER for 0."""
    found = np.full(len(probabilities), NEVER)
    np.log10(probabilities, out=found, where=probabilities > 0)
    return found.astype(np.float32)


def estimate(
    merged: Counts,
    order: int,
    min_counts: Sequence[int],
    smoothing: Smoothing,
    discounts_N3: Array,
    unigrams_V: Array,
) -> Iterator[Block]:
    """Of one partition all n-grams of order 2 and more that are to be kept, and the contexts with a back-off.

    In suffix order within an order; the lower orders first. `discounts_N3` as of `discounts` and `unigrams_V` as of
    `unigrams`. Needs about 40 bytes for each n-gram of the full order, beside `merged`.
    """
    check_min_counts(min_counts, order)
    contexts, lower = np.zeros(len(unigrams_V), np.int32), unigrams_V
    for n, n_grams in enumerate(sizes(merged, order)[2:], 2):
        if n_grams > 0:
            found = level(merged, order, n, n_grams, min_counts, smoothing.as_they_are)
            contexts, n_contexts = _contexts(merged, found, n, contexts)
            weights = _Weights(smoothing, n == order, len(unigrams_V), discounts_N3[n - 1])
            lower, backoffs = _one_order(merged, found, n, contexts, n_contexts, lower, weights)
            yield from _blocks(merged, found.rows, n, found.kept, lower, are_contexts=False)
            yield from _blocks(merged, backoffs.rows, n, backoffs.are_needed, backoffs.gammas, are_contexts=True)
            del found, backoffs  # they would stay until the next order has its own


class _Weights(NamedTuple):
    """How sums over a context become its back-off."""

    smoothing: Smoothing
    is_full: bool
    n_ids: int
    discounts_3: Array

    def less(self) -> Array:
        """What is taken from a count of 0, 1, 2, and 3 or more, float64[4]."""
        is_discounted = self.smoothing.name == KNESER_NEY
        return np.concatenate(([0.0], self.discounts_3)) if is_discounted else np.zeros(4)

    def of(self, totals: Array, freed: Array, begins: Array) -> tuple[Array, Array]:
        """By what counts are divided and the back-off, float64[C] both, from sums over contexts (see `sums_kernel`).

        `begins` bool[C]: whether `<s>` begins the context.
        """
        if self.smoothing.name == KNESER_NEY:
            return totals, np.divide(freed, totals, out=freed)
        if self.smoothing.name == STUPID:
            return totals, np.zeros(len(totals))
        kept, added = totals - freed, self.smoothing.added * (self.n_ids - 1)
        counted = self.is_full | begins  # shorter contexts are not asked: the uniform distribution stands for them
        return np.where(counted, kept + added, np.inf), np.where(counted, added / (kept + added), 1.0)


def _contexts(merged: Counts, found: Level, n: int, lower: Array) -> tuple[Array, int]:
    """The number of the context of each n-gram, int32[R], and how many contexts there are."""
    from .kernels import ngram_estimate as kernels

    given = (merged.hi, merged.lo, found.rows, found.suffixes, lower, n)
    keys = kernels.context_keys_kernel(*given)
    keys.sort()
    n_contexts = int(kernels.distinct_kernel(keys))
    return kernels.numbers_kernel(*given, keys[:n_contexts]), n_contexts


class _Backoffs(NamedTuple):
    """Of the contexts of one order."""

    rows: Array
    """int32[C]: a row of `Counts` that ends in the context and a token."""
    gammas: Array
    """float64[C]"""
    are_needed: Array
    """bool[C]: whether it has a back-off of its own; not if nothing that continues it is kept."""


def _one_order(
    merged: Counts, found: Level, n: int, contexts: Array, n_contexts: int, lower: Array, weights: _Weights
) -> tuple[Array, _Backoffs]:
    """The probabilities of the n-grams of one order, float64[R], and the back-offs of their contexts."""
    from .kernels import ngram_estimate as kernels
    from .kernels.ngram_counts import begins_kernel

    less = weights.less()
    examples, totals, freed = kernels.sums_kernel(contexts, found.counts, found.kept, less, n_contexts)
    rows = found.rows[examples]
    begins = begins_kernel(merged.hi, merged.lo, rows, n)
    whole, gammas = weights.of(totals, freed, begins)
    probabilities = kernels.probabilities_kernel(
        contexts, found.counts, found.kept, found.suffixes, less, whole, gammas, lower
    )
    return probabilities, _Backoffs(rows, gammas, (gammas > 0) & (gammas < 1))


def _blocks(
    merged: Counts, rows: Array, n: int, are_chosen: Array, values: Array, are_contexts: bool
) -> Iterator[Block]:
    """Those chosen; contexts are all but the last of the n tokens."""
    from .kernels.ngram_counts import unpack_kernel

    for start in range(0, len(rows), BLOCK):
        chosen = start + np.flatnonzero(are_chosen[start : start + BLOCK])
        if len(chosen) > 0:
            ids = unpack_kernel(merged.hi, merged.lo, rows[chosen], n)
            yield Block(np.ascontiguousarray(ids[:, : n - are_contexts]), logs(values[chosen]), are_contexts)
