"""Small packed folders from token documents, for tests of training; the tokenizer has one token per byte.

Ids 0 .. 255 are the bytes of UTF-8, 256 is `<|endoftext|>`; `encode("中")` is [228, 184, 173].
"""

from __future__ import annotations

import hashlib
import io
import json
import os

import numpy as np

from train.pack import add_costs, costs, pack_shard
from train.packed import PackedIndex, Shard, Side, Source, write_pieces
from train.tokens import read_documents, token_dtype, write_array, write_documents
from train.vocabulary import token_bytes

END_OF_TEXT = 256
VOCAB_SIZE = 257


def encode(text: str) -> list[int]:
    """The tokens of a text: its bytes of UTF-8."""
    return list(text.encode())


def byte_characters() -> list[str]:
    """The character of byte-level BPE for each byte."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    shifted = iter(range(256, 512))
    return [chr(byte) if byte in kept else chr(next(shifted)) for byte in range(256)]


def tokenizer_json() -> dict:
    """A `tokenizer.json` of the tokenizers library: byte-level BPE without merges."""
    vocab = {character: byte for byte, character in enumerate(byte_characters())}
    special = {"id": END_OF_TEXT, "content": "<|endoftext|>", "single_word": False, "lstrip": False, "rstrip": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{**special, "normalized": False, "special": True}],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
            "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": vocab, "merges": [],
        },
    }  # fmt: skip


def token_shard(documents, name="d"):
    """Tokens and documents table of a token shard, as the tokens stage makes them; documents: lists of token ids."""
    bordered = [[END_OF_TEXT, *document, END_OF_TEXT] for document in documents]
    tokens = np.array([token for document in bordered for token in document], token_dtype(VOCAB_SIZE))
    sizes = np.array([len(document) for document in bordered], np.int64)
    file = io.BytesIO()
    uids = [f"{name}-{number}" for number in range(len(documents))]
    write_documents(file, uids, np.cumsum(sizes) - sizes, sizes, sizes - 2, "web")
    file.seek(0)
    return tokens, read_documents(file)


def packed_folder(
    folder, train, validation=None, *, sequence_tokens=16, tags=None, shards=1, packing="best_fit", long="fragment"
) -> PackedIndex:
    """Write a packed folder and return its index.

    train, validation: {source: documents}, a document being a list of token ids without borders
    (use `encode`); each side of a source is spread over `shards` shards, of which some may be empty.
    """
    how = (sequence_tokens, END_OF_TEXT, packing, long)
    validation, tags, folder = validation or {}, tags or {}, str(folder)
    os.makedirs(folder, exist_ok=True)
    sources = {}
    for source in train:
        sides = {}
        for side, documents in (("train", train[source]), ("validation", validation.get(source, []))):
            sides[side] = Side(
                tuple(
                    _write_shard(folder, f"{side}/{source}/000-{shard:05}-0000", documents[shard::shards], how)
                    for shard in range(shards)
                )
            )
        sources[source] = Source(tags.get(source), **sides)
    text = json.dumps(tokenizer_json(), ensure_ascii=False).encode()
    with open(os.path.join(folder, "tokenizer.json"), "wb") as file:
        file.write(text)
    with open(os.path.join(folder, "token_bytes.npy"), "wb") as file:
        write_array(file, token_bytes(tokenizer_json()))
    digest = hashlib.sha256(text).hexdigest()
    dtype = token_dtype(VOCAB_SIZE).name
    index = PackedIndex(sequence_tokens, packing, long, dtype, VOCAB_SIZE, END_OF_TEXT, digest, sources)
    ways = {
        source: {
            side: _costs(documents.get(source, []), sequence_tokens, shards)
            for side, documents in (("train", train), ("validation", validation))
        }
        for source in train
    }
    for name, tree in (("packing.json", ways), ("packed.json", index.to_json())):
        with open(os.path.join(folder, name), "w") as file:
            json.dump(tree, file)
    return index


def _costs(documents, sequence_tokens, shards) -> dict[str, dict[str, int]]:
    sizes = np.array([len(document) + 2 for document in documents], np.int64)
    return add_costs(costs(sizes[shard::shards], sequence_tokens) for shard in range(shards))


def _write_shard(folder, name, documents, how) -> Shard:
    packed = pack_shard(*token_shard(documents, name), *how)
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}.npy", "wb") as file:
        write_array(file, packed.rows)
    with open(f"{path}.docs.arrow", "wb") as file:
        write_pieces(file, packed.pieces)
    return Shard(name, **packed.counts)
