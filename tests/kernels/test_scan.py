"""Scans for rare bytes against `bytes.find` and `in`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import documents

from stages.kernels import scan

CORES = ["java", "ms o", "<?xm"]
pieces = st.lists(
    st.sampled_from(["ja", "va", "JAVA", "Ms", " o", "<?", "xm", "x", "中文", "é", "[", "\0"]), max_size=40
)
texts = pieces.map("".join) | documents.map("".join)


def array(data):
    return np.frombuffer(data, np.uint8)


@given(texts, st.integers(0, 9), st.integers(0, 9))
def test_what_holds_a_core_may_hold_it(text, before, after):
    data = array(b"x" * before + text.encode() + b"x" * after)
    found = scan.may_hold(data, before, len(data) - after, scan.cores(CORES))
    assert found == any(core in text.lower() for core in CORES)


def test_a_core_beyond_the_ends_is_not_found():
    data, cores = array("中java中".encode()), scan.cores(["java"])
    assert scan.may_hold(data, 3, 7, cores)
    assert not any(scan.may_hold(data, *span, cores) for span in [(4, 10), (0, 6), (3, 3), (0, 0), (10, 10)])


def test_only_a_letter_ignores_case():
    assert not scan.may_hold(array(b"MS\0O"), 0, 4, scan.cores(["ms o"]))


@given(texts, st.integers(0, 9), st.sampled_from(b"[x\0\xe4"))
def test_find_is_that_of_bytes(text, start, byte):
    data = text.encode() + b"[x\0\xe4"
    end = len(data) - 4
    start = min(start, end)
    expected = data.find(bytes([byte]), start, end)
    assert scan.find(array(data), start, end, byte) == (end if expected < 0 else expected)


@given(st.binary(min_size=8, max_size=8), st.integers(1, 128), st.integers(0, 255))
def test_the_lowest_byte_of_a_word(data, bound, byte):
    word = np.uint64(int.from_bytes(data, "little"))
    for flags, wanted in (
        (scan.low_bytes(word, bound), [place for place in range(8) if data[place] < bound]),
        (scan.equal_bytes(word, byte), [place for place in range(8) if data[place] == byte]),
    ):
        assert (flags != 0) == bool(wanted)
        assert not wanted or scan.lowest(np.uint64(flags)) == wanted[0]


@pytest.mark.parametrize("piece", ["abc", "abcde", "中"])
def test_a_core_has_four_ascii_characters(piece):
    with pytest.raises((AssertionError, UnicodeEncodeError)):
        scan.cores([piece])
