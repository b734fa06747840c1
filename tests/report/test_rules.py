"""What the report says of rules: the waterfall, the limits, and whom they remove, in pictures and in words."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from made_up_run import HOSTILE_MIXTURE, LANGUAGES, RULES, write_json

from pipeline.ledger import Ledger, Reason
from pipeline.report import collect, render_html, render_markdown, write_report
from pipeline.report.figures import HISTOGRAM, ends, histogram
from pipeline.report.rule_figures import (
    MAX_SLICES,
    drawn,
    heat,
    limit_marks,
    place,
    rate_axis,
    rate_row,
    rate_scale,
    shown_slices,
    waterfall_row,
)
from pipeline.report.rules import by_slice, compared, limit_words, limits_facts, removal_steps, rules_facts, waterfall
from pipeline.report.text import interval, percent


def limit(value, languages=(), *, least=True, reason="too_short", option="min_words", column="judge_words"):
    return {"reason": reason, "column": column, "option": option, "least": least, "value": value, "languages": [*languages]}  # fmt: skip


def slice_(removed, reached, low=None):
    rate = removed / reached
    return {"removed": removed, "reached": reached, "rate": rate, "low": rate if low is None else low, "high": rate}


LOG2 = {
    "kind": "log2",
    "edges": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, *(2.0 ** (n / 4) for n in range(13, 29))],
}
FRAC = {"kind": "frac", "edges": [0.10, 0.12, 0.14, 0.16]}


def test_a_limit_lies_at_its_place_within_its_bin():
    assert place(FRAC, 0.11) == pytest.approx(0.5 / 3)
    assert place(FRAC, 0.15) == pytest.approx(2.5 / 3)
    assert place(LOG2, 3) == pytest.approx(3 / 24)
    assert place(LOG2, 3.5) == pytest.approx(3.5 / 24)
    assert place(LOG2, 16) == pytest.approx(12 / 24)
    assert place(LOG2, 2.0 ** (25.5 / 4)) == pytest.approx((25.5 - 4) / 24)  # half a bin is half of its logarithm
    assert [place(FRAC, value) for value in (0.05, 0.16, 0.9)] == [0.0, 1.0, 1.0]


def test_a_bin_without_an_end_has_limits_in_its_middle():
    open_ = {"kind": "log2", "edges": [None, 0.0, 1.0, None]}
    assert [place(open_, value) for value in (-5, 0.5, 7)] == pytest.approx([0.5 / 3, 1.5 / 3, 2.5 / 3])


def test_fractions_above_1_have_a_column_of_their_own():
    signal = {"kind": "frac", "edges": [0.96, 0.98, 1.0, None], "kept": [1, 2, 3], "dropped": [0, 0, 4]}
    picture = histogram(signal, "quality_compressed_frac")
    assert "0.98 up to 1: 2 kept" in picture
    assert "above 1: 3 kept, 4 dropped" in picture
    assert ends(signal) == ("0.96", "above 1")
    assert ends({"kind": "log2", "edges": [None, 0.0, 1.0, 2.0**40, None]}) == ("below 0", "from 1,099,511,627,776 on")
    assert [place(signal, value) for value in (0.99, 1, 1.2)] == pytest.approx([1.5 / 3, 2 / 3, 2.5 / 3])


def test_the_failing_side_is_shaded_and_the_line_is_named():
    marks = limit_marks(FRAC, [limit(0.13, ["zh", "<b>"]), limit(0.15, least=False, option="max_words")], 300, 84)
    shades = re.findall(r'<rect x="([\d.]+)" y="0" width="([\d.]+)"', marks)
    assert [tuple(map(float, shade)) for shade in shades] == [(0, 150), (250, 50)]
    assert "<title>min_words 0.13 (zh, &lt;b&gt;)</title>" in marks
    assert marks.count('class="limit"') == 2


def test_only_limits_within_the_picture_are_drawn_and_no_more_than_four():
    limits = [limit(value) for value in (0.01, 0.10, 0.11, 0.12, 0.13, 0.14, 0.9)]
    assert [one["value"] for one in drawn(FRAC, limits)] == [0.10, 0.11, 0.12, 0.13]
    assert drawn({"kind": "log2", "edges": [None, 0.0]}, [limit(-3)]) == [limit(-3)]


def test_limits_that_differ_by_language_alone_are_one():
    steps = [
        {"limits": [limit(50), limit(30, ["zh"]), limit(30, ["ja"]), limit(99, least=False, option="max_words", reason="too_long")]},
        {"limits": []},
    ]  # fmt: skip
    found = limits_facts(steps)
    assert [one["languages"] for one in found["judge_words"]] == [[], ["zh", "ja"], []]
    assert limit_words(found["judge_words"]) == [
        "too_short below min_words 50, 30 (zh, ja)",
        "too_long above max_words 99",
    ]
    assert steps[0]["limits"][1]["languages"] == ["zh"]


def test_the_limit_of_the_most_languages_needs_no_names_where_all_have_one():
    letters = [limit(0.7, ["zh"]), limit(0.8, ["en", "de"]), limit(0.9, ["ja"])]
    some = [limit(2, ["de"], option="min_stop", column="judge_stop"), limit(3, ["en", "zh"], option="min_stop", column="judge_stop")]  # fmt: skip
    found = limits_facts([{"limits": letters + some}, {"limits": [limit(5, ["ko"], column="other_words")]}])
    assert limit_words(found["judge_words"]) == ["too_short below min_words 0.8, 0.7 (zh), 0.9 (ja)"]
    assert limit_words(found["judge_stop"]) == ["too_short below min_stop 3 (en, zh), 2 (de)"]  # ja has none
    assert limit_words(found["other_words"]) == ["too_short below min_words 5"]
    assert [one["languages"] for one in letters] == [["zh"], ["en", "de"], ["ja"]]


def test_the_waterfall_is_in_the_order_of_judging_and_ends_with_all_that_is_dropped():
    rules = {"short": {"failed": 5, "first": 2, "only": 1}, "never": {"failed": 0, "first": 0, "only": 0}, "长": {"failed": 7, "first": 7, "only": 4}}  # fmt: skip
    steps = waterfall({"dropped": 9, "rules": rules}, ["长", "never", "short"])
    assert [(step["reason"], step["so_far"]) for step in steps] == [("长", 7), ("short", 9)]
    row = waterfall_row(steps[1], 7, 9)
    assert 'x="77.78%" y="3" width="22.22%"' in row  # after the rule before it, to the end
    assert 'x="0.00%" y="16" width="55.56%" height="9" class="alone"' in row
    assert 'width="11.11%" height="9" class="only"' in row
    assert "short: 5 alone, 2 in order, 1 only by this rule, of 9 dropped" in row


def test_stages_that_drop_nothing_are_not_spoken_of(tmp_path):
    nothing = {
        "all": {
            "all": {"reached": 0, "exempt": 0, "dropped": 0, "rules": {"odd": {"failed": 0, "first": 0, "only": 0}}}
        }
    }
    write_json(tmp_path / "out" / "slices.json", {"even": nothing})
    ledger = Ledger()
    ledger.count("even", "web")
    assert rules_facts(str(tmp_path), ledger, []) == {"rules": {}, "removal": {}}


def test_a_stage_with_nothing_to_compare_has_no_audit(tmp_path):
    one = {"reached": 90, "exempt": 0, "dropped": 30, "rules": {"odd": {"failed": 30, "first": 30, "only": 30}}}
    write_json(tmp_path / "out" / "slices.json", {"even": {"all": {"all": one}, "source": {"网": one}}})
    ledger = Ledger()
    ledger.count("even", "网").reasons["odd"] = Reason(30, 30, 999)
    assert rules_facts(str(tmp_path), ledger, []) == {"rules": {}, "removal": {}}


def test_facts_are_those_of_the_slices(judged):
    data = collect(str(judged))
    whole = json.loads((judged / "out" / "slices.json").read_text(encoding="utf-8"))["judge"]["all"]["all"]
    steps = data["rules"]["judge"]
    assert [step["reason"] for step in steps] == [reason for reason in RULES if reason != "lorem_ipsum"]
    assert steps[-1]["so_far"] == whole["dropped"] == data["removal"]["judge"]["removed"]
    assert [{key: step[key] for key in ("failed", "first", "only")} for step in steps] == [
        whole["rules"][step["reason"]] for step in steps
    ]
    languages = data["removal"]["judge"]["rules"]["too_few_stop_words"]["language"]
    assert list(languages) == list(LANGUAGES)
    assert languages["中文方言"]["rate"] > 0.6 > 10 * languages["en"]["rate"]


def test_the_planted_injustice_is_told_in_plain_sentences(judged):
    data = collect(str(judged))
    told = {(group["dimension"], group["value"], one["rule"]): one for group in by_slice(data["removal"]) for one in group["warnings"]}  # fmt: skip
    assert {("register", "对话", "too_few_words"), ("language", "中文方言", "too_few_stop_words")} <= set(told)
    one = told["register", "对话", "too_few_words"]
    sentence = f"removes {interval(one)} of the documents whose register is 对话, {percent(one['others']['rate'])} of the others."
    page, text = render_html(data), render_markdown(data)
    assert f"<code>too_few_words</code> {sentence}" in page
    assert f"judge: too\\_few\\_words {sentence}" in text
    for words in ("Who is removed", "Chernoff", "Wilson"):
        assert words in page
    assert "<h2>Who is removed</h2>" not in render_html({**data, "removal": {}})


def test_a_slice_far_above_has_another_shape_and_a_word(judged):
    data = collect(str(judged))
    page = render_html(data)
    far = [one for one in data["removal"]["judge"]["warnings"] if one["rule"] is None]
    assert far
    assert page.count('class="far-above"') == page.count('<b class="warning">far above</b>') == len(far)
    assert page.count(", far above the others") == len(far)
    assert page.count("<b>▲ ") == len(data["removal"]["judge"]["warnings"]) - len(far)
    assert "language: 中文方言 **far above**" in render_markdown(data)


def test_advice_quotes_names_and_names_options(judged):
    data = collect(str(judged))
    commands = [shlex.split(step["command"]) for step in data["removal_steps"] if step["command"]]
    assert commands[0] == ["corpusmill", "calibrate", "RECIPE", "--language", "中文方言", "--reference", "FILES"]
    assert commands[1][:3] == ["corpusmill", "what-if", "run"]
    assert commands[1][4].startswith("judge.min_") and commands[1][4].endswith("=VALUE")
    assert not any("“unjudged”" in step["text"] for step in data["removal_steps"])
    rules = {"rules": data["removal"]["judge"]["rules"]}
    (evil,) = [group for group in by_slice(data["removal"]) if group["dimension"] == "language"]
    evil["warnings"][0].update(value="$(rm -rf x); 中", dimension="language")
    told = removal_steps("run", data["steps"], {"judge": {**rules, "warnings": evil["warnings"][:1]}})
    assert [shlex.split(step["command"])[4] for step in told if "calibrate" in step["command"]] == ["$(rm -rf x); 中"]
    evil["warnings"][0].update(value="论坛", dimension="source")
    told = removal_steps("run", data["steps"], {"judge": {**rules, "warnings": evil["warnings"][:1]}})
    assert "unjudged" not in told[-1]["text"]  # one rule of many: its limit is to be changed
    evil["warnings"][0]["rule"] = None
    told = removal_steps("run", data["steps"], {"judge": {**rules, "warnings": evil["warnings"][:1]}})
    assert told[-1]["text"] == "Name 论坛 in “unjudged” of judge, to measure and not to judge."
    assert removal_steps("run", data["steps"], {"judge": {**rules, "warnings": []}}) == []


@pytest.mark.parametrize(
    ("stage", "rule", "dimension", "options"),
    [
        ("judge", "too_few_words", "language", ["calibrate", "what-if"]),
        ("judge", "too_few_words", "language (again)", ["calibrate", "what-if"]),
        ("judge", "lorem_ipsum", "language", []),
        ("judge", "too_few_words", "source", ["what-if"]),
        ("length", "too_short", "language", ["what-if"]),
        ("dedup", "duplicate", "language", []),
    ],
)
def test_only_limits_of_languages_are_calibrated(stage, rule, dimension, options):
    own = limit(30, ["zh"], reason="too_few_words")
    steps = [
        {"label": "judge", "options": {}, "limits": [limit(50, reason="too_few_words"), own]},
        {"label": "length", "options": {}, "limits": [limit(50)]},
        {"label": "dedup", "options": {}, "limits": []},
    ]
    warning = {"rule": rule, "dimension": dimension, "value": "zh", "reached": 99, "excess": 50.0}
    told = removal_steps("run", steps, {stage: {"rules": {rule: {}, "other": {}}, "warnings": [warning]}})
    assert [step["command"].split()[1] for step in told if step["command"]] == options


LANGUAGE_STEP = {"label": "judge", "stage": "language", "version": 1, "options": {}, "limits": [limit(0.5, reason="too_few_words")]}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "dimension", "measured", "is_told"),
    [
        ("lorem_ipsum", "language", {"language": "judge_label"}, True),
        ("lorem_ipsum", "language", {}, False),
        ("too_few_words", "language", {"language": "judge_label"}, False),
        ("lorem_ipsum", "register", {"register": "judge_register"}, False),
        ("lorem_ipsum", "source", {"language": "judge_label"}, False),
    ],
)
def test_only_a_stage_that_tells_languages_decides_by_them(judged, rule, dimension, measured, is_told):
    """It is told for a rule without a limit; all others that remove a slice wholly are warned of."""
    slices = json.loads((judged / "out" / "slices.json").read_text(encoding="utf-8"))
    last = list(slices["judge"][dimension])[-1]
    for value, one in slices["judge"][dimension].items():
        one["rules"][rule]["failed"] = one["reached"] if value == last else 0
    write_json(judged / "out" / "slices.json", slices)
    manifest = json.loads((judged / "out" / "manifest.json").read_text(encoding="utf-8"))
    steps = [*manifest["steps"][:-1], {**LANGUAGE_STEP, "slices": measured}]
    ledger = Ledger.from_json(json.loads((judged / "out" / "ledger.json").read_text(encoding="utf-8")))
    data = {**collect(str(judged)), **rules_facts(str(judged), ledger, steps)}
    audit = data["removal"]["judge"]
    assert [one["rule"] for one in audit["decides"]] == [rule] * is_told
    assert ((rule, dimension, last) in {(one["rule"], one["dimension"], one["value"]) for one in audit["warnings"]}) != is_told  # fmt: skip
    for told in (render_html(data), render_markdown(data).replace("\\", "")):
        assert (f"{rule} decides by {dimension} alone: it removes all of {last} (" in told) == is_told


def test_what_was_asked_for_is_no_rate_to_show():
    ladder = {"zh": slice_(1, 100), "und": slice_(50, 50)}
    audit = {"whole": {"language": ladder, "source": {"und": slice_(2, 70)}}}
    told = {**audit, "decides": [{"dimension": "language", "values": ["und"]}]}
    assert compared(told) == {"language": {"zh": slice_(1, 100)}, "source": {"und": slice_(2, 70)}}
    assert compared({**audit, "decides": []}) == audit["whole"]


def test_names_of_slices_and_rules_are_text(judged):
    path = judged / "out" / "slices.json"
    text = path.read_text(encoding="utf-8").replace(
        '"中文方言"', json.dumps(HOSTILE_MIXTURE + "\u202e", ensure_ascii=False)
    )
    path.write_text(text, encoding="utf-8")
    write_report(str(judged))
    for name in ("index.html", "report.md"):
        shown = (judged / "out" / "report" / name).read_text(encoding="utf-8").split("```sh")[0]
        assert "<img" not in shown
        assert "\u202e" not in shown
        assert "混合\\u202e" in shown.replace("\\\\", "\\")


def test_signals_with_limits_come_first_and_the_others_are_folded(judged):
    page = render_html(collect(str(judged)))
    signals = page[page.index('<section id="signals">') :]
    folded = signals.index("30 signals of judge without a limit")
    assert signals.index("judge_alpha_words_frac") < folded < signals.index("judge_other_0_frac")
    assert "too_few_words below min_words 50, 30 (zh, ja), 40 (de), 45 (ru), 35 (fr), 20 (ar)" in signals
    assert "Drawn: 4 of 7." in signals
    assert "| too\\_few\\_stop\\_words below min\\_stop\\_words 2 |" in render_markdown(collect(str(judged)))


def test_a_picture_says_its_limits():
    signal = {**FRAC, "kept": [3, 1, 0], "dropped": [0, 0, 2]}
    assert "33.3 % of them dropped; too_short below min_words 0.13" in histogram(signal, "x", "", "too_short below min_words 0.13")  # fmt: skip
    assert limit_marks(signal, [limit(0.13)], *HISTOGRAM) in histogram(signal, "x", limit_marks(signal, [limit(0.13)], *HISTOGRAM))  # fmt: skip


def test_the_largest_slices_are_shown_in_their_order():
    values = {str(n): slice_(1, 20 + n) for n in range(MAX_SLICES + 5)}
    assert list(shown_slices(values)) == [str(n) for n in range(5, MAX_SLICES + 5)]
    assert list(shown_slices({"中": slice_(1, 19), "en": slice_(1, 20)})) == ["en"]


def test_rates_lie_on_one_axis_that_holds_them_all():
    scale = rate_scale({"source": {"web": slice_(1, 100), "论坛": slice_(3, 100)}, "length": {"x": slice_(12, 100)}})
    assert scale == pytest.approx((0, 0.15))
    assert rate_scale({"source": {"web": slice_(100, 100)}}).high == 1.0
    assert rate_scale({"source": {"web": slice_(0, 100)}}).high <= 1e-5
    row = rate_row("论坛", slice_(3, 100), 0.06, scale, far=False)
    assert 'cx="20.00%"' in row
    assert 'x1="40.00%"' in row
    assert "论坛: 3.0 % (3.0 to 3.0) of 100 documents removed" in row
    assert "10 %" in rate_axis(scale)


def test_colours_follow_the_low_end_of_the_interval():
    assert [heat(slice_(5, 10, low), 0.1) for low in (0.0, 0.1, 0.11, 0.2, 0.4, 0.9)] == [
        "h0", "h0", "h1", "h4", "h8", "h8",
    ]  # fmt: skip
    assert heat(slice_(0, 10), 0.0) == "h0"


def test_rates_have_digits_enough():
    assert [percent(rate) for rate in (0, 0.00123, 0.0123, 0.123, 0.9987, 1)] == [
        "0 %", "0.12 %", "1.2 %", "12 %", "99.87 %", "100 %",
    ]  # fmt: skip
    assert interval({"rate": 0.48, "low": 0.451, "high": 0.509}) == "48 % (45 to 51)"


def test_what_the_ledger_notes_is_told(judged):
    data = collect(str(judged))
    n = sum(count["notes"]["neutral_profile"] for count in data["stages"][-1]["sources"].values())
    assert n == data["stages"][-1]["total"]["notes"]["neutral_profile"] > 1000
    for page in (render_html(data), render_markdown(data).replace("\\", "")):
        assert re.search(rf"judge\W.*notes of {n:,} of .*neutral_profile", page)
