"""Names below the heading of a column."""

from __future__ import annotations

import pytest
from personal import found

from stages.recognizers.name_tables import RULES, TABLE_BYTES


def names(text: str) -> list[str]:
    return [value for _, value in found(text, RULES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| 姓名 | 电话 |\n|---|---|\n| 张三丰 | 1 |\n| 李四 | 2 |\n", ["张三丰", "李四"]),
        ("id,Name,City\r\n1,Jane Roe,Bonn\r\n2,John Doe,Rome", ["Jane Roe", "John Doe"]),
        ("学号\t姓名\n1\t赵敏\n2\t阿依古丽·买买提\n", ["赵敏", "阿依古丽·买买提"]),
        ("| Age | **Name** |\n|:--|--:|\n| 3 | Jane Roe |\n| 4 | **Omar Quorl** |\n", ["Jane Roe", "Omar Quorl"]),
        ('"id","name"\n"1","Jane Roe"\n"2",""\n"3","欧阳雪"', ["Jane Roe", "欧阳雪"]),
        ("ชื่อ,name\nก,Jane Roe", ["Jane Roe"]),
        ("姓名，年龄\n赵敏，3", ["赵敏"]),
        ("name,x\nJane Roe,1\nTotal,2\nJohn Doe,3", ["Jane Roe"]),
        ("name,x\n\nJane Roe,1", []),
        ("name\nJane Roe", []),
        ("name,age", []),
        ("the name, and\nJane Roe, too", []),
        ("| Name | Type |\n|--|--|\n| Build Path | x |\n| str | y |", []),
        ("| 姓名 | 类型 |\n|--|--|\n| 字符串 | x |", []),
        ("| name |\n", []),
    ],
)
def test_names_below_a_heading(text, expected):
    assert names(text) == expected


def test_a_table_is_read_up_to_a_bound():
    text = "name,x\n" + "Jane Roe,1\n" * TABLE_BYTES
    assert len(names(text)) == (TABLE_BYTES - len(",x\n")) // len("Jane Roe,1\n")
