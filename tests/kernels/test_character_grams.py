"""Repetition of characters against its definition, and what it is made of against counters."""

from collections import Counter

import numpy as np
import pytest
import reference_words as reference
from hypothesis import given
from hypothesis import strategies as st
from strategies import buffers, documents

from stages.kernels import character_grams as grams
from stages.kernels import ngrams


@given(st.lists(st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**63, 2**64 - 1]), max_size=60))
def test_count_keys(keys):
    left, size = np.array(keys, np.uint64), ngrams.n_slots(len(keys))
    n_distinct = grams.count_keys(left, len(keys), np.empty(size, np.uint64), np.full(size, 7, np.uint32))
    assert left[:n_distinct].tolist() == list(Counter(keys).values())


@given(st.lists(st.integers(1, 9), max_size=40), st.integers(0, 8))
def test_sum_of_largest(counts, n_largest):
    given_ = np.array(counts, np.int64)
    repeated = sorted((count for count in counts if count > 1), reverse=True)
    total = grams.sum_of_largest(given_, len(counts), n_largest, np.empty(10, np.int64))
    assert total == sum(repeated[:n_largest])


@given(documents)
def test_characters(values):
    assert grams.characters(*buffers(values)).tolist() == [reference.characters(text) for text in values]


@given(
    st.lists(st.sampled_from(["word ", "词语，", "😀", "repeat after me. ", "人云亦云。"]), max_size=60).map("".join)
)
def test_characters_that_repeat(text):
    assert grams.characters(*buffers([text])).tolist() == [reference.characters(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [0, 0]),
        ("ninechars", [0, 0]),
        ("ten chars!", [0, 1]),
        ("好" * 12, [3, 3]),
        ("0123456789" * 2, [2, 11]),
        ("天地玄黄宇宙洪荒日月" * 3, [7, 21]),
    ],
)
def test_what_characters_repeat(text, expected):
    assert grams.characters(*buffers([text])).tolist() == [expected]


def test_a_document_of_many_pages():
    text = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(30_000))
    values = ["short", text, text + text[:5_000], "short"]
    assert grams.characters(*buffers(values)).tolist() == [reference.characters(text) for text in values]


@pytest.mark.parametrize("accent", ["é", "中", "😀"])
def test_ascii_and_other_characters_wherever_they_meet(accent):
    runs = (accent + "abcdefghijklmnopqrstuvwxyz"[:n_letters] for n_letters in range(26))
    text = "".join(run * 3 for run in runs) + "the last letters" * 2
    values = [text[first:last] for first in range(0, 60, 7) for last in (len(text), 700, 75)]
    assert grams.characters(*buffers(values)).tolist() == [reference.characters(value) for value in values]


@pytest.mark.parametrize("rest", ["pplicati", "ppliçati", "中文字写的一个词"])
def test_grams_that_differ_by_twice_a_code_are_not_the_same(rest):
    """Bits of a character in proportion to its code would make them equal, for a step is a rotation."""
    text = f"0A{rest}0 a{rest}"
    assert grams.characters(*buffers([text])).tolist() == [[0, len(text) - 9]]
