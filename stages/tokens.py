"""The export `tokens`: every surviving document as the tokens of the trained tokenizer."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.assets import identity_of
from pipeline.batch import Batch
from pipeline.errors import InputError
from pipeline.schema import option
from pipeline.stage import Export, Exported, ExportShard, Folder, Int64s, stage


@stage("tokens")
class Tokens(Export):
    """Write the documents of each source and side as token shards (format: `train.tokens`).

    A document is `[EOT] t1 .. tn [EOT]`, so that its beginning and its end are learned and no document depends on
    its neighbour. Text that spells the mark itself is encoded as any other text. The tokens of every document are
    turned back into text and compared with it. Raises InputError, which names the document, if they differ.

    Files, below `SIDE/SOURCE/`: `SHARD.npy` (the tokens) and `SHARD.docs.arrow` (uid, start, tokens, bytes and source
    of each document); `tokens.json` lists them, `tokenizer.json` is the tokenizer. The tokens of a shard are in memory
    until they are written, with 2 bytes each (4 if the vocabulary has over 65,536), beside a batch and 100 MB.
    """

    version = 2
    libraries = ("tokenizers",)

    model: str = option("@tokenizer", "the stage that trained the tokenizer, or the path of a `tokenizer.json`")

    def needs(self) -> tuple[str, ...]:
        return ("text", "split_side")

    def identity(self) -> dict[str, str]:
        return {"model": identity_of(self.model)}

    def export(self, shard: ExportShard) -> dict[str, Any]:
        from train import tokens

        from .encoder import encoder

        with shard.read(self.model) as file:
            encode = encoder(file.read(), self.model)
        dtype = tokens.token_dtype(encode.vocab_size)
        sides: dict[str, _Side] = {side: _Side() for side in tokens.SIDES}
        check = Check(encode.strings)
        for batch in shard.batches():
            ids, borders = encode.encode(*batch.utf8())
            check(batch, ids, borders)
            for name, side in sides.items():
                rows = np.flatnonzero(pc.equal(batch.column("split_side"), name).to_numpy(zero_copy_only=False))
                side.add(batch, rows, ids, borders, dtype, encode.end_of_text)
        for name, side in sides.items():
            stem = f"{name}/{shard.source}/{shard.name}"
            with shard.write(f"{stem}.npy") as file:
                tokens.write_parts(file, side.parts, dtype)
            with shard.write(f"{stem}.docs.arrow") as file:
                tokens.write_documents(file, *side.columns(), shard.source)
        return {name: side.facts() for name, side in sides.items()}

    def index(self, folder: Folder, shards: list[Exported], tags: dict[str, str]) -> None:
        from train import tokens

        from .encoder import encoder

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


class Check:
    """Compares the tokens of documents with their text. strings: the bytes that each token stands for."""

    def __init__(self, strings: list[bytes]) -> None:
        self._strings = np.frombuffer(b"".join(strings), np.uint8)
        self._starts = np.cumsum([0, *map(len, strings)], dtype=np.int64)

    def __call__(self, batch: Batch, ids: npt.NDArray[np.uint32], borders: Int64s) -> None:
        """Raises InputError, which names the first document whose text is not what its tokens stand for."""
        from .kernels.token_rows import first_difference

        row = first_difference(ids, borders, *batch.utf8(), self._strings, self._starts)
        if row >= 0:
            raise InputError(
                f"the tokens of document {batch.column('uid')[row].as_py()} are not its text: the tokenizer loses some,"
                " use another one"
            )


class _Side:
    """The documents of one side of a shard."""

    def __init__(self) -> None:
        self.parts: list[npt.NDArray[Any]] = []
        self._uids: list[pa.Array] = []
        self._sizes: list[Int64s] = []
        self._n_bytes: list[Int64s] = []

    def add(self, batch: Batch, rows: Int64s, ids: Any, borders: Int64s, dtype: np.dtype[Any], mark: int) -> None:
        """Take in some rows of a batch."""
        from .kernels.token_rows import bordered_kernel

        sizes = np.diff(borders)[rows] + 2
        part = np.empty(int(sizes.sum()), dtype)
        bordered_kernel(ids, borders, rows, mark, part)
        self.parts.append(part)
        self._uids.append(batch.column("uid").take(pa.array(rows)))
        self._sizes.append(sizes)
        self._n_bytes.append(np.diff(batch.utf8()[1])[rows])

    def columns(self) -> tuple[Any, Int64s, Int64s, Int64s]:
        """uid, start, n_tokens and n_bytes of the documents."""
        n_tokens = _joined(self._sizes)
        uids = [uid for part in self._uids for uid in part.to_pylist()]
        return uids, np.cumsum(n_tokens) - n_tokens, n_tokens, _joined(self._n_bytes)

    def facts(self) -> dict[str, int]:
        """Counts; tokens: predicted ones, which are a document's own and its end."""
        _, _, n_tokens, n_bytes = self.columns()
        n_predicted = int(n_tokens.sum()) - len(n_tokens)
        return {"documents": len(n_tokens), "tokens": n_predicted, "bytes": int(n_bytes.sum())}


def _joined(parts: list[Int64s]) -> Int64s:
    return np.concatenate([np.empty(0, np.int64), *parts])


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
