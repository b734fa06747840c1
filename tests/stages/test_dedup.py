"""dedup_exact and dedup_document: planted copies, exact survivors, for any sharding and any partition."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from batches import documents
from datasketch import MinHash, MinHashLSH
from dedup_reference import components, shingles, survivors, verdicts_by

from pipeline.execute import run_stage
from pipeline.stage import Edges, RowVerdicts
from stages.dedup import DedupDocument, DedupExact, chain, clusters

ENGLISH = (
    "The committee met on Tuesday to look at the plans for the new bridge, and heard from three engineers who had been "
    "asked to report on the state of the old one. They said that the iron was sound but that the stone would not last "
    "another winter. It was agreed to close the road to carts and to ask the county for money before the harvest."
)
CHINESE = (
    "委员会星期二开会讨论新桥的方案，并听取了三位工程师的报告，他们受托检查旧桥的状况。"
    "工程师说铁件完好，但石料撑不过下一个冬天。会议决定禁止大车通行，并在收获之前向县里申请经费。"
)
JAPANESE = (
    "委員会は火曜日に集まり、新しい橋の計画を検討し、古い橋の状態を調べるよう頼まれた三人の技師から報告を聞いた。"
    "鉄は丈夫だが、石は次の冬を越せないだろうと彼らは言った。"
)
THAI = "คณะกรรมการประชุมเมื่อวันอังคารเพื่อพิจารณาแผนสะพานใหม่และรับฟังรายงานจากวิศวกรสามคนที่ได้รับมอบหมายให้ตรวจสอบสภาพของสะพานเก่า"

LETTERS = ["".join(letters) for letters in itertools.product("abcdefghijklmnop", repeat=4)]


def one_go(stage, texts: list[str]):
    return verdicts_by(stage, [documents(texts)], 1, random.Random(0))


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, JAPANESE, THAI])
def test_exact_copies_go_and_all_else_stays(text):
    texts = [text, text + " ", "", text, "", text[:-1], text]
    assert survivors(one_go(DedupExact(), texts), texts) == [text, text + " ", "", "", text[:-1]]


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, JAPANESE, THAI])
def test_near_copies_go_and_all_else_stays(text):
    half = len(text) // 2
    near = [text.upper(), f"《{text}》!!", text.replace("。", "！\n").replace(".", " ...\n"), text + text[:3]]
    others = [
        text[:half],
        "Something else entirely was said about it on that day.",
        "完全不同的一段话，谈的是别的事情。",
    ]
    texts = [*others, text, *near]
    assert survivors(one_go(DedupDocument(), texts), texts) == [*others, text]


def test_digits_and_punctuation_do_not_tell_documents_apart():
    texts = [f"{ENGLISH} Page {n}, printed 20{n}-1{n}." for n in range(10, 20)]
    assert survivors(one_go(DedupDocument(), texts), texts) == texts[:1]


def test_short_documents_meet_only_those_with_the_same_words():
    texts = ["Hello world", "hello, WORLD!", "hello there", "world hello", "你好", "你好！", "你坏", "a", "b", "A."]
    assert survivors(one_go(DedupDocument(), texts), texts) == [
        "Hello world", "hello there", "world hello", "你好", "你坏", "a", "b",
    ]  # fmt: skip


def test_documents_without_a_word_are_never_merged():
    texts = ["", "", "...", "...", "😀", "😀", " \n", "。。。"]
    assert survivors(one_go(DedupDocument(), texts), texts) == texts


@pytest.mark.parametrize("stage", [DedupExact(), DedupDocument(bands=5, rows=3)])
def test_any_sharding_and_partition_count_gives_the_same_verdicts(stage):
    chance = random.Random(5)
    sentences = [s for text in (ENGLISH, CHINESE) for s in text.replace("。", ".").split(".") if s]
    texts = [" ".join(chance.choices(sentences, k=chance.randrange(0, 6))) for _ in range(300)]
    expected = one_go(stage, texts)
    assert (expected.twins >= 0).sum() > 20
    for partitions in (*range(1, 8), 64):
        cuts = sorted(chance.sample(range(1, 300), 5))
        parts = [documents(texts[a:b], first_row=a) for a, b in zip([0, *cuts], [*cuts, 300], strict=True)]
        found = verdicts_by(stage, parts, partitions, chance)
        for name in ("ranks", "twins", "sizes"):
            assert getattr(found, name).tolist() == getattr(expected, name).tolist()


def test_copies_are_found_as_often_as_the_formula_says():
    chance = random.Random(11)
    words = LETTERS
    found, expected = 0, 0.0
    for _ in range(400):
        tokens = chance.sample(words, 200)
        copy = [chance.choice(words) if chance.random() < 0.04 else token for token in tokens]
        texts = [" ".join(tokens), " ".join(copy)]
        one, other = (shingles(text, 5, 8) for text in texts)
        similarity = len(one & other) / len(one | other)
        expected += 1 - (1 - similarity**8) ** 14
        found += len(survivors(one_go(DedupDocument(), texts), texts)) == 1
    assert 60 < expected < 340
    assert abs(found - expected) < 4 * np.sqrt(400 / 4)


def test_clusters_are_those_of_datasketch_where_copies_are_clear():
    chance = random.Random(13)
    words = LETTERS
    texts: list[str] = []
    for _ in range(60):
        tokens = chance.sample(words, 300)
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(300)
            texts.append(" ".join([*tokens[:place], "x", *tokens[place + 1 :]]))
    chance.shuffle(texts)
    index, pairs = MinHashLSH(num_perm=128, params=(16, 8)), []
    for row, text in enumerate(texts):
        sketch = MinHash(128)
        sketch.update_batch([repr(one).encode() for one in shingles(text, 5, 8)])
        pairs += [(row, other) for other in index.query(sketch)]
        index.insert(row, sketch)
    theirs = dict(components(pairs).items())
    ours = one_go(DedupDocument(), texts)
    twins = {
        rank: twin if twin >= 0 else rank for rank, twin in zip(ours.ranks.tolist(), ours.twins.tolist(), strict=True)
    }
    assert twins == theirs


def test_a_large_bucket_gives_a_linear_number_of_edges():
    edges = chain(np.arange(100_000), np.ones(99_999, bool))
    assert len(edges.kept) == 99_999
    found = clusters(edges)
    assert set(found.twins.tolist()) == {-1, 0}
    assert set(found.sizes.tolist()) == {100_000}


def test_twins_are_the_lowest_rank_whatever_the_edges_order():
    edges = Edges(np.array([5, 3, 9, 9]), np.array([9, 5, 11, 11]))
    found = clusters(edges)
    assert list(zip(found.ranks.tolist(), found.twins.tolist(), found.sizes.tolist(), strict=True)) == [
        (3, -1, 4), (5, 3, 4), (9, 3, 4), (11, 3, 4),
    ]  # fmt: skip
    nothing = clusters(Edges(np.zeros(0, np.int64), np.zeros(0, np.int64)))
    assert len(nothing.ranks) == len(nothing.twins) == len(nothing.sizes) == 0


@pytest.mark.parametrize(("stage", "reason"), [(DedupExact(), "exact_duplicate"), (DedupDocument(), "near_duplicate")])
def test_apply_names_the_twin(stage, reason):
    verdicts = RowVerdicts(np.array(["", "f" * 32], object), np.array([2, 2], np.int32))
    out = run_stage(stage, documents([CHINESE, CHINESE]), verdicts=verdicts)
    assert out.dropped.column("reason").to_pylist() == [reason]
    assert out.dropped.column("twin").to_pylist() == ["f" * 32]
    assert out.dropped.column("value").to_pylist() == [2]
    assert out.kept.column(f"{stage.name}_cluster_size").to_pylist() == [2]
