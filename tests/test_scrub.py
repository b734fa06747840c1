"""One scrubbing stage at work on names, values, excerpts, recipes and messages."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from canaries import CANARIES, JWT, LONG

from pipeline import scrubbers
from pipeline.errors import shortened
from pipeline.rows import EXCERPT_CHARS
from pipeline.scrub import Scrubber
from pipeline.scrubbers import LEFT_OUT, Scrubbers
from stages.pii import Pii

MAIL = "canary.jane@acme.org"


FILLERS = {"words": "some words ", "汉字": "一些汉字，"}


@pytest.mark.parametrize("filler", FILLERS.values(), ids=FILLERS)
@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: f"{canary.entity}-{canary.value[:12]}")
def test_no_part_of_a_value_is_published_wherever_an_excerpt_is_cut(canary, filler, monkeypatch):
    """All that is sure not to be cut is published here, and no six characters of the value may be."""
    monkeypatch.setattr(scrubbers, "PUBLISHED_CHARS", EXCERPT_CHARS)
    stage = Pii()
    scrubber = Scrubbers({1: Scrubber(stage, "pii", stage.open())}, ["read", "pii"])
    value = LONG if canary.entity == "private_key" else canary.value
    plain = value.replace("\n", "")
    parts = {plain[start : start + 6] for start in range(max(1, len(plain) - 5))}
    step = 1 if value not in (LONG, JWT) else 7
    texts = [(filler * 300)[:at] + "\n" + canary.sentence + filler * 300 for at in range(0, EXCERPT_CHARS, step)]
    cut = pa.array([text[:EXCERPT_CHARS] for text in texts], pa.large_string())
    shown = scrubber.excerpts(cut, [1] * len(cut)).to_pylist()
    for at, text in enumerate(shown):
        found = [part for part in parts if part in text]
        assert not found, (at * step, found)
    assert np.mean([*map(len, shown)]) > 400


ENDINGS = (
    ".jsonl.gz:12", ":3", ".txt", ".inbox.jsonl.gz:3", ".warc.gz.zst:1", ".jsonl.gz.part1:3", ".parquet:3:4",
    "_2024.jsonl:3", "-00001-of-00010.jsonl", "", "/x.html", ".inbox/a-b_c.d-e-f-g_h.i:3",
)  # fmt: skip


@pytest.mark.parametrize("before", ["", "来自 ", "a/", "https://a.org/", "52.23.22.193 "])
def test_names_of_files_are_scrubbed_whatever_they_end_with(before):
    stage = Pii()
    scrubber = Scrubber(stage, "pii", stage.open())
    names = [f"{before}{MAIL}{ending}" for ending in ENDINGS]
    begun = before.replace("52.23.22.193", "<IP>")
    assert scrubber.names(pa.array(names)).to_pylist() == [f"{begun}<EMAIL>{ending}" for ending in ENDINGS]
    others = [
        "",
        "第1.2.jsonl:7",
        "https://www.example.org/2024/05/06/a-page_1.2.html",
        "numpy-2.1.0.dist-info/METADATA",
    ]
    assert scrubber.names(pa.array(others)).to_pylist() == others


def test_long_names_are_scrubbed_in_proportion():
    stage = Pii()
    scrubber = Scrubber(stage, "pii", stage.open())
    for piece in ("a.", "a/", "-", "汉_", f"{MAIL}/"):
        name = piece * (250_000 // len(piece.encode()))
        assert MAIL not in scrubber.names(pa.array([name])).to_pylist()[0]


def test_a_field_tells_what_its_number_is():
    stage = Pii()
    scrubber = Scrubber(stage, "pii", stage.open())
    meta = {
        "phone": 6022756300,
        "电话": [13812345678.0, "13812345678"],
        "n": 6022756300.5,
        "year": 2024,
        MAIL: {MAIL: None},
    }
    given = pa.array([json.dumps(meta, ensure_ascii=False), "{}"])
    assert [json.loads(text) for text in scrubber.meta(given).to_pylist()] == [
        {"phone": "<PHONE>", "电话": ["<PHONE>", "<PHONE>"], "n": 6022756300.5, "year": 2024, MAIL: {"<EMAIL>": None}},
        {},
    ]


FIELDS = [
    ({"version": f"52.23.22.193 {MAIL}"}, {"version": "<IP> <EMAIL>"}),
    ({"ssn": {"value": "536904399"}}, {"ssn": {"value": "<SSN>"}}),
    ({"phone": {"number": "6022756300"}}, {"phone": {"number": "<PHONE>"}}),
    ({"电话": {"号码": [13812345678]}}, {"电话": {"号码": ["<PHONE>"]}}),
    ({"a": {MAIL: 1, "joe.doe@acme.org": 2, "x": 3}}, {"a": {"<EMAIL>": 1, "<EMAIL> (2)": 2, "x": 3}}),
    ({"a": {"<EMAIL>": 1, MAIL: 2}}, {"a": {"<EMAIL>": 1, "<EMAIL> (2)": 2}}),
]


@pytest.mark.parametrize(("given", "shown"), FIELDS)
def test_a_value_is_looked_at_by_itself_and_after_all_names_around_it(given, shown):
    stage = Pii()
    scrubber = Scrubber(stage, "pii", stage.open())
    assert json.loads(scrubber.meta(pa.array([json.dumps(given)])).to_pylist()[0]) == shown


def test_a_recipe_of_any_length_is_scrubbed_in_proportion():
    one = Pii()
    scrubber = Scrubbers({1: Scrubber(one, "pii", one.open())}, ["read", "pii"])
    for line in ("# a-b_c.d/e:f.jsonl\n", "# 电话、", "# \"'[", f"# {MAIL}.x\n"):
        text = line * (250_000 // len(line.encode()))
        assert MAIL not in scrubber.recipe(f"a: 1\n{text}")


def test_what_a_message_was_shortened_in_is_left_out():
    for start in range(20, 41):
        for name in ("电" * start + MAIL + "x" * 60, "y" * start + f" {MAIL} " + "z" * 60):
            said = LEFT_OUT.sub("", f"there is: {shortened(name, 80)} (or not)")
            assert not any(part in said for part in ("cana", "jane", "acme"))
    assert "canary.jane" in shortened("电" * 20 + MAIL + "x" * 60, 80)
