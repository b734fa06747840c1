"""split: near copies are on one side, whatever the shards; the share is what was asked for."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from dedup_cases import edited, outcome, shards_of
from dedup_reference import jaccard, shingles
from harness import CHINESE, ENGLISH, rows, run

from pipeline.errors import OptionError
from stages.split import Split, draw

LETTERS = ["".join(letters) for letters in itertools.product("abcdefghijklmnop", repeat=4)]
HAN = [chr(code) for code in range(0x4E00, 0x9000)]


def split(
    stage: Split, texts: list[str], cuts: Sequence[int] = (), n_partitions: int = 1
) -> dict[str, tuple[str, int]]:
    """uid -> (side, size of its cluster); the uid of text i is i + 1."""
    found = outcome(stage, shards_of(texts, None, cuts), n_partitions)
    assert not any("reason" in row for row in found.rows.values())
    return {uid: (row["split_side"], row["split_cluster_size"]) for uid, row in sorted(found.rows.items())}


def sides_of(stage: Split, texts: list[str]) -> list[str]:
    return [side for side, _ in split(stage, texts).values()]


def families(chance: random.Random, n: int, n_units: int) -> list[tuple[int, str]]:
    """(family, text): documents of English or Chinese, each with some edited copies, in any order."""
    made = []
    for family in range(n):
        alphabet, joint = (LETTERS, " ") if chance.random() < 0.5 else (HAN, "")
        units = chance.choices(alphabet, k=n_units)
        made += [(family, joint.join(edited(chance, units, alphabet, k))) for k in (0, 0, 1, 2, 3)]
    chance.shuffle(made)
    return made


@pytest.mark.parametrize("seed", range(5))
def test_near_copies_are_on_one_side(seed):
    made = families(random.Random(seed), 80, 300)
    stage = Split(validation_frac=0.5, seed=seed)
    found = split(stage, [text for _, text in made])
    by_family: dict[int, set[tuple[str, int]]] = {}
    for (family, _), result in zip(made, found.values(), strict=True):
        by_family.setdefault(family, set()).add(result)
    assert all(len(results) == 1 for results in by_family.values())
    assert {size for results in by_family.values() for _, size in results} == {5}
    assert 20 < sum(results == {("validation", 5)} for results in by_family.values()) < 60


@pytest.mark.parametrize(("alphabet", "joint"), [(LETTERS, " "), (HAN, "")])
def test_copies_meet_as_often_as_the_docstring_says(alphabet, joint):
    chance = random.Random(3)
    texts: list[str] = []
    for number in range(300):
        units = chance.sample(alphabet, 100)
        texts += [joint.join(units), joint.join(edited(chance, units, alphabet, number % 12))]
    sets = [shingles(text, 5, 8) for text in texts]
    found = list(split(Split(), texts).values())
    expected, spread, met, misses, close = 0.0, 0.0, 0, 0, 0
    for one in range(0, len(texts), 2):
        similarity = jaccard(sets[one], sets[one + 1])
        chance_to_meet = 1 - (1 - similarity**5) ** 20
        together = found[one][1] == 2
        expected, spread = expected + chance_to_meet, spread + chance_to_meet * (1 - chance_to_meet)
        met += together
        close += similarity >= 0.8
        misses += similarity >= 0.8 and not together
    assert 150 < expected < 280
    assert abs(met - expected) < 4 * np.sqrt(spread)
    assert close > 50
    assert misses <= 1  # the chance of two is close^2 / 2 * 0.00036^2, under one in a thousand
    for one, other in itertools.combinations(range(0, len(texts), 2), 2):
        assert not sets[one] & sets[other]
    assert {size for _, size in found} == {1, 2}


def test_probabilities_of_the_docstring():
    shown = [round(100 * (1 - (1 - s**5) ** 20), 2) for s in (0.5, 0.6, 0.7, 0.8)]
    assert shown == [47.01, 80.19, 97.48, 99.96]
    assert [round(100 * (1 - (1 - s**8) ** 14)) for s in (0.5, 0.6, 0.7, 0.8)] == [5, 21, 56, 92]
    default = Split()
    assert (default.bands, default.rows) == (20, 5)


@pytest.mark.parametrize("frac", [0.01, 0.1, 0.5])
def test_the_share_is_what_was_asked_for(frac):
    chance = random.Random(8)
    texts = [" ".join(chance.choices(LETTERS, k=8)) + "".join(chance.choices(HAN, k=9)) for _ in range(5000)]
    n = sides_of(Split(validation_frac=frac), texts).count("validation")
    assert abs(n - 5000 * frac) < 5 * np.sqrt(5000 * frac * (1 - frac))


def test_a_document_alone_goes_where_its_uid_sends_it():
    texts = ["", "...", "。。。", "", "...", "one document", "一份文件"]
    texts += [f"{a} {b}" for a, b in zip(LETTERS[:500], HAN[:500], strict=True)]
    for seed, frac in ((0, 0.3), (7, 0.25)):
        found = split(Split(seed=seed, validation_frac=frac), texts)
        for uid, result in found.items():
            drawn = hashlib.blake2b(f"{seed}\0split\0{uid}".encode(), digest_size=8).hexdigest()
            held_out = int(drawn, 16) < int(Fraction(frac) * 2**64)
            assert result == ("validation" if held_out else "train", 1)


def test_exact_copies_are_on_one_side_however_short():
    texts = [*ENGLISH, *CHINESE, "the river", "河流 river", "a"] * 2
    found = list(split(Split(validation_frac=0.5), texts).values())
    half = len(texts) // 2
    assert found[:half] == found[half:]
    assert {side for side, _ in found} == {"train", "validation"}


def test_nothing_is_held_out_of_nothing_and_at_zero():
    assert split(Split(), []) == {}
    assert set(sides_of(Split(validation_frac=0.0), [*LETTERS[:300], "中文"])) == {"train"}


def test_large_clusters_go_to_train():
    texts = ["一只猫坐在垫子上看着窗外的雨"] * 101 + ["the cat sat on the mat and looked at the rain"] * 100
    seen = [sides_of(Split(validation_frac=0.5, seed=seed), texts) for seed in range(20)]
    assert {side for sides in seen for side in sides[:101]} == {"train"}
    assert {side for sides in seen for side in sides[101:]} == {"train", "validation"}
    seen = [sides_of(Split(validation_frac=0.5, seed=seed, max_cluster=101), texts) for seed in range(20)]
    assert {side for sides in seen for side in sides[:101]} == {"train", "validation"}


def test_the_split_stays_when_other_documents_go():
    chance = random.Random(4)
    made = families(chance, 60, 200)
    texts = [text for _, text in made]
    batch = shards_of(texts, None)["s0"]
    stage = Split(validation_frac=0.5)
    whole = split(stage, texts)

    def of(chosen: list[bool]) -> dict[str, tuple[str, int]]:
        rest = pa.Table.from_batches(batch).filter(pa.array(chosen)).combine_chunks().to_batches()
        rows = outcome(stage, {"s0": rest}).rows
        return {uid: (row["split_side"], row["split_cluster_size"]) for uid, row in rows.items()}

    for _ in range(5):
        gone = set(chance.sample(range(60), 25))
        found = of([family not in gone for family, _ in made])
        assert found == {uid: whole[uid] for uid in found}
        assert len(found) == 5 * 35
    first: dict[int, int] = {}
    for row, (family, _) in enumerate(made):
        first.setdefault(family, row)
    found = of([row == first[family] or chance.random() < 0.5 for row, (family, _) in enumerate(made)])
    assert {uid: side for uid, (side, _) in found.items()} == {uid: whole[uid][0] for uid in found}


def test_any_sharding_and_partition_count_gives_the_same_split():
    chance = random.Random(6)
    sentences = ["".join(chance.choices(HAN, k=12)) + "。" for _ in range(20)]
    sentences += [" ".join(chance.choices(LETTERS, k=8)) + ". " for _ in range(20)]
    texts = ["".join(chance.choices(sentences, k=chance.randrange(0, 5))) for _ in range(300)]
    stage = Split(validation_frac=0.4, bands=30, rows=2, max_cluster=40)
    expected = split(stage, texts)
    assert len({size for _, size in expected.values()}) > 3
    for n_partitions in (2, 7):
        assert split(stage, texts, sorted(chance.sample(range(1, 300), 5)), n_partitions) == expected


def test_another_seed_gives_another_split_and_another_stage_another_number():
    texts = [f"{a} 与 {b}" for a, b in zip(LETTERS[:400], HAN[:400], strict=True)]
    one, other = (sides_of(Split(validation_frac=0.5, seed=seed), texts) for seed in (0, 1))
    assert 120 < sum(a != b for a, b in zip(one, other, strict=True)) < 280
    assert draw(0, "split", "f" * 32) != draw(0, "tokenizer", "f" * 32)
    assert draw(0, "split", "f" * 32) == 4461936682152554428


def test_facts_tell_of_nothing_that_goes():
    texts = ["一只猫坐在垫子上看着窗外的雨"] * 3 + ["the cat sat on the mat"] * 2 + ["", "a dog", *HAN[:4]]
    facts = outcome(Split(seed=2**32 - 1), shards_of(texts, ["web"] * 4 + ["wiki"] * 7)).facts
    assert facts["clusters"] == {
        "n": 2, "items": 5, "sizes": {"2": 1, "3-4": 1},
        "largest": [{"size": 3, "sources": {"web": 3}}, {"size": 2, "sources": {"web": 1, "wiki": 1}}],
    }  # fmt: skip
    assert {name: facts[name] for name in ("kind", "items", "without_key", "sources")} == {
        "kind": "split", "items": 11, "without_key": 1, "sources": ["web", "wiki"]
    }  # fmt: skip
    assert not {"matrix", "far", "sides", "index", "pairs"} & {*facts}
    assert (facts["banding"]["bands"], facts["banding"]["rows"]) == (20, 5) and "threshold" not in facts["banding"]


def test_sources_share_clusters_in_a_whole_run(tmp_path):
    chance = random.Random(9)
    made = families(chance, 30, 150)
    for name in ("web", "书"):
        (tmp_path / name).mkdir()
    for number, (_, text) in enumerate(made):
        (tmp_path / ("web" if number % 3 else "书") / f"{number:03d}.txt").write_text(text, encoding="utf-8")
    sources = "sources: {web: {reader: text, paths: [web/*.txt]}, books: {reader: text, paths: [书/*.txt]}}\n"
    recipe = sources + "stages: [normalize, {split: {validation_frac: 0.4}}]\n"
    found = {}
    for workers in (1, 2):
        run(tmp_path, recipe, out=f"run{workers}", workers=workers)
        found[workers] = [(row["text"], row["split_side"]) for row in rows(tmp_path / f"run{workers}")]
    assert found[1] == found[2]
    family_of = {text: family for family, text in made}
    by_family: dict[int, set[str]] = {}
    for text, side in found[1]:
        by_family.setdefault(family_of[text], set()).add(side)
    assert len(found[1]) == len(made)
    assert all(len(sides) == 1 for sides in by_family.values())
    assert len(set.union(*by_family.values())) == 2


@pytest.mark.parametrize(
    "wrong", [{"validation_frac": 0.51}, {"validation_frac": -0.1}, {"bands": 0}, {"max_cluster": 0}, {"seed": 2**32}]
)
def test_wrong_options_are_refused(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        Split(**wrong)
