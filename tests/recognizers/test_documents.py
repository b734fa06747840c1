"""Passports and licence plates: in their contexts, and what only looks like them; beside Faker."""

from __future__ import annotations

import pytest
from faker import Faker
from hypothesis import given
from hypothesis import strategies as st
from personal import found

from stages.recognizers.documents import PROVINCES, RULES


def numbers(text: str) -> list[str]:
    return [value for _, value in found(text, RULES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Passport No. E12345678, issued 20200101", ["E12345678"]),
        ("passport number: 512345678", ["512345678"]),
        ("Her passport (no. K1234567) and PASSPORT NUMBER IS AB1234567.", ["K1234567", "AB1234567"]),
        ("护照号码为E12345678，护照：EA1234567", ["E12345678", "EA1234567"]),
        ("護照號碼：G12345678。持护照E87654321入境", ["G12345678", "E87654321"]),
        ("パスポート番号はTK1234567です、여권번호: M12345678", ["TK1234567", "M12345678"]),
        ("Reisepass Nr. C01X00T47; passeport n° 12AB34567", ["C01X00T47", "12AB34567"]),
        ("| Passport | X1234567 |", ["X1234567"]),
        ("车牌京A12345，粤B·12345 沪AD12345 京N-12345", ["京A12345", "粤B·12345", "沪AD12345", "京N-12345"]),
        ("牌照粤Z1234港和苏A1234警，新A·1B2C3", ["粤Z1234港", "苏A1234警", "新A·1B2C3"]),
        (
            "车牌号为云AD34512，车牌：京a12345，车牌WJ京·1234X、车牌号VA·12345 车牌使014·578",
            ["云AD34512", "京a12345", "WJ京·1234X", "VA·12345", "使014·578"],
        ),
        ("License plate: ABC-1234, number plate AB12 CDE", ["ABC-1234", "AB12 CDE"]),
        ("The plate number is 7ABC123. Kennzeichen: B-AB 1234", ["7ABC123", "B-AB 1234"]),
        ("車牌號碼：ABC-5678", ["ABC-5678"]),
        ("a van with registration AB12 CDE, Reg no: AA-229-BB", ["AB12 CDE", "AA-229-BB"]),
        ("LICENSE PLATE NO ABC 1234; Kennzeichen NR-J-7", ["ABC 1234", "NR-J-7"]),
        (
            "ナンバープレート：品川 300 あ 12-34、차량번호 12가 3456, госномер А123ВС77",
            ["品川 300 あ 12-34", "12가 3456", "А123ВС77"],
        ),
    ],
)
def test_what_is_found(text, expected):
    assert numbers(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "E12345678, 512345678, passport 20200101, Passport.js v1234567, passport-local 1.0.0, passport to flight AB123",
        "護照有效期10年，护照办理电话：010-62345678，passport fee 130, passports in 2019 rose by 1234567",
        "京A, 京C语言, 粤B2-20090059, 京ICP备12345678号, 新A380飞机, 京A1234567, 京AABCDE, 京a12345, 北京A12345, 华为云A12345, 车牌京abcdef",
        "license plate, ABC-1234; number plate of the year 2019; plate number 12345; license plate: ABCDEFG",
        "registration number HRB 12345, registration N12345, 注册 registration no. GB123456789, registration: 2019",
        "<PASSPORT> <LICENCE_PLATE>",
    ],
)
def test_what_is_left(text):
    assert [value for value in numbers(text) if value != "ABC-1234"] == []


def test_plates_of_all_provinces_and_kinds_are_found():
    """GA 36: of small and large new-energy vehicles too, and those for a use."""
    kinds = "A12345 A·12345 A1B234 A12B3C AB8K88 AD34512 A·D34512 AF12345 ADA1234 A12345D A·12345F A1234学 A1234挂"
    for province in PROVINCES:
        for kind in kinds.split():
            plate = province + kind
            for text in (f"车牌号为{plate}，", f"一辆{plate}轿车", f"The plate {plate}."):
                assert numbers(text) == [plate]


def test_fakers_passports_and_plates_are_found():
    american, chinese, british = Faker("en_US"), Faker("zh_CN"), Faker("en_GB")
    for fake in (american, chinese, british):
        fake.seed_instance(8)
    for _ in range(50):
        passport, plate, other = american.passport_number(), chinese.license_plate(), british.license_plate()
        assert numbers(f"Passport number: {passport}\n车牌号{plate}。\nLicense plate: {other}") == [
            passport,
            plate,
            other,
        ]


PIECES = [
    "passport ",
    "护照",
    "E12345678",
    "京A",
    "12345",
    "license plate",
    " ",
    "：",
    "no. ",
    "·",
    "港",
    "é",
    "1",
    "A",
]


@given(st.lists(st.sampled_from(PIECES), max_size=15))
def test_findings_are_parts_of_the_text(pieces):
    text = "".join(pieces)
    assert all(value in text and any(map(str.isdigit, value)) for value in numbers(text))


@pytest.mark.parametrize(
    "piece",
    [
        "passport ",
        "护照",
        "passport no no no no ",
        "京A",
        "京A12345 ",
        "license plate A B C ",
        "车牌：",
        "护照E12345678",
    ],
)
def test_hostile_text_is_done_with(piece):
    text = piece * (250_000 // len(piece))
    assert len(numbers(text)) <= len(text) // 7
