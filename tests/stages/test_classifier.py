"""The stage `classifier`: planted models whose every score is known, and the dice against their formula."""

from __future__ import annotations

import math

import judges
import numpy as np
import pyarrow as pa
import pytest
from batches import documents
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import texts

from pipeline.batch import Batch
from pipeline.errors import InputError, OptionError
from pipeline.execute import run_stage
from pipeline.stage import Limit
from stages.classifier import MILLION, SCALE, Classifier, Scorer

TEXTS = [
    "good good good",
    "Good, BAD!",
    "spam bad bad",
    "好文好。",
    "坏，广坏",
    "",
    "\n \u3000",
    "nothing of it",
    "Fine.\n好" * 3_000,
]
LANGUAGES = ["en", "en", "en", "zh", "zh", "en", "zh", "th", "en"]
PLAIN = ["good good good", "good bad", "spam bad bad", "好 文 好", "坏 广 坏", "", "", "", "fine 好"]


@pytest.fixture
def ours(tmp_path):
    return judges.write(tmp_path / "ours.zip", judges.planted())


@pytest.fixture
def bare(tmp_path):
    return judges.write(tmp_path / "bare.bin", judges.model(("hq", "cc")))


def judged(stage, texts=TEXTS, languages=LANGUAGES, **more):
    return run_stage(stage, documents(texts, languages=languages, **more), resource=stage.open())


def signal(outcome, name):
    """Values of all documents, kept and dropped, in order."""
    both = pa.concat_tables(
        [
            pa.Table.from_batches([part]).select(["rank", f"classifier_{name}"])
            for part in (outcome.kept, outcome.dropped)
        ]
    )
    return both.sort_by("rank").column(1).to_pylist()


def test_scores_are_what_the_words_say_whatever_their_case_and_marks(ours):
    found = signal(judged(Classifier(model=ours)), "score")
    expected = [judges.score(text) for text in PLAIN]
    assert np.abs(np.array(found) - expected)[:-1].max() < 2e-6
    assert judges.score("good " * 800) < found[-1] < judges.score("good " * 2_000)  # four windows of 6,000 bytes in all
    assert found[0] > 0.99 and found[3] > 0.99 and found[2] < 0.01 and found[4] < 0.01
    assert found[1] == found[5] == found[6] == found[7] == np.float32(0.50001)
    assert found == [float(np.float32(round(value, 6))) for value in found]


def test_your_own_model_sees_the_text_as_it_is_on_one_line(bare):
    stage = Classifier(model=bare, label="hq", by="threshold", by_language=False)
    lines = ["good\ngood", "Good good", "good, good", "好文", "好 文\r\n坏", "__label__cc good </s> good", "good\0good"]
    seen = ["good good", "good", "good", "", "好 文 坏", "good </s> good", "good good"]
    found = signal(judged(stage, lines, None), "score")
    expected = [judges.score(text) for text in seen]
    assert np.abs(np.array(found) - expected).max() < 2e-6
    other = Classifier(model=bare, label="__label__cc", by="threshold", by_language=False)
    assert np.abs(np.array(signal(judged(other, lines, None), "score")) + found - 1.00002).max() < 4e-6


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.one_of(st.sampled_from([*judges.GOOD, *judges.BAD, "好 文"]), texts), max_size=8), max_size=5)
)
def test_your_own_model_scores_as_fasttext_itself(tmp_path_factory, parts):
    from fasttext.FastText import _FastText

    folder = tmp_path_factory.mktemp("model")
    path = judges.write(folder / "three.bin", judges.model(("hq", "cc", "与其他")))
    lines = [" ".join(part).replace("\0", " ").replace("__label__", "").replace("</s>", "") for part in parts]
    theirs = _FastText(model_path=path)
    for label in ("hq", "cc", "与其他"):
        stage = Classifier(model=path, label=label, by="threshold", by_language=False)
        batch = Batch(documents(lines), stage, "classifier", stage.open())
        stage.measure(batch)
        expected = []
        for line in lines:
            names, scores = theirs.predict(" ".join(line.split("\n")), k=3)
            expected.append(min(1, dict(zip(names, scores, strict=True)).get(f"__label__{label}", 0)))
        assert np.abs(batch.signal("classifier_score") - np.array(expected)).max(initial=0) < 3e-6


