"""Items of `decontaminate` as benchmarks really write them: decomposed, hyphenated, and repeating themselves."""

from __future__ import annotations

import json
import unicodedata

import pytest
import reference_decontaminate as slow
from batches import documents

from pipeline.batch import Batch
from pipeline.errors import InputError
from stages import benchmark_index
from stages.decontaminate import Decontaminate

FRENCH = "Le café près de la gare était fermé à cause de la grève générale des cheminots français"
VIETNAMESE = "Thủ đô của nước Việt Nam là thành phố nào và nó nằm bên bờ con sông nào vậy bạn"
KOREAN = "대한민국의 수도는 어디이며 그곳의 인구는 대략 얼마나 되는지 자세하게 설명해 주시기 바랍니다 지금 바로 여기에"
JAPANESE = "パリはフランスの首都であり、ガーデンがたくさんあることで知られています。ぜひ訪れてください。"
OFFICE = "What is the first floor of the office building where Tom and Ann work efficiently every single day"
CHINESE = "小明有二十五个苹果，送给朋友七个之后又买了三个，请问他现在一共有多少个苹果呢？"
SHORT = "Le café près de la gare était fermé"


def made(tmp_path, **benchmarks) -> Decontaminate:
    for name, rows in benchmarks.items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return Decontaminate(benchmarks={name: str(tmp_path / f"{name}.jsonl") for name in benchmarks})


def signals(stage, values) -> list[dict]:
    batch = Batch(documents(values), stage, "decontaminate", stage.open())
    stage.measure(batch)
    columns = {name.removeprefix("decontaminate_"): column.to_pylist() for name, column in batch.columns.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize("text", [FRENCH, VIETNAMESE, KOREAN, JAPANESE, SHORT])
def test_decomposed_items_are_found(tmp_path, text):
    stage = made(tmp_path, a=[unicodedata.normalize("NFD", text)])
    assert signals(stage, [f"x. {text}"])[0]["item_frac"] == 1


@pytest.mark.parametrize(
    ("text", "change"),
    [
        (OFFICE, lambda text: text.replace("floor", "flo\u00ador").replace("Ann", "An\u2060n")),
        (OFFICE, lambda text: text.replace(" ", "\u200b ", 5).replace("Tom", "\u200eTom\u200f")),
        (OFFICE, lambda text: text.replace("ffi", "\ufb03").replace("fi", "\ufb01").replace("fl", "\ufb02")),
        (CHINESE, lambda text: text.replace("苹果", "苹\u200b果").replace("朋友", "朋\u00ad友")),
        (CHINESE, lambda text: text.replace("五个", "五\u2060个")),
    ],
)
def test_what_is_not_seen_does_not_count_on_either_side(tmp_path, text, change):
    for item, document in ((change(text), text), (text, change(text)), (change(text), change(text).upper())):
        assert signals(made(tmp_path, a=[item]), [document])[0]["item_frac"] == 1


@pytest.mark.parametrize("control", ["\x00", "\x1b", "\ufeff", "\ufffe"])
def test_what_normalize_removes_is_not_in_items(tmp_path, control):
    items = [text.replace("o", f"o{control}").replace("苹", f"苹{control}") for text in (OFFICE, CHINESE)]
    assert [one["item_frac"] for one in signals(made(tmp_path, a=items), [OFFICE, CHINESE])] == [1, 1]


def test_one_document_with_all_items(tmp_path):
    words = [[f"q{n}w{place}" for place in range(14)] for n in range(200)]
    items = [" ".join(one) for one in words]
    stage = made(tmp_path, one=items, 二=[*items[:50], CHINESE], three=[OFFICE])
    whole, some, none = signals(stage, ["\n".join([*items, OFFICE]), f"{items[3]} {CHINESE}", "没有"])
    assert json.loads(whole["items"]) == {"one": 200, "二": 50, "three": 1} and whole["n_items"] == 251
    assert json.loads(some["items"]) == {"one": 1, "二": 2} and some["n_items"] == 3
    assert (none["items"], none["n_items"]) == ("", 0)


def test_what_many_items_repeat_is_not_searched_for(tmp_path):
    """Of 300 items 30 may have an n-gram, of 100 20."""
    prompts = {n: " ".join(f"say{n}w{place}" for place in range(13)) for n in (20, 21, 30, 31)}
    own = lambda n: " ".join(f"own{n}w{place}" for place in range(13))  # noqa: E731
    small = [f"{own(n)}. {prompts[20] if n < 20 else prompts[21] if n < 41 else ''}" for n in range(100)]
    large = [[own(n), prompts[30] if n < 1030 else prompts[31] if n < 1061 else "", CHINESE] for n in range(1000, 1300)]
    stage = made(tmp_path, small=small, large=large, other=[prompts[21], "x"])
    about = stage.facts()["benchmarks"]
    assert (about["small"]["templates"], about["large"]["templates"]) == (
        1,
        1 + len(slow.grams_of_text(CHINESE, slow.Lengths())),
    )
    found = signals(stage, [*prompts.values(), CHINESE, own(1200), prompts[20][:-4]])
    names = [json.loads(one["items"] or "{}") for one in found]
    assert names == [{"small": 20}, {"other": 1}, {"large": 30}, {}, {}, {"large": 1}, {}]
    assert found[5]["item_frac"] == 1  # of what is searched for


def test_items_that_have_nothing_of_their_own(tmp_path):
    items = [*[f"{OFFICE} {n}" for n in range(30)], *[OFFICE[:70]] * 5, "short"]
    stage = made(tmp_path, a=items)
    assert {name: stage.facts()["benchmarks"]["a"][name] for name in ("items", "short", "templated")} == {
        "items": 36,
        "short": 1,
        "templated": 5,
    }
    with pytest.raises(InputError, match="items of the benchmark 'a' are all alike"):
        made(tmp_path, a=[CHINESE] * 21).open()
    assert signals(made(tmp_path, a=[CHINESE] * 20), [CHINESE])[0]["n_items"] == 20


def test_a_repeated_passage_costs_no_more_than_the_bound(tmp_path, monkeypatch):
    passage = " ".join(f"word{n}" for n in range(50))
    stage = made(tmp_path, a=[f"{passage} own{n}" for n in range(3_000)])
    built = stage.open()
    most = max(len(built.pair_items[a:b]) for a, b in zip(built.pair_firsts, built.pair_firsts[1:], strict=False))
    assert most <= benchmark_index.MANY
    monkeypatch.setattr("stages.benchmark_index.MANY", 100)
    halves = made(tmp_path, a=[f"{passage.replace('word', 'w' * (1 + n // 150))} own{n}" for n in range(3_000)]).open()
    assert len(halves.pair_items) == 3_000
