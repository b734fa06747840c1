"""Pictures of duplicates lie where the figures say; curves agree with others'; advice comes where numbers call for it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_dedup import BANDING, similarities

from pipeline.report.dedup_advice import curve, curve_means, missed, threshold_place, warnings
from pipeline.report.dedup_figures import (
    CURVE_HEIGHT,
    GAP,
    PAIRS_HEIGHT,
    briefly,
    cell_title,
    heat,
    height,
    size_axis,
    size_row,
    top_power,
)
from pipeline.report.dedup_figures import similarities as drawn
from pipeline.report.text import brief_share

CALM = {"n": 10, "items": 25, "removed": 15, "sizes": {"2": 10}, "largest": []}

LOST = (
    "5 lines were cut, and the copy kept for them went too, with a document that was then too short (5.0 % of those"
    " cut). Let dedup_x keep shorter documents: lower its “min_words” and “min_units”."
)


def found(**more):
    """Facts of a stage that give no reason to worry."""
    counts = [0] * 80 + [30] * 20 + [500]
    pairs = {"compared": 1100, "verified": 1100, "rounds": 2, "left": 0, "undecided": 0, "similarities": counts}
    facts = {"level": "document", "items": 4000, "banding": BANDING, "pairs": pairs, "clusters": CALM, "far": 0, "orphans": None}  # fmt: skip
    return {**facts, **more}


def pairs_of(**more):
    return {**found()["pairs"], **more}


@given(st.floats(0, 1), st.integers(1, 60), st.integers(1, 30))
def test_the_curve_is_that_of_drawn_minima(similarity, bands, rows):
    """1 - (1 - s^r)^b, by the probability that no band agrees, added up term by term."""
    none = 1.0
    for _ in range(bands):
        none *= 1 - np.prod([similarity] * rows)
    assert curve(similarity, bands, rows) == pytest.approx(1 - none, abs=1e-9)


def test_the_curve_is_the_share_of_pairs_that_meet():
    random = np.random.default_rng(0)
    agrees = random.random((20_000, 14, 8)) < 0.75
    assert curve(0.75, 14, 8) == pytest.approx(agrees.all(axis=2).any(axis=1).mean(), abs=0.01)
    assert curve(0.8, 14, 8) == pytest.approx(0.924, abs=0.0005)


@pytest.mark.parametrize(("threshold", "place"), [(0.8, 80), (0.29, 29), (0.285, 28), (1, 100), (0, 0), (0.07, 7)])
def test_the_threshold_has_its_hundredth(threshold, place):
    assert threshold_place(found(banding={**BANDING, "threshold": threshold})) == place


def test_what_the_curve_misses_is_estimated_from_what_it_found():
    """Planted pairs meet with the probability of their similarity; the share that did not is found again."""
    random = np.random.default_rng(1)
    values = random.uniform(0.8, 1, 200_000)
    met = random.random(len(values)) < [curve(value, 14, 8) for value in values]
    counts = np.bincount((100 * values[met]).astype(int), minlength=101).tolist()
    assert missed(found(pairs=pairs_of(similarities=counts))) == pytest.approx(1 - met.mean(), abs=0.002)
    assert missed(found(pairs=pairs_of(similarities=[9] * 80 + [0] * 21))) is None
    assert "the curve misses" in curve_means(found()) and "misses" not in curve_means(found(pairs=None))


def test_columns_stand_on_a_scale_of_powers_of_ten():
    counts = [0] * 101
    counts[79], counts[80], counts[100] = 10, 1, 1000
    picture = drawn("中文 <b>", found(pairs=pairs_of(similarities=counts)))
    tall = {n: 100 * height(n, 3) for n in (1, 10, 1000)}
    assert f'd="M79 100v-{tall[10]:.2f}h.92v{tall[10]:.2f}z" class="lost"' in picture
    assert f'd="M80 100v-{tall[1]:.2f}h.92v{tall[1]:.2f}zM100 100v-100.00h.92v100.00z" class="kept"' in picture
    assert tall[1] > 5 and tall[1000] == 100
    x = 10_000 * 0.8 / 101
    assert (
        f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="{CURVE_HEIGHT + GAP + PAIRS_HEIGHT}" class="limit"/>' in picture
    )
    assert "threshold 0.8: 92 %" in picture
    assert 'aria-label="中文 &lt;b&gt;: a pair of the similarity 0.8 is compared with a probability of 92 %; of 1,011 pairs 1,001 have it or more"' in picture  # fmt: skip


def test_the_curve_is_drawn_through_its_values():
    (points,) = re.findall(r'<polyline points="([^"]*)" class="drawn"/>', drawn("x", found(pairs=None)))
    places = np.array([[float(one) for one in point.split(",")] for point in points.split()])
    assert places[:, 0] / 100 * 1.01 == pytest.approx(np.linspace(0, 1, len(places)), abs=1e-3)
    assert 1 - places[:, 1] / 100 == pytest.approx([curve(s, 14, 8) for s in np.linspace(0, 1, len(places))], abs=1e-3)


@pytest.mark.parametrize("pairs", [None, pairs_of(similarities=[0] * 101)])
def test_without_pairs_there_is_the_curve_alone(pairs):
    picture = drawn("x", found(pairs=pairs))
    assert 'class="plot curve-alone"' in picture and "<path" not in picture


@pytest.mark.parametrize(("n", "top"), [(0, 1), (1, 1), (10, 1), (11, 2), (100, 2), (10**9, 9)])
def test_axes_of_counts_end_at_a_power_of_ten(n, top):
    assert top_power(n) == top
    assert 0 <= height(n, top) <= 1 and height(0, top) == 0


def test_sizes_are_bars():
    assert f'width="{100 * height(30, 2):.2f}%"' in size_row("2", 30, 77)
    assert "30 clusters of 2" in size_row("2", 30, 77)
    assert size_axis(10**12).count("<text") <= 5 and ">1<" in size_axis(3)


@pytest.mark.parametrize(
    ("n", "whole", "level"),
    [(0, 0, 0), (0, 9, 0), (1, 10**9, 1), (1, 100, 1), (25, 100, 4), (100, 100, 8), (5, 0, 8), (9, 3, 8)],
)
def test_colours_go_by_the_share(n, whole, level):
    assert heat(n, whole) == f"h{level}"


@pytest.mark.parametrize(
    ("n", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 k"),
        (1480, "1.48 k"),
        (9996, "10.0 k"),
        (12_345, "12.3 k"),
        (999_999, "1.00 M"),
        (4_567_890, "4.57 M"),
        (10**13, "10.0 T"),
        (10**15, "1000 T"),
    ],
)
def test_counts_are_brief_in_a_dense_matrix(n, shown):
    assert briefly(n) == shown


def test_shares_are_brief_too():
    assert [brief_share(n, 300) for n in (0, 1, 3, 100, 300)] == ["0 %", "<1 %", "1 %", "33 %", "100 %"]
    assert brief_share(3, 0) == "–"
    assert cell_title("中", "<b>", 30, 300) == "30 of <b> (10.0 %) for a copy in 中"


def test_calm_numbers_call_for_nothing():
    assert warnings("d", found()) == []
    assert warnings("d", found(banding=None, pairs=None, far=None)) == []


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"pairs": pairs_of(left=7)}, "7 pairs that share a band were left unmeasured after 2 rounds"),
        ({"pairs": pairs_of(undecided=3)}, "3 documents were kept since their clusters have too many turns"),
        ({"far": 2}, "2 of 15 dropped documents (13.3 %) are less similar"),
        ({"far": 0}, ""),
        ({"far": 2, "banding": {**BANDING, "cluster": "star"}}, ""),
        ({"far": 2, "clusters": {**CALM, "removed": 1000}}, ""),
        ({"clusters": {**CALM, "largest": [{"size": 60}]}}, "One cluster holds 60 of 4,000 documents (1.5 %)"),
        ({"clusters": {**CALM, "largest": [{"size": 60}]}, "items": 7000}, ""),
        ({"clusters": {**CALM, "largest": [{"size": 40}]}, "items": 100}, ""),
        ({"pairs": pairs_of(similarities=[0] * 75 + [150] * 5 + [30] * 21)}, "750 pairs lie less than 0.05 below"),
        ({"pairs": pairs_of(similarities=[0] * 74 + [750] + [0] * 5 + [30] * 21)}, ""),
        ({"pairs": pairs_of(similarities=[0] * 75 + [5] * 5 + [0] * 21)}, ""),
        ({"orphans": 5, "level": "sentence", "unit": "lines", "cut": {"items": 100, "bytes": 9}}, LOST),
        ({"orphans": 5, "level": "sentence", "unit": "lines", "cut": {"items": 9000, "bytes": 9}}, ""),
        (
            {"index": {"documents": 9, "removed": 5, "same_uid": 4, "files": 1}},
            "4 documents were removed by dedup_x for",
        ),
        ({"index": {"documents": 9, "removed": 5, "same_uid": 0, "files": 1}}, ""),
    ],
)
def test_advice_comes_where_it_is_due(change, advice):
    told = warnings("dedup_x", found(**change))
    assert len(told) == bool(advice)
    assert all(one.startswith(advice) for one in told)


def test_what_to_do_names_the_option_and_the_stage():
    worried = found(
        far=9,
        pairs=pairs_of(left=1, similarities=similarities()[:75] + [9000] * 5 + [30] * 21),
        clusters={**CALM, "largest": [{"size": 4000}]},
    )
    told = " ".join(warnings("近", worried))
    for option in ("More “rows” in 近", "“cluster: star” in 近", "removed by a rule", "a lower “threshold” in 近"):
        assert option in told