def test_models_with_many_labels_score_few_documents_at_a_time(tmp_path, bare, monkeypatch):
    monkeypatch.setattr("stages.classifier.MAX_CELLS", 1_000)
    labels = ("hq", "cc", *(f"其他{n}" for n in range(600)))
    path = judges.write(tmp_path / "many.bin", judges.model(labels))
    lines = ["good good", "", "好 坏", "bad", "坏 坏 坏"] * 3
    for model in (bare, path):
        stage = Classifier(model=model, label="hq", by="threshold", by_language=False)
        whole, single = (signal(judged(stage, part, None), "score") for part in (lines, lines[:5]))
        assert whole == single * 3
    others = (
        len(labels) - 2
    )  # each with the weight e^0, where the good one has e^(2/3 of PULL) and the bad one its inverse
    good = math.exp(judges.PULL * 2 / 3)
    assert whole[0] == pytest.approx(good / (good + 1 / good + others) + 1e-5, abs=2e-6)


def test_by_quantile_each_language_is_judged_by_its_own_candidates(ours):
    stage = Classifier(model=ours, keep_frac=0.3)
    outcome = judged(stage)
    assert signal(outcome, "quantile_frac") == pytest.approx([0.9, 0.7, 0.1, 0.9851, 0.0049, 0.7, 0.5, 0, 0.9])
    reasons = outcome.dropped.select(["origin", "reason", "value", "limit"]).to_pylist()
    assert [(row["origin"][8:], row["reason"], row["value"], row["limit"]) for row in reasons] == [
        ("3", "low_score", 0.1, 0.7), ("5", "low_score", 0.0049, 0.7), ("7", "low_score", 0.5, 0.7),
    ]  # fmt: skip
    assert judged(Classifier(model=ours, keep_frac=1)).dropped.num_rows == 0
    assert judged(Classifier(model=ours, keep_frac=0)).kept.column("language_label").to_pylist() == ["th"]  # not served


def share_kept(pool: np.ndarray, n_held_out: int, keep_frac: float, seed: int) -> float:
    """The mean share of new candidates that stay, of many draws of held-out and new ones from the same scores."""
    chance, stage, kept = np.random.default_rng(seed), Classifier(keep_frac=keep_frac), []
    limit = stage.limits()[0].value
    for _ in range(400):
        drawn = chance.choice(pool, n_held_out + 100)
        ranks = Scorer(None, 0, False, {"zh": np.sort(drawn[:n_held_out])}).shares(drawn[n_held_out:], ["zh"] * 100)
        kept.append((ranks / SCALE >= limit).mean())
    return float(np.mean(kept))


@pytest.mark.parametrize("n_held_out", [1, 4, 10, 20, 64, 200])
@pytest.mark.parametrize("keep_frac", [0.0, 0.1, 0.37, 0.9, 1.0])
def test_of_new_candidates_the_asked_share_stays_however_few_were_held_out(n_held_out, keep_frac):
    found = share_kept(np.arange(MILLION), n_held_out, keep_frac, seed=n_held_out)
    assert abs(found - keep_frac) <= 0.5 / (n_held_out + 1) + 0.02
    assert keep_frac not in (0, 1) or found == keep_frac


@pytest.mark.parametrize(
    ("at", "share"), [(MILLION, 0.2), (MILLION, 0.6), (0, 0.2), (0, 0.6), (500_000, 0.3), (1, 1.0)]
)
def test_equal_scores_stay_or_go_together_and_cost_at_most_half_of_them(at, share):
    n_equal = round(100_000 * share)
    pool = np.concatenate([np.full(n_equal, at), np.linspace(2, MILLION - 1, 100_000 - n_equal).astype(np.int64)])
    for keep_frac in (0.05, 0.15, 0.5, 0.99):
        found = share_kept(pool, 400, keep_frac, seed=5)
        assert abs(found - keep_frac) <= share / 2 + 0.02, keep_frac


