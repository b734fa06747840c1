"""MinHash: signatures see the same sets as the reference, and their minima agree as often as Jaccard says."""

import itertools
import random

import dedup_reference
import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given
from strategies import buffers, documents

from stages.kernels import minhash

WORDS = ["".join(letters) for letters in itertools.product("abcdefghijklmnop", repeat=3)]
HAN = [chr(c) for c in range(0x4E00, 0x6000)]


def signatures(texts, n_minima=112, words=5, chars=8, seed=0):
    return minhash.signatures(*buffers(texts), n_minima, words, chars, seed)


@given(documents)
def test_equal_sets_have_equal_minima_and_others_do_not(texts):
    sets = [dedup_reference.shingles(text, 3, 4) for text in texts]
    minima, has_words = signatures(texts, words=3, chars=4)
    assert has_words.tolist() == [bool(one) for one in sets]
    for i, one in enumerate(sets):
        for j, other in enumerate(sets[:i]):
            assert (minima[i] == minima[j]).all() == (one == other)


def changed(tokens: list[str], share: float, vocabulary: list[str], chance: random.Random) -> list[str]:
    return [chance.choice(vocabulary) if chance.random() < share else token for token in tokens]


@pytest.mark.parametrize(("vocabulary", "joint"), [(WORDS, " "), (HAN, "")])
def test_minima_agree_as_often_as_jaccard_says(vocabulary, joint):
    chance = random.Random(20261124)
    size, deviations = 2048, []
    for share in (0.002, 0.01, 0.02, 0.05, 0.1, 0.3) * 3:
        tokens = [chance.choice(vocabulary) for _ in range(600)]
        pair = [joint.join(tokens), joint.join(changed(tokens, share, vocabulary, chance))]
        minima, _ = signatures(pair, n_minima=size)
        truth = dedup_reference.jaccard(*(dedup_reference.shingles(text, 5, 8) for text in pair))
        deviation = np.sqrt(truth * (1 - truth) / size)
        deviations.append((np.mean(minima[0] == minima[1]) - truth) / max(deviation, 1 / size))
    assert max(map(abs, deviations)) < 4
    assert abs(np.mean(deviations)) < 1


def test_estimates_scatter_no_more_than_those_of_datasketch():
    chance = random.Random(7)
    ours, theirs = [], []
    for _ in range(30):
        tokens = [chance.choice(WORDS) for _ in range(300)]
        pair = [" ".join(tokens), " ".join(changed(tokens, 0.04, WORDS, chance))]
        sets = [dedup_reference.shingles(text, 5, 8) for text in pair]
        truth = dedup_reference.jaccard(*sets)
        minima, _ = signatures(pair, n_minima=128)
        ours.append(np.mean(minima[0] == minima[1]) - truth)
        made = [MinHash(128), MinHash(128)]
        for one, members in zip(made, sets, strict=True):
            one.update_batch([repr(member).encode() for member in members])
        theirs.append(made[0].jaccard(made[1]) - truth)
    assert np.std(ours) < 1.5 * np.std(theirs)


def test_minima_are_independent_of_each_other():
    chance = random.Random(3)
    texts = [" ".join(chance.choices(WORDS, k=60)) for _ in range(2000)]
    minima, _ = signatures(texts, n_minima=16)
    correlation = np.corrcoef(minima.T.astype(float)) - np.eye(16)
    assert np.abs(correlation).max() < 5 / np.sqrt(2000)


def test_band_keys_differ_between_bands_and_depend_on_their_minima_only():
    minima, _ = signatures(["one two three four five six", "one two three four five seven"])
    minima[1] = minima[0]
    minima[1, 3 * 14 + 1] += 1  # the fourth minimum of the second band
    keys = minhash.band_keys(minima, 14)
    assert len(set(keys[0].tolist())) == 14
    assert (keys[0] == keys[1]).tolist() == [band != 1 for band in range(14)]


@pytest.mark.parametrize(("bands", "rows"), [(14, 8), (5, 3), (1, 2)])
def test_documents_of_one_shingle_share_no_key_by_chance(bands, rows):
    """Of 200,000 such documents about five pairs share any one 32-bit hash, and none all of 64 bits."""
    texts = [" ".join(letters) for letters in itertools.islice(itertools.product(WORDS[:22], repeat=4), 200_000)]
    minima, _ = signatures(texts, n_minima=bands * rows)
    keys = minhash.band_keys(minima, bands)
    assert len(np.unique(keys)) == keys.size


def test_another_seed_gives_other_minima():
    one, other = (signatures(["a b c d e f"], seed=seed)[0] for seed in (0, 1))
    assert (one != other).all()
