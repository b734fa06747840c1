"""Hypothesis strategies for text of every kind a kernel meets, and Arrow arrays to hold it."""

from __future__ import annotations

import functools
import operator

import pyarrow as pa
from hypothesis import strategies as st

from pipeline.batch import utf8_buffers

ENGLISH = [
    "the", "a", "of", "Don't", "well-known", "snake_case", "x", "I", "state-of-the-art", "o'", "'tis", "rock'n'roll",
    "naïve", "3.14", "2024", "B2B", "1st", "...", "…", "#", "e-", "--", "a--b", "Ünïcödé", "½",
]  # fmt: skip
CHINESE = [
    *list("中文的一是不了人我在有他这繁體字國學龍。，！？；：「」《》…—·〇々\u3000"),
    "你好",
    "中国。",
    "ＡＢＣ１２３",
]
OTHER_SCRIPTS = [
    "ภาษาไทย", "น้ำ", "ひらがな", "カタカナー", "ｶﾀｶﾅﾞ", "한국어", "\u1100\u1161\u11a8", "가\u11a8", "नमस्ते", "क्षि", "می\u200cخواهم", "שָׁלוֹם",
    "tiếng Việt", "Привет", "ελληνικά", "မြန်မာ", "ខ្មែរ",
]  # fmt: skip
FOUR_BYTE = ["😀", "👩\u200d👩\u200d👧", "\U00020000", "\U0001d54f", "🇫🇷", "\U000e0041", "\U0010ffff"]
LINE_ENDS = ["\n", "\r\n", "\r", "\n\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\r\r\n"]
CONTROLS = [
    "\0",
    "\x01",
    "\x07",
    "\x08",
    "\t",
    "\x1b[0m",
    "\x1f",
    "\x7f",
    "\x80",
    "\x9f",
    "\ufeff",
    "\ufffd",
    "\u200b",
    "\xad",
    "\ufffe",
]
MARKS = [
    "\u0301", "\u0327", "\u0323", "\u0308\u0301", "\u0344", "\u3099", "\u0338", "\u09be", "\u0f71\u0f72", "\u1161", "\u11a7",
    "e\u0301", "A\u030a", "\u212b", "\u2126", "\u1e9b\u0323", "か\u3099", "\u0958", "\uf900", "q\u0307\u0323", "\U0001d15e", "\u2adc",
]  # fmt: skip
LINES = [
    "- item",
    "• item",
    "* x",
    "}",
    "    }",
    "same line\n",
    "same line\n",
    "重复的一行。\n",
    "重复的一行。\n",
    "End.",
    "“So?”",
    "and so on...",
    "等等……",
]
SPACES = [" ", " ", "  ", "\t", "\u00a0", "\u2009", "\u3000"]

_FAMILIES = [ENGLISH, CHINESE, OTHER_SCRIPTS, FOUR_BYTE, LINE_ENDS, CONTROLS, MARKS, LINES, SPACES]
_pieces = functools.reduce(operator.or_, (st.sampled_from(family) for family in _FAMILIES))
_words = st.sampled_from([*ENGLISH, *CHINESE, *SPACES, *SPACES, *LINE_ENDS[:2], *LINES])

texts = st.one_of(
    st.just(""),
    st.lists(_words, max_size=40).map("".join),
    st.lists(_pieces, max_size=30).map("".join),
    st.lists(_pieces, max_size=30).map(" ".join),
    st.text(max_size=40),
)
"""One text: empty, English and Chinese prose, anything mixed, or arbitrary code points (no surrogates)."""

documents = st.lists(texts, max_size=6)
"""The texts of a small batch, perhaps none."""


def sliced(values: list[str]) -> pa.Array:
    """`values` as a slice of a longer large_string array, so that its first offset is greater than 0."""
    around = pa.array(["before 前 é", *values, "after 後"], pa.large_string())
    return around.slice(1, len(values))


def buffers(values: list[str]):
    """data uint8[D] and offsets int64[N+1] of `sliced(values)`, as kernels take them."""
    return utf8_buffers(sliced(values))
