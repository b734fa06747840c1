"""Persons in Chinese, and in Japanese and Korean forms; and words that begin like a family name."""

from __future__ import annotations

import pytest
from faker import Faker
from personal import found

from stages.recognizers.known_names_chinese import COMPOUND, FREQUENT, RARE
from stages.recognizers.names_chinese import RULES


def names(text: str, min_score: float = 0.5) -> list[str]:
    return [value for _, value in found(text, RULES, min_score)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("姓名：张小明，性别：男", ["张小明"]),
        ("姓名：李华性别：男电话：1", ["李华"]),
        ("联系人: 欧阳雪梅 电话", ["欧阳雪梅"]),
        ("收件人 王芳\n", ["王芳"]),
        ("聯絡人：張雅婷（女）", ["張雅婷"]),
        ("姓　名：　陈 静", ["陈 静"]),
        ("户名：阿依古丽·买买提", ["阿依古丽·买买提"]),
        ("法定代表人为赵强。", ["赵强"]),
        ("| 姓名 | 周杰 |", ["周杰"]),
        ("大家好，我叫孙悦，今年七岁", ["孙悦"]),
        ("氏名：山田太郎\nお名前: 佐藤 花子様", ["山田太郎", "佐藤 花子"]),
        ("이름: 김철수\n담당자: 남궁민수님", ["김철수", "남궁민수"]),
        ("Full name: 张小明\nName: 王芳", ["张小明", "王芳"]),
        ("Name: 姓名：林志玲 and more", ["林志玲"]),
        ("姓　　名：张小明 姓    名  王芳", ["张小明", "王芳"]),
        ("驾驶人：李建国，旅客 陈静\n承辦人：林雅婷，委托代理人：赵强", ["李建国", "陈静", "林雅婷", "赵强"]),
        ("【姓名】王芳 【电话】1", ["王芳"]),
        ("乘客姓名 邢志刚 身份证号", ["邢志刚"]),
        ("户名张伟，姓名李小红", ["张伟", "李小红"]),
        ("<tr><td>姓名</td><td>吴静怡</td></tr>", ["吴静怡"]),
        ("联系人：王芳、李强和赵敏，电话", ["王芳", "李强", "赵敏"]),
        ("尊敬的王先生，联系人：李女士，致电周经理，申請人陳小姐", ["王", "李", "周", "陳"]),
    ],
)
def test_what_is_found(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "姓名：必填\n联系人：电话\n联系人：方式\n姓名：同上\n负责人：待定",
        "姓名：常用字段的名称和说明，姓名是必填的，联系人管理，负责人应当承担责任",
        "输入用户名和密码，经营者姓名和住所。姓名和年龄",
        "作者的名字是全称。客户 方便时再来，学生 都在",
        "我叫了一声，我叫他来。名字叫什么",
        "氏名：必須\nお名前：漢字で入力\n이름: 필수\n성명: 미정입니다",
        "姓名：<PERSON> 姓名：",
        "",
    ],
)
def test_what_only_looks_like_a_name(text):
    assert names(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("被告人王大明，男，1980年生。被告人陆小凤犯盗窃罪，", ["王大明", "陆小凤"]),
        ("原告李芳诉被告张强离婚纠纷一案", ["李芳", "张强"]),
        ("原告李芳与被告张强因民间借贷", ["李芳", "张强"]),
        ("上诉人（原审被告）：柯洋，女，汉族", ["柯洋"]),
        ("患者王芳，女，45岁。死者黄志强（34岁）", ["王芳", "黄志强"]),
        ("患者黄疸，患者张口困难，女子高中，男子马拉松", []),
        ("委托诉讼代理人柳明，律师。申请执行人侯玉兰与被执行人符国强借贷纠纷一案", ["柳明", "侯玉兰", "符国强"]),
        ("某公司，法定代表人文军，总经理", ["文军"]),
        ("上诉人应诉，申请执行人向法院，被执行人于昨日，辩护人时任，上诉人单独，证人柳絮，", []),
        ("审 判 长　　张建国\n人民陪审员　　李梅", ["张建国", "李梅"]),
        ("被告于同年3月，被告方于2020年，被告人有权，原告陈述，被告付清，被害人陈述、证人曾一度，被告许可", []),
        ("原告张某某，被告人李某，原告金诚公司，第三人向法院，被告应当，被告和原告", []),
    ],
)
def test_parties_of_a_lawsuit(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("中关村大街27号502室 张伟（收）", ["张伟"]),
        ("中关村大街27号502室张伟收", ["张伟"]),
        ("人民路12号\n欧阳雪 女士 收\n", ["欧阳雪"]),
        ("回收，全额回收。12号 应收，3楼验收。张伟收到了，张伟收", []),
    ],
)
def test_who_gets_a_letter(text, expected):
    assert names(text) == expected


def test_departments_firms_and_titles_of_books_are_no_names():
    assert names("甲方：金融部\n乙方：万科\n甲方：安监局。{name: '金星'} 客户：华联店") == []
    assert (
        names("中文名：万寿菊，名字：黄瓜，患者：高血压，学生：高三，甲方：黄山市，客户：乐视，名字：李子\n姓名：白菜")
        == []
    )
    assert names("《我叫金三順》、〈我叫刘跃进〉，我叫张伟，甲方：万小明，name: 金星宇，姓名：李子明") == [
        "张伟", "万小明", "金星宇", "李子明",
    ]  # fmt: skip


def test_titles_and_what_is_said_of_others_are_weak():
    text = "王先生和李小红女士，请联系张建国经理；我是刘洋。他名叫陈东。诸葛先生"
    assert names(text, 0.4) == ["王", "李小红", "张建国", "刘洋", "陈东", "诸葛"]
    assert names(text) == []


def test_words_before_titles_are_no_names():
    assert names("先任校长，许多律师，高中老师，董事总经理，兼任教授，女士们先生们，数学老师", 0.4) == []
    assert names("对辩护律师，任客座教授，施经理法，史书记載，聘馮特為教授，武功大夫，程博士点，那先生", 0.4) == []


def test_rare_family_names_stand_before_personal_titles():
    text = "联系冷小姐，冉师傅，乐经理，符晓雯女士，侯先生，时书记，和女士们"
    assert names(text, 0.4) == ["冷", "冉", "乐", "符晓雯", "侯"]


@pytest.mark.parametrize(("locale", "least"), [("zh_CN", 95), ("zh_TW", 95), ("ja_JP", 95), ("ko_KR", 95)])
def test_almost_all_names_of_faker_are_found(locale, least):
    fake = Faker(locale)
    fake.seed_instance(8)
    form = {"ja_JP": "氏名：{}\n", "ko_KR": "이름: {}\n"}.get(locale, "联系人：{}，电话")
    values = [fake.name() for _ in range(100)]
    assert sum(names(form.format(value)) == [value] for value in values) >= least


def test_family_names_have_one_character_or_two():
    assert not FREQUENT & RARE
    assert all(len(name) == 1 for name in FREQUENT | RARE) and all(len(name) == 2 for name in COMPOUND)
