"""What tests of the classifier share: made-up prose and notices, in English and Chinese, and classifiers of them."""

from __future__ import annotations

import functools
import io
import random
from typing import Any

import pyarrow as pa
from batches import documents
from harness import CHINESE, ENGLISH

from pipeline.batch import Batch
from stages import classifier_file
from stages.classifier_model import ClassifierModel

NOTICES = {
    "en": [
        "home",
        "login",
        "cookies",
        "privacy",
        "terms",
        "subscribe",
        "menu",
        "cart",
        "share",
        "click",
        "here",
        "search",
        "contact",
        "sitemap",
    ],
    "zh": list("首页登录注册版权所有隐私条款搜索联系客服更多点击返回"),
}
PROSE = {"en": ENGLISH, "zh": list(CHINESE)}
SMALL = {"dim": 8, "buckets": 10_000, "min_documents": 20, "epochs": 8}
"""Options that make a small classifier quickly."""


def text_of(chance: random.Random, language: str, share: float, n_words: int) -> str:
    """Words of notices, as many as the share says, among those of prose."""
    words = [chance.choice((NOTICES if chance.random() < share else PROSE)[language]) for _ in range(n_words)]
    return (" " if language == "en" else "").join(words) + "."


Row = tuple[str, str, str]
"""Source, language, text."""


@functools.cache
def corpus(n: int = 150, good: float = 0.2, bad: float = 0.5, n_words: int = 40, seed: int = 1) -> tuple[Row, ...]:
    """n documents of each language and kind: sources `books` and `web`; good, bad: their shares of notices."""
    chance = random.Random(seed)
    return tuple(
        (source, language, text_of(chance, language, share, chance.randrange(n_words // 2, 2 * n_words)))
        for _ in range(n)
        for source, share in (("books", good), ("web", bad))
        for language in ("en", "zh")
    )


def batches(rows: list[Row] | tuple[Row, ...], n_rows: int = 64, order: list[int] | None = None) -> list[Batch]:
    """What reaches the Fit: documents whose uid is their place in `rows`, in this order, in batches of so many."""
    sources, languages, texts = (list(column) for column in zip(*rows, strict=True))
    table = documents(texts, sources, languages=languages)
    table = table.take(pa.array(order)) if order else table
    return [
        Batch(table.slice(a, n_rows), ClassifierModel(**TOLD), "classifier_model") for a in range(0, len(texts), n_rows)
    ]


TOLD = {"positives": ("books",)}


def made(**options) -> ClassifierModel:
    return ClassifierModel(**{**TOLD, **SMALL, **options})


def fitted(stage: ClassifierModel, fed: list[Batch]) -> bytes:
    out = io.BytesIO()
    stage.fit(fed, out)
    return out.getvalue()


@functools.cache
def trained() -> bytes:
    """The file of a classifier of `corpus()`."""
    return fitted(made(), batches(corpus()))


def about_of(content: bytes) -> dict[str, Any]:
    """What a classifier's file tells of it."""
    return classifier_file.about_of(io.BytesIO(content))
