"""Every registered stage keeps the contract, on text of every kind."""

from __future__ import annotations

import functools
import pickle
import random
import tempfile
from pathlib import Path

import judges
import numpy as np
import planted_lms
import pyarrow as pa
import pytest
from batches import documents
from benches import ToyComparison
from harness import text_of
from personal_columns import with_findings

from pipeline.batch import Batch
from pipeline.execute import Outcome, run_stage
from pipeline.schema import fields_of
from pipeline.stage import GlobalStage, Sketch, Stage, Verdicts, can_judge, load_stages, signals_of
from pipeline.verdicts import verdicts_in
from stages.quality import PRESETS

STAGES = {name: cls for name, cls in load_stages().items() if cls.__module__.startswith("stages.")}
ROW_STAGES = [name for name, cls in STAGES.items() if issubclass(cls, Stage)]
GLOBAL_STAGES = [name for name, cls in STAGES.items() if issubclass(cls, GlobalStage)]

chance = random.Random(20261124)
TEXTS = [
    "", " ", "\n\n", "a", "中", "😀", "\ufffd" * 5, "x\r\ny\x00z\ufeff", "e\u0301" * 40, "#" * 300, "..." * 100, "0123456789 " * 30,
    "jane@acme.org 52.23.22.193 13800138000 (415) 555-2671", "联系电话：13800138000，邮箱：zhang@sina.com。", "word " * 3000, "漢字" * 3000,
    "ภาษาไทยไม่มีวรรค " * 20, "ひらがなとカタカナ。" * 20, "한국어 문장입니다. " * 20, "שלום עולם " * 30, "नमस्ते दुनिया। " * 30,
    "Cut me\nIt uses cookies here.\nOne two three four five. Six seven eight nine.\r\nWiki says[12] so, they say.\n" * 3,
    "删去此行\n本网站使用 cookie 政策。\n他们说过这样的话。后来又有人来了！\n这是真的吗？她说不是。\n" * 3,
    "good fine good", "spam! Bad, bad. 坏", "好文好文。", "坏广告，坏广告。",
    "<?xml version='1.0'?><p class=a>if (x) { return '%s'; }</p> https://a.org/b?c lorem ipsum.\n" * 20, "U2FsdGVkX1" * 90,
    *[text_of(chance, n) for n in (3, 20, 60, 120, 400, 60, 120)],
]  # fmt: skip
TEXTS += TEXTS[-3:]
SOURCES = ["code" if n % 5 == 0 else "web" for n in range(len(TEXTS))]
LANGUAGES = ["en" if text.isascii() else "zh" for text in TEXTS]
LANGUAGES[16:21] = ["th", "ja", "ko", "he", "hi"]

