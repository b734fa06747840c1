"""Languages that a text cannot be in, by how it is written."""

from __future__ import annotations

import struct
import unicodedata
from collections import Counter

import numpy as np
from batches import documents
from hypothesis import given
from hypothesis import strategies as st
from language_models import planted, planted_bytes

from pipeline.execute import run_stage
from stages.fasttext_model import parse
from stages.kernels import fasttext, scripts
from stages.language import Language
from stages.language_codes import identifier
from stages.language_scripts import MIN_SHARE, NOTICED, UNKNOWN, group_of_script, groups_of, possible, spans_of

MODEL = {
    "fi": ["硕", "珍", "หมา", "𐌰𐌱"],
    "zh": ["这", "样", "thus"],
    "ja": ["江", "雪", "の"],
    "sr": ["мачка", "mačka", "千"],
    "th": ["แมว", "cat"],
    "mine": ["山", "หมู"],
}
"""Words speak for languages that are not written like them."""


def labels(values: list[str], words: dict[str, list[str]] = MODEL) -> list[tuple[str, float]]:
    outcome = run_stage(Language(min_score=0, keep=("und", *words)), documents(values), resource=planted(words))
    return list(zip(*(outcome.kept.column(f"language_{name}").to_pylist() for name in ("label", "score")), strict=True))


def test_a_language_needs_letters_of_its_script():
    found = labels(["硕 珍 这", "硕 珍 这 " + "a" * 30, "мачка", "mačka", "千 这 这", "cat cat"])
    assert [label for label, _ in found[:-1]] == ["zh", "fi", "sr", "sr", "zh"]
    assert found[-1][0] != "th"
    assert found[0][1] > 0.3  # of what is left, not the little that the model gave it


def test_the_share_that_is_needed():
    """Han characters have three bytes: 9 of them are 27, and a tenth of all are 3 Latin letters."""
    enough, little = ("硕" * 3 + " ") * 3 + "硕 abc", ("硕" * 3 + " ") * 3 + "硕 ab"
    assert 3 / (30 + 3) < MIN_SHARE < 4 / (30 + 4)
    assert labels([enough + "d", little])[0][0] == "fi"
    assert labels([little])[0][0] != "fi"


def test_japanese_needs_kana_and_what_it_was_given_goes_to_chinese():
    (poem, _), (prose, _) = labels(["江 雪 江", "江 雪 の の"])
    assert (poem, prose) == ("zh", "ja")
    (_, score), *_ = labels(["江 江 江 硕"])
    assert score > 0.9


def test_a_script_that_no_language_of_the_model_has_is_undetermined():
    assert labels(["𐌰𐌱 𐌰𐌱"], {"fi": ["𐌰𐌱"], "zh": ["这"]}) == [("und", 0.0)]
    dropped = run_stage(Language(), documents(["𐌰𐌱 𐌰𐌱"]), resource=planted({"fi": ["𐌰𐌱"], "zh": ["这"]})).dropped
    assert dropped.column("reason").to_pylist() == ["undetermined"]


def test_a_label_of_ones_own_is_never_ruled_out():
    assert [label for label, _ in labels(["山 山", "หมู หมู mine"], {"mine": ["山", "หมู"], "fi": ["x"]})] == ["mine"] * 2


def test_groups():
    place = dict(
        zip(
            names := ["en", "sr", "srp_Latn", "zh", "zho_Hant", "wuu", "ja", "ko", "x y", "positive"],
            groups_of(names),
            strict=True,
        )
    )
    assert place["en"] == place["sr"] == place["srp_Latn"] != UNKNOWN
    assert place["zh"] == place["zho_Hant"] == place["wuu"] not in (UNKNOWN, place["en"], place["ja"])
    assert len({place["zh"], place["ja"], place["ko"], place["en"]}) == 4
    assert place["x y"] == place["positive"] == UNKNOWN


def test_scripts_in_labels_have_several_names():
    """`Hang` is how models call what is `Kore` with Han characters; none is unknown."""
    labels = [
        "kor_Hang",
        "kor_Kore",
        "jpn_Jpan",
        "jpn_Hrkt",
        "jpn_Hira",
        "urd_Aran",
        "urd_Arab",
        "zho_Hans",
        "yue_Hant",
    ]
    groups = dict(zip(labels, groups_of(labels).tolist(), strict=True))
    assert UNKNOWN not in groups.values()
    assert groups["kor_Hang"] == groups["kor_Kore"]
    assert groups["jpn_Jpan"] == groups["jpn_Hrkt"] == groups["jpn_Hira"]
    assert groups["urd_Aran"] == groups["urd_Arab"]
    assert groups["zho_Hans"] == groups["yue_Hant"]


def test_what_japanese_was_given_goes_to_chinese_only_where_there_is_some():
    """The model alone takes these for Japanese; no letter of them is Chinese."""
    values = ["요코하마시", "스털링", "a b"]
    outcome = run_stage(Language(min_score=0, keep=()), documents(values), resource=Language().open())
    labels = outcome.kept.column("language_label").to_pylist()
    assert labels[:2] == ["ko", "ko"]
    assert labels[2] not in ("ja", "zh")


