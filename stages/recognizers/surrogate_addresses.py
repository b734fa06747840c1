"""Surrogates of postal addresses: numbers and names become others, words that tell the kind and the region stay."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from . import surrogate_words as words
from .addresses_chinese import CITIES, PROVINCES
from .surrogate_names import IN_HAN, another, cased
from .surrogate_shape import HAN, Draws, alike
from .surrogate_values import HAN as HAN_RANGE


def address(value: str, draws: Draws) -> str | None:
    """Numbers and names of streets, of places and of houses become others; what tells their kind stays.

    So do, at the end or before a postal code, state and country, and in Chinese, at the start, the province and the
    first city: a region of a million people tells little, and the text around it keeps its sense. That the street is in
    the city, or the postal code of the place, is not kept.
    """
    if not IN_HAN.search(value):
        return _western(value, draws)
    region = REGION.match(value)
    end = region.end() if region else 0
    return value[:end] + UNIT.sub(lambda found: _unit(found, draws), value[end:])


# Chinese and Japanese

SURE_PROVINCE = (
    rf"(?:{PROVINCES})(?:维吾尔|壮族|回族)?(?:特别行政[区區]|自治[区區]|省)|北海道|東京都|京都府|大阪府|"
    rf"[{HAN_RANGE}]{{2,3}}県"
)
REGION = re.compile(
    rf"(?:{SURE_PROVINCE})(?:[^省市区區县縣村街道路巷弄里号號]{{1,6}}(?:市|自治州|地[区區]|盟)(?![街路道巷场場]))?|"
    rf"(?:(?:{PROVINCES})(?:市|(?=(?:{CITIES})市|[^市区區县縣街路道巷弄里号號]{{1,6}}[区區县縣])))?(?:(?:{CITIES})市)?"
)
"""A city stays if it is behind a province, or known: many streets are named after a 市, or a province."""
NAMED = "自治[州县縣区區]|街道|大街|大道|胡同|[省市区區县縣州盟旗镇鎮乡鄉村街道路巷弄里条]"
"""Ends of places and streets."""
NUMBERED = "丁目|番地|[号號栋棟幢单單室楼樓层層座期组組区區院门門段弄巷户戶房塔元条条之]"
"""What stands behind a number."""
NUMERALS, TENS = "一二三四五六七八九", "十百"
UNIT = re.compile(
    rf"(?P<number>\d{{1,20}}|[A-Za-zＡ-Ｚ](?=[座栋棟区區])|[{TENS}]?[{NUMERALS}]{{1,3}}(?={NUMBERED}))"
    rf"(?P<kinds>(?:{NUMBERED}){{0,3}})|"
    rf"(?P<name>[{HAN_RANGE}]{{1,12}}?)(?P<kind>{NAMED})"
    rf"(?!(?:{NAMED}){{1,3}}(?:[{TENS}{NUMERALS}]|[^{HAN_RANGE}]|\Z))|.",
    re.DOTALL,
)


def _unit(found: re.Match[str], draws: Draws) -> str:
    """A number with what it counts, a name with what it names, or one character."""
    if found["number"]:
        one_by_one = (found["number"],) if found["number"].isdecimal() else found["number"]
        return "".join(_numeral(one, draws) for one in one_by_one) + found["kinds"]
    if found["name"]:
        return "".join(another(HAN, one, draws) for one in found["name"]) + found["kind"]
    return another(HAN, found[0], draws) if IN_HAN.match(found[0]) else alike(found[0], draws)


def _numeral(one: str, draws: Draws) -> str:
    if one.isdecimal():
        return _number(one, draws)
    if one in NUMERALS:
        return another(NUMERALS, one, draws)
    return one if one in TENS else alike(one, draws)


def _number(digits: str, draws: Draws) -> str:
    """As many digits, the first of which is not 0."""
    zero = ord(digits[0]) - unicodedata.decimal(digits[0])
    return chr(zero + 1 + draws.below(9)) + alike(digits[1:], draws)


# Others

TOKEN = re.compile(r"[^\W_]+")
WITHIN = re.compile(r"[ .'’-]{1,3}")
"""What stands between the words of one part of an address."""
ZIP = re.compile(r"\d{4,5}|[A-Za-z]\d[A-Za-z]")
ORDINAL = re.compile(r"(\d+)(st|nd|rd|th|)", re.IGNORECASE)
MOST_OF_STATE = 2
"""Words of a state."""


class Part(NamedTuple):
    """Words that stand together, and the word behind them, if it has digits."""

    words: list[re.Match[str]]
    number: str

    def lowered(self) -> list[str]:
        """The words in small letters."""
        return [word[0].lower() for word in self.words]


def _western(value: str, draws: Draws) -> str:
    kept = _kept(_parts(value))
    return TOKEN.sub(lambda found: found[0] if found.start() in kept else _other(found[0], draws), value)


def _parts(value: str) -> list[Part]:
    """The words of an address without those that have digits, in parts that commas, line ends and numbers separate."""
    parts: list[Part] = []
    together: list[re.Match[str]] = []
    for word in TOKEN.finditer(value):
        has_digits = any(map(str.isdigit, word[0]))
        is_apart = together and not WITHIN.fullmatch(value, together[-1].end(), word.start())
        if together and (has_digits or is_apart):
            parts.append(Part(together, word[0] if has_digits else ""))
            together = []
        if not has_digits:
            together.append(word)
    return [*parts, Part(together, "")] if together else parts


def _kept(parts: list[Part]) -> set[int]:
    """Where the words begin that stay."""
    kept: set[int] = set()
    ends = len(parts)
    if len(parts) > 1 and " ".join(parts[-1].lowered()) in words.COUNTRIES:
        kept |= {word.start() for word in parts[-1].words}
        ends -= 1
    has_city = False
    for place, part in enumerate(parts[:ends]):
        is_end = place == ends - 1 and has_city
        stay = (_state(part) if is_end or ZIP.fullmatch(part.number) else []) or _kinds(part)
        lowered = part.lowered()
        has_city = has_city or not (stay or any(one in words.UNITS for one in lowered))
        kept |= {word.start() for word in stay}
        kept |= {word.start() for word, low in zip(part.words, lowered, strict=True) if _is_little(word[0], low)}
    return kept


def _is_little(word: str, lowered: str) -> bool:
    return lowered in words.ALWAYS or (lowered in words.PARTICLES and word.islower())


def _state(part: Part) -> list[re.Match[str]]:
    """The last words, if they are a state; all of them only before a postal code or at the end."""
    lowered = part.lowered()
    for n in range(MOST_OF_STATE, 0, -1):
        if " ".join(lowered[-n:]) in words.STATES and len(lowered) >= n:
            return part.words[-n:]
    return []


def _kinds(part: Part) -> list[re.Match[str]]:
    """The word that tells the kind of street, the last one or else the first, and that of a unit beside its number."""
    lowered = part.lowered()
    if lowered[-1] in words.UNITS and (part.number or len(lowered) == 1):
        before = _kinds(Part(part.words[:-1], "")) if len(lowered) > 1 else []
        return [*before, part.words[-1]]
    if lowered[-1] in words.STREETS:
        return part.words[-1:]
    return part.words[:1] if lowered[0] in words.STREETS else []


def _other(word: str, draws: Draws) -> str:
    number = ORDINAL.fullmatch(word)
    if number:
        return _number(number[1], draws) + number[2]
    if len(word) == 1 or not all(map(str.isalpha, word)) or not unicodedata.name(word[0], "").startswith("LATIN"):
        return alike(word, draws)
    lowered = word.lower()
    end = next((end for end in words.STREET_ENDS if lowered.endswith(end) and len(word) >= len(end) + 3), "")
    return cased(another(words.PLACES, word, draws), word) + (word[-len(end) :] if end else "")
