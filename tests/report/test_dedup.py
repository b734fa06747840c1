"""What the report says of duplicates: the facts as told, drops and texts as the rows have them, and nothing unsafe."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from made_up_dedup import (
    DOCUMENT,
    EXACT,
    HOSTILE_SOURCE,
    LABELS,
    LIMIT,
    NONE,
    OLD_TWIN,
    SEARCH,
    SENTENCE,
    SOURCES,
    add_dedup,
    copied_places,
    facts_of,
    matrix_of,
    text_of,
    uid_of,
)

from pipeline.histograms import OTHER
from pipeline.report import collect, dedup, render_html, render_markdown
from pipeline.report.dedup_rows import FARTHEST, N_EXAMPLES, NEAREST
from pipeline.report.markdown_text import plain
from pipeline.report.text import NO_TEXTS, number
from pipeline.rows import PUBLISHED_CHARS


@pytest.fixture
def told(plain_run):
    """The columns of a run, and what is told of its duplicates."""
    columns = add_dedup(plain_run)
    return columns, collect(str(plain_run))["duplicates"]


@pytest.fixture
def data(compared):
    """Everything that is told of a run."""
    return collect(str(compared))


def edit(path, change):
    tree = json.loads(path.read_text(encoding="utf-8"))
    change(tree)
    path.write_text(json.dumps(tree), encoding="utf-8")


def section(data):
    return re.search(r'<section id="duplicates">.*?</section>', render_html(data), re.DOTALL)[0]


def test_what_the_stages_tell_is_told(told):
    columns, found = told
    assert list(found) == [label for label in LABELS if label != SEARCH]
    for label, facts in facts_of(columns).items():
        if label != SEARCH:
            facts = json.loads(json.dumps(facts))
            if facts["pairs"] is not None:
                facts["pairs"]["undecided"] = 0
            assert {name: found[label][name] for name in facts} == facts
    assert found[EXACT]["documents"] == {s: int((columns["source"] == s).sum()) for s in found[EXACT]["documents"]}
    assert sum(found[EXACT]["documents"].values()) == len(columns["uid"])


def test_examples_are_the_drops_of_least_similarity(told):
    columns, found = told
    here = columns["stage"] == DOCUMENT
    for kind, measure in ((NEAREST, f"{DOCUMENT}_similarity"), (FARTHEST, f"{DOCUMENT}_kept_similarity")):
        values = columns[measure]
        least = sorted(np.flatnonzero(here), key=lambda one: (values[one], columns["uid"][one]))[:N_EXAMPLES]
        assert [one["uid"] for one in found[DOCUMENT]["examples"][kind]] == [columns["uid"][one] for one in least]
        for one, place in zip(found[DOCUMENT]["examples"][kind], least, strict=True):
            assert (one["twin"], one["neighbour"]) == (columns["twin"][place], columns[f"{DOCUMENT}_neighbour"][place])
            assert one["kept_similarity"] == columns[f"{DOCUMENT}_kept_similarity"][place]
            assert one["value"] == columns["value"][place] and one["source"] == columns["source"][place]
            assert text_of(int(place)).startswith(one["text"]) and one["text"]
    assert all(one["kept_similarity"] < LIMIT for one in found[DOCUMENT]["examples"][FARTHEST])
    for label in (EXACT, SENTENCE, NONE):
        assert found[label]["examples"] == {NEAREST: [], FARTHEST: []}


def test_documents_that_are_named_are_found_wherever_they_are(told):
    columns, found = told
    numbers = {uid: number for number, uid in enumerate(columns["uid"])}
    stage = found[DOCUMENT]
    named = {one["kept"] for one in stage["clusters"]["largest"]}
    named |= {one[name] for rows in stage["examples"].values() for one in rows for name in ("twin", "neighbour")}
    assert set(stage["texts"]) == named - {OLD_TWIN}
    for label in (EXACT, DOCUMENT, SENTENCE):
        for uid, one in found[label]["texts"].items():
            place = numbers[uid]
            assert one["source"] == columns["source"][place]
            assert one["text"] == text_of(place)[:PUBLISHED_CHARS]
            gone = {"stage": columns["stage"][place], "reason": columns["reason"][place]}
            assert one["dropped"] == (gone if gone["stage"] else None)
    fates = [one["dropped"] for label in (EXACT, DOCUMENT, SENTENCE) for one in found[label]["texts"].values()]
    assert None in fates and any(fates)


def test_sentences_are_cut_out_only_where_the_place_is_still_theirs(told):
    columns, found = told
    places = copied_places(columns)
    expected = [text_of(one).encode()[start:stop].decode(errors="replace") for one, start, stop in places[:3]]
    assert found[SENTENCE]["sentences"] == [*expected, None, None]
    assert any("\ufffd" not in one and not one.isascii() for one in expected)


def test_a_text_that_stays_in_many_places_is_listed_once(told, plain_run):
    """A list of what was copied most is of texts; those that are not shown may differ."""
    _, found = told
    first, second, *_, gone = found[SENTENCE]["most_copied"]
    again = [{**first, "copies": 7}, {**second, "copies": 500_000}, {**gone, "copies": 3}]
    edit(plain_run / "out" / f"{SENTENCE}.json", lambda facts: facts["most_copied"].extend(again))
    data = collect(str(plain_run))
    shown = data["duplicates"][SENTENCE]
    expected = [{**second, "copies": second["copies"] + 500_000}, {**first, "copies": first["copies"] + 7}]
    assert shown["most_copied"] == [*expected, *found[SENTENCE]["most_copied"][2:], again[-1]]
    assert shown["sentences"] == [*found[SENTENCE]["sentences"][1::-1], *found[SENTENCE]["sentences"][2:], None]
    assert section(data).count(f"bytes {second['start']} to {second['stop']}") == 1


def test_markdown_says_why_a_sentence_is_not_shown_and_what_became_of_its_document(told, plain_run):
    _, found = told
    text = render_markdown(collect(str(plain_run)))
    *_, edited, gone = found[SENTENCE]["most_copied"]
    for one, why in ((edited, dedup.EDITED), (gone, dedup.GONE)):
        (line,) = [line for line in text.split("\n") if f"`{one['uid']}`" in line and number(one["copies"]) in line]
        assert plain(why) in line
        assert ("dropped later by decontaminate as contaminated" in line) == (one is gone)


def test_orphans_are_those_of_the_documents_that_the_stage_dropped(told):
    columns, found = told
    assert found[SENTENCE]["orphans"] == columns[f"{SENTENCE}_orphans"].sum() > 0
    assert found[DOCUMENT]["orphans"] is None


def test_it_does_not_depend_on_how_the_run_was_cut(plain_run):
    add_dedup(plain_run, n_shards=1)
    whole = collect(str(plain_run))
    for n_shards in (2, 7):
        add_dedup_again(plain_run, n_shards)
        data = collect(str(plain_run))
        assert (data["duplicates"], data["contamination"]) == (whole["duplicates"], whole["contamination"])


def add_dedup_again(folder, n_shards):
    """Other shards; the manifest stays."""
    manifest = (folder / "out" / "manifest.json").read_bytes()
    add_dedup(folder, n_shards=n_shards)
    (folder / "out" / "manifest.json").write_bytes(manifest)


def test_the_matrix_has_every_count_and_its_share(told):
    columns, found = told
    names, counts, wholes = dedup.matrix(found[DOCUMENT])
    assert (names, counts) == (list(SOURCES), matrix_of(columns, DOCUMENT))
    left = columns["stage"] != EXACT
    assert wholes == [int(((columns["source"] == name) & left).sum()) for name in names]
    _, counts, wholes = dedup.matrix(found[SENTENCE])
    assert wholes == np.array(counts).sum(axis=0).tolist()


def test_the_matrix_is_shown_where_anything_was_removed(data):
    page, text = section(data), render_markdown(data)
    assert page.count('title="0 of docs (0.0 %) for a copy in wikipedia"') == 3
    assert page.count(" cell h") == 3 * len(SOURCES) ** 2
    assert text.count("| kept in |") == 3
    row = data["duplicates"][DOCUMENT]["matrix"][1]
    shares = [f"{number(n)} (" if n else "·" for n in row]
    (line,) = [one for one in text.split("| kept in |")[2].splitlines() if one.startswith("| wikipedia |")]
    assert [cell.startswith(share) for cell, share in zip(line.split(" | ")[1:], shares, strict=True)] == [True] * 20


def test_sources_beyond_the_most_are_one(told):
    _, found = told
    many = [f"s{place}" for place in range(30)]
    matrix = [[0] * 30 for _ in many]
    matrix[3][29], matrix[29][3], matrix[7][7] = 500, 2, 9
    for place in range(10, 29):
        matrix[0][place] = place
    stage = {**found[DOCUMENT], "sources": many, "matrix": matrix, "documents": dict.fromkeys(many, 600)}
    names, counts, wholes = dedup.matrix(stage)
    assert len(names) == len(counts) == dedup.MAX_SOURCES and names[-1] == OTHER
    assert {"s0", "s3", "s29"} <= set(names) and names[:-1] == sorted(names[:-1], key=many.index)
    assert sum(map(sum, counts)) == sum(map(sum, matrix))
    assert wholes[-1] == 600 * (30 - len(names) + 1) and wholes[0] == 600
    assert counts[names.index("s3")][names.index("s29")] == 500


def test_sides_and_index_are_said(told):
    _, found = told
    (line,) = dedup.sides(found[DOCUMENT])
    assert "7 of validation for a copy in train, 2 of train for a copy in validation; within a side: 304" in line
    (line,) = dedup.index(found[DOCUMENT])
    assert "1,234,567 documents (4 files): 31 were removed" in line
    assert dedup.sides(found[EXACT]) == dedup.index(found[EXACT]) == []
    assert dedup.ACROSS_MEANS in dedup.sides(found[DOCUMENT])[0]
    assert dedup.sides(found[NONE]) == [f"Removed across the sides of the split: none. {dedup.SIDES_MEAN}"]
    even = {"train": {"train": 5, "validation": 0}, "validation": {"train": 0, "validation": 4}}
    assert dedup.sides({**found[NONE], "sides": even}) == dedup.sides(found[NONE])


def test_sizes_are_in_order_whatever_the_file_says(told):
    _, found = told
    assert dedup.sizes(found[SENTENCE])[-1] == ("524,289 to 1,048,576", 1)
    sizes = {"9-16": 1, "2": 5, "1025-2048": 2, "3-4": 4, "<b>": 7}
    stage = {**found[EXACT], "clusters": {**found[EXACT]["clusters"], "sizes": sizes}}
    assert dedup.sizes(stage) == [("0", 7), ("2", 5), ("3 to 4", 4), ("9 to 16", 1), ("1,025 to 2,048", 2)]


def test_the_method_is_said(told):
    _, found = told
    assert dedup.method(found[EXACT]) == "the same text" and dedup.items(found[EXACT]) == "documents"
    assert dedup.method(found[SENTENCE]) == "the same text in 3 sentences one after the other"
    assert dedup.method({**found[SENTENCE], "window": 1, "unit": "lines", "by": "words"}) == "the same words"
    assert dedup.method(found[DOCUMENT]) == (
        "similarity 0.8 or more, measured on the texts; 14 bands of 8 minima; clusters: connected"
    )
    banding = {**found[DOCUMENT]["banding"], "verify": "none"}
    assert dedup.method({**found[DOCUMENT], "banding": banding}) == "14 bands of 8 minima, not verified"


def test_corpus_text_is_shown_and_not_run(data):
    page, text = section(data), render_markdown(data)
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;document.title" in page
    assert page.count(dedup.EDITED) == page.count(dedup.GONE) == 1
    assert "第" in page and "\u202e" not in page + text
    assert "<script" not in text and "](javascript" not in text and HOSTILE_SOURCE not in text


def test_without_a_scrubbing_stage_no_text_is_shown(compared):
    def strip(manifest):
        manifest["scrubbed_by"] = None

    edit(compared / "out" / "manifest.json", strip)
    data = collect(str(compared))
    for stage in data["duplicates"].values():
        assert not any(one["text"] for one in stage["texts"].values()) and not any(stage["sentences"])
    assert "第1011座" not in re.sub("<article.*?</article>", "", section(data), flags=re.DOTALL)
    assert NO_TEXTS in section(data) and NO_TEXTS in render_markdown(data)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("level", None),
        ("items", -1),
        ("by", 3),
        ("sources", "docs"),
        ("matrix", [[1]]),
        ("clusters", {}),
        ("far", 0.5),
        ("pairs", {"compared": 1}),
        ("banding", {"bands": 0, "rows": 8, "threshold": 0.8, "verify": "exact"}),
        ("banding", {"bands": 14, "rows": 8, "threshold": 80, "verify": "exact"}),
        ("sides", {"train": 3}),
        ("index", 3),
        ("similarities", [0] * 100),
        ("largest", [{"kept": 7}]),
        ("sizes", {"2": "many"}),
    ],
)
def test_figures_of_another_form_are_not_shown(compared, name, value):
    def damage(facts):
        for of in (facts, facts["pairs"], facts["clusters"]):
            if name in of:
                of[name] = value

    edit(compared / "out" / f"{DOCUMENT}.json", damage)
    data = collect(str(compared))
    assert data["duplicates"][DOCUMENT] == {"kind": "dedup", "level": None}
    assert dedup.NO_FIGURES in section(data) and dedup.NO_FIGURES in render_markdown(data)
    assert data["duplicates"][EXACT]["level"] == "exact"


def test_what_a_stage_can_lack_is_not_missed(compared):
    def strip(facts):
        for name in ("short", "banding", "pairs", "far", "sides", "index", "by"):
            del facts[name]
        for one in facts["clusters"]["largest"]:
            one["least_similarity"] = None

    edit(compared / "out" / f"{DOCUMENT}.json", strip)
    data = collect(str(compared))
    assert data["duplicates"][DOCUMENT]["examples"] == {NEAREST: [], FARTHEST: []}
    assert dedup.NO_FIGURES not in section(data) + render_markdown(data)


def test_a_document_of_an_earlier_run_is_named_as_such(plain_run):
    columns = add_dedup(plain_run)
    first = np.flatnonzero(columns["twin"] == OLD_TWIN)[0]
    data = collect(str(plain_run))
    example = data["duplicates"][DOCUMENT]["examples"][NEAREST][0]
    example.update(uid=uid_of(int(first)), twin=OLD_TWIN, neighbour=OLD_TWIN)
    assert dedup.NOT_HERE in section(data)
    assert f"to the kept `{OLD_TWIN}`" in render_markdown(data)
