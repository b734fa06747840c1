"""One value, written in many ways: the same surrogate, and the same hash."""

from __future__ import annotations

import itertools
import unicodedata

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import texts

from stages.pii_actions import Hashes
from stages.recognizers.rules import ENTITIES
from stages.recognizers.surrogate_values import MOST_CHARS, national_number, normalized, plain
from stages.recognizers.surrogates import Surrogates

of = Surrogates(b"a key of sixteen").of
hashed = Hashes(b"another key").of

SAME = [
    ("phone", ["020 7946 0958", "+44 20 7946 0958", "02079460958", "+44 (0)20 7946 0958", "(020) 7946-0958"]),
    (
        "phone",
        ["+86 138-1234-5678", "13812345678", "86 138 1234 5678", "0086-138-1234-5678", "１３８ １２３４ ５６７８"],
    ),
    ("phone", ["010-65529988", "+86 10 6552 9988", "（０１０）65529988"]),
    ("phone", ["028-86001234", "+86 28 8600 1234"]),
    ("phone", ["030 23125009", "+49 30 23125009", "+49 (0)30 23125-009", "030 23125-009"]),
    ("phone", ["06 12 34 56 78", "+33 6 12 34 56 78", "06.12.34.56.78", "0612345678"]),
    ("phone", ["(415) 555-2671", "415-555-2671", "+1 415 555 2671", "1-415-555-2671", "4155552671"]),
    ("phone", ["98765 43210", "+91 98765 43210"]),
    ("phone", ["0755-26001234转8001", "+86 755 2600 1234 ext. 8001"]),
    ("email", ["jane@acme.io", "jane [at] acme.io", "Jane (at) acme [dot] IO", "jane&#64;acme.io", "jane＠acme.io"]),
    ("email", ["j.roe@acme.io", "j [dot] roe at acme dot io", "j.roe#acme.io", "j.roe<at>acme<dot>io"]),
    ("email", ["张三@例子.中国", "张三＠例子。中国"]),
    ("ip", ["2a00:1450:4001:81b::8.8.4.4", "2A00:1450:4001:081B:0:0:808:404", "2a00:1450:4001:81b::808:404"]),
    ("person", ["Jane Roe", "JANE  ROE", "Jane\nRoe"]),
    ("person", ["王小明", "王 小明", "王\u3000小明"]),
    ("address", ["12 Elm Street, Leeds", "12 ELM STREET\nLeeds", "12 Elm Street Leeds"]),
    ("coordinates", ["40.7, -74.1", "40.7,-74.1"]),
    ("resident_id", ["A123456(3)", "A1234563"]),
    ("mac", ["3c:22:fb:11:22:33", "3C-22-FB-11-22-33", "3c22.fb11.2233"]),
    ("badge", ["AB-12", "ab 12"]),
]
OTHERS = [
    ("ip", "1.23.4.5", "12.3.4.5"), ("coordinates", "40.7, -74.1", "40.7, 74.1"), ("person", "An Na", "Anna"),
    ("person", "कि", "का"), ("email", "a.b@acme.io", "a@b.acme.io"), ("phone", "010-65529988转1", "010-65529988转2"),
    ("url_credentials", "a:bcd", "ab:cd"), ("card", "4111111111111111", "4111111111111112"),
]  # fmt: skip


@pytest.mark.parametrize(("entity", "written"), SAME)
def test_ways_of_writing_are_one_value(entity, written):
    assert len({normalized(entity, value) for value in written}) == 1
    assert len({hashed(entity, value) for value in written}) == 1


@pytest.mark.parametrize(("entity", "written"), [(entity, written) for entity, written in SAME if entity != "address"])
def test_ways_of_writing_get_one_surrogate(entity, written):
    """Written in the same ways. Of addresses, what stays depends on commas."""
    assert len({normalized(entity, of(entity, value)) for value in written}) == 1


@pytest.mark.parametrize(("entity", "one", "other"), OTHERS)
def test_other_values_are_others(entity, one, other):
    assert normalized(entity, one) != normalized(entity, other)
    assert hashed(entity, one) != hashed(entity, other)
    assert of(entity, one) != of(entity, other)


@pytest.mark.parametrize(
    ("region", "kind"),
    sorted(
        set(
            itertools.product(
                ["US", "GB", "FR", "CN", "DE", "JP", "IN", "BR", "KR", "AU", "ES"], ["FIXED_LINE", "MOBILE"]
            )
        )
        - {("IN", "FIXED_LINE")}
    ),  # it could be British
)
def test_numbers_of_all_countries_are_the_same_with_their_code_and_without(region, kind):
    number = phonenumbers.example_number_for_type(region, getattr(phonenumbers.PhoneNumberType, kind))
    forms = phonenumbers.PhoneNumberFormat
    written = [phonenumbers.format_number(number, form) for form in (forms.NATIONAL, forms.INTERNATIONAL, forms.E164)]
    assert len({normalized("phone", value) for value in written}) == 1
    assert len({normalized("phone", of("phone", value)) for value in written}) == 1


def test_numbers_without_a_country_code_are_of_none_that_they_may_not_be():
    assert [national_number(one)[0] for one in ("020 7946 0958", "06 12 34 56 78", "(415) 555-2671")] == [44, 33, 1]
    assert {national_number(one)[0] for one in ("98765 43210", "010-65529988", "", "0", "12", "+999 1")} == {0}


def test_long_values_count_by_letters_and_digits():
    value = "a@b." * MOST_CHARS
    for entity in ENTITIES:
        assert normalized(entity, value) == plain(value) == "ab" * MOST_CHARS


@pytest.mark.parametrize(
    "piece", ["@", " @ ", " ", "a at b dot ", "+", "1 ", "中 ", "(", "<at>", "\u0301", "😀", "&#64;"]
)
def test_hostile_values_take_time_in_proportion(piece):
    for entity, n in itertools.product(ENTITIES, (999, 250_000)):
        value = (piece * (n // len(piece) + 1))[:n]
        assert normalized(entity, value)
        assert hashed(entity, value) == hashed(entity, value)


@settings(max_examples=100)
@given(st.sampled_from([*ENTITIES, "location", "badge"]), texts | st.text("0123456789 -+@.:/X王京", min_size=1))
def test_capitals_and_width_make_no_difference(entity, value):
    found = normalized(entity, value)
    assert found or not value
    wide = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in value)
    assert plain(wide) == plain(value) == plain(unicodedata.normalize("NFKC", value).casefold())
