"""Lines: what their perplexities add up to, which are cut, and what is left, against the definition in plain Python."""

from __future__ import annotations

import numpy as np
import planted_lms
import pyarrow as pa
import pytest
from batches import documents
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_lms import log10
from strategies import buffers, texts

from pipeline.execute import run_stage
from stages import ngram_file
from stages.ngram_score import score_lines
from stages.perplexity import Perplexity
from stages.perplexity_lines import LINE_TOKENS, UNIT, log10s, score, totals, worst
from stages.quantile_sketch import MAX_VALUE

GOOD, BAD = "good fine " * 7 + "good fine", "spam " * 15 + "spam"
GOOD_ZH, BAD_ZH = "好文" * 8 + "。", "坏" * 15 + "。"


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return planted_lms.write(tmp_path_factory.mktemp("models") / "ours.lm", planted_lms.model())


@pytest.fixture(scope="module")
def model():
    return ngram_file.parse(planted_lms.model(["en"]), "planted").models["en"]


def cut(ours, lines, languages=None, **options):
    """The kept and the dropped documents of these texts, as lists of dicts, after the worst lines were cut."""
    stage = Perplexity(model=ours, by_line=True, cut_lines=True, **options)
    languages = languages or ["zh" if not text.isascii() else "en" for text in lines]
    outcome = run_stage(stage, documents(lines, languages=languages), resource=stage.open())
    return outcome.kept.to_pylist(), outcome.dropped.to_pylist()


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, max_size=5), st.lists(st.sampled_from([-1, 0, 1]), min_size=5, max_size=5))
def test_documents_are_the_sums_of_their_lines(model, values, places):
    data, offsets = buffers(values)
    found = score(data, offsets, np.array(places[: len(values)], np.int64), [model, model])
    whole, worsts = totals(found, len(values)), worst(found, len(values))
    for row, (text, place) in enumerate(zip(values, places, strict=False)):
        lines = [line.encode() for line in text.split("\n")]
        one = [
            score_lines(model, np.frombuffer(line, np.uint8), np.zeros(1, np.int64), np.array([len(line)]))
            for line in lines
        ]
        sums, tokens, unknown = (
            [int(getattr(line, name)[0]) for line in one] if place >= 0 else []
            for name in ("sums", "tokens", "unknown")
        )
        n_tokens = sum(tokens)
        assert whole.tokens[row] == n_tokens - sum(n > 0 for n in tokens)
        assert whole.unknown[row] == sum(unknown)
        assert whole.log10s[row] == ((2 * sum(sums) + UNIT * n_tokens) // (2 * UNIT * n_tokens) if n_tokens else 0)
        long = [(2 * a + UNIT * n) // (2 * UNIT * n) for a, n in zip(sums, tokens, strict=True) if n > LINE_TOKENS]
        assert worsts[row] == max(long, default=0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["good", "fine", "spam", "x", "好", "文", "坏"]), max_size=12), max_size=5))
def test_perplexities_are_those_of_the_definition(model, lines):
    text = " \r\n".join(" ".join(line) for line in lines)
    found = totals(score(*buffers([text]), np.zeros(1, np.int64), [model]), 1)
    assert found.log10s.tolist() == [log10(lines)]
    assert found.tokens.tolist() == [sum(map(len, lines))]
    assert found.unknown.tolist() == [sum(line.count("x") for line in lines)]


