"""The stage `pii`: personal data that can be told by its form is replaced by tags."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipeline.batch import Batch, Edits, apply_edits, utf8_buffers
from pipeline.errors import OptionError, did_you_mean
from pipeline.schema import option
from pipeline.stage import Stage, stage

from . import telephone

EMAIL, IP, CARD, PHONE = "email", "ip", "card", "phone"
KINDS = (EMAIL, IP, CARD, PHONE)
Span = tuple[int, int, str]
MAX_ROUNDS = 4
"""A tag changes what stands around its neighbours, so what was edited is looked at again until nothing is found;
almost always the second round finds nothing, and text made to go on for ever stops here."""


@stage("pii")
class Pii(Stage):
    """Replace e-mail addresses, IP addresses, card and telephone numbers by `<EMAIL>`, `<IP>`, `<CARD>`, `<PHONE>`.

    E-mail: not those of domains kept for examples or at home (RFC 2606, RFC 6762: `example.com`, `.test`,
    `.local` ...) nor `git@`. IP: only public addresses (as datatrove does), version 6 only of the allocated
    block 2000::/3; numbers that read as versions or sections stay (three parts below 20, or after such a word).
    Card: 13 to 19 digits with the prefix and length of an issuer and a correct check digit (Luhn). Telephone:
    as `phonenumbers` knows them, if written with `+`, with their country's grouping, as a mobile number of
    mainland China, or after a word such as `tel` or 电话.

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
        edits = self._edits(*batch.utf8())
        for _ in range(MAX_ROUNDS - 1):
            rows = np.unique(edits.rows)
            after = self._edits(*utf8_buffers(apply_edits(batch.column("text"), edits).take(pa.array(rows))))
            if not len(after.rows):
                break
            edits = merged(edits, Edits(rows[after.rows], after.starts, after.ends, after.replacements))
        batch.edit(edits.rows, edits.starts, edits.ends, edits.replacements)
        tags = np.array(edits.replacements, dtype=object)
        for kind in KINDS:
            counts = np.bincount(edits.rows[tags == tag_of(kind)], minlength=len(batch))
            batch.set(f"pii_n_{kind}", counts.astype(np.int32))

    def _edits(self, data: np.ndarray, offsets: np.ndarray) -> Edits:
        """What to replace in these documents, as they are now."""
        from .kernels import zones

        found = zones.find(data, offsets)
        borders = np.searchsorted(found[:, 0], np.arange(len(offsets)))
        spans: list[tuple[int, int, int, bytes]] = []
        for row in np.unique(found[:, 0]).tolist():
            text = data[offsets[row] : offsets[row + 1]].tobytes()
            places = found[borders[row] : borders[row + 1], 1:].tolist()
            for start, stop, kind in chosen(text, places, self.kinds, self.regions):
                spans.append((row, start, stop, tag_of(kind)))
        rows, starts, stops = (np.array([span[i] for span in spans], np.int64) for i in range(3))
        return Edits(rows, starts, stops, [span[3] for span in spans])


def tag_of(kind: str) -> bytes:
    """What stands in place of an address or number."""
    return f"<{kind.upper()}>".encode()


def merged(edits: Edits, after: Edits) -> Edits:
    """Edits of a text, and those found in what they make of it (none reaches into a tag), as edits of the text."""
    growth = np.cumsum([len(tag) for tag in edits.replacements] - (edits.ends - edits.starts))
    first = np.searchsorted(edits.rows, edits.rows)  # of the same row
    moved = growth - np.where(first > 0, growth[first - 1], 0)
    ends_after = edits.ends + moved
    spans = list(zip(edits.rows, edits.starts, edits.ends, edits.replacements, strict=True))
    for row, start, end, tag in zip(after.rows, after.starts, after.ends, after.replacements, strict=True):
        low, high = np.searchsorted(edits.rows, (row, row + 1))
        before = low + np.searchsorted(ends_after[low:high], start, side="right")
        shift = moved[before - 1] if before > low else 0
        spans.append((row, start - shift, end - shift, tag))
    spans.sort(key=lambda span: span[:2])
    rows, starts, ends = (np.array([span[i] for span in spans], np.int64) for i in range(3))
    return Edits(rows, starts, ends, [span[3] for span in spans])


