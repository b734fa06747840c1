"""Codes: labels of every kind of model become what recipes write, and scores of one code are added."""

from __future__ import annotations

import numpy as np
import pytest
import reference_language
from batches import documents
from hypothesis import given
from hypothesis import strategies as st
from language_models import WORDS, planted

from pipeline.execute import run_stage
from stages.language import Language
from stages.language_codes import code_of, codes_of, merged


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("en", "en"),
        ("als", "als"),  # Alemannic in lid.176, which has the codes of Wikipedia
        ("als_Latn", "sq"),  # Tosk Albanian in ISO 639
        ("zh", "zh"),
        ("eng_Latn", "en"),
        ("zho_Hans", "zh"),
        ("zho_Hant", "zh"),
        ("cmn_Hani", "zh"),
        ("yue_Hant", "yue"),
        ("arb_Arab", "ar"),
        ("ary_Arab", "ary"),
        ("nob_Latn", "nb"),
        ("pes_Arab", "fa"),
        ("swh_Latn", "sw"),
        ("khk_Cyrl", "mn"),
        ("uzn_Latn", "uz"),
        ("srp_Cyrl", "sr"),
        ("und_Zyyy", "und"),
        ("positive", "positive"),
    ],
)
def test_code_of(label, code):
    assert code_of(label) == code


def test_codes_of():
    codes = codes_of(["zho_Hant", "eng_Latn", "zho_Hans"])
    assert codes.names == ("en", "zh")
    assert codes.of_label.tolist() == [1, 0, 1]
    assert [codes.place(code) for code in ("en", "zh", "de")] == [0, 1, -1]


LABELS = ["ja", "zho_Hans", "zho_Hant", "eng_Latn", "deu_Latn", "ko"]
scores = st.integers(0, 5000).map(lambda n: np.float32(n / 4999))
rows = st.lists(
    st.tuples(st.permutations(range(len(LABELS))), st.lists(scores, min_size=5, max_size=5), st.integers(0, 5)),
    min_size=1, max_size=4,
)  # fmt: skip


@given(rows)
def test_merged(rows):
    codes = codes_of(LABELS)
    labels_NK = np.full((len(rows), 5), -1, np.int32)
    scores_NK = np.zeros((len(rows), 5), np.float32)
    for row, (order, values, n) in enumerate(rows):
        labels_NK[row, :n] = order[:n]
        scores_NK[row, :n] = sorted(values[:n], reverse=True)
    found = merged(labels_NK, scores_NK, codes)
    for row, (order, values, n) in enumerate(rows):
        best_first = sorted(values[:n], reverse=True)
        guesses = [(code_of(LABELS[label]), float(score)) for label, score in zip(order[:n], best_first, strict=True)]
        expected = reference_language.merged(guesses)
        places, numbers = (values[row].tolist() for values in found)
        assert [
            (codes.names[place], score) for place, score in zip(places, numbers, strict=True) if place >= 0
        ] == expected
        assert [place for place in places if place < 0] == [-1] * (5 - len(expected))
        assert not any(numbers[len(expected) :])


def test_what_was_given_to_japanese_goes_to_chinese():
    model = planted({"ja": ["江", "雪", "の"], "zh": ["千", "山"], "en": ["snow"]})
    outcome = run_stage(
        Language(min_score=0), documents(["江 雪 江 千", "江 雪 の 江 千", "江 snow snow"]), resource=model
    )
    assert outcome.kept.column("language_label").to_pylist() == ["zh", "ja", "en"]
    assert outcome.kept.column("language_second").to_pylist()[2] == "zh"


def test_models_that_tell_scripts_apart_serve_the_same_recipe():
    model = planted(
        {
            "eng_Latn": WORDS["en"],
            "zho_Hans": list("这们国"),
            "zho_Hant": list("這們國"),
            "cmn_Latn": ["zhe", "men", "guo"],
        }
    )
    values = ["the cat sat", "这 们 国 這 們 國", "這 們 國", "zhe men guo the"]
    outcome = run_stage(Language(keep=("en", "zh"), min_score=0.9), documents(values), resource=model)
    assert outcome.kept.column("language_label").to_pylist() == ["en", "zh", "zh", "zh"]
    assert outcome.kept.column("language_script").to_pylist() == ["Latn", "Hani", "Hant", "Latn"]
    assert min(outcome.kept.column("language_score").to_pylist()) > 0.99