CASES: dict[str, tuple[str, dict]] = {name: (name, {}) for name in ROW_STAGES}
CASES |= {
    "quality-all-spacy": ("quality", {"presets": PRESETS, "words": "spacy"}),
    "quality-c4": ("quality", {"presets": ("c4",), "language": "zh", "unjudged": ("code",), "min_sentences": 2}),
    "language-lines": ("language", {"by_line": True, "cut_lines": True, "min_share_main": 0.6}),
    "dedup_exact-words": ("dedup_exact", {"by": "words", "keep": "longest"}),
    "dedup_document-star": (
        "dedup_document",
        {"threshold": 0.5, "verify": "estimated", "cluster": "star", "short": "drop", "signature": "datasketch"},
    ),
    "dedup_document-fast": ("dedup_document", {"verify": "none", "bands": 20, "rows": 5, "short": "keep"}),
    "dedup_sentence-lines": ("dedup_sentence", {"unit": "lines", "min_window_words": 1, "min_words": 3}),
    "dedup_sentence-near": ("dedup_sentence", {"near": True, "min_window_words": 2, "within": "between_sources"}),
    "pii-limits": (
        "pii",
        {"action": "mask", "max_findings": {"phone": 0, "all": 2}, "max_per_1000_chars": 10.0, "min_score": 0.0},
    ),
    "decontaminate": (
        "decontaminate",
        {"benchmarks": {"planted": "planted.txt"}, "ngram_words": 3, "ngram_chars": 4, "min_item_words": 2},
    ),
    "decontaminate-cut": (
        "decontaminate",
        {
            "benchmarks": {"planted": "planted.txt", "other": "planted.tx?"},
            "ngram_words": 3,
            "ngram_chars": 4,
            "min_item_words": 2,
            "action": "cut",
            "by": "item_frac",
            "max_item_frac": 0.3,
            "unjudged": ("code",),
        },
    ),
    "classifier": ("classifier", {"model": "planted.zip"}),
    "classifier-all": ("classifier", {"model": "all.zip", "by_language": False, "keep_frac": 0.4}),
    "classifier-pareto": ("classifier", {"model": "planted.zip", "by": "pareto", "unjudged": ("code",)}),
    "classifier-bare": (
        "classifier",
        {"model": "bare.bin", "label": "hq", "by": "threshold", "by_language": False, "min_score": 0.500011},
    ),
    "perplexity": ("perplexity", {"model": "planted.lm", "max_perplexity": 2_000}),
    "perplexity-lines": (
        "perplexity",
        {"model": "planted.lm", "by_line": True, "cut_lines": True, "served_by": {"*": "en"}, "unjudged": ("code",)},
    ),
    "perplexity-middle": (
        "perplexity",
        {"model": "", "models": {"en": "planted.lm", "th": "planted-all.lm"}, "keep": ("middle",), "by_line": True},
    ),
    "perplexity-arpa": (
        "perplexity",
        {"model": "planted.arpa", "by_language": False, "arpa_tokens": "words", "max_perplexity": 900},
    ),
    "repeated_pii-drop": ("repeated_pii", {"max_documents": 2, "unjudged": ("code",)}),
    "quality-code": ("quality", {"presets": ("code", "keywords", "bloom"), "language": "en", "max_encoded_frac": 0}),
}
GLOBAL_CASES = [name for name, (stage, _) in CASES.items() if stage in GLOBAL_STAGES]
"""Row stages with their default options; `quality` with presets of all kinds; others with planted models."""


def built(case: str):
    name, given = CASES[case]
    return STAGES[name](**given)


