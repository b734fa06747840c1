"""Postal addresses in English: in full, of a street alone, in a box or abroad; and what only looks like them."""

from __future__ import annotations

import pytest
from faker import Faker
from personal import found

from stages.recognizers.addresses import RULES


def addresses(text: str, min_score: float = 0.5) -> list[str]:
    return [value for _, value in found(text, RULES, min_score)]


@pytest.mark.parametrize(
    "value",
    [
        "742 Evergreen Terrace, Springfield, IL 62704",
        "12 N. Main St., Apt 4B, Springfield, Illinois 62704-1234",
        "1600 Amphitheatre Parkway\nMountain View, CA 94043",
        "468 Andrews Place Suite 935\nPort Joshuaburgh, UT 43281",
        "1500 Broadway, New York, NY 10036",
        "350 Fifth Avenue, 3rd Floor, New York, NY 10118",
        "4521 Highway 61 South, Vicksburg, MS 39180",
        "10 Example Street, London SW1A 2AA",
        "Flat 3, 12 High Street, Hove, East Sussex, BN3 1AB",
        "Studio 91M\nPauline Green\nEast Pauline\nW6S 3FW",
        "24 Elm Crescent, Ottawa, ON K1A 0B1",
        "126 Sample Crescent, Abbotsford, VIC 3067",
        "074 James Stravenue\nWeaverside, NJ 52554",
        "P.O. Box 123, Springfield, IL 62704",
        "PSC 1234, Box 5678\nAPO AA 12345",
        "USNS Smith\nFPO AP 12345",
        "9 Rose Court, Springfield, Illinois",
    ],
)
def test_addresses_in_full(value):
    for text in (
        value,
        f"I live at {value}.",
        f"Address: {value}\nPhone: 555-0100",
        f"地址（{value}）。",
        f"ที่อยู่ {value}\n",
    ):
        assert addresses(text) == [value]


def test_a_highway_has_its_number_and_a_court_may_be_no_street():
    text = "at 48113 SD Highway 48 near 法院 2 Supreme Court judges and 8 High Court Divisions, 12 Rose Court"
    assert addresses(text, 0.4) == ["48113 SD Highway 48", "12 Rose Court"]


def test_a_street_alone_is_weak_but_not_after_a_label():
    assert addresses("We met at 12 Oak Street.") == []
    assert addresses("We met at 12 Oak Street. Or at PO Box 12", 0.4) == ["12 Oak Street", "PO Box 12"]
    assert addresses("Address: 12 Oak Street, Apt 4") == ["12 Oak Street, Apt 4"]


@pytest.mark.parametrize(
    "text",
    [
        "In 1947 the Court of Appeal. In 2007 Main. On page 2 of Dr. Royce's paper. 1984 Dr. Roe came.",
        "version 3.14 Main Street; $12 Wall Street; 7 way street; 12 oak street; Oak Street; 5 The Street",
        "step 2 Build Path, 3 Data Points, 10 Park, 4 Green Lights, 100 Key Views",
        "route 66, 3 Drive, x = 12 Drive, St. 12, 24 Hour Drive-In",
        "<ADDRESS> 12 <ADDRESS> Street",
        "box 12, APO 12, FPO AP 1",
        "第12号 Street 路",
        "",
    ],
)
def test_what_only_looks_like_an_address(text):
    assert addresses(text) == []


@pytest.mark.parametrize("locale", ["en_US", "en_GB", "en_CA"])
def test_almost_all_addresses_of_faker_are_found_whole(locale):
    fake = Faker(locale)
    fake.seed_instance(8)
    values = [fake.address() for _ in range(100)]
    assert sum(addresses(f"Ship to:\n{value}\n") == [value] for value in values) >= 97
