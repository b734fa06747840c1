"""quality: one document per reason, English and Chinese alike, profiles, and measures that add up."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from batches import documents
from hypothesis import given
from strategies import documents as text_lists

from pipeline.errors import CorpusmillError, InputError, OptionError
from pipeline.execute import run_stage
from stages.profiles import load_profiles
from stages.quality import PRESETS, RULES, Quality
from stages.quality_signals import COUNTS, ENTROPIES, RATIOS

ENGLISH = """\
The ferry left the harbour at dawn, and only three passengers stood on its deck.
Nobody had told them that the island would be closed to visitors that week.
A retired teacher, who knew the captain well, asked him to have another look at the list.
Her sister waited with two heavy bags beside the stairs of the customs house.
When rain began to fall, everyone moved under the roof of an old fish market.
There they shared bread, cheese and a story about the winter of the great storm.
It turned out that the keys of the lighthouse were lost many years ago.
So the captain laughed, turned his ship around, and took all of them home for supper."""
CHINESE = "\n".join(
    f"{who}在{where}的时候，{what}，所以大家都觉得这一天过得很有意思。".replace("大家", other).replace("有意思", mood)
    for who, where, what, other, mood in [
        ("小明", "公园里散步", "看见许多人在湖边唱歌", "朋友", "热闹"),
        ("老师", "学校门口", "遇到从前教过的一个学生", "同事", "难得"),
        ("我父亲", "车站等车", "听到远方传来的钟声", "邻居", "安静"),
        ("这位医生", "山上采药", "发现了一种少见的植物", "病人", "幸运"),
        ("农民们", "田间劳动", "谈起今年粮食的价格", "村长", "踏实"),
    ]
)
KOREAN = """\
동생은 어제 시장에서 오래된 역사책 한 권을 아주 싼값에 샀다.
선생님은 바닷가에서 찍은 사진을 학생들에게 보여 주며 여행 이야기를 들려주었다.
할머니가 병원에서 우연히 만난 사람은 오십 년 전의 옛 친구였다.
우리는 도서관이 문을 닫을 때까지 함께 숙제를 하고 그 후 늦은 저녁을 먹었다.
비가 그치자 마을 사람들은 모두 논으로 나가 무너진 둑을 다시 쌓기 시작했다.
이 작은 섬에는 등대 하나와 더 이상 쓰지 않는 낡은 창고만 남아 있다."""
WORDS = [a + b + c for a in "bcdfg" for b in "aeiou" for c in ("lm", "nt", "rk", "sh")]


def lines(template: str, n: int) -> str:
    """`n` lines with different words in the places of `{}`."""
    width = template.count("{}")
    return "\n".join(
        template.format(*(WORDS[(n_line * width + place) % len(WORDS)] for place in range(width)))
        for n_line in range(n)
    )


def judge(texts: list[str], **options) -> tuple[list[str], dict[str, list[str]]]:
    """Survivors, and all failed rules of the dropped by text."""
    out = run_stage(Quality(**{"language": "en", **options}), documents(texts))
    dropped = dict(
        zip(out.dropped.column("excerpt").to_pylist(), out.dropped.column("failed").to_pylist(), strict=True)
    )
    return out.kept.column("text").to_pylist(), dropped


@pytest.mark.parametrize(("language", "text"), [("en", ENGLISH), ("zh", CHINESE), ("ko", KOREAN), ("xx", ENGLISH)])
@pytest.mark.parametrize("words", ["fast", "spacy"])
def test_prose_passes_the_presets_for_prose(language, text, words):
    presets = tuple(preset for preset in PRESETS if preset not in ("c4", "code"))
    assert judge([text], presets=presets, language=language, words=words) == ([text], {})


SENTENCE = "The {} of the {} was seen with a {} by that man, and it had to be so. "
TRIGGERS = {
    "gopher_quality": [
        ("Only a few of the words are to be seen here.", "too_short"),
        ("the and " + "word " * 100_001, "too_long"),
        ("a is to be in of at it. " * 30, "words_too_short"),
        ("the and incomprehensibilities antidisestablishmentarianism " * 30 + ".", "words_too_long"),
        ("the tag # comes # here and there, to be sure. " * 20, "too_many_hashes"),
        ("so it goes ... on and on … it goes to the end. " * 20, "too_many_ellipses"),
        (lines("- the {} and the {} of that {} to be had", 20), "bullets"),
        (lines("the teaser {} and the {} of an article that goes on ...", 20), "ellipsis_lines"),
        ("the 1 and 22 and 333 were 4 times 55 . " * 20, "too_few_letters"),
        (lines("banana {} cherry {} lemon {} apple {}", 20), "too_few_stop_words"),
    ],
    "gopher_repetition": [
        ("\n\n".join(["The same again."] * 4 + WORDS[:4]), "repeated_paragraphs"),
        ("\n\n".join([ENGLISH.replace("\n", " ")] * 2), "repeated_paragraph_text"),
        ("\n".join(["here is a line that comes again."] * 5 + WORDS[:5]), "repeated_lines"),
        ("\n".join([ENGLISH.replace("\n", " ")] * 2), "repeated_line_text"),
        ("\n".join(f"good morning {word}" for word in WORDS[:40]), "frequent_2gram"),
        ("\n".join(f"a very good morning {word}" for word in WORDS[:40]), "frequent_3gram"),
        ("\n".join(f"a very good morning sir {word}" for word in WORDS[:40]), "frequent_4gram"),
        *((" ".join(WORDS[:14]) + " " + " ".join(WORDS[:n] + WORDS[40:44]), f"repeated_{n}grams") for n in range(5, 11)),
    ],
    "c4": [
        ("One is here. Two is there. Three is gone.", "too_few_sentences"),
        (ENGLISH + "\nThen comes Lorem Ipsum dolor.", "lorem_ipsum"),
        (ENGLISH + "\nAnd so { it begins.", "curly_bracket"),
    ],
    "fineweb": [
        (lines("this is the line {} of a {} menu without an end to {} it", 20), "unfinished_lines"),
        (lines("line {} is over.", 40), "short_lines"),
        ("\n".join([ENGLISH, "And so it ends."] * 2), "repeated_text"),
        (lines("{} {}", 60), "list_like"),
    ],
    "bloom": [
        ("Only a few words here.", "bloom_too_short"),
        ("the and " + "word " * 100_001, "bloom_too_long"),
        ("again and again and " * 40, "repeated_characters"),
        ("one and the same of it all " * 20, "repeated_words"),
        ("the year 1234567890 and ((((%%%%))))!!!! then came. " * 20, "too_many_special"),
        (lines("banana {} cherry {} lemon {} apple {}", 20), "too_few_function_words"),
        ("the badword is to be seen. " * 20, "flagged_words"),
    ],
    "code": [
        ("x = '" + "ab c" * 300 + "'", "long_line"),
        ("\n".join("x = '" + "ab c" * 40 + f"{n}'" for n in range(5)), "long_lines"),
        ("(((((((((( %%%%%%%%%% ))))))))))\n" * 5, "too_few_alphanumeric"),
        ("1234567890 9876543210 1112131415\n" * 5, "too_few_alphabetic"),
        ("a, b, 1, 2, 3, 4, 5, 6\n" * 20, "data_like"),
        ("key = 'aGVsbG8gd29ybGQhIGhvdyBhcmUgeW91IHRvZGF5PyBJIGFtIGZpbmUsIHRoYW5rcw0123456789abcdefghijklmnop'", "encoded_data"),
        ("# This file is auto-generated by a tool. Do not edit.\n" + "x = call(y)\n" * 5, "generated"),
        ('<?xml version="1.0"?>\n<a>text</a>\n', "xml"),
        ('<div class="a very long name of a class indeed"><span style="and a style besides">x</span></div>\n' * 4, "mostly_markup"),
    ],
    "keywords": [
        ('<p class="x">The man</p> <b>and</b> <i>the</i> <a href="y">sea</a> ' * 5, "html_tags"),
        ("see https://example.org/a/long/path?with=query&and=more now " * 5, "hyperlinks"),
        ("the {{ name }} and {% if x %} of the ${value} " * 10, "template_residue"),
        ("Click here to read more. All rights reserved. Privacy policy and terms of use. " * 3, "boilerplate"),
        ("the badword is to be seen. " * 20, "flagged_terms"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def flagged(tmp_path_factory) -> tuple[str, ...]:
    path = tmp_path_factory.mktemp("lists") / "terms.txt"
    path.write_text("# terms\nbadword\n坏词\n", encoding="utf-8")
    return (str(path),)


@pytest.mark.parametrize(
    ("preset", "text", "reason"), [(preset, *case) for preset, cases in TRIGGERS.items() for case in cases]
)
def test_one_trigger_per_reason(preset, text, reason, flagged):
    _, dropped = judge([text, ENGLISH], presets=(preset,), word_lists=flagged)
    assert reason in next(failed for excerpt, failed in dropped.items() if text.startswith(excerpt))


def test_every_reason_has_a_trigger():
    assert {(rule.preset, rule.reason) for _, rule in RULES} == {
        (preset, reason) for preset, cases in TRIGGERS.items() for _, reason in cases
    }


CHINESE_TRIGGERS = [
    ("gopher_quality", "只有几个字。", "too_short"),
    ("gopher_quality", "汉字" * 60_000 + "。", "too_long"),
    ("gopher_repetition", "\n".join(["这是同一行文字，一再出现。"] * 5 + list("甲乙丙丁戊")), "repeated_lines"),
    ("fineweb", "\n".join(f"{a}這是一個沒有結尾的選單項目，後面還有很多很多內容" for a in "甲乙丙丁戊己庚"), "unfinished_lines"),
    ("fineweb", "\n".join(f"{a}行很短。" for a in "甲乙丙丁戊己庚辛壬癸子丑寅卯"), "short_lines"),
    ("keywords", "版权所有，转载请注明出处。点击查看更多，上一篇，下一篇，返回顶部。", "boilerplate"),
    ("keywords", "这里有坏词，那里也有坏词。", "flagged_terms"),
    ("c4", "只有一句话在这里。", "too_few_sentences"),
]  # fmt: skip


@pytest.mark.parametrize(("preset", "text", "reason"), CHINESE_TRIGGERS)
def test_triggers_in_chinese(preset, text, reason, flagged):
    kept, dropped = judge([text, CHINESE], presets=(preset,), word_lists=flagged, language="zh")
    assert kept == [CHINESE] if preset != "c4" else len(kept) == 1
    assert reason in next(iter(dropped.values()))


def test_value_and_limit_are_reported():
    text = "\n".join(["again it comes.", "here is another.", "again it comes."])
    out = run_stage(Quality(language="en", presets=("gopher_repetition",)), documents([text]))
    assert out.dropped.column("reason").to_pylist() == ["repeated_lines"]
    assert out.dropped.column("value").to_pylist() == [0.333333]
    assert out.dropped.column("limit").to_pylist() == [0.3]


def test_a_limit_itself_is_allowed():
    text = ENGLISH + "\nAnd so it ends." * 2  # one line in ten is a copy
    assert judge([text], presets=("gopher_repetition",), max_duplicate_line_frac=0.1) == ([text], {})
    dropped = judge([text], presets=("gopher_repetition",), max_duplicate_line_frac=0.0999)[1]
    assert list(dropped.values()) == [["repeated_lines"]]


def test_c4_cuts_lines():
    text = f"  Menu and more\n{ENGLISH}\nWe use cookies, as you know.\r\nTurn on JavaScript to go on.\nShort.\nIt is so.[12]\n"
    kept, _ = judge([text], presets=("c4",))
    assert kept == [ENGLISH + "\nIt is so."]
    assert judge([text], presets=("c4",), c4_terminal=False)[0] == ["Menu and more\n" + ENGLISH + "\nIt is so."]


THAI = "\n".join(f"{n} วันนี้อากาศดีมากเราจึงไปเดินเล่นในสวนสาธารณะด้วยกัน" for n in "กขคงจฉชซ")


@pytest.mark.parametrize(
    ("language", "text", "left"),
    [
        ("zh", f"首页 关于我们\n首页（新版）\n推荐《红楼梦》\n{CHINESE}\n他说：“这样很好。”\n短。\n", f"{CHINESE}\n他说：“这样很好。”"),
        ("ko", f"메뉴 (새로운 것)\n{KOREAN}\n그는 “나는 이제 집으로 가겠다.”", f"{KOREAN}\n그는 “나는 이제 집으로 가겠다.”"),
        ("fr", "Il dit : « Nous partirons ce soir. »\n" * 3 + "Le menu (principal)", "\n".join(["Il dit : « Nous partirons ce soir. »"] * 3)),
        ("th", THAI, THAI),
        ("xx", CHINESE, CHINESE),
    ],
)  # fmt: skip
def test_c4_cuts_lines_of_other_languages(language, text, left):
    assert judge([text], presets=("c4",), language=language, min_sentences=0)[0] == [left]


def test_c4_leaves_unjudged_sources_as_they_are():
    text = "A line of a book that is\nwrapped, and so it ends."
    out = run_stage(
        Quality(language="en", presets=("c4",), unjudged=("books",)), documents([text, text], ["books", "web"])
    )
    assert out.kept.column("text").to_pylist() == [text]
    assert out.dropped.column("reason").to_pylist() == ["too_few_sentences"]


def test_nothing_is_left_by_c4():
    assert judge(["Menu\nHome"], presets=("c4",), min_sentences=0)[1] == {"Menu\nHome": ["empty"]}
    assert judge(["Menu\nHome"], presets=())[1] == {}


def signals(text: str, **options) -> dict[str, float]:
    """The signals of one text."""
    row = run_stage(Quality(**{"language": "en", "presets": (), **options}), documents([text])).kept
    return {
        name.removeprefix("quality_"): row.column(name)[0].as_py()
        for name in row.schema.names
        if name.startswith("quality_")
    }


def test_options_and_profiles_that_change_what_is_measured(tmp_path):
    text = "Some words here.\nA somewhat longer line of words is here."
    assert [signals(text, short_line_chars=n)["short_line_frac"] for n in (15, 16, 40)] == [0, 0.5, 1]
    assert (
        signals(text)["short_line_frac"] == 0.5
        and signals("十二个字的一行文字真短啊。", language="zh")["short_line_frac"] == 0
    )
    assert [signals(text, c4_min_line_words=n)["c4_line_frac"] for n in (3, 4, 9)] == [1, 0.5, 0]
    assert [signals(text, c4_max_word_chars=n)["c4_line_frac"] for n in (8, 7, 4)] == [1, 0.5, 0]
    assert [signals("It is so\nand so.", c4_terminal=on)["c4_line_frac"] for on in (True, False)] == [0, 0.5]
    path = tmp_path / "en.yaml"
    path.write_text("languages: [en]\ninvolved_words: [some]\nconversational_frac: 0.1\nbullets: '+'\nterminal: ':'\n")
    ours = signals("+ A few of these words are here:", profiles=(str(path),))
    assert (ours["register"], ours["bullet_line_frac"], ours["terminal_line_frac"], ours["c4_line_frac"]) == (
        "informational",
        1,
        1,
        1,
    )
    assert signals("Some of it, and some more.", profiles=(str(path),))["register"] == "conversational"


def test_spacy_units_are_for_english():
    assert signals("I can't go im Haus.", words="spacy")["n_units"] == 8
    assert (
        signals("I can't go im Haus.", words="spacy", language="de")["n_units"]
        == signals("I can't go im Haus.")["n_units"]
        == 6
    )


def test_curly_apostrophes_are_apostrophes():
    straight, curly = (signals(f"I{mark}m sure you{mark}re right, don{mark}t worry.") for mark in "'’")
    assert straight["involved_frac"] == curly["involved_frac"] > 0.3
    texts = [f"Voir les conditions d{mark}utilisation." for mark in "'’"]
    assert signals(texts[0])["boilerplate_frac"] == signals(texts[1])["boilerplate_frac"] > 0


MEASURED = [
    ("中文 kana かな 한글", {"han_frac": 2 / 10, "cjk_frac": 6 / 10, "letter_frac": 10 / 13, "space_frac": 3 / 13, "ascii_frac": 7 / 13}),
    ("Ab, c? d! (e) - \"f\". 12 + 3", {"n_chars": 27, "upper_frac": 1 / 6, "digit_frac": 3 / 27, "symbol_frac": 1 / 27, "punctuation_frac": 9 / 27,
        "comma_frac": 1 / 9, "question_frac": 1 / 9, "exclamation_frac": 1 / 9, "bracket_frac": 2 / 9, "dash_frac": 1 / 9, "quote_frac": 2 / 9, "stop_frac": 1 / 9}),
    ("你好，世界！（再见）", {"n_words": 6, "n_units": 10, "comma_frac": 0.25, "exclamation_frac": 0.25, "bracket_frac": 0.5, "character_word_frac": 0.6}),
    ("- one\n1. two\nthree\n\nfour...", {"n_lines": 4, "bullet_line_frac": 0.2, "listed_line_frac": 0.4, "ellipsis_line_frac": 0.2, "max_line_chars": 7, "mean_line_chars": 23 / 5, "n_paragraphs": 2}),
    ("the the cat", {"distinct_word_frac": 2 / 3, "word_entropy": 0.9183, "mean_word_chars": 3, "max_word_chars": 3, "n_stop_words": 1, "function_word_frac": 2 / 3}),
    ("abab", {"char_entropy": 1, "alphanumeric_frac": 1, "special_frac": 0, "letters_per_word": 4}),
    ("a\x00b\ufffd", {"control_frac": 1 / 4, "replacement_frac": 1 / 4}),
    ("<b>x</b> &amp; www.a.org {{ y }}", {"n_tags": 2, "tag_frac": 7 / 32, "n_entities": 1, "n_urls": 1, "url_frac": 9 / 32, "template_frac": 1 / 21}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MEASURED)
def test_signals_are_what_their_names_say(text, expected):
    found = signals(text)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-4)


def test_presets_apart_and_together():
    text = ENGLISH.replace(".", "")  # no line is finished, and nothing else is wrong
    assert judge([text], presets=("gopher_quality", "gopher_repetition")) == ([text], {})
    assert list(judge([text], presets=("fineweb",))[1].values()) == [["unfinished_lines"]]
    both = next(iter(judge(["On and on ..."], presets=("fineweb", "gopher_quality"))[1].values()))
    assert both.index("unfinished_lines" if "unfinished_lines" in both else "short_lines") < both.index("too_short")
    assert [limit.reason for limit in Quality(presets=("fineweb", "keywords")).limits() if not limit.languages or "en" in limit.languages] == [
        "unfinished_lines", "short_lines", "repeated_text", "list_like", "html_tags", "hyperlinks", "template_residue", "boilerplate", "flagged_terms",
    ]  # fmt: skip


def test_unjudged_sources_are_measured_and_kept():
    out = run_stage(Quality(language="en", unjudged=("code",)), documents(["x = 1", "x = 1"], ["code", "web"]))
    assert out.kept.column("source").to_pylist() == ["code"]
    assert out.kept.column("quality_n_words").to_pylist() == [2]
    assert out.ledger.stages["quality"]["code"].reasons["too_short"].failed == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_words": 10, "max_words": 9}, "'min_words' must not be above 'max_words'"),
        ({"presets": ("c4", "c4")}, "names one twice"),
        ({"presets": ("gopher",)}, "no choice 'gopher'"),
        ({"language": "Deutsch"}, "must be a code such as en or zh"),
        ({"presets": ("bloom",), "min_words": 10}, "'min_words' has no effect: 'presets' must name gopher_quality"),
        ({"presets": ("bloom",), "max_flagged_frac": 0.1}, "'max_flagged_frac' has no effect without 'word_lists'"),
        ({"presets": ("bloom",), "bloom_min_words": 200_000}, "'bloom_min_words' must not be above 'bloom_max_words'"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises(OptionError, match=message):
        Quality(**options)


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


def test_registers():
    chat = "I said no! Do you really want me to go? Yeah, I do, and we know you'd love it. " * 3
    out = run_stage(Quality(language="en", presets=()), documents([chat, ENGLISH]))
    assert out.kept.column("quality_register").to_pylist() == ["conversational", "informational"]
    chat = "你吃了吗？我还没呢！咱们一起去吧，好啊好啊！"
    out = run_stage(Quality(language="zh", presets=()), documents([chat, CHINESE]))
    assert out.kept.column("quality_register").to_pylist() == ["conversational", "informational"]


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


@given(text_lists)
def test_a_document_is_judged_alone(texts):
    stage = Quality(language="zh", min_words=0)
    whole = run_stage(stage, documents(texts))
    alone = [run_stage(stage, documents([text], first_row=row)) for row, text in enumerate(texts)]
    for side in ("kept", "dropped"):
        assert getattr(whole, side).to_pylist() == [row for one in alone for row in getattr(one, side).to_pylist()]


MAY_EXCEED = {"mean_word_chars", "mean_line_chars", "letters_per_word", "compressed_frac", "hash_frac", "ellipsis_frac", "newline_frac",
              "template_frac", "boilerplate_frac", "flagged_frac"} | {f"top_{n}gram_frac" for n in (2, 3, 4)}  # fmt: skip


@given(text_lists)
def test_signals_are_defined_for_every_text(texts):
    kept = run_stage(Quality(language="en", presets=()), documents(texts))
    for side in (kept.kept, kept.dropped):
        for name in (*COUNTS, *RATIOS, *ENTROPIES):
            values = np.asarray(side.column(f"quality_{name}").to_pylist(), np.float64)
            assert np.isfinite(values).all() and (values >= 0).all(), name
            assert name not in RATIOS or name in MAY_EXCEED or (values <= 1).all(), name


AWKWARD = [
    "",
    " \n\u3000\n",
    "\0\0\0",
    "a\r\nb\r\n",
    "x" * 200_000,
    "\ufffd" * 50,
    "😀" * 50,
    "שלום עולם",
    "\u202eabc",
    "中" * 1000,
    "." * 1000,
]


@pytest.mark.parametrize("language", ["en", "zh", "th", "xx"])
@pytest.mark.parametrize("words", ["fast", "spacy"])
def test_awkward_text_has_a_verdict(language, words):
    out = run_stage(Quality(language=language, words=words, presets=PRESETS), documents(AWKWARD))
    assert out.kept.num_rows + out.dropped.num_rows == len(AWKWARD)
    assert out.dropped.column("reason").to_pylist()[:2] == ["empty", "empty"]
    values = [value for value in out.dropped.column("value").to_pylist() if value is not None]
    assert np.isfinite(values).all()


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["word ", "漢字", "😀 "])
def test_one_line_of_50_megabytes(piece):
    text = piece * (50_000_000 // len(piece.encode()))
    out = run_stage(Quality(language="zh", presets=PRESETS), documents([text, CHINESE]))
    assert out.dropped.column("quality_n_chars").to_pylist()[0] == len(text)
    values = [out.dropped.column(f"quality_{name}").to_pylist()[0] for name in (*COUNTS, *RATIOS, *ENTROPIES)]
    assert np.isfinite(values).all()


def test_judging_again_from_stored_signals_gives_the_same():
    texts = [case[0] for cases in TRIGGERS.values() for case in cases if len(case[0]) < 50_000] + [ENGLISH, CHINESE]
    presets = tuple(preset for preset in PRESETS if preset != "c4")
    from pipeline.batch import Batch

    stage = pickle.loads(pickle.dumps(Quality(language="en", presets=presets)))
    measured = run_stage(Quality(language="en", presets=()), documents(texts)).kept
    draft = Batch(measured, stage, "quality")
    stage.judge(draft)
    kept, dropped = judge(texts, presets=presets)
    again = np.zeros(len(texts), bool)
    for rule in draft.rules.values():
        again |= rule.mask
    assert [text for text, is_dropped in zip(texts, again, strict=True) if not is_dropped] == kept
    assert again.sum() + len(kept) == len(texts) and dropped


def test_options_are_ready_for_json():
    from pipeline.schema import options

    assert json.loads(json.dumps(options(Quality(language="en")))) == options(Quality(language="en"))
