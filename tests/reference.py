"""The slow truth about characters and words, written from the definitions and not from the kernels."""

from __future__ import annotations

import re
import unicodedata

SPACED_JOINERS = "'’-‐‑_"
UNSPACED_NAMES = (
    "HIRAGANA", "HENTAIGANA", "KATAKANA", "HALFWIDTH KATAKANA", "BOPOMOFO", "THAI ", "LAO ", "KHMER ", "MYANMAR ",
    "AHOM ", "TANGUT", "NUSHU", "YI ", "TAI LE ", "NEW TAI LUE ", "TAI THAM ", "TAI VIET ",
)  # fmt: skip


def is_han(character: str) -> bool:
    """A Han ideograph, an iteration or closing mark, or the ideographic zero."""
    name = unicodedata.name(character, "")
    if unicodedata.category(character)[0] == "L":
        return name.startswith(("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "IDEOGRAPHIC"))
    return character == "〇"


def kind(character: str) -> str:
    """h Han, u other unspaced letter, l letter, m mark, d digit, j joiner, p punctuation, y symbol, s space, o other."""
    category = unicodedata.category(character)
    if character in SPACED_JOINERS:
        return "j"
    if character.isspace():
        return "s"
    if is_han(character):
        return "h"
    if category[0] == "L":
        return "u" if unicodedata.name(character, "").startswith(UNSPACED_NAMES) else "l"
    if category[0] == "M" or character in "\u200c\u200d\u00ad":
        return "m"
    return {"N": "d", "P": "p", "S": "y", "C": "o"}[category[0]]


WORD = re.compile(r"[hu]m*|[ld](?:[ldm]|j(?=[ld]))*")


def words(text: str) -> list[str]:
    """The words of a text: a pattern over the kinds of its characters."""
    kinds = "".join(map(kind, text))
    return [text[found.start() : found.end()] for found in WORD.finditer(kinds)]


def is_unspaced(word: str) -> bool:
    """Whether a word is a character of a script written without spaces."""
    return kind(word[0]) in "hu"


def has_letter(word: str) -> bool:
    """Whether a word holds a letter of any script."""
    return any(kind(character) in "hul" for character in word)


def normalize(text: str) -> str:
    """NFC, `\\n` line ends, no controls but tab, no U+FEFF, no noncharacters."""
    text = re.sub("\r\n|[\r\v\f\x85\u2028\u2029]", "\n", text)
    kept = [c for c in text if c in "\n\t" or not is_removed(c)]
    return unicodedata.normalize("NFC", "".join(kept))


def is_removed(character: str) -> bool:
    """Whether `normalize` takes this character out."""
    code = ord(character)
    return (
        unicodedata.category(character) == "Cc"
        or code == 0xFEFF
        or code % 0x10000 >= 0xFFFE
        or 0xFDD0 <= code <= 0xFDEF
    )
