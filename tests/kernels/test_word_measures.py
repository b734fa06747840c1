"""Measures of words against their definitions, and repetition against datatrove's own functions."""

import numpy as np
import pytest
import reference_words as reference
from datatrove.pipeline.filters.gopher_repetition_filter import find_all_duplicate, find_top_duplicate, get_n_grams
from datatrove.utils.text import split_into_words
from hypothesis import given
from hypothesis import strategies as st
from strategies import buffers, documents

from stages.kernels import lexicon, units
from stages.kernels import word_measures as measures

ENGLISH = lexicon.Lists(("the", "a", "of", "Don't"), ("the", "of", "naïve"), ("I", "don't"))
CHINESE = lexicon.Lists(("的", "是"), ("的", "了", "在"), ("我", "他"))
LISTS = [ENGLISH, lexicon.Lists(), CHINESE]
REPEATED = [
    "the cat sat on the mat. ", "the cat ", "Don't stop, ", "of the ", "a b c d e f g h i j k ", "学而时习之，", "不亦说乎？", "的", "! ",
]  # fmt: skip
repetitive = st.lists(st.sampled_from(REPEATED), max_size=50).map("".join)


def _measured(values, profile=0, unit=units.FAST):
    data, offsets = buffers(values)
    kinds, profiles = np.full(len(values), unit, np.uint8), np.full(len(values), profile, np.int64)
    return measures.measure(data, offsets, kinds, profiles, lexicon.build(LISTS))


def _assert_equal(found, text, profile, words=None):
    expected = reference.measures(text, reference.fast_units(text) if words is None else words, LISTS[profile])
    entropy = expected[measures.ENTROPY]
    assert abs(found[measures.ENTROPY] - entropy) <= 0.5 + 1e-6
    expected[measures.ENTROPY] = found[measures.ENTROPY]
    assert found.tolist() == expected


@given(documents, st.sampled_from(range(len(LISTS))))
def test_measure(values, profile):
    for text, found in zip(values, _measured(values, profile), strict=True):
        _assert_equal(found, text, profile)


@given(repetitive, st.sampled_from(range(len(LISTS))))
def test_measure_of_repetition(text, profile):
    _assert_equal(_measured([text], profile)[0], text, profile)


@given(repetitive, st.sampled_from([units.FAST, units.SPACY]))
def test_repetition_is_that_of_datatrove(text, unit):
    (found,) = _measured([text], unit=unit)
    words = reference.fast_units(text) if unit == units.FAST else split_into_words(text, "eng")
    for length in (2, 3, 4):
        grams = get_n_grams(words, length)
        assert found[measures.TOP_2 + length - 2] == (find_top_duplicate(grams) if grams else 0)
    for length in range(5, 11):
        assert found[measures.DUP_5 + length - 5] == find_all_duplicate(words, length)


@given(repetitive)
def test_measure_of_the_units_of_spacy(text):
    _assert_equal(_measured([text], unit=units.SPACY)[0], text, 0, split_into_words(text, "eng"))


def test_each_document_has_its_own_units():
    data, offsets = buffers(["e.g. don't"] * 2)
    kinds = np.array([units.SPACY, units.FAST], np.uint8)
    found = measures.measure(data, offsets, kinds, np.zeros(2, np.int64), lexicon.build(LISTS))
    assert found[:, measures.N_UNITS].tolist() == [3, 5]


def test_each_kernel_is_compiled_once():
    for unit in (units.FAST, units.SPACY):
        _measured(["两种 units"], unit=unit)
    nothing = np.empty(0, np.uint8), np.zeros(2, np.int64), np.zeros(1, np.uint8), np.zeros(1, np.int64)
    assert not measures.measure(*nothing, lexicon.build(LISTS)).any()
    assert [len(kernel.signatures) for kernel in (measures.fast_kernel, measures.spacy_kernel)] == [1, 1]


def test_each_document_has_its_own_profile():
    data, offsets = buffers(["the 的", "the 的", "the 的"])
    found = measures.measure(data, offsets, np.zeros(3, np.uint8), np.array([2, 0, 1]), lexicon.build(LISTS))
    assert found[:, measures.N_STOP].tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the the THE The", {measures.N_STOP: 1, measures.N_FUNCTION: 4, measures.N_DISTINCT: 3}),
        ("I DON'T, I don't", {measures.N_INVOLVED: 4, measures.N_STOP: 0}),
        ("x x y y", {measures.ENTROPY: 10_000, measures.TOP_2: 3}),
        ("x x y", {measures.ENTROPY: 9_183}),
        ("\0\n \t", {measures.N_UNITS: 0, measures.ENTROPY: 0}),
    ],
)
def test_what_is_counted(text, expected):
    (found,) = _measured([text])
    assert {column: found[column] for column in expected} == expected


def test_a_document_that_outgrows_the_scratch():
    values = ["one two", " ".join(f"w{number % 5_003}" for number in range(9_000)), "的" * 9_000, "one two"]
    found = _measured(values)
    assert (found[0] == found[3]).all()
    for text, row in zip(values, found, strict=True):
        _assert_equal(row, text, 0)


@pytest.mark.parametrize("word", ["", "two words", "我们", "的a", "a的", "　"])
def test_what_cannot_be_a_unit_is_no_word_of_a_list(word):
    with pytest.raises(ValueError, match="word"):
        lexicon.build([lexicon.Lists(function=("the", word))])


def test_no_documents():
    data, offsets = buffers([])
    found = measures.measure(data, offsets, np.empty(0, np.uint8), np.empty(0, np.int64), lexicon.build([]))
    assert found.shape == (0, measures.N_MEASURES)
