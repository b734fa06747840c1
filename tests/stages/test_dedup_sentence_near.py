"""Near copies of single units: what is cut is similar to what stays, and what is the same is always cut."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
import reference
import reference_sentences as truth
from batches import documents
from benches import ToyComparison, compared

from pipeline.errors import OptionError
from stages import sentence_rounds
from stages.dedup_sentence import DedupSentence

WORDS = [f"{a}{b}" for a in ("ba", "de", "fi", "go", "ku") for b in ("la", "me", "ni", "po", "ru", "sta")]
HAN = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜金生丽水玉出昆冈"


def shingles(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    """Runs of two words, or of three characters if half of them are of unspaced scripts."""
    size = 3 if 2 * sum(map(reference.is_unspaced, words)) >= len(words) else 2
    return {words[n : n + size] for n in range(max(1, len(words) - size + 1))}


def similarity(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    one, other = shingles(one), shingles(other)
    return len(one & other) / len(one | other)


def corpus(seed: int) -> list[str]:
    """Documents of sentences of which many are others with a word changed, left out or added, as are these."""
    chance, found = random.Random(seed), []
    pool: list[list[str]] = []
    for _ in range(60):
        units = []
        for _ in range(6):
            if pool and chance.random() < 0.6:
                words = list(chance.choice(pool))
                for _ in range(chance.choice([0, 1, 1, 2])):
                    place = chance.randrange(len(words))
                    words[place : place + chance.randrange(2)] = [chance.choice(WORDS if words[0] in WORDS else HAN)]
            else:
                words = (
                    chance.choices(WORDS, k=chance.randrange(8, 40))
                    if chance.random() < 0.6
                    else chance.choices(HAN, k=30)
                )
            pool.append(words)
            units.append("".join(words) + "。" if words[0] in HAN else " ".join(words).capitalize() + ".")
        found.append(" ".join(units))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_what_is_cut_is_similar_to_what_stays(tmp_path, seed):
    values = corpus(seed)
    stage = DedupSentence(near=True, min_words=1, min_units=1)
    bench = ToyComparison(
        stage, {"a": [documents(values[:30])], "b": [documents(values[30:], first_row=30)]}, tmp_path, 2
    )
    facts = stage.compare(bench)
    counterparts = np.concatenate([sentence_rounds.counterparts_of(bench, shard) for shard in bench.shards])
    units = [one.words for one in truth.units_of(values, "sentences")]
    assert len(counterparts) == len(units) == facts["items"]
    is_cut = counterparts != sentence_rounds.STAYS
    assert facts["cut"]["items"] == is_cut.sum() > 100 and facts["left"] == 0
    for number in np.flatnonzero(is_cut).tolist():
        keeper = int(counterparts[number])
        assert keeper < number and not is_cut[keeper]
        assert similarity(units[number], units[keeper]) >= 0.8
    compared_ones = [number for number, words in enumerate(units) if truth.eighths(words) >= 80]
    first = {units[number]: number for number in reversed(compared_ones)}
    assert all(is_cut[number] for number in compared_ones if first[units[number]] != number)
    missed = [
        number for number in compared_ones if not is_cut[number]
        and any(not is_cut[n] and similarity(units[n], units[number]) >= 0.9 for n in compared_ones if n < number)
    ]  # fmt: skip
    assert len(missed) <= len(units) // 100  # 0.9 is found at 99.9 %, and a star's members have no other star


def test_any_sharding_gives_the_same(tmp_path):
    values = corpus(9)
    sources = ["web"] * 20 + ["books"] * 40
    found = []
    for ends, n_partitions in (([0, 20, 60], 1), ([0, 7, 20, 21, 60], 3), ([0, 20, 40, 60], 5)):
        shards = {f"s{a}": [documents(values[a:b], sources[a:b], first_row=a)] for a, b in itertools.pairwise(ends)}
        stage = DedupSentence(near=True, within="between_sources", min_words=30, min_units=3)
        kept, dropped, facts = compared(stage, shards, tmp_path / f"{n_partitions}", n_partitions)
        rows = [[row for batch in batches for row in batch.to_pylist()] for batches in (kept, dropped)]
        found.append((rows, facts))
    assert found[0] == found[1] == found[2]
    assert {row["source"] for row in found[0][0][0] if row["dedup_sentence_cut_units"]} == {"books"}
    (_, web), (books, _) = found[0][1]["matrix"]
    assert web > 0 and books == 0 and found[0][1]["banding"]["bands"] == 14


def test_numbers_must_be_the_same_and_short_units_are_not_compared(tmp_path):
    values = [
        "He paid 25 pounds for it. He paid 35 pounds for it.",
        "The fine for this is at least 5000 and not over 9000 pounds.",
        "The fine for this is at least 3000 and not over 7000 pounds.",
        "违法所得3000元以上不满9000元的，并处罚款。违法所得5000元以上不满9000元的，并处罚款。",
        "THE fine for this is at least 3000 and never over 7000 pounds, it is.",
    ]
    kept, _, facts = compared(DedupSentence(near=True), {"a": [documents(values)]}, tmp_path)
    assert kept[0].column("text").to_pylist() == values and facts["without_key"] == 2
    kept, dropped, _ = compared(DedupSentence(near=True, threshold=0.5), {"a": [documents(values)]}, tmp_path / "less")
    assert kept[0].column("text").to_pylist() == values[:-1] and dropped[0].num_rows == 1


@pytest.mark.parametrize("values", [[], [""], ["", "...", "\r\n"], ["Too short to be compared.", "太短了。"]])
def test_nothing_to_compare(tmp_path, values):
    kept, dropped, facts = compared(DedupSentence(near=True), {"a": [documents(values)]}, tmp_path, 2)
    assert kept[0].column("text").to_pylist() == values and not dropped[0].num_rows
    assert facts["pairs"]["compared"] == facts["cut"]["items"] == 0 and facts["clusters"]["sizes"] == {}


def test_a_thousand_copies_and_near_copies(tmp_path):
    words = " ".join(WORDS)
    values = [f"{words}." if n % 2 else f"{words} {WORDS[n % 29]}." for n in range(1000)]
    stage = DedupSentence(near=True, min_words=1, min_units=1)
    kept, dropped, facts = compared(stage, {"a": [documents(values)]}, tmp_path, 3)
    assert kept[0].column("text").to_pylist() == values[:1] and dropped[0].num_rows == 999
    assert facts["clusters"] == {"n": 1, "items": 1000, "removed": 999, "sizes": {"513-1024": 1}, "largest": []}
    assert facts["by"] == "shingles" and facts["pairs"]["verified"] >= 999


def test_windows_have_no_near_copies():
    with pytest.raises(OptionError, match="'window' must be 1 with 'near', which compares single units"):
        DedupSentence(near=True, window=2)
    with pytest.raises(OptionError, match="minima"):
        DedupSentence(near=True, n_minima=1, threshold=0.05)
    assert DedupSentence(window=2, n_minima=1, threshold=0.05).window == 2
