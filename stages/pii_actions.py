"""What becomes of personal data that was found: a tag, a mask, nothing, a surrogate; and how values are told again."""

from __future__ import annotations

import hashlib
import os
import unicodedata

from pipeline.errors import OptionError

from .recognizers.surrogate_values import normalized

TAG, MASK, REMOVE, SURROGATE = "tag", "mask", "remove", "surrogate"
ACTIONS = (TAG, MASK, REMOVE, SURROGATE)
MIN_KEY_BYTES = 16
_ROUNDS = 200_000
"""Of PBKDF2 (RFC 8018): to try a key against a fingerprint takes about a tenth of a second."""


class Replacer:
    """Says what to write in place of a finding. actions: entity -> action; key: of surrogates, if there are any."""

    def __init__(self, actions: dict[str, str], key: bytes = b"") -> None:
        self._actions, self._surrogates = actions, None
        if key:
            from .recognizers.surrogates import Surrogates

            self._surrogates = Surrogates(key)

    def replaced(self, entity: str, value: str) -> bytes:
        """What stands there afterwards, as UTF-8."""
        action = self._actions[entity]
        if action == SURROGATE:
            assert self._surrogates is not None
            return self._surrogates.of(entity, value).encode()
        if action == MASK:
            return masked(value).encode()
        return f"<{entity.upper()}>".encode() if action == TAG else b""


def masked(value: str) -> str:
    """The value with `*` for every letter, mark and digit; punctuation, symbols and white space stay."""
    return "".join("*" if unicodedata.category(character)[0] in "LMN" else character for character in value)


class Hashes:
    """Gives values numbers by which they are told again. key: if others may see the numbers, a secret."""

    def __init__(self, key: bytes = b"") -> None:
        self._start = hashlib.blake2b(key=hashlib.sha256(key).digest(), digest_size=8)

    def of(self, entity: str, value: str) -> int:
        """A uint64, the same for all ways of writing a value (see `normalized`)."""
        made = self._start.copy()
        made.update(f"{entity}\0{normalized(entity, value)}".encode())
        return int.from_bytes(made.digest(), "little")


def key_of(variable: str) -> bytes:
    """The key in an environment variable. Raises OptionError if there is none, or too short a one."""
    key = os.environ.get(variable, "").encode("utf-8", "surrogateescape")
    if len(key) < MIN_KEY_BYTES:
        what = f"has only {len(key)} bytes" if key else "is not set"
        raise OptionError(
            "key_variable",
            f"surrogates need a secret key of at least {MIN_KEY_BYTES} bytes, and the environment variable {variable}"
            f' {what}; make one with: export {variable}="$(openssl rand -hex 32)"',
        )
    return key


def check_of(key: bytes) -> str:
    """A text that tells two keys apart and tells nothing else of them; slow, so that no one finds a key by trying."""
    return hashlib.pbkdf2_hmac("sha256", key, b"corpusmill surrogates", _ROUNDS).hex()
