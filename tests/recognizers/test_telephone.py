"""Telephone numbers: what is found and what is left, beside `phonenumbers` and its example numbers."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from personal import found
from phonenumbers import PhoneNumberFormat, PhoneNumberMatcher, PhoneNumberType
from strategies import texts

from stages.recognizers.rule import Settings
from stages.recognizers.telephone import RULES, find


def phones(text: str, **settings) -> list[str]:
    return [value for _, value in found(text, RULES, **settings)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Call (415) 555-2671 or +44 20 7946 0958!", ["(415) 555-2671", "+44 20 7946 0958"]),
        ("联系电话：13800138000，或０１０-６２３４５６７８", ["13800138000", "０１０-６２３４５６７８"]),
        ("手机 138-0013-8000, Tel: 020 7946 0958", ["138-0013-8000", "020 7946 0958"]),
        ("전화 02-312-3456", ["02-312-3456"]),
        ("(1-800-238-5355), (+44 20 7946 0958), ((415) 555-2671)", ["1-800-238-5355", "+44 20 7946 0958", "(415) 555-2671"]),
        ("电话是010-67028866,010-67013036和010-67012402，", ["010-67028866", "010-67013036", "010-67012402"]),
        ("手机\n13800138000", ["13800138000"]),
        ("+44 (0)20 7946 0958, 01 42 68 53 00, 0171/2345678", ["+44 (0)20 7946 0958", "01 42 68 53 00", "0171/2345678"]),
        ("Tel=02079460958 Fax 650 723 1976", ["02079460958", "650 723 1976"]),
        ("+33 (0)6 44 83 37 88 und 0044 20 7946 0958", ["+33 (0)6 44 83 37 88", "0044 20 7946 0958"]),
        ('{"phone_number": "4155552671"} homePhone: 4155552671', ["4155552671", "4155552671"]),
        ("reach me at 415-555-2671 ext. 12, 415.555.2671x3456", ["415-555-2671 ext. 12", "415.555.2671x3456"]),
        ("Call me at 294-641-1771 or +1 (294) 641-1771", ["294-641-1771", "+1 (294) 641-1771"]),
        ("中文86-13800138000，0086 13800138000，8613800138000", ["86-13800138000", "0086 13800138000", "8613800138000"]),
        ("请打+86 138 0013 8000或138 0013 8000", ["+86 138 0013 8000", "138 0013 8000"]),
        ("电话：（010）62345678转8001", ["（010）62345678转8001"]),
        ("总机（0755）8601 3388 分机 12，(0755)86013388", ["（0755）8601 3388 分机 12", "(0755)86013388"]),
        ("总机 010-62345678-801、010-67028866/67013036", ["010-62345678-801", "010-67028866/67013036"]),
        ("客服热线400-123-4567，4001234567，800 810 1234", ["400-123-4567", "4001234567", "800 810 1234"]),
        ("联系方式（微信同号）：13800138000", ["13800138000"]),
        ("電話：0912-345-678 或 (02) 2345-6789，香港電話 2123 4567", ["0912-345-678", "(02) 2345-6789", "2123 4567"]),
        ("手机号码（微信同号）：13800138000，手机/电话：010-62345678，手机：0044 20 7946 0958，手机 +1 415 555 2671",
         ["13800138000", "010-62345678", "0044 20 7946 0958", "+1 415 555 2671"]),
        ("手机13912345678/13812345678，中文 1/13912345678", ["13912345678", "13812345678"]),
        ("客服4006-381-333，传真：62345678", ["4006-381-333", "62345678"]),
        ("台灣 +886 912 345 678, 098-123-4567", ["+886 912 345 678"]),
    ],
)  # fmt: skip
def test_what_is_found(text, expected):
    assert phones(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2023-01-15, 1999-2003, ISBN 978-7-111-12345-6, 1,380,013,800, 3.14159265358979, 2^34 is 17179869184",
        "08 02 22 97 38 15 00 40 00 75 04 05 07 78 52 12 50 77 91 08, 01011100 00, 555-0100",
        "2024年11月24日10时30分，共13800件，价格¥13800138000，编号A13800138000",
        "共13800138000元，13800138000人，订单号：13800138000，运单号码13800138000，QQ 13800138000",
        "数值13800138000，流水 13800138000，金额：13800138000，model 650-723-1976, patent no. 650-723-1976",
        "sha 3f786850e387550fdab836ed7e6dc881de23001b 1700000000 https://a.org/13800138000",
        "13800138000 is English; timestamps 1700000000 1700000000000; 400-123-4567 too",
        "(0.53125, 0.897787179), 252.227-7013, 09:00:01 +0900 1970, 03-04/11/2018, 510 (355–1735), 430.721 (2020 est.)",
        "MA 02110-1301, 07030-5774, 01-24 19-35-05, 2648 2675 2774 2844 3041, 753 2648 2675 2774 2844 3041 3707",
        "52.23.22.193 4111 1111 1111 1111 2024-01-15T10:30:00 10:30:45.123456 550e8400-e29b-41d4-a716-446655440000",
        "order number 650-723-1976, serial no. 650-723-1976, item #650-723-1976, ticket: 415 555 2671",
        "电话 192.168.1.100，电话会议 2024-01-15，微信 2023.10.15，手机销量 12345678",
        "身份证 11010519491231002X，卡号 6222021234567890128，统一社会信用代码 91110000100000000X",
        "手机号：123456789，手机号码 123-45-678，手机 138123456，移动电话：021-62345678，手机号是12345678901，手机：4001234567",
        "电话：138123456，联系电话12345678901，联系方式：123456789",
        "Tel 4006-381-333 or call 4006-381-333",
        "| call tree | 7833101 | 7360257",
        "x = 13800138000  # 数字",
        "",
        "bị phá hủy, 4.680.000 và 020.794.60958",
    ],
)
def test_what_is_left(text):
    assert phones(text) == []


def test_scores_tell_how_a_number_was_recognized():
    text = "Tel 020 7946 0958, +44 20 7946 0958, 01 42 68 53 00, +1 555 337 2153"
    data = text.encode()
    spans = list(find(data, 4, len(data), Settings()))  # as if it were one mark
    assert [(span.score, span.rule) for span in spans[:1]] == [(0.9, "phone_named")]
    scores = {one: phones(text, min_score=one) for one in (0.9, 0.85, 0.75, 0.6)}
    assert [len(values) for values in scores.values()] == [1, 2, 3, 4]
    assert scores[0.85] == ["020 7946 0958", "+44 20 7946 0958"]


def test_regions_are_those_of_numbers_without_a_country_code():
    assert phones("so (415) 555-2671", regions=("CN",)) == []
    assert phones("so 138 0013 8000", regions=("US",)) == []
    assert phones("電話 2123 4567", regions=("US",)) == []
    assert phones("so +1 415 555 2671", regions=()) == ["+1 415 555 2671"]


def test_examples_of_all_countries_are_found_in_both_languages():
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                for form in (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164):
                    number = phonenumbers.format_number(example, form)
                    assert phones(f"Ask {number}, or 请打{number}。") == [number, number], region


def test_examples_as_countries_write_them_are_found():
    for region in Settings().regions:
        for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
            example = phonenumbers.example_number_for_type(region, kind)
            number = phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL)
            assert phones(f"so {number}, tel. {number}, 电话：{number}。") == [number] * 3, region


numbers = st.from_regex(
    r"\+(1 [2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}|49 30 [0-9]{6}|86 1[3-9][0-9] [0-9]{4} [0-9]{4})", fullmatch=True
)


@given(st.lists(numbers, max_size=4))
def test_what_phonenumbers_finds_is_found(several):
    text = "。或 ".join(several) + "。"
    theirs = [match.raw_string for match in PhoneNumberMatcher(text, "US")]
    assert set(theirs) <= set(phones(text))


pieces = st.sampled_from(
    ["13800138000", "+1 602-275-6300", "020 7946 0958", "(415) 555-2671", "010-6234 5678", "（010）", "62345678", "转8001",
     "tel ", "电话", "訂單號", "ext. 5", " ", "", ".", "-", "+", "(", ")", "/", "，", "\n", "９", "00", "é", "=", "元"]
)  # fmt: skip


@given(st.one_of(texts, st.lists(pieces, max_size=14).map("".join)))
def test_findings_are_whole_and_have_digits(text):
    for value in phones(text, min_score=0):
        assert sum(character.isdecimal() for character in value) >= 7
        assert value == value.strip()


@pytest.mark.parametrize(
    "piece",
    ["1", "1.", "0123456789 ", "+1 ", "1-", "（", "１", "(", "(010)", "0 0", "86 138 ", "13800138000，", "电话 010-67028866\n",
     "（010）1234567", "4111 1111 1111 1111, ", "tel ", "010-62345678/", "号码", "1 (", "+86", "010 1234 5678 转"],
)  # fmt: skip
def test_hostile_text_is_done_with(piece):
    text = piece * (250_000 // len(piece))
    assert all(len(value) <= 100 for value in phones(text))
