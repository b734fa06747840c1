"""Small n-gram models, made up or drawn by chance, and their files."""

from __future__ import annotations

import io
import random

import numpy as np

from stages.kernels.ngram_tokens import hashes_of, keys
from stages.ngram_file import Lm, Model, Writer, parse

MARKS = [b"<unk>", b"<s>", b"</s>"]
Ngrams = dict[tuple[bytes, ...], tuple[float, float]]
ENGLISH = b"the cat sat on a mat and did not see , nor hear . the dog".split()
CHINESE = [character.encode() for character in "中文的一是不了人我在有他，。"]


def drawn(seed: int, order: int, words: list[bytes], n_lines: int = 30) -> Ngrams:
    """An n-gram model of chance: all n-grams of random lines, with float32 numbers that sum up to nothing."""
    chance = random.Random(seed)
    vocabulary = sorted(set(words))
    numbers = {(mark,): (-99.0 if mark == b"<s>" else -chance.uniform(1, 4), 0.0) for mark in MARKS}
    for _ in range(n_lines):
        line = [b"<s>", *chance.choices(vocabulary, k=chance.randint(0, 9)), b"</s>"]
        for n in range(1, order + 1):
            for first in range(len(line) - n + 1):
                ngram = tuple(line[first : first + n])
                numbers.setdefault(ngram, (-chance.uniform(0, 4), -chance.uniform(0, 2)))
    return {
        ngram: (
            float(np.float32(prob)),
            float(np.float32(backoff)) if len(ngram) < order and ngram[-1] != b"</s>" else 0.0,
        )
        for ngram, (prob, backoff) in numbers.items()
    }


def add(writer: Writer, language: str, ngrams: Ngrams, kind: str, unseen: float = 0.0, chunk: int = 7) -> None:
    """Write a model of these n-grams, which must be closed under suffixes."""
    order = max(map(len, ngrams))
    words = MARKS + sorted(ngram[0] for ngram in ngrams if len(ngram) == 1 and ngram[0] not in MARKS)
    ids, hashes = {word: place for place, word in enumerate(words)}, hashes_of(words)
    writer.begin(language, order, kind, unseen, words)
    for n in range(1, order + 1):
        chosen = [ngram for ngram in ngrams if len(ngram) == n]
        ids_Mn = np.array([[ids[word] for word in ngram] for ngram in chosen], np.int32).reshape(-1, n)
        keys_M = keys(hashes, ids_Mn)
        values = np.array([ngrams[ngram] for ngram in chosen], np.float32).reshape(-1, 2)
        by_key = np.argsort(keys_M)
        with writer.table(n, len(chosen)) as table:
            for first in range(0, len(chosen), chunk):
                some = by_key[first : first + chunk]
                table.add(keys_M[some], ids_Mn[some], values[some, 0], values[some, 1])


def file_of(
    models: dict[str, tuple[Ngrams, str]], about: dict | None = None, unseen: float = 0.0, chunk: int = 7
) -> bytes:
    """The content of a file: for each language its n-grams and its kind of tokens."""
    out = io.BytesIO()
    writer = Writer(out)
    for language, (ngrams, kind) in models.items():
        add(writer, language, ngrams, kind, unseen, chunk)
    writer.finish(about or {"made": "up"})
    return out.getvalue()


def lm_of(ngrams: Ngrams, kind: str = "spaces", unseen: float = 0.0) -> Model:
    """A model of these n-grams."""
    found: Lm = parse(file_of({"all": (ngrams, kind)}, unseen=unseen), "made up")
    return found.models["all"]


def listing(model: Model) -> Ngrams:
    """The n-grams of a model."""
    words = model.words.to_list()
    found = {}
    for n in range(1, model.order + 1):
        _, probs, backoffs = model.table(n)
        for ids, prob, backoff in zip(model.ids[n - 1].tolist(), probs.tolist(), backoffs.tolist(), strict=True):
            found[tuple(words[one] for one in ids)] = (prob, backoff)
    return found
