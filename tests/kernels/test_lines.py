"""Lines and paragraphs against Python's own splitting and stripping, and against datatrove's filters."""

import re

import numpy as np
import pytest
import reference_lines as reference
from datatrove.data import Document
from datatrove.pipeline.filters import FineWebQualityFilter, GopherQualityFilter
from datatrove.pipeline.filters.gopher_repetition_filter import find_duplicates
from datatrove.utils.text import TERMINAL_PUNCTUATION
from hypothesis import given
from hypothesis import strategies as st
from strategies import LINE_ENDS, LINES, SPACES, buffers, documents

from stages.kernels import lines

PROFILES = [(lines.FINEWEB_TERMINAL, lines.BULLETS, "", 30), ("。？！.", "•-◆", "”’」』）\"'", 5)]
MARKS = np.stack([lines.marks(*profile[:3]) for profile in PROFILES])
SHORT = np.array([profile[3] for profile in PROFILES])

ragged = st.text(
    st.sampled_from("abI1２十 \t\n\n\n\r.。…-•(（)）、．①#\u3000中”」\u0301\u0085\u2028\xa0âÂ"), max_size=60
)
edges = [
    *LINE_ENDS,
    *LINES,
    *SPACES,
    "End. ",
    "完。」",
    "一行",
    "a line",
    "1. ",
    "（三）",
    "12) x",
    "\n\n",
    "...\n",
    "\x1f",
]
joined = st.lists(st.sampled_from(edges), max_size=30).map("".join)


def measure(texts, profile=0):
    """The measures as lists, all texts by the same profile."""
    return lines.measure(*buffers(texts), np.full(len(texts), profile), MARKS, SHORT).tolist()


@given(documents, st.sampled_from([0, 1]))
def test_like_the_reference_on_any_text(texts, profile):
    assert measure(texts, profile) == [reference.lines(text, *PROFILES[profile]) for text in texts]


@given(st.lists(ragged | joined, max_size=4), st.sampled_from([0, 1]))
def test_like_the_reference_on_ragged_lines(texts, profile):
    assert measure(texts, profile) == [reference.lines(text, *PROFILES[profile]) for text in texts]


def test_every_document_has_its_own_profile():
    texts = ["他说。」\n一二三四五六", "他说。」\n一二三四五六", ""]
    measures = lines.measure(*buffers(texts), np.array([1, 0, 1]), MARKS, SHORT)
    assert measures[:, lines.N_TERMINAL].tolist() == [1, 0, 0]
    assert measures[:, lines.N_SHORT].tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("a\r\nb\rc\vd\fe\x1cf\x85g\u2028h\u2029", lines.N_SPLIT, 8),
        ("\n\n", lines.N_SPLIT, 2),
        ("- a\n • b\n\u3000-丙\n*x\n－c\n\n-", lines.N_BULLET, 4),
        ("1. a\n2)\n三、乙\n（四）丙\n①丁\n(a) e\n3.14\n2019. \nab. c\n(\n• f\n12．庚", lines.N_LISTED, 8),
        ("wait... \n等等……\n...\nend .. .\n..", lines.N_ELLIPSIS_END, 3),
        ("one.\ntwo. \n他说。\n「好。」\nno,\n\n?", lines.N_TERMINAL, 3),
        ("a\n \nb\n\u3000\n中", lines.N_LINES, 3),
        ("x\nx\n \n \n重复\n重复", lines.DUP_LINE_CHARS_NONBLANK, 3),
        ("x\nx\n \n \n重复\n重复", lines.DUP_LINE_CHARS, 4),
        ("\n\na\n\n", lines.N_GOPHER_LINES, 3),
        ("\n\na\n\n", lines.N_DUP_LINES, 1),
        ("", lines.N_GOPHER_LINES, 1),
        ("", lines.N_PARAGRAPHS, 1),
        (" 段落\n一\n\n\n段落\n一\n\n段落\n一 ", lines.N_DUP_PARAGRAPHS, 2),
        ("段落\n一\n\n段落\n一", lines.DUP_PARAGRAPH_CHARS, 4),
        (" \n\n 段\n\nb \n\n ", lines.N_PARAGRAPHS, 2),
        ("\n\n \u3000段落\n\n段落\n\n", lines.DUP_PARAGRAPH_CHARS, 2),
        ("中" * 1001 + "\n" + "a" * 1000, lines.N_LONG_LINES, 1),
        ("中中\na", lines.MAX_LINE_CHARS, 2),
    ],
)
def test_what_the_measures_mean(text, column, expected):
    assert measure([text])[0][column] == reference.lines(text, *PROFILES[0])[column] == expected


