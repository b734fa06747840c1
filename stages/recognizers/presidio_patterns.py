"""Expressions of Presidio recognizers, run in bounded time on long texts, and checked before they are compiled."""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from pipeline.errors import OptionError, shortened

MAX_AROUND = 500
"""Characters after the part of a text that is searched which an expression sees too."""
MAX_LONG = 100_000
"""Characters of a match."""
MAX_SECONDS = 10.0
"""For one expression on one part of a text. An expression that backtracks without end would take years."""
MAX_REGEX, MAX_REPEATED = 10_000, 1_000_000
"""Characters of an expression, and its signs where each counts as often as it may be repeated.

The module regex writes some of them out: `(?:(?:a{1000}){1000}){1000}` takes it 8 GB.
"""
MAX_WORDS = 100_000
"""Characters of all words of a list."""
SPACED = r"[^\W\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
"""A letter, digit or `_`, but of no script that has no spaces between words."""
_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?#[^)]*\)|\{\s*(?P<least>\d*)\s*(?:,\s*(?P<most>\d*)\s*)?\}|.", re.DOTALL
)
"""A part of an expression: an escape, a set, a comment, a count, or one sign."""
_COMMENT = re.compile(r"\\.|#[^\n]*", re.DOTALL)


class Bounded:
    """A compiled expression that goes through a long text part by part, as if it was searched at once.

    It raises OptionError where Presidio would log a TimeoutError and go on. `look_at` says what the next `finditer`
    looks at; without it, all of the text.
    """

    def __init__(self, name: str, pattern: str, compiled: Any) -> None:
        self.name, self.pattern, self.compiled = name, pattern, compiled
        self._low, self._high, self._place = 0, sys.maxsize, 0

    def look_at(self, low: int, high: int) -> None:
        """Find only matches that start there. The parts of a text come in order, the first at 0."""
        self._low, self._high = low, high

    def finditer(self, text: str, timeout: float | None = None) -> Iterator[Any]:
        """The matches; Presidio gives a longer time. Raises OptionError for time, and for a match over MAX_LONG."""
        start = max(self._low, self._place) if self._low else 0  # behind the last match of the part before
        stop = min(self._high + MAX_AROUND, len(text))
        options = {"timeout": MAX_SECONDS, "partial": stop < len(text)}
        try:
            for match in self.compiled.finditer(text, start, stop, **options):
                if match.start() >= self._high:
                    break
                # One that goes on behind the part may end elsewhere. Behind one that is partial none is complete.
                whole = self._followed(text, match) if self._high < match.end() and stop < len(text) else match
                if whole is not None:
                    start = whole.end()
                    yield whole
        except TimeoutError:
            raise self._error(
                f"took over {MAX_SECONDS:g} seconds on {stop - start:,} characters; write it so that it cannot match"
                " the same text in many ways (such as (a+)+), or name 'marks' that lines must have to reach it"
            ) from None
        self._place = start

    def _followed(self, text: str, match: Any) -> Any:
        """The match, or None, that starts where one does which was found without the rest of the text."""
        stop = min(match.start() + MAX_LONG, len(text))
        whole = self.compiled.match(text, match.start(), stop, timeout=MAX_SECONDS)
        if whole is not None and whole.end() == stop < len(text):
            raise self._error(
                f"matches over {MAX_LONG:,} characters; write how many it may match, such as {{1,100}} for + or *"
            )
        return whole

    def _error(self, what: str) -> OptionError:
        pattern = shortened(self.pattern, 80)
        return OptionError("recognizers", f"pii recognizer '{self.name}': the pattern '{pattern}' {what}")


def bound(recognizer: Any, name: str) -> tuple[Bounded, ...]:
    """Have the patterns of a PatternRecognizer end in bounded time; nothing is changed for other recognizers.

    Returns those that go through a text part by part: none if the recognizer searches in a way of its own.
    """
    import regex
    from presidio_analyzer import PatternRecognizer

    patterns = []
    for given in getattr(recognizer, "patterns", ()):
        pattern = copy.copy(given)  # Presidio's are shared by all of a class
        pattern.compiled_with_flags = recognizer.global_regex_flags
        compiled = regex.compile(pattern.regex, flags=recognizer.global_regex_flags)
        pattern.compiled_regex = Bounded(name, pattern.name, compiled)
        patterns.append(pattern)
    if patterns:
        recognizer.patterns = patterns
    is_presidios = getattr(type(recognizer), "analyze", None) is PatternRecognizer.analyze
    return tuple(pattern.compiled_regex for pattern in patterns) if is_presidios else ()


def check_expression(pattern: str, flags: int) -> None:
    """Raises ValueError, which says what is wrong, for what the module regex cannot compile, or only at great cost."""
    import regex

    if len(pattern) > MAX_REGEX:
        raise ValueError(f"it has over {MAX_REGEX:,} characters")
    if max(repeated(pattern), repeated(_COMMENT.sub(_without_comment, pattern))) > MAX_REPEATED:
        raise ValueError(f"its counts, such as {{1000}}, repeat over {MAX_REPEATED:,} signs")
    try:
        regex.compile(pattern, flags=flags)
    except RecursionError:
        raise ValueError("its brackets are nested too deep") from None
    except (regex.error, OverflowError, MemoryError) as error:
        raise ValueError(str(error) or "it takes too much memory") from None


def _without_comment(found: re.Match[str]) -> str:
    """Of an expression that is written with comments (VERBOSE)."""
    return "" if found[0].startswith("#") else found[0]


def repeated(pattern: str) -> int:
    """The signs of an expression, each counted as often as the counts after it and its groups may repeat it."""
    groups, last = [0], 0
    for token in _TOKEN.finditer(pattern):
        if token["least"] is not None and token[0] != "{}":
            count = max(1, *(int(one[:10]) for one in (token["least"], token["most"]) if one))
            groups[-1] += last * (count - 1)
            last *= count
        elif token[0] == "(":
            groups.append(0)
        elif token[0] == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        else:
            last = 1
            groups[-1] += 1
    return sum(groups)


def any_of(words: Iterable[str]) -> str:
    """An expression for words. Where one has a letter or digit of a spaced script at its end, no other may follow.

    Presidio's own wants a border on both sides of any word, which words of a Chinese sentence do not have. The longest
    come first; those of a length and kind share their borders, which take the module regex long to compile.
    """
    import regex

    is_spaced = regex.compile(SPACED).fullmatch

    def kind(word: str) -> tuple[int, bool, bool]:
        return -len(word), bool(is_spaced(word[0])), bool(is_spaced(word[-1]))

    parts = []
    for (_, before, after), same in groupby(sorted(set(words), key=lambda word: (kind(word), word)), kind):
        any_word = "|".join(regex.escape(word) for word in same)
        parts.append(f"(?<!{SPACED})" * before + f"(?:{any_word})" + f"(?!{SPACED})" * after)
    return "|".join(parts)
