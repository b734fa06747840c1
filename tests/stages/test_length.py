"""length: words counted alike in English and Chinese, and both ends of the range."""

from __future__ import annotations

import pytest
import reference
from batches import documents
from hypothesis import given
from strategies import documents as text_lists

from pipeline.errors import OptionError
from pipeline.execute import run_stage
from stages.length import Length


def test_drops_below_and_above_and_keeps_both_ends():
    texts = ["", "one two", "三个字", "four words are here", "五个字在此", "six words make it too long", "六个字就太长"]
    out = run_stage(Length(min_words=3, max_words=5), documents(texts))
    assert out.kept.column("text").to_pylist() == texts[2:5]
    assert out.kept.column("length_n_words").to_pylist() == [3, 4, 5]
    assert out.dropped.column("reason").to_pylist() == ["too_short", "too_short", "too_long", "too_long"]
    assert out.dropped.column("value").to_pylist() == [0, 2, 6, 6]
    assert out.dropped.column("limit").to_pylist() == [3, 3, 5, 5]
    assert out.dropped.column("length_n_words").to_pylist() == [0, 2, 6, 6]


@given(text_lists)
def test_counts_the_words_of_the_reference(texts):
    out = run_stage(Length(min_words=0), documents(texts))
    assert out.kept.column("length_n_words").to_pylist() == [len(reference.words(text)) for text in texts]


def test_a_huge_document_and_a_slice():
    batch = documents(["skipped", "汉字 word " * 50_000, "", "skipped"]).slice(1, 2)
    out = run_stage(Length(min_words=1, max_words=150_000), batch)
    assert out.kept.column("length_n_words").to_pylist() == [150_000]
    assert out.dropped.column("value").to_pylist() == [0]


@pytest.mark.parametrize(("key", "value"), [("min_words", -1), ("max_words", 0), ("min_words", "fifty")])
def test_options_out_of_range(key, value):
    with pytest.raises(OptionError, match=key):
        Length(**{key: value})


def test_a_range_that_nothing_is_in():
    with pytest.raises(OptionError, match="'min_words' must not be above 'max_words'"):
        Length(min_words=10, max_words=9)
