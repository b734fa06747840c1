"""language: labels, scores and scripts, the sample, what is dropped and why, and models that cannot be used.

Words of the planted model's languages make the texts, so every score is known: one word of four in another language
takes the first from 1 to about 0.998 (see `language_models`).
"""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from batches import documents
from hypothesis import given
from hypothesis import strategies as st
from language_models import STRENGTH, WORDS, planted, planted_bytes
from strategies import texts

from pipeline.batch import Batch
from pipeline.errors import InputError, OptionError, RecipeError
from pipeline.execute import run_stage
from pipeline.stage import Limit
from stages.language import Language

EN, DE, ZH, JA = (" ".join(words) for words in WORDS.values())
HALF = " ".join(f"{en} {de}" for en, de in zip(WORDS["en"][:8], WORDS["de"][:8], strict=True))
ALL = {"min_score": 0.0, "keep": ("en", "de", "zh", "ja", "und")}
MODEL = planted()


def run(stage, values, sources=None):
    return run_stage(stage, documents(values, sources), resource=MODEL)


def column(outcome, name):
    return outcome.kept.column(f"language_{name}").to_pylist()


def test_signals():
    outcome = run(Language(**ALL), [EN, DE, ZH, JA, HALF, "...", ""])
    assert column(outcome, "label") == ["en", "de", "zh", "ja", "en", "und", "und"]
    assert column(outcome, "second")[4:] == ["de", "", ""]
    assert column(outcome, "script") == ["Latn", "Latn", "Hans", "Jpan", "Latn", "Zyyy", "Zyyy"]
    sure = math.exp(STRENGTH) / (math.exp(STRENGTH) + 3)
    even = 1 / (2 + 2 * math.exp(-STRENGTH / 2))
    assert np.allclose(column(outcome, "score"), [sure] * 4 + [even, 0, 0], atol=1e-4)
    assert np.allclose(column(outcome, "second_score")[4:], [even, 0, 0], atol=1e-4)
    for name in ("score", "second_score"):
        found = outcome.kept.column(f"language_{name}")
        assert found.type == pa.float32()
        assert (np.round(found.to_numpy() * 10_000) / 10_000).astype(np.float32).tolist() == found.to_pylist()
    assert set(Language().adds()) <= set(outcome.kept.schema.names)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [(5, "undetermined"), (6, "undetermined")]),
        ({"keep": ("en", "zh")}, [(1, "wrong_language"), (3, "wrong_language"), (5, "undetermined"), (6, "undetermined")]),
        ({"keep": ("en", "de", "zh", "ja", "und")}, []),
        ({"keep": ("und",)}, [(row, "wrong_language") for row in range(5)]),
    ],
)  # fmt: skip
def test_what_is_dropped(options, expected):
    values = [EN, DE, ZH, JA, "bird 鸟 in the tree", "2024-01-15 3.14 … 。", ""]
    outcome = run(Language(min_score=0, **options), values)
    kept = {int(uid, 16) for uid in outcome.kept.column("uid").to_pylist()}
    dropped = zip(outcome.dropped.column("uid").to_pylist(), outcome.dropped.column("reason").to_pylist(), strict=True)
    assert [(int(uid, 16), reason) for uid, reason in dropped] == expected
    assert kept == set(range(7)) - {row for row, _ in expected}


def test_low_score():
    (score,) = column(run(Language(**ALL), [HALF]), "score")
    strict = run(Language(min_score=round(score, 4) + 0.0001), [HALF])
    assert strict.dropped.column("reason").to_pylist() == ["low_score"]
    assert strict.dropped.column("value").to_pylist() == [round(score, 4)]
    assert run(Language(min_score=round(score, 4)), [HALF]).kept.num_rows == 1


def test_scores_of_single_languages():
    mixed = "猫 坐 在 bird"  # one of four: zh 0.9975
    (score,) = column(run(Language(**ALL), [mixed]), "score")
    assert 0.99 < score < 0.9999
    stage = Language(min_score=0.3, min_scores={"zh": 0.9999, "en": 0.2})
    outcome = run(stage, [mixed, HALF, ZH])
    assert outcome.dropped.column("reason").to_pylist() == ["low_score"]
    assert outcome.dropped.column("limit").to_pylist() == [0.9999]
    assert run(Language(min_score=0.9999, min_scores={"zh": 0.9, "en": 0.2}), [mixed, HALF]).kept.num_rows == 2
    general, english, chinese = stage.limits()
    assert general == Limit("low_score", "language_score", "min_score", True, 0.3)
    assert english == Limit("low_score", "language_score", "min_score", True, 0.2, ("en",))
    assert stage.limits_in("zh") == (chinese,)
    assert stage.limits_in("de") == (general,)


def test_unjudged_sources_are_measured_and_kept():
    stage = Language(keep=("zh",), min_score=1.0, unjudged=("code",))
    outcome = run(stage, [EN, EN, "12345", "12345"], ["code", "web", "code", "web"])
    assert outcome.kept.column("source").to_pylist() == ["code", "code"]
    assert column(outcome, "label") == ["en", "und"]
    assert outcome.dropped.column("reason").to_pylist() == ["wrong_language", "undetermined"]


def test_labels_and_line_breaks_in_a_text_are_text():
    marks = "__label__de " * 50
    values = [HALF, f"{marks}\n{HALF} </s> __label__de", HALF.replace(" ", "\n"), HALF.replace(" ", "\r\n\n")]
    outcome = run(Language(**ALL), values)
    for name in ("label", "score", "second", "second_score"):
        assert len(set(column(outcome, name))) == 1
    assert column(outcome, "label")[0] == "en"


