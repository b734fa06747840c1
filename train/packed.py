"""The format of the packed folder: what writes it and what reads it.

Packed shard: `{name}.npy`, [n, T+1], each row whole pieces of documents one after another and then EOT as padding,
and `{name}.docs.arrow`, a row per piece, not compressed, so that it can be mapped into memory. A piece of m tokens has
m-1 predicted pairs; "tokens" in every count means predicted pairs. What is read is not trusted: sizes, bounds and
names are checked.

Letters: K pieces, n sequences, T predicted positions of a sequence, V vocabulary.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from .errors import DataError
from .tokens import SIDES, damaged, name_of, open_array, token_dtype

FORMAT = 2
PACKINGS = ("concat", "best_fit", "pad")
"""How documents share sequences: see `pack.arrange`."""
LONGS = ("fragment", "truncate")
"""What becomes of documents that are longer than a sequence."""
PIECES = pa.schema(
    [
        ("sequence", pa.int32()),
        ("start", pa.int32()),
        ("n_tokens", pa.int32()),
        ("uid", pa.string()),
        ("part", pa.int32()),
    ]
)
_BEGIN, _END = b"ARROW1\0\0", b"ARROW1"
_SOURCE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SHARD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def write_pieces(file: BinaryIO, pieces: pa.Table) -> None:
    """Write the pieces of a packed shard (columns: PIECES) as one Arrow IPC file, not compressed."""
    with pa.ipc.new_file(file, PIECES) as writer:
        writer.write_table(pieces.combine_chunks())


def pieces_of(data: pa.Buffer, what: str) -> pa.Table:
    """The pieces in the bytes of a file (columns: PIECES), without a copy; `check_pieces` checks them.

    Messages are read one after another, as of a stream, so that the file's own list of them need not be believed.
    Raises DataError if it is damaged or compressed: a few kB could become many GB.
    """
    view = memoryview(data)
    if len(view) < len(_BEGIN + _END) or view[: len(_BEGIN)] != _BEGIN or view[-len(_END) :] != _END:
        raise damaged(what, "not a whole Arrow IPC file")
    try:
        messages = pa.ipc.MessageReader.open_stream(data.slice(len(_BEGIN)))
        head = messages.read_next_message()
        if head.type != "schema":  # of another, pyarrow's read_schema makes a crash
            raise damaged(what, f"a {head.type} before its schema")
        schema = pa.ipc.read_schema(head)
        if not schema.equals(PIECES):
            raise damaged(what, f"its columns are {', '.join(schema.names)}, not {', '.join(PIECES.names)}")
        return pa.Table.from_batches([_batch(message, what) for message in messages], PIECES)
    except (pa.ArrowException, OSError, StopIteration, UnicodeDecodeError) as error:  # the last: of a column's name
        raise damaged(what, error) from error


def _batch(message: pa.ipc.Message, what: str) -> pa.RecordBatch:
    if message.type != "record batch":
        raise damaged(what, f"a {message.type} among its pieces")
    # As Arrow's Message.fbs has it: field 2 of a message is its record batch, of which field 3 tells of compression.
    # Arrow has verified the places in it when it read the message.
    head = message.metadata.to_pybytes()
    header = _field(head, struct.unpack_from("<I", head)[0], 2)
    if _field(head, header + struct.unpack_from("<I", head, header)[0], 3):
        raise damaged(what, "it is compressed, which packed folders are not")
    return pa.ipc.read_record_batch(message, PIECES)


def _field(data: bytes, table: int, number: int) -> int:
    """The place of a field of a flatbuffer's table; 0 if it is absent."""
    offsets = table - struct.unpack_from("<i", data, table)[0]
    if 4 + 2 * number >= struct.unpack_from("<H", data, offsets)[0]:
        return 0
    inside = struct.unpack_from("<H", data, offsets + 4 + 2 * number)[0]
    return table + inside if inside else 0


def read_pieces(file: BinaryIO, sequence_tokens: int) -> pa.Table:
    """Read the pieces of a packed shard: sequence, start, n_tokens int32[K], uid string, part int32[K].

    Raises DataError as `pieces_of` and `check_pieces` do.
    """
    what = name_of(file)
    table = pieces_of(pa.py_buffer(file.read()), what)
    check_pieces(table, sequence_tokens, what)
    return table


def check_pieces(table: pa.Table, sequence_tokens: int, what: str) -> None:
    """Raise DataError unless the pieces are what a packer makes.

    In order, without gaps from the first slot of each sequence, within its `sequence_tokens + 1` slots, and each of
    a predicted token or more.
    """
    try:
        table.validate(full=True)
    except pa.ArrowException as error:
        raise damaged(what, error) from error
    if any(column.null_count for column in table.columns):
        raise damaged(what, "a value is missing")
    sequence, start, n_tokens = (table[name].to_numpy().astype(np.int64) for name in PIECES.names[:3])
    if len(table) == 0:
        return
    step = np.diff(sequence, prepend=-1)
    after = np.concatenate(([0], (start + n_tokens)[:-1]))
    right = (sequence >= 0) & (step >= 0) & (step <= 1) & (start == np.where(step == 0, after, 0)) & (n_tokens >= 2)
    if not (right & (start + n_tokens <= sequence_tokens + 1)).all():
        raise damaged(what, "the pieces do not fill their sequences one after another")


