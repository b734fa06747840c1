"""A whole run for tests: English and Chinese sources to tokens, packed sequences and a tiny ablation."""

from __future__ import annotations

import json
import random
from pathlib import Path

from harness import text_of

RECIPE = """
sources:
  english: {reader: jsonl, paths: [english.jsonl], tag: web}
  chinese: {reader: jsonl, paths: ["chinese*.jsonl"], tag: books}
  empty: {reader: jsonl, paths: [empty.jsonl], tag: code}
shard_mb: 1
stages:
  - normalize
  - split: {validation_frac: 0.2}
  - dedup_exact
  - pii
  - tokenizer: {vocab_size: 400}
  - tokens
  - pack: {sequence_tokens: 64}
mixtures:
  mostly_chinese: {english: 1, chinese: 3}
ablation:
  objective: {english: 1, chinese: 1}
  mixtures: [natural, mostly_chinese]
  tokens: 3_000
  train: {layers: 1, width: 16, heads: 1, log_every: 5, max_validation_tokens: 2000}
"""


def write_sources(folder: Path, seed: int = 5) -> None:
    """Prose of both languages, copies among it; one document spells the mark between documents."""
    chance = random.Random(seed)
    texts = [text_of(chance, chance.randrange(20, 300)) for _ in range(240)]
    texts += texts[:20]
    chance.shuffle(texts)
    english = [text for text in texts if text.isascii()] + ["It says <|endoftext|> and goes on.", ""]
    chinese = [text for text in texts if not text.isascii()] + ["他写道：<|endoftext|>。"]
    parts = {"english": english, "chinese": chinese[::2], "chinese2": chinese[1::2], "empty": []}
    for name, part in parts.items():
        lines = [json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in part]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
