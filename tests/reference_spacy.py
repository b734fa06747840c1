"""English tokens by spaCy itself, and strategies for text that is hard for it."""

from __future__ import annotations

import functools
import re

import reference
import reference_words
import spacy
from hypothesis import strategies as st
from spacy.symbols import ORTH
from strategies import CHINESE, CONTROLS, ENGLISH, FOUR_BYTE, LINE_ENDS, LINES, MARKS, OTHER_SCRIPTS, SPACES

from stages.kernels import units


@functools.cache
def tokenizer():
    """The tokenizer of the blank English pipeline."""
    return spacy.blank("en").tokenizer


def tokens(text: str) -> list[str]:
    """The tokens of a text as datatrove counts them: without those that are only white space."""
    stripped = (token.text.strip() for token in tokenizer()(text))
    return [token for token in stripped if token]


def rules() -> dict[str, tuple[str, ...]]:
    """Special cases: key -> pieces."""
    return {key: tuple(piece[ORTH] for piece in pieces) for key, pieces in tokenizer().rules.items()}


def kind(unit: str) -> int:
    """The flags of a unit."""
    found = reference_words.unit_kind(unit) & (units.HAS_LETTER | units.NOT_SYMBOL)
    is_character = re.fullmatch("[hu]m*", "".join(map(reference.kind, unit)))
    return found + (units.CHARACTER if is_character else 0)


SIGNS = [
    *"\"',`«´»‘’‚“”„〈《「『』【（）…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।۔§%=—–+-.~^/\\@|¬°²$£€¥₽¼",
    "..", "...", "……", "--", "---", "——", "US$", "C$", "A$", "'s", "’S", "://", "°C", "°F", "°K", "\u200b", "☃", "ツ",
]  # fmt: skip
WORDS = [
    "a", "A", "AB", "Ab", "aB", "x1", "1", "10", "2024", "km", "km²", "m/s", "kg", "m", "%", "тбكم", "тб", "كم", "he",
    "He", "cant", "Mr", "e.g", "é", "É", "ß", "中", "中文", "ñ", "Привет", "жЖ", "אב", "ہے", "٣", "１", "𝐀", "ʔ", "ǅ", "ǀ",
    "\U00020000", "\u03a2",
]  # fmt: skip
ADDRESSES = [
    "http", "https", "ftp", "www", "example", "com", "co", "user", "Upper", "10", "127", "169.254", "192.168", "172.16",
    "172.32", "172", "8.8", "1", "223", "224", "255", "254", "256", "01", "0", "中国", "٣", "２", "é", "a" * 62, "b" * 64,
    "a_b", "_", "\U00020000", "\xa0", "\ufffe",
]  # fmt: skip
ADDRESS_SIGNS = ["://", ":", ".", ".", ".", "/", "?", "#", "@", "-", "+", ":80", ":8080", ":123456"]
SMILES = [
    ":",
    ")",
    "(",
    "-",
    "'",
    ".",
    "’",
    "s",
    "°",
    "C.",
    "…",
    "_",
    "<",
    "3",
    "He",
    "D",
    ">",
    "=",
    "o",
    " ",
    "8",
    "0",
]

addresses = st.lists(st.sampled_from(ADDRESSES) | st.sampled_from(ADDRESS_SIGNS), max_size=10).map("".join)
"""Web addresses, and what is nearly one."""


def texts():
    """Texts of marks, special cases, units of measurement, addresses and everything else, with white space or not."""
    keys = st.sampled_from(sorted(rules()))
    signs, words, spaces = st.sampled_from(SIGNS), st.sampled_from(WORDS), st.sampled_from([" ", *SPACES, *LINE_ENDS])
    families = (ENGLISH, CHINESE, OTHER_SCRIPTS, FOUR_BYTE, CONTROLS, MARKS, LINES)
    others = st.sampled_from([piece for family in families for piece in family])
    return st.one_of(
        st.lists(signs | words, max_size=8).map("".join),
        st.lists(signs | keys, max_size=5).map("".join),
        st.lists(signs | words | keys | spaces | spaces | others | addresses, max_size=16).map("".join),
        st.lists(st.sampled_from(SMILES), max_size=16).map("".join),
        addresses,
    )
