"""International bank account numbers (ISO 13616)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import marks
from .rule import Rule, Settings, Span, around

_COUNTRIES = {
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
LENGTHS = {country.encode(): length for length, countries in _COUNTRIES.items() for country in countries.split()}
"""Characters of a number by its country: SWIFT's IBAN registry, release 101."""
MAX_BYTES = 44
"""A number of 33 characters with 8 spaces, and what follows."""
GROUPS = re.compile(rb"[A-Z0-9]{4}(?P<gap>[ -]?)[A-Z0-9]{4}(?:(?P=gap)[A-Z0-9]{4})*+(?:(?P=gap)[A-Z0-9]{1,3})?")
_VALUES = {ord(character): str(int(character, 36)) for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def find(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """An account number, solid or in groups of four."""
    length = LENGTHS.get(text[start : start + 2])
    match = GROUPS.match(text, start, start + MAX_BYTES) if length else None
    if length is None or match is None:
        return
    n_groups = -(-length // 4)
    end = start + length + (n_groups - 1) * len(match["gap"])
    number = text[start:end].replace(match["gap"], b"") if match["gap"] else text[start:end]
    is_whole = end <= match.end() and not text[end : end + 1].isalnum()
    if is_whole and len(number) == length and _is_checked(number.decode()):
        yield Span(start, end, 0.95, "iban")


def _is_checked(number: str) -> bool:
    """Whether the check digits are right (ISO/IEC 7064, MOD 97-10); they are 02 to 98, 98 less what is left."""
    return "02" <= number[2:4] <= "98" and int((number[4:] + number[:4]).translate(_VALUES)) % 97 == 1


CODE_AFTER = re.compile(r"[^0-9]{0,24}?(?<![A-Za-z0-9])(?=(?P<country>[A-Za-z]{2})[0-9]{2})")
SEPARATORS = " \N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}-"
AFTER_BYTES = 224
"""A number of 33 characters and as many separators, and what stands before it."""


def find_named(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """The account number after `IBAN`, also in small letters, with no-break spaces, or in other groups."""
    _, _, after = around(text, start, stop, 0, AFTER_BYTES)
    code = CODE_AFTER.match(after)
    length = LENGTHS.get(code["country"].upper().encode()) if code else None
    if code is None or length is None:
        return
    number = re.match(rf"(?:[{SEPARATORS}]?[A-Za-z0-9]){{{length}}}(?![A-Za-z0-9])", after[code.end() :])
    if number and _is_checked(re.sub(f"[{SEPARATORS}]", "", number[0]).upper()):
        first = stop + len(after[: code.end()].encode())
        yield Span(first, first + len(number[0].encode()), 0.95, "iban")


RULES = (
    Rule("iban", marks.CODE, find),
    Rule("iban", marks.WORDS, find_named, ("iban",)),
)
