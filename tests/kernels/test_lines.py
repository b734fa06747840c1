"""Lines against Python's own splitting and stripping."""

import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from strategies import buffers, documents

from stages.kernels import lines

ragged = st.text(st.sampled_from("ab \t\n\n.…。-•#\u3000中か가ไ\"'…."), max_size=60)


@given(documents, st.sampled_from([0, 3, 30]))
def test_like_the_reference_on_any_text(texts, short):
    assert lines.measure(*buffers(texts), short).tolist() == [reference.lines(text, short) for text in texts]


@given(st.lists(ragged, max_size=4))
def test_like_the_reference_on_ragged_lines(texts):
    assert lines.measure(*buffers(texts), 5).tolist() == [reference.lines(text, 5) for text in texts]


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("  one \n\n\t\ntwo", lines.N_LINES, 2),
        ("He said “so.”\n他说。\n「好」\nno,", lines.N_TERMINAL, 3),
        ("- a\n• b\n－c\nd - e", lines.N_BULLET, 2),
        ("wait...\n等等……\n..\nend .. .", lines.N_ELLIPSIS_END, 2),
        ("abc\n中文\n中文字\n한국어", lines.N_SHORT, 2),
        ("a b\n  a b  \na  b\nc", lines.N_DUPLICATE, 1),
        ("重复\n重复\n重复", lines.DUPLICATE_WIDTH, 8),
        ("....... … #", lines.N_ELLIPSIS, 3),
    ],
)
def test_what_the_measures_mean(text, column, expected):
    short = 5 if column == lines.N_SHORT else 0
    assert lines.measure(*buffers([text]), short)[0, column] == reference.lines(text, short)[column] == expected


def test_many_lines():
    text = "\n".join(f"line {number % 700}" for number in range(5000))
    assert lines.measure(*buffers(["x", text]), 30)[1].tolist() == reference.lines(text, 30)
