"""Rule for cards: issuers and check digits, rows of numbers, Chinese bank cards, beside python-stdnum and Presidio."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from personal import found
from stdnum import luhn as stdnum_luhn

from stages.recognizers.cards import RULES
from stages.recognizers.digits import luhn


def cards(text: str) -> list[str]:
    return [value for _, value in found(text, RULES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Card 4111 1111 1111 1111 or 5500-0000-0000-0004.", ["4111 1111 1111 1111", "5500-0000-0000-0004"]),
        ("卡号４０１２８８８８８８８８１８８１，谢谢", ["４０１２８８８８８８８８１８８１"]),
        ("4111\u00a01111\u00a01111\u00a01111 12/29", ["4111\u00a01111\u00a01111\u00a01111"]),
        ("amex 3782 822463 10005; 6011000990139424", ["3782 822463 10005", "6011000990139424"]),
        ("银行卡6222020000000000000可用", ["6222020000000000000"]),
        ("农行账号：9559980000000000000", ["9559980000000000000"]),
        ("カード番号は3530111333300000です", ["3530111333300000"]),
        ("your order was paid with 4111111111111111", ["4111111111111111"]),
        ("order 55 4111 1111 1111 1111", ["4111 1111 1111 1111"]),
        (
            "4111111111111111\n5500000000000004\n4012888888881881",
            ["4111111111111111", "5500000000000004", "4012888888881881"],
        ),
        (
            "card 411111 1111111111, 4222 2222 2222 2 and 6222 0200 0000 0000 000",
            ["411111 1111111111", "4222 2222 2222 2", "6222 0200 0000 0000 000"],
        ),
        ("card ids: 4111111111111111, user_id=7, 卡号id：5500000000000004", ["4111111111111111", "5500000000000004"]),
        ("paid 4111111111111111 in 2023, phone 13800138000 id 7", ["4111111111111111"]),
        ("card_number: 4111111111111111, card=4111111111111111", ["4111111111111111", "4111111111111111"]),
    ],
)
def test_what_is_found(text, expected):
    assert cards(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112, 1234567890123456, id_4111111111111111, 0.4111111111111111, /4111111111111111",
        "单号9559980000000000000，ISBN 978-7-111-12345-6，0000000000000000",
        "?id=4111111111111111 4111111111111111.25 x4111111111111111 4111111111111111x 4111111111111111-4",
        "2650 4111 1111 1111 1111 2675, 4111 1111 1111 1111 2844 3041",
        "Order no. 4111111111111111, 订单号：4111111111111111, part 4111 1111 1111 1111, 追跡番号:4111111111111111",
        'String idCardNum="411021199901102321", id card: 411021199901102321',
        "DE00 4111 1111 1111 1111 00, DE00-4111-1111-1111-1111-00, 账号GB12\u00a01234\u00a04111\u00a01111\u00a01111\u00a01111",
        "4111, 1111, 1111, 1111; 4111/1111/1111/1111; 4111  1111  1111  1111; 4111.1111.1111.1111",
        "84 89720 427 92 30582 799 83, 411 1111 1111 11111, 表 41 111111 1111 1111",
        "1700000000000 20240115103045 550e8400-e29b-41d4-a716-446655440000 <CARD>",
    ],
)
def test_what_is_left(text):
    assert cards(text) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"id": 4111111111111111} {"userId": "4111111111111111"}',
        "user_id=7, order_ids: [4111111111111111, 5500000000000004]",
        "https://acme.org/a?b=1,4111111111111111 见 https://acme.org/a:4111111111111111",
        "1,1234567890123456\n2,4111111111111111\n3,9876543210987654",
        "编号,数字\n1234567890123456,4111111111111111",
        "id：4111111111111111，时间",
    ],
)
def test_identifiers_are_weak(text):
    assert cards(text) == []
    assert found(text, RULES, 0.4)[0] == ("card", "4111111111111111")


def test_few_of_a_column_of_random_numbers_are_cards():
    chance = random.Random(3)
    rows = [f"{n},{chance.randrange(10**15, 10**16)},{chance.random():.3f}" for n in range(3000)]
    assert len(cards("\n".join(rows))) <= 3
    assert len(found("\n".join(rows), RULES, 0.4)) > 40


@given(st.text("0123456789", min_size=1, max_size=40))
def test_check_digits_are_those_of_stdnum(digits):
    assert luhn(digits) == stdnum_luhn.is_valid(digits)


def test_what_presidio_and_faker_call_a_card_is_found():
    from faker import Faker
    from presidio_analyzer.predefined_recognizers import CreditCardRecognizer

    fake, theirs, n_theirs = Faker(), CreditCardRecognizer(), 0
    fake.seed_instance(8)
    for _ in range(60):
        number = fake.credit_card_number()
        text = f"Paid with {number} today"
        assert cards(f"Card number: {number}") == [number]
        if theirs.analyze(text, ["CREDIT_CARD"], None):
            n_theirs += 1
            assert cards(text) == [number]
    assert n_theirs > 30


@pytest.mark.parametrize(
    "piece",
    [
        "4",
        "4111 1111 1111 1111 ",
        "0123456789 ",
        "４",
        "1-",
        "卡号 4111111111111111，",
        "4111111111111111 ",
        "://",
        "id ",
    ],
)
def test_hostile_text_is_done_with(piece):
    text = piece * (250_000 // len(piece))
    assert len(cards(text)) <= len(text) // 12


@given(
    st.lists(
        st.sampled_from(["4111111111111111", "4111", " ", "1111", "-", "卡", "é", "９", ".", "62", "\n"]), max_size=20
    )
)
def test_spans_lie_within_the_text(pieces):
    text = "".join(pieces)
    assert all(value in text and 12 <= sum(map(str.isdigit, value)) <= 19 for value in cards(text))


def test_one_digit_more_or_another_one_is_no_card():
    chance = random.Random(8)
    for _ in range(50):
        digits = "4" + "".join(chance.choices("0123456789", k=14))
        digits += next(digit for digit in "0123456789" if stdnum_luhn.is_valid(digits + digit))
        assert cards(f"x {digits} y") == [digits]
        wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
        assert cards(f"x {wrong} y") == cards(f"x 1{digits} y") == []
