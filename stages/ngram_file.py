"""The file of n-gram language models, one or one per language: written as a stream, read where it lies.

Letters: V words, n the length of n-grams, N the order (the greatest n), M n-grams, S slots, F the file's 8-byte words.

A file has, little-endian: the magic; arrays, each at a multiple of 16 bytes; `footer`, JSON that says where they are
and what is known of the models (`about`); the footer's length in 8 bytes; the magic again. The n-grams of each length
are a table of slots: uint64 key, float32 log10 of the probability, float32 log10 of the back-off weight. With B buckets
the n-gram of a key belongs at ((key >> 32) * B) >> 32; they stand in ascending order of their keys, each there or after
the one before it, so that a search goes on until it finds the key, a greater one, or an empty slot (key 0): linear
probing (Knuth, The Art of Computer Programming, 6.4) in the order of Amble and Knuth (1974), which can be written from
front to back. The ids of their tokens follow in the same order, for those who want to list them.
"""

from __future__ import annotations

import itertools
import json
import mmap
import os
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError, shortened

from .ngram_pieces import PIECES, Pieces
from .ngram_table import MAX_SHIFT, TableWriter
from .ngram_words import MARKS

MAGIC = b"CMngram1"
FORMAT = 1
ALIGNMENT = 16
MAX_ORDER = 6
MAX_WORDS = 2**31 - 1
MAX_FOOTER = 16_000_000
"""Bytes: 200 languages with sketches in which every bin of perplexities up to 10^7 is used have less."""
KINDS = ("spaces", "words", "characters", PIECES)

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Uint64s = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float32]


class Tables(NamedTuple):
    """What kernels search: all of a file, and where in it the slots of n-grams of length 1 to N are.

    keys uint64[F]; values float32[2 F], the same bytes; at int64[N], the place of the first slot in `keys`; buckets
    uint64[N]; slots int64[N]; shifts int64[N]. Slot s of length n is keys[at + 2 s], its probability
    values[2 (at + 2 s) + 2], its back-off values[2 (at + 2 s) + 3].
    """

    keys: Uint64s
    values: Floats
    at: Int64s
    buckets: Uint64s
    slots: Int64s
    shifts: Int64s


class Words(NamedTuple):
    """The written forms of all tokens: word i is data[offsets[i]:offsets[i + 1]]; uint8[...], int64[V+1]."""

    data: Bytes
    offsets: Int64s

    def to_list(self) -> list[bytes]:
        """All words by id; the first three are the marks."""
        text, places = self.data.tobytes(), self.offsets.tolist()
        return [text[start:stop] for start, stop in itertools.pairwise(places)]


class Model(NamedTuple):
    """A model. order: 1 to 6; tokens: a kind of `ngram_tokens` or `pieces`; unseen: log10, added for each context that
    is in no table; ids: int32[M, n] for each n, in the order of the table's keys; pieces: what cuts text into tokens
    in kind `pieces`."""

    order: int
    tokens: str
    unseen: float
    tables: Tables
    words: Words
    ids: tuple[Int32s, ...]
    pieces: Pieces | None

    def table(self, n: int) -> tuple[Uint64s, Floats, Floats]:
        """keys, log10 probabilities and log10 back-offs of the n-grams of one length, [M] each, as `ids` has them."""
        first, size = int(self.tables.at[n - 1]), 2 * int(self.tables.slots[n - 1])
        keys = self.tables.keys[first : first + size : 2]
        values = self.tables.values[2 * first : 2 * (first + size)].reshape(-1, 4)
        used = np.flatnonzero(keys)
        return keys[used], values[used, 2], values[used, 3]


class Lm(NamedTuple):
    """The models of a file by language, and what is known of them."""

    models: dict[str, Model]
    about: dict[str, Any]


