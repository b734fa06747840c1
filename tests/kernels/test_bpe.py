"""Merges are those of the definition, said slowly, and of the library, for pieces short and long."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.kernels.bpe import SHORT
from stages.piece_encoder import PieceTable, bpe_model


def slowly(tokens: list[int], ranks: dict[tuple[int, int], tuple[int, int]]) -> list[int]:
    """Byte-level BPE by its definition: the pair of the lowest rank, the leftmost of them, until there is none."""
    while True:
        pairs = [(ranks[pair][0], place) for place, pair in enumerate(itertools.pairwise(tokens)) if pair in ranks]
        if not pairs:
            return tokens
        _, place = min(pairs)
        tokens = [*tokens[:place], ranks[tokens[place], tokens[place + 1]][1], *tokens[place + 2 :]]


def drawn(seed: int, n_merges: int, alphabet: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A vocabulary of strings and merges that make them, at random; some strings are made in two ways."""
    chance, vocab, merges = random.Random(seed), {one: place for place, one in enumerate(alphabet)}, []
    while len(merges) < n_merges:
        pair = tuple(chance.choice([*vocab]) for _ in range(2))
        if pair not in merges and len(pair[0] + pair[1]) < 12:
            merges.append(pair)
            vocab.setdefault("".join(pair), len(vocab))
    return vocab, merges


def tokens_of(piece: bytes, vocab: dict[str, int], merges, words=()) -> list[int]:
    table = PieceTable(4, 10_000)
    bytes_256 = np.zeros(256, np.uint32)
    bytes_256[list(map(ord, "abc"))] = [vocab[one] for one in "abc"]
    model = bpe_model([(vocab[a], vocab[b], vocab[a + b]) for a, b in merges], bytes_256, dict(words))
    table.bytes[: len(piece)] = np.frombuffer(piece, np.uint8)
    table.starts[1] = len(piece)
    model(table, 0, 1)
    return table.tokens[: table.n_tokens[0]].tolist()


@given(st.integers(0, 60), st.integers(0, 40), st.text("abc", min_size=1, max_size=60), st.sampled_from([1, 1, 7, 30]))
@settings(max_examples=150)
def test_merges_are_those_of_the_definition_and_of_the_library(seed, n_merges, unit, times):
    vocab, merges = drawn(seed, n_merges, "abc")
    piece = unit * times
    found = tokens_of(piece.encode(), vocab, merges)
    library = tokenizers.Tokenizer(tokenizers.models.BPE(vocab, merges))
    assert found == library.encode(piece).ids
    if len(piece) <= 2 * SHORT:
        ranks = {(vocab[a], vocab[b]): (rank, vocab[a + b]) for rank, (a, b) in enumerate(merges)}
        assert found == slowly([vocab[one] for one in piece], ranks)


@pytest.mark.parametrize("size", [1, 2, SHORT - 1, SHORT, SHORT + 1, 2 * SHORT, 5001])
def test_a_run_of_one_letter(size):
    vocab, merges = {"a": 0, "b": 1, "c": 2, "aa": 3, "aaaa": 4}, [("a", "a"), ("aa", "aa")]
    fours, rest = divmod(size, 4)
    assert tokens_of(b"a" * size, vocab, merges) == [4] * fours + [3] * (rest // 2) + [0] * (rest % 2)


def test_a_pair_that_is_there_twice_has_its_last_rank():
    vocab = {"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4}
    merges = [("a", "b"), ("b", "c"), ("a", "b")]
    assert tokens_of(b"abc", vocab, merges) == [0, 4]
    assert tokenizers.Tokenizer(tokenizers.models.BPE(vocab, merges)).encode("abc").ids == [0, 4]


def test_pieces_that_are_tokens_need_no_merges():
    vocab = {"a": 0, "b": 1, "c": 2, "cba": 3}
    assert tokens_of(b"cba", vocab, [], {b"cba": 3}.items()) == [3]
    assert tokens_of(b"cbaa", vocab, [], {b"cba": 3}.items()) == [2, 1, 0, 0]
    assert tokens_of(b"cba", vocab, []) == [2, 1, 0]
