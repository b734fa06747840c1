"""What rules about numbers share: digits as ASCII, borders, words before a number, check digits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_ASCII = {0xFF10 + n: str(n) for n in range(10)} | dict.fromkeys((65293, *range(8208, 8214)), "-") | {0xA0: " "}
_DOUBLED = str.maketrans("0123456789", "0246813579")
_WORD_BEFORE = re.compile(rb"(?:[A-Za-z0-9_]|[0-9]\.|\xef\xbc[\x90-\x99])\Z")
_WORD_AFTER = re.compile(rb"[A-Za-z0-9_]|\.[0-9]|\xef\xbc[\x90-\x99]")
_OTHERWISE = re.compile(
    (
        r"(?:\b(?:order|invoice|tracking|reference|ref|transaction|serial|part|ticket|sku|item|model|batch|lot|article"
        r"|product|isbn|issn|imei|upc|ean)(?:[ _-]?(?:no|nr|num|number|id|code))?|номер заказа"
        r"|订单号?|运单号?|快递号?|单号|编号|流水号|序列号|交易号|批号|型号|料号|訂單|單號|編號|流水號|序號"
        r"|注文番号|追跡番号|주문번호)\s?\.?(?::|#|=|：|is |为|是|為)?\s?\Z"
    ).encode(),
    re.IGNORECASE,
)
CONTEXT_BYTES = 64


class Plain(NamedTuple):
    """A part of a text with ASCII digits, hyphens and spaces in place of full-width ones, and where in the text, in
    bytes, each character begins; one place more for the end."""

    text: str
    places: Sequence[int]


def plain(text: bytes, start: int, stop: int) -> Plain:
    """What stands between two bytes, which must be borders of characters."""
    part = text[start:stop]
    if part.isascii():
        return Plain(part.decode(), range(start, stop + 1))
    characters, places = part.decode(), [start]
    for character in characters:
        places.append(places[-1] + len(character.encode()))
    return Plain(characters.translate(_ASCII), places)


def stands_alone(text: bytes, start: int, stop: int) -> bool:
    """Whether a number touches no ASCII letter, digit or `_`, and is no part of a decimal fraction."""
    return not _WORD_BEFORE.search(text[max(0, start - 3) : start]) and not _WORD_AFTER.match(text, stop)


def after_words(words: str, gap: int = 24) -> re.Pattern[bytes]:
    """What matches the bytes before a number if one of these words (a regular expression) stands there, and at most
    `gap` bytes without a digit after it. Case makes no difference for ASCII letters."""
    return re.compile(rb"(?:%b)[^0-9]{0,%d}\Z" % (words.encode(), gap), re.IGNORECASE)


def is_named(text: bytes, start: int, words: re.Pattern[bytes]) -> bool:
    """Whether such words (see `after_words`) stand before this byte."""
    return words.search(text, max(0, start - CONTEXT_BYTES), start) is not None


def is_otherwise(text: bytes, start: int) -> bool:
    """Whether what stands right before this byte says that a number is one of an order, a part and the like."""
    return _OTHERWISE.search(text, max(0, start - 32), start) is not None


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812-1, annex B."""
    return (sum(map(int, digits[-1::-2])) + sum(map(int, digits[-2::-2].translate(_DOUBLED)))) % 10 == 0
