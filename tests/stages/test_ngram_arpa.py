"""ARPA files: read as they are meant, refused with the line that is wrong, and written so that no score changes."""

from __future__ import annotations

import contextlib
import gzip
import io
import random

import numpy as np
import pytest
import reference_ngram_score as slowly
import zstandard
from arpa_cases import BY_HAND, WRONG, pruned, text_of
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_models import CHINESE, ENGLISH, MARKS, drawn, file_of, listing, lm_of

from pipeline.errors import InputError
from stages import ngram_arpa, ngram_arpa_text, ngram_file
from stages.ngram_score import token_costs


def read(text: str | bytes, tokens: str = "spaces"):
    return ngram_arpa.read(io.BytesIO(text if isinstance(text, bytes) else text.encode()), tokens)


def test_a_file_by_hand():
    model = read(BY_HAND)
    assert (model.order, model.tokens, model.unseen) == (3, "spaces", 0.0)
    assert [word.decode() for word in model.words.to_list()] == ["<unk>", "<s>", "</s>", "the", "中", "文"]
    costs, unknown = token_costs(model, "the 中 文 龍")
    # (<s> the), (<s> the 中), (the 中 文); then the weights of 中 文 and 文, and <unk>; then nothing but </s>.
    assert costs.tolist() == [375_000, 125_000, 62_500, 2_662_500, 1_000_000]
    assert unknown.tolist() == [False, False, False, True, False]


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_with_its_line(what, tmp_path):
    text, message = WRONG[what]
    path = tmp_path / "wrong.arpa"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        ngram_arpa.read(str(path))
    assert str(caught.value).startswith(f"{path} is not a usable ARPA file") and len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


def test_ngrams_of_one_key_are_one():
    """Somebody can make such. The file without the second of them is read as the same."""
    words = b"gkrgnyzr fxxkfdoc htuaepfz ihnkbgus".split()
    ngrams = {(word,): (-1.0, -0.5) for word in (*MARKS, *words)}
    first = {**ngrams, tuple(words[:2]): (-0.25, 0.0)}
    both = {**first, tuple(words[2:]): (-0.125, 0.0)}
    assert len({slowly.key(ngram) for ngram in both}) == len(both) - 1
    assert listing(read(text_of(both))) == listing(read(text_of(first)))
    reordered = {**ngrams, tuple(words[2:]): (-0.125, 0.0), tuple(words[:2]): (-0.25, 0.0)}
    assert listing(read(text_of(reordered))) == listing(read(text_of(first)))
    again = text_of(both).replace(b"ngram 2=2", b"ngram 2=3").replace(b"\\end", b"-1\tgkrgnyzr fxxkfdoc\n\\end")
    with pytest.raises(InputError, match="'gkrgnyzr fxxkfdoc' stands there twice"):
        read(again)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\n# made by hand\n\n" + text,
        lambda text: text.replace(" ", "\t").replace("ngram\t", "ngram "),
        lambda text: text.replace("\t", "  "),
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text.replace("\n\n", "\n \n\n"),
        lambda text: text.replace("<unk>", "<UNK>"),
        lambda text: text.replace("-0.75", "-7.5e-1").replace("\n-1\t", "\n-1.\t").replace("-0.3\t", "-.3\t"),
        lambda text: text.replace("<s> the 中", "<s> the 中\t0"),
        lambda text: text.replace("=", " = "),
    ],
)
def test_other_ways_to_write_the_same(change):
    assert listing(read(change(BY_HAND))) == listing(read(BY_HAND))


