"""Lines: which are judged, the share of a document's own language, and cutting what is in another."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import reference_language
from batches import documents
from hypothesis import given
from hypothesis import strategies as st
from language_models import WORDS, planted
from strategies import sliced

from pipeline.batch import Edits, apply_edits, utf8_buffers
from pipeline.execute import run_stage
from stages.kernels.windows import line_spans
from stages.language import Language
from stages.language_lines import LINE_LETTER_BYTES, Lines, cuts, lines_of, shares

MODEL = planted()
EN, DE, ZH, _ = (" ".join(words) for words in WORDS.values())
DE = DE[: len(EN)]
SHORT = "die Katze"


def run(values, sources=None, **options):
    stage = Language(min_score=0, by_line=True, **options)
    return run_stage(stage, documents(values, sources), resource=MODEL)


def share(text):
    (found,) = run([text], keep=("en", "de", "zh", "ja", "und")).kept.column("language_share_main").to_pylist()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("...\n\n123", 1),
        (EN, 1),
        (f"{EN}\n{EN}\n{DE}", 2 / 3),
        (f"{EN}\n{DE}\n{EN}\n{DE}\n{EN}", 3 / 5),
        (f"{EN}\n{SHORT}\n{SHORT}\n{EN}", 1),  # too short to be judged
        (f"{EN}\n{EN}\n{EN} {DE}", 1),  # a mixture is not surely of another language
        (f"{EN}\n{EN} {SHORT} {SHORT}\r\n{EN}", 1),
        (f"{ZH}\n{EN} {EN}\n{ZH}\n{ZH}", 3 * len(ZH.encode()) / (3 * len(ZH.encode()) + 2 * len(EN) + 1)),
    ],
)
def test_share_of_the_own_language(text, expected):
    assert share(text) == np.float32(round(expected, 4))


def test_a_line_may_also_be_in_the_own_language():
    """Four words of seven: German by 0.85, which is sure, but English by 0.15, which is more than nothing."""
    line = "Katze sitzt Matte Vogel looked bird before unbekannteste Donaudampfschiffe"
    data, offsets = utf8_buffers(pa.array([line]))
    found = MODEL.guess(data, (offsets[:1], offsets[1:], np.arange(2)))
    assert [MODEL.codes.names[code] for code in found.codes[0, :2]] == ["de", "en"]
    assert found.scores[0, 0] > 8000 and found.scores[0, 1] > 1000
    assert share(f"{EN}\n{EN}\n{line}") == 1


def test_a_line_is_judged_from_a_number_of_bytes_of_letters():
    words = [*WORDS["de"], *WORDS["de"]]
    letters = 0
    for n, word in enumerate(words, 1):
        letters += len(word.encode())
        assert (share(f"{EN}\n{EN}\n{' '.join(words[:n])}") < 1) == (letters >= LINE_LETTER_BYTES)


def test_mixed_documents_are_dropped():
    values = [EN, f"{EN}\n{EN}\n{DE}", f"{EN}\n{ZH}\n{EN}", f"{DE}\n{DE}\n{EN}"]
    outcome = run(values, min_share_main=0.7)
    assert outcome.kept.num_rows == 1
    assert outcome.dropped.column("reason").to_pylist() == ["mixed_language"] * 3
    assert outcome.dropped.column("value").to_pylist()[0] == 0.6667
    assert run(values, min_share_main=0.5).kept.num_rows == 4


def test_lines_in_another_language_are_cut():
    values = [f"{EN}\n{DE}\n\n{EN}", f"{DE}\n{DE}\n{EN}", f"{EN}\n{ZH}\n{DE}\n{EN}", f"{EN}\n{SHORT}\n", DE, ""]
    outcome = run(values, cut_lines=True, keep=("en", "de", "und"))
    expected = [f"{EN}\n\n{EN}", f"{DE}\n{DE}\n{EN}", f"{EN}\n{DE}\n{EN}", f"{EN}\n{SHORT}\n", DE, ""]
    expected[0] = values[0]  # German is kept
    assert outcome.kept.column("text").to_pylist() == expected
    assert outcome.kept.column("language_n_edits").to_pylist() == [0, 0, 1, 0, 0, 0]
    outcome = run(values, cut_lines=True)
    assert outcome.kept.column("text").to_pylist() == [f"{EN}\n\n{EN}", f"{DE}\n{DE}", f"{EN}\n{EN}", *values[3:5]]
    left = outcome.kept.column("language_left_frac").to_pylist()
    assert left[3:] == [1, 1]
    assert 0.6 < left[0] < 0.7
    assert outcome.kept.column("language_share_main").to_pylist()[0] == np.float32(0.6667)  # as it was before


def test_a_document_of_which_nothing_is_left():
    """One line, whose sample is English: ten windows have nine places between them."""
    text = (f"{EN} " * 2 + f"{DE} " * 40 + f"{EN} " * 2) * 9
    outcome = run([text, EN], cut_lines=True, sample_bytes=300)
    assert outcome.kept.column("text").to_pylist() == [EN]
    assert outcome.dropped.column("reason").to_pylist() == ["empty"]
    assert run([text], sample_bytes=300).kept.column("language_label").to_pylist() == ["en"]
    assert run([text], cut_lines=True, sample_bytes=0).kept.column("language_label").to_pylist() == ["de"]


def test_what_is_not_judged_is_not_cut():
    values = [f"{EN}\n{EN}\n{DE}"] * 2
    outcome = run(values, ["code", "web"], cut_lines=True, min_share_main=0.7, unjudged=("code",))
    assert outcome.kept.column("text").to_pylist() == values[:1]
    assert outcome.dropped.column("reason").to_pylist() == ["mixed_language"]


def test_columns_follow_the_options():
    plain, by_line, cut = Language(), Language(by_line=True), Language(by_line=True, cut_lines=True)
    assert [set(stage.adds()) - set(plain.adds()) for stage in (by_line, cut)] == [
        {"language_share_main"},
        {"language_share_main", "language_left_frac"},
    ]
    assert [stage.edits_text for stage in (plain, by_line, cut)] == [False, False, True]
    assert "keep" in by_line.judging_options
    assert "keep" not in cut.judging_options  # it decides what is cut
    assert [limit.reason for limit in by_line.limits()] == ["low_score", "mixed_language"]


pieces = st.sampled_from(["", "a", "中文", " ", "x y\r", "…", "猫 坐", "die Katze"])
masked = st.lists(st.lists(st.tuples(pieces, st.booleans(), st.booleans()), min_size=1, max_size=7), max_size=5)


def made(values):
    """Documents' texts and offsets, the lines that are judged, and the bytes of letters of each document."""
    texts = ["\n".join(line for line, *_ in document) for document in values]
    data, offsets = utf8_buffers(sliced(texts))
    starts, stops, firsts = line_spans(data, offsets, 0)
    rows = np.repeat(np.arange(len(texts)), np.diff(firsts))
    letters = np.array([sum(map(str.isalpha, line)) for document in values for line, *_ in document], np.int64)
    judged, other = (
        np.array([flags[n] for document in values for _, *flags in document], bool).reshape(-1) for n in (0, 1)
    )
    columns = (starts, stops, rows, letters, np.zeros(len(rows), np.int64), other)
    totals = np.bincount(rows, letters, len(texts)).astype(np.int64)
    return texts, offsets, Lines(*(column[judged] for column in columns)), totals


