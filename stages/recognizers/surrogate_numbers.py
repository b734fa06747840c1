"""Surrogates of numbers: telephone, network and bank, and those that identify people, vehicles and places.

Each function takes a value and draws, and returns None if the value has not the form that it knows.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from .surrogate_shape import DIGITS, HEX, Draws, alike, ascii_of, filled, in_case_of
from .surrogate_values import is_british, national_number, normalized, telephone_parts

ISSUER_DIGITS = 4
"""So many digits tell the network of a card (ISO/IEC 7812-1), fewer than those that tell the bank."""
SUBSCRIBER_DIGITS = 7
FRENCH_FICTION = {"1": "19900", "2": "26191", "3": "35301", "4": "46571", "5": "53649", "6": "63998"}
"""First digit of a number -> the five digits before four free ones: what ARCEP's numbering plan keeps for fiction."""
BRITISH_FICTION = (
    ("7", "7700900"), ("20", "2079460"), ("28", "2896496"), ("29", "2920180"), ("113", "1134960"), ("114", "1144960"),
    ("115", "1154960"), ("116", "1164960"), ("117", "1174960"), ("118", "1184960"), ("121", "1214960"),
    ("131", "1314960"), ("141", "1414960"), ("151", "1514960"), ("161", "1614960"), ("191", "1914980"),
    ("", "1632960"),
)  # fmt: skip
"""Beginning of a number -> the seven digits before three free ones: Ofcom, Telephone numbers for drama use."""
FIRST_BIRTH, BIRTH_DAYS = date(1984, 1, 1), 8000
TAIWANESE, OF_HONG_KONG = re.compile("([A-Z])[1289][0-9]{8}"), re.compile("([A-Z]{1,2})[0-9]{6}[0-9A]")
DOCUMENTED = ("192.0.2.", "198.51.100.", "203.0.113.")
"""RFC 5737."""


def phone(value: str, draws: Draws) -> str | None:
    """Country and area stay; the rest is from a range for fiction in the United States, Canada, Britain and France.

    Elsewhere, in China too, there is no such range, or it is not used here: the number may be somebody's. What country
    a number without a country code is of is told by `national_number`.
    """
    head, mark, tail = telephone_parts(value)
    digits = ascii_of(head)
    country, national = national_number(head)
    if not national or not digits.isdecimal() or not digits.endswith(national):
        return None
    fake = _fiction(country, national, draws) or _subscriber(national, draws)
    return filled(head, digits[: len(digits) - len(national)] + fake) + mark + alike(tail, draws)


def _fiction(country: int, national: str, draws: Draws) -> str | None:
    if country == 1 and len(national) == 10:
        return f"{national[:3]}55501{draws.some(DIGITS, 2)}"
    if country == 44 and is_british(national):
        begins = next(kept for start, kept in BRITISH_FICTION if national.startswith(start))
        return begins + draws.some(DIGITS, 3)
    if country == 33 and len(national) == 9 and national[0] in FRENCH_FICTION:
        return FRENCH_FICTION[national[0]] + draws.some(DIGITS, 4)
    return None


def _subscriber(national: str, draws: Draws) -> str:
    """The first digits as they are, at most three; the next one begins a subscriber's number nearly anywhere."""
    n_kept = min(3, max(0, len(national) - SUBSCRIBER_DIGITS))
    return national[:n_kept] + draws.one_of("2345678") + draws.some(DIGITS, len(national) - n_kept - 1)


def ip(value: str, draws: Draws) -> str | None:
    """An address kept for documentation: RFC 5737, RFC 3849. What stands behind it, such as a port, stays."""
    if value.count(":") < 2:
        return re.sub(
            r"\d{1,3}(?:\.\d{1,3}){3}", lambda _: f"{draws.one_of(DOCUMENTED)}{1 + draws.below(254)}", value, count=1
        )
    found = re.fullmatch(r"(\[?)([0-9A-Fa-f:.]+)(.*)", value, re.DOTALL)
    if found is None:
        return None
    short = normalized("ip", found[2])
    n_groups = sum(map(bool, short.split(":")))
    is_short = "::" in short
    n_free = min(5, max(1, n_groups - 2)) if is_short else 6
    groups = ":".join(f"{1 + draws.below(0xFFFE):x}" for _ in range(n_free))
    return found[1] + in_case_of(f"2001:db8:{':' if is_short else ''}{groups}", found[2]) + found[3]


def mac(value: str, draws: Draws) -> str | None:
    """One of those that anyone may set: the bit for local administration, not the one for groups (IEEE 802)."""
    if len(ascii_of(value)) != 12:
        return None
    fake = draws.one_of(HEX) + draws.one_of("26ae") + draws.some(HEX, 10)
    return filled(value, in_case_of(fake, value))


def card(value: str, draws: Draws) -> str | None:
    """The same issuer's network and length, and a right check digit: it may be somebody's."""
    digits = ascii_of(value)
    if not 12 <= len(digits) <= 19 or not digits.isdecimal():
        return None
    fake = digits[:ISSUER_DIGITS] + draws.some(DIGITS, len(digits) - ISSUER_DIGITS - 1)
    return filled(value, fake + luhn_digit(fake))


