"""tokenizer: merges are those of a naive trainer, the sample depends on nothing but documents."""

from __future__ import annotations

import hashlib
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
from harness import CHINESE, ENGLISH, plan, run, write_jsonl
from tokenizer_cases import batches, corpus, cut, fitted, sampled, trained

from pipeline.batch import Batch
from pipeline.errors import InputError, OptionError, PlanError
from pipeline.stage import Fit
from stages import encoder as module
from stages.encoder import END_OF_TEXT, encoder
from stages.split import draw
from stages.tokenizer import Tokenizer, train
from stages.tokenizer_sample import Pool
from stages.tokenizer_train import ALGORITHMS, Form

ROOT = Path(__file__).parents[2]


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
    ours = encoder(trained())
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
    expected = sampled(stage, fed)
    assert sum(len(text.encode()) for text in expected) == pytest.approx(20_000, abs=4)
    assert len(expected) < 150
    chance = random.Random(7)
    for rows in (1, 7, 1000):
        again = shuffled(chance, fed, rows)
        assert sampled(stage, again) == expected
        assert fitted(stage, again) == fitted(stage, fed)


def test_the_sample_is_the_documents_of_lowest_hash():
    texts = [f"{n} 号文件 " + "x" * 90 for n in range(100)]
    fed = batches(texts)
    size = len(texts[-1].encode())
    order = sorted(range(100), key=lambda row: draw(3, "tokenizer", f"{row:032x}"))
    found = sampled(Tokenizer(max_mb=10.5 * size / 1e6, seed=3), fed)
    assert found[:10] == [texts[row] for row in order[:10]]
    assert len(found) == 11 and texts[order[10]].startswith(found[10])
    assert len(found[10]) < len(texts[order[10]])
    assert sorted(sampled(Tokenizer(seed=3), fed)) == sorted(texts)


def test_sources_give_what_their_weight_says():
    texts = [f"{n:04d}" + "é中" * 20 for n in range(900)]
    sources = [("web", "books", "code")[n % 3] for n in range(900)]
    source_of = {text[:4]: source for text, source in zip(texts, sources, strict=True)}
    found = sampled(Tokenizer(max_mb=0.02, weights={"web": 1, "books": 3, "code": 0}), batches(texts, sources))
    sizes: Counter[str] = Counter()
    for text in found:
        sizes[source_of[text[:4]]] += len(text.encode())
    assert sizes.keys() == {"web", "books"}
    assert sizes["web"] == pytest.approx(5_000, abs=3) and sizes["books"] == pytest.approx(15_000, abs=3)
    everything = sampled(Tokenizer(max_mb=1, weights={"web": 1, "books": 3}), batches(texts, sources))
    assert len(everything) == 600  # a source with less than its share gives all it has


def test_only_the_train_side_and_the_head_of_a_document_are_used():
    texts = ["训练 train", "验证 validation", "", "长" * 50]
    fed = batches(texts, sides=["train", "validation", "train", "train"])
    assert sorted(sampled(Tokenizer(max_document_chars=20), fed)) == sorted(["训练 train", "长" * 20])


def test_a_pool_holds_no_more_than_its_budget_and_a_text():
    pool, chance, most = Pool(10_000), random.Random(0), 0
    for _ in range(2000):
        pool.add(chance.getrandbits(64), b"x" * chance.randrange(300))
        most = max(most, pool.n_bytes)
    assert most < 10_300
    assert sum(len(one.text) for one in pool.texts(10_000)) == 10_000


def test_a_pool_cuts_between_characters():
    pool = Pool(10)
    for key in range(5):
        pool.add(key, "中文😀".encode())
    assert [one.text for one in pool.texts(10)] == ["中文😀"]
    pool = Pool(8)
    pool.add(0, "中文😀".encode())
    assert [one.text for one in pool.texts(8)] == ["中文"]


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


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_bytes_in_any_process_with_any_threads(algorithm):
    texts = corpus(150, seed=9)
    script = (
        "import sys, json, hashlib; from stages.tokenizer_train import Form, train;"
        f"print(hashlib.sha256(train(json.load(sys.stdin), 2000, Form({algorithm!r}))).hexdigest())"
    )
    found = {hashlib.sha256(train(texts, 2000, Form(algorithm))).hexdigest()}
    for parallel, threads in (("false", "1"), ("true", "4")):
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
