"""Fits that work in rounds on all workers: the same artifact however shared out, whoever is killed; and no scratch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from batches import documents
from benches import fitted
from harness import Silent, plan, run, write_jsonl
from toy_fits import ToyWords

from pipeline import storage
from pipeline.errors import InputError, RecipeError, StageError
from pipeline.fitting import Scratch
from pipeline.run import run_plan
from pipeline.work import Workspace

ROOT = Path(__file__).parent.parent
TASKS = [f"count {source:03d}-00000-0000" for source in range(3)] + [f"merge {number}" for number in range(3)]
EXTRA = [{"text": "中文 文本 中文"}, {"text": ""}]


def recipe(stages: str = "[toy_words]", sources: int = 3) -> str:
    """The same documents in the same order, of so many sources: each has a shard of its own."""
    paths = [["0.jsonl"], ["1.jsonl"], ["2.jsonl"]] if sources == 3 else [["?.jsonl"]]
    lines = [f"  s{number}: {{reader: jsonl, paths: {json.dumps(one)}}}" for number, one in enumerate(paths)]
    return "\n".join(["sources:", *lines, f"stages: {stages}", ""])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for number in range(3):
        write_jsonl(tmp_path / f"{number}.jsonl", 40, seed=number, extra=EXTRA)
    monkeypatch.setenv("TOY_LOG", str(tmp_path / "log"))
    return tmp_path


def artifact(run_folder: Path, label: str = "toy_words") -> bytes:
    """The artifact of a run, which must have left nothing else."""
    (path,) = (run_folder / "work").glob(f"artifact-{label}-*")
    assert not list(run_folder.rglob("*.partial"))
    return path.read_bytes()


def logged(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines()


def counted(texts: list[str]) -> bytes:
    """What `toy_words` should write."""
    words = Counter(word.encode()[:8] for text in texts for word in text.split())
    lines = sorted(word + f" {count}".encode() for word, count in words.items())
    return b"\n".join([f"{len(texts)} {words.total()}".encode(), *lines])


def texts_of(folder: Path) -> list[str]:
    lines = [line for number in range(3) for line in (folder / f"{number}.jsonl").read_text().splitlines()]
    return [json.loads(line)["text"] for line in lines]


@pytest.mark.parametrize(
    ("workers", "sources", "options"), [(1, 3, ""), (2, 3, ""), (2, 1, ""), (1, 3, "n_partitions: 8")]
)
def test_every_way_of_sharing_out_makes_the_same(folder, workers, sources, options):
    run(folder, recipe(f"[toy_words: {{{options}}}]", sources), workers=workers)
    assert artifact(folder / "run") == counted(texts_of(folder))
    assert len(logged(folder)) == len(set(logged(folder))) == 1 + sources + (8 if options else 3)


def test_no_documents_at_all_are_none(folder):
    run(folder, recipe("[length: {min_words: 100000}, toy_words]"))
    assert artifact(folder / "run") == b"0 0\n"


def test_the_bench_of_tests_does_the_same(tmp_path):
    texts = ["a b a", "", "中文 b", "文本"]
    shards = {"one": [documents(texts[:1]), documents(texts[1:3])], "none": [], "two": [documents(texts[3:])]}
    assert fitted(ToyWords(), shards, tmp_path) == counted(texts)


def test_each_round_is_shown_and_timed(folder):
    class Watching(Silent):
        seen: list = []  # noqa: RUF012

        def begin(self, what, total, done):
            self.seen.append((what, total, done))

        def advance(self, done):
            self.seen.append((done.task, done.rows, done.n_bytes > 0))

    run_plan(plan(folder, recipe()), str(folder / "run"), 1, Watching())
    start = Watching.seen.index(("toy_words: count", 3, 0))
    assert Watching.seen[start + 1 : start + 8] == [
        *((f"count-{source:03d}-00000-0000", 42, True) for source in range(3)),
        ("toy_words: merge", 3, 0),
        *((f"merge-{number}", 0, False) for number in range(3)),
    ]
    timings = [json.loads(line) for line in (folder / "run" / "work" / "timings.jsonl").read_text().splitlines()]
    assert [line["task"] for line in timings if line["pass"] == "toy_words: merge"] == ["merge-0", "merge-1", "merge-2"]


def test_artifacts_of_other_fits_are_paths_on_this_disk_wherever_the_run_is(folder):
    stages = '[toy_count, toy_words: {first: "@toy_count"}, toy_uses_count: {model: "@toy_count"}]'
    run(folder, recipe(stages))
    assert artifact(folder / "run") == b"126 " + counted(texts_of(folder))
    url = "memory://rounds-of-test/run"
    storage.remove_folder(url)
    made = plan(folder, recipe(stages))
    run_plan(made, url, 1, Silent())
    work = Workspace(made, url)
    assert storage.read_bytes(work.artifacts["toy_words"]) == artifact(folder / "run")
    assert not storage.exists(work.scratch("toy_words"))


@pytest.mark.parametrize("where", ["", "memory://rounds-of-test"])
def test_files_and_spills_are_removed_by_the_beginnings_of_their_names(tmp_path, where):
    bench = Scratch(f"{where or tmp_path}/scratch")
    for name in ("a-1", "a-2", "ab", "b-a-1"):
        with bench.write(name) as file:
            file.write(b"1")
        with bench.spill(name, 1) as spill:
            spill.add({"key": np.ones(1, np.int64)}, np.array([0, 1]))
    bench.remove("a-")
    bench.remove("c-")
    assert [os.path.basename(path) for path in storage.list_files(f"{bench.folder}/files")] == ["ab", "b-a-1"]
    assert [os.path.basename(path) for path in storage.list_files(f"{bench.folder}/spills")] == [
        "ab.arrow",
        "b-a-1.arrow",
    ]
    storage.remove_folder(bench.folder)


# Kills


def killed(folder: Path, task: str) -> None:
    """A run by the command line, in one process, that is killed when a task is done but for the word of it."""
    (folder / "recipe.yaml").write_text(recipe())
    command = [sys.executable, "-m", "pipeline", "run", "recipe.yaml", "--out", "run", "--workers", "1"]
    environment = {**os.environ, "TOY_DIES": task, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run([*command, "--plugin", "toy_fits"], cwd=folder, env=environment, check=False)
    assert done.returncode == -9


@pytest.mark.parametrize("task", [TASKS[1], TASKS[5], "fit"])
def test_a_killed_run_goes_on_with_the_tasks_that_are_left(folder, task):
    killed(folder, task)
    before = logged(folder)
    assert before == [*TASKS, "fit"][: len(before)] and before[-1] == task
    (scratch,) = (folder / "run" / "work").glob("*.scratch")
    assert scratch.stat().st_mode & 0o777 == 0o700
    run(folder, recipe())
    again = logged(folder)[len(before) :]
    assert again == [task, *[*TASKS, "fit"][len(before) :]]
    assert artifact(folder / "run") == counted(texts_of(folder))


def test_scratch_that_a_kill_left_beside_the_artifact_goes(folder):
    run(folder, recipe())
    work = Workspace(plan(folder, recipe()), str(folder / "run"))
    storage.write_bytes(storage.join(work.scratch("toy_words"), "files", "merged-0"), "私".encode())
    shutil.rmtree(folder / "run" / "out")
    run(folder, recipe())
    assert artifact(folder / "run") == counted(texts_of(folder))
    assert logged(folder) == [*TASKS, "fit"]


def test_scratch_of_a_fit_that_was_given_up_goes(folder):
    killed(folder, TASKS[1])
    (scratch,) = (folder / "run" / "work").glob("*.scratch")
    run_plan(plan(folder, recipe("[length, toy_words]"), until="length"), str(folder / "run"), 1, Silent())
    assert scratch.exists(), "a run to its end may go on"
    run(folder, recipe("[length, toy_words]"))
    assert not list((folder / "run" / "work").glob("*.scratch"))
    (made,) = (folder / "run" / "work").glob("artifact-*")
    assert not scratch.name.startswith(made.name)


def test_a_worker_that_dies_ends_the_run_which_goes_on_when_asked_again(folder, monkeypatch):
    monkeypatch.setenv("TOY_DIES", "merge 1")
    with pytest.raises(StageError, match="a worker process died"):
        run(folder, recipe(), workers=2)
    run(folder, recipe(), workers=2)
    assert artifact(folder / "run") == counted(texts_of(folder))
    assert Counter(logged(folder))[TASKS[0]] == 1 and Counter(logged(folder))["merge 1"] == 2


@pytest.mark.ray
def test_on_ray_a_task_whose_worker_dies_is_done_again(folder, monkeypatch):
    pytest.importorskip("ray")
    from pipeline.engine_ray import RayEngine

    monkeypatch.setenv("TOY_DIES", "merge 1")
    run_plan(plan(folder, recipe()), str(folder / "run"), 2, Silent(), RayEngine)
    assert artifact(folder / "run") == counted(texts_of(folder))
    assert sorted(logged(folder)) == sorted([*TASKS, "fit", "merge 1"])


# Errors


AGAIN = r"; to run it again: corpusmill run .*recipe\.yaml --out .*run --workers 1$"


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ("", StageError, r"^toy_faulty failed on fails of one \(ZeroDivisionError: by wish\)" + AGAIN),
        ("{does: refuses}", InputError, "^nothing to count$"),
        ("{does: refuses_an_option}", RecipeError, r"recipe\.yaml:5: toy_faulty option 'does' does not fit$"),
        ("{does: absent}", StageError, r"failed on absent of one \(AttributeError: .*absent.*\)" + AGAIN),
        ("{does: maps}", StageError, r"on maps of one \(AssertionError: toy_faulty: a task calls no map\)" + AGAIN),
        ("{does: gives_nan}", StageError, r"on gives_nan of one \(ValueError: .*nan\)" + AGAIN),
        ("{does: gives_bytes}", StageError, r"on gives_bytes of one \(TypeError: .*\)" + AGAIN),
        ("{does: spills}", StageError, r"on spills of one \(AssertionError: borders do not fit\)" + AGAIN),
        ("{tasks: [a, a]}", StageError, r"on the documents that reach it \(AssertionError: .* a task twice\)" + AGAIN),
        ("{tasks: [../a]}", StageError, r"on the documents that reach it \(AssertionError: .* no names.*\)" + AGAIN),
        ("{tasks: [.a]}", StageError, r"on the documents that reach it \(AssertionError: .* no names.*\)" + AGAIN),
        ("{tasks: [中]}", StageError, r"on the documents that reach it \(AssertionError: .* no names.*\)" + AGAIN),
    ],
)  # fmt: skip
def test_errors_name_the_task_and_leave_no_artifact(folder, options, kind, message):
    with pytest.raises(kind, match=message):
        run(folder, recipe(f"[toy_faulty: {options}]" if options else "[toy_faulty]"))
    assert not [path for path in (folder / "run" / "work").glob("artifact-*") if path.is_file()]
    assert not list(folder.rglob("*.partial")) and not list(folder.rglob("half.arrow"))


def test_errors_of_other_processes_are_the_same(folder):
    said = []
    for workers in (1, 2):
        with pytest.raises(StageError) as caught:
            run(folder, recipe("[toy_faulty: {tasks: [one]}]", sources=3), workers=workers)
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_a_result_that_was_damaged_is_named(folder):
    killed(folder, TASKS[5])
    (path,) = (folder / "run" / "work").glob("*.scratch/results-count/001-*.json")
    path.write_bytes(b'{"')
    with pytest.raises(InputError, match=r"results-count/001-00000-0000\.json is not valid JSON .*: delete it and run"):
        run(folder, recipe())
    path.unlink()
    run(folder, recipe())
    assert artifact(folder / "run") == counted(texts_of(folder))