def luhn_digit(digits: str) -> str:
    """The check digit to put behind digits: ISO/IEC 7812-1, annex B."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return str(-sum(value - 9 * (value > 9) for value in doubled) % 10)


def iban(value: str, draws: Draws) -> str | None:
    """The same country and length, right check digits by ISO 13616; check digits that a country has besides, and banks,
    are made up."""
    plain = ascii_of(value)
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{8,30}", plain):
        return None
    account = alike(plain[4:], draws)
    rest = int("".join(str(int(one, 36)) for one in account + plain[:2]) + "00") % 97
    return filled(value, f"{plain[:2]}{98 - rest:02}{account}")


def ssn(value: str, draws: Draws) -> str | None:
    """One that nobody has, for it begins with 9 (SSA, randomization of 2011); nor is it an ITIN, whose fourth and fifth
    digits are 50 or more (IRS). So no rule finds it again."""
    if len(ascii_of(value)) != 9:
        return None
    fake = f"9{draws.some(DIGITS, 2)}{1 + draws.below(49):02}{1 + draws.below(9999):04}"
    return filled(value, fake)


def resident_id(value: str, draws: Draws) -> str | None:
    """The same province or region, its first district, a day of birth from 1984 to 2005, a sequence number and the
    right check character (GB 11643-1999; ISO 7064, MOD 11-2): it may be somebody's. So may those of Taiwan and of Hong
    Kong, of which letters stay."""
    plain = ascii_of(value)
    for form, make in ((TAIWANESE, _taiwanese), (OF_HONG_KONG, _of_hong_kong)):
        islander = form.fullmatch(plain)
        if islander:
            return filled(value, make(islander[1], draws))
    if not re.fullmatch(r"[0-9]{17}[0-9X]|[0-9]{15}", plain):
        return None
    region = plain[:6] if plain[0] in "789" else plain[:2] + "0101"
    born = f"{FIRST_BIRTH + timedelta(draws.below(BIRTH_DAYS)):%Y%m%d}"
    fake = f"{region}{born}{1 + draws.below(999):03}"
    return filled(value, fake[:6] + fake[8:] if len(plain) == 15 else fake + check_character(fake))


def _taiwanese(letter: str, draws: Draws) -> str:
    """With the check digit of national identification numbers: weights 1 and 9 for the number of the letter, then 8 to
    1."""
    digits = draws.one_of("12") + draws.some(DIGITS, 7)
    tens, ones = divmod(10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(letter), 10)
    total = tens + 9 * ones + sum((8 - place) * int(digit) for place, digit in enumerate(digits))
    return f"{letter}{digits}{-total % 10}"


def _of_hong_kong(letters: str, draws: Draws) -> str:
    """With the check digit of identity cards: weights 9 to 2, modulo 11; a missing first letter counts 36. None whose
    check digit is `A`."""
    while True:
        digits = draws.some(DIGITS, 6)
        values = [*([36] * (2 - len(letters))), *(int(one, 36) for one in letters + digits)]
        check = -sum(weight * value for weight, value in zip(range(9, 1, -1), values, strict=True)) % 11
        if check < 10:
            return f"{letters}{digits}{check}"


def check_character(digits: str) -> str:
    """The character to put behind 17 digits: ISO 7064, MOD 11-2."""
    total = sum(int(digit) * pow(2, len(digits) - place, 11) for place, digit in enumerate(digits))
    return "10X98765432"[total % 11]


def passport(value: str, draws: Draws) -> str | None:
    """Letters at the start, which tell the kind, stay."""
    plain = ascii_of(value)
    kind = re.match("[A-Z]{0,2}", plain)
    assert kind is not None
    return filled(value, kind[0] + alike(plain[kind.end() :], draws)) if plain else None


def licence_plate(value: str, draws: Draws) -> str | None:
    """Of a Chinese plate, what tells the place and the kind stays; of others nothing. I and O stand on no plate of
    China (GA 36-2018)."""
    found = re.fullmatch(r"([\u4e00-\u9fff][A-Za-zＡ-Ｚ])([^\u4e00-\u9fff]*)([\u4e00-\u9fff]?)", value)
    if found is None:
        return None
    fake = "".join(
        draws.one_of(DIGITS if one.isdecimal() else "ABCDEFGHJKLMNPQRSTUVWXYZ") for one in ascii_of(found[2])
    )
    return found[1] + filled(found[2], fake) + found[3]


NUMBER = re.compile(r"(?<![0-9.])([0-9]+)(\.[0-9]+)?")
MINUTES, SECONDS = re.compile(r"[°º度˚]\s*$"), re.compile(r"[′'’‘分]\s*$")


def coordinates(value: str, draws: Draws) -> str | None:
    """Whole degrees stay, so that the place is in the same region, within some 100 km; minutes, seconds and decimals
    do not."""

    def other(found: re.Match[str]) -> str:
        before = value[max(0, found.start() - 4) : found.start()]
        decimals = f".{draws.some(DIGITS, len(found[2]) - 1)}" if found[2] else ""
        if not MINUTES.search(before) and not SECONDS.search(before):
            return found[1] + decimals
        return f"{draws.below(60 if len(found[1]) > 1 else 10):0{len(found[1])}}"[: len(found[1])] + decimals

    return NUMBER.sub(other, value)
