"""One text for all the ways in which a value is written: surrogates are drawn from it, and values told again by it."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable

MOST_CHARS = 1_000
"""A longer value has not the form of its entity: of it only letters and digits count."""
HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
BESIDE_HAN = re.compile(f"(?<=[{HAN}]) | (?=[{HAN}])")

DOT = r"\s{0,3}(?:[.。．]|[\[({<]\s{0,3}(?:dot|点|\.)\s{0,3}[\])}>]|(?<=\s)dot(?=\s))\s{0,3}"
AT = r"\s{0,3}(?:[@＠]|&#64;|[\[({<]\s{0,3}(?:at|@)\s{0,3}[\])}>]|(?<=\s)at(?=\s))\s{0,3}"
AT_SIGN, DOT_SIGN = re.compile(AT, re.IGNORECASE), re.compile(DOT, re.IGNORECASE)
IN_PLACE_OF_AT = re.compile(r"[#$*★☆]")
"""Signs that a text tells its readers to change for `@`."""

EXTENSION = re.compile(
    r"[#;,]|(?<![A-Za-z])(?:ext(?:ension|n)?|x)(?![A-Za-z])|[转轉]|分[机機]|[内內][线線]", re.IGNORECASE
)
AMERICAN = re.compile(r"\s*1[ .-]*\(?[2-9][0-9]{2}\)?[ .-]+[0-9]{3}[ .-]+[0-9]{4}\s*")
MOBILE_OF_CHINA = re.compile("86(1[3-9][0-9]{9})")
ABROAD = re.compile(r"\s*\(?(?:[+＋]|00|００)")
FRENCH = re.compile(r"0[1-6](?:[0-9]{8}|(?:[ .-][0-9]{2}){4})")
BRITISH = re.compile("(?:[12][0-9]|7[1-57-9])[0-9]{8}")
MOST_TOGETHER = 6
"""So many digits, at most, stand together behind the area code of a British number, unless all do."""


def normalized(entity: str, value: str) -> str:
    """What is the same for a value however it is written; never empty, if the value is not.

    All is in NFKC (UAX #15) and small letters, and of most entities only letters, marks and digits count. Besides,
    `phone` is the number within its country, without what stands before it, and its extension; `email` has `@` and
    dots, whatever is written for them; `ip` is as RFC 5952 writes it; `person`, `address` and `location` have single
    spaces between words, none beside Han; `api_key`, `url_credentials` and `coordinates` keep all but white space.

    It does not tell that these are the same: a number with a trunk prefix other than 0 (such as 8 in Russia) and with
    its country code, or dialled by letters; Numbers of two countries with the same digits are one. Nor a name with
    title, in short or turned round; an address in other words or order; degrees and decimals; a host and its mapped
    address; simplified and traditional characters. Secrets that differ in capitals alone are one.
    """
    make = FORMS.get(entity, plain) if len(value) <= MOST_CHARS else plain
    return make(value) or value


def plain(value: str) -> str:
    """Letters, in small ones, marks and digits."""
    return "".join(_words(value))


def _words(value: str) -> list[str]:
    kept = (one if one.isalnum() or unicodedata.category(one)[0] == "M" else " " for one in _folded(value))
    return "".join(kept).split()


def _folded(value: str) -> str:
    return unicodedata.normalize("NFKC", value).casefold()


def _spaced(value: str) -> str:
    return BESIDE_HAN.sub("", " ".join(_words(value)))


def _solid(value: str) -> str:
    return "".join(_folded(value).split())


def _email(value: str) -> str:
    user, _, domain = email_parts(value)
    return _solid(f"{DOT_SIGN.sub('.', user)}@{DOT_SIGN.sub('.', domain)}")


def email_parts(value: str) -> tuple[str, str, str]:
    """What stands before the last `@`, or what is written for it, that, and what stands behind it."""
    places = list(AT_SIGN.finditer(value)) or list(IN_PLACE_OF_AT.finditer(value))
    last = places[-1].span() if places else (0, 0)
    return value[: last[0]], value[slice(*last)], value[last[1] :]


def _ip(value: str) -> str:
    address, _, _ = _solid(value).partition("/")
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return _solid(value)  # with a port, for instance


def _phone(value: str) -> str:
    head, _, tail = telephone_parts(value)
    return f"{_written_number(head)[1]} {plain(tail)}".strip()


def telephone_parts(value: str) -> tuple[str, str, str]:
    """The number, what marks an extension, and the extension."""
    found = EXTENSION.search(value)
    return (value[: found.start()], found[0], value[found.end() :]) if found else (value, "", "")


def national_number(head: str) -> tuple[int, str]:
    """Country code, 0 if it is not known, and the number within the country, without a trunk prefix 0.

    Without a country code, numbers are taken for American, Chinese mobile, British or French ones if they have the form
    of those, and phonenumbers says that they are right. So a number of India or Chengdu, written as a British one with
    its 0, can get another surrogate than with its country code.
    """
    import phonenumbers

    country, national = _written_number(head)
    digits = plain(head)
    region = _region(head, digits, national) if country == 0 else None
    if region and phonenumbers.is_valid_number(phonenumbers.parse(digits, region)):
        return phonenumbers.country_code_for_region(region), national
    return country, national


def _written_number(head: str) -> tuple[int, str]:
    """The same, without a guess at the country."""
    digits = plain(head)
    if AMERICAN.fullmatch(head):
        return 1, digits[1:]
    if ABROAD.match(head):
        import phonenumbers

        try:
            number = phonenumbers.parse("+" + digits.removeprefix("00"))
            return number.country_code or 0, phonenumbers.national_significant_number(number).lstrip("0")
        except phonenumbers.NumberParseException:
            pass  # such a country code does not exist
    mobile = MOBILE_OF_CHINA.fullmatch(digits)
    return (86, mobile[1]) if mobile else (0, digits.lstrip("0"))


def _region(head: str, digits: str, national: str) -> str | None:
    """The country as which a number without a country code is written."""
    if not digits.isdecimal() or len(digits) - len(national) > 1:
        return None
    if len(national) == 10 and national == digits:
        return "US"
    if is_british(national) and all(len(group) <= MOST_TOGETHER for group in re.findall(r"\d+", head)[1:]):
        return "GB"
    return "FR" if FRENCH.fullmatch(_folded(head).strip()) else None


def is_british(national: str) -> bool:
    """Whether it has the form of a British subscriber's number: those of companies look like Japanese mobile ones and
    those of Berlin."""
    return BRITISH.fullmatch(national) is not None


FORMS: dict[str, Callable[[str], str]] = {
    "phone": _phone,
    "email": _email,
    "ip": _ip,
    **dict.fromkeys(("person", "address", "location"), _spaced),
    **dict.fromkeys(("api_key", "url_credentials", "coordinates"), _solid),
}
"""Entity -> what makes the text of a value, if letters and digits alone do not tell it."""
