"""Postal addresses in English: number, street, unit, city, state or country part, and postal code.

A street is told by its last word, of those that the United States Postal Service lists (Publication 28, appendix C1)
and those of other English-speaking countries. The postal code is a ZIP code after a state (US), a postcode (UK, by the
form that BS 7666 gives) or one of Canada.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import marks
from .known_names import listed
from .rule import Rule, Settings, Span, around

LABELLED, FULL, WEAK = 0.9, 0.6, 0.4
BEFORE_BYTES, AFTER_BYTES = 100, 160

STREETS = tuple(
    listed(
        """
    street st avenue ave road rd boulevard blvd lane ln drive dr court ct way place pl square sq terrace ter parkway
    pkwy highway hwy circle cir crescent close mews row alley plaza trail turnpike expressway broadway route
    """
    )
)
"""Last words of streets that tell one by themselves."""
OTHERS = tuple(
    listed(
        """
    aly annex arcade av bayou beach bend bluff bluffs bottom branch bridge brook brooks burg burgs bypass camp
    canyon cape causeway center centers circles cliff cliffs club common commons corner corners course courts cove
    coves creek crest crossing crossroad curve dale dam divide drives estate estates extension extensions fall falls
    ferry field fields flat flats ford fords forest forge forges fork forks fort freeway garden gardens gate gateway
    glen glens green greens grove groves harbor harbors haven heights hill hills hollow inlet island islands isle
    junction junctions key keys knoll knolls lake lakes land landing light lights loaf lock locks lodge loop mall
    manor manors meadow meadows mill mills mission motorway mount mountain mountains neck orchard oval overpass park
    parks parkways pass passage path pike pine pines plain plains plazas point points port ports prairie radial ramp
    ranch rapid rapids rest ridge ridges river roads rue run shoal shoals shore shores skyway spring springs spur
    spurs squares station stravenue stream streets summit throughway trace track trafficway tunnel underpass union
    unions valley valleys via viaduct view views village villages ville vista walk walks wall ways well wells wharf
    quay
    """
    )
)
"""Last words of streets that need a city and a postal code behind them."""

FIRST = r"(?:[A-ZÀ-Þ][\w'’.-]{0,20}|[1-9][0-9]{0,2}(?:st|nd|rd|th))"
WORD = r"(?:[A-ZÀ-Þ][\w'’.-]{0,20}|[1-9][0-9]{0,2}(?:st|nd|rd|th)|de|la|of|the|del)"
DIRECTION = (
    r"(?:N|S|E|W|NE|NW|SE|SW|N\.?[EW]\.?|S\.?[EW]\.?|North|South|East|West|Northeast|Northwest|Southeast|Southwest)"
)
NUMBER = r"[1-9][0-9]{0,5}[A-Za-z]?(?:[-–/][0-9A-Z]{1,5})?(?: 1/2)?|0[0-9]{0,4}"
UNIT_WORD = r"(?:Apt|Apartment|Suite|Ste|Unit|Room|Rm|Flat|Studio|Floor|Bldg|Building|Lot|Box|P\.?O\.? Box)\.?"
UNIT = rf"{UNIT_WORD} ?#?[0-9A-Z][0-9A-Za-z-]{{0,5}}"
HOUSE = re.compile(
    rf"(?:(?<![\w.,/$€£#:+-])|(?<=[\w.)],)|(?<=\w:))(?:{UNIT}[,\n ]{{1,2}})?(?:{NUMBER})[ ]"
    rf"(?:{DIRECTION}\.? )?(?:{FIRST} )(?:{WORD} ){{0,3}}\Z"
)
FLAT = re.compile(
    rf"(?<![\w.,/$€£#:+-])(?:Flat|Studio|Apartment|Unit) ?[0-9]{{1,4}}[A-Za-z]?[,\n] ?(?:{FIRST} )(?:{WORD} ){{0,2}}\Z"
)
BARE = re.compile(
    rf"(?<![\w.,/$€£#:+-])(?:{NUMBER}) (?:{DIRECTION}\.? |(?:State|US|U\.S\.|Old|County|Rural|Interstate) )?\Z"
)
NUMBERED = ("highway", "hwy", "route", "road", "rd", "broadway")
ROAD_NUMBER = re.compile(r" [0-9]{1,4}[A-Z]?\b")
ABBREVIATED = frozenset(
    listed(
        """
    st ave rd blvd ln dr ct pl sq ter pkwy hwy cir
    """
    )
)
PARTICLES = frozenset((b"de", b"la", b"of", b"the", b"del"))
NOT_STREETS = re.compile(
    r"\b(?:The|This|That|In|On|At|By|For|And|Of|No|A|An|If|To|From|With|First Class|Wall Street Journal|"
    r"(?:Supreme|High|District|Circuit|County|Crown|Appeals) Court)\b"
)
TAIL = re.compile(
    rf"\.?(?:,? {DIRECTION}\b\.?)?"
    rf"(?:,? {{0,2}}(?:{UNIT}|#[ ]?[0-9A-Z]{{1,5}}\b|(?:[1-9][0-9]?(?:st|nd|rd|th)) (?:Floor|Fl)\b)){{0,2}}"
)

STATES = (
    "A[KLRZ]|C[AOT]|D[CE]|FL|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEHINOPST]|N[CDEHJMVY]|O[HKR]|P[ARW]|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]|AS|FM|"
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|"
    "Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|"
    "New (?:Hampshire|Jersey|Mexico|York)|North (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|"
    "South (?:Carolina|Dakota)|Tennessee|Texas|Utah|Vermont|(?:West )?Virginia|Washington|Wisconsin|Wyoming|D\\.C\\."
)
PROVINCES = (
    "AB|BC|MB|NB|NL|NS|NT|NU|ON|PE|QC|SK|YT|Alberta|British Columbia|Manitoba|Ontario|Quebec|Québec|Saskatchewan|"
    "Nova Scotia"
)
AUSTRALIAN = "NSW|VIC|QLD|TAS|ACT"
POSTCODE = r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}\b"
CITY = r"[A-Z][A-Za-z'’.-]{1,24}(?:[ -](?:[A-Z][A-Za-z'’.-]{1,24}|of|upon|on|under|le|la|de)){0,3}"
GAP = r"(?:,? {0,2}\r?\n {0,4}|,? {1,2})"
CODES = (
    rf"(?:{STATES}),? {{1,2}}[0-9]{{5}}(?:-[0-9]{{4}})?\b|(?:{PROVINCES}),? {{0,2}}[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]\b|"
    rf"(?:{AUSTRALIAN}),? [0-9]{{4}}\b"
)
COUNTRY = r"(?:,? {0,2}(?:\n {0,4})?(?:USA|U\.S\.A\.|United States|UK|United Kingdom|England|Canada|Australia)\b)?"
FULL_CITY = re.compile(
    rf"(?:{GAP}{CITY})?{GAP}(?:{CODES}){COUNTRY}|(?:{GAP}{CITY}){{1,3}}{GAP}{POSTCODE}{COUNTRY}|{GAP}{POSTCODE}{COUNTRY}"
)
STATE_ONLY = re.compile(rf"{GAP}{CITY}, (?:{STATES}|{PROVINCES})\b(?! [A-Z][a-z])")
LABEL = re.compile(
    r"(?<![^\W_])(?:address|addr|ship to|bill to|deliver to|mail to|residence|lives? at|living at|resid(?:es|ing) at|"
    r"delivered to|located at|home at|moved to|sent to|shipped to|send it to|mail it to)[\"'*_]{0,3}[ \t]?"
    r"[:=|]?[\s\"'*_]{0,6}\Z",
    re.IGNORECASE,
)


def find_street(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A number and a street, with unit, city and postal code if they stand behind it."""
    yield from _street(text, start, stop, True)


