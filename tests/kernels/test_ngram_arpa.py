"""Fields of the lines of an ARPA file are those of `bytes.split`."""

from __future__ import annotations

import numpy as np
import reference_ngram_score as slowly
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.kernels import ngram_arpa as kernel

FIELDS = ["-1", "0.5", "the", "中", "文。", "\u3000", "-", "\\", "\\2-grams:", "</s>"]
GAPS = [" ", "\t", "  ", "\v", " \r"]
lines = st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(GAPS)), max_size=5).map(
    lambda pairs: "".join(field + gap for field, gap in pairs)
)


def slow_entries(text: bytes, n: int, most: int) -> tuple[int, int, list[list[bytes]], list[int]]:
    """Why it stopped, lines read, the fields of each n-gram and the lines before it."""
    found, before, all_lines = [], [], text.split(b"\n")
    if text.endswith(b"\n") or not text:
        all_lines.pop()
    for number, line in enumerate(all_lines):
        if len(found) == most:
            return kernel.COMPLETE, number, found, before
        fields = line.split()
        if fields and fields[0].startswith(b"\\"):
            return kernel.OTHER_SECTION, number, found, before
        if fields and len(fields) not in (n + 1, n + 2):
            return kernel.WRONG, number, found, before
        if fields:
            found.append(fields)
            before.append(number)
    return kernel.ENDED, len(all_lines), found, before


@given(st.lists(lines, max_size=6), st.integers(1, 3), st.integers(1, 5), st.booleans())
@settings(max_examples=200)
def test_fields_are_those_of_split(some, n, most, ends):
    text = ("\n".join(some) + "\n" * ends).encode()
    data = np.frombuffer(text, np.uint8)
    status, n_bytes, n_lines, rows, hashes = kernel.entries_kernel(data, n, most)
    expected_status, expected_lines, found, before = slow_entries(text, n, most)
    assert (status, n_lines, rows[:, kernel.LINE].tolist()) == (expected_status, expected_lines, before)
    assert n_bytes == min(len(text), sum(len(line) + 1 for line in text.split(b"\n")[:n_lines]))
    for row, hashed, fields in zip(rows.tolist(), hashes.tolist(), found, strict=True):
        assert hashed == [slowly.word_hash(field) for field in fields[1 : n + 1]]
        assert text[row[kernel.PROB] : row[kernel.PROB_STOP]] == fields[0]
        assert text[row[kernel.WORD] : row[kernel.WORD_STOP]] == fields[1]
        assert text[row[kernel.WEIGHT] : row[kernel.WEIGHT_STOP]] == (fields[n + 1] if len(fields) > n + 1 else b"")


@given(st.lists(st.binary(max_size=9), max_size=9))
@settings(max_examples=50)
def test_spans_are_copied_one_after_the_other(pieces):
    data = np.frombuffer(b"before" + b"".join(pieces), np.uint8)
    stops = 6 + np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
    starts = stops - np.array([len(piece) for piece in pieces], np.int64)
    copied, offsets = kernel.texts_kernel(data, starts[::-1].copy(), stops[::-1].copy())
    assert copied.tobytes() == b"".join(reversed(pieces))
    assert np.diff(offsets).tolist() == [len(piece) for piece in reversed(pieces)]
