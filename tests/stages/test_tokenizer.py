"""tokenizer: any text comes back, merges are those of a naive trainer, the sample depends on nothing but documents."""

from __future__ import annotations

import functools
import hashlib
import io
import itertools
import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
import tokenizers
from batches import documents
from harness import CHINESE, ENGLISH, plan, run, text_of, write_jsonl
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import texts as any_text

from pipeline.batch import Batch
from pipeline.errors import InputError, OptionError, PlanError
from pipeline.stage import Fit
from stages import tokenizer as module
from stages.split import draw
from stages.tokenizer import END_OF_TEXT, PATTERN, Pool, Tokenizer, encoder, train

ROOT = Path(__file__).parents[2]
CODE = "def f(x_1):\n    # 返回两倍\n    return {'x': x_1 * 2}\n\n\nclass A(B):\n\tpass\n"


def corpus(n: int = 200, seed: int = 1) -> list[str]:
    """English, Chinese and code."""
    chance = random.Random(seed)
    return [text_of(chance, chance.randrange(5, 150)) for _ in range(n)] + [CODE] * 3


def batches(texts: list[str], sources=None, sides=None, rows: int = 64) -> list[Batch]:
    """What reaches the Fit: documents whose uid is their row, in batches of so many rows."""
    table = documents(texts, sources)
    table = table.append_column("split_side", pa.array(sides or ["train"] * len(texts), pa.string()))
    return [Batch(table.slice(a, rows), Tokenizer(), "tokenizer") for a in range(0, len(texts), rows)]


def fitted(stage: Tokenizer, fed: list[Batch]) -> bytes:
    out = io.BytesIO()
    stage.fit(fed, out)
    return out.getvalue()


@functools.cache
def trained() -> bytes:
    return fitted(Tokenizer(vocab_size=900), batches(corpus()))


@functools.cache
def both():
    """Our encoder, and the library's own view of the file, which decodes."""
    return encoder(trained()), tokenizers.Tokenizer.from_str(trained().decode())


def cut(text: str) -> list[str]:
    """The pieces that pairs are merged in."""
    return [
        piece
        for piece, _ in tokenizers.pre_tokenizers.Split(tokenizers.Regex(PATTERN), "isolated").pre_tokenize_str(text)
    ]


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


def naive_merges(texts: list[str], vocab_size: int) -> list[list[str]]:
    """Merge the pair that occurs most often, the one of lowest ids among equals, until nothing occurs twice."""
    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    words = Counter(byte_level.pre_tokenize_str(piece)[0][0] for text in texts for piece in cut(text))
    ids = {token: number for number, token in enumerate([END_OF_TEXT, *sorted(byte_level.alphabet())])}
    spelled, merges = {word: list(word) for word in words}, []
    while len(ids) < vocab_size:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, tokens in spelled.items():
            for pair in itertools.pairwise(tokens):
                pairs[pair] += words[word]
        pair = min(pairs, key=lambda pair: (-pairs[pair], ids[pair[0]], ids[pair[1]]), default=("", ""))
        if pairs[pair] < 2:
            break
        merges.append(list(pair))
        ids.setdefault("".join(pair), len(ids))
        for tokens in spelled.values():
            place = 0
            while place < len(tokens) - 1:
                if (tokens[place], tokens[place + 1]) == pair:
                    tokens[place : place + 2] = ["".join(pair)]
                place += 1
    return merges


@pytest.mark.parametrize("seed", [2, 3])
def test_merges_are_those_of_a_naive_trainer(seed):
    texts = corpus(12, seed)
    made = json.loads(fitted(Tokenizer(vocab_size=600), batches(texts)))
    assert made["model"]["merges"] == naive_merges(texts, 600)
    assert len(made["model"]["merges"]) > 200


def test_frequent_words_are_single_tokens():
    ours, _ = both()
    text = "\n".join(corpus())
    words = Counter(f" {word}" for word in text.split() if word in ENGLISH).most_common(20)
    characters = Counter(character for character in text if character in CHINESE).most_common(60)
    assert len(words) == 20 and len(characters) == 60
    assert {len(ids) for ids in ours.encode_batch([word for word, _ in [*words, *characters]])} == {1}


