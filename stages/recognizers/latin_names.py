"""Reads names in Latin and other letters with capitals, and tells by their words whether a person may be named so."""

from __future__ import annotations

import re
from typing import NamedTuple

from .known_names import AFTER_NAMES, PARTICLES, TITLES, has_other_words
from .rule import Span

FORM, WEAK = 0.6, 0.4
MAX_WORDS = 5

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Letters of scripts without spaces between words, and Korean ones, which may follow a name at once."""
LETTER = rf"[^\W\d_{UNSPACED}]"
WORD = re.compile(rf"{LETTER}+(?:['’‐-]{LETTER}+){{0,3}}")
PREFIX = re.compile(r"\A(?:al|el|ad|ar|as|ash|at|az|an|bin|ibn|abu|ben|ul|d|l|dell|dall)[-‐'’](?=[^\W\d_a-z])")
"""What stands before the capital letter of a word: al-Khatib, d'Amico."""
CAPITALIZED = re.compile(
    r"(?:[A-Z]['’]|Ma?c|De|Di|Du|La|Le|Van|Fitz|O['’])?[^\W\d_a-z](?:[^\W\d_A-Z]|[-‐'’](?:[A-Z](?=[a-z])|[^\W\d_A-Z]))*\Z"
)
TITLE = re.compile(rf"(?:(?:{'|'.join(TITLES)}|Ing|Dipl|Univ|Med|med|and|&)\b[.-]{{0,2}} ?(?=[^\W\d_])){{0,4}}")
SUFFIX = re.compile(r", (?:Jr|Sr|M\.?D|Ph\.?D|Esq)\b\.?")
NEXT_LABEL = re.compile(
    r"[\w-]{1,20} ?[:：]|(?:E-?mail|Phone|Tel|Telephone|Mobile|Cell|Fax|Address|Date of|DOB|Age|Gender|Sex|SSN|"
    r"Passport|ID|Company|Position|Job|Nationality|Department|Dept)\b"
)
LINE_END = re.compile(r"[ \t]{0,4}(?:\Z|[\r\n,(|]|[-–] )")
POSSESSIVE = re.compile(r"['’]s\Z")


class Name(NamedTuple):
    """A name in a window: where it begins and ends (characters), and its words without particles and what follows."""

    start: int
    stop: int
    words: list[str]


def read(window: str, start: int, most: int = MAX_WORDS) -> Name | None:
    """The name that begins at a character of a window: capitalized words on one line, with single spaces between."""
    words: list[str] = []
    stop = place = start
    for _ in range(most + 2):
        match = WORD.match(window, place)
        if match is None or len(words) == most or (words and NEXT_LABEL.match(window, place)):
            break
        word, place = match[0], match.end()
        if _is_capitalized(word):
            is_short = (len(word) == 1 and word.isupper()) or word in ("Jr", "Sr")
            place += is_short and window[place : place + 1] == "."
            stop = place
            words.append(word)
        elif word not in PARTICLES:
            break
        if POSSESSIVE.search(word):
            return Name(start, stop - 2, [*words[:-1], word[:-2]])
        if window[place : place + 1] == " ":
            place += 1
        elif window[place - 1] != "." or not WORD.match(window, place):
            break
    suffix = SUFFIX.match(window, stop) if words else None
    return Name(start, suffix.end() if suffix else stop, words) if words else None


def _is_capitalized(word: str) -> bool:
    word = PREFIX.sub("", word)
    return word[0].isupper() and (CAPITALIZED.match(word) is not None or (word.isupper() and len(word) > 1))


def is_name(words: list[str], is_personal: bool = False) -> bool:
    """Whether the words look like those of a person: none is in capitals unless all are, and names hold all of them."""
    bare = [word for word in words if word.lower() not in AFTER_NAMES]
    shouted = [word.isupper() for word in bare if len(word) > 1]
    return bool(shouted) and all(shouted) == any(shouted) and not has_other_words(bare, is_personal)


def span(text: bytes, first: int, window: str, name: Name, score: float, rule: str) -> Span:
    """The name as bytes of the text, if the window begins at byte `first`."""
    start = first + len(window[: name.start].encode())
    return Span(start, start + len(window[name.start : name.stop].encode()), score, rule)
