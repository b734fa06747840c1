"""Lines against Python's own splitting and stripping."""

import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from strategies import buffers, documents

from stages.kernels import lines

ragged = st.text(st.sampled_from("abc1 \t\n\n.…。．!-*•#}$\u3000中か가ไ\u0301️\"'…."), max_size=60)


@given(documents, st.sampled_from([0, 3, 30]))
def test_like_the_reference_on_any_text(texts, short):
    assert lines.measure(*buffers(texts), short).tolist() == [reference.lines(text, short) for text in texts]


@given(st.lists(ragged, max_size=4))
def test_like_the_reference_on_ragged_lines(texts):
    assert lines.measure(*buffers(texts), 5).tolist() == [reference.lines(text, 5) for text in texts]


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("  one \n\n\t\n```\n}\n$$\n⭐️⭐️\ntwo\n三\n4", lines.N_LINES, 4),
        ("He said “so.”\n他说。\n「好」\nno,", lines.N_TERMINAL, 3),
        ("That is all. (Reuters)\nis it? 5\nใช่ไหม? ครับ\n完了！（出自某書）\n完了呢．出自", lines.N_TERMINAL, 5),
        (
            "1. Home\nU.S. Senate\nfoo.bar.baz\nv. 2. 10\nwait... what\n图３．１４\nsay “so” now\na!b",
            lines.N_TERMINAL,
            0,
        ),
        ("- a\n• b\n◆丙\n*\tc\n－c\nd - e\n**f** g\n--h\n-5\n-", lines.N_BULLET, 4),
        ("wait...\n等等……\n...\nend .. .", lines.N_ELLIPSIS_END, 2),
        ("abc\n中\n中文\n한국\n한국어", lines.N_SHORT, 3),
        ("a b\n  a b  \na  b\nc\n}\n}\n```\n```", lines.N_DUPLICATE, 1),
        ("重复\n重复\n重复", lines.DUPLICATE_WIDTH, 12),
        ("....... … #", lines.N_ELLIPSIS, 3),
        ("# a ##\n#\n", lines.N_HASH, 4),
        ("가나 ab 각", lines.N_HANGUL, 3),
        ("ไทย ab ลาว ລາວ かな", lines.N_UNSTOPPED, 9),
    ],
)
def test_what_the_measures_mean(text, column, expected):
    short = 5 if column == lines.N_SHORT else 0
    assert lines.measure(*buffers([text]), short)[0, column] == reference.lines(text, short)[column] == expected


def test_many_lines():
    text = "\n".join(f"line {number % 700}" for number in range(5000))
    assert lines.measure(*buffers(["x", text]), 30)[1].tolist() == reference.lines(text, 30)


def test_a_huge_line_and_a_line_repeated_very_often():
    measures = lines.measure(*buffers(["中a " * 300_000, "一样。\n" * 300_000]), 30)
    assert measures[0, [lines.N_LINES, lines.WIDTH, lines.N_SHORT]].tolist() == [1, 5 * 300_000 - 1, 0]
    assert measures[1, [lines.N_LINES, lines.N_DUPLICATE, lines.N_TERMINAL]].tolist() == [300_000, 299_999, 300_000]
