"""The words of a corpus: counted by hash, merged, and numbered as the vocabulary of an n-gram model.

Letters: T tokens, W distinct words, D bytes, V ids. A word is known by the 64-bit hash of its written form; two with
the same hash (which does not happen unless somebody made them so) are one word, written as the lesser of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .ngram_counts import in_pairs

Array = npt.NDArray[Any]
MAX_WORDS = (1 << 21) - 4
"""Three ids fit into 63 bits, and three of them are of MARKS; as `kernels.ngram_counts` has it."""
MARKS = (b"<unk>", b"<s>", b"</s>")
"""What the ids 0, 1 and 2 stand for. Text that spells one of them is an unknown word."""


class Words(NamedTuple):
    """Words and how often they occur, by hash."""

    hashes: Array
    """uint64[W], ascending, each once."""
    counts: Array
    """int64[W]"""
    data: Array
    """uint8[D]: written forms, one after the other."""
    offsets: Array
    """int64[W+1]: where each begins."""

    def written(self) -> list[bytes]:
        """The written form of each word."""
        data, offsets = self.data.tobytes(), self.offsets.tolist()
        return [data[start:stop] for start, stop in itertools.pairwise(offsets)]


class Vocabulary(NamedTuple):
    """The words of a model."""

    words: list[bytes]
    """Written form by id, MARKS first."""
    hashes: Array
    """uint64[V]: token hash by id."""


def tally(hashes: Array) -> tuple[Array, Array, Array]:
    """Distinct token hashes uint64[W] ascending, how often each occurs and where it occurs first, int64[W] both."""
    found, firsts, counts = np.unique(hashes, return_index=True, return_counts=True)
    return found, counts.astype(np.int64), firsts.astype(np.int64)


def words(hashes: Array, counts: Array, written: list[bytes]) -> Words:
    """What `tally` found, with the written form of each."""
    offsets = np.cumsum([0, *map(len, written)]).astype(np.int64)
    return Words(hashes, counts, np.frombuffer(b"".join(written), np.uint8), offsets)


def merge(parts: Iterable[Words]) -> Words:
    """The words of several texts, counts added up; the same for any order and grouping of the parts."""
    return in_pairs(parts, _merge_two) or words(np.empty(0, np.uint64), np.empty(0, np.int64), [])


def _merge_two(one: Words, other: Words) -> Words:
    from .kernels.ngram_words import merge_kernel

    return Words(*merge_kernel(*one, *other))


def vocabulary(merged: Words, min_count: int, max_words: int) -> Vocabulary:
    """The words that occur at least `min_count` times, the most frequent `max_words` of them.

    Ids from 3 on go by falling count, those of equal count by the bytes of their written form. A word that has the hash
    of a mark is none.
    """
    from .kernels.ngram_tokens import marks

    limit = min(max_words, MAX_WORDS)
    written = merged.written()
    often = np.flatnonzero((merged.counts >= min_count) & ~np.isin(merged.hashes, marks()))
    if len(often) > limit:  # sort no more than need be: all that occur as often as the last one to be taken
        often = often[merged.counts[often] >= -np.partition(-merged.counts[often], limit - 1)[limit - 1]]
    counts = merged.counts.tolist()
    chosen = sorted(often.tolist(), key=lambda i: (-counts[i], written[i]))[:limit]
    hashes = np.concatenate((marks(), merged.hashes[chosen]))
    return Vocabulary([*MARKS, *(written[i] for i in chosen)], hashes)


def table(hashes: Array) -> tuple[Array, Array]:
    """What `ids` takes, of the hashes of a vocabulary uint64[V]: hashes uint64[S] and ids int32[S] by slot."""
    from .kernels.ngram_words import table_kernel

    known = np.arange(len(MARKS), len(hashes), dtype=np.int32)
    hashes_by_slot, ids_by_slot = table_kernel(hashes[len(MARKS) :], known)
    return hashes_by_slot, ids_by_slot


def ids(hashes: Array, slots: tuple[Array, Array]) -> Array:
    """The id of each token hash, int32[T]; 0 for words that the vocabulary does not have."""
    from .kernels.ngram_words import ids_kernel

    found: Array = ids_kernel(hashes, *slots)
    return found
