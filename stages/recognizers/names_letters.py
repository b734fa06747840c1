"""Persons in letters and mails: who closes one, who is greeted, who stands in a header, a quotation or a signature."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import marks
from .known_names import is_given, is_known
from .latin_names import FORM, LINE_END, SUFFIX, TITLE, WEAK, Name, is_name, read, span
from .rule import Rule, Settings, Span, around

# Sincerely, Jane Roe

CLOSINGS = (
    "sincerely", "sincerely yours", "regards", "truly", "faithfully", "best wishes", "cheers", "thanks", "cordially",
    "respectfully", "freundlichen grüßen", "freundliche grüße", "viele grüße", "cordialement", "atentamente", "saludos",
    "thank you", "yours", "love", "best", "warmly",
)  # fmt: skip
CASUAL = ("thanks", "thank you", "cheers", "best", "love", "truly", "yours", "warmly")
CLOSED = re.compile(r"(?:,|!|\.|)[ \t]{0,3}(?P<line>(?:\r?\n[ \t>]{0,3}){1,3})?[-–—~]{0,2} ?(?=[^\W\d_])")
SENTENCE = re.compile(r"(?:^|[.!?\n>])[ \t]{0,3}(?:[A-Z][a-z]{1,12},? (?:and )?)?\Z")
NEXT_LINE = re.compile(r" *(?:\Z|[\r\n])")
LETTER_END = re.compile(r"[ \t]{0,4}(?:\Z|\r?\n[ \t]{0,4}(?:\r?\n|\Z))")
LINE_START = re.compile(r"(?:^|\n)[ \t>]{0,4}(?:[A-Z][a-z]{1,12} )?\Z")
THANKS = ("thanks", "thank you", "cheers", "yours")


def find_closing(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """What stands alone on a line after the last words of a letter; on the same line only what is known as a name."""
    if text[stop : stop + 1] not in (b",", b"\n", b"\r", b"!", b"."):
        return
    before, word, window = around(text, start, stop, 40, 100)
    closed = CLOSED.match(window)
    name = closed and read(window, TITLE.match(window, closed.end()).end())  # type: ignore[union-attr]
    if not closed or not name or not is_name(name.words) or not LINE_END.match(window, name.stop):
        return
    has_comma, is_own_line = "," in closed[0], closed["line"] is not None
    is_formal = word.lower() not in CASUAL
    if not has_comma and not (65 <= text[start] <= 90 or SENTENCE.search(before)):
        return
    has_end = LETTER_END.match(window, name.stop) is not None
    if is_own_line:
        is_end = has_comma and has_end and (is_formal or word.lower() in THANKS)
        is_person = _is_signed(name.words, has_comma or is_formal, is_end)
    else:
        is_person = _is_same_line(name.words, before, has_comma and has_end)
        is_person = is_person and NEXT_LINE.match(window, name.stop) is not None
    if is_person:
        yield span(text, stop, window, name, FORM, "person_closing")


def _is_signed(words: list[str], is_closed: bool, is_end: bool) -> bool:
    """Whether a line of its own holds a name: a known given name, two words, or one word that ends the letter."""
    return is_given(words[0]) or (is_closed and len(words) > 1) or (is_end and len(words[0]) > 2)


def _is_same_line(words: list[str], before: str, is_closed: bool) -> bool:
    """Whether a known given name stands behind the closing words: with a family name, or at the end of a line."""
    return is_given(words[0]) and (len(words) > 1 or (is_closed and LINE_START.search(before) is not None))


LETTER = 0.5
"""How sure a title makes the salutation of a letter."""
GREETED = re.compile(r"[ ]{0,2}(?:[,:!，：]|\r?\n)")


def find_greeting(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """`Dear Jane Roe,`, and where a line begins `Dear Mr. Roe:`"""
    if text[stop : stop + 1] != b" " or not 65 <= text[start] <= 90:
        return
    _, _, window = around(text, start, stop, 0, 80)
    place = TITLE.match(window, 1).end()  # type: ignore[union-attr]
    name = read(window, place, 3)
    if not name or not is_name(name.words) or not GREETED.match(window, name.stop):
        return
    is_letter = place > 1 and (start == 0 or text[start - 1] == 10) and text[start] == ord("D")
    if is_known(name.words):
        score = FORM if len(name.words) > 1 else WEAK
        yield span(text, stop, window, name, max(score, LETTER) if is_letter else score, "person_greeting")
    elif is_letter and len(name.words[-1]) > 1:
        yield span(text, stop, window, name, LETTER, "person_greeting")


# Jane Roe <jane@roe.example>

LOCAL = re.compile(rb"<(?:mailto:)?[A-Za-z0-9._%+'=-]{1,64}\Z")
HARD = tuple('\n\r<>@:;,，"“(|[\t*')
BORDER = re.compile(r"(?:^|--|[0-9]\)?|\b(?:AM|PM|am|pm|and|by|from|UTC|GMT)\b)[ ]{0,16}(?:[*-] )?")
LAST_SUFFIX = re.compile(rf"(?:{SUFFIX.pattern})\Z")
TURNED = re.compile(
    r"(?:\"|(?:^|\n)(?:From|To|Cc|CC|Bcc|Reply-To|Sender): ?|; ?)"
    r"(?P<last>[^\"<>@:;,\n]{2,40}), (?P<first>[^\"<>@:;,\n]{1,40})\Z"
)


def last_name(before: str) -> Name | None:
    """The name of two words or more that ends a text, and begins it or stands after a border."""
    suffix = LAST_SUFFIX.search(before)
    end = suffix.start() if suffix else len(before)
    place = max(before.rfind(border, 0, end) for border in HARD) + 1
    if before.rfind(" ", place) <= place or not before[before.rfind(" ") + 1 :][:1].isalpha():
        return None
    for border in BORDER.finditer(before[place:]):
        start = place + border.end()
        name = read(before, TITLE.match(before, start).end())  # type: ignore[union-attr]
        if name and name.stop == len(before) and len(name.words) > 1 and is_name(name.words):
            return name
    return None


def turned_name(before: str) -> Name | None:
    """The name that ends a text with its last part first: `Roe, Jane`."""
    match = TURNED.search(before) if ", " in before else None
    last, first = (match and read(before, match.start(part)) for part in ("last", "first"))
    if not match or not last or not first or last.stop != match.end("last") or first.stop != len(before):
        return None
    words = [*first.words, *last.words]
    return Name(last.start, first.stop, words) if is_name(words) else None


def find_addressed(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The name before an e-mail address in angle brackets, as headers of mails and authors write it (RFC 5322)."""
    opening = text.rfind(b"<", max(0, start - 72), start)
    if opening < 3 or text[opening - 1] not in b' "' or not LOCAL.match(text, opening, start):
        return
    before, _, _ = around(text, opening, opening, 100, 0)
    bare = before.rstrip(' "')
    name = last_name(bare) or turned_name(bare)
    if name:
        yield span(text, opening - len(before.encode()), before, name, FORM, "person_address")


