"""What surrogates are made with: numbers drawn from a seed, and characters of the same class as others."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

DIGITS = "0123456789"
HEX = "0123456789abcdef"
HAN = "山水林松竹梅石田泉江河湖海月星雨雪春秋冬明光青白玉金木安平和文武方元吉永正中南北千里古今"
"""Plain characters, none of which says anything bad of a person or a place."""
ALPHABETS = (
    ("가", "힣", "가나다라마바사아자하고노도로모보소오조호구누두루무부수우주기니디리미비시이지히"),
    ("а", "ё", "абвгдежзиклмнопрстуфхцчшыэюя"),
    ("А", "Я", "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЭЮЯ"),
    ("α", "ω", "αβγδεζηθικλμνξοπρστυφχψω"),
    ("Α", "Ω", "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"),
)
"""First and last character -> plain ones of that script and case."""
FULL_WIDTH = 0xFEE0
"""Added to an ASCII character, it is the full-width one."""


class Draws:
    """Numbers drawn from a seed, one after the other, as many as one asks for: SHAKE256 (FIPS 202) of the seed."""

    def __init__(self, seed: bytes) -> None:
        self._shake = hashlib.shake_256(seed)
        self._bytes, self._place = b"", 0

    def below(self, n: int) -> int:
        """A number from 0 to n - 1."""
        if self._place == len(self._bytes):
            self._bytes = self._shake.digest(max(512, 2 * self._place))
        self._place += 8
        return int.from_bytes(self._bytes[self._place - 8 : self._place], "big") % n

    def one_of(self, choices: Sequence[str]) -> str:
        """One of them."""
        return choices[self.below(len(choices))]

    def some(self, alphabet: str, n: int) -> str:
        """n characters of an alphabet."""
        return "".join(self.one_of(alphabet) for _ in range(n))


def alike(value: str, draws: Draws) -> str:
    """Another character of the same class for every letter and digit; the rest stays.

    Digits become digits of the same script, Han and the letters of some scripts those of a list, other letters those
    of the same case from the same part of Unicode: capitals from A to Z capitals from A to Z.
    """
    classes = map(_class_of, value)
    return "".join(members if len(members) == 1 else draws.one_of(members) for members in classes)


@lru_cache(maxsize=4096)
def _class_of(character: str) -> str:
    if character.isdecimal():
        first = ord(character) - unicodedata.decimal(character)
        return "".join(chr(first + n) for n in range(10))
    for low, high, letters in ALPHABETS:
        if low <= character <= high:
            return letters
    category = unicodedata.category(character)
    if category == "Lo" and unicodedata.name(character, "").startswith("CJK "):
        return HAN
    is_vowel_sign = category in ("Mc", "Mn") and not unicodedata.combining(character)
    return _neighbours(ord(character) // 64, category) if category[0] in "LN" or is_vowel_sign else character


@lru_cache(maxsize=4096)
def _neighbours(block: int, category: str) -> str:
    """The characters of a category among 64 that follow each other."""
    return "".join(chr(n) for n in range(64 * block, 64 * block + 64) if unicodedata.category(chr(n)) == category)


def ascii_of(value: str) -> str:
    """The ASCII letters, as capitals, and digits of a value; full-width ones too."""
    return "".join(found for character in value if (found := _ascii(character))).upper()


def filled(value: str, characters: str) -> str:
    """The value with these for its ASCII or full-width letters and digits, in order; widths stay.

    A letter is small where a small one was. characters: as many as `ascii_of` gives.
    """
    given = iter(characters)
    return "".join(_dressed(next(given), one) if _ascii(one) else one for one in value)


def _ascii(character: str) -> str:
    code = ord(character)
    plain = chr(code - FULL_WIDTH) if 0xFF01 <= code <= 0xFF5E else character
    return plain if plain.isascii() and plain.isalnum() else ""


def _dressed(new: str, old: str) -> str:
    cased = new.lower() if old.islower() else new
    return cased if old.isascii() else chr(ord(cased) + FULL_WIDTH)


def in_case_of(text: str, value: str) -> str:
    """ASCII letters as capitals if the value has capitals and no small letters, else as small ones."""
    return text.upper() if value.upper() == value != value.lower() else text.lower()