@dataclass(frozen=True)
class Shard:
    """A packed shard.

    tokens: predicted pairs; padding: slots; cropped: predicted pairs of truncated documents that are in no sequence;
    documents_cut: documents in several pieces, or truncated; cuts: pieces but a document's first; bytes: of the
    documents' text.
    """

    name: str
    sequences: int
    tokens: int
    padding: int
    cropped: int
    documents: int
    documents_cut: int
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
    packing: str
    long: str
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

    def digest(self) -> str:
        """SHA-256 of all that it says, however the file is written."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()


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
        raise damaged(path, f"not JSON: {error}") from error
    index = _index(tree, path)
    _check_tokenizer(folder, index)
    for source in index.sources.values():
        for shard in (*source.train.shards, *source.validation.shards):
            if shard.cropped and index.long == "fragment":
                raise damaged(path, f"{shard.name}: cropped where nothing is truncated")
            _check_files(folder, index, shard)
    return index


def _members(tree: Any, names: list[str], path: str, where: str) -> dict[str, Any]:
    if not isinstance(tree, dict) or sorted(tree) != sorted(names):
        raise damaged(path, f"{where} must have exactly {', '.join(names)}")
    return tree


def _number(tree: dict[str, Any], name: str, low: int, high: int, path: str, where: str) -> int:
    value = tree[name]
    if type(value) is not int or not low <= value <= high:
        raise damaged(path, f"{where}{name} must be a whole number from {low:,} to {high:,}")
    return value


def _index(tree: Any, path: str) -> PackedIndex:
    names = [field.name for field in fields(PackedIndex)]
    # First of all, for another format has other members.
    if isinstance(tree, dict) and tree.get("format", FORMAT) != FORMAT:
        raise DataError(f"{path} has format {tree['format']!r}, this program reads format {FORMAT}: pack again")
    top = _members(tree, ["format", *names], path, "it")
    sequence_tokens = _number(top, "sequence_tokens", 1, 1 << 24, path, "")
    vocab_size = _number(top, "vocab_size", 1, 1 << 31, path, "")
    end_of_text = _number(top, "end_of_text", 0, vocab_size - 1, path, "")
    dtype, digest, sources = top["dtype"], top["tokenizer_sha256"], top["sources"]
    if dtype != token_dtype(vocab_size).name:
        raise damaged(path, f"dtype {dtype!r} with a vocabulary of {vocab_size:,}")
    if not isinstance(digest, str) or not isinstance(sources, dict):
        raise damaged(path, "tokenizer_sha256 must be a string and sources a map")
    packing, long = top["packing"], top["long"]
    if packing not in PACKINGS or long not in LONGS or (packing, long) == ("concat", "truncate"):
        raise damaged(path, f"no way to pack is {packing!r} with {long!r}")
    made = {name: _source(name, value, sequence_tokens, path) for name, value in sources.items()}
    return PackedIndex(sequence_tokens, packing, long, dtype, vocab_size, end_of_text, digest, made)


def _source(name: str, tree: Any, sequence_tokens: int, path: str) -> Source:
    if not _SOURCE_NAME.fullmatch(name):
        raise damaged(path, f"{name!r} is no name of a source")
    source = _members(tree, ["tag", *SIDES], path, f"source {name}")
    if source["tag"] is not None and not isinstance(source["tag"], str):
        raise damaged(path, f"source {name}: the tag must be a string or null")
    sides = []
    for side in SIDES:
        shards = _members(source[side], ["shards"], path, f"source {name}, {side},")["shards"]
        if not isinstance(shards, list):
            raise damaged(path, f"source {name}, {side}: shards must be a list")
        sides.append(Side(tuple(_shard(one, f"{side}/{name}/", sequence_tokens, path) for one in shards)))
        if len({shard.name for shard in sides[-1].shards}) != len(shards):
            raise damaged(path, f"source {name}, {side}: a shard twice")
    return Source(source["tag"], *sides)


def _shard(tree: Any, prefix: str, sequence_tokens: int, path: str) -> Shard:
    """A shard whose name stays below the folder and whose counts agree with one another."""
    counts = [field.name for field in fields(Shard)][1:]
    shard = _members(tree, ["name", *counts], path, f"a shard of {prefix}")
    name = shard["name"]
    if not isinstance(name, str) or not name.startswith(prefix) or not _SHARD_NAME.fullmatch(name[len(prefix) :]):
        raise damaged(path, f"{name!r} is no name of a shard in {prefix}")
    made = Shard(name, *(_number(shard, count, 0, 1 << 60, path, f"{name}: ") for count in counts))
    slots = made.padding + made.tokens + made.pieces
    adds_up = slots == made.sequences * (sequence_tokens + 1) and made.pieces == made.documents + made.cuts
    if not adds_up or made.documents_cut > made.cuts + made.cropped:
        raise damaged(path, f"{name}: its counts do not add up")
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
        raise damaged(path, f"not int32[{index.vocab_size:,}] of sizes")
    return np.array(sizes)


def open_rows(folder: str, index: PackedIndex, shard: Shard) -> np.memmap:
    """Map the sequences of a shard, [n, T+1], into memory. Raises DataError if they are not what `packed.json` says."""
    path = os.path.join(folder, f"{shard.name}.npy")
    array = open_array(path)
    if array.shape != (shard.sequences, index.sequence_tokens + 1) or array.dtype.name != index.dtype:
        raise damaged(path, f"{array.dtype}{list(array.shape)} is not what packed.json says")
    return array


def _check_files(folder: str, index: PackedIndex, shard: Shard) -> None:
    open_rows(folder, index, shard)
    pieces = os.path.join(folder, f"{shard.name}.docs.arrow")
    if not os.path.isfile(pieces):
        raise DataError(f"cannot read {pieces}: copy the whole folder again")