def test_a_small_vocabulary_has_every_byte_and_a_short_corpus_a_short_vocabulary():
    smallest = encoder(train(corpus(), 257))
    text = "Aé中😀\0"
    assert smallest.vocab_size == 257
    assert [len(ids) for ids in smallest.encode_batch([text, ""])] == [len(text.encode()), 0]
    assert encoder(train(["一"], 5000)).vocab_size == 257
    assert encoder(train(["abab abab"], 5000)).vocab_size < 262
    assert encoder(train(corpus(), 700)).vocab_size == 700


def shuffled(chance: random.Random, fed: list[Batch], rows: int) -> list[Batch]:
    """The same documents in another order and other batches."""
    table = pa.Table.from_batches([batch.record_batch for batch in fed])
    order = chance.sample(range(len(table)), len(table))
    made = table.take(order).combine_chunks().to_batches()[0]
    return [Batch(made.slice(a, rows), Tokenizer(), "tokenizer") for a in range(0, len(made), rows)]


@pytest.mark.parametrize("options", [{}, {"weights": {"web": 1, "books": 3}}, {"seed": 5}])
def test_the_sample_does_not_depend_on_order_or_batches(options):
    texts = corpus(300)
    fed = batches(texts, sources=[("web", "books")[n % 2] for n in range(len(texts))])
    stage = Tokenizer(max_mb=0.02, vocab_size=400, **options)
    expected = stage.sample(fed)
    assert sum(len(text.encode()) for text in expected) == pytest.approx(20_000, abs=4)
    assert len(expected) < 150
    chance = random.Random(7)
    for rows in (1, 7, 1000):
        again = shuffled(chance, fed, rows)
        assert stage.sample(again) == expected
        assert fitted(stage, again) == fitted(stage, fed)


def test_the_sample_is_the_documents_of_lowest_hash():
    texts = [f"{n} 号文件 " + "x" * 90 for n in range(100)]
    fed = batches(texts)
    size = len(texts[-1].encode())
    order = sorted(range(100), key=lambda row: draw(3, "tokenizer", f"{row:032x}"))
    found = Tokenizer(max_mb=10.5 * size / 1e6, seed=3).sample(fed)
    assert found[:10] == [texts[row] for row in order[:10]]
    assert len(found) == 11 and texts[order[10]].startswith(found[10])
    assert len(found[10]) < len(texts[order[10]])
    assert sorted(Tokenizer(seed=3).sample(fed)) == sorted(texts)


def test_sources_give_what_their_weight_says():
    texts = [f"{n:04d}" + "é中" * 20 for n in range(900)]
    sources = [("web", "books", "code")[n % 3] for n in range(900)]
    source_of = {text[:4]: source for text, source in zip(texts, sources, strict=True)}
    found = Tokenizer(max_mb=0.02, weights={"web": 1, "books": 3, "code": 0}).sample(batches(texts, sources))
    sizes: Counter[str] = Counter()
    for text in found:
        sizes[source_of[text[:4]]] += len(text.encode())
    assert sizes.keys() == {"web", "books"}
    assert sizes["web"] == pytest.approx(5_000, abs=3) and sizes["books"] == pytest.approx(15_000, abs=3)
    everything = Tokenizer(max_mb=1, weights={"web": 1, "books": 3}).sample(batches(texts, sources))
    assert len(everything) == 600  # a source with less than its share gives all it has


def test_only_the_train_side_and_the_head_of_a_document_are_used():
    texts = ["训练 train", "验证 validation", "", "长" * 50]
    fed = batches(texts, sides=["train", "validation", "train", "train"])
    assert sorted(Tokenizer(max_document_chars=20).sample(fed)) == sorted(["训练 train", "长" * 20])


def test_a_pool_holds_no_more_than_its_budget_and_a_text():
    pool, chance, most = Pool(10_000), random.Random(0), 0
    for _ in range(2000):
        pool.add(chance.getrandbits(64), b"x" * chance.randrange(300))
        most = max(most, pool.n_bytes)
    assert most < 10_300
    assert sum(map(len, pool.texts())) == 10_000


def test_a_pool_cuts_between_characters():
    pool = Pool(10)
    for key in range(5):
        pool.add(key, "中文😀".encode())
    assert list(pool.texts()) == ["中文😀"]
    pool = Pool(8)
    pool.add(0, "中文😀".encode())
    assert list(pool.texts()) == ["中文"]


