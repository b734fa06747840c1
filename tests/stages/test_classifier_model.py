"""classifier_model: it learns the kind and not the language, depends on nothing but documents, and leaks nothing."""

from __future__ import annotations

import io
import json
import random

import pytest
from classifier_cases import NOTICES, about_of, batches, corpus, fitted, made, text_of, trained
from harness import run

from pipeline.errors import InputError, OptionError, PlanError
from stages import classifier_sample
from stages.classifier_model import ClassifierModel
from stages.split import draw


def test_it_tells_the_kinds_apart_in_both_languages():
    about = about_of(trained())
    assert about["languages"].keys() == about["quantiles"].keys() == {"en", "zh"}
    assert about["languages"]["en"]["positives_found"] == about["languages"]["zh"]["candidates_found"] == 150
    for found in (about["evaluation"]["all"], *about["evaluation"]["by_language"].values()):
        assert found["auc_low"] > 0.95 and found["auc"] > 0.98
        assert found["precision"] > 0.85 and found["recall"] > 0.85
        assert found["positives"] == found["candidates"] > 15
    assert about["evaluation"]["all"]["positives"] == sum(one["held_out"] for one in about["languages"].values())
    assert about["options"]["positives"] == ["books"] and about["positive"] == about["labels"][0] == "good"


def test_order_and_batches_do_not_matter():
    rows = corpus()
    for seed, n_rows in ((1, 1), (2, 7), (3, 10_000)):
        order = random.Random(seed).sample(range(len(rows)), len(rows))
        assert fitted(made(), batches(rows, n_rows, order)) == trained()
    assert fitted(made(seed=1), batches(rows)) != trained()


def test_languages_cannot_be_told_apart_for_the_kind():
    """Most positives are English and most candidates Chinese, and otherwise they are alike."""
    rows = [
        row
        for number, row in enumerate(corpus(600, good=0.3, bad=0.3))
        if (row[0] == "books") == (row[1] == "en") or number % 24 < 4
    ]
    found = about_of(fitted(made(), batches(rows)))
    assert found["languages"]["en"]["positives"] > 5 * found["languages"]["en"]["candidates"]
    assert found["evaluation"]["all"]["auc_low"] < 0.5 < found["evaluation"]["all"]["auc_high"]
    blind = about_of(fitted(made(by_language=False), batches(rows)))
    assert blind["languages"].keys() == {"all"}
    assert blind["evaluation"]["all"]["auc"] > 0.8


def with_copies() -> list[tuple[str, str, str]]:
    """A corpus in which every seventh document has a near copy, and every 19th positive one among candidates."""
    rows = list(corpus(n_words=120))
    copies = [(source, language, text + " 尾 End.") for source, language, text in rows[::7]]
    leaks = [("web", language, text[:-1] + " 末 Fin") for source, language, text in rows if source == "books"][::19]
    return rows + copies + leaks


@pytest.mark.parametrize("seed", range(4))
def test_near_copies_are_on_one_side_and_no_negatives_of_positives(seed):
    rows = with_copies()
    stage = made(seed=seed)
    sample = classifier_sample.Sample(seed, 10_000, 10**9)
    for batch in batches(rows):
        sample.add(batch, stage._groups(batch))
    chosen = classifier_sample.choose(sample, 0.4, seed)
    copied = [[m for m, row in enumerate(rows) if row[2].startswith(one[2][:-1])] for one in rows[:600]]
    leaked = {m for m, row in enumerate(rows) if row[2].endswith("末 Fin")}
    assert len(leaked) == 16 and sum(len(group) > 1 for group in copied) > 90
    sides = {}
    for one in chosen.values():
        for side, kinds in (("training", one.training), ("held out", one.held_out)):
            sides |= {int(document.uid, 16): side for kind in kinds for document in kind}
    assert sum(one.n_near_copies for one in chosen.values()) == 16
    assert leaked == set(range(len(rows))) - sides.keys()
    for group in copied:
        assert len({sides[m] for m in group if m in sides}) == 1
    share = sum(side == "held out" for side in sides.values()) / len(sides)
    assert 0.3 < share < 0.5


