"""Telephone numbers among groups of digits, by the numbering plans of the `phonenumbers` library.

A number is taken for one if it is written as one: with `+` and country code; as a mobile number of
mainland China; with area code, grouped as its country does; or after a word that says so.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator

WIDE = {0xFF10 + n: str(n) for n in range(10)}
DIGIT = rb"(?:[0-9]|\xef\xbc[\x90-\x99])"
GROUP = re.compile(DIGIT + rb"{1,20}")
WORDS = re.compile(
    rb"(?:\b(?:tel|phone|telephone|mobile|fax|whatsapp|telefon|tel\xc3\xa9fono|t\xc3\xa9l\xc3\xa9phone)\b|"
    + "电话|電話|手机|手機|联系|聯繫|传真|傳真|热线|热線|热線|微信|携帯|전화|휴대폰|тел|फोन|โทร|هاتف".encode()
    + rb")[^0-9\n]{0,12}\Z",
    re.IGNORECASE,
)
CONTEXT_BYTES = 48
HAN = re.compile(r"[\u4e00-\u9fff]")
MAX_GROUPS, MIN_DIGITS, MAX_DIGITS = 6, 7, 15
YEAR = re.compile("(?:1[5-9]|20)[0-9]{2}")


def find(text: bytes, start: int, stop: int, regions: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """(start, stop) in bytes of the telephone numbers in the zone from `start` to `stop` of a document."""
    groups = [match.span() for match in GROUP.finditer(text, start, stop)]
    place = 0
    while place < len(groups):
        taken = 0
        for last in range(min(place + MAX_GROUPS, len(groups)), place, -1):
            if is_number(text, groups, place, last, regions):
                taken = last - place
                yield _with_plus(text, groups[place][0]), groups[last - 1][1]
                break
        place += taken or 1


def is_number(text: bytes, zone: list[tuple[int, int]], place: int, last: int, regions: tuple[str, ...]) -> bool:
    """Whether the groups of digits from `place` up to `last` of a zone are one telephone number."""
    groups = zone[place:last]
    digits = tuple(text[a:b].decode().translate(WIDE) for a, b in groups)
    between = [text[a:b] for (_, a), (b, _) in itertools.pairwise(groups)]
    start, stop = _with_plus(text, groups[0][0]), groups[-1][1]
    if not MIN_DIGITS <= sum(map(len, digits)) <= MAX_DIGITS or max(map(len, between), default=0) > 4:
        return False
    if not _stands_alone(text, start, stop):
        return False
    if text[start : start + 1] == b"+":
        return is_valid("+" + "".join(digits), None)
    if WORDS.search(text[max(0, start - CONTEXT_BYTES) : start]) is not None:
        return len(digits) <= 5 and not _is_date(digits) and any(is_valid("".join(digits), one) for one in regions)
    if len(digits) == 1:  # eleven digits alone are a number of China only where Chinese is written
        around = text[max(0, start - CONTEXT_BYTES) : stop + CONTEXT_BYTES].decode(errors="ignore")
        return HAN.search(around) is not None and _is_mobile_of_china(digits, regions)
    if not b"".join(between).strip() and _goes_on(text, zone, place, last):
        return False
    return _is_national(digits, b"".join(between) + text[start : groups[0][0]], regions)


def _goes_on(text: bytes, zone: list[tuple[int, int]], place: int, last: int) -> bool:
    """Whether more groups stand before or after with only spaces between, as in a table of numbers."""
    before = place > 0 and not text[zone[place - 1][1] : zone[place][0]].strip()
    return before or (last < len(zone) and not text[zone[last - 1][1] : zone[last][0]].strip())


def _with_plus(text: bytes, start: int) -> int:
    """Where the number begins if a `+` or `(` before its first digit belongs to it."""
    while start > 0 and text[start - 1 : start] in (b"+", b"("):
        start -= 1
    return start


def _stands_alone(text: bytes, start: int, stop: int) -> bool:
    """Whether nothing around says that this is part of something longer: a word, path, decimal, amount."""
    before, after = text[max(0, start - 4) : start], text[stop : stop + 4]
    if re.search(
        rb"(?:[\w./\\#$=&?%+@~-]|[0-9],|\xef\xbc[\x90-\x99]|\xc2[\xa3\xa5]|\xe2\x82\xac|\xef\xbf\xa5)\Z", before
    ):
        return False
    return re.match(rb"[\w%@\\]|[.,:/-][0-9]|-[A-Za-z]|\xef\xbc[\x90-\x99]", after) is None


def _is_national(digits: tuple[str, ...], between: bytes, regions: tuple[str, ...]) -> bool:
    whole, lengths = "".join(digits), tuple(map(len, digits))
    if _is_mobile_of_china(digits, regions):
        return True
    if lengths[-3:] == (3, 3, 4) and lengths[:-3] in ((), (1,)):
        return "US" in regions and between.strip() != b"" and b"/" not in between and is_valid(whole, "US")
    if whole[0] != "0" or not 9 <= len(whole) <= 12 or (len(digits) == 2 and len(digits[1]) < 4) or _is_date(digits):
        return False
    return any(_is_grouped(digits, region) for region in regions)


def _is_date(digits: tuple[str, ...]) -> bool:
    """Whether these groups are two years, or a date."""
    return YEAR.fullmatch(digits[0]) is not None and tuple(map(len, digits)) in ((4, 4), (4, 2, 2))


def _is_mobile_of_china(digits: tuple[str, ...], regions: tuple[str, ...]) -> bool:
    whole, lengths = "".join(digits), tuple(map(len, digits))
    if "CN" not in regions or lengths not in ((11,), (3, 4, 4), (3, 8), (7, 4)):
        return False
    return re.fullmatch("1[3-9][0-9]{9}", whole) is not None and is_valid(whole, "CN")


@functools.lru_cache(maxsize=65_536)
def is_valid(number: str, region: str | None) -> bool:
    """Whether `phonenumbers` knows a number like this; region None: with its country code."""
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


@functools.lru_cache(maxsize=65_536)
def _is_grouped(digits: tuple[str, ...], region: str) -> bool:
    """Whether a valid number of this region is written in its groups, or in some of them put together."""
    import phonenumbers

    whole = "".join(digits)
    if not is_valid(whole, region):
        return False
    form = phonenumbers.format_number(phonenumbers.parse(whole, region), phonenumbers.PhoneNumberFormat.NATIONAL)
    borders, place = {0}, 0
    for group in re.findall("[0-9]+", form):
        place += len(group)
        borders.add(place)
    ours = {sum(map(len, digits[:n])) for n in range(len(digits) + 1)}
    return ours <= borders
