"""C4's lines against the definition and against datatrove's own filter; Chinese by hand and by the definition."""

import itertools
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import reference_match as reference
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import CHINESE, ENGLISH, LINE_ENDS, SPACES, buffers, documents, sliced

from pipeline.batch import Edits, apply_edits
from stages.kernels import c4, sentences
from stages.kernels.units import SPACY

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
MARKS = "。！？", "”」）"
ENGLISH_LIKE, CHINESE_LIKE, HINDI_LIKE, THAI_LIKE = range(4)


def profiles():
    marks = np.zeros((4, 0x110000), np.uint8)
    for bit, characters in zip((c4.TERMINAL, c4.CLOSING), MARKS, strict=True):
        marks[1:, [ord(mark) for mark in characters]] = bit
    marks[1:, ord("，")] = 2  # a bit that means something else
    flags = [[True, False, True, False], [False, True, True, True], [True, True, True, False]]
    return c4.Profiles(*map(np.array, flags), marks)


PROFILES = profiles()
ALL_ON = c4.Options()

pieces = [
    *ENGLISH, *CHINESE, *SPACES, *LINE_ENDS, *"\n\n\n\n      ", ".", "!", "?", '"', "'", "...", "word ", "word ", "words. ",
    "[1]", "[]", "[edit]", "[citation needed]", "[", "]", "[12", "[٣４]", "[½]", "java", "script", "Javascript", "lorem",
    "Lorem Ipsum", "{", "”", "）", "）", "use", " cookies", "Terms of Use", "Cookie", " policy", "x" * 9, "中" * 9, "。\n", "。\n", ".\n", ".\n",
]  # fmt: skip
ragged = st.lists(st.lists(st.sampled_from(pieces), max_size=40).map("".join), max_size=4)
options = st.builds(
    c4.Options,
    require_terminal=st.booleans(),
    max_word_chars=st.sampled_from([-1, 8, 1000]),
    min_words=st.sampled_from([-1, 0, 1, 3]),
    remove_citations=st.booleans(),
    remove_javascript=st.booleans(),
    remove_policy=st.booleans(),
)


def edited(texts, of=ENGLISH_LIKE, options=ALL_ON):
    """The texts after the edits, and all that `edits` returned; the lines it gives itself must be the same."""
    found = c4.edits(*buffers(texts), np.full(len(texts), of, np.uint8), PROFILES, options)
    draft = Edits(found.rows, found.starts, found.ends, found.replacements())
    after = apply_edits(sliced(texts), draft).to_pylist()
    kept = pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(found.kept_offsets), pa.py_buffer(found.kept_data))
    assert [text.strip() for text in kept.to_pylist()] == after
    assert (found.starts <= found.ends).all() and not any(map(is_idle, found_spans(texts, found)))
    return after, found


def found_spans(texts, found):
    for row, start, end, replacement in zip(found.rows, found.starts, found.ends, found.replacements(), strict=True):
        yield texts[row].encode()[start:end], replacement


def is_idle(span):
    return span[0] == span[1]


@given(ragged | documents, st.sampled_from([ENGLISH_LIKE, CHINESE_LIKE, HINDI_LIKE, THAI_LIKE]), options)
def test_like_the_reference_on_any_text(texts, of, options):
    marks = {ENGLISH_LIKE: ("", ""), THAI_LIKE: None}.get(of, MARKS)
    expected = [reference.c4(text, of in (ENGLISH_LIKE, HINDI_LIKE), marks, options) for text in texts]
    after, found = edited(texts, of, options)
    assert after == [text for text, _ in expected]
    assert found.counts.tolist() == [counts for _, counts in expected]


def datatrove(texts, **options):
    """What datatrove's filter leaves of each text, or why it drops it."""
    from datatrove.data import Document
    from datatrove.pipeline.filters.c4_filters import C4QualityFilter

    options = {"max_word_length": 1000, "min_num_sentences": -1, **options}
    judge, results = C4QualityFilter(**options), []
    for number, text in enumerate(texts):
        document = Document(text=text, id=str(number))
        verdict = judge.filter(document)
        results.append(document.text if verdict is True else verdict[1])
    return results


def ours(texts, options=ALL_ON, min_sentences=-1):
    """The same from our edits and counts."""
    after, found = edited(texts, ENGLISH_LIKE, options)
    if min_sentences >= 0:
        units = np.full(len(texts), SPACY, np.uint8)
        n_sentences = sentences.count(found.kept_data, found.kept_offsets, units)
        after = np.where(n_sentences < min_sentences, "too_few_sentences", np.array([*after, None])[:-1]).tolist()
    return [
        ("lorem_ipsum" if 0 < lorem <= brace or not brace else "curly_bracket") if lorem or brace else text
        for text, (lorem, brace) in zip(
            after, found.counts[:, [c4.LOREM_IPSUM_LINE, c4.BRACE_LINE]].tolist(), strict=True
        )
    ]


@given(ragged | documents, st.booleans(), st.sampled_from([8, 1000]), st.sampled_from([-1, 3]))
def test_like_datatroves_filter_on_any_text(texts, terminal, longest, fewest):
    expected = datatrove(texts, filter_no_terminal_punct=terminal, max_word_length=longest, min_words_per_line=fewest)
    assert ours(texts, c4.Options(terminal, longest, fewest)) == expected