def given(stage, first: int = 0, last: int | None = None) -> pa.RecordBatch:
    """The texts from one to another, with the columns that the stage needs of `language` or `pii`."""
    languages = LANGUAGES[first:last] if "language_label" in stage.needs() else None
    batch = documents(TEXTS[first:last], SOURCES[first:last], first_row=first, languages=languages)
    findings = [[("person", word) for word in text.split()[:2]] for text in TEXTS[first:last]]
    return with_findings(batch, findings) if "pii_findings" in stage.needs() else batch


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory):
    """The files that CASES name, where the stages look for them."""
    folder = tmp_path_factory.mktemp("models")
    judges.write(folder / "planted.zip", judges.planted())
    judges.write(folder / "all.zip", judges.planted({"all": [500_010, 500_010, 900_000]}))
    judges.write(folder / "bare.bin", judges.model(("hq", "cc")))
    planted_lms.write(folder / "planted.lm", planted_lms.model())
    planted_lms.write(folder / "planted-all.lm", planted_lms.model(["all"]))
    planted_lms.write(folder / "planted.arpa", planted_lms.arpa().encode())
    (folder / "planted.txt").write_text(
        "It uses cookies here.\n本网站使用 cookie 政策。\ngood fine good\n好文好文。\nวรรคภาษา\n", encoding="utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield


@pytest.fixture(scope="module", params=CASES)
def case(request):
    """A stage and its resource."""
    stage = built(request.param)
    return stage, stage.open()


@functools.cache
def all_verdicts(stage) -> dict[str, np.ndarray]:
    """What a global stage decides on TEXTS if every third of them came before."""
    with tempfile.TemporaryDirectory() as folder:
        before = given(stage).take(pa.array(range(0, len(TEXTS), 3)))
        bench = ToyComparison(stage, {"before": [before], "these": [given(stage)]}, Path(folder), 3)
        stage.compare(bench)
        return bench.found["these"]


def verdicts_for(stage, batch: pa.RecordBatch) -> Verdicts | None:
    """Those on rows of TEXTS that follow each other."""
    if not isinstance(stage, GlobalStage):
        return None
    ranks = batch.column("rank").to_pylist()
    return verdicts_in(all_verdicts(stage), ranks[0] if ranks else 0, len(ranks))


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
    batch = given(case[0])
    again = pickle.loads(pickle.dumps(case[0])), case[1]
    assert again[0] == case[0]
    before = batch.to_pylist()
    assert same([apply(case, batch)], [apply(again, batch)])
    assert batch.to_pylist() == before


def test_one_row_at_a_time_is_the_whole_batch(case):
    batch = given(case[0])
    assert same([apply(case, batch.slice(row, 1)) for row in range(len(TEXTS))], [apply(case, batch)])


def test_sliced_input(case):
    around = pa.Table.from_batches([given(case[0], 7, 9), given(case[0]), given(case[0], 3, 5)]).combine_chunks()
    inside = around.to_batches()[0].slice(2, len(TEXTS))
    copy = pa.RecordBatch.from_pylist(inside.to_pylist(), schema=inside.schema)
    assert same([apply(case, inside)], [apply(case, copy)])


def test_an_empty_batch(case):
    outcome = apply(case, given(case[0], 0, 0))
    assert outcome.kept.num_rows == outcome.dropped.num_rows == 0
    assert outcome.kept.schema.equals(apply(case, given(case[0])).kept.schema)


def test_rows_are_conserved_and_only_declared_columns_are_added(case):
    batch = given(case[0])
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


@pytest.mark.parametrize("name", GLOBAL_CASES)
def test_sketches_do_not_depend_on_the_batch(name):
    stage = built(name)
    batch = given(stage)
    label = stage.name
    whole = stage.sketch(Batch(batch, stage, label))
    parts = [stage.sketch(Batch(batch.slice(row, 1), stage, label)) for row in range(len(TEXTS))]
    assert isinstance(whole, Sketch)
    firsts = np.cumsum([0, *(part.n_items for part in parts)])
    assert whole.n_items == firsts[-1]
    assert np.concatenate([part.keys for part in parts]).tolist() == whole.keys.tolist()
    items = [part.items + first for part, first in zip(parts, firsts[:-1], strict=True)]
    assert np.concatenate(items).tolist() == whole.items.tolist()
    rows = [np.full(part.n_items, row) for row, part in enumerate(parts)]
    assert (np.arange(len(TEXTS)) if whole.rows is None else whole.rows).tolist() == np.concatenate(rows).tolist()
    for kind in ("payload", "records"):
        for column, values in getattr(whole, kind).items():
            assert np.concatenate([getattr(part, kind)[column] for part in parts]).tolist() == values.tolist()
    empty = stage.sketch(Batch(given(stage, 0, 0), stage, label))
    assert len(empty.keys) == empty.n_items == 0
    assert {name: values.dtype for name, values in empty.records.items()} == {
        name: values.dtype for name, values in whole.records.items()
    }


@pytest.mark.parametrize("name", GLOBAL_CASES)
def test_verdicts_are_on_rows(name):
    found = all_verdicts(built(name))
    assert len(found["row"]) and found["row"][0] >= 0 and found["row"][-1] < len(TEXTS)
    assert {len(values) for values in found.values()} == {len(found["row"])}


JUDGING = [name for name in CASES if can_judge(built(name))]


@pytest.mark.parametrize("name", JUDGING)
def test_stored_signals_are_judged_as_fresh_ones(name):
    stage = built(name)
    fresh = Batch(given(stage), stage, "other", stage.open())
    stage.apply(fresh)
    stored = given(stage).drop_columns(["text"])
    for column, array in fresh.columns.items():
        stored = stored.append_column(column, array)
    again = Batch(stored, stage, "other")
    stage.judge(again)
    assert list(again.rules) == list(fresh.rules)
    for reason, rule in fresh.rules.items():
        assert again.rules[reason].mask.tolist() == rule.mask.tolist(), reason
        for was, now in ((rule.value, again.rules[reason].value), (rule.limit, again.rules[reason].limit)):
            assert was is now is None or np.array_equal(was, now, equal_nan=True), reason


@pytest.mark.parametrize("name", JUDGING)
def test_limits_and_slices_name_what_is_there(name):
    stage = built(name)
    batch = Batch(given(stage), stage, stage.name, stage.open())
    stage.apply(batch)
    assert {limit.reason for limit in stage.limits()} <= set(batch.rules)
    assert {limit.column for limit in stage.limits()} | set(stage.slices) <= set(stage.adds())
    assert set(stage.judging_options) <= {field.name for field, _ in fields_of(type(stage))}
    for limit in (limit for limit in stage.limits() if not limit.languages):
        failed = batch.rules[limit.reason].mask
        measured = batch.signal(limit.column)
        assert (measured[failed] < limit.value if limit.least else measured[failed] > limit.value).all(), limit.reason
