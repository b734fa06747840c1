"""Marks: places in a text that may hold personal data. Here is their definition; `kernels.marks` finds them fast.

AT      an `@` between a printable ASCII character and an ASCII letter or digit
DIGITS  a run of digits (ASCII or full-width) on one line, at most three separators between two of them, with 7 digits
        or more, or 4 digits and 3 dots
COLONS  a run of hexadecimal digits, dots and colons that begins with no dot, with 4 digits or more, and 3 colons or
        more or a double one
PAIRS   six pairs of hexadecimal digits with hyphens between, or three groups of four with dots
RUN     a run of ASCII letters and digits, 25 or more, with a digit
CODE    two capital letters and two digits at the start of a word, and then a space, hyphen, capital letter or digit
WORDS   a word that a rule names
STARTS  the same, but what the word begins may go on: the `ghp_` of a token
ENDS    the same, but what the word ends may have begun before: the `API_KEY` of a longer name
"""

from __future__ import annotations

import re
from collections.abc import Iterator

AT, DIGITS, COLONS, PAIRS, RUN, CODE, WORDS, STARTS, ENDS = range(1, 10)
NAMES = {
    AT: "at", DIGITS: "digits", COLONS: "colons", PAIRS: "pairs", RUN: "run", CODE: "code", WORDS: "words",
    STARTS: "starts", ENDS: "ends",
}  # fmt: skip
WORDED = (WORDS, STARTS, ENDS)
"""Kinds of which a rule names the words."""

MIN_DIGITS, MIN_RUN = 7, 25
_DIGIT = rb"(?:[0-9]|\xef\xbc[\x90-\x99])"
_SEPARATOR = rb"(?:[ \-()+/.]|\xef\xbc\x8d|\xe2\x80[\x90-\x95]|\xc2\xa0)"
PATTERNS = {
    AT: re.compile(rb"(?<=[!-~])@(?=[A-Za-z0-9])"),
    DIGITS: re.compile(_DIGIT + rb"(?:" + _SEPARATOR + rb"{0,3}" + _DIGIT + rb")*"),
    COLONS: re.compile(rb"[0-9A-Fa-f:][0-9A-Fa-f:.]*"),
    PAIRS: re.compile(
        rb"(?<![0-9A-Za-z-])[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}(?![0-9A-Za-z-])|"
        rb"(?<![0-9A-Za-z.-])[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}(?![0-9A-Za-z-]|\.[0-9A-Za-z])"
    ),
    RUN: re.compile(rb"[0-9A-Za-z]{%d,}" % MIN_RUN),
    CODE: re.compile(rb"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?=[ A-Z0-9-])"),
}


def places(text: bytes, mark: int) -> Iterator[tuple[int, int]]:
    """(start, stop) in bytes of the marks of one kind that has no words."""
    for match in PATTERNS[mark].finditer(text):
        if _is_enough(match[0], mark):
            yield match.span()


def _is_enough(found: bytes, mark: int) -> bool:
    if mark == DIGITS:
        n_digits = len(re.findall(_DIGIT, found))
        return n_digits >= MIN_DIGITS or (n_digits >= 4 and found.count(b".") >= 3)
    if mark == COLONS:
        n_digits = len(found) - found.count(b":") - found.count(b".")
        return n_digits >= 4 and (found.count(b":") >= 3 or b"::" in found)
    return mark != RUN or re.search(rb"[0-9]", found) is not None


def words_in(text: bytes, words: tuple[str, ...], mark: int = WORDS) -> Iterator[tuple[int, int]]:
    """(start, stop) in bytes of the words in a text, also of those within each other.

    Case makes no difference for ASCII letters; a word with other letters matches as it is written, in lower case, in
    upper case, and with its first letter or each word's first letter in upper case. On a side where a word has a
    letter, digit or mark of a spaced script, or `_`, it may not touch another one; but on the right it may for the
    mark STARTS, on the left for ENDS.
    """
    folded = text.lower()  # of bytes, and so of ASCII letters only
    for spelling in sorted({spelling for word in words for spelling in _spellings(word)}):
        given, start = spelling.decode(), folded.find(spelling)
        while start >= 0:
            stop = start + len(spelling)
            is_begun = mark != ENDS and _in_word(given[0]) and _in_word(_before(text, start))
            goes_on = mark != STARTS and _in_word(given[-1]) and _in_word(_after(text, stop))
            if not is_begun and not goes_on:
                yield start, stop
            start = folded.find(spelling, start + 1)


def _spellings(word: str) -> set[bytes]:
    cases = (word, word.lower(), word.upper(), word.title(), word.capitalize())
    return {word.lower().encode()} if word.isascii() else {case.encode().lower() for case in cases}


def _before(text: bytes, place: int) -> str:
    """The character that ends at a place, or nothing."""
    start = max(0, place - 1)
    while text[start:place] and text[start] & 0xC0 == 0x80:
        start -= 1
    return text[start:place].decode()


def _after(text: bytes, place: int) -> str:
    """The character that begins at a place, or nothing."""
    stop = place + 1
    while stop < len(text) and text[stop] & 0xC0 == 0x80:
        stop += 1
    return text[place:stop].decode()


def _in_word(character: str) -> bool:
    """Whether it is a letter, digit or mark of a script with spaces between words, or `_`."""
    from stages.kernels.utf8 import DIGIT, LETTER, MARK, class_of

    return character == "_" or (character != "" and class_of(character) in (LETTER, MARK, DIGIT))
