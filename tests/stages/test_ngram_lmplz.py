"""Estimates equal those of kenlm's `lmplz` (Heafield et al. 2013), whose figures for two small models stand here.

They are of kenlm 0.3.0, `lmplz -o 3 --discount_fallback` on the lines below, the second with `--prune 0 1 1`. The last
line has a reason: in the statistics of `lmplz` the very last n-gram of an order stands with its occurrences instead of
the tokens before it (`adjust_counts.cc`, after the loop), so there these two must be the same.
"""

from __future__ import annotations

import pytest
from ngram_training import Trained, numbered

LINES = ["的 cat the", "的 cat", "cat the 的 cat", "the 的 cat the", "的 的 the", "。"]
NAMES = ["<unk>", "<s>", "</s>", "的", "cat", "the", "。"]
WHOLE = """
-1.0791812	<unk>	0
-0.6812412	</s>	0
-0.6812412	的	-0.18987957
-0.7781512	cat	-0.15146883
-0.6812412	the	-0.08354606
-0.90309	。	-0.33099324
-0.4884261	cat </s>	0
-0.5860719	the </s>	0
-0.20027663	。 </s>	0
-0.8159398	<s> 的	-0.30103
-0.57205653	的 的	-0.30103
-0.5860719	the 的	-0.30103
-0.67548895	<s> cat	-0.30103
-0.7096561	的 cat	-0.30103
-0.61678326	<s> the	-0.30103
-0.57205653	的 the	-0.30103
-0.57896006	cat the	-0.30103
-0.7433891	<s> 。	-0.30103
-0.3846979	的 cat </s>
-0.20087494	的 the </s>
-0.33439943	cat the </s>
-0.08869438	<s> 。 </s>
-0.52199996	<s> 的 的
-0.20087494	<s> the 的
-0.52818894	cat the 的
-0.3656207	<s> 的 cat
-0.22361162	the 的 cat
-0.19795117	的 的 the
-0.19940068	<s> cat the
-0.41813144	的 cat the
"""
WHOLE_BEGIN = -0.1346986
"""The back-off of `<s>`."""
PRUNED = """
-1.0791812	<unk>	0
-0.6812412	</s>	0
-0.6812412	的	-0.039767116
-0.7781512	cat	-0.15146883
-0.6812412	the	-0.08354606
-0.90309	。	0
-0.4884261	cat </s>	0
-0.5860719	the </s>	0
-0.6812412	<s> 的	-0.17609124
-0.5860719	the 的	-0.30103
-0.62054336	的 cat	-0.30103
-0.57896006	cat the	-0.17609124
-0.3846979	的 cat </s>
-0.29563496	cat the </s>
-0.3071041	<s> 的 cat
-0.20775427	the 的 cat
-0.41813144	的 cat the
"""
PRUNED_BEGIN = 0.0


@pytest.mark.parametrize(
    ("figures", "begin", "min_counts"), [(WHOLE, WHOLE_BEGIN, [1, 1, 1]), (PRUNED, PRUNED_BEGIN, [1, 2, 2])]
)
def test_probabilities_and_back_offs_are_those_of_lmplz(figures, begin, min_counts):
    ids, n_ids = numbered([line.split() for line in LINES], 10)
    assert n_ids == len(NAMES)
    place = {name: number for number, name in enumerate(NAMES)}
    assert ids[2] == [place[name] for name in LINES[2].split()]
    trained = Trained([ids], 3, n_ids, min_counts=min_counts)
    fields = [line.split("\t") for line in figures.strip().split("\n")]
    grams = [tuple(place[name] for name in field[1].split(" ")) for field in fields]
    assert set(grams) | {(1,)} == set(trained.probabilities)
    found = [trained.probabilities[gram] for gram in grams]
    assert found == pytest.approx([float(field[0]) for field in fields], abs=1e-6)
    backoffs = {gram: float(field[2]) for gram, field in zip(grams, fields, strict=True) if len(field) > 2}
    assert {gram: trained.backoffs.get(gram, 0.0) for gram in backoffs} == pytest.approx(backoffs, abs=1e-6)
    assert trained.backoffs.get((1,), 0.0) == pytest.approx(begin, abs=1e-6)
