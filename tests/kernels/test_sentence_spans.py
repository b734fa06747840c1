"""Sentences, lines and paragraphs against their definition, and by example in many languages."""

from __future__ import annotations

import pytest
import reference_sentence_spans as truth
from hypothesis import given
from hypothesis import strategies as st
from strategies import CHINESE, ENGLISH, LINE_ENDS, OTHER_SCRIPTS, SPACES, buffers, documents

from stages.kernels import sentence_spans

PIECES = [
    *ENGLISH, *CHINESE, *OTHER_SCRIPTS, *SPACES, *LINE_ENDS, *" " * 12, *".?!。！？।।॥؟۔；…．", ". ", "! ", ".  ", '."', '"', "'", "“", "”", "«",
    "»", "(", ")", "」", "*", "_", "U.S.", "Dr.", "Mr", "e.g.", "1.", "12.", "1234567.", "Nr", "стр", "Fig.", "ǅ", "İ.", "ก", "ก่ ", "ລາວ ", "ກ",
    "\n", "\n", "\na ", "\n b", "\nб) ", "\n```", "\n```py\n", "\n \t``` ", "```", "`",
]  # fmt: skip
prose = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


def found(texts: list[str], unit: str) -> list[list[str]]:
    data, offsets = buffers(texts)
    starts, stops, firsts = sentence_spans.spans(data, offsets, ("sentences", "lines", "paragraphs").index(unit))
    units = [data[a:b].tobytes().decode() for a, b in zip(starts.tolist(), stops.tolist(), strict=True)]
    for row in range(len(texts)):
        within = slice(firsts[row], firsts[row + 1])
        assert ((starts[within] >= offsets[row]) & (stops[within] <= offsets[row + 1])).all()
        assert (starts[within][1:] >= stops[within][:-1]).all()
    return [units[firsts[row] : firsts[row + 1]] for row in range(len(texts))]


@pytest.mark.parametrize("unit", ["sentences", "lines", "paragraphs"])
@given(documents | st.lists(prose, max_size=4))
def test_like_the_definition(unit, texts):
    assert found(texts, unit) == [[text[a:b] for a, b in truth.spans(text, unit)] for text in texts]


@given(documents | st.lists(prose, max_size=4))
def test_all_but_white_space_is_in_a_unit(texts):
    for unit in ("sentences", "lines", "paragraphs"):
        for text, units in zip(texts, found(texts, unit), strict=True):
            assert "".join("".join(units).split()) == "".join(text.split())
            assert all(one == one.strip() != "" for one in units)


@pytest.mark.parametrize(
    "sentences",
    [
        ["Dr. Smith met J. S. Bach in Washington D.C. yesterday.", "Really?!", "Yes... so it seems.", "“Go!”", "(He did.)"],
        ["1. Introduction to version 2.5 of foo.bar.", "It began in 1999.", "See Fig. 3, pp. 4 and approx. 5, e.g. here."],
        ['He said "Stop it." and left.', 'Then "why?"', "**Bold.**", "No.", "Etc.", "Vitamin C. is one"],
        ["Am 3. Oktober kam er, bzw. sie.", "„Gut.“", "»Ja!«", "Dann z. B. Nr. 7."],
        ["Он жил на ул. Ленина, стр. 125.", "А она?", "Г. Петров."],
        ["हिन्दी में वाक्य।", "दूसरा वाक्य॥", "क्या?"],
        ["ما هذا؟", "هذا كتاب.", "نعم!"],
        ["یہ اردو ہے۔", "ٹھیک؟"],
        ["ภาษาไทยเป็นภาษา", "ประโยคที่สอง 25 บาท", "และ abc นี้"],
        ["한국어 문장입니다.", "네.", "정말요?"],
        ["Բարեւ։", "Այո։"], ["ሰላም።", "እንዴት ነህ፧", "ደህና።"], ["မြန်မာ။", "ဟုတ်။"], ["ខ្មែរ។", "បាទ។"],
    ],
)  # fmt: skip
def test_sentences_of_spaced_scripts(sentences):
    for between in (" ", "  \t", "\n", " \r\n\r\n"):
        assert found(["", between.join(sentences) + between], "sentences") == [[], sentences]


@pytest.mark.parametrize(
    "sentences",
    [
        [
            "你好。",
            "1. 总则！",
            "“你是谁？”",
            "他问：“为什么！”",
            "第一；",
            "第二……",
            "「走吧。」",
            "（完。）",
            "3.5版发布了.",
            '他说"行。"',
            "好!",
            "对?",
        ],
        ["これは文です。", "「本当？」", "はい！", "［注。］", "半角｡", "終わり．", "了"],
    ],
)
def test_sentences_of_unspaced_scripts(sentences):
    for between in ("", "\u3000", "\n"):
        assert found([between.join(sentences)], "sentences") == [sentences]


