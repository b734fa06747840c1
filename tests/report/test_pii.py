"""What the report says of personal data: counts as the rows have them, texts as they are published, nothing unsafe."""

from __future__ import annotations

import json
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_pii import (
    ACTIONS,
    ENTITIES,
    HOSTILE_SOURCE,
    LANGUAGE,
    PII,
    REPEATED,
    SENTENCE,
    STANDS,
    add_pii,
    expected,
    repeated_facts,
    written,
)

from pipeline.batch import Edits, apply_edits
from pipeline.histograms import OTHER
from pipeline.report import collect, pii, render_html, render_markdown
from pipeline.report.markdown_text import plain
from pipeline.report.pii_rows import AROUND_CHARS, N_SAMPLES, folded, published


@pytest.fixture
def told(plain_run):
    """The columns of a run, and what is told of its personal data."""
    columns = add_pii(plain_run)
    return columns, collect(str(plain_run))["scrubbed"]


@pytest.fixture
def data(scrubbed):
    """Everything that is told of a run."""
    return collect(str(scrubbed))


def edit(path, change):
    tree = json.loads(path.read_text(encoding="utf-8"))
    change(tree)
    path.write_text(json.dumps(tree), encoding="utf-8")


def section(data):
    return re.search(r'<section id="personal">.*?</section>', render_html(data), re.DOTALL)[0]


def test_counts_are_those_of_the_survivors(told):
    columns, found = told
    kept = columns["stage"] == ""
    assert list(found["entities"]) == list(ENTITIES) and found["stage"] == PII
    for entity, one in found["entities"].items():
        assert one["sources"] == expected(columns, entity, "source")
        assert one["languages"] == expected(columns, entity, f"{LANGUAGE}_label")
        assert pii.total(one)[0] == columns[f"{PII}_n_{entity}"][kept].sum()
        assert sum(rule["findings"] for rule in one["rules"]) == pii.total(one)[0]
    assert sum(found["edited"].values()) == (columns[f"{PII}_n_edits"][kept] > 0).sum()
    for by, column in (("sources", "source"), ("languages", f"{LANGUAGE}_label")):
        documents = {name: int((kept & (columns[column] == name)).sum()) for name in found[by]}
        assert {name: one["documents"] for name, one in found[by].items()} == documents
        assert sum(documents.values()) == kept.sum()
        assert all(one["bytes"] > 0 for one in found[by].values())
    assert found["entities"]["person"]["rules"][0] | {"findings": 0} == {"rule": "name_after_label", "findings": 0, "least": 0.6, "most": 0.6}  # fmt: skip


def test_what_was_done_and_dropped_is_said(told):
    columns, found = told
    for entity, one in found["entities"].items():
        assert one["action"] == ACTIONS.get(entity, "tag")
        assert pii.done(one) == pii.DONE[one["action"]]
    assert pii.done({"action": "own_action"}) == "own_action" and pii.done({"action": None}) == "–"
    n = {label: int((columns["stage"] == label).sum()) for label in (PII, REPEATED)}
    assert pii.dropped(found) == f"Documents dropped for it: pii as too_many_email {n[PII]}, repeated_pii as repeated_pii {n[REPEATED]}."  # fmt: skip
    assert pii.dropped({**found, "drops": []}) == ""
    assert pii.absent(found) == ["passport"] and "passport" not in dict(pii.ranked(found))


def test_samples_show_what_stands_there_now(told):
    columns, found = told
    numbers = {uid: number for number, uid in enumerate(columns["uid"])}
    for entity, one in found["entities"].items():
        assert len(one["samples"]) == (N_SAMPLES if entity != "passport" else 0)
        for row in one["samples"]:
            number = numbers[row["uid"]]
            assert columns["stage"][number] == "" and columns[f"{SENTENCE}_n_edits"][number] == 0
            assert row["now"] == STANDS[entity] and row["source"] == columns["source"][number]
            assert row["before"] + row["now"] + row["after"] in columns["text"][number]
            assert re.search(rf"\[{number}\.\d+ \Z", row["before"]) and row["after"].startswith("]")
            assert len(row["before"]) <= AROUND_CHARS == len(row["after"])
    there = (columns["stage"] == "") & (columns[f"{SENTENCE}_n_edits"] == 0)
    for place, entity in enumerate(ENTITIES[:-1]):
        uids = columns["uid"][there & (columns[f"{PII}_n_{entity}"] > 0)]
        least = sorted(uids, key=lambda uid: uid[3 * place :] + uid[: 3 * place])[:N_SAMPLES]
        assert [row["uid"] for row in found["entities"][entity]["samples"]] == least
    uids = {entity: [row["uid"] for row in one["samples"]] for entity, one in found["entities"].items()}
    assert len({uid for of in uids.values() for uid in of}) > 3 * N_SAMPLES