class Writer:
    """Writes a file from front to back: `begin` a language, its tables from n = 1 to the order, and `finish`."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._at = out, 0
        self._languages: dict[str, dict[str, Any]] = {}
        self._current: dict[str, Any] = {}
        self._write(MAGIC)

    def begin(
        self, language: str, order: int, tokens: str, unseen: float, words: list[bytes], tokenizer: bytes = b""
    ) -> None:
        """A model of this language follows. words: by id, marks first; tokenizer: a `tokenizer.json`, for pieces."""
        assert language not in self._languages and tuple(words[:3]) == MARKS and len(words) <= MAX_WORDS
        assert 1 <= order <= MAX_ORDER and tokens in KINDS and (tokens == PIECES) == bool(tokenizer)
        self._check_complete()
        offsets = np.zeros(len(words) + 1, "<i8")
        np.cumsum([len(word) for word in words], out=offsets[1:])
        self._current = {
            "order": order,
            "tokens": tokens,
            "unseen": float(unseen),
            "n_words": len(words),
            "word_offsets": self._array(offsets.tobytes()),
            "words": self._array(b"".join(words)),
            "tables": [],
            "tokenizer": self._array(tokenizer),
            "n_tokenizer": len(tokenizer),
        }
        self._languages[language] = self._current

    def table(self, n: int, most: int) -> TableWriter:
        """The table of n-grams of length n, at most so many; close it before the next."""
        assert n == len(self._current["tables"]) + 1 <= self._current["order"]
        return TableWriter(self, n, most)

    @property
    def n_ngrams(self) -> list[int]:
        """How many n-grams of each length the language has that was begun last, in the tables that are written."""
        return [table["n_ngrams"] for table in self._current["tables"]]

    def finish(self, about: dict[str, Any]) -> None:
        """The end of the file. about: JSON-ready."""
        self._check_complete()
        content = {"format": FORMAT, "about": about, "languages": self._languages}
        self._write(_ending(content))

    def _check_complete(self) -> None:
        assert not self._current or len(self._current["tables"]) == self._current["order"], "a table is missing"

    def _write(self, content: Any) -> None:
        self._out.write(content)
        self._at += len(content)

    def _align(self) -> int:
        """Go on at a multiple of 16 bytes; where that is."""
        self._write(bytes(-self._at % ALIGNMENT))
        return self._at

    def _array(self, content: bytes) -> int:
        """Write an array; where it begins."""
        at = self._align()
        self._write(content)
        return at


def _ending(content: dict[str, Any]) -> bytes:
    """The footer and what follows it."""
    footer = json.dumps(content, ensure_ascii=False).encode()
    assert len(footer) <= MAX_FOOTER
    return footer + len(footer).to_bytes(8, "little") + MAGIC


def read(path: str) -> Lm:
    """The models of a file, which stays open as a memory map. Raises InputError if it cannot be used."""
    try:
        with open(path, "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise ValueError("it is empty")
            return parse(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), path)
    except (ValueError, OSError, MemoryError) as error:
        raise refused(path, error) from error


def about_of(file: BinaryIO) -> dict[str, Any]:
    """What is known of the models, from the end of an open, seekable file of ours. Raises InputError."""
    try:
        size = file.seek(0, os.SEEK_END)
        ending = _at(file, max(0, size - 16), 16)
        n_bytes = _footer_size(ending, size)
        about: dict[str, Any] = _footer(_at(file, size - 16 - n_bytes, n_bytes))["about"]
        return about
    except ValueError as error:
        raise refused("the language model", error) from error


def write_with(file: BinaryIO, about: dict[str, Any], out: BinaryIO) -> None:
    """Write an open file of ours anew, with this in the place of what was known of its models. Raises InputError."""
    try:
        size = file.seek(0, os.SEEK_END)
        n_bytes = _footer_size(_at(file, max(0, size - 16), 16), size)
        footer = _footer(_at(file, size - 16 - n_bytes, n_bytes))
    except ValueError as error:
        raise refused("the language model", error) from error
    file.seek(0)
    left = size - 16 - n_bytes
    while left:
        block = file.read(min(left, 1 << 20))
        out.write(block)
        left -= len(block)
    out.write(_ending({**footer, "about": about}))


def refused(name: str, error: Exception) -> InputError:
    """What tells a user that a file is no language model."""
    if isinstance(error, InputError):
        return error
    said = shortened(str(error))
    return InputError(f"{name} is not a usable n-gram language model ({said}): train it again, or fetch it again")


def _at(file: BinaryIO, at: int, n_bytes: int) -> bytes:
    file.seek(at)
    return file.read(n_bytes)


def _footer_size(ending: bytes, size: int) -> int:
    """The length of the footer, from the last 16 bytes."""
    n_bytes = int.from_bytes(ending[:8], "little")
    if ending[8:] != MAGIC:
        raise ValueError("it does not end as a file of ours")
    if n_bytes > min(size - 16 - len(MAGIC), MAX_FOOTER):
        raise ValueError("its footer is longer than it can be")
    return n_bytes


def _footer(content: bytes) -> dict[str, Any]:
    try:
        footer = json.loads(content)
    except RecursionError as error:
        raise ValueError("its footer is nested too deeply") from error
    if not isinstance(footer, dict) or footer.get("format") != FORMAT:
        raise ValueError(f"it is not of format {FORMAT}")
    if not isinstance(footer.get("about"), dict) or not isinstance(footer.get("languages"), dict):
        raise ValueError("its footer does not tell of models")
    return footer


def parse(data: Any, name: str) -> Lm:
    """The models in the content of a file (bytes, or what has the buffer protocol). Raises ValueError, InputError.

    name: what an error calls it. Nothing is copied but words' offsets are looked at, so that any bytes are safe.
    """
    size = len(data)
    if size < 32 or bytes(data[: len(MAGIC)]) != MAGIC:
        raise ValueError("it does not begin as a file of ours")
    n_bytes = _footer_size(bytes(data[size - 16 :]), size)
    footer = _footer(bytes(data[size - 16 - n_bytes : size - 16]))
    reader = _Reader(data, size - 16 - n_bytes, name)
    return Lm({code: reader.model(fields) for code, fields in footer["languages"].items()}, footer["about"])


class _Reader:
    """Arrays of a file, none of which may reach beyond its footer."""

    def __init__(self, data: Any, end: int, name: str) -> None:
        self._data, self._end, self._name = data, end, name
        self._keys = np.frombuffer(data, "<u8", end // 8)
        self._values = np.frombuffer(data, "<f4", end // 8 * 2)

    def model(self, fields: Any) -> Model:
        """A model from its fields in the footer."""
        if not isinstance(fields, dict):
            raise ValueError("a model has no fields")
        order, kind, unseen = _count(fields, "order", MAX_ORDER), fields.get("tokens"), fields.get("unseen")
        tables = fields.get("tables")
        if order < 1 or kind not in KINDS or type(unseen) is not float or not -1000 <= unseen <= 0:
            raise ValueError("a model has no usable order, tokens or unseen")
        if not isinstance(tables, list) or len(tables) != order:
            raise ValueError("a model has not as many tables as its order")
        words = self._words(fields)
        ids = tuple(self._ids(table, n + 1) for n, table in enumerate(tables))
        found = self._tables(tables)
        n_words = len(words.offsets) - 1
        if len(ids[0]) != n_words or n_words < len(MARKS):
            raise ValueError("a model does not have one n-gram of length 1 for each word")
        pieces = None
        if kind == PIECES:
            at, size = _count(fields, "tokenizer"), _count(fields, "n_tokenizer")
            pieces = Pieces(self._array(at, np.dtype("u1"), size).tobytes(), f"the tokenizer in {self._name}")
        return Model(order, kind, unseen, found, words, ids, pieces)

    def _array(self, at: int, dtype: np.dtype[Any], n: int) -> Any:
        if at % ALIGNMENT or at + n * dtype.itemsize > self._end:
            raise ValueError("an array is not where it could be")
        return np.frombuffer(self._data, dtype, n, at)

    def _words(self, fields: dict[str, Any]) -> Words:
        n_words = _count(fields, "n_words", MAX_WORDS)
        offsets = self._array(_count(fields, "word_offsets"), np.dtype("<i8"), n_words + 1)
        if offsets[0] != 0 or (offsets[1:] < offsets[:-1]).any():
            raise ValueError("words end before they begin")
        found = Words(self._array(_count(fields, "words"), np.dtype("u1"), int(offsets[-1])), offsets)
        if n_words < len(MARKS) or found.data[: offsets[3]].tobytes() != b"".join(MARKS):
            raise ValueError(f"its first words are not {b' '.join(MARKS).decode()}")
        return found

    def _ids(self, table: Any, n: int) -> Int32s:
        if not isinstance(table, dict):
            raise ValueError("a table has no fields")
        n_ngrams = _count(table, "n_ngrams")
        ids: Int32s = self._array(_count(table, "ids"), np.dtype("<i4"), n_ngrams * n).reshape(n_ngrams, n)
        return ids

    def _tables(self, tables: list[dict[str, Any]]) -> Tables:
        for table in tables:
            slots, buckets = _count(table, "slots"), _count(table, "buckets", (1 << 32) - 1)
            self._array(_count(table, "at"), np.dtype("V16"), slots)
            if not slots or not buckets or _count(table, "shift", MAX_SHIFT) > slots:
                raise ValueError("a table has no usable size")

        def column(field: str) -> Int64s:
            return np.array([table[field] for table in tables], np.int64)

        at, of_keys = column("at") // 8, column("buckets").astype(np.uint64)
        return Tables(self._keys, self._values, at, of_keys, column("slots"), column("shift"))


def _count(fields: dict[str, Any], name: str, most: int = 1 << 60) -> int:
    """A field that is an integer from 0 to `most`."""
    value = fields.get(name)
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"'{name}' in its footer is no number from 0 to {most:,}")
    return value
