"""How many sequences of each source make a run, phase by phase, and in which order they come.

The order within a source depends only on the seed, the source's name and the epoch, never on the
mixture: two runs that differ in their mixture see each source in the same order (common random
numbers), and a phase goes on where the one before it ended. Everything is computed from numbers when
asked for; nothing of the size of the data is held.

Letters: K sequences of a block. "tokens" are predicted pairs; the number of a sequence counts those of its source.
"""

from __future__ import annotations

import bisect
import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .errors import ConfigError
from .mixtures import MAX_TOKENS, check_weights

COARSE = 0.1
"""A part of a source that holds by this share more or fewer tokens than it should is no match of a target."""
MAX_SEQUENCES = 1 << 62
ROUNDS = 14
"""Of the Feistel permutation: with 10, the orders of 5 things are visibly uneven; 16 is no better than 14."""


class Phase(NamedTuple):
    """A part of a run with weights of its own, by tokens, and a budget of tokens."""

    weights: Mapping[str, float]
    tokens: int


class Part(NamedTuple):
    """What a run draws from that stands for a larger one, in order to repeat text as often as that one would.

    target_tokens: budget of the larger run; drawn: of each source, the sequences that `part_sequences`
    allows and the tokens in those that `part_rows` names.
    """

    target_tokens: int
    drawn: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Allotment:
    """How much of each source a phase gets; the maps hold the sources of the plan, in order of their names.

    sequences: how many come; asked: tokens that weight and budget ask for; expected: tokens that so
    many sequences hold on average; short_tokens: what the phase lacks because all its sources are capped.
    """

    sequences: dict[str, int]
    asked: dict[str, int]
    expected: dict[str, int]
    short_tokens: int

    @property
    def total(self) -> int:
        """Sequences of the whole phase."""
        return sum(self.sequences.values())


