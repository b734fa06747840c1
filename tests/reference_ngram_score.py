"""The slow truth about tokens of an n-gram model, hashes, keys and scores, written from the definitions."""

from __future__ import annotations

import re

import dedup_reference
import reference

MARKS = (b"<unk>", b"<s>", b"</s>")
WORD_OR_VISIBLE = re.compile(f"{reference.WORD.pattern}|[^so]")
Ngrams = dict[tuple[bytes, ...], tuple[float, float]]
"""log10 of the probability and of the back-off weight of each n-gram."""


def tokens(text: str, kind: str) -> list[str]:
    """The tokens of a line, as they stand."""
    if kind == "spaces":
        return [found for found in re.split("[\t-\r ]+", text) if found]
    kinds = "".join(map(reference.kind, text))
    pattern = WORD_OR_VISIBLE if kind == "words" else re.compile("[^so]")
    return [text[found.start() : found.end()] for found in pattern.finditer(kinds)]


def written(token: str, kind: str) -> bytes:
    """How a token is written."""
    return (token if kind == "spaces" else "".join(dedup_reference.folded(token))).encode()


def mixed(value: int) -> int:
    """The avalanche of the xxHash specification, and never 0."""
    value = (value ^ value >> 33) * 0xC2B2AE3D27D4EB4F % 2**64
    value = (value ^ value >> 29) * 0x165667B19E3779F9 % 2**64
    return (value ^ value >> 32) or 1


def word_hash(word: bytes) -> int:
    """The hash of a token in its written form."""
    total = 0x27D4EB2F165667C5
    for byte in word:
        total = (total ^ byte) * 0xC2B2AE3D27D4EB4F % 2**64
        total ^= total >> 29
    return mixed(total)


def key(ngram: tuple[bytes, ...]) -> int:
    """The key of an n-gram: its hashes, from the last token to the first."""
    *before, last = map(word_hash, ngram)
    total = last
    for one in reversed(before):
        total = mixed((total * 0x9E3779B97F4A7C15 + one) % 2**64)
    return total


def log_prob(ngrams: Ngrams, context: tuple[bytes, ...], word: bytes, unseen: float) -> float:
    """log10 p(word | context), by Katz's recursion."""
    if (*context, word) in ngrams:
        return ngrams[(*context, word)][0]
    weight = ngrams[context][1] if context in ngrams else unseen
    return weight + log_prob(ngrams, context[1:], word, unseen)


def costs(ngrams: Ngrams, order: int, words: list[bytes], unseen: float = 0.0) -> list[int]:
    """-log10 of the probability of each word of a line and of its end, in millionths."""
    known = [word if (word,) in ngrams and word not in MARKS else MARKS[0] for word in words]
    line = [MARKS[1], *known, MARKS[2]]
    contexts = [tuple(line[max(0, place - order + 1) : place]) for place in range(len(line))]
    return [
        round(-log_prob(ngrams, context, word, unseen) * 1e6)
        for context, word in zip(contexts[1:], line[1:], strict=True)
    ]
