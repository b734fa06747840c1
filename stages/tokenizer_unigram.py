"""Tokens of a unigram language model: Kudo, Subword Regularization (arXiv 1804.10959), as SentencePiece trains them.

The trainer of the `tokenizers` library learns other tokens of the same texts each time, for it sums and sorts by the
order of a hash table; this one sums in one order. It weighs seeds by how often they occur, as SentencePiece does.

Letters: W words (distinct pieces of the texts), C their characters, A distinct characters, P pieces of the vocabulary.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .tokenizer_guard import count_pieces

Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]

MAX_SEEDS = 1_000_000
SHRINK_TO = 0.75
SUB_ROUNDS = 2
SLACK = 1.1
"""Training ends with that many times the pieces wanted, of which the most probable are taken."""
MIN_EXPECTED = 0.5
"""A piece that is expected less often goes."""
CHARACTER_SHARE = 0.5
"""Of the vocabulary that characters may take at most: the others are spelled by bytes."""
DECIMALS = 6
"""Of a score: no more than all machines agree on."""


SOME = 1000
"""Texts whose characters are counted at once."""


class Words(NamedTuple):
    """Words as numbers of characters, int64[C], their offsets int64[W+1] and counts float64[W]."""

    chars: Int64s
    offsets: Int64s
    counts: Float64s


class Pieces(NamedTuple):
    """A vocabulary as numbers of characters and offsets int64[P+1]; scores float64[P]: log-probabilities."""

    chars: Int64s
    offsets: Int64s
    scores: Float64s

    def take(self, rows: Int64s, scores: Float64s) -> Pieces:
        """Some of them, with new scores."""
        sizes = np.diff(self.offsets)[rows]
        return Pieces(_stretches(self.chars, self.offsets[rows], sizes), _offsets(sizes), scores)


def _offsets(sizes: Int64s) -> Int64s:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])


def _stretches(chars: Int64s, starts: Int64s, sizes: Int64s) -> Int64s:
    """The characters of stretches, one behind the other."""
    offsets = _offsets(sizes)
    return chars[np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], sizes)]


def learned(
    texts: Sequence[str], most: int, coverage: float, expression: str, max_bytes: int
) -> list[tuple[str, float]]:
    """At most so many tokens and their log-probabilities, the likeliest first, of texts in any order.

    coverage: share of the text whose characters are tokens; they fill at most CHARACTER_SHARE of `most`.
    expression: what texts are cut by, of `pretokenizers.pattern`. max_bytes: of a token, but for single characters.
    """
    alphabet = characters(texts, coverage, int(most * CHARACTER_SHARE))
    if not alphabet:
        return []
    words = _words(count_pieces(_without_others(texts, alphabet), expression), alphabet)
    pieces = _seeds(words, np.array([len(character.encode()) for character in alphabet], np.int64), max_bytes)
    while True:
        pieces = _settled(words, pieces, len(alphabet))
        if len(pieces.scores) <= max(most * SLACK, len(alphabet)):
            break
        pieces = _pruned(words, pieces, len(alphabet), most)
    return _chosen(pieces, alphabet, most)


def characters(texts: Sequence[str], coverage: float, most: int) -> str:
    """The most frequent characters, which make up so much of the texts, but no more than `most` of them."""
    counts = np.zeros(0x110000, np.int64)
    for first in range(0, len(texts), SOME):
        codes = np.frombuffer("".join(texts[first : first + SOME]).encode("utf-32-le"), "<u4")
        counts += np.bincount(codes, minlength=len(counts))
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    covered = np.cumsum(counts[order])
    n_kept = np.searchsorted(covered, coverage * counts.sum()) + 1
    return "".join(map(chr, order[: min(n_kept, most)].tolist()))


def _without_others(texts: Iterable[str], alphabet: str) -> Iterator[str]:
    """The stretches of texts that have no other characters."""
    others = re.compile(f"[^{re.escape(alphabet)}]+")
    return (part for text in texts for part in others.split(text) if part)


def _words(counts: Counter[str], alphabet: str) -> Words:
    numbers = {ord(character): number for number, character in enumerate(alphabet)}
    lookup = np.zeros(max(numbers) + 1, np.int64)
    lookup[list(numbers)] = list(numbers.values())
    ordered = sorted(counts.items())
    codes = np.frombuffer("".join(word for word, _ in ordered).encode("utf-32-le"), "<u4")
    offsets = _offsets(np.array([len(word) for word, _ in ordered], np.int64))
    return Words(lookup[codes], offsets, np.array([count for _, count in ordered], np.float64))


def _seeds(words: Words, bytes_of: Int64s, max_bytes: int) -> Pieces:
    """All characters, and of the longer stretches of words that occur twice those with most characters in all.

    bytes_of: of each character.
    """
    from .kernels.unigram import MAX_CHARS

    n_chars, before = len(bytes_of), _offsets(bytes_of[words.chars])
    ends = np.repeat(words.offsets[1:], np.diff(words.offsets))
    counts = np.repeat(words.counts, np.diff(words.offsets))
    places, numbers = np.arange(len(words.chars)), words.chars
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for size in range(2, MAX_CHARS + 1):
        inside = places + size <= ends[places]
        inside[inside] = before[places[inside] + size] - before[places[inside]] <= max_bytes
        places, numbers = places[inside], numbers[inside]
        _, firsts, kinds = np.unique(
            numbers * n_chars + words.chars[places + size - 1], return_index=True, return_inverse=True
        )
        weights = np.bincount(kinds, counts[places], len(firsts))
        is_often = weights >= 2
        found.append((places[firsts[is_often]], np.full(is_often.sum(), size), weights[is_often]))
        stays = is_often[kinds]
        places, numbers = places[stays], (np.cumsum(is_often) - 1)[kinds[stays]]
    starts, sizes, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(-weights * sizes, kind="stable")[:MAX_SEEDS]
    starts, sizes, amounts = starts[order], sizes[order], (weights * sizes)[order]
    amounts = np.concatenate([np.bincount(words.chars, counts, n_chars), amounts])
    chars = np.concatenate([np.arange(n_chars), _stretches(words.chars, starts, sizes)])
    offsets = _offsets(np.concatenate([np.ones(n_chars, np.int64), sizes]))
    return Pieces(chars, offsets, np.log(amounts) - np.log(amounts.sum()))


def _settled(words: Words, pieces: Pieces, n_chars: int) -> Pieces:
    """Some rounds of expectation and maximization, in which characters stay, and other pieces only if expected."""
    from .kernels import unigram

    for _ in range(SUB_ROUNDS):
        trie = unigram.trie(pieces.chars, pieces.offsets, n_chars)
        expected, _ = unigram.expect(*words, *trie, n_chars, pieces.scores)
        rows = np.flatnonzero((expected >= MIN_EXPECTED) | (np.arange(len(expected)) < n_chars))
        expected = np.maximum(expected[rows], MIN_EXPECTED)
        scores = unigram.digamma(expected) - unigram.digamma(expected.sum()[None])
        pieces = pieces.take(rows, scores)
    return pieces


def _pruned(words: Words, pieces: Pieces, n_chars: int, most: int) -> Pieces:
    """The characters, and the pieces without which the likelihood would fall most: SHRINK_TO of them at most.

    Those without which it would not fall stay only if there are too few others.
    """
    from .kernels import unigram

    trie = unigram.trie(pieces.chars, pieces.offsets, n_chars)
    n_pieces = len(pieces.scores)
    with_all = np.full(len(words.counts), -1)
    used, bounds, _ = unigram.best(words.chars, words.offsets, with_all, *trie, n_chars, pieces.scores)
    frequency = np.bincount(used, np.repeat(words.counts, np.diff(bounds)), n_pieces)
    alone = pieces.chars, pieces.offsets, np.arange(n_pieces)
    others, bounds, scores = unigram.best(*alone, *trie, n_chars, pieces.scores)
    lost = unigram.losses(frequency, others, bounds)
    lost[scores > pieces.scores] = 0.0  # spelled by others in every word
    lost[:n_chars] = np.inf
    least = max(int(most * SLACK), n_chars)
    n_kept = max(min(int(SHRINK_TO * n_pieces), np.count_nonzero(lost)), least)
    rows = np.sort(np.argsort(-lost, kind="stable")[:n_kept])
    return pieces.take(rows, pieces.scores[rows])


def _chosen(pieces: Pieces, alphabet: str, most: int) -> list[tuple[str, float]]:
    """All characters and the likeliest of the others."""
    text = np.array([ord(character) for character in alphabet], "<u4")[pieces.chars].tobytes().decode("utf-32-le")
    tokens = [text[a:b] for a, b in itertools.pairwise(pieces.offsets.tolist())]
    scores = [round(score, DECIMALS) for score in pieces.scores.tolist()]
    ranked = sorted(zip(tokens, scores, strict=True), key=lambda one: (len(one[0]) > 1, -one[1], one[0]))
    return sorted(ranked[:most], key=lambda one: (-one[1], one[0]))
