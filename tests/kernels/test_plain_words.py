"""Plain words are those of the reference, in whatever spans and however much they grow."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_plain_words import plain as slowly
from strategies import buffers, documents

from stages.kernels import plain_words
from stages.kernels.shingles import folded
from stages.kernels.utf8 import assigned_code_points


def texts_of(data, offsets) -> list[str]:
    return [data[a:b].tobytes().decode() for a, b in itertools.pairwise(offsets)]


def plain(texts: list[str]) -> list[str]:
    """Each text as one span."""
    data, offsets = buffers(texts)
    return texts_of(*plain_words.plain(data, offsets[:-1], offsets[1:], np.arange(len(texts) + 1)))


@given(documents)
@settings(max_examples=150)
def test_words_are_those_of_the_reference(texts):
    assert plain(texts) == [slowly(text) for text in texts]


@given(documents, st.data())
@settings(max_examples=60)
def test_spans_follow_each_other_as_if_a_space_stood_between(texts, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(texts)), max_size=3)))
    firsts = np.array([0, *cuts, len(texts)], np.int64)
    given_data, offsets = buffers(texts)
    found = texts_of(*plain_words.plain(given_data, offsets[:-1], offsets[1:], firsts))
    assert found == [slowly(*texts[a:b]) for a, b in itertools.pairwise(firsts)]


@given(documents)
@settings(max_examples=60)
def test_plain_text_is_its_own_plain_text(texts):
    once = plain(texts)
    assert plain(once) == once
    for text in once:
        assert text.split(" ") == text.split() or not text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't  STOP—it’s 24/7!\n\nwell-known snake_case", "don't stop it’s 00 0 well-known snake_case"),
        ("他在2024年学了Python，很好。", "他 在 0000 年 学 了 python 很 好"),
        ("ภาษา ไทย กำ", "ภ า ษ า ไ ท ย ก ำ"),
        ("カタカナー、ひらがな", "カ タ カ ナ ー ひ ら が な"),
        ("한국어 문장", "한국어 문장"),
        ("</s> __label__good \0 x", "s label good x"),
        ("ȺȾ Ⱥ", "ⱥⱦ ⱥ"),
        ("a中a中a", "a 中 a 中 a"),
        ("½ Ⅷ ² ٣", "0 0 0 0"),
        ("--- ... ", ""),
        ("", ""),
    ],
)
def test_what_words_become(text, expected):
    assert plain([text]) == [expected]


def test_no_character_outgrows_the_room_made_for_it():
    table = folded()
    for code in assigned_code_points():
        before, after = (len(chr(point).encode()) for point in (code, table[code]))
        assert after <= before or (before, after) == (2, 3), hex(code)
    worst = "Ⱥ" * 5000 + " Ⱥ" * 5000 + "a中" * 5000
    assert plain([worst, "Ⱥ", "a"]) == [slowly(worst), "ⱥ", "a"]


def test_a_long_document_and_none():
    text = "The Words of a Book, 书中的字。\n" * 50_000
    assert plain([text]) == [" ".join([slowly("The Words of a Book, 书中的字。")] * 50_000)]
    assert plain([]) == []


@pytest.mark.parametrize("unit", ["x", "é", "Ⱥ", "\u212a", "7", "क"])
def test_words_of_over_300_bytes_are_left_out(unit):
    """As they are written: some grow in lower case (Ⱥ, of 2 bytes), and some shrink (the sign of kelvin, of 3)."""
    size = len(slowly(unit).encode())
    most = 300 // size
    longest, longer = unit * most, unit * (most + 1)
    assert plain([longest]) == [slowly(longest)] and len(plain([longest])[0].encode()) == most * size
    assert plain([longer, f"好 {longer} end {longer * 9}好 {longest}"]) == ["", f"好 end 好 {slowly(longest)}"]