@given(masked)
def test_shares(values):
    texts, _, lines, _ = made(values)
    expected = [
        reference_language.share_main(text, [j for _, j, _ in document], [j and o for _, j, o in document])
        for text, document in zip(texts, values, strict=True)
    ]
    assert np.allclose(shares(lines, len(texts)), expected, atol=1.01e-4)  # halves may be rounded either way


@given(masked)
def test_cuts(values):
    texts, offsets, lines, letters = made(values)
    found = cuts(lines, lines.is_other, offsets, letters)
    edits = Edits(found.rows, found.starts, found.ends, [b""] * len(found.rows))
    expected = [
        reference_language.without(text, [j and o for _, j, o in document])
        for text, document in zip(texts, values, strict=True)
    ]
    assert apply_edits(pa.array(texts, pa.large_string()), edits).to_pylist() == expected
    for text, left, share in zip(texts, expected, found.left.tolist(), strict=True):
        before, after = (sum(map(str.isalpha, one)) for one in (text, left))
        assert share == pytest.approx(after / before if before else 1, abs=1e-6)
        assert (share == 0) == (before > after == 0)
    is_next = found.rows[1:] > found.rows[:-1]
    assert (is_next | (found.starts[1:] >= found.ends[:-1])).all()


def test_lines_of_documents_without_a_language_are_not_judged():
    data, offsets = utf8_buffers(sliced([f"{EN}\n{DE}"]))
    lines = lines_of(data, offsets, np.array([-1]), MODEL)
    assert len(lines.starts) == 0
