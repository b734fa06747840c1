"""Keys and tokens of services: by the prefixes of their issuers, or after words that say what they are."""

from __future__ import annotations

import base64
import binascii
import itertools
import json
import re
from collections.abc import Iterator

from . import marks
from .rule import Rule, Settings, Span

MIN_DISTINCT, MAX_STEPS = 8, 5
PLACEHOLDER = re.compile(
    rb"example|your|placeholder|dummy|sample|redacted|changeme|insert|xxxx|fake|foobar", re.IGNORECASE
)


def is_random(key: bytes) -> bool:
    """Whether a key looks drawn by chance, unlike the ones made up for documentation: many distinct characters, no
    six that are equal or count up, and no word such as `EXAMPLE`."""
    if len(set(key)) < MIN_DISTINCT or PLACEHOLDER.search(key):
        return False
    n_steps = 0
    for before, after in itertools.pairwise(key):
        n_steps = n_steps + 1 if after - before in (0, 1) else 0
        if n_steps >= MAX_STEPS:
            return False
    return True


# By prefix

ISSUED = {
    "aws": rb"A(?:KIA|SIA)(?P<aws>[A-Z0-9]{16})",
    "github": rb"gh[oprsu]_(?P<github>[A-Za-z0-9]{36,251})",
    "github_fine": rb"github_pat_(?P<github_fine>[A-Za-z0-9]{22}_[A-Za-z0-9]{59})",
    "gitlab": rb"gl(?:pat|dt|rt|soat|cbt|ptt)-(?P<gitlab>[\w-]{20,64}(?:\.[\w-]{2,64}){0,2})",
    "slack": rb"x(?:ox[abeoprs]|app)-(?P<slack>[A-Za-z0-9-]{10,250})",
    "google": rb"AIza(?P<google>[\w-]{35})",
    "google_secret": rb"GOCSPX-(?P<google_secret>[\w-]{28})",
    "google_token": rb"ya29\.(?P<google_token>[\w-]{20,1024})",
    "stripe": rb"(?:[rs]k_live|whsec)_(?P<stripe>[A-Za-z0-9+/]{24,247})",
    "anthropic": rb"sk-ant-(?P<anthropic>[\w-]{20,250})",
    "openai": rb"sk-(?:proj|svcacct|admin)-(?P<openai>[\w-]{20,250})",
    "openrouter": rb"sk-or-v1-(?P<openrouter>[0-9a-f]{64})",
    "hugging_face": rb"hf_(?P<hugging_face>[A-Za-z0-9]{34})",
    "npm": rb"npm_(?P<npm>[A-Za-z0-9]{36})",
    "pypi": rb"pypi-(?P<pypi>AgE[\w-]{50,1024})",
    "sendgrid": rb"SG\.(?P<sendgrid>[\w-]{22}\.[\w-]{43})",
    "shopify": rb"shp(?:at|ca|pa|ss)_(?P<shopify>[0-9a-fA-F]{32})",
    "digitalocean": rb"do[opr]_v1_(?P<digitalocean>[0-9a-f]{64})",
}
"""Patterns of keys by issuer; the group is what is drawn by chance. Lengths and prefixes as the issuers document them,
and as the scanners gitleaks and detect-secrets know them."""
STARTS = (
    "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "glrt-", "glsoat-",
    "glcbt-", "glptt-", "xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-", "AIza", "GOCSPX-",
    "ya29.", "sk_live_", "rk_live_", "whsec_", "sk-ant-", "sk-proj-", "sk-svcacct-", "sk-admin-", "sk-or-v1-", "hf_",
    "npm_", "pypi-", "SG.", "shpat_", "shpca_", "shppa_", "shpss_", "dop_v1_", "doo_v1_", "dor_v1_", "eyJ",
)  # fmt: skip
_FORMS = re.compile(rb"(?:%b)(?![A-Za-z0-9_])" % b"|".join(ISSUED.values()))
_OF_JWT_IO = re.compile(rb"\.eyJzdWIiOiIxMjM0NTY3ODkw")
"""How the example of jwt.io goes on after its header: with the subject 1234567890."""
_TOKEN = re.compile(
    rb"(?P<header>eyJ[A-Za-z0-9_-]{10,1024}+)\.[A-Za-z0-9_-]{4,4096}+\.[A-Za-z0-9_-]{16,1024}+(?![A-Za-z0-9_-])"
)


