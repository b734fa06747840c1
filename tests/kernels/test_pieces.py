"""Pieces are those that the library's regular expressions cut, for every pattern the scanner knows."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tokenizers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import texts as any_text

from stages.kernels.pieces import pieces_kernel
from stages.pretokenizers import CLASSES, GPT2, bits, classes, known, pattern, pattern_of

UNITS = [
    "'", "’", "s", "S", "ſ", "re", "RE", "lL", "ve", "D", "a", "É", "ß", "ﬆ", "ﬀ", " ", "  ", " a", "\n", "\r", "\r\n", "\t", "\u3000", "\x85",
    "\xa0", "\u1680", "\u180e", "\x1c", "\0", "1", "12", "½", "Ⅷ", "〇", "々", "中", "文", "國", "⺀", "𠀀", "ア", "가", "ก", "\u0e33", "\u0301",
    "!", ".", "_", "-", "😀", "\u200d", "\U0010ffff",
]  # fmt: skip
RUNS = st.tuples(st.sampled_from(UNITS), st.sampled_from([1, 1, 1, 1, 2, 3, 63, 64, 65, 66, 129])).map(
    lambda x: x[0] * x[1]
)
HOSTILE = st.lists(RUNS, max_size=14).map("".join)


@functools.cache
def splitter(expression: str):
    return tokenizers.pre_tokenizers.Split(tokenizers.Regex(expression), "isolated")


@functools.cache
def settings_of(expression: str):
    cut, letters = known()[expression]
    return bits(letters), cut


def cut(texts: list[str], expression: str, most: int = 10_000, max_bytes: int = 1 << 60) -> list[bytes]:
    """The pieces of texts, found so many and so many bytes at a time."""
    data = np.frombuffer("x".join(["", *texts]).encode(), np.uint8)  # the x of the first one is in no text
    sizes = [len(text.encode()) for text in texts]
    starts = np.cumsum([1, *(size + 1 for size in sizes)])[: len(texts)]
    whole = [(int(start), int(start) + size) for start, size in zip(starts, sizes, strict=True)]
    found, starts_P1 = [], np.empty(most + 1, np.int64)
    for start, stop in whole:
        row, place = 0, start
        while True:
            n, row, place = pieces_kernel(
                data, np.array([start, stop]), row, place, max_bytes, *settings_of(expression), starts_P1
            )
            if n == 0:
                break
            found += [data[starts_P1[i] : starts_P1[i + 1]].tobytes() for i in range(n)]
    return found


@pytest.mark.parametrize("expression", known())
@given(st.one_of(any_text, HOSTILE), st.sampled_from([1, 3, 10_000]), st.sampled_from([1, 50, 1 << 60]))
@settings(max_examples=80)
@example("Don't 'sentence' I’LL 'ſ 'ReX 'Re", 3, 50)
@example("我用Python写，一共1234个〇々字。\r\n\r\n  第二行\t", 2, 1)
@example("x" * 300 + " " * 300 + "\n" * 300 + "!" * 300 + "\n" * 70 + " \n" * 70, 10_000, 1 << 60)
def test_pieces_are_those_of_the_library(expression, text, most, max_bytes):
    expected = [piece.encode() for piece, _ in splitter(expression).pre_tokenize_str(text)]
    assert cut([text], expression, most, max_bytes) == expected


@pytest.mark.parametrize("expression", known())
def test_no_piece_lies_in_two_documents(expression):
    texts = ["a", "", " ", "b's", "'", "", "s", "中", "\n", " c"]
    expected = [piece.encode() for text in texts for piece, _ in splitter(expression).pre_tokenize_str(text)]
    assert cut(texts, expression) == expected


@pytest.mark.parametrize("expression", [pattern("chinese", "threes"), pattern("gpt4", "single"), GPT2, [*known()][1]])
def test_every_character_after_an_apostrophe_and_between_letters(expression):
    characters = map(chr, [*range(0xD800), *range(0xE000, 0x10000), *range(0x1D400, 0x1D800), *range(0x20000, 0x20100)])
    text = "".join(f"'{one}a{one}中 " for one in characters)
    assert cut([text], expression, 1 << 20) == [
        piece.encode() for piece, _ in splitter(expression).pre_tokenize_str(text)
    ]


def test_classes_are_those_of_the_library():
    for bit, expression in enumerate([r"\p{L}+", r"\p{N}+", r"\p{M}+", r"\p{Han}+", r"\s+"]):
        found = np.zeros(0xD800, np.bool_)
        split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(expression), "removed", invert=True)
        for _, (start, stop) in split.pre_tokenize_str("".join(map(chr, range(0xD800)))):
            found[start:stop] = True
        assert ((classes()[:0xD800] & (1 << bit)) > 0).tolist() == found.tolist(), CLASSES[bit]
    assert [chr(code) for code in np.flatnonzero(classes() & 16)][-2:] == ["\u205f", "\u3000"]
    assert classes()[ord("𠀀")] == 1 | 8 and classes()[ord("〇")] == 2 | 8 and not classes()[0xD800:0xE000].any()


SPLIT = {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Isolated", "invert": False}
LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([SPLIT, LEVEL], "a"),
        ([SPLIT], "a"),
        ([{**LEVEL, "use_regex": True}], GPT2),
        ([{"type": "ByteLevel"}], GPT2),
        ([SPLIT, {**LEVEL, "use_regex": True}], None),
        ([SPLIT, SPLIT, LEVEL], None),
        ([LEVEL], None),
        ([], None),
        ([{**SPLIT, "behavior": "MergedWithNext"}, LEVEL], None),
        ([{**SPLIT, "invert": True}, LEVEL], None),
        ([{**SPLIT, "pattern": {"String": "a"}}, LEVEL], None),
        ([{**SPLIT, "pattern": "a"}, LEVEL], None),
    ],
)
def test_the_pattern_of_a_file(steps, expected):
    assert pattern_of(steps) == expected
