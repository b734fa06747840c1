"""Postal addresses in German, French, Spanish and Italian, if street, number, postal code and city stand together.

A German street is mostly one word (Hauptstraße), which no word marks; there the marks are labels of forms, words such
as `Straße` that stand alone, and the largest cities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import marks
from .known_names import listed
from .rule import Rule, Settings, Span, around

FULL = 0.6
AROUND_BYTES = 120

CAPITAL = r"[A-ZÀ-ÖØ-Þ][\w'’.-]{0,24}"
CITY_WORD = r"[A-ZÀ-ÖØ-Þ](?:t\.|[\w'’-]{0,24})"
LINK = "am|an der|an|im|ob der|bei|sur|les|lès|de|del|la|le|en"
CITY = rf"{CITY_WORD}(?:[ -](?:{CITY_WORD}|(?:{LINK})[ -]{CITY_WORD})){{0,2}}"
GAP = r"(?:,? {0,2}\r?\n {0,4}|,? {1,2})"

GERMAN_CITIES = listed(
    """
    Berlin Hamburg München Köln Frankfurt Stuttgart Düsseldorf Leipzig Dortmund Essen Bremen Dresden Hannover
    Nürnberg Duisburg Bochum Wuppertal Bielefeld Bonn Münster Mannheim Karlsruhe Augsburg Wiesbaden
    Mönchengladbach Gelsenkirchen Aachen Braunschweig Kiel Chemnitz Halle Magdeburg Freiburg Krefeld Mainz
    Lübeck Erfurt Oberhausen Rostock Kassel Hagen Potsdam Saarbrücken Hamm Ludwigshafen Oldenburg Osnabrück
    Leverkusen Heidelberg Darmstadt Solingen Regensburg Paderborn Ingolstadt Würzburg Ulm Heilbronn Göttingen
    Jena Erlangen Trier Konstanz Tübingen Marburg Gießen
    """
)
GERMAN_NUMBER = r" [1-9][0-9]{0,3}(?: ?[a-z]\b)?(?:[-/ ]{1,3}[0-9]{1,4})?"
GERMAN_STREET = (
    rf"(?:(?:{CAPITAL}[ -]){{1,3}}(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer)|"
    rf"(?:{CAPITAL}[ -]){{0,3}}[A-ZÄÖÜ][\w.-]{{1,24}}(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer))"
    rf"{GERMAN_NUMBER}"
)
GERMAN = re.compile(rf"(?<![\w-]){GERMAN_STREET}{GAP}(?:D-)?[0-9]{{5}} {CITY}")
GERMAN_BEFORE = re.compile(rf"(?<![\w-]){GERMAN_STREET}{GAP}(?:D-)?[0-9]{{5}} \Z")
GERMAN_AFTER = re.compile(rf"\.?{GERMAN_NUMBER}{GAP}(?:D-)?[0-9]{{5}} {CITY}")
NAME_BEFORE = re.compile(rf"(?<![\w-])(?:{CAPITAL}[ -]){{1,3}}\Z")
COLON = re.compile(r"[\"'*_]{0,3}[ \t]?[:=]?[\"'*_]{0,3}\s{0,4}[\"'“]?")


def find_labelled(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A German address in a field of a form."""
    _, _, after = around(text, start, stop, 0, AROUND_BYTES)
    colon = COLON.match(after)
    match = GERMAN.match(after, colon.end()) if colon else None
    if match:
        yield _span(text, stop, after, match.start(), match.end())


