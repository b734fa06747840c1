"""The rounds that find clusters, against plain loops over pairs."""

from __future__ import annotations

import itertools
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from benches import ToyBench, ToyComparison
from components import components
from dedup_cases import IN_MEMORY, Made, ToyClusters, clusters_in, kept_of, outcome, random_cuts, shards_of, truth_of
from dedup_reference import candidates, connected, stars
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.stage import Part
from stages.clustering import MOST_ROUNDS, MOST_TURNS

VALUES = st.lists(st.integers(0, 5), min_size=1, max_size=5)
MADE = st.lists(st.builds(Made, st.lists(st.integers(0, 4), max_size=3), VALUES, st.integers(0, 3)), max_size=14)
"""Documents of few keys and few values, so that they meet and are alike in part."""
OPTIONS = st.fixed_dictionaries(
    {
        "star": st.booleans(),
        "between": st.booleans(),
        "by_merit": st.booleans(),
        "threshold": st.sampled_from([3000, 5000, 8000]),
    }
)


def in_sources(made: list[Made], chance: random.Random) -> list[str]:
    return sorted(chance.choice(["books", "网", "web"]) for _ in made)


@settings(max_examples=60)
@given(MADE, OPTIONS, st.integers(1, 3), st.randoms(use_true_random=False))
def test_what_stays_is_what_plain_loops_say(made, options, n_partitions, chance):
    stage, sources = ToyClusters(**options), in_sources(made, chance)
    truth = truth_of(made, stage, sources)
    measured, label = candidates(truth, stage.threshold, MOST_ROUNDS)
    n_met = len(measured)
    if stage.is_star:
        expected = stars(truth, label, measured, stage.threshold, MOST_TURNS)
    else:
        expected = connected(truth, label)
    shards = shards_of([one.text() for one in made], sources, random_cuts(chance, len(made)))
    found = outcome(stage, shards, n_partitions, apply=False)
    assert kept_of(found, len(made)) == expected
    assert found.facts["pairs"]["compared"] == n_met
    assert found.facts["pairs"]["verified"] == sum(s >= stage.threshold for s in list(measured.values())[:n_met])
    assert found.facts["clusters"]["removed"] == sum(one != other for one, other in expected.items())


@settings(max_examples=60)
@given(st.lists(VALUES, max_size=4), st.booleans(), st.integers(1, 2))
@example([[0, 1], [0, 2], [1], [0]], False, 1)  # the second is like the last only, which is of another's cluster
def test_a_small_bucket_is_settled_as_by_all_pairs(values, star, n_partitions):
    made, stage = [Made([7], one) for one in values], ToyClusters(star=star)
    truth = truth_of(made, stage, ["web"] * len(made))
    alike = [pair for pair in itertools.combinations(range(len(made)), 2) if truth.similar(*pair) >= stage.threshold]
    expected = {one: one for one in range(len(made))}
    if star:
        for one in range(len(made)):
            expected[one] = min([k for k in range(one) if expected[k] == k and (k, one) in alike], default=one)
    else:
        expected |= components(alike)
    found = outcome(stage, shards_of([one.text() for one in made], None), n_partitions, apply=False)
    assert kept_of(found, len(made)) == expected


@settings(max_examples=40)
@given(MADE, OPTIONS, st.randoms(use_true_random=False))
def test_what_goes_is_alike(made, options, chance):
    stage, sources = ToyClusters(**options), in_sources(made, chance)
    truth = truth_of(made, stage, sources)
    found = outcome(stage, shards_of([one.text() for one in made], sources), 2, apply=False)
    kept = kept_of(found, len(made))
    for one, columns in found.verdicts.items():
        verdict = dict(columns)
        neighbour = verdict["neighbour"][1] - 1
        if verdict["size"] and kept[one] != one:
            assert kept[kept[one]] == kept[one]
            assert truth.before(kept[one]) < truth.before(one)
            assert verdict["kept_similarity"] == truth.similar(kept[one], one)
            assert verdict["similarity"] == truth.similar(neighbour, one) >= stage.threshold
            assert verdict["kept_similarity"] < stage.threshold or neighbour == kept[one]
            if stage.is_star:
                assert verdict["kept_similarity"] >= stage.threshold
            if stage.between:
                assert sources[one] != sources[kept[one]]
        elif verdict["size"] > 1 and neighbour >= 0:
            assert kept[neighbour] == one
            assert verdict["similarity"] == truth.similar(one, neighbour) >= stage.threshold
    assert found.facts["far"] == sum(
        kept[one] != one and truth.similar(kept[one], one) < stage.threshold for one in range(len(made))
    )


