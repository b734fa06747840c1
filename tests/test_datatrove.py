"""The verdicts of datatrove's four filters, which are run here, on English documents beside the checkout."""

from __future__ import annotations

from collections import Counter

import pytest
from agreement import CORPORA, PRESETS, differences, english, spread, theirs

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.slow,
    pytest.mark.skipif(not CORPORA.exists(), reason=f"there are no corpora at {CORPORA}"),
]


@pytest.fixture(scope="module")
def sample() -> tuple[list[str], list[dict]]:
    texts = [text for text in spread(english(), 400) if len(text) < 40_000]
    assert len(texts) > 300
    return texts, theirs(texts)


@pytest.mark.parametrize(("words", "least"), [("spacy", 0.99), ("fast", 0.90)])
def test_verdicts_agree(sample, words, least):
    texts, given = sample
    found = [one for one in differences(texts, given, words) if not one[4]]
    for preset, n in Counter(one[0] for one in found).items():
        assert 1 - n / len(texts) >= least, f"{preset}: {[one[1:4] for one in found if one[0] == preset][:20]}"


def test_datatrove_drops_and_keeps_enough_to_tell(sample):
    _, given = sample
    for preset in PRESETS:
        kept = sum(one[preset][0] for one in given)
        assert 0.02 < kept / len(given) < 0.98, preset


def test_the_lines_that_c4_leaves_are_the_same(sample):
    texts, given = sample
    different = [
        number for preset, number, _, _, text_only in differences(texts, given, "spacy") if preset == "c4" and text_only
    ]
    assert not different