def find_named(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A German address in a street whose name many streets have."""
    if text[stop : stop + 1] != b" " or not text[stop + 1 : stop + 2].isdigit():
        return
    _, _, after = around(text, start, stop, 0, AROUND_BYTES)
    rest = GERMAN_AFTER.match(after)
    if rest:
        yield Span(start, stop + len(after[: rest.end()].encode()), FULL, "address_german")


def find_city(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A German street, number and postal code before a large city."""
    if not HAS_CODE.match(text, max(0, start - 6), start):
        return
    before, _, _ = around(text, start, stop, AROUND_BYTES, 0)
    match = GERMAN_BEFORE.search(before)
    if match:
        yield Span(start - len(before[match.start() :].encode()), stop, FULL, "address_german")


HAS_CODE = re.compile(rb"[0-9]{5} ")


def find_german(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A German address whose street has a word such as `Straße` that stands alone."""
    if not HAS_NUMBER.match(text, stop, stop + 4):
        return
    before, _, after = around(text, start, stop, AROUND_BYTES, AROUND_BYTES)
    name, rest = NAME_BEFORE.search(before), GERMAN_AFTER.match(after)
    if name and rest:
        first = start - len(before[name.start() :].encode())
        yield Span(first, stop + len(after[: rest.end()].encode()), FULL, "address_german")


HAS_NUMBER = re.compile(rb"\.? [1-9]")
PARTICLES = r"(?:(?:de la|de los|de l['’]|del|della|dei|degli|de|du|des|di|da|do|la|le|les|l['’]|d['’]) ?)?"
NAME = rf"{PARTICLES}{CAPITAL}(?: {PARTICLES}{CAPITAL}){{0,3}}"
FRENCH_BEFORE = re.compile(r"(?<![\w.,/-])[1-9][0-9]{0,3}(?: (?:bis|ter))?,? \Z")
FRENCH_AFTER = re.compile(rf" {NAME}{GAP}(?:F-)?[0-9]{{5}} {CITY}")
SOUTHERN_AFTER = re.compile(
    rf" {NAME},? (?:n[.º°] ?)?[1-9][0-9]{{0,3}}(?: ?[A-Za-z]\b)?{GAP}[0-9]{{4,5}}(?:-[0-9]{{3}})? {CITY}"
)


def find_french(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A number, `rue` or the like, its name, postal code and city."""
    if text[stop : stop + 1] != b" " or start < 2 or text[start - 1] != 32:
        return
    before, _, after = around(text, start, stop, 16, AROUND_BYTES)
    number, rest = FRENCH_BEFORE.search(before), FRENCH_AFTER.match(after)
    if number and rest:
        first = start - len(before[number.start() :].encode())
        yield Span(first, stop + len(after[: rest.end()].encode()), FULL, "address_french")


def find_southern(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """`Calle` or `Via` or the like, its name and number, postal code and city."""
    if text[stop : stop + 1] != b" ":
        return
    _, _, after = around(text, start, stop, 0, AROUND_BYTES)
    rest = SOUTHERN_AFTER.match(after)
    if rest:
        yield Span(start, stop + len(after[: rest.end()].encode()), FULL, "address_southern")


def _span(text: bytes, first: int, window: str, start: int, stop: int) -> Span:
    low = first + len(window[:start].encode())
    return Span(low, low + len(window[start:stop].encode()), FULL, "address_german")


LABELS = listed("address adresse anschrift wohnhaft wohnadresse lieferadresse rechnungsadresse lieferanschrift")
NAMES = listed(
    """
    Haupt Schul Bahnhof Garten Dorf Berg Linden Kirch Wald Ring Schiller Goethe Mozart Beethoven Wiesen Post Bahn
    Mühlen Friedhof Feld Bach Rosen Burg Kirchen Kloster Schloss Park Industrie Markt Mittel Nord Süd Ost West Neu Ufer
    Brunnen Birken Buchen Eichen Erlen Tannen Fichten Kastanien Ahorn Ulmen Eschen Akazien Flieder Tulpen Nelken Lilien
    Amsel Drossel Finken Meisen Lerchen Schwalben Stein Sand Weinberg Heide Lessing Kant Hölderlin Uhland Eichendorff
    Heine Mörike Bismarck Hindenburg Wilhelm Friedrich Karl Ludwig Kaiser König Luisen Sophien Marien Martin Johannes
    Georg Jahn Siemens Daimler Diesel Röntgen Luther Rathaus Turm Tor Graben Hof Frankfurter Berliner Hamburger
    Münchner Münchener Kölner Leipziger Dresdner Dresdener Breslauer Königsberger Danziger Stettiner Blumen Sonnen
    """
)
NAMED = tuple(name + end for name in NAMES for end in ("straße", "strasse", "str.", "weg", "platz", "allee", "gasse"))
"""Names of streets that many towns have."""
STREETS = listed("straße strasse str allee platz weg gasse ring damm ufer")
FRENCH = listed("rue avenue boulevard place chemin impasse allée quai cours route")
SOUTHERN = listed("calle avenida paseo plaza via viale corso piazza rua")
RULES = (
    Rule("address", marks.WORDS, find_labelled, (*LABELS, "ship to", "wohne in", "wohnt in")),
    Rule("address", marks.WORDS, find_named, NAMED),
    Rule("address", marks.WORDS, find_city, GERMAN_CITIES),
    Rule("address", marks.WORDS, find_german, STREETS),
    Rule("address", marks.WORDS, find_french, FRENCH),
    Rule("address", marks.WORDS, find_southern, SOUTHERN),
)