def find_other(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A number and what is a street if a city and its postal code follow."""
    yield from _street(text, start, stop, False)


def _street(text: bytes, start: int, stop: int, is_sure: bool) -> Iterator[Span]:
    if not 65 <= text[start] <= 90 or start < 2 or text[start - 1] != 32 or not _has_number(text, start):
        return
    before, word, after = around(text, start, stop, BEFORE_BYTES, AFTER_BYTES)
    house = HOUSE.search(before) or FLAT.search(before)
    numbered = None if house or word.lower() not in NUMBERED else BARE.search(before)
    is_numbered = numbered is not None or word.lower() in ("highway", "hwy", "route")
    road = ROAD_NUMBER.match(after) if is_numbered and word != "Broadway" else None
    if numbered and (road or word == "Broadway"):
        house = numbered
    if house is None or NOT_STREETS.search(house[0] + word):
        return
    tail = TAIL.match(after, road.end() if road else 0)
    assert tail is not None
    city = FULL_CITY.match(after, tail.end())
    state = STATE_ONLY.match(after, tail.end()) if is_sure and not city else None
    end = city.end() if city else state.end() if state else tail.end()
    if after[:end] == "." and word.lower() not in ABBREVIATED:
        end = 0
    if city or (is_sure and not _is_date(house[0], word)):
        is_labelled = LABEL.search(before[: house.start()]) is not None
        score = LABELLED if city and is_labelled else FULL if city or state or is_labelled else WEAK
        first = start - len(before[house.start() :].encode())
        yield Span(first, stop + len(after[:end].encode()), score, "address_street")


HAS_DIGIT = re.compile(rb"[0-9]")


def _has_number(text: bytes, start: int) -> bool:
    """Whether a number stands before a word, with none but capitalized words and particles between; a quick look."""
    for word in reversed(text[max(0, start - 90) : start - 1].split(b" ")[-6:]):
        if HAS_DIGIT.search(word):
            return True
        if not (word[:1].isupper() or word[:1] >= b"\xc3" or word in PARTICLES):
            return False
    return False


def _is_date(house: str, word: str) -> bool:
    """Whether the number is rather a year, before a title or a heading."""
    is_year = re.match(r"(?:1[0-9]|20)[0-9]{2}(?:[-–][0-9]{2,4})? [A-Z]", house) is not None
    return is_year and word.lower() in (
        "dr",
        "st",
        "ct",
        "court",
        "route",
        "row",
        "trail",
        "place",
        "square",
        "way",
        "drive",
        "broadway",
    )


# PO Box 12

BOX = re.compile(rf" ?#?[0-9]{{1,6}}\b(?:{FULL_CITY.pattern})?")


def find_box(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """A numbered box at a post office; surer with city and postal code."""
    _, _, after = around(text, start, stop, 0, AFTER_BYTES)
    box = BOX.match(after)
    if box:
        is_full = FULL_CITY.search(box[0]) is not None
        yield Span(start, stop + len(box[0].encode()), FULL if is_full else WEAK, "address_box")


MILITARY = re.compile(
    r"(?:(?:PSC|CMR|Unit) [0-9]{1,5},? Box [0-9]{1,5}|US(?:NS|S|CGC|NV) [A-Z][A-Za-z]{1,20})[,\n] ?\Z"
)


def find_military(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """An address of the United States' forces abroad (USPS Publication 28, section 238)."""
    before, word, after = around(text, start, stop, 50, 16)
    place, code = MILITARY.search(before), re.match(r",? (?:AA|AE|AP) [0-9]{5}(?:-[0-9]{4})?\b", after)
    if word.isupper() and place and code:
        yield Span(start - len(before[place.start() :].encode()), stop + code.end(), FULL, "address_military")


RULES = (
    Rule("address", marks.WORDS, find_street, STREETS),
    Rule("address", marks.WORDS, find_other, OTHERS),
    Rule("address", marks.WORDS, find_box, ("po box", "p.o. box", "p. o. box", "p.o.box", "post office box")),
    Rule("address", marks.WORDS, find_military, ("apo", "fpo", "dpo")),
)
