"""Sentences against spaCy's sentencizer and datatrove, and against the definition where characters are tokens."""

import functools
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
import reference_match
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from strategies import CHINESE, ENGLISH, OTHER_SCRIPTS, SPACES, buffers, documents

from stages.kernels import sentences
from stages.kernels.units import FAST, SPACY

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"

pieces = [
    *ENGLISH,
    *CHINESE,
    *OTHER_SCRIPTS,
    *SPACES,
    *" " * 12,
    *".?!。！？।",
    ". ",
    ".  ",
    '."',
    "(",
    ")",
    "U.S.",
    "$",
    "=",
    "[1]",
]
lines = st.lists(st.sampled_from(pieces), max_size=25).map("".join)


@functools.cache
def spacy_english():
    import spacy

    made = spacy.blank("en")
    made.add_pipe("sentencizer")
    return made


def counted(texts, units=FAST):
    return sentences.count(*buffers(texts), np.full(len(texts), units, np.uint8)).tolist()


def in_lines(text):
    """Sentences in spaCy's own view of each line, counted as datatrove's `split_into_sentences` does."""
    return sum(max(1, len(list(spacy_english()(line).sents))) for line in text.split("\n")) if text else 0


@given(documents | st.lists(lines, max_size=4))
def test_like_spacys_sentencizer(texts):
    assert counted(texts, SPACY) == [in_lines(text) for text in texts]


@given(lines)
def test_any_tokens_make_sentences_as_for_spacy(line):
    tokens = spacy_english()(line)
    starts = np.array([len(line[: token.idx].encode()) for token in tokens], np.int64)
    stops = starts + np.array([len(token.text.encode()) for token in tokens], np.int64)
    data = np.frombuffer(line.encode(), np.uint8)
    begun, _ = sentences.count_in_units(data, starts, stops, len(tokens), False, sentences.traits())
    assert (
        begun + 1
        == reference_match.sentences([token.text for token in tokens], ends())
        == max(1, len(list(tokens.sents)))
    )


def ends():
    from spacy.pipeline import Sentencizer

    return set(Sentencizer.default_punct_chars)


def characters(line):
    """The characters of a line, and in one its white space that is more than one space after something."""
    tokens = re.findall(r"(?<=\S) (?!\s)|\s+|\S", line)
    return [token for place, token in enumerate(tokens) if token != " " or place == 0]


@given(documents | st.lists(lines, max_size=4))
def test_like_the_reference_where_characters_are_tokens(texts):
    expected = [
        sum(reference_match.sentences(characters(line), ends()) for line in text.split("\n")) if text else 0
        for text in texts
    ]
    assert counted(texts) == expected


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}")
@pytest.mark.parametrize("path", ["en/web_and_news", "en/technical_prose", "en/books_misc", "zh/wikipedia"])
def test_like_datatroves_split_on_real_text(path):
    from datatrove.utils.text import split_into_sentences

    with zstandard.open(CORPORA / f"{path}.jsonl.zst", "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"][:3000] for line in itertools.islice(file, 0, 400, 10)]
    expected = [sum(len(split_into_sentences(line)) for line in text.split("\n")) for text in texts]
    assert len(texts) > 15 and sum(expected) > 100
    assert counted(texts, SPACY) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("\n \n.\t\n\0", 5),
        ("no end", 1),
        ("One. Two! Three?\nFour", 4),
        ("He said “stop.” Then (no) more.", 2),
        ("他来了。我走了！“真的？”她问。\n完", 5),
        ("ไม่มี แต่ नमस्ते। फिर", 2),
        ("\r\n.a.\r\n", 5),
    ],
)
def test_what_a_sentence_is(text, expected):
    assert counted([text]) == [expected]


def test_units_are_chosen_per_document():
    text = "Mr. Smith went... home. 他说。好"
    assert counted([text]) == [5] and counted([text], SPACY) == [2]
    assert sentences.count(*buffers([text] * 2), np.array([SPACY, FAST], np.uint8)).tolist() == [2, 5]


def test_very_many_and_a_huge_one():
    texts = ["一。" * 300_000, "word " * 300_000, "So? " * 100_000, "a.b?c" * 20_000]
    assert counted(texts) == [300_000, 1, 100_000, 40_001]
    assert counted(texts, SPACY)[1:3] == [1, 100_000]
