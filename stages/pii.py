"""The stage `pii`: personal data that can be told by its form is replaced by tags."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.errors import OptionError, did_you_mean
from pipeline.schema import option
from pipeline.stage import Stage, stage

from . import telephone

EMAIL, IP, CARD, PHONE = "email", "ip", "card", "phone"
KINDS = (EMAIL, IP, CARD, PHONE)
Span = tuple[int, int, str]


@stage("pii")
class Pii(Stage):
    """Replace e-mail addresses, IP addresses, card and telephone numbers by `<EMAIL>`, `<IP>`, `<CARD>`, `<PHONE>`.

    E-mail: not those of domains kept for examples (RFC 2606: `example.com`, `.test` ...) nor `git@`. IP: only public
    addresses (as datatrove does), version 6 only of the allocated block 2000::/3; numbers that read as versions or
    sections stay (three parts below 20, or after such a word). Card: 13 to 19 digits with the prefix and length of
    an issuer and a correct check digit (Luhn). Telephone: as `phonenumbers` knows them, if written with `+`, with
    their country's grouping, as a mobile number of mainland China, or after a word such as `tel` or 电话.

    What is published beside the text (id, origin, meta, excerpts of dropped documents) is scrubbed the same way.
    It drops nothing. Names and postal addresses stay: their form does not tell them.

    Signals: `pii_n_email`, `pii_n_ip`, `pii_n_card`, `pii_n_phone`, replacements of each kind.
    """

    kinds: tuple[str, ...] = option(KINDS, "what to replace", choices=KINDS)
    regions: tuple[str, ...] = option(
        ("CN", "DE", "FR", "GB", "IN", "JP", "KR", "US"), "countries (ISO 3166) of numbers without a country code"
    )

    edits_text = True
    scrubs = True
    libraries = ("phonenumbers",)

    def check(self) -> None:
        """Raises OptionError for a country that phonenumbers does not know."""
        import phonenumbers

        for region in self.regions:
            if region not in phonenumbers.SUPPORTED_REGIONS:
                hint = did_you_mean(region.upper(), phonenumbers.SUPPORTED_REGIONS) if len(region) == 2 else ""
                shown = hint if "did you mean" in hint else " (it takes codes such as CN, US)"
                raise OptionError("regions", f"pii option 'regions' has no country {region!r}{shown}")

    def adds(self) -> dict[str, pa.DataType]:
        return {f"pii_n_{kind}": pa.int32() for kind in KINDS}

    def apply(self, batch: Batch) -> None:
        from .kernels import zones

        data, offsets = batch.utf8()
        found = zones.find(data, offsets)
        spans: list[tuple[int, Span]] = []
        counts = {kind: np.zeros(len(batch), np.int32) for kind in KINDS}
        borders = np.searchsorted(found[:, 0], np.arange(len(batch) + 1))
        for row in np.unique(found[:, 0]).tolist():
            text = data[offsets[row] : offsets[row + 1]].tobytes()
            places = found[borders[row] : borders[row + 1], 1:].tolist()
            for span in chosen(text, places, self.kinds, self.regions):
                spans.append((row, span))
                counts[span[2]][row] += 1
        rows, starts, stops = (np.array(column, np.int64) for column in _columns(spans))
        batch.edit(rows, starts, stops, [f"<{kind.upper()}>".encode() for _, (_, _, kind) in spans])
        for kind, values in counts.items():
            batch.set(f"pii_n_{kind}", values)


def _columns(spans: list[tuple[int, Span]]) -> tuple[list[int], list[int], list[int]]:
    return [row for row, _ in spans], [start for _, (start, _, _) in spans], [stop for _, (_, stop, _) in spans]


def chosen(text: bytes, zones: list[list[int]], kinds: tuple[str, ...], regions: tuple[str, ...]) -> list[Span]:
    """Spans (start, stop, kind) to replace in one document, sorted; of two that overlap, the first in KINDS."""
    spans = [span for zone in zones for span in _in_zone(text, zone, regions) if span[2] in kinds]
    taken: list[Span] = []
    last = 0
    for span in sorted(set(spans), key=lambda span: (span[0], KINDS.index(span[2]))):
        if span[0] >= last:
            taken.append(span)
            last = span[1]
        elif KINDS.index(span[2]) < KINDS.index(taken[-1][2]) and (len(taken) < 2 or taken[-2][1] <= span[0]):
            taken[-1] = span
            last = span[1]
    return taken


def _in_zone(text: bytes, zone: list[int], regions: tuple[str, ...]) -> Iterator[Span]:
    from .kernels.zones import AT, DIGITS

    start, stop, kind = zone
    if kind == AT:
        yield from _emails(text, start)
    elif kind == DIGITS:
        yield from _ipv4(text, start, stop)
        yield from _cards(text, start, stop)
        for first, last in telephone.find(text, start, stop, regions):
            yield first, last, PHONE
    else:
        yield from _ipv6(text, start, stop)


# E-mail

LOCAL = re.compile(rb"[A-Za-z0-9_](?:[A-Za-z0-9._%+'-]{0,62}[A-Za-z0-9_+-])?\Z")
DOMAIN = re.compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9_@])")
FOR_EXAMPLES = re.compile(
    rb"(?:(?:.*\.)?example\.(?:com|net|org)|.*\.(?:example|test|invalid|localhost))\Z", re.IGNORECASE
)
FILE_ENDINGS = frozenset(b"png jpg jpeg gif svg webp css js json html txt yaml yml xml shape dtype".split())
"""What follows an `@` in names of files (`logo@2x.png`) and code, and is no top-level domain."""
MAX_LOCAL, MAX_DOMAIN = 64, 254


def _emails(text: bytes, at: int) -> Iterator[Span]:
    domain = DOMAIN.match(text, at + 1, at + 1 + MAX_DOMAIN)
    if domain is None or FOR_EXAMPLES.match(domain[0]) or domain[0].rpartition(b".")[2].lower() in FILE_ENDINGS:
        return
    first = at
    while first > max(0, at - MAX_LOCAL) and (text[first - 1 : first].isalnum() or text[first - 1] in b"._%+'-"):
        first -= 1
    while first < at and text[first] in b".%+'-":
        first += 1
    if LOCAL.match(text, first, at) and text[first:at] != b"git":
        yield first, domain.end(), EMAIL


# IP

IPV4 = re.compile(rb"(?<![\w.+])(?<![A-Za-z0-9]-)(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w]|\.[0-9A-Za-z]|-[A-Za-z])")
NUMBERED = re.compile(
    rb"(?:\b(?:v|ver|version|release|rev|revision|build|section|sect?|chapter|appendix|rfc|clause)\.?|"
    + "§|版本|版|第|章|节|節".encode()
    + rb"|[A-Za-z]/)\s{0,3}[(\"'=:]?\s?\Z",
    re.IGNORECASE,
)
VERSION_BELOW = 20
"""A number of which three parts are below this is read as a version; one address in 500 is."""
ALLOCATED = ipaddress.IPv6Network("2000::/3")


def _ipv4(text: bytes, start: int, stop: int) -> Iterator[Span]:
    for match in IPV4.finditer(text[: stop + 3], max(0, start)):
        if match.start() >= stop:
            return
        parts = [int(part) for part in match[0].split(b".")]
        if (
            max(parts) > 255
            or sorted(parts)[2] < VERSION_BELOW
            or NUMBERED.search(text[max(0, match.start() - 16) : match.start()])
        ):
            continue
        if ipaddress.IPv4Address(bytes(parts)).is_global:
            yield match.start(), match.end(), IP


def _ipv6(text: bytes, start: int, stop: int) -> Iterator[Span]:
    before, after = text[max(0, start - 1) : start], text[stop : stop + 1]
    found = text[start:stop].rstrip(b".:")  # an address that ends in `::` is that of a network
    if len(found) > 45 or before.isalnum() or before in (b"_", b".") or (after.isalnum() or after == b"_"):
        return
    try:
        address = ipaddress.IPv6Address(found.decode())
    except ipaddress.AddressValueError:
        return
    n_groups = sum(
        1 for group in found.split(b":") if group
    )  # `2001::` is more often the end of a sentence in a listing
    if n_groups >= 3 and address in ALLOCATED and address.is_global:
        yield start, start + len(found), IP


# Cards

MAX_CARD_GROUPS, MIN_CARD_DIGITS, MAX_CARD_DIGITS = 5, 13, 19
ISSUERS = re.compile(
    r"4[0-9]{12}(?:[0-9]{3}){0,2}|(?:5[1-5]|2[3-6])[0-9]{14}|(?:222[1-9]|22[3-9][0-9]|27[01][0-9]|2720)[0-9]{12}"
    r"|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|35(?:2[89]|[3-8][0-9])[0-9]{12}"
    r"|6(?:011|4[4-9][0-9]|5[0-9]{2})[0-9]{12}|62[0-9]{14,17}"
)
"""Visa; Mastercard; American Express; Diners Club; JCB; Discover; UnionPay: prefixes and lengths (ISO/IEC 7812)."""


def _cards(text: bytes, start: int, stop: int) -> Iterator[Span]:
    groups = [match.span() for match in telephone.GROUP.finditer(text, start, stop)]
    for place in range(len(groups)):
        digits = ""
        for last in range(place, min(place + MAX_CARD_GROUPS, len(groups))):
            if last > place and text[groups[last - 1][1] : groups[last][0]] not in (b" ", b"-"):
                break
            digits += text[slice(*groups[last])].decode().translate(telephone.WIDE)
            if len(digits) > MAX_CARD_DIGITS:
                break
            if len(digits) >= MIN_CARD_DIGITS and _is_card(text, groups[place][0], groups[last][1], digits):
                yield groups[place][0], groups[last][1], CARD


def _is_card(text: bytes, start: int, stop: int, digits: str) -> bool:
    if not (ISSUERS.fullmatch(digits) and luhn(digits) and len(set(digits)) > 1):
        return False
    before, after = text[max(0, start - 3) : start], text[stop : stop + 3]
    is_part = re.search(rb"(?:[\w.+/=-]|\xef\xbc[\x90-\x99])\Z", before) or re.match(rb"\w|[.-][0-9]", after)
    return not is_part and not telephone.GROUP.match(after)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0
