"""`dedup_sentence` in whole runs: after the document stages, and the same for any number of workers."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from harness import plan, published, rows, run, text_of, texts, write_jsonl

from pipeline.errors import PlanError
from pipeline.stage import load_stages
from stages.dedup_sentence import DedupSentence

ROOT = Path(__file__).parent.parent

SOURCES = """
sources:
  web: {reader: jsonl, paths: [web.jsonl]}
  books: {reader: jsonl, paths: [books.jsonl]}
shard_mb: 1
stages:
"""
RECIPE = f"""{SOURCES}
  - toy_scrub
  - dedup_exact
  - dedup_document: {{threshold: 0.7}}
  - dedup_sentence: %s
"""
OPTIONS = "{min_words: 3, min_units: 1}"
ARTICLE = [f"Sentence number {n} of an article is about {what}." for n, what in enumerate("abcdefghijklmnopqrstuvwxyz")]
ARTICLE_ZH = [
    f"这篇文章的第{n}句话说的是{what}。" for n, what in enumerate("天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收")
]
SHARED = ["Two documents say this.", "Both of them go on like so.", "Then each says something else."]
SHARED_ZH = ["有两篇文章这样说。", "它们都这样说下去。", "然后各说各的。"]


def write(path, documents: list[str]) -> None:
    path.write_text(
        "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in documents), encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("article", "shared", "between"), [(ARTICLE, SHARED, " "), (ARTICLE_ZH, SHARED_ZH, "")], ids=["en", "zh"]
)
def test_a_document_that_drops_takes_no_last_copy(tmp_path, article, shared, between):
    """Of three sentences in a near copy, which drops, and in another document, that one keeps them."""
    other = [*shared, *reversed(article[:4]), "End." if between else "完。"]
    write(tmp_path / "web.jsonl", [between.join(article), between.join([*article, *shared])])
    write(
        tmp_path / "books.jsonl",
        [between.join(other), between.join([*shared, *other[-1:] * 3, "New words.", *other[:3]])],
    )
    run(tmp_path, RECIPE % OPTIONS)
    assert [row["reason"] for row in rows(tmp_path / "run", "dropped")] == ["near_duplicate"]
    assert texts(tmp_path / "run")[:2] == [between.join(article), between.join(other)]
    assert [row["dedup_sentence_cut_units"] for row in rows(tmp_path / "run")] == [0, 0, 6]
    facts = json.loads((tmp_path / "run" / "out" / "dedup_sentence.json").read_text())
    assert facts["sources"] == ["web", "books"] and facts["matrix"] == [[0, 0], [0, 6]]


def test_the_plan_wants_document_stages_first(tmp_path):
    write(tmp_path / "web.jsonl", ARTICLE)
    write(tmp_path / "books.jsonl", ARTICLE)
    for stages, label, later in (
        ("[dedup_sentence, dedup_document]", "dedup_sentence", "dedup_document"),
        ("[dedup_document, {dedup_sentence: {as: lines, unit: lines}}, {dedup_exact: {as: again}}]", "lines", "again"),
    ):
        recipe = SOURCES.replace("stages:\n", f"stages: {stages}\n")
        with pytest.raises(PlanError, match=rf"recipe.yaml:6: {label} must come after {later}, which is in line 6: a"):
            plan(tmp_path, recipe)
    assert len(plan(tmp_path, SOURCES + "  - pii\n  - repeated_pii\n  - dedup_sentence\n  - toy_scrub\n").steps) == 4


def test_all_stages_that_drop_come_first(tmp_path):
    """Those in whose files documents are dropped, which are named after them but for one that two of them share."""
    own = {name for name, cls in load_stages().items() if cls.__module__ == f"stages.{name}"}
    dropping = {path.stem for path in (ROOT / "stages").glob("*.py") if ".drop(" in path.read_text(encoding="utf-8")}
    assert dropping - own == {"dedup_records"}
    assert dropping - {"dedup_sentence", "dedup_records"} == set(DedupSentence.after)


@pytest.mark.parametrize(("text", "items"), [(ARTICLE, SHARED), (ARTICLE_ZH, SHARED_ZH)], ids=["en", "zh"])
def test_decontaminate_takes_no_last_copy(tmp_path, text, items):
    """What it drops has the first copy of sentences of another document, and comes first."""
    write(tmp_path / "web.jsonl", [" ".join([*items, *text[:3], "The answer of item one is thirteen and a half."])])
    write(tmp_path / "books.jsonl", [" ".join([*items, *text[5:9]])])
    write(tmp_path / "test.jsonl", ["The answer of item one is thirteen and a half."])
    asked = f"  - decontaminate: {{benchmarks: {{toy: {tmp_path / 'test.jsonl'}}}}}\n"
    sentences = f"  - dedup_sentence: {OPTIONS}\n"
    with pytest.raises(PlanError, match=r"recipe.yaml:7: dedup_sentence must come after decontaminate, .* line 8: a"):
        plan(tmp_path, SOURCES + sentences + asked)
    run(tmp_path, SOURCES + asked + sentences)
    assert [row["reason"] for row in rows(tmp_path / "run", "dropped")] == ["contaminated"]
    assert texts(tmp_path / "run") == [" ".join([*items, *text[5:9]])]


@pytest.mark.parametrize(
    "options", [OPTIONS, "{min_words: 5, min_units: 1, min_window_words: 3, near: true}"], ids=["exact", "near"]
)
def test_any_number_of_workers_publishes_the_same_bytes(tmp_path, options):
    write_jsonl(tmp_path / "web.jsonl", 200, seed=1)
    write_jsonl(tmp_path / "books.jsonl", 100, seed=1)
    with open(tmp_path / "books.jsonl", "a", encoding="utf-8") as file:
        for n in range(30):
            first, last = text_of(random.Random(n), 60), text_of(random.Random(n + 100), 30)
            file.write(json.dumps({"text": " ".join([first, *SHARED[: 2 + n % 2], last, *SHARED])}) + "\n")
    run(tmp_path, RECIPE % options, out="one")
    run(tmp_path, RECIPE % options, out="two", workers=2)
    assert published(tmp_path / "one") == published(tmp_path / "two")
    assert sum(row["dedup_sentence_cut_units"] for row in rows(tmp_path / "one")) > 50
