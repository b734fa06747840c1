"""Terms against a loop over all of them, and against the regular expression of datatrove's bad-words filter."""

import re

import numpy as np
import pytest
import reference_match as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import buffers, documents

from stages.kernels import automaton

pieces = [
    "a",
    "b",
    "A",
    "ab",
    "aba",
    "_",
    " ",
    ".",
    "中",
    "文",
    "中文",
    "é",
    "É",
    "ß",
    "ss",
    "и",
    "Не",
    "1",
    "\u0301",
    "か",
    "😀",
]
terms = st.lists(st.sampled_from(pieces), min_size=1, max_size=4).map("".join)
long_terms = st.lists(st.sampled_from(pieces), min_size=4, max_size=7).map("".join)
patterns = st.lists(st.tuples(terms, st.integers(0, 2)), max_size=12)
ragged = st.lists(st.lists(st.sampled_from(pieces), max_size=25).map("".join), max_size=3)


def counted(texts, terms, n_groups=1, whole_words=True):
    hits, chars = automaton.count(*buffers(texts), automaton.build(terms, whole_words), n_groups)
    return list(zip(hits.tolist(), chars.tolist(), strict=True))


def expected(texts, terms, n_groups, whole_words):
    return [reference.hits(text, terms, n_groups, whole_words) for text in texts]


@given(ragged | documents, patterns, st.booleans())
def test_like_the_reference_on_any_text(texts, patterns, whole_words):
    assert counted(texts, patterns, 3, whole_words) == expected(texts, patterns, 3, whole_words)


@given(ragged, st.lists(st.tuples(long_terms, st.integers(0, 2)), min_size=1, max_size=12), st.booleans())
def test_like_the_reference_where_text_between_heads_is_skipped(texts, patterns, whole_words):
    assert automaton.build(patterns).n_shallow > 0
    texts = [*texts, "ab" + "".join(pattern + text for (pattern, _), text in zip(patterns, texts * 12, strict=False))]
    assert counted(texts, patterns, 3, whole_words) == expected(texts, patterns, 3, whole_words)


def test_a_short_term_or_many_heads_leave_nothing_to_skip():
    assert automaton.build([("abcd", 0), ("abc", 0)]).n_shallow == 0
    assert automaton.build([(f"{head}", 0) for head in range(1000, 4000)]).n_shallow == 0


@given(ragged, patterns)
@settings(max_examples=50)
def test_rows_change_nothing(texts, patterns):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(automaton, "MAX_CELLS", 1)
        made = automaton.build(patterns)
        assert made.n_cells == made.width
        assert counted(texts, patterns, 3) == expected(texts, patterns, 3, True)


@pytest.mark.parametrize(
    ("text", "terms", "hits", "chars"),
    [
        ("Bet, BET and bets; alphabet; bet_x", ["bet"], 2, 6),
        ("用bet开户，赌博网站和博客", ["bet", "赌博", "博"], 3, 6),
        ("c++ is not c, xc++", ["c++"], 1, 3),
        ("Привет, ПРИВЕТ, привет, приветы; пРИВЕТ", ["привет"], 3, 18),
        ("New York City, new york", ["new york", "york city", "york"], 3, 13 + 8),
        ("aaaa", ["aa"], 0, 0),
        ("日本語のカジノ広告", ["カジノ"], 1, 3),
        ("cafe\u0301 café", ["cafe", "café"], 1, 4),
        ("\0bad\0", ["bad"], 1, 3),
        ("", ["bad"], 0, 0),
    ],
)
def test_what_a_hit_is(text, terms, hits, chars):
    assert counted([text], [(term, 0) for term in terms]) == [([hits], [chars])]


def test_parts_of_words_when_asked_for():
    assert counted(["useS cookies; aaaa"], [("s cookie", 0), ("aa", 1)], 2, whole_words=False) == [([1, 3], [8, 4])]


def test_the_same_pattern_in_several_groups():
    assert counted(["bad 坏"], [("bad", 0), ("BAD", 63), ("坏", 63)], 64)[0][0] == [1, *[0] * 62, 2]


def test_no_patterns_hit_nothing():
    assert counted(["any 文"], []) == [([0], [0])]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [(("", 0), "empty"), (("x", 64), "64"), (("x", -1), "-1"), (("\ud800", 0), "surrogates")],
)
def test_bad_patterns(pattern, message):
    with pytest.raises(ValueError, match=message):
        automaton.build([("fine", 0), pattern])


@given(documents)
@settings(max_examples=50)
def test_like_datatroves_regular_expression_where_words_are_ascii(texts):
    # \w has no combining marks and has Han characters, so ASCII text is where both mean the same
    texts = [re.sub("[^ -~\n]", "", text) for text in texts]
    terms = ["the", "of", "don't", "x", "3.14", "a--b"]
    pattern = re.compile(r"(?:\W|^)({})(?:\W|$)".format("|".join(map(re.escape, terms))))
    found = counted(texts, [(term, 0) for term in terms])
    assert [hits[0] > 0 for hits, _ in found] == [bool(pattern.search(text.lower())) for text in texts]


def test_a_hundred_thousand_terms_and_a_huge_text():
    random = np.random.default_rng(1)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz中文的一是不了人我在"))
    drawn = "".join(random.choice(letters, 11 * 100_000))
    terms = sorted({drawn[11 * n : 11 * n + size] for n, size in enumerate(random.integers(5, 12, 100_000))})
    text = " ".join(terms[::1000]) * 200
    made = automaton.build([(term, 0) for term in terms])
    assert sum(np.asarray(field).nbytes for field in made) < 50e6
    hits, _ = automaton.count(*buffers([text, text[:2000], "\n" * 1_000_000]), made, 1)
    assert hits[1:, 0].tolist() == [
        reference.hits(text[:2000], [(t, 0) for t in terms if t in text[:2000]], 1, True)[0][0],
        0,
    ]
    assert hits[0, 0] > 200 * 90


def test_a_pattern_of_every_length_ends_everywhere():
    made = automaton.build([("a" * length, 0) for length in range(1, 200)], whole_words=False)
    hits, chars = automaton.count(*buffers(["a" * 100_000]), made, 1)
    assert hits[0, 0] == chars[0, 0] == 100_000
