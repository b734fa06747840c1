"""dedup_document: planted near copies, exact survivors; what the ledger says; every policy."""

from __future__ import annotations

import itertools
import json
import random

import numpy as np
import pytest
from components import components
from datasketch import MinHash, MinHashLSH
from dedup_cases import edited, outcome, random_cuts, shards_of
from dedup_reference import shingles, ten_thousandths
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import OptionError
from stages.dedup_document import DedupDocument
from stages.dedup_sentence import DedupSentence

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
HAN = [chr(code) for code in range(0x4E00, 0x9000)]
KANA = [chr(code) for code in range(0x3041, 0x3097)]
THAI_LETTERS = [chr(code) for code in range(0x0E01, 0x0E2F)]


def uid(number: int) -> str:
    return f"{number + 1:032x}"


def survivors(stage: DedupDocument, texts: list[str], sources: list[str] | None = None, **columns) -> list[int]:
    """The numbers of the texts that stay."""
    rows = outcome(stage, shards_of(texts, sources, [len(texts) // 2], **columns), 2).rows
    return [number for number in range(len(texts)) if "reason" not in rows[uid(number)]]


def similar(one: str, other: str) -> int:
    return ten_thousandths(shingles(one, 5, 8), shingles(other, 5, 8))


@pytest.mark.parametrize("verify", ["exact", "estimated", "none"])
@pytest.mark.parametrize("text", [ENGLISH, CHINESE, JAPANESE, THAI])
def test_near_copies_go_and_all_else_stays(text, verify):
    half = len(text) // 2
    near = [text.upper(), f"《{text}》!!", text.replace("。", "！\n").replace(".", " ...\n"), text + text[:3]]
    others = [
        text[:half],
        "Something else entirely was said about it on that day.",
        "完全不同的一段话，谈的是别的事情。",
    ]
    assert survivors(DedupDocument(verify=verify), [*others, text, *near]) == [0, 1, 2, 3]


def test_digits_and_punctuation_do_not_tell_documents_apart():
    texts = [f"{ENGLISH} Page {n}, printed 20{n}-1{n}." for n in range(10, 20)]
    assert survivors(DedupDocument(), texts) == [0]


ALPHABETS = st.sampled_from([(LETTERS, " "), (HAN, ""), (KANA, ""), (THAI_LETTERS, "")])


@settings(max_examples=12)
@given(
    st.randoms(use_true_random=False),
    ALPHABETS,
    st.sampled_from(["connected", "star"]),
    st.sampled_from(["first", "longest"]),
)
def test_what_goes_is_what_all_pairs_say_of_a_family(chance, script, cluster, keep):
    """With so many bands that all pairs from the threshold on meet: against all pairs, by sets of shingles."""
    alphabet, joint = script
    texts = []
    for _ in range(3):
        units = chance.choices(alphabet, k=60)
        texts += [joint.join(edited(chance, units, alphabet, chance.randrange(3))) for _ in range(4)]
    texts.append("")
    chance.shuffle(texts)
    stage = DedupDocument(threshold=0.6, n_minima=256, bands=128, rows=2, cluster=cluster, keep=keep)
    alike = {pair: similar(texts[pair[0]], texts[pair[1]]) for pair in itertools.permutations(range(len(texts)), 2)}

    def before(number: int) -> tuple[int, int]:
        return (-len(texts[number].encode()) if keep == "longest" else 0), number

    kept = {number: number for number in range(len(texts))}
    label = {n: n for n in kept} | components([pair for pair, similarity in alike.items() if similarity >= 6000])
    for number in sorted(kept, key=before):
        if cluster == "star":
            stay = [n for n in kept if kept[n] == n and before(n) < before(number) and alike[n, number] >= 6000]
        else:
            stay = [n for n in kept if label[n] == label[number] and before(n) < before(number)]
        kept[number] = min(stay, key=before, default=number)
    found = outcome(stage, shards_of(texts, None, random_cuts(chance, len(texts))), chance.randrange(1, 4))
    for number, stays in kept.items():
        row = found.rows[uid(number)]
        assert row.get("twin", uid(number)) == uid(stays)
        if stays != number:
            neighbour = int(row["dedup_document_neighbour"], 16) - 1
            assert (row["reason"], row["limit"]) == ("near_duplicate", 0.6)
            assert row["value"] == alike[neighbour, number] / 10_000
            assert row["dedup_document_similarity"] == np.float32(row["value"])
            assert row["dedup_document_kept_similarity"] == np.float32(alike[stays, number] / 10_000)
    assert found.facts["clusters"]["removed"] == sum(stays != number for number, stays in kept.items())


@pytest.mark.parametrize("verify", ["exact", "estimated", "none"])
def test_any_shards_and_partitions_give_the_same(verify):
    chance = random.Random(5)
    sentences = [s for text in (ENGLISH, CHINESE) for s in text.replace("。", ".").split(".") if s]
    texts = [" ".join(chance.choices(sentences, k=chance.randrange(0, 6))) for _ in range(120)]
    stage = DedupDocument(bands=14, rows=3, verify=verify, threshold=0.7, short="drop")
    whole = outcome(stage, shards_of(texts, None))
    assert whole.facts["clusters"]["removed"] > 15
    for n_partitions in (2, 5):
        found = outcome(stage, shards_of(texts, None, random_cuts(chance, len(texts))), n_partitions)
        assert (found.rows, found.facts, found.table) == (whole.rows, whole.facts, whole.table)


def test_clusters_are_those_of_datasketch_where_copies_are_clear():
    chance = random.Random(13)
    texts: list[str] = []
    for _ in range(40):
        tokens = chance.sample(LETTERS, 300)
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(300)
            texts.append(" ".join([*tokens[:place], "x", *tokens[place + 1 :]]))
    chance.shuffle(texts)
    index, pairs = MinHashLSH(num_perm=128, params=(16, 8)), []
    for number, text in enumerate(texts):
        sketch = MinHash(128)
        sketch.update_batch([repr(one).encode() for one in shingles(text, 5, 8)])
        pairs += [(number, other) for other in index.query(sketch)]
        index.insert(number, sketch)
    theirs = {number: number for number in range(len(texts))} | components(pairs)
    for signature in ("fast", "datasketch"):
        rows = outcome(DedupDocument(signature=signature), shards_of(texts, None), 2).rows
        assert {n: int(rows[uid(n)].get("twin", uid(n)), 16) - 1 for n in range(len(texts))} == theirs


def test_copies_are_found_as_often_as_the_s_curve_says():
    chance = random.Random(11)
    texts, expected = [], 0.0
    for _ in range(300):
        tokens = chance.sample(LETTERS, 200)
        texts.append(" ".join(tokens))
        texts.append(" ".join(chance.choice(LETTERS) if chance.random() < 0.04 else token for token in tokens))
        expected += 1 - (1 - (similar(*texts[-2:]) / 10_000) ** 8) ** 14
    found = outcome(DedupDocument(threshold=0.01, bands=14, rows=8), shards_of(texts, None), 2).facts
    assert 45 < expected < 255
    assert abs(found["clusters"]["removed"] - expected) < 4 * np.sqrt(300 / 4)
    assert found["pairs"]["compared"] == found["pairs"]["verified"] == sum(found["pairs"]["similarities"])


def test_a_candidate_below_the_threshold_is_compared_and_stays():
    units = LETTERS[:100]
    texts = [" ".join(units), " ".join(units[:80] + LETTERS[200:220])]
    stage = DedupDocument(bands=28, rows=4)
    found = outcome(stage, shards_of(texts, None), 1)
    assert similar(*texts) == 10_000 * 76 // 116
    assert all("reason" not in row for row in found.rows.values())
    assert found.facts["pairs"]["similarities"][65] == 1
    assert found.facts["pairs"]["verified"] == 0


SHORT = [
    "Hello world",
    "hello, WORLD!",
    "hello there",
    "world hello",
    "你好",
    "你好！",
    "你坏",
    "a",
    "b",
    "A.",
    "",
    "...",
    "😀",
    "。",
]


def test_short_documents_meet_only_those_with_the_same_words():
    rows = outcome(DedupDocument(), shards_of(SHORT, None, [3]), 2).rows
    dropped = {int(row["uid"], 16) - 1: row for row in rows.values() if "reason" in row}
    assert {number: int(row["twin"], 16) - 1 for number, row in dropped.items()} == {1: 0, 5: 4, 9: 7}
    assert {(row["reason"], row["value"], row["limit"]) for row in dropped.values()} == {("short_duplicate", 1.0, 0.8)}


def test_short_documents_may_all_stay_or_all_go():
    texts = [*SHORT, ENGLISH, ENGLISH]
    assert survivors(DedupDocument(short="keep"), texts) == [*range(15)]
    rows = outcome(DedupDocument(short="drop"), shards_of(texts, None, [5]), 3).rows
    reasons = {int(key, 16) - 1: row.get("reason") for key, row in rows.items()}
    assert [number for number, reason in sorted(reasons.items()) if reason is None] == [10, 11, 12, 13, 14]
    assert {number for number, reason in reasons.items() if reason == "too_short_to_compare"} == {*range(10)}
    facts = outcome(DedupDocument(short="drop"), shards_of(texts, None), 2).facts
    assert (facts["items"], facts["short"], facts["without_key"]) == (16, 10, 4)


KEEP = [
    ({}, 0),
    ({"keep": "longest"}, 1),
    ({"keep": "newest", "date": "date"}, 2),
    ({"keep": "best", "signal": "score"}, 3),
]


@pytest.mark.parametrize("verify", ["exact", "none"])
@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
@pytest.mark.parametrize(("options", "expected"), KEEP)
def test_which_copy_stays(options, expected, text, verify):
    texts = [text, text + " ...", text, text]
    dates = [1_700_000_000, "2020-02-02", "2024-05-06T07:08:09+08:00", 1.5e9]
    columns = {"meta": [json.dumps({"date": date}) for date in dates], "score": [1, 2, 3, 4]}
    assert survivors(DedupDocument(verify=verify, **options), texts, **columns) == [expected]


def test_between_sources_only_copies_of_other_sources_go():
    texts = [CHINESE, CHINESE + "！", ENGLISH, CHINESE, ENGLISH + " And so on.", ENGLISH, "唯一的"]
    stage = DedupDocument(within="between_sources")
    assert survivors(stage, texts, ["web"] * 3 + ["书"] * 4) == [0, 1, 2, 6]
    assert survivors(DedupDocument(), texts, ["web"] * 3 + ["书"] * 4) == [0, 2, 6]


@pytest.mark.parametrize("text", ["the same few words in each document", "每篇文章都是这同一句话，一字不差。"])
def test_many_copies_are_one_cluster(text):
    found = outcome(DedupDocument(), shards_of([text] * 3000, None, [1100]), 2)
    assert found.facts["pairs"]["compared"] == 2999
    assert found.facts["clusters"]["largest"][0]["size"] == 3000


def test_a_long_document_and_its_copy():
    chance = random.Random(3)
    long = "".join(chance.choices(HAN, k=200_000))
    rows = outcome(DedupDocument(), shards_of([long, "短的一句话，没有什么特别。", long + "尾"], None), 2).rows
    assert [row.get("reason") for _, row in sorted(rows.items())] == [None, None, "near_duplicate"]
    assert rows[uid(2)]["value"] > 0.9999 - 1e-9


def test_bands_and_rows_are_solved_or_given():
    assert DedupDocument().banding() == (14, 8)
    assert DedupDocument(bands=16, rows=7).banding() == (16, 7)
    facts = outcome(DedupDocument(threshold=0.7), shards_of([ENGLISH], None), 1).facts
    assert facts["banding"] == {
        "minima": 112, "bands": 22, "rows": 5, "threshold": 0.7, "signature": "fast", "verify": "exact",
        "cluster": "connected", "shingle_words": 5, "shingle_chars": 8,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"bands": 14}, "'rows' must be given with 'bands'"),
        ({"rows": 8}, "'bands' must be given with 'rows'"),
        ({"bands": 16, "rows": 8}, "'bands' x 'rows' are 128 minima in all, and 'n_minima' is 112"),
        ({"verify": "none", "cluster": "star"}, "'cluster: star' needs 'verify: exact' or 'estimated'"),
        ({"verify": "none", "within": "between_sources"}, "'within: between_sources' needs 'verify: exact'"),
        ({"keep": "best"}, "'signal' must be given with 'keep: best'"),
        ({"threshold": 0.05, "n_minima": 8}, "'n_minima' is too low"),
    ],
)
def test_wrong_options_are_refused(wrong, message):
    with pytest.raises(OptionError, match=message):
        DedupDocument(**wrong)


