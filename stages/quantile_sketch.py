"""A sketch of a distribution of perplexities, which gives ranks and quantiles, and which is merged by adding.

Letters: N values, B bins. A value is the log10 of a perplexity in ten-thousandths, an integer from 0 to MAX_VALUE. Bins
have a fixed width in the logarithm, and so a fixed relative width, as in DDSketch (Masson, Rim and Lee 2019): a
quantile is within WIDTH / SCALE of the true log10, which is 0.5 % of the perplexity. Only counts are kept, so that the
order of adding and merging changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]

SCALE = 10_000
"""One unit of log10, and all of a share."""
WIDTH = 20
MAX_VALUE = 38 * SCALE
"""A perplexity of 10^38: float32 holds no more."""
MAX_COUNT = 10**12
"""Of values, so that ranks are computed in int64."""
PERCENTILES = ("1", "5", "10", "25", "33.33", "50", "66.67", "75", "90", "95", "99")


class QuantileSketch(NamedTuple):
    """Bins that hold a value, int64[B] ascending, and how many each holds, int64[B]; bin b holds b WIDTH and on."""

    bins: Int64s
    counts: Int64s

    @property
    def n(self) -> int:
        """How many values it has seen."""
        return int(self.counts.sum())

    def rank(self, values: Int64s) -> Int64s:
        """The share of what was seen that is lower than each value, in ten-thousandths rounded up, int64[N].

        What is in the bin of a value counts in proportion to how far up in the bin the value is. Raises AssertionError
        for an empty sketch.
        """
        assert self.n, "nothing was seen that a value could have a rank in"
        below = np.append(0, np.cumsum(self.counts))
        places = np.searchsorted(self.bins, values // WIDTH)
        is_here = np.append(self.bins, -1)[places] == values // WIDTH
        here = np.where(is_here, np.append(self.counts, 0)[places], 0)
        halves = 2 * WIDTH * below[places] + here * (2 * (values % WIDTH) + 1)
        return np.asarray(-(-SCALE * halves // (2 * WIDTH * self.n)), np.int64)

    def quantile(self, share: int) -> int:
        """The value that about this share (0 to SCALE ten-thousandths) of what was seen is below.

        Raises AssertionError for an empty sketch.
        """
        assert self.n and 0 <= share <= SCALE
        up_to = np.cumsum(self.counts)
        place = int(np.searchsorted(up_to * SCALE, share * self.n))
        inside = share * self.n - SCALE * int(up_to[place] - self.counts[place])
        offset = inside * WIDTH // (SCALE * int(self.counts[place]))
        return int(self.bins[place]) * WIDTH + min(offset, WIDTH - 1)

    def percentiles(self) -> dict[str, float]:
        """The perplexity at each of PERCENTILES, two decimals; none of an empty sketch."""
        if not self.n:
            return {}
        return {name: round(10 ** (self.quantile(round(float(name) * 100)) / SCALE), 2) for name in PERCENTILES}

    def to_json(self) -> dict[str, Any]:
        """What `from_json` takes."""
        return {"width": WIDTH, "bins": self.bins.tolist(), "counts": self.counts.tolist()}


def sketched(values: Int64s) -> QuantileSketch:
    """The sketch of values, int64[N]; those outside of [0, MAX_VALUE] count as its ends."""
    return QuantileSketch(*np.unique(np.clip(values, 0, MAX_VALUE) // WIDTH, return_counts=True))


EMPTY = sketched(np.empty(0, np.int64))


def merged(sketches: Iterable[QuantileSketch]) -> QuantileSketch:
    """The sketch of all that these have seen."""
    parts = [EMPTY, *sketches]
    bins, places = np.unique(np.concatenate([one.bins for one in parts]), return_inverse=True)
    counts = np.zeros(len(bins), np.int64)
    np.add.at(counts, places, np.concatenate([one.counts for one in parts]))
    return QuantileSketch(bins, counts)


def from_json(value: Any) -> QuantileSketch:
    """A sketch from what `to_json` gave. Raises ValueError if it is something else, for it comes from a file."""
    if not isinstance(value, dict) or value.get("width") != WIDTH:
        raise ValueError(f"a sketch that has not the width {WIDTH}")
    bins, counts = _integers(value.get("bins"), MAX_VALUE // WIDTH), _integers(value.get("counts"), MAX_COUNT)
    if len(bins) != len(counts) or (np.diff(bins) <= 0).any() or (counts < 1).any() or counts.sum() > MAX_COUNT:
        raise ValueError("a sketch whose bins or counts are damaged")
    return QuantileSketch(bins, counts)


def _integers(values: Any, most: int) -> Int64s:
    if not isinstance(values, list) or not all(type(one) is int and 0 <= one <= most for one in values):
        raise ValueError("a sketch whose bins or counts are no lists of numbers")
    return np.array(values, np.int64)
