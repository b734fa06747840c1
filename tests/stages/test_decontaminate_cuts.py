"""What `decontaminate` cuts leaves text that reads on: marks, blanks, lines and words of every script."""

from __future__ import annotations

import json
import re

import pytest
from batches import documents
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.execute import run_stage
from stages.decontaminate import Decontaminate

MATHS = "Natalia sold clips to 48 of her friends in April and then half as many in May"
CHINESE = "小明有三个苹果小红有五个苹果他们一共有多少个苹果请写出计算过程"


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    path = tmp_path_factory.mktemp("exams") / "a.jsonl"
    path.write_text(json.dumps(MATHS) + "\n" + json.dumps(CHINESE), encoding="utf-8")
    return Decontaminate(benchmarks={"exams": str(path)}, action="cut")


def cut(stage, text: str) -> str:
    outcome = run_stage(stage, documents([text]), resource=stage.open())
    assert not outcome.dropped.num_rows
    return outcome.kept.column("text").to_pylist()[0]


@pytest.mark.parametrize("item", [MATHS, CHINESE])
@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ("Para one.\n\n", "\n\nPara two.", "Para one.\n\nPara two."),
        ("Para one.\r\n\r\n", "?\r\n\r\nPara two.", "Para one.\r\n\r\nPara two."),
        ("第一段。\n\n", "？\n\n第二段。", "第一段。\n\n第二段。"),
        ("A line.\n", "?\nAnother.", "A line.\nAnother."),
        ("A line.\n", "?!\n\n\nAnother.", "A line.\n\n\nAnother."),
        ("First. ", ". Last.", "First. Last."),
        ("First. ", " last.", "First. last."),
        ("Question: ", "? Answer: 72.", "Question: Answer: 72."),
        ("He said that ", ". Then he left.", "He said that. Then he left."),
        ("他说", "，然后走了。", "他说，然后走了。"),
        ("He asked (", ") and left.", "He asked and left."),
        ("He asked “", "?” and left.", "He asked and left."),
        ("他问「", "？」然后走了。", "他问然后走了。"),
        ("(He asked ", ") and left.", "(He asked) and left."),
        ('She wrote: "', '." So it was.', "She wrote: So it was."),
        ("", "?\n\nThe rest.", "The rest."),
        ("The beginning.\n", "?\n", "The beginning.\n"),
    ],
)
def test_cuts_by_marks_and_white_space(stage, item, before, after, left):
    assert cut(stage, before + item + after) == left


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ("мир", "война", "мир война"),
        ("war", "peace", "war peace"),
        ("سلام", "حرب", "سلام حرب"),
        ("cafe\u0301", "été", "cafe\u0301 été"),
        ("한국", "사람", "한국 사람"),
        ("前文", "后文", "前文后文"),
        ("ราคา", "บาท", "ราคาบาท"),
        ("end", "后文", "end后文"),
    ],
)
def test_no_two_words_become_one(stage, before, after, left):
    assert cut(stage, before + CHINESE + after) == left


@settings(max_examples=30)
@given(st.lists(st.sampled_from([MATHS, CHINESE, " ", "\n", "?", "。", "“", "”", "(", ")", "a", "é", "字", "\r\n"])))
def test_whatever_is_around_the_rest_stays(stage, parts):
    text = "".join(parts)
    outcome = run_stage(stage, documents([text]), resource=stage.open())
    left = text.replace(MATHS, "").replace(CHINESE, "")
    if outcome.kept.num_rows and not re.search("[aéy]Natalia|May[aé]", text):
        kept = outcome.kept.column("text").to_pylist()[0]
        assert [one for one in kept if one.isalnum()] == [one for one in left if one.isalnum()]
