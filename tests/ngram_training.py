"""Corpora of token ids, a model of them by way of every step of training, and probabilities as its form gives them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from strategies import CHINESE, ENGLISH, OTHER_SCRIPTS, documents

from stages import ngram_counts, ngram_estimate
from stages.ngram_estimate import Smoothing

Gram = tuple[int, ...]
Lines = list[list[int]]
N_MARKS = 3

_english = st.lists(st.sampled_from([*ENGLISH[:5], "cat", "dog", "sat"]), max_size=12)
_chinese = st.text("的一是不了人，。", max_size=12).map(list)
_mixed = st.lists(st.sampled_from([*ENGLISH, *CHINESE, *OTHER_SCRIPTS]), max_size=8)
_foreign = documents.map(lambda texts: [list(text) for text in texts])


def numbered(texts: Sequence[Sequence[str]], max_words: int) -> tuple[Lines, int]:
    """Lines of tokens as ids, the most frequent ones known, and the number of ids."""
    counts = Counter(token for text in texts for token in text)
    known = [token for token, _ in counts.most_common(max_words)]
    ids = {token: number for number, token in enumerate(known, N_MARKS)}
    return [[ids.get(token, 0) for token in text] for text in texts], N_MARKS + len(known)


_texts = st.one_of(st.lists(st.one_of(_english, _chinese, _mixed), min_size=1, max_size=10), _foreign.filter(bool))
corpora = st.builds(numbered, _texts, st.integers(1, 20))
"""Lines of ids of English, Chinese, mixed or arbitrary text, a line at least, and the number of ids."""


def packed_lines(lines: Lines):
    """ids int32[T] and firsts int64[L+1]."""
    firsts = np.cumsum([0, *map(len, lines)]).astype(np.int64)
    return np.array([token for line in lines for token in line], np.int32), firsts


def partitions(chunks: list[Lines], order: int, n_partitions: int) -> list[ngram_counts.Counts]:
    """The merged counts of each partition, of chunks of lines."""
    parts: list[list[ngram_counts.Counts]] = [[] for _ in range(n_partitions)]
    for lines in chunks:
        counts, borders = ngram_counts.count(*packed_lines(lines), order, n_partitions)
        for number, part in enumerate(parts):
            rows = slice(borders[number], borders[number + 1])
            part.append(ngram_counts.Counts(*(column[rows] for column in counts)))
    return [ngram_counts.merge(part) for part in parts]


def grams(counts: ngram_counts.Counts, n: int) -> list[Gram]:
    """The last n tokens of each n-gram."""
    from stages.kernels.ngram_counts import unpack_kernel

    ids = unpack_kernel(counts.hi, counts.lo, np.arange(len(counts.hi)), n)
    return [tuple(gram) for gram in ids.tolist()]


class Trained:
    """The tables of a model as dictionaries, and what its steps found."""

    def __init__(
        self,
        chunks: list[Lines],
        order: int,
        n_ids: int,
        smoothing: Smoothing = Smoothing("kneser_ney"),  # noqa: B008
        min_counts: Sequence[int] | None = None,
        n_partitions: int = 1,
    ):
        least = min_counts or [1] * order
        merged = partitions(chunks, order, n_partitions)
        found = [ngram_counts.statistics(part, order, n_ids, least, smoothing.as_they_are) for part in merged]
        self.sums = {key: sum(one[key] for one in found) for key in found[0]}
        of_counts, before = self.sums["of_counts"], self.sums["before"]
        of_counts[0] = ngram_estimate.of_tokens(before)
        self.discounts, self.fallback = ngram_estimate.discounts(of_counts)
        self.unseen = smoothing.unseen
        self.unigrams = ngram_estimate.unigrams(smoothing, before, self.sums["occurrences"], self.discounts[0])
        logs = ngram_estimate.logs(self.unigrams).tolist()
        self.probabilities: dict[Gram, float] = {(token,): log for token, log in enumerate(logs)}
        self.backoffs: dict[Gram, float] = {}
        for part in merged:
            for block in ngram_estimate.estimate(part, order, least, smoothing, self.discounts, self.unigrams):
                table = self.backoffs if block.are_contexts else self.probabilities
                for gram, log in zip(map(tuple, block.ids.tolist()), block.logs.tolist(), strict=True):
                    assert gram not in table
                    table[gram] = log

    def log(self, token: int, context: Gram) -> float:
        """log10 of the probability of a token after a context."""
        gram = (*context, token)
        if gram in self.probabilities:
            return self.probabilities[gram]
        return self.backoffs.get(context, self.unseen) + self.log(token, context[1:])

    def p(self, token: int, context: Gram) -> float:
        """The probability of a token after a context."""
        return math.pow(10, self.log(token, context))


def contexts(lines: Lines, order: int) -> list[Gram]:
    """The contexts in which tokens of these lines stand, and for each one that no line has."""
    found = set()
    for line in lines:
        marked = (1, *line)
        for stop in range(1, len(marked) + 1):
            seen = marked[max(0, stop + 1 - order) : stop]
            found |= {seen, (*seen[:-1], 0)} | ({(seen[-1],) * (order - 1)} if seen[-1] != 1 else set())
    return sorted(found)
