"""Persons in English and other text in Latin letters: names after a title, in a form, a letter or a mail header.

What stands there is read as words of a name (see `latin_names`); whether it is one is told by its shape, by what ends
it, by names that many people bear and by words that no name holds (see `known_names`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import marks, name_tables, names_keys, names_letters
from .known_names import ALSO_SURNAMES, NOT_NAMES, TITLES, folded, is_given, is_known, listed
from .latin_names import FORM, LINE_END, NEXT_LABEL, TITLE, WEAK, is_name, read, span
from .rule import Rule, Settings, Span, around

MAX_BYTES = 160

# Mr. Roe

AFTER_TITLE = re.compile(rb"\.?[ \xc2\xa0]{1,2}(?=[A-Z\xc3-\xca]|(?:van|von|de|du|da|la|le|del|di) |(?:al|el)-[A-Z])")
NOT_AFTER_TITLE = frozenset(
    listed(
        """
    president speaker chairman chairwoman chair secretary minister ambassador mayor general justice sir madam who if
    is and or the of in at it he she pepper chancellor governor advocate certification criteria
    """
    )
)
CODE = re.compile("[0-9_]")
JOURNAL = re.compile(r"\b(?:Phys|Annu?|Nat|Int|Chem|Psychol|Crit|Am)\.? ?\Z")


def find_titled(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """One to three words after a title, which novels are full of."""
    if not 65 <= text[start] <= 90 or AFTER_TITLE.match(text, stop, stop + 9) is None:
        return
    before, title, window = around(text, start, stop, 12, 100)
    place = len(window) - len(window.lstrip(". \xa0"))
    is_shouted = title.isupper() and window[:1] != "."
    if (title not in TITLES and title.capitalize() not in TITLES) or (is_shouted and title == "MS"):
        return
    place = TITLE.match(window, place).end()  # type: ignore[union-attr]
    name = read(window, place, 3)
    if name is None or folded(name.words[0]) in NOT_AFTER_TITLE or len(folded(name.words[0])) < 2 > len(name.words):
        return
    if is_shouted and not name.words[-1].isupper():
        return
    if not (_is_other(title, before, window, name.words[0]) or CODE.match(window, name.stop)):
        yield span(text, stop, window, name, WEAK, "person_title")


def _is_other(title: str, before: str, window: str, word: str) -> bool:
    """Whether a title is another word: `Nat Rev Immunol`, `Phys. Rev. Lett.`, `Cache Miss Ratio`."""
    if title == "Rev":
        return window[0] != "." or JOURNAL.search(before) is not None
    return title == "Miss" and (word.isupper() or folded(word) in NOT_NAMES - ALSO_SURNAMES)


# Name: Jane Roe

PERSONAL = (
    "full name", "contact person", "contact name", "patient", "patient name", "attn", "cardholder",
    "cardholder name", "card holder", "name on card", "account holder", "customer name", "client name", "student name",
    "employee name", "recipient", "recipient name", "applicant", "applicant name", "employee", "signed", "signed by",
    "beneficiary", "tenant", "landlord", "guardian", "emergency contact", "next of kin", "passenger", "guest name",
    "ship to", "bill to", "deliver to", "maiden name", "witness", "witness name", "insured", "policyholder", "claimant",
    "policy holder", "spouse", "driver name", "interviewee",
    "printed name", "print name", "legal name", "name of patient", "name of applicant", "patient's name",
    "child's name", "student's name", "mother's name", "father's name", "parent name", "parent/guardian",
    "nom et prénom", "prénom et nom", "vor- und nachname",
    "vollständiger name", "ansprechpartner", "ansprechpartnerin", "kontoinhaber", "nombre completo",
    "nome completo", "nominativo", "intestatario", "titulaire", "destinataire", "ФИО", "Ф.И.О.",
    "姓名", "联系人", "聯絡人", "收件人", "氏名",
)  # fmt: skip
"""Labels of forms that name a person."""
PARTS = (
    "first name", "last name", "given name", "given names", "family name", "surname", "forename", "middle name",
    "vorname", "nachname", "familienname", "prénom", "nom de famille", "apellidos", "apellido", "cognome",
)  # fmt: skip
"""Labels of forms behind which one word is a name too."""
ANY = (
    "name", "contact", "customer", "client", "author name", "from:", "to:", "cc:", "bcc:", "naam", "nome",
    "prepared by", "submitted by", "reported by", "approved by", "owner", "father", "mother", "doctor", "physician",
    "lessee", "buyer", "defendant", "plaintiff", "petitioner", "respondent", "attention", "driver", "nom",
    "nombre",
)  # fmt: skip
"""Labels that many things bear; behind them the name must be one that is known, or other lines of a form stand near."""
COLON = re.compile(
    r"</t[dh]>\s{0,20}<t[dh][^<>\n]{0,60}>\s{0,8}(?=[^\W\d_])|"
    r"[\"'*_]{0,3}[ \t]?[:：|=]?[\"'*_]{0,3}[ \t]{0,8}[:：|]?[ \t]{0,8}[\"'“*_]{0,3}(?=[^\W\d_])"
)
NEXT = re.compile("[;,] ")
FIELD = re.compile(r"(?:^|[\n\r\t,;.|(){}\[\]\"'“*>#•·、。，；：:_-])[ \t]{0,8}(?:[A-Z][a-z]{1,15} )?\Z")
END = re.compile(
    r"[ \t]{0,4}(?:$|[\r\n\t,;.|()<>\[\]\"'”*/&。，；、（]|  |[-–—] )|[ ](?:and|or|at|born|from|on)\b|"
    rf" (?:{NEXT_LABEL.pattern})"
)
NEAR = re.compile(
    r"(?<![^\W_])(?:e-?mail|phone|tel|telephone|mobile|cell|fax|address|date of birth|dob|birth ?date|age|gender|sex|"
    r"ssn|passport|id number|company|position|job title|nationality|telefon|mobil|adresse|anschrift|geburtsdatum|"
    r"téléphone|courriel|correo|dirección|teléfono|telefono|indirizzo)\b[^\n:：]{0,20}[:：]",
    re.IGNORECASE,
)
NEAR_BYTES = 200
PLACE = re.compile(r"(?<![^\W_])(?:capital|coordinates|latitude|longitude|population|elevation)\b", re.IGNORECASE)
"""What stands beside the name of a place."""


def find_personal(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """Two words or more after a label that names a person."""
    yield from _labelled(text, start, stop, 2, True)


def find_part(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """One word or more after a label such as `Surname:`."""
    yield from _labelled(text, start, stop, 1, True)


def find_any(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """Two words or more after `Name:` and the like."""
    yield from _labelled(text, start, stop, 2, False)


def _labelled(text: bytes, start: int, stop: int, least: int, is_personal: bool) -> Iterator[Span]:
    first = text[stop : stop + 1]
    if not first or (first not in b":\xef\"*|\t '_<" and text[stop - 1 : stop] != b":"):
        return
    before, label, window = around(text, start, stop, 40, MAX_BYTES)
    colon = COLON.match(window)
    if colon is None or not (re.search(r"[:：|=\t<]", colon[0]) or label.endswith(":")):
        return
    if not is_personal and not label[0].isupper() and not FIELD.search(before):
        return
    name = read(window, TITLE.match(window, colon.end()).end())  # type: ignore[union-attr]
    if name is None or len(name.words) < least or not END.match(window, name.stop):
        return
    if not is_name(name.words, is_personal) or (not is_personal and _is_place(before, window, name.stop)):
        return
    has_code = "=" in colon[0] and not is_personal
    if not has_code and (is_known(name.words) or (is_personal or _is_in_form(text, start, stop))):
        yield span(text, stop, window, name, FORM, "person_form")
        yield from _listed(text, stop, window, name.stop) if label.endswith(":") else ()


def _listed(text: bytes, first: int, window: str, place: int) -> Iterator[Span]:
    """The known names behind another one in a header of a mail."""
    while (comma := NEXT.match(window, place)) and (name := read(window, comma.end())):
        if len(name.words) < 2 or not is_known(name.words) or not is_name(name.words):
            return
        yield span(text, first, window, name, FORM, "person_form")
        place = name.stop


def _is_place(before: str, window: str, place: int) -> bool:
    return PLACE.search(before) is not None or PLACE.search(window, place, place + 60) is not None


def _is_in_form(text: bytes, start: int, stop: int) -> bool:
    before, _, after = around(text, start, stop, NEAR_BYTES, NEAR_BYTES)
    return NEAR.search(before) is not None or NEAR.search(after) is not None


# My name is Jane Roe

SAYING = (
    "name is",
    "name's",
    "mein name ist",
    "ich heiße",
    "je m'appelle",
    "me llamo",
    "nombre es",
    "mi chiamo",
    "meu nome é",
)


def find_said(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """The words after `my name is`, of others only what is known as a name."""
    if text[stop : stop + 1] != b" ":
        return
    before, _, window = around(text, start, stop, 12, 100)
    name = read(window, TITLE.match(window, 1).end())  # type: ignore[union-attr]
    if name is None or not is_name(name.words):
        return
    is_own = text[start] | 32 != ord("n") or before.lower().endswith("my ")
    is_full = len(name.words) > 1
    if is_own:
        is_like = not name.words[0].isupper() and END.match(window, name.stop) is not None
        is_person = is_full or is_given(name.words[0]) or is_like
    else:
        is_person = is_full and is_given(name.words[0])
    if is_person:
        yield span(text, stop, window, name, FORM, "person_said")


INTRODUCING = ("i am", "i'm", "i’m", "this is", "contact")
BOUND = re.compile(r"[ ](?:at|on|from|by|via|and|with|or)\b|[,.!?)(;\r\n]|\Z")


def find_introduced(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A widespread given name and what follows it, after `I am` or `contact`."""
    if text[stop : stop + 1] != b" " or not text[stop + 1 : stop + 2].isupper():
        return
    _, _, window = around(text, start, stop, 0, 100)
    name = read(window, TITLE.match(window, 1).end(), 3)  # type: ignore[union-attr]
    is_full = name is not None and len(name.words) > 1 and is_given(name.words[0]) and is_name(name.words)
    if name is not None and is_full and BOUND.match(window, name.stop):
        yield span(text, stop, window, name, FORM, "person_said")


