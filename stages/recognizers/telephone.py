"""Telephone numbers among groups of digits, by the numbering plans of the `phonenumbers` library.

A number is taken for one if it is written as one: with a country code after `+` or `00`; after a word that says so,
such as `tel` or 电话; as a mobile number or a number for all of mainland China (400, 800) where Chinese is written; or
with its area code, grouped as its country does.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from . import marks
from .rule import Rule, Settings, Span

WIDE = {0xFF10 + n: str(n) for n in range(10)}
GROUP = re.compile(rb"(?:[0-9]|\xef\xbc[\x90-\x99]){1,20}")
WIDE_AREA = re.compile("（(0[0-9]{2,3})） ?\\Z".encode())
"""An area code in full-width parentheses, which no mark reaches over."""
MAX_GROUPS, MAX_NATIONAL_GROUPS, MIN_DIGITS, MAX_DIGITS, MAX_BETWEEN = 8, 5, 7, 15, 4
NEAR_BYTES, CONTEXT_BYTES, OTHER_BYTES, HAN_BYTES = 12, 72, 24, 100
"""How far one looks for what a number would be a part of; for words before it; for Chinese around it."""

OPENING = re.compile(rb"(?:\+\(|\(\+|\+|\(|)\Z")
PARTS = frozenset(bytes([byte]) for byte in range(128) if bytes([byte]).isalnum() or byte in b"_./\\#$&?%+@~-")
NOT_BEFORE = re.compile(rb"(?:(?<![0-9.])[0-9]{1,3},|\xef\xbc[\x90-\x99]|\xc2[\xa3\xa5]|\xe2\x82\xac|\xef\xbf\xa5)\Z")
NOT_AFTER = re.compile(
    rb"[\w%@\\]|[.:-][0-9]|/(?![0-9]{7,11}(?![0-9]))[0-9]|,[0-9]{3}(?![0-9-])|-[A-Za-z]|\xef\xbc[\x90-\x99]"
)
"""Parts of words, paths, decimals, dates, amounts; a slash may join two numbers."""
COUNTED = re.compile("(?: ?(?:元|人|件|个|個|次|万|萬|亿|億|名|吨|米|字节|美元))".encode())
OTHER_NUMBER = re.compile(
    rb"(?:(?<![A-Za-z])(?:(?:order|invoice|serial|ticket|case|part|item|account|ref|tracking|batch"
    rb"|model|lot|article|product|patent|docket)[ _]?"
    rb"(?:no\.?|nr\.?|num|number|id|#)?|isbn|issn|sku|id|uid|pid|oid|doi|arxiv)[\"']?\s?(?::|=|#|\s|-|is){0,3}|"
    + "(?:(?:单|單|编|編|列|水|学|學|案|批|货|貨|型|"
    "书|書|证|證|卡|户|戶|qq)(?:号|號)(?:码|碼)?|qq|编码|編碼|条码|代码|订单|流水|数值|数量|总数|金额|余额|时间戳)"
    "(?:是|为|為|:|：| ){0,3}".encode()
    + rb")[\"']?\Z",
    re.IGNORECASE,
)
"""Names of numbers that are no telephone numbers."""

_NOT_AFTER_LETTER = rb"(?<![A-Za-z])(?<![\xc3-\xdf][\x80-\xbf])(?<!\xe1[\xb8-\xbb][\x80-\xbf])"
_NOT_BEFORE_LETTER = rb"(?![A-Za-z]|[\xc3-\xdf]|\xe1[\xb8-\xbb])"
"""What does not stand beside a word: letters of spaced scripts, as those of Vietnamese."""
_LATIN = (
    _NOT_AFTER_LETTER + rb"(?<!<)(?:tel|tele|ph|phone|cell|cellphone|telephone|mobile|mobil|mob|fax|facsimile|telefax|"
    rb"whatsapp|sms|hotline|telefon|tel\xc3\xa9fono|telefono|t\xc3\xa9l|t\xc3\xa9l\xc3\xa9phone|telefone|call|dial)"
    rb"(?:[_ ]?(?:no|nr|num|number))?" + _NOT_BEFORE_LETTER + rb"|"
    rb"(?<![A-Za-z])(?:(?:my|your|his|her|our|their) number|(?:reach|contact|text) (?:me|us|him|her|them))(?![A-Za-z])|"
    rb"(?-i:(?<=[a-z])(?<!\bi)Phone(?:Number|No)?(?![A-Za-z]))"
)
_TRADITIONAL = "電話|手機|聯繫|聯絡|號碼|傳真|熱線|行動電話|專線"
_SIMPLIFIED = "移动电话|电话|手机|联系|联络|号码|传真|热线|微信|座机|固话|致电|拨打|来电"
_OTHERS = "携帯|전화|휴대폰|тел|फोन|โทร|هاتف"
WORDS = re.compile(
    rb"(?:" + _LATIN + f"|(?P<traditional>{_TRADITIONAL})|(?P<simplified>{_SIMPLIFIED})|{_OTHERS}".encode() + rb")"
    rb"(?:[^0-9\n]{0,12}|[^0-9\n]{0,36}(?::|\xef\xbc\x9a)[^0-9\n]{0,6})\Z",
    re.IGNORECASE,
)
OF_MOBILE = re.compile("(?:手机(?:号码|号|同号)?|移动电话)(?:是|为|：|，|、|（|）|[\\s:=,()*/|\"'.-]){0,6}\\Z".encode())
"""What says that the number is one of a mobile phone of China, and nothing else."""
WORD_BEGINS = re.compile(
    f"tel|ph|cel|mob|fax|facs|whats|sms|hotl|tél|call|dial|number|reach|contact|text|{_TRADITIONAL}|{_SIMPLIFIED}|{_OTHERS}".encode()
)
"""How the words begin, in small letters: plain alternatives are sooner refuted."""
NO_DIGITS = bytes.maketrans(b"0123456789", b"\n" * 10)
TRADITIONAL_REGIONS = ("TW", "HK", "MO")
HAN = re.compile(rb"[\xe4-\xe9][\x80-\xbf]{2}|\xe3[\x90-\xbf][\x80-\xbf]")
EXTENSION = re.compile(
    "(?: |,|，){0,2}(?:ext(?:ension|n)?\\.?|转|轉|分机|分機|x|#)(?: |:|：){0,2}[0-9]{1,6}(?![0-9])".encode()
)
MORE_OF_CHINA = re.compile("(?:-[0-9]{2,5}(?![0-9-])|(?:(?:/|、)[0-9]{7,8}(?![0-9-])){1,4})".encode())
"""An extension, or other numbers with the same area code."""
MOBILE_OF_CHINA = re.compile("(?:(?:00)?86)?1(?:3[0-9]|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8[0-9]|9[0-35-9])[0-9]{8}")
"""The networks of the national numbering plan (MIIT, 2017 edition and later assignments)."""
DATE = re.compile(rb"(?:19|20)[0-9]{2}([-/.])[01]?[0-9]\1[0-3]?[0-9](?: [0-2]?[0-9])?")
"""What most marks in texts are, perhaps with the hour after it."""
YEAR = re.compile("(?:1[5-9]|20)[0-9]{2}")


class Groups(NamedTuple):
    """The groups of digits of a mark: where each is, its digits, and what stands between it and the next."""

    spans: list[tuple[int, int]]
    digits: list[str]
    between: list[bytes]


class Written(NamedTuple):
    """Some of the groups, which may be a number, the `+` or `(` before them, and what stands around them."""

    digits: tuple[str, ...]
    between: tuple[bytes, ...]
    opening: bytes
    named: re.Match[bytes] | None
    is_loose: bool
    near: bytes

    @property
    def whole(self) -> str:
        """All digits."""
        return "".join(self.digits)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Digits of each group."""
        return tuple(map(len, self.digits))

    @property
    def is_mobile(self) -> bool:
        """Whether it is said to be of a mobile phone of China."""
        return self.named is not None and OF_MOBILE.search(self.named[0]) is not None

    @property
    def has_han(self) -> bool:
        """Whether Chinese is written near."""
        return HAN.search(self.near) is not None