@given(ragged, st.booleans(), st.sampled_from([2, 5]))
@settings(max_examples=50)
def test_like_datatroves_filter_with_sentences(texts, terminal, fewest):
    expected = datatrove(texts, filter_no_terminal_punct=terminal, min_num_sentences=fewest)
    assert ours(texts, c4.Options(terminal), fewest) == expected


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}")
@pytest.mark.parametrize("path", ["en/web_and_news", "en/technical_prose", "en/wikipedia_featured", "code/repos"])
def test_like_datatroves_filter_on_real_text(path):
    with zstandard.open(CORPORA / f"{path}.jsonl.zst", "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in itertools.islice(file, 0, 1200, 4)]
    assert len(texts) > 80
    assert ours(texts) == datatrove(texts)
    short = [text[:2000] for text in texts[::4]]
    assert ours(short, min_sentences=5) == datatrove(short, min_num_sentences=5)
    assert ours(texts, c4.Options(require_terminal=False)) == datatrove(texts, filter_no_terminal_punct=False)


@pytest.mark.parametrize(
    ("text", "left", "column"),
    [
        ("今天天气很好。", "今天天气很好。", c4.N_KEPT),
        ("他说：“天气很好。”[3]\r\n导航，首页\n", "他说：“天气很好。”", c4.NO_TERMINAL),
        ("「真的？」\n“我不知道”", "“我不知道”", c4.TOO_FEW_WORDS),
        ("请启用JavaScript后再试。\n这是正文！", "这是正文！", c4.JAVASCRIPT),
        ("本站 uses cookies 以改进服务。\n这是正文。", "这是正文。", c4.POLICY),
        ("等等，还有……\n这是正文?", "这是正文?", c4.NO_TERMINAL),
        ("中" * 2000 + "。\n\n\u3000\u3000第二段文字。\u3000", "中" * 2000 + "。\n第二段文字。", c4.NO_TERMINAL),
    ],
)
def test_chinese_lines(text, left, column):
    after, found = edited([text], CHINESE_LIKE)
    assert after == [left] and found.counts[0, column] == 1


def test_a_chinese_line_has_no_words_to_an_english_profile():
    assert edited(["今天天气很好。今天 天气 很好."], ENGLISH_LIKE)[0] == ["今天天气很好。今天 天气 很好."]
    assert edited(["今天天气很好.", "今天天气很好。"], ENGLISH_LIKE)[0] == ["", ""]


def test_a_line_end_that_is_right_already_is_no_edit():
    text = "One two three.\nFour five six.\r\nSeven eight nine."
    assert list(found_spans([text], edited([text])[1])) == [(b"\r\n", b"\n")]


def test_what_citations_leave_at_the_ends_is_stripped():
    options = c4.Options(require_terminal=False)
    assert edited(["[1] a b c [2]\n[3] [4] [5]", "[1] [] [edit]"], options=options)[0] == ["a b c", ""]


def test_a_hit_is_where_datatrove_stops_and_not_before():
    found = edited(["a b\nc d {\nOne two three {.\nlorem ipsum dolor{.", "{", "java[1]script is [2]on."])[1]
    assert found.counts[:, [c4.LOREM_IPSUM_LINE, c4.BRACE_LINE]].tolist() == [[4, 3], [0, 0], [0, 0]]
    assert found.counts[2, c4.JAVASCRIPT] == 1


@pytest.mark.parametrize("phrase", ["lorem ipsum", "javascript", *c4.POLICY_PHRASES])
def test_every_phrase_holds_what_is_looked_for_first(phrase):
    texts = [f"这是 one two {spelling} three." for spelling in (phrase, phrase.upper(), phrase.title())]
    counts = edited(texts)[1].counts
    assert counts[:, [c4.LOREM_IPSUM_LINE, c4.JAVASCRIPT, c4.POLICY]].any(axis=1).all()


@pytest.mark.parametrize("size", range(20))
def test_line_breaks_and_citations_at_every_place_of_a_word(size):
    texts = [
        "字" * (size % 3) + "x" * size + end + "“y”—é z" * 3 + "."
        for end in ("\r\n", "\n\r", "\u2028", "\x85", "\t", "[1]", "[a]")
    ]
    options = c4.Options(require_terminal=False, min_words=-1)
    expected = [reference.c4(text, True, "", options) for text in texts]
    after, found = edited(texts, options=options)
    assert list(zip(after, found.counts.tolist(), strict=True)) == expected


def test_a_huge_line_and_very_many():
    line, many = "word " * 400_000 + "end.", "[1]\n" * 200_000 + "这 里 有 字.\n" * 200_000
    after, found = edited([line, many, "x" * 3_000_000, "[" * 300_000, "\0 \0 \0."])
    assert [len(text) for text in after] == [len(line), 200_000 * 9 - 1, 0, 0, 6]
    assert found.counts[1, [c4.N_LINES, c4.N_KEPT]].tolist() == [400_000, 200_000]
    assert found.counts[2, c4.TOO_LONG_WORD] == 1
