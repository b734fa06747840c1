"""Characters against Python's `str` and `unicodedata`, and compression against a decoder of LZ4."""

import pyarrow as pa
import pytest
import reference_characters as reference
from hypothesis import given
from hypothesis import strategies as st
from strategies import buffers, documents, texts

from stages.kernels import characters, utf8

N_COUNTS = characters.CHAR_ENTROPY
repetitive = st.lists(st.sampled_from(["the cat ", "sat", "人人生而自由，", "在", ".", "\n"]), max_size=200).map(
    "".join
)


def measure(*values):
    """The measures as lists."""
    return characters.measure(*buffers(values)).tolist()


@given(documents)
def test_counts_like_the_reference(values):
    assert [row[:N_COUNTS] for row in measure(*values)] == [reference.counts(text) for text in values]


@given(st.lists(st.text(st.sampled_from("..….。a"), max_size=20), max_size=4))
def test_ellipses_as_str_counts_them(values):
    found = [row[characters.N_ELLIPSES] for row in measure(*values)]
    assert found == [text.count("...") + text.count("…") for text in values]


@pytest.mark.parametrize("n_dots", range(14))
def test_ellipses_wherever_they_begin(n_dots):
    values = [before * n_before + "." * n_dots + "b." * 9 for before in "a中" for n_before in range(17)]
    found = [row[characters.N_ELLIPSES] for row in measure(*values)]
    assert found == [n_dots // 3] * len(values)


def test_every_character_is_counted_as_the_reference_does():
    codes = utf8.assigned_code_points()
    parts = ["".join(map(chr, codes[first : first + 32])) for first in range(0, len(codes), 32)]
    for row, part in zip(measure(*parts), parts, strict=True):
        assert row[:N_COUNTS] == reference.counts(part), part


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("He said: “It's ok”, no?!", characters.N_QUOTES, 3),
        ("他说：「好」，《书》（上）…", characters.N_QUOTES, 2),
        ("他说：「好」，《书》（上）…", characters.N_BRACKETS, 4),
        ("他说：「好」，《书》（上）…", characters.N_COMMAS, 2),
        ("One. 二。३। ؟ ？ ?! ⁈ a…", characters.N_STOPS, 3),
        ("One. 二。३। ؟ ？ ?! ⁈ a…", characters.N_QUESTIONS, 4),
        ("One! 二！¡", characters.N_EXCLAMATIONS, 3),
        ("a-b — c–d", characters.N_DASHES, 3),
        ("ABc Ǆ ǅ 中Ж", characters.N_UPPER, 5),
        ("中文〇々 かなカナー ㄅ 한국 ไทย", characters.N_CJK, 12),
        ("中文〇々 かなカナー ㄅ 한국 ไทย", characters.N_HAN, 4),
        ("中文〇々 かなカナー ㄅ 한국 ไทย", characters.N_LETTERS, 15),
        ("{a}\ufffd#", characters.N_BRACES, 2),
        ("{a}\ufffd#", characters.N_REPLACEMENT, 1),
        ("\0\x07\x1b\ue000", characters.N_OTHER, 4),
        ("........", characters.N_ELLIPSES, 2),
    ],
)
def test_what_the_measures_mean(text, column, expected):
    assert measure(text)[0][column] == expected


@given(documents)
def test_every_character_is_of_one_kind(values):
    kinds = (
        characters.N_LETTERS, characters.N_DIGITS, characters.N_SPACES, characters.N_PUNCTUATION,
        characters.N_SYMBOLS, characters.N_MARKS, characters.N_OTHER,
    )  # fmt: skip
    for row in measure(*values):
        assert sum(row[kind] for kind in kinds) == row[characters.N_CHARS]


@given(documents)
def test_entropies_like_the_reference(values):
    for row, text in zip(measure(*values), values, strict=True):
        assert row[characters.CHAR_ENTROPY : characters.LZ_BYTES] == pytest.approx(reference.entropies(text), abs=0.51)


def test_entropies_of_planted_distributions():
    even = "".join(map(chr, range(0x4E00, 0x4E00 + 1024))) * 3
    often = "ab" * 5000 + "中文" * 5000  # counts beyond the table of terms
    marks = ".,?!" * 1500
    rows = measure(even, often, marks, "aaaa", "")
    assert [row[characters.CHAR_ENTROPY] for row in rows] == [100_000, 20_000, 20_000, 0, 0]
    assert [row[characters.PUNCTUATION_ENTROPY] for row in rows] == [0, 0, 20_000, 0, 0]


@given(st.lists(texts | repetitive, max_size=3))
def test_lz_bytes_are_those_of_a_block_that_lz4_can_read(values):
    found = [row[characters.LZ_BYTES] for row in measure(*values)]
    for text, n_bytes in zip(values, found, strict=True):
        data = text.encode()
        block = reference.lz4_block(data)
        assert len(block) == n_bytes
        if data:
            assert pa.decompress(block, len(data), codec="lz4_raw", asbytes=True) == data


@pytest.mark.parametrize(
    "text",
    [
        "a" * 5000,
        "中" * 5000,
        "".join(chr(0x4E00 + number * number % 20_000) for number in range(4000)),
        "x" * 40 + "".join(map(chr, range(0x100, 0x7000))) + "x" * 40,  # the copy lies beyond the window
        " ".join(f"{number % 97} {number % 89}" for number in range(3000)),
    ],
)
def test_lz_bytes_of_long_runs_and_long_texts(text):
    data = text.encode()
    block = reference.lz4_block(data)
    assert pa.decompress(block, len(data), codec="lz4_raw", asbytes=True) == data
    assert measure("before", text)[1][characters.LZ_BYTES] == len(block)


def test_lz_finds_a_copy_up_to_the_end_of_its_window():
    marker = "0123456789文字"
    far, too_far = (marker + "a" * (distance - 16) + marker + "b" * 12 for distance in (65_535, 65_536))
    sizes = [row[characters.LZ_BYTES] for row in measure(far, too_far)]
    assert sizes == [len(reference.lz4_block(text.encode())) for text in (far, too_far)]
    assert sizes[0] < sizes[1] - 8


def test_lz_bytes_are_near_those_of_lz4_itself():
    prose = " ".join(f"In {number} the {number * 7 % 31} ships of line {number % 13} sailed." for number in range(900))
    chinese = "。".join(f"第{number}章，{number * 7 % 31}艘船于{number % 13}时出海" for number in range(900))
    for text, n_bytes in ((text, measure(text)[0][characters.LZ_BYTES]) for text in (prose, chinese)):
        assert 0.8 < n_bytes / len(pa.compress(text.encode(), codec="lz4_raw", asbytes=True)) < 1.2


def test_a_document_does_not_depend_on_those_before():
    alone = [measure(text)[0] for text in ("same words, 同样的词。" * 30, "same words, 同样的词。" * 30, "end…")]
    assert measure("same words, 同样的词。" * 30, "same words, 同样的词。" * 30, "end…") == alone


def test_huge_documents():
    one_line, zeros = measure("中a " * 1_000_000, "\0" * 1_000_000)
    assert one_line[:2] == [3_000_000, 2_000_000] and one_line[characters.CHAR_ENTROPY] == 15_850
    assert one_line[characters.LZ_BYTES] < 25_000
    assert zeros[characters.N_OTHER] == 1_000_000
