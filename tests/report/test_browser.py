"""The report in headless Chromium: it asks for nothing, complains of nothing, and all it shows can be seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from devtools import chromium, find_chromium
from made_up_run import HOSTILE_TOKENS

from pipeline.report import write_report

pytestmark = pytest.mark.browser
SIZES = [(width, scheme) for width in (1200, 500) for scheme in ("light", "dark")]
PICTURED = ((1200, "light"), (500, "dark"))
"""A picture of a long page takes longer than all else that is asked of it: one of each width and colours."""

HIDDEN_FIGURES = """[...document.querySelectorAll('svg')]
    .filter(svg => !svg.closest('details:not([open])') && !svg.closest('.curve-names'))
    .filter(svg => svg.parentElement.closest('svg') === null)
    .filter(svg => { const box = svg.getBoundingClientRect();
                     return box.width < 10 || box.height < 10 || box.left < 0 || box.right > innerWidth + 0.5; })
    .map(svg => svg.outerHTML.slice(0, 200))"""
TEXT_OUTSIDE = """[...document.querySelectorAll('svg text')]
    .filter(text => { const box = text.getBoundingClientRect();
                      return box.width > 0 && (box.left < 0 || box.right > innerWidth); })
    .map(text => text.textContent)"""
OVERLAPPING = """(() => {
    const names = [...document.querySelectorAll('.end-labels text')].map(text => text.getBoundingClientRect());
    return names.filter((a, i) => names.some((b, j) => i < j && a.width > 0 && a.top + 2 < b.bottom && b.top + 2 < a.bottom)).length;
})()"""
CONTRAST = """(() => {
    const pixel = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const light = colour => {
        pixel.fillStyle = colour; pixel.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...pixel.getImageData(0, 0, 1, 1).data].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    return [...document.querySelectorAll('.cell')].map(cell => {
        const style = getComputedStyle(cell), [a, b] = [light(style.color), light(style.backgroundColor)];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
})()"""
SHOWN = ".strip-axis text"
CROWDED = """[...document.querySelectorAll('#perplexity .strip-axis, #duplicates .strip-axis')].filter(strip => {
    const labels = [...strip.querySelectorAll('text')].map(text => text.getBoundingClientRect());
    return labels.some((a, i) => a.height < 11 || labels.some((b, j) => i < j && a.right + 2 > b.left && b.right + 2 > a.left));
}).map(strip => strip.textContent)"""
"""Labels above or below pictures that are small, or touch each other."""

NAMES_BESIDE = """[...document.querySelectorAll('#duplicates .wide, #personal .wide')].filter(one => {
    one.scrollLeft = one.scrollWidth;
    const cells = [...one.querySelectorAll('tbody tr:first-child > *')].map(cell => cell.getBoundingClientRect());
    const frame = one.getBoundingClientRect(), last = cells[cells.length - 1];
    return Math.abs(cells[0].left - frame.left) > 1 || last.right > frame.right + 3 || cells[0].width > frame.width / 2;
}).map(one => one.textContent.slice(0, 80))"""
"""Matrices in which, scrolled to the end, the name of a row is not at the left, or the last column is not in sight."""

OPEN_ALL = """(() => {
    for (const one of document.querySelectorAll('details')) one.open = true;
    return document.querySelectorAll('details:not([open])').length;
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = find_chromium()
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    with chromium(program, tmp_path_factory.mktemp("browser") / "profile") as started:
        yield started


@pytest.fixture
def page(browser):
    """A new page, as in a browser that was just started."""
    with browser.page() as opened:
        yield opened


def test_the_browser_sees_what_it_should(page, tmp_path):
    """What the other tests say is absent is noticed when it is there."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<img src='http://127.0.0.1:9/x.png'><svg style='position:absolute; left:5000px'></svg>"
        "<script>console.error('so')</script>",
        encoding="utf-8",
    )
    page.show(bad, 500, "light")
    assert "http://127.0.0.1:9/x.png" in page.requests
    assert any("console.error" in one or '"so"' in one for one in page.complaints)
    assert len(page.value(HIDDEN_FIGURES)) == 1


@pytest.mark.parametrize(
    ("kind", "n_pictures"),
    [
        ("plain_run", 3),
        ("trained", 20),
        ("judged", 60),
        ("classified", 60),
        ("perplexed", 100),
        ("compared", 20),
        ("scrubbed", 20),
        ("side_by_side", 20),
    ],
)
def test_the_report_can_be_seen(page, request, kind, n_pictures):
    address = Path(write_report(str(request.getfixturevalue(kind))))
    for width, scheme in SIZES:
        page.show(address, width, scheme)
        assert page.requests == [address.as_uri()]
        assert page.complaints == []
        assert page.value("document.title") == "recipe: Corpusmill report"
        assert page.value("document.querySelectorAll('svg').length") > n_pictures
        assert page.value(OPEN_ALL) == 0
        assert page.value(HIDDEN_FIGURES) == []
        assert page.value(TEXT_OUTSIDE) == []
        assert page.value(OVERLAPPING) == 0
        assert page.value("document.documentElement.scrollWidth") <= width
        assert (width, scheme) not in PICTURED or len(page.picture()) > 20_000


def test_numbers_in_the_heat_map_can_be_read(page, trained):
    address = Path(write_report(str(trained)))
    for scheme in ("light", "dark"):
        page.show(address, 1200, scheme)
        found = page.value(CONTRAST)
        assert len(found) == 7 * 4
        assert min(found) > 4.5  # WCAG 2.1, level AA
        assert (
            page.value(
                "new Set([...document.querySelectorAll('.cell')].map(c => getComputedStyle(c).backgroundColor)).size"
            )
            >= 4
        )


def test_rates_of_tokenizers_can_be_read(page, side_by_side):
    address = Path(write_report(str(side_by_side)))
    for scheme in ("light", "dark"):
        page.show(address, 1200, scheme)
        assert min(page.value(CONTRAST)) > 4.5


def test_rates_of_rules_can_be_read_and_differ_by_more_than_colour(page, judged):
    address = Path(write_report(str(judged)))
    for scheme in ("light", "dark"):
        page.show(address, 500, scheme)
        assert page.value(OPEN_ALL) == 0
        assert min(page.value(CONTRAST)) > 4.5  # WCAG 2.1, level AA
        shown = page.value("document.querySelector('#removed').innerText")
        assert "far above" in shown and "▲" in shown
        widths = page.value(
            "[...document.querySelectorAll('.waterfall .cut')].map(bar => bar.getBoundingClientRect().width)"
        )
        assert len(widths) > 20 and max(widths) > 30


def test_labels_of_perplexities_can_be_read_at_any_width(page, perplexed):
    address = Path(write_report(str(perplexed)))
    for width in (1200, 970, 500, 380):
        page.show(address, width, "light")
        assert page.value(OPEN_ALL) == 0
        assert page.value(CROWDED) == []
        assert page.value(f"document.querySelectorAll('#perplexity {SHOWN}').length") > 30


@pytest.mark.parametrize("kind", ["compared", "scrubbed"])
def test_the_matrix_of_sources_can_be_read_at_any_width(page, request, kind):
    """Every cell by scrolling within the page, with the row's name beside it; the pictures' labels do not touch."""
    address = Path(write_report(str(request.getfixturevalue(kind))))
    for width, scheme in [(1200, "light"), (1200, "dark"), (380, "light")]:
        page.show(address, width, scheme)
        assert page.value(OPEN_ALL) == 0
        assert min(page.value(CONTRAST)) > 4.5  # WCAG 2.1, level AA
        assert page.value(CROWDED) == []
        assert page.value("document.documentElement.scrollWidth") <= width
        assert page.value(TEXT_OUTSIDE) == []
        assert page.value(NAMES_BESIDE) == []
        assert page.value("document.querySelectorAll('script, img').length") == 0
        assert page.value("document.title") == "recipe: Corpusmill report"


def test_tokens_are_shown_and_not_run(page, trained):
    page.show(Path(write_report(str(trained))), 1200, "light")
    shown = page.value("document.querySelector('.tokens').innerText")
    assert HOSTILE_TOKENS[0] in shown
    assert "中文的词" in shown
    assert "\\u202etxt.exe" in shown
    assert page.value("document.querySelectorAll('script, img').length") == 0


def test_nothing_of_a_hostile_corpus_runs(page, hostile):
    address = hostile / "out" / "report" / "index.html"
    page.show(address, 1200, "light")
    assert page.value("document.title") == "recipe: Corpusmill report"
    assert page.requests == [address.as_uri()]
    assert page.complaints == []
    assert page.value("document.querySelectorAll('script, img, iframe, object, link').length") == 0
