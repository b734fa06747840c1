"""The slow truth about what `dedup_sentence` cuts, for whom a copy counts, and what is left, from the definitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import reference
from reference_sentence_spans import plain, spans


class Unit(NamedTuple):
    """A unit with a word: whose it is, where it starts and stops in characters, its words."""

    document: int
    start: int
    stop: int
    words: tuple[str, ...]


class Outcome(NamedTuple):
    """units: of all documents in order; kept_by: number of a cut unit -> number of the one that stays for it."""

    units: list[Unit]
    kept_by: dict[int, int]
    texts: list[str]


def units_of(texts: list[str], unit: str) -> list[Unit]:
    """All units with a word, in order."""
    found = [(row, *ends) for row, text in enumerate(texts) for ends in spans(text, unit)]
    made = [Unit(row, start, stop, plain(texts[row][start:stop])) for row, start, stop in found]
    return [one for one in made if one.words]


def windows(units: list[Unit], window: int, least: int) -> list[range]:
    """The numbers of the units of each window that is compared."""
    every = [range(first, first + window) for first in range(len(units) - window + 1)]
    inner = [one for one in every if units[one[0]].document == units[one[-1]].document]
    return [one for one in inner if sum(eighths(units[number].words) for number in one) >= 8 * least]


def counterparts(units: list[Unit], sources: list[str], window: int, least: int, between: bool, unjudged) -> dict:
    """Number of a cut unit -> the least number of a unit that it is a copy of."""
    first_of: dict[tuple, int] = {}
    found: dict[int, int] = {}
    for numbers in windows(units, window, least):
        first, members = numbers[0], [units[number] for number in numbers]
        kept = first_of.setdefault(tuple(one.words for one in members), first)
        source = sources[members[0].document]
        if kept == first or source in unjudged or (between and source == sources[units[kept].document]):
            continue
        for place in range(window):
            found[first + place] = min(found.get(first + place, kept + place), kept + place)
    return found


def without(text: str, runs: list[tuple[int, int]]) -> str:
    """The text without these spans, each with the white space on one side."""
    pieces, place = [], 0
    for start, stop in runs:
        before = text[:start][len(text[:start].rstrip()) :]
        after = text[stop:][: len(text[stop:]) - len(text[stop:].lstrip())]
        if len(before) == start:
            start, stop = 0, stop + len(after)
        elif stop + len(after) == len(text) or after.count("\n") > before.count("\n"):
            start -= len(before)
        elif "\n" in after:
            start, stop = start - len(before) + before.rindex("\n") + 1, stop + after.rindex("\n") + 1
        elif before:
            stop += len(after)
        pieces.append(text[place:start])
        place = stop
    return "".join([*pieces, text[place:]])


def deduplicated(
    texts: list[str], sources: list[str], unit: str, window: int, least: int, between: bool = False, unjudged=()
) -> Outcome:
    """What is cut of these documents, which are in the order of their rank."""
    units = units_of(texts, unit)
    direct = counterparts(units, sources, window, least, between, unjudged)
    kept_by = {}
    for number in sorted(direct):
        assert direct[number] < number
        kept_by[number] = kept_by.get(direct[number], direct[number])
    runs: list[list[tuple[int, int]]] = [[] for _ in texts]
    for number in sorted(kept_by):
        one = units[number]
        if number - 1 in kept_by and units[number - 1].document == one.document:
            runs[one.document][-1] = (runs[one.document][-1][0], one.stop)
        else:
            runs[one.document].append((one.start, one.stop))
    return Outcome(units, kept_by, [without(text, one) for text, one in zip(texts, runs, strict=True)])


def eighths(words: Iterable[str]) -> int:
    """How much text words are, in eighths of one: a character of an unspaced script is five."""
    return sum(5 if reference.is_unspaced(word) else 8 for word in words)


def n_words(text: str) -> int:
    """Whole words of a text."""
    return eighths(reference.words(text)) // 8
