"""Open an input as a stream of bytes, decompressed by its suffix, in bounded memory.

A compressed file that breaks off raises InputError at the point where it does, and
several frames or members in a row (`cat a.zst b.zst`) are read as one stream.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, cast

import pyarrow as pa

from pipeline import storage
from pipeline.errors import InputError

CODECS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".xz": "xz"}
BUFFER_BYTES = 1 << 18
BOM = b"\xef\xbb\xbf"

_ESCAPED = re.compile("[\udc80-\udcff]+")


class _Stream(io.RawIOBase):
    """Bytes of `inner`, whose errors become an InputError that names the file."""

    def __init__(self, inner: Any, file: BinaryIO, location: str) -> None:
        self._inner, self._file, self._location = inner, file, location

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return int(self._inner.readinto(buffer))
        except (OSError, EOFError, lzma.LZMAError, pa.ArrowException) as error:
            raise InputError(
                f"cannot read {self._location} to its end ({error}): it is damaged or half-written, write it again"
            ) from error

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def codec_of(location: str) -> str:
    """The compression that a path's suffix says, or an empty string."""
    return next((codec for suffix, codec in CODECS.items() if location.lower().endswith(suffix)), "")


def open_input(location: str) -> BinaryIO:
    """A file's content as a buffered stream, decompressed if it ends in .gz, .zst, .bz2 or .xz.

    Raises InputError with the path: here if it cannot be opened, from `read` if it is damaged or breaks off.
    """
    file = storage.open_read(location)
    codec = codec_of(location)
    inner: Any = file
    if codec and not file.read(1):
        file.close()
        raise InputError(f"{location} has no content, not even a {codec} header: write it again")
    if codec:
        file.seek(0)
        inner = _decompressed(file, codec)
    return cast(BinaryIO, io.BufferedReader(_Stream(inner, file, location), BUFFER_BYTES))


def _decompressed(file: BinaryIO, codec: str) -> Any:
    if codec == "xz":  # which Arrow lacks
        return lzma.LZMAFile(file)
    if codec == "bz2":  # of which Arrow refuses an empty stream among others
        return bz2.BZ2File(file)
    return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), codec)


class Line(NamedTuple):
    """A line with its end. row: 0-based; data: at most the limit and a byte; whole: whether that is all of it."""

    row: int
    data: bytes
    whole: bool


def lines(file: BinaryIO, most: int) -> Iterator[Line]:
    """Lines of a stream without a byte order mark; of one over `most` bytes only the beginning is held in memory."""
    row = 0
    while data := file.readline(most + 1):
        whole = len(data) <= most
        rest = data
        while len(rest) > most and not rest.endswith(b"\n"):
            rest = file.readline(most + 1) or b"\n"
        yield Line(row, data.removeprefix(BOM) if row == 0 else data, whole)
        row += 1


def decode(data: bytes) -> str:
    """UTF-8 as text, with one lone surrogate for each ill-formed sequence.

    A sequence is what the Unicode standard replaces by one U+FFFD (its section 3.9, "maximal
    subpart"), so what counts lone surrogates counts as `bytes.decode(errors="replace")` would.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _ESCAPED.sub(_one_per_sequence, data.decode(errors="surrogateescape"))


def _one_per_sequence(run: re.Match[str]) -> str:
    return "\udcff" * len(run[0].encode(errors="surrogateescape").decode(errors="replace"))
