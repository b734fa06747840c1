"""The script of a text, written from its definition; letters have the scripts that `regex` knows from Unicode."""

from __future__ import annotations

import unicodedata
from collections import Counter

import regex

from stages.kernels.scripts import CODES

EAST = ("Hani", "Hans", "Hant", "Jpan", "Kore")
NO_SCRIPT = (
    "MODIFIER LETTER",
    "TURNED",
    "ROMAN NUMERAL",
    "FEMININE",
    "MASCULINE",
    "KELVIN",
    "ANGSTROM",
    "OHM",
    "SUPERSCRIPT",
)
"""How the names of letters begin that Unicode counts to a script and `kernels.scripts` does not."""
TOGETHER = {"Hira": "Jpan", "Kana": "Jpan", "Hang": "Kore"}
EXTRA = {"〆": "Hani", "ﾞ": "Jpan", "ﾟ": "Jpan", "\u0374": "Grek", "\u0640": "Arab", "\ua9cf": "Java"}
"""Common in Unicode."""
SCRIPTS = [*TOGETHER, *(code for code in CODES if code not in {"Zyyy", "Hans", "Hant", *TOGETHER.values()})]
PATTERN = regex.compile("|".join(f"(?P<{code}>\\p{{Script={code}}})" for code in SCRIPTS))


def _encodable(character: str, codec: str) -> bool:
    try:
        return len(character.encode(codec)) == 2
    except UnicodeEncodeError:
        return False


def script_of(character: str) -> str:
    """The code of one letter; `Zyyy` of anything else."""
    if not unicodedata.category(character).startswith("L"):
        return "Zyyy"
    if unicodedata.name(character, "").startswith(NO_SCRIPT):
        return "Zyyy"
    match = PATTERN.fullmatch(character)
    found = match.lastgroup if match else EXTRA.get(character, "Zyyy")
    found = TOGETHER.get(found, found)
    if found != "Hani":
        return found
    simple, traditional = _encodable(character, "gb2312"), _encodable(character, "big5")
    return "Hani" if simple == traditional else "Hans" if simple else "Hant"


def n_bytes(text: str) -> Counter[str]:
    """Bytes of the letters of each script."""
    found: Counter[str] = Counter()
    for character in text:
        found[script_of(character)] += len(character.encode())
    del found["Zyyy"]
    return found


def main_script(text: str) -> str:
    """The script that has most bytes of letters."""
    found = n_bytes(text)
    others = {code: n for code, n in found.items() if code not in EAST}
    if sum(found[code] for code in EAST) < max(others.values(), default=1):
        return min(others, key=lambda code: (-others[code], code), default="Zyyy")
    return east_script(text)


def east_script(text: str) -> str:
    """What is written in Han characters, kana and Hangul."""
    found = n_bytes(text)
    together = sum(found[code] for code in EAST)
    if not together:
        return "Zyyy"
    if found["Kore"] >= found["Jpan"] and found["Kore"] * 5 >= together:
        return "Kore"
    if found["Jpan"] * 5 >= together:
        return "Jpan"
    order = {-1: "Hant", 0: "Hani", 1: "Hans"}
    return order[(found["Hans"] > found["Hant"]) - (found["Hans"] < found["Hant"])]
