"""quality: one document per reason, English and Chinese alike, and measures that add up."""

from __future__ import annotations

import pytest
from batches import documents
from hypothesis import given
from strategies import buffers
from strategies import documents as text_lists

from pipeline.errors import OptionError
from pipeline.execute import run_stage
from stages.quality import RATIOS, Quality, measure

ENGLISH = "\n".join(
    f"The {n} quick brown foxes jumped over a number of lazy dogs, and went home to sleep." for n in "abcdefgh"
)
CHINESE = "\n".join(f"{n}月的天气很好，我们一起去公园里散步，看见许多人在湖边唱歌跳舞。" for n in "一二三四五六七八")
KOREAN = "\n".join(
    f"{n} 오늘은 날씨가 좋아서 우리는 함께 공원에 가서 산책을 하고 노래를 불렀다." for n in "가나다라마바사아"
)
THAI = "\n".join(f"{n} วันนี้อากาศดีมากเราจึงไปเดินเล่นในสวนสาธารณะด้วยกัน" for n in "กขคงจฉชซ")


def judge(texts: list[str], **options) -> tuple[list[str], dict[str, list[str]]]:
    """Survivors, and all failed rules of the dropped by text."""
    out = run_stage(Quality(**options), documents(texts))
    dropped = dict(
        zip(out.dropped.column("excerpt").to_pylist(), out.dropped.column("failed").to_pylist(), strict=True)
    )
    return out.kept.column("text").to_pylist(), dropped


def test_prose_of_every_script_passes():
    texts = [ENGLISH, CHINESE, KOREAN, THAI]
    assert judge(texts) == (texts, {})


LETTERS = [chr(97 + i) + chr(97 + j) for i in range(26) for j in range(26)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Only a few words here.", "too_short"),
        ("只有几个字。", "too_short"),
        ("word word. " * 60_000, "too_long"),
        ("汉字" * 60_000 + "。", "too_long"),
        ("a is b in c. " * 30, "words_too_short"),
        ("incomprehensibilities antidisestablishment " * 30 + ".", "words_too_long"),
        ("the tag # comes here and there, and more. " * 20, "too_many_hashes"),
        ("so it goes … on and on it goes. " * 20, "too_many_ellipses"),
        ("the 1 and 22 and 333 were 4 times 55. " * 20, "too_few_letters"),
        ("the year 1234567890123 and 9876543210987 then came. " * 20, "too_many_digits"),
        ("電話一二三四五六1234567890，" * 20 + "。", "too_many_digits"),
        ("the (((((((one))))))) and %%%%%% was *** here. " * 20, "too_many_special"),
        ("標點！！！！標點？？？？" * 20, "too_many_special"),
        ("\n".join(f"this is the line {a} of a menu without an end to it" for a in LETTERS[:20]), "unfinished_lines"),
        (
            "\n".join(f"{a}這是一個沒有結尾的選單項目，後面還有很多很多內容" for a in "甲乙丙丁戊己庚"),
            "unfinished_lines",
        ),
        ("\n".join(f"line {a} is over." for a in LETTERS[:40]), "short_lines"),
        ("\n".join(f"{a}行很短。" for a in "甲乙丙丁戊己庚辛壬癸子丑寅卯"), "short_lines"),
        ("\n".join(f"- item {a} of the long list of what there is." for a in LETTERS[:20]), "bullets"),
        ("\n".join(f"the teaser {a} of an article that goes on elsewhere ..." for a in LETTERS[:20]), "ellipsis_lines"),
        ("\n".join(["here is a line that comes again and again."] * 10), "repeated_lines"),
        (
            "\n".join(f"short end {a}." for a in LETTERS[:8]) + "\nand this is a long line that is repeated once." * 2,
            "repeated_text",
        ),
    ],
)
def test_one_trigger_per_reason(text, reason):
    kept, dropped = judge([ENGLISH, text, CHINESE])
    assert kept == [ENGLISH, CHINESE]
    (failed,) = dropped.values()
    assert reason in failed


def test_value_and_limit_are_reported():
    out = run_stage(Quality(), documents([ENGLISH + "\n" + "\n".join(["again and again it comes."] * 8)]))
    assert out.dropped.column("reason").to_pylist() == ["repeated_lines"]
    assert out.dropped.column("value").to_pylist() == [0.4375]
    assert out.dropped.column("limit").to_pylist() == [0.3]


def test_unjudged_sources_are_measured_and_kept():
    out = run_stage(Quality(unjudged=("code",)), documents(["x = 1", "x = 1"], ["code", "web"]))
    assert out.kept.column("source").to_pylist() == ["code"]
    assert out.kept.column("quality_n_words").to_pylist() == [2]
    assert out.ledger.stages["quality"]["code"].reasons["too_short"].failed == 0


def test_options_that_contradict_each_other():
    with pytest.raises(OptionError, match="'min_words' must not be above 'max_words'"):
        Quality(min_words=10, max_words=9)


POEM = "\n".join(f"{n}日依山盡處，黃河入海流聲。" for n in "一二三四五六七八九十")
FORMULAS = (
    CHINESE
    + "\n"
    + "\n".join(f"设 $p_{n}$ 与 $q_{n}$ 为整数，则 $f(p) = g(q)$ 成立。\n$$\nx_{n}\n$$" for n in "abcdefgh")
)
NAMES = "\n".join(f"设 {n} 与 p q 等于 f x y z w 则成立。" for n in "abcdefgh")
ONE_LINE = "A single long paragraph of plain prose that simply trails off here. " * 5 + "and then ..."


@pytest.mark.parametrize("text", [POEM, FORMULAS, NAMES, ONE_LINE, CHINESE.replace("\n", "") + "（出《公园记》）"])
def test_what_only_looks_like_bad_text_stays(text):
    assert judge([text]) == ([text], {})


def test_a_limit_itself_is_allowed():
    half = "\n".join(f"here the sentence {a} comes to its end.\nand here is none to be found {a}" for a in LETTERS[:10])
    assert judge([half], min_terminal_frac=0.5) == ([half], {})
    assert list(judge([half], min_terminal_frac=0.5001)[1].values()) == [["unfinished_lines"]]


@given(text_lists)
def test_a_document_is_judged_alone(texts):
    whole = run_stage(Quality(min_words=0), documents(texts))
    alone = [run_stage(Quality(min_words=0), documents([text], first_row=row)) for row, text in enumerate(texts)]
    for side in ("kept", "dropped"):
        assert getattr(whole, side).to_pylist() == [row for one in alone for row in getattr(one, side).to_pylist()]


@given(text_lists)
def test_parts_do_not_exceed_their_wholes(texts):
    counts = measure(*buffers(texts), 30)
    may_exceed = {"mean_word_chars", "hash_frac", "ellipsis_frac"}
    for name, (part, whole) in RATIOS.items():
        assert name in may_exceed or (counts[part] <= counts[whole]).all(), name


def test_signals_of_nothing():
    out = run_stage(Quality(min_words=0), documents(["", " \n\u3000\n"]))
    assert out.kept.num_rows == 2
    assert all(out.kept.column(f"quality_{name}").to_pylist() == [0, 0] for name in RATIOS)
