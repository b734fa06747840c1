"""Marks by the kernel against their definition, regular expressions over one text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import reference_match
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from strategies import buffers, documents

from stages.kernels import automaton
from stages.kernels import marks as kernel
from stages.recognizers import marks

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
GROUPS = (
    ("mr.", "Dear", "-----begin", "ab", "the"),
    ("电话", "联系人：", "人：", "тел", "ab", "京A"),
    ("§", "key_", "éé", "of the", "か", "ab"),
    ("_key", "ey_", "ÉÉ", "ab", "0123"),
)
KINDS = (marks.WORDS, marks.WORDS, marks.STARTS, marks.ENDS)
WANTED = frozenset(marks.NAMES) - {marks.STARTS, marks.ENDS}

pieces = st.sampled_from(
    ["1", "22", "333", "４５", "a", "f0", "FF", "AB12", "DE89 3704", ":", "::", ".", "..", " ", "  ", "-", "－", "—", "(", ")",
     "+", "/", "\u00a0", "@", "§", "\n", "\r", "电话", "ば", "㐀", "é", "，", "＠", "\U00020000", "g", "_", "0123456789abcdef",
     "ABCDEFGHIJKLM", "00-1A-", "2B-3C-", "4D-5E", "1a2B.", "3C4d.", "5E6f", "Mr.", "dear ", "-----BEGIN", "ТЕЛ", "Тел", "тЕл", "京a", "联系人：", "key_", "_KEY",
     "É", "\u0301", "of the", "か", "\ue000"]
)  # fmt: skip
mixed = st.lists(st.lists(pieces, max_size=25).map("".join), max_size=4)
Mark = tuple[int, int, int, int, int]


def expected(values: list[str], wanted: frozenset[int] = WANTED) -> list[Mark]:
    """The marks by definition, as the kernel orders them."""
    found = []
    for row, text in enumerate(values):
        data = text.encode()
        for kind in wanted - {marks.WORDS}:
            found += [(row, start, stop, kind, 0) for start, stop in marks.places(data, kind)]
        words: dict[tuple[int, int], int] = {}
        for group, given_words in enumerate(GROUPS if marks.WORDS in wanted else ()):
            for place in marks.words_in(data, given_words, KINDS[group]):
                words[place] = words.get(place, 0) | 1 << group
        found += [(row, *place, marks.WORDS, groups) for place, groups in words.items()]
    return sorted(found, key=lambda mark: (mark[0], mark[1], mark[3], mark[2]))


def found(values: list[str], wanted: frozenset[int] = WANTED) -> list[Mark]:
    made = automaton.build([(word, group) for group, words in enumerate(GROUPS) for word in words])
    return [tuple(mark) for mark in kernel.find(*buffers(values), wanted, made, 1 << 2, 1 << 3).tolist()]


def test_both_name_the_same_kinds():
    assert {kind: getattr(kernel, name.upper()) for kind, name in marks.NAMES.items() if kind in WANTED} == {
        kind: kind for kind in WANTED
    }
    assert (kernel.MIN_DIGITS, kernel.MIN_RUN) == (marks.MIN_DIGITS, marks.MIN_RUN)


@given(mixed | documents)
def test_the_kernel_finds_what_is_defined(values):
    assert found(values) == expected(values)


@given(mixed, st.frozensets(st.sampled_from(sorted(WANTED))))
def test_only_what_is_wanted_is_found(values, wanted):
    assert found(values, wanted) == expected(values, wanted)


@given(mixed)
def test_words_have_the_borders_and_spellings_of_terms_elsewhere(values):
    for text in values:
        folded = reference_match.ascii_lower(text)
        for words in GROUPS:
            spelled = {one for word in words for one in reference_match.spellings(word)}
            there = {
                (start, start + len(one))
                for one in spelled
                for start in range(len(text))
                if folded.startswith(one, start) and reference_match.is_free(text, start, start + len(one))
            }
            in_bytes = {(len(text[:start].encode()), len(text[:stop].encode())) for start, stop in there}
            assert set(marks.words_in(text.encode(), words)) == in_bytes


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", []),
        ("@", []),
        ("a@", []),
        ("@a", []),
        ("a@b", [marks.AT]),
        (" @b a@é @. @@ \n@b", []),
        (":@b @@b", [marks.AT, marks.AT]),
        ("123456", []),
        ("123-4567", [marks.DIGITS]),
        ("123    4567", []),
        ("１３８００１３８０００", [marks.DIGITS]),
        ("1.2.3.4", [marks.DIGITS]),
        ("1.23.4..", []),
        ("12:30:45", []),
        ("fe80::1", [marks.COLONS]),
        ("...fe80::1", [marks.COLONS]),
        ("1:2:3:4", [marks.COLONS]),
        ("00-1A-2b-3C-4d-5E", [marks.PAIRS]),
        ("00-1A-2b-3C-4d-5E-", []),
        ("00-1A-2b-3C-4d-5", []),
        ("中00-11-22-33-44-55", [marks.PAIRS, marks.DIGITS]),
        ("1a2B.3C4d.5E6f. 中1a2B.3C4d.5E6f。", [marks.PAIRS, marks.PAIRS]),
        ("1a2B.3C4d.5E6f.7 .1a2B.3C4d.5E6f 1a2B.3C4d.5E6f-1a2B.3C4d-5E6f 1a2B.3C4d.5E6 1a2B.3C4d.5E6g", []),
        ("x" * 24 + "1", [marks.RUN]),
        ("x" * 25, []),
        ("x" * 23 + "1", []),
        ("DE89 3704", [marks.CODE]),
        ("DE89370400", [marks.CODE, marks.DIGITS]),
        ("xDE89 DE8 De89 DE89.", []),
        ("dear Mr. Nobody", [marks.WORDS, marks.WORDS]),
        ("ddear smr.x", []),
        ("他ab。", [marks.WORDS]),
    ],
)
def test_what_a_mark_is(text, kinds):
    assert sorted(kind for *_, kind, _ in found([text])) == sorted(kinds)
    assert found([text]) == expected([text])


def test_a_word_has_the_bits_of_all_its_groups_and_words_lie_within_words():
    text = "xx ab 联系人：电话 ab abc xab"
    assert [mark[1:] for mark in found([text]) if mark[3] == marks.WORDS] == [
        (3, 5, marks.WORDS, 0b1111),
        (6, 18, marks.WORDS, 0b10),
        (12, 18, marks.WORDS, 0b10),
        (18, 24, marks.WORDS, 0b10),
        (25, 27, marks.WORDS, 0b1111),
        (28, 30, marks.WORDS, 0b100),
        (33, 35, marks.WORDS, 0b1000),
    ]


def test_more_marks_than_room():
    text = f"a@b 1234567 1::2345\n{'x1' * 20} mr. 电话\n" * 400
    assert len(found([text, text])) == 6 * 2 * 400
    assert found([text]) == expected([text])


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "1-", ":", "1:", "a", "a.", "1a", "@", "AB12", "电话", "ab", "-", "00-", "1a2b.", "１"]
)
def test_hostile_text_is_done_with(piece):
    text = piece * (250_000 // len(piece))
    assert found([text]) == expected([text])


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}")
@pytest.mark.parametrize("name", ["en/web_and_news", "zh/tech_articles_lctt", "code/repos", "multi/native_text"])
def test_the_kernel_finds_what_is_defined_in_real_text(name):
    with zstandard.open(CORPORA / f"{name}.jsonl.zst", "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    values = texts[:: max(1, len(texts) // 150)]
    marked = expected(values)
    assert found(values) == marked
    assert len(marked) > 100
