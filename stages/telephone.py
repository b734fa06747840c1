"""Telephone numbers among groups of digits, by the numbering plans of the `phonenumbers` library.

A number is taken for one if it is written as one: with `+` and country code; as a mobile number of
mainland China; with area code, grouped as its country does; or after a word that says so. A tag next
to a number counts as a part of it, so that what was replaced before does not make it stand alone.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

WIDE = {0xFF10 + n: str(n) for n in range(10)}
GROUP = re.compile(rb"(?:[0-9]|\xef\xbc[\x90-\x99]){1,20}")
MAX_GROUPS, MAX_NAMED_GROUPS, MIN_DIGITS, MAX_DIGITS, MAX_BETWEEN = 6, 5, 7, 15, 4

TAG = rb"<(?:EMAIL|IP|CARD|PHONE)>"
AFTER_TAG = re.compile(TAG + rb"[+.(/=-]{0,2}\Z")
NEAR_BYTES = 12
"""How far something reaches that a number would be a part of: a tag and three separators are the longest."""
OPENING = re.compile(rb"(?:\+\(|\(\+|\+|\(|)\Z")
WORDS = re.compile(
    rb"(?:(?<!<)\b(?:tel|phone|telephone|mobile|fax|whatsapp|telefon|tel\xc3\xa9fono|t\xc3\xa9l\xc3\xa9phone)\b|"
    + "电话|電話|手机|手機|联系|聯繫|传真|傳真|热线|熱線|微信|携帯|전화|휴대폰|тел|फोन|โทร|هاتف".encode()
    + rb")(?:(?!%b)[^0-9\n]){0,12}\Z" % TAG,
    re.IGNORECASE,
)
CONTEXT_BYTES = 48
NOT_BEFORE = re.compile(
    rb"(?:[\w./\\#$&?%%+@~-]|(?<![0-9.])[0-9]{1,3},|\xef\xbc[\x90-\x99]|\xc2[\xa3\xa5]|\xe2\x82\xac|\xef\xbf\xa5|"
    rb"%b[+.,(/=-]{0,2})\Z" % TAG
)
NOT_AFTER = re.compile(
    rb"[\w%%@\\]|[.:/-][0-9]|,[0-9]{3}(?![0-9-])|-[A-Za-z]|\xef\xbc[\x90-\x99]|[.,:/-]?%b" % TAG
)  # parts of words, paths, decimals, dates, amounts
TAG_AND_SPACES, SPACES_AND_TAG = re.compile(TAG + rb" {1,3}\Z"), re.compile(rb" {1,3}" + TAG)
YEAR = re.compile("(?:1[5-9]|20)[0-9]{2}")


class Groups(NamedTuple):
    """The groups of digits of a zone: where each is, its digits, and what stands between it and the next."""

    spans: list[tuple[int, int]]
    digits: list[str]
    between: list[bytes]


class Written(NamedTuple):
    """Some of the groups, which may be a number, and the `+` or `(` before them."""

    digits: tuple[str, ...]
    between: tuple[bytes, ...]
    opening: bytes

    @property
    def whole(self) -> str:
        """All digits."""
        return "".join(self.digits)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Digits of each group."""
        return tuple(map(len, self.digits))


def groups_of(text: bytes, start: int, stop: int) -> Groups:
    """The groups of the zone from `start` to `stop` of a document."""
    spans = [match.span() for match in GROUP.finditer(text, start, stop)]
    digits = re.findall("[0-9]{1,20}", text[start:stop].decode().translate(WIDE))
    return Groups(spans, digits, [text[a:b] for (_, a), (b, _) in itertools.pairwise(spans)])


