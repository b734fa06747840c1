"""Tokens against spaCy, token for token, and the facts they rest on against spaCy's own."""

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import reference_spacy as theirs
import reference_words
import strategies
import zstandard
from datatrove.utils.text import split_into_words
from hypothesis import given
from spacy.lang import char_classes
from spacy.lang.tokenizer_exceptions import URL_MATCH
from strategies import buffers

from stages.kernels import spacy_tables, spacy_units
from stages.kernels.spacy_cases import special_cases
from stages.kernels.spacy_url import is_url


def _scratch(size):
    kinds = (np.int64, np.int64, np.int64, np.uint8, np.uint64)
    return tuple(np.empty(size, kind) for kind in kinds)


def _found(values):
    """The units of every text."""
    data, offsets = buffers(values)
    starts, stops, unit_offsets = spacy_units.tokens(data, offsets)
    spans = [bytes(data[a:b]).decode() for a, b in zip(starts, stops, strict=True)]
    return [spans[a:b] for a, b in pairwise(unit_offsets)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\u3000\x1c", []),
        ("Don't go, Mr. Ng; I'm here.", ["Do", "n't", "go", ",", "Mr.", "Ng", ";", "I", "'m", "here", "."]),
        ("Im. it’s US$5 (e.g. 10km²)", ["I", "m.", "it", "’s", "US$", "5", "(", "e.g.", "10", "km²", ")"]),
        ("well-known and/or a--b …", ["well", "-", "known", "and/or", "a", "--", "b", "…"]),
        ("foo:) :-)) : )))", ["foo", ":)", ":-))", ":", ")", ")", ")"]),
        ("a°C.…b 5°C. °C.", ["a", "°", "C", ".", "…", "b", "5", "°", "C", ".", "°", "C", "."]),
        ("see http://a.com/b-c or (x@y-z.org).", ["see", "http://a.com/b-c", "or", "(", "x@y-z.org", ")", "."]),
        ("中文的句子，没有空格。English混排……", ["中文的句子，没有空格。English混排", "……"]),
        ("「引号」（括号）100％", ["「", "引号」（括号）100％"]),
        ("10:30pm 7pm A. AB. Ab.", ["10:30pm", "7", "pm", "A.", "AB", ".", "Ab", "."]),
    ],
)
def test_what_a_token_is(text, expected):
    assert theirs.tokens(text) == expected
    assert split_into_words(text, "eng") == expected
    assert _found([text]) == [expected]


@given(theirs.texts())
def test_tokens_of_hard_text(text):
    assert _found([text]) == [theirs.tokens(text)]


@given(strategies.documents)
def test_units_are_tokens_with_their_characters_kinds_and_hashes(values):
    data, offsets = buffers(values)
    for text, start, end in zip(values, offsets[:-1], offsets[1:], strict=True):
        columns = _scratch(end - start + spacy_units.LEAST_ROOM)
        n_units = spacy_units.spacy_units(data, start, end, *spacy_units.tables(), *columns)
        rows = zip(*(column[:n_units].tolist() for column in columns), strict=True)
        assert [(bytes(data[a:b]).decode(), *rest) for a, b, *rest in rows] == [
            (token, len(token), theirs.kind(token), reference_words.hash_bytes(token.encode()))
            for token in theirs.tokens(text)
        ]


@pytest.mark.parametrize("text", ["((a-b)).. 中文", "a:)b a°C.…°C.… cannot", "x" * 100, "a-" * 50 + "b", "'" * 60])
def test_too_little_scratch_is_told(text):
    data, offsets = buffers([text])
    n_tokens, results = len(theirs.tokens(text)), []
    for size in range(len(text.encode()) + spacy_units.LEAST_ROOM + 1):
        results.append(spacy_units.spacy_units(data, *offsets, *spacy_units.tables(), *_scratch(size)))
    assert results[0] == -1
    assert results[-1] == n_tokens
    assert set(results) == {-1, n_tokens}
    assert results.index(n_tokens) >= n_tokens


@pytest.mark.parametrize(
    ("piece", "expected"),
    [("(", ["("]), ("中", None), ("-", None), (":)", None), ("a:)b", None), ("x.", None), ("@", None), ("é ", ["é"])],
)
def test_huge_documents(piece, expected):
    (found,) = _found([piece * 200_000])
    assert "".join(found) == (piece * 200_000).replace(" ", "")
    if expected:
        assert found == expected * 200_000
    assert _found([piece * 40]) == [theirs.tokens(piece * 40)]


def test_special_cases_are_those_of_spacy():
    expected = {key: pieces for key, pieces in theirs.rules().items() if not key.isspace()}
    assert special_cases() == expected
    assert len(expected) == 1343


@pytest.mark.parametrize(
    ("mark", "pattern"),
    [
        (spacy_tables.ALPHA, f"[{char_classes.ALPHA}]"),
        (spacy_tables.LOWER, f"[{char_classes.ALPHA_LOWER}]"),
        (spacy_tables.UPPER, f"[{char_classes.ALPHA_UPPER}]"),
        (spacy_tables.QUOTE, f"[{char_classes.CONCAT_QUOTES}]"),
        (spacy_tables.ICON, f"[{char_classes.CONCAT_ICONS}]"),
        (spacy_tables.CURRENCY, char_classes.CURRENCY),
        (spacy_tables.DECIMAL, r"\d"),
        (spacy_tables.WORD, r"\w"),
        (spacy_tables.SPACE, r"\s"),
        (
            spacy_tables.BEFORE_STOP,
            rf"[0-9{char_classes.ALPHA_LOWER}%²\-\+{char_classes.PUNCT}(?:{char_classes.CONCAT_QUOTES})]",
        ),
    ],
)
def test_marks_are_the_classes_of_spacy(mark, pattern):
    compiled = re.compile(pattern)
    expected = [code for code in range(0x110000) if compiled.fullmatch(chr(code))]
    assert np.flatnonzero(spacy_tables.marks() & mark).tolist() == expected


@pytest.mark.parametrize(("mark", "name"), [(spacy_tables.PREFIX, "prefix"), (spacy_tables.SUFFIX, "suffix")])
def test_marks_are_the_affixes_of_spacy(mark, name):
    search = getattr(theirs.tokenizer(), f"{name}_search")
    expected = [code for code in range(0x110000) if search(chr(code)) and chr(code) != "+"]  # `+` depends on digits
    assert np.flatnonzero(spacy_tables.marks() & mark).tolist() == expected


def test_units_of_measurement_are_those_of_spacy():
    assert set(spacy_tables.UNITS.split()) == set(char_classes.LIST_UNITS)
    assert max(map(len, char_classes.LIST_UNITS)) == spacy_tables.MOST_UNIT_CHARS


@given(theirs.addresses)
def test_addresses(text):
    data = np.frombuffer(text.encode(), np.uint8)
    if text and not re.search(r"\s", text):
        assert is_url(data, 0, len(data), spacy_tables.marks()) == bool(URL_MATCH(text))


CORPORA = Path(__file__).parents[3] / "shared" / "corpora"


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}")
@pytest.mark.parametrize("pattern", ["en/*", "zh/*", "multi/*"])
def test_tokens_of_real_text(pattern):
    n_tokens = 0
    for path in sorted(CORPORA.glob(f"{pattern}.jsonl.zst")):
        with zstandard.open(path, "rt", encoding="utf-8") as file:
            texts = [json.loads(line)["text"][:4000] for line in file]
        for text in texts[:: max(1, len(texts) // 40)]:
            expected = theirs.tokens(text)
            assert _found([text]) == [expected]
            n_tokens += len(expected)
    assert n_tokens > 10_000
