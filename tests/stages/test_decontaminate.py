"""The stage `decontaminate`: planted contamination, and the definitions on text of every kind."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
import reference_decontaminate as slow
from batches import documents
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import texts

from pipeline.batch import Batch
from pipeline.errors import InputError, OptionError
from pipeline.execute import run_stage
from pipeline.stage import Limit
from stages.decontaminate import Decontaminate

MATHS = "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many?"
CHINESE = "小明有三个苹果，小红有五个苹果，他们一共有多少个苹果？请写出计算过程。"
THAI = "ประเทศไทยมีกี่จังหวัดและจังหวัดใดมีพื้นที่มากที่สุดในภาคเหนือ"
JAPANESE = "日本で一番高い山は何ですか。また、その高さは何メートルですか。"
SHORT = "Who wrote the famous play Romeo and Juliet?"
SHORT_CHINESE = "红楼梦的作者到底是哪一位清代文人？"
ITEMS = [{"question": text, "answer": "72"} for text in (MATHS, CHINESE, THAI, JAPANESE, SHORT, SHORT_CHINESE)]
NO_TEMPLATES = {"templates": 0, "templated": 0}
EXAMS = [MATHS, CHINESE, THAI, JAPANESE, SHORT, SHORT_CHINESE]


def write(path, rows) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture
def exams(tmp_path):
    return write(tmp_path / "exams.jsonl", ITEMS)


def judged(stage, values, **more):
    return run_stage(stage, documents(values, **more), resource=stage.open())


def signals(stage, values) -> list[dict]:
    """What is measured of each text, without the prefix."""
    batch = Batch(documents(values), stage, "decontaminate", stage.open())
    stage.measure(batch)
    columns = {name.removeprefix("decontaminate_"): column.to_pylist() for name, column in batch.columns.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def where(stage, values) -> list[tuple[str, int]]:
    return [(one["benchmark"], one["item"]) for one in signals(stage, values)]


def plain(value):
    """Arrays and tuples as lists."""
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in text)


@pytest.mark.parametrize("number", range(len(EXAMS)))
@pytest.mark.parametrize(
    "change",
    [
        str,
        str.upper,
        str.swapcase,
        wide,
        lambda text: text.replace(",", " --").replace("，", "、").replace("?", "").replace("。", "!"),
        lambda text: text.replace(" ", "\n\n"),
        lambda text: text.replace(" ", "\r\n> "),
        lambda text: text.replace(" ", " **\u00a0\t"),
        lambda text: "\n".join([text[:7], text[7:]]) if text > "z" else text.replace(" ", " (", 2),
    ],
)
def test_planted_items_are_found_however_they_are_written(exams, number, change):
    stage = Decontaminate(benchmarks={"exams": exams})
    item = change(EXAMS[number])
    for before, after in (
        ("", ""),
        ("Before it.\n", " After it."),
        ("前面有字。", "\n后面也有。"),
        ("前", "後"),
        ("Word ", " word"),
    ):
        found = signals(stage, [before + item + after])[0]
        assert (found["benchmark"], found["item"], found["item_frac"]) == ("exams", number, 1.0)
    assert found["hits"] == len(slow.grams_of_text(EXAMS[number], slow.Lengths()))


def test_digits_count(exams):
    stage = Decontaminate(benchmarks={"exams": exams})
    assert where(stage, [MATHS, MATHS.replace("48", "49")[:60], MATHS.replace("48", "４８")]) == [
        ("exams", 0),
        ("", -1),
        ("exams", 0),
    ]


def test_one_word_less_is_no_hit(exams):
    words = MATHS.split()
    stage = Decontaminate(benchmarks={"exams": exams})
    for first in range(len(words) - 13):
        thirteen, twelve = " ".join(words[first : first + 13]), " ".join(words[first : first + 12])
        assert [one["hits"] for one in signals(stage, [f"x {thirteen} x", f"x {twelve} x"])] == [1, 0]
    han = CHINESE.replace("，", "").replace("？", "").replace("。", "")
    for first in range(len(han) - 21):
        assert [one["hits"] for one in signals(stage, [han[first : first + 21], han[first : first + 20]])] == [1, 0]
    assert where(stage, [SHORT[4:], SHORT_CHINESE[1:], "红楼梦的作者"]) == [("", -1)] * 3


def test_short_items(tmp_path):
    path = write(
        tmp_path / "a.jsonl",
        [
            {"q": "one two three four five six seven", "a": "eight"},  # together as many words as it takes
            {"q": "one two three four five six seven", "a": ""},
            {"q": "九个字的一句话在这", "a": "里再来四个"},
            {"q": "", "a": []},
            {"q": "one two three four five six seven eight nine", "a": "not too long"},
        ],
    )
    stage = Decontaminate(benchmarks={"a": path})
    assert stage.facts()["benchmarks"] == {"a": {"files": 1, "items": 5, "ngrams": 3, "short": 2, **NO_TEMPLATES}}
    found = where(stage, ["One, two, three, four, five, six, seven: eight.", "one two three four five six seven"])
    assert found == [("a", 0), ("", -1)]
    found = where(
        stage,
        ["九个字的一句话在这里再来四个", "九个字的一句话在这", "one two three four five six seven eight nine ten"],
    )
    assert found == [("a", 2), ("", -1), ("a", 0)]  # that is all of two items: the first counts
    longer = Decontaminate(benchmarks={"a": path}, min_item_words=9)
    assert longer.facts()["benchmarks"]["a"]["short"] == 4
    assert where(longer, ["one two three four five six seven eight nine"]) == [("a", 4)]


def test_n_grams_of_mixed_scripts(tmp_path):
    item = "请用 Python 写一个函数 sort_by_key 使得列表 items 按照 key 的值从大到小排列"
    stage = Decontaminate(benchmarks={"code": write(tmp_path / "a.jsonl", [item])})
    for text in (item, f"In English around it: {item} and English after.", f"前后都是汉字{item}没有别的"):
        assert where(stage, [text]) == [("code", 0)]
    assert signals(stage, [item])[0]["hits"] == len(slow.grams_of_text(item, slow.Lengths()))


def test_benchmarks_that_share_n_grams(tmp_path, exams):
    common = " ".join(f"common{n}" for n in range(14))
    one = write(tmp_path / "one.jsonl", [{"q": "x"}, {"q": common + " with an end of its own"}, {"q": common}])
    other = write(tmp_path / "other.jsonl", [{"q": common}, {"q": MATHS}])
    stage = Decontaminate(benchmarks={"zeta": one, "beta": other, "exams": exams})
    found = signals(stage, [common, common + " with an end of its own", MATHS, f"{common} {MATHS}"])
    assert [(row["benchmark"], row["item"], row["item_frac"]) for row in found] == [
        ("beta", 0, 1.0),  # the first name of those with as much
        ("zeta", 1, 1.0),  # more n-grams
        ("beta", 1, 1.0),
        ("beta", 1, 1.0),
    ]
    assert [row["hits"] for row in found] == [2, 8, 10, 12]
    assert stage.facts()["benchmarks"]["zeta"] == {"files": 1, "items": 3, "ngrams": 8, "short": 1, **NO_TEMPLATES}
    assert stage.facts()["benchmarks"]["beta"]["ngrams"] == 12


def test_what_decides(exams):
    words = MATHS.split()
    parts = [" ".join(words[: 12 + n]) for n in (0, 1, 5, 9)]  # so many of its ten n-grams
    for options, dropped in (
        ({}, [1, 2, 3]),
        ({"max_hits": 1}, [2, 3]),
        ({"by": "item_frac"}, [3]),
        ({"by": "item_frac", "max_item_frac": 0.4999}, [2, 3]),
        ({"by": "item_frac", "max_item_frac": 0.5}, [3]),
        ({"by": "item_frac", "max_item_frac": 1}, []),
        ({"unjudged": ("web",)}, []),
        ({"unjudged": ("books",)}, [1, 2, 3]),
    ):
        outcome = judged(Decontaminate(benchmarks={"exams": exams}, **options), parts)
        assert [row["rank"] for row in outcome.dropped.to_pylist()] == dropped
        assert {row["reason"] for row in outcome.dropped.to_pylist()} <= {"contaminated"}
    last = judged(Decontaminate(benchmarks={"exams": exams}), parts).dropped.to_pylist()[-1]
    assert (last["value"], last["limit"]) == (9, 0)
    last = judged(Decontaminate(benchmarks={"exams": exams}, by="item_frac"), parts[2:]).dropped.to_pylist()[-1]
    assert (last["value"], last["limit"]) == (0.9, 0.7)


def test_limits_are_what_judge_compares(exams):
    stage = Decontaminate(benchmarks={"exams": exams}, max_hits=3)
    assert stage.limits() == (Limit("contaminated", "decontaminate_hits", "max_hits", False, 3),)
    stage = Decontaminate(benchmarks={"exams": exams}, by="item_frac")
    assert stage.limits() == (Limit("contaminated", "decontaminate_item_frac", "max_item_frac", False, 0.7),)
    assert not Decontaminate(benchmarks={"exams": exams}, action="cut").limits()


def test_cuts(exams):
    stage = Decontaminate(benchmarks={"exams": exams}, action="cut")
    values = [
        f"Before.\n{MATHS}\nAfter.",
        f"前文。{CHINESE}后文。",
        f"{SHORT} And {MATHS}",
        f"tag{SHORT_CHINESE[:-1]}end",  # two words that must not become one
        f"… {MATHS}\n\n“{CHINESE}”",
        f"Half of it: {' '.join(MATHS.split()[:13])} only",
        f"{MATHS} {MATHS}",
        "nothing of it",
        "",
    ]
    outcome = judged(stage, values)
    assert outcome.kept.column("text").to_pylist() == [
        "Before.\nAfter.",
        "前文。后文。",
        "And?",
        "tag end",
        "Half of it: only",
        "nothing of it",
        "",
    ]
    assert outcome.kept.column("decontaminate_n_edits").to_pylist() == [1, 1, 2, 1, 1, 0, 0]
    assert [(row["rank"], row["reason"]) for row in outcome.dropped.to_pylist()] == [
        (4, "no_word_left"),
        (6, "no_word_left"),
    ]
    outcome = judged(stage, values[:2], sources=["web", "books"])
    kept = judged(
        Decontaminate(benchmarks={"exams": exams}, action="cut", unjudged=("books",)),
        values[:2],
        sources=["web", "books"],
    ).kept
    assert kept.column("text").to_pylist() == ["Before.\nAfter.", values[1]]
    assert kept.column("decontaminate_hits").to_pylist() == outcome.kept.column("decontaminate_hits").to_pylist()
    few = Decontaminate(benchmarks={"exams": exams}, action="cut", max_hits=1)
    assert judged(few, values[5:6]).kept.column("text").to_pylist() == values[5:6]


@settings(max_examples=40)
@given(st.lists(texts, min_size=1, max_size=5), st.data())
def test_documents_as_the_definitions_say(tmp_path_factory, values, data):
    folder = tmp_path_factory.mktemp("benchmarks")
    lengths = slow.Lengths(3, 4, 2)
    pool = [*values, "the of a I x", "中文的一是", MATHS]
    benchmarks = {
        name: [*data.draw(st.lists(st.lists(st.sampled_from(pool), max_size=3), max_size=3)), ["a 1 b 2 c 3"]]
        for name in ("一", "b", "a")
    }
    paths = {name: write(folder / f"{name}.jsonl", rows) for name, rows in benchmarks.items()}
    options = {"benchmarks": paths, "ngram_words": 3, "ngram_chars": 4, "min_item_words": 2}
    found = signals(Decontaminate(**options), values)
    for text, one in zip(values, found, strict=True):
        expected = slow.judge(text, benchmarks, lengths)
        assert one["hits"] == expected.hits
        assert (one["benchmark"], one["item"]) == (expected.item or ("", -1))
        assert (one["n_items"], json.loads(one["items"] or "{}")) == (sum(expected.items.values()), expected.items)
        assert one["item_frac"] == np.float32(-(-10_000 * expected.share // 1) / 10_000)
        assert one["covered_frac"] == np.float32(10_000 * expected.covered // 1 / 10_000)
    stage = Decontaminate(**options, action="cut")
    whole = judged(stage, values)
    whole.kept.column("text").validate(full=True)
    assert signals(stage, values) == found == [signals(stage, [text])[0] for text in values]
    for row in whole.kept.to_pylist():
        spans = slow.judge(values[row["rank"]], benchmarks, lengths).spans
        left = values[row["rank"]].encode()
        for start, stop in reversed(spans):
            left = left[:start] + left[stop:]
        assert [one for one in row["text"] if one.isalnum()] == [one for one in left.decode() if one.isalnum()]


def test_a_document_of_50_mb(exams):
    filler = "All of this text is about something else altogether 没有一点关系。\n" * 700_000
    stage = Decontaminate(benchmarks={"exams": exams})
    found = signals(stage, [filler + MATHS + filler[:1_000] + CHINESE, filler])
    assert [(one["hits"], one["item_frac"]) for one in found] == [
        (10 + len(slow.grams_of_text(CHINESE, slow.Lengths())), 1.0),
        (0, 0.0),
    ]


def test_facts_and_identity(tmp_path, exams):
    other = write(tmp_path / "other.jsonl", [MATHS])
    stage = Decontaminate(benchmarks={"exams": exams, "maths": other})
    assert stage.facts() == {
        "kind": "decontaminate",
        "ngram_words": 13,
        "ngram_chars": 21,
        "min_item_words": 8,
        "benchmarks": {
            "exams": {
                "files": 1,
                "items": 6,
                "ngrams": sum(len(slow.grams_of_text(text, slow.Lengths())) for text in EXAMS),
                "short": 0,
                **NO_TEMPLATES,
            },
            "maths": {"files": 1, "items": 1, "ngrams": 10, "short": 0, **NO_TEMPLATES},
        },
    }
    before = stage.identity()
    assert set(before) == {"benchmarks exams", "benchmarks maths", "unicode"}
    write(tmp_path / "other.jsonl", [MATHS, "more"])
    after = stage.identity()
    assert {name for name in before if before[name] != after[name]} == {"benchmarks maths"}


def test_fields(tmp_path):
    rows = [{"question": MATHS, "passage": CHINESE, "meta": {"source": THAI}}]
    path = write(tmp_path / "a.jsonl", rows)
    values = [MATHS, CHINESE, THAI]
    assert where(Decontaminate(benchmarks={"a": path}), values) == [("a", 0)] * 3
    some = Decontaminate(benchmarks={"a": path, "b": path}, fields={"a": ("question",), "b": ("meta",)})
    assert where(some, values) == [("a", 0), ("", -1), ("b", 0)]
    with pytest.raises(OptionError, match=r"no item of 'a' has a field 'questions' \(did you mean 'question'\?\)"):
        Decontaminate(benchmarks={"a": path}, fields={"a": ("questions",)}).open()


@pytest.mark.parametrize(
    ("options", "key", "message"),
    [
        ({}, "benchmarks", "must name a benchmark"),
        ({"benchmarks": {" ": "a.jsonl"}}, "benchmarks", "1 to 60 printable characters"),
        ({"benchmarks": {"a\n": "a.jsonl"}}, "benchmarks", "1 to 60 printable characters"),
        ({"benchmarks": {"a" * 61: "a.jsonl"}}, "benchmarks", "1 to 60 printable characters"),
        ({"benchmarks": {"a": 7}}, "benchmarks", "must be map of text to text"),
        ({"benchmarks": {"a": "a.jsonl"}, "fields": {"b": ("q",)}}, "fields", "'b', which is not among 'benchmarks'"),
        ({"benchmarks": {"a": "a.jsonl"}, "fields": {"a": ()}}, "fields", "names no field of 'a'"),
        (
            {"benchmarks": {"a": "a.jsonl"}, "min_item_words": 14},
            "min_item_words",
            "must not be above 'ngram_words', 13",
        ),
        ({"benchmarks": {"a": "a.jsonl"}, "ngram_words": 257}, "ngram_words", "must be at most 256"),
        ({"benchmarks": {"a": "a.jsonl"}, "by": "luck"}, "by", "has no choice 'luck'"),
    ],
)
def test_options_that_cannot_be(options, key, message):
    with pytest.raises(OptionError, match=message) as caught:
        Decontaminate(**{"benchmarks": {}, **options})
    assert caught.value.key == key


def test_benchmarks_that_say_nothing(tmp_path):
    for rows, message in (
        ([], "benchmark 'x' is empty"),
        (["too short", "太短"], "none of the 2 items of the benchmark 'x' has 8 words"),
    ):
        with pytest.raises(InputError, match=message):
            Decontaminate(benchmarks={"x": write(tmp_path / "a.jsonl", rows)}).open()


def test_too_many_n_grams(tmp_path, monkeypatch):
    monkeypatch.setattr("stages.benchmark_index.MAX_NGRAMS", 8)
    with pytest.raises(InputError, match="have over 8 n-grams"):
        Decontaminate(benchmarks={"x": write(tmp_path / "a.jsonl", [MATHS])}).open()


def test_items_come_in_several_batches(tmp_path, monkeypatch):
    rows = [f"{n} {MATHS} {CHINESE} {n}" for n in range(30)]
    path = write(tmp_path / "a.jsonl", rows)
    whole = Decontaminate(benchmarks={"x": path}).open()
    monkeypatch.setattr("stages.benchmark_index.BATCH_CHARS", 200)
    parts = Decontaminate(benchmarks={"x": path}).open()
    assert plain(whole) == plain(parts)
    assert where(Decontaminate(benchmarks={"x": path}), rows) == [("x", n) for n in range(30)]


def test_stored_signals_are_enough_to_judge(exams):
    stage = Decontaminate(benchmarks={"exams": exams})
    values = [MATHS, "nothing", CHINESE[:30], SHORT]
    batch = Batch(documents(values), stage, "decontaminate", stage.open())
    stage.apply(batch)
    stored = documents(values).drop_columns(["text"])
    for name, column in batch.columns.items():
        stored = stored.append_column(name, column)
    for options in ({}, {"max_hits": 3}, {"by": "item_frac", "max_item_frac": 0.3}):
        other = Decontaminate(benchmarks={"exams": exams}, **options)
        again = Batch(stored, other, "decontaminate")
        other.judge(again)
        fresh = judged(other, values).dropped.column("rank").to_pylist()
        assert np.flatnonzero(again.rules["contaminated"].mask).tolist() == fresh
    assert stored.column("decontaminate_benchmark").type == pa.string()