def test_a_place_that_is_not_in_the_text_is_not_shown(plain_run):
    def broken(columns):
        for of in columns[f"{PII}_findings"]:
            for one in of:
                one["start"], one["stop"] = one["start"] + 10_000, one["stop"] + 10_000

    columns = add_pii(plain_run, change=broken)
    found = collect(str(plain_run))["scrubbed"]
    assert not any(one["samples"] for one in found["entities"].values())
    assert found["entities"]["email"]["sources"] == expected(columns, "email", "source")
    assert pii.SAMPLES_MEAN not in section(collect(str(plain_run)))


@given(st.lists(st.sampled_from(sorted(STANDS)), max_size=8), st.integers(0, 40))
def test_places_are_those_that_edits_leave(entities, number):
    text, findings = written(number, entities)
    before = _before(text, findings)
    rows, starts, stops = (np.array(of, np.int64) for of in zip(*((0, one["start"], one["stop"]) for one in findings), strict=True)) if findings else (np.empty(0, np.int64),) * 3  # fmt: skip
    edits = Edits(rows, starts, stops, [STANDS[one["entity"]].encode() for one in findings])
    assert apply_edits(pa.array([before], pa.large_string()), edits)[0].as_py() == text
    shown = published(findings[::-1])
    assert [text.encode()[start:stop].decode() for start, stop, _ in shown] == [
        STANDS[one["entity"]] for one in findings
    ]


def _before(text: str, findings: list[dict]) -> str:
    """The text that the stage saw."""
    data, growth = text.encode(), 0
    for one in findings:
        start = one["start"]
        data = data[:start] + b"x" * (one["stop"] - start) + data[start + one["replaced"] :]
        growth += one["replaced"] - (one["stop"] - start)
    return data.decode()


def test_it_does_not_depend_on_how_the_run_was_cut(plain_run):
    manifest = (plain_run / "out" / "manifest.json").read_bytes()
    found = []
    for n_shards in (1, 2, 7):
        (plain_run / "out" / "manifest.json").write_bytes(manifest)
        add_pii(plain_run, n_shards=n_shards)
        data = collect(str(plain_run))
        found.append((data["scrubbed"], section(data)))
    assert found[0] == found[1] == found[2]


def test_the_heat_map_has_every_count(told):
    _, found = told
    labels, rows = pii.heat_map(found, "sources")
    assert len(labels) == pii.MAX_COLUMNS + 1 and labels[-1] == OTHER
    for entity, cells in rows:
        assert sum(n for n, _, _ in cells) == pii.total(found["entities"][entity])[0]
        assert sum(documents for *_, documents in cells) == pii.total(found["entities"][entity])[1]
    first = found["sources"][labels[0]]
    n, value, _ = dict(rows)["email"][0]
    assert value == pytest.approx(1e6 * n / first["bytes"])
    assert pii.most_of(rows) == max(value for _, cells in rows for _, value, _ in cells)
    unknown = {**found, "languages": {name: {**one, "bytes": None} for name, one in found["languages"].items()}}
    assert {value for _, cells in pii.heat_map(unknown, "languages")[1] for _, value, _ in cells} == {None}
    assert pii.heat_map({**found, "entities": {}}, "sources")[1] == []


def test_rest_of_many_sources_is_one_column():
    names = [f"s{n}" for n in range(5)]
    assert list(folded(names, 5).values()) == list(folded(names, 4).values()) == names
    assert list(folded(names, 3).values()) == [*names[:3], OTHER, OTHER]
    assert folded([], 3) == {}


@pytest.mark.parametrize(
    ("value", "level"), [(None, 0), (0.0, 0), (1000.0, 8), (900.0, 8), (100.0, 6), (1.0, 1), (1e-9, 1)]
)
def test_colours_go_by_powers_of_ten(value, level):
    assert pii.heat(value, 1000.0) == f"h{level}"
    assert pii.heat(value, 0.0) == "h0"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.004, "<0.01"),
        (0.034, "0.034"),
        (1.26, "1.3"),
        (9.96, "10"),
        (123.4, "123"),
        (12_345.0, "12.3 k"),
    ],
)
def test_rates_are_brief(value, shown):
    assert pii.brief_rate(value) == shown