def test_equal_scores_go_together(tmp_path):
    path = judges.write(tmp_path / "ties.zip", judges.planted({"en": [500_010] * 9 + [600_000]}))
    rank = math.floor(SCALE * (9 / 2 + 0.5) / 11) / SCALE
    for share, n_kept in ((1 - rank - 0.0001, 0), (1 - rank, 3)):
        outcome = judged(Classifier(model=path, keep_frac=share), ["", "。", "!"], ["en"] * 3)
        assert set(signal(outcome, "quantile_frac")) == {np.float32(rank)}
        assert outcome.kept.num_rows == n_kept


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(0, 9))
def test_the_rank_is_the_middle_one_among_all_with_the_document_itself(held_out, score):
    from scipy.stats import rankdata

    middle = rankdata([*held_out, score])[-1] - 0.5  # ranks begin at 1, and so the middle of the first place is 1/2
    found = Scorer(None, 0, False, {"en": np.sort(held_out)}).shares(np.array([score, score]), ["en", "zh"])
    assert found.tolist() == [math.floor(SCALE * round(2 * middle) / (2 * (len(held_out) + 1))), 0]


def test_languages_that_the_model_does_not_know_are_measured_and_never_dropped(ours):
    for by in ("quantile", "threshold", "pareto"):
        stage = Classifier(model=ours, by=by, keep_frac=0, min_score=1, pareto_alpha=1000)
        outcome = judged(stage, ["bad", "坏", "", "坏"], ["th", "zh_Hant", "", "zh"])
        assert signal(outcome, "served") == [False, False, False, True]
        assert [row["origin"] for row in outcome.dropped.to_pylist()] == ["a.jsonl:4"]
        assert signal(outcome, "score")[0] == pytest.approx(judges.score("bad"), abs=2e-6)
        notes = outcome.ledger.total("classifier").notes
        assert notes == {"unserved_language": 3}


def test_without_languages_one_set_of_candidates_serves_all(tmp_path):
    path = judges.write(tmp_path / "all.zip", judges.planted({"all": [400_000, 600_000]}))
    outcome = judged(Classifier(model=path, by_language=False, keep_frac=0.5), languages=None)
    assert set(signal(outcome, "served")) == {True}
    assert sorted(set(signal(outcome, "quantile_frac"))) == pytest.approx([0.1666, 0.5, 0.8333])
    assert [row["origin"][8:] for row in outcome.dropped.to_pylist()] == ["3", "5"]


def test_by_threshold_a_score_at_the_limit_stays(ours):
    kept = [
        judged(Classifier(model=ours, by="threshold", min_score=limit)).kept.num_rows for limit in (0.50001, 0.500011)
    ]
    assert kept == [7, 4]  # one of which is not served
    dropped = judged(Classifier(model=ours, by="threshold")).dropped.select(["reason", "value", "limit"]).to_pylist()
    assert [(row["reason"], row["limit"]) for row in dropped] == [("low_score", 0.5)] * 2
    assert dropped[0]["value"] == round(judges.score("bad bad bad"), 6)


def test_unjudged_sources_are_measured_and_kept(ours):
    stage = Classifier(model=ours, by="threshold", min_score=1, unjudged=("books",))
    outcome = judged(stage, ["bad", "坏"], ["en", "zh"], sources=["books", "web"])
    assert outcome.kept.column("source").to_pylist() == ["books"]
    assert outcome.kept.column("classifier_score")[0].as_py() < 0.5


def drawn(scores, stage):
    """Which documents with these scores stay, bool[N]."""
    batch = documents([""] * len(scores))
    batch = batch.append_column("classifier_score", pa.array(scores, pa.float32()))
    batch = batch.append_column("classifier_served", pa.array([True] * len(scores)))
    draft = Batch(batch, stage, "classifier")
    stage.judge(draft)
    return ~draft.rules["not_drawn"].mask, draft.rules["not_drawn"].limit


@pytest.mark.parametrize("alpha", [9.0, 1.5, 0.05])
def test_by_pareto_the_share_that_stays_is_the_formulas(alpha):
    n = 4_000
    for score in (0.0, 0.3, 0.6, 0.95, 1.0):
        kept, _ = drawn([score] * n, Classifier(by="pareto", pareto_alpha=alpha, seed=3))
        share = (2 - score) ** -alpha
        assert abs(kept.mean() - share) <= 4.5 * math.sqrt(share * (1 - share) / n), (alpha, score)


