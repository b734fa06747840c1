"""dedup_exact: planted copies, exact survivors; every way to compare, every order of priority."""

from __future__ import annotations

import json

import numpy as np
import pytest
import reference
from dedup_cases import clusters_in, outcome, random_cuts, shards_of
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import texts as any_text

from pipeline.errors import OptionError
from pipeline.execute import run_stage
from pipeline.stage import Verdicts
from stages.dedup_exact import DedupExact
from stages.kernels import hashing

ENGLISH = "The committee met on Tuesday; it agreed to close the road to carts before the 3rd of May."
CHINESE = "委员会星期二开会，讨论新桥的方案。会议决定在5月3日之前禁止大车通行。"
JAPANESE = "委員会は火曜日に集まり、新しい橋の計画を検討した。"
THAI = "คณะกรรมการประชุมเมื่อวันอังคารเพื่อพิจารณาแผนสะพานใหม่"


def lower(word: str) -> str:
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in word)


def survivors(stage: DedupExact, texts: list[str], sources: list[str] | None = None, **columns) -> list[int]:
    """The numbers of the texts that stay."""
    rows = outcome(stage, shards_of(texts, sources, **columns), 2).rows
    return [number for number in range(len(texts)) if "reason" not in rows[f"{number + 1:032x}"]]


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, JAPANESE, THAI])
def test_copies_go_and_all_else_stays(text):
    texts = [
        text,
        f" {text}\n",
        "",
        text[:-1],
        text,
        "",
        "\n \u3000",
        text.upper() + "a",
        text.replace(" ", "\u00a0\t"),
    ]
    assert survivors(DedupExact(), texts) == [0, 2, 3, 5, 6, 7]


@pytest.mark.parametrize(
    ("text", "same", "other"),
    [
        (
            ENGLISH,
            "the COMMITTEE met on Tuesday it agreed to close the road to carts before the 3rd of May",
            ENGLISH.replace("3", "4"),
        ),
        (CHINESE, CHINESE.replace("，", " ").replace("。", "\n"), CHINESE.replace("5", "6")),
    ],
)
def test_by_words_punctuation_does_not_count_and_digits_do(text, same, other):
    assert survivors(DedupExact(by="words"), [text, same, other, "...", "！？", "。。"]) == [0, 2, 3, 4, 5]
    assert survivors(DedupExact(), [text, same, other]) == [0, 1, 2]


def test_by_a_field_of_meta():
    metas = [
        {"url": "a"},
        {"url": "a", "n": 1},
        {},
        {},
        {"url": ""},
        {"url": ""},
        {"url": None},
        {"url": ["中"]},
        {"url": ["中"]},
        5,
    ]
    texts = [f"{ENGLISH} {number}" for number in range(len(metas))]
    stage = DedupExact(by="meta:url")
    found = shards_of(texts, None, [3], meta=[json.dumps(meta) for meta in metas])
    assert stage.needs() == ("text", "uid", "source", "meta")
    assert survivors(stage, texts, meta=[json.dumps(meta) for meta in metas]) == [0, 2, 3, 4, 5, 6, 7, 9]
    facts = outcome(stage, found, 2).facts
    assert (facts["by"], facts["without_key"], facts["clusters"]["removed"]) == ("meta:url", 6, 2)


def test_documents_without_the_field_are_noted():
    (batch,) = shards_of(["a", "b", "c"], None, meta=['{"url": "x"}', "{}", '{"url": ""}'])["s0"][-1:]
    none = np.zeros((0, 2), np.uint64)
    verdicts = Verdicts(
        np.zeros(0, np.int64), {"size": np.zeros(0, np.int32), "stays": np.zeros(0, bool), "twin": none}
    )
    ledger = run_stage(DedupExact(by="meta:url"), batch, verdicts=verdicts).ledger
    assert ledger.count("dedup_exact", "web").notes == {"without_url": 2}


