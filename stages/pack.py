"""The export `pack`: token shards as sequences of one length, ready to be trained on."""

from __future__ import annotations

import json
from typing import Any

from pipeline.assets import identity_of
from pipeline.schema import option
from pipeline.stage import Export, Exported, ExportShard, Folder, stage

from .tokens import by_source


@stage("pack")
class Pack(Export):
    """Pack documents into sequences of `sequence_tokens` predicted tokens, each source by itself.

    A document longer than a sequence is cut, its pieces sharing one token, so that every predicted token of every
    document is in exactly one sequence. Pieces are packed best fit first ("Fewer Truncations Improve Language
    Modeling", arXiv 2404.10830); what no piece fits into is padding, which is counted and never trained on.

    Files: `packed.json` (all counts), `tokenizer.json`, `token_bytes.npy` (bytes that each token stands for), and below
    `SIDE/SOURCE/` each shard's `SHARD.npy` [sequences, sequence_tokens + 1] and `SHARD.docs.arrow` (a row per piece).
    The folder is all that `python -m train` needs.
    """

    trains = True

    tokens: str = option("@tokens", "the stage that wrote the tokens")
    sequence_tokens: int = option(2048, "predicted tokens of a sequence", ge=2, le=1 << 20)

    def needs(self) -> tuple[str, ...]:
        return ()

    def identity(self) -> dict[str, str]:
        return {"tokens": identity_of(f"{self.tokens}/tokens.json")}

    def export(self, shard: ExportShard) -> dict[str, Any]:
        from train import tokens
        from train.pack import pack_shard

        end_of_text = self._index(shard)["end_of_text"]
        facts = {}
        for side in tokens.SIDES:
            stem = f"{side}/{shard.source}/{shard.name}"
            with shard.read(f"{self.tokens}/{stem}.npy") as file:
                array = tokens.read_array(file)
            with shard.read(f"{self.tokens}/{stem}.docs.arrow") as file:
                documents = tokens.read_documents(file)
            packed = pack_shard(array, documents, self.sequence_tokens, end_of_text)
            facts[side] = packed.counts
            if len(packed.rows):
                with shard.write(f"{stem}.npy") as file:
                    tokens.write_array(file, packed.rows)
                with shard.write(f"{stem}.docs.arrow") as file:
                    tokens.write_table(file, packed.pieces)
        return facts

    def index(self, folder: Folder, shards: list[Exported], tags: dict[str, str]) -> None:
        from train import tokens

        about = self._index(folder)
        with folder.read(f"{self.tokens}/tokenizer.json") as file:
            model = file.read()
        content = {
            "format": tokens.FORMAT,
            "sequence_tokens": self.sequence_tokens,
            **{key: about[key] for key in ("dtype", "vocab_size", "end_of_text", "tokenizer_sha256")},
            "sources": by_source(shards, tags),
        }
        with folder.write("tokenizer.json") as file:
            file.write(model)
        with folder.write("token_bytes.npy") as file:
            tokens.write_array(file, tokens.token_bytes(json.loads(model)))
        with folder.write("packed.json") as file:
            file.write((json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())

    def _index(self, folder: Folder) -> dict[str, Any]:
        with folder.read(f"{self.tokens}/tokens.json") as file:
            found: dict[str, Any] = json.loads(file.read())
        return found
