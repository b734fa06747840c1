"""Percentiles of a sample with intervals that assume no distribution, and thresholds rounded so as to keep more."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
TAIL = 0.025
"""Probability that the value lies beyond either end of an interval of 95 %."""
DIGITS = 3


def failing(n: int, percentile: float) -> int:
    """The most of n documents that may fail at so many per cent."""
    return int(Fraction(str(percentile)) * n / 100)


def order_interval(n: int, share: float) -> tuple[int | None, int | None]:
    """Positions (from 0) in a sorted sample of n between which the quantile `share` lies, at 95 %; None: none does.

    How many of n values lie below the quantile is binomial, whatever their distribution (Conover, Practical
    Nonparametric Statistics, section 3.2).
    """
    start, cumulated = _binomial(n, share)
    first = start + int(np.searchsorted(cumulated, TAIL, side="right"))  # values surely below: one too many is a tail
    last = start + int(np.searchsorted(cumulated, 1 - TAIL, side="left")) + 1
    return (first - 1 if first > 0 else None), (last - 1 if last <= n else None)


def _binomial(n: int, share: float) -> tuple[int, Floats]:
    """(start, probability of at most k successes of n for k = start ..), as far as it is neither 0 nor 1."""
    mean, spread = n * share, 12 * math.sqrt(n * share * (1 - share)) + 12
    start, stop = max(0, math.floor(mean - spread)), min(n, math.ceil(mean + spread))
    k = np.arange(start, stop, dtype=np.float64)
    ratios = np.log((n - k) / (k + 1)) + math.log(share / (1 - share))  # of each probability to the one before
    logs = np.concatenate([[0.0], np.cumsum(ratios)])
    chances = np.exp(logs - logs.max())
    return start, np.cumsum(chances) / chances.sum()


def documents_for(share: float) -> int:
    """The least sample in which the interval of the quantile `share` has both ends."""
    return math.ceil(math.log(TAIL) / math.log1p(-share))


def outward(value: float | np.floating[Any], *, least: bool, whole: bool) -> float | int:
    """The value with three digits, as an integer if `whole`, rounded so that a limit on this side keeps more.

    A float32 stands for its shortest decimal: 0.1, which is 0.100000001 in binary, remains 0.1.
    """
    exact = Decimal(str(value))
    if exact.is_zero():
        return 0 if whole else 0.0
    place = Decimal(1).scaleb(exact.adjusted() - DIGITS + 1)
    if whole:
        place = max(place, Decimal(1))
    rounded = (exact / place).to_integral_value(ROUND_FLOOR if least else ROUND_CEILING) * place
    return int(rounded) if whole else float(rounded)


def shown(value: Any) -> float | int:
    """A number of an evidence: an integer where it is one, else with six digits."""
    number = float(f"{float(value):.6g}") if abs(value) < 1e6 else float(round(float(value)))
    return int(number) if number.is_integer() else number
