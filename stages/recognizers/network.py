"""Addresses of hosts and devices, and the names and passwords in URLs."""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Iterator

from . import marks
from .rule import Rule, Settings, Span

NEAR_BYTES = 64

# IP

IPV4 = re.compile(
    rb"(?<![\w.+])(?<![A-Za-z0-9]-)(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w]|\.[0-9A-Za-z]|-[A-Za-z]|[-+~][0-9]{0,3}[A-Za-z])"
)
_SOFTWARE = (
    "player|chrom(?:e|ium)|firefox|safari|opera|explorer|flash|java|j[dr][ek]|acrobat|reader|skype|drivers?|sdk|plugins?|"
    "package|patch|hotfix|update"
)
_OTHERS = "(?:[0-9][0-9.]{2,15}[\\s,\"']{0,3}(?:and|or|to|through|-|&|和|至|到|、)?\\s?[\"']?){0,2}"
NUMBERED = re.compile(
    (
        "(?:(?:version|release|revision|firmware|(?-i:(?<=[a-z])Ver)"
        f"|(?<![A-Za-z0-9.])(?:v|vers?|rev|build|sect?|section|chapter|appendix|rfc|clause|{_SOFTWARE}))s?\\.?"
        "|§|版本|版|固件|第|章|节|節|软件包|軟件包|浏览器|瀏覽器|播放器|驱动|驅動|补丁|補丁)"
        "(?:[ _-]?(?:numbers?|no\\.?|string|str|info|code|name|tag|is)|号|號|为|為|是){0,2}"
        f"(?:[\\s:=>(\\[\"',~^]|（|：|<[a-z]{{1,6}}>){{0,6}}{_OTHERS}\\Z|[A-Za-z]/\\Z"
    ).encode(),
    re.IGNORECASE,
)
"""Words of versions, also as the end of names such as `FileVersion`, and of parts of documents; names of software."""
UPDATED = re.compile(
    (
        "(?:(?:up|down)(?:grad|dat)(?:e|ed|ing|es)? (?:from|to)"
        "|(?:升级|升級|更新|降级|回退)(?:到|至|为|為|成)?|(?:升|降)(?:到|至))"
        f"(?:[\\s:\"']|：){{0,3}}{_OTHERS}\\Z|[A-Za-z0-9_\\]]==\\Z|[<>~]=[\\s\"']{{0,2}}\\Z"
    ).encode(),
    re.IGNORECASE,
)
"""The same, if nothing there is said to be an address."""
OF_HOST = re.compile(
    rb"(?<![A-Za-z])(?:ips?|ipv4|addr|address|hosts?|hostname|server|dns|record|gateway|proxy|endpoint)(?![A-Za-z])|"
    + "地址|服务器|伺服器|主机|主機|网关|網關|解析".encode(),
    re.IGNORECASE,
)
NUMBERED_AFTER = re.compile(
    "[\"']?\\s?(?:版(?!权|權)|(?:升级|升級)[到至为為]|(?:version|release|build|firmware)s?\\b)".encode(), re.IGNORECASE
)
HOST_BEFORE = re.compile(
    rb"(?:(?<![A-Za-z])(?:ips?|ipv4|address|addr|hosts?|hostname|servers?|ping|ssh|dns|nameserver|gateway|inet|subnet)|"
    + "地址|服务器|伺服器|主机|主機|网关".encode()
    + rb")[\"']?(?::|=|\xef\xbc\x9a|is|\xe6\x98\xaf|[\s(\"']){0,4}\Z|[a-z]://\Z",
    re.IGNORECASE,
)
VERSION_BELOW = 20
"""A number of which three parts are below this is read as a version; one address in 500 is."""
COUNTED = b"123456789012345 98765432109876"
"""Addresses that only count, such as 12.34.56.78, and those of four equal parts, such as 8.8.8.8, are examples or
services that all know."""
ALLOCATED = ipaddress.IPv6Network("2000::/3")
MAX_IPV6_CHARS, MIN_LONG_CHARS = 45, 30
"""The longest address there is; one so long is taken for nothing else, even of a block that is not given out."""
PART_BEFORE, PART_AFTER = re.compile(rb"[\w.]\Z"), re.compile(rb"\w")


