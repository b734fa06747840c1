"""The same ARPA files give the same scores, token by token, as with kenlm (Heafield 2011)."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from arpa_cases import BY_HAND, WRONG, pruned, text_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ngram_models import CHINESE, ENGLISH, drawn, listing, lm_of
from strategies import texts

from stages import ngram_arpa
from stages.ngram_score import score_lines, token_costs

kenlm = pytest.importorskip(
    "kenlm", reason="compares with kenlm: pip install kenlm, which needs a C++ compiler and cmake"
)

CLOSE = 1e-4
"""kenlm adds up log10 in 32 bits."""
LENIENT = {
    "a probability of nothing",
    "a number too low",
    "an n-gram twice",
    "a very long line",
    "a negative count",
    "very many 3-grams",
}
"""Files that we refuse and kenlm reads, but for the last two, on which it crashes or asks for all memory."""
MARKS = re.compile("<unk>|<UNK>|<s>|</s>")
WORDS = [*ENGLISH, *CHINESE, b"unheard-of", "龍".encode()]
lines = st.lists(st.sampled_from(WORDS), max_size=14).map(lambda words: b" ".join(words).decode())


def loaded(path):
    """kenlm's model, without a word on the terminal."""
    config = kenlm.Config()
    config.show_progress = False
    config.arpa_complain = kenlm.ARPALoadComplain.NONE
    return kenlm.Model(str(path), config)


def assert_agree(theirs, model, line: str) -> None:
    expected = [(score, unknown) for score, _, unknown in theirs.full_scores(line)]
    costs, unknown = token_costs(model, line)
    assert len(costs) == len(expected)
    assert np.abs(costs / 1e6 + [score for score, _ in expected]).max() < CLOSE
    assert unknown.tolist() == [is_unknown for _, is_unknown in expected]


@pytest.fixture(params=[2, 3, 4, 5, 6], scope="module")
def both(request, tmp_path_factory):
    """kenlm's model and ours of a random ARPA file of each order, in which some suffixes are missing."""
    path = tmp_path_factory.mktemp("arpa") / "drawn.arpa"
    path.write_bytes(text_of(pruned(drawn(request.param, request.param, ENGLISH + CHINESE, 60), 1)))
    return loaded(path), ngram_arpa.read(str(path))


@given(lines)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_token_has_the_same_score(both, line):
    assert_agree(*both, line)


@given(texts)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read_the_same(both, text):
    """But for text that spells a mark, which for us is an unknown word and for kenlm the mark, and for NUL."""
    assert_agree(*both, MARKS.sub("", text).replace("\0", ""))


def test_suffixes_were_missing():
    for order in (3, 6):
        ngrams = pruned(drawn(order, order, ENGLISH + CHINESE, 60), 1)
        assert {ngram[1:] for ngram in ngrams if len(ngram) > 2} - ngrams.keys()


def test_by_hand(tmp_path):
    path = tmp_path / "hand.arpa"
    path.write_text(BY_HAND, encoding="utf-8")
    for line in ("the 中 文", "", "the", "文 中 the 中 文 龍 the", "龍 龍"):
        assert_agree(loaded(path), ngram_arpa.read(str(path)), line)


def test_without_an_unknown_word(tmp_path):
    path = tmp_path / "closed.arpa"
    path.write_text(BY_HAND.replace("-2.5\t<unk>\n", "").replace("1=6", "1=5"), encoding="utf-8")
    model = ngram_arpa.read(str(path))
    assert_agree(loaded(path), model, "the 龍 中")
    assert token_costs(model, "the 龍 中")[0][1] == 100_312_500, "100 for the word, 0.3125 for its two contexts"


@pytest.mark.parametrize("order", [2, 4])
def test_what_we_write_kenlm_reads(tmp_path, order):
    model = lm_of(drawn(9, order, ENGLISH + CHINESE))
    path = tmp_path / "ours.arpa"
    with open(path, "wb") as out:
        ngram_arpa.write(model, out)
    assert listing(ngram_arpa.read(str(path))) == listing(model)
    for line in ("the cat sat", "中 文 的 cat", "", "zz the dog ."):
        assert_agree(loaded(path), model, line)


def test_perplexity_is_that_of_kenlm(both):
    theirs, model = both
    text = "the cat sat on 中 文 zz . a mat"
    data = np.frombuffer(text.encode(), np.uint8)
    found = score_lines(model, data, np.zeros(1, np.int64), np.array([len(data)]))
    assert math.isclose(10 ** (found.sums[0] / 1e6 / found.tokens[0]), theirs.perplexity(text), rel_tol=1e-5)


@pytest.mark.parametrize("what", sorted(WRONG.keys() - LENIENT))
def test_kenlm_refuses_what_we_refuse(tmp_path, what):
    path = tmp_path / "wrong.arpa"
    path.write_text(WRONG[what][0], encoding="utf-8")
    with pytest.raises(OSError, match=r"Cannot read model"):
        loaded(path)