@given(joined)
def test_fineweb_divides_the_same_counts(text):
    """Its filter, with each rule alone turned on just above and just below what we count."""
    measures = measure([text])[0]
    n_lines = measures[lines.N_LINES]
    strict = {"line_punct_thr": 0, "short_line_thr": 1, "char_duplicates_ratio": 1e9, "new_line_ratio": 1e9}

    def keeps(**limit):
        document = Document(text=text, id="")
        return FineWebQualityFilter(**{**strict, **limit}).filter(document) is True

    if n_lines == 0:
        assert not keeps()
        return
    terminal, short = measures[lines.N_TERMINAL] / n_lines, measures[lines.N_SHORT] / n_lines
    copied = measures[lines.DUP_LINE_CHARS_NONBLANK] / measures[lines.N_NONNEWLINE_CHARS]
    assert keeps(line_punct_thr=terminal, short_line_thr=short, char_duplicates_ratio=copied)
    assert not keeps(line_punct_thr=np.nextafter(terminal, 2))
    assert not keeps(short_line_thr=np.nextafter(short, -1))
    assert not keeps(char_duplicates_ratio=np.nextafter(copied, -1))


@given(joined)
def test_gopher_divides_the_same_counts(text):
    """Its filter's rules about lines, at the very limits we count; a word is added, for it divides by their number."""
    text += "word"
    measures = measure([text])[0]
    off = {"min_doc_words": 0, "min_avg_word_length": 0, "max_avg_word_length": 0, "max_symbol_word_ratio": 0}
    off |= {"max_non_alpha_words_ratio": 0, "min_stop_words": 0, "max_bullet_lines_ratio": 0}

    def keeps(**limit):
        return GopherQualityFilter(**{**off, "max_ellipsis_lines_ratio": 0, **limit}).filter(Document(text, "")) is True

    for column, option in (
        (lines.N_BULLET, "max_bullet_lines_ratio"),
        (lines.N_ELLIPSIS_END, "max_ellipsis_lines_ratio"),
    ):
        share = measures[column] / measures[lines.N_SPLIT]
        if share > 0:  # a limit of 0 turns the rule off
            assert keeps(**{option: share})
            assert not keeps(**{option: np.nextafter(share, -1)})


@given(joined)
def test_gopher_finds_the_same_copies(text):
    columns = (lines.N_DUP_LINES, lines.DUP_LINE_CHARS, lines.N_DUP_PARAGRAPHS, lines.DUP_PARAGRAPH_CHARS)
    gopher = find_duplicates(re.split("\n+", text))
    paragraphs = find_duplicates(re.split("\n{2,}", text.strip()))
    assert [measure([text])[0][column] for column in columns] == [*gopher, *paragraphs]


def test_the_terminal_punctuation_is_datatroves():
    assert set(lines.FINEWEB_TERMINAL) == TERMINAL_PUNCTUATION
    assert len(lines.FINEWEB_TERMINAL) == len(TERMINAL_PUNCTUATION)


def test_lines_of_every_length_are_told_apart():
    """Lines that differ in one byte, at any place, and paragraphs that differ from lines in their last."""
    base = "abcdefghijklmnopqrstuvwxyz"
    different = {base[:size][:place] + "é" + base[:size][place:] for size in range(26) for place in range(size + 1)}
    different |= {base[:size] for size in range(1, 26)} | {base[:size] + "\0" for size in range(1, 26)}
    measures = measure(["\n\n".join(sorted(different))])[0]
    assert measures[lines.N_PARAGRAPHS] == measures[lines.N_GOPHER_LINES] == len(different)
    assert measures[lines.N_DUP_LINES] == measures[lines.N_DUP_PARAGRAPHS] == 0


def test_many_lines_in_the_document_before():
    text = "\n".join(f"line {number % 700}\n第{number % 300}行" for number in range(5000))
    few = "line 1\nline 1\n\n第1行"
    assert measure([few, text, few]) == [reference.lines(each, *PROFILES[0]) for each in (few, text, few)]


def test_a_huge_line_and_a_line_repeated_very_often():
    huge, often, blank = measure(["中a " * 300_000, "一样。\n" * 300_000, "\n" * 1_000_001])
    assert [huge[column] for column in (lines.N_LINES, lines.MAX_LINE_CHARS, lines.N_CHARS)] == [1, 900_000, 900_000]
    assert [often[column] for column in (lines.N_DUP_LINES, lines.N_TERMINAL)] == [299_999, 300_000]
    assert [blank[column] for column in (lines.N_SPLIT, lines.N_LINES, lines.N_GOPHER_LINES)] == [1_000_001, 0, 2]
