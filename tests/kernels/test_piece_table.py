"""Pieces are found again by their bytes, also where the table is too small for them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.kernels.piece_table import enter_kernel, find_piece, hash_piece, tokens_kernel

PIECES = st.lists(
    st.one_of(st.binary(min_size=1, max_size=20), st.sampled_from([b"a", b"\0", "中".encode()])), max_size=60
)


def entered(pieces: list[bytes], n_slots: int):
    data = np.frombuffer(b"".join(pieces), np.uint8)
    starts = np.cumsum([0, *map(len, pieces)])
    slots, hashes = np.zeros(n_slots, np.int32), np.empty(len(pieces), np.uint64)
    starts_E1, kept = np.zeros(len(pieces) + 1, np.int64), np.empty(len(data), np.uint8)
    entries = np.empty(len(pieces), np.int32)
    middle = len(pieces) // 2
    n = enter_kernel(data, starts, middle, 0, slots, hashes, starts_E1, kept, entries)
    n = enter_kernel(data, starts[middle:], len(pieces) - middle, n, slots, hashes, starts_E1, kept, entries[middle:])
    found = [kept[starts_E1[one] : starts_E1[one + 1]].tobytes() for one in range(n)]
    return found, entries, (slots, hashes, starts_E1, kept)


@given(PIECES, st.sampled_from([2, 256]))
def test_every_piece_has_an_entry_of_its_bytes(pieces, n_slots):
    found, entries, _ = entered(pieces, n_slots)
    assert [found[entry] for entry in entries] == pieces
    if n_slots == 256:
        assert found == list(dict.fromkeys(pieces))


@given(st.binary(max_size=40), st.binary(max_size=9))
def test_a_hash_depends_on_the_bytes_alone(piece, around):
    alone, within = np.frombuffer(piece, np.uint8), np.frombuffer(around + piece + around, np.uint8)
    size = len(piece)
    assert hash_piece(alone, 0, size) == hash_piece(within, len(around), len(around) + size)


def test_pieces_of_one_hash_are_told_apart():
    found, _, (slots, hashes, starts, kept) = entered([b"aaaa", b"bbbb"], 4)
    hashes[:] = hash_piece(np.frombuffer(b"bbbb", np.uint8), 0, 4)
    slots[:] = 0
    slots[int(hashes[0] & np.uint64(3))] = 1  # `aaaa`, where `bbbb` is looked for
    entry, _, _ = find_piece(np.frombuffer(b"bbbb", np.uint8), 0, 4, slots, hashes, starts, kept)
    assert found == [b"aaaa", b"bbbb"] and entry == -1


@pytest.mark.parametrize("offsets", [[0, 0, 3, 3, 7, 7], [0, 7], [2, 3, 7]])
def test_tokens_and_borders(offsets):
    starts = np.array([start for start in (0, 1, 3, 4, 7) if start >= offsets[0]])
    if offsets[0] == 2:
        starts = np.array([2, 3, 4, 7])
    n = len(starts) - 1
    tokens = np.arange(100, 120, dtype=np.uint32)
    starts_E1, n_tokens = np.array([0, 4, 8, 12, 16]), np.array([2, 1, 0, 3], np.int32)
    borders = np.zeros(len(offsets), np.int64)
    entries = np.arange(n, dtype=np.int32)
    ids, row = tokens_kernel(entries, starts, n, starts_E1, n_tokens, tokens, np.array(offsets), 0, 0, borders)
    borders[row + 1 :] = len(ids)
    expected = [[100 + 4 * entry + place for place in range(n_tokens[entry])] for entry in range(n)]
    assert ids.tolist() == list(itertools.chain(*expected))
    before = [sum(len(of) for of, start in zip(expected, starts, strict=False) if start < offset) for offset in offsets]
    assert borders.tolist() == before
