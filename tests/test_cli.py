"""The command line: exit codes, messages, and what each command prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from harness import rows, write_jsonl

from pipeline.cli import main

ROOT = Path(__file__).parent.parent
RECIPE = """\
sources:
  web: {reader: jsonl, paths: [a.jsonl]}
stages:
  - normalize
  - toy_even
  - toy_first_char
  - toy_scrub
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write_jsonl(
        tmp_path / "a.jsonl", 60, seed=4, extra=[{"text": "e\u0301 SECRET\r\n中文", "id": 7}, {"text": "\x1b[31mred"}]
    )
    (tmp_path / "r.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cli(*arguments: str) -> int:
    return main([*arguments, "--plugin", "toys"] if arguments[0] != "--help" else list(arguments))


def test_run_then_nothing_to_do(folder, capsys):
    assert cli("run", "r.yaml", "--workers", "1") == 0
    page = folder / "runs" / "r" / "out" / "report" / "index.html"
    assert capsys.readouterr().out == f"report: {page}\n"
    assert cli("run", "r.yaml", "--workers", "1") == 0
    assert capsys.readouterr().out == f"nothing to do: the run is complete\nreport: {page}\n"
    assert page.exists()


def test_run_for_machines(folder, capsys):
    assert cli("run", "r.yaml", "--workers", "1", "--json", "--until", "toy_even", "--out", "x") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["run"] == str(folder / "x")
    assert list(found["ledger"]) == ["read", "normalize", "toy_even"]
    assert not found["did_nothing"]


def test_modules_beside_the_recipe_do_not_take_the_place_of_ours(folder):
    for name in ("train", "stages", "yaml"):
        (folder / f"{name}.py").write_text("raise SystemExit('read')")
    (folder / "plain.yaml").write_text(RECIPE[: RECIPE.index("  - toy_even")])
    command = [str(Path(sys.executable).parent / "corpusmill"), "run", "plain.yaml", "--workers", "2"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")


def test_plan_shows_passes_and_what_is_complete(folder, capsys):
    assert cli("plan", "r.yaml") == 0
    out = capsys.readouterr().out
    assert "pass 1: read -> normalize -> toy_even, then compare for toy_first_char\n" in out
    assert "pass 2: toy_first_char -> toy_scrub\n" in out
    cli("run", "r.yaml", "--workers", "1")
    capsys.readouterr()
    assert cli("plan", "r.yaml", "--json") == 0
    assert [one["complete"] for one in json.loads(capsys.readouterr().out)["passes"]] == [True, True]


def test_stages_and_one_stage(capsys):
    assert cli("stages") == 0
    listed = capsys.readouterr().out
    assert "normalize         Bring text to Unicode form NFC" in listed
    assert cli("stages", "length") == 0
    assert (
        "| `min_words` | integer | `50` | words; shorter documents drop as too_short; at least 0 |"
        in capsys.readouterr().out
    )
    assert cli("stages", "lenght") == 2
    assert "did you mean 'length'?" in capsys.readouterr().err
    assert cli("stages", "--json") == 0
    assert json.loads(capsys.readouterr().out)["dedup_exact"]["kind"] == "global stage"


def test_trace_tells_a_dropped_documents_story(folder, capsys):
    cli("run", "r.yaml", "--workers", "1")
    twin = next(row for row in rows(folder / "runs" / "r", "dropped") if row["twin"])
    capsys.readouterr()
    assert cli("trace", "runs/r", twin["uid"]) == 0
    out = capsys.readouterr().out
    for line in (
        f"{twin['uid']}  dropped",
        f"  origin: {twin['origin']}",
        f"dropped by toy_first_char: same_start (measured {twin['value']:g})",
        "  all rules it failed there: same_start",
        f"  kept instead: {twin['twin']} (a.jsonl:",
        "  toy_even_n_chars: ",
    ):
        assert line in out


def test_trace_shows_edits_and_hides_escapes(folder, capsys):
    cli("run", "r.yaml", "--workers", "1")
    capsys.readouterr()
    run = folder / "runs" / "r"
    (edited,) = [row for row in rows(run) + rows(run, "dropped") if row["origin"] == "a.jsonl:61"]
    assert cli("trace", "runs/r", edited["uid"][:10]) == 0
    out = capsys.readouterr().out
    assert "normalize made 2 edits:\n  at byte 0: 'e\u0301' -> 'é'\n  at byte 10: '\\r\\n' -> '\\n'" in out
    (red,) = [row for row in rows(run) + rows(run, "dropped") if row["origin"] == "a.jsonl:62"]
    assert cli("trace", "runs/r", red["uid"]) == 0
    assert "\x1b" not in capsys.readouterr().out
    assert cli("trace", "runs/r", red["uid"], "--json") == 0
    assert json.loads(capsys.readouterr().out)["uid"] == red["uid"]


def test_trace_without_its_input_tells_what_is_recorded(folder, capsys):
    cli("run", "r.yaml", "--workers", "1")
    uid = rows(folder / "runs" / "r", "dropped")[0]["uid"]
    write_jsonl(folder / "a.jsonl", 3, seed=1)
    capsys.readouterr()
    assert cli("trace", "runs/r", uid) == 0
    assert (
        "edits: not replayed, for the recipe, its inputs or the installed versions have changed"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "absent.yaml"], 3, "error: cannot read absent.yaml"),
        (["run", "typo.yaml"], 2, "error: typo.yaml:4: there is no stage 'normalise' (did you mean 'normalize'?)"),
        (["run", "r.yaml", "--until", "toy_evn"], 2, "has no stage 'toy_evn' (did you mean 'toy_even'?)"),
        (
            ["run", "order.yaml"],
            2,
            "error: order.yaml:4: needs_signal needs the column 'toy_even_n_chars', which toy_even adds",
        ),
        (
            ["run", "fails.yaml", "--workers", "1"],
            4,
            "error: toy_fails failed on shard 000-00000-0000, file 1 row 1 to file 1 row 62 (ZeroDivisionError in toys.py",
        ),
        (["run", "bad.yaml", "--workers", "1"], 3, "error: "),
        (["report", "."], 3, "error: . is not a complete run"),
        (["trace", ".", "abcdef"], 3, "error: . is not a complete run"),
        (["what-if", ".", "--set", "length.min_words=3"], 3, "error: . is not a complete run"),
        (["what-if", ".", "--set", "length"], 2, "error: a change is written stage.option=value"),
        (
            ["calibrate", "r.yaml", "--reference", "a.jsonl", "--language", "en"],
            2,
            "error: r.yaml has no stage with language profiles",
        ),
    ],
)
def test_errors_are_one_line_with_the_exit_code_of_their_kind(folder, capsys, arguments, code, message):
    for name, old, new in (
        ("typo", "- normalize", "- normalise"), ("order", "- normalize", "- needs_signal"), ("fails", "- normalize", "- toy_fails"),
        ("bad", "a.jsonl", "b.jsonl"),
    ):  # fmt: skip
        (folder / f"{name}.yaml").write_text(RECIPE.replace(old, new))
    (folder / "b.jsonl").write_text('{"text": "fine"}\n{"text": "cut o')
    if "fails.yaml" in arguments:
        write_jsonl(folder / "a.jsonl", 61, seed=4, extra=[{"text": "poison"}])
    assert cli(*arguments) == code
    err = capsys.readouterr().err
    assert message in err
    assert err.splitlines()[-1].startswith("error: ")
    if code != 4:
        assert err.count("\n") == 1


