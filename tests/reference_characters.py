"""The slow truth about characters and compression, written from the definitions and not from the kernels."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable

from datatrove.utils.text import TERMINAL_PUNCTUATION

QUOTES = set("\"'‚„「」『』｢｣﹁﹂﹃﹄〝〞〟＂＇")
CJK_NAMES = ("HIRAGANA", "HENTAIGANA", "KATAKANA", "HALFWIDTH KATAKANA", "BOPOMOFO", "HANGUL", "HALFWIDTH HANGUL")
HAN_NAMES = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "IDEOGRAPHIC")


def kind(character: str) -> str:
    """`space`, `mark`, or the first letter of the category, with 〇 as a letter."""
    if character.isspace():
        return "space"
    if character in "\xad\u200c\u200d":
        return "M"
    return "L" if character == "〇" else unicodedata.category(character)[0]


def punctuation(character: str) -> str:
    """The family of a punctuation character."""
    name, category = unicodedata.name(character), unicodedata.category(character)
    if "QUESTION" in name or "INTERROBANG" in name:
        return "question"
    if "EXCLAMATION" in name:
        return "exclamation"
    if character in TERMINAL_PUNCTUATION:
        return "stop"
    if "COMMA" in name or "COLON" in name:
        return "comma"
    if character in QUOTES or category in ("Pi", "Pf"):
        return "quote"
    if category in ("Ps", "Pe"):
        return "bracket"
    return "dash" if category == "Pd" else "other"


def is_han(character: str) -> bool:
    """A Han letter."""
    return kind(character) == "L" and unicodedata.name(character, "").startswith(HAN_NAMES)


def is_cjk(character: str) -> bool:
    """A letter of Han, kana, bopomofo or Hangul."""
    named = unicodedata.name(character, "").startswith(CJK_NAMES)
    return is_han(character) or (kind(character) == "L" and named)


def entropy(items: Iterable[str]) -> float:
    """Shannon's entropy in ten-thousandths of a bit."""
    counts = Counter(items)
    total = sum(counts.values())
    return -10_000 * sum(count / total * math.log2(count / total) for count in counts.values())


def counts(text: str) -> list[int]:
    """The measures of `stages.kernels.characters` before the entropies, in their order."""
    kinds = Counter(map(kind, text))
    families = Counter(punctuation(character) for character in text if kind(character) == "P")
    return [
        len(text),
        kinds["L"],
        sum(unicodedata.category(character) in ("Lu", "Lt") for character in text),
        kinds["N"],
        kinds["space"],
        kinds["P"],
        kinds["S"],
        kinds["M"],
        kinds["C"],
        sum(map(is_han, text)),
        sum(map(is_cjk, text)),
        sum(map(str.isascii, text)),
        text.count("#"),
        text.count("{") + text.count("}"),
        text.count("...") + text.count("…"),
        text.count("\ufffd"),
        *(families[name] for name in ("stop", "comma", "question", "exclamation", "quote", "bracket", "dash")),
    ]


def entropies(text: str) -> tuple[float, float]:
    """Of the characters and of the families of punctuation, in ten-thousandths of a bit."""
    return entropy(text), entropy(punctuation(character) for character in text if kind(character) == "P")


def _length(n_more: int) -> bytes:
    """What follows a token whose half is full: a byte per 255."""
    return b"" if n_more < 15 else bytes([255] * ((n_more - 15) // 255) + [(n_more - 15) % 255])


def _sequence(literals: bytes, n_more: int, distance: bytes) -> bytes:
    token = bytes([min(len(literals), 15) << 4 | min(n_more, 15)])
    return token + _length(len(literals)) + literals + distance + (_length(n_more) if distance else b"")


def lz4_block(data: bytes) -> bytes:
    """The LZ4 block of the greedy parse, byte for byte as a decoder reads it."""
    block, position, written, places = b"", 1, 0, {}
    while position <= len(data) - 12:
        slot = (int.from_bytes(data[position : position + 4], "little") * 2654435761) % 2**32 >> 19
        back = (position - places.get(slot, 0)) % 2**16
        places[slot] = position
        earlier = position - back
        if back == 0 or data[earlier:][:4] != data[position:][:4]:
            position += 1
            continue
        stop = position + 4
        while stop < len(data) - 5 and data[earlier + stop - position] == data[stop]:
            stop += 1
        distance = back.to_bytes(2, "little")
        block += _sequence(data[written:position], stop - position - 4, distance)
        position = written = stop
    return block + _sequence(data[written:], 0, b"")
