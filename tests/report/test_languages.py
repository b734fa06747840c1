"""The table of languages: every figure as counted row by row, whoever identifies, in all three forms of the report."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from harness import rows, run, write_jsonl
from made_up_judges import LANGUAGE_REASONS

from pipeline.histograms import OTHER
from pipeline.report import collect, render_html, render_markdown
from pipeline.report.languages import MAIN, MAX_SHOWN, Measured, languages_facts


def facts(folder):
    return collect(str(folder))["languages"]["language"]


def by_language(folder, kind):
    found: dict[str, list] = {}
    for row in rows(folder, kind):
        found.setdefault(row["language_label"], []).append(row)
    return found


def test_every_figure_is_what_the_rows_say(classified):
    kept, dropped = by_language(classified, "documents"), by_language(classified, "dropped")
    table = {row["language"]: row for row in facts(classified)["rows"]}
    slices = json.loads((classified / "out" / "slices.json").read_text(encoding="utf-8"))
    for language in ("en", "zh", "中文方言", "ru", "und"):
        here, gone = kept.get(language, []), dropped.get(language, [])
        both, row = here + gone, table[language]
        later = slices["classifier"]["language"].get(language, {"dropped": 0})["dropped"]
        assert (row["reached"], row["dropped"], row["kept"]) == (len(both), len(gone), len(here) - later)
        reasons = Counter(one["reason"] for one in gone)
        assert row["reasons"] == {reason: reasons[reason] for reason in LANGUAGE_REASONS}
        assert row["kept_bytes"] == slices["language"]["language"][language]["kept_bytes"]
        scores = sorted(round(float(one["language_score"]), 4) for one in both)
        assert row["score"]["n"] == sum(row["score"]["columns"]) == len(both)
        assert row["score"]["columns"][15] == sum(0.6 <= score < 0.64 for score in scores)
        for measured, share in (("median", 0.5), ("low", 0.05)):
            exact = np.quantile(scores, share, method="inverted_cdf")
            assert row["score"][measured] == pytest.approx(min(exact // 0.01 / 100, 0.99), abs=0.0101)
        second = Counter(one["language_second"] for one in both if one["language_second"])
        assert tuple(row["second"]) == min(second.items(), key=lambda item: (-item[1], item[0]))
        scripts = Counter(one["language_script"] for one in both if one["language_script"])
        assert dict(row["scripts"]) == scripts
        mixed = sum(round(float(one["language_share_main"]), 4) < MAIN for one in both)
        assert row["mixed"] == [mixed, len(both)]


def test_rare_languages_share_the_last_row(classified):
    found = facts(classified)["rows"]
    assert len(found) == MAX_SHOWN + 1
    assert found[-1]["language"] == OTHER
    reached = [row["reached"] for row in found[:-1]]
    assert reached == sorted(reached, reverse=True)
    assert sum(row["reached"] for row in found) == 20_000
    assert found[-1]["score"]["n"] == found[-1]["reached"] > 0
    assert facts(classified)["rules"] == list(LANGUAGE_REASONS)


def test_the_page_and_the_text_show_it_once(classified):
    data = collect(str(classified))
    page, text = render_html(data), render_markdown(data)
    assert page.count('id="languages"') == 1 and page.count('href="#languages"') == 1
    assert page.count("What the survivors of each source were taken for") == 1
    assert page.count('class="spark"') == MAX_SHOWN + 1
    assert 'class="n none" data-name="wrong_language"' in page  # of a language to keep
    assert "中文方言: scores of" in page
    assert text.count("## Languages by language") == 1
    assert "language\\_label" not in text  # the table by source is below that of languages
    assert "Hans" in page and "Hant" in text


def test_any_stage_that_tells_languages_has_a_table(tmp_path):
    extra = [{"text": text, "id": text} for text in ("一篇中文的文章", "短", "又一篇中文的文章。" * 8)]
    write_jsonl(tmp_path / "a.jsonl", 30, seed=5, extra=extra)
    run(tmp_path, "sources:\n  web: {reader: jsonl, paths: [a.jsonl]}\nstages:\n  - toy_judge: {max_chars: 500}\n")
    data = collect(str(tmp_path / "run"))
    found = data["languages"]["toy_judge"]
    table = {row["language"]: row for row in found["rows"]}
    assert found["column"] == "toy_judge_language"
    for language in ("zh", "en"):
        kept, dropped = (
            [row for row in rows(tmp_path / "run", kind) if row["toy_judge_language"] == language]
            for kind in ("documents", "dropped")
        )
        counts = [table[language][name] for name in ("reached", "kept", "dropped")]
        assert counts == [len(kept) + len(dropped), len(kept), len(dropped)] and min(counts) > 0
        assert +Counter(table[language]["reasons"]) == Counter(row["reason"] for row in dropped)
    assert [table["zh"][part] for part in ("score", "second", "scripts", "mixed")] == [None, None, [], None]
    page = render_html(data)
    assert 'class="spark"' not in page and '<th scope="col">scripts' not in page
    assert f"| zh | {table['zh']['reached']} | {table['zh']['kept']} |" in render_markdown(data)


def test_no_stage_no_section(plain_run):
    data = collect(str(plain_run))
    assert (data["languages"], data["classifiers"]) == ({}, {})
    page = render_html(data)
    assert 'id="languages"' not in page and 'id="classifiers"' not in page
    assert "## Languages" not in render_markdown(data) and "## Classifiers" not in render_markdown(data)


def test_a_stage_that_no_document_reached(tmp_path):
    (tmp_path / "a.jsonl").write_text("")
    run(tmp_path, "sources:\n  web: {reader: jsonl, paths: [a.jsonl]}\nstages: [toy_judge]\n")
    data = collect(str(tmp_path / "run"))
    assert data["languages"]["toy_judge"]["rows"] == []
    assert "</html>" in render_html(data) and render_markdown(data)


def test_scores_at_the_edges_of_bins_and_what_was_not_measured():
    signals = {name: {} for name in ("x_score", "x_script", "x_share_main")}
    measured = Measured("x_label", ["zh", "en"], signals)
    scores = pa.array([0.0, 0.29, 0.57, 1.0, None, 0.5], pa.float32())
    shares = pa.array([0.8, 0.7999, None, 1.0, 0.0, None], pa.float32())
    labels, scripts = ["zh", "zh", "zh", "zh", None, "fr"], ["Hans", "Hant", "Hans", None, "Latn", "Latn"]
    batch = pa.record_batch({"x_label": labels, "x_score": scores, "x_script": scripts, "x_share_main": shares})
    for part in (batch.slice(0, 2), batch.slice(2), batch.slice(0, 0)):
        measured._add(part, measured._names(part))
    assert np.flatnonzero(measured.scores["zh"]).tolist() == [0, 29, 57, 99]
    row = measured.row("zh")
    assert (row["score"]["median"], row["score"]["low"], row["mixed"]) == (0.29, 0.0, [1, 3])
    assert row["scripts"] == [["Hans", 2], ["Hant", 1]]
    measured.labels["script"]["en"] = Counter({"Latn": 297, "Cyrl": 3, "Grek": 2})  # under a hundredth each
    assert measured.row("en")["scripts"] == [["Latn", 297]]
    measured.labels["script"]["en"] = Counter({"Latn": 297, "Cyrl": 3})
    assert measured.row("en")["scripts"] == [["Latn", 297], ["Cyrl", 3]]
    assert measured.row("en")["score"] is None
    assert (measured.row(OTHER)["score"]["n"], measured.row(OTHER)["mixed"]) == (1, None)


def test_a_second_stage_has_its_own_table(classified):
    manifest = json.loads((classified / "out" / "manifest.json").read_text(encoding="utf-8"))
    signals = json.loads((classified / "out" / "signals.json").read_text(encoding="utf-8"))
    slices = json.loads((classified / "out" / "slices.json").read_text(encoding="utf-8"))
    again = {"label": "lid", "slices": {"language (lid)": "language_second"}}
    slices["lid"] = {"language (lid)": {"ja": {"reached": 7, "exempt": 0, "dropped": 2, "kept_bytes": 50, "rules": {}}}}
    (classified / "out" / "slices.json").write_text(json.dumps(slices), encoding="utf-8")
    found = languages_facts(str(classified), [*manifest["steps"], again], signals)
    assert list(found) == ["language", "lid"]
    (row,) = found["lid"]["rows"]
    assert (row["language"], row["reached"], row["kept"], row["reasons"]) == ("ja", 7, 5, {})
