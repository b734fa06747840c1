"""Global stages: the same verdicts however shared out, whoever is killed; tables and facts are published, no scratch."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from batches import documents
from benches import compared
from harness import Silent, plan, published, rows, run, write_jsonl
from toy_comparisons import ToyOnce

from pipeline import storage
from pipeline.errors import InputError, PlanError, StageError
from pipeline.run import run_plan
from pipeline.trace import story

ROOT = Path(__file__).parent.parent
TEXTS = ["a b a", "", "b 中文  c 中文", "c b", "文 中文\n😀"]
ONCE = ["a b ", "", " 中文  c ", "文 \n😀"]
"""What is left of them, the fourth dropped."""


def recipe(stages: str = "[toy_once]", sources: int = 3, shard_mb: int = 256) -> str:
    """The same documents in the same order, of so many sources."""
    paths = [["0.jsonl"], ["1.jsonl"], ["2.jsonl"]] if sources == 3 else [["?.jsonl"]]
    lines = [f"  s{number}: {{reader: jsonl, paths: {json.dumps(one)}}}" for number, one in enumerate(paths)]
    return "\n".join(["sources:", *lines, f"shard_mb: {shard_mb}", f"stages: {stages}", ""])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for number in range(3):
        write_jsonl(tmp_path / f"{number}.jsonl", 30, seed=number, extra=[{"text": text} for text in TEXTS])
    monkeypatch.setenv("TOY_LOG", str(tmp_path / "log"))
    return tmp_path


def once(texts: list[str]) -> list[str]:
    """The slow truth: the texts that are left, in order."""
    seen: set[str] = set()
    left = []
    for text in texts:
        new = re.sub(r"\S+", lambda match: "" if match[0] in seen or seen.add(match[0]) else match[0], text)
        if not text.split() or new.split():
            left.append(new)
    return left


def texts_of(folder: Path) -> list[str]:
    lines = [line for number in range(3) for line in (folder / f"{number}.jsonl").read_text().splitlines()]
    return [json.loads(line)["text"] for line in lines]


def left(folder: Path) -> list[str]:
    return [row["text"] for row in sorted(rows(folder, "documents"), key=lambda row: row["rank"])]


def logged(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines()


@pytest.mark.parametrize(("workers", "sources"), [(1, 3), (2, 3), (2, 1)])
def test_every_way_of_sharing_out_gives_the_same(folder, monkeypatch, workers, sources):
    monkeypatch.setattr("pipeline.plan.PARTITION_BYTES", 3_000)
    made = plan(folder, recipe(sources=sources))
    assert made.partitions > 3
    run_plan(made, str(folder / "run"), workers, Silent())
    assert left(folder / "run") == once(texts_of(folder))
    assert len(logged(folder)) == len(set(logged(folder))) == made.partitions + 1 + sources


@pytest.mark.parametrize("cut", range(6))
@pytest.mark.parametrize("n_partitions", [1, 2, 5])
def test_the_bench_of_tests_does_the_same(tmp_path, cut, n_partitions):
    shards = {
        "one": [documents(TEXTS[:cut])],
        "none": [],
        "two": [documents([]), documents(TEXTS[cut:], first_row=cut)],
    }
    kept, dropped, facts = compared(ToyOnce(), shards, tmp_path, n_partitions)
    assert [text for batch in kept for text in batch.column("text").to_pylist()] == ONCE == once(TEXTS)
    assert [reason for batch in dropped for reason in batch.column("reason").to_pylist()] == ["nothing_new"]
    assert facts == {"words": 6, "cut": 6}


def test_tables_and_facts_are_published_and_scratch_goes(folder):
    run(folder, recipe("[toy_once, toy_once: {as: again}]"))
    out, work = folder / "run" / "out", folder / "run" / "work"
    words = [word for text in texts_of(folder) for word in text.split()]
    n_words = len(set(words))
    assert json.loads((out / "toy_once.json").read_text()) == {"words": n_words, "cut": len(words) - n_words}
    assert (out / "toy_once.words.arrow").read_text() == str(n_words)
    assert (out / "toy_once.words.arrow").read_bytes() == (out / "again.words.arrow").read_bytes()
    manifest = json.loads((out / "manifest.json").read_text())
    assert {"toy_once.json", "toy_once.words.arrow", "again.json", "again.words.arrow"} < set(manifest["files"])
    assert [step["facts"] for step in manifest["steps"]] == ["toy_once.json", "again.json"]
    assert json.loads((out / "again.json").read_text())["cut"] == 0
    assert not [path for path in work.rglob("*") if path.name.endswith(".rounds")]
    run(folder, recipe("[toy_once]"))
    assert not list(out.glob("again*"))


def stopped_run(folder: Path, monkeypatch) -> None:
    """A run that ends before its second round."""

    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ToyOnce, "settle", stopped)
        with pytest.raises(KeyboardInterrupt):
            run(folder, recipe())


def test_what_a_kill_left_is_used_and_then_removed(folder, monkeypatch):
    stopped_run(folder, monkeypatch)
    before = logged(folder)
    run(folder, recipe(), out="whole")
    (folder / "log").unlink()
    run(folder, recipe())
    assert [line for line in before if line.startswith("decide")] == ["decide 0"]
    assert not [line for line in logged(folder) if line.startswith("decide")]
    assert published(folder / "run") == published(folder / "whole")
    assert not list((folder / "run").rglob("*.rounds"))


@pytest.mark.parametrize("task", ["decide 0", "settle 001-00000-0000", "compare"])
def test_a_killed_run_goes_on_to_the_same_bytes(folder, monkeypatch, task):
    (folder / "recipe.yaml").write_text(recipe())
    monkeypatch.setenv("TOY_DIES", task)
    command = [sys.executable, "-m", "pipeline", "run", "recipe.yaml", "--workers", "1", "--plugin", "toy_comparisons"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run([*command, "--out", "run"], cwd=folder, env=environment, capture_output=True)
    assert done.returncode == -9
    run(folder, recipe())
    left_to_do = Counter(line for line in logged(folder) if line != "compare")
    assert [line for line, times in left_to_do.items() if times > 1] == [task] * (task != "compare")
    monkeypatch.delenv("TOY_DIES")
    run(folder, recipe(), out="whole")
    assert published(folder / "run") == published(folder / "whole")


def test_a_document_is_told_with_what_was_cut_while_that_is_known(folder):
    (folder / "recipe.yaml").write_text(recipe())
    run(folder, recipe())
    first = next(row for row in rows(folder / "run", "documents") if row["toy_once_n_edits"] > 1)
    told = story(str(folder / "run"), first["uid"])["replay"]
    assert told["stages"][0]["n_edits"] == first["toy_once_n_edits"]
    assert told["excerpt"] == first["text"][:500]
    for path in (folder / "run" / "work").glob("*.exchange"):
        storage.remove_folder(str(path))
    told = story(str(folder / "run"), first["uid"])["replay"]
    assert told == {"why_not": f"what toy_once found is no longer in {folder / 'run' / 'work'}"}


@pytest.mark.parametrize(
    ("does", "error", "message"),
    [
        ("silent", StageError, "toy_careless has no verdicts on 000-00000-0000"),
        ("unsorted", StageError, "not sorted by row"),
        ("no table", StageError, r"toy_careless has not written words\.arrow"),
        ("refuses", InputError, "^nothing to compare$"),
    ],
)
def test_errors_name_the_stage_and_leave_no_verdict_in_force(folder, does, error, message):
    with pytest.raises(error, match=message):
        run(folder, recipe(f"[toy_careless: {{does: {does}}}]"))
    assert not list((folder / "run").rglob("compared.json"))
    assert not (folder / "run" / "out" / "manifest.json").exists()


def test_a_table_that_others_write_is_refused(folder):
    with pytest.raises(
        PlanError, match=r"again publishes again\.words\.arrow, as toy_claims does: leave one of them out"
    ):
        plan(folder, recipe("[toy_claims, toy_once: {as: again}]"))


def test_what_a_comparison_that_was_given_up_left_goes(folder, monkeypatch):
    stopped_run(folder, monkeypatch)
    assert list((folder / "run").rglob("*.rounds"))
    run(folder, recipe("[length]"))
    assert not list((folder / "run").rglob("*.rounds"))
