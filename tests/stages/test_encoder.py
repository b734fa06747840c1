"""The encoder: any text comes back, none gives the mark, and a file that cannot be used is refused."""

from __future__ import annotations

import functools
import json

import pytest
import token_kinds
import tokenizers
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import texts as any_text
from tokenizer_cases import batches, corpus, cut, fitted, trained

from pipeline.errors import InputError
from stages import encoder as module
from stages.encoder import END_OF_TEXT, NEVER, PROBE, asking_library, bare, encoder
from stages.pretokenizers import GPT2, own
from stages.tokenizer import Tokenizer, train


@functools.cache
def both():
    """Our encoder, and the library's own view of the file, which decodes."""
    return encoder(trained()), tokenizers.Tokenizer.from_str(trained().decode())


def assert_comes_back(text: str) -> None:
    ours, library = both()
    (ids,) = ours.encode_batch([text])
    assert library.decode(ids, skip_special_tokens=False) == text
    assert ours.end_of_text not in ids


@given(any_text)
@example("x\r\n\r\ny\x00\ufeffz\u3000 \u00a0\n")
@example("👩\u200d👩\u200d👧🇫🇷é\u0301")
@example(" leading,  double   and trailing  ")
@example("语言模型，用中文。\n\n\t第二行 <|endoftext|> 完")
def test_any_text_comes_back(text):
    assert_comes_back(text)


@pytest.mark.parametrize("unit", ["a", " ", "中", "\n", "\r\n", "!", "7", "\u0301", "ก", "😀", "ab "])
def test_endless_text_comes_back_in_short_pieces(unit):
    text = unit * 50_000
    assert_comes_back(text)
    assert max(map(len, cut(text))) <= 1 + 64 + 64


@given(st.one_of(any_text, st.lists(any_text).map("".join)))
def test_pieces_are_the_text(text):
    pieces = cut(text)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= 1 + 64 + 64 for piece in pieces)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Hello world, don't panic!\n", ["Hello", " world", ",", " don", "'t", " panic", "!\n"]),
        ("It’S the 'sentence'", ["It", "’S", " the", " '", "sentence", "'"]),
        ("语言模型，用1234个字。", ["语言模型", "，用", "123", "4", "个字", "。"]),
        ("我用Python写", ["我用Python写"]),
        ("x = f(y_1)  # 返回\n    z", ["x", " =", " f", "(y", "_", "1", ")", " ", " #", " 返回", "\n", "   ", " z"]),
        ("สวัสดีน้ำ हिन्दी", ["สวัสดีน้ำ", " हिन्दी"]),
        ("a" * 130, ["a" * 64, "a" * 64, "aa"]),
        (" " * 130 + "b", [" " * 64, " " * 64, " ", " b"]),
        ("", []),
    ],
)
def test_where_text_is_cut(text, pieces):
    assert cut(text) == pieces


def test_text_that_spells_the_mark_is_ordinary_text():
    fed = corpus() + [f"{END_OF_TEXT}{END_OF_TEXT} 结束{END_OF_TEXT}"] * 500
    made = fitted(Tokenizer(vocab_size=900), batches(fed))
    ours, library = encoder(made), tokenizers.Tokenizer.from_str(made.decode())
    assert ours.end_of_text == library.token_to_id(END_OF_TEXT) == 0
    for text in (END_OF_TEXT, f"甲{END_OF_TEXT}乙", f" {END_OF_TEXT}\n" * 3, "<|endoftext", "endoftext|>"):
        (ids,) = ours.encode_batch([text])
        assert 0 not in ids
        assert library.decode(ids, skip_special_tokens=False) == text
    assert library.encode(END_OF_TEXT).ids == [0]  # to anyone who opens the file, the mark is the mark


def test_merges_that_make_the_mark_are_left_out():
    ours = encoder(changed({"<|endoftext|": 900}, merges=[["<|endoftext|", ">"]]))
    assert ours.encode_batch([END_OF_TEXT]) == [[ours.strings.index(bytes([byte])) for byte in END_OF_TEXT.encode()]]


def changed(tokens: dict | None = None, **parts) -> bytes:
    """Our file with other parts, at the top or in the model, and with some tokens' ids changed."""
    content = json.loads(trained())
    content["model"]["vocab"] |= tokens or {}
    for name, value in parts.items():
        target = content["model"] if name in content["model"] else content
        target[name] = value
    return json.dumps(content).encode()


def kind(name: str, **parts) -> bytes:
    """A file of another kind with other parts."""
    return json.dumps({**token_kinds.trained(name), **parts}).encode()


