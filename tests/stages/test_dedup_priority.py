"""Merits: what comes first by length, by date and by a signal."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from batches import documents
from dedup_cases import outcome, shards_of
from harness import plan, run, write_jsonl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.batch import Batch
from pipeline.errors import OptionError, PlanError, RecipeError
from stages.dedup_document import DedupDocument
from stages.dedup_exact import DedupExact
from stages.dedup_priority import Priority, descending


def order(priority: Priority, **columns) -> list[int]:
    """The numbers of documents, the first in priority first."""
    n = len(next(iter(columns.values())))
    batch = documents(columns.pop("text", ["a"] * n))
    for name, values in columns.items():
        place = batch.schema.get_field_index(name)
        batch = batch.drop_columns([name]) if place >= 0 else batch
        batch = batch.append_column(name, pa.array(values))
    return np.argsort(priority.merits(Batch(batch, DedupExact(), "dedup_exact"))["merit"], kind="stable").tolist()


def test_the_longest_is_the_one_with_most_bytes():
    assert order(Priority("longest", "", ""), text=["abc", "中", "éé", "", "abcd", "好"]) == [2, 4, 0, 1, 5, 3]


def test_dates_are_compared_as_moments():
    dates = [
        None, "2024-01-01", "2024-01-01T01:00:00+02:00", "2024-01-01T00:00:00.000001", 1_704_067_201, 1_704_067_199.5,
        "yesterday", True, [2024], 1e300, -1e300, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "20240102",
    ]  # fmt: skip
    metas = [json.dumps({"date": date}) for date in dates]
    found = order(Priority("newest", "date", ""), meta=[*metas, "{}", "[]", '{"date": NaN}'])
    assert found == [9, 12, 13, 4, 3, 1, 5, 2, 11, 10, 0, 6, 7, 8, 14, 15, 16]


def test_years_months_and_numbers_as_text_are_dates_too():
    dates = [
        "2023-05-02", "2023", "2023-05", "2023-05-01T00:00:01", " 1682899202 ", 1_682_899_203_000, "1682899204000",
        "1682899205.5", 1_682_899_206.5e3, "20230503", "-1", "1969", "1970-01", "2023-13", "２０２３", "2023年", "1" * 5000,
    ]  # fmt: skip
    metas = [json.dumps({"date": date}) for date in dates]
    found = order(Priority("newest", "date", ""), meta=metas)
    assert found == [9, 0, 8, 7, 6, 5, 4, 3, 2, 1, 12, 10, 11, 13, 14, 15, 16]


DATES = ["2024-01-01", None, "", "2023", "gestern", "昨天", [1], 5]


@pytest.mark.parametrize("make", [DedupExact, DedupDocument])
def test_documents_without_a_date_are_counted_apart_from_unreadable_ones(make):
    stage = make(keep="newest", date="day")
    metas = [json.dumps({"day": date}) for date in DATES] + ["{}"]
    shards = shards_of(["one text", "一个文本", *["the same"] * 7], None, [4], meta=metas)
    found = outcome(stage, shards, 2)
    assert found.facts["priority"] == {"keep": "newest", "by": "day", "without": 6}
    notes = Counter[str]()
    for batch in (batch for batches in shards.values() for batch in batches):
        draft = Batch(batch, stage, stage.name)
        stage.priority.note(draft)
        notes.update({name: int(mask.sum()) for name, mask in draft.notes.items()})
    assert notes == {"without_day": 3, "unreadable_day": 3}


@pytest.mark.parametrize("make", [DedupExact, DedupDocument])
def test_a_field_that_no_document_has_is_refused(make):
    stage = make(keep="newest", date="dya")
    with pytest.raises(
        OptionError, match=f"{stage.name} option 'date' .*none of 3 documents has a date: 'dya'"
    ) as caught:
        outcome(stage, shards_of(["a b", "a b", "中文"], None, [1], meta=['{"day": "2024"}', "{}", '{"dya": "文"}']))
    assert caught.value.key == "date"
    assert outcome(stage, shards_of([], None)).facts["clusters"]["n"] == 0


def test_such_a_field_is_told_with_the_line_of_the_recipe(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 9, 1)
    sources = "sources: {web: {reader: jsonl, paths: [a.jsonl]}}\nstages:\n"
    with pytest.raises(RecipeError, match=r"r(ecipe)?\.yaml:3: dedup_exact option 'date' .* 9 documents"):
        run(tmp_path, sources + "  - dedup_exact: {keep: newest, date: day}\n")


def test_a_field_that_is_compared_and_dates_is_noted_once():
    stage = DedupExact(by="meta:day", keep="newest", date="day")
    found = outcome(stage, shards_of(["a", "b", "c"], None, meta=['{"day": "2024"}', '{"day": "2024"}', "{}"]))
    assert [row.get("reason") for row in found.rows.values()].count("exact_duplicate") == 1


def test_what_decides_is_told():
    shards = shards_of(["a b"] * 3, None, quality_score=[0.5, None, 1.0])
    assert outcome(DedupExact(keep="best", signal="quality_score"), shards).facts["priority"] == {
        "keep": "best", "by": "quality_score", "without": 1
    }  # fmt: skip
    assert outcome(DedupExact(keep="longest"), shards).facts["priority"] is None


@pytest.mark.parametrize("make", [DedupExact, DedupDocument])
@pytest.mark.parametrize(("column", "said"), [("origin", "string"), ("language_label", "string"), ("rank", "")])
def test_the_plan_refuses_a_column_that_is_no_number(tmp_path, make, column, said):
    write_jsonl(tmp_path / "a.jsonl", 3, 1)
    stages = f"stages:\n  - language\n  - {make.name}: {{keep: best, signal: {column}}}\n"
    recipe = "sources: {web: {reader: jsonl, paths: [a.jsonl]}}\n" + stages
    if not said:
        assert plan(tmp_path, recipe)
        return
    with pytest.raises(PlanError, match=rf"yaml:4: {make.name} needs numbers, and the column '{column}' is of {said}"):
        plan(tmp_path, recipe)


@given(st.lists(st.one_of(st.none(), st.floats(allow_subnormal=True))))
def test_numbers_descend(values):
    array = pa.array(values, pa.float64())
    numbers = [n for n, value in enumerate(values) if value is not None and value == value]
    others = [n for n in range(len(values)) if n not in numbers]
    expected = sorted(numbers, key=lambda n: -values[n]) + others
    assert np.argsort(descending(array), kind="stable").tolist() == expected


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63) + 2, 2**63 - 1))))
def test_integers_descend(values):
    expected = sorted(range(len(values)), key=lambda n: 2**64 if values[n] is None else -values[n])
    assert np.argsort(descending(pa.array(values, pa.int64())), kind="stable").tolist() == expected


@given(st.lists(st.one_of(st.none(), st.integers(0, 2**64 - 3), st.integers(2**53 - 2, 2**53 + 2))))
def test_integers_without_a_sign_descend(values):
    expected = sorted(range(len(values)), key=lambda n: 2**64 if values[n] is None else -values[n])
    found = descending(pa.array(values, pa.uint64()))
    assert np.argsort(found, kind="stable").tolist() == expected
    assert (found > -(2**63)).all()


@pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.uint8(), pa.uint64(), pa.float32()])
def test_every_numeric_column_will_do(kind):
    assert np.argsort(descending(pa.array([1, 0, 1], kind)), kind="stable").tolist() == [0, 2, 1]


def test_the_columns_that_decide_are_needed():
    assert DedupExact(keep="best", signal="quality_score").needs() == ("text", "uid", "source", "quality_score")
    assert DedupExact(keep="newest", date="published").needs() == ("text", "uid", "source", "meta")
    assert DedupExact(by="meta:url", keep="newest", date="published").needs() == ("text", "uid", "source", "meta")


def test_a_column_of_text_is_refused():
    with pytest.raises(OptionError, match="'signal' must name a column of numbers, and 'id' is of string"):
        order(Priority("best", "", "id"), text=["a"])
