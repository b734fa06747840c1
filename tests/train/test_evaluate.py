"""Bits per byte: exact for a model that knows nothing, whatever the batches, English and Chinese."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from packed_folders import END_OF_TEXT, VOCAB_SIZE, encode, packed_folder

from train import evaluate as module
from train.evaluate import Place, Score, evaluate, token_nats
from train.loader import validation_batches
from train.model import Decoder, Shape
from train.packed import read_index, read_token_bytes

CPU = Place(torch.device("cpu"), None)
SHAPE = Shape(vocab_size=VOCAB_SIZE, sequence_tokens=16, layers=1, width=16, heads=2, hidden=16, tie_embeddings=False)
TEXTS = {
    "en": ["The quick brown fox jumps over the lazy dog.", "A", "Short one.", "x" * 40],
    "zh": ["敏捷的棕色狐狸跳过了懒狗。", "子曰：学而时习之，不亦说乎？", "中"],
    "none": [],
}


@pytest.fixture
def folder(tmp_path):
    documents = {source: [encode(text) for text in texts] for source, texts in TEXTS.items()}
    packed_folder(tmp_path, {source: [encode("train")] for source in TEXTS}, documents)
    return str(tmp_path)


def scores(folder, model, across=False, max_tokens=10**9):
    index = read_index(folder)
    return evaluate(model, index, folder, read_token_bytes(folder, index), CPU, across, max_tokens)


def test_a_model_that_knows_nothing_needs_log2_of_the_vocabulary(folder):
    model = Decoder(SHAPE, seed=0)
    torch.nn.init.zeros_(model.head.weight)
    found = scores(folder, model)
    for source in ("en", "zh"):
        n_bytes = sum(len(text.encode()) for text in TEXTS[source])
        n_tokens = n_bytes + len(TEXTS[source])  # one per byte, and the end of each document
        assert (found[source].bytes, found[source].tokens) == (n_bytes, n_tokens)
        assert found[source].bits_per_byte == pytest.approx(math.log2(VOCAB_SIZE) * n_tokens / n_bytes, rel=1e-6)


def test_a_source_without_text_has_no_score(folder):
    assert scores(folder, Decoder(SHAPE, seed=0))["none"] == Score(0.0, 0, 0, 0)
    assert Score(0.0, 0, 0, 0).bits_per_byte is None


def test_bits_of_a_sum_of_nats():
    assert Score(nats=8 * math.log(2), bytes=4, tokens=3, sequences=1).bits_per_byte == pytest.approx(2.0)


def test_equal_to_a_sum_of_log_probabilities_document_by_document(folder):
    """Each document by itself, without packing; those longer than a sequence are cut, so only short ones here."""
    model = Decoder(SHAPE, seed=0)
    packed_folder(folder, {"zh": [encode("x")]}, {"zh": [encode(text) for text in ("中文", "a", "文", "no")]})
    expected = 0.0
    for text in ("中文", "a", "文", "no"):
        tokens = torch.tensor([[END_OF_TEXT, *encode(text), END_OF_TEXT]])
        logs = model(tokens[:, :-1], None).double().log_softmax(-1)
        expected -= logs.gather(-1, tokens[:, 1:, None]).sum().item()
    assert scores(folder, model)["zh"].nats == pytest.approx(expected, rel=1e-5)
    assert scores(folder, model, across=True)["zh"].nats != pytest.approx(expected, rel=1e-5)


def test_batch_size_does_not_matter(folder, monkeypatch):
    model = Decoder(SHAPE, seed=0)
    found = []
    for n_sequences in (1, 2, 100):
        monkeypatch.setattr(Place, "sequences_at_once", lambda self, index, n=n_sequences: n)
        found.append(scores(folder, model))
    for other in found[1:]:
        for source, score in found[0].items():
            assert other[source].nats == pytest.approx(score.nats, rel=1e-6)
            assert (other[source].bytes, other[source].tokens) == (score.bytes, score.tokens)
            assert other[source].sequences == score.sequences


def test_budget_of_tokens_takes_the_first_sequences_of_all(folder):
    model = Decoder(SHAPE, seed=0)
    some, every = scores(folder, model, max_tokens=20)["zh"], scores(folder, model)["zh"]
    assert 0 < some.tokens <= 20 < every.tokens
    assert 0 < some.sequences < every.sequences


def test_nats_of_targets_that_do_not_count_are_zero(folder):
    index = read_index(folder)
    (batch,) = validation_batches(index, folder, "en", 100, 10**9)
    nats = token_nats(Decoder(SHAPE, seed=0), batch, slice(None), CPU, False)
    assert nats.shape == batch.mask.shape
    np.testing.assert_array_equal(nats.detach().numpy() != 0, batch.mask)


def test_half_precision_is_near(folder):
    model, index = Decoder(SHAPE, seed=0), read_index(folder)
    sizes = read_token_bytes(folder, index)
    half = evaluate(model, index, folder, sizes, Place(torch.device("cpu"), torch.bfloat16), False, 10**9)
    for source, score in scores(folder, model).items():
        assert half[source].nats == pytest.approx(score.nats, rel=0.01)
        assert half[source].bytes == score.bytes


def test_so_many_sequences_that_logits_stay_small(folder):
    index = read_index(folder)
    assert CPU.sequences_at_once(index) == (1 << 21) // (16 * VOCAB_SIZE)
    assert Place(torch.device("cuda"), None).sequences_at_once(index) == (1 << 30) // (16 * VOCAB_SIZE)
    huge = module.PackedIndex(1 << 20, "best_fit", "fragment", "uint16", 1 << 16, 0, "", {})
    assert CPU.sequences_at_once(huge) == 1
