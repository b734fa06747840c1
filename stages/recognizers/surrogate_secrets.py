"""Surrogates of keys, credentials and wallets: what tells the kind stays, the secret does not.

Their alphabets and lengths are kept, their checksums are not: that of a GitHub token or a wallet does not hold, so that
it is nobody's. Each function takes a value and draws, and returns None if the value has not the form that it knows.
"""

from __future__ import annotations

import re
import string

from .secrets import HOOKS, STARTS
from .surrogate_shape import HEX, Draws, alike, in_case_of

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
"""BIP 173."""
BASE64 = string.ascii_letters + string.digits + "+/"
API_PREFIX = re.compile(
    rf"(?:https://)?(?:{'|'.join(map(re.escape, HOOKS))})/|{'|'.join(map(re.escape, sorted(STARTS, reverse=True)))}"
    r"|sk-|[a-z]{2}_(?:live|test)_|(?:AC|SK)(?=[0-9a-f]{32}\Z)"
)
"""How keys begin that the rules find, and how those of OpenAI, Stripe and Twilio do that they find by context."""
ARMOR = re.compile(
    r"(-----[A-Z0-9 ]{1,60}-----|\\[nrt]|Proc-Type: 4,ENCRYPTED|DEK-Info: [A-Z0-9-]{1,30},|[A-Za-z-]{1,30}: )"
)
"""What stays of a PEM block (RFC 7468, RFC 1421): its borders, escaped line ends, and names of headers."""
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://")
PERCENT = re.compile(r"(%[0-9A-Fa-f]{2})")


def api_key(value: str, draws: Draws) -> str | None:
    """What tells whose key it is stays, and of a JWT (RFC 7519) its header, which tells the algorithm."""
    parts = value.split(".")
    if len(parts) == 3 and value.startswith("eyJ"):
        return f"{parts[0]}.{_json(parts[1], draws)}.{alike(parts[2], draws)}"
    found = API_PREFIX.match(value)
    prefix = found[0] if found else ""
    secret = value[len(prefix) :]
    if re.fullmatch("[0-9a-f]{16,}|[0-9A-F]{16,}", secret):
        return prefix + in_case_of(draws.some(HEX, len(secret)), secret)
    if re.fullmatch("A[A-Z]{3}", prefix):  # base32 of RFC 4648
        return prefix + "".join(draws.one_of("234567") if one.isdecimal() else alike(one, draws) for one in secret)
    return prefix + alike(secret, draws)


def _json(part: str, draws: Draws) -> str:
    """Base64 of an object begins the same way."""
    kept = "eyJ" if part.startswith("eyJ") else ""
    return kept + alike(part[len(kept) :], draws)


def private_key(value: str, draws: Draws) -> str | None:
    """The same armor around other base64 of the same shape; comments and the like change by class."""
    parts = ARMOR.split(value)
    return "".join(part if place % 2 else _body(part, draws) for place, part in enumerate(parts))


def _body(part: str, draws: Draws) -> str:
    if not part.isascii():
        return alike(part, draws)
    return "".join(draws.one_of(BASE64) if one.isalnum() or one in "+/" else one for one in part)


def wallet(value: str, draws: Draws) -> str | None:
    """The same kind of address (its first characters) in the same alphabet."""
    if re.fullmatch("0x[0-9A-Fa-f]+", value):
        is_mixed = value[2:].lower() != value[2:] != value[2:].upper()
        letters = HEX + "ABCDEF" if is_mixed else in_case_of(HEX, value[2:])
        return "0x" + draws.some(letters, len(value) - 2)
    segwit = re.fullmatch("((?:bc|tb|ltc)1[a-z0-9])([a-z0-9]+)", value, re.IGNORECASE)
    if segwit:
        return segwit[1] + in_case_of(draws.some(BECH32, len(segwit[2])), value)
    if re.fullmatch(f"[{BASE58}]+", value):
        return value[0] + draws.some(BASE58, len(value) - 1)
    return None


def url_credentials(value: str, draws: Draws) -> str | None:
    """Scheme, host and escapes stay, if they are in the value; user and password do not."""
    scheme = SCHEME.match(value)
    begins = scheme[0] if scheme else ""
    secret, at, host = value[len(begins) :].rpartition("@") if scheme else (value, "", "")
    parts = PERCENT.split(secret)
    fake = "".join(part if place % 2 else alike(part, draws) for place, part in enumerate(parts))
    return begins + fake + at + host
