"""language: lid.176 on known text, thresholds, models of one's own, and files that are none."""

from __future__ import annotations

import fasttext
import numpy as np
import pytest
from batches import documents

from pipeline.errors import InputError, OptionError
from pipeline.execute import run_stage
from stages.language import Language, sample

KNOWN = {
    "en": "The committee met on Tuesday to look at the plans for the new bridge and heard from three engineers.",
    "zh": "委员会星期二开会讨论新桥的方案，并听取了三位工程师的报告。",
    "ja": "委員会は火曜日に集まり、新しい橋の計画を検討した。",
    "ko": "위원회는 화요일에 모여 새 다리의 계획을 검토하였다.",
    "th": "คณะกรรมการประชุมเมื่อวันอังคารเพื่อพิจารณาแผนสะพานใหม่",
    "ar": "اجتمعت اللجنة يوم الثلاثاء للنظر في خطط الجسر الجديد.",
    "ru": "Комитет собрался во вторник, чтобы рассмотреть планы нового моста.",
    "de": "Der Ausschuss traf sich am Dienstag, um die Pläne für die neue Brücke anzusehen.",
}


def identify(texts, sources=None, **options):
    stage = Language(**options)
    return run_stage(stage, documents(texts, sources), resource=stage.open())


def test_known_languages():
    out = identify(list(KNOWN.values()))
    assert out.kept.column("language_label").to_pylist() == list(KNOWN)
    scores = out.kept.column("language_score").to_numpy()
    seconds = out.kept.column("language_second_score").to_numpy()
    assert (scores >= 0.65).all()
    assert (seconds <= scores).all()
    assert (np.round(scores.astype(float), 4).astype(np.float32) == scores).all()


def test_each_reason():
    texts = [KNOWN["en"], KNOWN["zh"], KNOWN["de"], "", "12345 :-) 😀", "taxi hotel radio"]
    out = identify(texts, keep=("en", "zh"), min_score=0.9)
    assert out.kept.column("text").to_pylist() == [KNOWN["en"], KNOWN["zh"]]
    assert out.dropped.column("reason").to_pylist()[:3] == ["wrong_language", "undetermined", "undetermined"]
    assert out.dropped.column("reason").to_pylist()[3] in ("low_score", "wrong_language")
    low = identify(["taxi hotel radio"], min_score=1.0)
    assert low.dropped.column("reason").to_pylist() == ["low_score"]
    assert 0 < low.dropped.column("value")[0].as_py() < low.dropped.column("limit")[0].as_py() == 1.0


def test_undetermined_can_be_kept_and_sources_left_alone():
    assert identify(["", "123"], keep=("und",)).kept.num_rows == 2
    out = identify(["x = 1", "x = 1"], ["code", "web"], keep=("zh",), unjudged=("code",))
    assert out.kept.column("source").to_pylist() == ["code"]


def test_a_language_the_model_does_not_know():
    with pytest.raises(OptionError, match="the model knows no 'english'"):
        identify(["x"], keep=("english",))


def test_only_a_sample_of_a_long_text_is_seen():
    assert sample("a" * 10 + "b" * 980 + "c" * 10, 30) == "a" * 10 + " " + "b" * 10 + " " + "c" * 10
    assert sample("短 文\n本", 30) == "短 文 本"
    assert sample("a __label__en </s> b\0c", 99) == "a en b c"
    huge = identify([KNOWN["zh"] * 100_000])
    assert huge.kept.column("language_label").to_pylist() == ["zh"]


@pytest.fixture(scope="module")
def own_model(tmp_path_factory):
    """A classifier trained here: training is there, as it is not in fasttext-predict."""
    assert callable(fasttext.train_supervised)
    folder = tmp_path_factory.mktemp("model")
    lines = [
        f"__label__{'animal' if n % 2 else 'plant'} {'cat dog 猫 狗' if n % 2 else 'tree rose 树 花'} {n}"
        for n in range(200)
    ]
    (folder / "train.txt").write_text("\n".join(lines))
    model = fasttext.train_supervised(str(folder / "train.txt"), wordNgrams=2, epoch=20, lr=0.5, thread=1, verbose=0)
    model.save_model(str(folder / "own.bin"))
    return folder / "own.bin"


def test_a_model_of_ones_own(own_model):
    out = identify(["dog cat", "花 树"], model=str(own_model), min_score=0.6)
    assert out.kept.column("language_label").to_pylist() == ["animal", "plant"]
    assert len(Language(model=str(own_model)).identity()["model"]) == 64


@pytest.mark.parametrize("damage", ["cut", "longer", "text", "empty", "magic"])
def test_a_file_that_is_no_model_is_refused_before_fasttext_sees_it(own_model, tmp_path, damage):
    whole = own_model.read_bytes()
    content = {
        "cut": whole[:-100],
        "longer": whole + b"x",
        "text": b"not a model",
        "empty": b"",
        "magic": b"\0" * 4 + whole[4:],
    }
    path = tmp_path / "broken.bin"
    path.write_bytes(content[damage])
    with pytest.raises(InputError, match=r"broken.bin is not a usable fastText classifier"):
        Language(model=str(path)).open()


def test_a_model_that_is_not_there():
    with pytest.raises(InputError, match="there is no model"):
        Language(model="nowhere.bin").identity()
