"""Calibration: percentiles and intervals against others' answers, and thresholds from planted text."""

from __future__ import annotations

import gzip
import hashlib
import json
import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from harness import CHINESE, Silent
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calibrate import Asked, calibrate, profile_text, write_profile
from pipeline.errors import InputError, PlanError, StageError
from pipeline.given_files import check_out
from pipeline.percentiles import documents_for, failing, order_interval, outward
from pipeline.readers.base import load_readers
from pipeline.stage import load_stages

RECIPE = """\
sources:
  web: {reader: jsonl, paths: [absent.jsonl]}
stages:
  - toy_even
  - toy_swap
  - toy_first_char
  - toy_count
  - toy_judge: {max_chars: 60}
  - length: {min_words: 1}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    load_stages(["toys"])
    load_readers()
    (tmp_path / "r.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, texts: list[str], field: str = "text") -> str:
    with gzip.open(path, "wt") if path.suffix == ".gz" else open(path, "w") as file:
        file.writelines(json.dumps({field: text}) + "\n" for text in texts)
    return str(path)


def derive(*reference: str, language: str = "en", recipe: str = "r.yaml", **more):
    return calibrate(Asked(recipe, reference, language, **more), Silent())


@given(st.integers(1, 3000), st.sampled_from([0.1, 0.5, 1.0, 2.5, 5.0, 25.0]), st.booleans())
def test_intervals_are_those_of_the_binomial(n, percentile, is_upper):
    from scipy.stats import binom

    share = 1 - percentile / 100 if is_upper else percentile / 100
    below = binom.cdf(np.arange(n + 1), n, share)
    first = [r for r in range(1, n + 1) if below[r - 1] <= 0.025]
    last = [s for s in range(1, n + 1) if below[s - 1] >= 0.975]
    found = order_interval(n, share)
    assert found == (first[-1] - 1 if first else None, last[0] - 1 if last else None)


def test_intervals_cover_the_quantile():
    chance = np.random.default_rng(7)
    inside = 0
    for _ in range(400):
        sample = np.sort(chance.exponential(size=600))
        low, high = order_interval(600, 0.05)
        inside += sample[low] <= -np.log(0.95) <= sample[high]
    assert 0.93 < inside / 400 <= 1


def test_as_many_documents_as_an_interval_needs():
    for share in (0.001, 0.01, 0.05):
        n = documents_for(share)
        assert order_interval(n, share)[0] == 0 and order_interval(n - 1, share)[0] is None
        assert order_interval(n, 1 - share)[1] == n - 1 and order_interval(n - 1, 1 - share)[1] is None
    assert documents_for(0.01) == 368


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=300), st.sampled_from([0.3, 1.0, 2.9, 7.0, 29.0]))
def test_at_most_so_many_fail(values, percentile):
    ordered = sorted(values)
    k = failing(len(values), percentile)
    assert sum(value < ordered[k] for value in values) * 100 <= percentile * len(values) + 1e-9
    assert sum(value > ordered[-1 - k] for value in values) * 100 <= percentile * len(values) + 1e-9


@pytest.mark.parametrize(
    ("value", "least", "whole", "rounded"),
    [
        (0.123456, True, False, 0.123), (0.123456, False, False, 0.124), (0.25, True, False, 0.25), (0.25, False, False, 0.25),
        (float(np.float32(0.3)), False, False, 0.301), (float(np.float32(0.3)), True, False, 0.3), (0.9996, False, False, 1.0),
        (1.0, False, False, 1.0), (0.0, True, False, 0.0), (-0.12345, True, False, -0.124), (153_482, False, True, 154_000),
        (153_482, True, True, 153_000), (52, True, True, 52), (52.4, False, True, 53), (0, False, True, 0), (7, False, True, 7),
    ],
)  # fmt: skip
def test_thresholds_are_rounded_to_keep_more(value, least, whole, rounded):
    found = outward(value, least=least, whole=whole)
    assert (found, type(found)) == (rounded, int if whole else float)


@given(st.floats(-1e9, 1e9), st.booleans(), st.booleans())
def test_rounding_never_drops_what_was_kept(value, least, whole):
    found = outward(value, least=least, whole=whole)
    assert found <= value if least else found >= value
    assert abs(found - value) <= max(abs(value) * 0.01, 1.0 if whole else 0.0)


@given(st.floats(-1e6, 1e6, width=32), st.booleans())
def test_a_float32_stands_for_its_shortest_decimal(value, least):
    value = np.float32(value)
    found = np.float32(outward(value, least=least, whole=False))
    assert found <= value if least else found >= value  # as `judge` compares: in the type of the column
    for written in (0.1, 0.3, 0.12, 7e-5):
        assert outward(np.float32(written), least=least, whole=False) == written


def test_fractions_are_compared_as_the_stage_compares_them(folder):
    """One character in ten is a digit; 0.1 is a little more as a float32, and the limit 0.1 keeps it all the same."""
    (folder / "tenth.yaml").write_text(RECIPE.replace("max_chars: 60", "max_digit_frac: 0.1"))
    found = derive(write(folder / "good.jsonl", ["1 two three"[:10], "一二三四五六七八九0"] * 100), recipe="tenth.yaml")
    (row,) = [row for row in found["rows"] if row["option"] == "max_digit_frac"]
    assert (row["now"], row["value"], row["fails_now"], row["fails"]) == (0.1, 0.1, 0.0, 0.0)


QUALITY = """\
sources:
  web: {reader: jsonl, paths: [absent.jsonl]}
