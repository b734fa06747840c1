"""Surrogates of e-mail addresses and of people.

Each function takes a value and draws, and returns None if the value has not the form that it knows.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Sequence

from . import surrogate_words as words
from .known_names import is_given
from .known_names_chinese import COMPOUND, SURNAMES
from .surrogate_shape import Draws, alike
from .surrogate_values import DOT_SIGN, HAN, email_parts, plain

DOMAINS = ("com", "net", "org")
"""Those of `example`, which RFC 2606 keeps for examples: nobody gets mail there."""
VOWELS, CONSONANTS = "aeiou", "bdfgklmnprstvz"
WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
IN_HAN = re.compile(f"[{HAN}]+")
BEHIND = re.compile(r"(?:,? {1,2}(?:jr|sr|ii|iii|iv|m\.?d|ph\.?d|esq)\b\.?){1,3}\s*\Z", re.IGNORECASE)
"""What stays behind a name."""


def email(value: str, draws: Draws) -> str | None:
    """Something to pronounce, of the same length, at a domain kept for examples (RFC 2606); so that no rule finds it
    again. What was written for `@` and dots, such as `[at]`, stays."""
    user, at, domain = email_parts(value)
    dots = DOT_SIGN.findall(domain)
    if not user or not dots:
        return None
    top = f"example{dots[-1]}{draws.one_of(DOMAINS)}"
    joints = [found.span() for found in DOT_SIGN.finditer(user)]
    starts, stops = [0, *(stop for _, stop in joints)], [*(start for start, _ in joints), len(user)]
    parts = [_pronounced(user[start:stop], draws) for start, stop in zip(starts, stops, strict=True)]
    return "".join(itertools.chain(*zip(parts, [*(user[slice(*joint)] for joint in joints), at], strict=True))) + top


def _pronounced(text: str, draws: Draws) -> str:
    digits = "".join(alike(one, draws) if one.isdecimal() else one for one in text)
    return WORD.sub(lambda found: _spoken(found[0], draws), digits)


def _spoken(word: str, draws: Draws) -> str:
    """As many letters, in turn consonants and vowels; other letters than those of ASCII by class."""
    if not word.isascii():
        return alike(word, draws)
    turn = draws.below(2)
    letters = (draws.one_of((CONSONANTS, VOWELS)[(place + turn) % 2]) for place in range(len(word)))
    return "".join(new.upper() if old.isupper() else new for new, old in zip(letters, word, strict=True))


class Person:
    """Makes names of others, part by part: where a part comes again, in a longer name or alone, it gets the same.

    draws: gives those for a part of a name.
    """

    def __init__(self, draws: Callable[[str], Draws]) -> None:
        self._draws = draws

    def __call__(self, value: str) -> str | None:
        """As many words, in the case and order that they have; titles in front, `Jr.` and the like behind, particles
        and signs stay, gender does not.

        A widespread given name becomes a given name, any other word a family name, wherever it stands, so that it gets
        the same in `Jane Roe` and in `Roe, Jane` and in `Jane`. Han is taken for a family name of one character, or
        two, and a given name, of which each character becomes another; other scripts change by class.
        """
        behind = BEHIND.search(value)
        end = behind.start() if behind else len(value)
        names = list(WORD.finditer(value, 0, end))
        while len(names) > 1 and names[0][0].lower() in words.TITLES:
            del names[0]
        found = [word for word in names if not (word[0].islower() and word[0] in words.PARTICLES)]
        parts, last = [], 0
        for word in found:
            name = self._han(word[0], word is found[0]) if IN_HAN.fullmatch(word[0]) else self._word(word[0])
            parts += [value[last : word.start()], name]
            last = word.end()
        return "".join(parts) + value[last:] if found else None

    def _word(self, word: str) -> str:
        draws = self._draws(plain(word))
        if len(word) == 1 or not unicodedata.name(word[0], "").startswith("LATIN"):
            return alike(word, draws)
        return cased(another(words.GIVEN if is_given(word) else words.FAMILY, word, draws), word)

    def _han(self, name: str, is_first: bool) -> str:
        n_family = 0
        if is_first:
            n_family = 2 if name[:2] in COMPOUND else 1 if name[0] in SURNAMES or len(name) == 1 else 0
        family, given = name[:n_family], name[n_family:]
        families: Sequence[str] = words.CHINESE_FAMILY_OF_TWO if n_family == 2 else words.CHINESE_FAMILY
        draws = self._draws(given)
        return (another(families, family, self._draws(family)) if family else "") + "".join(
            another(words.CHINESE_GIVEN, one, draws) for one in given
        )


def another(choices: Sequence[str], than: str, draws: Draws) -> str:
    """One of the choices that is not this one."""
    place = draws.below(len(choices))
    return choices[place] if choices[place].casefold() != than.casefold() else choices[place - 1]


def cased(new: str, old: str) -> str:
    if old.islower():
        return new.lower()
    return new.upper() if old.isupper() and len(old) > 1 else new
