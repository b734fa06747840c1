"""`dedup_document` beside brute force: all pairs of real documents, in English and Chinese, with planted near copies."""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict
from pathlib import Path

import dedup_reference
import pytest
import zstandard
from batches import documents
from benches import compared
from near_copies import near_copies, pairs_within, similar_pairs

from stages.banding import curve
from stages.dedup_document import DedupDocument

CORPORA = Path(__file__).parents[2] / "shared" / "corpora"
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}"),
]
FILES = {
    "en": ("gov_blog_web", "wikipedia_2021_tail", "technical_prose", "web_and_news"),
    "zh": ("wikipedia", "tech_docs", "traditional_mixed", "tech_articles_lctt"),
}
CHARS = {"en": 2400, "zh": 800}
N_REAL, N_COPIES = 2520, 900
"""Documents of each language: real ones, and copies of some of these."""
MOST_EDITED = {"en": 0.04, "zh": 0.025}
"""Of words, of characters: about half of the copies have a similarity above the threshold."""
THRESHOLD, BANDS, ROWS = 0.8, 14, 8


def real(language: str) -> list[str]:
    """The beginnings of documents evenly spread over the files of a language."""
    texts = []
    for name in FILES[language]:
        with zstandard.open(CORPORA / language / f"{name}.jsonl.zst", "rt", encoding="utf-8") as file:
            texts += [json.loads(line)["text"][: CHARS[language]] for line in file]
    return [texts[i * len(texts) // N_REAL] for i in range(N_REAL)]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """All documents, the copies among the others."""
    found = []
    for number, language in enumerate(FILES):
        originals = real(language)
        assert len(originals) == N_REAL
        found += originals + [text for _, text in near_copies(originals, N_COPIES, number, MOST_EDITED[language])]
    random.Random(7).shuffle(found)
    return found


@pytest.fixture(scope="module")
def truth(texts) -> dict[tuple[int, int], float]:
    return similar_pairs(texts, 0.3)


def run(texts: list[str], folder: Path, cuts: list[int], n_partitions: int):
    """(kept rows, dropped rows by number, facts) of documents cut into shards."""
    shards = {
        f"s{shard}": [documents(texts[first:last], first_row=first)]
        for shard, (first, last) in enumerate(zip([0, *cuts], [*cuts, len(texts)], strict=True))
    }
    kept, dropped, facts = compared(DedupDocument(), shards, folder, n_partitions)
    rows = {int(row["uid"], 16): row for batch in dropped for row in batch.to_pylist()}
    return [int(uid, 16) for batch in kept for uid in batch.column("uid").to_pylist()], rows, facts


@pytest.fixture(scope="module")
def outcome(texts, tmp_path_factory):
    return run(texts, tmp_path_factory.mktemp("dedup"), [3000], 3)


def clusters_of(dropped) -> list[list[int]]:
    members = defaultdict(list)
    for number, row in dropped.items():
        members[int(row["twin"], 16)].append(number)
    return [[kept, *others] for kept, others in members.items()]


def test_the_truth_is_that_of_the_reference(texts, truth):
    pairs = random.Random(1).sample(sorted(truth), 60)
    for one, other in pairs:
        sets = [dedup_reference.shingles(texts[number], 5, 8) for number in (one, other)]
        assert dedup_reference.jaccard(*sets) == pytest.approx(truth[one, other], abs=1e-12)


def test_all_that_drops_has_a_neighbour_above_the_threshold(texts, truth, outcome):
    _, dropped, _ = outcome
    assert len(dropped) > 900
    for number, row in dropped.items():
        neighbour = int(row["dedup_document_neighbour"], 16)
        similarity = truth[min(number, neighbour), max(number, neighbour)]
        assert similarity >= THRESHOLD
        assert row["dedup_document_similarity"] == pytest.approx(math.floor(10_000 * similarity) / 10_000, abs=1e-6)


def test_what_is_kept_is_the_first_of_its_cluster(outcome):
    kept, dropped, _ = outcome
    assert sorted([*kept, *dropped]) == list(range(len(kept) + len(dropped)))
    for members in clusters_of(dropped):
        assert members[0] == min(members)
        assert members[0] in kept


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pairs_are_found_as_often_as_the_curve_says(texts, truth, outcome, language):
    """A pair that is alone is found by itself or not at all; members of larger clusters find each other by others too."""
    found = pairs_within(clusters_of(outcome[1]))
    above = {pair: similarity for pair, similarity in truth.items() if similarity >= THRESHOLD}
    of_language = [pair for pair in above if is_chinese(texts[pair[0]]) == (language == "zh")]
    met: dict[int, int] = defaultdict(int)
    for pair in above:
        for number in pair:
            met[number] += 1
    alone = [pair for pair in of_language if met[pair[0]] == met[pair[1]] == 1]
    for pairs, is_exact in ((alone, True), (of_language, False)):
        expected = sum(curve(above[pair], BANDS, ROWS) for pair in pairs) / len(pairs)
        recall = sum(pair in found for pair in pairs) / len(pairs)
        assert len(pairs) > 250
        assert recall > expected - 0.02
        assert recall < expected + 0.02 or not is_exact


def is_chinese(text: str) -> bool:
    return sum("\u4e00" <= character <= "\u9fff" for character in text) > 0.2 * len(text)


def test_pairs_at_the_threshold_are_told_from_those_below(texts, truth, outcome):
    """There are enough pairs on either side that a wrong verdict would show."""
    just_below = [pair for pair, similarity in truth.items() if 0.7 < similarity < THRESHOLD]
    just_above = [pair for pair, similarity in truth.items() if THRESHOLD <= similarity < 0.9]
    assert len(just_below) > 200
    assert len(just_above) > 200


@pytest.mark.parametrize(("cuts", "n_partitions"), [([], 1), ([17, 1200, 1201, 5000], 8)])
def test_any_sharding_and_partitions_keep_the_same(texts, outcome, tmp_path, cuts, n_partitions):
    kept, dropped, facts = run(texts, tmp_path, cuts, n_partitions)
    assert kept == outcome[0]
    assert dropped == outcome[1]
    assert facts == outcome[2]
