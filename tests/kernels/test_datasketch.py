"""Signatures as datasketch makes them of the shingles of the reference, and SHA-1 as hashlib does."""

import hashlib

import dedup_reference
import numpy as np
import pytest
import reference
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st
from strategies import buffers, documents

from stages.kernels import datasketch, sha1

ENGLISH = "Don't stop, at 5 p.m.! The quick brown fox jumps over the lazy dog; 中 and so on. " * 3
TEXTS = [
    ENGLISH,
    "中文的一是不了人我在有他这，GPT 4 模型的回答。" * 3,
    "ひらがなとカタカナ、漢字の日本語。がが",
    "ภาษาไทยน้ำ ไม่มีช่องว่างระหว่างคำ",
    "😀 👩\u200d👩\u200d👧 emoji only once",
    "",
    "?! \u3000",
    "one two",
    "你好",
    "x" * 70_000 + " " + "ɐ" * 500 + " Ⱥ Ⱦ",
]


def joined(text: str, n_words: int, n_chars: int) -> set[bytes]:
    """The bytes of each shingle."""
    words = reference.words(text)
    joint = "" if 2 * sum(map(reference.is_unspaced, words)) >= len(words) else " "
    shingles = dedup_reference.shingles(text, n_words, n_chars)
    return {joint.join("".join(word) for word in shingle).encode() for shingle in shingles}


def expected(texts, n_minima, words, chars, seed):
    shingles = [sorted(joined(text, words, chars)) for text in texts]
    found = [one.hashvalues for one in MinHash.generator(shingles, num_perm=n_minima, seed=seed)]
    return np.array(found, np.uint32).reshape(len(texts), n_minima)


@pytest.mark.parametrize(("n_minima", "seed"), [(1, 0), (112, 0), (128, 1), (37, 2**32 - 1)])
def test_signatures_are_those_of_datasketch(n_minima, seed):
    minima, n_words, sizes = datasketch.signatures(*buffers(TEXTS), n_minima, 5, 8, seed)
    assert minima.dtype == np.uint32
    assert (minima == expected(TEXTS, n_minima, 5, 8, seed)).all()
    assert n_words.tolist() == [len(reference.words(text)) for text in TEXTS]
    assert sizes.tolist() == [5, 8, 8, 8, 5, 8, 8, 5, 8, 5]


@given(documents)
def test_signatures_are_those_of_datasketch_for_any_text(texts):
    minima, _, _ = datasketch.signatures(*buffers(texts), 4, 2, 3, 7)
    assert (minima == expected(texts, 4, 2, 3, 7)).all()


def test_the_documented_bytes():
    """What the docstring says, with nothing of the reference in between."""
    one = MinHash(16, seed=3)
    one.update_batch([b"don't stop at 0 p", b"stop at 0 p m"])
    other = MinHash(16, seed=3)
    other.update("我爱你中国".encode())
    minima, _, _ = datasketch.signatures(*buffers(["Don't stop, at 5 p.m.", "我爱你，中国"]), 16, 5, 5, 3)
    assert (minima == [one.hashvalues, other.hashvalues]).all()


def test_signatures_serve_in_an_index_of_datasketch():
    near = [ENGLISH, ENGLISH.replace("lazy", "tired", 1), "something else that has nothing at all in common with it"]
    minima, _, _ = datasketch.signatures(*buffers(near), 128, 3, 8, 1)
    index = MinHashLSH(threshold=0.5, num_perm=128)
    for number, row in enumerate(minima):
        index.insert(number, MinHash(hashvalues=row, seed=1, scheme="affine32"))
    made_there = MinHash(128, seed=1)
    made_there.update_batch(joined(near[0], 3, 8))
    assert sorted(index.query(made_there)) == [0, 1]


@given(st.binary(max_size=200) | st.integers(0, 300).map(bytes), st.integers(0, 9))
def test_sha1_is_that_of_hashlib(content, before):
    data = np.frombuffer(bytes(range(before)) + content + b"after", np.uint8)
    found = sha1.sha1(data, before, before + len(content), np.empty(sha1.N_SCHEDULE, np.uint32))
    assert np.array(found, ">u4").tobytes() == hashlib.sha1(content).digest()


def test_sha1_of_a_long_text():
    """The examples of FIPS 180-1: `abc`, and a million times `a`."""
    for content in (b"abc", b"a" * 1_000_000):
        found = sha1.sha1(np.frombuffer(content, np.uint8), 0, len(content), np.empty(sha1.N_SCHEDULE, np.uint32))
        assert np.array(found, ">u4").tobytes() == hashlib.sha1(content).digest()