@pytest.mark.parametrize(
    ("options", "texts", "sides"),
    [
        ({}, [], []),
        ({}, ["", ""], ["train", "train"]),
        ({}, ["文字", "text"], ["validation", "validation"]),
        ({"weights": {"books": 1, "web": 1}}, ["文字", "text"], ["train", "train"]),
    ],
)
def test_nothing_to_train_on_is_an_error(options, texts, sides):
    with pytest.raises(InputError, match=r"nothing to train on: no text.*(reached it|'books')"):
        fitted(Tokenizer(**options), batches(texts, sides=sides))


@pytest.mark.parametrize(
    "wrong",
    [
        {"vocab_size": 256},
        {"vocab_size": 1_000_001},
        {"max_mb": 0},
        {"max_mb": 2001},
        {"weights": {"web": 0}},
        {"weights": {"web": -1}},
    ],
)
def test_wrong_options_are_refused(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        Tokenizer(**wrong)


def test_the_same_bytes_in_any_process_with_any_threads(tmp_path):
    texts = corpus(150, seed=9)
    script = (
        "import sys, json, hashlib; from stages.tokenizer import train;"
        "print(hashlib.sha256(train(json.load(sys.stdin), 2000)).hexdigest())"
    )
    found = {hashlib.sha256(train(texts, 2000)).hexdigest()}
    for parallel, threads in (("false", "1"), ("true", "1"), ("true", "4")):
        random.Random(threads + parallel).shuffle(texts)
        environment = {**os.environ, "TOKENIZERS_PARALLELISM": parallel, "RAYON_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", script], input=json.dumps(texts), env=environment, cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stderr == ""
        found.add(done.stdout.strip())
    assert len(found) == 1


def test_the_library_is_told_to_use_one_core_unless_the_user_says_otherwise(monkeypatch):
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    module.library()
    assert os.environ["TOKENIZERS_PARALLELISM"] == "false"
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    module.library()
    assert os.environ["TOKENIZERS_PARALLELISM"] == "true"


def changed(tokens: dict | None = None, **parts) -> bytes:
    """Our file with other parts, at the top or in the model, and with some tokens' ids changed."""
    content = json.loads(trained())
    content["model"]["vocab"] |= tokens or {}
    for name, value in parts.items():
        target = content["model"] if name in content["model"] else content
        target[name] = value
    return json.dumps(content).encode()


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
    "merges that make the mark": lambda: changed({"<|endoftext|": 900}, merges=[["<|endoftext|", ">"]]),
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


def test_the_plan_checks_sources_and_that_there_is_a_split(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 5, seed=1)
    sources = "sources: {web: {reader: jsonl, paths: [a.jsonl]}}\n"
    with pytest.raises(PlanError, match="needs the column 'split_side'"):
        plan(tmp_path, sources + "stages: [tokenizer]\n")
    with pytest.raises(PlanError, match=r"names no source of this recipe: 'wbe' .did you mean 'web'"):
        plan(tmp_path, sources + "stages: [split, {tokenizer: {weights: {wbe: 1}}}]\n")


def test_a_run_publishes_the_same_file_for_any_number_of_workers(tmp_path):
    for number in range(3):
        write_jsonl(tmp_path / f"{number}.jsonl", 60, seed=number)
    recipe = "sources: {web: {reader: jsonl, paths: ['*.jsonl']}}\n"
    recipe += (
        "stages: [normalize, {split: {validation_frac: 0.2}}, pii, {tokenizer: {vocab_size: 500, max_mb: 0.05}}]\n"
    )
    found = set()
    for workers in (1, 2):
        run(tmp_path, recipe, out=f"run{workers}", workers=workers)
        found.add((tmp_path / f"run{workers}" / "out" / "tokenizer.json").read_bytes())
    (content,) = found
    assert encoder(content).vocab_size == 500


def test_it_is_a_fit_whose_file_is_published():
    assert issubclass(Tokenizer, Fit)
    assert Tokenizer.publishes == "tokenizer.json"
    assert Tokenizer().needs() == ("text", "source", "split_side")
