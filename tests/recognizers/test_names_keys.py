"""Persons in keys of data and code, in bylines, in lists behind a name, and in salutations."""

from __future__ import annotations

import pytest
from personal import found

from stages.recognizers import name_labels, names, names_chinese

RULES = (*names.RULES, *names_chinese.RULES, *name_labels.RULES)


def persons(text: str, min_score: float = 0.5) -> list[str]:
    return [value for _, value in found(text, RULES, min_score)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"first_name": "Jane", "last_name": "Miller"}', ["Jane", "Miller"]),
        ("firstName: 'Maria', \"userLastName\"='Smith'", ["Maria", "Smith"]),
        ('{"family_name": "欧阳", "given_name": "小明", "surname":"王"}', ["欧阳", "小明", "王"]),
        ("<firstName>Jane</firstName>", ["Jane"]),
        ("{firstName: 'Jane', lastName: 'Quorl'}, {surname: 'Vantis', given_name: 'John'}",
         ["Jane", "Quorl", "Vantis", "John"]),
        ("{firstName: 'Jane', lastName: 'Required'}, {firstName: 'Value', lastName: 'Quorl'}", ["Jane"]),
        ("first_name: Jane\r\nlast_name: Smith\nsurname: 王", ["Jane", "Smith", "王"]),
        ("first_name: String\nlast_name: Smith and others\nfirstName: 名\nfirst_name: Jane()\n", []),
        ("{'firstName': 'First Name', 'last_name': 'Required', 'surname': \"名字\"}", []),
        ('"first_name": "请输入名字", "firstName": String, "lastName": "jane"', []),
        ('<order customer="Jane Roe" owner=\'Root Admin\' user="jane">', ["Jane Roe"]),
        ("user name='Jane Roe' author=\"Jane Roe and others\"", ["Jane Roe"]),
        ("first_name: ''\nfirst_name=\nfirst_name", []),
    ],
)  # fmt: skip
def test_keys(text, expected):
    assert persons(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" * @author Jane Roe\n * @author: John Doe, Bonn\n@author Quorl Team", ["Jane Roe", "John Doe"]),
        ("News\nBy Jane Roe | May 3\nBy John Doe\nBy Virginia law\nBy Jane Roe was", ["Jane Roe", "John Doe"]),
        ("（记者 王小明 通讯员 李四）【本报记者：张伟】", ["王小明", "李四", "张伟"]),
        ("记者 王小明\n（记者 安全）（记者 人员）他是（记者", []),
        ("作者简介：张伟（华东大学教授），抄送：李建国、王芳", ["张伟", "李建国", "王芳"]),
        ("抄送：高新区管委会，公司简介：安全第一", []),
        ("Dear Mr Quorl,\nDear Dr. Roe:\n", ["Quorl", "Roe"]),
        ("Oh, dear Mr Quorl, he said. Dear Mr Quorl came.\nDear Sir,\nDear Mr President:", []),
    ],
)
def test_writers_and_salutations(text, expected):
    assert persons(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("参会人员：李建国、王芳，张伟民；赵敏", ["李建国", "王芳", "张伟民", "赵敏"]),
        ("评审专家名单：李建国、王芳（采购人代表）、张伟民", ["李建国", "王芳", "张伟民"]),
        ("评审专家名单：李建国（组长）、王芳", ["李建国", "王芳"]),
        ("出席：王芳（财务部）、李建国（主任），列席：赵敏\n请假：无", ["王芳", "李建国", "赵敏"]),
        ("菜品名单：白切鸡、黄焖鸡。花卉名单：石竹、水仙；获奖名单：一等奖，高中", []),
        ("负责人：王芳，谢谢，程度，周三上午，于是。抄送：张店区政府，王村镇政府", ["王芳"]),
        ("收件人：李建国；王芳", ["李建国", "王芳"]),
        ("联系人：李建国，高度重视，王芳。负责人：李建国，张店镇，王芳", ["李建国", "李建国"]),
        ("Members present: Jane Lee, Chair; Robert Roe, Vice Chair; Mary Major (by phone); David Doe\n",
         ["Jane Lee", "Robert Roe", "Mary Major", "David Doe"]),
        ("Contributors: Jane Roe, John Doe and Mary Major", ["Jane Roe", "John Doe", "Mary Major"]),
        ("To: Roe, Jane; Doe, John\n", ["Roe, Jane", "Doe, John"]),
        ("Contributors: Jane Roe, New York, John Doe; Members present: none; all", ["Jane Roe"]),
    ],
)  # fmt: skip
def test_lists(text, expected):
    assert persons(text) == expected


def test_lists_end_after_thirty_names():
    assert len(persons("Contributors: " + "Jane Roe, " * 50)) == 30
    assert len(persons("参会人员：" + "李建国、" * 50)) == 30


@pytest.mark.parametrize(
    "piece",
    ["first_name", "first_name='Jane' last_name='A", 'first_name: "', 'customer="A ', "@author Jane ", "\nBy ", "（记者 ", "（记者 王", "名单：王芳、",
     "名单：王芳（", "present: Jane Roe, ", "present: Jane Roe (", "\nDear Mr A", "Jane Roe - ;"],
)  # fmt: skip
def test_hostile_text_is_read_around_marks_only(piece):
    text = piece * (60_000 // len(piece))
    assert len(persons(text)) <= len(text)
