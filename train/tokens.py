"""The formats of token shards and of the packed folder: what writes them and what reads them.

Token shard: `{name}.npy`, 1-D, documents one after another, each `[EOT] t1 .. tn [EOT]`, and
`{name}.docs.arrow`, a row per document. Packed shard: `{name}.npy`, [n, T+1], each row whole
pieces of documents one after another and then EOT as padding, and `{name}.docs.arrow`, a row per
piece. A piece of m tokens has m-1 predicted pairs; "tokens" in every count means predicted pairs.
What is read is not trusted: sizes, bounds and names are checked, nothing is ever unpickled.

Letters: N documents, K pieces, n sequences, T predicted positions of a sequence, V vocabulary.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from .errors import DataError

FORMAT = 1
SIDES = ("train", "validation")
DTYPES = ("uint16", "uint32", "int32")
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '(<u2|<u4|<i4)', 'fortran_order': False, 'shape': \((\d{1,18}),(?: (\d{1,18}))?\), \} *\n"
)
DOCUMENTS = pa.schema([("uid", pa.string()), ("start", pa.int64()), ("n_tokens", pa.int64()), ("n_bytes", pa.int64())])
PIECES = pa.schema(
    [
        ("sequence", pa.int32()),
        ("start", pa.int32()),
        ("n_tokens", pa.int32()),
        ("uid", pa.string()),
        ("part", pa.int32()),
    ]
)
_SOURCE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SHARD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def token_dtype(vocab_size: int) -> np.dtype[Any]:
    """uint16 where every id of the vocabulary fits, else uint32."""
    return np.dtype(np.uint16 if vocab_size <= 1 << 16 else np.uint32)


def write_array(file: BinaryIO, array: np.ndarray) -> None:
    """Write an array of uint16, uint32 or int32 as .npy, version 1.0."""
    assert array.dtype.name in DTYPES
    np.lib.format.write_array(file, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)


def _damaged(what: str, why: object) -> DataError:
    return DataError(f"{what} is damaged ({why}): make the data folder again, or copy it again")


def _name_of(file: BinaryIO) -> str:
    return str(getattr(file, "name", "the file"))


def _read_header(file: BinaryIO, what: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Type and shape at the head of a .npy; only what `write_array` writes (numpy's reader evaluates an expression)."""
    head = file.read(10)
    found = _HEADER.fullmatch(file.read(int.from_bytes(head[8:], "little"))) if head[:8] == _MAGIC else None
    if not found:
        raise _damaged(what, f"not an array of {', '.join(DTYPES)} in .npy 1.0")
    return np.dtype(found[1].decode()), tuple(int(size) for size in found.groups()[1:] if size)


