"""Pictures of perplexities lie where the figures say, on made-up rows of three columns and more."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_perplexity import sketch

from pipeline.report.perplexity import N_COLUMNS, figure, parts, position
from pipeline.report.perplexity_figures import HEIGHT, LETTER, NARROW, axis, names, spread, ticks
from pipeline.report.perplexity_form import quantile
from pipeline.report.perplexity_spread import percentile

FOUND = {"low": 500, "wide": 25}
"""From 10 to 10^4."""


def row(kept=(), later=(), here=()):
    columns = {
        fate: [of.get(place, 0) for place in range(N_COLUMNS)]
        for fate, of in (("kept", dict(kept)), ("later", dict(later)), ("here", dict(here)))
    }
    fates = {fate: sum(of) for fate, of in columns.items()}
    n = sum(fates.values())
    quantiles = {"5": 9.87654, "50": 123.4, "95": 12345.6}
    return {"documents": n, "measured": n, "fates": fates, "columns": columns, "quantiles": quantiles}


def bounds(*ends):
    reference = [4 if place == 7 else 0 for place in range(N_COLUMNS)]
    return {"ends": ends, "parts": {"head": 0.3, "middle": 0.4, "tail": 0.3}, "columns": reference}


def test_columns_stand_on_each_other():
    picture = spread("中文 <b>", row(kept={3: 2}, later={3: 1}, here={3: 1, 9: 2}), None, FOUND)
    assert f'd="M3 {HEIGHT}.00v-20.00h.9v20.00z" class="kept"' in picture
    assert 'd="M3 20.00v-10.00h.9v10.00z" class="lost"' in picture
    assert 'd="M3 10.00v-10.00h.9v10.00zM9 40.00v-20.00h.9v20.00z" class="cut"' in picture
    assert "中文 &lt;b&gt;: perplexity of 6 documents, median 123, 90 % from 9.88 to 12,346; 3 dropped here, 1 later" in picture  # fmt: skip
    assert "limit" not in picture and "reference" not in picture


def test_bounds_are_lines_and_what_gave_them_an_outline():
    picture = spread("en", row(kept={3: 3, 4: 1}), bounds(100, 1000), FOUND, True)
    for x in (20, 40):  # a third and two thirds of the way from 10 to 10^4
        assert f'<line x1="{x}.00" x2="{x}.00" y1="0" y2="{HEIGHT}" class="limit"/>' in picture
    assert "7,0.00 8,0.00" in picture  # all of them in one column: the tallest
    assert f"M3 {HEIGHT}.00v-30.00" in picture  # three in four
    assert "reference" not in spread("en", row(kept={3: 3}), bounds(100, 1000), FOUND)


def test_nothing_measured_is_an_empty_picture():
    empty = {**row(), "documents": 7, "quantiles": None}
    picture = spread("sw", empty, bounds(100, 1000), FOUND)
    assert "sw: 7 documents, none of them measured" in picture and "<path" not in picture


@pytest.mark.parametrize(("perplexity", "place"), [(1, 0), (10, 0), (100, 1 / 3), (10**4, 1), (10**9, 1), (0, 0)])
def test_places(perplexity, place):
    assert position(FOUND, perplexity) == pytest.approx(place)


def test_ticks_are_round_and_few():
    assert ticks(FOUND) == [30, 100, 300, 1000, 3000]
    assert ticks({"low": 600, "wide": 12}) == [20, 50, 100, 200]
    assert ticks({"low": 0, "wide": 84}) == [1e3, 1e6, 1e9]
    assert ">1,000</text>" in axis(FOUND)


@given(st.integers(0, 4900), st.integers(1, 84))
def test_an_axis_has_room_for_its_ticks(low, wide):
    found = {"low": low, "wide": wide}
    places = [(NARROW * position(found, value), len(figure(value)) * LETTER / 2) for value in ticks(found)]
    assert all(x + half < after - other for (x, half), (after, other) in pairwise(places))


def test_parts_are_named_where_there_is_room():
    told = names(bounds(100, 1000), FOUND)
    assert [f">{part}<" in told for part in ("head", "middle", "tail")] == [True, True, True]
    narrow = names(bounds(100, 120), FOUND)
    assert ">middle<" not in narrow and '<text x="32.33%" y="13" text-anchor="end">head</text>' in narrow
    assert ">head<" not in names(bounds(11, 1000), FOUND) and ">tail<" not in names(bounds(11, 9000), FOUND)


def test_parts_say_what_to_expect():
    one = {"bounds": bounds(100, 1000), "parts": {"head": {"kept": 1, "later": 2, "here": 0}, "none": {"kept": 5, "later": 0, "here": 0}}}  # fmt: skip
    head, none = parts(one)
    assert head == {"part": "head", "documents": 3, "kept": 1, "later": 2, "here": 0, "to": 100, "expected": 0.3}
    assert (none["to"], none["expected"]) == (None, None)
    assert parts({**one, "bounds": None})[0]["expected"] is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1, "1"), (9.876, "9.88"), (99.96, "100"), (187.4, "187"), (12345.6, "12,346"), (44, "44"), (1e38, "1e+38")],
)
def test_perplexities_have_three_digits(value, shown):
    assert figure(value) == shown


@given(st.lists(st.floats(0, 8), min_size=1, max_size=300), st.floats(0, 100))
def test_a_sketch_gives_quantiles_within_a_bin(logs, share):
    """Beside numpy's on the values themselves."""
    values = np.array(logs)
    found = quantile(sketch(values), share)
    assert found is not None
    low, high = (np.quantile(values, share / 100, method=method) for method in ("lower", "higher"))
    assert low - 0.0021 <= found <= high + 0.0021


def test_an_empty_sketch_has_none():
    assert quantile({"width": 20, "bins": [], "counts": []}, 50) is None


@given(st.lists(st.integers(0, 40), min_size=1, max_size=200), st.sampled_from([0.5, 1, 5, 50, 95, 99, 99.5, 100]))
def test_percentiles_are_of_documents(bins, share):
    counts = np.bincount(bins, minlength=41)
    assert percentile(counts, share) == np.quantile(bins, share / 100, method="inverted_cdf")
