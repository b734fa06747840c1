"""language: what is dropped and why, the sample, damaged models, and lid.176 on known text.

Most tests train a tiny classifier. Those named `lid` use the real one: the first fetches it into the
user's cache, and fails (it does not skip) where that is impossible.
"""

from __future__ import annotations

import fasttext
import numpy as np
import pyarrow as pa
import pytest
from batches import documents
from hypothesis import given
from hypothesis import strategies as st
from strategies import texts

from pipeline.errors import InputError, OptionError, RecipeError
from pipeline.execute import run_stage
from stages.language import N_PARTS, Language, _without_japanese, check_classifier, sample

EN = "the cat sat on the mat and looked at the bird in the tree before it went home to sleep"
DE = "die Katze sitzt auf der Matte und sieht den Vogel im Baum bevor sie nach Hause geht und schläft"
ZH = "猫坐在垫子上看着树上的鸟然后回家睡觉今天天气很好我们一起去公园散步"
JA = "猫はマットの上に座って木の鳥を見ていましたそれから家に帰って眠りました"
THREADS = 11
"""fastText fills its matrix in tenths, one a thread and the rest by the eleventh; with fewer threads training
begins in memory that holds anything, and may end in NaN."""
TRAINING = {"en": EN.split(), "de": DE.split(), "zh": list(ZH), "ja": list(JA)}


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    lines = []
    for label, words in TRAINING.items():
        for start in range(len(words) - 5):
            between = "" if label in ("zh", "ja") else " "
            lines += [f"__label__{label} {between.join(words[start : start + n])}\n" for n in (3, 5, 6)]
    (folder / "train.txt").write_text("".join(lines), encoding="utf-8")
    trained = fasttext.train_supervised(
        str(folder / "train.txt"), wordNgrams=2, minn=1, maxn=3, dim=8, bucket=2000, epoch=60, lr=1.0, thread=THREADS, verbose=0
    )  # fmt: skip
    trained.save_model(str(folder / "tiny.bin"))
    trained.quantize(str(folder / "train.txt"), qnorm=True, verbose=0)
    trained.save_model(str(folder / "tiny.ftz"))
    return folder / "tiny.bin"


def run(stage, values, sources=None):
    return run_stage(stage, documents(values, sources), resource=stage.open())


def test_fasttext_is_the_one_that_trains():
    """A package that brings the model overwrites the module `fasttext` with one that can only predict."""
    assert callable(fasttext.train_supervised)


def test_signals(model_path):
    outcome = run(Language(model=str(model_path), min_score=0), [EN, DE, ZH, JA])
    columns = {name: outcome.kept.column(name) for name in Language().adds()}
    assert columns["language_label"].to_pylist() == ["en", "de", "zh", "ja"]
    assert columns["language_score"].type == pa.float32()
    first, second = columns["language_score"].to_numpy(), columns["language_second_score"].to_numpy()
    assert (first > 0.65).all()
    assert (second < first).all()
    assert (np.round(first * 10_000) / 10_000).astype(np.float32).tolist() == first.tolist()
    assert set(columns["language_second"].to_pylist()) < {"en", "de", "zh", "ja"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [(5, "undetermined"), (6, "undetermined")]),
        ({"keep": ("en", "zh")}, [(1, "wrong_language"), (3, "wrong_language"), (5, "undetermined"), (6, "undetermined")]),
        ({"keep": ("en", "de", "zh", "ja", "und")}, []),
        ({"keep": ("und",)}, [(row, "wrong_language") for row in range(5)]),
    ],
)  # fmt: skip
def test_what_is_dropped(model_path, options, expected):
    values = [EN, DE, ZH, JA, "the bird 鸟", "2024-01-15 3.14 … 。", ""]
    outcome = run(Language(model=str(model_path), min_score=0, **options), values)
    kept = {int(uid, 16) for uid in outcome.kept.column("uid").to_pylist()}
    dropped = zip(outcome.dropped.column("uid").to_pylist(), outcome.dropped.column("reason").to_pylist(), strict=True)
    assert [(int(uid, 16), reason) for uid, reason in dropped] == expected
    assert kept == set(range(7)) - {row for row, _ in expected}


