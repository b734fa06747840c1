"""What is measured by a model adds up, and is what each document and line has by itself."""

from __future__ import annotations

import json

import numpy as np
import planted_lms
import pytest
from batches import documents

from pipeline.batch import Batch
from stages import ngram_file, perplexity_lines
from stages.ngram_measure import Measured, added, bounds_facts, from_json, held_out_facts, measured, totals
from stages.ngram_model import NgramModel
from stages.quantile_sketch import sketched

DOCUMENTS = ["good fine .", "spam spam spam\ngood", "", "好 文 。\n\n坏", " \n\x01", "zebra", "good . " * 9 + "\nfine"]


def model():
    return ngram_file.parse(planted_lms.model(["en"]), "planted").models["en"]


def batch() -> Batch:
    return Batch(documents(DOCUMENTS), NgramModel(), "ngram_model")


def lines_of(text: str) -> list[list[str]]:
    return [line.replace("\x01", "").split() for line in text.split("\n")]


def test_documents_are_measured_as_by_hand():
    rows = np.array([0, 1, 2, 3, 4, 5, 6])
    found = measured(model(), batch(), rows)
    texts = [lines for lines in map(lines_of, DOCUMENTS) if any(lines)]
    lines = [line for text in texts for line in text if line]
    assert found.documents.to_json() == sketched(np.array([planted_lms.log10(text) for text in texts])).to_json()
    judged = [planted_lms.log10([line]) for line in lines if len(line) >= perplexity_lines.LINE_TOKENS]
    assert len(judged) == 1 and found.lines.to_json() == sketched(np.array(judged)).to_json()
    assert found.sums == round(sum(map(planted_lms.cost, lines)) * 1e6)
    assert (found.tokens, found.ends, found.unknown) == (sum(map(len, lines)), len(lines), 1)
    n = found.tokens + found.ends
    assert found.perplexity == pytest.approx(10 ** (sum(map(planted_lms.cost, lines)) / n), abs=0.006)


def test_parts_add_up_in_any_order_and_by_way_of_json():
    whole = measured(model(), batch(), np.arange(len(DOCUMENTS)))
    parts = [measured(model(), batch(), np.array([row])) for row in range(len(DOCUMENTS))]
    read = [from_json(json.loads(json.dumps(one.to_json()))) for one in parts[::-1]]
    for found in (added(parts), added(read), added([added(parts[:3]), added(read[:4])])):
        assert found.to_json() == whole.to_json()
    assert json.loads(json.dumps(whole.to_json())) == whole.to_json()


def test_nothing_is_measured_of_nothing():
    for nothing in (added([]), measured(model(), batch(), np.array([2, 4])), from_json(Measured().to_json())):
        assert nothing.to_json() == Measured().to_json() and held_out_facts(nothing) is None
    told = bounds_facts(Measured(), "corpus", [])
    assert told["documents"] == told["lines"] == 0 and told["percentiles"] == {} and told["from"] == []


def test_shards_add_up_by_language_and_role_and_are_read_once():
    parts = [measured(model(), batch(), np.array([row])) for row in (0, 5)]
    shards = [[[0, "other", parts[0]], [1, "other", parts[1]]], [[0, "other", parts[1]], [0, "held_out", parts[0]]], []]
    found = totals(iter([[number, role, one.to_json()] for number, role, one in shard] for shard in shards))
    expected = {(0, "other"): added(parts), (1, "other"): parts[1], (0, "held_out"): parts[0]}
    assert {group: one.to_json() for group, one in found.items()} == {
        group: one.to_json() for group, one in expected.items()
    }


def test_what_is_told():
    found = measured(model(), batch(), np.array([0, 5]))
    assert held_out_facts(found) == {
        "documents": 2,
        "tokens": 4,
        "perplexity": round(10 ** ((1 + 0.5 + 1 + 1 + 4 + 1) / 6), 2),
        "unknown_frac": 0.25,
    }
    told = bounds_facts(found, "reference", {"web", "books"})
    assert told["from"] == ["books", "web"] and told["documents"] == 2 and told["lines"] == 0
    assert told["document_sketch"] == found.documents.to_json() and told["line_sketch"] == found.lines.to_json()
    assert told["percentiles"]["1"] == pytest.approx(10 ** (3.5 / 4), rel=0.01)
    assert told["percentiles"]["99"] == pytest.approx(10 ** (5 / 2), rel=0.01)
