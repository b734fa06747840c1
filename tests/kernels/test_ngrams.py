"""Numbers of n-grams against counters."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stages.kernels import ngrams


@given(st.lists(st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**63]), max_size=60))
def test_number(keys):
    n_keys = len(keys)
    left, grams, counts = np.array(keys, np.uint64), np.empty(n_keys, np.int64), np.empty(n_keys, np.int64)
    slots = np.empty(ngrams.n_slots(n_keys), np.int64)
    n_grams = ngrams.number(left, n_keys, grams, counts, slots)
    expected = Counter(keys)
    assert left[:n_grams].tolist() == list(expected)
    assert [left[gram] for gram in grams] == keys
    assert counts[:n_grams].tolist() == list(expected.values())
