"""Words of a corpus: the same vocabulary however it was cut, numbered by count, then bytes."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import CHINESE, ENGLISH, OTHER_SCRIPTS

from stages import ngram_words
from stages.kernels.ngram_counts import N_IDS
from stages.kernels.ngram_tokens import marks

WORDS = ["the", "of", "cat", "的", "一", "是", "ไ", "ก", "<s>", "</s>", "<unk>", "", "é", "a b"]
tokens = st.lists(st.sampled_from([*WORDS, *ENGLISH, *CHINESE, *OTHER_SCRIPTS]), max_size=40)


def hash_of(word: str) -> int:
    """Any function will do that is right about marks; this one has a 0."""
    if word.encode() in ngram_words.MARKS:
        return int(marks()[ngram_words.MARKS.index(word.encode())])
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest()) if word else 0


def words_of(texts: list[str]) -> ngram_words.Words:
    hashes, counts, firsts = ngram_words.tally(np.array([hash_of(word) for word in texts], np.uint64))
    return ngram_words.words(hashes, counts, [texts[first].encode() for first in firsts])


@given(st.lists(tokens, max_size=6), st.integers(1, 3), st.integers(1, 20))
def test_vocabulary_is_that_of_all_texts_together(texts, min_count, max_words):
    found = ngram_words.vocabulary(ngram_words.merge(map(words_of, texts)), min_count, max_words)
    counts = Counter(word.encode() for text in texts for word in text)
    expected = sorted((word for word in counts if word not in ngram_words.MARKS), key=lambda w: (-counts[w], w))
    expected = [word for word in expected if counts[word] >= min_count][:max_words]
    assert found.words == [*ngram_words.MARKS, *expected]
    assert found.hashes.tolist() == [*marks().tolist(), *(hash_of(word.decode()) for word in expected)]


@given(st.lists(tokens, max_size=6), st.permutations(range(6)))
def test_merging_is_the_same_in_any_order(texts, order):
    parts = [words_of(text) for text in texts]
    shuffled = [parts[i] for i in order if i < len(parts)]
    for one, other in zip(ngram_words.merge(parts), ngram_words.merge(shuffled), strict=True):
        assert one.dtype == other.dtype and one.tolist() == other.tolist()


@given(tokens, tokens, st.integers(1, 3))
def test_ids_of_words_known_and_unknown(seen, asked, max_words):
    found = ngram_words.vocabulary(words_of(seen), 1, max_words)
    slots = ngram_words.table(found.hashes)
    ids = ngram_words.ids(np.array([hash_of(word) for word in asked], np.uint64), slots)
    place = {word: number for number, word in enumerate(found.words)}
    assert ids.dtype == np.int32
    assert ids.tolist() == [0 if word.encode() in ngram_words.MARKS else place.get(word.encode(), 0) for word in asked]


def test_words_of_equal_hash_are_one_written_as_the_lesser():
    def single(word: bytes, n: int) -> ngram_words.Words:
        return ngram_words.words(np.array([7], np.uint64), np.array([n]), [word])

    for parts in ([b"ab", b"a", "中".encode()], ["中".encode(), b"a", b"ab"]):
        merged = ngram_words.merge(single(word, 1 + len(word)) for word in parts)
        assert merged.written() == [b"a"] and merged.counts.tolist() == [9]


def test_a_word_of_the_hash_of_a_mark_is_none():
    hashes = np.sort(np.append(marks(), np.uint64(7)))
    merged = ngram_words.words(hashes, np.full(4, 9), [b"a", b"b", b"c", b"d"])
    left = merged.written()[hashes.tolist().index(7)]
    assert ngram_words.vocabulary(merged, 1, 9).words == [*ngram_words.MARKS, left]


@pytest.mark.parametrize("n_words", [1, 2, 1000])
def test_a_full_table_finds_all_even_with_hashes_that_collide(n_words):
    hashes = np.arange(n_words, dtype=np.uint64) << np.uint64(40)
    slots = ngram_words.table(np.concatenate((np.zeros(3, np.uint64), hashes)))
    assert ngram_words.ids(hashes, slots).tolist() == list(range(3, n_words + 3))
    assert ngram_words.ids(hashes + np.uint64(1), slots).tolist() == [0] * n_words


def test_ids_stay_below_what_an_n_gram_can_hold():
    many = N_IDS + 5
    hashes, width = np.arange(1, many + 1, dtype=np.uint64), 3
    forms = np.arange(many, dtype=">u4").view(np.uint8).reshape(-1, 4)[:, 1:]
    merged = ngram_words.Words(hashes, np.full(many, 2), forms.ravel(), np.arange(many + 1, dtype=np.int64) * width)
    assert len(ngram_words.vocabulary(merged, 1, 1 << 30).words) == N_IDS