@pytest.mark.parametrize(
    "sentences",
    [
        ["It was the best{}of times, it was the{}  worst of times.", "He came,{}\u3000saw, e.g.{}what there was, and left"],
        ["A heading", "Without a mark", "A list{}of things", "- one", "a) two", "b. three", "(c) four", "5 pounds", "«end»"],
        ["Мело, мело по всей{}земле во все{}пределы.", "Свеча горела", "а) одна", "б) две", "§"],
        ["It ended.", "then it began again", "“so", "And so{}on!", "on"],
        ["标题", "没有标点的一行", "下一行", "一句话，中文{}and then on", "ภาษาไทย", "ไทย", "한국어", "문장"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n", " \n\t"])
def test_a_sentence_goes_on_in_the_next_line(sentences, end):
    whole = [one.replace("{}", end) for one in sentences]
    assert found([end.join(whole)], "sentences") == [whole]
    parts = [part.strip() for one in sentences for part in one.split("{}")]
    assert found([f"{end}{end}".join(parts), end.join(whole)], "lines") == [parts, parts]
    assert found([f"{end}{end}".join(parts)], "sentences") == [parts]  # blank lines are ends


CODE = "```python\nfor x in y:\n    print(x)  # So. It ends! 好。\n\n\t```"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (f"Read this:\n\n{CODE}\nand that. 读这个。\n  {CODE}````\r\n好。", ["Read this:", CODE, "and that.", "读这个。", f"{CODE}````", "好。"]),
        (f"{CODE} Then\ngo. On", [CODE, "Then\ngo.", "On"]),
        ("```\nOne. Two.\n", ["```", "One.", "Two."]),
        ("This is ```not.\nIt\n```", ["This is ```not.", "It", "```"]),
        ("Nor. ```this.\n``\n", ["Nor.", "```this.", "``"]),
        (f"{CODE}\n{CODE} ```\n```", [CODE, CODE, "```", "```"]),
    ],
)  # fmt: skip
def test_fenced_code_is_one_sentence(text, sentences):
    assert found(["a ``", text, "```"], "sentences") == [["a ``"], sentences, ["```"]]


def test_lines_and_paragraphs():
    text = "\n\ufeffa. b\r\n  c\u3000\n \t\r\n\nd\n\u2028\ne\x0b\n"
    assert found([text, "", " \n\n\t"], "lines") == [["\ufeffa. b", "c", "d", "e"], [], []]
    assert found([text, "", " \n\n\t"], "paragraphs") == [["\ufeffa. b\r\n  c", "d", "e"], [], []]


def test_the_tables_are_those_of_unicode_and_of_spacy():
    table = sentence_spans.traits()
    for character in map(
        chr, [*range(0x3000), *range(0xA000, 0xA100), *range(0xFE00, 0x10000), *range(0x11000, 0x11100)]
    ):
        code, flags = truth.code(character), int(table[ord(character)])
        assert bool(flags & sentence_spans.IS_STRONG) == (code == "S"), character
        assert bool(flags & sentence_spans.IS_WEAK) == (code in "WD")
        assert bool(flags & sentence_spans.IS_SPACE) == (code in "sn")
        assert bool(flags & sentence_spans.IS_THAI) == (code in "TM")
        assert bool(flags & sentence_spans.IS_LOWER) == (code == "l"), character
    assert len(sentence_spans.abbreviations()) == len(truth.ABBREVIATIONS) == len(set(sentence_spans.abbreviations()))
    assert all(len(word) <= sentence_spans.MAX_ABBREVIATION for word in truth.ABBREVIATIONS)


def test_huge_texts_take_no_time_that_grows_with_their_square():
    n = 200_000
    texts = ["." * n, ". " * n, " " * n, "a" * n, "“" * n, "\n" * n, "ก " * n, "a.\n" * n, "1." * n]
    texts += ["a\n" * n, "a\n\n" * n, "a\n" + " " * n, "```\n" * n, "`\n" * n, "```" + "\n``" * n, " ```" * n]
    assert [len(units) for units in found(texts, "sentences")] == [
        *(1, n, 0, 1, 1, 0, n, n, 1),
        *(1, n, 1, n // 2, n, n + 1, 1),
    ]
