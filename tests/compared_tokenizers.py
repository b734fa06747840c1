"""What tests of comparing tokenizers share: files of tokenizers, shards, and a folder of an export that is a dict."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import tokenizers

from pipeline.batch import Batch
from pipeline.stage import Exported
from stages.compare_tokenizers import CompareTokenizers


class ToyFolder:
    """The folder of an export in memory; files that it reads are on the disk."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    @contextlib.contextmanager
    def write(self, name: str) -> Iterator[io.BytesIO]:
        file = io.BytesIO()
        yield file
        self.files[name] = file.getvalue()

    def read(self, path: str) -> io.BufferedReader:
        return open(path, "rb")


class ToyShard(ToyFolder):
    """One shard of survivors."""

    def __init__(self, stage: CompareTokenizers, source: str, name: str, batches: Sequence[pa.RecordBatch]) -> None:
        super().__init__()
        self.source, self.name = source, name
        self._stage, self._batches = stage, batches

    def batches(self) -> Iterator[Batch]:
        for batch in self._batches:
            yield Batch(batch, self._stage, self._stage.name)


def compared(stage: CompareTokenizers, shards: dict[str, tuple[str, list[pa.RecordBatch]]]) -> dict[str, Any]:
    """The content of `comparison.json`. shards: name -> source and batches."""
    exported = []
    for name, (source, batches) in shards.items():
        facts = json.loads(json.dumps(stage.export(ToyShard(stage, source, name, batches)), allow_nan=False))
        exported.append(Exported(name, source, facts))
    folder = ToyFolder()
    stage.index(folder, exported, {source: "" for source, _ in shards.values()})
    assert list(folder.files) == ["comparison.json"]
    return json.loads(folder.files["comparison.json"])


def word_piece(path: Path, words: list[str]) -> str:
    """A tokenizer in the manner of BERT, which loses case and spaces and knows few words."""
    vocab = {word: number for number, word in enumerate(["[UNK]", "[CLS]", "[SEP]", *words])}
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocab, unk_token="[UNK]"))
    made.normalizer = tokenizers.normalizers.Lowercase()
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    made.decoder = tokenizers.decoders.WordPiece()
    made.add_special_tokens(["[UNK]", "[CLS]", "[SEP]"])
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    made.enable_truncation(4)
    made.save(str(path))
    return str(path)


TEXTS = [
    "", " ", "\x00", "\r\n\t", "a" * 3000, "漢" * 500, "中文的文本，和 English。", "ภาษาไทยไม่มีวรรค", "👩‍👩‍👧 😀", "\ue000\U0010fffd",
    "<|endoftext|>", "<0x41> ## ‿ ▁ Ġ [UNK]", "1234567 ½ ²", "<script>alert(1)</script>",
]  # fmt: skip
