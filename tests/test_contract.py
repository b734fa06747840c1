"""Every registered stage keeps the contract, on text of every kind."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pyarrow as pa
import pytest
from batches import documents
from harness import text_of

from pipeline.batch import Batch
from pipeline.execute import Outcome, run_stage
from pipeline.stage import GlobalStage, RowVerdicts, Sketch, Stage, load_stages, signals_of

STAGES = {name: cls for name, cls in load_stages().items() if cls.__module__.startswith("stages.")}
ROW_STAGES = [name for name, cls in STAGES.items() if issubclass(cls, Stage)]
GLOBAL_STAGES = [name for name, cls in STAGES.items() if issubclass(cls, GlobalStage)]

chance = random.Random(20261124)
TEXTS = [
    "", " ", "\n\n", "a", "中", "😀", "\ufffd" * 5, "x\r\ny\x00z\ufeff", "e\u0301" * 40, "#" * 300, "..." * 100, "0123456789 " * 30,
    "jane@acme.org 52.23.22.193 13800138000 (415) 555-2671", "联系电话：13800138000，邮箱：zhang@sina.com。", "word " * 3000, "漢字" * 3000,
    "ภาษาไทยไม่มีวรรค " * 20, "ひらがなとカタカナ。" * 20, "한국어 문장입니다. " * 20, "שלום עולם " * 30, "नमस्ते दुनिया। " * 30,
    *[text_of(chance, n) for n in (3, 20, 60, 120, 400, 60, 120)],
]  # fmt: skip
TEXTS += TEXTS[-3:]
SOURCES = ["code" if n % 5 == 0 else "web" for n in range(len(TEXTS))]


@pytest.fixture(scope="module", params=ROW_STAGES)
def case(request):
    """A stage with its default options, and its resource."""
    stage = STAGES[request.param]()
    return stage, stage.open()


def verdicts_for(stage, batch: pa.RecordBatch) -> RowVerdicts | None:
    """Verdicts that drop every third row."""
    if not isinstance(stage, GlobalStage):
        return None
    third = batch.column("rank").to_numpy() % 3 == 0
    return RowVerdicts(np.where(third, "f" * 32, "").astype(object), np.where(third, 2, 1).astype(np.int32))


def apply(case, batch: pa.RecordBatch) -> Outcome:
    stage, resource = case
    return run_stage(stage, batch, resource=resource, verdicts=verdicts_for(stage, batch))


def joined(outcomes: list[Outcome]) -> tuple[pa.Table, pa.Table, dict]:
    ledger = outcomes[0].ledger
    for outcome in outcomes[1:]:
        ledger.merge(outcome.ledger)
    kept = pa.Table.from_batches([one.kept for one in outcomes]).combine_chunks()
    return kept, pa.Table.from_batches([one.dropped for one in outcomes]).combine_chunks(), ledger.to_json()


def same(one: list[Outcome], other: list[Outcome]) -> bool:
    left, right = joined(one), joined(other)
    return left[0].equals(right[0]) and left[1].to_pylist() == right[1].to_pylist() and left[2] == right[2]


def test_every_stage_is_described():
    assert len(ROW_STAGES) >= 7
    for name, cls in STAGES.items():
        assert (cls.__doc__ or "").strip().splitlines()[0].endswith("."), name
        assert cls.name == name


def test_the_same_twice_and_after_pickling(case):
    batch = documents(TEXTS, SOURCES)
    again = pickle.loads(pickle.dumps(case[0])), case[1]
    assert again[0] == case[0]
    before = batch.to_pylist()
    assert same([apply(case, batch)], [apply(again, batch)])
    assert batch.to_pylist() == before


def test_one_row_at_a_time_is_the_whole_batch(case):
    batch = documents(TEXTS, SOURCES)
    assert same([apply(case, batch.slice(row, 1)) for row in range(len(TEXTS))], [apply(case, batch)])


def test_sliced_input(case):
    around = documents(["vorher 前", *TEXTS, "danach 後"], ["web", *SOURCES, "web"], first_row=-1 % (1 << 20))
    inside = around.slice(1, len(TEXTS))
    copy = pa.RecordBatch.from_pylist(inside.to_pylist(), schema=inside.schema)
    assert same([apply(case, inside)], [apply(case, copy)])


def test_an_empty_batch(case):
    outcome = apply(case, documents([]))
    assert outcome.kept.num_rows == outcome.dropped.num_rows == 0
    assert outcome.kept.schema.equals(apply(case, documents(TEXTS, SOURCES)).kept.schema)


def test_rows_are_conserved_and_only_declared_columns_are_added(case):
    batch = documents(TEXTS, SOURCES)
    outcome = apply(case, batch)
    uids = outcome.kept.column("uid").to_pylist() + outcome.dropped.column("uid").to_pylist()
    assert sorted(uids) == sorted(batch.column("uid").to_pylist())
    added = signals_of(case[0], case[0].name)
    assert outcome.kept.schema.names == [*batch.schema.names, *added]
    assert [outcome.kept.schema.field(name).type for name in added] == list(added.values())
    for name in batch.schema.names:
        if name != "text":
            kept = batch.filter(
                pa.array(
                    [uid in set(outcome.kept.column("uid").to_pylist()) for uid in batch.column("uid").to_pylist()]
                )
            )
            assert outcome.kept.column(name).equals(kept.column(name))
    if not getattr(case[0], "edits_text", False):
        kept_texts = {row["uid"]: row["text"] for row in batch.to_pylist()}
        assert all(kept_texts[row["uid"]] == row["text"] for row in outcome.kept.to_pylist())


def test_text_stays_valid_utf8(case):
    outcome = apply(case, documents(TEXTS, SOURCES))
    outcome.kept.column("text").validate(full=True)


@pytest.mark.parametrize("name", GLOBAL_STAGES)
def test_sketches_do_not_depend_on_the_batch(name):
    stage = STAGES[name]()
    batch = documents(TEXTS, SOURCES)
    whole = stage.sketch(Batch(batch, stage, name))
    parts = [stage.sketch(Batch(batch.slice(row, 1), stage, name)) for row in range(len(TEXTS))]
    assert isinstance(whole, Sketch)
    assert np.concatenate([part.keys for part in parts]).tolist() == whole.keys.tolist()
    assert np.concatenate([part.ranks for part in parts]).tolist() == whole.ranks.tolist()
    for column, values in whole.payload.items():
        assert np.concatenate([part.payload[column] for part in parts]).tolist() == values.tolist()
    assert len(stage.sketch(Batch(documents([]), stage, name)).keys) == 0
