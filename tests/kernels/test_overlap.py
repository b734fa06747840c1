"""Kernels of overlap against the definitions, on text of every kind."""

import numpy as np
import pytest
import reference_decontaminate as slow
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import buffers, documents, texts

from stages.benchmark_index import build
from stages.kernels import overlap, overlap_ngrams, words
from stages.kernels.utf8 import N_CODE_POINTS, assigned_code_points

WHOLE = slow.Lengths()
SMALL = [slow.Lengths(3, 5, 2), slow.Lengths(4, 3, 4), slow.Lengths(1, 1, 1), slow.Lengths(2, 9, 1)]
ITEMS = [["the of well-known a x I", "中文的一是不了人我在"], ["a"], ["of the", "ภาษาไทย x"], ["", "不是2024", "3.14"]]


def searched(built, values):
    """For each text: distinct n-grams, spans relative to it, words, covered ones."""
    data, offsets = buffers(values)
    hits = overlap.search(data, offsets, built.spec, built.index)
    found = []
    for row in range(len(values)):
        here = hits.spans[0] == row
        spans = list(zip(*((part[here] - offsets[row]).tolist() for part in hits.spans[1:]), strict=True))
        grams = hits.grams[hits.firsts[row] : hits.firsts[row + 1]].tolist()
        found.append((len(set(grams)), spans, int(hits.n_words[row]), int(hits.n_covered[row])))
    return found


def unpacked(value) -> str:
    """What is folded to: a character, or up to three in bits of 7."""
    if value < overlap_ngrams.SEVERAL:
        return chr(value)
    return "".join(chr(code) for place in range(3) if (code := int(value) >> 7 * place & 127))


def test_every_character_counts_as_its_folded_form():
    table = overlap_ngrams.folded()
    assert table.shape == (N_CODE_POINTS,)
    codes = [*assigned_code_points()[::17], *map(ord, slow.UNSEEN), *range(0xFB00, 0xFB07)]
    assert [unpacked(table[code]) for code in codes] == [slow.fold(chr(code)) for code in codes]
    for written, meant in (
        ("ＡｂÉéı", "abééı"),
        ("１２３²①", "12321"),
        ("‐‑－", "---"),
        ("’＇", "''"),
        ("ｶ國㈱½", "カ國㈱½"),
        ("ﬁﬄĳa\u00ad\u2060", "fifflija"),
    ):
        assert "".join(unpacked(table[ord(character)]) for character in written) == meant


@given(documents)
def test_words_are_those_of_folded_text(values):
    data, offsets = buffers(values)
    built = build({"x": [["a"]]}, 1, 1, 1)
    found = overlap.search(data, offsets, built.spec, built.index)
    assert found.n_words.tolist() == [len(slow.words(text, WHOLE)) for text in values]
    folded = ["".join(slow.fold(one) or slow.SEEN for one in text) for text in values]
    assert found.n_words.tolist() == words.count(*buffers(folded)).tolist()


@settings(max_examples=60)
@given(documents, st.sampled_from(SMALL), st.data())
def test_n_grams_are_found_where_they_are(values, lengths, data):
    taken = data.draw(st.lists(st.sampled_from([*values, "the of a"]), max_size=4)) if values else []
    items = [*ITEMS, *([text] for text in taken), taken]
    built = build({"x": items}, *lengths)
    expected = [slow.judge(text, {"x": items}, lengths) for text in values]
    assert [one[:2] for one in searched(built, values)] == [(one.hits, one.spans) for one in expected]
    for (_, _, n_words, n_covered), one in zip(searched(built, values), expected, strict=True):
        assert one.covered == slow.Fraction(n_covered, max(1, n_words))


@given(texts, st.sampled_from(SMALL))
def test_texts_have_the_n_grams_of_the_definition(text, lengths):
    spec = overlap_ngrams.grams_of(*lengths)
    found = overlap_ngrams.texts(*buffers([text]), spec)
    expected = slow.grams_of_text(text, lengths)
    assert len(set(zip(found.keys.tolist(), found.checks.tolist(), strict=True))) == len(expected)
    is_whole = len(expected) == 1 and slow.size(slow.words(text, lengths)) < 1
    assert (found.lengths[0] > 0) == is_whole
    assert not is_whole or found.lengths[0] == len(next(iter(expected)))