def test_low_score(model_path):
    mixed = f"{EN} {DE} {ZH} {JA}"
    (score,) = run(Language(model=str(model_path), min_score=0), [mixed]).kept.column("language_score").to_pylist()
    assert 0 < score < 0.9999
    strict = Language(model=str(model_path), min_score=round(score, 4) + 0.0001)
    assert run(strict, [mixed]).dropped.column("reason").to_pylist() == ["low_score"]
    (value,) = run(strict, [mixed]).dropped.column("value").to_pylist()
    assert value == round(score, 4)
    equal = Language(model=str(model_path), min_score=round(score, 4))
    assert run(equal, [mixed]).kept.num_rows == 1


def test_unjudged_sources_are_measured_and_kept(model_path):
    stage = Language(model=str(model_path), keep=("zh",), min_score=1.0, unjudged=("code",))
    outcome = run(stage, [EN, EN, "12345", "12345"], ["code", "web", "code", "web"])
    assert outcome.kept.column("source").to_pylist() == ["code", "code"]
    assert outcome.kept.column("language_label").to_pylist() == ["en", "und"]
    assert outcome.dropped.column("reason").to_pylist() == ["wrong_language", "undetermined"]


@given(st.lists(texts, min_size=1, max_size=4))
def test_a_row_does_not_depend_on_its_neighbours(model_path, values):
    stage = Language(model=str(model_path), min_score=0, keep=("en", "de", "zh", "ja", "und"))
    resource = stage.open()
    whole = run_stage(stage, documents(values), resource=resource).kept
    alone = [
        run_stage(stage, documents([text], first_row=row), resource=resource).kept for row, text in enumerate(values)
    ]
    assert pa.Table.from_batches([whole]).to_pylist() == pa.Table.from_batches(alone).to_pylist()


# The sample


@given(texts, st.integers(100, 700))
def test_sample_is_one_line_and_bounded(text, n_chars):
    long = text * 50
    found = sample(long, n_chars)
    assert len(found) <= n_chars + N_PARTS
    assert found == " ".join(found.split())
    assert "__label__" not in found
    assert "\0" not in found


def test_sample_of_a_short_text_is_all_of_it():
    assert sample("a  b\n中\u3000文\0__label__xx</s>", 100) == "a b 中 文 xx"


def test_sample_is_evenly_spread():
    text = "".join(chr(0x4E00 + place) for place in range(1000))
    pieces = sample(text, 120).split()
    starts = [ord(piece[0]) - 0x4E00 for piece in pieces]
    assert pieces == [text[start : start + 12] for start in starts]
    assert len(pieces) == N_PARTS
    assert set(np.diff(starts).tolist()) <= {98, 99}
    assert starts[0] == 49
    assert starts[-1] + 12 == 1000 - 50


def test_what_was_given_to_japanese_goes_to_chinese():
    assert _without_japanese([("ja", 5000), ("zh", 4000), ("en", 10)]) == [("zh", 9000), ("en", 10)]
    assert _without_japanese([("ko", 6000), ("ja", 4000)]) == [("ko", 6000), ("zh", 4000)]
    assert _without_japanese([("zh", 9000), ("ja", 1001)]) == [("zh", 10_000)]
    assert _without_japanese([("en", 600), ("de", 300), ("ja", 301), ("zh", 301)]) == [
        ("zh", 602),
        ("en", 600),
        ("de", 300),
    ]


# Models


def test_options(model_path):
    with pytest.raises(OptionError, match=r"model knows no 'eng' \(did you mean 'en'\?\)") as caught:
        Language(model=str(model_path), keep=("eng",)).open()
    assert caught.value.key == "keep"
    with pytest.raises(OptionError, match="ISO 639 codes such as en, zh, de"):
        Language(model=str(model_path), keep=("klingon",)).open()
    for options in ({"min_score": 1.1}, {"min_score": float("nan")}, {"sample_chars": 99}, {"keep": "en"}):
        with pytest.raises(RecipeError, match=next(iter(options))):
            Language(**options)


