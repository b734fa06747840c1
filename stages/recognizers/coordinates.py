"""Geographic coordinates that tell an address: both of them, to about ten metres, and said to be coordinates.

That is four decimals of a degree (11 m), three of a minute (2 m), or seconds (31 m); where degrees and minutes are all,
two kilometres, the finding is weak. They are said to be coordinates by a word before them, by a name for each such as
`lat`, or by points of the compass, in several languages. Forms: ISO 6709, annex D, and those of maps, JSON and Chinese.

Both are one finding, with the words between them, if these are prose. What is between them in markup, JSON, the query
of a URL or on two lines has to stay when a finding is taken out, and so there each number is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import marks
from .rule import Rule, Settings, Span, around

LATITUDE_KEYS = ("lat", "latitude", "latitud", "latitudine", "breitengrad", "纬度", "緯度")
LONGITUDE_KEYS = (
    *("lon", "lng", "longitude", "longitud", "longitudine", "längengrad", "laengengrad"),
    *("经度", "經度", "経度"),
)
TOPICS = (
    *("gps", "coordinates", "coordinate", "coords", "geo", "geolocation", "latlng", "latlon", "latlong"),
    *("location", "maps", "standort", "ubicación", "localización", "localização", "emplacement", "posizione"),
    *("坐标", "座標", "经纬度", "經緯度", "緯度経度", "定位", "位置", "местоположение", "tọa độ", "พิกัด", "إحداثيات"),
)
STEMS = (
    *("широт", "долгот", "위도", "경도"),
    *("координат", "koordinat", "coordenada", "coordonnée", "coördina", "współrzędn", "좌표", "gps좌표", "위치"),
)
"""Words to which endings are joined: first those for one of a pair, then those for both."""
LONGITUDES = (*LONGITUDE_KEYS, "долгот", "경도")
KEYS = (*LATITUDE_KEYS, *LONGITUDES, "широт", "위도")
COMPASS = (
    *("北纬", "北緯", "南纬", "南緯", "东经", "東經", "東経", "西经", "西經", "西経", "북위", "남위", "동경", "서경"),
)  # fmt: skip
DEGREES = "°"
SURE, SWAPPED, WEAK = 0.9, 0.89, 0.4
"""In a list of pairs the latitude comes first: the second of one and the first of the next are no pair."""
MAX_GAP_CHARS, BEFORE_BYTES, AFTER_BYTES = 32, 96, 192

_NUMBER = r"[-+−]?[0-9]{1,3}(?:\.[0-9]{4,15}(?![0-9]|\.[0-9])|,[0-9]{4,15}(?![0-9]|[.,][0-9]))"
"""With a decimal point or, as in most of Europe, a comma; thousands have three digits after it."""
_KEY = (
    r"(?:latitude|lat|longitude|long|lon|lng|latitud|latitudine|longitud|longitudine|breitengrad|l(?:ä|ae)ngengrad"
    r"|[纬緯经經経]度|[北南][纬緯]|[东東西][经經経]|широт[а-я]{0,2}|долгот[а-я]{0,2}|(?:위|경)도[는은]?)\.?"
)
_IS = r"[\"'\])）】]{0,2}\s{0,2}(?:[:=：(\[（]|=>|is|of|de|ist|是|为|為|は|는){0,2}\s{0,2}[\"'(\[{（]{0,2}"
_NAMED = rf"[\"']?(?:{_KEY}{_IS})?"
_NEXT = r"[\"']?\s{0,4}(?:[,;，；、/&|]|%2C|and|und|et|[yeи](?=\s)|和)?\s{0,24}"
PAIR = re.compile(
    rf"(?P<one>[NSEW]?{_NUMBER}(?:\s?°)?(?:\s?[NSEW](?![A-Za-z]))?)"
    rf"{_NEXT}{_NAMED}"
    rf"(?P<two>[NSEW]?{_NUMBER}(?:\s?°)?(?:\s?[NSEW](?![A-Za-z]))?)(?![A-Za-z0-9_%])",
    re.IGNORECASE,
)
BORDER = re.compile(r"[\"'=<>{}\[\]&|\n\r\t]")
"""What stands between two numbers that are not in the same sentence, value or field."""
_OTHER = rf"[.\"']{{0,2}}\s?[,/&，、]?\s?(?:and\s|und\s|et\s|[yeи]\s)?[\"']?{_KEY}"
AFTER_KEY = re.compile(rf"[а-я는은]{{0,2}}\.?(?:{_OTHER})?{_IS}", re.IGNORECASE)
AFTER_TOPIC = re.compile(
    rf"(?:(?:[^0-9\n]|WGS[ -]?84){{0,{MAX_GAP_CHARS}}}?[^0-9A-Za-z.+-])?{_NAMED}(?=[NSEW]?{_NUMBER})", re.IGNORECASE
)
ONE_BEFORE = re.compile(rf"(?:{_KEY}{_IS})?{_NUMBER}(?:\s?°)?(?:\s?[NSEW])?{_NEXT}[\"']?\Z", re.IGNORECASE)
HAS_DECIMALS = re.compile(rb"[0-9][.,][0-9]{4}")

_MINUTES = r"[0-9]{1,2}(?:\.[0-9]{1,8})?\s?['′’‘分분]"
_SECONDS = r"[0-9]{1,2}(?:\.[0-9]{1,8})?\s?(?:[\"″”“秒초]|''|′′|’’)"
_ANGLE = rf"(?:[0-9]{{1,3}}\s?[°º度도]\s?{_MINUTES}(?:\s?{_SECONDS})?|[0-9]{{1,3}}\.[0-9]{{4,15}}\s?[°º度도])"
_BEFORE = r"(?:(?<![A-Za-z°º'′’\"″”“])[NSEW]|[北南][纬緯]|[东東西][经經経]|[북남]위|[동서]경)\s?"
_AFTER = r"\s?(?:[NSEWO](?![A-Za-z])|[сю]\.?\s?ш\.?|[вз]\.?\s?д\.?)"
_THEN = r"\s{0,2}(?:[,;，、/]|and|和)?\s{0,2}"
ANGLES = re.compile(
    rf"(?P<side>{_BEFORE})?(?P<one>{_ANGLE})(?(side)|(?P<side_after>{_AFTER})){_THEN}"
    rf"(?P<other>{_BEFORE})?(?P<two>{_ANGLE})(?(other)|(?P<other_after>{_AFTER}))"
)
ANGLE_START = re.compile(rf"(?:{_BEFORE})?(?<![0-9.])[0-9]{{1,3}}(?:\.[0-9]{{4,15}})?\s?\Z")
ANGLE_BEFORE = re.compile(rf"(?:{_BEFORE}{_ANGLE}|{_ANGLE}{_AFTER}){_THEN}\Z")
MINUTES_AFTER = re.compile(rb"\s?(?:[0-9]{1,2}[.'\xe2\xe5 ]|[NSEWO,\xe5\xe8\xeb\xec]|\xd1[\x81\x8e]|\xd0[\xb2\xb7])")
LATITUDES = frozenset("NS北南북남сю")


def find_decimals(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """Latitude and longitude (or the other way round) as decimals, after a word that says so."""
    if not HAS_DECIMALS.search(text, stop, stop + 3 * MAX_GAP_CHARS):
        return
    before, word, after = around(text, start, stop, BEFORE_BYTES, AFTER_BYTES)
    is_key = word.lower() in KEYS
    gap = (AFTER_KEY if is_key else AFTER_TOPIC).match(after)
    pair = PAIR.match(after, gap.end()) if gap else None
    if pair and _is_on_earth(pair["one"], pair["two"]) and not (is_key and _is_second(ONE_BEFORE, before)):
        score = SWAPPED if word.lower() in LONGITUDES else SURE
        is_split = BORDER.search(after, pair.end("one"), pair.start("two")) is not None
        for group in ("one", "two") if is_split else (0,):
            low = stop + len(after[: pair.start(group)].encode())
            yield Span(low, low + len(pair[group].encode()), score, "coordinates")


def _is_second(half: re.Pattern[str], before: str) -> bool:
    """Whether the half of a pair stands before, which is not the second of a pair itself."""
    first = half.search(before)
    return first is not None and half.search(before[: first.start()]) is None


def _is_on_earth(one: str, two: str) -> bool:
    """Whether one can be a latitude and the other a longitude; both next to 0 are coordinates of something else."""
    first, second = (float(re.sub(r"[^0-9.]", "", text.replace(",", "."))) for text in (one, two))
    return min(first, second) <= 90 and max(first, second) <= 180 and max(first, second) >= 2


def find_angles(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """Latitude and longitude in degrees with points of the compass, from a degree sign or a point of the compass on."""
    is_sign = text[start:stop] == DEGREES.encode()
    if is_sign and not MINUTES_AFTER.match(text, stop):
        return
    before, word, after = around(text, start, stop, BEFORE_BYTES, AFTER_BYTES)
    first = ANGLE_START.search(before[-MAX_GAP_CHARS:]) if is_sign else None
    if is_sign and first is None:
        return
    lead = first[0] if first else ""
    pair = ANGLES.match(lead + word + after)
    if pair is None or _is_second(ANGLE_BEFORE, before[: len(before) - len(lead)]):
        return
    sides = [(pair[name] or pair[f"{name}_after"]).strip()[0] for name in ("side", "other")]
    if (sides[0] in LATITUDES) != (sides[1] in LATITUDES):
        low = start - len(lead.encode())
        score = WEAK if not _is_exact(pair["one"]) else SURE if sides[0] in LATITUDES else SWAPPED
        yield Span(low, low + len(pair[0].encode()), score, "coordinates_compass")


def _is_exact(angle: str) -> bool:
    """Whether it has seconds, three decimals of a minute or four of a degree."""
    return re.search(r"[\"″”“秒초]|''|′′|’’|[0-9]\.[0-9]{3}", angle) is not None


RULES = (
    Rule("coordinates", marks.WORDS, find_decimals, LATITUDE_KEYS + LONGITUDE_KEYS + TOPICS),
    Rule("coordinates", marks.STARTS, find_decimals, STEMS),
    Rule("coordinates", marks.STARTS, find_angles, (*COMPASS, DEGREES)),
)
