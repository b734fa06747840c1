"""Zones of digits, colons and `@` against regular expressions over characters."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import buffers, documents

from stages.kernels import zones

DIGITS = re.compile(r"[0-9０-９](?:[ \-()+/.\u00a0\u2010-\u2015－]{0,3}[0-9０-９])*")
COLONS = re.compile(r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]*")
HAN = re.compile("[\u3400-\u9fff]")

pieces = st.sampled_from(
    ["1", "22", "333", "４５", "a", "f0", ":", "::", ".", "..", " ", "  ", "-", "－", "—", "(", ")", "+", "/", "\u00a0", "@",
     "\n", "\r", "电话", "ば", "㐀", "é", "，", "＠", "\U00020000", "g", "_"]
)  # fmt: skip
numbers = st.lists(st.lists(pieces, max_size=25).map("".join), max_size=4)


def expected(values):
    """Zones as (row, start, stop, kind, has_han), in no order."""
    found = set()
    for row, text in enumerate(values):
        size = [len(text[:place].encode()) for place in range(len(text) + 1)]
        for match in re.finditer("(?<=[A-Za-z0-9_+-])@(?=[A-Za-z0-9])", text):
            found.add((row, size[match.start()], size[match.end()], zones.AT, 0))
        for match in DIGITS.finditer(text):
            n_digits = len(re.findall("[0-9０-９]", match[0]))
            if n_digits >= 7 or (n_digits >= 4 and match[0].count(".") >= 3):
                before = text[: match.start()].split("\n")
                line = before[-1] + text[match.start() :].split("\n")[0]
                has_han = HAN.search("".join([*before[-2:-1], line])) is not None
                found.add((row, size[match.start()], size[match.end()], zones.DIGITS, int(has_han)))
        for match in COLONS.finditer(text):
            n_digits = len(re.findall("[0-9A-Fa-f]", match[0]))
            if n_digits >= 4 and (match[0].count(":") >= 3 or "::" in match[0]):
                found.add((row, size[match.start()], size[match.end()], zones.COLONS, 0))
    return found


def found(values):
    rows = [tuple(zone) for zone in zones.find(*buffers(values)).tolist()]
    assert len(set(rows)) == len(rows)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    return set(rows)


@given(numbers | documents)
def test_find(values):
    assert found(values) == expected(values)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", []),
        ("@", []),
        ("a@", []),
        ("a@b", [zones.AT]),
        ("é@b a@é .@b a@. @@ \n@b", []),
        ("123456", []),
        ("123-4567", [zones.DIGITS]),
        ("123    4567", []),
        ("１３８００１３８０００", [zones.DIGITS]),
        ("1.2.3.4", [zones.DIGITS]),
        ("1.23.4..", []),
        ("12:30:45", []),
        ("fe80::1", [zones.COLONS]),
        ("1:2:3:4", [zones.COLONS]),
    ],
)
def test_what_a_zone_is(text, kinds):
    assert sorted(kind for *_, kind, _ in found([text])) == kinds
    assert found([text]) == expected([text])


def test_more_zones_than_room():
    text = "a@b 1234567 1::2345\n" * 1000
    assert len(found([text, text])) == 6000
    assert found([text]) == expected([text])


def test_a_line_of_chinese_is_seen_from_itself_and_the_next():
    text = "1234567\n电话 7654321\n1112222\n3334444"
    assert [zone[4] for zone in sorted(found([text]))] == [0, 1, 1, 0]
