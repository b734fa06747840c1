"""Which documents are learned from and measured: those of the lowest hash, within the budget, in any order."""

from __future__ import annotations

import random
from collections import Counter

import ngram_fits
import numpy as np
import pytest
from batches import documents
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_fits import cutter
from strategies import texts

from pipeline.batch import Batch
from stages.ngram_model import NgramModel
from stages.ngram_sample import BYTES, DOCUMENTS, HELD_OUT, OTHER, TRAIN, Survey, are_useful, bins_of, chosen, roles_of
from stages.split import draw

SOURCES = ["books", "web", "code"]


def batch(found: list[str], sources: list[str] | None = None, first_row: int = 0) -> Batch:
    return Batch(documents(found, sources, first_row), NgramModel(), "ngram_model")


@pytest.mark.parametrize("kind", ["words", "characters"])
@settings(max_examples=40)
@given(st.lists(texts, max_size=4))
def test_a_document_is_useful_if_it_has_a_token(kind, found):
    assert are_useful(batch(found)).tolist() == [bool(cutter(kind)(text)) for text in found]


def test_bins_go_by_the_hash_of_seed_and_uid():
    for seed in (0, 7):
        keys = [draw(seed, "ngram_model", f"{n:032x}") for n in range(500)]
        bins = bins_of(batch(["x"] * 500), seed)
        by_key = bins[np.argsort(np.array(keys, np.uint64))]
        assert (np.diff(by_key) >= 0).all() and bins.dtype == np.int64
        # A bin has keys within 1/64 of each other.
        for bin in set(bins.tolist()):
            own = [key for key, one in zip(keys, bins.tolist(), strict=True) if one == bin]
            assert max(own) <= min(own) * (1 + 1 / 64)


@pytest.mark.parametrize(
    ("learned", "others", "expected"),
    [
        ([], [], {"books": TRAIN, "web": TRAIN, "code": TRAIN}),
        (["books"], [], {"books": TRAIN, "web": OTHER, "code": OTHER}),
        (["books"], ["web"], {"books": TRAIN, "web": OTHER, "code": ""}),
        ([], ["web"], {"books": TRAIN, "web": OTHER, "code": TRAIN}),
        (["books", "code"], ["web"], {"books": TRAIN, "web": OTHER, "code": TRAIN}),
    ],
)
def test_roles_go_by_source_and_hash(learned, others, expected):
    sources, found = random.Random(1).choices(SOURCES, k=600), [f"x 文 {number}" for number in range(600)]
    roles = roles_of(batch(found, sources), learned, others, 0.2, 3)
    for text, source, role in zip(found, sources, roles, strict=True):
        is_held_out = ngram_fits.is_held_out(text, NgramModel(seed=3, held_out_frac=0.2))
        assert role == (HELD_OUT if expected[source] == TRAIN and is_held_out else expected[source])
    counts = Counter(roles)
    assert 0.15 < counts[HELD_OUT] / (counts[TRAIN] + counts[HELD_OUT]) < 0.25


def test_copies_share_a_side():
    found = [text for n in range(200) for text in (f"the {n}", f"的 {n}")]
    roles = [roles_of(batch(found, first_row=first), [], [], 0.3, 0) for first in (0, 5000)]
    assert roles[0] == roles[1] and {*roles[0]} == {TRAIN, HELD_OUT}


def surveyed(roles: list[str], found: list[str], seed: int = 0, first_row: int = 0) -> Survey:
    one = batch(found, ["a", "b"] * (len(found) // 2), first_row)
    survey = Survey()
    survey.add([("en", role) for role in roles], bins_of(one, seed), one)
    return survey


@pytest.mark.parametrize("unit", [DOCUMENTS, BYTES])
@pytest.mark.parametrize("budget", [0, 1, 500, 5_000, 10**9])
def test_the_lowest_hashes_within_the_budget_are_taken(unit, budget):
    n = 4000
    found = ["x" * random.Random(n).randint(1, 9) for n in range(n)]
    survey = surveyed([TRAIN] * n, found)
    limit = survey.limit(("en", TRAIN), unit, budget)
    bins = bins_of(batch(found), 0)
    taken = chosen([("en", TRAIN)] * n, bins, {"en": {TRAIN: limit}})["en", TRAIN]
    by_key = sorted(range(n), key=lambda row: draw(0, "ngram_model", f"{row:032x}"))
    assert sorted(by_key[: len(taken)]) == taken.tolist()
    sizes = [1 if unit == DOCUMENTS else len(text) for text in found]
    total, n_first = sum(sizes[row] for row in taken), np.count_nonzero(bins == bins.min())
    assert survey.totals(("en", TRAIN), limit)[unit] == total
    if budget >= sum(sizes):
        assert len(taken) == n
    elif len(taken) > n_first:  # the first bin is taken in any case
        assert total <= budget and total > budget * 0.96
    else:
        assert len(taken) == n_first


def test_a_budget_that_is_met_exactly_is_not_exceeded():
    survey = surveyed([TRAIN] * 400, ["x"] * 400)
    of_bins = [entry[DOCUMENTS] for _, entry in sorted(survey.entries["en", TRAIN].items())]
    for n_bins in (1, 5, 60):
        budget = sum(of_bins[:n_bins])
        assert [
            survey.totals(("en", TRAIN), survey.limit(("en", TRAIN), DOCUMENTS, budget + more))[DOCUMENTS] - budget
            for more in (-1, 0, of_bins[n_bins])
        ] == [-of_bins[n_bins - 1] if n_bins > 1 else 0, 0, of_bins[n_bins]]


def test_a_survey_is_the_same_in_any_order_and_by_way_of_json():
    chance, n = random.Random(2), 300
    roles = chance.choices([TRAIN, HELD_OUT, OTHER, ""], k=n)
    found = ["é" * chance.randint(1, 5) for _ in range(n)]
    whole = surveyed(roles, found)
    parts = [surveyed(roles[at : at + 60], found[at : at + 60], 0, at) for at in range(0, n, 60)]
    for seed in range(3):
        random.Random(seed).shuffle(parts)
        merged = Survey()
        for part in parts:
            merged.merge(part.to_json())
        assert merged.entries == whole.entries and merged.sources == whole.sources
    n_bytes = sum(len(text.encode()) for text, role in zip(found, roles, strict=True) if role == OTHER)
    assert whole.totals(("en", OTHER)) == (roles.count(OTHER), n_bytes)
    assert whole.languages == ["en"] and ("en", "") not in whole.entries and whole.sources["en", OTHER] == {"a", "b"}


def test_what_nobody_has_counted_is_none():
    survey = Survey()
    assert survey.limit(("zh", TRAIN), BYTES, 10) == 0 and survey.totals(("zh", TRAIN)) == (0, 0)
    assert survey.languages == survey.to_json() == []
    assert chosen([("zh", TRAIN)], np.zeros(1, np.int64), {"en": {TRAIN: 5}}) == {}
