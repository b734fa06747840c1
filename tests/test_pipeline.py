"""The whole line of real stages on English and Chinese: fused as one by one, and each document accounted for."""

from __future__ import annotations

import gzip
import json
import random

import pytest
from harness import published, rows, run, text_of

STAGES = ["normalize", "language", "quality", "dedup_exact", "dedup_document", "pii"]
RECIPE = """
sources:
  web: {reader: jsonl, paths: ["web*.jsonl"], id: url}
  wiki: {reader: jsonl, paths: [wiki.jsonl.gz]}
shard_mb: 1
on_error: quarantine
stages:
  - normalize
  - language: {min_score: 0.3}
  - quality: {max_hash_frac: 0.2}
  - dedup_exact
  - dedup_document
  - pii
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Good prose in both languages, shuffled by sentence, among everything that is to go."""
    root = tmp_path_factory.mktemp("pipeline")
    chance = random.Random(24)

    texts = [text_of(chance, 150) for _ in range(120)]
    texts += texts[:10] + [text.replace("。", "！").upper() for text in texts[10:20]]
    texts += [text_of(chance, 150) + "\nWrite to jane.doe@acme.org or call (415) 555-2671." for _ in range(5)]
    texts += [text_of(chance, 150) + "\n联系电话：13800138000，邮箱：zhang@sina.com。" for _ in range(5)]
    texts += [text_of(chance, 150).replace("\n", "\r\n") for _ in range(5)]
    texts += ["", "short", "短", "\ufffd" * 80, "12345 " * 60]
    chance.shuffle(texts)
    for number in range(2):
        lines = [
            json.dumps({"text": text, "url": f"mailto:a{n}@acme.org"}, ensure_ascii=False)
            for n, text in enumerate(texts[number::3])
        ]
        (root / f"web{number}.jsonl").write_text("\n".join(lines) + "\n{broken\n", encoding="utf-8")
    with gzip.open(root / "wiki.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in texts[2::3])
    run(root, RECIPE)
    return root


def test_one_by_one_as_all_at_once(folder):
    for label in ["read", *STAGES[:-1]]:
        run(folder, RECIPE, out="steps", until=label)
    run(folder, RECIPE, out="steps")
    assert published(folder / "steps") == published(folder / "run")


def test_workers_and_partitions_do_not_show(folder, monkeypatch):
    monkeypatch.setattr("pipeline.plan.PARTITION_BYTES", 5_000)
    run(folder, RECIPE, out="pool", workers=2)
    assert published(folder / "pool") == published(folder / "run")


def test_every_document_is_kept_or_explained(folder):
    kept, dropped = rows(folder / "run"), rows(folder / "run", "dropped")
    n_lines = sum((folder / f"web{number}.jsonl").read_text(encoding="utf-8").count("\n") for number in range(2))
    assert len({row["uid"] for row in kept + dropped}) == len(kept + dropped)
    assert len([row for row in kept + dropped if row["source"] == "web"]) == n_lines
    reasons = {(row["stage"], row["reason"]) for row in dropped}
    assert reasons >= {
        ("read", "bad_json"), ("normalize", "empty"), ("normalize", "broken_text"), ("language", "undetermined"),
        ("quality", "too_short"), ("dedup_exact", "exact_duplicate"), ("dedup_document", "near_duplicate"),
    }  # fmt: skip
    by_uid = {row["uid"]: row for row in kept + dropped}
    for row in dropped:
        if row["twin"]:
            assert by_uid[row["twin"]]["rank"] < row["rank"]
            assert row["twin"] in {one["uid"] for one in kept} or by_uid[row["twin"]]["stage"] != row["stage"]


def test_both_languages_survive_and_nothing_personal_does(folder):
    kept = rows(folder / "run")
    assert {row["language_label"] for row in kept} >= {"en", "zh"}
    for row in kept + rows(folder / "run", "dropped"):
        everything = json.dumps(row, ensure_ascii=False)
        for secret in ("jane.doe", "zhang@", "13800138000", "555-2671", "@acme.org"):
            assert secret not in everything
    assert sum(row["pii_n_email"] for row in kept) >= 2
    assert all("\r" not in row["text"] for row in kept)