@pytest.mark.parametrize("packed", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_compressed_files(packed, tmp_path):
    half = len(BY_HAND) // 2
    for content in (packed(BY_HAND.encode()), packed(BY_HAND[:half].encode()) + packed(BY_HAND[half:].encode())):
        path = tmp_path / "a.arpa.packed"
        path.write_bytes(content)
        assert listing(ngram_arpa.read(str(path))) == listing(read(BY_HAND)) == listing(read(content))
        with pytest.raises(InputError, match="not a usable ARPA file"):
            read(content[:-9])


@pytest.mark.parametrize("packed", [gzip.compress, zstandard.ZstdCompressor().compress])
@given(st.integers(4, 1000), st.binary(min_size=1, max_size=30))
@settings(max_examples=40)
def test_a_compressed_file_that_is_damaged(packed, place, noise):
    content = bytearray(packed(BY_HAND.encode()))
    place %= len(content)
    content[place : place + len(noise)] = noise
    with contextlib.suppress(InputError):  # nothing else is raised
        read(bytes(content))


@pytest.mark.parametrize("packed", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_file_that_unpacks_to_very_much_is_refused_on_the_way(packed, monkeypatch):
    """What is read of it is a small part of what there is."""
    n = 300_000
    text = BY_HAND.replace("ngram 3=2", f"ngram 3={n}").replace("-0.125\t<s> the 中", "-1\tthe the the\n" * (n - 2))
    content = packed(text.replace("\\end", "-1\tthe the the\n\\end").encode())
    monkeypatch.setattr(ngram_arpa_text, "BLOCK_BYTES", 1 << 14)
    texts = []
    init = ngram_arpa_text.Text.__init__
    monkeypatch.setattr(ngram_arpa_text.Text, "__init__", lambda text, file: (texts.append(text), init(text, file))[1])
    with pytest.raises(InputError, match="unpacks to over 30 times its size"):
        read(content)
    assert texts[0].number < n / 3


@pytest.mark.parametrize("text", ["nothing there", ""])
def test_a_file_that_is_not_there_or_empty(text, tmp_path):
    if not text:
        (tmp_path / "x.arpa").touch()
    with pytest.raises(InputError, match=r"x\.arpa is not a usable"):
        ngram_arpa.read(str(tmp_path / "x.arpa"))
    with pytest.raises(InputError, match=r"x\.arpa is not a usable"):
        ngram_arpa.load(str(tmp_path / "x.arpa"))


def test_files_of_ours_and_of_others_are_told_apart(tmp_path):
    (tmp_path / "a.arpa").write_text(BY_HAND, encoding="utf-8")
    (tmp_path / "a.lm").write_bytes(file_of({"zh": (drawn(1, 2, CHINESE), "characters")}, {"made": "here"}))
    others, ours = ngram_arpa.load(str(tmp_path / "a.arpa"), "words"), ngram_arpa.load(str(tmp_path / "a.lm"))
    assert list(others.models) == ["all"] and others.models["all"].tokens == "words" and others.about == {}
    assert list(ours.models) == ["zh"] and ours.models["zh"].tokens == "characters" and ours.about == {"made": "here"}


def test_text_is_cut_as_the_caller_says():
    text = BY_HAND.replace("文", "。")
    assert token_costs(read(text), "The中。")[1].tolist() == [True, False]
    assert token_costs(read(text, "words"), "The中。")[1].tolist() == [False] * 4
    assert token_costs(read(text, "characters"), "The中。")[1].tolist() == [True, True, True, False, False, False]


@given(st.integers(0, 1000), st.integers(1, 6), st.sampled_from([ENGLISH, CHINESE]))
@settings(max_examples=25)
def test_missing_suffixes_change_no_score(seed, order, words):
    """The recursion needs no suffixes; the search does, and gets them."""
    ngrams = pruned(drawn(seed, order, words), seed, 0.5)
    model = read(text_of(ngrams))
    line = random.Random(seed).choices([*words, b"zz"], k=20)
    costs, _ = token_costs(model, b" ".join(line).decode())
    assert np.abs(costs - slowly.costs(ngrams, order, line)).max() <= 2


@given(st.integers(0, 1000), st.integers(1, 6), st.sampled_from([ENGLISH, CHINESE]))
@settings(max_examples=25)
def test_a_round_trip_changes_no_score(seed, order, words):
    model = lm_of(drawn(seed, order, words))
    out = io.BytesIO()
    ngram_arpa.write(model, out)
    again = read(out.getvalue())
    assert listing(again) == listing(model)
    second = io.BytesIO()
    ngram_arpa.write(again, second)
    assert second.getvalue() == out.getvalue()


@pytest.mark.parametrize("size", [40, 64, 150])
def test_blocks_change_nothing(size, monkeypatch):
    """Of the file by hand no line is longer than 40 bytes."""
    expected = listing(read(BY_HAND))
    monkeypatch.setattr(ngram_arpa_text, "BLOCK_BYTES", size)
    assert listing(read(BY_HAND)) == listing(read(gzip.compress(BY_HAND.encode()))) == expected
    for what in (
        "more 1-grams",
        "fewer 3-grams",
        "no end",
        "more after the end",
        "a word twice",
        "a weight of the longest",
    ):
        text, message = WRONG[what]
        with pytest.raises(InputError, match=message):
            read(text)


def test_chunks_change_nothing(monkeypatch):
    model = lm_of(drawn(5, 3, ENGLISH))
    made = [io.BytesIO(), io.BytesIO()]
    ngram_arpa.write(model, made[0])
    monkeypatch.setattr(ngram_arpa, "CHUNK", 7)
    ngram_arpa.write(model, made[1])
    assert made[0].getvalue() == made[1].getvalue() and listing(read(made[0].getvalue())) == listing(model)


def test_a_file_is_converted_to_one_of_ours(tmp_path):
    with open(tmp_path / "a.lm", "wb") as out:
        ngram_arpa.convert(io.BytesIO(BY_HAND.encode()), out, "words", {"kind": "ngram_model"})
    found = ngram_file.read(str(tmp_path / "a.lm"))
    assert found.about == {"kind": "ngram_model"} and listing(found.models["all"]) == listing(read(BY_HAND))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lm_of(drawn(1, 2, ENGLISH), unseen=-0.5), "cannot hold stupid back-off"),
        (lm_of(drawn(1, 2, [b"a b", b"c"])), "cannot hold words with white space"),
        (lm_of(drawn(1, 2, [b"a ", b"c"])), "cannot hold words with white space"),
    ],
)
def test_what_the_format_cannot_hold(model, message):
    with pytest.raises(InputError, match=message):
        ngram_arpa.write(model, io.BytesIO())
