"""Uids as numbers and back."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.uids import to_numbers, to_text


@given(st.lists(st.integers(1, 2**128 - 1)))
def test_there_and_back(numbers):
    uids = [f"{number:032x}" for number in numbers]
    found = to_numbers(pa.array(["", *uids], pa.string()).slice(1))
    assert [high << 64 | low for high, low in found.tolist()] == numbers
    assert found.dtype == np.uint64
    assert to_text(found).tolist() == uids


def test_zeros_are_no_uid():
    assert to_text(np.array([[0, 0], [0, 1], [2**64 - 1, 0]], np.uint64)).tolist() == [
        "",
        f"{1:032x}",
        "f" * 16 + "0" * 16,
    ]


def test_others_are_refused():
    with pytest.raises(AssertionError, match="32 hex digits"):
        to_numbers(pa.array(["ab" * 15], pa.string()))
    with pytest.raises(ValueError, match="hexadecimal"):
        to_numbers(pa.array(["xy" * 16], pa.string()))
