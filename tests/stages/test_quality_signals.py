"""The signals of quality: what their names say, defined for every text."""

from __future__ import annotations

import numpy as np
import pytest
from batches import documents
from hypothesis import given
from quality_texts import CHINESE, signals
from strategies import documents as text_lists

from pipeline.execute import run_stage
from stages.quality import PRESETS, Quality
from stages.quality_signals import COUNTS, ENTROPIES, RATIOS


def test_options_and_profiles_that_change_what_is_measured(tmp_path):
    text = "Some words here.\nA somewhat longer line of words is here."
    assert [signals(text, short_line_chars=n)["short_line_frac"] for n in (15, 16, 40)] == [0, 0.5, 1]
    assert (
        signals(text)["short_line_frac"] == 0.5
        and signals("十二个字的一行文字真短啊。", language="zh")["short_line_frac"] == 0
    )
    assert [signals(text, c4_min_line_words=n)["c4_line_frac"] for n in (3, 4, 9)] == [1, 0.5, 0]
    assert [signals(text, c4_max_word_chars=n)["c4_line_frac"] for n in (8, 7, 4)] == [1, 0.5, 0]
    assert [signals("It is so\nand so.", c4_terminal=on)["c4_line_frac"] for on in (True, False)] == [0, 0.5]
    path = tmp_path / "en.yaml"
    path.write_text("languages: [en]\ninvolved_words: [some]\nspoken_frac: 0.1\nbullets: '+'\nterminal: ':'\n")
    ours = signals("+ A few of these words are here:", profiles=(str(path),))
    assert (ours["register"], ours["bullet_line_frac"], ours["terminal_line_frac"], ours["c4_line_frac"]) == (
        "formal",
        1,
        1,
        1,
    )
    assert signals("Some of it, and some more.", profiles=(str(path),))["register"] == "spoken"


def test_spacy_units_are_for_english():
    assert signals("I can't go im Haus.", words="spacy")["n_units"] == 8
    assert (
        signals("I can't go im Haus.", words="spacy", language="de")["n_units"]
        == signals("I can't go im Haus.")["n_units"]
        == 6
    )


def test_curly_apostrophes_are_apostrophes():
    straight, curly = (signals(f"I{mark}m sure you{mark}re right, don{mark}t worry.") for mark in "'’")
    assert straight["involved_frac"] == curly["involved_frac"] > 0.3
    texts = [f"Voir les conditions d{mark}utilisation." for mark in "'’"]
    assert signals(texts[0])["boilerplate_frac"] == signals(texts[1])["boilerplate_frac"] > 0


MEASURED = [
    ("中文 kana かな 한글", {"han_frac": 2 / 10, "cjk_frac": 6 / 10, "letter_frac": 10 / 13, "space_frac": 3 / 13, "ascii_frac": 7 / 13}),
    ("Ab, c? d! (e) - \"f\". 12 + 3", {"n_chars": 27, "upper_frac": 1 / 6, "digit_frac": 3 / 27, "symbol_frac": 1 / 27, "punctuation_frac": 9 / 27,
        "comma_frac": 1 / 9, "question_frac": 1 / 9, "exclamation_frac": 1 / 9, "bracket_frac": 2 / 9, "dash_frac": 1 / 9, "quote_frac": 2 / 9, "stop_frac": 1 / 9}),
    ("你好，世界！（再见）", {"n_words": 6, "n_units": 10, "comma_frac": 0.25, "exclamation_frac": 0.25, "bracket_frac": 0.5, "character_word_frac": 0.6}),
    ("- one\n1. two\nthree\n\nfour...", {"n_lines": 4, "bullet_line_frac": 0.2, "listed_line_frac": 0.4, "ellipsis_line_frac": 0.2, "max_line_chars": 7, "mean_line_chars": 23 / 5, "n_paragraphs": 2}),
    ("the the cat", {"distinct_word_frac": 2 / 3, "word_entropy": 0.9183, "mean_word_chars": 3, "max_word_chars": 3, "n_stop_words": 1, "function_word_frac": 2 / 3}),
    ("{क्या}\n" + "x" * 1001, {"n_braces": 2, "n_long_lines": 1, "mark_frac": 2 / 1008}),
    ("abab", {"char_entropy": 1, "alphanumeric_frac": 1, "special_frac": 0, "letters_per_word": 4}),
    ("a\x00b\ufffd", {"control_frac": 1 / 4, "replacement_frac": 1 / 4}),
    ("<b>x</b> &amp; www.a.org {{ y }}", {"n_tags": 2, "tag_frac": 7 / 32, "n_entities": 1, "n_urls": 1, "url_frac": 9 / 32, "template_frac": 1 / 21}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MEASURED)
def test_signals_are_what_their_names_say(text, expected):
    found = signals(text)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-4)


MAY_EXCEED = {"mean_word_chars", "mean_line_chars", "letters_per_word", "compressed_frac", "hash_frac", "ellipsis_frac", "newline_frac",
              "template_frac", "boilerplate_frac", "flagged_frac"} | {f"top_{n}gram_frac" for n in (2, 3, 4)}  # fmt: skip


@given(text_lists)
def test_signals_are_defined_for_every_text(texts):
    kept = run_stage(Quality(language="en", presets=()), documents(texts))
    for side in (kept.kept, kept.dropped):
        for name in (*COUNTS, *RATIOS, *ENTROPIES):
            values = np.asarray(side.column(f"quality_{name}").to_pylist(), np.float64)
            assert np.isfinite(values).all() and (values >= 0).all(), name
            assert name not in RATIOS or name in MAY_EXCEED or (values <= 1).all(), name


AWKWARD = [
    "",
    " \n\u3000\n",
    "\0\0\0",
    "a\r\nb\r\n",
    "x" * 200_000,
    "\ufffd" * 50,
    "😀" * 50,
    "שלום עולם",
    "\u202eabc",
    "中" * 1000,
    "." * 1000,
]


@pytest.mark.parametrize("language", ["en", "zh", "th", "xx"])
@pytest.mark.parametrize("words", ["fast", "spacy"])
def test_awkward_text_has_a_verdict(language, words):
    out = run_stage(Quality(language=language, words=words, presets=PRESETS), documents(AWKWARD))
    assert out.kept.num_rows + out.dropped.num_rows == len(AWKWARD)
    assert out.dropped.column("reason").to_pylist()[:2] == ["empty", "empty"]
    values = [value for value in out.dropped.column("value").to_pylist() if value is not None]
    assert np.isfinite(values).all()


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["word ", "漢字", "😀 "])
def test_one_line_of_50_megabytes(piece):
    text = piece * (50_000_000 // len(piece.encode()))
    out = run_stage(Quality(language="zh", presets=PRESETS), documents([text, CHINESE]))
    assert out.dropped.column("quality_n_chars").to_pylist()[0] == len(text)
    values = [out.dropped.column(f"quality_{name}").to_pylist()[0] for name in (*COUNTS, *RATIOS, *ENTROPIES)]
    assert np.isfinite(values).all()
