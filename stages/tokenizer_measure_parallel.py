"""What the same content costs in several languages: the same sentences in each, as tokens.

Letters: P pairs of sentences.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import InputError
from pipeline.yaml_tree import Tree, read_yaml

from .tokenizer_measure import Measured

OWN = Path(__file__).parent / "parallel_text.yaml"
REFERENCE = "en"
MAX_BYTES = 100_000_000
"""Of a file of sentences."""
QUARTILES = (0, 25, 50, 75, 100)

Parallel = dict[str, list[str]]
"""Language -> its sentences; those of one place mean the same in all."""


@functools.cache
def own_text() -> Parallel:
    """The project's own sentences, in English and Chinese."""
    pairs = Tree(str(OWN), read_yaml(str(OWN))).value
    return {language: [pair[language] for pair in pairs] for language in ("en", "zh")}


def identity_of(files: dict[str, str]) -> dict[str, str]:
    """language -> SHA-256 of its file, or that of the project's own sentences. Raises InputError."""
    if not files:
        return {"parallel": hashlib.sha256(OWN.read_bytes()).hexdigest()}
    return {f"parallel.{language}": hashlib.sha256(_read(path)).hexdigest() for language, path in files.items()}


def read_parallel(files: dict[str, str]) -> Parallel:
    """The sentences of files: lines, or in a `.jsonl` the `text` of each record; the project's own without files.

    Places at which a language has only space are left out. Raises InputError if a file cannot be read, is no UTF-8, or
    has not as many sentences as the others.
    """
    if not files:
        return own_text()
    found = {language: _sentences(path) for language, path in files.items()}
    sizes = {language: len(lines) for language, lines in found.items()}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{files[language]} has {n:,}" for language, n in sizes.items())
        raise InputError(f"the files of parallel text must have as many sentences each: {told}")
    full = [place for place in range(min(sizes.values())) if all(lines[place].strip() for lines in found.values())]
    if not full:
        raise InputError(f"the files of parallel text have no sentence: {', '.join(files.values())}")
    return {language: [lines[place] for place in full] for language, lines in found.items()}


def _read(path: str) -> bytes:
    try:
        with open(os.path.expanduser(path), "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read the parallel text {path}: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"the parallel text {path} has over {MAX_BYTES:,} bytes")
    return data


def _sentences(path: str) -> list[str]:
    try:
        lines = _read(path).decode("utf-8-sig").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"the parallel text {path} is no UTF-8: {error}") from error
    if not path.endswith(".jsonl"):
        return [line.removesuffix("\r") for line in lines]
    return [_text(line, f"{path}:{number}") for number, line in enumerate(lines, start=1)]


def _text(line: str, where: str) -> str:
    try:
        found = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{where} is no record with a `text`: {error!r}") from error
    if not isinstance(found, str):
        raise InputError(f"{where} has a `text` that is none")
    return found


def reference_of(languages: list[str]) -> str:
    """The language that others are compared with: English, or else the first."""
    return REFERENCE if REFERENCE in languages else languages[0]


def costs(model: Measured, text: Parallel) -> dict[str, Any]:
    """language -> its tokens, how many times those of the reference language, and how this spreads over the P pairs;
    unknown: those of the tokens that stand for text which the tokenizer does not know.

    The ratio is the premium of Petrov and others (2023, arXiv 2305.15425); quartiles: least, first, median, third,
    greatest of the pairs' own ratios.
    """
    encoded = {language: model.encode(lines) for language, lines in text.items()}
    n_tokens = {language: np.diff(one.borders) for language, one in encoded.items()}
    base = n_tokens[reference_of(list(text))]
    found = {}
    for language, own in n_tokens.items():
        both = (base > 0) & (own > 0)  # a tokenizer that throws characters away may leave nothing
        spread = np.percentile(own[both] / base[both], QUARTILES) if both.any() else None
        found[language] = {
            "tokens": int(own.sum()),
            "unknown": model.n_unknown(encoded[language].ids),
            "ratio": round(float(own.sum() / base.sum()), 6) if base.sum() else None,
            "quartiles": None if spread is None else [round(float(value), 6) for value in spread],
        }
    return found


def facts(text: Parallel) -> dict[str, Any]:
    """What the sentences are, before they are tokens."""
    return {
        "reference": reference_of(list(text)),
        "pairs": len(next(iter(text.values()))),
        "languages": {
            language: {"bytes": sum(len(line.encode()) for line in lines), "chars": sum(map(len, lines))}
            for language, lines in text.items()
        },
    }
