"""The last step of English tokenization: tokens that spell a special case one behind the other become its pieces.

Letters: D bytes, U code points, T words of the lookup table, W units before, V units after. The definition is
`Tokenizer._apply_special_cases` of spaCy 3.8 (`spacy/tokenizer.pyx`): the token sequence of a special case may match
across single blanks. Of matches that overlap the longest counts, and of these the first; one that gave way still keeps
others off its tokens, and so does one across a blank, which changes nothing itself.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .spacy_lookup import case_at, put_case
from .spacy_tables import BEGINS, FOLLOWS, MOST_TOKENS, N_STATE_SLOTS, STARTERS, STATES, WHOLE, step, value_of

BLANK = ord(" ")


@njit(cache=True, nogil=True)
def merge_cases(data_D, n_units, lookup_T, starts_W, stops_W, chars_W, hashes_W):
    """Put the pieces of special cases in the place of tokens: the number of units, int64, or -1 if there is no room.

    From the first unit on that changed, units have 0 characters.
    """
    lengths_W = np.zeros(0, np.uint16)  # bit i: a match of i tokens begins here
    for unit in range(n_units):
        starter = lookup_T[STARTERS + np.int64(data_D[starts_W[unit]])]
        if starter == np.uint64(0):
            continue
        begin = unit - 1 if starter & np.uint64(FOLLOWS) and unit > 0 else unit
        end = unit + 1 if starter & np.uint64(BEGINS) else unit
        for first in range(begin, end):
            if value_of(lookup_T, STATES, N_STATE_SLOTS, hashes_W[first]):
                found = _matches(data_D, first, n_units, lookup_T, starts_W, stops_W, hashes_W)
                if found:
                    if len(lengths_W) == 0:
                        lengths_W = np.zeros(n_units, np.uint16)
                    lengths_W[first] = found
    if len(lengths_W) == 0:
        return n_units
    chosen_W = _choose(lengths_W)
    starts_V, stops_V, first = _replaced(data_D, chosen_W, lookup_T, starts_W, stops_W)
    n_units = np.int64(len(starts_V))
    if n_units > len(starts_W):
        return np.int64(-1)
    for unit in range(first, n_units):  # to copy a slice would compile for seconds, with the message of its error
        starts_W[unit], stops_W[unit], chars_W[unit] = starts_V[unit], stops_V[unit], 0
    return n_units


@njit(cache=True, nogil=True)
def _matches(data_D, unit, n_units, lookup_T, starts_W, stops_W, hashes_W):
    """The lengths of the patterns that begin with a unit, uint16: bit i stands for i tokens."""
    found, state, length = np.uint16(0), hashes_W[unit], 1
    while unit + length < n_units:
        before = stops_W[unit + length - 1]
        gap = starts_W[unit + length] - before
        if gap > 1 or (gap == 1 and data_D[before] != BLANK):
            break
        state = step(state, hashes_W[unit + length])
        reached = value_of(lookup_T, STATES, N_STATE_SLOTS, state)
        if reached == 0:
            break
        length += 1
        if reached == WHOLE:
            found |= np.uint16(1 << length)
    return found


@njit(cache=True, nogil=True)
def _choose(lengths_W):
    """The tokens of the match that counts and begins with each token, or 0. uint8[W]."""
    chosen_W, taken_W = np.zeros(len(lengths_W), np.uint8), np.zeros(len(lengths_W), np.bool_)
    unit = 0
    while unit < len(lengths_W):
        begin, end = unit, unit + 1
        while unit < end:  # of the matches that hang together
            if lengths_W[unit]:
                for length in range(2, MOST_TOKENS + 1):
                    if lengths_W[unit] >> length & 1:
                        end = max(end, unit + length)
            unit += 1
        if end > begin + 1:
            _choose_among(begin, end, lengths_W, taken_W, chosen_W)
    return chosen_W


@njit(cache=True, nogil=True)
def _choose_among(begin, end, lengths_W, taken_W, chosen_W):
    for length in range(MOST_TOKENS, 1, -1):
        for token in range(begin, end):
            if lengths_W[token] >> length & 1:
                if not taken_W[token] and not taken_W[token + length - 1]:
                    chosen_W[token] = length
                taken_W[token : token + length] = True


@njit(cache=True, nogil=True)
def _replaced(data_D, chosen_W, lookup_T, starts_W, stops_W):
    """Starts and stops int64[V] of the units, and the number of the first that is another than before."""
    n_tokens = len(chosen_W)
    starts_V, stops_V = np.empty(2 * n_tokens, np.int64), np.empty(2 * n_tokens, np.int64)
    n_units, first, token = np.int64(0), np.int64(-1), 0
    while token < n_tokens:
        length = np.int64(max(chosen_W[token], 1))
        begin, end = starts_W[token], stops_W[token + length - 1]
        case = np.int64(0)
        if length > 1 and _has_no_gap(token, length, starts_W, stops_W):
            case = case_at(data_D, begin, end, lookup_T)
        if case:
            before = n_units
            n_units = put_case(case, begin, n_units, lookup_T, starts_V, stops_V)
            if first < 0 and not _are_same(stops_V[before:n_units], stops_W[token : token + length]):
                first = before
        else:
            for place in range(length):
                starts_V[n_units], stops_V[n_units] = starts_W[token + place], stops_W[token + place]
                n_units += 1
        token += length
    return starts_V[:n_units], stops_V[:n_units], first if first >= 0 else n_units


@njit(cache=True, nogil=True)
def _has_no_gap(token, length, starts_W, stops_W):
    n_gaps = 0
    for place in range(token, token + length - 1):
        n_gaps += stops_W[place] != starts_W[place + 1]
    return n_gaps == 0


@njit(cache=True, nogil=True)
def _are_same(left, right):
    n_same = 0
    for place in range(min(len(left), len(right))):
        n_same += left[place] == right[place]
    return n_same == len(left) == len(right)
