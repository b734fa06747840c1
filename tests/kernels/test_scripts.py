"""Scripts against the definition, against the Unicode property as `regex` has it, and on known texts."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
import reference_scripts
from hypothesis import given
from strategies import buffers, documents

from stages.kernels import scripts


def measured(values):
    data, offsets = buffers(values)
    found = scripts.measure(data, offsets[:-1], offsets[1:], np.arange(len(values) + 1))
    assert found.shape == (len(values), scripts.N_MEASURES)
    assert found.dtype == np.int64
    return found


def mains(values):
    return [scripts.CODES[place] for place in measured(values)[:, scripts.MAIN]]


@given(documents)
def test_main_script(values):
    assert mains(values) == [reference_scripts.main_script(text) for text in values]
    east = [scripts.CODES[place] for place in measured(values)[:, scripts.EAST]]
    assert east == [reference_scripts.east_script(text) for text in values]


@given(documents)
def test_bytes(values):
    for text, row in zip(values, measured(values).tolist(), strict=True):
        codes = [(scripts.CODES[scripts.table()[ord(character)]], len(character.encode())) for character in text]
        assert row[scripts.LETTER_BYTES] == sum(n for code, n in codes if code != "Zyyy")
        assert row[scripts.HAN_BYTES] == sum(n for code, n in codes if code.startswith("Han") and code != "Hang")
        assert row[scripts.KANA_BYTES] == sum(n for code, n in codes if code == "Jpan")


@given(documents)
def test_spans_are_taken_together(values):
    data, offsets = buffers(values)
    joined = scripts.measure(data, offsets[:-1], offsets[1:], np.array([0, len(values)]))
    assert joined.tolist() == measured(["".join(values)]).tolist()


def test_every_letter_has_the_script_of_unicode():
    """Han characters that stand in a row are not all looked at: there are 90,000."""
    for code in scripts.assigned_code_points():
        if unicodedata.category(chr(code))[0] == "L" and (
            code % 50 == 0 or not (0x3400 <= code < 0xA000 or code >= 0x20000)
        ):
            assert scripts.CODES[scripts.table()[code]] == reference_scripts.script_of(chr(code)), hex(code)


def test_what_is_no_letter_has_no_script():
    table = scripts.table()
    assert len(table) == 0x110000
    assert not table.flags.writeable
    others = [code for code in range(0x110000) if unicodedata.category(chr(code))[0] != "L"]
    assert not table[others].any()


def test_simplified_and_traditional_by_the_standards():
    simplified, traditional = scripts.decisive()
    assert (len(simplified), len(traditional)) == (2380, 8680)
    assert simplified >= set("们这国龙汉语说时")
    assert traditional >= set("們這國龍漢語說時")
    assert not (simplified | traditional) & set("中文后里喆Aの")
    for character in simplified:
        assert len(character.encode("gb2312")) == 2
        with pytest.raises(UnicodeEncodeError):
            character.encode("big5")
    for character in traditional:
        assert len(character.encode("big5")) == 2
        with pytest.raises(UnicodeEncodeError):
            character.encode("gb2312")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "Zyyy"),
        ("2024-01-15 3.14 … 。😀", "Zyyy"),
        ("Don't stop", "Latn"),
        ("ＡＢＣ", "Latn"),
        ("Комитет снова соберётся", "Cyrl"),
        ("ελληνικά", "Grek"),
        ("اللجنة", "Arab"),
        ("शुक्रवार", "Deva"),
        ("ภาษาไทย", "Thai"),
        ("한국어 텍스트", "Kore"),
        ("大韓民國의 憲法은 規定한다", "Kore"),
        ("委員会は木曜日に", "Jpan"),
        ("カタカナ", "Jpan"),
        ("委员会将在星期四再次开会", "Hans"),
        ("委員會將在星期四再次開會", "Hant"),
        ("中文", "Hani"),
        ("们們", "Hani"),
        ("们們們", "Hant"),
        ("这里的 import os 说明", "Hans"),
        ("import numpy as np  # 数组", "Latn"),
        ("这是一个日语词：「さくら」，意思是樱花，樱花是日本的国花，每年春天盛开。", "Hans"),
    ],
)
def test_known_texts(text, expected):
    assert mains([text]) == [expected]
