"""Banding: the curve by drawing minima, and the bands that a threshold asks for."""

import numpy as np
import pytest

from pipeline.errors import OptionError
from stages.banding import columns, curve, solve


@pytest.mark.parametrize("similarity", [0.0, 0.5, 0.7, 0.8, 0.9, 1.0])
def test_the_curve_is_how_often_a_band_is_equal(similarity):
    equal = np.random.default_rng(1).random((20_000, 14, 8)) < similarity
    share = equal.all(axis=2).any(axis=1).mean()
    assert abs(curve(similarity, 14, 8) - share) < 4 * np.sqrt(0.25 / 20_000)


def test_a_curve_rises_with_bands_and_falls_with_rows():
    assert curve(0.8, 14, 8) == pytest.approx(0.9236, abs=1e-4)
    assert curve(0.8, 20, 5) > curve(0.8, 14, 8) > curve(0.8, 14, 9)


@pytest.mark.parametrize(
    ("n_minima", "threshold", "expected"),
    [
        (112, 0.8, (14, 8)),
        (112, 0.9, (8, 13)),
        (112, 0.5, (37, 3)),
        (128, 0.8, (16, 8)),
        (3, 0.9, (3, 1)),
        (5, 1.0, (1, 5)),
    ],
)
def test_solved_are_the_most_rows_that_find_enough(n_minima, threshold, expected):
    assert solve(n_minima, threshold) == expected
    bands, rows = expected
    assert curve(threshold, bands, rows) >= 0.9
    assert all(curve(threshold, n_minima // more, more) < 0.9 for more in range(rows + 1, n_minima + 1))


def test_another_recall_gives_other_rows():
    assert solve(112, 0.8, 0.99) == (18, 6)
    assert solve(112, 0.8, 0.5)[1] > 8


def test_too_few_minima_are_refused():
    with pytest.raises(
        OptionError, match=r"'n_minima' is too low: 4 find 76% of the pairs of similarity 0.3"
    ) as raised:
        solve(4, 0.3)
    assert raised.value.key == "n_minima"


def test_bands_are_of_both_halves_of_the_minima():
    assert columns(112, 14, 8).tolist() == [*range(112)]
    assert columns(100, 3, 5).tolist() == [*range(7), *range(50, 58)]
