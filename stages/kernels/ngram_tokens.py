"""Tokens of an n-gram language model: where they lie in a text, their hashes, how they are written; keys of n-grams.

Letters: D bytes, N texts, L lines (any spans), T tokens, V words of a vocabulary, M n-grams of n tokens, E bytes
written. Kinds:

    spaces      what stands between ASCII white space (9 to 13, 32), as it is: how kenlm reads a sentence
    words       a word of `words` (so also a character of an unspaced script), or any other visible character
    characters  a visible character

Visible is what has neither the class SPACE nor OTHER of `utf8`. Words and visible characters are written in lower case
with every digit as `0` (`shingles.folded`). A token's hash is one of its written form's bytes. The key of an n-gram is
made of the hashes of its tokens from the last to the first, so that the keys of all its suffixes come on the way.
"""

from __future__ import annotations

import itertools

import numpy as np
from numba import njit

from .hashing import mixed
from .shingles import folded
from .utf8 import DIGIT, HAN, LETTER, OTHER, SPACE, UNSPACED, classes, decode, encode
from .words import next_word

SPACES, WORDS, CHARACTERS = "spaces", "words", "characters"
KINDS = (SPACES, WORDS, CHARACTERS)
UNKNOWN, BEGIN, END = b"<unk>", b"<s>", b"</s>"
BASE = np.uint64(0x9E3779B97F4A7C15)
SEED, FACTOR = np.uint64(0x27D4EB2F165667C5), np.uint64(0xC2B2AE3D27D4EB4F)


@njit(cache=True, nogil=True)
def _taken(total, byte):
    """The state of a hash after one more byte."""
    total = (total ^ np.uint64(byte)) * FACTOR
    return total ^ (total >> np.uint64(29))


@njit(cache=True, nogil=True)
def _finished(total):
    """A hash or key of which every bit depends on every bit, never 0 (that is an empty slot of a table)."""
    total = mixed(total)
    return total if total != np.uint64(0) else np.uint64(1)


@njit(cache=True, nogil=True)
def combined(key, hash_before):
    """The key of an n-gram with one more token before it."""
    return _finished(key * BASE + hash_before)


@njit(cache=True, nogil=True)
def hash_bytes(data_D, start, stop):
    total = SEED
    for position in range(start, stop):
        total = _taken(total, data_D[position])
    return _finished(total)


@njit(cache=True, nogil=True)
def _hash_folded(data_D, start, stop, folded_U, character_4):
    """The hash of a token in its written form."""
    total = SEED
    while start < stop:
        if data_D[start] < 0x80:
            total = _taken(total, folded_U[data_D[start]])  # ASCII remains ASCII
            start += 1
        else:
            code, size = decode(data_D, start)
            for place in range(encode(np.int64(folded_U[code]), character_4, 0)):
                total = _taken(total, character_4[place])
            start += size
    return _finished(total)


@njit(cache=True, nogil=True)
def next_between_spaces(data_D, position, end):
    """Start and stop of the next token of kind `spaces`; equal if there is none."""
    while position < end and (data_D[position] == 32 or 9 <= data_D[position] <= 13):
        position += 1
    start = position
    while position < end and not (data_D[position] == 32 or 9 <= data_D[position] <= 13):
        position += 1
    return start, position


@njit(cache=True, nogil=True)
def _next_visible(data_D, position, end, classes_U, in_words):
    """Start and stop of the next token of kind `words` or `characters`; equal if there is none."""
    while position < end:
        code, size = decode(data_D, position)
        kind = classes_U[code]
        if kind == SPACE or kind == OTHER:
            position += size
            continue
        if in_words and (kind == LETTER or kind == DIGIT or kind == HAN or kind == UNSPACED):  # a word begins here
            start, stop, _, _ = next_word(data_D, position, end, classes_U)
            return start, stop
        return position, position + size
    return end, end


@njit(cache=True, nogil=True)
def have_tokens_kernel(data_D, offsets_N1, classes_U):
    """bool[N]; see `have_tokens`."""
    found_N = np.zeros(len(offsets_N1) - 1, np.bool_)
    for row in range(len(found_N)):
        start, stop = _next_visible(data_D, offsets_N1[row], offsets_N1[row + 1], classes_U, False)
        found_N[row] = start < stop
    return found_N


