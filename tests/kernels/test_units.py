"""Units against a regular expression over character kinds, and flags against the tools they come from."""

import unicodedata

import numpy as np
import pytest
import reference_words as reference
from datatrove.utils.text import PUNCTUATION_SET
from hypothesis import given
from spacy.pipeline import Sentencizer
from strategies import buffers, documents

from stages.kernels import units
from stages.kernels.utf8 import assigned_code_points, classes


def _scratch(size):
    kinds = (np.int64, np.int64, np.int64, np.uint8, np.uint64)
    return tuple(np.empty(size, kind) for kind in kinds)


def _found(data, start, end):
    """(text, characters, kind, hash) of every unit of a document."""
    scratch = _scratch(end - start)
    n_units = units.fast_units(data, start, end, classes(), units.flags(), *scratch)
    rows = zip(*(column[:n_units].tolist() for column in scratch), strict=True)
    return [(bytes(data[a:b]).decode(), *rest) for a, b, *rest in rows]


@given(documents)
def test_fast_units(values):
    data, offsets = buffers(values)
    for text, start, end in zip(values, offsets[:-1], offsets[1:], strict=True):
        assert _found(data, start, end) == [
            (unit, len(unit), reference.unit_kind(unit), reference.hash_bytes(unit.encode()))
            for unit in reference.fast_units(text)
        ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Don't pay $3.14 -- e-mail us!", ["Don't", "pay", "$", "3", ".", "14", "-", "-", "e-mail", "us", "!"]),
        ("他说：“好……”", list("他说：“好……”")),
        ("中文abc，ｶﾅ1", ["中", "文", "abc", "，", "ｶ", "ﾅ", "1"]),
        ("o' 'tis", ["o", "'", "'", "tis"]),
        ("\0\ta\u0301\u0301 \u0301 😀", ["a\u0301\u0301", "😀"]),
    ],
)
def test_what_a_unit_is(text, expected):
    data, offsets = buffers([text])
    assert [unit for unit, *_ in _found(data, offsets[0], offsets[1])] == expected


def test_too_little_scratch_is_told():
    data, offsets = buffers(["三个 units"])
    assert units.fast_units(data, *offsets, classes(), units.flags(), *_scratch(2)) == -1
    assert units.fast_units(data, *offsets, classes(), units.flags(), *_scratch(3)) == 3


@pytest.mark.parametrize(
    ("flag", "is_so"),
    [
        (units.HAS_LETTER, str.isalpha),
        (units.NOT_SYMBOL, lambda character: character not in PUNCTUATION_SET),
        (units.SENTENCE_END, set(Sentencizer.default_punct_chars).__contains__),
        (units.IS_PUNCTUATION, lambda character: unicodedata.category(character)[0] == "P"),
    ],
)
def test_flags(flag, is_so):
    codes = assigned_code_points()
    expected = np.array([is_so(chr(code)) for code in codes])
    assert ((units.flags()[codes] & flag != 0) == expected).all()
