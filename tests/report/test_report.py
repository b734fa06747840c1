"""The report: true to the run, whole without a network, and closed to what corpus text would do to it."""

from __future__ import annotations

import html.parser
import json

import pytest
from harness import rows, run, write_jsonl

from pipeline.errors import InputError
from pipeline.report import collect, render_html, render_markdown, write_report
from pipeline.report.markdown_text import plain
from pipeline.report.text import number, share, visible

TAGS = {"html", "head", "meta", "title", "style", "body", "header", "p", "h1", "dl", "div", "dt", "dd", "nav", "a", "main", "section", "h2", "h3", "small", "ul", "li", "svg", "rect", "g", "line", "text", "figure", "figcaption", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "article", "code", "blockquote", "span", "pre", "b", "br", "wbr", "ol", "circle", "polyline", "path"}  # fmt: skip


class Elements(html.parser.HTMLParser):
    """Names and attributes of all elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_has_only_the_elements_of_its_template(hostile):
    found = Elements((hostile / "out" / "report" / "index.html").read_text(encoding="utf-8"))
    assert found.names <= TAGS
    assert not [name for name in found.attributes if name.startswith("on") or name in ("src", "srcset", "action")]
    text = "".join(found.text)
    for shown in (
        "<script>document.title='owned'</script>",
        "\\u202etxt.exe\\u202c \\u2066",
        "[click](javascript:alert(1))",
        "{{ 7 * 7 }}",
        "𠀀",
    ):
        assert shown in text


def test_the_page_of_a_trained_run_has_no_others(trained):
    write_report(str(trained))
    found = Elements((trained / "out" / "report" / "index.html").read_text(encoding="utf-8"))
    assert found.names <= TAGS
    assert not [
        name for name in found.attributes if name.startswith("on") or name in ("src", "srcset", "action", "style")
    ]


def test_links_stay_in_the_page(hostile):
    page = (hostile / "out" / "report" / "index.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert page.count("href=") == page.count('href="#')
    for load in ("@import", "url(", "<link"):
        assert load not in page


def test_markdown_is_closed_too(hostile):
    text = (hostile / "out" / "report" / "report.md").read_text(encoding="utf-8")
    before, recipe, after = text.split("```")  # the recipe is code, which nothing in it ends
    assert "<script" in recipe
    assert "<script" not in before + after
    assert "](http" not in text
    assert "](javascript" not in text
    assert not [c for c in text if c in "\u202e\x1b\x00\u2066"]


def test_the_facts_are_those_of_the_run(hostile):
    data = json.loads((hostile / "out" / "report" / "report.json").read_text(encoding="utf-8"))
    dropped, kept = rows(hostile, "dropped"), rows(hostile)
    assert data["totals"]["documents_in"] == len(dropped) + len(kept) == 76
    assert data["totals"]["documents_out"] == len(kept)
    (odd,) = [reason for stage in data["stages"] for reason in stage["reasons"] if reason["reason"] == "odd"]
    of_odd = sorted((row for row in dropped if row["reason"] == "odd"), key=lambda row: row["uid"])
    assert odd["dropped"] == len(of_odd)
    assert [one["uid"] for one in odd["examples"]] == [row["uid"] for row in of_odd[:3]]
    assert data["scrubbed"]["stage"] == "toy_scrub"
    assert list(data["sources"]) == ["web", "empty"]


def test_the_report_is_the_same_each_time(hostile):
    page = hostile / "out" / "report" / "index.html"
    before = page.read_bytes()
    assert write_report(str(hostile)) == str(page)
    assert page.read_bytes() == before


@pytest.mark.parametrize(
    ("stages", "until"),
    [("[toy_even]", "read"), ("[toy_even]", None), ("[toy_scrub]", None), ("[toy_first_char, toy_scrub]", None)],
)
def test_any_run_has_a_report(tmp_path, stages, until):
    write_jsonl(tmp_path / "a.jsonl", 5, seed=2)
    (tmp_path / "b.jsonl").write_text("")
    for place, paths in enumerate(("[a.jsonl]", "[b.jsonl]")):
        recipe = f"sources:\n  web: {{reader: jsonl, paths: {paths}}}\nstages: {stages}\n"
        run(tmp_path, recipe, out=f"r{place}", until=until)
        data = collect(str(tmp_path / f"r{place}"))
        assert "</html>" in render_html(data)
        assert render_markdown(data).startswith("# recipe")


def test_no_run_no_report(tmp_path):
    with pytest.raises(InputError, match="is not a complete run"):
        write_report(str(tmp_path))


def test_a_stage_that_compares_and_tells_nothing_has_its_drops_and_no_more(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 40, seed=3)
    run(tmp_path, "sources:\n  web: {reader: jsonl, paths: [a.jsonl]}\nstages: [toy_first_char]\n")
    data = collect(str(tmp_path / "run"))
    assert data["totals"]["documents_out"] < 40
    assert data["duplicates"] == data["contamination"] == {}
    assert 'id="duplicates"' not in render_html(data) and "## Duplicates" not in render_markdown(data)


def test_numbers_are_short_and_never_in_powers():
    assert [number(one) for one in (741455.2, 1448.15, 26.908, 0.65, 100_000)] == [
        "741,455",
        "1,448",
        "26.91",
        "0.65",
        "100,000",
    ]


def test_a_share_is_none_or_all_only_if_it_is():
    shown = [share(part, 100_000) for part in (0, 1, 500, 50_000, 99_999, 100_000)]
    assert shown == ["0.0 %", "<0.01 %", "0.50 %", "50.0 %", ">99.99 %", "100.0 %"]
    assert share(0, 0) == "–"


def test_text_is_shown_as_it_is_spelled():
    assert visible("\tif x:\n") == "\tif x:\n"
    assert visible("می\u200cخواهم 👨\u200d👩") == "می\u200cخواهم 👨\u200d👩"
    assert visible("a\u200bb\r") == "a\\u200bb\\u000d"


def test_bare_addresses_are_no_links_in_markdown():
    assert plain("见 https://a.example, WWW.a.example, me@a.example at 12:30.") == (
        "见 https\\://a.example, WWW\\.a.example, me@<!-- -->a.example at 12:30."
    )
