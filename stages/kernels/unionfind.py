"""Clusters: which elements are connected by edges. Letters: E edges, V elements."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _root(parents_V, element):
    while parents_V[element] != element:
        parents_V[element] = parents_V[parents_V[element]]  # path halving
        element = parents_V[element]
    return element


@njit(cache=True, nogil=True)
def roots(one_E, other_E, n_elements):
    """The least element of each element's cluster, int64[V]; edges join elements one_E and other_E, int64[E]."""
    parents_V = np.arange(n_elements)
    for edge in range(len(one_E)):
        one, other = _root(parents_V, one_E[edge]), _root(parents_V, other_E[edge])
        if one < other:
            parents_V[other] = one
        else:
            parents_V[one] = other
    for element in range(n_elements):
        parents_V[element] = _root(parents_V, element)
    return parents_V
