"""Hashes of units, keys of windows and the edges of cuts, against their definitions."""

from __future__ import annotations

import re

import numpy as np
import reference
import reference_sentences as truth
from hypothesis import given
from hypothesis import strategies as st
from reference_sentence_spans import plain, spans
from strategies import CHINESE, ENGLISH, LINE_ENDS, MARKS, OTHER_SCRIPTS, SPACES, buffers, documents, texts

from stages.kernels import sentence_windows

CASES = ["İ", "ß", "ẞ", "Σ", "ς", "ǅ", "Ⅷ", "ⅷ", "２", "2", "٢", "don't", "DON'T", "don t", "e\u0301", "\u00e9"]
words = st.lists(
    st.sampled_from([*ENGLISH, *CHINESE, *OTHER_SCRIPTS, *MARKS, *SPACES, *CASES, ". ", "-"]), max_size=5
).map("".join)


def hashed(values: list[str]):
    data, offsets = buffers(values)
    return sentence_windows.hash_units(data, offsets[:-1], offsets[1:])


@given(documents | st.lists(words, max_size=8))
def test_units_are_the_same_if_their_words_are(values):
    values = [*values, *(text.upper() for text in values), *(f"  {text}?! " for text in values)]
    ones, twos, eighths = hashed(values)
    assert eighths.tolist() == [truth.eighths(reference.words(text)) for text in values]
    for hashes in (ones, twos):
        of = {}
        for text, number in zip(values, hashes.tolist(), strict=True):
            assert of.setdefault(plain(text), number) == number
        assert len(set(of.values())) == len(of)


@given(documents | st.lists(words | st.text("ab 12.٣Ⅷ二", max_size=6), max_size=8))
def test_numbers_are_the_same_if_their_digits_are(values):
    data, offsets = buffers(values)
    hashes = sentence_windows.hash_numbers(data, offsets[:-1], offsets[1:]).tolist()
    runs = [tuple(re.findall("d+", "".join(map(reference.kind, text)))) for text in values]
    digits = ["".join(c for c in text if reference.kind(c) == "d") for text in values]
    of = dict(zip(zip(runs, digits, strict=True), hashes, strict=True))
    assert [of[one] for one in zip(runs, digits, strict=True)] == hashes and len(set(of.values())) == len(of)


def test_the_two_hashes_do_not_depend_on_each_other():
    n = 300_000
    ones, twos, _ = hashed([f"{number}" for number in range(n)])
    for hashes in (ones, twos, ones ^ twos, ones + twos):
        for bits in (hashes & np.uint64(0xFFFF), hashes >> np.uint64(48)):
            counts = np.bincount(bits.astype(np.int64), minlength=1 << 16)
            assert abs(counts.var() / counts.mean() - 1) < 0.05  # as of random numbers: 1, with a deviation of 0.006


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.booleans()), max_size=30), st.integers(1, 4), st.integers(1, 12)
)  # fmt: skip
def test_keys_of_windows(units, size, least):
    rows = np.cumsum([new for *_, new in units]).astype(np.int64)
    ones = np.array([one for one, *_ in units], np.uint64)
    eighths = np.array([n for _, n, _ in units], np.int64)
    items, keys, seconds = sentence_windows.keys(ones, ones + np.uint64(7), eighths, rows, size, least)
    windows = [slice(first, first + size) for first in range(len(units) - size + 1)]
    expected = [one for one in windows if len(set(rows[one])) == 1 and eighths[one].sum() >= 8 * least]
    assert items.tolist() == [one.start for one in expected]
    for hashes in (keys, seconds):
        of = {tuple(ones[one].tolist()): number for one, number in zip(expected, hashes.tolist(), strict=True)}
        assert [of[tuple(ones[one].tolist())] for one in expected] == hashes.tolist()
        assert len(set(of.values())) == len(of)


pieces = st.sampled_from(["a.", "b. c", "。", "字。", "***", *SPACES, *LINE_ENDS, "\n    ", "\n\n\n"])


@given(st.lists(texts | st.lists(pieces, max_size=12).map("".join), min_size=1, max_size=4), st.data())
def test_edges_of_cuts(values, data):
    chosen = []
    for row, text in enumerate(values):
        found = spans(text, "sentences")
        for first in range(0, len(found), 3):
            if data.draw(st.booleans()):
                last = min(first + data.draw(st.integers(0, 1)), len(found) - 1)
                chosen.append((row, found[first][0], found[last][1]))
    at = [tuple(len(values[row][:place].encode()) for place in ends) for row, *ends in chosen]
    rows, starts, stops = (
        np.array([(row, *ends) for (row, *_), ends in zip(chosen, at, strict=True)], np.int64).reshape(-1, 3).T
    )
    wider, further = sentence_windows.edges(*buffers(values), rows, starts, stops)
    for row, text in enumerate(values):
        left, place = b"", 0
        for start, stop in zip(wider[rows == row].tolist(), further[rows == row].tolist(), strict=True):
            assert start >= place
            left, place = left + text.encode()[place:start], stop
        left = (left + text.encode()[place:]).decode()
        assert left == truth.without(text, [ends for one, *ends in chosen if one == row])
