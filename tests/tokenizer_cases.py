"""What tests of the tokenizer share: texts, the batches that reach it, and a trained one."""

from __future__ import annotations

import functools
import io
import random

import pyarrow as pa
import tokenizers
from batches import documents
from harness import text_of

from pipeline.batch import Batch
from stages.pretokenizers import pattern
from stages.tokenizer import Tokenizer

CODE = "def f(x_1):\n    # 返回两倍\n    return {'x': x_1 * 2}\n\n\nclass A(B):\n\tpass\n"


def corpus(n: int = 200, seed: int = 1) -> list[str]:
    """English, Chinese and code."""
    chance = random.Random(seed)
    return [text_of(chance, chance.randrange(5, 150)) for _ in range(n)] + [CODE] * 3


def batches(texts: list[str], sources=None, sides=None, rows: int = 64, languages=None) -> list[Batch]:
    """What reaches the Fit: documents whose uid is their row, in batches of so many rows."""
    table = documents(texts, sources, languages=languages)
    table = table.append_column("split_side", pa.array(sides or ["train"] * len(texts), pa.string()))
    return [Batch(table.slice(a, rows), Tokenizer(), "tokenizer") for a in range(0, len(texts), rows)]


def sampled(stage: Tokenizer, fed: list[Batch]) -> list[str]:
    """The texts that it would be trained on."""
    return [one.text for one in stage.sample(fed).texts()]


def fitted(stage: Tokenizer, fed: list[Batch]) -> bytes:
    out = io.BytesIO()
    stage.fit(fed, out)
    return out.getvalue()


@functools.cache
def trained() -> bytes:
    return fitted(Tokenizer(vocab_size=900), batches(corpus()))


def cut(text: str) -> list[str]:
    """The pieces that pairs are merged in."""
    return [
        piece
        for piece, _ in tokenizers.pre_tokenizers.Split(
            tokenizers.Regex(pattern("gpt4", "threes")), "isolated"
        ).pre_tokenize_str(text)
    ]
