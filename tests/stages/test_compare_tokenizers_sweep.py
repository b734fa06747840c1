"""Tokens of smaller vocabularies, beside the library with only the first merges; and the bend of a curve."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tokenizers
from compared_tokenizers import TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizer_cases import CODE, corpus, trained

from stages.encoder import encoder
from stages.tokenizer_measure import NOTHING, counted
from stages.tokenizer_measure_sweep import default_sizes, knee, merges_of, tokens_by_size

CONTENT = json.loads(trained())
MERGES = merges_of(CONTENT)
SIZES = [257, 258, 300, 400, 512, 700, 899, 900]


def cut_off(size: int) -> tokenizers.Tokenizer:
    """The trained tokenizer with only so many tokens: the first merges."""
    content = json.loads(trained())
    model = content["model"]
    model["merges"] = model["merges"][: size - 257]
    model["vocab"] = {token: number for token, number in model["vocab"].items() if number < size}
    return tokenizers.Tokenizer.from_str(json.dumps(content))


CUT_OFF = {size: cut_off(size) for size in SIZES}


def counts_of(texts: list[str]):
    ids = [number for one in encoder(trained()).encode_batch(texts) for number in one]
    return counted(np.array(ids, np.int64), 900)


def encoded(texts: list[str], size: int) -> int:
    return sum(len(one.ids) for one in CUT_OFF[size].encode_batch(texts, add_special_tokens=False))


@pytest.mark.parametrize("texts", [corpus(60, seed=5), TEXTS, [CODE], [""]], ids=["corpus", "hostile", "code", "empty"])
def test_a_smaller_vocabulary_is_the_first_merges(texts):
    texts = [text.replace("<|endoftext|>", "") for text in texts]
    found = tokens_by_size(MERGES, [counts_of(texts), NOTHING], SIZES)
    assert found == [[encoded(texts, size) for size in SIZES], [0] * len(SIZES)]


@settings(max_examples=60)
@given(st.lists(st.text(alphabet="the riv的一是aA1 \n"), max_size=6))
def test_of_any_text(texts):
    assert tokens_by_size(MERGES, [counts_of(texts)], SIZES)[0] == [encoded(texts, size) for size in SIZES]


def test_beyond_the_ends_it_is_what_there_is():
    [found] = tokens_by_size(MERGES, [counts_of(["中 the"])], [1, 257, 900, 10**9])
    assert found[0] == found[1] == len("中 the".encode())
    assert found[2] == found[3]


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.update(ignore_merges=True),
        lambda model: model["merges"].reverse(),
        lambda model: model["merges"].append(model["merges"][0]),
        lambda model: model["merges"].pop(),
        lambda model: model.update(type="Unigram"),
    ],
    ids=["whole words first", "not in order", "the same token twice", "a token that no merge makes", "no BPE"],
)
def test_where_merges_are_no_prefixes_there_is_no_sweep(change):
    content = json.loads(trained())
    change(content["model"])
    assert merges_of(content) is None


def test_sizes_are_at_equal_distances():
    assert default_sizes(MERGES) == [512, 609, 724, 861, 900]
    assert default_sizes(MERGES._replace(first=257, made=np.zeros(8192 - 257)))[::4] == [512, 1024, 2048, 4096, 8192]
    assert default_sizes(MERGES._replace(made=np.zeros(3))) == [260]


def test_the_knee_is_farthest_below_the_line():
    sizes = [2**n for n in range(9, 16)]
    assert knee(sizes, [100, 60, 40, 35, 32, 31, 30]) == 2048
    assert knee(sizes, [100, 90, 80, 70, 60, 50, 40]) is None  # a line
    assert knee(sizes, [100, 99, 98, 97, 90, 70, 30]) is None  # falls faster and faster
    assert knee(sizes, [5] * 7) is None
    assert knee(sizes[:4], [100, 50, 40, 39]) is None


@given(st.lists(st.integers(1, 10**12), min_size=5, max_size=30))
def test_the_knee_is_that_of_the_definition(tokens):
    """Beside the distance from the chord, point by point."""
    tokens = sorted(tokens, reverse=True)
    sizes = [512 * (place + 1) for place in range(len(tokens))]
    found = knee(sizes, tokens)
    if tokens[0] == tokens[-1]:
        assert found is None
        return

    def below(place: int) -> float:
        x = np.log(sizes[place] / sizes[0]) / np.log(sizes[-1] / sizes[0])
        return (tokens[0] - tokens[place]) / (tokens[0] - tokens[-1]) - x

    most = max(below(place) for place in range(len(sizes)))
    assert (most < 1e-8) if found is None else below(sizes.index(found)) == pytest.approx(most, abs=1e-8)
