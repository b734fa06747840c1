"""Bands and rows of MinHash signatures, and how many of the pairs of a similarity they find.

Two signatures of bands x rows minima meet if all rows of any band are equal. Source: Leskovec, Rajaraman and Ullman,
Mining of Massive Datasets, section 3.4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.errors import OptionError


def curve(similarity: float, bands: int, rows: int) -> float:
    """The S-curve: the share of pairs of this Jaccard similarity that share a band, 1 - (1 - s^rows)^bands."""
    return 1 - (1 - similarity**rows) ** bands


def solve(n_minima: int, threshold: float, min_recall: float = 0.9) -> tuple[int, int]:
    """(bands, rows): the most rows with which at least `min_recall` of the pairs at the threshold share a band.

    The bands are as many as the minima allow, n_minima // rows. More rows mean fewer candidates below the threshold.
    Raises OptionError if even rows of a single minimum find less.
    """
    for rows in range(n_minima, 0, -1):
        bands = n_minima // rows
        if round(curve(threshold, bands, rows), 9) >= min_recall:  # rounded: powers may differ between machines
            return bands, rows
    share = curve(threshold, n_minima, 1)
    raise OptionError(
        "n_minima",
        f"option 'n_minima' is too low: {n_minima} find {share:.0%} of the pairs of similarity {threshold:g}, "
        f"and at least {min_recall:.0%} are asked for",
    )


def columns(n_minima: int, bands: int, rows: int) -> npt.NDArray[np.int64]:
    """Which minima the bands are made of, int64[bands * rows]: of each half as many, for these are of different halves
    of a shingle's hash."""
    low = bands * rows // 2
    return np.concatenate([np.arange(low), n_minima // 2 + np.arange(bands * rows - low)])