stages:
  - quality: {language: LANGUAGE, profiles: [PROFILES]}
"""


@pytest.mark.parametrize(
    ("language", "text", "stays_unjudged", "listed"),
    [
        ("nl", "de oude man liep langzaam naar huis terug .", {"min_stop_words", "min_terminal_line_frac"}, ["nl"]),
        ("zh_Hant", "老人慢慢地走回家去。", {"min_stop_words"}, ["zh_Hant"]),
        ("yue", "老人慢慢地走回家去。", set(), None),
    ],
)
def test_quality_for_a_language_without_a_file_of_its_own(folder, language, text, stays_unjudged, listed):
    from stages.profiles import load_profiles

    (folder / "q.yaml").write_text(QUALITY.replace("LANGUAGE", language).replace("PROFILES", ""))
    chance = random.Random(5)
    texts = ["\n".join([text * chance.randint(1, 9) for _ in range(chance.randint(3, 30))]) for _ in range(120)]
    reference = write(folder / "good.jsonl", texts)
    found = derive(reference, language=language, recipe="q.yaml", percentile=5.0)
    options = {row["option"] for row in found["rows"]}
    assert "min_words" in options and not options & stays_unjudged
    assert all(row["fails"] <= 0.05 for row in found["rows"])
    chinese = load_profiles().listed[load_profiles().index_of("zh")]
    assert found["profile"]["languages"] == (listed or list(chinese.languages))
    write_profile(f"own_{language}.yaml", found["profile"])
    (folder / "again.yaml").write_text(
        QUALITY.replace("LANGUAGE", language).replace("PROFILES", f"own_{language}.yaml")
    )
    again = derive(reference, language=language, recipe="again.yaml", percentile=5.0)
    assert {row["option"]: row["now"] for row in again["rows"]} == {
        row["option"]: row["value"] for row in found["rows"]
    }
    assert again["any"]["now"] == found["any"]["then"]


def test_a_profile_that_cannot_be_written(folder):
    (folder / "file").write_text("")
    for path in ("file/zh.yaml", "file/new/zh.yaml"):
        with pytest.raises(InputError, match=r"cannot write file/.*zh.yaml \(Not a directory\): give another --out"):
            check_out(path)
    check_out("new/folders/zh.yaml")
    assert not (folder / "new").exists()
    with pytest.raises(InputError, match=r"cannot write .* \(File name too long\)"):
        write_profile("名" * 300, {})


def test_a_profile_from_planted_text(folder):
    texts = ["x" * n for n in range(10, 210)] + ["1" * n + "x" * (100 - n) for n in range(100)]
    random.Random(3).shuffle(texts)
    found = derive(write(folder / "good.jsonl", texts))
    thresholds = found["profile"]["thresholds"]
    assert found["profile"]["language"] == "en"
    assert thresholds == {"min_chars": 13, "max_chars": 206, "max_digit_frac": 0.96}
    assert [row["option"] for row in found["rows"]] == ["min_chars", "max_chars", "max_digit_frac"]
    rows = {row["option"]: row for row in found["rows"]}
    assert rows["max_chars"]["now"] == 60 and rows["max_chars"]["fails_now"] == pytest.approx(249 / 300)
    assert rows["max_chars"]["fails"] == pytest.approx(3 / 300) and rows["min_chars"]["fails"] == pytest.approx(3 / 300)
    assert rows["max_digit_frac"]["fails"] == pytest.approx(3 / 300)
    assert found["any"]["then"] == pytest.approx(9 / 300)
    evidence = found["profile"]["evidence"]
    content = (folder / "good.jsonl").read_bytes()
    assert evidence["files"] == [
        {"name": "good.jsonl", "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    ]
    assert (evidence["documents"], evidence["percentile"], evidence["any"]) == (300, 1.0, 0.03)
    assert evidence["bytes"] == sum(map(len, texts))
    assert evidence["stages"] == ["toy_even: toy_even 1", "toy_swap: toy_swap 1", "toy_judge: toy_judge 1"]
    assert evidence["options"]["min_chars"] == {
        "signal": "toy_judge_n_chars", "value": 13, "low": None, "high": 17,
        "p1": 12, "p5": 24, "p50": 100, "p95": 194, "p99": 206, "fails": 0.01,
    }  # fmt: skip
    assert found["warnings"] == ["300 documents are few: at 1 % an interval has both ends from 368 on"]


def test_stages_before_edit_and_nothing_is_dropped(folder):
    """`toy_swap` doubles `a` and removes 中; `toy_even` and `toy_first_char` would drop most."""
    found = derive(write(folder / "good.jsonl", ["a" * 5 + "中"] * 100 + ["a" * 7] * 100))
    assert found["documents"] == 200
    assert found["profile"]["thresholds"]["min_chars"] == 10
    assert found["profile"]["thresholds"]["max_chars"] == 14


def test_a_language_has_its_own_rules(folder):
    texts = ["".join(random.Random(n).choices(CHINESE.replace("中", ""), k=n % 150 + 1)) for n in range(400)]
    found = derive(write(folder / "zh.jsonl", texts), language="zh", percentile=5.0)
    assert set(found["profile"]["thresholds"]) == {"min_chars", "max_chars", "max_digit_frac", "max_chars_zh"}
    assert found["profile"]["evidence"]["identified"] == {"zh": 400}
    assert found["warnings"] == []
    assert all(row["fails"] <= 0.05 for row in found["rows"])


def test_a_reference_in_another_language_is_warned_of(folder):
    texts = ["好的文章写得很好。"] * 40 + ["good prose"] * 360
    found = derive(write(folder / "mixed.jsonl", texts), language="zh_Hant", percentile=5.0)
    assert found["warnings"] == [
        "360 of 400 documents were not taken for zh_Hant (360 for en): is this the right reference?"
    ]


def test_files_of_every_kind(folder):
    texts = [f"{'长' * (n % 9)} text {n}" for n in range(120)]
    expected = derive(write(folder / "a.jsonl", texts))["profile"]["thresholds"]
    pq.write_table(pa.table({"body": texts}), folder / "a.parquet")
    with pa.ipc.new_file(str(folder / "a.arrow"), pa.schema([("body", pa.string())])) as writer:
        writer.write_table(pa.table({"body": texts}))
    (folder / "a.tsv").write_text("id\tbody\n" + "".join(f"{n}\t{text}\n" for n, text in enumerate(texts)))
    (folder / "plain").mkdir()
    for number, text in enumerate(texts):
        (folder / "plain" / f"{number}.txt").write_text(text)
    for name in ("a.parquet", "a.arrow", "a.tsv"):
        assert derive(name, text="body")["profile"]["thresholds"] == expected, name
    assert derive(write(folder / "a.jsonl.gz", texts[:60]), "plain/*.txt")["documents"] == 180
    assert derive("plain", reader="text")["profile"]["thresholds"] == expected


def test_the_same_file_each_time_and_any_yaml_reader_reads_it(folder):
    name = write(folder / "好.jsonl", [f"{'好' * (n % 30)} {n}" for n in range(200)])
    first, again = (profile_text(derive(name, language="zh")["profile"]) for _ in range(2))
    assert first == again
    assert "好.jsonl" in first and "!!" not in first and str(folder) not in first
    assert (
        yaml.safe_load(first)["thresholds"]["max_chars"]
        == yaml.safe_load(first)["evidence"]["options"]["max_chars"]["value"]
    )
    write_profile("new/zh.yaml", derive(name, language="zh")["profile"])
    assert (folder / "new" / "zh.yaml").read_text() == first
    with pytest.raises(InputError, match=r"new/zh.yaml exists: give another --out, or delete it"):
        write_profile("new/zh.yaml", {})


def test_empty_and_huge_documents(folder):
    found = derive(write(folder / "odd.jsonl", [""] * 50 + ["x" * 2_000_000] + ["\x00 \ud800中"] * 50), percentile=0.5)
    assert found["profile"]["thresholds"] == {"min_chars": 0, "max_chars": 2_000_000, "max_digit_frac": 0.0}


def test_too_few_documents(folder):
    name = write(folder / "few.jsonl", ["a"] * 99)
    with pytest.raises(InputError, match=r"has 99 documents, .* at least 100: give more \(at 1 % some 368 are wanted"):
        derive(name)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"reference": "good.pdf"}, "nothing says how to read good.pdf: give --reader"),
        ({"language": "../de"}, "--language takes a code such as de or zh_Hant, got '../de'$"),
        ({"language": "zh-Hant"}, "got 'zh-Hant' \\(did you mean 'zh_Hant'\\?\\)"),
        ({"stage": "toy_juge"}, "has no stage 'toy_juge' with language profiles \\(did you mean 'toy_judge'\\?\\)"),
        ({"reader": "text", "text": "body"}, "reader text has no option 'text'"),
        ({"reference": "absent.jsonl"}, "source 'reference_0': "),
        ({"recipe": "none.yaml"}, "none.yaml has no stage with language profiles, such as quality"),
        ({"recipe": "two.yaml"}, "two.yaml has several stages with language profiles, toy_judge, again: give --stage"),
        ({"recipe": "fit.yaml"}, "fit.yaml:5: toy_uses_count uses '@toy_count', which calibrate does not make"),
    ],
)
def test_questions_that_cannot_be_asked(folder, more, message):
    write(folder / "good.jsonl", ["a b c"] * 100)
    head = RECIPE[: RECIPE.index("  - toy_even")]
    (folder / "none.yaml").write_text(head + "  - toy_even\n")
    (folder / "two.yaml").write_text(head + "  - toy_judge\n  - toy_judge: {as: again}\n")
    (folder / "fit.yaml").write_text(head + "  - toy_count\n  - toy_uses_count: {model: '@toy_count'}\n  - toy_judge\n")
    reference = more.pop("reference", "good.jsonl")
    with pytest.raises((PlanError, InputError, ValueError), match=message):
        derive(reference, **more)


def test_a_stage_that_fails_names_the_command(folder):
    (folder / "fails.yaml").write_text(RECIPE.replace("  - toy_even", "  - toy_fails"))
    write(folder / "good.jsonl", ["poison 毒"] * 100)
    with pytest.raises(
        StageError, match=r"toy_fails failed on the reference, rows .* run it again: corpusmill calibrate"
    ):
        derive("good.jsonl", recipe="fails.yaml")
