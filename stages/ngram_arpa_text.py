"""The text of an ARPA file, parsed: its words and n-grams, or which line is wrong.

Letters: V words, n the length of n-grams, M n-grams, R those of a block of the file. Numbers are log10.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.errors import shortened

from .ngram_file import MAX_ORDER
from .ngram_table import distinct
from .ngram_words import MARKS

BLOCK_BYTES = 1 << 22
"""Text that is parsed at a time; no line may have more."""
MAX_UNPACKED = 30
"""Times its size that a file may have when it is unpacked; gzip makes files of this kind 3 to 10 times smaller. What is
read has a memory of some 20 times its text, and so a small file cannot take all there is."""
MAX_LOG = 1000.0
"""The log10 of a probability or weight lies within this; scores are cut there too (`kernels.ngram_score`)."""
MISSING_UNKNOWN = -100.0
"""log10 of the probability of `<unk>` where a file does not have it, as kenlm has it."""
OTHER_UNKNOWN = b"<UNK>"
"""What some files call `<unk>`."""
CODECS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
"""How a compressed file begins."""
COUNT = re.compile(rb"ngram[ \t]+(\d+)[ \t]*=[ \t]*(\d+)\s*")
NUMBER = re.compile(rb"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


class Level(NamedTuple):
    """n-grams of one length: ids int32[M, n], keys uint64[M], log10 of probabilities and weights float32[M]."""

    ids: npt.NDArray[np.int32]
    keys: npt.NDArray[np.uint64]
    probs: npt.NDArray[np.float32]
    backoffs: npt.NDArray[np.float32]

    def sorted(self) -> Level:
        """In ascending order of the keys."""
        by_key = np.argsort(self.keys, kind="stable")
        return Level(self.ids[by_key], self.keys[by_key], self.probs[by_key], self.backoffs[by_key])

    def joined(self, other: Level) -> Level:
        """These n-grams and those of another level, as they come."""
        ids, keys = np.concatenate([self.ids, other.ids]), np.concatenate([self.keys, other.keys])
        return Level(
            ids, keys, np.concatenate([self.probs, other.probs]), np.concatenate([self.backoffs, other.backoffs])
        )

    def places(self, keys: Any) -> npt.NDArray[np.int64]:
        """Where these keys are, or -1; the level is sorted."""
        if not len(self.keys):
            return np.full(len(keys), -1)
        found = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[found] == keys, found, -1)


class Text:
    """The lines of an ARPA file, one by one or in blocks, and the number of the last."""

    def __init__(self, file: BinaryIO) -> None:
        at = file.tell()
        self._left = MAX_UNPACKED * (file.seek(0, io.SEEK_END) - at) + BLOCK_BYTES
        file.seek(at)
        self._file, self._data, self._at, self.number = _unpacked(file), b"", 0, 0

    def next(self) -> bytes:
        """The next line that is not blank, stripped. Raises ValueError at the end of the file."""
        while True:
            stop = self._data.find(b"\n", self._at)
            while stop < 0 and self._fill():
                stop = self._data.find(b"\n", self._at)
            if self._at == len(self._data):
                raise ValueError(f"it ends after line {self.number}, before \\end\\")
            line = self._data[self._at : stop if stop >= 0 else None].strip()
            self.skip(len(self._data) - self._at if stop < 0 else stop + 1 - self._at, 1)
            if line:
                return line

    def block(self) -> npt.NDArray[np.uint8]:
        """The next whole lines, uint8[...]; none at the end of the file. Tell with `skip` what of them was read."""
        stop = self._data.rfind(b"\n", self._at) + 1
        while stop <= self._at and self._fill():
            stop = self._data.rfind(b"\n", self._at) + 1
        stop = stop if stop > self._at else len(self._data)
        return np.frombuffer(self._data, np.uint8, stop - self._at, self._at)

    def skip(self, n_bytes: int, n_lines: int) -> None:
        """Go on behind what was read."""
        self._at += n_bytes
        self.number += n_lines

    def _fill(self) -> bool:
        """Read on; whether there was anything."""
        if len(self._data) - self._at > BLOCK_BYTES:
            raise ValueError(f"line {self.number + 1}: it has over {BLOCK_BYTES:,} bytes")
        more = self._file.read(BLOCK_BYTES)
        self._left -= len(more)
        if self._left < 0:
            raise ValueError(f"it unpacks to over {MAX_UNPACKED} times its size")
        self._data, self._at = self._data[self._at :] + more, 0
        return bool(more)

    def error(self, what: str) -> ValueError:
        """A ValueError that names the last line."""
        return ValueError(f"line {self.number}: {what}")

    def check_ended(self) -> None:
        """Raises ValueError if anything follows."""
        while self._at < len(self._data) or self._fill():
            rest = self._data[self._at :]
            if rest.strip():
                line = self.number + 1 + rest[: len(rest) - len(rest.lstrip())].count(b"\n")
                raise ValueError(f"line {line}: there is more after \\end\\")
            self.skip(len(rest), rest.count(b"\n"))


def _unpacked(file: BinaryIO) -> Any:
    """A file, uncompressed if its first bytes are those of a compressed one."""
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(file)  # type: ignore[type-var]
    first = buffered.peek(4)[:4]
    for magic, codec in CODECS.items():
        if first.startswith(magic):
            return io.BufferedReader(pa.CompressedInputStream(buffered, codec), BLOCK_BYTES)
    return buffered


def parsed(file: BinaryIO) -> tuple[list[bytes], list[Level]]:
    """The words by id, the marks first, and the levels, each sorted and with every key once. Raises ValueError."""
    text = Text(file)
    counts = _counts(text)
    words, unigrams, are_one = _unigrams(text, counts[0], len(counts) == 1)
    levels = [unigrams]
    for n in range(2, len(counts) + 1):
        if (line := text.next()) != b"\\%d-grams:" % n:
            told = f"the {n - 1}-grams are more than the {counts[n - 2]:,} that the file says it has, or"
            raise text.error(f"{told} \\{n}-grams: is missing: {quoted(line)}")
        levels.append(_distinct(_section(text, n, counts[n - 1], n == len(counts), unigrams), words, are_one))
    if (line := text.next()) != b"\\end\\":
        raise text.error(f"here should be \\end\\, not {quoted(line)}")
    text.check_ended()
    return words, levels


def _counts(text: Text) -> list[int]:
    """How many n-grams of length 1, 2, ... the file says to have; its header of the 1-grams is read."""
    line = text.next()
    while line.startswith(b"#"):
        line = text.next()
    if line != b"\\data\\":
        raise text.error(f"here should be \\data\\, not {quoted(line)}")
    counts: list[int] = []
    while (line := text.next()) != b"\\1-grams:":
        found = COUNT.fullmatch(line)
        if not found or int(found[1][:9]) != len(counts) + 1 or len(found[2]) > 15:
            raise text.error(f"here should be ngram {len(counts) + 1}=COUNT or \\1-grams:, not {quoted(line)}")
        counts.append(int(found[2]))
        if len(counts) > MAX_ORDER:
            raise text.error(f"n-grams of more than {MAX_ORDER} words are not supported")
    if not counts:
        raise text.error("it does not say how many n-grams there are")
    return counts


class _Entries(NamedTuple):
    """n-grams of a block: probabilities and weights float64[R], hashes uint64[R, n], rows int64[R, 7] as the kernel has
    them, and the block, uint8[...]."""

    probs: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    hashes: npt.NDArray[np.uint64]
    rows: npt.NDArray[np.int64]
    block: npt.NDArray[np.uint8]


def _entries(text: Text, n: int, count: int, is_longest: bool) -> Iterator[_Entries]:
    """`count` n-grams, block by block, their numbers checked; meanwhile `text.number` is the line before the block."""
    from .kernels import ngram_arpa as kernel

    left = count
    while left:
        block = text.block()
        status, n_bytes, n_lines, rows, hashes = kernel.entries_kernel(block, n, left)
        probs = _numbers(text, block, rows, kernel.PROB)
        weights = _numbers(text, block, rows, kernel.WEIGHT)
        _refuse(text, rows, probs > 0, "the logarithm of a probability is above 0")
        _refuse(text, rows, (weights != 0) & is_longest, "one of the longest n-grams has a back-off weight")
        yield _Entries(probs, weights, hashes, rows, block)
        text.skip(n_bytes, n_lines)
        left -= len(rows)
        if not left:
            return
        if status == kernel.ENDED and len(block):
            continue
        line = text.next()  # it is at fault, or there is none
        if status == kernel.OTHER_SECTION:
            raise text.error(f"here the {n}-grams end after {count - left:,}, but the file says it has {count:,}")
        raise text.error(f"this is no {n}-gram, a number before it and perhaps one after: {quoted(line)}")


def _refuse(text: Text, rows: Any, is_wrong: Any, what: str) -> None:
    if is_wrong.any():
        raise ValueError(f"line {text.number + 1 + rows[is_wrong][0][0]}: {what}")


def _numbers(text: Text, block: Any, rows: Any, column: int) -> npt.NDArray[np.float64]:
    """The numbers in a column of a block's rows, float64[R]; 0 where there is none."""
    from .kernels.ngram_arpa import texts_kernel

    values = np.zeros(len(rows))
    given = np.flatnonzero(rows[:, column + 1])
    data, offsets = texts_kernel(block, rows[given, column], rows[given, column + 1])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    texts = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(given), buffers)
    try:
        values[given] = texts.cast(pa.large_string()).cast(pa.float64())
    except pa.ArrowInvalid:  # it does not say where, nor does it read +1
        found = (float(one) if NUMBER.fullmatch(one) else math.nan for one in texts.to_pylist())
        values[given] = np.fromiter(found, np.float64, len(given))
    is_wrong = ~(np.abs(values) <= MAX_LOG)
    if is_wrong.any():
        row = np.flatnonzero(is_wrong)[0]
        said = quoted(block[rows[row, column] : rows[row, column + 1]].tobytes())
        _refuse(text, rows, is_wrong, f"{said} is no number from -{MAX_LOG:.0f} to {MAX_LOG:.0f}")
    return values


