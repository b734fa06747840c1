"""The features of a text by fastText's definitions, one Python object each."""

from __future__ import annotations

import re


def fnv(data: bytes) -> int:
    """FNV-1a with 32 bits; bytes are signed."""
    hashed = 2166136261
    for byte in data:
        signed = byte - 256 if byte > 127 else byte
        hashed = ((hashed ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
    return hashed


def signed(hashed: int) -> int:
    return hashed - (1 << 32) if hashed >= 1 << 31 else hashed


def rows(text: str, words: list[bytes], n_buckets: int, word_ngrams: int) -> list[int]:
    """Sorted rows of a model without n-grams of characters."""
    tokens = [token for token in re.split(rb"[ \t\n\v\f\r\0]+", text.encode()) if token]
    found = [words.index(token) for token in tokens if token in words and token != b"</s>"]
    if b"</s>" in words:
        found += [words.index(b"</s>")] * (1 + tokens.count(b"</s>"))
    hashes = [signed(fnv(token)) for token in [*tokens, b"</s>"]]
    for first in range(len(hashes)):
        value = hashes[first] % (1 << 64)
        for last in range(first + 1, min(first + word_ngrams, len(hashes))):
            value = (value * 116049371 + hashes[last]) % (1 << 64)
            found.append(len(words) + value % n_buckets)
    return sorted(found)