@njit(cache=True, nogil=True)
def tokens_kernel(data_D, starts_L, stops_L, in_spaces, in_words, classes_U, folded_U):
    """hashes uint64[T], starts and stops int64[T], firsts int64[L+1]; see `token_hashes`."""
    most = np.int64(0)
    for line in range(len(starts_L)):
        most += stops_L[line] - starts_L[line]
    hashes_T, starts_T, stops_T = np.empty(most, np.uint64), np.empty(most, np.int64), np.empty(most, np.int64)
    firsts_L1 = np.zeros(len(starts_L) + 1, np.int64)
    character_4 = np.empty(4, np.uint8)
    n_tokens = np.int64(0)
    for line in range(len(starts_L)):
        position, end = starts_L[line], stops_L[line]
        while True:
            if in_spaces:
                start, position = next_between_spaces(data_D, position, end)
            else:
                start, position = _next_visible(data_D, position, end, classes_U, in_words)
            if start == position:
                break
            starts_T[n_tokens], stops_T[n_tokens] = start, position
            if in_spaces:
                hashes_T[n_tokens] = hash_bytes(data_D, start, position)
            else:
                hashes_T[n_tokens] = _hash_folded(data_D, start, position, folded_U, character_4)
            n_tokens += 1
        firsts_L1[line + 1] = n_tokens
    return hashes_T[:n_tokens].copy(), starts_T[:n_tokens].copy(), stops_T[:n_tokens].copy(), firsts_L1


@njit(cache=True, nogil=True)
def written_kernel(data_D, starts_T, stops_T, folded_U):
    """data_E uint8[E] and offsets int64[T+1] of tokens in their written form."""
    n_bytes = np.int64(0)
    for token in range(len(starts_T)):
        n_bytes += stops_T[token] - starts_T[token]
    data_E = np.empty(n_bytes + n_bytes // 2, np.uint8)  # in lower case a character of two bytes may have three
    offsets_T1 = np.zeros(len(starts_T) + 1, np.int64)
    place = np.int64(0)
    for token in range(len(starts_T)):
        position = starts_T[token]
        while position < stops_T[token]:
            code, size = decode(data_D, position)
            place = encode(np.int64(folded_U[code]), data_E, place)
            position += size
        offsets_T1[token + 1] = place
    return data_E[:place].copy(), offsets_T1


@njit(cache=True, nogil=True)
def hashes_kernel(data_D, offsets_V1):
    """uint64[V]; see `hashes_of`."""
    hashes_V = np.empty(len(offsets_V1) - 1, np.uint64)
    for word in range(len(hashes_V)):
        hashes_V[word] = hash_bytes(data_D, offsets_V1[word], offsets_V1[word + 1])
    return hashes_V


@njit(cache=True, nogil=True)
def keys_kernel(hashes_V, ids_Mn):
    """uint64[M]; see `keys`."""
    n_ngrams, order = ids_Mn.shape
    keys_M = np.empty(n_ngrams, np.uint64)
    for row in range(n_ngrams):
        key = hashes_V[ids_Mn[row, order - 1]]
        for place in range(order - 2, -1, -1):
            key = combined(key, hashes_V[ids_Mn[row, place]])
        keys_M[row] = key
    return keys_M


def token_hashes(data, starts, stops, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The tokens of each span of valid UTF-8: hashes uint64[T]; starts and stops int64[T], byte positions in `data`;
    and firsts int64[L+1]: span i has the tokens from firsts[i] to firsts[i + 1].

    starts, stops: int64[L], on character boundaries. No marks are added, but a text may spell one in kind `spaces`:
    its hash is then among `marks()`.
    """
    assert kind in KINDS, kind
    return tokens_kernel(data, starts, stops, kind == SPACES, kind == WORDS, classes(), folded())


def have_tokens(data, offsets) -> np.ndarray:
    """Whether there is a token in each text, bool[N]: the same for the kinds `words` and `characters`.

    offsets: int64[N+1], on character boundaries.
    """
    return have_tokens_kernel(data, offsets, classes())


def written(data, starts, stops, kind: str) -> list[bytes]:
    """The written forms of tokens that `token_hashes` found, such as those chosen for a vocabulary."""
    assert kind in KINDS, kind
    if kind == SPACES:
        return [data[start:stop].tobytes() for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
    made, offsets = written_kernel(data, starts, stops, folded())
    text, places = made.tobytes(), offsets.tolist()
    return [text[start:stop] for start, stop in itertools.pairwise(places)]


def hashes_of(words: list[bytes]) -> np.ndarray:
    """The hashes of tokens in their written form, uint64[V]; never 0."""
    offsets = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(word) for word in words], out=offsets[1:])
    return hashes_kernel(np.frombuffer(b"".join(words), np.uint8), offsets)


def keys(hashes, ids) -> np.ndarray:
    """The keys of n-grams, uint64[M], never 0, from the hashes of all words, uint64[V], and ids int32[M, n], the first
    token first. The key of a token alone is its hash."""
    return keys_kernel(hashes, ids)


def marks() -> np.ndarray:
    """The hashes of `<unk>`, `<s>` and `</s>`, uint64[3]: their ids are 0, 1 and 2."""
    return hashes_of([UNKNOWN, BEGIN, END])
