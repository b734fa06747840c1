"""Words against a regular expression over character kinds."""

import pytest
import reference
from hypothesis import given
from strategies import buffers, documents

from stages.kernels import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Don't stop-gap snake_case o' 'tis a--b", ["Don't", "stop-gap", "snake_case", "o", "tis", "a", "b"]),
        ("3.14 2nd", ["3", "14", "2nd"]),
        ("中文abc混合。", ["中", "文", "abc", "混", "合"]),
        ("かなカナ", ["か", "な", "カ", "ナ"]),
        ("น้ำ", ["น้", "ำ"]),
        ("한국어 텍스트", ["한국어", "텍스트"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("e\u0301te\u0301 \u0301", ["e\u0301te\u0301"]),
        ("全角\u3000空格", ["全", "角", "空", "格"]),
        ("😀 + = #", []),
    ],
)
def test_what_a_word_is(text, expected):
    assert reference.words(text) == expected
    assert _found([text]) == [expected]


def _found(values):
    data, offsets = buffers(values)
    starts, stops, word_offsets = words.bounds(data, offsets)
    spans = [bytes(data[a:b]).decode() for a, b in zip(starts, stops, strict=True)]
    return [spans[word_offsets[i] : word_offsets[i + 1]] for i in range(len(values))]


@given(documents)
def test_bounds(values):
    assert _found(values) == [reference.words(text) for text in values]


@given(documents)
def test_measure(values):
    measures = words.measure(*buffers(values))
    for text, row in zip(values, measures.tolist(), strict=True):
        found = reference.words(text)
        spaced = [word for word in found if not reference.is_unspaced(word)]
        assert row[words.N_WORDS] == len(found)
        assert row[words.N_UNSPACED] == len(found) - len(spaced)
        assert row[words.N_ALPHABETIC] == sum(map(reference.has_letter, found))
        assert row[words.N_SPACED_CHARS] == sum(map(len, spaced))


def test_count_is_int32_per_document():
    counts = words.count(*buffers(["", "two words", "三个字"]))
    assert counts.dtype == "int32"
    assert counts.tolist() == [0, 2, 3]
