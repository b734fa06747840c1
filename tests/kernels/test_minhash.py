"""MinHash: signatures see the same sets as the reference, and their minima agree as often as Jaccard says."""

import itertools
import random

import dedup_reference
import numpy as np
import pytest
import reference
from datasketch import MinHash
from hypothesis import given
from strategies import buffers, documents

from stages.banding import curve
from stages.kernels import minhash, shingles

WORDS = ["".join(letters) for letters in itertools.product("abcdefghijklmnop", repeat=3)]
HAN = [chr(c) for c in range(0x4E00, 0x6000)]


def signatures(texts, n_minima=112, words=5, chars=8, seed=0):
    return minhash.signatures(*buffers(texts), n_minima, words, chars, seed)


@given(documents)
def test_equal_sets_have_equal_minima_and_others_do_not(texts):
    sets = [dedup_reference.shingles(text, 3, 4) for text in texts]
    minima, n_words, sizes = signatures(texts, words=3, chars=4)
    words = [reference.words(text) for text in texts]
    assert n_words.tolist() == list(map(len, words))
    assert sizes.tolist() == [4 if 2 * sum(map(reference.is_unspaced, one)) >= len(one) else 3 for one in words]
    for i, one in enumerate(sets):
        for j, other in enumerate(sets[:i]):
            assert (minima[i] == minima[j]).all() == (one == other)


@given(documents)
def test_minima_are_made_of_the_hashes_that_sets_gives(texts):
    data, offsets = buffers(texts)
    minima, _, _ = minhash.signatures(data, offsets, 7, 3, 4, seed=5)
    values, firsts = shingles.sets(data, offsets, 3, 4)
    assert (minima == reference_minima(values, firsts, *minhash.coefficients(7, 5))).all()


def reference_minima(values, firsts, a, b):
    """Minima by the formula, with numpy."""
    halves = np.where(
        np.arange(len(a)) < len(a) // 2, values[:, None] & np.uint64(0xFFFFFFFF), values[:, None] >> np.uint64(32)
    )
    mixed = (halves.astype(np.uint32) ^ b) * a
    mixed = (mixed ^ (mixed >> np.uint32(15))) * np.uint32(0x85EBCA6B)
    return np.array([mixed[i:j].min(axis=0, initial=0xFFFFFFFF) for i, j in itertools.pairwise(firsts)]).reshape(
        -1, len(a)
    )


def changed(tokens: list[str], share: float, vocabulary: list[str], chance: random.Random) -> list[str]:
    return [chance.choice(vocabulary) if chance.random() < share else token for token in tokens]


@pytest.mark.parametrize(("vocabulary", "joint"), [(WORDS, " "), (HAN, "")])
def test_minima_agree_as_often_as_jaccard_says(vocabulary, joint):
    chance = random.Random(20261124)
    size, deviations = 2048, []
    for share in (0.002, 0.01, 0.02, 0.05, 0.1, 0.3) * 3:
        tokens = [chance.choice(vocabulary) for _ in range(600)]
        pair = [joint.join(tokens), joint.join(changed(tokens, share, vocabulary, chance))]
        minima, _, _ = signatures(pair, n_minima=size)
        truth = dedup_reference.jaccard(*(dedup_reference.shingles(text, 5, 8) for text in pair))
        deviation = np.sqrt(truth * (1 - truth) / size)
        deviations.append((np.mean(minima[0] == minima[1]) - truth) / max(deviation, 1 / size))
    assert max(map(abs, deviations)) < 4
    assert abs(np.mean(deviations)) < 1


@pytest.mark.parametrize("n_shingles", [5, 20, 100, 1000])
@pytest.mark.parametrize("share", [0.62, 0.82, 0.92])
def test_bands_meet_as_often_as_the_curve_says(n_shingles, share):
    """Documents are sets of words; 14 x 8 find from 2 % to all of the pairs, of short documents as of long ones."""
    chance, n_pairs = random.Random(n_shingles), 300
    n_common = round(share * n_shingles)
    texts = []
    for _ in range(n_pairs):
        tokens = chance.sample(WORDS, 2 * n_shingles - n_common)
        texts += [" ".join(tokens[:n_shingles]), " ".join(tokens[n_shingles - n_common :])]
    minima, _, _ = signatures(texts, words=1)
    keys = minhash.band_keys(minima, 14)
    n_met = (keys[0::2] == keys[1::2]).any(axis=1).sum()
    expected = curve(n_common / (2 * n_shingles - n_common), 14, 8)
    assert abs(n_met / n_pairs - expected) < 4 * np.sqrt(max(expected * (1 - expected), 0.01) / n_pairs)


def test_estimates_scatter_no_more_than_those_of_datasketch():
    chance = random.Random(7)
    ours, theirs = [], []
    for _ in range(30):
        tokens = [chance.choice(WORDS) for _ in range(300)]
        pair = [" ".join(tokens), " ".join(changed(tokens, 0.04, WORDS, chance))]
        sets = [dedup_reference.shingles(text, 5, 8) for text in pair]
        truth = dedup_reference.jaccard(*sets)
        minima, _, _ = signatures(pair, n_minima=128)
        ours.append(np.mean(minima[0] == minima[1]) - truth)
        made = [MinHash(128), MinHash(128)]
        for one, members in zip(made, sets, strict=True):
            one.update_batch([repr(member).encode() for member in members])
        theirs.append(made[0].jaccard(made[1]) - truth)
    assert np.std(ours) < 1.5 * np.std(theirs)


def test_minima_are_independent_of_each_other():
    chance = random.Random(3)
    texts = [" ".join(chance.choices(WORDS, k=60)) for _ in range(2000)]
    minima, _, _ = signatures(texts, n_minima=16)
    correlation = np.corrcoef(minima.T.astype(float)) - np.eye(16)
    assert np.abs(correlation).max() < 5 / np.sqrt(2000)


def test_band_keys_differ_between_bands_and_depend_on_their_minima_only():
    minima, _, _ = signatures(["one two three four five six", "one two three four five seven"])
    minima[1] = minima[0]
    minima[1, 3 * 14 + 1] += 1  # the fourth minimum of the second band
    keys = minhash.band_keys(minima, 14)
    assert len(set(keys[0].tolist())) == 14
    assert (keys[0] == keys[1]).tolist() == [band != 1 for band in range(14)]


@pytest.mark.parametrize(("bands", "rows"), [(14, 8), (5, 3), (1, 2)])
def test_documents_of_one_shingle_share_no_key_by_chance(bands, rows):
    """Of 200,000 such documents about five pairs share any one 32-bit hash, and none all of 64 bits."""
    texts = [" ".join(letters) for letters in itertools.islice(itertools.product(WORDS[:22], repeat=4), 200_000)]
    minima, _, _ = signatures(texts, n_minima=bands * rows)
    keys = minhash.band_keys(minima, bands)
    assert len(np.unique(keys)) == keys.size


def test_another_seed_gives_other_minima():
    one, other = (signatures(["a b c d e f"], seed=seed)[0] for seed in (0, 1))
    assert (one != other).all()
