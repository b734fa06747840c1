"""The file of n-gram models: what was written is read, and what is damaged is refused in plain words."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_models import CHINESE, ENGLISH, MARKS, drawn, file_of, listing

from stages import ngram_table
from stages.kernels.ngram_score import look_up
from stages.kernels.ngram_tokens import hashes_of, keys
from stages.ngram_file import Writer, about_of, parse, read

TWO = {"en": (drawn(1, 3, ENGLISH), "words"), "zh": (drawn(2, 2, CHINESE), "characters")}


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "made.lm"
    path.write_bytes(file_of(TWO, {"kind": "ngram_model", "说": "中文"}))
    found = read(str(path))
    assert found.about == {"kind": "ngram_model", "说": "中文"} == about_of(io.BytesIO(path.read_bytes()))
    assert {code: (model.order, model.tokens, model.unseen) for code, model in found.models.items()} == {
        "en": (3, "words", 0.0),
        "zh": (2, "characters", 0.0),
    }
    for code, (ngrams, _) in TWO.items():
        assert listing(found.models[code]) == ngrams
        assert found.models[code].words.to_list()[:3] == MARKS


def test_the_same_content_makes_the_same_bytes_in_any_chunks(monkeypatch):
    made = [file_of(TWO, chunk=chunk) for chunk in (1, 5, 10_000)]
    monkeypatch.setattr(ngram_table, "CHUNK", 3)
    assert {*made, file_of(TWO)} == {made[0]}


@given(st.integers(0, 1000), st.integers(1, 6), st.sampled_from([ENGLISH, CHINESE]))
@settings(max_examples=25)
def test_every_ngram_is_found_and_no_other(seed, order, words):
    model = parse(file_of({"all": (drawn(seed, order, words), "words")}), "made up").models["all"]
    hashes = hashes_of(model.words.to_list())
    for n in range(1, order + 1):
        table_keys, probs, _ = model.table(n)
        assert table_keys.tolist() == sorted(keys(hashes, model.ids[n - 1]).tolist())
        assert model.tables.values[2 * look_up(model.tables, n, table_keys) + 2].tolist() == probs.tolist()
        others = np.setdiff1d(np.concatenate([table_keys - 1, table_keys + 1, table_keys // 2 + 1]), [0, *table_keys])
        assert set(look_up(model.tables, n, others)) == {-1}


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (0, 3, 2, 1, 4), (0, 2, 3, 1, 4)])
def test_of_ngrams_of_one_key_the_least_is_kept(order):
    words = [*MARKS, b"a", "中".encode()]
    writer = Writer(out := io.BytesIO())
    writer.begin("all", 2, "words", 0.0, words)
    values = np.zeros(5, np.float32)
    with writer.table(1, 5) as table:
        by_hash = np.argsort(hashes_of(words))
        table.add(hashes_of(words)[by_hash], by_hash.astype(np.int32)[:, None], values, values)
    ids = np.array([[4, 4], [3, 4], [4, 0], [3, 3], [0, 1]], np.int32)[list(order)]
    with writer.table(2, 9) as table:
        table.add(np.array([1, 2, 2, 2, 3], np.uint64), ids, np.array(order, np.float32), values)
    assert writer.n_ngrams == [5, 3]
    writer.finish({})
    model = parse(out.getvalue(), "made up").models["all"]
    assert model.ids[1].tolist() == [[4, 4], [3, 3], [0, 1]]
    assert [column.tolist() for column in model.table(2)] == [[1, 2, 3], [0, 3, 4], [0, 0, 0]]


def test_more_ngrams_than_told_or_not_in_order_are_our_own_mistake():
    for keys_M, n in (([1, 2], 1), ([2, 1], 2)):
        writer = Writer(io.BytesIO())
        writer.begin("all", 1, "words", 0.0, MARKS)
        with pytest.raises(AssertionError), writer.table(1, n) as table:
            table.add(np.array(keys_M, np.uint64), np.zeros((2, 1), np.int32), *np.zeros((2, 2), np.float32))
