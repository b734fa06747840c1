"""Numbers of passports, after the word, and of licence plates: those of China by their province, others after words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import marks
from .rule import Rule, Settings, Span, around

AFTER_BYTES = 64
BETWEEN = re.compile(
    r"(?:[\s:：;=#()（）\[\]【】\"'“”「」*|,，/–—°º№-]|[.](?!\d)"
    r"|(?:nos?|nrs?|num|numbers?|numéro|nummer|número|numero|n|id|card|book|document|details?|holder|plates?|reg"
    r"|registration|is|are|was|as|of|with|bearing|reads?|reading|marked|issued|lautet|ist|est|es|us|uk|eu|my|her|his|their|the|a|for|and|has)\b(?!-)"
    r"|持有人|号码|號碼|证号|證號|编号|編號|番号|번호|号|號|为|為|是|係|は|の|는){0,14}+",
    re.IGNORECASE,
)
"""What may stand between a word and its number."""
NOT_AFTER = r"(?![A-Za-z0-9_]|[.,:/-][0-9])"

# Passports

PASSPORT_WORDS = (
    "passport", "passports", "passeport", "reisepass", "pasaporte", "passaporto", "护照", "護照", "旅券",
    "パスポート", "여권", "여권번호",
)  # fmt: skip
PASSPORT = re.compile(
    r"(?:[A-Z]{1,2}[0-9]{6,8}|[A-Z][0-9][A-Z][0-9]{6}|E[A-HJ-NP-Z][0-9]{7}|[0-9]{2}[A-Z]{2}[0-9]{5}|[0-9]{9}"
    r"|[A-Z][0-9]{3}[A-Z][0-9]{4}|(?=(?:[A-Z]*[0-9]){3})[CFGHJK][0-9CFGHJKLMNPRTVWXYZ]{8})" + NOT_AFTER
)
"""One or two letters and digits (most countries), the United States, China since 2017, France, Korea, Germany (after
ICAO Doc 9303 at most nine characters)."""


def find_passport(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """The number after the word, with nothing but words such as `No.` or `号码为` between."""
    yield from _after(text, start, stop, PASSPORT, "passport")


def _after(text: bytes, start: int, stop: int, form: re.Pattern[str], rule: str) -> Iterator[Span]:
    _, _, after = around(text, start, stop, 0, AFTER_BYTES)
    between = BETWEEN.match(after)
    assert between is not None  # it may be empty
    number = form.match(after, between.end())
    if number:
        first = stop + len(after[: number.start()].encode())
        yield Span(first, first + len(number[0].encode()), 0.9, rule)


# Licence plates

PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
PLATE_STARTS = tuple(f"{province}{chr(letter)}" for province in PROVINCES for letter in range(ord("A"), ord("Z") + 1))
CHINESE_PLATE = re.compile(
    r"(?:[ .·•・‧∙‐-]?(?:(?=(?:[A-Z]*[0-9]){3})[A-Z0-9]{5}|[A-HJK][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[A-HJK]"
    r"|(?=[A-Z]*[0-9])[A-Z0-9]{4}[警学學港澳挂领试超使]))" + NOT_AFTER
)
"""What follows the province and letter (GA 36): five characters with at most two letters, six for new energy, or four
and what the car is for."""
NO_PLATE_BEFORE = re.compile("(?:[北南东東]京|天津|四川|[最全更创]新|(?:阿里|百度|腾讯|华为)云)\\Z")
PLATE_WORDS = (
    "license plate", "licence plate", "license plates", "licence plates", "number plate", "plate number", "plate no",
    "license plate number", "registration plate", "vehicle registration", "car registration", "kennzeichen", "госномер",
    "номерной знак", "plaque d'immatriculation", "车牌", "車牌", "車両番号", "ナンバー", "ナンバープレート",
    "번호판", "차량번호",
)  # fmt: skip
PLATE = re.compile(
    r"(?:(?=(?:[A-ZÄÖÜА-Я -]{0,9}[0-9]){2})(?=[0-9 -]{0,9}[A-ZÄÖÜА-Я])(?=(?:[ -]?[A-ZÄÖÜА-Я0-9]){4})"
    r"(?:[A-ZÄÖÜА-Я0-9]{1,5}(?:[ -][A-ZÄÖÜА-Я0-9]{1,5}){1,2}|[A-ZÄÖÜА-Я0-9]{4,9})"
    r"|[A-ZÄÖÜ]{1,3}-[A-Z]{1,2}[ -][0-9]{1,4}[EH]?"
    r"|(?:[가-힣]{2} ?)?[0-9]{2,3}[가-힣] ?[0-9]{4}|[一-龥]{2,4} ?[0-9]{2,3} ?[ぁ-ん] ?[0-9・]{1,2}-?[0-9]{1,2}"
    rf"|[{PROVINCES}][A-Za-z][ .·•・‧∙-]?(?=(?:[A-Za-z]*[0-9]){{3}})[A-Za-z0-9]{{5,6}}"
    rf"|WJ[{PROVINCES}]?[·•]?[0-9]{{4}}[0-9A-Z]|[A-Z]{{2}}[·•][0-9]{{5}}|使[0-9]{{3}}[·•]?[0-9]{{3}})" + NOT_AFTER
)
"""Letters and digits, in groups or not; Germany; Korea; Japan; China: in small letters too, of the police, the army and
embassies (GA 36)."""


REGISTRATION_WORDS = ("registration", "registration number", "reg no", "registration no", "registration mark")
REGISTRATION = re.compile(
    r"(?:[A-Z]{2}[0-9]{2} ?[A-Z]{3}|[A-Z]{2}-[0-9]{3}-[A-Z]{2}|[A-Z]{1,3}-[A-Z]{1,2} [0-9]{2,4})" + NOT_AFTER
)
"""Britain; France and Italy; Germany: forms that registers of companies and of aircraft do not have."""


def find_chinese_plate(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """A plate of mainland China: its province and letter are the mark."""
    before, place, after = around(text, start, stop, 6, 16)
    number = CHINESE_PLATE.match(after) if place[-1:].isupper() else None
    if number and not NO_PLATE_BEFORE.search(before + place[0]):
        yield Span(start, stop + len(number[0].encode()), 0.85, "licence_plate_china")


def find_plate(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """A plate after words such as `licence plate`, with nothing but such as `No.` between."""
    yield from _after(text, start, stop, PLATE, "licence_plate")


def find_registration(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """A plate after `registration`, which more than vehicles have, and so only of some forms."""
    yield from _after(text, start, stop, REGISTRATION, "licence_plate_registration")


RULES = (
    Rule("passport", marks.WORDS, find_passport, PASSPORT_WORDS),
    Rule("licence_plate", marks.STARTS, find_chinese_plate, PLATE_STARTS),
    Rule("licence_plate", marks.WORDS, find_plate, PLATE_WORDS),
    Rule("licence_plate", marks.WORDS, find_registration, REGISTRATION_WORDS),
)
