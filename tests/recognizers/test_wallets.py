"""Wallets by their checksums: addresses from the standards, those that are one letter off, and beside other code."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from personal import found
from stdnum import bitcoin

from stages.recognizers.wallets import RULES, is_base58, is_bech32

BASE58 = ["1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "1111111111111111111114oLvT2"]
BECH32 = [
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
]
"""Test vectors of BIP 173 and BIP 350."""
ETHEREUM = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
"""Test vectors of EIP-55."""
TRON = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"


def wallets(text: str) -> list[str]:
    return [value for _, value in found(text, RULES)]


@pytest.mark.parametrize("wallet", [*BASE58, *BECH32, *ETHEREUM, TRON])
def test_a_wallet_is_found_and_one_with_another_letter_is_not(wallet):
    assert (
        wallets(f"Send to {wallet}, please")
        == wallets(f"钱包地址：{wallet}。")
        == wallets(f"bitcoin:{wallet}?x")
        == [wallet]
    )
    place = len(wallet) - 6
    wrong = wallet[:place] + ("Q" if wallet[place] != "Q" else "R") + wallet[place + 1 :]
    lower = wallet[:place] + ("q" if wallet[place] != "q" else "r") + wallet[place + 1 :]
    for text in (wrong, lower, wallet + "1", "1" + wallet, "x" + wallet, wallet[:-1], wallet + "_", wallet + "=="):
        assert wallets(f"Send to {text}, please") == []


def test_one_case_of_letters_is_a_wallet_after_words_only():
    lower = ETHEREUM[0].lower()
    assert wallets(f"ETH wallet: {lower}") == wallets(f"以太坊地址：{lower}") == [lower]
    assert wallets(f"commit {lower}, hash = {lower}") == wallets(f"wallet {lower[2:]}") == []
    assert wallets(f"address 0x{'0' * 40}, address 0x{'dead' * 10}") == []


@pytest.mark.parametrize(
    "text",
    [
        "3f786850e387550fdab836ed7e6dc881de23001b d41d8cd98f00b204e9800998ecf8427e 550e8400-e29b-41d4-a716-446655440000",
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4 1234567890123456789012345678901234",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3 bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq 0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d35A",
        "<WALLET>",
    ],
)
def test_what_is_left(text):
    assert wallets(text) == []


@given(st.binary(min_size=20, max_size=20), st.sampled_from([0, 5]), st.binary(max_size=1))
def test_base58_check_is_that_of_stdnum(payload, version, noise):
    data = bytes([version]) + payload
    data += hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4]
    data = data[:-1] + (noise or data[-1:])
    number, alphabet, text = (
        int.from_bytes(data, "big"),
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
        "",
    )
    while number:
        number, digit = divmod(number, 58)
        text = alphabet[digit] + text
    text = "1" * (len(data) - len(data.lstrip(b"\0"))) + text
    assert is_base58(text.encode()) == bitcoin.is_valid(text) == (not noise or noise == payload_check(version, payload))


def payload_check(version: int, payload: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(bytes([version]) + payload).digest()).digest()[3:4]


@given(st.sampled_from(BECH32), st.integers(4, 40), st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7lb1"))
def test_bech32_is_that_of_stdnum_and_presidio(wallet, place, letter):
    from presidio_analyzer.predefined_recognizers import CryptoRecognizer

    changed = wallet.lower()[:place] + letter + wallet.lower()[place + 1 :]
    ours = is_bech32(changed.encode())
    assert ours == CryptoRecognizer.validate_bech32_address(changed)[0]
    assert wallet[3] in "pP" or ours == bitcoin.is_valid(changed)  # stdnum knows version 0 only


def test_what_presidio_calls_a_wallet_is_found():
    from presidio_analyzer.predefined_recognizers import CryptoRecognizer

    theirs = CryptoRecognizer()
    for wallet in BASE58[:2] + BECH32[:1] + BECH32[2:3]:
        assert [wallet[one.start : one.end] for one in theirs.analyze(wallet, ["CRYPTO"], None)] == wallets(wallet)


@pytest.mark.parametrize("piece", ["1", "a1", "bc1q", f"{BASE58[0]} ", f"{ETHEREUM[0].lower()} ", "钱包 ", "0x1aA2"])
def test_hostile_text_is_done_with(piece):
    text = piece * (250_000 // len(piece))
    assert len(wallets(text)) <= len(text) // 26
