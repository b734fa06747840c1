"""Mixtures: weights of sources by tokens, how many sequences that makes of each, and in which order they come.

The order within a source depends only on the seed, the source's name and the epoch, never on the
mixture: two runs that differ in their mixture see each source in the same order (common random
numbers). Everything is computed from numbers when asked for; nothing of the size of the data is held.

Letters: K sequences of a block. "tokens" are predicted pairs.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .errors import ConfigError, did_you_mean

ROUNDS = 8
"""Of the Feistel permutation: with 6, the orders of 4 or 5 things are visibly uneven; 12 is no better than 8."""


def _shares(values: Mapping[str, float]) -> dict[str, float]:
    total = math.fsum(values.values())
    if not total > 0:
        raise ConfigError("no source has tokens to train on: look at the report for what dropped them")
    return {name: value / total for name, value in values.items()}


def natural(tokens: Mapping[str, int]) -> dict[str, float]:
    """Weights in proportion to the tokens there are."""
    return _shares(tokens)


def uniform(tokens: Mapping[str, int]) -> dict[str, float]:
    """The same weight for every source that has tokens."""
    return _shares({name: float(n > 0) for name, n in tokens.items()})


def tempered(tokens: Mapping[str, int], power: float) -> dict[str, float]:
    """Weights in proportion to the natural ones to a power: 1 is natural, 0 uniform (XLM, arXiv 1901.07291; RegMix)."""
    if not 0 <= power < math.inf:
        raise ConfigError(f"the power of a tempered mixture is {power}, it must be 0 or more")
    return _shares({name: share**power if share > 0 else 0.0 for name, share in natural(tokens).items()})


def alone(source: str, tokens: Mapping[str, int]) -> dict[str, float]:
    """One source and no other."""
    return check_weights({source: 1.0}, tokens)


def by_tags(
    proportions: Mapping[str, float], tags: Mapping[str, str | None], tokens: Mapping[str, int]
) -> tuple[dict[str, float], list[str]]:
    """Weights from proportions of tags, such as those a paper published, and the tags that no source here has.

    Sources that share a tag share its proportion by tokens. Tags without a source that has tokens are
    left out and the others scaled up to a sum of 1. Raises ConfigError if no tag is left.
    """
    of_tag: dict[str, dict[str, int]] = {tag: {} for tag in proportions}
    for name, n_tokens in tokens.items():
        if tags.get(name) in of_tag and n_tokens > 0:
            of_tag[str(tags[name])][name] = n_tokens
    missing = sorted(tag for tag, members in of_tag.items() if not members)
    weights = dict.fromkeys(tokens, 0.0)
    for tag, members in of_tag.items():
        weights.update({name: proportions[tag] * n / sum(members.values()) for name, n in members.items()})
    if not any(weights.values()):
        raise ConfigError(f"no source has one of the mixture's tags: {', '.join(sorted(proportions))}")
    return check_weights(weights, tokens), missing


def check_weights(weights: Mapping[str, float], tokens: Mapping[str, int]) -> dict[str, float]:
    """The weights scaled to a sum of 1, for all sources that there are, in order of their names.

    Raises ConfigError for an unknown source, a weight that is negative or no number, weights that are
    all zero, and a source that has a weight but no tokens.
    """
    for name, weight in weights.items():
        if name not in tokens:
            raise ConfigError(f"the mixture names no source of the data: '{name}'{did_you_mean(name, tokens)}")
        if not 0 <= weight < math.inf:
            raise ConfigError(f"the mixture gives '{name}' the weight {weight}, it must be 0 or more")
        if weight > 0 and tokens[name] <= 0:
            raise ConfigError(f"the mixture gives '{name}' a weight, but it has no tokens: leave it out")
    ordered = {name: weights.get(name, 0.0) for name in sorted(tokens)}
    total = sum(ordered.values())
    if not 0 < total < math.inf:
        raise ConfigError(f"the weights of a mixture must have a sum above 0, not {total}")
    return {name: weight / total for name, weight in ordered.items()}


@dataclass(frozen=True)
class Allotment:
    """How much of each source a run gets; the maps hold the sources with a weight above 0, in order of their names.

    sequences: how many come; available: how many there are; epochs: their quotient; planned: tokens
    that weight and budget ask for; expected: tokens that so many sequences hold on average; capped:
    the sources held at the most epochs; short_tokens: what the whole run lacks because all are capped.
    """

    sequences: dict[str, int]
    available: dict[str, int]
    epochs: dict[str, float]
    planned: dict[str, int]
    expected: dict[str, int]
    capped: tuple[str, ...]
    short_tokens: int

    @property
    def total(self) -> int:
        """Sequences of the whole run."""
        return sum(self.sequences.values())


def _fill(weights: Mapping[str, float], most: Mapping[str, float], n_tokens: int) -> tuple[dict[str, float], set[str]]:
    """Tokens of each source by weight, none above its most; what is left over goes to the others, by weight."""
    capped: set[str] = set()
    while True:
        open_weight = math.fsum(weight for name, weight in weights.items() if name not in capped)
        left = max(0.0, n_tokens - math.fsum(most[name] for name in capped))
        share = {
            name: most[name] if name in capped else left * weight / open_weight for name, weight in weights.items()
        }
        over = {name for name in weights if name not in capped and share[name] > most[name]}
        if not over:
            return share, capped
        capped |= over


def allot(
    weights: Mapping[str, float], available: Mapping[str, tuple[int, int]], n_tokens: int, max_epochs: float
) -> Allotment:
    """How many sequences of each source make a budget of `n_tokens`, by `weights`.

    available: sequences and tokens of each source. At most `max_epochs` (> 0, may be infinite) times
    what there is of a source, but at least one sequence; what it cannot give is shared among the others
    by weight. Raises ConfigError for weights that `check_weights` refuses, and for a budget below 1.
    """
    if n_tokens < 1 or not max_epochs > 0:
        raise ConfigError(f"a run needs 1 token and more than 0 epochs, not {n_tokens:,} and {max_epochs}")
    checked = check_weights(weights, {name: tokens for name, (_, tokens) in available.items()})
    weights = {name: weight for name, weight in checked.items() if weight > 0}
    mean = {name: available[name][1] / available[name][0] for name in weights}
    share, capped = _fill(weights, {name: max_epochs * available[name][1] for name in weights}, n_tokens)
    sequences = {}
    for name in weights:
        most = max_epochs * available[name][0]
        n_sequences = round(share[name] / mean[name])
        sequences[name] = max(1, n_sequences if n_sequences <= most else math.floor(most))
    return Allotment(
        sequences=sequences,
        available={name: available[name][0] for name in weights},
        epochs={name: sequences[name] / available[name][0] for name in weights},
        planned={name: round(weight * n_tokens) for name, weight in weights.items()},
        expected={name: sequences[name] * available[name][1] // available[name][0] for name in weights},
        capped=tuple(sorted(capped)),
        short_tokens=max(0, n_tokens - round(math.fsum(share.values()))) if len(capped) == len(weights) else 0,
    )


def key(seed: int, name: str, epoch: int) -> np.ndarray:
    """The key of a permutation, uint64[ROUNDS], from BLAKE2b of seed, source name and epoch."""
    digest = hashlib.blake2b(f"{seed}\n{epoch}\n{name}".encode(), digest_size=8 * ROUNDS).digest()
    return np.frombuffer(digest, "<u8").astype(np.uint64)


def permute(k: np.ndarray, n: int, round_keys: np.ndarray) -> np.ndarray:
    """Where a pseudo-random permutation of 0 .. n-1 (1 <= n <= 2^62) takes each of k, int64[K].

    A Feistel network over the next even number of bits; a result outside the range is put through
    again until it is inside ("cycle walking": Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
    """
    assert 1 <= n <= 1 << 62 and (len(k) == 0 or (k.min() >= 0 and k.max() < n))
    half = np.uint64(max(1, ((n - 1).bit_length() + 1) // 2))
    out = _feistel(k.astype(np.uint64), half, round_keys)
    while len(outside := np.flatnonzero(out >= n)):
        out[outside] = _feistel(out[outside], half, round_keys)
    return out.astype(np.int64)


def _feistel(values: np.ndarray, half: np.uint64, round_keys: np.ndarray) -> np.ndarray:
    mask = (np.uint64(1) << half) - np.uint64(1)
    left, right = values >> half, values & mask
    for round_key in round_keys:
        left, right = right, left ^ (_mix(right ^ round_key) & mask)
    return left << half | right


def _mix(values: np.ndarray) -> np.ndarray:
    """The finalizer of SplitMix64: every bit of the result depends on every bit of the value."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


class Order:
    """Which sequences come in which of `n_blocks` blocks: each holds its part of every source, interleaved."""

    def __init__(self, allotment: Allotment, seed: int, n_blocks: int) -> None:
        """Raises ConfigError for a seed that is not in 0 .. 2^64 - 1."""
        assert n_blocks >= 1
        if not 0 <= seed < 1 << 64:
            raise ConfigError(f"the seed is {seed}, it must be from 0 to 2^64 - 1")
        self.sources = tuple(allotment.sequences)
        self.n_blocks = n_blocks
        self._allotment, self._seed = allotment, seed

    def begin(self, block: int) -> dict[str, int]:
        """How many sequences of each source come before a block; `n_blocks` stands for the end."""
        return {name: n * block // self.n_blocks for name, n in self._allotment.sequences.items()}

    def block(self, block: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A block's sequences: source int32[K], an index of `sources`; epoch int64[K]; row in that source int64[K]."""
        assert 0 <= block < self.n_blocks
        begin, end = self.begin(block), self.begin(block + 1)
        parts = [self._rows(name, begin[name], end[name]) for name in self.sources]
        source = np.repeat(np.arange(len(parts), dtype=np.int32), [len(row) for _, row in parts])
        epoch, row = (np.concatenate([part[i] for part in parts]) for i in range(2))
        # The generator's raw bits sorted, not its shuffle, which another version of numpy may do otherwise.
        draws = np.random.Philox(key=np.array([self._seed, block], np.uint64)).random_raw(len(row))
        source = source[np.argsort(draws, kind="stable")]
        # The sources take turns at random, but each in its own order, which is the same in every mixture.
        number = np.argsort(np.argsort(source, kind="stable"), kind="stable")
        return source, epoch[number], row[number]

    def _rows(self, name: str, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Epoch and row of the numbers begin .. end-1 of one source, each int64."""
        n = self._allotment.available[name]
        number = np.arange(begin, end)
        epoch, rows = number // n, []
        for one in range(begin // n, -(-end // n) if end > begin else 0):
            k = number[max(0, one * n - begin) : (one + 1) * n - begin] - one * n
            rows.append(permute(k, n, key(self._seed, name, one)))
        return epoch, np.concatenate(rows) if rows else np.empty(0, np.int64)