@given(st.lists(texts, min_size=1, max_size=4), st.booleans())
def test_a_row_does_not_depend_on_its_neighbours(values, by_line):
    values = [f"{text}\n{EN * (row % 2)}\n{DE * (row % 3)}" for row, text in enumerate(values)]
    stage = Language(by_line=by_line, cut_lines=by_line, **ALL)
    whole = run(stage, values).kept
    alone = [run_stage(stage, documents([text], first_row=row), resource=MODEL).kept for row, text in enumerate(values)]
    assert pa.Table.from_batches([whole]).to_pylist() == pa.Table.from_batches(alone).to_pylist()


# The sample


def test_a_sample_comes_from_all_parts_of_a_document():
    quarter = 250_000 // len(EN)
    text = f"{EN} " * quarter + f"{DE} " * (3 * quarter)
    sampled, whole = (run(Language(sample_bytes=n, **ALL), [text]) for n in (700, 0))
    assert column(sampled, "label") == column(whole, "label") == ["de"]
    assert column(sampled, "second") == column(whole, "second") == ["en"]


def test_all_of_a_document_is_seen_if_asked_for():
    text = (f"{EN} " * 10 + f"{DE} " * 15 + f"{EN} " * 10) * 9
    (sampled,), (whole,) = (column(run(Language(sample_bytes=n, **ALL), [text]), "second_score") for n in (300, 0))
    assert sampled == 0  # ten windows have nine places between them
    assert whole > 0.01


@given(texts, st.integers(0, 3))
def test_short_documents_are_seen_whole(text, times):
    values = [text.encode()[:75].decode(errors="ignore") * times, EN]  # 300 bytes at most
    sampled, whole = (run(Language(sample_bytes=n, **ALL), values).kept for n in (300, 0))
    assert sampled.to_pylist() == whole.to_pylist()


# Options and models


@pytest.mark.parametrize("option", ["keep", "min_scores"])
def test_languages_that_the_model_does_not_know(tmp_path, option):
    (tmp_path / "planted.bin").write_bytes(planted_bytes())

    def opened(code):
        given = {"keep": (code,), "min_scores": {code: 0.5}}[option]
        return Language(model=str(tmp_path / "planted.bin"), **{option: given}).open()

    assert opened("zh").codes.names == ("de", "en", "ja", "zh")
    with pytest.raises(OptionError, match=r"model knows no 'eng' \(did you mean 'en'\?\)") as caught:
        opened("eng")
    assert caught.value.key == option
    with pytest.raises(OptionError, match=r"knows no 'zho_Hans' \(did you mean 'zh'\?\)"):
        opened("zho_Hans")
    with pytest.raises(OptionError, match="ISO 639 codes such as en, zh, de"):
        opened("klingon")


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"min_score": 1.1}, "min_score"),
        ({"min_score": float("nan")}, "min_score"),
        ({"min_scores": {"zh": 1.1}}, "min_scores"),
        ({"min_scores": 0.5}, "min_scores"),
        ({"keep": "en"}, "keep"),
        ({"sample_bytes": 299}, "sample_bytes"),
        ({"sample_bytes": -1}, "sample_bytes"),
        ({"min_share_main": 0.5}, "min_share_main"),
        ({"cut_lines": True}, "cut_lines"),
    ],
)
def test_options_out_of_bounds(options, key):
    with pytest.raises(RecipeError, match=f"option '{key}'") as caught:
        Language(**options)
    assert caught.value.key == key


def test_identity_is_the_content_of_the_model(tmp_path):
    (tmp_path / "a.bin").write_bytes(planted_bytes())
    (tmp_path / "b.bin").write_bytes(planted_bytes({"en": ["the"], "de": ["die"]}))
    first, second = (Language(model=str(tmp_path / name)).identity()["model"] for name in ("a.bin", "b.bin"))
    assert len(first) == len(second) == 64
    assert first != second
    assert Language().identity()["model"] == "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"


def test_models_that_cannot_be_used(tmp_path):
    with pytest.raises(InputError, match=r"there is no model .*missing.bin: give the path"):
        Language(model=str(tmp_path / "missing.bin")).open()
    data = planted_bytes()
    for content in (b"", data[:-1], data[:100], b"not a model at all", data + b"\0"):
        path = tmp_path / "damaged.bin"
        path.write_bytes(content)
        with pytest.raises(InputError, match=rf"{path} is not a usable fastText classifier.*fetch it again"):
            Language(model=str(path)).open()


def test_stored_signals_are_judged_as_fresh_ones():
    """What `what-if` relies on."""
    stage = Language(by_line=True, cut_lines=True, min_share_main=0.6, min_scores={"de": 1.0})
    fresh = Batch(documents([EN, f"{EN}\n{DE}", DE, "", HALF]), stage, "other", MODEL)
    stage.apply(fresh)
    stored = documents([EN, "", "", "", ""]).drop_columns(["text"])
    for name, array in fresh.columns.items():
        stored = stored.append_column(name, array)
    again = Batch(stored, stage, "other")
    stage.judge(again)
    assert {name: rule.mask.tolist() for name, rule in again.rules.items()} == {
        name: rule.mask.tolist() for name, rule in fresh.rules.items()
    }
    assert [name for name, rule in fresh.rules.items() if rule.mask.any()] == [
        "undetermined", "low_score", "mixed_language",
    ]  # fmt: skip
