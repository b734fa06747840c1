"""The bytes of tokens add up to the text, and other tokenizers are refused."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from packed_folders import byte_characters, encode, tokenizer_json
from strategies import texts as any_text
from token_kinds import KINDS, SPECIAL
from token_kinds import trained as made
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from stages.encoder import bare
from train.errors import DataError
from train.vocabulary import BYTES_OF, kind_of, token_bytes, token_strings

ENGLISH = "The quick brown fox jumps over the lazy dog; it's 3.14 and naïve. " * 5
CHINESE = "今天天气很好，我们去公园散步。龍與國學，〇。" * 5
EMOJI = "👩‍👩‍👧 😀🇫🇷 \U0010ffff\n\n\t　x"


@pytest.fixture(scope="module")
def trained() -> Tokenizer:
    """A byte-level BPE with merges and a special token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([ENGLISH, CHINESE, EMOJI], trainer)
    return tokenizer


@pytest.mark.parametrize(
    "text", [ENGLISH, CHINESE, EMOJI, "", " ", "公园里的猫 and the cat", "\x00\x7f\x85", "ภาษาไทย 한국어"]
)
def test_the_bytes_of_tokens_add_up_to_the_text(trained, text):
    sizes = token_bytes(json.loads(trained.to_str()))
    assert sizes.dtype == np.int32
    ids = trained.encode(text, add_special_tokens=False).ids
    assert sizes[ids].sum() == len(text.encode())


def test_every_token_that_is_text_has_the_size_of_that_text(trained):
    sizes = token_bytes(json.loads(trained.to_str()))
    assert len(sizes) == trained.get_vocab_size(with_added_tokens=True)
    end = trained.token_to_id("<|endoftext|>")
    decoded = [trained.decode([number]) for number in range(len(sizes))]
    whole = [number for number, text in enumerate(decoded) if "�" not in text and number != end]
    assert len(whole) > 150
    assert [int(sizes[number]) for number in whole] == [len(decoded[number].encode()) for number in whole]
    assert sizes[end] == 0


def test_the_special_token_written_out_as_text_has_its_size(trained):
    tree = json.loads(trained.to_str())
    alone = Tokenizer.from_str(json.dumps({**tree, "added_tokens": []}))
    ids = alone.encode("<|endoftext|>中").ids
    assert trained.token_to_id("<|endoftext|>") not in ids
    assert token_bytes(tree)[ids].sum() == len("<|endoftext|>中".encode())


def test_the_alphabet_is_that_of_the_tokenizers_library():
    assert set(byte_characters()) == set(pre_tokenizers.ByteLevel.alphabet()) == set(BYTES_OF)
    assert token_bytes(tokenizer_json()).tolist() == [1] * 256 + [0]
    assert Tokenizer.from_str(json.dumps(tokenizer_json())).encode("a中").ids == encode("a中")


@pytest.mark.parametrize("kind", KINDS)
@given(any_text)
@settings(max_examples=40)
def test_a_text_is_the_strings_of_its_tokens(kind, text):
    strings, library = token_strings(made(kind)), Tokenizer.from_str(json.dumps(bare(made(kind))))
    for one in (text, f"{text}USER<|endoftext|><unk>[UNK]<0x41>‿a{text}"):
        ids = library.encode(one, add_special_tokens=False).ids
        assert b"".join(strings[number] for number in ids) == one.encode()
        assert Tokenizer.from_str(json.dumps(made(kind))).decode(ids, skip_special_tokens=False) == one


@pytest.mark.parametrize("kind", KINDS)
def test_the_strings_of_each_kind(kind):
    strings = token_strings(made(kind))
    assert kind_of(made(kind)) == kind
    assert [strings[number] for number in range(len(SPECIAL))] == [b""] * len(SPECIAL)
    assert strings.count(b"") == len(SPECIAL) + (kind == "unigram")
    assert {bytes([byte]) for byte in range(256)} | {"中".encode()} <= set(strings)
    assert token_bytes(made(kind)).tolist() == list(map(len, strings))


def other(kind: str, **parts) -> dict:
    """A tokenizer of one kind with other parts, at the top or in the model."""
    tree = json.loads(json.dumps(made(kind)))
    for name, value in parts.items():
        (tree["model"] if name in tree["model"] else tree)[name] = value
    return tree


def without(kind: str, token: str) -> dict:
    """A tokenizer that has another token in the place of this one."""
    tree = json.loads(json.dumps(made(kind)))
    vocab = tree["model"]["vocab"]
    if kind == "unigram":
        vocab[[one for one, _ in vocab].index(token)][0] = "zzzz"
    else:
        vocab["zzzz"] = vocab.pop(token)
    return tree


def changed(**model) -> dict:
    tree = tokenizer_json()
    tree["model"].update(model)
    return tree


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"model": None, "added_tokens": []},
        {"model": {"type": "BPE", "vocab": {"a": 0}}, "added_tokens": [{"content": "a"}]},
        changed(type="WordPiece"),
        changed(type="WordLevel"),
        changed(type=["BPE"]),
        changed(vocab={"a": 0, "▁the": 1}),
        changed(vocab={"a": 0, "中": 1}),
        changed(vocab={"a": 0, "b": 2}),
        changed(vocab={"a": 0, "b": 0}),
        changed(vocab={"a": "0"}),
        changed(vocab=[1, 2]),
        changed(byte_fallback=True),
        other("bpe", normalizer={"type": "NFC"}),
        other("bpe", added_tokens=[{"id": 1, "content": "Ā", "special": True}]),
        other("bpe", added_tokens=[{"id": 0, "content": "中", "special": False}]),
        other("bpe", added_tokens=[{"id": 0, "content": "  ", "special": 1}]),
        other("bpe", added_tokens=[{"id": True, "content": "x", "special": True}]),
        other("bpe", decoder=None),
        other("bpe", decoder={"type": "Sequence", "decoders": [{"type": "ByteLevel"}, {"type": "Strip"}]}),
        other("wordpiece", decoder={"type": "ByteLevel"}),
        other(
            "wordpiece",
            decoder={
                "type": "Sequence",
                "decoders": [{"type": "Replace", "pattern": {"String": "a"}, "content": ""}, {"type": "ByteLevel"}],
            },
        ),
        other("wordpiece", decoder={"type": "WordPiece", "prefix": "‿", "cleanup": False}),
        other("unigram", decoder={"type": "Fuse"}),
        other("unigram", decoder={"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"}),
        other("bpe", added_tokens=[{"id": 2**70, "content": "x", "special": True}]),
        without("bpe", "Ā"),
        other("wordpiece", continuing_subword_prefix="##"),
        other("wordpiece", max_input_chars_per_word=100),
        other("wordpiece", max_input_chars_per_word=True),
        other("wordpiece", pre_tokenizer={"type": "Whitespace"}),
        without("wordpiece", "‿Ā"),
        without("wordpiece", "Ā"),
        other("unigram", byte_fallback=False),
        other("unigram", unk_id=None),
        other("unigram", unk_id=10**6),
        other("unigram", vocab=[["a", 0.0]] * 300),
        other("unigram", vocab=[[3, 0.0]]),
        other("unigram", vocab=[[]]),
        other("unigram", pre_tokenizer={"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"}),
        without("unigram", "<0xFF>"),
    ],
)
def test_other_tokenizers_are_refused(tree):
    with pytest.raises(DataError, match=r"^tokenizer\.json cannot be used: .+"):
        token_strings(tree)
