"""All rules, and the entities that they find."""

from __future__ import annotations

from collections.abc import Iterator

from . import (
    addresses,
    addresses_chinese,
    addresses_european,
    cards,
    coordinates,
    documents,
    email,
    iban,
    identity,
    marks,
    name_labels,
    names,
    names_chinese,
    network,
    private_keys,
    secrets,
    telephone,
    wallets,
)
from .rule import Finding, Rule, Settings

RULES: tuple[Rule, ...] = (
    *email.RULES, *telephone.RULES, *network.RULES, *coordinates.RULES, *cards.RULES, *iban.RULES, *identity.RULES,
    *documents.RULES, *secrets.RULES, *private_keys.RULES, *wallets.RULES, *names.RULES, *names_chinese.RULES,
    *name_labels.RULES, *addresses.RULES, *addresses_european.RULES, *addresses_chinese.RULES,
)  # fmt: skip
ENTITIES = (
    "email", "phone", "ip", "mac", "url_credentials", "coordinates", "card", "iban", "ssn", "resident_id", "passport",
    "licence_plate", "api_key", "private_key", "wallet", "person", "address",
)  # fmt: skip


def find_all(text: bytes, rule: Rule, settings: Settings) -> Iterator[Finding]:
    """What a rule finds in the whole text, without the kernel that marks for all rules at once."""
    if rule.mark in marks.WORDED:
        places = marks.words_in(text, rule.words, rule.mark)
    else:
        places = marks.places(text, rule.mark)
    for start, stop in places:
        for span in rule.find(text, start, stop, settings):
            yield Finding(*span, rule.entity)
