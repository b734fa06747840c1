"""Small stages of all kinds for tests of the frame; a plugin, as `--plugin toys`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from components import components

from pipeline.batch import Batch
from pipeline.errors import InputError, OptionError
from pipeline.schema import option
from pipeline.stage import (
    Comparison,
    Export,
    Exported,
    ExportShard,
    Fit,
    Folder,
    GlobalStage,
    Limit,
    Sketch,
    Stage,
    Verdicts,
    stage,
)  # fmt: skip


@stage("toy_even")
class ToyEven(Stage):
    """Drops documents with an odd number of characters."""

    def adds(self):
        return {"toy_even_n_chars": pa.int32()}

    def apply(self, batch: Batch) -> None:
        n_chars = np.array([len(text) for text in batch.column("text").to_pylist()], np.int32)
        batch.set("toy_even_n_chars", n_chars)
        batch.drop(n_chars % 2 == 1, "odd", value=n_chars)


@stage("toy_judge")
class ToyJudge(Stage):
    """Drops documents by their characters, digits and first characters, from what it has measured."""

    min_chars: int = option(4, "characters; below: too_short", ge=0)
    max_chars: int = option(60, "characters; above: too_long", ge=1)
    max_digit_frac: float = option(0.5, "share of digits", ge=0, le=1)
    max_chars_zh: int = option(40, "characters; above: zh_too_long, where the language is zh", ge=1)
    keep: tuple[str, ...] = option((), "languages to keep; empty keeps all")
    unit: str = option("chars", "what is counted", choices=("chars", "bytes"))
    judging_options = ("min_chars", "max_chars", "max_digit_frac", "max_chars_zh", "keep")
    slices = {"toy_judge_language": "language"}  # noqa: RUF012

    def adds(self):
        return {
            "toy_judge_n_chars": pa.int32(),
            "toy_judge_digit_frac": pa.float32(),
            "toy_judge_language": pa.string(),
        }

    def limits(self):
        return (
            Limit("too_short", "toy_judge_n_chars", "min_chars", True, self.min_chars),
            Limit("too_long", "toy_judge_n_chars", "max_chars", False, self.max_chars),
            Limit("too_many_digits", "toy_judge_digit_frac", "max_digit_frac", False, self.max_digit_frac),
            Limit("zh_too_long", "toy_judge_n_chars", "max_chars_zh", False, self.max_chars_zh, ("zh",)),
        )

    def profile(self, language, values):
        return {"language": language, "thresholds": dict(values)}

    def measure(self, batch: Batch) -> None:
        texts = batch.column("text").to_pylist()
        sizes = [len(text.encode() if self.unit == "bytes" else text) for text in texts]
        digits = [sum(map(str.isdigit, text)) / len(text) if text else 0.0 for text in texts]
        is_chinese = ["zh" if any("\u4e00" <= c <= "\u9fff" for c in text) else "en" for text in texts]
        batch.set("toy_judge_n_chars", pa.array(sizes, pa.int32()))
        batch.set("toy_judge_digit_frac", pa.array(digits, pa.float32()))
        batch.set("toy_judge_language", pa.array(is_chinese, pa.string()))

    def judge(self, batch: Batch) -> None:
        n_chars, digits = batch.signal("toy_judge_n_chars"), batch.signal("toy_judge_digit_frac")
        language = batch.signal("toy_judge_language")
        batch.drop(n_chars < self.min_chars, "too_short", value=n_chars, limit=self.min_chars)
        batch.drop(n_chars > self.max_chars, "too_long", value=n_chars, limit=self.max_chars)
        batch.drop(digits > self.max_digit_frac, "too_many_digits", value=digits, limit=self.max_digit_frac)
        zh_too_long = (language == "zh") & (n_chars > self.max_chars_zh)
        batch.drop(zh_too_long, "zh_too_long", value=n_chars, limit=self.max_chars_zh)
        batch.drop(~np.isin(language, self.keep) & bool(self.keep), "unwanted")


@stage("toy_bounds")
class ToyBounds(Stage):
    """Drops documents with more characters than a limit; options that only judge also say what it hands on."""

    most: float = option(1e6, "characters")
    edits: bool = option(False, "say that it edits")
    more: bool = option(False, "add another column")
    unjudged: tuple[str, ...] = option((), "sources that are never dropped")
    judging_options = ("most", "edits", "more", "unjudged")
    source_options = ("unjudged",)

    @property
    def edits_text(self):
        return self.edits

    def needs(self):
        return ("text", "source")

    def adds(self):
        return {f"toy_bounds_{name}": pa.int32() for name in ("n_chars", *(["more"] if self.more else []))}

    def open(self):
        if self.most == 13:
            raise OptionError("most", "toy_bounds option 'most': the model knows no 13")

    def measure(self, batch: Batch) -> None:
        batch.set("toy_bounds_n_chars", np.array(list(map(len, batch.column("text").to_pylist())), np.int32))

    def judge(self, batch: Batch) -> None:
        n_chars = batch.signal("toy_bounds_n_chars")
        judged = ~np.isin(batch.column("source").to_pylist(), self.unjudged)
        batch.drop(judged & (n_chars > self.most), "too_big", value=n_chars, limit=self.most)


@stage("toy_swap")
class ToySwap(Stage):
    """Replaces every `a` by `AA` and every 中 by nothing."""

    edits_text = True

    def apply(self, batch: Batch) -> None:
        spans = []
        for row, text in enumerate(batch.column("text").to_pylist()):
            place = 0
            for character in text:
                size = len(character.encode())
                if character in "a中":
                    spans.append((row, place, place + size, b"AA" if character == "a" else b""))
                place += size
        rows, starts, ends = (np.array([span[i] for span in spans], np.int64) for i in range(3))
        batch.edit(rows, starts, ends, [span[3] for span in spans])


@stage("toy_scrub")
class ToyScrub(Stage):
    """Replaces every `SECRET` by a tag."""

    edits_text = True
    scrubs = True

    def apply(self, batch: Batch) -> None:
        spans = []
        for row, text in enumerate(batch.column("text").to_pylist()):
            data, place = text.encode(), -1
            while (place := data.find(b"SECRET", place + 1)) >= 0:
                spans.append((row, place, place + 6))
        rows, starts, ends = (np.array([span[i] for span in spans], np.int64) for i in range(3))
        batch.edit(rows, starts, ends, b"<TAG>")


@stage("toy_first_char")
class ToyFirstChar(GlobalStage):
    """Keeps one document per first character."""

    tables = ("groups.arrow",)

    def adds(self):
        return {"toy_first_char_size": pa.int32()}

    def characters(self, text: str) -> set[str]:
        """Those by which a document meets others."""
        return set(text[:1])

    def sketch(self, batch: Batch) -> Sketch:
        texts = batch.column("text").to_pylist()
        pairs = [(ord(one), row) for row, text in enumerate(texts) for one in sorted(self.characters(text))]
        keys, rows = ([pair[i] for pair in pairs] for i in range(2))
        return Sketch(np.array(keys, np.uint64), np.array(rows, np.int64), len(texts), records={"uid": hashes(batch)})

    def decide(self, bench: Comparison, task: str) -> list[list[int]]:
        """Pairs of items that share a key, the first that has it before."""
        part = bench.part(int(task))
        first: dict[int, int] = {}
        pairs = [
            [first.setdefault(key, item), item]
            for key, item in zip(part.keys.tolist(), part.items.tolist(), strict=True)
        ]
        return [pair for pair in pairs if pair[0] != pair[1]]

    def compare(self, bench: Comparison) -> dict:
        found = bench.map("decide", [str(number) for number in range(bench.n_partitions)])
        leasts = components([(one, other) for pairs in found for one, other in pairs])
        sizes = Counter(leasts.values())
        uids = np.concatenate(
            [
                np.zeros((0, 2), np.uint64),
                *(piece["uid"] for shard in bench.shards for piece in bench.records(shard, ["uid"])),
            ]
        )
        for number, shard in enumerate(bench.shards):
            items = sorted(item for item in leasts if bench.firsts[number] <= item < bench.firsts[number + 1])
            twins = [uids[leasts[item]] if leasts[item] != item else [0, 0] for item in items]
            bench.verdicts(shard, {
                "row": np.array(items, np.int64) - bench.firsts[number],
                "twin": np.array(twins, np.uint64).reshape(-1, 2),
                "size": np.array([sizes[leasts[item]] for item in items], np.int32),
            })  # fmt: skip
        with bench.write("groups.arrow") as file, pa.ipc.new_file(file, pa.schema([("size", pa.int32())])) as writer:
            writer.write_batch(pa.record_batch({"size": pa.array(sorted(sizes.values()), pa.int32())}))
        return {"groups": len(sizes)}

    def apply(self, batch: Batch, verdicts: Verdicts) -> None:
        size, twin = verdicts.filled("size", len(batch), 1), verdicts.filled("twin", len(batch), 0)
        uids = np.array([f"{high:016x}{low:016x}" if high or low else "" for high, low in twin.tolist()], object)
        self.judge_by(batch, size, uids)

    def judge_by(self, batch: Batch, size: np.ndarray, twin: np.ndarray) -> None:
        batch.set("toy_first_char_size", size)
        batch.drop(twin != "", "same_start", value=size, twin=twin)


def hashes(batch: Batch) -> np.ndarray:
    """The uids as numbers, uint64[N, 2]."""
    uids = batch.column("uid").to_pylist()
    return np.array([[int(uid[:16], 16), int(uid[16:], 16)] for uid in uids], np.uint64).reshape(-1, 2)


@stage("toy_chain")
class ToyChain(ToyFirstChar):
    """Keeps one document of those that first or last characters link, however far apart."""

    def adds(self):
        return {}

    def characters(self, text: str) -> set[str]:
        return {text[:1], text[-1:]} - {""}

    def judge_by(self, batch: Batch, size: np.ndarray, twin: np.ndarray) -> None:
        batch.drop(twin != "", "linked", value=size, twin=twin)


@stage("toy_count")
class ToyCount(Fit):
    """Writes how many documents there are."""

    def fit(self, batches: Iterable[Batch], out: BinaryIO) -> None:
        out.write(str(sum(len(batch) for batch in batches)).encode())


@stage("toy_refuses")
class ToyRefuses(Fit):
    """Finds nothing to work on."""

    def fit(self, batches: Iterable[Batch], out: BinaryIO) -> None:
        raise InputError("nothing to count")


@stage("toy_uses_count")
class ToyUsesCount(Stage):
    """Sets the number that `toy_count` wrote."""

    model: str = option(help="the artifact")

    def adds(self):
        return {"toy_uses_count_n": pa.int64()}

    def open(self):
        with open(self.model) as file:
            return int(file.read())

    def apply(self, batch: Batch) -> None:
        batch.set("toy_uses_count_n", np.full(len(batch), batch.resource, np.int64))


@stage("toy_fails")
class ToyFails(Stage):
    """Raises on a batch that holds the word `poison`."""

    def apply(self, batch: Batch) -> None:
        if any("poison" in text for text in batch.column("text").to_pylist()):
            raise ZeroDivisionError("poisoned")


@stage("toy_dies")
class ToyDies(Stage):
    """Ends its process, as the system does when memory runs out."""

    def apply(self, batch: Batch) -> None:
        os._exit(9)


@stage("needs_signal")
class NeedsSignal(Stage):
    """Needs a column that `toy_even` adds."""

    def needs(self):
        return ("text", "toy_even_n_chars")

    def apply(self, batch: Batch) -> None:
        assert len(batch.column("toy_even_n_chars")) == len(batch)


@stage("toy_published")
class ToyPublished(ToyCount):
    """As `toy_count`; the artifact is published."""

    publishes = "count.json"


@stage("toy_told")
class ToyTold(ToyCount):
    """As `toy_count`; the number is told."""

    broken: bool = option(False, "fail")

    def facts(self, artifact: BinaryIO) -> dict:
        if self.broken:
            raise ZeroDivisionError("by wish")
        return {"kind": "count", "文档": int(artifact.read())}


@stage("toy_files")
class ToyFiles(Export):
    """Writes the texts of each shard to a file, and the names of all to another."""

    mark: str = option("", "what each file begins with")
    broken: bool = option(False, "fail")

    def export(self, shard: ExportShard) -> dict:
        if self.broken:
            raise ZeroDivisionError("by wish")
        texts = [text for batch in shard.batches() for text in batch.column("text").to_pylist()]
        if texts:
            with shard.write(f"{shard.source}/{shard.name}.txt") as file:
                file.write(self.mark.encode() + "\n".join(texts).encode())
        return {"documents": len(texts)}

    def index(self, folder: Folder, shards: list[Exported], tags: dict[str, str]) -> None:
        lines = [f"{shard.shard} {shard.source} {tags[shard.source]} {shard.facts['documents']}\n" for shard in shards]
        with folder.write("all.txt") as file:
            file.write("".join(lines).encode())


@stage("toy_again")
class ToyAgain(Export):
    """Reads what `toy_files` wrote."""

    files: str = option("@toy_files", "the stage whose files are read")

    def export(self, shard: ExportShard) -> dict:
        return {"documents": 0}

    def index(self, folder: Folder, shards: list[Exported], tags: dict[str, str]) -> None:
        with folder.read(f"{self.files}/all.txt") as file, folder.write("again.txt") as again:
            again.write(file.read())
