"""The slow truth about n-gram models, in exact fractions, written from the papers and not from the kernels.

A line is a list of ids (0 `<unk>`, 1 `<s>`, 2 `</s>`); an n-gram is a tuple in the order of writing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction

Gram = tuple[int, ...]
UNKNOWN, BEGIN, END = 0, 1, 2


def full_counts(lines: list[list[int]], order: int) -> Counter[Gram]:
    """N-grams of the full order, each line preceded by order - 1 `<s>` and followed by `</s>`."""
    counts: Counter[Gram] = Counter()
    for line in lines:
        padded = [BEGIN] * (order - 1) + line + [END]
        counts.update(tuple(padded[i : i + order]) for i in range(len(padded) - order + 1))
    return counts


def occurrences(lines: list[list[int]], n: int) -> Counter[Gram]:
    """N-grams of lines with one `<s>` in front; `<s>` itself is no 1-gram."""
    counts: Counter[Gram] = Counter()
    for line in lines:
        marked = [BEGIN, *line, END]
        counts.update(tuple(marked[i : i + n]) for i in range(len(marked) - n + 1))
    counts.pop((BEGIN,), None)
    return counts


def adjusted(lines: list[list[int]], order: int) -> list[dict[Gram, int]]:
    """Kneser-Ney's counts of orders 1 to `order`: distinct tokens before, but occurrences where nothing can be before
    (the full order, and what begins with `<s>`)."""
    found: list[dict[Gram, int]] = []
    for n in range(1, order):
        longer = occurrences(lines, n + 1)
        found.append(
            {
                gram: count if gram[0] == BEGIN else sum(other[1:] == gram for other in longer)
                for gram, count in occurrences(lines, n).items()
            }
        )
    return [*found, dict(occurrences(lines, order))]


def discount(counts: dict[Gram, int]) -> list[Fraction] | None:
    """D1, D2, D3+ (Chen and Goodman 1998), or None where they are undefined or out of range."""
    t = [sum(value == k for value in counts.values()) for k in range(5)]
    if not (t[1] and t[2] and t[3]):
        return None
    y = Fraction(t[1], t[1] + 2 * t[2])
    found = [k - (k + 1) * y * Fraction(t[k + 1], t[k]) for k in (1, 2, 3)]
    return found if all(0 < value <= k for k, value in enumerate(found, 1)) else None


class Model:
    """p(token | context) for any context, by the recursion of the paper."""

    def __init__(self, lines: list[list[int]], order: int, n_ids: int, smoothing: str, k: Fraction, least: list[int]):
        self.order, self.n_ids, self.smoothing, self.k, self.least = order, n_ids, smoothing, k, least
        self.raw = [occurrences(lines, n) for n in range(1, order + 1)]
        counts = adjusted(lines, order) if smoothing == "kneser_ney" else self.raw
        self.counts = counts
        self.by_context: list[dict[Gram, list[Gram]]] = [defaultdict(list) for _ in range(order)]
        for n, grams in enumerate(counts):
            for gram in grams:
                self.by_context[n][gram[:-1]].append(gram)
        self.discounts = [discount(grams) or [Fraction(1, 2), Fraction(1), Fraction(3, 2)] for grams in counts]

    def kept(self, gram: Gram) -> bool:
        """Whether the model may have an n-gram: often enough, and without unknown tokens."""
        return UNKNOWN not in gram and (len(gram) == 1 or self.raw[len(gram) - 1][gram] >= self.least[len(gram) - 1])

    def p(self, token: int, context: Gram) -> Fraction:
        """The probability of a token after a context of at most order - 1 tokens (all of the line, or the last)."""
        return {"kneser_ney": self._kneser_ney, "stupid_backoff": self._stupid}.get(self.smoothing, self._add_k)(
            token, context
        )

    def _kneser_ney(self, token: int, context: Gram) -> Fraction:
        n = len(context) + 1
        lower = Fraction(1, self.n_ids - 1) if n == 1 else self._kneser_ney(token, context[1:])
        grams = self.by_context[n - 1].get(context, [])
        if not grams:
            return lower
        counts, gram = self.counts[n - 1], (*context, token)
        total = sum(counts[one] for one in grams)
        less = {one: self.discounts[n - 1][min(counts[one], 3) - 1] for one in grams}
        freed = sum(less[one] if self.kept(one) else counts[one] for one in grams)
        own = counts[gram] - less[gram] if gram in counts and self.kept(gram) else Fraction(0)
        return own / total + freed / Fraction(total) * lower

    def _add_k(self, token: int, context: Gram) -> Fraction:
        if len(context) < self.order - 1 and context[:1] != (BEGIN,):
            return Fraction(1, self.n_ids - 1)
        n = len(context) + 1
        total = sum(self.counts[n - 1][one] for one in self.by_context[n - 1].get(context, []) if self.kept(one))
        own = self.counts[n - 1].get((*context, token), 0) if self.kept((*context, token)) else 0
        return (own + self.k) / (total + self.k * (self.n_ids - 1))

    def _stupid(self, token: int, context: Gram) -> Fraction:
        n = len(context) + 1
        if n == 1:
            seen = 0 if token == UNKNOWN else self.counts[0].get((token,), 0)
            return Fraction(max(seen, 1), sum(self.counts[0].values()))
        gram = (*context, token)
        if gram in self.counts[n - 1] and self.kept(gram):
            return Fraction(
                self.counts[n - 1][gram], sum(self.counts[n - 1][one] for one in self.by_context[n - 1][context])
            )
        return Fraction(2, 5) * self._stupid(token, context[1:])
