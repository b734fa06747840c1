"""Numbers of people: of social security (US) and of resident identity (China, Hong Kong, Taiwan)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from . import marks
from .digits import after_words, is_named, is_otherwise, plain, stands_alone
from .rule import Rule, Settings, Span

# Social security

SSN = re.compile(r"(?<![0-9])(?P<area>[0-9]{3})(?P<gap>[ .-]?)(?P<group>[0-9]{2})(?P=gap)(?P<serial>[0-9]{4})(?![0-9])")
SSN_WORDS = after_words(
    r"\bssns?\b|social.security|\bsoc\.? ?sec\b|社会安全号|社会保障号|社安号|社会保险号|社會安全號", 32
)
SSN_AFTER = re.compile(rb"[ ,;(\[]{1,3}(?:ssn|social security)\b", re.IGNORECASE)
ADVERTISED = frozenset(("078051120", "219099999", "457555462", "123456789"))
"""Numbers that were printed on sample cards or in advertisements, or count up (Social Security Administration)."""
SSN_BEFORE, SSN_NEXT = re.compile(rb"(?:[\w.+/=#-]|\xef\xbc[\x90-\x99])\Z"), re.compile(rb"\w|[.,/-][0-9]|-[A-Za-z]")


def find_ssn(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """Numbers with hyphens; after a word that says so also solid ones, or with spaces or dots."""
    if stop - start < 9:
        return
    digits = plain(text, start, stop)
    for match in SSN.finditer(digits.text):
        first, last = digits.places[match.start()], digits.places[match.end()]
        if not _is_ssn(match["area"], match["group"], match["serial"]) or not stands_alone(text, first, last):
            continue
        is_form = match["gap"] == "-" and not SSN_BEFORE.search(text, max(0, first - 3), first)
        if is_named(text, first, SSN_WORDS) or SSN_AFTER.match(text, last):
            yield Span(first, last, 0.9, "ssn_named")
        elif is_form and not SSN_NEXT.match(text, last) and not is_otherwise(text, first):
            yield Span(first, last, 0.85, "ssn")


def _is_ssn(area: str, group: str, serial: str) -> bool:
    """Whether the Social Security Administration may have given a number (its randomization of 2011)."""
    is_given = area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"
    return is_given and area + group + serial not in ADVERTISED


# Resident identity

_PROVINCES = (
    *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, *range(81, 84),
)  # fmt: skip
PROVINCES = frozenset(map(str, _PROVINCES))
"""The first two digits of GB/T 2260; 81 to 83 are on residence permits for Hong Kong, Macao and Taiwan."""
RESIDENT = re.compile(r"(?<![0-9])([0-9]{6})([ -]?)([0-9]{8})\2([0-9]{3})([0-9]?)(?![0-9])")
OLD_RESIDENT = re.compile(r"(?<![0-9])[0-9]{15}(?![0-9])")
ID_WORDS = after_words(
    "身份证|身份證|身分證|身份號|居民证|居民證|证件号|證件號|統一編號|统一编号|ID card|identity card|hkid|national id"
)
CHECK_X = re.compile(rb"[Xx]|\xef\xbc\xb8|\xef\xbd\x98")
LETTERS = re.compile(rb"(?<![A-Za-z0-9_])[A-Z]{1,2}\Z")
ISLANDER = re.compile(rb"(?P<taiwan>[1289][0-9]{8}(?![0-9A-Za-z_]))|(?P<hong_kong>[0-9]{6}\([0-9]\))")


def find_resident(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """Numbers of 18 characters (GB 11643), of 15 after a word that says so."""
    if stop - start < 15:
        return
    digits = plain(text, start, stop)
    for match in RESIDENT.finditer(digits.text):
        first, last = digits.places[match.start()], digits.places[match.end()]
        check = None if match[5] else CHECK_X.match(text, last)
        number = match[1] + match[3] + match[4] + (match[5] or "X")
        last = check.end() if check else last
        if (match[5] or check) and is_resident(number) and stands_alone(text, first, last):
            yield Span(first, last, 0.96, "resident_id")
    for match in OLD_RESIDENT.finditer(digits.text):
        first, last = digits.places[match.start()], digits.places[match.end()]
        is_old = match[0][:2] in PROVINCES and _is_date("19" + match[0][6:12]) and stands_alone(text, first, last)
        if is_old and is_named(text, first, ID_WORDS):
            yield Span(first, last, 0.9, "resident_id_old")


def is_resident(number: str) -> bool:
    """Whether 18 characters are a resident identity number: province, date of birth and check character (GB 11643)."""
    if number[:2] not in PROVINCES or not _is_date(number[6:14]):
        return False
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17]


def _is_date(digits: str) -> bool:
    """Whether eight digits are a day since 1880, and not after 2099."""
    if not "1880" <= digits[:4] <= "2099":
        return False
    try:
        datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def find_islander(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """Numbers of Taiwan (`A123456789`) and Hong Kong (`A123456(3)`), after a word that says so."""
    letters = LETTERS.search(text, max(0, start - 2), start)
    number = ISLANDER.match(text, start) if letters else None
    if not letters or not number or not is_named(text, letters.start(), ID_WORDS):
        return
    is_right = _is_taiwanese if number.lastgroup == "taiwan" else _is_of_hong_kong
    if is_right(letters[0].decode(), re.sub("[()]", "", number[0].decode())):
        yield Span(letters.start(), number.end(), 0.9, f"resident_id_{number.lastgroup}")


def _is_taiwanese(letters: str, digits: str) -> bool:
    """Whether the last digit is the check digit of a national identification number of Taiwan."""
    if len(letters) != 1:
        return False
    tens, ones = divmod(10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(letters), 10)
    return (
        tens + 9 * ones + sum(w * int(d) for w, d in zip((8, 7, 6, 5, 4, 3, 2, 1, 1), digits, strict=True))
    ) % 10 == 0


def _is_of_hong_kong(letters: str, digits: str) -> bool:
    """Whether the last digit is the check digit of a Hong Kong identity card; a missing first letter counts 36."""
    values = [*([36] * (2 - len(letters))), *(int(character, 36) for character in letters + digits)]
    return sum(weight * value for weight, value in zip(range(9, 0, -1), values, strict=True)) % 11 == 0


RULES = (
    Rule("ssn", marks.DIGITS, find_ssn),
    Rule("resident_id", marks.DIGITS, find_resident),
    Rule("resident_id", marks.DIGITS, find_islander),
)