def find(text: bytes, groups: Groups, has_han: bool, regions: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """(start, stop) in bytes of the telephone numbers in a zone. has_han: whether Chinese is written there."""
    place = 0
    while place < len(groups.spans):
        start, last = _longest(text, groups, place, has_han, regions)
        if last > place:
            yield start, groups.spans[last - 1][1]
        place = max(last, place + 1)


def _longest(text: bytes, groups: Groups, place: int, has_han: bool, regions: tuple[str, ...]) -> tuple[int, int]:
    """Where the longest number from group `place` on begins, and the group behind it; (0, 0) if there is none."""
    lasts = _reach(groups, place)
    first = groups.spans[place][0]
    opening = OPENING.search(text, max(0, first - 2), first)
    assert opening is not None  # it may be empty
    start = opening.start()
    if not lasts or NOT_BEFORE.search(text, max(0, start - NEAR_BYTES), start):
        return 0, 0
    is_named = WORDS.search(text, max(0, start - CONTEXT_BYTES), start) is not None
    if not is_named and text[start - 1 : start] == b"=":
        return 0, 0
    for last in reversed(lasts):
        if NOT_AFTER.match(text, groups.spans[last - 1][1]):
            continue
        written = Written(tuple(groups.digits[place:last]), tuple(groups.between[place : last - 1]), opening[0])
        is_loose = not b"".join(written.between).strip() and _goes_on(text, start, groups, place, last)
        if _is_number(written, is_named, is_loose, has_han, regions):
            is_open = written.opening[:1] == b"(" and b")" not in b"".join(written.between)
            return start + is_open, last
    return 0, 0


def _reach(groups: Groups, place: int) -> list[int]:
    """Behind which groups a number that begins with group `place` can end, by its length and separators."""
    n_digits, lasts = 0, []
    for last in range(place + 1, min(place + MAX_GROUPS, len(groups.spans)) + 1):
        between = groups.between[last - 2] if last > place + 1 else b""
        n_digits += len(groups.digits[last - 1])
        if n_digits > MAX_DIGITS or len(between) > MAX_BETWEEN or b"+" in between:
            break
        if n_digits >= MIN_DIGITS:
            lasts.append(last)
    return lasts


def _goes_on(text: bytes, start: int, groups: Groups, place: int, last: int) -> bool:
    """Whether more groups stand before or after with only spaces between, as in a table of numbers."""
    stop = groups.spans[last - 1][1]
    before = place > 0 and not groups.between[place - 1].strip()
    after = last < len(groups.spans) and not groups.between[last - 1].strip()
    tag_before = TAG_AND_SPACES.search(text, max(0, start - NEAR_BYTES), start) is not None
    return before or after or tag_before or SPACES_AND_TAG.match(text, stop) is not None


def _is_number(written: Written, is_named: bool, is_loose: bool, has_han: bool, regions: tuple[str, ...]) -> bool:
    """Whether these groups are one telephone number. is_loose: they are among others, with only spaces between."""
    if b"+" in written.opening:
        return is_valid("+" + written.whole, None)
    if is_named:
        is_short = len(written.digits) <= MAX_NAMED_GROUPS and not _is_date(written)
        return is_short and any(is_valid(written.whole, region) for region in regions)
    if len(written.digits) == 1:  # eleven digits alone are a number of China only where Chinese is written
        return has_han and _is_mobile_of_china(written, regions)
    return not is_loose and _is_national(written, regions)


def _is_national(written: Written, regions: tuple[str, ...]) -> bool:
    """Whether this is a number with its area code, separated as numbers are."""
    lengths = written.lengths
    if _is_mobile_of_china(written, regions):
        return True
    if lengths[-3:] == (3, 3, 4) and lengths[:-3] in ((), (1,)):
        return "US" in regions and _is_american(*written.between[-2:]) and is_valid(written.whole, "US")
    if written.whole[0] != "0" or not 9 <= len(written.whole) <= 12 or not _is_even(written):
        return False
    is_postal_code = lengths == (5, 4) or (len(lengths) == 2 and lengths[1] < 4)
    return not is_postal_code and not _is_date(written) and any(_is_grouped(written.digits, one) for one in regions)


def _is_american(first: bytes, second: bytes) -> bool:
    """Whether an area code, three digits and four are separated as in `(415) 555-2671` or `415.555.2671`."""
    if b")" in first:
        return b"(" not in second and b"/" not in second
    return first == second and first.strip() != b"" and b"(" not in first and b"/" not in first


def _is_even(written: Written) -> bool:
    """Whether the separators after the area code are all alike, unlike those of dates and times."""
    first, rest = written.between[0], set(written.between[1:])
    if len(rest) > 1 or b"(" in b"".join(written.between) or b"/" in b"".join(rest):
        return False
    is_alike = not rest or rest == {first}
    if set(written.lengths) == {2} or b"." in first:
        return is_alike and (b"." not in first or len(written.between) > 1)
    return True


def _is_date(written: Written) -> bool:
    """Whether these groups are two years, or a date."""
    return YEAR.fullmatch(written.digits[0]) is not None and written.lengths in ((4, 4), (4, 2, 2))


def _is_mobile_of_china(written: Written, regions: tuple[str, ...]) -> bool:
    if "CN" not in regions or written.lengths not in ((11,), (3, 4, 4), (3, 8), (7, 4)):
        return False
    return re.fullmatch("1[3-9][0-9]{9}", written.whole) is not None and is_valid(written.whole, "CN")


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