def chosen(text: bytes, zones: list[list[int]], kinds: tuple[str, ...], regions: tuple[str, ...]) -> list[Span]:
    """Spans (start, stop, kind) to replace in one document, sorted; of two that overlap, the first in KINDS."""
    spans = sorted(set(_candidates(text, zones, kinds, regions)), key=lambda span: (span[0], KINDS.index(span[2])))
    taken: list[Span] = []
    last = 0
    for span in spans:
        if span[0] >= last:
            taken.append(span)
            last = span[1]
        elif KINDS.index(span[2]) < KINDS.index(taken[-1][2]):
            taken[-1] = span
            last = span[1]
    return taken


def _candidates(
    text: bytes, zones: list[list[int]], kinds: tuple[str, ...], regions: tuple[str, ...]
) -> Iterator[Span]:
    from .kernels.zones import AT, DIGITS

    email_end = 0
    for start, stop, zone, has_han in zones:
        if zone == AT and EMAIL in kinds:
            for span in _emails(text, start, email_end):
                email_end = span[1]
                yield span
        elif zone == DIGITS:
            groups = telephone.groups_of(text, start, stop)
            if IP in kinds:
                yield from _ipv4(text, start, stop)
            if CARD in kinds:
                yield from _cards(text, groups)
            if PHONE in kinds:
                yield from ((*place, PHONE) for place in telephone.find(text, groups, bool(has_han), regions))
        elif zone != AT and IP in kinds:
            yield from _ipv6(text, start, stop)


# E-mail

LOCAL = re.compile(rb"[A-Za-z0-9_](?:[A-Za-z0-9._%+'-]{0,62}[A-Za-z0-9_+-])?\Z")
DOMAIN = re.compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9_@(])")
FOR_EXAMPLES = re.compile(
    rb"(?:(?:.*\.)?example\.(?:com|net|org)|.*\.(?:example|test|invalid|local|localhost))\Z", re.IGNORECASE
)
FILE_ENDINGS = frozenset(
    b"png jpg jpeg gif svg webp css js json html txt yaml yml xml service socket timer target shape dtype".split()
)
"""What follows an `@` in names of files (`logo@2x.png`), units and code, and is no top-level domain."""
MAX_LOCAL, MAX_DOMAIN = 64, 254


def _emails(text: bytes, at: int, least: int) -> Iterator[Span]:
    """The address around an `@`, if there is one; it begins at `least`, where the one before ended, or later."""
    domain = DOMAIN.match(text, at + 1, at + 1 + MAX_DOMAIN)
    if domain is None or FOR_EXAMPLES.match(domain[0]) or domain[0].rpartition(b".")[2].lower() in FILE_ENDINGS:
        return
    first = at
    while first > max(least, at - MAX_LOCAL) and (text[first - 1 : first].isalnum() or text[first - 1] in b"._%+'-"):
        first -= 1
    while first < at and text[first] in b".%+'-":
        first += 1
    if LOCAL.match(text, first, at) and text[first:at] != b"git":
        yield first, domain.end(), EMAIL


# IP

IPV4 = re.compile(rb"(?<![\w.+])(?<![A-Za-z0-9]-)(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w]|\.[0-9A-Za-z]|-[A-Za-z])")
NUMBERED = re.compile(
    rb"(?:(?<![\w.])(?:v|ver|version|release|rev|revision|build|section|sect?|chapter|appendix|rfc|clause)\.?|"
    + "§|版本|版|第|章|节|節".encode()
    + rb")\s{0,3}[(\"'=:]?\s?\Z|[A-Za-z]/\Z",
    re.IGNORECASE,
)
VERSION_BELOW = 20
"""A number of which three parts are below this is read as a version; one address in 500 is."""
IN_ADDRESS = re.compile(rb"\w|" + telephone.TAG)
ALLOCATED = ipaddress.IPv6Network("2000::/3")


