"""Counts of n-grams: of lines of token ids, of several such counts together, and of the lower orders in them.

Letters: T tokens, L lines, M n-grams, R those of a lower order, P partitions, V ids, N the full order (2 to 6).
Only n-grams of the full order are counted and merged: the last tokens of an n-gram are its suffixes, so those of a
lower order, and the tokens that were seen before each, follow from them. Every line is preceded by N - 1 `<s>`, and
`</s>` is a token of it. An n-gram belongs to the partition of its second token from the end: in one partition are all
n-grams that continue a context, all that end in the same two tokens, and so the suffixes of any, down to pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Part = TypeVar("Part", bound=tuple[Any, ...])
MIN_ORDER, MAX_ORDER = 2, 6
N_COUNTS_OF_COUNTS = 4


class Counts(NamedTuple):
    """Distinct n-grams of the full order, in suffix order."""

    hi: Array
    """uint64[M]: the last three ids, 21 bits each, the last one highest."""
    lo: Array
    """uint64[M]: the ids before these."""
    counts: Array
    """uint32[M]: how often each occurs; more than 2^32 - 1 stays there."""


class Level(NamedTuple):
    """The n-grams of one order n, in suffix order, without those that begin with `<s> <s>`."""

    rows: Array
    """int32[R]: a row of `Counts` that ends in the n-gram."""
    suffixes: Array
    """int32[R]: its last n - 1 tokens, as a place in the level below; for n = 2, an id."""
    counts: Array
    """uint32[R]: distinct tokens before it, if n < N and it does not begin with `<s>`; else how often it occurs."""
    kept: Array
    """bool[R]: whether it is to be in a model."""


def count(ids: Array, firsts: Array, order: int, n_partitions: int) -> tuple[Counts, Array]:
    """The n-grams of lines, distinct and sorted by (partition, suffix order), and borders int64[P+1] of the partitions.

    `ids` int32[T]; line i is ids[firsts[i]:firsts[i + 1]] with `firsts` int64[L+1], and may be empty. Needs about 36
    bytes a token while it works.
    """
    from .kernels import ngram_counts as kernels

    assert MIN_ORDER <= order <= MAX_ORDER and 1 <= n_partitions < 1 << 16
    assert len(ids) == 0 or (ids.min() >= 0 and ids.max() < kernels.N_IDS)
    grams = kernels.sort_kernel(kernels.pack_kernel(ids, firsts, order), order, n_partitions)
    hi, lo, counts, borders = kernels.distinct_kernel(grams, n_partitions)
    return Counts(hi, lo, counts), borders


def merge(parts: Iterable[Counts]) -> Counts:
    """The counts of one partition from several texts, added up; the same for any order and any grouping of the parts.

    Parts are taken as they come, so an iterator need not hold them all.
    """
    return in_pairs(parts, _merge_two) or Counts(np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.uint32))


def _merge_two(one: Counts, other: Counts) -> Counts:
    from .kernels.ngram_counts import merge_kernel

    return Counts(*merge_kernel(*one, *other))


def in_pairs(parts: Iterable[Part], merge_two: Callable[[Part, Part], Part]) -> Part | None:
    """All parts merged, or None without one. Parts are tuples of arrays; the length of the first is a part's size.

    Each is merged with others of about its size, so that of n parts few wait at a time, and none is copied more than
    about log2 n times.
    """
    waiting: list[Part] = []
    for part in parts:
        waiting.append(part)
        while len(waiting) > 1 and len(waiting[-2][0]) < 2 * len(waiting[-1][0]):
            waiting.append(merge_two(waiting.pop(-2), waiting.pop()))
    while len(waiting) > 1:
        waiting.append(merge_two(waiting.pop(-2), waiting.pop()))
    return waiting[0] if waiting else None


def sizes(merged: Counts, order: int) -> list[int]:
    """How many n-grams of each order from 0 to N there are in a partition; those of order 1 are in others too."""
    from .kernels.ngram_counts import sizes_kernel

    return [int(size) for size in sizes_kernel(merged.hi, merged.lo, order)]


def level(merged: Counts, order: int, n: int, n_grams: int, min_counts: Sequence[int], as_they_are: bool) -> Level:
    """The n-grams of order n, 2 <= n <= N, of which there are `n_grams` (see `sizes`).

    Kept is what occurs at least min_counts[n - 1] times and has no unknown token. `as_they_are`: counts are of
    occurrences in all cases. Otherwise they are those of Kneser and Ney (1995), which begin with `<s>` counted as they
    are (Heafield et al. 2013: nothing can stand before it).
    """
    from .kernels.ngram_counts import level_kernel

    assert len(merged.hi) < 1 << 31  # rows are int32: more partitions are needed
    return Level(*level_kernel(*merged, order, n, n_grams, min_counts[n - 1], as_they_are))


def check_min_counts(min_counts: Sequence[int], order: int) -> None:
    """Assert that no order is cut less than the one below it, so that what is kept has its suffix and its context."""
    assert len(min_counts) == order and list(min_counts) == sorted(min_counts) and min_counts[0] >= 1


def statistics(
    merged: Counts, order: int, n_ids: int, min_counts: Sequence[int], as_they_are: bool
) -> dict[str, Array]:
    """What an estimate needs to know of all partitions; add up, key by key, those of each.

    `of_counts` int64[N, 4]: in row n - 1, n-grams of order n whose count (see `level`) is 1, 2, 3, 4, those not kept
    among them; row 0 is 0 (see `of_tokens`). `grams` and `kept` int64[N]: n-grams of each order, and those to be kept;
    for order 1, 0. `before` int64[V]: distinct tokens before each token. `occurrences` int64[V]: of each token.
    """
    check_min_counts(min_counts, order)
    of_counts = np.zeros((order, N_COUNTS_OF_COUNTS), np.int64)
    grams, kept = np.zeros(order, np.int64), np.zeros(order, np.int64)
    before = np.zeros(n_ids, np.int64)
    for n, size in enumerate(sizes(merged, order)[2:], 2):
        found = level(merged, order, n, size, min_counts, as_they_are)
        of_counts[n - 1] = counts_of_counts(found.counts)
        grams[n - 1], kept[n - 1] = size, found.kept.sum()
        if n == 2:
            before += np.bincount(found.suffixes, minlength=n_ids)
    last = (merged.hi >> np.uint64(42)).astype(np.int64)
    occurrences = np.bincount(last, weights=merged.counts, minlength=n_ids).astype(np.int64)  # exact below 2^53
    return {"of_counts": of_counts, "grams": grams, "kept": kept, "before": before, "occurrences": occurrences}


def counts_of_counts(counts: Array) -> Array:
    """How many of the counts are 1, 2, 3 and 4, int64[4]."""
    return np.array([np.count_nonzero(counts == k) for k in range(1, N_COUNTS_OF_COUNTS + 1)], np.int64)
