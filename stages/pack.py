"""The export `pack`: token shards as sequences of one length, ready to be trained on."""

from __future__ import annotations

import json
from typing import Any

from pipeline.assets import identity_of
from pipeline.errors import OptionError
from pipeline.schema import option
from pipeline.stage import Export, Exported, ExportShard, Folder, stage

from .tokens import by_source


@stage("pack")
class Pack(Export):
    """Pack documents into sequences of `sequence_tokens` predicted tokens, each source by itself.

    `packing` says how documents share sequences. `best_fit` cuts no document that fits into a sequence: each goes,
    the longest first, where it leaves the least room ("Fewer Truncations Improve Language Modeling",
    arXiv 2404.10830). `concat` lays documents end to end and cuts where a sequence is full: next to no padding, but
    many documents are read in parts. `pad` gives each document sequences of its own. Slots left over are padding,
    which is counted and never trained on.

    A document longer than a sequence is cut, and neighbouring pieces share one token, so that every predicted token of
    every document is in exactly one sequence; with `long: truncate` the rest of it is cropped instead, and counted.

    Files: `packed.json` (all counts), `packing.json` (what every way to pack would have cost), `tokenizer.json`,
    `token_bytes.npy` (bytes that each token stands for), and below `SIDE/SOURCE/` each shard's `SHARD.npy`
    [sequences, sequence_tokens + 1] and `SHARD.docs.arrow` (a row per piece). The folder is all that `python -m train`
    needs.
    """

    version = 2
    trains = True

    tokens: str = option("@tokens", "the stage that wrote the tokens")
    sequence_tokens: int = option(2048, "predicted tokens of a sequence", ge=2, le=1 << 20)
    packing: str = option("best_fit", "how documents share sequences", choices=("concat", "best_fit", "pad"))
    long: str = option(
        "fragment",
        "whether documents longer than a sequence are cut or cropped",
        choices=("fragment", "truncate"),
    )

    def check(self) -> None:
        if self.packing == "concat" and self.long == "truncate":
            raise OptionError("long", "pack option 'long': concat cuts any document anywhere, so it can truncate none")

    def needs(self) -> tuple[str, ...]:
        return ()

    def identity(self) -> dict[str, str]:
        return {"tokens": identity_of(f"{self.tokens}/tokens.json")}

    def export(self, shard: ExportShard) -> dict[str, Any]:
        from train import tokens
        from train.pack import costs, pack_shard
        from train.packed import write_pieces

        end_of_text = self._index(shard)["end_of_text"]
        facts: dict[str, Any] = {"ways": {}}
        for side in tokens.SIDES:
            stem = f"{side}/{shard.source}/{shard.name}"
            with shard.read(f"{self.tokens}/{stem}.npy") as file:
                array = tokens.read_array(file)
            with shard.read(f"{self.tokens}/{stem}.docs.arrow") as file:
                documents = tokens.read_documents(file)
            made = pack_shard(array, documents, self.sequence_tokens, end_of_text, self.packing, self.long)
            facts[side] = made.counts
            facts["ways"][side] = costs(documents["n_tokens"].to_numpy(), self.sequence_tokens)
            if len(made.rows):
                with shard.write(f"{stem}.npy") as file:
                    tokens.write_array(file, made.rows)
                with shard.write(f"{stem}.docs.arrow") as file:
                    write_pieces(file, made.pieces)
        return facts

    def index(self, folder: Folder, shards: list[Exported], tags: dict[str, str]) -> None:
        from train import packed, tokens
        from train.vocabulary import token_bytes

        about = self._index(folder)
        with folder.read(f"{self.tokens}/tokenizer.json") as file:
            model = file.read()
        content = {
            "format": packed.FORMAT,
            "sequence_tokens": self.sequence_tokens,
            "packing": self.packing,
            "long": self.long,
            **{key: about[key] for key in ("dtype", "vocab_size", "end_of_text", "tokenizer_sha256")},
            "sources": by_source(shards, tags),
        }
        with folder.write("tokenizer.json") as file:
            file.write(model)
        with folder.write("token_bytes.npy") as file:
            tokens.write_array(file, token_bytes(json.loads(model)))
        for name, tree in (("packing.json", _ways(shards, list(tags))), ("packed.json", content)):
            with folder.write(name) as file:
                file.write((json.dumps(tree, ensure_ascii=False, indent=1) + "\n").encode())

    def _index(self, folder: Folder) -> dict[str, Any]:
        with folder.read(f"{self.tokens}/tokens.json") as file:
            found: dict[str, Any] = json.loads(file.read())
        return found


def _ways(shards: list[Exported], sources: list[str]) -> dict[str, Any]:
    """Source -> side -> way to pack -> what it would cost."""
    from train.pack import add_costs
    from train.tokens import SIDES

    return {
        source: {
            side: add_costs(shard.facts["ways"][side] for shard in shards if shard.source == source) for side in SIDES
        }
        for source in sources
    }
