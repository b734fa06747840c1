"""N-grams in two words: packed, masked, unpacked and sorted as tuples of ids are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.kernels import ngram_counts as kernels

ids = st.one_of(st.integers(0, kernels.N_IDS - 1), st.integers(0, 3), st.integers(2046, 2050))
lines = st.lists(st.lists(ids, max_size=8), max_size=5)


def packed(texts, order):
    firsts = np.cumsum([0, *map(len, texts)]).astype(np.int64)
    return kernels.pack_kernel(np.array([token for line in texts for token in line], np.int32), firsts, order)


def unpacked(grams, order):
    columns = np.ascontiguousarray(grams[:, 0]), np.ascontiguousarray(grams[:, 1])
    return [tuple(gram) for gram in kernels.unpack_kernel(*columns, np.arange(len(grams)), order).tolist()]


@given(lines, st.integers(1, 6))
def test_what_is_packed_is_what_stands_in_the_lines(texts, order):
    expected = []
    for line in texts:
        padded = [kernels.BEGIN] * (order - 1) + line + [kernels.END]
        expected += [tuple(padded[i : i + order]) for i in range(len(line) + 1)]
    assert unpacked(packed(texts, order), order) == expected


@given(lines, st.integers(1, 6), st.integers(1, 6))
def test_masks_leave_the_last_tokens(texts, order, n):
    grams = packed(texts, 6)
    long, short = kernels.masks(max(n, order)), kernels.masks(min(n, order))
    assert [one & other for one, other in zip(long, short, strict=True)] == list(short)
    assert (grams & np.array(kernels.masks(n), np.uint64)).tolist() == packed(texts, n).tolist()


@given(lines, st.integers(2, 6), st.integers(1, 9))
def test_sorted_by_partition_then_from_the_last_token(texts, order, n_partitions):
    grams = packed(texts, order)
    homes = {
        gram: kernels.partition_of(hi, n_partitions)
        for gram, hi in zip(unpacked(grams, order), grams[:, 0], strict=True)
    }
    found = unpacked(kernels.sort_kernel(grams.copy(), order, n_partitions), order)
    assert found == sorted(unpacked(grams, order), key=lambda gram: (homes[gram], gram[::-1]))
    assert all(0 <= home < n_partitions for home in homes.values())


def test_partitions_are_about_equal():
    hi = np.arange(40_000, dtype=np.uint64) << np.uint64(21)
    sizes = np.bincount([kernels.partition_of(one, 8) for one in hi], minlength=8)
    assert abs(sizes - 5000).max() < 5 * np.sqrt(5000)


@pytest.mark.parametrize(
    ("gram", "length"),
    [((1, 1, 1, 5), 2), ((1, 1, 4, 5), 3), ((1, 3, 4, 5), 4), ((2, 3, 4, 5), 4), ((1, 1, 1, 2), 2), ((1, 1, 1, 1), 1)],
)
def test_marks_before_the_last_one_do_not_count(gram, length):
    hi = np.uint64(gram[3] << 42 | gram[2] << 21 | gram[1])
    assert kernels.real_length(hi, np.uint64(gram[0] << 42), 4) == length
