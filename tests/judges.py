"""Classifiers whose every score is known: each good word pulls one way, each bad word the other."""

from __future__ import annotations

import io
import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np

from stages import classifier_file
from stages.fasttext_model import END_OF_LINE, Entries, build, to_bytes

GOOD, BAD = ("good", "fine", "好", "文"), ("bad", "spam", "坏", "广")
PULL = 4.0
QUANTILES = {"en": [100_000, 200_000, 200_000, 900_000], "zh": [10_000 * n for n in range(1, 101)]}


def model(labels: tuple[str, ...] = ("good", "candidate")) -> bytes:
    """The content of a `.bin` file. The first label is the good one, the second the opposite, others are neutral."""
    names = [END_OF_LINE, *(word.encode() for word in (*GOOD, *BAD))]
    words = Entries(names, np.arange(len(names), 0, -1))
    classes = Entries([label.encode() for label in labels], np.ones(len(labels), np.int64))
    made = build(words, classes, dim=1, word_ngrams=1, n_buckets=0)
    made.input_RV[1 : 1 + len(GOOD)], made.input_RV[1 + len(GOOD) :] = PULL, -PULL
    made.output_LV[0], made.output_LV[1] = 1, -1
    return to_bytes(made)


def score(text: str) -> float:
    """What the first of two labels has, for a text of words divided by spaces; fastText adds 0.00001 to it."""
    pulls = [PULL * ((word in GOOD) - (word in BAD)) for word in text.split() if word in (*GOOD, *BAD, "</s>")]
    return min(1, 1 / (1 + math.exp(-2 * sum(pulls) / (len(pulls) + 1))) + 1e-5)


def about(quantiles: dict[str, list[int]] | None = None) -> dict[str, Any]:
    """What is known of a planted model, with these scores of held-out candidates by language."""
    known = QUANTILES if quantiles is None else quantiles
    return {
        "positive": "good",
        "labels": ["good", "candidate"],
        "options": {},
        "languages": {name: {"positives": 7, "candidates": 9} for name in known},
        "evaluation": {},
        "quantiles": known,
    }


def planted(quantiles: dict[str, list[int]] | None = None) -> bytes:
    """The content of a classifier's file, of the languages `en` and `zh` unless quantiles of others are given."""
    out = io.BytesIO()
    classifier_file.write(out, model(), about(quantiles))
    return out.getvalue()


def write(path: Path, content: bytes) -> str:
    """The path of a file with this content."""
    path.write_bytes(content)
    return str(path)


SHARED = {
    "en": [
        "the",
        "of",
        "and",
        "a",
        "to",
        "in",
        "is",
        "that",
        "it",
        "was",
        "for",
        "on",
        "are",
        "with",
        "as",
        "they",
        "at",
        "be",
        "this",
        "have",
        "from",
        "one",
        "had",
        "by",
        "but",
        "not",
        "what",
    ],
    "zh": list("的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会"),
}
OWN = {
    ("en", True): [
        "river",
        "garden",
        "history",
        "science",
        "letter",
        "mountain",
        "remembered",
        "written",
        "century",
        "considered",
    ],
    ("en", False): ["click", "cheap", "deal", "buy", "login", "offer", "subscribe", "free", "bonus", "casino"],
    ("zh", True): list("历史科学文章自然研究世纪哲思"),
    ("zh", False): list("点击购买优惠登录免费赌场促销"),
}


def prose(chance: random.Random, language: str, good: bool, n_words: int) -> str:
    """Made-up text of a language, half its words of any kind, half of the good or of the bad kind."""
    pools = SHARED[language], OWN[language, good]
    words = [chance.choice(pools[chance.random() < 0.5]) for _ in range(n_words)]
    rows = [words[at : at + 12] for at in range(0, n_words, 12)]
    return "。\n".join("".join(row) for row in rows) if language == "zh" else ".\n".join(" ".join(row) for row in rows)


def write_files(folder: Path, n: int = 60, seed: int = 1) -> tuple[str, str]:
    """Two files with so many documents of each language: good.jsonl, and web.jsonl, in which one in four is good."""
    chance = random.Random(seed)
    for name in ("good", "web"):
        with open(folder / f"{name}.jsonl", "w", encoding="utf-8") as file:
            for number in range(2 * n):
                good = name == "good" or number % 8 < 2
                text = prose(chance, ("en", "zh")[number % 2], good, chance.randrange(30, 90))
                file.write(json.dumps({"text": text, "good": good}, ensure_ascii=False) + "\n")
    return str(folder / "good.jsonl"), str(folder / "web.jsonl")
