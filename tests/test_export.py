"""Exports: written from the survivors, in step with the plan, whole or not at all."""

from __future__ import annotations

import json
import shutil

import pytest
from harness import Silent, plan, published, run, texts, write_jsonl

from pipeline import storage
from pipeline.errors import PlanError, StageError
from pipeline.run import run_plan

RECIPE = """
sources:
  web: {reader: jsonl, paths: ["a*.jsonl"], tag: web}
  books: {reader: jsonl, paths: [b.jsonl]}
shard_mb: 1
stages:
  - toy_even
  - toy_scrub
  - toy_published
  - toy_files: {mark: "# "}
  - toy_again
"""


@pytest.fixture
def folder(tmp_path):
    for number in range(3):
        write_jsonl(tmp_path / f"a{number}.jsonl", 600, seed=number)
    write_jsonl(tmp_path / "b.jsonl", 400, seed=9, extra=[{"text": ""}, {"text": "中文 SECRET!"}])
    return tmp_path


def exported(folder, out="run") -> dict[str, bytes]:
    root = folder / out / "out"
    return {
        str(path.relative_to(root)): path.read_bytes()
        for label in ("toy_files", "toy_again")
        for path in sorted((root / label).rglob("*"))
        if path.is_file()
    }


def test_they_hold_the_survivors_scrubbed_by_source(folder):
    run(folder, RECIPE)
    found = exported(folder)
    lines = found["toy_files/all.txt"].decode().splitlines()
    shards = [line.split(" ")[0] for line in lines]
    written = [found[f"toy_files/{'books' if name.startswith('001') else 'web'}/{name}.txt"] for name in shards]
    assert all(text.startswith(b"# ") for text in written)
    assert "\n".join(text.decode()[2:] for text in written) == "\n".join(texts(folder / "run"))
    assert "SECRET" not in "".join(text.decode() for text in written)
    assert {line.split(" ")[2] for line in lines} == {"web", ""}
    assert found["toy_again/again.txt"] == found["toy_files/all.txt"]


def test_any_workers_and_an_object_store_give_the_same_bytes(folder):
    run(folder, RECIPE)
    run(folder, RECIPE, out="two", workers=2)
    assert published(folder / "two") == published(folder / "run")
    url = "memory://exports-of-test"
    storage.remove_folder(url)
    run_plan(plan(folder, RECIPE), url, 1, Silent())
    for name, sha256 in published(folder / "run").items():
        assert storage.sha256_of(f"{url}/{name}") == sha256, name


def test_the_manifest_lists_them_and_a_missing_one_is_made_again(folder):
    run(folder, RECIPE)
    before = published(folder / "run")
    manifest = json.loads((folder / "run" / "out" / "manifest.json").read_text())
    assert {f"out/{name}" for name in manifest["files"]} == {
        n for n in before if "/report/" not in n and "manifest" not in n
    }
    assert {f"out/{name}": file["sha256"] for name, file in manifest["files"].items()}.items() <= before.items()
    (folder / "run" / "out" / "toy_again" / "again.txt").unlink()
    assert not run(folder, RECIPE).did_nothing
    assert published(folder / "run") == before
    assert run(folder, RECIPE).did_nothing


def test_a_lost_file_of_a_shard_is_made_again(folder):
    run(folder, RECIPE)
    before = published(folder / "run")
    for path in (folder / "run" / "out" / "toy_files").rglob("000-*.txt"):
        path.unlink()
    assert not run(folder, RECIPE).did_nothing
    assert published(folder / "run") == before


def test_a_changed_option_does_only_what_it_must(folder):
    run(folder, RECIPE)
    documents = {p: p.stat().st_mtime_ns for p in (folder / "run" / "out" / "documents").iterdir()}
    run(folder, RECIPE.replace("# ", "> "))
    assert {p: p.stat().st_mtime_ns for p in (folder / "run" / "out" / "documents").iterdir()} == documents
    changed = published(folder / "run")
    run(folder, RECIPE.replace("# ", "> "), out="fresh")
    assert published(folder / "fresh") == changed
    assert not run(folder, RECIPE).did_nothing
    run(folder, RECIPE, out="first")
    assert published(folder / "run") == published(folder / "first")


def test_what_the_plan_no_longer_has_goes(folder):
    run(folder, RECIPE)
    run(folder, RECIPE, until="toy_scrub")
    left = {path.name for path in (folder / "run" / "out").iterdir()}
    assert not left & {"toy_files", "toy_again", "count.json"}
    run(folder, RECIPE)
    assert exported(folder)
    assert (folder / "run" / "out" / "count.json").exists()


def test_what_the_plan_no_longer_has_goes_also_when_work_was_deleted(folder):
    run(folder, RECIPE)
    shutil.rmtree(folder / "run" / "work")
    run(folder, RECIPE.replace("  - toy_again\n", ""))
    assert not (folder / "run" / "out" / "toy_again").exists()
    assert exported(folder)


def test_the_manifest_counts_the_survivors_after_a_fit(folder):
    run(folder, RECIPE)
    manifest = json.loads((folder / "run" / "out" / "manifest.json").read_text())
    assert manifest["documents"] == len(texts(folder / "run")) > 0
    assert manifest["bytes"] == sum(len(text.encode()) for text in texts(folder / "run"))


def test_out_is_enough_to_do_nothing(folder):
    run(folder, RECIPE)
    shutil.rmtree(folder / "run" / "work")
    assert run(folder, RECIPE).did_nothing


def test_a_failing_export_names_the_shard_and_how_to_see_it_again(folder):
    with pytest.raises(
        StageError, match=r"toy_files failed on shard 000-0000\d-0000 \(ZeroDivisionError in toys.py:\d+; what it says"
    ):
        run(folder, RECIPE.replace('{mark: "# "}', "{broken: true}"))
    assert not (folder / "run" / "out" / "manifest.json").exists()


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ("[toy_files, toy_even]", "toy_even must come before toy_files, which writes what the others left"),
        ("[{toy_files: {as: documents}}]", "'documents' is a folder of every run: choose another as:"),
        ("[toy_again, toy_files]", "toy_again uses '@toy_files', which no stage before it makes"),
        ("[toy_published, toy_scrub]", "toy_published is published, so it must come after toy_scrub"),
        ("[{toy_told: {as: signals}}]", "signals publishes signals.json, as every run does: choose another as:"),
        (
            "[toy_published, {toy_told: {as: count}}]",
            "count publishes count.json, as toy_published does: choose another",
        ),
        ("[{toy_told: {as: count}}, toy_published]", "toy_published publishes count.json, as count does: leave one"),
    ],
)
def test_wrong_orders(folder, stages, message):
    recipe = RECIPE[: RECIPE.index("stages:")] + f"stages: {stages}\n"
    with pytest.raises(PlanError, match=message):
        plan(folder, recipe)
