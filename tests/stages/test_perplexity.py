"""The stage `perplexity`: planted models whose every probability is known, and the rules one by one."""

from __future__ import annotations

import numpy as np
import planted_lms
import pyarrow as pa
import pytest
from batches import documents
from planted_lms import log10

from pipeline.execute import run_stage
from pipeline.stage import Limit
from stages.perplexity import Perplexity
from stages.quantile_sketch import sketched

TEXTS = {
    "good fine good": [["good", "fine", "good"]],
    "Good, FINE.\n\n \n fine.\r\n": [["good", ",", "fine", "."], ["fine", "."]],
    "spam spam": [["spam", "spam"]],
    "spam, nonsense": [["spam", ",", "nonsense"]],
    "好文。好文": [["好", "文", "。", "好", "文"]],
    "坏坏\n坏": [["坏", "坏"], ["坏"]],
    "": [],
    "\n \u3000\t\x00": [],
    "good " * 50_000: [["good"] * 50_000],
}
LANGUAGES = ["en", "en", "en", "en", "zh", "zh", "en", "zh", "en"]


@pytest.fixture
def ours(tmp_path):
    return planted_lms.write(tmp_path / "ours.lm", planted_lms.model())


def judged(stage, texts=tuple(TEXTS), languages=tuple(LANGUAGES), **more):
    return run_stage(
        stage, documents(list(texts), languages=languages and list(languages), **more), resource=stage.open()
    )


def signal(outcome, name):
    """Values of all documents, kept and dropped, in order."""
    columns = ["rank", f"perplexity_{name}"]
    both = [pa.Table.from_batches([part]).select(columns) for part in (outcome.kept, outcome.dropped)]
    return pa.concat_tables(both).sort_by("rank").column(1).to_pylist()


def drops(outcome):
    """Row -> reason, value and limit of its drop, for all that were dropped."""
    rows = outcome.dropped.select(["origin", "reason", "value", "limit"]).to_pylist()
    return {int(row["origin"][8:]) - 1: (row["reason"], row["value"], row["limit"]) for row in rows}


def expected():
    return np.array([log10(lines) for lines in TEXTS.values()])


def test_perplexities_are_what_the_probabilities_say(ours):
    outcome = judged(Perplexity(model=ours))
    found = expected()
    assert signal(outcome, "log10") == [float(np.float32(value / 10_000)) for value in found]
    assert found[0] == 10_000 * (1 + 0.5 + 1 + 1.25) / 4 == 9_375
    values = np.where(found > 0, 10 ** (found / 10_000), 0)
    assert signal(outcome, "per_token") == values.astype(np.float32).tolist()
    assert signal(outcome, "tokens") == [3, 6, 2, 3, 5, 3, 0, 0, 50_000]
    assert signal(outcome, "unknown_frac") == pytest.approx([0, 0.1667, 0, 0.6667, 0, 0, 0, 0, 0], abs=1e-7)
    assert signal(outcome, "model") == LANGUAGES


def test_ranks_and_parts_are_those_of_the_reference(ours):
    outcome = judged(Perplexity(model=ours))
    found = expected()
    ranks = np.where(found > 0, sketched(np.array(planted_lms.DOCUMENTS)).rank(found), 0)
    assert signal(outcome, "rank_frac") == (ranks / 10_000).astype(np.float32).tolist()
    assert signal(outcome, "part") == ["head", "middle", "tail", "tail", "head", "tail", "none", "none", "head"]
    assert drops(outcome) == {row: ("high_perplexity", ranks[row] / 10_000, 0.6667) for row in (2, 3, 5)}
    assert outcome.ledger.total("perplexity").notes == {"no_tokens": 2}


@pytest.mark.parametrize(
    ("options", "head", "middle"),
    [({}, 3_333, 6_667), ({"head_percentile": 30, "middle_percentile": 60}, 3_000, 6_000), ({"head_percentile": 0, "middle_percentile": 100}, 0, 10_000)],
)  # fmt: skip
def test_a_rank_at_the_bound_belongs_to_the_better_part(ours, tmp_path, options, head, middle):
    stage = Perplexity(model=ours, keep=("middle",), **options)
    outcome = judged(stage)
    ranks = np.rint(np.array(signal(outcome, "rank_frac"), np.float64) * 10_000)
    measured = np.array(signal(outcome, "tokens")) > 0
    parts = np.where(ranks <= head, "head", np.where(ranks <= middle, "middle", "tail"))
    assert signal(outcome, "part") == np.where(measured, parts, "none").tolist()
    low, high = ("low_perplexity", (head + 1) / 10_000), ("high_perplexity", middle / 10_000)
    assert {row: (reason, limit) for row, (reason, _, limit) in drops(outcome).items()} == {
        row: low if parts[row] == "head" else high
        for row in np.flatnonzero(measured & (parts != "middle")).tolist()
    }  # fmt: skip


