"""XXH64 against the xxhash library."""

import xxhash
from hypothesis import given
from hypothesis import strategies as st
from strategies import buffers, documents

from stages.kernels import hashing


@given(documents, st.integers(0, 2**64 - 1))
def test_like_the_library_on_any_text(texts, seed):
    expected = [xxhash.xxh64_intdigest(text.encode(), seed) for text in texts]
    assert hashing.hash_documents(*buffers(texts), seed).tolist() == expected


def test_like_the_library_at_every_length():
    texts = ["中é" * 40 + "x" * n for n in range(100)] + ["y" * n for n in range(100)]
    assert hashing.hash_documents(*buffers(texts), 1).tolist() == [xxhash.xxh64_intdigest(t.encode(), 1) for t in texts]