@pytest.mark.parametrize(("alphabet", "joint", "size"), [(LETTERS, " ", 5), (HAN, "", 8)])
def test_what_is_far_from_the_kept_one_names_both(alphabet, joint, size):
    units, step = alphabet[:400], 40
    texts = [joint.join(units[start : start + 250]) for start in (0, step, 2 * step)]
    n = 250 - size + 1
    near, far = 10_000 * (n - step) // (n + step), 10_000 * (n - 2 * step) // (n + 2 * step)
    options = {"threshold": 0.6, "bands": 28, "rows": 4}
    found = outcome(DedupDocument(**options), shards_of(texts, None, [1]), 2)
    last = found.rows[uid(2)]
    assert (last["reason"], last["value"], last["limit"], last["twin"]) == (
        "near_duplicate",
        near / 10_000,
        0.6,
        uid(0),
    )
    assert (last["dedup_document_neighbour"], last["dedup_document_cluster_size"]) == (uid(1), 3)
    assert last["dedup_document_similarity"] == np.float32(near / 10_000)
    assert last["dedup_document_kept_similarity"] == np.float32(far / 10_000)
    first = found.rows[uid(0)]
    assert (first["dedup_document_neighbour"], first["dedup_document_kept_similarity"]) == (uid(1), 1)
    assert found.facts["far"] == 1
    assert found.facts["clusters"]["largest"] == [
        {"kept": uid(0), "size": 3, "sources": {"web": 3}, "least_similarity": far / 10_000}
    ]
    star = outcome(DedupDocument(cluster="star", **options), shards_of(texts, None, [1]), 2)
    assert [row.get("twin") for _, row in sorted(star.rows.items())] == [None, uid(0), None]
    assert star.rows[uid(2)]["dedup_document_cluster_size"] == 1
    assert star.facts["far"] == 0


