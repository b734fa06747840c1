"""What the report says of packing: every way beside the one that was used, as the files have it."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from made_up_run import add_tokens, documents, write_json
from packed_folders import encode, packed_folder

from pipeline.report import collect, packing, packing_figures, render_html, render_markdown
from train.pack import WAYS

SLOTS = 65


@pytest.fixture
def packed(plain_run):
    """A run with packed tokens of three sources, one of which is empty on one side."""
    add_tokens(plain_run, documents())
    return plain_run


def repacked(run, **options) -> dict:
    """The facts of the report after packing some texts in another way."""
    folder = run / "out" / "packed"
    shutil.rmtree(folder)
    texts = {"docs": ["a b c " * 40] * 3, "code": [], "zh": ["中文" * n for n in range(1, 30)]}
    encoded = {source: [encode(text) for text in some] for source, some in texts.items()}
    packed_folder(folder, encoded, sequence_tokens=SLOTS - 1, **options)
    return collect(str(run))


def test_every_way_is_told_by_source_and_in_total(packed):
    found = collect(str(packed))["packing"]
    assert (found["sequence_tokens"], found["way"]) == (SLOTS - 1, "best_fit")
    assert list(found["total"]) == list(WAYS) and list(found["ways"]) == ["docs", "code", "zh"]
    for source, ways in found["ways"].items():
        texts = [text.encode() for side in documents().values() for text in side[source]]
        for way, one in ways.items():
            assert one["documents"] == len(texts)
            assert one["tokens"] + one["cropped"] + one["dropped"] == sum(len(text) + 1 for text in texts)
            assert one["cropped_share"] == pytest.approx(one["cropped"] / sum(len(text) + 1 for text in texts))
            assert one["padding_share"] == pytest.approx(one["padding"] / (one["sequences"] * SLOTS))
            too_long = sum(len(text) + 2 > SLOTS for text in texts)
            assert one["documents_cut"] >= too_long if way == "concat" else one["documents_cut"] == too_long
        assert ways["pad"]["sequences"] > ways["best_fit"]["sequences"]
    for way, one in found["total"].items():
        for count in ("sequences", "tokens", "padding", "cropped", "documents_cut"):
            assert one[count] == sum(ways[way][count] for ways in found["ways"].values())


def test_what_was_used_is_what_packed_json_counts(packed):
    for way, (how, long) in WAYS.items():
        found = repacked(packed, packing=how, long=long)["packing"]
        assert found["way"] == way and list(found["ways"]) == ["docs", "zh"]
        for source, sides in found["sources"].items():
            for count in ("sequences", "tokens", "padding", "cropped", "documents", "documents_cut"):
                told = found["ways"].get(source, {way: {count: 0}})[way][count]
                assert told == sides["train"][count] + sides["validation"][count]


@pytest.mark.parametrize("way", WAYS)
def test_page_and_markdown_say_the_same(packed, way):
    data = repacked(packed, packing=WAYS[way][0], long=WAYS[way][1])
    found, page, text = data["packing"], render_html(data), render_markdown(data)
    assert f"`{packing.options(way)}`" in text and f"<code>{packing.options(way)}</code>" in page
    assert page.count("used here") == 3 and text.count("(used)") == 3
    for source, ways in {"(all)": found["total"], **found["ways"]}.items():
        for name, one in ways.items():
            numbers = [f"{one[key]:,}" for key in ("sequences", "tokens", "padding", "cropped")]
            row = rf"\| {re.escape(source)} +\| \**{name.replace('_', '.?_')}\**.*\| {numbers[0]} +\| {numbers[1]} "
            assert re.search(row, text.replace("\\", "")), (source, name)
            assert source == "(all)" or all(f'<td class="n">{number}</td>' in page for number in numbers)


def test_the_verdict_speaks_of_the_other_ways(packed):
    found = repacked(packed)["packing"]
    said = packing.verdict(found)
    assert "no token is cropped or dropped" in said and "One to a sequence" in said and "By best fit" not in said
    cut = found["total"]["concat"]["documents_cut"]
    assert f"Laid end to end, {packing.shown(cut / 32)} of the documents would be cut." in said
    said = packing.verdict(repacked(packed, packing="pad", long="truncate")["packing"])
    assert re.search(r"[1-9]\.\d % of the tokens are cropped", said) and "By best fit" in said


def test_bars_are_on_one_scale_and_say_what_they_show():
    counts = {"tokens": 60, "cropped": 0, "dropped": 0, "padding": 60, "documents": 4, "documents_cut": 1}
    other = {**counts, "tokens": 40, "cropped": 20, "padding": 0}
    ways = {"pad": counts, "best_fit_truncate": other}
    assert packing_figures.scale(ways) == 120
    one, two = (packing_figures.bar(one, 120) for one in ways.values())
    assert re.findall(r'width="([\d.]+)" height="18.00" class="(\w+)"', one) == [("300.00", "kept"), ("300.00", "lost")]
    assert re.findall(r'width="([\d.]+)" height="18.00" class="(\w+)"', two) == [("200.00", "kept"), ("100.00", "cut")]
    assert 'aria-label="tokens 50.0 %, padding 50.0 %"' in one and "<title>20 cropped</title>" in two
    assert 'width="150.00"' in packing_figures.cut_bar(counts)


def test_nothing_to_pack_is_said(packed):
    path = packed / "out" / "packed"
    shutil.rmtree(path)
    packed_folder(path, {"docs": [], "zh": []})
    data = collect(str(packed))
    assert data["packing"]["ways"] == {} and data["packing"]["total"]["pad"]["padding_share"] is None
    page, text = render_html(data), render_markdown(data)
    assert "There is nothing to pack." in page and "There is nothing to pack." in text


def test_names_of_sources_cannot_be_markup(packed):
    for name in ("packed.json", "packing.json"):
        path = packed / "out" / "packed" / name
        write_json(path, json.loads(path.read_text().replace('"zh"', '"<b>|中\\u202e"')))
    data = collect(str(packed))
    page, text = render_html(data), render_markdown(data)
    assert "<b>|中" not in page and "&lt;b&gt;|中\\u202e" in page
    assert "\u202e" not in page + text