# On Monday, Jane Roe wrote:

REPLIED = re.compile(r"(?:[ ](?:<[^<>\n]{1,64}>|\([^()\n]{1,64}\)|\[[^\[\]\n]{1,64}\]))?[ ]?\Z")
DATED = re.compile(r"(?:^|\n)[> ]{0,8}(?:On|Am|Le|El) [^\n]{4,100}\Z")


def find_replied(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """Who wrote what a mail quotes: after a date, before quoted lines, or known as a name."""
    if start < 5 or text[start - 1] not in b" \n":
        return
    before, _, after = around(text, start, stop, 160, 8)
    bare = before[: REPLIED.search(before).start()]  # type: ignore[union-attr]
    name = last_name(bare)
    if name and (DATED.search(bare) or re.match(r"\s{1,4}>", after) or is_known(name.words)):
        yield span(text, start - len(before.encode()), before, name, FORM, "person_replied")


# -- \nJane Roe


def find_signature(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The first line of a signature (RFC 3676, section 4.3); after hyphens without a space, what is known as a name."""
    if start and text[start - 1] != 10:
        return
    _, word, window = around(text, start, stop, 0, 100)
    name = read(window, TITLE.match(window, len(window) - len(window.lstrip(" \t"))).end())  # type: ignore[union-attr]
    is_alone = name is not None and len(name.words) > 1 and LINE_END.match(window, name.stop) is not None
    if name and is_alone and is_name(name.words) and (" " in word or is_known(name.words)):
        yield span(text, stop, window, name, FORM, "person_signature")


RULES = (
    Rule("person", marks.WORDS, find_closing, CLOSINGS),
    Rule("person", marks.WORDS, find_greeting, ("dear", "hi", "hello")),
    Rule("person", marks.WORDS, find_replied, ("wrote:",)),
    Rule("person", marks.WORDS, find_signature, ("-- \n", "-- \r\n", "--\n", "--\r\n")),
    Rule("person", marks.AT, find_addressed),
)