def test_log10s_are_rounded_half_up_and_bounded():
    sums = np.array([0, 49, 50, 149, 150, 1_000_001, 10**15, -5_000, 10_000])
    counts = np.array([3, 1, 1, 1, 1, 2, 1, 1, 0])
    assert log10s(sums, counts).tolist() == [0, 0, 1, 1, 2, 5_000, MAX_VALUE, 0, 100]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{GOOD}\n{BAD}\n{GOOD}", f"{GOOD}\n{GOOD}"),
        (f"{GOOD}\n{BAD}", GOOD),
        (f"{GOOD}\n{BAD}\n", f"{GOOD}\n"),
        (f"{BAD}\n{BAD}\n{GOOD}\n{BAD}\n{BAD}", GOOD),
        (f"{GOOD_ZH}\n{BAD_ZH}\n{GOOD_ZH}", f"{GOOD_ZH}\n{GOOD_ZH}"),
        (f"{GOOD}\r\n{BAD}\r\n\n{GOOD}", f"{GOOD}\r\n\n{GOOD}"),
        (f"{GOOD}\n{BAD[5:]}\n{GOOD}", f"{GOOD}\n{BAD[5:]}\n{GOOD}"),  # fifteen tokens are not judged
        ("坏坏坏\n好", "坏坏坏\n好"),
    ],
)
def test_the_worst_lines_are_cut_and_the_signals_tell_of_what_is_left(ours, text, left):
    kept, dropped = cut(ours, ["", text], keep=("head", "middle", "tail"))
    assert [row["text"] for row in kept] == ["", left] and not dropped
    (alone,), _ = cut(ours, [left], keep=("head", "middle", "tail"))
    for name in ("log10", "per_token", "tokens", "unknown_frac", "rank_frac", "part", "model"):
        assert kept[1][f"perplexity_{name}"] == alone[f"perplexity_{name}"]
    assert (kept[1]["perplexity_cut_frac"] > 0) == (left != text)


def test_the_share_of_what_was_cut_is_one_of_bytes(ours):
    texts = [f"{GOOD}\n\n{BAD}", f"{BAD_ZH}\n" * 3 + f"{GOOD}\n好", GOOD, ""]
    kept, _ = cut(ours, texts, languages=["en", "zh", "en", "en"])
    shares = [len(BAD) / len(GOOD + BAD), 3 * 48 / (3 * 48 + len(GOOD) + 3), 0, 0]
    assert [row["perplexity_cut_frac"] for row in kept] == pytest.approx(shares, abs=1e-4)


def test_a_document_of_which_nothing_is_left_is_dropped(ours):
    texts = [f"{BAD}\n\n{BAD_ZH}", BAD_ZH, f"{BAD}\n.", "", GOOD]
    kept, dropped = cut(ours, texts, languages=["en", "zh", "en", "en", "de"])
    assert [(row["origin"][8:], row["reason"], row["failed"]) for row in dropped] == [
        ("1", "no_line_left", ["no_line_left"]), ("2", "no_line_left", ["no_line_left"]), ("5", "unserved_language", ["unserved_language"]),
    ]  # fmt: skip
    assert [(row["text"], row["perplexity_tokens"]) for row in kept] == [(".", 1), ("", 0)]


def test_unjudged_sources_keep_their_lines(ours):
    stage = Perplexity(model=ours, by_line=True, cut_lines=True, unjudged=("books",))
    outcome = run_stage(stage, documents([BAD, BAD], ["books", "web"], languages=["en", "en"]), resource=stage.open())
    assert [row["text"] for row in outcome.kept.to_pylist()] == [BAD]
    assert outcome.kept.column("perplexity_cut_frac").to_pylist() == [0]
    assert outcome.dropped.column("reason").to_pylist() == ["no_line_left"]


def test_the_worst_line_is_told_with_and_without_cutting(ours):
    texts = [f"{GOOD}\n{BAD}", GOOD_ZH, "spam", ""]
    languages, expected = ["en", "zh", "en", "en"], [log10([BAD.split()]), log10([list(GOOD_ZH)]), 0, 0]
    for options in ({}, {"cut_lines": True}):
        stage = Perplexity(model=ours, by_line=True, keep=("head", "middle", "tail"), **options)
        outcome = run_stage(stage, documents(texts, languages=languages), resource=stage.open())
        assert outcome.kept.column("perplexity_worst_line").equals(pa.array(np.array(expected) / 10_000, pa.float32()))


@pytest.mark.parametrize(("percentile", "n_cut"), [(99.0, 1), (30.0, 1), (29.99, 2), (0.0, 2), (99.99, 1), (100.0, 0)])
def test_the_percentile_is_that_of_the_references_lines(ours, percentile, n_cut):
    text = f"{GOOD}\n{BAD}\n好"  # a line of Chinese is too short to be judged
    (kept,), _ = cut(ours, [text], languages=["en"], keep=("head", "middle", "tail"), line_percentile=percentile)
    assert kept["text"].count("\n") == 2 - n_cut
