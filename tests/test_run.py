"""Whole runs: the same bytes for any workers, after any kill, from any point; nothing lost, all explained."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness import Silent, plan, published, rows, run, texts, write_jsonl

from pipeline import storage
from pipeline.errors import InputError, RecipeError, StageError
from pipeline.run import run_plan

RECIPE = """
sources:
  first: {reader: jsonl, paths: ["a/*.jsonl"]}
  second: {reader: jsonl, paths: [b.jsonl]}
shard_mb: 1
audit: 0.2
stages:
  - toy_even
  - toy_swap
  - toy_first_char
  - toy_scrub
  - toy_first_char: {as: again}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        write_jsonl(tmp_path / "a" / f"{number}.jsonl", 1000, seed=number)
    write_jsonl(tmp_path / "b.jsonl", 2000, seed=7, extra=[{"text": ""}, {"text": "中a SECRET"}, {"text": "a\ud800b"}])
    return tmp_path


def explained(run_folder: Path) -> dict[str, dict[str, int]]:
    """Stage -> reason -> dropped documents, from the ledger."""
    ledger = storage.read_json(str(run_folder / "out" / "ledger.json"))
    found: dict[str, dict[str, int]] = {}
    for stage, sources in ledger.items():
        for count in sources.values():
            for reason, tally in count["reasons"].items():
                found.setdefault(stage, {}).setdefault(reason, 0)
                found[stage][reason] += tally["dropped"]
    return found


def test_any_number_of_workers_gives_the_same_bytes(folder):
    for workers in (1, 4):  # two are those of the runs that are killed below
        run(folder, RECIPE, out=f"w{workers}", workers=workers)
    first = published(folder / "w1")
    assert len(first) > 10
    assert published(folder / "w4") == first


def test_a_run_folder_may_be_an_object_store(folder):
    url = "memory://run-of-test"
    storage.remove_folder(url)
    run(folder, RECIPE)
    plan_ = plan(folder, RECIPE)
    run_plan(plan_, url, 1, Silent())
    assert run_plan(plan_, url, 1, Silent()).did_nothing
    for name, sha256 in published(folder / "run").items():
        assert storage.sha256_of(f"{url}/{name}") == sha256, name


def test_what_a_fit_made_reaches_its_user_from_an_object_store(folder):
    recipe = RECIPE[: RECIPE.index("  - toy_first_char")] + '  - toy_count\n  - toy_uses_count: {model: "@toy_count"}\n'
    url = "memory://fit-of-test"
    storage.remove_folder(url)
    run_plan(plan(folder, recipe), url, 1, Silent())
    run(folder, recipe)
    for name, sha256 in published(folder / "run").items():
        assert storage.sha256_of(f"{url}/{name}") == sha256, name


def test_survivors_are_what_the_stages_say(folder):
    run(folder, RECIPE)
    inputs = [*sorted((folder / "a").glob("*.jsonl")), folder / "b.jsonl"]
    expected, starts = [], set()
    for path in inputs:
        for line in path.read_text(encoding="utf-8").splitlines():
            text = json.loads(line)["text"].replace("\ud800", "\ufffd")
            swapped = text.replace("a", "AA").replace("中", "")
            if len(text) % 2 == 0 and (not swapped or swapped[0] not in starts):
                starts.update(swapped[:1])
                expected.append(swapped.replace("SECRET", "<TAG>"))
    assert texts(folder / "run") == expected


def test_every_dropped_document_is_there_with_its_reason_and_its_twin(folder):
    result = run(folder, RECIPE)
    dropped = rows(folder / "run", "dropped")
    kept = {row["uid"]: row for row in rows(folder / "run")}
    assert len(kept) + len(dropped) == 6003
    tally: dict[str, dict[str, int]] = {}
    for row in dropped:
        tally.setdefault(row["stage"], {}).setdefault(row["reason"], 0)
        tally[row["stage"]][row["reason"]] += 1
        assert row["failed"] == [row["reason"]]
        if row["reason"] == "same_start":
            assert kept[row["twin"]]["rank"] < row["rank"]
            assert kept[row["twin"]]["text"][0] == row["excerpt"].replace("SECRET", "<TAG>")[0]
        else:
            assert row["value"] % 2 == 1
    assert tally == {stage: reasons for stage, reasons in explained(folder / "run").items() if any(reasons.values())}
    result.ledger.check()