def test_what_is_told():
    facts = outcome(DedupDocument(), shards_of([CHINESE, CHINESE, "短", ""], None, [1]), 2).facts
    similarities = facts["pairs"].pop("similarities")
    assert (len(similarities), similarities[100], sum(similarities)) == (101, 1, 1)
    assert facts["pairs"] == {"compared": 1, "verified": 1, "rounds": 1, "left": 0, "to_kept": 0, "undecided": 0}
    assert [facts[name] for name in ("kind", "level", "by")] == ["dedup", "document", "shingles"]
    assert [facts[name] for name in ("items", "without_key", "short", "far")] == [4, 1, 1, 0]
    assert [facts[name] for name in ("sources", "matrix", "sides", "index")] == [["web"], [[1]], None, None]
    assert outcome(DedupDocument(verify="none"), shards_of([CHINESE], None), 1).facts["pairs"] is None


@pytest.mark.parametrize("make", [DedupDocument, DedupSentence])
def test_a_threshold_has_four_decimals_at_most(make):
    for threshold in (0.80004, 2 / 3, 0.66666, 0.999999999):
        with pytest.raises(OptionError, match=f"{make.name} option 'threshold' has four decimals at most") as caught:
            make(threshold=threshold)
        assert caught.value.key == "threshold"
    assert {round(make(threshold=n / 10_000).least_similarity) - n for n in range(4_000, 10_001, 7)} == {0}


def test_a_document_of_just_one_shingle_is_not_short():
    texts = ["one two three four", "one two three four five", "天地玄黄宇宙洪", "天地玄黄宇宙洪荒"]
    rows = outcome(DedupDocument(short="drop"), shards_of(texts, None)).rows
    reasons = [rows[f"{n + 1:032x}"].get("reason") for n in range(4)]
    assert reasons == ["too_short_to_compare", None] * 2


def test_what_has_no_word_stays_even_where_short_documents_drop():
    texts = ["", "...", "。！", "hello", "你好", "one two three four five six"]
    rows = outcome(DedupDocument(short="drop"), shards_of(texts, None)).rows
    assert [rows[f"{n + 1:032x}"].get("reason") for n in range(6)] == [None] * 3 + ["too_short_to_compare"] * 2 + [None]
