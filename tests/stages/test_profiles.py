"""Language profiles: which one a document gets, files of one's own, and what is wrong with one."""

from __future__ import annotations

import numpy as np
import pytest
from batches import documents
from quality_texts import CHINESE, ENGLISH, judge

from pipeline.errors import CorpusmillError, InputError
from pipeline.execute import run_stage
from stages.profiles import load_profiles
from stages.quality import Quality


def test_the_language_of_each_document_comes_from_its_column():
    stage = Quality()
    assert stage.needs() == ("text", "source", "language_label")
    batch = documents([ENGLISH, CHINESE, "ここは東京です。", "Tere tulemast"])
    labels = np.array(["en", "zh", "ja", "et"], dtype=object)
    out = run_stage(stage, batch.append_column("language_label", labels.tolist()))
    assert [*out.kept.column("quality_profile").to_pylist(), *out.dropped.column("quality_profile").to_pylist()] == [
        "en",
        "zh",
        "ja",
        "neutral",
    ]
    assert out.ledger.stages["quality"]["web"].notes == {"neutral_profile": 1}


def test_profiles_of_ones_own(tmp_path):
    path = tmp_path / "et.yaml"
    path.write_text(
        "languages: [et]\nstop_words: [ja, 'on', ei]\nthresholds: {min_words: 3, min_mean_word_chars: 2, max_short_line_frac: 1, max_newline_frac: null}\nevidence: {documents: 5}\n"
    )
    options = {"profiles": (str(path),), "language": "et", "presets": ("gopher_quality", "fineweb")}
    assert judge(["see on hea ja uus."], **options)[1] == {}
    assert next(iter(judge(["on ja ei."], **options, min_words=4)[1].values()))[0] == "too_short"
    assert load_profiles((str(path),)).names.count("et") == 1
    limits = {limit.option: limit for limit in Quality(**options).limits() if "et" in limit.languages}
    assert limits["min_words"].value == 3 and "max_newline_frac" not in limits


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("languages: [de]\nstop_wrods: [a]\n", r"de.yaml:2: .*no option 'stop_wrods' .did you mean 'stop_words'"),
        (
            "languages: [de]\nthresholds: {min_wrods: 3}\n",
            "'min_wrods', which is no limit of quality .did you mean 'min_words'",
        ),
        (
            "languages: [de]\nthresholds: {min_words: 100, max_words: 50}\n",
            "'min_words' that is above the one for 'max_words'",
        ),
        ("languages: [de]\nthresholds: {min_words: -1}\n", "must be at least 0"),
        ("languages: [de]\nthresholds: {}\nthresholds: {}\n", "de.yaml:3: 'thresholds' is given twice"),
        ("languages: [de]\nshort_line_chars: 2020-13-45\n", "de.yaml:2: not valid YAML"),
        ("languages: [de]\nboilerplate: ['']\n", "must not hold an empty text"),
        ("languages: [Deutsch]\n", "takes codes such as de or deu_Latn, got 'Deutsch'"),
        ("languages: [neutral]\n", "takes codes such as de or deu_Latn, got 'neutral'"),
        ("languages: [zh]\nstop_words: [我们]\n", "can never be found: each of its characters is a word"),
        ("thresholds: {min_words: 3}\n", "lists no language"),
        ("- a\n- b\n", "a profile is a mapping"),
        ("languages: [de\n", "de.yaml:2: not valid YAML"),
        ("languages: [no]\n", "put it in quotes"),
    ],
)
def test_profiles_that_are_wrong(tmp_path, content, message):
    path = tmp_path / "de.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CorpusmillError, match=message):
        Quality(profiles=(str(path),), language="de").open()


def test_a_profile_that_is_not_there():
    with pytest.raises(InputError, match="cannot read /nowhere/x"):
        Quality(profiles=("/nowhere/x.yaml",)).identity()


def test_a_profile_takes_only_the_codes_it_lists(tmp_path):
    path = tmp_path / "de.yaml"
    path.write_text("languages: [de]\n")
    found = load_profiles((str(path),))
    assert found.listed[found.index_of("de")].stop_words == ()
    assert "der" in found.listed[found.index_of("deu_Latn")].stop_words


def test_a_limit_that_is_null_in_a_profile_does_not_judge_whatever_is_given():
    assert judge([CHINESE], language="zh", min_mean_word_chars=3)[1] == {}
    where = {limit.option: limit.languages for limit in Quality(min_mean_word_chars=3).limits()}
    assert "zh" not in where["min_mean_word_chars"] and "en" in where["min_mean_word_chars"]
    assert where["min_words"] == ()


def test_every_profile_is_sound():
    for one in load_profiles().listed:
        assert set(one.stop_words) <= set(one.function_words) or one.name == "en" or not one.function_words, one.name
    Quality().open()