def test_the_sample_is_the_documents_of_lowest_hash():
    rows = [("books", "en", f"{'word ' * 19}number") for _ in range(200)]
    expected = sorted(range(200), key=lambda n: draw(3, "classifier_model", f"{n:032x}"))
    for most, budget, n_expected in (
        (30, 10**9, 30),
        (10_000, 101 * 50 - 1, 50),
        (10_000, 101 * 50 + 1, 51),
        (999, 10**9, 200),
    ):
        for seed in (1, 2):
            sample = classifier_sample.Sample(3, most, budget)
            for batch in batches(rows, 11, random.Random(seed).sample(range(200), 200)):
                sample.add(batch, [("en", 0)] * len(batch))
            found = sample.documents(("en", 0))
            assert [int(one.uid, 16) for one in found] == expected[:n_expected]
            assert sample.n_found["en", 0] == 200


def test_a_large_cluster_is_trained_on():
    text = corpus(n_words=120)[2][2]
    rows = [*corpus(n_words=120), *(("web", "en", f"{text} {'again ' * (n % 3)}") for n in range(200))]
    stage = made()
    sample = classifier_sample.Sample(0, 10_000, 10**9)
    for batch in batches(rows):
        sample.add(batch, stage._groups(batch))
    for seed in range(5):
        chosen = classifier_sample.choose(sample, 0.5, seed)["en"]
        assert not any(int(one.uid, 16) >= 600 for one in chosen.held_out[classifier_sample.CANDIDATE])
        assert sum(int(one.uid, 16) >= 600 for one in chosen.training[classifier_sample.CANDIDATE]) == 200


def test_a_language_with_too_few_is_not_served():
    rows = list(corpus()) + [("books", "de", "ein Satz")] * 50 + [("web", "de", "noch ein anderer Satz")] * 3
    assert about_of(fitted(made(), batches(rows)))["languages"].keys() == {"en", "zh"}
    only = [row for row in corpus() if row[1] == "zh" or row[0] == "web"]
    found = about_of(fitted(made(), batches(only)))
    assert found["languages"].keys() == {"zh"}
    assert found["unserved"] == {"en": {"positives": 0, "candidates": 150, "why": "fewer than 20 positives"}}


def chosen(training: tuple[int, int], held_out: tuple[int, int]) -> classifier_sample.Chosen:
    """So many documents of each kind."""
    one = classifier_sample.Document(0, "", b"", [], None)
    return classifier_sample.Chosen(*(([one] * n, [one] * m) for n, m in (training, held_out)), 3)


@pytest.mark.parametrize(
    ("training", "held_out", "why"),
    [
        ((10, 10), (10, 10), ""),
        ((1, 1), (19, 19), ""),
        ((10, 9), (10, 10), "fewer than 20 candidates"),
        ((0, 0), (0, 0), "fewer than 20 positives and candidates"),
        ((90, 300), (30, 0), "fewer than 10 candidates held out"),
        ((90, 11), (9, 9), "fewer than 10 positives and candidates held out"),
        ((0, 80), (90, 20), "no positives to train on"),
        ((80, 0), (20, 90), "no candidates to train on"),
    ],
)
def test_both_sides_need_documents_of_both_kinds(training, held_out, why):
    found = {"zh": chosen(training, held_out)}
    assert made()._lacks(found["zh"]) == why
    if why:
        message = made()._why_none(found, {"zh": why})
        assert message.endswith(f"candidates with a word (3 near copies of positives left out), {why}")
        assert "at least 10 are held out ('min_held_out', 'held_out_frac'; near copies stay together" in message


def test_candidates_of_one_cluster_cannot_be_held_out():
    rows = [row for row in corpus(n_words=120) if row[:2] != ("web", "zh")]
    rows += [("web", "zh", f"{corpus(n_words=120)[3][2]} {'再' * (n % 3)}") for n in range(300)]
    about = about_of(fitted(made(), batches(rows)))
    assert about["unserved"]["zh"] == {"positives": 150, "candidates": 300, "why": "fewer than 10 candidates held out"}
    with pytest.raises(
        InputError, match=r"zh: 150 positives and 300 candidates .*, fewer than 10 candidates held out$"
    ):
        fitted(made(), batches([row for row in rows if row[1] == "zh"]))


