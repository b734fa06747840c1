"""Small Fits that work in rounds, for tests of the frame; a plugin, as `--plugin toy_fits`.

With the variables TOY_LOG, a file, and TOY_DIES, the name of a task, that task ends its process when it is first done.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from pipeline.assets import identity_of
from pipeline.errors import InputError, OptionError
from pipeline.schema import option
from pipeline.stage import Bench, GlobalFit, stage


@contextlib.contextmanager
def logged(what: str) -> Iterator[None]:
    """A task, of which the log is told before it begins."""
    log = os.environ.get("TOY_LOG", os.devnull)
    with open(log, "a") as file:
        file.write(f"{what}\n")
    yield
    if os.environ.get("TOY_DIES") == what and Path(log).read_text().splitlines().count(what) == 1:
        os.kill(os.getpid(), signal.SIGKILL)


@stage("toy_words")
class ToyWords(GlobalFit):
    """Counts words in two rounds: by shard, then by partition; writes a line for each, in order."""

    n_partitions: int = option(3, "partitions", ge=1)
    first: str = option("", "the artifact whose content the file begins with")

    def fit(self, bench: Bench, out: BinaryIO) -> None:
        n_documents = sum(bench.map("count", bench.shards))
        partitions = [str(number) for number in range(self.n_partitions)]
        n_words = sum(bench.map("merge", partitions))
        lines: list[bytes] = []
        with logged("fit"):
            with bench.read("merged-0") as file:
                lines += file.read().splitlines()
            for number in partitions[1:]:
                with bench.local(f"merged-{number}") as path:
                    lines += Path(path).read_bytes().splitlines()
        head = Path(self.first).read_text() + " " if self.first else ""
        out.write(f"{head}{n_documents} {n_words}\n".encode() + b"\n".join(sorted(lines)))

    def count(self, bench: Bench, shard: str) -> int:
        """Spills each batch's words: their first eight bytes as a number, and how often they come."""
        n_documents = 0
        with logged(f"count {shard}"), bench.spill(f"words-{shard}", self.n_partitions) as spill:
            for batch in bench.batches(shard):
                n_documents += len(batch)
                words = Counter(word for text in batch.column("text").to_pylist() for word in text.split())
                keys = np.array([int.from_bytes(word.encode()[:8].ljust(8)) for word in words], np.uint64)
                part = (keys % np.uint64(self.n_partitions)).astype(np.int64)
                order = np.argsort(part, kind="stable")
                counts = np.array(list(words.values()), np.int64)[order]
                borders = np.searchsorted(part[order], np.arange(self.n_partitions + 1))
                spill.add({"key": keys[order], "count": counts}, borders)
        return n_documents

    def merge(self, bench: Bench, number: str) -> int:
        """Writes the sums of one partition; returns how many words there were."""
        sums: Counter[int] = Counter()
        with logged(f"merge {number}"), bench.write(f"merged-{number}") as file:
            for chunk in bench.partition([f"words-{shard}" for shard in bench.shards], int(number)):
                for key, count in zip(chunk["key"].tolist(), chunk["count"].tolist(), strict=True):
                    sums[key] += count
            for key, count in sorted(sums.items()):
                file.write(key.to_bytes(8).strip() + f" {count}\n".encode())
        return sum(sums.values())


@stage("toy_faulty")
class ToyFaulty(GlobalFit):
    """Does in one round what it should not."""

    does: str = option("fails", "the method")
    tasks: tuple[str, ...] = option(("one",), "what it is given")

    def fit(self, bench: Bench, out: BinaryIO) -> None:
        bench.map(self.does, self.tasks)

    def fails(self, bench: Bench, task: str) -> None:
        raise ZeroDivisionError("by wish")

    def refuses(self, bench: Bench, task: str) -> None:
        raise InputError("nothing to count")

    def refuses_an_option(self, bench: Bench, task: str) -> None:
        raise OptionError("does", "toy_faulty option 'does' does not fit")

    def maps(self, bench: Bench, task: str) -> Any:
        return bench.map("refuses", ["two"])

    def gives_nan(self, bench: Bench, task: str) -> float:
        return float("nan")

    def gives_bytes(self, bench: Bench, task: str) -> bytes:
        return b""

    def spills(self, bench: Bench, task: str) -> None:
        with bench.spill("half", 2) as spill:
            spill.add({"key": np.zeros(3, np.uint64)}, np.array([0, 1, 3]))
            spill.add({"key": np.zeros(3, np.uint64)}, np.array([0, 1, 2]))


