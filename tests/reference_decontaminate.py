"""The slow truth about n-grams of benchmarks in documents, written from the definitions."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from fractions import Fraction
from typing import NamedTuple

import reference

Gram = tuple[str, ...]


class Lengths(NamedTuple):
    """An n-gram's length in words and in characters, and that of the shortest text that is searched as a whole."""

    words: int = 13
    chars: int = 21
    least: int = 8


class Word(NamedTuple):
    """A word in folded text, the share of an n-gram that it is, and where it begins and ends in the text, in bytes."""

    folded: str
    size: Fraction
    start: int
    stop: int


class Result(NamedTuple):
    """What is known of a document; spans: byte positions; items: benchmark -> items with any n-gram in it."""

    hits: int
    share: Fraction
    item: tuple[str, int] | None
    covered: Fraction
    spans: list[tuple[int, int]]
    items: dict[str, int]


UNSEEN = "\u00ad\u200c\u200d\u200e\u200f\u2060\ufeff"
SEEN = "\u0301"
"""A mark, which parts and joins words as what is not seen does."""


def fold(character: str) -> str:
    if character in UNSEEN:
        return ""
    whole = unicodedata.normalize("NFKC", character)
    if len(whole) == 1 and len(whole.lower()) == 1:
        character = whole
    elif 1 < len(whole) < 4 and re.fullmatch("[A-Za-z]+", whole) and unicodedata.category(character)[0] == "L":
        return whole.lower()
    if len(character.lower()) == 1:
        character = character.lower()
    if character == "’":
        return "'"
    return "-" if character in "‐‑" else character


def words(text: str, lengths: Lengths) -> list[Word]:
    """The words of a text."""
    folded = [fold(character) for character in text]
    before = [0]
    for character in text:
        before.append(before[-1] + len(character.encode()))
    found = []
    for match in reference.WORD.finditer("".join(reference.kind(one[:1] or SEEN) for one in folded)):
        word = "".join(folded[match.start() : match.end()])
        size = Fraction(1, lengths.chars if reference.is_unspaced(word) else lengths.words)
        found.append(Word(word, size, before[match.start()], before[match.end()]))
    return found


def size(found: list[Word]) -> Fraction:
    return sum((word.size for word in found), Fraction())


def gram_at(found: list[Word], first: int) -> Gram | None:
    """The n-gram that begins with a word: as many words as it takes to make up a whole."""
    total = Fraction()
    for place in range(first, len(found)):
        total += found[place].size
        if total >= 1:
            return tuple(word.folded for word in found[first : place + 1])
    return None


def grams_of_text(text: str, lengths: Lengths) -> set[Gram]:
    """All n-grams of a text of a benchmark, or itself if it is shorter than one and long enough."""
    found = words(text, lengths)
    if Fraction(lengths.least, lengths.words) <= size(found) < 1:
        return {tuple(word.folded for word in found)}
    return {gram for first in range(len(found)) if (gram := gram_at(found, first))}


def is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def normal(text: str) -> str:
    """As `normalize` has it, but for line ends."""
    kept = [
        one
        for one in text
        if one in "\t\n\r\v\f\x85"
        or not (unicodedata.category(one) == "Cc" or one == "\ufeff" or is_noncharacter(ord(one)))
    ]
    return unicodedata.normalize("NFC", "".join(kept))


def grams_of_item(texts: list[str], lengths: Lengths) -> set[Gram]:
    """Those of each text, or of all together if that makes none."""
    texts = list(map(normal, texts))
    apart = set().union(*(grams_of_text(text, lengths) for text in texts))
    return apart or grams_of_text("\n".join(texts), lengths)


def judge(text: str, benchmarks: dict[str, list[list[str]]], lengths: Lengths) -> Result:
    """What a document has of benchmarks, by their names."""
    items = {
        (name, number): grams_of_item(texts, lengths)
        for name in sorted(benchmarks)
        for number, texts in enumerate(benchmarks[name])
    }
    known = set().union(*items.values())
    found = words(text, lengths)
    folded = [word.folded for word in found]
    met: set[Gram] = set()
    covered = [False] * len(found)
    for first in range(len(found)):
        for gram in known:
            stop = first + len(gram)
            if tuple(folded[first:stop]) == gram:
                met.add(gram)
                covered[first:stop] = [True] * len(gram)
    ranked = [
        (Fraction(len(grams & met), len(grams)), len(grams & met), item) for item, grams in items.items() if grams & met
    ]
    best = max(ranked, key=lambda one: one[:2]) if ranked else (Fraction(), 0, None)  # the first of the largest
    spans: list[tuple[int, int]] = []
    for place, word in enumerate(found):
        if covered[place] and place and covered[place - 1]:
            spans[-1] = spans[-1][0], word.stop
        elif covered[place]:
            spans.append((word.start, word.stop))
    share = Fraction(sum(covered), max(1, len(found)))
    n_items = Counter(name for _, _, (name, _) in ranked)
    return Result(len(met), best[0], best[2], share, spans, dict(n_items))
