"""Expressions on long texts: what is found in parts is what is found at once; and what is too dear is not compiled."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import OptionError
from stages.recognizers import presidio_patterns
from stages.recognizers.presidio import Others
from stages.recognizers.presidio_engine import MAX_PIECE, parts
from stages.recognizers.presidio_patterns import MAX_LONG, SPACED, Bounded, any_of, check_expression, repeated
from stages.recognizers.presidio_recipe import FLAGS

regex = pytest.importorskip("regex")
pytest.importorskip("presidio_analyzer")


def spans(text: str, expression: str) -> list[tuple[int, int]]:
    """Of a recognizer with this expression, in characters; the text is of ASCII."""
    pattern = {"name": "p", "regex": expression, "score": 0.5}
    recognizer = {"name": "mine", "supported_entity": "MINE", "patterns": [pattern], "global_regex_flags": 24}
    return [(one.start, one.stop) for one in Others((recognizer,)).open().find(text, None)]


@pytest.mark.parametrize(
    "expression",
    ["A+", "B.*?E", '"[^"]*"', r"\b\w+\b", "(?<=B)A{1,9}", "^.", "[AB]{2}", r"(?:B|张)[^\n]{0,2}三", "B(?=A)", "A*"],
)
@given(text=st.text(alphabet='ABE" \n张三é𠮷', max_size=80), most=st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_an_expression_finds_in_parts_what_it_finds_at_once(expression, text, most):
    compiled = regex.compile(expression, flags=FLAGS & ~regex.IGNORECASE)
    bounded, found = Bounded("r", "p", compiled), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(presidio_patterns, "MAX_AROUND", 4)
        for low, high in parts(text, most):
            bounded.look_at(low, high)
            found += [one.span() for one in bounded.finditer(text)]
    expected = [one.span() for one in compiled.finditer(text)]
    assert [(low, high) for low, high in found if high > low] == [(low, high) for low, high in expected if high > low]


@pytest.mark.parametrize("length", [300, 715, 5_000, 60_000])
@pytest.mark.parametrize("end", [" ", "\n"])
def test_a_long_match_is_found_whole_wherever_parts_meet(length, end):
    secret = "SECRET-BEGIN" + "x" * (length - 15) + "END"
    before = ("word" + end) * ((MAX_PIECE - 100) // 5)
    text = before + secret + end + before
    assert spans(text, "SECRET-BEGIN.*?END") == [(len(before), len(before) + length)]
    assert spans(text, "SECRET-BEGINx+END") == [(len(before), len(before) + length)]
    assert spans("A" * length, "A+") == [(0, length)]


def test_a_match_that_does_not_end_is_an_error_that_names_it():
    with pytest.raises(OptionError, match=r"recognizer 'mine': the pattern 'p' matches over 100,000 characters"):
        spans("A" * (MAX_LONG + MAX_PIECE), "A+")
    text = "B" + "A" * (MAX_LONG + MAX_PIECE) + "E"
    assert spans(text, "B.*?E|BA{30000}E") == []


def test_a_match_over_the_border_of_parts_goes_as_far_as_at_once():
    text = "A" * (MAX_PIECE - 10) + "BEGIN" + ("x" * 700 + "END") * 3
    assert spans(text, "BEGIN.{0,5000}END") == [(MAX_PIECE - 10, len(text))]


@pytest.mark.parametrize("expression", ["BEGIN.*?END", "A+B", "A{1,500}", r"\w+@", "(?<=A)B+"])
@pytest.mark.parametrize("piece", ["BEGIN ", "A", "A ", "AB", "B"])
def test_hostile_text_is_searched_as_at_once(expression, piece):
    text = piece * (30_000 // len(piece))
    assert spans(text, expression) == [one.span() for one in regex.finditer(expression, text)]


@pytest.mark.parametrize(
    ("pattern", "signs"),
    [
        ("", 0), ("abc", 3), ("a{3}", 3), ("a{,7}b", 8), ("a{2,5}", 5), ("a{2,}", 2), ("a{0}", 1), ("(ab){3}", 6),
        ("(?:(?:a{10}){10}){10}", 1220), ("[(){3}]{4}", 4), (r"\({3}", 3), (r"\p{Han}{5}", 10), ("a{e<=1}", 7),
        ("(?#x{9})a", 2), ("a{ 2 , 3 }", 3), ("[^]x]{2}", 2), ("工号{4}", 5), ("a{99999999999999}", 10**10 - 1), ("a{}", 2), ("){3}", 3), ("((a{2}", 2),
    ],
)  # fmt: skip
def test_signs_are_counted_as_often_as_they_may_be_repeated(pattern, signs):
    assert repeated(pattern) == signs


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(?:(?:a{1000}){1000}){1000}", "repeat over 1,000,000 signs"),
        ("(?:张{2000}){2000}", "repeat over 1,000,000 signs"),
        ("a{100000000}", "repeat over 1,000,000 signs"),
        ("(?x)(?:(?:a{1000} # [\n){1000}){1000}", "repeat over 1,000,000 signs"),
        ("(?x)(?:(?:a{1000} # )\n){1000}){1000}", "repeat over 1,000,000 signs"),
        ("(" * 400 + "a" + ")" * 400, "nested too deep"),
        ("[" * 500, "."),
        ("a" * 10_001, "over 10,000 characters"),
        ("(", "missing"),
        (r"\p{Nothing}", "unknown property"),
        (r"\L<words>", "."),
    ],
)
def test_what_is_too_dear_or_no_expression_is_an_error(pattern, message):
    with pytest.raises(ValueError, match=message):
        check_expression(pattern, FLAGS)
    with pytest.raises(OptionError, match=r"^pii recognizer 'mine': the pattern 'p' cannot be used"):
        spans("", pattern)


def test_expressions_that_are_used_are_taken():
    for pattern in (
        r"\b\d{4}(?:[- ]\d{4}){3}\b",
        r"(?:[a-z0-9]{1,63}\.){1,10}[a-z]{2,63}",
        ".{0,65535}",
        "(?:.{0,99}){0,99}",
    ):
        check_expression(pattern, FLAGS)


def test_words_of_a_list_are_found_as_if_each_had_its_own_borders():
    kinds = {
        "Ann": "both",
        "Ann Lee": "both",
        "é": "both",
        "Mr": "both",
        "Mr.": "before",
        "(x": "after",
        "张三a": "after",
    }
    kinds |= {"张三": "", "สมชาย": ""}
    before = {word: f"(?<!{SPACED})" * (kind in ("before", "both")) for word, kind in kinds.items()}
    after = {word: f"(?!{SPACED})" * (kind in ("after", "both")) for word, kind in kinds.items()}
    ordered = sorted(kinds, key=len, reverse=True)
    naive = "|".join(before[word] + regex.escape(word) + after[word] for word in ordered)
    text = "Ann Lee, Annie; Ann. Mr. Mr Mrs 我叫张三丰 张三ab 张三a (x (xy สมชายๆ é éa"
    assert [one[0] for one in regex.finditer(any_of(kinds), text, flags=FLAGS)] == [
        *["Ann Lee", "Ann", "Mr.", "Mr", "张三", "张三", "张三a", "(x", "สมชาย", "é"]
    ]
    assert regex.findall(naive, text, flags=FLAGS) == regex.findall(any_of(kinds), text, flags=FLAGS)


def test_words_of_a_long_list_share_their_borders():
    words = [f"name{number}" for number in range(2_000)] + [f"张三{number}号" for number in range(2_000)]
    expression = any_of(words)
    assert expression.count(SPACED) == 2 * 4
    assert regex.findall(expression, "name1999 张三77号 name2000 张三2000号", flags=FLAGS) == ["name1999", "张三77号"]
