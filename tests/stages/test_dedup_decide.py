"""What dedup_exact and dedup_document decide from keys alone, and large buckets, against plain loops over pairs."""

from __future__ import annotations

import random

import numpy as np
import pytest
from batches import documents
from dedup_reference import components, verdicts_by
from hypothesis import given
from hypothesis import strategies as st

from pipeline.batch import Batch
from pipeline.stage import Edges, Sketch, Verdicts
from stages.dedup import DedupDocument, DedupExact

rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(0, 2)), max_size=40, unique_by=lambda r: r[1]
)
"""Keys, ranks and second halves of hashes, a row per document: few values, so that they meet."""


def sketch_of(drawn: list[tuple[int, int, int]]) -> Sketch:
    """As a stage gets one partition: sorted by key and rank."""
    columns = [np.array([row[i] for row in sorted(drawn)], np.int64) for i in range(3)]
    return Sketch(columns[0].astype(np.uint64), columns[1], {"second": columns[2].astype(np.uint64)})


def settled(verdicts: Verdicts) -> dict[int, tuple[int, int]]:
    """rank -> twin and size."""
    return {
        rank: (twin, size)
        for rank, twin, size in zip(
            verdicts.ranks.tolist(), verdicts.twins.tolist(), verdicts.sizes.tolist(), strict=True
        )
    }


def expected(pairs: list[tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """rank -> twin and size, from all pairs of ranks that belong together."""
    label = components(pairs)
    sizes = [sum(one == other for other in label.values()) for one in label.values()]
    return {
        rank: (-1 if rank == least else least, size) for (rank, least), size in zip(label.items(), sizes, strict=True)
    }


@given(rows)
def test_exact_merges_where_both_halves_of_the_hash_agree(drawn):
    stage = DedupExact()
    edges = stage.decide(sketch_of(drawn))
    pairs = [(a[1], b[1]) for a in drawn for b in drawn if a[1] < b[1] and (a[0], a[2]) == (b[0], b[2])]
    assert (edges.kept < edges.other).all()
    assert settled(stage.settle(edges)) == expected(pairs)


def test_half_a_hash_in_common_does_not_merge():
    half = Sketch(np.array([9, 9, 9, 9], np.uint64), np.arange(4), {"second": np.array([1, 2, 1, 2], np.uint64)})
    edges = DedupExact().decide(half)
    assert list(zip(edges.kept.tolist(), edges.other.tolist(), strict=True)) == [(0, 2), (1, 3)]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 12)), max_size=40))
def test_documents_merge_over_any_key_they_share(drawn):
    stage = DedupDocument()
    ordered = sorted(drawn)  # a document may have many keys, and one twice
    keys, ranks = (np.array([row[i] for row in ordered], np.int64) for i in range(2))
    edges = stage.decide(Sketch(keys.astype(np.uint64), ranks))
    pairs = [(a[1], b[1]) for a in drawn for b in drawn if a[1] < b[1] and a[0] == b[0]]
    assert (edges.kept < edges.other).all()
    assert settled(stage.settle(edges)) == expected(pairs)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=30), st.randoms(use_true_random=False))
def test_settle_needs_no_order_and_minds_no_repeats(drawn, chance):
    pairs = [(min(pair), max(pair)) for pair in drawn if pair[0] != pair[1]]
    again = pairs * 2
    chance.shuffle(again)
    kept, other = (np.array([pair[i] for pair in again], np.int64) for i in range(2))
    found = DedupDocument().settle(Edges(kept, other))
    assert found.ranks.tolist() == sorted(found.ranks.tolist())
    assert settled(found) == expected(pairs)


@pytest.mark.parametrize(("stage", "keys_each"), [(DedupExact(), 1), (DedupDocument(), 14)])
@pytest.mark.parametrize("text", ["the same few words in each document", "每篇文章都是这同一句话，一字不差。"])
def test_a_hundred_thousand_copies_give_one_edge_each_per_key(stage, keys_each, text):
    n = 100_000
    one = stage.sketch(Batch(documents([text]), stage, stage.name))
    assert len(one.keys) == keys_each
    order = np.argsort(np.repeat(one.keys, n), kind="stable")
    part = Sketch(
        np.repeat(one.keys, n)[order],
        np.tile(np.arange(n), keys_each)[order],
        {name: np.repeat(values, n)[order] for name, values in one.payload.items()},
    )
    edges = stage.decide(part)
    assert len(edges.kept) == keys_each * (n - 1)
    assert not edges.kept.any()
    found = stage.settle(edges)
    assert found.sizes.tolist() == [n] * n
    assert found.twins.tolist() == [-1] + [0] * (n - 1)


@pytest.mark.parametrize("stage", [DedupExact(), DedupDocument()])
def test_batches_and_partitions_may_be_empty(stage):
    text = "一个桥的故事, a story of one bridge, told twice on the same day"
    parts = [documents([], first_row=0), documents([text]), documents([]), documents(["", text], first_row=1)]
    for partitions in range(1, 8):
        found = verdicts_by(stage, parts, partitions, random.Random(partitions))
        assert settled(found) == {0: (-1, 2), 2: (0, 2)}
    nothing = verdicts_by(stage, [documents([])], 3, random.Random(0))
    assert len(nothing.ranks) == 0


def test_a_collision_of_keys_does_not_make_exact_copies(monkeypatch):
    from stages.kernels import hashing

    true_hash = hashing.hash_documents

    def first_half_is_constant(data, offsets, seed):
        hashes = true_hash(data, offsets, seed)
        return hashes if seed else np.full_like(hashes, 7)

    monkeypatch.setattr(hashing, "hash_documents", first_half_is_constant)
    texts = ["one text", "另一篇", "one text", "third", "另一篇"]
    found = verdicts_by(DedupExact(), [documents(texts)], 2, random.Random(0))
    assert settled(found) == {0: (-1, 2), 2: (0, 2), 1: (-1, 2), 4: (1, 2)}