def test_what_a_recipe_says_is_told_bounded_on_one_line_without_escapes(folder, capsys):
    (folder / "long.yaml").write_text(RECIPE.replace("normalize", '"坏\\e[2J\\n' + "x" * 100_000 + '"'))
    assert cli("plan", "long.yaml") == 2
    err = capsys.readouterr().err
    assert err.startswith("error: long.yaml:4: there is no stage '坏\\u001b[2J\\nxxx") and "characters ...] x" in err
    assert len(err) < 5_000 and err.count("\n") == 1


def test_trace_asks_for_enough_of_the_uid(folder, capsys):
    cli("run", "r.yaml", "--workers", "1")
    assert cli("trace", "runs/r", "0") == 3
    assert cli("trace", "runs/r", "f" * 32) == 3
    err = capsys.readouterr().err
    assert "give at least 6 characters" in err
    assert "has no document with the uid" in err


JUDGED = RECIPE.replace("  - toy_even\n", "  - toy_judge\n")
QUESTION = ["what-if", "runs/j", "--set", "toy_judge.max_chars=2000", "--set", "toy_judge.min_chars=70"]


def test_what_if_shows_what_changes_and_hides_escapes(folder, capsys):
    (folder / "j.yaml").write_text(JUDGED)
    write_jsonl(
        folder / "a.jsonl", 60, seed=4, extra=[{"text": "\x1b[31mred 红"}, {"text": "\u202e\x1b[31m好" + "x" * 90}]
    )
    cli("run", "j.yaml", "--workers", "1")
    capsys.readouterr()
    assert cli(*QUESTION) == 0
    out = capsys.readouterr().out
    assert out.startswith("toy_judge.min_chars: 4 -> 70\ntoy_judge.max_chars: 60 -> 2000\n\n")
    for line in (
        "kept -> toy_judge: too_short",
        "toy_judge: too_long -> unknown, toy_first_char never saw it",
        "by source",
        "by language",
        "a document that comes back may take the place of a kept one at toy_first_char",
        "  then: toy_judge: too_short (measured 9, limit 70)",
    ):
        assert line in out
    assert "\x1b" not in out and "\u202e" not in out
    assert cli(*QUESTION, "--json", "--examples", "0") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["documents"] == 62 and found["examples"] == []
    assert cli("what-if", "runs/j", "--set", "toy_judge.min_chars=4") == 0
    assert capsys.readouterr().out == "these are the options of the run: nothing changes\n"


