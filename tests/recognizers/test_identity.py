"""Social security and resident identity numbers, beside python-stdnum, Faker and Presidio."""

from __future__ import annotations

import random

import pytest
from faker import Faker
from hypothesis import given
from hypothesis import strategies as st
from personal import found
from stdnum.cn import ric

from stages.recognizers.identity import RULES, is_resident


def numbers(text: str) -> list[tuple[str, str]]:
    return found(text, RULES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SSN: 536-90-4399.", "536-90-4399"),
        ("Her ID is 536-90-4399, born 1980-01-02", "536-90-4399"),
        ("Social Security number 536 90 4399 was used", "536 90 4399"),
        ("SSN 536904399", "536904399"),
        ("536.90.4399 (SSN)", "536.90.4399"),
        ("ssn=536904399;", "536904399"),
        ("社会安全号：５３６－９０－４３９９。", "５３６－９０－４３９９"),
        ("536904399 (SSN) on file", "536904399"),
    ],
)
def test_social_security_numbers(text, expected):
    assert numbers(text) == [("ssn", expected)]


@pytest.mark.parametrize(
    "text",
    [
        "000-12-3456 666-12-3456 912-12-3456 536-00-4399 536-90-0000 078-05-1120 219-09-9999 123-45-6789",
        "536904399, 536 90 4399, 536-90-43990, 1536-90-4399, 536-90-4399-1, ISBN 962-04-2376-3, x536-90-4399",
        "#536-90-4399 /536-90-4399 2536-90-4399 536-90-4399x 0.536-90-4399 536-90.4399 编号536904399",
        "Part no. 536-90-4399, order #536-90-4399, 编号：536-90-4399, ref 536-90-4399",
        "SSN 000-12-3456 and then the order 2536904399",
        "<SSN> <RESIDENT_ID>",
    ],
)
def test_what_is_no_social_security_number(text):
    assert numbers(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("身份证号11010519491231002X，谢谢", ["11010519491231002X"]),
        ("身份證號碼：３６０４２６１９９１０１０１００７１。", ["３６０４２６１９９１０１０１００７１"]),
        ("ID 11010519491231002Ｘ or 360426 19910101 0071", ["11010519491231002Ｘ", "360426 19910101 0071"]),
        ("id=360426199101010071&x", ["360426199101010071"]),
        ("身份证：110105491231002", ["110105491231002"]),
        ("身分證字號：A123456789", ["A123456789"]),
        ("HKID: A123456(3)，身份證 AB987654(3)", ["A123456(3)", "AB987654(3)"]),
    ],
)
def test_resident_identity_numbers(text, expected):
    assert numbers(text) == [("resident_id", value) for value in expected]


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021, 010105194912310021, 11010519491331002X, 110105199902300024, 订单号110105491231002",
        "1101051949123100211, x36042619910101007, 36042619910101007, 360426199101010071234, 3604261991010100712",
        "A123456789, A123456(3), 身分證字號A123456788, HKID: A123456(4), 身份证号：123456789012345",
        "2024-01-15 10:30:45 1700000000000 550e8400-e29b-41d4-a716-446655440000 ISBN 978-7-111-12345-6",
    ],
)
def test_what_is_no_resident_identity_number(text):
    assert numbers(text) == []


def test_numbers_of_faker_are_found():
    american, chinese = Faker("en_US"), Faker("zh_CN")
    american.seed_instance(8)
    chinese.seed_instance(8)
    for _ in range(100):
        ssn, resident = american.ssn(), chinese.ssn()
        assert numbers(f"Number {ssn} and {resident}.") == [("ssn", ssn), ("resident_id", resident)]


def test_what_presidio_calls_a_social_security_number_is_found():
    from presidio_analyzer.predefined_recognizers import UsSsnRecognizer

    theirs, chance = UsSsnRecognizer(), random.Random(8)
    for _ in range(100):
        area, group, serial = (chance.randrange(10**size) for size in (3, 2, 4))
        number = f"{area:03}-{group:02}-{serial:04}"
        known = any(one.score >= 0.5 for one in theirs.analyze(number, ["US_SSN"], None))
        assert known or not numbers(number)
        assert numbers(number) or not known or area >= 900


@given(st.integers(0, 10**17 - 1), st.dates().map(lambda date: date.strftime("%Y%m%d").zfill(8)))
def test_check_characters_are_those_of_stdnum(digits, date):
    body = f"{digits:017}"
    body = "110105" + date + body[:3]
    for check in "0123456789X":
        is_right = check == ric.calc_check_digit(body + check)
        assert is_resident(body + check) == (is_right and "1880" <= date[:4] <= "2099")


@given(
    st.lists(
        st.sampled_from(
            ["536-90-4399", "SSN ", "身份证", "11010519491231002", "X", "Ｘ", " ", "-", "９", "A", "(3)", "é"]
        ),
        max_size=15,
    )
)
def test_findings_are_parts_of_the_text(pieces):
    text = "".join(pieces)
    assert all(value in text for _, value in numbers(text))


@pytest.mark.parametrize(
    "piece",
    ["536-90-4399 ", "1", "11010519491231002X ", "SSN ", "身份证", "１", "A123456(3) ", "身份证 110105491231002，"],
)
def test_hostile_text_is_done_with(piece):
    text = piece * (250_000 // len(piece))
    assert len(numbers(text)) <= len(text) // 9