@pytest.mark.parametrize(
    ("keep", "parts"),
    [(("head", "middle", "tail"), set()), (("head",), {"middle", "tail"}), (("tail",), {"head", "middle"}), (("middle", "tail"), {"head"})],
)  # fmt: skip
def test_parts_that_are_not_kept_are_dropped(ours, keep, parts):
    outcome = judged(Perplexity(model=ours, keep=keep))
    found = signal(outcome, "part")
    assert set(drops(outcome)) == {row for row, part in enumerate(found) if part in parts}
    assert {"head", "middle", "tail"} <= set(found)


def test_one_bound_for_all_languages(ours):
    limit = 10**1.75
    outcome = judged(Perplexity(model=ours, keep=("head", "middle", "tail"), max_perplexity=limit))
    found = expected()
    assert set(drops(outcome)) == set(np.flatnonzero(found > 17_500).tolist()) == {2, 3, 5}
    assert drops(outcome)[2] == ("above_max_perplexity", pytest.approx(10 ** (7 / 3), rel=1e-3), limit)
    exact = float(10 ** (found[2] / 10_000))  # a perplexity at the limit stays
    assert set(drops(judged(Perplexity(model=ours, keep=("head", "middle", "tail"), max_perplexity=exact)))) == {3}


def test_languages_without_a_model_drop_or_are_kept_unmeasured(ours):
    languages = ["en", "de", "", "zh", "de", "zh", "fr", "en", "en"]
    dropped = judged(Perplexity(model=ours), languages=languages)
    unserved = {row for row, code in enumerate(languages) if code not in ("en", "zh")}
    assert {row for row, (reason, *_) in drops(dropped).items() if reason == "unserved_language"} == unserved
    kept = judged(Perplexity(model=ours, unserved="keep"), languages=languages)
    assert not unserved & set(drops(kept)) and set(drops(kept)) | unserved == set(drops(dropped))
    assert kept.ledger.total("perplexity").notes == {"no_tokens": 1, "unserved_language": 4}
    for name, nothing in (
        ("model", ""),
        ("part", "none"),
        ("per_token", 0),
        ("log10", 0),
        ("tokens", 0),
        ("rank_frac", 0),
    ):
        for outcome in (kept, dropped):
            found = signal(outcome, name)
            assert {found[row] for row in unserved} == {nothing}


def test_another_language_is_served_by_the_model_that_is_named_for_it(ours):
    stage = Perplexity(model=ours, served_by={"yue": "zh", "de": "en", "en": "zh", "*": "zh"})
    outcome = judged(stage, ["good", "gut", "好", "好", "x"], ["en", "de", "yue", "zh", "und"])
    assert signal(outcome, "model") == ["zh", "en", "zh", "zh", "zh"]
    assert [reason for reason, *_ in drops(outcome).values()] == ["high_perplexity"] * 2


def test_unjudged_sources_are_measured_and_kept(ours):
    stage = Perplexity(model=ours, unjudged=("books",), max_perplexity=2)
    outcome = judged(
        stage, ["spam spam"] * 2 + ["坏坏"] * 2, ["en", "en", "zh", "de"], sources=["books", "web", "books", "books"]
    )
    assert set(drops(outcome)) == {1}
    assert signal(outcome, "log10") == [np.float32(2.3333)] * 3 + [0]
    assert outcome.dropped.column("failed").to_pylist() == [["high_perplexity", "above_max_perplexity"]]


def test_one_model_for_all_needs_no_languages(tmp_path):
    path = planted_lms.write(tmp_path / "all.lm", planted_lms.model(["all"]))
    stage = Perplexity(model=path, by_language=False)
    assert stage.needs() == ("text", "source")
    outcome = judged(stage, languages=None)
    assert signal(outcome, "model") == ["all"] * len(TEXTS)
    assert set(drops(outcome)) == {2, 3, 5}


def test_the_limits_are_those_that_decide():
    high = Limit("high_perplexity", "perplexity_rank_frac", "middle_percentile", False, 0.6667)
    assert Perplexity().limits() == (high,)
    assert Perplexity(keep=("head", "middle", "tail")).limits() == ()
    assert Perplexity(keep=("middle",), head_percentile=30, max_perplexity=500).limits() == (
        high,
        Limit("low_perplexity", "perplexity_rank_frac", "head_percentile", True, 0.3001),
        Limit("above_max_perplexity", "perplexity_per_token", "max_perplexity", False, 500),
    )
    assert Perplexity(keep=("head",)).limits()[0].option == "head_percentile"
