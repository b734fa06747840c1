"""tokenizer: three algorithms whose files load elsewhere and give back every text."""

from __future__ import annotations

import functools
import json
import random
import subprocess
import sys

import pytest
import strategies
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizer_cases import CODE, batches, corpus, fitted

from pipeline.errors import OptionError
from stages.encoder import END_OF_TEXT
from stages.tokenizer import Tokenizer
from stages.tokenizer_train import ALGORITHMS, BPE, PREFIX, UNIGRAM, UNKNOWN, WORDPIECE, Form, train

THAI = "ภาษาไทยไม่มีช่องว่างระหว่างคำ กินข้าวแล้วหรือยัง"
EMOJI = "👩‍👩‍👧 👍🏽 🇨🇳"
HARD = [
    "",
    "\0",
    "\r",
    "a\r\n\rb\n",
    " ",
    "   indented\n\t\ttabs",
    EMOJI,
    THAI,
    "\ue000\U0010ffff\u200b\ufeff",
    "e\u0301 é ﬁ Å",
    "<|endoftext|> <|im_start|>user<unk> [UNK]",
    "<0x41><0xE4> <0x0A>",
    "##ing ##a",
    f"{PREFIX}a {PREFIX}{PREFIX} a{PREFIX}b",
    "▁ ▁the Ġthe Ċ",
    "1234567890 १२३४ ①②",
    "长" * 300 + "x" * 300 + "!" * 300 + "\n" * 300,
    CODE,
]


@functools.cache
def made(algorithm: str, **options) -> bytes:
    return fitted(Tokenizer(vocab_size=1200, algorithm=algorithm, **options), batches(corpus()))


@functools.cache
def loaded(algorithm: str) -> tokenizers.Tokenizer:
    """As a text is encoded: what spells a special token is text."""
    content = json.loads(made(algorithm))
    content["added_tokens"] = []
    return tokenizers.Tokenizer.from_str(json.dumps(content))


def vocabulary(content: bytes) -> dict[str, int]:
    return tokenizers.Tokenizer.from_str(content.decode()).get_vocab()


def ids_of(algorithm: str, text: str) -> list[int]:
    return loaded(algorithm).encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("text", HARD)
def test_hard_text_comes_back(algorithm, text):
    ids = ids_of(algorithm, text)
    assert loaded(algorithm).decode(ids, skip_special_tokens=False) == text
    special = len(Form(algorithm).special)
    assert all(number >= special for number in ids), "text is never a special token"


def test_text_that_spells_a_byte_is_never_that_byte():
    text = "<0x41> <0xE4><0x0A>"
    there = tokenizers.Tokenizer.from_str(train([text] * 50, 600, Form(UNIGRAM)).decode())
    ids = there.encode(text, add_special_tokens=False).ids
    assert not set(ids) & {there.token_to_id(f"<0x{byte:02X}>") for byte in range(256)}
    assert there.decode(ids) == text


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@settings(max_examples=60)
@given(text=strategies.texts | st.text(st.sampled_from("<0x41>▁‿#Ġ中文ไก่é😀\0\r\n\t a1一")))
def test_every_text_comes_back(algorithm, text):
    assert loaded(algorithm).decode(ids_of(algorithm, text), skip_special_tokens=False) == text


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_ids_are_numbers_from_0_with_special_ones_first(algorithm):
    special = ("<|im_start|>", "[PAD]")
    content = json.loads(made(algorithm, special_tokens=special))
    model = content["model"]
    ids = (
        {token: number for number, (token, _) in enumerate(model["vocab"])} if algorithm == UNIGRAM else model["vocab"]
    )
    first = [END_OF_TEXT, *special, *([UNKNOWN] if algorithm == UNIGRAM else [])]
    assert [one["content"] for one in content["added_tokens"]] == first
    assert [one["id"] for one in content["added_tokens"]] == list(range(len(first)))
    assert [ids[token] for token in first] == list(range(len(first)))
    assert sorted(ids.values()) == list(range(1200))
    assert content["normalizer"] is None and content["post_processor"] is None


