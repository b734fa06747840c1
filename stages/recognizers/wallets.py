"""Addresses of crypto wallets, by their checksums: Base58Check, Bech32 and Ethereum's capital letters."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from . import marks
from .rule import Rule, Settings, Span

# Base58Check

BASE58 = re.compile(rb"[13ADLMTX9][1-9A-HJ-NP-Za-km-z]{25,34}")
VERSIONS = frozenset((0x00, 0x05, 0x1E, 0x16, 0x30, 0x32, 0x41, 0x4C, 0x10))
"""The first byte of 25: Bitcoin (P2PKH, P2SH), Dogecoin, Litecoin, Tron and Dash (chain parameters of each)."""
_DIGITS = {byte: n for n, byte in enumerate(b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")}


def is_base58(found: bytes) -> bool:
    """Whether this is a version, 20 bytes and the first four bytes of their SHA-256, twice (Bitcoin's Base58Check)."""
    if not BASE58.fullmatch(found):
        return False
    number = 0
    for byte in found:
        number = 58 * number + _DIGITS[byte]
    if number >> 200:
        return False
    data = number.to_bytes(25, "big")
    n_zeros = len(found) - len(found.lstrip(b"1"))
    is_whole = n_zeros == len(data) - len(data.lstrip(b"\0"))
    return (
        is_whole
        and data[0] in VERSIONS
        and data[21:] == hashlib.sha256(hashlib.sha256(data[:21]).digest()).digest()[:4]
    )


# Bech32

BECH32 = re.compile(
    rb"(?P<prefix>bc|ltc)1(?P<data>[02-9ac-hj-np-z]{11,71})|(?P<PREFIX>BC|LTC)1(?P<DATA>[02-9AC-HJ-NP-Z]{11,71})"
)
_VALUES = {byte: n for n, byte in enumerate(b"qpzry9x8gf2tvdw0s3jn54khce6mua7l")}
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def is_bech32(found: bytes) -> bool:
    """Whether this is a segregated witness address of Bitcoin or Litecoin: a checksum of BIP 173, or since version 1
    of BIP 350, over its prefix, version and program."""
    if not BECH32.fullmatch(found):
        return False
    prefix, _, data = found.lower().partition(b"1")
    values = [_VALUES[byte] for byte in data]
    remainder = 1
    for value in [*(byte >> 5 for byte in prefix), 0, *(byte & 31 for byte in prefix), *values]:
        top, remainder = remainder >> 25, (remainder & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            remainder ^= generator * (top >> bit & 1)
    return remainder == (1 if values[0] == 0 else 0x2BC830A3)


# Ethereum

ETHEREUM = re.compile(rb"0[xX][0-9a-fA-F]{40}")
ETHEREUM_WORDS = re.compile(
    rb"(?:\b(?:eth|ethereum|ether|wallets?|address(?:es)?|metamask|usdt|usdc|erc-?20|bep-?20|polygon|bnb|donat\w*)\b"
    + "|钱包|錢包|地址|以太坊|以太币|转账|收款".encode()
    + rb")[^0-9\n]{0,32}\Z",
    re.IGNORECASE,
)
WORDS_BYTES, MIN_DISTINCT = 80, 8


def is_ethereum(found: bytes, before: bytes) -> bool:
    """Whether these are 20 bytes with the checksum of EIP-55 in the case of the letters; if they have but one case,
    whether words before say that they are an address. Few distinct digits are those of examples and of no one."""
    digits = found[2:].decode()
    if not ETHEREUM.fullmatch(found) or len(set(digits.lower())) < MIN_DISTINCT:
        return False
    if digits in (digits.lower(), digits.upper()):
        return ETHEREUM_WORDS.search(before) is not None
    from stages.kernels.keccak import keccak_256

    digest = keccak_256(digits.lower().encode()).hex()
    return all(
        not digit.isalpha() or digit.isupper() == (nibble >= "8")
        for digit, nibble in zip(digits, digest[:40], strict=True)
    )


def find(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """A wallet that is a whole run of letters and digits."""
    length = stop - start
    if length > 80 or text[stop : stop + 1] in (b"_", b"+", b"=") or text[max(0, start - 1) : start] in (b"_", b"+"):
        return
    found = text[start:stop]
    if length == 42 and found[:2] in (b"0x", b"0X"):
        if is_ethereum(found, text[max(0, start - WORDS_BYTES) : start]):
            yield Span(start, stop, 0.95, "wallet_ethereum")
    elif is_base58(found):
        yield Span(start, stop, 0.95, "wallet_base58")
    elif is_bech32(found):
        yield Span(start, stop, 0.95, "wallet_bech32")


RULES = (Rule("wallet", marks.RUN, find),)
