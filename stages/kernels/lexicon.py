"""Word lists of language profiles, as hash tables that kernels read.

Letters: P profiles, S slots. Each profile has a table of its own in one array, of which only that one is in the cache
while a document is measured. A word is found by the hash of its unit (`units.hash_bytes`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .units import hash_bytes
from .utf8 import HAN, MARK, SPACE, UNSPACED, classes

STOP, FUNCTION, INVOLVED = 1, 2, 4
"""The lists a word is in, as bits: stop words, compared as written; function words, and words of involved,
spoken text, also found in lower case, with a capital and in capitals. Any apostrophe may be a
curly one."""


class Lists(NamedTuple):
    """The words of one profile."""

    stop: tuple[str, ...] = ()
    function: tuple[str, ...] = ()
    involved: tuple[str, ...] = ()


class Lexicon(NamedTuple):
    """keys uint64[S], 0 where no word is; lists uint8[S], the bits; offsets int64[P+1], where each table begins.

    A table's size is a power of two, and at least three quarters of its slots are empty, so that most look-ups end
    at the first.
    """

    keys: np.ndarray
    lists: np.ndarray
    offsets: np.ndarray


def build(profiles: list[Lists]) -> Lexicon:
    """The tables of profiles 0 to P-1. ValueError for a word that cannot be a unit; see `check_word`."""
    tables = [_table(_bits(lists)) for lists in profiles]
    offsets = np.cumsum([0] + [len(keys) for keys, _ in tables], dtype=np.int64)
    keys = np.concatenate([np.empty(0, np.uint64)] + [keys for keys, _ in tables])
    lists = np.concatenate([np.empty(0, np.uint8)] + [found for _, found in tables])
    return Lexicon(keys, lists, offsets)


def check_word(word: str) -> None:
    """ValueError for what is no unit of any kind: nothing, white space in it, or a character of a script written
    without spaces beside others, for it is a unit of its own."""
    kinds = classes()[[ord(character) for character in word]].tolist()
    if not word or SPACE in kinds:
        raise ValueError(f"{word!r} is no word: it is empty or holds white space")
    n_unspaced = kinds.count(HAN) + kinds.count(UNSPACED)
    if n_unspaced and (n_unspaced > 1 or n_unspaced + kinds.count(MARK) < len(word)):
        raise ValueError(f"{word!r} can never be found: each of its characters is a word of its own")


def _bits(lists: Lists) -> dict[str, int]:
    """Word -> the lists it is in, with the ways in which it may be written."""
    found: dict[str, int] = {}
    for bit, words in ((STOP, lists.stop), (FUNCTION, lists.function), (INVOLVED, lists.involved)):
        for word in words:
            check_word(word)
            ways = {word} if bit == STOP else {word, word.lower(), word.capitalize(), word.upper()}
            for way in ways | {way.replace("'", "’") for way in ways}:
                found[way] = found.get(way, 0) | bit
    return found


def _table(bits: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """keys and lists of one profile."""
    size = 1 << (4 * len(bits)).bit_length()
    keys, lists = np.zeros(size, np.uint64), np.zeros(size, np.uint8)
    for word in sorted(bits):
        data = np.frombuffer(word.encode(), np.uint8)
        key = hash_bytes(data, 0, len(data))
        slot = int(key) % size
        while keys[slot] != 0:
            slot = (slot + 1) % size
        keys[slot], lists[slot] = key, bits[word]
    return keys, lists


@njit(cache=True, nogil=True, inline="always")
def find(key, keys_S, lists_S, first, mask):
    """The lists, uint8, that hold the unit with that hash, in the table of mask + 1 slots from `first` on."""
    first, mask = np.uint64(first), np.uint64(mask)  # a signed index is asked whether it counts from the end
    slot = key & mask
    found = keys_S[first + slot]
    while not ((found == key) | (found == 0)):  # one branch: `or` would make two, the first of them a coin toss
        slot = (slot + np.uint64(1)) & mask
        found = keys_S[first + slot]
    return lists_S[first + slot]
