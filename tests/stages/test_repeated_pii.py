"""Personal data in many documents: counted, told without any value, and dropped if wished."""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from batches import documents
from benches import compared
from harness import plan, write_jsonl
from hypothesis import given
from hypothesis import strategies as st
from personal_columns import with_findings

from pipeline.batch import Batch
from pipeline.errors import PlanError, RecipeError
from stages.repeated_pii import N_WIDEST, RepeatedPii

JANE, SHOP, ZHANG = ("email", "jane@acme.org"), ("email", "shop@acme.org"), ("phone", "13800138000")
"""Findings: entity and value."""


def outcome(stage: RepeatedPii, shards: dict[str, list[list[list[tuple[str, str]]]]], n_partitions: int = 1):
    """What the stage makes of documents with these findings: the signal and whether it stays by document, facts."""
    made, first = {}, 0
    for source, batches in shards.items():
        made[source] = []
        for findings in batches:
            batch = documents(["文本 text"] * len(findings), [source] * len(findings), first_row=first)
            made[source].append(with_findings(batch, findings))
            first += len(findings)
    with tempfile.TemporaryDirectory() as folder:
        kept, dropped, facts = compared(stage, made, Path(folder), n_partitions)
    found = {}
    for batches, stays in ((kept, True), (dropped, False)):
        for batch in batches:
            for row in batch.to_pylist():
                found[row["rank"]] = row["repeated_pii_documents"], stays
    return [found[rank] for rank in sorted(found)], facts


SHARDS = {
    "web": [[[JANE, SHOP], [SHOP, SHOP, ZHANG], []], [[SHOP]]],
    "书": [[[ZHANG, SHOP], [("person", "王小明")]]],
}


@pytest.mark.parametrize("n_partitions", [1, 5])
def test_documents_that_share_a_value_are_counted(n_partitions):
    found, facts = outcome(RepeatedPii(), SHARDS, n_partitions)
    assert found == [(4, True), (4, True), (0, True), (4, True), (4, True), (1, True)]
    assert facts == {
        "kind": "repeated_pii",
        "of": "pii",
        "entities": {
            "email": {
                "documents": 4,
                "values": 2,
                "shared_by": {"1": 1, "2": 0, "3-4": 1},
                "widest": [{"documents": 4, "sources": {"web": 3, "书": 1}}, {"documents": 1, "sources": {"web": 1}}],
            },
            "phone": {
                "documents": 2,
                "values": 1,
                "shared_by": {"1": 0, "2": 1},
                "widest": [{"documents": 2, "sources": {"web": 1, "书": 1}}],
            },
            "person": {
                "documents": 1,
                "values": 1,
                "shared_by": {"1": 1},
                "widest": [{"documents": 1, "sources": {"书": 1}}],
            },
        },
    }


def test_only_named_entities_count_and_sources_may_be_unjudged():
    stage = RepeatedPii(entities=("phone", "person"), max_documents=1, unjudged=("书",))
    found, facts = outcome(stage, SHARDS)
    assert found == [(0, True), (2, False), (0, True), (0, True), (2, True), (1, True)]
    assert list(facts["entities"]) == ["phone", "person"]
    assert stage.needs() == ("source", "pii_findings", "pii_hashes", "pii_n_phone", "pii_n_person")


@pytest.mark.parametrize(("most", "stays"), [(0, True), (1, False), (3, False), (4, True)])
def test_documents_with_a_widespread_value_drop(most, stays):
    found, _ = outcome(RepeatedPii(max_documents=most), SHARDS)
    assert [one for n, one in found if n == 4] == [stays] * 4
    assert all(one for n, one in found if n < 4)


def test_nothing_to_count():
    for shards in ({}, {"web": []}, {"web": [[]]}, {"web": [[[], []]]}):
        found, facts = outcome(RepeatedPii(max_documents=1), shards)
        assert set(found) <= {(0, True)}
        assert all(
            one == {"documents": 0, "values": 0, "shared_by": {}, "widest": []} for one in facts["entities"].values()
        )