@dataclass(frozen=True)
class Plan:
    """What a run gets of each source. The maps hold the sources that have a weight in some phase, by name.

    there: sequences that the data has; available: how many of them the run draws from, the others it
    never sees; capped: the sources held at the most epochs; coarse: those whose part is so far (COARSE)
    from its share of the tokens that they are repeated clearly more or less often than in the target's run.
    """

    phases: tuple[Allotment, ...]
    there: dict[str, int]
    available: dict[str, int]
    capped: tuple[str, ...]
    coarse: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources, in order of their names."""
        return tuple(self.there)

    @property
    def total(self) -> int:
        """Sequences of the whole run."""
        return sum(phase.total for phase in self.phases)

    @property
    def sequences(self) -> dict[str, int]:
        """How many sequences of each source come in all phases."""
        return self.before(len(self.phases))

    @property
    def epochs(self) -> dict[str, float]:
        """How often the run sees each sequence that it draws from."""
        return {name: n / self.available[name] for name, n in self.sequences.items()}

    @property
    def asked(self) -> dict[str, int]:
        """Tokens of each source that the weights and budgets ask for."""
        return {name: sum(phase.asked[name] for phase in self.phases) for name in self.there}

    @property
    def short_tokens(self) -> int:
        """What the run lacks of its budget."""
        return sum(phase.short_tokens for phase in self.phases)

    def before(self, phase: int) -> dict[str, int]:
        """How many sequences of each source come before a phase; the number of phases stands for the end."""
        return {name: sum(one.sequences[name] for one in self.phases[:phase]) for name in self.there}


def _fill(
    asked: Sequence[Mapping[str, float]], most: Mapping[str, int], mean: Mapping[str, float]
) -> tuple[list[Mapping[str, float]], Mapping[str, list[float]]]:
    """Tokens of each source in each phase; and the sources that are held at their most, with theirs.

    asked: tokens by weight and budget; most: sequences; mean: tokens of one. A source that lacks up to half a
    sequence is not held: so much is lost to rounding anyway, and a weight that is rounded asks for too much. A capped
    source is cut by the same part in each phase, so that an early one leaves something to a late one; what is left
    over in a phase goes to its other sources, by weight.
    """
    capped: dict[str, list[float]] = {}
    while True:
        shares = [_phase_shares(number, phase, capped) for number, phase in enumerate(asked)]
        total = {name: math.fsum(one[name] for one in shares) for name in most}
        over = [name for name in most if name not in capped and total[name] > (most[name] + 0.5) * mean[name]]
        if not over:
            return shares, capped
        capped |= {name: [most[name] * mean[name] * (one[name] / total[name]) for one in shares] for name in over}


def _phase_shares(number: int, asked: Mapping[str, float], capped: Mapping[str, list[float]]) -> Mapping[str, float]:
    """Tokens of each source in one phase, when those that are capped give what they have."""
    free = math.fsum(n_tokens for name, n_tokens in asked.items() if name not in capped)
    left = max(0.0, math.fsum(asked.values()) - math.fsum(given[number] for given in capped.values()))
    return {
        name: capped[name][number] if name in capped else left * (n / free) if free else 0.0
        for name, n in asked.items()
    }


def _sequences(shares: Sequence[Mapping[str, float]], name: str, mean: float, most: int) -> list[int]:
    """How many sequences of a source come in each phase, at most `most` in all, and at least 1.

    The sum until each phase is rounded, not each phase, so that roundings don't add up.
    """
    ends = [min(round(sum(one[name] for one in shares[: n + 1]) / mean), most) for n in range(len(shares))]
    if ends[-1] == 0:
        first = max(range(len(shares)), key=lambda n: shares[n][name])
        return [int(n == first) for n in range(len(shares))]
    return [end - begin for begin, end in zip([0, *ends[:-1]], ends, strict=True)]


def budget(phases: Sequence[Phase]) -> int:
    """Tokens of all phases. Raises ConfigError if one has less than 1, or all have more than MAX_TOKENS."""
    if not phases:
        raise ConfigError("a run needs a phase, and there is none")
    for phase in phases:
        if not phase.tokens >= 1:  # nan is not
            raise ConfigError(f"a run needs 1 token, not {phase.tokens:,}")
    total = sum(phase.tokens for phase in phases)
    if total > MAX_TOKENS:
        raise ConfigError(f"a run may have at most {MAX_TOKENS:,} tokens: ask for fewer")
    return total


def _asked(phases: Sequence[Phase], available: Mapping[str, tuple[int, int]]) -> list[dict[str, float]]:
    """Tokens of each phase by weight, for the sources that have a weight in some phase. Raises ConfigError."""
    tokens = {name: n_tokens for name, (_, n_tokens) in available.items()}
    checked = [check_weights(phase.weights, tokens) for phase in phases]
    used = [name for name in sorted(available) if any(one[name] > 0 for one in checked)]
    return [{name: one[name] * phase.tokens for name in used} for one, phase in zip(checked, phases, strict=True)]


def part_sequences(n_sequences: int, n_tokens: int, target_tokens: int) -> int:
    """How many sequences of a source a run of `n_tokens` draws from that stands for one of `target_tokens`.

    The same share of them as that of the tokens, so that both runs repeat text equally often (arXiv
    2606.07597; why that matters: arXiv 2305.16264), but at least one if there is one. Raises ConfigError for a
    target below the run or above MAX_TOKENS.
    """
    if not n_tokens <= target_tokens:
        raise ConfigError(f"target_tokens is {target_tokens:,}, less than the {n_tokens:,} tokens of the run itself")
    if target_tokens > MAX_TOKENS:
        raise ConfigError(f"target_tokens may be at most {MAX_TOKENS:,}")
    return min(n_sequences, max(1, (2 * n_sequences * n_tokens + target_tokens) // (2 * target_tokens)))


def part_rows(name: str, k: np.ndarray, n_sequences: int) -> np.ndarray:
    """The rows of a source that a part of it begins with, int64[K], by number in the part: the same for every seed."""
    return permute(k, n_sequences, key(0, f"part of {name}", 0))


def _is_coarse(n_drawn: int, n_there: int, share: float) -> bool:
    """Whether the tokens drawn of a source are clearly more or fewer than their share of those there are."""
    return abs(n_drawn - n_there * share) > COARSE * n_there * share


def _short(asked: Mapping[str, float], shares: Mapping[str, float], capped: Collection[str]) -> int:
    """What a phase lacks because all of its sources are capped."""
    if any(n_tokens > 0 for name, n_tokens in asked.items() if name not in capped):
        return 0
    return max(0, round(math.fsum(asked.values())) - round(math.fsum(shares.values())))


def allot(
    phases: Sequence[Phase], available: Mapping[str, tuple[int, int]], max_epochs: float, part: Part | None = None
) -> Plan:
    """How many sequences of each source make phases with these weights and budgets, one after another.

    available: sequences and tokens of each source. All phases together take at most `max_epochs` (> 0,
    may be infinite) times what there is of a source, but at least one sequence; what it cannot give is
    shared among the others by weight. part: what there is of each source with a weight in place of all
    of it. Raises ConfigError for weights that `check_weights` refuses, and for a budget below 1 or above MAX_TOKENS.
    """
    if not max_epochs > 0:
        raise ConfigError(f"a run needs more than 0 epochs, not {max_epochs}")
    n_tokens, asked = budget(phases), _asked(phases, available)
    drawn = {name: (part.drawn if part else available)[name] for name in asked[0]}
    most = {name: max(1, math.floor(min(max_epochs * n, MAX_SEQUENCES))) for name, (n, _) in drawn.items()}
    mean = {name: tokens / n for name, (n, tokens) in drawn.items()}
    shares, capped = _fill(asked, most, mean)
    share = n_tokens / part.target_tokens if part else 1.0
    sequences = {name: _sequences(shares, name, mean[name], most[name]) for name in drawn}
    allotments = (
        Allotment(
            sequences={name: sequences[name][number] for name in drawn},
            asked={name: round(n) for name, n in asked[number].items()},
            expected={name: sequences[name][number] * tokens // n for name, (n, tokens) in drawn.items()},
            short_tokens=_short(asked[number], shares[number], capped),
        )
        for number in range(len(phases))
    )
    return Plan(
        tuple(allotments),
        there={name: available[name][0] for name in drawn},
        available={name: n for name, (n, _) in drawn.items()},
        capped=tuple(sorted(capped)),
        coarse=tuple(name for name, (_, n) in drawn.items() if _is_coarse(n, available[name][1], share)),
    )


def key(seed: int, name: str, epoch: int) -> np.ndarray:
    """The key of a permutation, uint64[ROUNDS], from SHAKE256 of seed, source name and epoch."""
    digest = hashlib.shake_256(f"{seed}\n{epoch}\n{name}".encode()).digest(8 * ROUNDS)
    return np.frombuffer(digest, "<u8").astype(np.uint64)


def permute(k: np.ndarray, n: int, round_keys: np.ndarray) -> np.ndarray:
    """Where a pseudo-random permutation of 0 .. n-1 (1 <= n <= 2^62) takes each of k, int64[K].

    A generalized Feistel network over the cells of the squarest table that has room for n; a result outside the range
    is put through again until it is inside (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
    """
    assert 1 <= n <= MAX_SEQUENCES and (len(k) == 0 or (k.min() >= 0 and k.max() < n))
    n_rows = math.isqrt(n - 1) + 1
    table = np.uint64(n_rows), np.uint64(-(-n // n_rows))
    out = _feistel(k.astype(np.uint64), table, round_keys)
    while len(outside := np.flatnonzero(out >= n)):
        out[outside] = _feistel(out[outside], table, round_keys)
    return out.astype(np.int64)


def _feistel(values: np.ndarray, table: tuple[np.uint64, np.uint64], round_keys: np.ndarray) -> np.ndarray:
    """Row and column take turns: each is moved by a number that hangs on the other."""
    n_rows, n_columns = table
    row, column = values // n_columns, values % n_columns
    for one, other in zip(round_keys[::2], round_keys[1::2], strict=True):
        row = (row + _mix(column ^ one)) % n_rows
        column = (column + _mix(row ^ other)) % n_columns
    return row * n_columns + column


def _mix(values: np.ndarray) -> np.ndarray:
    """The finalizer of SplitMix64: every bit of the result depends on every bit of the value."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


class Order:
    """Which sequences come in which block: each block holds its part of every source of its phase, interleaved."""

    def __init__(self, plan: Plan, seed: int, block_sequences: int) -> None:
        """Blocks of about `block_sequences`. Raises ConfigError for a seed that is not in 0 .. 2^64 - 1."""
        assert block_sequences >= 1
        if not 0 <= seed < 1 << 64:
            raise ConfigError(f"the seed is {seed}, it must be from 0 to 2^64 - 1")
        self.sources = plan.sources
        self._plan, self._seed = plan, seed
        blocks = [-(-phase.total // block_sequences) for phase in plan.phases]
        self._first = [sum(blocks[:phase]) for phase in range(len(blocks) + 1)]
        self._before = [plan.before(phase) for phase in range(len(blocks) + 1)]

    @property
    def n_blocks(self) -> int:
        """Blocks of all phases."""
        return self._first[-1]

    def phase_of(self, block: int) -> int:
        """The phase of a block; of `n_blocks`, the number of phases."""
        return bisect.bisect_right(self._first, block) - 1

    def begin(self, block: int) -> dict[str, int]:
        """How many sequences of each source come before a block; `n_blocks` stands for the end."""
        phase = self.phase_of(block)
        if block == self.n_blocks:
            return self._before[phase]
        inside, blocks = block - self._first[phase], self._first[phase + 1] - self._first[phase]
        sequences, before = self._plan.phases[phase].sequences, self._before[phase]
        return {name: before[name] + sequences[name] * inside // blocks for name in self.sources}

    def block(self, block: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A block's sequences: source int32[K], an index of `sources`; epoch int64[K]; row in that source int64[K]."""
        assert 0 <= block < self.n_blocks
        begin, end = self.begin(block), self.begin(block + 1)
        parts = [self.rows(name, begin[name], end[name]) for name in self.sources]
        source = np.repeat(np.arange(len(parts), dtype=np.int32), [len(row) for _, row in parts])
        epoch, row = (np.concatenate([part[i] for part in parts]) for i in range(2))
        # The generator's raw bits sorted, not its shuffle, which another version of numpy may do otherwise.
        draws = np.random.Philox(key=np.array([self._seed, block], np.uint64)).random_raw(len(row))
        source = source[np.argsort(draws, kind="stable")]
        # The sources take turns at random, but each in its own order, which is the same in every mixture.
        number = np.argsort(np.argsort(source, kind="stable"), kind="stable")
        return source, epoch[number], row[number]

    def rows(self, name: str, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Epoch and row, each int64, of the numbers begin .. end-1 of one source."""
        n, there = self._plan.available[name], self._plan.there[name]
        number = np.arange(begin, end)
        epoch, rows = number // n, []
        for one in range(begin // n, -(-end // n) if end > begin else 0):
            k = number[max(0, one * n - begin) : (one + 1) * n - begin] - one * n
            rows.append(permute(k, n, key(self._seed, name, one)))
        row = np.concatenate(rows) if rows else np.empty(0, np.int64)
        return epoch, row if n == there else part_rows(name, row, there)