@settings(max_examples=25)
@given(MADE.filter(bool), OPTIONS, st.booleans(), st.randoms(use_true_random=False))
def test_any_shards_and_partitions_give_the_same(made, options, verified, chance):
    if not verified:
        options |= {"star": False, "between": False}
    stage, sources = ToyClusters(**options, verified=verified), in_sources(made, chance)
    texts = [one.text() for one in made]
    expected = outcome(stage, shards_of(texts, sources), 1, apply=False)
    for n_partitions in (2, 5):
        found = outcome(stage, shards_of(texts, sources, random_cuts(chance, len(made))), n_partitions, apply=False)
        assert found.verdicts == expected.verdicts
        assert found.facts == expected.facts
        assert found.table == expected.table


def test_the_table_names_all_members_in_order_of_rank():
    made = [
        Made([1], [1, 2], 5),
        Made([2], [9]),
        Made([1], [1, 2], 1),
        Made([2], [9]),
        Made([3], [4]),
        Made([1], [1, 2], 9),
    ]
    found = outcome(ToyClusters(by_merit=True), shards_of([one.text() for one in made], None, [2, 3]), 3, apply=False)
    uid = [f"{number:032x}" for number in range(10)]
    assert clusters_in(found.table) == [
        {"id": uid[2], "size": 2, "kept": uid[2], "members": [uid[2], uid[4]]},
        {"id": uid[3], "size": 3, "kept": uid[3], "members": [uid[1], uid[3], uid[6]]},
    ]
    assert found.facts["clusters"]["sizes"] == {"2": 1, "3-4": 1}
    assert [one["kept"] for one in found.facts["clusters"]["largest"]] == [uid[3], uid[2]]


def test_the_matrix_says_which_source_lost_to_which():
    made = [Made([1], [1]), Made([1], [1]), Made([1], [1]), Made([2], [2]), Made([2], [2]), Made([1], [1])]
    sources = ["books", "books", "web", "web", "网", "网"]
    shards = shards_of([one.text() for one in made], sources, [1], split_side=["train", "validation"] * 3)
    facts = outcome(ToyClusters(), shards, 2, apply=False).facts
    assert facts["sources"] == ["books", "web", "网"]
    assert facts["matrix"] == [[1, 1, 1], [0, 0, 1], [0, 0, 0]]
    assert facts["sides"] == {"train": {"train": 1, "validation": 2}, "validation": {"train": 1, "validation": 0}}
    assert facts["clusters"]["largest"][0]["sources"] == {"books": 2, "web": 1, "网": 1}


