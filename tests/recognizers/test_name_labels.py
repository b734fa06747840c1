"""Persons behind labels that nobody has listed."""

from __future__ import annotations

import pytest
from faker import Faker
from personal import found

from stages.recognizers.name_labels import RULES


def names(text: str, min_score: float = 0.5) -> list[str]:
    return [value for _, value in found(text, RULES, min_score)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("就诊人：张三\n医生：李建国，主治", ["张三", "李建国"]),
        ("打款账户：陈志强\n车主：符国强 ", ["陈志强", "符国强"]),
        ("寻人启事：张伟民，男，12岁。被告：柯洋，女", ["张伟民", "柯洋"]),
        ("經辦人（簽字）：王芳\n指導教師: 歐陽雪", ["王芳", "歐陽雪"]),
        ("导演：王小明、李小红 ", ["王小明", "李小红"]),
        ("家属：阿依古丽·买买提（女）\n监护人：“李 静”", ["阿依古丽·买买提", "李 静"]),
        ("您好，我是王小明，来自沈阳。我是欧阳雪。", ["王小明", "欧阳雪"]),
        ("主要负责人：高度重视，监护人：方可离开\n学生：老师好\n老师：高兴吗？", []),
        ("会员：周一至周五\n个人：周六9:00，专家：严格审核。孩子：高兴了", []),
        ("类名：方法\n文件名：张三\n用户名：张三\n增长：万元\n地方：江苏", ["张三"]),
        ("负责人：张三是好人\n编辑：白色\n老师：李明！\n导演：安全：高", []),
        ("我是中国人，我是高中生。他说我是王小明，", []),
    ],
)
def test_chinese_labels(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"userName": "张三", "contactName":"Jane Roe"}', ["张三", "Jane Roe"]),
        ("customer_name: 'Quorl Vantis'\nreal_name: 欧阳雪\n", ["Quorl Vantis", "欧阳雪"]),
        ("Name of bearer: Quorl Vantis\n**Nurse:** Jane Roe", ["Quorl Vantis", "Jane Roe"]),
        ("Guest name: Roe, Jane\nTenant : Roe Vantis, Jane", ["Roe, Jane", "Roe Vantis, Jane"]),
        ("TO: Jane Roe\nFROM: Dr. John Doe, Director\n", ["Jane Roe", "John Doe"]),
        ("Invoice to: Jane Roe\nAttendees: John Doe, Mary Major and Jane Roe\n",
         ["Jane Roe", "John Doe", "Mary Major", "Jane Roe"]),
        ("Médico: Jürgen Àvila\nKontoinhaberin: Zoë van den Berg", ["Jürgen Àvila", "Zoë van den Berg"]),
        ("Пациент\nPatient: Иван Петров", ["Иван Петров"]),
        ("<userName>Jane Roe</userName>, <ruby>玛丽·居里<rt>, zh-cn:金刚狼", ["Jane Roe"]),
        ("a cheque payable to Jane Roe for 3. Care of John Doe, Bonn", ["Jane Roe", "John Doe"]),
        ("name: Build Release\nclassName: 张三\nagency_full_name: Innovation Fellows\ncityName: '安阳'", []),
        ("From: Charlotte Amalie\nTo: Santa Clara\nFrom: San Juan\nPayable to: Accounts Payable", []),
        ("Agent: Mozilla Firefox\nOwner: Human Resources\nOwner: Quorl Vantis\nwith: Jane", []),
        ("payable to the bearer, in favour of Quorl Vantis, on behalf of Virginia Beach", []),
        ("Doctor: please wait. Patient: I Am fine\nPatient: <PERSON>\nPatient:", []),
    ],
)  # fmt: skip
def test_labels_and_keys(text, expected):
    assert names(text) == expected


def test_cards():
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Roe;Jane;;;\r\nFN;CHARSET=UTF-8:Jane Roe\r\nEND:VCARD"
    assert names(card) == ["Roe;Jane", "Jane Roe"]
    assert names("BEGIN:VCARD\nN:张;三\nFN:张三\n") == ["张;三", "张三"]
    assert names("BEGIN:VCARD\nFN:\nN:;;;\nFN:Human Resources\nORG:FN:Jane Roe") == []
    assert names("n: Jane Roe\nFN:Jane Roe") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\nJane Roe\nSenior Sales Manager\n", ["Jane Roe"]),
        ("**Jane Q. Roe**\r\n*Professor*, Bonn", ["Jane Q. Roe"]),
        ("Jane Q. Roe\r\nProfessor, Bonn", ["Jane Q. Roe"]),
        ("张伟民\n销售经理\n", ["张伟民"]),
        ("Jane Roe\nspoke to the manager\nJane Roe\n\nManager\nVirginia Beach\nEditor\n", []),
        ("高清电视\n经理\n目录\n主任\nQuorl Vantis\nEngineer\n", []),
        ("Manager\n经理", []),
    ],
)
def test_lines_above_a_job(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "fr_FR", "es_ES", "pl_PL", "zh_CN", "zh_TW"])
def test_almost_all_names_of_faker_are_found(locale):
    fake = Faker(locale)
    fake.seed_instance(8)
    is_chinese = locale.startswith("zh")
    values = [fake.name() if is_chinese else f"{fake.first_name()} {fake.last_name()}" for _ in range(100)]
    form = "就诊人：{}\n" if is_chinese else "Name of bearer: {}\n"
    assert sum(names(form.format(value)) == [value] for value in values) >= 95


@pytest.mark.parametrize(
    "piece", ["人：", "人：张", "guest: ", "guest: Jane Roe, ", "Name: A ", "（人）：", "payable to Aa ", "Aa\nCEO\n",
              "vcard\nfn:", "fn;a:", "我是王", "Jane\n \nmanager", "张三、", "to: Aa'"],
)  # fmt: skip
def test_hostile_text_is_read_around_marks_only(piece):
    text = piece * (60_000 // len(piece))
    assert len(names(text)) <= len(text)
