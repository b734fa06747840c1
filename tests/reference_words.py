"""The slow truth about units, n-grams and what is counted over them, written from the definitions."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

import reference
from datatrove.utils.text import PUNCTUATION_SET

UNIT = re.compile(f"{reference.WORD.pattern}|[jpy]")
HAS_LETTER, NOT_SYMBOL, CHARACTER = 1, 2, 4


def fast_units(text: str) -> list[str]:
    """The words, and every other punctuation mark or symbol by itself."""
    kinds = "".join(map(reference.kind, text))
    return [text[found.start() : found.end()] for found in UNIT.finditer(kinds)]


def unit_kind(unit: str) -> int:
    """The flags of a unit."""
    found = HAS_LETTER * any(map(str.isalpha, unit)) + NOT_SYMBOL * any(c not in PUNCTUATION_SET for c in unit)
    return found + CHARACTER * bool(re.fullmatch("[hu]m*", "".join(map(reference.kind, unit))))


def hash_bytes(content: bytes) -> int:
    """FNV-1a with another multiplier, and the avalanche of the xxHash specification."""
    total = 0xCBF29CE484222325
    for byte in content:
        total = (total ^ byte) * 0x9E3779B97F4A7C15 % 2**64
    total = (total ^ total >> 33) * 0xC2B2AE3D27D4EB4F % 2**64
    total = (total ^ total >> 29) * 0x165667B19E3779F9 % 2**64
    return total ^ total >> 32


def grams(units: list[str], length: int) -> list[tuple[str, ...]]:
    """All n-grams of a length."""
    return [tuple(units[place : place + length]) for place in range(len(units) - length + 1)]


def top_chars(units: list[str], length: int) -> int:
    """Characters of the most frequent n-gram, with spaces between, times its count; the first one of equals."""
    counts = Counter(grams(units, length))
    if not counts:
        return 0
    most = max(counts.values())
    first = next(gram for gram in grams(units, length) if counts[gram] == most)
    return len(" ".join(first)) * most


def duplicate_chars(units: list[str], length: int) -> int:
    """Characters in n-grams that were read before; the next is read behind it."""
    read, total, place = set(), 0, 0
    while place + length <= len(units):
        gram = tuple(units[place : place + length])
        total += len("".join(gram)) * (gram in read)
        place += length if gram in read else 1
        read.add(gram)
    return total


def n_repeated(units: list[str], length: int) -> int:
    """Places with an n-gram that occurs more than once."""
    return sum(count for count in Counter(grams(units, length)).values() if count > 1)


def characters(text: str) -> list[int]:
    """Occurrences of the most frequent 10-character grams that repeat, and of all, as in BLOOM's filters."""
    counts = sorted(Counter(text[place : place + 10] for place in range(len(text) - 9)).values(), reverse=True)
    n_top = min(int(len(counts) ** 0.5), sum(count > 1 for count in counts))
    return [sum(counts[:n_top]), sum(counts)]


def entropy(units: list[str]) -> float:
    """Shannon's entropy of the units, in bits."""
    shares = [count / len(units) for count in Counter(units).values()]
    return -sum(share * math.log2(share) for share in shares)


def ways(words: Iterable[str]) -> set[str]:
    """Words as written, in lower case, with a capital, in capitals."""
    return {way for word in words for way in (word, word.lower(), word.capitalize(), word.upper())}


def measures(text: str, units: list[str], lists: tuple[Iterable[str], Iterable[str], Iterable[str]]) -> list[int]:
    """The measures of `stages.kernels.word_measures` in their order; of ENTROPY the unrounded value x 10,000."""
    stop, function, involved = set(lists[0]), ways(lists[1]), ways(lists[2])
    kinds = [unit_kind(unit) for unit in units]
    lengths = [len(unit) for unit, kind in zip(units, kinds, strict=True) if kind & NOT_SYMBOL]
    return [
        len(units),
        len(lengths),
        sum(lengths),
        sum(kind & HAS_LETTER > 0 for kind in kinds),
        sum(kind & CHARACTER > 0 for kind in kinds),
        max(lengths, default=0),
        len(set(units)),
        entropy(units) * 10_000,
        len(stop & set(units)),
        sum(unit in function for unit in units),
        sum(unit in involved for unit in units),
        *(top_chars(units, length) for length in (2, 3, 4)),
        *(duplicate_chars(units, length) for length in range(5, 11)),
        n_repeated(units, 5),
        *characters(text),
    ]