def find_ipv4(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """IP addresses of version 4 in a mark of digits."""
    if text.count(b".", start, stop) < 3:
        return
    for match in IPV4.finditer(text, start, min(stop + 3, len(text))):
        parts = [int(part) for part in match[0].split(b".")]
        before = text[max(0, match.start() - NEAR_BYTES) : match.start()]
        if max(parts) > 255 or not _is_wanted(ipaddress.IPv4Address(bytes(parts)), settings):
            continue
        if NUMBERED.search(before) or NUMBERED_AFTER.match(text, match.end(), match.end() + 16):
            continue
        if UPDATED.search(before) and not OF_HOST.search(before):
            continue
        if len(set(parts)) == 1 or match[0].replace(b".", b"") in COUNTED:
            continue
        if sorted(parts)[2] >= VERSION_BELOW or HOST_BEFORE.search(before):
            yield Span(match.start(), match.end(), 0.85, "ipv4")


def find_ipv6(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """IP addresses of version 6; short ones are taken for other things, such as names in C++."""
    found = text[start : min(stop, start + MAX_IPV6_CHARS + 19)].rstrip(b".:")
    if len(found) > MAX_IPV6_CHARS or _is_part(text, start, stop):
        return  # an address that ends in `::` is that of a network
    try:
        address = ipaddress.IPv6Address(found.decode())
    except ipaddress.AddressValueError:
        return
    n_groups = sum(1 for group in found.split(b":") if group)
    is_usual = address in ALLOCATED or len(found) >= MIN_LONG_CHARS or (address.is_private and not address.is_global)
    if n_groups >= 2 + (address in ALLOCATED) and is_usual and _is_wanted(address, settings):
        yield Span(start, start + len(found), 0.85, "ipv6")


def _is_wanted(address: ipaddress.IPv4Address | ipaddress.IPv6Address, settings: Settings) -> bool:
    """Whether it is the address of a host: one that all the world can reach, or any if the settings say so."""
    if address.is_multicast or address.is_unspecified or address.is_loopback:
        return False
    is_mask = isinstance(address, ipaddress.IPv4Address) and (address.packed[0] in (0, 255) or address.is_reserved)
    return address.is_global or (settings.all_ips and not is_mask)


def _is_part(text: bytes, start: int, stop: int) -> bool:
    """Whether a run of hexadecimal digits and colons goes on as something else."""
    return PART_BEFORE.search(text, max(0, start - 1), start) is not None or PART_AFTER.match(text, stop) is not None


# MAC

MAC = re.compile(
    rb"[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:\.[0-9A-Fa-f]{4}){2})"
)
OTHER_MAC = re.compile(
    rb"[^0-9\n]{0,24}?(?<![\w.-])(?P<mac>(?=[0-9.]{0,13}[A-Fa-f])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}|"
    rb"(?=[0-9]{0,11}[A-Fa-f])(?=[A-Fa-f]{0,11}[0-9])[0-9A-Fa-f]{12})(?![\w.-])"
)
MAC_WORDS = ("mac", "hwaddr", "bssid", "mac地址", "物理地址", "网卡", "網卡")
MAC_BEFORE = re.compile(b"(?:" + "|".join(MAC_WORDS).encode() + rb"|ether|eth[0-9])[^\n]{0,16}\Z", re.IGNORECASE)


def find_mac(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """Addresses of network devices (EUI-48) in six pairs or three groups.

    Pairs of digits alone are times, if no word says otherwise; groups of digits alone versions, of letters alone words.
    """
    found = text[start:stop].rstrip(b".:")
    if not MAC.fullmatch(found):
        return
    if _is_part(text, start, stop) or not is_device(found):
        return
    is_named = MAC_BEFORE.search(text, max(0, start - NEAR_BYTES), start) is not None
    has_letters = re.search(rb"[A-Fa-f]", found) is not None
    if (has_letters and re.search(rb"[0-9]", found)) if found[4:5] == b"." else (has_letters or is_named):
        yield Span(start, start + len(found), 0.85 + 0.05 * is_named, "mac")


def find_named_mac(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """Addresses of network devices without pairs, after a word that says so."""
    match = OTHER_MAC.match(text, stop, stop + 48)
    if match and is_device(match["mac"]):
        yield Span(*match.span("mac"), 0.9, "mac_named")


def is_device(found: bytes) -> bool:
    """Whether an EUI-48 may be that of one device: not of a group, nor one that is written as an example.

    Examples: 00-00-5E-00-53-00 to -FF (RFC 9542), and those whose last five bytes go up by the same step.
    """
    value = bytes.fromhex(re.sub(rb"[^0-9A-Fa-f]", b"", found).decode())
    steps = {(b - a) % 256 for a, b in itertools.pairwise(value[1:])}
    return not value[0] & 1 and len(steps) > 1 and len(set(value)) > 2 and value[:5] != b"\0\0\x5e\0\x53"


# Names and passwords in URLs

SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{0,23}\Z")
USERINFO = re.compile(rb"(?P<user>[!#-&(-.0-;=?-_a-~]{0,128}?):(?P<password>[!#-&(-.0-;=?-_a-~]{3,192})")
"""Printable ASCII without quotes, slashes and angles."""
HOST = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?(?![@\w])")
PORT_AND_QUERY = re.compile(rb"[0-9]{1,5}[?#]")
MAX_USERINFO = 322
PLACEHOLDER = re.compile(
    rb"\*+|\.+|-+|[xX]+|(?-i:(?:\$[A-Z_][A-Z0-9_]*)+|\$[a-z_][A-Za-z_]*[0-9]?)|%(?:\w{2,}%|[sdv]|\(\w+\)s)|"
    rb"(?:.*[#$%@])?\{.*\}|\$\(.*|.*\{[A-Za-z_][\w.:-]*\}.*|\[.*\]|\(.*\)|"
    rb"(?:my|your|the|db|some|user|root|admin|test|super|top|proxy|git|our|a)*"
    rb"(?:pass|passwo?r?d|passphrase|pwd|psw|pw|secret|token|key|apikey|credentials?)(?:word)?(?:here|goeshere|1|12|123|1234)?|"
    rb"123|1234|12345|123456|abc|foo|bar|baz|qux|guest|admin|root|test|testing|changeme|example|redacted|hidden|removed|"
    rb"x-oauth-basic|port|postgres|mysql",
    re.IGNORECASE | re.DOTALL,
)
"""Variables and templates, such as `$PASSWORD`, `%PASSWORD%`, `{password}`; words that stand for a password."""


def find_credentials(text: bytes, start: int, stop: int, settings: Settings) -> Iterator[Span]:
    """Name and password of a URL (RFC 3986, 3.2.1) before an `@`; the span is that of both."""
    slashes = text.rfind(b"://", max(0, start - MAX_USERINFO - 3), start)
    if slashes < 0:
        return
    start -= text[start - 1 : start] == b"\\"  # as Perl has it before an `@` in strings
    match = USERINFO.fullmatch(text, slashes + 3, start)
    if (
        match is None
        or not HOST.match(text, stop, stop + 256)
        or not SCHEME.search(text, max(0, slashes - 24), slashes)
    ):
        return
    user, password = match["user"], match["password"]
    if not PORT_AND_QUERY.match(password) and not is_placeholder(user, password):
        yield Span(slashes + 3, start, 0.96, "url_credentials")


def is_placeholder(user: bytes, password: bytes) -> bool:
    """Whether a password only shows where one would be written."""
    plain = re.sub(rb"[-_ .!]", b"", password)
    is_template = user[:1] in b"$%{[" and user != b""
    return is_template or user.lower() == password.lower() or any(map(PLACEHOLDER.fullmatch, (password, plain)))


RULES = (
    Rule("ip", marks.DIGITS, find_ipv4),
    Rule("ip", marks.COLONS, find_ipv6),
    Rule("mac", marks.COLONS, find_mac),
    Rule("mac", marks.PAIRS, find_mac),
    Rule("mac", marks.WORDS, find_named_mac, MAC_WORDS),
    Rule("url_credentials", marks.AT, find_credentials),
)
