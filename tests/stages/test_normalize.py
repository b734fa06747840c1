"""normalize against Python's own NFC and a list of what is to go."""

from __future__ import annotations

import unicodedata

import pytest
import reference
from batches import documents
from hypothesis import given
from hypothesis import strategies as st
from strategies import documents as text_lists

from pipeline.errors import OptionError
from pipeline.execute import run_stage
from stages.kernels import normalize as kernel
from stages.normalize import Normalize, in_order


def normalized(texts: list[str], **options) -> list[str]:
    out = run_stage(Normalize(max_replacement_frac=1.0, **options), documents([f"x{text}" for text in texts]))
    return [text[1:] for text in out.kept.column("text").to_pylist()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\vd\fe\x85f\u2028g\u2029h\n\r", "a\nb\nc\nd\ne\nf\ng\nh\n\n"),
        ("e\u0301 か\u3099 \u212b", "é が Å"),
        ("e\0\u0301", "é"),
        ("가\u11a8", "각"),
        ("\u1100\u1161\u11a8", "각"),
        ("q\u0307\u0323", "q\u0323\u0307"),
        ("\ufeff中\x00文\x1b[0m\ufffe\ufdd0\U0010ffff", "中文[0m"),
        ("น้ำ ＡＢＣ ﬁ 👩\u200d👧 \xad", "น้ำ ＡＢＣ ﬁ 👩\u200d👧 \xad"),
    ],
)
def test_what_it_does(text, expected):
    assert normalized([text]) == [reference.normalize("x" + text)[1:]] == [expected]


@given(text_lists)
def test_like_the_reference_on_any_text(texts):
    expected = [reference.normalize("x" + text)[1:] for text in texts]
    assert normalized(texts) == expected
    assert normalized(expected) == expected


hangul_and_marks = st.text(
    st.sampled_from(
        "eaqう가각\u1100\u1161\u11a8\u0301\u0323\u0307\u0308\u3099\u0f71\u0f72\u0344\0\x01\ufeff \n\u212b\u0958\u09be\u09c7\u0338<"
    ),
    max_size=12,
)


@given(st.lists(hangul_and_marks, max_size=5))
def test_like_the_reference_on_marks(texts):
    assert normalized(texts) == [reference.normalize("x" + text)[1:] for text in texts]


def test_every_character_alone_and_after_another():
    texts = [f"{before}{chr(code)}" for code in (*range(0xD800), *range(0xE000, 0x32000)) for before in ("", "e\u0327")]
    assert normalized(texts) == [reference.normalize("x" + text)[1:] for text in texts]


def test_kinds_of_the_code_points_that_are_not_assigned():
    kinds, marks = kernel.tables()
    for code in (0x40000, 0x4FFFE, 0xDFFFF, 0xF0000, 0x10FFFF):
        assert kinds[code] == (kernel.REMOVE if reference.is_removed(chr(code)) else kernel.STABLE)
        assert marks[code] == 0


def test_drops_and_counts():
    texts = ["", " \u3000\n\x00\ufeff", "好", "\ufffd" + "a" * 99, "\ufffd\ufffd" + "字" * 98, "\ufffd"]
    out = run_stage(Normalize(), documents(texts))
    assert out.kept.column("text").to_pylist() == ["好", texts[3]]
    assert out.dropped.column("reason").to_pylist() == ["empty", "empty", "broken_text", "broken_text"]
    assert out.dropped.column("value").to_pylist() == [0, 0, 0.02, 1]
    assert out.kept.column("normalize_n_replaced").to_pylist() == [0, 1]
    assert out.kept.column("normalize_n_edits").to_pylist() == [0, 0]


@given(text_lists, st.lists(st.text(st.sampled_from(" \u2000\u2001\u3000\n\r\0\ufeff\u0301\u0344\ufffd"), max_size=4)))
def test_empty_is_what_has_nothing_visible_left(texts, blanks):
    out = run_stage(Normalize(max_replacement_frac=1.0), documents([*texts, *blanks]))
    left = [reference.normalize(text) for text in [*texts, *blanks]]
    assert out.kept.column("text").to_pylist() == [text for text in left if text.strip()]
    assert out.kept.column("normalize_n_replaced").to_pylist() == [t.count("\ufffd") for t in left if t.strip()]


def test_the_white_space_that_nfc_changes():
    changed = [c for c in map(chr, range(0x110000)) if c.isspace() and unicodedata.normalize("NFC", c) != c]
    assert changed == ["\u2000", "\u2001"]  # as the kernel has them


def test_a_character_that_is_stable_never_composes_with_one_before_it():
    kinds, marks = kernel.tables()
    unsure = kinds == kernel.UNSURE
    for code in (*range(0x80, 0xD800), *range(0xE000, 0x32000)):
        if kinds[code] == kernel.STABLE:
            first = ord(unicodedata.normalize("NFD", chr(code))[0])
            assert not unsure[first], hex(code)
            assert marks[first] == 0, hex(code)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e" + "\u0301\u0316" * 100_000, "é" + "\u0316" * 100_000 + "\u0301" * 99_999),
        ("\u0f40" + "\u0f72\u0f71" * 100_000, "\u0f40" + "\u0f71" * 100_000 + "\u0f72" * 100_000),
        ("가" + "\u11a8" * 100_000, "각" + "\u11a8" * 99_999),
    ],
)
def test_very_many_marks_on_one_letter(text, expected):
    assert normalized([text]) == [expected]


@given(st.lists(st.sampled_from("eq가か\u0301\u0323\u0307\u3099\u0344\u11a8\u0f73\u212b\u0958"), max_size=30))
def test_marks_sorted_first_compose_to_the_same(characters):
    expected = unicodedata.normalize("NFC", "".join(characters))
    ordered = "".join(in_order(characters))
    assert unicodedata.is_normalized("NFD", ordered)  # nothing is left to sort
    assert unicodedata.normalize("NFC", ordered) == expected


def test_a_run_of_removed_characters_is_one_edit():
    out = run_stage(Normalize(), documents(["中" + "\0\ufeff" * 500 + "文\r\n"]))
    assert out.kept.column("text").to_pylist() == ["中文\n"]
    assert out.kept.column("normalize_n_edits").to_pylist() == [2]


@pytest.mark.parametrize("value", [-0.1, 1.5])
def test_a_share_lies_between_0_and_1(value):
    with pytest.raises(OptionError, match="max_replacement_frac"):
        Normalize(max_replacement_frac=value)


def test_a_huge_document():
    text = "line\r\n中文e\u0301" * 200_000
    assert normalized([text]) == ["line\n中文é" * 200_000]
