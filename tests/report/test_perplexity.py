"""What the report says of perplexity: every figure as counted row by row, bounds, models, texts, and when to be careful."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
from made_up_perplexity import (
    HOSTILE,
    LANGUAGES,
    PERCENTILES,
    SERVES,
    SOURCES,
    UNJUDGED,
    UNSERVED,
    add_perplexity,
    given_bounds,
    model_facts,
    text_of,
)

from pipeline.report import collect, render_html, render_markdown
from pipeline.report.perplexity import FALLBACK, FEW, NO_FIGURES, UNKNOWN, figure
from pipeline.report.perplexity_spread import FATES, N_TEXTS, WIDTH
from pipeline.report.text import NO_TEXTS
from pipeline.rows import PUBLISHED_CHARS


@pytest.fixture
def told(plain_run):
    """The columns of a run, and what is told of its stage."""
    columns = add_perplexity(plain_run)
    return columns, collect(str(plain_run))["perplexity"]["perplexity"]


def edit(path, change):
    tree = json.loads(path.read_text(encoding="utf-8"))
    change(tree)
    path.write_text(json.dumps(tree), encoding="utf-8")


def fates_of(columns, here):
    stages = columns["stage"][here]
    counts = {"kept": "", "later": "dedup_document", "here": "perplexity"}
    return {fate: int((stages == stage).sum()) for fate, stage in counts.items()}


def bins_of(columns):
    return np.rint(columns["perplexity_log10"].astype(float) * 10_000).astype(int) // WIDTH


def test_every_figure_is_what_the_rows_say(told):
    columns, found = told
    assert {row["language"] for row in found["languages"]} == set(LANGUAGES)
    counts = [row["documents"] for row in found["languages"]]
    assert counts == sorted(counts, reverse=True)
    for row in found["languages"]:
        of_language = columns["language_label"] == row["language"]
        assert {one["source"] for one in row["sources"]} == set(SOURCES)
        for one in (row, *row["sources"]):
            here = of_language & (columns["source"] == one["source"] if "source" in one else True)
            is_measured = here & (columns["perplexity_per_token"] > 0)
            assert (one["documents"], one["measured"]) == (here.sum(), is_measured.sum())
            assert one["fates"] == fates_of(columns, here)
            assert one["parts"] == {
                part: fates_of(columns, here & (columns["perplexity_part"] == part))
                for part in ("head", "middle", "tail", "none")
                if (here & (columns["perplexity_part"] == part)).any()
            }
            for fate in FATES:
                assert sum(one["columns"][fate]) == fates_of(columns, is_measured)[fate]
            for q, value in (one["quantiles"] or {}).items():
                exact = np.quantile(bins_of(columns)[is_measured], int(q) / 100, method="inverted_cdf")
                assert math.log10(value) * 10_000 == pytest.approx((exact + 0.5) * WIDTH)
            assert (one["quantiles"] is None) == (row["language"] == UNSERVED)


def test_bounds_are_those_of_the_model_that_served(told):
    _, found = told
    references = given_bounds()
    for row in found["languages"]:
        model = SERVES.get(row["language"], "" if row["language"] == UNSERVED else row["language"])
        assert row["model"] == model
        if not model:
            assert row["bounds"] is None
            continue
        assert row["bounds"]["documents"] == len(references[model])
        for value, percent in zip(row["bounds"]["ends"], PERCENTILES.values(), strict=True):
            assert math.log10(value) == pytest.approx(np.percentile(references[model], percent), abs=0.01)
        assert row["bounds"]["parts"] == pytest.approx({"head": 0.3333, "middle": 0.3334, "tail": 0.3333})
        assert sum(row["bounds"]["columns"]) == len(references[model])
    assert {row["language"] for row in found["languages"] if row["model"] not in ("", row["language"])} == set(SERVES)


def test_texts_are_the_documents_next_to_each_percentile(told):
    columns, found = told
    assert found["is_scrubbed"]
    bins, fates = bins_of(columns), {"": None}
    for row in found["languages"]:
        here = np.flatnonzero((columns["language_label"] == row["language"]) & (columns["perplexity_per_token"] > 0))
        assert list(row["texts"]) == ([] if row["language"] == UNSERVED else ["1", "50", "99"])
        for percentile, texts in row["texts"].items():
            wanted = np.quantile(bins[here], int(percentile) / 100, method="inverted_cdf")
            nearest = sorted(here, key=lambda one: (abs(bins[one] - wanted), columns["uid"][one]))[:N_TEXTS]
            assert [one["uid"] for one in texts] == [columns["uid"][one] for one in nearest]
            for one, number in zip(texts, nearest, strict=True):
                stage, reason = columns["stage"][number], columns["reason"][number]
                dropped = {"stage": stage, "reason": reason} if stage else fates[""]
                assert (one["source"], one["origin"], one["dropped"]) == (columns["source"][number], "a.jsonl", dropped)
                assert one["perplexity"] == columns["perplexity_per_token"][number]
                assert one["part"] == columns["perplexity_part"][number]
                assert one["text"] == text_of(row["language"], number)[:PUBLISHED_CHARS]


def test_it_does_not_depend_on_how_the_run_was_cut(plain_run):
    add_perplexity(plain_run, n=3000, n_shards=1)
    whole = collect(str(plain_run))["perplexity"]
    for n_shards in (2, 7):
        add_perplexity(plain_run, n=3000, n_shards=n_shards)
        assert collect(str(plain_run))["perplexity"] == whole


def test_no_text_is_shown_without_a_stage_that_scrubs(perplexed):
    edit(perplexed / "out" / "manifest.json", lambda tree: tree.update(scrubbed_by=None))
    data = collect(str(perplexed))
    assert all(row["texts"] == {} for row in data["perplexity"]["perplexity"]["languages"])
    assert data["perplexity"]["perplexity"]["languages"][0]["documents"] > 100
    for shown in (render_html(data), render_markdown(data)):
        assert NO_TEXTS in shown and "lie below these" not in shown


def test_what_was_dropped_before_is_not_counted(plain_run, told):
    """Dropped documents of a sample are measured by later stages too."""
    _, found = told
    edit(plain_run / "out" / "ledger.json", lambda tree: tree.update(perplexity=tree.pop("perplexity")))  # now the last
    after = collect(str(plain_run))["perplexity"]["perplexity"]
    for row, before in zip(after["languages"], found["languages"], strict=True):
        assert row["fates"] == {**before["fates"], "later": 0}
        assert row["documents"] == before["documents"] - before["fates"]["later"]


def test_one_model_for_all_needs_no_languages(perplexed):
    """No stage tells languages: one row, by the one model."""
    edit(perplexed / "out" / "slices.json", lambda tree: [of.pop("language", None) for of in tree.values()])
    edit(perplexed / "out" / "ngram_model.json", lambda tree: tree.update(languages={"en": tree["languages"]["en"]}))
    data = collect(str(perplexed))
    (row,) = data["perplexity"]["perplexity"]["languages"]
    assert row["language"] == "all" and row["documents"] == 12_000
    assert row["model"] == "" and row["bounds"] is None  # several measured them
    assert len(row["texts"]["50"]) == N_TEXTS
    assert "all: sources, parts, texts" in render_html(data)


def test_rare_languages_and_sources_are_one_each(perplexed, monkeypatch):
    monkeypatch.setattr("pipeline.report.perplexity.MAX_SHOWN", 3)
    found = collect(str(perplexed))["perplexity"]["perplexity"]["languages"]
    assert [row["language"] for row in found] == ["en", "zh", "de", "(other)"]
    assert found[-1]["model"] == "" and found[-1]["bounds"] is None and found[-1]["texts"] == {}
    assert sum(row["documents"] for row in found) == 12_000
    assert [one["source"] for one in found[0]["sources"]][2:] == ["论坛", "(other)"]
    assert sum(one["documents"] for one in found[0]["sources"]) == found[0]["documents"]


def test_page_and_markdown_say_it(perplexed):
    data = collect(str(perplexed))
    page, text = render_html(data), render_markdown(data)
    row = next(row for row in data["perplexity"]["perplexity"]["languages"] if row["language"] == "zh")
    median, end = figure(row["quantiles"]["50"]), figure(row["bounds"]["ends"][0])
    assert f"| zh | {row['documents']:,} | {median} |" in text
    assert f"| head | {end} |" in text and f"up to {end}" in page
    assert f"Half of the documents have a perplexity below {median}; of the 3,000" in page
    assert f"Measured and never dropped here: {UNJUDGED}." in page and UNJUDGED in text
    assert "language model, 41.2 MB" in page and "language model, 41.2 MB" in text
    assert "by zh" in page and "中文方言 \\(by zh\\)" in text
    assert page.count("dropped by perplexity as high_perplexity") > N_TEXTS
    assert page.count('class="spread"') == len(LANGUAGES) + (len(LANGUAGES) - 1) * len(SOURCES)


def test_texts_and_names_are_text(perplexed):
    for path in ("slices.json", "ngram_model.json"):
        hostile = json.dumps("<img src=x>\u202e", ensure_ascii=False)
        target = perplexed / "out" / path
        target.write_text(target.read_text(encoding="utf-8").replace('"docs"', hostile), encoding="utf-8")
    data = collect(str(perplexed))
    page, text = render_html(data), render_markdown(data)
    assert any(HOSTILE in one["text"] for row in data["perplexity"]["perplexity"]["languages"] for of in row["texts"].values() for one in of)  # fmt: skip
    for shown in (page, text):
        assert "<img" not in shown and "\u202e" not in shown
        assert "&lt;img src=x" in shown and "\\u202e" in shown


def test_worries_are_in_words(perplexed):
    data = collect(str(perplexed))
    page, text = render_html(data), render_markdown(data)
    for line in (f"en (n-grams of 1, 5 tokens): {FALLBACK}", f"de (21 %): {UNKNOWN}", f"fr (200): {FEW}"):
        assert line in page
    assert text.count(FALLBACK) == text.count(UNKNOWN) == text.count(FEW) == 1
    assert "Not learned: sw (40 documents; under 100 documents of reference)." in page
    assert "were not measured" not in page
    for row in data["perplexity"]["perplexity"]["languages"][:2]:
        row["measured"] = 0
    assert "perplexity: 6" in (page := render_html(data)) and "were not measured" in page


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"sources": [UNJUDGED], "bounds_sources": []}, set()),
        ({"sources": [UNJUDGED, "论坛", "elsewhere"], "bounds_sources": []}, {"论坛"}),
        ({"sources": [], "bounds_sources": ["论坛", "menus"]}, set(SOURCES) - {UNJUDGED, "论坛", "menus"}),
        ({"sources": "docs"}, set()),
        (None, set()),
    ],
)
def test_sources_that_are_judged_though_learned_from_are_told(perplexed, options, expected):
    edit(perplexed / "out" / "ngram_model.json", lambda tree: tree.update(options=options))
    data = collect(str(perplexed))
    learned = data["perplexity"]["perplexity"]["learned"]
    assert set(learned) == expected and len(learned) == len(expected)
    line = f"perplexity: {', '.join(learned)} judged by a model that learned from the same documents"
    for shown in (render_html(data), render_markdown(data).replace("\\", "")):
        assert (line in shown) == bool(expected)


DAMAGED = {
    "languages": [None, [], {}, {"en": {}}, {"en" * 999: {}}],
    "order": ["5", -1, 1e99, None, True],
    "ngrams": [None, ["a"], [-1], [1.5]],
    "discounts": [None, [0.5], [["<b>"]], [[float("inf")]]],
    "fallback": [[0], ["no"], None],
    "held_out": [{}, [], {"documents": 1, "tokens": 1, "perplexity": float("nan"), "unknown_frac": 0}, {"documents": 1, "tokens": 1, "perplexity": 3, "unknown_frac": 1.1}],
    "bounds": [{}, {"from": [1], "documents": 1, "document_sketch": {"width": 20, "bins": [1], "counts": [1]}}],
    "document_sketch": [{}, {"width": 10, "bins": [1], "counts": [1]}, {"width": 20, "bins": [2, 1], "counts": [1, 1]}, {"width": 20, "bins": [1], "counts": []}, {"width": 20, "bins": [1], "counts": [0]}],
    "file_bytes": ["1", -1],
    "unserved": [None, {"sw": 1}, {"sw": {"documents": 1, "why": "x" * 9999}}],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in DAMAGED.items() for value in values])
def test_figures_of_another_form_are_not_shown_and_it_is_said(perplexed, name, value):
    def damage(tree):
        english = tree["languages"]["en"]
        for of in (tree, english, english["bounds"]):
            if name in of:
                of[name] = value

    edit(perplexed / "out" / "ngram_model.json", damage)
    data = collect(str(perplexed))
    if name == "languages" and value == {}:  # nothing was learned, which is no damage
        assert data["language_models"]["ngram_model"]["languages"] == {}
    else:
        assert data["language_models"]["ngram_model"]["languages"] is None
        assert NO_FIGURES in render_html(data) and NO_FIGURES in render_markdown(data)
    assert all(row["bounds"] is None for row in data["perplexity"]["perplexity"]["languages"])


def test_nothing_that_a_model_can_lack_is_missed(perplexed):
    """No held-out text, no bounds, a smoothing without discounts, nothing left unserved, an empty sketch."""

    def strip(tree):
        for name in ("unserved", "file_bytes"):
            del tree[name]
        for number, one in enumerate(tree["languages"].values()):
            one.update(held_out=None, discounts=[], fallback=[])
            one["bounds"] = None if number else {**one["bounds"], "from": [], "documents": 0}
        tree["languages"]["en"]["bounds"]["document_sketch"] = {"width": 20, "bins": [], "counts": []}

    edit(perplexed / "out" / "ngram_model.json", strip)
    data = collect(str(perplexed))
    page = render_html(data)
    assert "| en | words | 5 |" in render_markdown(data) and "its own documents" in page
    assert "Not learned" not in page and NO_FIGURES not in page
    assert 'class="limit"' not in re.search(r'<section id="perplexity">.*?</section>', page, re.DOTALL)[0]


def test_facts_of_another_kind_are_none_of_this(perplexed):
    edit(perplexed / "out" / "ngram_model.json", lambda tree: tree.update(kind="classifier", languages={}))
    data = collect(str(perplexed))
    assert data["language_models"] == {} and data["perplexity"]["perplexity"]["languages"][0]["bounds"] is None


def test_a_run_without_perplexity_says_nothing_of_it(judged):
    data = collect(str(judged))
    assert data["perplexity"] == data["language_models"] == {}
    assert 'id="perplexity"' not in render_html(data) and "## Perplexity" not in render_markdown(data)


def test_what_the_model_told_is_told_but_for_its_sketches(perplexed):
    about = json.loads(json.dumps(model_facts(given_bounds())))
    for one in about["languages"].values():
        del one["bounds"]["document_sketch"]
    assert collect(str(perplexed))["language_models"]["ngram_model"] == about