def test_repeated_values_are_counted_and_none_is_named(data):
    about = data["scrubbed"]["repeated"][REPEATED]
    assert about == repeated_facts()
    names, rows = pii.shared(about)
    assert names == ["1", "2", "3 to 4", "5 to 8", "17 to 32", "1,025 to 2,048", "524,289 to 1,048,576"]
    assert [(entity, sum(counts)) for entity, _, counts in rows] == [("email", 95_243), ("phone", 7)]
    first, second = pii.widest(rows[0][1])
    assert first == f"600,000 documents: web 590,000, {HOSTILE_SOURCE} 9,000, 论坛 1,000"
    assert second.endswith("crawl_2024_15 130 and 4 more")
    assert pii.widest(rows[1][1]) == []  # which one document has
    page, text = section(data), render_markdown(data)
    assert "600,000 documents: web 590,000" in page and "600,000 documents: web 590,000" in text
    assert pii.REPEATED_MEANS in page and pii.REPEATED_MEANS in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("of", 3),
        ("entities", [1]),
        ("entities", {"email": {"values": 1}}),
        ("entities", {"email": {"values": -1, "documents": 1, "shared_by": {}, "widest": []}}),
        ("entities", {"email": {"values": 1, "documents": 1, "shared_by": {"1": "x"}, "widest": []}}),
        ("entities", {"email": {"values": 1, "documents": 1, "shared_by": {}, "widest": [{"documents": 1}]}}),
        ("entities", {"x" * 600: {"values": 1, "documents": 1, "shared_by": {}, "widest": []}}),
    ],
)
def test_figures_of_another_form_are_not_shown(scrubbed, name, value):
    edit(scrubbed / "out" / f"{REPEATED}.json", lambda tree: tree.update({name: value}))
    data = collect(str(scrubbed))
    assert data["scrubbed"]["repeated"] == {REPEATED: None}
    assert pii.NO_FIGURES in section(data) and pii.NO_FIGURES in render_markdown(data)


def test_advice_comes_where_it_is_due(told):
    _, found = told
    lines = pii.warnings(found)
    by_entity = {line.split(" ")[0].rstrip(":"): line for line in lines}
    assert (
        "of the documents of mail_lists" in by_entity["phone"] and "“min_scores” for phone in pii" in by_entity["phone"]
    )
    assert "ip" not in by_entity and "card" not in by_entity
    (wide,) = [line for line in lines if "max_documents" in line]
    assert wide.startswith("email: 2 values stand in 1,300 documents or more, the first in 600,000.")
    calm = {**found, "repeated": {REPEATED: None}, "entities": {"ip": found["entities"]["ip"]}}
    assert pii.warnings(calm) == []
    few = {"sources": {"web": [90, 90]}, "languages": {}, "rules": [], "samples": []}
    assert pii.warnings({**calm, "sources": {"web": {"documents": 99, "bytes": 9}}, "entities": {"ip": few}}) == []


def test_corpus_text_is_shown_and_not_run(data):
    page, text = section(data), render_markdown(data)
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;document.title" in page
    assert "my_&lt;b&gt;badge" in page and "my_<b>badge" not in page + text
    assert "\u202e" not in page + text and "\\u202etxt.exe" in page
    assert "<script" not in text and "](javascript" not in text and HOSTILE_SOURCE not in text
    assert '<b class="replaced">&lt;EMAIL&gt;</b>' in page and f'<b class="replaced">{pii.NOTHING}</b>' in page
    assert f"**{plain('<EMAIL>')}**" in text and "中文的句子" in page


def test_markdown_has_the_same_counts(data):
    text, found = render_markdown(data), data["scrubbed"]
    for entity, one in pii.ranked(found):
        n, documents = pii.total(one)
        assert f"| {plain(entity)} | {n:,} | {documents:,} (" in text
    assert text.count("| findings by ") == 2 and "Looked for and not found: passport." in text


def test_a_run_without_languages_places_or_entities_is_told_of_too(scrubbed, data):
    def forget(tree):
        for step in tree["steps"]:
            step["slices"] = {}

    edit(scrubbed / "out" / "manifest.json", forget)
    assert collect(str(scrubbed))["scrubbed"]["languages"] == {}
    edit(scrubbed / "out" / "signals.json", lambda tree: tree.pop(f"{PII}_n_findings"))
    old = collect(str(scrubbed))
    assert [pii.total(one) for one in old["scrubbed"]["entities"].values()] == [pii.total(one) for one in data["scrubbed"]["entities"].values()]  # fmt: skip
    assert not any(one["samples"] or one["rules"] for one in old["scrubbed"]["entities"].values())
    assert "By language" not in section(old) and pii.SAMPLES_MEAN not in section(old) + render_markdown(old)
    edit(scrubbed / "out" / "manifest.json", lambda tree: tree.update(scrubbed_by=None))
    none = collect(str(scrubbed))
    assert none["scrubbed"] is None and pii.NONE in section(none) and pii.NONE in render_markdown(none)


def test_a_stage_that_counts_no_entities(hostile):
    data = collect(str(hostile))
    assert data["scrubbed"]["entities"] == {} and "counts no entities" in section(data)
    assert "counts no entities" in render_markdown(data)
