"""What the stage `pii` finds in real text, to be judged by eye.

python -m tests.bench.pii_sample FILE... [--half build|measure|all] [--each 10] [--entities a,b] [--bytes 20e6]

FILE: a part of the corpora beside the checkout, such as code/repos; without one, all parts. Documents fall into two
halves by a hash of their text: rules are mended by what is read in `build`, and false findings are counted in `measure`.
Which findings are shown is decided by a hash too, so that the same are shown each time.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard

sys.path.insert(0, str(Path(__file__).parents[1]))

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
AROUND = 60
BATCH = 500


def digest(text: str) -> int:
    """64 bits."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def texts(path: Path, half: str, max_bytes: float) -> Iterator[str]:
    """Documents of one half, as far as max_bytes go."""
    wanted = {"build": (0,), "measure": (1,), "all": (0, 1)}[half]
    with zstandard.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            text = json.loads(line)["text"]
            if digest(text) % 2 in wanted:
                max_bytes -= len(text.encode())
                if max_bytes < 0:
                    return
                yield text


def batches(documents: Iterator[str]) -> Iterator[list[str]]:
    held: list[str] = []
    for text in documents:
        held.append(text)
        if len(held) == BATCH:
            yield held
            held = []
    if held:
        yield held


def shown(text: bytes, start: int, stop: int) -> str:
    """A finding between what stands around it, on one line."""
    before = text[max(0, start - 4 * AROUND) : start].decode("utf-8", "ignore")[-AROUND:]
    after = text[stop : stop + 4 * AROUND].decode("utf-8", "ignore")[:AROUND]
    return json.dumps(f"{before}⟦{text[start:stop].decode()}⟧{after}", ensure_ascii=False)


class Sample:
    """The findings of each entity whose hashes are the lowest, and how many there are. n_each: those to keep."""

    def __init__(self, n_each: int) -> None:
        self.n_each = n_each
        self.n_documents = self.n_bytes = 0
        self.counts: Counter[str] = Counter()
        self.kept: dict[str, list[tuple[int, str]]] = defaultdict(list)

    def add(self, text: str, findings: list[dict[str, Any]]) -> None:
        """The findings in a document."""
        data = text.encode()
        self.n_documents, self.n_bytes = self.n_documents + 1, self.n_bytes + len(data)
        for one in findings:
            self.counts[one["entity"]] += 1
            where = shown(data, one["start"], one["stop"])
            entry = (-digest(f"{one['start']} {where}"), f"{one['rule']:20} {one['score']:.2f} {where}")
            heap = self.kept[one["entity"]]
            (heapq.heappush if len(heap) < self.n_each else heapq.heappushpop)(heap, entry)

    def show(self, name: str) -> None:
        total = sum(self.counts.values())
        rate = total / max(1, self.n_bytes) * 100_000
        print(
            f"\n{name}: {self.n_documents:,} documents, {self.n_bytes / 1e6:.1f} MB, {total:,} findings, {rate:.2f} per 100 KB"
        )
        for entity, count in self.counts.most_common():
            print(f"  {entity}: {count:,}, {count / self.n_bytes * 100_000:.2f} per 100 KB")
            for _, line in sorted(self.kept[entity], reverse=True):
                print(f"    {line}")


def sample(path: Path, options: argparse.Namespace) -> None:
    """Print findings of one part."""
    from batches import documents as batch_of

    from pipeline.execute import run_stage
    from stages.pii import Pii

    stage = Pii(entities=tuple(options.entities.split(","))) if options.entities else Pii()
    taken = Sample(options.each)
    for held in batches(texts(path, options.half, options.bytes)):
        found = run_stage(stage, batch_of(held)).kept.column("pii_findings").to_pylist()
        for text, findings in zip(held, found, strict=True):
            taken.add(text, findings)
    taken.show(str(path.relative_to(CORPORA)).removesuffix(".jsonl.zst"))


def main() -> None:
    """Print samples of the parts that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*")
    parser.add_argument("--half", choices=("build", "measure", "all"), default="build")
    parser.add_argument("--each", type=int, default=10, help="findings shown of each entity")
    parser.add_argument("--entities", default="")
    parser.add_argument("--bytes", type=float, default=20e6)
    options = parser.parse_args()
    paths = [CORPORA / f"{name}.jsonl.zst" for name in options.files] or sorted(CORPORA.rglob("*.jsonl.zst"))
    for path in paths:
        sample(path, options)


if __name__ == "__main__":
    main()
