"""Where `quality` decides otherwise than datatrove's own filters do, on the same English documents."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

CORPORA = Path(__file__).parents[2] / "shared" / "corpora"
PRESETS = ("gopher_quality", "gopher_repetition", "c4", "fineweb")


def english() -> list[str]:
    """The English documents of all corpora, in the order of their files."""
    import zstandard

    found = []
    for path in sorted(CORPORA.glob("*/*.jsonl.zst")):
        with zstandard.open(path, "rt", encoding="utf-8") as file:
            found += [row["text"] for row in map(json.loads, file) if row["lang"] == "en"]
    return found


def spread(texts: list[str], most: int) -> list[str]:
    """At most so many of the texts, evenly spread."""
    return texts if len(texts) <= most else [texts[i * len(texts) // most] for i in range(most)]


def theirs(texts: list[str]) -> list[dict[str, tuple[bool, str, str]]]:
    """Per document, preset -> whether datatrove keeps it, its reason, and the text it leaves."""
    from datatrove.data import Document
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )
    from datatrove.utils.word_tokenizers import load_word_tokenizer

    makers = (GopherQualityFilter, GopherRepetitionFilter, C4QualityFilter, FineWebQualityFilter)
    filters = dict(zip(PRESETS, [make() for make in makers], strict=True))
    found = []
    splitter = load_word_tokenizer("en")  # that of all filters, three of which split the same text
    with mock.patch.object(splitter, "word_tokenize", functools.lru_cache(maxsize=1)(splitter.word_tokenize)):
        for number, text in enumerate(texts):
            one = {}
            for preset, filter in filters.items():
                document = Document(text=text, id=str(number))
                verdict = filter.filter(document)
                kept, reason = (verdict, "") if isinstance(verdict, bool) else verdict
                one[preset] = (bool(kept), reason, document.text)
            found.append(one)
    return found


def ours(texts: list[str], words: str) -> list[dict[str, tuple[bool, list[str], str]]]:
    """Per document, preset -> whether we keep it, the rules it fails, and the text that we leave."""
    from batches import documents

    from pipeline.execute import run_stage
    from stages.quality import Quality

    found: list[dict[str, tuple[bool, list[str], str]]] = [{} for _ in texts]
    for first in range(0, len(texts), 500):
        batch = documents(texts[first : first + 500], first_row=first)
        for preset in PRESETS:
            out = run_stage(Quality(presets=(preset,), words=words, language="en"), batch)
            for rank, text in zip(
                out.kept.column("rank").to_pylist(), out.kept.column("text").to_pylist(), strict=True
            ):
                found[rank][preset] = (True, [], text)
            ranks = out.dropped.column("rank").to_pylist()
            for rank, failed in zip(ranks, out.dropped.column("failed").to_pylist(), strict=True):
                found[rank][preset] = (False, failed, texts[rank])
    return found


def differences(texts: list[str], given: list[dict], words: str) -> Iterator[tuple[str, int, str, list[str], bool]]:
    """(preset, document, datatrove's reason, our failed rules, whether only the text differs) where we differ."""
    for number, (one, other) in enumerate(zip(given, ours(texts, words), strict=True)):
        for preset in PRESETS:
            (kept, reason, text), (kept_by_us, failed, our_text) = one[preset], other[preset]
            if kept != kept_by_us:
                yield preset, number, reason, failed, False
            elif kept and text != our_text and preset == "c4":
                yield preset, number, reason, failed, True