def _check_size(what: str, n_bytes: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    expected = dtype.itemsize * math.prod(shape)
    if n_bytes != expected:
        raise _damaged(what, f"{n_bytes:,} bytes instead of {expected:,}")


def read_array(file: BinaryIO) -> np.ndarray:
    """Read a whole .npy of tokens (uint16, uint32 or int32) from an open file.

    Raises DataError if it is damaged, of another type, or not as long as it says.
    """
    what = _name_of(file)
    dtype, shape = _read_header(file, what)
    data = file.read()
    _check_size(what, len(data), dtype, shape)
    return np.frombuffer(data, dtype).reshape(shape)


def open_array(path: str) -> np.memmap:
    """Map a .npy of tokens (uint16, uint32 or int32) into memory, read-only.

    Raises DataError if it is missing, damaged, of another type, or not as long as it says.
    """
    try:
        with open(path, "rb") as file:
            dtype, shape = _read_header(file, path)
            begin = file.tell()
            _check_size(path, os.fstat(file.fileno()).st_size - begin, dtype, shape)
            return np.memmap(file, dtype, "r", begin, shape)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def write_table(file: BinaryIO, table: pa.Table) -> None:
    """Write a table as an Arrow IPC file, zstd."""
    options = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
    with pa.ipc.new_file(file, table.schema, options=options) as writer:
        writer.write_table(table)


def write_documents(file: BinaryIO, uids: Any, starts: Any, n_tokens: Any, n_bytes: Any) -> None:
    """Write the table of a token shard's documents: four columns of N values, in the order of their tokens."""
    columns = [
        pa.array(values, field.type) for values, field in zip((uids, starts, n_tokens, n_bytes), DOCUMENTS, strict=True)
    ]
    write_table(file, pa.Table.from_arrays(columns, schema=DOCUMENTS))


def _read_table(file: BinaryIO, schema: pa.Schema) -> pa.Table:
    what = _name_of(file)
    try:
        table = pa.ipc.open_file(file).read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last: of a column's name
        raise _damaged(what, error) from error
    if not table.schema.equals(schema):
        raise _damaged(what, f"its columns are {', '.join(table.schema.names)}, not {', '.join(schema.names)}")
    if any(column.null_count for column in table.columns):
        raise _damaged(what, "a value is missing")
    return table


def read_documents(file: BinaryIO) -> pa.Table:
    """Read a table that `write_documents` wrote: uid string, start, n_tokens, n_bytes int64[N].

    Raises DataError if it is damaged or its documents do not follow one another without gaps.
    """
    table = _read_table(file, DOCUMENTS)
    start, n_tokens, n_bytes = (table[name].to_numpy() for name in ("start", "n_tokens", "n_bytes"))
    if len(table) and (n_tokens.min() < 2 or n_tokens.max() >= 1 << 48 or n_bytes.min() < 0):
        raise _damaged(_name_of(file), "a document with less than its two borders")
    if not np.array_equal(start, np.cumsum(n_tokens) - n_tokens):
        raise _damaged(_name_of(file), "the documents do not follow one another")
    return table


def read_pieces(file: BinaryIO, sequence_tokens: int) -> pa.Table:
    """Read the pieces of a packed shard: sequence, start, n_tokens int32[K], uid string, part int32[K].

    Raises DataError if it is damaged, or the pieces are not in order, without gaps from the first
    slot of each sequence, and within its `sequence_tokens + 1` slots.
    """
    table = _read_table(file, PIECES)
    sequence, start, n_tokens = (table[name].to_numpy().astype(np.int64) for name in PIECES.names[:3])
    if len(table) == 0:
        return table
    step = np.diff(sequence, prepend=-1)
    after = np.concatenate(([0], (start + n_tokens)[:-1]))
    right = (sequence >= 0) & (step >= 0) & (step <= 1) & (start == np.where(step == 0, after, 0)) & (n_tokens >= 1)
    if not (right & (start + n_tokens <= sequence_tokens + 1)).all():
        raise _damaged(_name_of(file), "the pieces do not fill their sequences one after another")
    return table


def _byte_alphabet() -> set[str]:
    """The 256 characters of byte-level BPE (GPT-2's `bytes_to_unicode`): printable ones, and from U+0100 the others."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return {chr(byte) for byte in kept} | {chr(0x100 + i) for i in range(256 - len(kept))}


def token_bytes(tokenizer: Mapping[str, Any]) -> np.ndarray:
    """How many bytes of UTF-8 each token of a byte-level BPE `tokenizer.json` stands for, int32[V].

    In its alphabet every character is one byte. A special token stands for no text: 0.
    Raises DataError if this is no such tokenizer, or its ids are not 0 .. V-1.
    """
    try:
        vocab: dict[str, int] = dict(tokenizer["model"]["vocab"])
        added = [(str(one["content"]), int(one["id"]), bool(one["special"])) for one in tokenizer["added_tokens"]]
        if tokenizer["model"]["type"] != "BPE":
            raise ValueError(f"a model of type {tokenizer['model']['type']}")
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"tokenizer.json is no byte-level BPE of the tokenizers library: {error!r}") from error
    alphabet, plain = _byte_alphabet(), {content for content, _, _ in added}
    sizes = {}
    for token, number in vocab.items():
        if type(number) is not int:
            raise DataError(f"tokenizer.json gives its token {token!r} no whole number")
        if token not in plain and not alphabet.issuperset(token):
            raise DataError(f"tokenizer.json is no byte-level BPE: its token {token!r} has other characters than bytes")
        sizes[number] = len(token)
    sizes.update({number: 0 if special else len(content.encode()) for content, number, special in added})
    if sorted(sizes) != list(range(len({*vocab, *plain}))):
        raise DataError("tokenizer.json has token ids that are missing or used twice")
    return np.array([sizes[number] for number in range(len(sizes))], np.int32)


@dataclass(frozen=True)
class Shard:
    """A packed shard. tokens: predicted pairs; padding: slots; cuts: pieces but a document's first; bytes: of text."""

    name: str
    sequences: int
    tokens: int
    padding: int
    documents: int
    pieces: int
    cuts: int
    bytes: int


@dataclass(frozen=True)
class Side:
    """All shards of a source on one side of the split."""

    shards: tuple[Shard, ...]

    def total(self, count: str) -> int:
        """The sum of one count over the shards, such as `tokens`."""
        return sum(int(getattr(shard, count)) for shard in self.shards)


@dataclass(frozen=True)
class Source:
    """A source of the packed folder: its tag (what kind of text it is), if any, and its two sides."""

    tag: str | None
    train: Side
    validation: Side


@dataclass(frozen=True)
class PackedIndex:
    """What `packed.json` says."""

    sequence_tokens: int
    dtype: str
    vocab_size: int
    end_of_text: int
    tokenizer_sha256: str
    sources: Mapping[str, Source]

    def available(self) -> dict[str, tuple[int, int]]:
        """Sequences and tokens (predicted pairs) for training, by source."""
        return {name: (s.train.total("sequences"), s.train.total("tokens")) for name, s in self.sources.items()}

    def to_json(self) -> dict[str, Any]:
        """The content of `packed.json`."""
        return {"format": FORMAT, **asdict(self)}


def read_index(folder: str) -> PackedIndex:
    """Read and check `packed.json` and that the files it names are there, and as large as it says.

    Raises DataError, which names what is wrong.
    """
    path = os.path.join(folder, "packed.json")
    try:
        with open(path, "rb") as file:
            tree = json.loads(file.read())
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}: is this a folder of packed tokens?") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"not JSON: {error}") from error
    index = _index(tree, path)
    _check_tokenizer(folder, index)
    for source in index.sources.values():
        for shard in (*source.train.shards, *source.validation.shards):
            _check_files(folder, index, shard)
    return index


