"""Cutting and fitting: no pair of tokens lost or doubled, no sequence too full, as good as best-fit-decreasing is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.pack import arrange, best_fit, crop, cut, stream

sizes = st.lists(st.integers(2, 60), max_size=14)


def tuples(pieces) -> list[tuple[int, int, int]]:
    return list(zip(*(column.tolist() for column in pieces), strict=True))


def pairs(pieces) -> list[tuple[int, int]]:
    """(document, place of the first token) of every pair of neighbours that pieces hold."""
    return [(document, offset + i) for document, offset, length in tuples(pieces) for i in range(length - 1)]


def all_pairs(n_tokens: list[int]) -> list[tuple[int, int]]:
    return [(document, i) for document, size in enumerate(n_tokens) for i in range(size - 1)]


def test_cut_pieces_overlap_by_one_token():
    pieces = cut(np.array([2, 5, 6, 9, 10]), 5)
    assert pieces.document.tolist() == [0, 1, 2, 2, 3, 3, 4, 4, 4]
    assert pieces.offset.tolist() == [0, 0, 0, 4, 0, 4, 0, 4, 8]
    assert pieces.length.tolist() == [2, 5, 5, 2, 5, 5, 5, 5, 2]
    assert [len(column) for column in cut(np.array([], np.int64), 5)] == [0, 0, 0]


@given(sizes, st.integers(2, 20))
def test_cut_holds_every_pair_once(n_tokens, capacity):
    pieces = cut(np.array(n_tokens, np.int64), capacity)
    assert pairs(pieces) == all_pairs(n_tokens)
    assert all(2 <= length <= capacity for length in pieces.length)
    for document, size in enumerate(n_tokens):
        assert (pieces.document == document).sum() == max(1, -(-(size - 1) // (capacity - 1)))


@given(sizes, st.integers(2, 20))
def test_crop_keeps_the_beginning(n_tokens, capacity):
    expected = [(document, i) for document, i in all_pairs(n_tokens) if i < capacity - 1]
    assert pairs(crop(np.array(n_tokens, np.int64), capacity)) == expected


def naive_stream(n_tokens: list[int], capacity: int) -> tuple[list[tuple[int, int, int]], list[int]]:
    """Documents end to end, slot by slot."""
    pieces, sequence, row, used = [], [], 0, 0
    for document, size in enumerate(n_tokens):
        offset = 0
        while offset < size - 1:
            if capacity - used < 2:
                row, used = row + 1, 0
            length = min(size - offset, capacity - used)
            pieces.append((document, offset, length))
            sequence.append(row)
            offset, used = offset + length - 1, used + length
    return pieces, sequence


@given(sizes, st.integers(2, 20))
def test_stream_is_the_naive_one(n_tokens, capacity):
    pieces, sequence = stream(np.array(n_tokens, np.int64), capacity)
    assert (tuples(pieces), sequence.tolist()) == naive_stream(n_tokens, capacity)
    assert pairs(pieces) == all_pairs(n_tokens)
    loads = np.bincount(sequence, pieces.length)
    assert ((loads == capacity) | (loads == capacity - 1))[:-1].all(), "only a single slot is ever left"


def test_a_single_slot_that_is_left_stays_empty():
    pieces, sequence = stream(np.array([4, 7, 2]), 5)
    assert tuples(pieces) == [(0, 0, 4), (1, 0, 5), (1, 4, 3), (2, 0, 2)]
    assert sequence.tolist() == [0, 1, 2, 2]
    pieces, sequence = stream(np.array([5, 2, 9]), 5)  # a full one, and nothing of it is in the next
    assert tuples(pieces) == [(0, 0, 5), (1, 0, 2), (2, 0, 3), (2, 2, 5), (2, 6, 3)]
    assert sequence.tolist() == [0, 1, 1, 2, 3]


def naive_best_fit(lengths: list[int], capacity: int) -> list[int]:
    """The room left in each bin by best-fit-decreasing as it is defined, a piece at a time, sorted."""
    rooms: list[int] = []
    for length in sorted(lengths, reverse=True):
        fitting = [room for room in rooms if room >= length]
        if fitting:
            rooms.remove(min(fitting))
        rooms.append((min(fitting) if fitting else capacity) - length)
    return sorted(rooms)


def first_fit(lengths: list[int], capacity: int) -> int:
    """How many bins first-fit-decreasing needs."""
    rooms: list[int] = []
    for length in sorted(lengths, reverse=True):
        number = next((number for number, room in enumerate(rooms) if room >= length), len(rooms))
        rooms[number:] = rooms[number:] or [capacity]
        rooms[number] -= length
    return len(rooms)


def rooms_of(lengths: list[int], capacity: int) -> list[int]:
    """The room left in each bin, sorted; no bin is empty."""
    bins, n_bins = best_fit(np.array(lengths, np.int64), capacity)
    loads = np.bincount(bins, lengths, n_bins).astype(int)
    assert len(loads) == n_bins and (loads > 0).all() and (loads <= capacity).all()
    return sorted((capacity - loads).tolist())


cases = (st.integers(1, 70) | st.just(2049)).flatmap(
    lambda capacity: st.tuples(st.lists(st.integers(1, capacity), max_size=60), st.just(capacity))
)


@given(cases)
def test_best_fit_is_the_naive_one(case):
    assert rooms_of(*case) == naive_best_fit(*case)


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 40)), max_size=8), st.integers(12, 40))
def test_best_fit_of_many_equal_lengths_is_the_naive_one(many, capacity):
    lengths = [length for length, times in many for _ in range(times)]
    assert rooms_of(lengths, capacity) == naive_best_fit(lengths, capacity)


@given(cases)
def test_bins_are_full_enough(case):
    """What any algorithm has that opens a bin only when nothing fits: two half-empty bins would be one."""
    assert sum(2 * room >= case[1] for room in rooms_of(*case)) <= 1


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
    bins, n_bins = best_fit(np.array([1 << 20, 1, (1 << 20) - 1]), 1 << 20)
    assert n_bins == 2 and bins[1] == bins[2] != bins[0]


def test_as_many_lengths_as_there_can_be_take_no_longer():
    """Every piece has a length of its own, so that nothing can be moved together: a bin for each pair."""
    bins, n_bins = best_fit(np.arange(1, 40_000), 40_000)
    assert n_bins == 20_000 and np.bincount(bins).max() == 2


@pytest.mark.parametrize("way", [("concat", "fragment"), ("best_fit", "fragment"), ("pad", "fragment")])
def test_a_document_of_five_million_tokens(way):
    pieces, sequence, n_sequences = arrange(np.array([9, 5_000_000, 30]), 2049, *way)
    assert int((pieces.length - 1).sum()) == 8 + 4_999_999 + 29
    assert np.bincount(sequence, pieces.length, n_sequences).max() == 2049
    long = pieces.offset[pieces.document == 1]
    assert (np.diff(long, append=4_999_999) == pieces.length[pieces.document == 1] - 1).all()
