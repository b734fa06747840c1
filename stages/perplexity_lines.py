"""Perplexity by line and by document, from what a language model says of each line.

Letters: D bytes, N documents, L lines, M models. A line is what stands between line feeds; one without a token is left
out. A perplexity is told by its log10 in ten-thousandths, an integer, from 0 to `quantile_sketch.MAX_VALUE`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .ngram_file import Model
from .ngram_score import score_lines
from .quantile_sketch import MAX_VALUE

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LINE_TOKENS = 16
"""Tokens that a line must have to be judged by itself. The perplexity of fewer says little: of 688 Chinese technical
articles, one in nine lines of 8 to 11 tokens would be above the 99th percentile of all, of those of 96 and more none.
"""
UNIT = 100
"""Millionths, in which a model sums, in a ten-thousandth."""


class Scores(NamedTuple):
    """The lines of a batch that a model has read.

    starts, stops int64[L], positions in the data; rows int64[L], whose they are, ascending; sums int64[L], millionths
    of -log10 of their probability; tokens int64[L], without their ends; unknown int64[L], tokens not in the vocabulary.
    """

    starts: Int64s
    stops: Int64s
    rows: Int64s
    sums: Int64s
    tokens: Int64s
    unknown: Int64s

    @property
    def log10s(self) -> Int64s:
        """The perplexity of each line, int64[L]."""
        return log10s(self.sums, self.tokens + 1)

    @property
    def are_judged(self) -> Bools:
        """Which lines are long enough to be judged by themselves, bool[L]."""
        return np.asarray(self.tokens >= LINE_TOKENS, np.bool_)

    def of(self, chosen: Bools) -> Scores:
        """Only the chosen lines (bool[L])."""
        return Scores(*(values[chosen] for values in self))


class Totals(NamedTuple):
    """Documents as their lines add up, int64[N] each: log10 of the perplexity (0 without a token), tokens, unknown."""

    log10s: Int64s
    tokens: Int64s
    unknown: Int64s


def score(data: Any, offsets: Int64s, places_N: Int64s, models: Sequence[Model]) -> Scores:
    """Have each document's lines read by the model at its place in `models`, -1 for none.

    data uint8[D], offsets int64[N+1]: valid UTF-8; models: M of them.
    """
    from .kernels.windows import line_spans

    starts, stops, firsts = line_spans(data, offsets, 1)
    rows = np.repeat(np.arange(len(places_N)), np.diff(firsts))
    sums, tokens, unknown = (np.zeros(len(rows), np.int64) for _ in range(3))
    for place, model in enumerate(models):
        here = np.flatnonzero(places_N[rows] == place)
        if len(here):
            found = score_lines(model, data, starts[here], stops[here])
            sums[here], tokens[here], unknown[here] = found.sums, found.tokens - 1, found.unknown
    return Scores(starts, stops, rows, sums, tokens, unknown).of(tokens > 0)


def totals(scores: Scores, n_rows: int) -> Totals:
    """The perplexity of each document: of all tokens of its lines, and of the ends of these lines."""
    sums, tokens, unknown, ends = (np.zeros(n_rows, np.int64) for _ in range(4))
    ones = np.ones(len(scores.rows), np.int64)
    for into, values in ((sums, scores.sums), (tokens, scores.tokens), (unknown, scores.unknown), (ends, ones)):
        np.add.at(into, scores.rows, values)
    return Totals(log10s(sums, tokens + ends), tokens, unknown)


def log10s(sums: Int64s, counts: Int64s) -> Int64s:
    """log10 of perplexities, int64: sums of -log10 in millionths by their counts, rounded half up; 0 where none."""
    unit = UNIT * np.maximum(counts, 1)
    return np.asarray(np.clip((2 * sums + unit) // (2 * unit), 0, MAX_VALUE), np.int64)


def worst(scores: Scores, n_rows: int) -> Int64s:
    """log10 of the highest perplexity of a judged line of each document, int64[N]; 0 where there is none."""
    found, judged = np.zeros(n_rows, np.int64), scores.of(scores.are_judged)
    np.maximum.at(found, judged.rows, judged.log10s)
    return found


def shares(scores: Scores, chosen: Bools, n_rows: int) -> npt.NDArray[np.float64]:
    """The share of the bytes of each document's lines that is in the chosen ones (bool[L]), float64[N]; 0 without."""
    sizes = scores.stops - scores.starts
    whole, part = np.bincount(scores.rows, sizes, n_rows), np.bincount(scores.rows, sizes * chosen, n_rows)
    return np.divide(part, whole, out=np.zeros(n_rows), where=whole > 0)