def _members(tree: Any, names: list[str], path: str, where: str) -> dict[str, Any]:
    if not isinstance(tree, dict) or sorted(tree) != sorted(names):
        raise _damaged(path, f"{where} must have exactly {', '.join(names)}")
    return tree


def _number(tree: dict[str, Any], name: str, low: int, high: int, path: str, where: str) -> int:
    value = tree[name]
    if type(value) is not int or not low <= value <= high:
        raise _damaged(path, f"{where}{name} must be a whole number from {low:,} to {high:,}")
    return value


def _index(tree: Any, path: str) -> PackedIndex:
    names = [field.name for field in fields(PackedIndex)]
    top = _members(tree, ["format", *names], path, "it")
    if top["format"] != FORMAT:
        raise DataError(f"{path} has format {top['format']!r}, this program reads format {FORMAT}: pack again")
    sequence_tokens = _number(top, "sequence_tokens", 1, 1 << 24, path, "")
    vocab_size = _number(top, "vocab_size", 1, 1 << 31, path, "")
    end_of_text = _number(top, "end_of_text", 0, vocab_size - 1, path, "")
    dtype, digest, sources = top["dtype"], top["tokenizer_sha256"], top["sources"]
    if dtype != token_dtype(vocab_size).name:
        raise _damaged(path, f"dtype {dtype!r} with a vocabulary of {vocab_size:,}")
    if not isinstance(digest, str) or not isinstance(sources, dict):
        raise _damaged(path, "tokenizer_sha256 must be a string and sources a map")
    made = {name: _source(name, value, sequence_tokens, path) for name, value in sources.items()}
    return PackedIndex(sequence_tokens, dtype, vocab_size, end_of_text, digest, made)


def _source(name: str, tree: Any, sequence_tokens: int, path: str) -> Source:
    if not _SOURCE_NAME.fullmatch(name):
        raise _damaged(path, f"{name!r} is no name of a source")
    source = _members(tree, ["tag", *SIDES], path, f"source {name}")
    if source["tag"] is not None and not isinstance(source["tag"], str):
        raise _damaged(path, f"source {name}: the tag must be a string or null")
    sides = []
    for side in SIDES:
        shards = _members(source[side], ["shards"], path, f"source {name}, {side},")["shards"]
        if not isinstance(shards, list):
            raise _damaged(path, f"source {name}, {side}: shards must be a list")
        sides.append(Side(tuple(_shard(one, f"{side}/{name}/", sequence_tokens, path) for one in shards)))
        if len({shard.name for shard in sides[-1].shards}) != len(shards):
            raise _damaged(path, f"source {name}, {side}: a shard twice")
    return Source(source["tag"], *sides)


def _shard(tree: Any, prefix: str, sequence_tokens: int, path: str) -> Shard:
    """A shard whose name stays below the folder and whose counts agree with one another."""
    counts = [field.name for field in fields(Shard)][1:]
    shard = _members(tree, ["name", *counts], path, f"a shard of {prefix}")
    name = shard["name"]
    if not isinstance(name, str) or not name.startswith(prefix) or not _SHARD_NAME.fullmatch(name[len(prefix) :]):
        raise _damaged(path, f"{name!r} is no name of a shard in {prefix}")
    made = Shard(name, *(_number(shard, count, 0, 1 << 60, path, f"{name}: ") for count in counts))
    slots = made.padding + made.tokens + made.pieces
    if slots != made.sequences * (sequence_tokens + 1) or made.pieces != made.documents + made.cuts:
        raise _damaged(path, f"{name}: its counts do not add up")
    return made


def _check_tokenizer(folder: str, index: PackedIndex) -> None:
    path = os.path.join(folder, "tokenizer.json")
    try:
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    if digest != index.tokenizer_sha256:
        raise DataError(f"{path} is not the tokenizer that the tokens were made with: copy the whole folder again")
    read_token_bytes(folder, index)


def read_token_bytes(folder: str, index: PackedIndex) -> np.ndarray:
    """The bytes of UTF-8 that each token stands for, int32[V]. Raises DataError."""
    path = os.path.join(folder, "token_bytes.npy")
    sizes = open_array(path)
    if sizes.shape != (index.vocab_size,) or sizes.dtype != np.int32 or sizes.min() < 0:
        raise _damaged(path, f"not int32[{index.vocab_size:,}] of sizes")
    return np.array(sizes)


def _check_files(folder: str, index: PackedIndex, shard: Shard) -> None:
    path = os.path.join(folder, f"{shard.name}.npy")
    array = open_array(path)
    if array.shape != (shard.sequences, index.sequence_tokens + 1) or array.dtype.name != index.dtype:
        raise _damaged(path, f"{array.dtype}{list(array.shape)} is not what packed.json says")
    pieces = os.path.join(folder, f"{shard.name}.docs.arrow")
    if not os.path.isfile(pieces):
        raise DataError(f"cannot read {pieces}: copy the whole folder again")