def test_duplicates_of_duplicates_go_with_both_similarities():
    made = [Made([n, n + 1], [*range(n, n + 8)]) for n in range(4)]  # each like the next: 7 of 9
    found = outcome(ToyClusters(threshold=7000), shards_of([one.text() for one in made], None), 2, apply=False)
    assert kept_of(found, 4) == {0: 0, 1: 0, 2: 0, 3: 0}
    last = dict(found.verdicts[3])
    assert (last["similarity"], last["kept_similarity"]) == (7777, 10_000 * 5 // 11)
    assert last["neighbour"][1] - 1 == 2
    assert (found.facts["far"], found.facts["pairs"]["to_kept"]) == (2, 2)
    star = outcome(
        ToyClusters(threshold=7000, star=True), shards_of([one.text() for one in made], None), 2, apply=False
    )
    assert kept_of(star, 4) == {0: 0, 1: 0, 2: 2, 3: 2}


@pytest.mark.parametrize("alike", [True, False])
def test_a_bucket_with_everything_stays_linear(alike):
    n = 3000
    made = [Made([1, 2, 3], [0] if alike else [number]) for number in range(n)]
    found = outcome(ToyClusters(), shards_of([one.text() for one in made], None, [1000]), 3, apply=False)
    pairs = found.facts["pairs"]
    if alike:
        assert (pairs["compared"], pairs["verified"], pairs["left"], pairs["rounds"]) == (n - 1, n - 1, 0, 1)
        assert found.facts["clusters"]["largest"][0]["size"] == n
    else:
        assert pairs["compared"] == sum(n - 1 - head for head in range(MOST_ROUNDS))
        assert (pairs["verified"], pairs["rounds"]) == (0, MOST_ROUNDS)
        assert pairs["left"] == 3 * (n - 1 - MOST_ROUNDS)
        assert found.facts["clusters"]["n"] == 0


class SyntheticBench(ToyBench):
    """A bench of as many items as are asked for, which share all their keys, or none of what they are made of."""

    def __init__(self, stage, folder: Path, n: int) -> None:
        super().__init__(stage, {"a": (), "b": ()}, folder)
        self.n_partitions, self.sources, self.firsts = 2, ("web", "书"), np.array([0, n // 3, n])

    def part(self, number: int) -> Part:
        n = int(self.firsts[-1])
        return Part(np.full(n, number, np.uint64), np.arange(n), {})

    def records(self, shard: str, columns):
        number = self.shards.index(shard)
        for first in range(int(self.firsts[number]), int(self.firsts[number + 1]), 100_000):
            items = np.arange(first, min(first + 100_000, self.firsts[number + 1]), dtype=np.uint64)
            uids = np.stack([np.zeros_like(items), items + np.uint64(1)], axis=1)
            found = {"uid": uids, "kind": np.zeros(len(items), np.uint8), "side": np.full(len(items), -1, np.int8)}
            yield {name: found[name] for name in columns}

    def verdicts(self, shard: str, columns) -> None:
        assert columns["size"].tolist() == [self.firsts[-1]] * len(columns["row"])


def test_a_million_copies_are_settled_in_no_more_than_a_pair_each_for_each_key():
    n, stage = 1_000_000, ToyClusters(verified=False)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        bench = SyntheticBench(stage, Path(folder), n)
        facts = stage.compare(bench)
        assert [stage.decide(bench, f"0-{number}") for number in range(2)] == [n - 1, n - 1]
    assert facts["matrix"] == [[n // 3 - 1, n - n // 3], [0, 0]]
    assert facts["clusters"]["sizes"] == {"524289-1048576": 1}


@pytest.mark.parametrize("stage", [ToyClusters(), ToyClusters(verified=False), ToyClusters(star=True, by_merit=True)])
def test_nothing_and_empty_batches(stage):
    found = outcome(stage, shards_of([], None), 2, apply=False)
    assert (found.facts["items"], found.facts["clusters"]["n"], clusters_in(found.table)) == (0, 0, [])


class Killed(Exception):
    pass


class ResumedBench(ToyComparison):
    """A bench whose tasks are not done again, and that may end before a task and after a removal."""

    def __init__(self, stage, shards, folder, chance, results, found) -> None:
        super().__init__(stage, shards, folder, 2)
        self.chance, self.results, self.found = chance, results, found

    def _step(self, risk: float) -> None:
        if self.chance.random() < risk:
            raise Killed

    def map(self, method, tasks):
        for task in tasks:
            if (method, task) not in self.results:
                self._step(0.3)
                self.results[method, task] = super().map(method, [task])[0]
        return [self.results[method, task] for task in tasks]

    def remove(self, prefix):
        super().remove(prefix)
        self._step(0.03)


@pytest.mark.parametrize("options", [{}, {"star": True, "by_merit": True}, {"verified": False}])
def test_a_killed_comparison_goes_on_as_if_nothing_had_happened(options):
    chance = random.Random(4)
    made = [Made(chance.choices(range(8), k=2), chance.choices(range(6), k=4), chance.randrange(3)) for _ in range(40)]
    stage, results, found, n_killed = ToyClusters(**options), {}, {}, 0
    shards = shards_of([one.text() for one in made], None, [11, 30])
    expected = outcome(stage, shards, 2, apply=False)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        while True:
            try:
                facts = stage.compare(ResumedBench(stage, shards, Path(folder), chance, results, found))
                break
            except Killed:
                n_killed += 1
        assert facts == expected.facts
        assert Path(folder, "files", "clusters.arrow").read_bytes() == expected.table
    assert n_killed > 5
    assert sum(len(columns["row"]) for columns in found.values()) == len(expected.verdicts)
