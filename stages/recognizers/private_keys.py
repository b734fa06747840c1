"""Private keys in PEM blocks (RFC 7468, RFC 4880), also on one line with `\\n` in place of ends of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import marks
from .rule import Rule, Settings, Span

MAX_BYTES, MIN_KEY_BYTES = 16_384, 40
WORDS = ("-----BEGIN",)
LABEL = re.compile(rb" (?P<label>(?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?)-----")
_END = re.compile(rb"END [A-Z0-9 ]{0,48}-----")
_LINE = re.compile(rb"[A-Za-z0-9+/=]{16,}")
_LINES = re.compile(
    rb"(?:(?:[\s\"',+>|#*=]|\\[nrt])*+[A-Za-z0-9+/]{16,}+={0,2})++(?:(?:\s|\\[nr])*+[A-Za-z0-9+/]{1,15}+={1,2})?"
)
_HEADERS = re.compile(rb"(?:(?:\s|\\[nr])*+[A-Z][A-Za-z-]{2,24}: [^\n\\]{0,128})*+")


def find(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """The whole block; what of it is there, if its end is missing. Public keys and certificates are none."""
    label = LABEL.match(text, stop)
    if not label:
        return
    body = label.end()
    end = text.find(b"-----", body, body + MAX_BYTES)
    closing = _END.match(text, end + 5) if end >= 0 else None
    if closing:
        if sum(map(len, _LINE.findall(text, body, end))) >= MIN_KEY_BYTES:
            yield Span(start, closing.end(), 1.0, "private_key")
        return
    headers = _HEADERS.match(text, body, body + MAX_BYTES)
    assert headers is not None  # it may be empty
    lines = _LINES.match(text, headers.end(), body + MAX_BYTES)
    if lines and len(lines[0]) >= MIN_KEY_BYTES:
        yield Span(start, lines.end(), 0.95, "private_key_cut")


RULES = (Rule("private_key", marks.WORDS, find, WORDS),)
