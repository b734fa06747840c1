"""What a classifier sees: the same words in training and in prediction, of long documents a part."""

from __future__ import annotations

import random

import numpy as np
import pytest
from harness import text_of
from hypothesis import given, settings
from reference_plain_words import plain
from reference_windows import windows
from strategies import buffers, documents

from stages.classifier_text import MAX_PIECES, N_WINDOWS, SAMPLE_BYTES, joined, pieces, prepared

chance = random.Random(6)
LONG = {n: [text_of(chance, n) for _ in range(8)] for n in (900, 4000, 30_000)}
"""By words; English and Chinese."""


def judged(texts: list[str]) -> list[str]:
    data, offsets = prepared(*buffers(texts))
    return [data[offsets[i] : offsets[i + 1]].tobytes().decode() for i in range(len(texts))]


@given(documents)
@settings(max_examples=40)
def test_short_documents_are_seen_whole_in_both(texts):
    assert judged(texts) == [plain(text) for text in texts]
    expected = [[plain(text).encode()] if plain(text) else [] for text in texts]
    assert pieces(*buffers(texts)) == expected


@pytest.mark.parametrize("n_words", LONG)
def test_long_documents_are_judged_by_windows(n_words):
    texts = LONG[n_words]
    assert {text[0].isascii() for text in texts} == {True, False}
    spans = [[one.decode() for one in windows(text, N_WINDOWS, SAMPLE_BYTES)] for text in texts]
    assert judged(texts) == [plain(*one) for one in spans]
    assert all(len(text.encode()) < 2 * SAMPLE_BYTES for text in judged(texts))


@pytest.mark.parametrize("n_words", LONG)
def test_pieces_follow_each_other_until_there_are_too_many(n_words):
    for text, found in zip(LONG[n_words], pieces(*buffers(LONG[n_words])), strict=True):
        n_expected = -(-len(text.encode()) // SAMPLE_BYTES)
        assert len(found) == min(n_expected, MAX_PIECES)
        whole = plain(text).encode()
        if n_expected <= MAX_PIECES:
            assert b" ".join(found) == whole
        assert whole.startswith(found[0]) and whole.endswith(found[-1])
        sizes = [len(piece) for piece in found]
        assert max(sizes) - min(sizes) < 60
        places = [whole.find(piece) for piece in found]
        assert places == sorted(places)
        assert max(np.diff(places), default=0) <= 2 * max(1, n_expected / MAX_PIECES) * max(sizes)


def test_pieces_of_odd_documents():
    mark = "!" * 3 * SAMPLE_BYTES
    word, runs = "x" * 5 * SAMPLE_BYTES, "字" * SAMPLE_BYTES
    found = pieces(*buffers([mark, word, "", mark + "end", runs, mark * 9 + word]))
    assert found[:4] == [[], [], [], [b"end"]]
    assert b" ".join(found[4]) == plain(runs).encode() and len(found[4]) == 3
    assert found[5] == []
    assert judged([word, f"{word} 好 {word} fine"]) == ["", "fine"]


def test_a_document_without_spaces_takes_no_more_steps_than_pieces():
    """Each search for a space ends within a word, however long the run in the document is."""
    run = "y" * 40 * SAMPLE_BYTES
    text = f"one {run} two {'长' * SAMPLE_BYTES} {run} {'z' * 300}"
    found = pieces(*buffers([text]))[0]
    words = b" ".join(found).split()
    assert words[:2] == [b"one", b"two"] and words[-1] == b"z" * 300 and len(found) <= MAX_PIECES
    assert max(map(len, words)) == 300


def test_a_mark_of_fasttext_is_a_word():
    assert judged(["</s> __label__good __label__"]) == ["s label good label"]


def test_joined_is_what_kernels_take():
    data, offsets = joined([b"ab", b"", b"c"])
    assert (data.tobytes(), offsets.tolist()) == (b"abc", [0, 2, 2, 3])
    data, offsets = joined([])
    assert (data.tobytes(), offsets.tolist()) == (b"", [0])
