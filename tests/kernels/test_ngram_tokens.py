"""Tokens, hashes and keys of n-gram models are those of the reference."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import reference_ngram_score as slowly
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import buffers, documents, texts

from stages.kernels import ngram_tokens, utf8
from stages.kernels.ngram_tokens import KINDS, hashes_of, keys, token_hashes, written
from stages.kernels.words import next_word

WORDS = ["the", "中", "文", "</s>", "<s>", "é", "ab", "ba", "0", "😀"]


def found(texts: list[str], kind: str) -> list[list[bytes]]:
    """The written forms of each text's tokens, by whose hashes they were found."""
    data, offsets = buffers(texts)
    hashes, starts, stops, firsts = token_hashes(data, offsets[:-1], offsets[1:], kind)
    forms = written(data, starts, stops, kind)
    assert hashes.tolist() == hashes_of(forms).tolist() == [slowly.word_hash(form) for form in forms]
    return [forms[first:stop] for first, stop in itertools.pairwise(firsts)]


@pytest.mark.parametrize("kind", KINDS)
@given(documents)
@settings(max_examples=80)
def test_tokens_are_those_of_the_reference(kind, texts):
    expected = [[slowly.written(token, kind) for token in slowly.tokens(text, kind)] for text in texts]
    assert found(texts, kind) == expected


@given(texts)
@settings(max_examples=60)
def test_spaces_are_those_of_bytes_split(text):
    assert found([text], "spaces") == [text.encode().split()]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("spaces", "The cat’s  <s> 24/7!\t你好\u3000吗\r\n", "The|cat’s|<s>|24/7!|你好\u3000吗"),
        ("words", "The cat’s  <s> 24/7!\t你好\u3000吗 😀", "the|cat’s|<|s|>|00|/|0|!|你|好|吗|😀"),
        ("words", "«Ⱥ» — x_1... 3.14 a\0b", "«|ⱥ|»|—|x_0|.|.|.|0|.|00|a|b"),
        ("words", "한국어 문장, ภาษา", "한국어|문장|,|ภ|า|ษ|า"),
        ("words", "\u0301 1\ufe0f\u20e3", "\u0301|0\ufe0f\u20e3"),
        ("characters", "Hi， 你好！10\u200b", "h|i|，|你|好|！|0|0"),
        ("characters", "e\u0301 น้ำ", "e|\u0301|น|้|ำ"),
        ("words", " \0\u3000\x7f", ""),
        ("characters", "\n\t ", ""),
    ],
)
def test_what_tokens_are(kind, text, expected):
    assert found([text], kind) == [expected.encode().split(b"|") if expected else []]


def test_spans_may_lie_anywhere_and_be_none():
    data, _ = buffers(["one two", "三 四"])
    whole = data.tobytes()
    starts = np.array([whole.index("三".encode()), whole.index(b"two"), 3], np.int64)
    stops = np.array([starts[0] + 7, starts[1] + 3, 3], np.int64)
    hashes, begins, ends, firsts = token_hashes(data, starts, stops, "words")
    assert firsts.tolist() == [0, 2, 3, 3]
    assert written(data, begins, ends, "words") == ["三".encode(), "四".encode(), b"two"]
    for array in token_hashes(data, starts[:0], stops[:0], "words")[:3]:
        assert array.shape == (0,)
    assert hashes_of([]).shape == (0,) and hashes.dtype == np.uint64


def test_a_very_long_token_and_a_very_long_line():
    long = "x" * 1_000_000
    assert found([long, "好" * 100_000], "words") == [[long.encode()], ["好".encode()] * 100_000]


@pytest.mark.parametrize("text", ["!?。，\u0301" * 50, "-x- _中。" * 20, ""])
def test_words_are_looked_for_only_where_one_begins(text, monkeypatch):
    """From anywhere else a search would read on to the next word: all of a line without letters, at each character."""
    looked = []

    def noted(data, position, end, classes):
        looked.append(int(position))
        return next_word(data, position, end, classes)

    monkeypatch.setattr(ngram_tokens, "next_word", noted)
    data, (position, end) = buffers([text])
    starts = []
    while position < end:
        start, position = ngram_tokens._next_visible.py_func(data, position, end, utf8.classes(), True)
        starts += [start] if start < position else []
    words = [start for start in starts if data[start:end].tobytes().decode()[0] in "x中"]
    assert looked == words and len(starts) >= len(words)


@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=3, max_size=3), max_size=10), st.integers(1, 3))
@settings(max_examples=60)
def test_keys_are_those_of_the_reference(ngrams, n):
    words = [word.encode() for word in WORDS]
    ids = np.array([[WORDS.index(word) for word in ngram[:n]] for ngram in ngrams], np.int32).reshape(-1, n)
    expected = [slowly.key(tuple(word.encode() for word in ngram[:n])) for ngram in ngrams]
    assert keys(hashes_of(words), ids).tolist() == expected


def test_the_key_of_one_token_is_its_hash_and_order_matters():
    hashes = hashes_of([b"a", b"b"])
    assert keys(hashes, np.array([[0], [1]], np.int32)).tolist() == hashes.tolist()
    assert len(set(keys(hashes, np.array([[0, 1], [1, 0], [0, 0], [1, 1]], np.int32)).tolist())) == 4


def test_marks_are_the_hashes_of_what_they_spell():
    assert ngram_tokens.marks().tolist() == [slowly.word_hash(mark) for mark in slowly.MARKS]
    data, offsets = buffers(["<s> x"])
    assert token_hashes(data, offsets[:-1], offsets[1:], "spaces")[0][0] == ngram_tokens.marks()[1]
