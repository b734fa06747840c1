"""Whole runs with the stage `perplexity`: any number of workers, what would have been, and what is told of a model."""

from __future__ import annotations

import json
import random

import planted_lms
import pytest
from harness import published, rows, run
from questions import ask, outcomes, then_by_uid

from pipeline.errors import PlanError

RECIPE = """
sources:
  web: {reader: jsonl, paths: [web.jsonl]}
  books: {reader: jsonl, paths: [books.jsonl]}
shard_mb: 1
stages:
  - toy_scrub
  - perplexity: {model: %s/all.lm, by_language: false, unjudged: [books], %s}
"""
OPTIONS = "by_line: true, keep: [head, middle]"
CHANGES = {
    "one part": {"keep": ["head"]},
    "the parts in between": {"keep": ["middle"]},
    "all parts, and a bound": {"keep": ["head", "middle", "tail"], "max_perplexity": 150},
    "all sources": {"unjudged": []},
}


def text(chance: random.Random) -> str:
    """Lines of one language with some share of the likely words."""
    likely, unlikely, space = chance.choice(
        [(["good", "fine"], ["spam", "cat"], " "), (["好", "文"], ["坏", "鬼"], "")]
    )
    share = chance.random()
    lines = [[chance.choice(likely if chance.random() < share else unlikely) for _ in range(20)] for _ in range(5)]
    return "\n".join(space.join(line) for line in lines)


@pytest.fixture
def folder(tmp_path):
    """Two sources of a few hundred documents, and the model."""
    chance = random.Random(6)
    planted_lms.write(tmp_path / "all.lm", planted_lms.model(["all"]))
    for name, n in (("web", 300), ("books", 40)):
        lines = [json.dumps({"text": text(chance)}, ensure_ascii=False) for _ in range(n)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join([*lines, '{"text": ""}']), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("options", [OPTIONS, "by_line: true, cut_lines: true"])
def test_any_number_of_workers_publishes_the_same_bytes(folder, options):
    recipe = RECIPE % (folder, options)
    run(folder, recipe, out="one")
    run(folder, recipe, out="two", workers=2)
    assert published(folder / "one") == published(folder / "two")
    parts = [row["perplexity_part"] for row in rows(folder / "one", "dropped") if row["reason"] == "high_perplexity"]
    assert parts and set(parts) == {"tail"}
    assert {row["source"] for row in rows(folder / "one", "dropped") if row["reason"] != "empty"} == {"web"}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=list(CHANGES))
def test_what_other_options_would_have_done_is_what_they_do(folder, changes):
    run(folder, RECIPE % (folder, OPTIONS))
    others = ", ".join(f"{name}: {json.dumps(value)}" for name, value in {"by_line": True, **changes}.items())
    recipe = (RECIPE % (folder, others)).replace(
        "unjudged: [books], ", "" if "unjudged" in changes else "unjudged: [books], "
    )
    run(folder, recipe, out="other")
    before, after = outcomes(folder, "run"), outcomes(folder, "other")
    answer = ask(
        folder, *(f"perplexity.{name}={json.dumps(value)}" for name, value in changes.items()), n_examples=1000
    )
    assert answer["then"]["unknown"] == 0
    assert then_by_uid(answer) == {uid: after[uid] for uid in after if after[uid] != before[uid]} != {}


def test_what_is_measured_cannot_be_asked_for(folder):
    run(folder, RECIPE % (folder, OPTIONS))
    with pytest.raises(
        PlanError, match=r"head_percentile changes what is measured.*to be tried here: unserved, keep, max"
    ):
        ask(folder, "perplexity.head_percentile=20")


def test_what_is_known_of_the_model_is_published(folder):
    run(folder, RECIPE % (folder, OPTIONS))
    told = json.loads((folder / "run" / "out" / "perplexity.json").read_text(encoding="utf-8"))
    assert told == planted_lms.about(["all"])
