"""Decoding and character classes against Python's own reading of the same bytes."""

import numpy as np
import reference
from hypothesis import given
from strategies import buffers, documents, texts

from stages.kernels import utf8

NAMES = {"o": utf8.OTHER, "s": utf8.SPACE, "l": utf8.LETTER, "m": utf8.MARK, "d": utf8.DIGIT, "h": utf8.HAN,
         "u": utf8.UNSPACED, "p": utf8.PUNCTUATION, "y": utf8.SYMBOL, "j": utf8.JOINER}  # fmt: skip


@given(texts)
def test_decode_reads_every_character_forwards_and_backwards(text):
    data = np.frombuffer(text.encode() or b"\0", np.uint8)
    position = 0
    for character in text:
        code, size = utf8.decode(data, position)
        assert (code, size) == (ord(character), len(character.encode()))
        position += size
        assert utf8.decode_before(data, position) == (code, size)


def test_decode_reads_the_first_and_last_character_of_each_length():
    for code in (0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF):
        encoded = chr(code).encode()
        assert utf8.decode(np.frombuffer(encoded, np.uint8), 0) == (code, len(encoded))


def test_classes_agree_with_their_definition_everywhere():
    table = utf8.classes()
    for code in utf8.assigned_code_points():
        assert table[code] == NAMES[reference.kind(chr(code))], hex(code)


def test_the_code_points_left_out_are_all_of_class_other():
    skipped = [*range(0x40000, 0xE0000, 997), 0xDFFFF, 0xE0200, 0xEFFFF, 0xF0000, 0x10FFFF]
    assert {reference.kind(chr(code)) for code in skipped} == {"o"}
    assert utf8.classes()[skipped].sum() == 0


@given(documents)
def test_count_classes(values):
    counts = utf8.count_classes(*buffers(values))
    expected = [[sum(NAMES[reference.kind(c)] == k for c in text) for k in range(utf8.N_CLASSES)] for text in values]
    assert counts.tolist() == expected
