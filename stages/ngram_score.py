"""Scores of lines by an n-gram language model: how improbable each is, token by token.

Letters: L lines (any spans of text), T tokens. A line is one sequence: `<s>` is its history, `</s>` is predicted too.
The perplexity of lines is 10 to the power of their sum / their number of tokens, as kenlm and CCNet have it (Wenzek et
al. 2020, CCNet).
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .ngram_file import Model
from .ngram_pieces import PIECES

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Uint64s = npt.NDArray[np.uint64]

MILLION = 1_000_000
BLOCK_BYTES = 250_000
"""Text that is cut into tokens at a time."""


class Lines(NamedTuple):
    """Scores of lines; a line without a token has 0 in all.

    sums: int64[L], -log10 of the probability of each token, in whole millionths, added up; tokens: int32[L], their
    number, both with `</s>`; unknown: int32[L], how many of them the model does not know.
    """

    sums: Int64s
    tokens: Int32s
    unknown: Int32s


def score_lines(model: Model, data: Any, starts: Int64s, stops: Int64s) -> Lines:
    """Score lines. data: uint8[D], valid UTF-8; starts, stops: int64[L], on character boundaries."""
    from .kernels.ngram_score import lines_kernel
    from .kernels.ngram_tokens import marks

    sums, tokens, unknown = np.zeros(len(starts), np.int64), *np.zeros((2, len(starts)), np.int32)
    for first, stop in _blocks(starts, stops):
        hashes, firsts = hashes_of_lines(model, data, starts[first:stop], stops[first:stop])
        found = lines_kernel(model.tables, model.order, model.unseen, marks(), hashes, firsts)
        sums[first:stop], tokens[first:stop], unknown[first:stop] = found
    return Lines(sums, tokens, unknown)


def token_costs(model: Model, line: str) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    """What each token of one line and its `</s>` costs, millionths of -log10 p, int64[T+1]; which are unknown, bool."""
    from .kernels.ngram_score import costs_kernel
    from .kernels.ngram_tokens import marks

    data = np.frombuffer(line.encode(), np.uint8)
    hashes, firsts = hashes_of_lines(model, data, np.zeros(1, np.int64), np.array([len(data)], np.int64))
    costs, unknown = costs_kernel(model.tables, model.order, model.unseen, marks(), hashes, firsts)
    return costs[1:], unknown[1:]


def hashes_of_lines(model: Model, data: Any, starts: Int64s, stops: Int64s) -> tuple[Uint64s, Int64s]:
    """The tokens of lines as the model cuts them: hashes uint64[T], firsts int64[L+1]."""
    if model.tokens == PIECES:
        assert model.pieces is not None
        ids, firsts = model.pieces.ids(data, starts, stops)
        return model.pieces.hashes[ids], firsts
    from .kernels.ngram_tokens import token_hashes

    hashes, _, _, firsts = token_hashes(data, starts, stops, model.tokens)
    return hashes, firsts


def _blocks(starts: Int64s, stops: Int64s) -> list[tuple[int, int]]:
    """Runs of lines with some BLOCK_BYTES of text each: first and stop."""
    number = (np.cumsum(stops - starts) - (stops - starts)) // BLOCK_BYTES
    borders = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(starts)]
    return [(first, stop) for first, stop in itertools.pairwise(borders) if first < stop]
