"""Contexts of n-grams: numbered in suffix order, and summed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_training import grams, packed_lines

from stages import ngram_counts
from stages.kernels import ngram_estimate as kernels


def many_lines(n_tokens: int, n_ids: int) -> list[list[int]]:
    drawn = np.random.Generator(np.random.PCG64(7)).zipf(1.3, n_tokens) % n_ids + 3
    return [line.tolist() for line in np.array_split(drawn, n_tokens // 9)]


@pytest.mark.parametrize("n_ids", [3, 60, 5000])
def test_contexts_have_numbers_in_suffix_order(n_ids):
    order, lines = 4, many_lines(6000, n_ids)
    merged, _ = ngram_counts.count(*packed_lines(lines), order, 1)
    numbers = np.zeros(n_ids + 3, np.int32)
    full = grams(merged, order)
    for n, size in enumerate(ngram_counts.sizes(merged, order)[2:], 2):
        level = ngram_counts.level(merged, order, n, size, [1] * order, True)
        given_ = (merged.hi, merged.lo, level.rows, level.suffixes, numbers, n)
        keys = kernels.context_keys_kernel(*given_)
        distinct = np.sort(keys)
        distinct = distinct[: kernels.distinct_kernel(distinct)]
        assert distinct.tolist() == sorted(set(keys.tolist()))
        numbers = kernels.numbers_kernel(*given_, distinct)
        contexts = [full[row][order - n : -1] for row in level.rows]
        place = {context: i for i, context in enumerate(sorted(set(contexts), key=lambda one: one[::-1]))}
        assert numbers.tolist() == [place[context] for context in contexts]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5), st.booleans()), max_size=12))
def test_sums_of_contexts(rows):
    contexts, counts, kept = (np.array(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    given_ = np.array(contexts, np.int32), np.array(counts, np.uint32), np.array(kept, bool)
    less = np.array([0, 0.5, 0.75, 1.25])
    examples, totals, freed = kernels.sums_kernel(*given_, less, 4)
    for context in range(4):
        own = [(n, keep) for other, n, keep in rows if other == context]
        assert totals[context] == sum(n for n, _ in own)
        assert freed[context] == sum(less[min(n, 3)] if keep else n for n, keep in own)
        assert not own or contexts[examples[context]] == context