def test_the_forms_are_the_agreed_ones():
    kinds = {name: json.loads(made(name)) for name in ALGORITHMS}
    assert {name: content["model"]["type"] for name, content in kinds.items()} == {
        BPE: "BPE",
        WORDPIECE: "WordPiece",
        UNIGRAM: "Unigram",
    }
    for name in (BPE, WORDPIECE):
        cutting = kinds[name]["pre_tokenizer"]["pretokenizers"]
        assert [step["type"] for step in cutting] == ["Split", "ByteLevel"]
        assert cutting[1]["add_prefix_space"] is False and cutting[1]["use_regex"] is False
    alphabet = set(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    wordpiece, unigram = kinds[WORDPIECE]["model"], kinds[UNIGRAM]["model"]
    assert wordpiece["continuing_subword_prefix"] == PREFIX not in alphabet
    assert wordpiece["vocab"].keys() >= alphabet | {PREFIX + byte for byte in alphabet}
    assert wordpiece["max_input_chars_per_word"] >= 1000
    assert unigram["byte_fallback"] is True and unigram["vocab"][unigram["unk_id"]][0] == UNKNOWN
    assert {token for token, _ in unigram["vocab"]} >= {f"<0x{byte:02X}>" for byte in range(256)}
    assert kinds[UNIGRAM]["pre_tokenizer"]["type"] == "Split"
    assert [step["type"] for step in kinds[WORDPIECE]["decoder"]["decoders"]] == ["Replace", "ByteLevel"]
    assert [step["type"] for step in kinds[UNIGRAM]["decoder"]["decoders"]] == ["ByteFallback", "Fuse"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_smallest_vocabulary_is_bytes_and_a_smaller_one_is_refused(algorithm):
    least = Form(algorithm).n_fixed
    for texts in (corpus(20), [], [""], ["\0"]):
        content = train(texts, least, Form(algorithm)).decode()
        there = tokenizers.Tokenizer.from_str(content)
        assert there.get_vocab_size() == least
        text = "Aé中😀\0"
        ids = there.encode(text, add_special_tokens=False).ids
        assert len(ids) == len(text.encode()) and there.decode(ids) == text
    with pytest.raises(OptionError, match=f"vocab_size.*at least the {least + 1}") as caught:
        Tokenizer(vocab_size=least, algorithm=algorithm, special_tokens=("<a>",))
    assert caught.value.key == "vocab_size"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_vocabulary_is_never_larger_than_asked(algorithm):
    texts = corpus(100)
    sizes = [len(vocabulary(train(texts, size, Form(algorithm)))) for size in (600, 777, 50_000)]
    assert sizes[:2] == [600, 777] and 777 < sizes[2] < 50_000


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_order_of_texts_does_not_matter(algorithm):
    texts = corpus(60, seed=4)
    found = train(texts, 1000, Form(algorithm))
    for seed in (1, 2):
        random.Random(seed).shuffle(texts)
        assert train(texts, 1000, Form(algorithm)) == found


@pytest.mark.parametrize(("pretokenizer", "digits", "pieces"), [
    ("gpt4", "threes", ["用python写", "2026", "'s"]),
    ("chinese", "single", ["用", "python", "写", "2", "0", "2", "6"]),
    ("gpt2", "single", ["用python写", "2", "0", "2", "6"]),
])  # fmt: skip
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_tokens_keep_to_the_pieces_of_the_pretokenizer(algorithm, pretokenizer, digits, pieces):
    form = Form(algorithm, pretokenizer, digits)
    there = tokenizers.Tokenizer.from_str(train(["用python写2026's"] * 50, 900, form).decode())
    found = {there.decode([number]) for number in there.encode("用python写2026's").ids}
    expected = {"202", "6"} if "2026" in pieces else {"2", "0", "6"}
    assert expected <= found and found >= {piece for piece in pieces if piece.isalpha()}


TRANSFORMERS = """
import json, sys
from transformers import PreTrainedTokenizerFast
paths, texts = json.load(sys.stdin)
for path in paths:
    made = PreTrainedTokenizerFast(tokenizer_file=path, eos_token="<|endoftext|>", clean_up_tokenization_spaces=False)
    ids = [made.encode(text, add_special_tokens=False) for text in texts]
    print(json.dumps([len(made), made.eos_token_id, ids, [made.decode(one) for one in ids]]))
"""


def test_transformers_load_them(tmp_path):
    texts = ["The garden by the river is beautiful.", "河边的花园很美，孩子们在读书。", THAI, EMOJI, CODE]
    paths = [tmp_path / f"{algorithm}.json" for algorithm in ALGORITHMS]
    for algorithm, path in zip(ALGORITHMS, paths, strict=True):
        path.write_bytes(made(algorithm))
    given = json.dumps([list(map(str, paths)), texts])
    done = subprocess.run([sys.executable, "-c", TRANSFORMERS], input=given, capture_output=True, text=True, check=True)
    for algorithm, line in zip(ALGORITHMS, done.stdout.splitlines()[-3:], strict=True):
        size, end, ids, decoded = json.loads(line)
        assert (size, end) == (1200, 0)
        assert ids == [ids_of(algorithm, text) for text in texts]
        assert decoded == texts


@pytest.mark.parametrize(
    ("tokens", "why"),
    [
        (("",), "must be 3 to 64"),
        (("a",), "must be 3 to 64"),
        (("Ġthe",), "must be 3 to 64"),
        (("<中文>",), "must be 3 to 64"),
        (("<a b>",), "must be 3 to 64"),
        (("<a>\n",), "must be 3 to 64"),
        (("<||>",), "must be 3 to 64"),
        (("<a",), "must be 3 to 64"),
        (("<" + "a" * 63 + ">",), "must be 3 to 64"),
        (("<a>", "<b>", "<a>"), "is there already"),
        ((END_OF_TEXT,), "is there already"),
        ((UNKNOWN,), "is there already"),
        (("<0x41>",), "is there already"),
        (tuple(f"<{n}>" for n in range(1001)), "may have 1000, not 1001"),
    ],
)
def test_special_tokens_that_are_none_are_refused(tokens, why):
    with pytest.raises(OptionError, match=why) as caught:
        Tokenizer(special_tokens=tokens)
    assert caught.value.key == "special_tokens"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_special_token_is_never_learned(algorithm):
    special = ("<pad>", "##tag##", "|x|")
    texts = [" ".join(special) * 20, *special * 50]
    there = tokenizers.Tokenizer.from_str(train(texts, 700, Form(algorithm, special_tokens=special)).decode())
    content = json.loads(there.to_str())
    content["added_tokens"] = []
    plain = tokenizers.Tokenizer.from_str(json.dumps(content))
    for text in texts[:5]:
        assert not {there.token_to_id(token) for token in special} & set(plain.encode(text).ids)
        assert plain.decode(plain.encode(text).ids, skip_special_tokens=False) == text


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_token_is_longer_than_it_may_be(algorithm):
    texts = ["如果您遵循本指南的制作流程而发现有问题 incomprehensibilities"] * 50
    longest = {}
    for most in (9, 32, 1000):
        tokens = vocabulary(train(texts, 900, Form(algorithm, max_token_bytes=most)))
        is_spelled = algorithm == UNIGRAM  # the others write a byte as a character
        longest[most] = max(
            len(token.encode() if is_spelled else token.removeprefix(PREFIX))
            for token in tokens
            if token not in (END_OF_TEXT, UNKNOWN) and not token.startswith("<0x")
        )
    assert 4 < longest[9] <= 9 < longest[32] <= 32 and longest[1000] >= longest[32]


def test_wordpiece_is_that_of_the_librarys_own_trainer():
    texts, alphabet = corpus(), sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    library = tokenizers.Tokenizer(tokenizers.models.WordPiece(continuing_subword_prefix=PREFIX))
    step = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    splitter = tokenizers.pre_tokenizers.Split(tokenizers.Regex(Form().expression), "isolated")
    library.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([splitter, step])
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=1200,
        min_frequency=2,
        show_progress=False,
        special_tokens=[END_OF_TEXT, *(PREFIX + byte for byte in alphabet)],
        initial_alphabet=alphabet,
        continuing_subword_prefix=PREFIX,
    )
    library.train_from_iterator(texts, trainer)
    assert vocabulary(train(texts, 1200, Form(WORDPIECE, max_token_bytes=1000))) == library.get_vocab()
