"""Surrogates: what stands in a text for personal data, looks like it, and is somebody else's or nobody's.

A surrogate is the same for a value wherever it stands, however it is written (see `surrogate_values`), and another one
with another key: it is drawn from the HMAC-SHA256 (RFC 2104) of the entity and the value. Whoever has the key can try
values until one fits, so the key is a secret as the values are.

Nobody has what is made for `email`, `ip`, `ssn` and, but by accident, `api_key`, `private_key`, `wallet` and
`url_credentials`; nobody is assigned what is made for `mac`. `phone`, `card`, `iban`, `resident_id`, `passport` and
`licence_plate` are right by form, so that somebody may have them. What is kept is said by each function: the region of
an `address`, the degree of `coordinates`; a `person` gets names word by word, so that who is named again, in short,
stays the same. Different values can get the same surrogate, since there are more people than names in a list.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import partial

from . import surrogate_addresses as addresses
from . import surrogate_names as names
from . import surrogate_numbers as numbers
from . import surrogate_secrets as secrets
from .surrogate_shape import Draws, alike
from .surrogate_values import MOST_CHARS, normalized

MAKERS: dict[str, Callable[[str, Draws], str | None]] = {
    "email": names.email,
    "address": addresses.address,
    **{
        made.__name__: made
        for made in (
            numbers.phone, numbers.ip, numbers.mac, numbers.card, numbers.iban, numbers.ssn, numbers.resident_id,
            numbers.passport, numbers.licence_plate, numbers.coordinates, secrets.api_key, secrets.private_key,
            secrets.wallet, secrets.url_credentials,
        )
    },
}  # fmt: skip
LONG = {"private_key": 20_000, "api_key": 20_000}
"""Of entities of which values may be longer than others; what is longer changes by class."""
ATTEMPTS = 8
LETTERS = "bcdfghjklmnpqrstvwxz"


class Surrogates:
    """Gives values surrogates. key: secret; it is shown nowhere."""

    def __init__(self, key: bytes) -> None:
        assert key, "surrogates take a key"
        self._key = key

    def of(self, entity: str, value: str) -> str:
        """The surrogate of a value: never the value itself, and of about its length.

        Entities that are not known, and values that have not the form of theirs, change by class: letters become
        letters of the same case and script, digits digits; what separates them stays.
        """
        key = normalized(entity, value)
        for attempt in range(ATTEMPTS if _is_short(entity, value) else 1):
            fake = self._made(entity, value, f"{key}\0{attempt}")
            if fake and normalized(entity, fake) != key:
                return fake
        fake = alike(value, self._draws(entity, f"{key}\0by class"))
        if normalized(entity, fake) != key:
            return fake
        return self._draws(entity, key).some(LETTERS, max(1, min(8, len(value))))  # nothing in it can change

    def _made(self, entity: str, value: str, key: str) -> str:
        draws = self._draws(entity, key)
        fake = None
        if entity == "person" and _is_short(entity, value):
            fake = names.Person(partial(self._draws, entity))(value)
        elif entity in MAKERS and _is_short(entity, value):
            fake = MAKERS[entity](value, draws)
        return alike(value, draws) if fake is None else fake

    def _draws(self, entity: str, key: str) -> Draws:
        return Draws(hmac.digest(self._key, f"surrogate\0{entity}\0{key}".encode(), "sha256"))


def _is_short(entity: str, value: str) -> bool:
    return len(value) <= LONG.get(entity, MOST_CHARS)
