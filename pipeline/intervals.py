"""Intervals of what was counted."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a share of which k of n were seen, as (low, high); (0, 1) if n is 0.

    The score interval, two-sided (Wilson 1927, J. Am. Stat. Assoc. 22:209).
    """
    assert 0 <= k <= n
    if n == 0:
        return 0.0, 1.0
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    centre = (k + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (k * (n - k) / n + z2 / 4)) / (n + z2)
    return (0.0 if k == 0 else centre - half), (1.0 if k == n else centre + half)
