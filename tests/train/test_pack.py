"""Packing: no pair of tokens lost or doubled, no sequence too full, and as good as best-fit-decreasing is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packed_folders import END_OF_TEXT, encode, token_shard

from train.errors import DataError
from train.pack import best_fit, cut, pack_shard

TEXTS = ["", "a", "The quick brown fox. ", "中", "今天天气很好，我们去公园散步。", "😀👩‍👩‍👧", "long " * 40, "长" * 50]
texts = st.lists(st.sampled_from(TEXTS) | st.text(max_size=30), max_size=12)


def test_cut_pieces_overlap_by_one_token():
    pieces = cut(np.array([1, 2, 5, 6, 9, 10]), 5)
    assert pieces.document.tolist() == [0, 1, 2, 3, 3, 4, 4, 5, 5, 5]
    assert pieces.offset.tolist() == [0, 0, 0, 0, 4, 0, 4, 0, 4, 8]
    assert pieces.length.tolist() == [1, 2, 5, 5, 2, 5, 5, 5, 5, 2]
    assert [len(column) for column in cut(np.array([], np.int64), 5)] == [0, 0, 0]


@given(st.lists(st.integers(2, 60), max_size=10), st.integers(2, 20))
def test_cut_holds_every_pair_once(n_tokens, capacity):
    pieces = cut(np.array(n_tokens, np.int64), capacity)
    pairs = [
        (document, offset + i)
        for document, offset, length in zip(*(column.tolist() for column in pieces), strict=True)
        for i in range(length - 1)
    ]
    assert pairs == [(document, i) for document, size in enumerate(n_tokens) for i in range(size - 1)]
    assert all(2 <= length <= capacity for length in pieces.length)


def naive_best_fit(lengths, capacity):
    """Best-fit-decreasing as it is defined, O(n^2)."""
    rooms, bins = [], [0] * len(lengths)
    for place in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        fitting = [(room, number) for number, room in enumerate(rooms) if room >= lengths[place]]
        number = min(fitting)[1] if fitting else len(rooms)
        rooms[number:] = rooms[number:] or [capacity]
        rooms[number] -= lengths[place]
        bins[place] = number
    return bins, len(rooms)


def first_fit(lengths, capacity):
    """How many bins first-fit-decreasing needs."""
    rooms = []
    for length in sorted(lengths, reverse=True):
        number = next((number for number, room in enumerate(rooms) if room >= length), len(rooms))
        rooms[number:] = rooms[number:] or [capacity]
        rooms[number] -= length
    return len(rooms)


cases = st.integers(1, 70).flatmap(
    lambda capacity: st.tuples(st.lists(st.integers(1, capacity), max_size=60), st.just(capacity))
)


@given(cases)
def test_best_fit_is_the_naive_one(case):
    bins, n_bins = best_fit(np.array(case[0], np.int64), case[1])
    assert (bins.tolist(), n_bins) == naive_best_fit(*case)


@given(cases)
def test_bins_are_full_enough(case):
    lengths, capacity = case
    bins, n_bins = best_fit(np.array(lengths, np.int64), capacity)
    loads = np.bincount(bins, lengths, n_bins)
    assert len(loads) == n_bins and (loads <= capacity).all() and (loads > 0).all()
    # What any algorithm has that opens a bin only when nothing fits: two half-empty bins would be one.
    assert (loads * 2 <= capacity).sum() <= 1


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=30))
def test_near_the_fewest_bins_there_can_be(bins):
    """Each list is scaled to a full bin, so the fewest are known."""
    capacity = 2520
    lengths = []
    for parts in bins:
        ends = np.cumsum(parts) * capacity // sum(parts)
        lengths += np.diff(ends, prepend=0).tolist()
    _, n_bins = best_fit(np.array(lengths, np.int64), capacity)
    assert len(bins) <= n_bins <= min(1.5 * len(bins), 11 / 9 * len(bins) + 4)


BEST_AHEAD = [60, 59, 47, 46, 45, 40, 38, 35, 34, 25, 24, 13, 9, 9], 100
FIRST_AHEAD = [57, 54, 45, 44, 39, 37, 31, 29, 25, 14, 8, 7, 5, 4], 100


def test_best_and_first_fit_can_each_be_ahead():
    """So neither is a bound of the other; found by search over random cases."""
    assert best_fit(np.array(BEST_AHEAD[0]), BEST_AHEAD[1])[1] < first_fit(*BEST_AHEAD)
    assert best_fit(np.array(FIRST_AHEAD[0]), FIRST_AHEAD[1])[1] > first_fit(*FIRST_AHEAD)


@pytest.mark.parametrize("seed", range(3))
def test_documents_of_real_lengths_waste_next_to_nothing(seed):
    """On log-normal lengths, as those of web pages are, both need the fewest bins possible or one more."""
    lengths = cut(np.random.default_rng(seed).lognormal(5, 1.2, 2000).astype(np.int64) + 2, 257).length
    _, n_bins = best_fit(lengths, 257)
    fewest = -(-int(lengths.sum()) // 257)
    assert fewest <= n_bins <= first_fit(lengths.tolist(), 257) <= fewest + 2


def test_extremes():
    assert best_fit(np.array([], np.int64), 5)[1] == 0
    assert best_fit(np.full(50_000, 2), 2)[1] == 50_000
    bins, n_bins = best_fit(np.ones(60_000, np.int64), 20_000)
    assert n_bins == 3 and np.bincount(bins).tolist() == [20_000] * 3


def pack(documents, sequence_tokens):
    return pack_shard(*token_shard(documents), sequence_tokens, END_OF_TEXT)


@given(texts, st.integers(1, 40))
def test_every_pair_of_every_document_once(values, sequence_tokens):
    documents = [encode(text) for text in values]
    rows, pieces, counts = pack(documents, sequence_tokens)
    found = {}
    for piece in pieces.to_pylist():
        held = rows[piece["sequence"], piece["start"] : piece["start"] + piece["n_tokens"]].tolist()
        for i in range(len(held) - 1):
            place = piece["uid"], piece["part"] * sequence_tokens + i
            assert place not in found
            found[place] = held[i], held[i + 1]
    bordered = [[END_OF_TEXT, *document, END_OF_TEXT] for document in documents]
    assert found == {
        (f"d-{number}", i): (document[i], document[i + 1])
        for number, document in enumerate(bordered)
        for i in range(len(document) - 1)
    }
    assert counts["tokens"] == len(found) == sum(len(document) - 1 for document in bordered)


@given(texts, st.integers(1, 40))
def test_counts_and_padding_add_up(values, sequence_tokens):
    documents = [encode(text) for text in values]
    rows, pieces, counts = pack(documents, sequence_tokens)
    covered = np.zeros(rows.shape, int)
    for piece in pieces.to_pylist():
        covered[piece["sequence"], piece["start"] : piece["start"] + piece["n_tokens"]] += 1
    assert (np.diff(covered, axis=1) <= 0).all(), "pieces from the first slot on, without gaps, then padding"
    assert covered.max(initial=0) <= 1 and (rows[covered == 0] == END_OF_TEXT).all()
    assert counts == {
        "sequences": len(rows),
        "tokens": sum(len(document) + 1 for document in documents),
        "padding": int((covered == 0).sum()),
        "documents": len(documents),
        "pieces": len(pieces),
        "cuts": sum(part > 0 for part in pieces["part"].to_pylist()),
        "bytes": sum(len(document) for document in documents),
    }
    assert counts["sequences"] * (sequence_tokens + 1) == counts["padding"] + sum(pieces["n_tokens"].to_pylist())


def test_a_shard_without_documents():
    rows, pieces, counts = pack([], 8)
    assert rows.shape == (0, 9) and len(pieces) == 0 and set(counts.values()) == {0}


def test_the_same_twice_and_pieces_in_the_order_of_documents():
    documents = [encode("短文"), encode("a longer document"), encode("b"), encode("长" * 20)]
    one, two = pack(documents, 30), pack(documents, 30)
    np.testing.assert_array_equal(one.rows, two.rows)
    assert one.pieces.equals(two.pieces)
    in_row = [piece["uid"] for piece in one.pieces.to_pylist() if piece["sequence"] == 2]
    assert in_row == sorted(in_row)


def test_tokens_that_do_not_belong_to_the_documents_are_refused():
    tokens, docs = token_shard([encode("hello"), encode("中")])
    with pytest.raises(DataError, match="but its documents"):
        pack_shard(tokens[:-1], docs, 8, END_OF_TEXT)
    with pytest.raises(DataError, match="without its borders"):
        pack_shard(tokens, docs, 8, END_OF_TEXT + 1)
    moved = tokens.copy()
    moved[[6, 5]] = moved[[5, 6]]
    with pytest.raises(DataError, match="without its borders"):
        pack_shard(moved, docs, 8, END_OF_TEXT)
