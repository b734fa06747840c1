"""Models of a tokenizer's pieces: the tokenizer travels in the file, and cuts lines as it does by itself."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
import reference_ngram_score as slowly
import tokenizer_cases
from hypothesis import given, settings
from ngram_models import MARKS, drawn
from strategies import buffers, documents

from pipeline.errors import InputError
from stages.encoder import encoder
from stages.kernels.ngram_tokens import hashes_of, keys
from stages.ngram_file import Writer, parse
from stages.ngram_pieces import Pieces
from stages.ngram_score import score_lines, token_costs

TOKENIZER = tokenizer_cases.trained()
PIECES = Pieces(TOKENIZER)
NGRAMS = drawn(4, 3, PIECES.written[40:400:3], 60)


def content(tokenizer: bytes) -> bytes:
    """A file of NGRAMS with this tokenizer."""
    out = io.BytesIO()
    writer = Writer(out)
    words = MARKS + sorted({ngram[0] for ngram in NGRAMS if len(ngram) == 1} - set(MARKS))
    ids, hashes = {word: place for place, word in enumerate(words)}, hashes_of(words)
    writer.begin("all", 3, "pieces", 0.0, words, tokenizer)
    for n in range(1, 4):
        chosen = [ngram for ngram in NGRAMS if len(ngram) == n]
        ids_Mn = np.array([[ids[word] for word in ngram] for ngram in chosen], np.int32)
        by_key = np.argsort(keys(hashes, ids_Mn))
        values = np.array([NGRAMS[ngram] for ngram in chosen], np.float32)[by_key]
        with writer.table(n, len(chosen)) as table:
            table.add(keys(hashes, ids_Mn)[by_key], ids_Mn[by_key], values[:, 0], values[:, 1])
    writer.finish({})
    return out.getvalue()


@given(documents)
@settings(max_examples=50)
def test_lines_are_cut_as_the_tokenizer_does(texts):
    data, offsets = buffers(texts)
    ids, firsts = PIECES.ids(data, offsets[:-1], offsets[1:])
    expected = encoder(TOKENIZER).encode_batch(texts)
    assert [ids[first:stop].tolist() for first, stop in itertools.pairwise(firsts)] == expected
    assert ids.dtype == np.int32 and firsts.dtype == np.int64


@given(documents)
@settings(max_examples=50)
def test_scores_are_those_of_the_recursion_over_pieces(texts):
    model = parse(content(TOKENIZER), "made up").models["all"]
    data, offsets = buffers(texts)
    found = score_lines(model, data, offsets[:-1], offsets[1:])
    for row, (text, ids) in enumerate(zip(texts, encoder(TOKENIZER).encode_batch(texts), strict=True)):
        line = [PIECES.written[one] for one in ids]
        costs = slowly.costs(NGRAMS, 3, line) if line else []
        assert abs(found.sums[row] - sum(costs)) <= len(costs) and found.tokens[row] == len(costs)
        assert np.abs(token_costs(model, text)[0] - (costs or slowly.costs(NGRAMS, 3, []))).max() <= 1


def test_pieces_of_both_languages_are_known():
    model = parse(content(TOKENIZER), "made up").models["all"]
    known = [piece for piece in PIECES.written if (piece,) in NGRAMS]
    for word in ("the", "中"):
        assert token_costs(model, word)[1][:-1].tolist() == [
            PIECES.written[one] not in known for one in encoder(TOKENIZER).encode_batch([word])[0]
        ]


@pytest.mark.parametrize("tokenizer", [b"no tokenizer", b"{}", TOKENIZER[:-20]])
def test_a_tokenizer_that_is_damaged(tokenizer):
    with pytest.raises(InputError, match=r"the tokenizer in x\.lm is no tokenizer"):
        parse(content(tokenizer), "x.lm")
