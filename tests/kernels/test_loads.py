"""Loads against Python's `int.from_bytes`."""

import numpy as np
import pytest

from stages.kernels import loads


@pytest.mark.parametrize("text", ["plain text, 12345", "人人生而自由", "é😀\0\x7f mixed 中"])
def test_words_are_the_bytes_with_the_first_lowest(text):
    data = text.encode()
    array = np.frombuffer(data, np.uint8)
    for place in range(len(data) - 7):
        assert loads.word64(array, place) == int.from_bytes(data[place : place + 8], "little")
    for place in range(len(data) - 3):
        assert loads.word32(array, place) == int.from_bytes(data[place : place + 4], "little")
