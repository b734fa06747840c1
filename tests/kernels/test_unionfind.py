"""Clusters against repeated relabelling."""

import components
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stages.kernels import unionfind


@given(
    st.integers(1, 30).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=40))
    )
)
def test_roots(drawn):
    n_elements, pairs = drawn
    one, other = (np.array([pair[i] for pair in pairs], np.int64) for i in range(2))
    expected = components.components(pairs + [(i, i) for i in range(n_elements)])
    assert unionfind.roots(one, other, n_elements).tolist() == [expected[i] for i in range(n_elements)]


def test_a_long_chain():
    n = 200_000
    assert not unionfind.roots(np.arange(n - 1, 0, -1), np.arange(n - 2, -1, -1), n).any()