def find_issued(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """Keys that begin as their issuer has them begin, and JSON Web Tokens (RFC 7519)."""
    match = _FORMS.match(text, start)
    if match and match.lastgroup and is_random(match[match.lastgroup]):
        yield Span(start, match.end(), 1.0, f"key_{match.lastgroup}")
    token = _TOKEN.match(text, start) if not match else None
    if token and _is_header(token["header"]) and not _OF_JWT_IO.search(token[0]):
        yield Span(start, token.end(), 0.95, "key_jwt")


def _is_header(part: bytes) -> bool:
    """Whether this is the header of a JSON Web Token: JSON with an algorithm, in base64url without padding."""
    try:
        header = json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    return isinstance(header, dict) and "alg" in header


# In context

NAMES = (
    "api_key", "api-key", "apikey", "api key", "api_token", "api token", "api_secret", "access_token", "accesstoken",
    "access token", "access-token", "access_key", "access key", "auth_token", "authtoken", "auth token", "secret_key",
    "secretkey", "secret key", "secret_access_key", "secretaccesskey", "aws_secret_access_key", "client_secret",
    "clientsecret", "client secret", "app_secret", "appsecret", "refresh_token", "accountkey", "bot token", "_token",
    "-token", "_secret", "-secret", "private_key", "app_key", "appkey", "session_key", "signing_key", "account_key",
    "storage_key", "encryption_key", "service_key", "密钥", "密鑰", "令牌", "apiキー", "api 키",
)  # fmt: skip
BEARER = ("bearer", "authorization: token")
HOOKS = ("hooks.slack.com/services", "discord.com/api/webhooks", "discordapp.com/api/webhooks")
_JOINT = rb"[\"'\]`*]{0,2}\s{0,3}(?::=|=>|[=:>]|\xef\xbc\x9a|is\s|are\s|\xe4\xb8\xba|\xe6\x98\xaf)\s{0,3}[\"'`]{0,3}"
"""Between a name and its value: `: "`, ` = `, `] = '`, 为 or 是."""
_AFTER_NAME = re.compile(_JOINT)
_NO_KEY = re.compile(rb"(?:[cx]srf|page|authenticity|verification)[_-]?\Z", re.IGNORECASE)
"""Before `token`: what a form or the next page has, which opens nothing."""
_NAME_BEFORE = re.compile(
    rb"(?:(?:api|access|secret|auth|private|client|app|session|signing|account|storage|refresh|bot|encryption|service)[_.-]?"
    rb"(?:key|token|secret)|token|secret|\xe5\xaf\x86\xe9\x92\xa5|\xe4\xbb\xa4\xe7\x89\x8c)" + _JOINT + rb"\Z",
    re.IGNORECASE,
)
_VALUE = re.compile(rb"[A-Za-z0-9_+/-]{16,200}+={0,2}(?![A-Za-z0-9_(\[.:])")
_BEARER_VALUE = re.compile(rb"[ \t]{1,3}(?P<value>[A-Za-z0-9._~+/-]{20,4096}+={0,2})")
_HOOK = re.compile(
    rb"/(?:T[A-Z0-9]{6,14}/B[A-Z0-9]{6,14}/[A-Za-z0-9]{20,30}|[0-9]{16,20}/[A-Za-z0-9_-]{60,80})(?![A-Za-z0-9_-])"
)
_OF_VALUES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/-"
_OLD_OPENAI, _OF_TWILIO = re.compile(rb"(?:\A|[^A-Za-z0-9_])sk-\Z"), re.compile(rb"SK[0-9a-f]{32}")
NAME_BYTES, VALUE_BYTES, MIN_CHANGES = 40, 200, 2


def find_in_run(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """Values of which a long run is a part, after a name that ends in `api_key`, `secret`, `token` and the like."""
    length, before = stop - start, text[max(0, start - 4) : start]
    if length == 48 and _OLD_OPENAI.search(before) and is_random(text[start:stop]):
        yield Span(start - 3, stop, 0.95, "key_openai")
    if length == 34 and _OF_TWILIO.match(text, start) and before[-1:] != b"_" and is_random(text[start:stop]):
        yield Span(start, stop, 0.9, "key_twilio")
    if start == 0 or text[start - 1] not in b"\"'`=:> _+/-\t\x9a\xba\xaf":
        return
    before = text[max(0, start - VALUE_BYTES) : start]
    first = start - (len(before) - len(before.rstrip(_OF_VALUES)))
    name = _NAME_BEFORE.search(text, max(0, first - NAME_BYTES), first)
    if name and not _NO_KEY.search(text, max(0, name.start() - 16), name.start()):
        yield from _value_at(text, first)


def find_named(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """The value after the name of a key."""
    joint = _AFTER_NAME.match(text, stop)
    if joint and not _NO_KEY.search(text, max(0, start - 16), start):
        yield from _value_at(text, joint.end())


def _value_at(text: bytes, start: int) -> Iterator[Span]:
    value = _VALUE.match(text, start)
    if value and _is_mixed(value[0]) and is_random(value[0]):
        yield Span(start, value.end(), 0.9, "key_named")


def _is_mixed(value: bytes) -> bool:
    """Whether digits and letters take turns as they do in keys and do not in names and paths."""
    return len(re.findall(rb"(?<=[A-Za-z])[0-9]|(?<=[0-9])[A-Za-z]", value)) >= MIN_CHANGES


def find_bearer(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """The token of an HTTP header (RFC 6750)."""
    match = _BEARER_VALUE.match(text, stop)
    if match and _is_mixed(match["value"]) and is_random(match["value"]) and not _OF_JWT_IO.search(match["value"]):
        value = match["value"].rstrip(b".")
        yield Span(match.start("value"), match.start("value") + len(value), 0.9, "key_bearer")


def find_hook(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """Addresses that let who knows them write to a chat: of Slack and Discord."""
    match = _HOOK.match(text, stop)
    if match and is_random(match[0].rpartition(b"/")[2]):
        first = start - len(b"https://") if text[max(0, start - 8) : start] == b"https://" else start
        yield Span(first, match.end(), 0.95, "key_hook")


RULES = (
    Rule("api_key", marks.STARTS, find_issued, STARTS),
    Rule("api_key", marks.RUN, find_in_run),
    Rule("api_key", marks.ENDS, find_named, NAMES),
    Rule("api_key", marks.WORDS, find_bearer, BEARER),
    Rule("api_key", marks.WORDS, find_hook, HOOKS),
)
