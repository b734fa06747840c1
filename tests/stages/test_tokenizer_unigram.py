"""Unigram tokens: of what is learned, how good it is beside the library's, and hostile text."""

from __future__ import annotations

from collections import Counter

import pytest
import tokenizers
from tokenizer_cases import corpus

from stages.encoder import library
from stages.tokenizer_train import UNIGRAM, Form, train
from stages.tokenizer_unigram import characters, learned


def n_tokens(made: tokenizers.Tokenizer, texts: list[str]) -> int:
    return sum(len(one.ids) for one in made.encode_batch_fast(texts, add_special_tokens=False))


def by_the_library(texts: list[str], vocab_size: int) -> tokenizers.Tokenizer:
    made = library().Tokenizer(tokenizers.models.Unigram())
    made.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex(Form().expression), "isolated")
    trainer = tokenizers.trainers.UnigramTrainer(
        vocab_size=vocab_size, show_progress=False, special_tokens=["<unk>"], unk_token="<unk>"
    )
    made.train_from_iterator(texts, trainer)
    return made


def test_it_needs_no_more_tokens_than_the_librarys():
    texts, held_out = corpus(200, seed=1), corpus(40, seed=2)
    theirs = by_the_library(texts, 700)
    ours = tokenizers.Tokenizer.from_str(
        train(texts, 700 + 257, Form(UNIGRAM, character_coverage=1, max_token_bytes=64)).decode()
    )
    for some in (texts, held_out):
        assert n_tokens(ours, some) < 1.02 * n_tokens(theirs, some)


def test_tokens_are_what_text_is_made_of():
    tokens = dict(learned(["low lower lowest 花园里的花园"] * 40 + ["slow 花园"] * 30, 40, 1, Form().expression, 64))
    assert {" lower", " lowest", "low", " 花园"} <= tokens.keys()
    assert list(tokens.values()) == sorted(tokens.values(), reverse=True)
    assert all(score < 0 for score in tokens.values())


def test_characters_are_the_most_frequent_ones_of_the_coverage():
    texts = ["a" * 90 + "中" * 9 + "龘"]
    assert characters(texts, 0.9, 10) == "a"
    assert characters(texts, 0.99, 10) == "a中"
    assert characters(texts, 1, 10) == "a中龘"
    assert characters(texts, 1, 2) == "a中"
    assert characters(texts * 3000, 0.95, 10) == "a中"
    assert characters(["", ""], 1, 10) == characters([], 1, 10) == ""


def test_rare_characters_are_no_tokens_and_cut_what_is():
    texts = ["中文" * 300, "中a文" * 2, "b"]
    tokens = dict(learned(texts, 30, 0.99, Form().expression, 64))
    assert set("".join(tokens)) == set("中文")
    everything = dict(learned(texts, 30, 1, Form().expression, 64))
    assert set("".join(everything)) == set("中文ab")


@pytest.mark.parametrize(
    "hostile", ["ab" * 200_000, "长" * 200_000, "]^\\-[" * 50_000, "".join(map(chr, range(0x4E00, 0x9000))) * 8]
)
def test_hostile_text_is_learned_from_without_trouble(hostile):
    tokens = learned([hostile], 500, 0.9995, Form().expression, 64)
    assert 0 < len(tokens) <= 500
    assert Counter(map(len, (token for token, _ in tokens)))[1] <= 250
