"""What tests of the Fit `ngram_model` share: documents, files made of them, and the slow truth about what these hold."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import ngram_models
import numpy as np
import reference_ngram_score
import reference_ngram_train
import xxhash
from batches import documents
from benches import fitted

from stages import ngram_file
from stages.ngram_file import Model
from stages.ngram_model import NgramModel
from stages.ngram_score import token_costs
from stages.split import draw

Row = tuple[str, str, str]
"""Source, language and text of a document."""
MARKS = (b"<unk>", b"<s>", b"</s>")
KINDS = {"en": "words", "zh": "characters", "ja": "characters"}
ENGLISH = ["the", "a", "cat", "dog", "river", "Garden,", "saw", "was", "and", "not.", "1987", "on", "over", "house"]
CHINESE = [*"的一是猫河在大家看了不，。", "2024"]
JAPANESE = list("ねこがいるのは川です。")
WORDS = {"en": ENGLISH, "zh": CHINESE, "ja": JAPANESE}
HELD_OUT_FRAC = 0.3


def made(**options: Any) -> NgramModel:
    """The stage, content with few documents."""
    few = {"min_mb": 0.0, "min_bounds_documents": 1, "held_out_frac": HELD_OUT_FRAC}
    return NgramModel(**{**few, **options})


def text_of(chance: random.Random, language: str, n_lines: int) -> str:
    """Lines of words in which each likes to be followed by its neighbours in the list."""
    words, lines = WORDS[language], []
    for _ in range(n_lines):
        place, line = chance.randrange(len(words)), []
        for _ in range(chance.randint(1, 9)):
            line.append(words[place % len(words)])
            place += chance.choice([1, 1, 1, 2, chance.randrange(9)])
        lines.append((" " if language == "en" else "").join(line))
    return "\n".join(lines)


def corpus(n: int = 60, seed: int = 1, languages: Sequence[str] = ("en", "zh"), source: str = "web") -> list[Row]:
    """So many documents, of each language in turn."""
    chance = random.Random(seed)
    codes = [languages[number % len(languages)] for number in range(n)]
    return [(source, language, text_of(chance, language, chance.randint(1, 3))) for language in codes]


def file_of(
    stage: NgramModel, rows: Sequence[Row], order: Sequence[int] | None = None, n_shards: int = 1, n_rows: int = 64
) -> bytes:
    """What the Fit makes of documents: read in this order, in batches of so many, dealt out to shards."""
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]
    table = documents(columns[2], columns[0], 0, columns[1]).take(np.arange(len(rows)) if order is None else order)
    parts = [table.slice(first, n_rows) for first in range(0, len(rows), n_rows)]
    with tempfile.TemporaryDirectory() as folder:
        shards = {f"{number:03d}-00000-0000": parts[number::n_shards] for number in range(n_shards)}
        return fitted(stage, shards, Path(folder))


def read(content: bytes) -> ngram_file.Lm:
    """A file by its content."""
    return ngram_file.parse(content, "the file of a test")


def fit(stage: NgramModel, rows: Sequence[Row]) -> ngram_file.Lm:
    """What the Fit makes of documents, read."""
    return read(file_of(stage, rows))


def copies(text: str, n: int, source: str = "web", language: str = "en") -> list[Row]:
    """So many documents of the same lines, each with some blank ones after it, so that not all are on one side."""
    return [(source, language, text + "\n" * number) for number in range(n)]


def is_held_out(text: str, stage: NgramModel) -> bool:
    """Whether a document is not learned from, by the hash of its text."""
    name = f"{xxhash.xxh64_intdigest(text.encode()):016x}"
    return draw(stage.seed, "ngram_model held out", name) < stage.held_out_frac * 2**64


def cutter(kind: str) -> Callable[[str], list[bytes]]:
    """What cuts a line into tokens in their written form."""
    return lambda line: [
        reference_ngram_score.written(token, kind) for token in reference_ngram_score.tokens(line, kind)
    ]


def lines_of(texts: Sequence[str], cut: Callable[[str], list[bytes]]) -> list[list[bytes]]:
    """The lines that have a token."""
    return [tokens for text in texts for line in text.split("\n") if (tokens := cut(line))]


class Slow(NamedTuple):
    """A model as the papers have it, of the lines of some texts."""

    words: list[bytes]
    lines: list[list[int]]
    model: reference_ngram_train.Model

    @property
    def grams(self) -> set[tuple[int, ...]]:
        """N-grams that a file has."""
        counted = self.model.raw[1:]
        longer = {gram for grams in counted for gram in grams if self.model.kept(gram)}
        return longer | {(token,) for token in range(len(self.words))}

    def numbered(self, line: Sequence[bytes]) -> list[int]:
        """The ids of a line's tokens."""
        ids = {word: number for number, word in enumerate(self.words) if number >= len(MARKS)}
        return [ids.get(token, 0) for token in line]

    def p(self, token: int, before: Sequence[int]) -> Fraction:
        """The probability of a token after all that stands before it in its line."""
        return self.model.p(token, (1, *before)[-(self.model.order - 1) :])

    def costs(self, line: Sequence[bytes]) -> list[float]:
        """-log10 of the probability of each token and of the line's end, in millionths."""
        ids = [*self.numbered(line), 2]
        return [-1e6 * float(np.log10(float(self.p(token, ids[:place])))) for place, token in enumerate(ids)]


def slow(stage: NgramModel, texts: Sequence[str], cut: Callable[[str], list[bytes]]) -> Slow:
    """What a stage should learn of the texts of a language."""
    lines = lines_of(texts, cut)
    counts = Counter(token for line in lines for token in line if token not in MARKS)
    often = [word for word, count in counts.items() if count >= stage.min_counts[0]]
    words = [*MARKS, *sorted(often, key=lambda word: (-counts[word], word))[: stage.max_words]]
    found = Slow(words, [], None)  # type: ignore[arg-type]
    numbered = [found.numbered(line) for line in lines]
    least = [stage.min_counts[min(n, len(stage.min_counts) - 1)] for n in range(stage.order)]
    k = Fraction(stage.k) if stage.smoothing == "add_k" else Fraction(1)
    return Slow(
        words, numbered, reference_ngram_train.Model(numbered, stage.order, len(words), stage.smoothing, k, least)
    )


def compare(model: Model, truth: Slow, cut: Callable[[str], list[bytes]], texts: Sequence[str]) -> None:
    """Assert that a model has the words and n-grams it should, and gives lines the probabilities it should."""
    assert model.words.to_list() == truth.words
    listed = ngram_models.listing(model)
    assert listed.keys() == {tuple(truth.words[token] for token in gram) for gram in truth.grams}
    for line in {line for text in texts for line in text.split("\n")}:
        costs, unknown = token_costs(model, line)
        tokens = cut(line)
        np.testing.assert_allclose(costs, truth.costs(tokens), rtol=0, atol=4)
        assert unknown.tolist() == [token == 0 for token in truth.numbered(tokens)] + [False]
