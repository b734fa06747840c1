"""Duplicates in whole runs: the same bytes for any workers, after a kill in any round, and the same
survivors however the text is shared out."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from harness import CHINESE, ENGLISH, Silent, plan, published, rows, run
from near_copies import near_copies

from pipeline.run import run_plan

ROOT = Path(__file__).parent.parent
RECIPE = """
sources:
  wiki: {reader: jsonl, paths: ["wiki-*.jsonl"]}
  web: {reader: jsonl, paths: ["web-*.jsonl"]}
stages:
  - normalize
  - split: {validation_frac: 0.2}
  - dedup_exact
  - dedup_document: {cluster: CLUSTER, verify: VERIFY}
  - dedup_sentence: {min_words: 5, min_units: 1}
"""


def recipe(cluster: str = "connected", verify: str = "exact", **settings) -> str:
    lines = "".join(f"{name}: {value}\n" for name, value in settings.items())
    return lines + RECIPE.replace("CLUSTER", cluster).replace("VERIFY", verify)


def sentence(chance: random.Random, language: str) -> str:
    if language == "en":
        return " ".join(chance.choices(ENGLISH, k=14)).capitalize() + "."
    return "".join(chance.choices(CHINESE, k=24)) + "。"


def write_copies(made: Path) -> None:
    """Prose in two languages with notices that many share, and copies of a third of it: exact, near, and of copies."""
    chance = random.Random(77)
    texts = []
    for language, between in (("en", " "), ("zh", "")):
        notice = between.join(sentence(chance, language) for _ in range(3))
        for _ in range(150):
            text = between.join(sentence(chance, language) for _ in range(chance.randrange(6, 25)))
            texts.append(text + between + notice if chance.random() < 0.2 else text)
    copies = [text for _, text in near_copies(texts, 80, 1, 0.01)]
    copies += [text for _, text in near_copies(copies, 40, 2, 0.01)] + chance.sample(texts, 30) + ["", "Ja.", "好。"]
    chance.shuffle(copies)
    for number in range(2):
        for name, of in (("wiki", texts[number::2]), ("web", copies[number::2])):
            lines = [json.dumps({"text": text}, ensure_ascii=False) for text in of]
            (made / f"{name}-{number}.jsonl").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Copies, and what becomes of them with one worker."""
    made = tmp_path_factory.mktemp("dedup")
    write_copies(made)
    (made / "recipe.yaml").write_text(recipe(), encoding="utf-8")
    run(made, recipe())
    return made


def told(path: Path) -> dict[str, tuple]:
    """uid -> what became of each document."""
    kept = {
        row["uid"]: ("kept", row["text"], row["split_side"], row["dedup_document_cluster_size"]) for row in rows(path)
    }
    return kept | {
        row["uid"]: (row["stage"], row["reason"], row["value"], row["twin"], row["dedup_document_neighbour"])
        for row in rows(path, "dropped")
    }


def test_every_level_removes_what_it_is_for(folder):
    found = told(folder / "run")
    reasons = [one[1] for one in found.values() if one[0] != "kept"]
    assert {"exact_duplicate", "near_duplicate", "empty"} <= set(reasons)
    assert 60 < reasons.count("near_duplicate") < 125
    assert sum(row["dedup_sentence_cut_units"] >= 3 for row in rows(folder / "run")) > 20
    for stage, _, _, twin, _ in (one for one in found.values() if one[0] in ("dedup_exact", "dedup_document")):
        assert found[twin][0] not in ("dedup_exact",) if stage == "dedup_exact" else found[twin][0] != "dedup_document"


def test_two_workers_give_the_same_bytes(folder):
    """On Ray, so do those of the tests of its engine."""
    run(folder, recipe(), out="local", workers=2)
    assert published(folder / "local") == published(folder / "run")


@pytest.mark.parametrize(("cluster", "verify"), [("connected", "exact"), ("star", "estimated")])
def test_shards_and_partitions_change_nothing(folder, monkeypatch, cluster, verify):
    run(folder, recipe(cluster, verify), out=f"{cluster}-1")
    monkeypatch.setattr("pipeline.plan.PARTITION_BYTES", 100_000)
    monkeypatch.setattr("pipeline.passes.read_batches", small_batches)
    made = plan(folder, recipe(cluster, verify, shard_mb=1))
    assert made.partitions > 3
    run_plan(made, str(folder / f"{cluster}-5"), 1, Silent())
    assert told(folder / f"{cluster}-5") == told(folder / f"{cluster}-1")
    for name in ("dedup_exact.json", "dedup_document.json", "dedup_sentence.json", "dedup_document.clusters.arrow"):
        one, other = (folder / f"{cluster}-{n}" / "out" / name for n in (1, 5))
        assert one.read_bytes() == other.read_bytes(), name


def small_batches(source, places, on_error, shard_bytes):
    """As the frame reads, with a shard for every tenth of the text."""
    from pipeline.ingest import read_batches

    return read_batches(source, places, on_error, 40_000)


@pytest.mark.parametrize("method", ["evidence", "settle", "route", "mark", "cut"])
def test_a_run_killed_in_any_round_goes_on_to_the_same_bytes(folder, tmp_path, method):
    command = [sys.executable, "-m", "pipeline", "run", "recipe.yaml", "--workers", "1", "--plugin", "dying"]
    environment = {
        **os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "DIES_IN": method, "DIES_ONCE": str(tmp_path / "once"),
    }  # fmt: skip
    out = folder / f"killed-{method}"
    done = subprocess.run([*command, "--out", out], cwd=folder, env=environment, capture_output=True, check=False)
    assert done.returncode == -9 and (tmp_path / "once").exists()
    run(folder, recipe(), out=out.name)
    assert published(out) == published(folder / "run")
    assert not list(out.rglob("*.rounds"))