def _ipv4(text: bytes, start: int, stop: int) -> Iterator[Span]:
    for match in IPV4.finditer(text, start, min(stop + 3, len(text))):
        parts = [int(part) for part in match[0].split(b".")]
        before = text[max(0, match.start() - 16) : match.start()]
        if max(parts) > 255 or sorted(parts)[2] < VERSION_BELOW or NUMBERED.search(before) or _is_after_tag(before):
            continue
        address = ipaddress.IPv4Address(bytes(parts))
        if address.is_global and not address.is_multicast:
            yield match.start(), match.end(), IP


def _ipv6(text: bytes, start: int, stop: int) -> Iterator[Span]:
    before, after = text[max(0, start - telephone.NEAR_BYTES) : start], text[stop : stop + telephone.NEAR_BYTES]
    found = text[start : min(stop, start + 64)].rstrip(b".:")  # an address that ends in `::` is that of a network
    if len(found) > 45 or re.search(rb"[\w.]\Z", before) or IN_ADDRESS.match(after) or _is_after_tag(before):
        return
    try:
        address = ipaddress.IPv6Address(found.decode())
    except ipaddress.AddressValueError:
        return
    n_groups = sum(1 for group in found.split(b":") if group)
    if n_groups >= 3 and address in ALLOCATED and address.is_global:
        yield start, start + len(found), IP


def _is_after_tag(before: bytes) -> bool:
    """Whether what ends so ends in a tag: what stood there before it was replaced may have been a part of this."""
    return telephone.AFTER_TAG.search(before) is not None


# Cards

MAX_CARD_GROUPS, MIN_CARD_DIGITS, MAX_CARD_DIGITS = 5, 13, 19
ISSUERS = re.compile(
    r"4[0-9]{12}(?:[0-9]{3}){0,2}|(?:5[1-5]|2[3-6])[0-9]{14}|(?:222[1-9]|22[3-9][0-9]|27[01][0-9]|2720)[0-9]{12}"
    r"|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|35(?:2[89]|[3-8][0-9])[0-9]{12}"
    r"|6(?:011|4[4-9][0-9]|5[0-9]{2})[0-9]{12}|62[0-9]{14,17}"
)
"""Visa; Mastercard; American Express; Diners Club; JCB; Discover; UnionPay: prefixes and lengths (ISO/IEC 7812)."""


ROW_BEFORE, ROW_AFTER = re.compile(rb"(?<![\w:.-])[0-9]{4} \Z"), re.compile(rb" [0-9]{4}(?![\w:.-])")
"""Four more digits, so that a number in groups of four is one of many."""


AFTER_CARD = re.compile(rb"\w|[.-][0-9]|\xef\xbc[\x90-\x99]|[.-]?" + telephone.TAG)


def _cards(text: bytes, groups: telephone.Groups) -> Iterator[Span]:
    for place in range(len(groups.spans)):
        digits = ""
        for last in range(place, min(place + MAX_CARD_GROUPS, len(groups.spans))):
            digits += groups.digits[last]
            is_joined = last == place or groups.between[last - 1] in (b" ", b"-")
            if not is_joined or len(digits) > MAX_CARD_DIGITS:
                break
            if len(digits) >= MIN_CARD_DIGITS and _is_card(digits) and _is_whole(text, groups, place, last):
                yield groups.spans[place][0], groups.spans[last][1], CARD


def _is_card(digits: str) -> bool:
    return ISSUERS.fullmatch(digits) is not None and luhn(digits) and len(set(digits)) > 1


def _is_whole(text: bytes, groups: telephone.Groups, place: int, last: int) -> bool:
    """Whether the groups from `place` to `last` are not a part of something longer, such as a row of numbers."""
    start, stop = groups.spans[place][0], groups.spans[last][1]
    before, after = text[max(0, start - telephone.NEAR_BYTES) : start], text[stop : stop + telephone.NEAR_BYTES]
    if re.search(rb"(?:[\w.+/=-]|\xef\xbc[\x90-\x99])\Z", before) or AFTER_CARD.match(after):
        return False
    if _is_after_tag(before):
        return False
    is_row = ROW_BEFORE.search(before) is not None or ROW_AFTER.match(text, stop) is not None
    return last == place or not is_row


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0
