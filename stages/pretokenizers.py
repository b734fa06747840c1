"""How text is cut into pieces before tokens are learned or found: regular expressions of the `tokenizers` library.

`kernels.pieces` cuts as these and the best-known published ones do; `known` says by which settings.

Letters: U code points.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

MAX_CHARS = 64
"""Of a piece of letters, marks or spaces, so that time is linear in unspaced text."""
DIGITS = {"single": r"\p{N}", "threes": r"\p{N}{1,3}"}

_MARKS_AND_SPACES = [
    r" ?[^\s\p{L}\p{N}]{1,64}[\r\n]{0,64}",
    r"\s{0,64}[\r\n]{1,64}",
    r"\s{1,64}(?!\S)",
    r"\s{1,64}",
]
_SUFFIXES = r"['’](?i:s|t|re|ve|m|ll|d)(?!\p{L})"
_BEFORE = r"[^\r\n\p{L}\p{N}]?"
_LETTERS = {
    "gpt4": [_BEFORE + r"[\p{L}\p{M}]{1,64}"],
    "chinese": [_BEFORE + r"\p{Han}{1,64}", _BEFORE + r"[[\p{L}\p{M}]&&[^\p{Han}]]{1,64}"],
}


def pattern(name: str, digits: str) -> str:
    """The pattern of a pre-tokenizer, `gpt2`, `gpt4` or `chinese`, with digits `single` or in `threes`.

    gpt4: GPT-4's, with marks as letters (Thai, Hindi), typographic apostrophes, and no `'s` cut from `'sentence'`.
    chinese: that, and runs of Han characters are apart from other letters, so that 用Python写 is three pieces. Within
    a run Chinese is not cut at words: of Han runs of 4, 8, 16 and 64 characters, and runs with the punctuation mark
    before them, each made fewer tokens than the one before, by 5 % in all (16,384 tokens, learned of English,
    Chinese, code). gpt2: GPT-2's. In all of them a piece has at most 64 characters.
    """
    if name == "gpt2":
        return "|".join(
            [
                r"'(?:[sdmt]|ll|ve|re)",
                r" ?\p{L}{1,64}",
                " ?" + DIGITS[digits],
                r" ?[^\s\p{L}\p{N}]{1,64}",
                r"\s{1,64}(?!\S)",
                r"\s{1,64}",
            ]
        )
    return "|".join([_SUFFIXES, *_LETTERS[name], DIGITS[digits], *_MARKS_AND_SPACES])


class Cut(NamedTuple):
    """What differs between the patterns that `kernels.pieces` can cut by.

    suffixes: which of its three kinds. max_run: characters of a run; max_numbers: of numbers. space_before_numbers:
    whether a number takes a space before it. by_line: whether line ends belong to what is before them.
    """

    suffixes: int
    max_run: int
    max_numbers: int
    space_before_numbers: bool
    by_line: bool


class Letters(NamedTuple):
    """What a run of letters is. any_before: whether any mark may begin it, else a space."""

    any_before: bool
    marks: bool
    han_apart: bool


ENDLESS = 1 << 62
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""What `ByteLevel(use_regex=True)` cuts by."""
_GPT4 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)


@functools.cache
def known() -> dict[str, tuple[Cut, Letters]]:
    """Patterns that `kernels.pieces` cuts by: GPT-2's, GPT-4's (`cl100k`), Llama 3's, Qwen 2's, and `pattern`'s."""
    from .kernels.pieces import EXACT, FOLDED, NOT_IN_WORDS

    published = Letters(any_before=True, marks=False, han_apart=False)
    found = {
        GPT2: (Cut(EXACT, ENDLESS, ENDLESS, True, False), Letters(False, False, False)),
        _CL100K: (Cut(FOLDED, ENDLESS, 3, False, True), published),
        _GPT4 % "{1,3}": (Cut(FOLDED, ENDLESS, 3, False, True), published),
        _GPT4 % "": (Cut(FOLDED, ENDLESS, 1, False, True), published),
    }
    for digits, most in (("single", 1), ("threes", 3)):
        found[pattern("gpt2", digits)] = (Cut(EXACT, MAX_CHARS, most, True, False), Letters(False, False, False))
        ours = Cut(NOT_IN_WORDS, MAX_CHARS, most, False, True)
        found[pattern("gpt4", digits)] = (ours, Letters(True, True, False))
        found[pattern("chinese", digits)] = (ours, Letters(True, True, True))
    return found


@functools.cache
def own() -> frozenset[str]:
    """All patterns of `pattern`: a piece has 129 characters at most, and none has digits beside letters or marks."""
    return frozenset(pattern(name, digits) for name in ("gpt2", "gpt4", "chinese") for digits in DIGITS)


def pattern_of(steps: list[dict[str, Any]]) -> str | None:
    """The one pattern that pre-tokenizers cut by, if it is one and they keep what is between its matches."""
    regex = [step for step in steps if step["type"] != "ByteLevel" or step.get("use_regex", True)]
    if len(regex) != 1:
        return None
    if regex[0]["type"] == "ByteLevel":
        return GPT2
    found = regex[0].get("pattern")
    isolated = regex[0].get("behavior") == "Isolated" and regex[0].get("invert") is False
    return str(found["Regex"]) if isolated and isinstance(found, dict) and "Regex" in found else None


CLASSES = ("L", "N", "M", "Han", "space")
_CHUNK = 1 << 11
"""Characters that the library is asked about at once, as surrogates would be: its time grows faster than its text."""


@functools.cache
def classes() -> npt.NDArray[np.uint8]:
    """Which of CLASSES each code point is in, by bit, uint8[0x110000]: as the library's own expressions have it.

    Its Unicode version is not Python's, so it is asked, once per process (some 200 ms).
    """
    from .encoder import library

    made = library()

    def split(text: str, expression: str, invert: bool) -> list[tuple[str, tuple[int, int]]]:
        cut = made.pre_tokenizers.Split(made.Regex(expression), "removed" if invert else "isolated", invert=invert)
        found: list[tuple[str, tuple[int, int]]] = cut.pre_tokenize_str(text)
        return found

    patterns = (r"\p{L}", r"\p{N}", r"\p{M}", r"\p{Han}", r"\s")
    alike = "|".join(rf"[{one}&&\p{{Han}}]+|[{one}&&[^\p{{Han}}]]+" for one in patterns) + r"|\p{Han}+"
    runs: list[tuple[str, int, int]] = []
    for first in range(0, 0x110000, _CHUNK):
        if not 0xD800 <= first < 0xE000:
            text = "".join(map(chr, range(first, first + _CHUNK)))
            runs += [(piece[0], first + start, first + stop) for piece, (start, stop) in split(text, alike, False)]
    firsts = "".join(character for character, _, _ in runs)
    bits_U = np.zeros(0x110000, np.uint8)
    for bit, one in enumerate(patterns):
        for _, (start, stop) in split(firsts, one + "+", True):
            for _, first, last in runs[start:stop]:
                bits_U[first:last] |= 1 << bit
    return bits_U


def bits(letters: Letters) -> npt.NDArray[np.uint8]:
    """The bits of every code point that `kernels.pieces` wants, uint8[0x110000]."""
    from .kernels import pieces

    of = {name: (classes() & (1 << bit)) > 0 for bit, name in enumerate(CLASSES)}
    line_end = np.zeros(0x110000, np.bool_)
    line_end[[0x0A, 0x0D]] = True
    space = np.zeros(0x110000, np.bool_)
    space[0x20] = True
    run = of["L"] | of["M"] & letters.marks
    other = ~(of["space"] | of["L"] | of["N"])
    before = ~(of["L"] | of["N"] | line_end) if letters.any_before else space
    return np.asarray(
        pieces.RUN_A * (of["Han"] & letters.han_apart)
        | pieces.RUN_B * (run & ~(of["Han"] & letters.han_apart))
        | pieces.NUMBER * of["N"]
        | pieces.SPACE * of["space"]
        | pieces.LINE_END * line_end
        | pieces.OTHER * other
        | pieces.BEFORE * before
        | pieces.LETTER * of["L"],
        np.uint8,
    )