def split(expression: str) -> dict:
    return {"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": False}


MARK = {
    "id": 0, "content": END_OF_TEXT, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
    "special": True,
}  # fmt: skip
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
BROKEN = {
    "empty": lambda: b"",
    "no JSON": lambda: b"\x00\xff",
    "cut": lambda: trained()[:-100],
    "deep": lambda: b"[" * 100_000,
    "a list": lambda: b"[]",
    "a map": lambda: b"{}",
    "a number": lambda: b"1",
    "no model": lambda: changed(model=None),
    "words": lambda: changed(type="WordLevel"),
    "no tokens": lambda: changed(vocab={}, merges=[]),
    "a list of tokens": lambda: changed(vocab=["a"]),
    "ids with a gap": lambda: changed({"zz": 5000}),
    "ids twice": lambda: changed({"zz": 5}),
    "ids that are none": lambda: changed({"zz": "900"}),
    "ids true": lambda: changed({"!": True}),
    "negative ids": lambda: changed({"!": -1}),
    "a byte missing": lambda: trained().replace(b'"!":1,', b'"zz":1,'),
    "merges of nothing": lambda: changed(merges=[["nosuch", "token"]]),
    "merges of three": lambda: changed(merges=[["a", "b", "c"]]),
    "merges as text": lambda: changed(merges="a b"),
    "no mark": lambda: changed(added_tokens=[]),
    "another mark": lambda: changed(added_tokens=[{"id": 0, "content": "</s>", "special": True}]),
    "marks that are none": lambda: changed(added_tokens=[3]),
    "no list of marks": lambda: changed(added_tokens=None),
    "lower case": lambda: changed(normalizer={"type": "Lowercase"}),
    "random": lambda: changed(dropout=0.1),
    "suffixes": lambda: changed(end_of_word_suffix="</w>"),
    "no cutting": lambda: changed(pre_tokenizer=None),
    "cutting as text": lambda: changed(pre_tokenizer="ByteLevel"),
    "spaces added": lambda: changed(pre_tokenizer={**BYTE_LEVEL, "add_prefix_space": True}),
    "spaces lost": lambda: changed(
        pre_tokenizer={"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, BYTE_LEVEL]}
    ),
    "pieces lost": lambda: changed(
        pre_tokenizer={
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"String": " "}, "behavior": "Removed", "invert": False},
                BYTE_LEVEL,
            ],
        }
    ),
    "a wrong pattern": lambda: changed(
        pre_tokenizer={
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": "(("}, "behavior": "Isolated", "invert": False},
                BYTE_LEVEL,
            ],
        }
    ),
    "no bytes": lambda: changed(pre_tokenizer={"type": "Whitespace"}),
    "added, not special": lambda: changed(added_tokens=[MARK, {**MARK, "id": 900, "content": "  ", "special": False}]),
    "no decoder": lambda: changed(decoder=None),
    "a decoder that strips": lambda: changed(
        decoder={
            "type": "Sequence",
            "decoders": [{"type": "ByteLevel"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}],
        }
    ),
    "joined too early": lambda: kind(
        "unigram", decoder={"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "ByteFallback"}]}
    ),
    "unfit for the library": lambda: changed(version="9.9"),
    "a post-processor that is none": lambda: changed(post_processor={"type": "Nothing"}),
    "Unigram that is not cut": lambda: kind("unigram", pre_tokenizer=None),
    "Unigram cut by nothing": lambda: kind("unigram", pre_tokenizer={"type": "Sequence", "pretokenizers": []}),
    "Unigram cut at lines": lambda: kind("unigram", pre_tokenizer=split("\n")),
    "Unigram cut at all marks but one": lambda: kind("unigram", pre_tokenizer=split(r"[^\w<>]")),
    "WordPiece cut by GPT-2's": lambda: kind(
        "wordpiece", pre_tokenizer={"type": "Sequence", "pretokenizers": [split(GPT2), BYTE_LEVEL]}
    ),
    "lists in lists": lambda: changed(pre_tokenizer={"type": "Sequence", "pretokenizers": [[]]}),
}


@pytest.mark.parametrize("make", BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_used_is_refused(make, tmp_path):
    data = make()
    with pytest.raises(InputError, match=r"^tokenizer\.json is no tokenizer that can be used here: .+"):
        encoder(data)
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"x\.json is no tokenizer"):
        encoder(str(path))


def backtracking(letters: str) -> dict:
    """What takes exponential time for a run of these letters with another behind it."""
    steps = [split(rf"([{letters}]+\s?)+$"), {**BYTE_LEVEL, "use_regex": False}]
    return {"type": "Sequence", "pretokenizers": steps}


@pytest.mark.parametrize("text", ["a" * 60 + "!", "中" * 60 + "。"])
def test_a_pattern_that_takes_too_long_is_an_error_and_no_panic(text):
    made = encoder(changed(pre_tokenizer=backtracking("a中")), "slow.json")
    assert made.encode_batch(["x"]) == [[made.strings.index(b"x")]]
    with pytest.raises(InputError, match=r"^the tokenizer 'slow\.json' cannot encode a text: "):
        made.encode_batch([text])
    with pytest.raises(InputError, match=r"^slow\.json is no tokenizer that can be used here: "):
        encoder(changed(pre_tokenizer=backtracking(r"\w")), "slow.json")


def test_what_stops_a_process_is_no_error_of_a_file():
    for stop in (KeyboardInterrupt, SystemExit, MemoryError):
        with pytest.raises(stop), asking_library("x"):
            raise stop


def test_special_tokens_of_unigram_are_out_of_reach():
    made, content = encoder(kind("unigram")), bare(token_kinds.trained("unigram"))
    hidden = [token for token, _ in content["model"]["vocab"] if token.startswith(NEVER)]
    assert len(hidden) == len(token_kinds.SPECIAL) + 1 and max(map(len, hidden)) < 10
    text = " ".join([*hidden, "\uffff" * 300 + "0", "<0x41>中<0xE4>", *hidden]) + "".join(hidden)
    (ids,) = made.encode_batch([text])
    assert b"".join(made.strings[number] for number in ids) == text.encode()
    for expression in own():
        cut = tokenizers.pre_tokenizers.Split(tokenizers.Regex(expression), "isolated").pre_tokenize_str
        assert not any(token in piece for piece, _ in cut(text + PROBE) for token in (*hidden, "<0"))


def test_the_probe_has_all_bytes_of_text():
    assert set(range(256)) - set(PROBE.encode()) == {0xC0, 0xC1, *range(0xF5, 0x100)}


def test_files_too_large_or_not_there_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_FILE_BYTES", len(trained()) - 1)
    path = tmp_path / "tokenizer.json"
    path.write_bytes(trained())
    for source in (trained(), str(path)):
        with pytest.raises(InputError, match="it has over"):
            encoder(source)
    with pytest.raises(InputError, match="nosuch"):
        encoder(str(tmp_path / "nosuch.json"))


@functools.cache
def small() -> str:
    """The JSON of a tokenizer with a few merges."""
    return train(["abab 中中 abab"], 262).decode()


@given(st.data())
def test_a_damaged_file_is_refused_or_still_gives_text_back(data):
    content = json.loads(small())
    parts = [content, content["model"], content["added_tokens"][0], *content["pre_tokenizer"]["pretokenizers"]]
    part = data.draw(st.sampled_from(parts))
    key = data.draw(st.sampled_from(sorted(part)))
    if key in ("vocab", "merges") and data.draw(st.booleans()):
        part = part[key]
        key = data.draw(st.sampled_from(sorted(part) if key == "vocab" else range(len(part))))
    junk = st.sampled_from(
        [None, True, -1, 2**70, 1.5, "", "x", [], {}, [[]], {"type": "BPE"}, "Removed", ["a", "b"], ["中", "\ud800"]]
    )
    part[key] = data.draw(junk)
    try:
        made = encoder(json.dumps(content).encode())
    except InputError:
        return
    spelled = {number: token for token, number in json.loads(small())["model"]["vocab"].items()}
    text = f"abab {END_OF_TEXT} 中文"
    (ids,) = made.encode_batch([text])
    assert tokenizers.decoders.ByteLevel().decode([spelled[number] for number in ids]) == text
    assert made.end_of_text not in ids


def test_another_lossless_byte_level_tokenizer_can_be_used():
    theirs = tokenizers.Tokenizer(tokenizers.models.BPE())
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    theirs.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=500, show_progress=False, initial_alphabet=alphabet)
    theirs.train_from_iterator(corpus(), trainer)
    theirs.add_special_tokens(["<|pad|>", END_OF_TEXT])
    ours = encoder(theirs.to_str().encode())
    assert (ours.vocab_size, ours.end_of_text) == (502, 501)
    for text in [*corpus(10), f"{END_OF_TEXT}<|pad|>"]:
        (ids,) = ours.encode_batch([text])
        assert theirs.decode(ids) == text
        assert max(ids) < 500
    assert ours.encode_batch(corpus(10)) == [found.ids for found in theirs.encode_batch(corpus(10))]