def test_the_ledger_names_the_one_that_is_kept():
    rows = outcome(DedupExact(), shards_of([CHINESE, ENGLISH, CHINESE, CHINESE], None, [1, 3]), 3).rows
    dropped = [row for row in rows.values() if "reason" in row]
    assert [(row["uid"][-1], row["reason"], row["value"], row["twin"][-1]) for row in dropped] == [
        ("3", "exact_duplicate", 3, "1"), ("4", "exact_duplicate", 3, "1"),
    ]  # fmt: skip
    assert [row["dedup_exact_cluster_size"] for _, row in sorted(rows.items())] == [3, 1, 3, 3]


KEEP = [
    (DedupExact(), [0]),
    (DedupExact(keep="longest"), [2]),
    (DedupExact(keep="newest", date="date"), [3]),
    (DedupExact(keep="best", signal="score"), [1]),
]


@pytest.mark.parametrize(("stage", "expected"), KEEP)
@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_which_copy_stays(stage, expected, text):
    texts = [text, text, text + "\n\n ", text, text + "\n"]
    dates = ["2024-01-01", "nonsense", "2023-12-31T23:59:59Z", "2024-01-01T00:00:01+00:00", None]
    columns = {"meta": [json.dumps({"date": date}) for date in dates], "score": [0.5, 0.9, 0.9, -1.0, float("nan")]}
    assert survivors(stage, texts, **columns) == expected


@pytest.mark.parametrize(
    "stage", [DedupExact(within="between_sources"), DedupExact(within="between_sources", keep="longest")]
)
def test_between_sources_copies_within_one_stay(stage):
    texts, sources = (
        [CHINESE, CHINESE, ENGLISH, CHINESE, CHINESE, ENGLISH, "a"],
        ["web", "web", "web", "书", "书", "书", "书"],
    )
    assert survivors(stage, texts, sources) == [0, 1, 2, 6]


def test_a_collision_of_keys_makes_no_copies(monkeypatch):
    true_hash = hashing.hash_documents

    def first_half_is_constant(data, offsets, seed):
        hashes = true_hash(data, offsets, seed)
        return hashes if seed else np.full_like(hashes, 7)

    monkeypatch.setattr(hashing, "hash_documents", first_half_is_constant)
    assert survivors(DedupExact(), ["one text", "另一篇", "one text", "third", "另一篇"]) == [0, 1, 3]
    assert survivors(DedupExact(keep="longest"), ["one", "另一篇", "one ", "third", "另一篇"]) == [1, 2, 3]


@settings(max_examples=25)
@given(
    st.lists(any_text, min_size=1, max_size=12), st.sampled_from(["text", "words"]), st.randoms(use_true_random=False)
)
def test_any_text_and_any_shards(texts, by, chance):
    texts = texts + chance.choices(texts, k=4)
    stage = DedupExact(by=by)
    keys = [" ".join(text.split() if by == "text" else map(lower, reference.words(text))) for text in texts]
    expected = [number for number, key in enumerate(keys) if not key or key not in keys[:number]]
    whole = outcome(stage, shards_of(texts, None))
    parts = outcome(stage, shards_of(texts, None, random_cuts(chance, len(texts))), 3)
    assert [n for n in range(len(texts)) if "reason" not in whole.rows[f"{n + 1:032x}"]] == expected
    assert (parts.rows, parts.facts, parts.table) == (whole.rows, whole.facts, whole.table)
    assert whole.facts["without_key"] == keys.count("")
    assert sum(one["size"] for one in clusters_in(whole.table)) == whole.facts["clusters"]["items"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"by": "url"}, "must be text, words, or meta: and the name of a field, got 'url'"),
        ({"by": "meta:"}, "got 'meta:'"),
        ({"keep": "newest"}, "'date' must be given with 'keep: newest'"),
        ({"signal": "score"}, "'signal' has no effect without 'keep: best'"),
        ({"keep": "last"}, "has no choice 'last'"),
    ],
)
def test_wrong_options_are_refused(wrong, message):
    with pytest.raises(OptionError, match=message):
        DedupExact(**wrong)


def test_many_copies_are_one_cluster():
    n = 20_000
    found = outcome(DedupExact(), shards_of(["每篇文章都是这同一句话。"] * n, None, [7000]), 2)
    counts = {name: value for name, value in found.facts["clusters"].items() if name != "largest"}
    assert counts == {"n": 1, "items": n, "removed": n - 1, "sizes": {"16385-32768": 1}}