def test_facts_hold_neither_values_nor_hashes():
    chance = random.Random(1)
    findings = [[("phone", f"1380013{chance.randrange(500):04}")] for _ in range(2_000)]
    _, facts = outcome(RepeatedPii(), {"web": [findings]}, 3)
    text = json.dumps(facts)
    assert len(facts["entities"]["phone"]["widest"]) == N_WIDEST
    batch = with_findings(documents(["x"] * len(findings)), findings)
    for hashed, ((_, value),) in zip(batch.column("pii_hashes").to_pylist(), findings, strict=True):
        assert str(hashed[0]) not in text and value not in text


values = st.tuples(st.sampled_from(["email", "phone", "person"]), st.sampled_from("abcd"))
batches = st.lists(st.lists(st.lists(values, max_size=4), max_size=4), max_size=3)


@given(st.dictionaries(st.sampled_from(["web", "书", "b"]), batches, max_size=3), st.integers(1, 4), st.integers(0, 3))
def test_it_is_what_counting_in_memory_gives(shards, n_partitions, most):
    found, facts = outcome(RepeatedPii(max_documents=most), shards, n_partitions)
    rows = [(source, set(one)) for source, parts in shards.items() for part in parts for one in part]
    shared = Counter(value for _, values in rows for value in values)
    widest = [max((shared[value] for value in values), default=0) for _, values in rows]
    assert found == [(n, not most or n <= most) for n in widest]
    by_entity = defaultdict(list)
    for (entity, _), n in shared.items():
        by_entity[entity].append(n)
    for entity, told in facts["entities"].items():
        assert told["values"] == sum(told["shared_by"].values()) == len(by_entity[entity])
        assert [one["documents"] for one in told["widest"]] == sorted(by_entity[entity], reverse=True)[:N_WIDEST]
        assert all(sum(one["sources"].values()) == one["documents"] for one in told["widest"])
        assert told["documents"] == sum(any(kind == entity for kind, _ in values) for _, values in rows)


def test_another_label_and_sliced_batches():
    stage = RepeatedPii(of="again")
    batch = with_findings(documents(["a", "b", "c"]), [[JANE], [], [ZHANG, JANE, ZHANG]], label="again")
    assert stage.needs() == ("source", "again_findings", "again_hashes")
    whole = stage.sketch(Batch(batch, stage, "repeated_pii"))
    assert whole.items.tolist() == [0, 2, 2]
    part = stage.sketch(Batch(batch.slice(1), stage, "repeated_pii"))
    assert part.items.tolist() == [1, 1]
    assert sorted(part.keys.tolist()) == sorted(whole.keys[1:].tolist())


def test_the_plan_says_what_is_missing(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 3, seed=1)
    sources = "sources: {web: {reader: jsonl, paths: [a.jsonl]}}\n"
    for stages, message in (
        ("[repeated_pii]", "repeated_pii needs the column 'pii_findings', .* the stage `pii` does: put it before"),
        ("[repeated_pii, pii]", "repeated_pii needs the column 'pii_findings', which pii adds: move pii before it"),
        ("[pii: {as: again}, repeated_pii]", "repeated_pii needs the column 'pii_findings'"),
        ("[pii, repeated_pii: {entities: [emial]}]", r"'pii_n_emial', .* \(did you mean 'pii_n_email'\?\)"),
        ("[pii, repeated_pii: {unjudged: [books]}]", "option 'unjudged' names no source of this recipe: 'books'"),
    ):
        with pytest.raises(PlanError, match=message):
            plan(tmp_path, f"{sources}stages: {stages}\n")
    with pytest.raises(RecipeError, match="repeated_pii option 'entities' has no entity 'findings'"):
        plan(tmp_path, f"{sources}stages: [pii, repeated_pii: {{entities: [findings]}}]\n")
    with pytest.raises(PlanError, match="pii must come after normalize, which is in line 2"):
        plan(tmp_path, f"{sources}stages: [pii, normalize]\n")
    plan(tmp_path, f"{sources}stages: [pii: {{as: again}}, repeated_pii: {{of: again, entities: [email]}}]\n")
