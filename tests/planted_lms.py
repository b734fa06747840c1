"""Language models whose every probability is known: a token costs the same wherever it stands, but after one word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ngram_models
import numpy as np

from stages.quantile_sketch import sketched

COSTS = {"</s>": 1.0, "good": 1.0, "fine": 1.5, "spam": 3.0, "好": 1.0, "文": 1.5, "坏": 3.0, ".": 1.0, "。": 1.0}
"""-log10 of the probability of each token; of any other it is UNKNOWN."""
UNKNOWN = 4.0
AFTER, LIKELY, PENALTY = "good", "fine", 0.25
"""After the first, the second costs LIKELY_COST, and any other PENALTY more (the weight of backing off)."""
LIKELY_COST = 0.5
DOCUMENTS = [11_000, 12_000, 13_000, 15_000, 20_000, 20_010, 21_000, 30_000, 35_000, 40_000]
"""log10 of the perplexities of a reference, in ten-thousandths."""
LINES = [7_000] * 30 + [20_000] * 69 + [25_000]


def ngrams() -> ngram_models.Ngrams:
    """The n-grams of the model: of each log10 of the probability and of the back-off weight."""
    costs = {"<unk>": UNKNOWN, "<s>": 99.0, **COSTS}
    found = {(word.encode(),): (-cost, -PENALTY if word == AFTER else 0.0) for word, cost in costs.items()}
    return {**found, (AFTER.encode(), LIKELY.encode()): (-LIKELY_COST, 0.0)}


def model(languages: Sequence[str] = ("en", "zh"), told: dict[str, Any] | None = None) -> bytes:
    """The content of a file with the same model under each of these names. told: `about`, in the place of the usual."""
    return ngram_models.file_of({code: (ngrams(), "words") for code in languages}, told or about(languages))


def arpa() -> str:
    """The model as an ARPA file has it."""
    lines = ["\\data\\"]
    for n in (1, 2):
        lines.append(f"ngram {n}={sum(len(one) == n for one in ngrams())}")
    for n in (1, 2):
        lines += ["", f"\\{n}-grams:"]
        for words, (prob, weight) in ngrams().items():
            if len(words) == n:
                lines.append(f"{prob}\t{b' '.join(words).decode()}" + f"\t{weight}" * (n == 1))
    return "\n".join([*lines, "", "\\end\\", ""])


def about(languages: Sequence[str], bounds: bool = True) -> dict[str, Any]:
    """What is known of a planted model."""
    told = {
        "document_sketch": sketched(np.array(DOCUMENTS)).to_json(),
        "line_sketch": sketched(np.array(LINES)).to_json(),
    }
    return {
        "kind": "ngram_model",
        "options": {},
        "languages": {language: {"order": 2, "bounds": told if bounds else None} for language in languages},
        "unserved": {},
    }


def write(path: Path, content: bytes) -> str:
    """The path of a file with this content."""
    path.write_bytes(content)
    return str(path)


def cost(line: Sequence[str]) -> float:
    """-log10 of the probability of a line of tokens and its end."""
    total = 0.0
    for before, token in zip(["<s>", *line], [*line, "</s>"], strict=True):
        if (before, token) == (AFTER, LIKELY):
            total += LIKELY_COST
        else:
            total += COSTS.get(token, UNKNOWN) + PENALTY * (before == AFTER)
    return total


def log10(lines: Sequence[Sequence[str]]) -> int:
    """log10 of the perplexity of lines of tokens, in ten-thousandths rounded half up; those without a token are none."""
    lines = [line for line in lines if line]
    n_tokens = sum(len(line) + 1 for line in lines)
    return math.floor(10_000 * sum(map(cost, lines)) / n_tokens + 0.5) if lines else 0
