"""What a document's words are like: how many, how long, which, and how much they repeat.

Letters: D bytes, N documents, Q measures, W units, C candidates, G distinct n-grams, S slots. A kernel finds the units
of a document (`units`) and measures them while they are in the cache; its scratch grows to the largest document and
serves all. Repetition is Gopher's (Rae et al., 2021) as datatrove reads it, and BLOOM's (Laurençon et al., 2022).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from . import lexicon as lexicons
from .character_grams import characters
from .lexicon import FUNCTION, INVOLVED, STOP, find
from .ngrams import duplicate_chars, n_slots, number, pair, top_chars
from .spacy_units import spacy_units
from .spacy_units import tables as spacy_tables
from .units import CHARACTER, FAST, HAS_LETTER, NOT_SYMBOL, SPACY, fast_units, flags
from .utf8 import classes

(
    N_UNITS, N_WORDS, N_WORD_CHARS, N_ALPHABETIC, N_CHARACTERS, MAX_WORD_CHARS,
    N_DISTINCT, ENTROPY, N_STOP, N_FUNCTION, N_INVOLVED,
    TOP_2, TOP_3, TOP_4, DUP_5, DUP_6, DUP_7, DUP_8, DUP_9, DUP_10, N_REPEATED_5, CHAR_REPEATED, CHAR_GRAMS,
) = range(23)  # fmt: skip
"""Measures, int64:

N_UNITS, and of these N_WORDS (NOT_SYMBOL), N_ALPHABETIC (HAS_LETTER), N_CHARACTERS (CHARACTER);
N_WORD_CHARS, MAX_WORD_CHARS: characters in the words, and in the longest;
N_DISTINCT units; ENTROPY: Shannon's, of the units, in bits x 10,000, rounded half up;
N_STOP: distinct stop words of the document's profile that occur; N_FUNCTION, N_INVOLVED: units in its other lists;
TOP_n: characters of the most frequent n-gram of units times its count (`ngrams.top_chars`);
DUP_n: characters in repeated n-grams (`ngrams.duplicate_chars`);
N_REPEATED_5: places with a 5-gram of units that occurs more than once. Over all N_UNITS - 4 it is BLOOM's word
repetition ratio, for which data-juicer lower-cases the words; here they are as they stand;
CHAR_REPEATED over CHAR_GRAMS is its character repetition ratio (`character_grams.characters`)."""
N_MEASURES = 23
MAX_LENGTH = 10
"""Of the n-grams of units."""
N_KNOWN = 256
"""Counts for which `_entropy` is given count x log2(count)."""
FIRST_SIZE = 2048
"""Units for which there is scratch at first."""


@njit(cache=True, nogil=True)
def _count_kinds(n_units, chars_W, kinds_W, ends_W1, measures_Q):
    """Measures of single units, and the characters before each unit into ends_W1."""
    n_words, n_chars, n_alphabetic, n_characters, longest = 0, 0, 0, 0, 0
    total = np.int64(0)
    ends_W1[0] = 0
    for place in range(n_units):
        kinds, length = np.int64(kinds_W[place]), chars_W[place]
        total += length
        ends_W1[place + 1] = total
        is_word = kinds // NOT_SYMBOL & 1
        n_words += is_word
        n_chars += is_word * length
        longest = max(longest, is_word * length)
        n_alphabetic += kinds // HAS_LETTER & 1
        n_characters += kinds // CHARACTER & 1
    measures_Q[N_UNITS], measures_Q[N_WORDS], measures_Q[N_WORD_CHARS] = n_units, n_words, n_chars
    measures_Q[N_ALPHABETIC], measures_Q[N_CHARACTERS], measures_Q[MAX_WORD_CHARS] = n_alphabetic, n_characters, longest


@njit(cache=True, nogil=True)
def _entropy(n_units, counts_G, n_distinct, known_K):
    """Shannon's entropy in bits x 10,000, int64. known_K: count x log2(count) for small counts."""
    if n_units == 0:
        return np.int64(0)
    total = 0.0
    for gram in range(n_distinct):
        count = counts_G[gram]
        total += known_K[count] if count < len(known_K) else count * math.log2(count)
    return np.int64(math.floor((math.log2(n_units) - total / n_units) * 10_000 + 0.5))