# Ship to:\n Jane Roe

ADDRESSEES = ("ship to", "bill to", "sold to", "deliver to", "mail to", "remit to", "return to", "invoice to")
ADDRESSEE = re.compile(r"[\"'*_]{0,3}[ \t]?:[\"'*_]{0,3}[ \t]{0,4}\r?\n[ \t]{0,8}(?=[^\W\d_])")
STREET = re.compile(r"[ \t]{0,4}\r?\n[ \t]{0,8}(?:[0-9]|P\.? ?O\.? Box|(?:Apt|Unit|Flat|Suite|Studio)\b)")


def find_addressee(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """What stands alone on the line after `Ship to:`, if it is known as a name or a street and number follow."""
    if text[stop : stop + 1] not in (b":", b" ", b"*"):
        return
    _, _, window = around(text, start, stop, 0, 120)
    line = ADDRESSEE.match(window)
    name = line and read(window, TITLE.match(window, line.end()).end())  # type: ignore[union-attr]
    if not name or len(name.words) < 2 or not is_name(name.words, True):
        return
    if STREET.match(window, name.stop) or (is_known(name.words) and LINE_END.match(window, name.stop)):
        yield span(text, stop, window, name, FORM, "person_form")


RULES = (
    Rule("person", marks.WORDS, find_titled, tuple(TITLES)),
    Rule("person", marks.WORDS, find_personal, PERSONAL),
    Rule("person", marks.WORDS, find_part, PARTS),
    Rule("person", marks.WORDS, find_any, ANY),
    Rule("person", marks.WORDS, find_said, SAYING),
    Rule("person", marks.WORDS, find_introduced, INTRODUCING),
    Rule("person", marks.WORDS, find_addressee, ADDRESSEES),
    *names_letters.RULES,
    *names_keys.RULES,
    *name_tables.RULES,
)
