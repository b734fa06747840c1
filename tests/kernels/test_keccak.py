"""Keccak: the sponge beside SHA3-256, which differs in its padding, and the hashes that its authors give."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from stages.kernels.keccak import keccak_256, sponge


@given(st.one_of(st.binary(max_size=300), st.integers(130, 280).map(bytes)))
def test_the_sponge_is_that_of_sha3(data):
    assert sponge(data, 0x06) == hashlib.sha3_256(data).digest()


def test_keccak_is_that_of_its_authors():
    assert keccak_256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak_256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    assert keccak_256("钱包".encode()) != keccak_256("钱".encode())