def test_a_second_run_does_nothing(folder):
    assert not run(folder, RECIPE).did_nothing
    before = {path: path.stat().st_mtime_ns for path in (folder / "run").rglob("*")}
    assert run(folder, RECIPE).did_nothing
    assert {path: path.stat().st_mtime_ns for path in (folder / "run").rglob("*")} == before


def test_until_gives_what_a_shorter_recipe_gives_and_the_rest_goes_on_from_there(folder):
    run(folder, RECIPE, out="whole")
    for label in ("read", "toy_even", "toy_first_char"):
        run(folder, RECIPE, out="steps", until=label)
    run(folder, RECIPE, out="steps")
    whole, steps = published(folder / "whole"), published(folder / "steps")
    assert steps == whole
    shorter = RECIPE[: RECIPE.index("  - toy_scrub")]
    run(folder, shorter, out="shorter")
    run(folder, RECIPE, out="until", until="toy_first_char")
    documents = [
        {k: v for k, v in published(folder / name).items() if "documents" in k} for name in ("shorter", "until")
    ]
    assert documents[0] == documents[1]


def test_a_changed_option_redoes_only_what_follows(folder):
    run(folder, RECIPE)
    work = folder / "run" / "work"
    before = {path.name for path in work.iterdir()}
    run(folder, RECIPE.replace("{as: again}", "{as: anew}"))
    added = {path.name for path in work.iterdir()} - before
    assert {name.split("-")[1] for name in added if name[0].isdigit()} == {"anew"}


def test_a_changed_input_is_noticed_and_old_shards_go(folder):
    run(folder, RECIPE)
    (folder / "a" / "2.jsonl").unlink()
    (folder / "a" / "1.jsonl").write_text('{"text": "ab"}\n')
    run(folder, RECIPE)
    run(folder, RECIPE, out="fresh")
    assert published(folder / "run") == published(folder / "fresh")


def test_a_missing_or_cut_published_file_is_written_again(folder):
    run(folder, RECIPE)
    before = published(folder / "run")
    shard = sorted((folder / "run" / "out" / "documents").iterdir())[0]
    shard.write_bytes(shard.read_bytes()[:-1])
    (folder / "run" / "out" / "ledger.json").unlink()
    assert not run(folder, RECIPE).did_nothing
    assert published(folder / "run") == before


def test_work_is_private_and_can_be_deleted(folder):
    run(folder, RECIPE)
    work = folder / "run" / "work"
    assert stat.S_IMODE(work.stat().st_mode) == 0o700
    before = published(folder / "run")
    storage.remove_folder(str(work))
    assert run(folder, RECIPE).did_nothing
    (folder / "run" / "out" / "manifest.json").unlink()
    run(folder, RECIPE)
    assert published(folder / "run") == before


def test_no_excerpt_and_no_path_of_this_machine_is_published_without_a_scrubber(folder):
    run(folder, RECIPE[: RECIPE.index("  - toy_scrub")])
    assert {row["excerpt"] for row in rows(folder / "run", "dropped")} == {""}
    for path in (folder / "run" / "out").rglob("*"):
        if path.is_file() and "report" not in str(path):
            assert str(folder).encode() not in path.read_bytes()


def test_a_fit_is_made_once_and_reaches_its_user(folder):
    recipe = RECIPE[: RECIPE.index("  - toy_first_char")] + '  - toy_count\n  - toy_uses_count: {model: "@toy_count"}\n'
    run(folder, recipe, workers=2)
    found = rows(folder / "run")
    assert {row["toy_uses_count_n"] for row in found} == {len(found)}
    run(folder, recipe, out="fit", until="toy_count")
    assert len(rows(folder / "fit")) == len(found)