def test_japanese_law_with_little_kana_is_japanese():
    value = "平成30年法律第71号 国の責務 地方公共団体の責務 施行期日 附則 政令委任 経過措置 働き方改革関連法律整備"
    outcome = run_stage(Language(min_score=0), documents([value]), resource=Language().open())
    assert outcome.kept.column("language_label").to_pylist() == ["ja"]


def test_scores_that_are_no_shares_are_not_raised():
    """One-vs-all gives every language a probability of its own."""
    data = bytearray(planted_bytes(MODEL))
    struct.pack_into("<i", data, 8 + 4 * 6, 4)
    model = identifier(parse(bytes(data), "planted"))
    text = np.frombuffer("หมา หมา แมว".encode(), np.uint8)
    spans = np.array([0]), np.array([len(text)]), np.array([0, 1])
    found = model.guess(text, spans)
    (given,) = fasttext.score_all(text, *spans, model.tables)[:, list(MODEL).index("th")]
    assert model.codes.names[found.codes[0, 0]] == "th"
    assert found.scores[0, 0] == round(float(given) * 10_000)


def test_little_that_is_left_is_not_raised_to_certainty():
    """Weights that leave hardly anything for what is possible: the label is told, the score stays low."""
    words = {"fi": ["硕"], "zh": ["thus"]}
    ((label, score),) = labels(["硕 硕 硕 硕"], words)
    assert label == "zh"
    assert score < 0.01


def test_lid_knows_chat_in_chinese():
    """Of the first the model alone says Finnish."""
    values = [
        "A: 硕珍这样温柔的男人啊，真的很让人心动呢\nB: 狠狠点头表示认同",
        "Привет, как дела?",
        "안녕하세요 반갑습니다",
    ]
    outcome = run_stage(Language(min_score=0), documents(values), resource=Language().open())
    assert outcome.kept.column("language_label").to_pylist() == ["zh", "ru", "ko"]


@given(st.lists(st.text(st.sampled_from("ab1 жя中们門のア가ไ𐌰é"), max_size=30), min_size=1, max_size=4), st.data())
def test_possible_groups_are_those_of_the_definition(values, drawn):
    """What has a tenth of the bytes of letters, counted one by one."""
    data = "".join(values).encode()
    ends = np.cumsum([0, *(len(value.encode()) for value in values)])
    spans = ends[:-1], ends[1:], np.arange(len(ends))
    of_script = dict(zip(scripts.CODES, group_of_script().tolist(), strict=True))
    groups = np.array(
        [
            drawn.draw(st.lists(st.sampled_from(sorted({0, *of_script.values()})), min_size=3, max_size=3))
            for _ in values
        ]
    )
    found = possible(np.frombuffer(data, np.uint8), spans, groups)
    for row, value in enumerate(values):
        letters = [one for one in value if unicodedata.category(one)[0] == "L"]
        sizes = Counter(of_script[scripts.code_of(one)] for one in letters for _ in one.encode())
        expected = [not group or 10 * sizes[group] >= sizes.total() for group in groups[row].tolist()]
        assert found[row].tolist() == expected


@given(st.lists(st.text(st.sampled_from("硕珍这样thus江雪のмčแมวcat山 "), max_size=12), min_size=1, max_size=4))
def test_what_is_left_of_the_guesses_is_what_is_left_of_all(values):
    """Where the five best say enough, nobody looks at the others; the answer differs little."""
    model = planted(MODEL)
    data = "".join(values).encode()
    ends = np.cumsum([0, *(len(value.encode()) for value in values)])
    spans = ends[:-1], ends[1:], np.arange(len(ends))
    found = model.guess(np.frombuffer(data, np.uint8), spans)
    scores = fasttext.score_all(np.frombuffer(data, np.uint8), *spans, model.tables)
    for row, value in enumerate(values):
        if not any(unicodedata.category(one)[0] == "L" for one in value):
            assert found.codes[row].max() < 0
            continue
        given = {model.codes.names[code]: float(scores[row, label]) for label, code in enumerate(model.codes.of_label)}
        is_left = dict(zip(given, is_possible(model, value), strict=True))
        if not is_left["ja"] and is_left["zh"]:
            given["zh"] += given["ja"]
        left = {name: score for name, score in given.items() if is_left[name]}
        total = sum(left.values())
        for code, score in zip(found.codes[row], found.scores[row], strict=True):
            if score >= 10_000 * NOTICED:
                assert abs(score / 10_000 - left[model.codes.names[code]] / total) < 0.06


def is_possible(model, value: str) -> list[bool]:
    groups = dict(zip(model.codes.of_label.tolist(), model.groups.tolist(), strict=True))
    data = value.encode()
    spans = np.array([0]), np.array([len(data)]), np.array([0, 1])
    asked = np.array([[groups[code] for code in model.codes.of_label.tolist()]])
    return possible(np.frombuffer(data, np.uint8), spans, asked)[0].tolist()


def test_spans_of_some_texts():
    spans = np.array([0, 2, 5, 9]), np.array([1, 4, 7, 11]), np.array([0, 1, 3, 3, 4])
    starts, stops, firsts = spans_of(spans, np.array([1, 2, 3]))
    assert (starts.tolist(), stops.tolist(), firsts.tolist()) == ([2, 5, 9], [4, 7, 11], [0, 2, 2, 3])