def groups_of(text: bytes, start: int, stop: int) -> Groups:
    """The groups of digits between `start` and `stop`."""
    spans = [match.span() for match in GROUP.finditer(text, start, stop)]
    found = text[start:stop].decode()
    digits = re.findall("[0-9]{1,20}", found if found.isascii() else found.translate(WIDE))
    return Groups(spans, digits, [text[a:b] for (_, a), (b, _) in itertools.pairwise(spans)])


def find(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The telephone numbers in a mark of digits."""
    if DATE.fullmatch(text, start, stop):
        return
    groups = groups_of(text, start, stop)
    area = WIDE_AREA.search(text, max(0, start - NEAR_BYTES), start)
    if area:
        groups.spans.insert(0, (area.start(), area.end(1) + len("）".encode())))
        groups.digits.insert(0, area[1].decode())
        groups.between.insert(0, b")")
    place = 0
    while place < len(groups.spans):
        span, last = _longest(text, groups, place, settings.regions)
        if span:
            yield span
        place = max(last, place + 1)


def _longest(text: bytes, groups: Groups, place: int, regions: tuple[str, ...]) -> tuple[Span | None, int]:
    """The longest number from group `place` on, and the group behind it; (None, 0) if there is none."""
    lasts = _reach(groups, place)
    if not lasts:
        return None, 0
    first = groups.spans[place][0]
    opening = OPENING.search(text, max(0, first - 2), first)
    assert opening is not None  # it may be empty
    start = opening.start()
    is_second = place > 0 and groups.between[place - 1] == b"/" and _are_mobile(groups.digits[place - 1 : place + 1])
    is_part = text[start - 1 : start] in PARTS and not is_second
    if is_part or NOT_BEFORE.search(text, max(0, start - NEAR_BYTES), start):
        return None, 0
    is_abroad = b"+" in opening[0]
    named = None if is_abroad else _name(text, start)
    if not is_abroad and not _may_be(text, start, groups.digits[place], named):
        return None, 0
    for last in reversed(lasts):
        stop = groups.spans[last - 1][1]
        is_loose = _goes_on(groups, place, last)
        if not named and not is_abroad and (is_loose or last - place > MAX_NATIONAL_GROUPS):
            continue
        digits, between = tuple(groups.digits[place:last]), tuple(groups.between[place : last - 1])
        near = text[max(0, start - HAN_BYTES) : stop + HAN_BYTES]
        written = Written(digits, between, opening[0], named, is_loose, near)
        stop = _end(text, stop, written)
        kind = None if NOT_AFTER.match(text, stop) else _kind(written, regions)
        if kind and not (kind[1] == "phone_china" and COUNTED.match(text, stop)):
            is_open = written.opening[:1] == b"(" and b")" not in b"".join(written.between)
            return Span(start + is_open, stop, *kind), last
    return None, 0


def _are_mobile(digits: list[str]) -> bool:
    """Whether all these are numbers of mobile phones of China."""
    return all(map(MOBILE_OF_CHINA.fullmatch, digits))


def _name(text: bytes, start: int) -> re.Match[bytes] | None:
    """The word before a number that says what it is."""
    low = max(0, start - CONTEXT_BYTES)
    low += text[low:start].translate(NO_DIGITS).rfind(b"\n") + 1
    return WORDS.search(text, low, start) if WORD_BEGINS.search(text[low:start].lower()) else None


def _may_be(text: bytes, start: int, digits: str, named: re.Match[bytes] | None) -> bool:
    """Whether a number without `+` may begin with these digits, and what stands before doesn't say that it is another.

    National numbers begin with 0, Chinese ones with 1, 4 or 8, American ones with 1 or three digits.
    """
    if named is None and (
        text[max(0, start - 2) : start].rstrip()[-1:] == b"=" or not (digits[0] in "0148" or len(digits) == 3)
    ):
        return False
    return OTHER_NUMBER.search(text, max(0, start - OTHER_BYTES), start) is None


def _end(text: bytes, stop: int, written: Written) -> int:
    """Where a number with all that belongs to it ends: an extension, or other numbers with the same area code."""
    more = EXTENSION.match(text, stop)
    if more is None and written.digits[0][:1] == "0":
        more = MORE_OF_CHINA.match(text, stop)
        return more.end() if more and written.has_han else stop
    return more.end() if more else stop


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


def _goes_on(groups: Groups, place: int, last: int) -> bool:
    """Whether groups that only spaces separate go on before or after, as in a table of numbers."""
    if b"".join(groups.between[place : last - 1]).strip():
        return False
    before = place > 0 and not groups.between[place - 1].strip()
    return before or (last < len(groups.spans) and not groups.between[last - 1].strip())


def _kind(written: Written, regions: tuple[str, ...]) -> tuple[float, str] | None:
    """How sure it is that these groups are one telephone number, and by which rule; None if they are not."""
    whole = written.whole
    if b"+" in written.opening:
        if is_valid("+" + whole, None):
            return 0.85, "phone_international"
        return (0.6, "phone_possible") if len(written.digits) > 1 and _is_possible("+" + whole) else None
    if written.named:
        if len(written.digits) > MAX_NATIONAL_GROUPS or _is_date(written) or _is_unlike_chinese(written):
            return None
        kind = _kind_of_named(written, regions)
        if kind:
            return kind
    if written.is_loose:
        return None
    if "CN" in regions and _is_of_china(written):
        return 0.75, "phone_china"
    if len(written.digits) > 1 and _is_abroad(written):
        return 0.75, "phone_international"
    return (0.75, "phone_national") if len(written.digits) > 1 and _is_national(written, regions) else None


def _kind_of_named(written: Written, regions: tuple[str, ...]) -> tuple[float, str] | None:
    """The same for groups after a word, if it takes the word to tell."""
    assert written.named is not None
    more = TRADITIONAL_REGIONS if written.named["traditional"] and "CN" in regions else ()
    is_long = len(written.digits) > 1 or len(written.whole) > MIN_DIGITS
    if is_long and any(is_valid(written.whole, region) for region in (*regions, *more)):
        return 0.9, "phone_named"
    return (0.6, "phone_possible") if _is_like_one(written) else None


def _is_of_china(written: Written) -> bool:
    """Whether this is a mobile number of mainland China, or one for all of it; such digits alone are one only where
    Chinese is written."""
    digits = written.digits
    if digits[0] in ("86", "0086"):
        digits = digits[1:]
    whole, lengths = "".join(digits), tuple(map(len, digits))
    if MOBILE_OF_CHINA.fullmatch(whole):
        is_grouped = lengths in ((3, 4, 4), (3, 8), (7, 4)) or (len(digits) == 1 and digits is not written.digits)
        return is_grouped or (lengths[1:] == () and written.has_han)
    is_grouped = lengths in ((10,), (3, 3, 4), (3, 4, 3), (4, 3, 3), (3, 7)) and b"." not in written.between
    return written.has_han and is_grouped and whole[:3] in ("400", "800") and is_valid(whole, "CN")


def _is_unlike_chinese(written: Written) -> bool:
    """Whether the word is Chinese and the number of none that is dialled there, or the other way round: of a mobile
    phone there, 11 digits; without an area code, 7 or 8."""
    is_mobile = MOBILE_OF_CHINA.fullmatch(written.whole) is not None
    if written.is_mobile and not is_mobile and not _is_abroad(written):
        return True
    if written.whole[:3] in ("400", "800") and written.lengths in ((4, 3, 3), (3, 4, 3)) and not written.has_han:
        return True
    is_chinese = written.named is not None and written.named["simplified"] is not None
    is_short_or_long = written.lengths in ((9,), (11,)) and written.whole[0] != "0"
    return is_chinese and is_short_or_long and not is_mobile and not is_valid(written.whole, "CN")


def _is_like_one(written: Written) -> bool:
    """Whether this is written as an American number, or a mobile one of China, if not one that was given out."""
    is_american = written.lengths[-3:] == (3, 3, 4) and written.digits[:-3] in ((), ("1",), ("001",))
    return (is_american and _is_american(*written.between[-2:])) or MOBILE_OF_CHINA.fullmatch(written.whole) is not None


def _is_abroad(written: Written) -> bool:
    """Whether this is a number with a country code after `00`, which is how one dials it in most countries."""
    is_dialled = re.fullmatch("00(?:[1-9][0-9]{0,2})?", written.digits[0]) is not None and len(written.whole) >= 12
    return is_dialled and len(set(written.between)) <= 2 and is_valid("+" + written.whole[2:], None)


def _is_national(written: Written, regions: tuple[str, ...]) -> bool:
    """Whether this is a number with its area code, separated as numbers are."""
    lengths = written.lengths
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
    """Whether these groups are two years, a date, or an IP address."""
    if len(written.digits) == 4 and set(written.between) == {b"."} and max(written.lengths) <= 3:
        return True
    is_date = written.lengths in ((4, 4), (4, 2, 2), (4, 1, 2), (4, 2, 1))
    return is_date and YEAR.fullmatch(written.digits[0]) is not None


@functools.lru_cache(maxsize=65_536)
def is_valid(number: str, region: str | None) -> bool:
    """Whether `phonenumbers` knows a number like this; region None: with its country code."""
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


@functools.lru_cache(maxsize=65_536)
def _is_possible(number: str) -> bool:
    """Whether a number with its country code is as long as those of its country, given out or not."""
    import phonenumbers

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
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


RULES = (Rule("phone", marks.DIGITS, find),)