def test_a_fit_that_refuses_its_input_says_so_as_itself(folder):
    recipe = RECIPE[: RECIPE.index("  - toy_first_char")] + "  - toy_refuses\n"
    with pytest.raises(InputError, match=r"^nothing to count$"):
        run(folder, recipe)


def test_two_runs_at_once_in_one_folder_are_refused(folder):
    (folder / "run").mkdir()
    with storage.lock(str(folder / "run" / ".lock")), pytest.raises(InputError, match="in use by another run"):
        run(folder, RECIPE)
    run(folder, RECIPE)


def test_what_killed_writers_left_is_removed(folder):
    for name in ("out/documents/x.arrow.1.partial", "work/y.2.partial"):
        storage.write_bytes(str(folder / "run" / name.replace(".partial", "")), b"half")
        os.rename(folder / "run" / name.replace(".partial", ""), folder / "run" / name)
    run(folder, RECIPE)
    assert not list((folder / "run").rglob("*.partial"))


EVERYWHERE = "{model: '@toy_count'}"


@pytest.mark.parametrize(
    "stages",
    [
        "[toy_first_char]",
        "[toy_first_char, toy_first_char: {as: again}]",
        f"[toy_first_char, toy_count, toy_first_char: {{as: again}}, toy_uses_count: {EVERYWHERE}, toy_count: {{as: second}}]",
        f"[toy_count, toy_count: {{as: second}}, toy_first_char, toy_uses_count: {EVERYWHERE}]",
        "[length: {min_words: 100000}, dedup_exact, toy_count, dedup_document, toy_scrub]",
    ],
)
def test_global_stages_and_fits_in_any_order_and_of_nothing(folder, stages):
    stages = re.sub(r"(\w+: \{[^}]*\})", r"{\1}", stages)
    recipe = f"sources: {{only: {{reader: jsonl, paths: [b.jsonl]}}}}\nstages: {stages}\n"
    run(folder, recipe).ledger.check()
    run(folder, recipe, out="pool", workers=2)
    assert published(folder / "pool") == published(folder / "run")
    found = rows(folder / "run")
    assert len(found) + len(rows(folder / "run", "dropped")) == 2003
    starts = [row["text"][0] for row in found if row["text"]]
    assert len(starts) == len(set(starts))
    counted = {row.get("toy_uses_count_n") for row in found}
    if "toy_uses_count" in stages:
        assert counted == ({2003} if stages.startswith("[toy_count") else {len(found)})


# Failing


POISON = """
sources:
  only: {reader: jsonl, paths: [b.jsonl]}
stages: [toy_fails, toy_even]
"""


def test_a_failing_stage_names_stage_shard_rows_and_command(folder):
    with open(folder / "b.jsonl", "a") as file:
        file.write('{"text": "poison"}\n')
    with pytest.raises(
        StageError, match=r"toy_fails failed on shard 000-00000-0000, rows b.jsonl:1 to b.jsonl:2004"
    ) as caught:
        run(folder, POISON)
    assert "ZeroDivisionError: poisoned" in str(caught.value)
    assert f"corpusmill run {folder / 'recipe.yaml'} --out {folder / 'run'} --workers 1" in str(caught.value)
    assert not (folder / "run" / "out").exists()


def test_quarantine_sets_the_batch_aside_and_counts_it(folder):
    write_jsonl(folder / "b.jsonl", 9000, seed=3, extra=[{"text": "poison"}])
    run(folder, POISON + "on_error: quarantine\n")
    assert explained(folder / "run")["toy_fails"] == {"quarantined": 9001 - 8192}
    assert len(rows(folder / "run")) + len(rows(folder / "run", "dropped")) == 9001
    with pytest.raises(StageError):
        run(folder, POISON)
    write_jsonl(folder / "b.jsonl", 9000, seed=3)
    run(folder, POISON)
    assert "toy_fails" not in {row["stage"] for row in rows(folder / "run", "dropped")}


