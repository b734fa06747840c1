"""Clusters: which elements are connected, and which element of a cluster stands for which.

Letters: E edges, V elements, R elements in an order. A pair is an edge as one uint64: the head in the upper 32 bits,
the other in the lower.
"""

from __future__ import annotations

import numpy as np
from numba import njit

HALF = np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)
NONE = np.uint32(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def _root(parents_V, element):
    while parents_V[element] != element:
        parents_V[element] = parents_V[parents_V[element]]  # path halving
        element = np.int64(parents_V[element])
    return element


@njit(cache=True, nogil=True)
def _join(parents_V, one, other):
    one, other = _root(parents_V, one), _root(parents_V, other)
    if one < other:
        parents_V[other] = one
    else:
        parents_V[one] = other


@njit(cache=True, nogil=True)
def flatten(parents_V):
    """Let every element name its root, the least of its cluster; a parent is never greater than its child."""
    for element in range(len(parents_V)):
        parents_V[element] = parents_V[parents_V[element]]


@njit(cache=True, nogil=True)
def join_pairs(parents_V, pairs_E):
    """Join the two elements of each pair; parents uint32[V], at first each its own."""
    for pair in range(len(pairs_E)):
        _join(parents_V, np.int64(pairs_E[pair] >> HALF), np.int64(pairs_E[pair] & LOW))


@njit(cache=True, nogil=True)
def roots(one_E, other_E, n_elements):
    """The least element of each element's cluster, int64[V]; edges join elements one_E and other_E, int64[E]."""
    parents_V = np.arange(n_elements)
    for edge in range(len(one_E)):
        _join(parents_V, one_E[edge], other_E[edge])
    flatten(parents_V)
    return parents_V


@njit(cache=True, nogil=True)
def share(roots_V):
    """Whether each element's cluster has another one, bool[V]; roots: as `flatten` leaves them."""
    shared_V = np.zeros(len(roots_V), np.bool_)
    for element in range(len(roots_V)):
        if roots_V[element] != element:
            shared_V[element] = True
            shared_V[roots_V[element]] = True
    return shared_V


@njit(cache=True, nogil=True)
def appoint(roots_V, order_R, camps_R, kept_V, similarity_V):
    """Let the first of each cluster, and those of its camp before any other, stand for themselves, the rest for it.

    order int64[R]: elements to go through, those of priority first; camps int32[R]: elements of the same camp are not
    compared; -1: with all. Sets kept (NONE: not yet) and similarity (to the kept one, -1: unknown; 0: not compared).
    """
    leaders_V = np.full(len(roots_V), NONE, np.uint32)
    camps_V = np.full(len(roots_V), -1, np.int32)  # of the leaders; -2 once one of another camp has come
    for place in range(len(order_R)):
        element, camp = order_R[place], camps_R[place]
        cluster = roots_V[element]
        if leaders_V[cluster] == NONE:
            leaders_V[cluster] = element
            camps_V[cluster] = camp
            kept_V[element] = element
        elif camp >= 0 and camps_V[cluster] == camp:
            kept_V[element] = element
        else:
            if camps_V[cluster] >= 0:
                camps_V[cluster] = -2 - camps_V[cluster]
            kept_V[element] = leaders_V[cluster]
            is_of_camp = camp >= 0 and camps_V[cluster] == -2 - camp
            similarity_V[element] = 0 if is_of_camp else -1


@njit(cache=True, nogil=True)
def _is_before(one, other, merits_V):
    if len(merits_V) > 0 and merits_V[one] != merits_V[other]:
        return merits_V[one] < merits_V[other]
    return one < other


@njit(cache=True, nogil=True)
def note_kept(kept_V, similarity_V, merits_V, pairs_E, similarities_E, threshold):
    """Learn from pairs how similar elements are to the kept ones.

    An element goes to the first kept one, by merits int64[V] (lower is better; none: all alike) and number, that it
    reaches the threshold with; where it reaches it with none, it stays with the one that it has.
    """
    for pair in range(len(pairs_E)):
        head, other = np.int64(pairs_E[pair] >> HALF), np.int64(pairs_E[pair] & LOW)
        if kept_V[head] != head or kept_V[other] == other:
            continue
        reaches, reached = similarities_E[pair] >= threshold, similarity_V[other] >= threshold
        now = np.int64(kept_V[other])
        if now == head or (reaches and (not reached or _is_before(head, now, merits_V))):
            kept_V[other] = head
            similarity_V[other] = similarities_E[pair]


@njit(cache=True, nogil=True)
def note_neighbours(neighbour_V, nearest_V, pairs_E, similarities_E, threshold):
    """Learn from pairs which element is most similar to each, of those that reach the threshold; ties: the lower."""
    for pair in range(len(pairs_E)):
        if similarities_E[pair] < threshold:
            continue
        one, other = np.int64(pairs_E[pair] >> HALF), np.int64(pairs_E[pair] & LOW)
        for _ in range(2):
            is_lower = similarities_E[pair] == nearest_V[one] and other < neighbour_V[one]
            if similarities_E[pair] > nearest_V[one] or is_lower:
                neighbour_V[one], nearest_V[one] = other, similarities_E[pair]
            one, other = other, one