@stage("toy_lm")
class ToyLm(GlobalFit):
    """Counts documents by language; has the options and facts of a language model."""

    sources: tuple[str, ...] = option((), "to learn from")
    bounds_sources: tuple[str, ...] = option((), "a reference")
    by_language: bool = option(True, "a model for each language")
    languages: tuple[str, ...] = option((), "of which there are models; empty: all")
    min_documents: int = option(1, "that a language must have", ge=1)
    tokenizer: str = option("", "a file")
    source_options = ("sources", "bounds_sources")

    def identity(self):
        return {"tokenizer": identity_of(self.tokenizer)} if self.tokenizer else {}

    def needs(self):
        return ("text", "source", *(["language_label"] if self.by_language else []))

    def fit(self, bench: Bench, out: BinaryIO) -> None:
        counts: dict[str, dict[str, int]] = {}
        for one in bench.map("survey", bench.shards):
            for language, by_side in one.items():
                counts[language] = dict(Counter(counts.get(language, {})) + Counter(by_side))
        wanted = {name: one for name, one in counts.items() if name in self.languages or not self.languages}
        if not any(one.get("sources", 0) >= self.min_documents for one in wanted.values()):
            raise InputError(f"toy_lm can serve no language: {counts}")
        out.write(json.dumps([self.sources, wanted], sort_keys=True).encode())

    def survey(self, bench: Bench, shard: str) -> dict[str, Counter[str]]:
        sides = dict.fromkeys(self.sources, "sources") | dict.fromkeys(self.bounds_sources, "bounds")
        found: dict[str, Counter[str]] = {}
        if os.environ.get("TOY_DIES") == "survey":
            os.kill(os.getpid(), signal.SIGKILL)
        for batch in bench.batches(shard):
            labels = batch.column("language_label").to_pylist() if self.by_language else ["all"] * len(batch)
            for label, source in zip(labels, batch.column("source").to_pylist(), strict=True):
                found.setdefault(label, Counter())[sides[source]] += 1
        return found

    def facts(self, artifact: BinaryIO) -> dict:
        """As `ngram_model` tells them, as far as answers show them."""
        _, counts = json.load(artifact)
        about: dict[str, Any] = {"kind": "ngram_model", "languages": {}, "unserved": {}}
        for language, by_side in counts.items():
            n_documents = by_side.get("sources", 0)
            if n_documents < self.min_documents:
                about["unserved"][language] = {"documents": n_documents, "why": "too few documents"}
                continue
            held_out = {"documents": 5, "tokens": 90, "perplexity": 1234.56, "unknown_frac": 0.0123}
            about["languages"][language] = {
                "documents": n_documents, "fallback": [False, True], "n_tokens": 10 * n_documents, "vocabulary": 1000, "ngrams": [1000, 2500],
                "held_out": None if self.bounds_sources else held_out, "bounds": {"documents": by_side.get("bounds", 5), "whose": "reference" if self.bounds_sources else "held_out"},
            }  # fmt: skip
        return about

    @property
    def formats(self) -> dict[str, str]:
        one_model = not self.by_language or len(self.languages) == 1
        return {".toy": "" if one_model else "such a file holds one model: give --language"}

    def convert(self, path: str, suffix: str, out: BinaryIO) -> None:
        out.write(f"{suffix} 语 ".encode() + Path(path).read_bytes())