def _unigrams(text: Text, count: int, is_longest: bool) -> tuple[list[bytes], Level, Any]:
    """The words, the marks first, the level of the 1-grams, and the ids that stand for several words of one hash."""
    from .kernels.ngram_arpa import WORD, WORD_STOP
    from .kernels.ngram_tokens import hashes_of

    found: dict[bytes, tuple[float, float]] = {}
    for some in _entries(text, 1, count, is_longest):
        content = some.block.tobytes()
        numbers = zip(some.probs.tolist(), some.weights.tolist(), strict=True)
        for row, both in zip(some.rows.tolist(), numbers, strict=True):
            spelled = content[row[WORD] : row[WORD_STOP]]
            word = MARKS[0] if spelled == OTHER_UNKNOWN else spelled
            if word in found:
                raise ValueError(f"line {text.number + 1 + row[0]}: {quoted(spelled)} stands there twice")
            found[word] = both
    found.setdefault(MARKS[0], (MISSING_UNKNOWN, 0.0))
    for mark in MARKS:
        if mark not in found:
            raise ValueError(f"{mark.decode()} is no 1-gram")
    words = [*MARKS, *(word for word in found if word not in MARKS)]
    _, firsts, n_words = np.unique(hashes_of(words), return_index=True, return_counts=True)
    are_one = np.searchsorted(np.sort(firsts), firsts[n_words > 1])
    words = [words[first] for first in np.sort(firsts).tolist()]
    values = np.array([found[word] for word in words], np.float32)
    ids = np.arange(len(words), dtype=np.int32)[:, None]
    return words, Level(ids, hashes_of(words), values[:, 0], values[:, 1]).sorted(), are_one


