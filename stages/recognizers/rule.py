"""What a rule is: a kind of mark that a text must have, and what is found around each mark.

Rules see text as UTF-8 bytes. A rule is a pure function of a text and one mark in it, so that it makes no difference
who finds the marks: a kernel for all rules at once, or a regular expression for each (see `marks`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Span(NamedTuple):
    """Where a rule found something: bytes from `start` to `stop`, on borders of characters; how sure it is, from 0
    to 1; which rule it was."""

    start: int
    stop: int
    score: float
    rule: str


class Finding(NamedTuple):
    """A span with the entity that it is of."""

    start: int
    stop: int
    score: float
    rule: str
    entity: str


class Settings(NamedTuple):
    """Options of the stage that rules read. regions: ISO 3166 codes; all_ips: also addresses that are not public."""

    regions: tuple[str, ...] = ("CN", "DE", "FR", "GB", "IN", "JP", "KR", "US")
    all_ips: bool = False


@dataclass(frozen=True)
class Rule:
    """Finds an entity around marks of one kind.

    find(text, start, stop, settings): the spans that belong to the mark between the bytes `start` and `stop`. words: if
    the mark is one of `marks.WORDED`, those that mark (see `marks.words_in`).
    """

    entity: str
    mark: int
    find: Callable[[bytes, int, int, Settings], Iterable[Span]]
    words: tuple[str, ...] = ()


def around(text: bytes, start: int, stop: int, before: int, after: int) -> tuple[str, str, str]:
    """What stands before, in and after a span, as characters; at most so many bytes before and after, cut at whole
    characters."""
    low = max(0, start - before)
    while low < start and text[low] & 0xC0 == 0x80:
        low += 1
    high = min(len(text), stop + after)
    while stop < high < len(text) and text[high] & 0xC0 == 0x80:
        high -= 1
    return text[low:start].decode(), text[start:stop].decode(), text[stop:high].decode()


def resolved(findings: Iterable[Finding]) -> list[Finding]:
    """Of findings that overlap the surest one, of equally sure ones the longest, then the first; in order of place."""
    taken: list[Finding] = []
    chain: list[Finding] = []
    reach = 0
    for one in sorted(set(findings)):
        if chain and one.start >= reach:
            taken += _best(chain)
            chain = []
        chain.append(one)
        reach = max(reach, one.stop)
    return taken + _best(chain)


def _best(chain: list[Finding]) -> list[Finding]:
    """What stays of findings of which each overlaps another, if there are several."""
    if len(chain) < 2:
        return chain
    order = sorted(chain, key=lambda one: (-one.score, one.start - one.stop, one.start, one.entity, one.rule))
    starts: list[int] = []
    taken: list[Finding] = []
    for one in order:
        place = bisect_right(starts, one.start)
        is_after = place == 0 or taken[place - 1].stop <= one.start
        if is_after and (place == len(taken) or one.stop <= taken[place].start):
            starts.insert(place, one.start)
            taken.insert(place, one)
    return taken