def test_a_key_that_agrees_by_chance_is_no_hit():
    built = build({"x": [["one two three four"]]}, 3, 3, 3)
    assert [one[0] for one in searched(built, ["one two three"])] == [1]
    wrong = built.index._replace(checks=built.index.checks ^ np.uint64(1))
    assert [one[0] for one in searched(built._replace(index=wrong), ["one two three"])] == [0]


def test_of_equal_keys_the_one_with_the_right_check_counts():
    built = build({"x": [["one two three"]]}, 3, 3, 3)
    key, check = built.index.grams.keys[0], built.index.checks[0]
    checks = np.sort(np.array([check - np.uint64(1), check, check + np.uint64(1)], np.uint64))
    index = overlap.index(np.full(3, key), checks, np.empty(0, np.uint64), np.empty(0, np.int64))
    hits = overlap.search(*buffers(["one two three"]), built.spec, index)
    assert hits.grams.tolist() == [1]


@pytest.mark.parametrize("n_keys", [0, 1, 2, 1000])
def test_keys_are_in_their_buckets(n_keys):
    keys = np.unique(np.random.default_rng(7).integers(0, 2**64, n_keys, np.uint64))
    table = overlap.table(keys)
    for place, key in enumerate(keys):
        bucket = int(key >> table.shift)
        assert table.buckets[bucket] <= place < table.buckets[bucket + 1]
    assert table.buckets[-1] == len(keys)


@given(
    st.lists(st.lists(st.integers(0, 11), unique=True), max_size=5),
    st.lists(st.lists(st.integers(0, 6)), min_size=12, max_size=12),
    st.lists(st.integers(0, 2), min_size=7, max_size=7),
)
def test_the_closest_item(rows, owners, sets):
    owners = [sorted(set(items)) for items in owners]
    sizes = np.array([sum(item in items for items in owners) for item in range(7)])
    flat = lambda lists: np.array([one for values in lists for one in values], np.int64)  # noqa: E731
    ends = lambda lists: np.cumsum([0, *map(len, lists)])  # noqa: E731
    pairs = ends(owners), flat(owners).astype(np.int32), sizes
    items, found, n_items = overlap.closest(flat(rows), ends(rows), *pairs, np.array(sets), 3)
    for row, grams in enumerate(rows):
        counts = [sum(item in owners[gram] for gram in grams) for item in range(7)]
        ranked = [(slow.Fraction(n, int(sizes[item])), n, -item) for item, n in enumerate(counts) if n]
        met = [item for item, n in enumerate(counts) if n]
        _, most, best = max(ranked, default=(0, 0, 1))
        assert (items[row], found[row]) == (-best, most)
        assert n_items[row].tolist() == [sum(sets[one] == place for one in met) for place in range(3)]


@pytest.mark.parametrize("filler", ["word{} ", "字{} "])
def test_long_documents_are_searched_through_and_through(filler):
    """Scratch arrays hold 4,096 words: an n-gram is found wherever it lies."""
    item = " ".join(f"needle{n}" for n in range(13))
    built = build({"x": [[item]]}, 13, 21, 8)
    for before in [0, 1, *range(3_820, 3_860, 3), *range(4_075, 4_100), 20_000]:
        text = "".join(filler.format(n) for n in range(before)) + item + " and more" * 400
        start = len(text.encode()) - len(item) - 3_600
        assert searched(built, [text])[0][:2] == (1, [(start, start + len(item))])


@pytest.mark.parametrize("lengths", [(256, 256, 256), (256, 1, 1), (1, 256, 1), (256, 256, 8)])
def test_the_longest_n_grams(lengths):
    """Scratch arrays go on 256 words before their end."""
    spaced, unspaced = [f"w{n}" for n in range(270)], [chr(0x4E00 + n) for n in range(270)]
    items = [[" ".join(spaced)], ["".join(unspaced)], [" ".join(spaced[:200])], ["".join(unspaced[5:140])]]
    built = build({"x": items}, *lengths)
    grams = set().union(*(slow.grams_of_item(item, slow.Lengths(*lengths)) for item in items))
    for before in (0, 3_580, 3_836, 3_840, 3_850, 4_090):
        text = "x ." * before + " ".join(spaced) + "\n" + "".join(unspaced) + " y" * 300
        hits, spans, _, n_covered = searched(built, [text])[0]
        assert (hits, n_covered) == (len(grams), 540)
        assert spans == [(3 * before, 3 * before + len(" ".join(spaced)) + 1 + 3 * 270)]