@njit(cache=True, nogil=True)
def _count_listed(keys_G, counts_G, n_distinct, lists_S, table_S, first, mask, measures_Q):
    """Look every distinct unit up in the lists of the document's profile."""
    n_stop, n_function, n_involved = np.int64(0), np.int64(0), np.int64(0)
    for gram in range(n_distinct):
        lists = np.int64(find(keys_G[gram], table_S, lists_S, first, mask))
        n_stop += lists // STOP & 1
        n_function += (lists // FUNCTION & 1) * counts_G[gram]
        n_involved += (lists // INVOLVED & 1) * counts_G[gram]
    measures_Q[N_STOP], measures_Q[N_FUNCTION], measures_Q[N_INVOLVED] = n_stop, n_function, n_involved


@njit(cache=True, nogil=True)
def _repetition(n_units, ends_W1, places_C, keys_C, grams_C, counts_G, seen_G, slots_S, measures_Q):
    """The n-grams of 2 to 10 units; grams_C and counts_G say which units the document has, and how often."""
    for place in range(n_units):
        places_C[place] = place
    n_left = n_units
    for length in range(2, MAX_LENGTH + 1):
        n_left = pair(places_C, grams_C, counts_G, n_left, keys_C)
        n_grams = number(keys_C, n_left, grams_C, counts_G, slots_S)
        if length <= 4:
            measures_Q[TOP_2 + length - 2] = top_chars(length, n_units, ends_W1, places_C, grams_C, counts_G, n_grams)
            continue
        n_chars, n_places = duplicate_chars(length, ends_W1, places_C, grams_C, n_left, counts_G, n_grams, seen_G)
        measures_Q[DUP_5 + length - 5] = n_chars
        if length == 5:
            measures_Q[N_REPEATED_5] = n_places


@njit(cache=True, nogil=True)
def _scratch(size):
    """Arrays for that many units (int64): those that find units fill, and those of `_measure_units`."""
    units = (
        np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.uint8),
        np.empty(size, np.uint64),
    )  # fmt: skip
    ends_W1, seen_G = np.empty(size + 1, np.int64), np.empty(size, np.uint8)
    places_C, grams_C, counts_G = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int32)
    return units, (ends_W1, places_C, grams_C, counts_G, seen_G, np.empty(n_slots(size), np.int32))


@njit(cache=True, nogil=True)
def _measure_units(n_units, units, scratch, profile, lexicon, known_K, measures_Q):
    """Fill in the measures of a document whose units these are; they are written over."""
    _, _, chars_W, kinds_W, keys_W = units
    ends_W1, places_C, grams_C, counts_G, seen_G, slots_S = scratch
    table_S, lists_S, firsts_P1 = lexicon
    _count_kinds(n_units, chars_W, kinds_W, ends_W1, measures_Q)
    n_distinct = number(keys_W, n_units, grams_C, counts_G, slots_S)
    measures_Q[N_DISTINCT] = n_distinct
    measures_Q[ENTROPY] = _entropy(n_units, counts_G, n_distinct, known_K)
    first = firsts_P1[profile]
    mask = firsts_P1[profile + 1] - first - 1
    _count_listed(keys_W, counts_G, n_distinct, lists_S, table_S, first, mask, measures_Q)
    _repetition(n_units, ends_W1, places_C, keys_W, grams_C, counts_G, seen_G, slots_S, measures_Q)


@njit(cache=True, nogil=True)
def fast_kernel(data_D, offsets_N1, units_N, profiles_N, lexicon, known_K, classes_U, flags_U, measures_NQ):
    """Fill in the rows of the documents with FAST units; see `measure`."""
    units, scratch = _scratch(np.int64(FIRST_SIZE))
    for row in range(len(units_N)):
        if units_N[row] == SPACY:
            continue
        while True:
            n_units = fast_units(data_D, offsets_N1[row], offsets_N1[row + 1], classes_U, flags_U, *units)
            if n_units >= 0:
                break
            units, scratch = _scratch(2 * len(units[0]))
        _measure_units(n_units, units, scratch, profiles_N[row], lexicon, known_K, measures_NQ[row])


@njit(cache=True, nogil=True)
def spacy_kernel(data_D, offsets_N1, units_N, profiles_N, lexicon, known_K, marks_U, lookup_T, measures_NQ):
    """As `fast_kernel` for those with SPACY units: a kernel of its own, for it takes much longer to compile."""
    units, scratch = _scratch(np.int64(FIRST_SIZE))
    for row in range(len(units_N)):
        if units_N[row] != SPACY:
            continue
        while True:
            n_units = spacy_units(data_D, offsets_N1[row], offsets_N1[row + 1], marks_U, lookup_T, *units)
            if n_units >= 0:
                break
            units, scratch = _scratch(2 * len(units[0]))
        _measure_units(n_units, units, scratch, profiles_N[row], lexicon, known_K, measures_NQ[row])


def _known() -> np.ndarray:
    """count x log2(count) of the first counts, for `_entropy`, float64[K]."""
    return np.array([0.0] + [count * math.log2(count) for count in range(1, N_KNOWN)])


def _read_only(array: np.ndarray) -> np.ndarray:
    """The same array to Numba, whatever it comes from: a kernel is compiled anew for arrays that may be written."""
    view = array.view()
    view.flags.writeable = False
    return view


def measure(data, offsets, units, profiles, lexicon: lexicons.Lexicon) -> np.ndarray:
    """Measures of the units of each document, int64[N, Q]; columns N_UNITS, N_WORDS, ...

    units: uint8[N], which units a document has (FAST or SPACY of `units`); profiles: int64[N], the number of its
    profile in the lexicon.
    """
    assert len(units) == len(profiles) == len(offsets) - 1 and units.dtype == np.uint8 and profiles.dtype == np.int64
    assert len(profiles) == 0 or 0 <= profiles.min() <= profiles.max() < len(lexicon.offsets) - 1
    data, offsets, units, profiles = map(_read_only, (data, offsets, units, profiles))
    measures = np.zeros((len(units), N_MEASURES), np.int64)
    documents = (data, offsets, units, profiles, tuple(lexicon), _known())
    if (units == FAST).any():
        fast_kernel(*documents, classes(), flags(), measures)
    if (units == SPACY).any():
        spacy_kernel(*documents, *spacy_tables(), measures)
    measures[:, CHAR_REPEATED:] = characters(data, offsets)
    return measures
