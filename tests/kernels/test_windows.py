"""Windows and lines against their definition, and what every sample must be."""

from __future__ import annotations

import numpy as np
import pytest
import reference_windows
from hypothesis import given
from hypothesis import strategies as st
from strategies import buffers, documents

from stages.kernels.windows import CUT_WORD_BYTES, MIN_WINDOW_BYTES, line_spans, windows


def found(values, n_windows, n_bytes):
    data, offsets = buffers(values)
    starts, stops, firsts = windows(data, offsets, n_windows, n_bytes)
    assert {starts.dtype, stops.dtype, firsts.dtype} == {np.dtype(np.int64)}
    spans = [bytes(data[a:b]) for a, b in zip(starts, stops, strict=True)]
    return [spans[firsts[row] : firsts[row + 1]] for row in range(len(values))]


sizes = st.integers(1, 6).flatmap(lambda n: st.tuples(st.just(n), st.integers(MIN_WINDOW_BYTES * n, 120 * n)))


@given(documents, st.integers(1, 9), sizes)
def test_windows(values, times, sizes):
    values = [text * times for text in values]
    assert found(values, *sizes) == [reference_windows.windows(text, *sizes) for text in values]


@given(documents, st.integers(1, 9), sizes)
def test_spans_are_whole_characters_apart_ascending_and_within_the_budget(values, times, sizes):
    n_windows, n_bytes = sizes
    data, offsets = buffers([text * times for text in values])
    starts, stops, firsts = windows(data, offsets, n_windows, n_bytes)
    for row in range(len(values)):
        spans = slice(firsts[row], firsts[row + 1])
        pieces = [bytes(data[a:b]) for a, b in zip(starts[spans], stops[spans], strict=True)]
        b"".join(pieces).decode()
        assert sum(map(len, pieces)) <= n_bytes
        assert (starts[spans][1:] >= stops[spans][:-1]).all()
        assert starts[spans][0] == offsets[row]
        assert (n_windows == 1 and len(pieces[0]) > 0) or stops[spans][-1] == offsets[row + 1]


def test_short_and_empty_documents_are_one_span_each():
    assert found(["", "中文", "a b"], 3, 24) == [[b""], ["中文".encode()], [b"a b"]]
    assert found([], 3, 24) == []


def test_start_middle_and_end():
    words = [f"w{n:04}" for n in range(1000)]
    ((first, middle, last),) = found([" ".join(words)], 3, 600)
    assert first.decode().split() == words[:33]
    assert last.decode().split() == words[-33:]
    middle = middle.decode().split()
    assert set(middle) < set(words)
    assert abs(words.index(middle[0]) + words.index(middle[-1]) - 999) <= 3


def test_a_text_without_spaces_is_cut_between_characters():
    text = "".join(chr(0x4E00 + n) for n in range(4000))
    pieces = [piece.decode() for piece in found([text], 4, 1200)[0]]
    starts = [ord(piece[0]) - 0x4E00 for piece in pieces]
    assert starts[0] == 0
    assert text.endswith(pieces[-1])
    assert {len(piece) for piece in pieces} <= {99, 100}
    assert set(np.diff(starts).tolist()) <= {1299, 1300, 1301}


def test_a_word_longer_than_the_slack_is_cut():
    (pieces,) = found(["x" * 5000], 2, 2 * 8 * CUT_WORD_BYTES)
    assert [len(piece) for piece in pieces] == [8 * CUT_WORD_BYTES] * 2


@pytest.mark.parametrize(("n_windows", "n_bytes"), [(0, 100), (4, 31)])
def test_windows_too_small_for_a_character_are_our_mistake(n_windows, n_bytes):
    data, offsets = buffers(["a"])
    with pytest.raises((AssertionError, ZeroDivisionError)):
        windows(data, offsets, n_windows, n_bytes)


@given(documents, st.integers(0, 9))
def test_lines(values, least):
    data, offsets = buffers(values)
    starts, stops, firsts = line_spans(data, offsets, least)
    assert {starts.dtype, stops.dtype, firsts.dtype} == {np.dtype(np.int64)}
    spans = [bytes(data[a:b]).decode() for a, b in zip(starts, stops, strict=True)]
    found = [spans[firsts[row] : firsts[row + 1]] for row in range(len(values))]
    assert found == [[line for line in text.split("\n") if len(line.encode()) >= least] for text in values]
