"""Account numbers: lengths and check digits, beside python-stdnum's copy of the registry and Faker's numbers."""

from __future__ import annotations

import random
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from personal import found
from stdnum import iban as stdnum_iban
from stdnum import numdb
from stdnum.iso7064 import mod_97_10

from stages.recognizers.iban import LENGTHS, RULES


def ibans(text: str) -> list[str]:
    return [value for _, value in found(text, RULES)]


def made(country: str, chance: random.Random) -> str:
    """An account number of this country with right check digits."""
    rest = "".join(chance.choices("0123456789", k=LENGTHS[country.encode()] - 4))
    return country + stdnum_iban.calc_check_digits(f"{country}00{rest}") + rest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DE89 3704 0044 0532 0130 00 and GB82WEST12345698765432.", ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"]),
        ("账号DE89370400440532013000，谢谢", ["DE89370400440532013000"]),
        ("IBAN: NL91-ABNA-0417-1643-00", ["NL91-ABNA-0417-1643-00"]),
        ("NO93 8601 1117 947", ["NO93 8601 1117 947"]),
        ("口座 FR14 2004 1010 0505 0001 3M02 606 です", ["FR14 2004 1010 0505 0001 3M02 606"]),
        ("IBAN: de89 3704 0044 0532 0130 00, iban gb82west12345698765432。", ["de89 3704 0044 0532 0130 00", "gb82west12345698765432"]),
        ("国际账号IBAN（德国）：DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000。", ["DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000"]),
        ("My IBAN is\nDE893704 0044 0532013000.", ["DE893704 0044 0532013000"]),
        ("BE68 5390 0754 7034 THIS WEEK", ["BE68 5390 0754 7034"]),
    ],
)  # fmt: skip
def test_what_is_found(text, expected):
    assert ibans(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "DE89 3704 0044 0532 0130 01, DE8937040044053201300, DE893704004405320130000, XX89370400440532013000",
        "DE89-3704 0044 0532 0130 00, DE89 370400440532013000, xDE89370400440532013000, AB12 CDEF",
        "IBAN: de89 3704 0044 0532 0130 01, IBAN de89 3704 0044 0532 0130 00x, iban xx89 3704 0044 0532 0130 00, IBAN",
        "de89370400440532013000 RFC2822 ISO13616 GB18030 SHA256 UTF16LE PL12 编号DE89",
    ],
)
def test_what_is_left(text):
    assert ibans(text) == []


def test_every_country_of_the_registry_is_known_by_its_length():
    chance, registry = random.Random(8), numdb.get("iban")
    for country, length in LENGTHS.items():
        number = made(country.decode(), chance)
        (_, facts), *_ = registry.info(number)
        assert length == 4 + sum(int(size) for size in re.findall(r"(\d+)!", facts["bban"]))
        assert ibans(f"To {number}, please") == [number]
        assert ibans(f"To {number}1, please") == ibans(f"To {number[:-1]}, please") == []
    codes = {a + b for a in string.ascii_uppercase for b in string.ascii_uppercase}
    assert {code for code in codes if registry.info(code)[0][1]} == {country.decode() for country in LENGTHS}


@given(st.sampled_from(["DE", "GB", "FR", "MT"]), st.text("0123456789ABCXYZ", min_size=33, max_size=33))
def test_check_digits_are_those_of_stdnum(country, rest):
    for digits in ("02", "50", "98", mod_97_10.calc_check_digits(rest[: LENGTHS[country.encode()] - 4] + country)):
        number = country + digits + rest[: LENGTHS[country.encode()] - 4]
        assert (ibans(number) == [number]) == mod_97_10.is_valid(number[4:] + number[:4])


def test_fakers_numbers_are_found():
    from faker import Faker

    for locale in ("de_DE", "fr_FR", "en_GB", "nl_NL", "it_IT", "pl_PL"):
        fake = Faker(locale)
        fake.seed_instance(8)
        for _ in range(10):
            number = fake.iban()
            assert ibans(f"收款 {number}。") == [number]


@pytest.mark.parametrize(
    "piece",
    [
        "iban",
        "iban ",
        "iban de89 ",
        "IBAN: de89 3704 0044 0532 0130 00 ",
        "DE89 ",
        "DE89",
        "DE89 3704 0044 0532 0130 00 ",
        "GB82W",
        "MT84MALT011000012345MTLCAST001S",
        "A",
    ],
)
def test_hostile_text_is_done_with(piece):
    text = piece * (250_000 // len(piece))
    assert len(ibans(text)) <= len(text) // 15


@pytest.mark.parametrize("digits", ["00", "01", "99"])
def test_check_digits_that_nobody_computes_are_wrong_though_the_remainder_is_right(digits):
    rests = (f"{number:018}" for number in range(10**17, 10**17 + 2000))
    number = next(one for rest in rests if mod_97_10.is_valid((one := f"DE{digits}{rest}")[4:] + one[:4]))
    assert ibans(f"IBAN {number}") == []
