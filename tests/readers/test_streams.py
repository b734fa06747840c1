"""Streams: decompression by suffix, files that break off, lines, broken UTF-8."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tracemalloc

import fsspec
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.readers.streams import Line, decode, lines, open_input

TEXT = "".join(f"第 {n} 行, line {n} 🙂\n" for n in range(5000)).encode()
SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip"
PACK = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress, ".bz2": bz2.compress, ".xz": lzma.compress}
SUFFIXES = sorted(PACK)


def unpack(path):
    with open_input(str(path)) as file:
        return file.read()


@pytest.mark.parametrize("suffix", ["", *SUFFIXES])
def test_content_comes_back(write, suffix):
    assert unpack(write(f"a{suffix}", PACK.get(suffix, bytes)(TEXT))) == TEXT


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_several_frames_are_one_stream(write, suffix):
    assert unpack(write(f"a{suffix}", PACK[suffix](TEXT) + PACK[suffix](b"") + PACK[suffix](b"end"))) == TEXT + b"end"


def test_zst_skippable_frames_are_skipped(write):
    assert unpack(write("a.zst", SKIPPABLE + PACK[".zst"](TEXT) + SKIPPABLE)) == TEXT


def test_zst_without_content_size(write):
    compressor = zstandard.ZstdCompressor().compressobj()
    assert unpack(write("a.zst", compressor.compress(TEXT) + compressor.flush())) == TEXT


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("lost", [1, 5, 0.5, 0.999])
def test_half_written_names_the_file(write, suffix, lost):
    packed = PACK[suffix](TEXT)
    for whole in (b"", packed):  # also in the second frame
        path = write(f"a{suffix}", whole + packed[: -int(lost if lost >= 1 else len(packed) * lost)])
        with pytest.raises(InputError, match=rf"{path}.*half-written"):
            unpack(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"this was never compressed"])
def test_not_compressed_names_the_file(write, suffix, content):
    path = write(f"a{suffix}", content)
    with pytest.raises(InputError, match=str(path)):
        unpack(path)


@pytest.mark.parametrize("name", ["folder", "absent", "link"])
def test_unreadable(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=f"cannot read .*{name}"):
        open_input(str(tmp_path / name))


def test_url():
    with fsspec.open("memory://streams/a.zst", "wb") as file:
        file.write(PACK[".zst"](TEXT))
    assert unpack("memory://streams/a.zst") == TEXT


def test_memory_is_bounded(write):
    path = write("a.zst", PACK[".zst"](b"0" * 99 + b"\n") * 1 + PACK[".zst"]((b"x" * 999 + b"\n") * 100_000))
    tracemalloc.start()
    with open_input(str(path)) as file:
        assert sum(1 for _ in lines(file, 5000)) == 100_001
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()


def test_lines_count_blank_ones_and_keep_their_ends():
    assert [line.data for line in lines(io.BytesIO(b"\xef\xbb\xbfa\r\n\n\xef\xbb\xbfb"), 10)] == [
        b"a\r\n",
        b"\n",
        b"\xef\xbb\xbfb",
    ]
    assert list(lines(io.BytesIO(b""), 10)) == []


def test_long_lines_are_cut_and_numbered():
    data = b"1234567890\n" + b"x" * 35 + b"\n" + b"12345678901\nend"
    assert list(lines(io.BytesIO(data), 11)) == [
        Line(0, b"1234567890\n", True),
        Line(1, b"x" * 12, False),
        Line(2, b"12345678901\n"[:12], False),
        Line(3, b"end", True),
    ]


@given(st.binary() | st.text().map(str.encode))
@example("中文🙂".encode()[:-1])
@example(b"\xf0\x9f\x98a\xe4\xb8\xe4\xb8\xad\xff\xff")
@example(b"\xed\xa0\x80\xc0\xaf")
def test_decode_marks_what_python_replaces(data):
    text = decode(data)
    real = data.count("\ufffd".encode())
    marks = sum("\ud800" <= char <= "\udfff" for char in text)
    assert text.replace("\udcff", "\ufffd") == data.decode(errors="replace")
    assert marks == data.decode(errors="replace").count("\ufffd") - real
