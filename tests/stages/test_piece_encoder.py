"""Ids are those of the library for all three kinds of tokenizer, whatever was encoded before and however it is given."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import token_kinds
import tokenizers
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import texts as any_text

from pipeline.batch import utf8_buffers
from stages import piece_encoder
from stages.encoder import Encoder, bare, encoder
from stages.piece_encoder import PieceTable
from stages.pretokenizers import GPT2, known

KINDS = [(kind, "gpt4") for kind in token_kinds.KINDS] + [("bpe", "chinese"), ("bpe", "gpt2"), ("unigram", "chinese")]
CORPORA = Path(__file__).parents[3] / "shared" / "corpora"


@functools.cache
def both(kind: str, name: str = "gpt4") -> tuple[Encoder, tokenizers.Tokenizer]:
    content = token_kinds.trained(kind, name)
    return made(content)


def made(content: dict) -> tuple[Encoder, tokenizers.Tokenizer]:
    """Our encoder, and the library's of the file without its special tokens."""
    return encoder(json.dumps(content).encode()), tokenizers.Tokenizer.from_str(json.dumps(bare(content)))


def assert_same(ours: Encoder, library: tokenizers.Tokenizer, texts: list[str]) -> None:
    expected = [one.ids for one in library.encode_batch(texts, add_special_tokens=False)]
    assert ours.encode_batch(texts) == expected
    for text, ids in zip(texts, expected, strict=True):
        assert b"".join(ours.strings[number] for number in ids) == text.encode()


@pytest.mark.parametrize(("kind", "name"), KINDS)
@given(st.lists(any_text, max_size=4))
@settings(max_examples=60)
@example(["", "\0\0 \0", "USER <|endoftext|><|pad|>USERUSER", "<0x41><unk>[UNK]", "‿a‿", ""])
@example(["中文" * 300 + "x" * 1000, "\r\n" * 200, "👩\u200d👩\u200d👧 naïve\u0301", "\ufeff\u3000"])
def test_ids_are_those_of_the_library(kind, name, texts):
    assert_same(*both(kind, name), texts)


@pytest.mark.parametrize("kind", token_kinds.KINDS)
@given(st.lists(any_text, min_size=1, max_size=6), st.integers(0, 3))
@settings(max_examples=25)
def test_one_at_a_time_and_sliced_and_after_other_text(kind, texts, skipped):
    ours, _ = both(kind)
    whole = ours.encode_batch(texts)
    assert [ours.encode_batch([text])[0] for text in texts] == whole
    data, offsets = utf8_buffers(pa.array(["前" * 5] * skipped + texts, pa.large_string())[skipped:])
    ids, borders = ours.encode(data, offsets)
    assert ids.dtype == np.uint32 and borders.dtype == np.int64
    assert [ids[borders[row] : borders[row + 1]].tolist() for row in range(len(texts))] == whole


def test_a_table_that_is_emptied_again_and_again_changes_nothing(monkeypatch):
    ours, library = made(token_kinds.trained("bpe"))
    table = PieceTable(7, 40)
    monkeypatch.setattr(ours._fast, "_table", table)
    monkeypatch.setattr(ours._fast, "_starts", np.empty(6, np.int64))
    monkeypatch.setattr(ours._fast, "_entries", np.empty(5, np.int32))
    monkeypatch.setattr(piece_encoder, "CHUNK_BYTES", 30)
    texts = [*token_kinds.corpus(12), "é" * 100 + "中" * 500, "a b c d e f g h i j a b c"]
    assert_same(ours, library, texts)
    assert len(table.bytes) < 500


def other(expression: str | None = None, **parts) -> dict:
    """The small BPE with another pattern, or none but `ByteLevel`'s own, and other parts of its model."""
    content = json.loads(json.dumps(token_kinds.trained("bpe")))
    content["model"].update(parts)
    steps = content["pre_tokenizer"]["pretokenizers"]
    steps[0]["pattern"]["Regex"] = expression
    if expression is None:
        content["pre_tokenizer"] = {**steps[1], "use_regex": True}
    return content


@pytest.mark.parametrize("expression", [None, *known(), r"\s+|\w", "the"])
@pytest.mark.parametrize("ignore_merges", [False, True])
def test_published_patterns_and_unknown_ones(expression, ignore_merges):
    ours, library = made(other(expression, ignore_merges=ignore_merges))
    assert (ours._fast is None) == (expression not in known() and expression is not None)
    texts = [
        *token_kinds.corpus(8),
        "I'LL don't ſ's\r\n\n  x  中文字，１２３4567 　",
        "",
        "中" * 3000,
        " " * 500 + "!!!\n\n\n",
    ]
    assert_same(ours, library, texts)


def test_pieces_that_are_tokens_are_not_merged_if_the_file_says_so():
    merges = token_kinds.trained("bpe")["model"]["merges"]
    few = {"merges": merges[:-300], "ignore_merges": True}
    with_words, library = made(other(GPT2, **few))
    without, _ = made(other(GPT2, **{**few, "ignore_merges": False}))
    texts = token_kinds.corpus(8)
    assert_same(with_words, library, texts)
    assert with_words.encode_batch(texts) != without.encode_batch(texts)


@pytest.mark.parametrize("unit", ["a", "中", "ab ", "\n", "\0", "'s"])
def test_huge_documents_are_encoded_in_linear_time(unit):
    ours, library = made(other(None))
    text = unit * (3_000_000 // len(unit.encode()))
    (ids,) = ours.encode_batch([text])
    assert b"".join(ours.strings[number] for number in ids) == text.encode()
    assert len(ours._fast._table.bytes) <= max(3_000_000, piece_encoder.MAX_BYTES)
    assert_same(ours, library, [text[:20_000]])


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}")
@pytest.mark.parametrize("file", ["en/web_and_news", "zh/wiki_passages_cmrc", "en/factbook", "zh/laws"])
def test_documents_of_real_text(file):
    with zstandard.open(CORPORA / f"{file}.jsonl.zst", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    texts = texts[:: 1 + sum(map(len, texts)) // 150_000]
    for kind, name in KINDS[:5]:
        ours, library = both(kind, name)
        expected = library.encode_batch_fast(texts, add_special_tokens=False)
        assert ours.encode_batch(texts) == [one.ids for one in expected]