def test_a_bad_line_stops_the_run_or_is_counted(folder):
    with open(folder / "b.jsonl", "a") as file:
        file.write('{"text": "never clo')
    recipe = POISON.replace("toy_fails, ", "")
    with pytest.raises(InputError, match=r"b\.jsonl:2004: .*on_error: quarantine"):
        run(folder, recipe)
    run(folder, recipe + "on_error: quarantine\n")
    (bad,) = [row for row in rows(folder / "run", "dropped") if row["stage"] == "read"]
    assert (bad["reason"], bad["origin"], bad["source"]) == ("bad_json", "b.jsonl:2004", "only")
    with pytest.raises(InputError):
        run(folder, recipe)


def test_a_half_written_archive_stops_the_run_or_ends_with_a_counted_row(folder):
    import gzip

    whole = gzip.compress((folder / "b.jsonl").read_bytes())
    (folder / "b.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    recipe = POISON.replace("b.jsonl", "b.jsonl.gz")
    with pytest.raises(InputError, match=r"b\.jsonl\.gz"):
        run(folder, recipe)
    run(folder, recipe + "on_error: quarantine\n")
    assert explained(folder / "run")["read"] == {"unreadable": 1}
    assert len(rows(folder / "run")) > 100


def test_empty_input_gives_empty_output_that_opens(folder):
    (folder / "b.jsonl").write_text("")
    run(folder, RECIPE.replace('  first: {reader: jsonl, paths: ["a/*.jsonl"]}\n', ""))
    assert rows(folder / "run") == rows(folder / "run", "dropped") == []
    assert len(list((folder / "run" / "out" / "documents").glob("*.arrow"))) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_stage_refuses_once_it_has_its_model_is_at_its_line_of_the_recipe(folder, workers):
    recipe = f"{RECIPE}  - toy_bounds: {{most: 13}}\n"
    line = recipe.count("\n")
    with pytest.raises(RecipeError, match=rf"recipe\.yaml:{line}: toy_bounds option 'most': the model knows no 13$"):
        run(folder, recipe, workers=workers)


def test_a_model_that_is_not_there_is_said_with_stage_and_line(folder):
    recipe = f"{RECIPE}  - classifier: {{model: none.zip, by: threshold, by_language: false}}\n"
    line = recipe.count("\n")
    with pytest.raises(InputError, match=rf"recipe\.yaml:{line}: classifier: there is no model none\.zip: give"):
        plan(folder, recipe)


def test_a_worker_that_dies_is_said_so(folder):
    recipe = POISON.replace("toy_fails", "toy_dies").replace("[b.jsonl]", '["a/*.jsonl"]') + "shard_mb: 1\n"
    write_jsonl(folder / "a" / "3.jsonl", 2000, seed=9)
    write_jsonl(folder / "a" / "4.jsonl", 2000, seed=9)
    with pytest.raises(StageError, match=r"a worker process died .* run the same command again"):
        run(folder, recipe, workers=2)


# Killing

KILLED = """
import sys
from pathlib import Path
sys.path[:0] = [str(Path(sys.argv[1]).parent), sys.argv[1]]
from harness import run
from test_run import RECIPE
if __name__ == "__main__":
    run(Path(sys.argv[2]), RECIPE, workers=int(sys.argv[3]))
"""


@pytest.mark.slow
def test_killed_at_ten_random_moments_it_ends_with_the_same_bytes(folder):
    run(folder, RECIPE, out="whole")
    random_ = random.Random(os.urandom(8))
    script = folder / "killed.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), str(Path(__file__).parent), str(folder), "2"]
    moments: list[float] = []
    n_killed = 0
    while n_killed < 10:
        process = subprocess.Popen(command, start_new_session=True)
        moments.append(random_.uniform(0.5, 2.5))
        time.sleep(moments[-1])
        if process.poll() is None:
            n_killed += 1
            os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() in (0, -signal.SIGKILL)
        if (folder / "run" / "out" / "report" / "index.html").exists():
            assert published(folder / "run") == published(folder / "whole"), moments
            storage.remove_folder(str(folder / "run"))
        assert len(moments) < 40, moments
    run(folder, RECIPE, workers=2)
    assert published(folder / "run") == published(folder / "whole"), moments
    assert (
        plan(folder, RECIPE).fingerprints[-1] == storage.read_json(str(folder / "run/out/manifest.json"))["fingerprint"]
    )
