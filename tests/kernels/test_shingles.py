"""Shingles: the same sets as the reference, hashed so that equal runs of words, and only they, are equal."""

import itertools

import dedup_reference
import numpy as np
import pytest
import reference
from hypothesis import given
from strategies import buffers, documents

from stages.kernels import shingles


def sets(texts, words=5, chars=8):
    texts = list(texts)
    values, firsts = shingles.sets(*buffers(texts), words, chars)
    assert (values.dtype, firsts.dtype, len(firsts)) == (np.uint64, np.int64, len(texts) + 1)
    return [values[a:b].tolist() for a, b in itertools.pairwise(firsts.tolist())]


def alone(shingle):
    """A document of one shingle."""
    words = list(map("".join, shingle))
    return ("" if all(map(reference.is_unspaced, words)) else " ").join(words)


@given(documents)
def test_hashes_stand_for_the_shingles_of_the_reference(texts):
    expected = [dedup_reference.shingles(text, 3, 4) for text in texts]
    every = sorted(set().union(*expected))
    hash_of = {one: found for one, (found,) in zip(every, sets(map(alone, every), 64, 64), strict=True)}
    assert len(set(hash_of.values())) == len(every)
    assert sets(texts, 3, 4) == [sorted(map(hash_of.get, one)) for one in expected]


@pytest.mark.parametrize("joiner", ["", "'", "’"])
def test_a_long_word_hashes_the_same_wherever_it_stands(joiner):
    """ASCII letters are read by eight where eight bytes are left; the Kelvin sign counts as `k` but is not ASCII."""
    for size in range(2, 28):
        for place in range(1, size):
            word = "k" * place + joiner + "k" * (size - place)
            kelvin = "k" * (place - 1) + "\u212a" + joiner + "K" * (size - place)
            found = sets([word, f" {word} 好", f"«{word}", kelvin, f"{word}k"], 1, 1)
            assert found[0] == found[2] == found[3]
            assert set(found[0]) < set(found[1])
            assert found[4] != found[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Don't stop, at 3.14 NOW!", "don't STOP at 9 27 now"),
        ("中文的一是不了人我", "中文，的一！是不了人我。"),
        ("ひらがなカタカナ漢字", "ひらがな カタカナ、漢字"),
        ("ภาษาไทยน้ำ", "ภาษา ไทย น้ำ"),
        ("Straße ÀÉ Ωμέγα", "straße àé ωμέγα"),
    ],
)
def test_case_digits_and_what_is_no_word_do_not_count(one, other):
    assert sets([one], 2, 2) == sets([other], 2, 2)
    assert len(sets([one], 2, 2)[0]) > 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("a b", "b a"), ("ab c", "a bc"), ("a-b", "a b"), ("你好", "好你"), ("น้ำ", "นำ"), ("a a", "a"), ("がか", "かが")],
)
def test_order_and_borders_of_words_count(one, other):
    assert sets([one], 9, 9) != sets([other], 9, 9)


def test_a_short_document_is_the_shingle_of_all_its_words():
    assert sets(["one two", "one two three", "", "?!"], 3, 3)[0] == sets(["one two"], 2, 2)[0]
    assert list(map(len, sets(["one two", "one two three", "one two three four", "", "?!"], 3, 3))) == [1, 1, 2, 0, 0]


def test_a_repeated_shingle_is_one_and_long_documents_have_all():
    assert len(sets(["word " * 100_000], 5, 8)[0]) == 1
    assert len(sets(["的" * 100_000], 5, 8)[0]) == 1
    numbered = [f"w{''.join(chr(97 + int(digit)) for digit in str(number))}" for number in range(100_000)]
    first, _ = found = sets([" ".join(numbered), " ".join(numbered[:50_000])], 5, 8)
    assert list(map(len, found)) == [99_996, 49_996]
    assert set(found[1]) < set(first)


def test_folding_is_by_single_characters():
    table = shingles.folded()
    assert [chr(table[ord(c)]) for c in "aAÉΣİß9٣½中"] == ["a", "a", "é", "σ", "İ", "ß", "0", "0", "0", "中"]
    assert chr(table[0x212A]) == "k"
