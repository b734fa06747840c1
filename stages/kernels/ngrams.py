"""N-grams of units that repeat, length by length.

Letters: D bytes, N documents, W units, C candidates (places where an n-gram may repeat), G distinct n-grams of one
length, S slots of a hash table (a power of two).

An n-gram can repeat only where both (n-1)-grams in it do. So the units are numbered first; then, from length to
length, only pairs of neighbours that both occur more than once are numbered, as a pair of the numbers of the length
before: exactly, without a hash of the n-gram. In ordinary text few candidates are left from 3-grams on.

All arrays are scratch, made by the caller and written over again and again. 64-bit hashes stand for units;
documents have fewer than 2^31 units. Indices inside loops are unsigned: a signed one is first asked whether it counts
from the end.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .units import GOLDEN


@njit(cache=True, nogil=True)
def n_slots(n_keys):
    """Slots that `number` needs for that many keys, int64."""
    size = np.int64(16)
    while size < 2 * n_keys:
        size *= 2
    return size


@njit(cache=True, nogil=True)
def number(keys_C, n_keys, grams_C, counts_G, slots_S):
    """Number the first n_keys keys, equal ones alike, in the order in which they first occur; how many there are.

    keys_C: uint64[C] in; out: the key of every number. grams_C: the number of each key. counts_G: how often each
    number occurs. The three and slots_S (at least `n_slots`; signed) are written over.
    """
    size = n_slots(n_keys)
    slots_S[:size] = 0
    mask, shift = size - 1, np.uint64(64)
    while size > 1:
        size >>= 1
        shift -= np.uint64(1)
    n_grams, mask, one = np.uint64(0), np.uint64(mask), np.uint64(1)
    for place in range(np.uint64(n_keys)):
        key = keys_C[place]
        slot = (key * GOLDEN) >> shift
        while True:
            gram = np.uint64(slots_S[slot])  # from 1
            if gram == 0:
                gram = n_grams
                n_grams += one
                slots_S[slot], keys_C[gram], counts_G[gram] = n_grams, key, 1  # gram <= place: that key is read
                grams_C[place] = gram
                break
            gram -= one
            if keys_C[gram] == key:
                counts_G[gram] += 1
                grams_C[place] = gram
                break
            slot = (slot + one) & mask
    return np.int64(n_grams)


@njit(cache=True, nogil=True)
def pair(places_C, grams_C, counts_G, n_candidates, keys_C):
    """Go from the numbered n-grams at some places to the (n+1)-grams that may repeat: how many candidates are left.

    places_C (ascending) is shortened in place; keys_C gets what `number` takes next.
    """
    n_pairs = np.uint64(0)
    for candidate in range(np.uint64(max(n_candidates - 1, 0))):
        after = candidate + np.uint64(1)
        place, first, second = places_C[candidate], np.uint64(grams_C[candidate]), np.uint64(grams_C[after])
        keys_C[n_pairs] = first << np.uint64(32) | second
        repeats = (counts_G[first] > 1) & (counts_G[second] > 1) & (places_C[after] == place + 1)
        places_C[n_pairs] = place
        n_pairs += np.uint64(repeats)
    return np.int64(n_pairs)


@njit(cache=True, nogil=True)
def top_chars(length, n_units, ends_W1, places_C, grams_C, counts_G, n_grams):
    """Characters of the most frequent n-gram, joined by single spaces, times its count, int64.

    As datatrove's find_top_duplicate: of several the one that occurs first, which may occur once; 0 if there is none.
    ends_W1: the characters of all units before each, int64[W+1].
    """
    if n_units < length:
        return np.int64(0)
    top, count, place = np.int64(-1), np.int64(1), np.int64(0)
    for gram in range(n_grams):
        if counts_G[gram] > count:
            top, count = gram, counts_G[gram]
    if top >= 0:
        candidate = np.int64(0)
        while grams_C[candidate] != top:
            candidate += 1
        place = places_C[candidate]
    return (ends_W1[place + length] - ends_W1[place] + length - 1) * count


@njit(cache=True, nogil=True)
def duplicate_chars(length, ends_W1, places_C, grams_C, n_candidates, counts_G, n_grams, seen_G):
    """Characters in repeated n-grams, int64, and the number of places with an n-gram that occurs more than once.

    As datatrove's find_all_duplicate: read from the left; an n-gram that was read before counts, without spaces, and
    is then jumped over, so that none overlap; the first copy does not count. (There, n-grams are equal if their
    concatenations are: `a bc` is `ab c`. Here all units have to be equal.)
    """
    seen_G[:n_grams] = 0
    n_chars, n_places, free = np.int64(0), np.int64(0), np.uint64(0)
    length = np.uint64(length)
    for candidate in range(np.uint64(n_candidates)):
        gram, place = np.uint64(grams_C[candidate]), np.uint64(places_C[candidate])
        if counts_G[gram] < 2:
            continue
        n_places += 1
        if place < free:
            continue
        if seen_G[gram]:
            n_chars += ends_W1[place + length] - ends_W1[place]
            free = place + length
        seen_G[gram] = 1
    return n_chars, n_places