def test_calibrate_writes_a_profile_and_does_not_overwrite(folder, capsys):
    (folder / "j.yaml").write_text(JUDGED)
    write_jsonl(folder / "a.jsonl", 150, seed=5, extra=[{"text": "纸上得来终觉浅"}])
    question = ["calibrate", "j.yaml", "--reference", "a.jsonl", "--language", "zh"]
    assert cli(*question) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split("  ")[0] == "option"
    assert "warning: 151 documents are few" in out
    assert out.endswith("profile: profiles/zh.yaml\n")
    assert (folder / "profiles" / "zh.yaml").read_text().startswith("language: zh\nthresholds: {min_chars: ")
    assert cli(*question) == 3
    assert capsys.readouterr().err == "error: profiles/zh.yaml exists: give another --out, or delete it\n"
    assert cli(*question, "--json", "--out", "other.yaml", "--percentile", "2.5") == 0
    assert json.loads(capsys.readouterr().out)["profile"]["evidence"]["percentile"] == 2.5


def test_calibrate_looks_where_it_will_write_before_it_measures(folder, capsys, monkeypatch):
    (folder / "j.yaml").write_text(JUDGED)
    monkeypatch.setattr("pipeline.calibrate.calibrate", None)
    assert cli("calibrate", "j.yaml", "--reference", "a.jsonl", "--language", "zh", "--out", "a.jsonl/中.yaml") == 3
    err = capsys.readouterr().err
    assert err == "error: cannot write a.jsonl/中.yaml (Not a directory): give another --out\n"


COMMANDS = ["plan", "run", "mix", "stages", "report", "trace", "docs"]
JUDGING = ["what-if", "calibrate", "train-classifier", "classifier", "train-lm"]


@pytest.mark.parametrize("command", COMMANDS + JUDGING)
def test_every_help_has_an_example(capsys, command):
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert f"example:\n  corpusmill {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nosuch"],
        ["run"],
        ["run", "r.yaml", "--workers", "0"],
        ["run", "r.yaml", "--nosuch"],
        ["what-if", "runs/r"],
        ["what-if", "runs/r", "--set", "a.b=1", "--examples", "-1"],
        ["calibrate", "r.yaml", "--language", "de"],
        ["train-classifier", "--positives", "a.jsonl", "--out", "a.zip"],
        ["train-classifier", "--positives", "--negatives", "b.jsonl", "--out", "a.zip"],
        ["train-lm", "--out", "a.lm"],
        ["train-lm", "a.jsonl"],
        ["train-lm", "a.jsonl", "--out", "a.lm", "--reference"],
        ["classifier", "--model", "a.zip"],
        ["classifier", "--model", "a.zip", "--score"],
        ["calibrate", "r.yaml", "--reference", "a", "--language", "de", "--percentile", "50"],
    ],
)
def test_wrong_usage_ends_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_ctrl_c_ends_with_130(folder, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.run.run_plan", interrupted)
    assert cli("run", "r.yaml") == 130
    assert "run the same command again" in capsys.readouterr().err


def test_as_a_program(folder):
    done = subprocess.run([sys.executable, "-m", "pipeline", "stages"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0
    assert "dedup_exact" in done.stdout
