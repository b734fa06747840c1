"""What the report says of evaluation sets: counts as the rows have them, whoever was hit by whatever became of it."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from made_up_dedup import BENCHMARKS, EXACT, REASONS, SEARCH, SENTENCE, SOURCES, add_dedup, write_shards

from pipeline.histograms import OTHER
from pipeline.report import collect, contamination, render_html, render_markdown
from pipeline.report.markdown_text import plain

NUMBERED = next(iter(BENCHMARKS))


@pytest.fixture
def told(plain_run):
    """The columns of a run, and everything that is told of it."""
    columns = add_dedup(plain_run)
    return columns, collect(str(plain_run))


def edit(path, change):
    tree = json.loads(path.read_text(encoding="utf-8"))
    change(tree)
    path.write_text(json.dumps(tree), encoding="utf-8")


def section(data):
    return re.search(r'<section id="contamination">.*?</section>', render_html(data), re.DOTALL)[0]


def fate_of(columns, place):
    if columns["stage"][place] == SEARCH:
        return "dropped"
    assert columns["stage"][place] == ""
    return "cut" if columns[f"{SEARCH}_n_edits"][place] else "kept"


def test_every_count_is_what_the_rows_say(told):
    columns, data = told
    found = data["contamination"][SEARCH]
    assert list(found["benchmarks"]) == list(BENCHMARKS)
    for name, one in found["benchmarks"].items():
        n_items = np.array([json.loads(told or "{}").get(name, 0) for told in columns[f"{SEARCH}_items"]])
        here, closest = np.flatnonzero(n_items), columns[f"{SEARCH}_benchmark"] == name
        assert {what: one[what] for what in BENCHMARKS[name]} == BENCHMARKS[name]
        assert one["found"] == max(len(set(columns[f"{SEARCH}_item"][closest])), *n_items)
        by_source: dict = {}
        for place in here:
            counts = by_source.setdefault(columns["source"][place], dict.fromkeys(contamination.FATES, 0))
            counts[fate_of(columns, place)] += 1
        assert one["documents"] == by_source
        sums = [sum(counts.values()) for counts in one["documents"].values()]
        assert sums == sorted(sums, reverse=True)
        assert sum(contamination.total(one).values()) == len(here)
    fates = contamination.total(found["benchmarks"][NUMBERED])
    assert min(fates[name] for name in ("dropped", "cut", "kept")) > 0


def test_the_worst_documents_hold_the_most_of_an_item(told):
    columns, data = told
    here = np.flatnonzero(columns[f"{SEARCH}_hits"] > 0)
    ranked = sorted(
        here,
        key=lambda one: (-columns[f"{SEARCH}_item_frac"][one], -columns[f"{SEARCH}_hits"][one], columns["uid"][one]),
    )
    item_of = {one: (columns[f"{SEARCH}_benchmark"][one], columns[f"{SEARCH}_item"][one]) for one in ranked}
    first = {item: one for one, item in reversed(item_of.items())}
    worst = [one for one in ranked if first[item_of[one]] == one]
    assert len(worst) < len(ranked)
    shown = data["contamination"][SEARCH]["worst"]
    assert [one["uid"] for one in shown] == [columns["uid"][one] for one in worst[: contamination.N_WORST]]
    for one, place in zip(shown, worst, strict=False):
        for ending in contamination.ENDINGS:
            assert one[ending] == columns[f"{SEARCH}_{ending}"][place]
        assert (one["fate"], one["source"]) == (fate_of(columns, place), columns["source"][place])
        assert one["documents"] == list(item_of.values()).count(item_of[place])


def test_what_was_dropped_before_is_nobodys_and_what_later_is_told(told, plain_run):
    """An audited document is measured although an earlier stage dropped it."""
    columns, data = told
    before = contamination.total(data["contamination"][SEARCH]["benchmarks"][NUMBERED])
    hit = np.flatnonzero((columns[f"{SEARCH}_benchmark"] == NUMBERED) & (columns["stage"] == ""))
    for stage, changed in ((EXACT, hit[0]), ("toy_even", hit[1])):
        columns["stage"][changed], columns["reason"][changed] = stage, REASONS.get(stage, "odd")
        before[fate_of({**columns, "stage": np.full(len(columns["uid"]), "", object)}, changed)] -= 1
    later = hit[2]
    columns["stage"][later], columns["reason"][later] = "toy_late", "late"
    before[fate_of({**columns, "stage": np.full(len(columns["uid"]), "", object)}, later)] -= 1
    before["later"] += 1
    write_shards(plain_run / "out", columns, 2)
    edit(plain_run / "out" / "ledger.json", lambda ledger: ledger.update(toy_late=ledger[SEARCH]))
    edit(plain_run / "out" / "slices.json", lambda slices: slices.update(toy_late=slices[EXACT]))
    after = contamination.total(collect(str(plain_run))["contamination"][SEARCH]["benchmarks"][NUMBERED])
    assert after == before and after["later"] == 1


def test_much_of_a_benchmark_is_warned_of_and_its_source_named(told):
    _, data = told
    found = data["contamination"][SEARCH]
    line = contamination.warnings(found)[0]
    one = found["benchmarks"][NUMBERED]
    assert BENCHMARKS[NUMBERED]["templated"] and contamination.searched(one) == 36
    assert line.startswith(
        f"{NUMBERED}: documents have n-grams of at least {one['found']} of 36 items that were searched"
    )
    first, counts = next(iter(one["documents"].items()))
    n = sum(contamination.total(one).values())
    assert f"of {n} such documents {sum(counts.values())} are in {first}." in line
    assert line in section(data).replace("&#39;", "'")
    few = {**one, "found": contamination.MIN_MANY - 1}
    assert contamination.warnings({"benchmarks": {NUMBERED: few}}) == []
    assert contamination.warnings({"benchmarks": {"empty": {**one, "items": 0, "short": 3, "found": 0}}}) == []


def test_one_document_with_a_whole_benchmark(told, plain_run):
    """Of its items only the closest is named, yet all count; and so does a second benchmark with the same items."""
    columns, _ = told
    for ending, empty in zip(contamination.ENDINGS, (0, 0, "", -1, "", 0), strict=True):
        columns[f"{SEARCH}_{ending}"][:] = empty
    place = int(np.flatnonzero(columns["stage"] == SEARCH)[0])
    second = list(BENCHMARKS)[1]
    values = (2300, 1, NUMBERED, 3, json.dumps({NUMBERED: 36, second: 34}), 1)
    for ending, value in zip(contamination.ENDINGS, values, strict=True):
        columns[f"{SEARCH}_{ending}"][place] = value
    write_shards(plain_run / "out", columns, 1)
    found = collect(str(plain_run))["contamination"][SEARCH]
    assert [one["found"] for one in found["benchmarks"].values()] == [36, 34, 0]
    assert [sum(contamination.total(one).values()) for one in found["benchmarks"].values()] == [1, 1, 0]
    (line,) = contamination.warnings(found)
    assert line.startswith(f"{NUMBERED}: documents have n-grams of at least 36 of 36 items")


def test_sources_beyond_the_most_are_one():
    counts = dict.fromkeys(contamination.FATES, 1)
    shown = contamination.sources(
        {"documents": {f"s{place}": counts for place in range(contamination.MAX_SOURCES + 3)}}
    )
    assert len(shown) == contamination.MAX_SOURCES + 1
    assert shown[-1] == (OTHER, dict.fromkeys(contamination.FATES, 3))


def test_the_tables_have_all_benchmarks_and_nothing_runs(told):
    _, data = told
    page, text = section(data), render_markdown(data)
    assert "小学数学 &lt;b&gt;" in page and "<b>" not in re.sub("<b( class=.warning.)?>[^<]*</b>", "", page)
    assert "n-grams of 13 words, 21 characters in unspaced scripts" in page
    assert "| hellaswag | 0 | 0 | 0 | 0 (–) | 0 | 0 | 0 | 0 | 0 |" in text
    told = "without 12 that very many items repeat, and 3 items without others"
    assert told in page and f"- {NUMBERED}: {told}" in text
    for name, one in data["contamination"][SEARCH]["benchmarks"].items():
        for source, counts in contamination.sources(one):
            row = f"| {plain(name)} | {plain(source)} | {sum(counts.values())} | {counts['dropped']} |"
            assert text.count(row) == 1  # without what is true of all of the benchmark
    assert page.count("<tr>") == 3 + len(BENCHMARKS) + contamination.N_WORST + sum(
        len(contamination.sources(one)) for one in data["contamination"][SEARCH]["benchmarks"].values()
    )
    assert all(one["uid"] in text for one in data["contamination"][SEARCH]["worst"])


def test_removal_by_benchmark_is_no_injustice(told):
    """The stage removes by what it finds; by source and length it is compared as all are."""
    _, data = told
    assert "benchmark" not in data["removal"][SEARCH]["whole"]
    assert set(data["removal"][SEARCH]["whole"]) == {"source", "length"}
    assert not [one for one in data["removal"][SEARCH]["warnings"] if one["dimension"] == "benchmark"]


@pytest.mark.parametrize("damage", ["benchmarks", "ngram_words"])
def test_figures_of_another_form_are_not_shown(compared, damage):
    edit(compared / "out" / f"{SEARCH}.json", lambda facts: facts.update({damage: {"x": 3}}))
    data = collect(str(compared))
    assert data["contamination"] == {SEARCH: {"kind": "decontaminate", "benchmarks": None}}
    assert contamination.NO_FIGURES in section(data) and contamination.NO_FIGURES in render_markdown(data)


def test_a_clean_corpus_is_said_to_be_clean(plain_run):
    columns = add_dedup(plain_run)
    for ending, empty in zip(contamination.ENDINGS, (0, 0, "", -1, "", 0), strict=True):
        columns[f"{SEARCH}_{ending}"][:] = empty
    columns["stage"][columns["stage"] == SEARCH] = SENTENCE
    write_shards(plain_run / "out", columns, 1)
    data = collect(str(plain_run))
    assert [one["found"] for one in data["contamination"][SEARCH]["benchmarks"].values()] == [0, 0, 0]
    assert "Nothing of them was found." in section(data) and "Nothing of them was found." in render_markdown(data)
    assert set(SOURCES) >= {name for one in data["stages"] for name in one["sources"]} - {"code", "docs", "zh"}