def test_the_dice_follow_uid_and_seed_alone():
    scores = [0.6] * 3_000
    one, limit = drawn(scores, Classifier(by="pareto", seed=1))
    again, _ = drawn(scores, Classifier(by="pareto", seed=1, model="other.bin", label="x", by_language=False))
    other, _ = drawn(scores, Classifier(by="pareto", seed=2))
    assert one.tolist() == again.tolist() != other.tolist()
    agree = (one == other).mean()
    share = 1.4**-9
    assert abs(agree - (share**2 + (1 - share) ** 2)) < 0.03  # as two dice that know nothing of each other
    better, _ = drawn([0.8] * 3_000, Classifier(by="pareto", seed=1))
    assert (better >= one).all() and better.sum() > one.sum()  # the same throw asks less of a better document
    assert np.array_equal(one, np.round(0.6, 6) >= limit)


def test_the_limits_are_those_that_decide():
    low = Limit("low_score", "classifier_quantile_frac", "keep_frac", True, 0.7)
    assert Classifier(keep_frac=0.3).limits() == (low,)
    assert Classifier(by="threshold", min_score=0.2).limits() == (
        Limit("low_score", "classifier_score", "min_score", True, 0.2),
    )
    assert Classifier(by="pareto").limits() == ()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"model": "absent.zip"}, InputError, "there is no model absent.zip: give the path of a local file"),
        ({"model": "bare.bin", "by_language": False, "by": "threshold"}, OptionError, r"say which: name the one to score \(there is: cc, hq\)"),
        ({"model": "bare.bin", "by_language": False, "by": "threshold", "label": "hqq"}, OptionError, r"no label 'hqq' \(did you mean 'hq'\?\)"),
        ({"model": "bare.bin", "by": "threshold", "label": "hq"}, OptionError, "knows no languages: write by_language: false"),
        ({"model": "bare.bin", "by_language": False, "label": "hq"}, OptionError, "to take quantiles of: write by: threshold"),
        ({"model": "ours.zip", "label": "godo"}, OptionError, r"has no label 'godo' \(did you mean 'good'\?\)"),
        ({"model": "ours.zip", "label": "candidate"}, OptionError, r"has no label 'candidate' \(there is: good\)"),
        ({"model": "ours.zip", "by_language": False}, OptionError, "has quantiles by language only: write by_language: true"),
        ({"model": "all.zip"}, OptionError, "knows no languages: write by_language: false"),
        ({"model": "cut.zip"}, InputError, "cut.zip is not a usable classifier"),
        ({"model": "cut.bin"}, InputError, r"cut.bin is not a usable fastText classifier \(it ends too early or is damaged\)"),
        ({"model": "好.txt"}, InputError, "好.txt is not a usable fastText classifier"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_model_is_told_when_it_is_opened(tmp_path, monkeypatch, options, error, message):
    monkeypatch.chdir(tmp_path)
    bare, ours = judges.model(("hq", "cc")), judges.planted()
    judges.write(tmp_path / "all.zip", judges.planted({"all": [1]}))
    for name, content in (("bare.bin", bare), ("ours.zip", ours), ("cut.bin", bare[:-3]), ("cut.zip", ours[:-3])):
        judges.write(tmp_path / name, content)
    judges.write(tmp_path / "好.txt", "好的文本 good".encode())
    with pytest.raises(error, match=message):
        Classifier(**options).open()


def test_a_label_of_ours_may_be_named_and_thresholds_need_no_language(ours):
    assert Classifier(model=ours, label="good").open().label == 0
    stage = Classifier(model=ours, by="threshold", by_language=False)
    outcome = judged(stage, ["bad", "坏", "好"], None)
    assert signal(outcome, "quantile_frac") == [0, 0, 0] and signal(outcome, "served") == [True] * 3
    assert outcome.dropped.num_rows == 2
    assert stage.needs() == ("text", "source")
    assert Classifier().needs() == ("text", "source", "language_label")


def test_another_model_file_is_another_identity(ours, bare):
    assert Classifier(model=ours).identity() != Classifier(model=bare).identity()