def test_it_tells_how_many_documents_were_learned_from():
    """Of long documents the pieces come first by document, so that some give none and one gives a part."""
    long, short = ([f"{name}{n}".encode() for n in range(size)] for name, size in (("长", 4), ("s", 1)))
    for pieces, n_long, n_short, n_learned in (((long, short), 5, 9, (3, 9)), ((long, short), 5, 30, (5, 20))):
        made_up = [
            [classifier_sample.Document(0, "", b"", one, None)] * n
            for one, n in zip(pieces, (n_long, n_short), strict=True)
        ]
        examples, n_documents = classifier_sample.balanced(tuple(made_up))
        assert tuple(n_documents) == n_learned
        assert [len(kind) for kind in examples] == [min(4 * n_long, n_short)] * 2
    rows = [row for row in corpus(60, n_words=3_000) if row[0] == "books"] + [
        row for row in corpus(60) if row[0] == "web"
    ]
    for found in about_of(fitted(made(min_held_out=1), batches(rows)))["languages"].values():
        assert found["candidates_learned"] == found["examples"] > 2 * found["positives_learned"] > 0


def test_equal_scores_are_told():
    about = about_of(trained())
    for language in ("en", "zh"):
        scores = about["quantiles"][language]  # all of them: there are fewer than 2,001
        assert about["ties"][language] == round(max(map(scores.count, scores)) / len(scores), 6)


def test_training_that_diverges_says_so():
    with pytest.raises(OptionError, match="classifier_model option 'lr': training diverged at 100, lower it"):
        fitted(made(lr=100.0, epochs=20), batches(corpus()))


def test_what_is_missing_is_told():
    rows = [*corpus(n=15), ("books", "de", "!!!"), ("pages", "en", "one")]
    with pytest.raises(InputError, match=r"no language: each needs 20 .*en: 15 positives and 16 candidates .*zh: 15 "):
        fitted(made(), batches(rows))
    with pytest.raises(InputError, match="en: 0 positives and 31 candidates"):
        fitted(made(positives=("missing",)), batches(rows))
    with pytest.raises(InputError, match="none at all"):
        fitted(made(), [])


def test_negatives_can_be_named():
    rows = [
        *corpus(),
        *(
            ("chat", language, text_of(random.Random(n), language, 0.2, 40))
            for n, language in enumerate(["en", "zh"] * 100)
        ),
    ]
    found = about_of(fitted(made(negatives=("web",)), batches(rows)))
    assert found["languages"]["en"]["candidates_found"] == 150
    everything = about_of(fitted(made(), batches(rows)))
    assert everything["languages"]["en"]["candidates_found"] == 250
    assert everything["evaluation"]["all"]["auc"] < found["evaluation"]["all"]["auc"]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"positives": ()}, "must name a source"),
        ({"positives": ("a", "b"), "negatives": ("b", "c")}, "names positives: b"),
        ({"positives": ("a",), "word_ngrams": 1}, "at least 2"),
        ({"positives": ("a",), "held_out_frac": 0.0}, "at least"),
        ({"positives": ("a",), "lr": float("nan")}, "finite"),
    ],
)
def test_options_that_make_no_sense(options, match):
    with pytest.raises(OptionError, match=match):
        ClassifierModel(**options)


def test_facts_hold_no_text():
    facts = made().facts(io.BytesIO(trained()))
    told = json.dumps(facts, ensure_ascii=False, allow_nan=False)
    assert facts["kind"] == "classifier" and facts["format"] == 1
    assert not any(word in told for word in (*NOTICES["en"][:6], "首页", "garden"))


def test_in_a_run(tmp_path):
    for source in ("books", "web"):
        rows = [{"text": text} for name, language, text in corpus() if name == source and language == "zh"]
        (tmp_path / f"{source}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    recipe = "sources:\n" + "".join(
        f"  {name}: {{reader: jsonl, paths: [{name}.jsonl]}}\n" for name in ("books", "web")
    )
    options = "positives: [books], by_language: false, min_documents: 20, buckets: 1000, dim: 4"
    result = run(tmp_path, recipe + f"stages:\n  - normalize\n  - classifier_model: {{{options}}}\n")
    result.ledger.check()
    with pytest.raises(PlanError, match="language_label"):
        run(tmp_path, recipe + "stages: [{classifier_model: {positives: [books]}}]\n", out="other")
