"""What the report says of tokenizers side by side."""

from __future__ import annotations

import json
import re

import pytest
import token_kinds
from made_up_comparison import HOSTILE_NAME, LANGUAGES, SIZES, add_comparison, comparison
from made_up_run import write_json

from pipeline.errors import InputError
from pipeline.report import collect, render_html, render_markdown
from pipeline.report.ablation_figures import Scale
from pipeline.report.tokenizer_figures import heat, premium, premium_axis, premium_scale, said, sweep_curves
from pipeline.report.tokenizers import knees, premiums, round_trips, spelled_text, steps


@pytest.fixture
def found(side_by_side):
    return collect(str(side_by_side))["tokenizers"]


def test_a_run_that_compares_none_says_nothing_of_it(plain_run):
    data = collect(str(plain_run))
    assert data["tokenizers"] is None
    assert "side by side" not in render_html(data) + render_markdown(data)


def test_rates_are_those_of_the_counts(found):
    row = found["rows"][0]
    assert (row["source"], row["group"], row["bytes"]) == ("code", "<b>th</b>", 180_000)
    small = row["models"]["small"]
    assert small["tokens"] == round(180_000 / (3.1 * 0.3))
    assert small["bytes_per_token"] == pytest.approx(3.1 * 0.3, rel=1e-3)
    assert small["tokens_per_word"] == small["tokens"] / 20_000
    assert small["tokens_per_char"] == small["tokens"] / 100_000
    every = sum(one["models"]["small"]["tokens"] for one in found["rows"])
    assert found["all"]["models"]["small"]["tokens"] == found["models"]["small"]["tokens"] == every
    assert found["all"]["bytes"] == 3 * 90_000 + 3 * 180_000


def test_text_with_less_is_left_out_and_counted(plain_run, monkeypatch):
    monkeypatch.setattr("pipeline.report.tokenizers.MAX_ROWS", 2)
    add_comparison(plain_run)
    data = collect(str(plain_run))
    assert [row["source"] for row in data["tokenizers"]["rows"]] == ["code", "code"]
    assert data["tokenizers"]["left_out"] == 4
    assert "4 more groups, with less text" in render_html(data)
    assert "4 more groups, with less text, are in `comparison.json`." in render_markdown(data)


def test_what_came_back_is_a_sentence(found):
    of = "60 documents"
    assert round_trips(found) == [
        f"Round trip: all {of} came back byte for byte from the tokens of small and large.",
        f"Round trip: 6 of {of} (10.0 %) did not come back from the tokens of {HOSTILE_NAME}.",
        f"{HOSTILE_NAME} has no token for some text: 42 of its {found['models'][HOSTILE_NAME]['tokens']:,} tokens stand for what is unknown to it.",
    ]


def test_names_tokens_and_failures_are_text(side_by_side):
    data = collect(str(side_by_side))
    page, text = render_html(data), render_markdown(data)
    section = page[page.index('<section id="tokenizers">') : page.index("</section>", page.index('id="tokenizers"'))]
    assert "&lt;img src=x" in section and "混合" in section and "中文的词" in section
    for hostile in ("<img", "<script", "<i>", "<b>", "\u202e"):
        assert hostile not in section
        assert hostile not in text.split("```")[0]
    assert "](javascript" not in text


def test_what_did_not_come_back_is_shown_only_where_text_is_scrubbed(side_by_side):
    data = collect(str(side_by_side))
    assert data["scrubbed_by"] == [] or not data["scrubbed_by"]
    assert "SECRET" not in render_html(data) + render_markdown(data)
    assert "No texts are shown" in render_html(data)
    data["scrubbed_by"] = ["pii"]
    assert "SECRET" in render_html(data) and "SECRET" in render_markdown(data)


def test_the_page_and_markdown_give_the_same_figures(side_by_side):
    data = collect(str(side_by_side))
    page, text = render_html(data), render_markdown(data)
    for figure in ("1.33 (half of them 1.10 to 1.60)", "no tokens"):
        assert figure in page
    assert "1\\.33" in text or "1.33" in text
    every = data["tokenizers"]["all"]["models"]["large"]["bytes_per_token"]
    assert f"{every:.3f}<small>" in page and f"{every:.3f} (" in text
    assert "So few say little." in page and 'href="#tokenizers"' in page


def test_the_sweep_has_its_knee_marked(found):
    one = found["models"]["small"]
    assert [curve["name"] for curve in one["sweep"]["curves"]] == ["all", *LANGUAGES]
    assert knees(one) == "Knees: all 1,448, en 1,024 tokens."
    assert [SIZES[place] for place in steps(one)] == [512, 1024, 2048, 4096, 5000]
    picture = sweep_curves(one["sweep"])
    assert picture.count("<circle") == 2 and "knee 1,448" in picture and "&lt;b&gt;th" in picture
    points = re.search(r'points="([^"]+)" class="curve m0', str(picture))[1].split(" ")
    assert len(points) == len(SIZES) and points[0].startswith("0.00,") and points[-1].startswith("100.00,")
    assert found["models"][HOSTILE_NAME]["sweep"] is None


