"""The export `tokens`: every surviving document as the tokens of the trained tokenizer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from pipeline.assets import identity_of
from pipeline.schema import option
from pipeline.stage import Export, Exported, ExportShard, Folder, stage

ENCODE_BYTES = 4_000_000
"""Text that is encoded at once: the library's lists take some twenty times as much memory."""


@stage("tokens")
class Tokens(Export):
    """Write the documents of each source and side as token shards (format: `train.tokens`).

    A document is `[EOT] t1 .. tn [EOT]`, so that its beginning and its end are learned and no document depends on
    its neighbour. Text that spells the mark itself is encoded as any other text.

    Files, below `SIDE/SOURCE/`: `SHARD.npy` (the tokens) and `SHARD.docs.arrow` (uid, start, tokens and bytes of each
    document); `tokens.json` lists them, `tokenizer.json` is the tokenizer.
    """

    libraries = ("tokenizers",)

    model: str = option("@tokenizer", "the stage that trained the tokenizer, or the path of a `tokenizer.json`")

    def needs(self) -> tuple[str, ...]:
        return ("text", "split_side")

    def identity(self) -> dict[str, str]:
        return {"model": identity_of(self.model)}

    def export(self, shard: ExportShard) -> dict[str, Any]:
        from train import tokens

        from .tokenizer import encoder

        with shard.read(self.model) as file:
            encode = encoder(file.read(), self.model)
        sides: dict[str, _Side] = {side: _Side() for side in tokens.SIDES}
        for batch in shard.batches():
            sides_of = batch.column("split_side").to_pylist()
            for row, ids in _encoded(encode, batch):
                sides[sides_of[row]].add(batch.column("uid")[row].as_py(), ids, _n_bytes(batch, row))
        dtype = tokens.token_dtype(encode.vocab_size)
        for name, side in sides.items():
            stem = f"{name}/{shard.source}/{shard.name}"
            with shard.write(f"{stem}.npy") as file:
                tokens.write_array(file, side.joined(dtype, encode.end_of_text))
            with shard.write(f"{stem}.docs.arrow") as file:
                tokens.write_documents(file, *side.columns())
        return {name: side.facts() for name, side in sides.items()}

    def index(self, folder: Folder, shards: list[Exported], tags: dict[str, str]) -> None:
        from train import tokens

        from .tokenizer import encoder

        with folder.read(self.model) as file:
            model = file.read()
        encode = encoder(model, self.model)
        content = {
            "format": tokens.FORMAT,
            "dtype": tokens.token_dtype(encode.vocab_size).name,
            "vocab_size": encode.vocab_size,
            "end_of_text": encode.end_of_text,
            "tokenizer_sha256": hashlib.sha256(model).hexdigest(),
            "sources": by_source(shards, tags),
        }
        with folder.write("tokenizer.json") as file:
            file.write(model)
        with folder.write("tokens.json") as file:
            file.write((json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())


class _Side:
    """The documents of one side of a shard."""

    def __init__(self) -> None:
        self.uids: list[str] = []
        self.ids: list[np.ndarray] = []
        self.n_bytes: list[int] = []

    def add(self, uid: str, ids: list[int], n_bytes: int) -> None:
        self.uids.append(uid)
        self.ids.append(np.array(ids, np.uint32))
        self.n_bytes.append(n_bytes)

    def joined(self, dtype: np.dtype[Any], end_of_text: int) -> np.ndarray:
        """All tokens, each document between two marks."""
        mark = np.array([end_of_text], np.uint32)
        parts = [part for ids in self.ids for part in (mark, ids, mark)]
        return np.concatenate([np.empty(0, np.uint32), *parts]).astype(dtype)

    def columns(self) -> tuple[list[str], np.ndarray, np.ndarray, list[int]]:
        """uid, start, n_tokens and n_bytes of the documents."""
        n_tokens = np.array([len(ids) + 2 for ids in self.ids], np.int64)
        return self.uids, np.cumsum(n_tokens) - n_tokens, n_tokens, self.n_bytes

    def facts(self) -> dict[str, int]:
        """Counts; tokens: predicted ones, which are a document's own and its end."""
        n_tokens = sum(map(len, self.ids)) + len(self.ids)
        return {"documents": len(self.ids), "tokens": n_tokens, "bytes": sum(self.n_bytes)}


def _n_bytes(batch: Any, row: int) -> int:
    _, offsets = batch.utf8()
    return int(offsets[row + 1] - offsets[row])


def _encoded(encode: Any, batch: Any) -> Iterator[tuple[int, list[int]]]:
    """(row, token ids) of every document, some documents encoded at a time."""
    _, offsets = batch.utf8()
    text = batch.column("text")
    first = 0
    for row in range(len(batch)):
        if row == len(batch) - 1 or offsets[row + 2] - offsets[first] > ENCODE_BYTES:
            chunk = text.slice(first, row + 1 - first).to_pylist()
            yield from enumerate(encode.encode_batch(chunk), start=first)
            first = row + 1


def by_source(shards: list[Exported], tags: dict[str, str]) -> dict[str, Any]:
    """Source -> tag, and on each side the shards with their facts; shards without a document are left out."""
    from train import tokens

    found: dict[str, Any] = {
        source: {"tag": tag or None, **{side: {"shards": []} for side in tokens.SIDES}} for source, tag in tags.items()
    }
    for shard in shards:
        for side in tokens.SIDES:
            facts = shard.facts[side]
            if facts["documents"]:
                name = f"{side}/{shard.source}/{shard.shard}"
                found[shard.source][side]["shards"].append({"name": name, **facts})
    return found
