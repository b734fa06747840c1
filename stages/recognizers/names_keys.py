"""Persons in keys of data and code (`"first_name": "Jane"`, `customer="Jane Roe"`), and those who wrote something
(`@author Jane Roe`, `By Jane Roe |`, （记者 王小明）)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import latin_names, marks, names_chinese
from .known_names import SURNAMES, folded, is_given
from .known_names_chinese import COMPOUND, FREQUENT
from .known_names_chinese import SURNAMES as CHINESE
from .latin_names import FORM, is_name
from .names_chinese import HAN
from .rule import Rule, Settings, Span, around

LIKELY = 0.5
MAX_BYTES = 100

# "first_name": "Jane"

FIRST = ("first_name", "firstname", "given_name", "givenname", "forename", "middle_name", "middlename")
LAST = ("last_name", "lastname", "family_name", "familyname", "surname", "maiden_name")
QUOTED = re.compile(
    r"(?:\"|')?[\])]?[ ]?(?::|=>?)[ ]?(?P<quote>[\"'])(?P<value>[^\"'\n]{1,40})(?P=quote)|"
    r">(?P<element>[^<>\n]{1,40})</|:[ ](?P<bare>[^\W\d_][^\"'\n,;:{}()<>]{0,39}?)[ ]{0,4}(?:\r?\n|\Z)"
)
CHINESE_PART = re.compile(f"[{HAN}]{{1,3}}")
PLACEHOLDER = re.compile("[名姓字氏必填请請输輸称稱]")
"""What translations of a form have in place of a name."""


BESIDE = re.compile(
    r"(?:first|given)_?name(?:\"|')?[\])]?[ ]?(?::|=>?)[ ]?[\"'](?P<value>[^\"'\n]{2,20})[\"']", re.IGNORECASE
)
"""The key of a given name with its value, beside which a family name may be any word."""


def find_part(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A widespread given or family name, or a Chinese one, as the value of a key of data."""
    if text[stop : stop + 1] not in (b'"', b"'", b":", b"=", b" ", b">", b"]"):
        return
    before, key, window = around(text, start, stop, MAX_BYTES, MAX_BYTES)
    match = QUOTED.match(window)
    if match is None:
        return
    group = "value" if match["value"] else "element" if match["element"] else "bare"
    is_last = key.lower() in LAST
    if _is_part(match[group], is_last) or (is_last and group == "value" and _is_beside(before, window, match["value"])):
        first = stop + len(window[: match.start(group)].encode())
        yield Span(first, first + len(match[group].encode()), FORM, "person_key")


def _is_part(value: str, is_last: bool) -> bool:
    """Whether a value is a family name, or else a given one."""
    if CHINESE_PART.fullmatch(value):
        is_family = value in COMPOUND or value in CHINESE
        return is_family if is_last else PLACEHOLDER.search(value) is None
    name = latin_names.read(value, 0, 3)
    if name is None or name.stop != len(value) or not is_name(name.words, True):
        return False
    parts = {*folded(name.words[-1]).split("-"), folded(name.words[-1])}
    return not SURNAMES.isdisjoint(parts) if is_last else is_given(name.words[0])


def _is_beside(before: str, after: str, value: str) -> bool:
    """Whether a value is a word with a capital, beside a widespread given name under its own key in the same braces."""
    name = latin_names.read(value, 0, 3)
    beside = BESIDE.search(before[before.rfind("}") + 1 :]) or BESIDE.search(after.partition("}")[0])
    is_whole = name is not None and name.stop == len(value) and not value.isupper() and is_name(name.words, True)
    return is_whole and beside is not None and is_given(beside["value"].split(" ")[0])


# customer="Jane Roe"

HOLDERS = (
    "customer", "client", "patient", "author", "employee", "contact", "recipient", "student", "buyer", "seller",
    "passenger", "guest", "assignee", "reporter", "owner", "user",
)  # fmt: skip
VALUE = re.compile(r"=([\"'])(?P<value>[^\"'=<>\n]{3,60})\1")


def find_held(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A known given name and another word, which are all of the value in quotes of a key."""
    _, _, window = around(text, stop - 1, stop - 1, 0, MAX_BYTES)
    match = VALUE.match(window)
    name = match and latin_names.read(match["value"], 0, 4)
    if not match or not name or name.stop != len(match["value"]) or not 2 <= len(name.words) <= 4:
        return
    if is_given(name.words[0]) and is_name(name.words):
        first = stop - 1 + len(window[: match.start("value")].encode())
        yield Span(first, first + len(match["value"].encode()), FORM, "person_key")


# @author Jane Roe

TAG_END = re.compile(r"[ \t]{0,4}(?:\Z|[\r\n,;(*|/]|[-–—] )")
LINE = re.compile(r"[ \t]{0,4}(?:\Z|\r?\n|[|•·]|[-–—] |, [A-Z])")


def find_written(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The known name behind a tag of a comment in code; the one that with `By` fills a line, or is parted from what
    follows."""
    is_tag = text[start] == ord("@")
    if not is_tag and text[stop - 3 : stop] not in (b"By ", b"BY "):
        return
    _, _, window = around(text, start, stop, 0, MAX_BYTES)
    place = re.match(r"[:=]?[ \t]{0,8}", window).end()  # type: ignore[union-attr]
    name = latin_names.read(window, place, 4)
    if not name or not 2 <= len(name.words) <= 4 or not (TAG_END if is_tag else LINE).match(window, name.stop):
        return
    if is_given(name.words[0]) and is_name(name.words):
        yield latin_names.span(text, stop, window, name, LIKELY, "person_author")


# （记者 王小明 通讯员 李四）

REPORTING = ("记者", "記者", "通讯员", "通訊員", "摄影", "攝影", "作者")
OPENED = re.compile(r"[（(【\[][^（）()【】\[\]\n，。]{0,24}\Z")
REPORTER = re.compile(rf"[ \u3000：:]{{1,2}}(?P<name>[{HAN}]{{2,4}})(?=[ \u3000）)】\]、/／])")


def find_reporter(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The Chinese name in brackets behind who somebody is."""
    if text[stop : stop + 1] not in (b" ", b":", b"\xe3", b"\xef"):
        return
    before, _, window = around(text, start, stop, 80, 24)
    match = REPORTER.match(window)
    if match is None or OPENED.search(before) is None:
        return
    is_frequent = match["name"][0] in FREQUENT or match["name"][:2] in COMPOUND
    if is_frequent and names_chinese.read(window, match.start("name")) == match.end("name"):
        first = stop + len(window[: match.start("name")].encode())
        yield Span(first, first + len(match["name"].encode()), LIKELY, "person_author")


RULES = (
    Rule("person", marks.ENDS, find_part, (*FIRST, *LAST)),
    Rule("person", marks.WORDS, find_held, tuple(f"{holder}=" for holder in HOLDERS)),
    Rule("person", marks.WORDS, find_written, ("@author", "\nby ")),
    Rule("person", marks.WORDS, find_reporter, REPORTING),
)