def test_curves_of_one_group_are_those_of_all_text(plain_run):
    made = comparison()
    for one in made["models"].values():
        if one["sweep"]:
            one["sweep"]["groups"] = {"": one["sweep"]["all"]}
            one["sweep"]["all"]["knee"] = None
    add_comparison(plain_run, made)
    data = collect(str(plain_run))
    one = data["tokenizers"]["models"]["small"]
    assert [curve["name"] for curve in one["sweep"]["curves"]] == ["all"]
    assert knees(one) == "No curve has a knee." and "No curve has a knee." in render_html(data)


def test_one_size_and_no_text_have_no_picture(plain_run):
    assert sweep_curves({"sizes": [900], "curves": [{"name": "all", "per_kb": [1.0], "knee": None}]}) == ""
    assert sweep_curves({"sizes": [512, 900], "curves": []}) == ""
    made = comparison()
    made["text"] = {"docs": {}}
    for one in made["models"].values():
        one.update(sources={}, sweep=None)
    add_comparison(plain_run, made)
    data = collect(str(plain_run))
    assert data["tokenizers"]["rows"] == []
    assert "–" in render_html(data) and "Round trip: there was no document to measure" in render_markdown(data)


def test_heat_is_within_a_row_and_of_those_that_know_the_text():
    def row(**rates):
        return {
            "models": {name: {"bytes_per_token": rate, "unknown_share": share} for name, (rate, share) in rates.items()}
        }

    one = row(a=(1.0, 0), b=(2.0, 0), c=(3.0, 0), d=(27.0, 0.4), e=(None, 0))
    assert [heat(name, one) for name in one["models"]] == ["h0", "h4", "h8", "", ""]
    assert heat("a", row(a=(2.0, 0), b=(2.0001, 0))) == "h4"
    assert heat("a", row(a=(2.0, 0.009))) == "h4" and heat("a", row(a=(2.0, 0.01))) == ""


def test_little_text_has_no_row(plain_run):
    made = comparison()
    made["text"]["docs"]["zh"]["bytes"] = 9_999
    add_comparison(plain_run, made)
    data = collect(str(plain_run))
    found = data["tokenizers"]
    assert "1 more group, with less text, is in" in render_html(data)
    assert "1 more group, with less text, is in" in render_markdown(data)
    assert ("docs", "zh") not in {(row["source"], row["group"]) for row in found["rows"]}
    assert (len(found["rows"]), found["left_out"]) == (5, 1)


def test_the_axis_of_what_content_costs_has_one_in_it(found):
    rows = premiums(found)
    assert [(row["model"], row["language"]) for row in rows[:2]] == [("small", "zh"), ("small", "th")]
    scale = premium_scale(rows)
    assert scale.low < 1 and scale.high > 1.6
    assert 'class="mean m0"' in premium(rows[0], scale) and 'class="mean m0"' not in premium(rows[1], scale)
    assert said(rows[1]) == "no tokens"
    assert [said(row) for row in rows[::4]] == [
        "1.33 (half of them 1.10 to 1.60)",
        "1.33 (half of them 1.10 to 1.60); 25 % unknown",
    ]
    assert ">1</text>" in premium_axis(Scale(0.4, 2.2))
    assert premium_scale([rows[1]]).low < 1 < premium_scale([rows[1]]).high


@pytest.mark.parametrize(
    ("token", "shown"),
    [(" the", "␣the"), ("a\n\tb\r", "a\\n\\tb\\r"), (" " * 40, "␣×40"), ("哈" * 9, "哈×9"), ("aaaaaaaa", "aaaaaaaa")],
)
def test_tokens_are_spelled_on_one_line(token, shown):
    assert spelled_text(token) == shown


def test_what_is_collected_is_json(side_by_side):
    data = collect(str(side_by_side))
    assert json.loads(json.dumps(data, allow_nan=False))["tokenizers"] == data["tokenizers"]


@pytest.mark.parametrize("kind", token_kinds.KINDS)
def test_the_tokenizer_of_a_run_may_be_of_any_kind(plain_run, kind):
    write_json(plain_run / "out" / "tokenizer.json", token_kinds.trained(kind))
    data = collect(str(plain_run))
    found = data["tokenizer"]
    assert found["algorithm"].lower() == kind
    assert all("‿" not in one["text"] and "Ġ" not in one["text"] for one in found["longest"])
    assert f"<dd>{found['algorithm']}</dd>" in render_html(data) and f"{found['algorithm']}, " in render_markdown(data)
    assert ("<dt>merges</dt>" in render_html(data)) == (kind == "bpe")


def test_a_tokenizer_that_loses_text_is_named(plain_run):
    write_json(plain_run / "out" / "tokenizer.json", {**token_kinds.trained("bpe"), "normalizer": {"type": "NFKC"}})
    with pytest.raises(InputError, match=r"tokenizer\.json: tokenizer\.json cannot be used: it normalizes text"):
        collect(str(plain_run))