def _section(text: Text, n: int, count: int, is_longest: bool, unigrams: Level) -> Level:
    """The n-grams of one length, sorted."""
    from .kernels.ngram_tokens import hashes_of, keys

    unknown, other = hashes_of([MARKS[0], OTHER_UNKNOWN])
    probs, weights = [np.zeros(0, np.float32)], [np.zeros(0, np.float32)]
    places = [np.zeros((0, n), np.int32)]
    for some in _entries(text, n, count, is_longest):
        some.hashes[some.hashes == other] = unknown
        places.append(unigrams.places(some.hashes).astype(np.int32))
        is_strange = (places[-1] < 0).any(axis=1)
        if is_strange.any():
            row = some.rows[is_strange][0]
            line = some.block[row[1] :].tobytes().split(b"\n", 1)[0]
            word = line.split()[1 + int(np.flatnonzero(places[-1][is_strange][0] < 0)[0])]
            _refuse(text, some.rows, is_strange, f"{quoted(word)} is no 1-gram")
        probs.append(some.probs.astype(np.float32))
        weights.append(some.weights.astype(np.float32))
    all_places = np.concatenate(places)
    keys_M = keys(unigrams.keys, all_places)
    return Level(unigrams.ids[:, 0][all_places], keys_M, np.concatenate(probs), np.concatenate(weights)).sorted()


def _distinct(level: Level, words: list[bytes], are_one: Any) -> Level:
    """A sorted level with each key once. Raises ValueError if an n-gram is there twice.

    are_one: ids that stand for several words, so that n-grams with them may be the same.
    """
    again = np.flatnonzero(level.keys[1:] == level.keys[:-1])
    found, counts = np.unique(level.ids[np.union1d(again, again + 1)], axis=0, return_counts=True)
    twice = found[(counts > 1) & ~np.isin(found, are_one).any(axis=1)]
    if len(twice):
        ngram = b" ".join(words[one] for one in twice[0])
        raise ValueError(f"the n-gram {quoted(ngram)} stands there twice")
    return Level(*(column[distinct(level.keys, level.ids)] for column in level))


def quoted(text: bytes) -> str:
    """A piece of the file, for a message."""
    return f"'{shortened(text.decode(errors='replace'), 80)}'"
