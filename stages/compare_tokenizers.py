"""The export `compare_tokenizers`: several tokenizers measured on the same survivors.

Letters: N documents of a batch.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.assets import identity_of
from pipeline.batch import Batch, utf8_buffers
from pipeline.errors import OptionError
from pipeline.schema import option
from pipeline.stage import Export, Exported, ExportShard, Folder, stage

from .split import draw

if TYPE_CHECKING:
    from .tokenizer_measure import Measured

FORMAT = 1
ENCODE_BYTES = 4_000_000
"""Text that is encoded at once: the library's lists take some twenty times as much memory."""
MAX_MODELS = 12
MAX_NAME = 40
N_TOKENS = 12
"""Tokens that are shown of each kind."""
SIZES = ("documents", "bytes", "chars", "words")
EVERYTHING = 2**64


@stage("compare_tokenizers")
class CompareTokenizers(Export):
    """Measure several tokenizers on the documents, by source and language, for the report and as `comparison.json`.

    Of each: bytes per token, tokens per word and per character (a word of a script without spaces is a character);
    how much of the vocabulary occurs; whether documents come back from their tokens, and where not, what differs;
    unknown tokens. A byte-level BPE is also measured at smaller sizes: its first merges are the smaller vocabulary. And
    the same sentences in several languages tell what content costs in one against another (the premium of Petrov and
    others, 2023, arXiv 2305.15425).

    `models` names the tokenizers: `"@LABEL"` is one that the recipe trains (several can be, with `as:`), anything else
    the path of a `tokenizer.json`. One that gives every text back encodes as `tokens` does; any other as the
    `tokenizers` library does, special tokens in the text included.

    Documents are measured by the lowest hash of `seed` and uid, shard by shard, until `max_mb` is full.
    """

    libraries = ("tokenizers",)

    models: dict[str, str] = option({"tokenizer": "@tokenizer"}, "name -> `@` and the stage that trained it, or a path")
    max_mb: float = option(4.0, "megabytes (10^6 bytes) of text to measure of each shard; 0: all", ge=0)
    by: str = option("language_label", "the column whose values are told apart, if there is one")
    sweep: tuple[int, ...] = option((), "sizes of the vocabulary; empty: four to an octave, from 512 on", ge=257)
    parallel: dict[str, str] = option(
        {},
        "language -> a file of sentences, a line each (`.jsonl`: `text`), the same in all; empty: our own (en, zh)",
    )
    seed: int = option(0, "seed of the sample", ge=0)

    def check(self) -> None:
        """Raises OptionError for no models or too many, unfit names, or parallel text in one language."""
        if not 1 <= len(self.models) <= MAX_MODELS:
            raise OptionError("models", f"compare_tokenizers option 'models' names 1 to {MAX_MODELS} tokenizers")
        if any(not 1 <= len(name) <= MAX_NAME or "." in name for name in self.models):
            raise OptionError("models", f"a name in 'models' has 1 to {MAX_NAME} characters, and no `.`")
        if len(self.parallel) == 1:
            raise OptionError("parallel", "compare_tokenizers option 'parallel' needs two languages or more")

    def identity(self) -> dict[str, str]:
        from . import tokenizer_measure_parallel

        files = {name: path for name, path in self.models.items() if not path.startswith("@")}
        return {
            **{f"models.{name}": identity_of(path) for name, path in files.items()},
            **tokenizer_measure_parallel.identity_of(self.parallel),
        }

    def export(self, shard: ExportShard) -> dict[str, Any]:
        from .tokenizer_measure import Tally

        models = self._opened(shard)
        text: dict[str, dict[str, int]] = {}
        tallies: dict[str, dict[str, Tally]] = {name: {} for name in models}
        for uids, texts, groups in self._documents(shard):
            rows = {group: [row for row, of in enumerate(groups) if of == group] for group in dict.fromkeys(groups)}
            for group, sizes in _sizes(texts, groups).items():
                text[group] = {name: text.get(group, {}).get(name, 0) + sizes[name] for name in SIZES}
            for name, model in models.items():
                encoded = model.encode(texts)
                for group, of in rows.items():
                    tallies[name].setdefault(group, Tally()).add(model, encoded, of, uids, texts)
        of_models = {
            name: {group: one.to_json() for group, one in by_group.items()} for name, by_group in tallies.items()
        }
        return {"text": text, "models": of_models}

    def index(self, folder: Folder, shards: list[Exported], tags: dict[str, str]) -> None:
        from .tokenizer_measure_parallel import facts, read_parallel
        from .tokenizer_measure_total import text_by_source, total

        parallel = read_parallel(self.parallel)
        content = {
            "format": FORMAT,
            "max_mb": self.max_mb,
            "text": text_by_source(shards, list(tags)),
            "parallel": {**facts(parallel), "is_own": not self.parallel},
            "models": {
                name: total(model, shards, parallel, list(self.sweep), N_TOKENS)
                for name, model in self._opened(folder).items()
            },
        }
        with folder.write("comparison.json") as file:
            file.write((json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())

    def _opened(self, folder: Folder) -> dict[str, Measured]:
        """The tokenizers by name. Raises InputError."""
        from .tokenizer_measure import Measured

        found = {}
        for name, path in self.models.items():
            with folder.read(os.path.expanduser(path)) as file:
                found[name] = Measured(name, file.read())
        return found

    def _documents(self, shard: ExportShard) -> Iterator[tuple[list[str], list[str], list[str]]]:
        """Uids, texts and groups of the sample, at most ENCODE_BYTES of text at once, or one document."""
        limit = self._limit(shard)
        for batch in shard.batches():
            uids, groups = batch.column("uid").to_pylist(), self._groups(batch)
            rows = [row for row, uid in enumerate(uids) if self._key(uid) <= limit]
            lengths = np.diff(batch.utf8()[1])
            for part in _parts(rows, lengths.tolist()):
                texts = batch.column("text").take(part).to_pylist()
                yield [uids[row] for row in part], texts, [groups[row] for row in part]

    def _limit(self, shard: ExportShard) -> int:
        """The highest hash of the documents that are measured."""
        budget = math.ceil(self.max_mb * 1_000_000)
        if not budget:
            return EVERYTHING
        found: list[tuple[int, int]] = []
        for batch in shard.batches():
            uids, lengths = batch.column("uid").to_pylist(), np.diff(batch.utf8()[1]).tolist()
            found += zip(map(self._key, uids), lengths, strict=True)
        for key, n_bytes in sorted(found):
            budget -= n_bytes
            if budget <= 0:
                return key
        return EVERYTHING

    def _key(self, uid: str) -> int:
        return draw(self.seed, "compare_tokenizers", uid)

    def _groups(self, batch: Batch) -> list[str]:
        """What each document is told apart by; the empty string without such a column."""
        if self.by not in batch.record_batch.schema.names:
            return [""] * len(batch)
        return [str(value) for value in batch.column(self.by).to_pylist()]


def _parts(rows: list[int], lengths: list[int]) -> Iterator[list[int]]:
    """Rows that follow each other, as many as have ENCODE_BYTES together."""
    part: list[int] = []
    n_bytes = 0
    for row in rows:
        if part and n_bytes + lengths[row] > ENCODE_BYTES:
            yield part
            part, n_bytes = [], 0
        part.append(row)
        n_bytes += lengths[row]
    if part:
        yield part


def _sizes(texts: list[str], groups: list[str]) -> dict[str, dict[str, int]]:
    """group -> documents, bytes, characters and words of N texts."""
    import pyarrow as pa

    from .kernels import words

    data, offsets = utf8_buffers(pa.array(texts, pa.large_string()))
    per_text = {
        "documents": np.ones(len(texts), np.int64),
        "bytes": np.diff(offsets),
        "chars": np.array([len(text) for text in texts], np.int64),
        "words": words.count(data, offsets).astype(np.int64),
    }
    found: dict[str, dict[str, int]] = {}
    of = np.array(groups, object)
    for group in dict.fromkeys(groups):
        found[group] = {name: int(values[of == group].sum()) for name, values in per_text.items()}
    return found