def test_identity_is_the_content_of_the_model(model_path):
    first = Language(model=str(model_path)).identity()
    assert len(first["model"]) == 64
    assert Language(model=str(model_path.with_suffix(".ftz"))).identity() != first
    assert Language().identity() == {"model": "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"}


def test_whole_models_are_accepted(model_path):
    for path in (model_path, model_path.with_suffix(".ftz")):
        check_classifier(str(path))
        assert run(Language(model=str(path)), [EN]).kept.column("language_label").to_pylist() == ["en"]


@pytest.mark.parametrize("suffix", [".bin", ".ftz"])
def test_damaged_models_are_refused(model_path, tmp_path, suffix):
    """fastText itself ends the process, or allocates without bound, on some of these."""
    data = model_path.with_suffix(suffix).read_bytes()
    damaged = [b"", data[:3], data[:40], *(data[: len(data) * n // 7] for n in range(1, 7)), data[:-1], data + b"\0"]
    damaged += [b"\0" * len(data), data[:8] + b"\xff" * 60 + data[68:]]
    for content in damaged:
        path = tmp_path / f"damaged{suffix}"
        path.write_bytes(content)
        with pytest.raises(InputError, match=rf"{path} is not a usable fastText classifier"):
            Language(model=str(path)).open()


def test_word_vectors_are_no_classifier(model_path, tmp_path):
    vectors = fasttext.train_unsupervised(
        str(model_path.with_name("train.txt")), minCount=1, dim=4, epoch=1, bucket=100, thread=THREADS, verbose=0
    )
    vectors.save_model(str(tmp_path / "vectors.bin"))
    with pytest.raises(InputError, match="not made by supervised training"):
        Language(model=str(tmp_path / "vectors.bin")).open()


# The real model

SENTENCES = {
    "en": "The committee will meet again on Thursday to discuss the new proposal before the vote.",
    "zh": "委员会将在星期四再次开会，在投票之前讨论这项新的提案。",
    "ja": "委員会は木曜日に再び会合を開き、投票の前に新しい提案について話し合います。",
    "th": "คณะกรรมการจะประชุมอีกครั้งในวันพฤหัสบดีเพื่อหารือเกี่ยวกับข้อเสนอใหม่ก่อนลงคะแนน",
    "ko": "위원회는 목요일에 다시 모여 투표 전에 새로운 제안을 논의할 예정입니다.",
    "ru": "Комитет снова соберётся в четверг, чтобы обсудить новое предложение перед голосованием.",
    "ar": "ستجتمع اللجنة مرة أخرى يوم الخميس لمناقشة الاقتراح الجديد قبل التصويت.",
    "hi": "समिति मतदान से पहले नए प्रस्ताव पर चर्चा करने के लिए गुरुवार को फिर से बैठक करेगी।",
    "vi": "Ủy ban sẽ họp lại vào thứ Năm để thảo luận về đề xuất mới trước khi bỏ phiếu.",
}


@pytest.fixture(scope="module")
def lid():
    return Language().open()


def test_lid_knows_these_languages(lid):
    values = [*SENTENCES.values(), "委員會將於星期四再次開會，在投票之前討論這項新提案。"]
    kept = run_stage(Language(), documents(values), resource=lid).kept
    assert kept.column("language_label").to_pylist() == [*SENTENCES, "zh"]


def test_lid_takes_poems_in_han_characters_for_chinese(lid):
    poem = "江雪\n千山鳥飛絕，萬徑人蹤滅。\n孤舟蓑笠翁，獨釣寒江雪。"
    kept = run_stage(
        Language(keep=("zh",)), documents([poem, "会后悔的回忆的时候，不删回忆起来才痛苦"]), resource=lid
    ).kept
    assert kept.num_rows == 2


def test_lid_is_not_led_by_what_stands_around_an_article(lid):
    header = "[#]: collector: (lujun9972)\n[#]: via: (https://example.org/2020/some-page)\n" * 3
    links = "[1]: https://example.org/images/another-file-name.png\n" * 6
    article = header + "本文介绍如何安装这个软件，并说明它的配置文件放在什么地方。\n" * 60 + links
    kept = run_stage(Language(keep=("zh",)), documents([article]), resource=lid).kept
    assert kept.num_rows == 1
