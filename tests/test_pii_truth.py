"""How well the stage `pii` finds personal data in labelled documents whose templates its rules were not written for."""

from __future__ import annotations

import functools
import ipaddress

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_build import labelled_build
from labelled_personal import labelled, labelled_second, labelled_third
from labelled_pools import BUILD, MEASURE
from labelled_score import (
    IN_CONTEXT,
    LENIENT,
    MIN_PRECISION,
    Score,
    Scores,
    by_entity,
    in_characters,
    matched,
    min_covered,
    min_f1,
    n_covered,
    of_stage,
    scored,
)
from labelled_secrets import base58check, bech32, ethereum, keccak256
from labelled_text import Label, Labelled
from stdnum import bitcoin, iban, luhn
from stdnum.cn import ric
from stdnum.us import ssn

from stages.recognizers.rules import ENTITIES

N_DOCUMENTS = 480


@functools.cache
def documents() -> tuple[Labelled, ...]:
    return tuple(labelled(21, N_DOCUMENTS))


@functools.cache
def scores() -> Scores:
    return scored(documents(), of_stage(list(documents()), min_scores=LENIENT))


@functools.cache
def usual_scores() -> Scores:
    """With the stage's own limits."""
    return scored(documents(), of_stage(list(documents())))


@pytest.mark.parametrize("entity", ENTITIES)
def test_each_entity_is_found_as_well_as_promised(entity):
    score = by_entity(scores(), ENTITIES)[entity]
    assert score.n_labels >= 4
    assert score.f1 >= min_f1(entity), score
    assert score.covered >= min_covered(entity), score


@pytest.mark.parametrize("entity", ENTITIES)
def test_what_the_stage_finds_by_default_is_right(entity):
    score = by_entity(usual_scores(), ENTITIES)[entity]
    assert score.n_found >= 4
    assert score.precision >= MIN_PRECISION, score


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("entity", ["person", "address"])
def test_persons_and_addresses_are_found_in_both_languages(entity, language):
    score = by_entity(scores(), ENTITIES, language)[entity]
    assert score.n_labels >= 20
    assert score.f1 >= min_f1(entity), score


def test_what_has_a_form_is_found_in_the_second_and_the_third_set():
    texts = [*labelled_second(21, N_DOCUMENTS // 2), *labelled_third(21, N_DOCUMENTS // 2)]
    found = by_entity(scored(texts, of_stage(texts)), ENTITIES)
    low = {entity: score for entity, score in found.items() if score.covered < min_covered(entity)}
    assert not low.keys() - set(IN_CONTEXT)


def test_documents_are_the_same_each_time_and_labels_are_in_order():
    assert labelled(21, 60) == list(documents()[:60]) != labelled(22, 60)
    for one in [*documents(), *labelled_build(3, 60), *labelled_second(3, 60), *labelled_third(3, 60)]:
        assert all(before.stop <= after.start for before, after in zip(one.spans, one.spans[1:], strict=False))
        assert all(one.text[start:stop].strip() == one.text[start:stop] != "" for start, stop, _ in one.spans)
        assert not set("«»⟨⟩") & set(one.text)


def values(entity: str) -> set[str]:
    return {one.text[start:stop] for one in documents() for start, stop, kind in one.spans if kind == entity}


def test_labelled_values_are_what_they_seem_to_other_implementations():
    digits = str.maketrans("０１２３４５６７８９", "0123456789", " -")
    assert all(ipaddress.ip_address(one).is_global for one in values("ip"))
    assert all(luhn.is_valid(one.translate(digits)) for one in values("card"))
    assert all(iban.is_valid(one, check_country=False) for one in values("iban"))
    identities = [one.translate(digits) for one in values("resident_id")]
    assert all(ric.calc_check_digit(one) == one[-1] and ric.get_birth_date(one) for one in identities)
    assert all(ssn.is_valid(one.replace(" ", "")) for one in values("ssn"))
    assert all(bitcoin.is_valid(one) for one in values("wallet") if one[0] in "13")
    international = [phonenumbers.parse(one) for one in values("phone") if one.startswith("+")]
    assert len(international) > 20 and all(phonenumbers.is_valid_number(one) for one in international)


def test_checksums_of_wallets_are_those_of_the_standards():
    """Vectors of BIP 173, BIP 350, EIP-55, the Keccak team, and the address of an empty hash."""
    generator = bytes.fromhex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
    assert bech32("bc", 0, bytes.fromhex("751e76e8199196d454941c45d1b3a323f1433bd6")) == (
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    )
    assert bech32("bc", 1, generator) == "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
    assert ethereum(bytes.fromhex("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")) == (
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    )
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert base58check(bytes(21)) == "1111111111111111111114oLvT2"


def test_what_counts_as_right():
    labels = [Label(0, 10, "phone"), Label(20, 30, "person")]
    found = [Label(0, 5, "phone"), Label(5, 10, "phone"), Label(20, 30, "address"), Label(24, 44, "person")]
    assert matched(labels, found) == [(labels[0], found[0])]
    score = scored([Labelled("", labels, "en")], [found])["phone", "en"]
    assert (score.precision, score.recall, score.n_exact) == (0.5, 1.0, 0)
    assert (Score().precision, Score().recall, Score().f1) == (1.0, 1.0, 1.0)
    assert Score(n_labels=4, n_found=2, n_right=2).f1 == pytest.approx(2 / 3)


@given(
    st.tuples(st.integers(0, 20), st.integers(1, 20)),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20), st.sampled_from(["phone", "person"])), max_size=5),
)
def test_characters_of_a_label_that_are_covered_are_those_in_findings_of_its_entity(label, found):
    start, length = label
    naive = {place for one, n, entity in found if entity == "phone" for place in range(one, one + n)}
    findings = [Label(one, one + n, entity) for one, n, entity in found]
    assert n_covered(Label(start, start + length, "phone"), findings) == len(naive & set(range(start, start + length)))


def test_half_a_value_that_is_left_shows_in_what_is_covered():
    texts = [Labelled("电话：" + "1" * 10, [Label(3, 13, "phone")], "zh")]
    score = scored(texts, [[Label(3, 8, "phone")]])["phone", "zh"]
    assert (score.recall, score.covered, Score().covered) == (1.0, 0.5, 1.0)


@pytest.mark.parametrize(
    "name",
    ["mobile", "fixed", "issuers", "unions", "macs", "ipv6", "id_places", "roads", "estates", "streets", "states"],
)
def test_values_for_measuring_are_not_those_for_writing_rules(name):
    assert getattr(BUILD, name) and not set(getattr(BUILD, name)) & set(getattr(MEASURE, name))


@given(st.text(max_size=30), st.data())
@settings(max_examples=50)
def test_places_in_bytes_become_places_in_characters(text, data):
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    in_bytes = (len(text[:start].encode()), len(text[:stop].encode()), "email")
    assert in_characters(text, [in_bytes]) == [Label(start, stop, "email")]
