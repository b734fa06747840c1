"""Rules for names and addresses: what any of them may read and return, on made-up and hostile text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from personal import found
from strategies import texts

from stages.recognizers import addresses, addresses_chinese, addresses_european, marks, names, names_chinese
from stages.recognizers.rule import Rule, Settings

RULES = (*names.RULES, *names_chinese.RULES, *addresses.RULES, *addresses_european.RULES, *addresses_chinese.RULES)
WORDS = [word for rule in RULES for word in rule.words]
FURTHEST_BYTES = 400
HOSTILE = [
    "Jane ", "J. ", "a-", "A-A-", "O'", "12 ", "12 Oak ", "12 Oak Street, ", "Mr. ", "Mr Mrs ", "x", "Name: ", ": ", "\n", " ", "\t:", "van der ",
    "-- \n", "<td>", "被告", "A, ", "|", "name,\n", "Jane Roe,\n", "、", "收", "县", "号碧", "al-",
    "路", "路1号", "张", "张三", "·", "市", "区路", "中国北京市", "1号楼", "一", "Ａ座", "대로 1", "丁目", "😀", "\u0301", "<a", '"', "Suite 1, ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_what_a_mark_gives_depends_on_what_stands_near_it(piece):
    near, far = (
        piece * (2 * FURTHEST_BYTES // len(piece.encode())),
        piece * (20 * FURTHEST_BYTES // len(piece.encode())),
    )
    for rule in RULES:
        for word in rule.words[:3] or ("<jane@",):
            assert spans(rule, near, word, near) == spans(rule, far, word, far), word


def spans(rule: Rule, before: str, word: str, after: str) -> list[tuple[int, int, float, str]]:
    text, start = (before + word + after).encode(), len(before.encode())
    place = (start + 5, start + 6) if rule.mark == marks.AT else (start, start + len(word.encode()))
    return [(one.start - start, one.stop - start, *one[2:]) for one in rule.find(text, *place, Settings())]


pieces = st.one_of(
    st.sampled_from([*WORDS, *HOSTILE, "Jane Roe", "：", "Springfield, IL 62704", "<jane@roe.test>"]), texts
)


@given(st.lists(pieces, max_size=12).map("".join))
@settings(max_examples=150)
def test_spans_are_whole_characters_and_never_empty(text):
    data = text.encode()
    for rule in RULES:
        places = marks.words_in(data, rule.words) if rule.words else marks.places(data, rule.mark)
        for start, stop in places:
            for one in rule.find(data, start, stop, Settings()):
                assert 0 <= one.start < one.stop <= len(data) and 0.4 <= one.score <= 0.9
                value = data[one.start : one.stop].decode()
                assert value.strip(" \t\n\r,:：，\u3000") == value


def test_tags_are_no_findings():
    assert (
        found(
            "姓名：<PERSON>，地址：<ADDRESS>。Name: <PERSON>, <ADDRESS>, Mr. <PERSON>\n12 <ADDRESS> Street", RULES, 0.0
        )
        == []
    )


def test_all_four_at_once():
    text = "Name: Jane Roe\nAddress: 12 Oak Street, Springfield, IL 62704\n姓名：张小明\n住址：北京市海淀区中关村大街27号\n"
    assert found(text, RULES) == [
        ("person", "Jane Roe"), ("address", "12 Oak Street, Springfield, IL 62704"),
        ("person", "张小明"), ("address", "北京市海淀区中关村大街27号"),
    ]  # fmt: skip
