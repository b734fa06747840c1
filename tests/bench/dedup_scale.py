"""`make bench-dedup`: time, memory, disk and recall of `dedup_document` on made-up signatures of millions of documents.

python -m tests.bench.dedup_scale [--documents 1e6,10e6,30e6] [--folder DIR] [--workers 1]

The engine is that of a run: keys and records of every shard are spilled, `compare` works in rounds on them, tasks in
processes of their own. Only text and the kernel from text to signature are left out, so candidates are verified by
their signatures. Every figure is of this machine; seconds are of CPU time, so that other work on it counts less.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import multiprocessing
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.fitting import Scratch
from pipeline.shards import BATCH_ROWS
from pipeline.sketches import SketchWriter, read_part, read_records
from pipeline.stage import Part, Sketch
from pipeline.verdicts import read_verdicts, write_verdicts
from stages.dedup_document import DedupDocument
from stages.uids import to_numbers, to_text

from . import dedup_truth
from .planted_signatures import Planted

SHARD = 65_536
"""Documents per shard: about 256 MB of text, as a run cuts it."""
PARTITION = 65_536
"""Documents per key partition, about 256 MB of text: those of a run with uncompressed input have a quarter of it."""
BYTES_EACH = 1_200
"""Disk that a document needs at most."""
SKETCH = "sketch"
OWN = "between rounds"
"""The process that hands out the tasks."""
MB = 1_000_000


class Phase(NamedTuple):
    """What the rounds of a method took. seconds: of CPU time, of all tasks; peak: MB of memory of one process."""

    rounds: int
    seconds: float
    peak: float


def peak_mb() -> float:
    """The most memory that this process had."""
    try:  # ru_maxrss is also what its parent had when it began
        lines = Path("/proc/self/status").read_text().splitlines()
        found = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024
    except OSError:
        found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1024 if sys.platform != "darwin" else 1)
    return found / MB


@functools.cache
def planted(n_documents: int, n_minima: int) -> Planted:
    return Planted(n_documents, n_minima)


class MadeUp(DedupDocument):
    """The stage with made-up signatures, by the uid, which is N and the number of the document."""

    def signatures(self, batch: Batch) -> tuple[Any, Any, Any]:
        uid = to_numbers(batch.column("uid"))
        minima = planted(int(uid[0, 0]), self.n_minima).signatures(uid[:, 1].astype(np.int64))
        return minima, np.full(len(uid), 1000), np.full(len(uid), self.shingle_words)


class ScaleBench(Scratch):
    """The bench of N made-up documents. phases: what was done until now, in this process."""

    def __init__(self, folder: str, stage: Any, n_documents: int, workers: int) -> None:
        super().__init__(folder)
        self.n, self.stage, self.workers = n_documents, stage, workers
        self.shards = tuple(f"{number:06d}" for number in range(-(-n_documents // SHARD)))
        self.firsts = np.minimum(np.arange(len(self.shards) + 1) * SHARD, n_documents)
        self.sources = tuple("web" if number % 2 else "books" for number in range(len(self.shards)))
        self.n_partitions = max(1, n_documents // PARTITION)
        self.phases: dict[str, Phase] = {}
        self.disk = 0.0
        """Megabytes at most."""
        self._since = time.process_time()

    def __reduce__(self) -> Any:
        return ScaleBench, (self.folder, self.stage, self.n, self.workers)

    def sketch(self, shard: str) -> None:
        """What a pass does for a shard, but for its text."""
        position = self.shards.index(shard)
        first, stop = self.firsts[position : position + 2].tolist()
        cuts = range(first, stop, BATCH_ROWS)
        numbers = [np.arange(start, min(stop, start + BATCH_ROWS)) for start in cuts]
        with SketchWriter(self.folder, shard, self.n_partitions) as writer:
            for some in numbers:
                writer.add(len(some), self._sketch(some))

    def _sketch(self, numbers: np.ndarray) -> Sketch:
        uid = np.stack([np.full(len(numbers), self.n, np.uint64), numbers.astype(np.uint64)], axis=1)
        documents = {
            "uid": pa.array(to_text(uid), pa.string()),
            "text": pa.array([""] * len(numbers), pa.large_string()),
        }
        sketch: Sketch = self.stage.sketch(Batch(pa.record_batch(documents), self.stage, self.stage.name))
        return sketch

    def part(self, number: int) -> Part:
        return read_part(self.folder, self.shards, self.firsts, number)

    def records(self, shard: str, columns: Sequence[str]) -> Iterator[dict[str, np.ndarray]]:
        return read_records(self.folder, shard, columns)

    def verdicts(self, shard: str, columns: Mapping[str, np.ndarray]) -> None:
        write_verdicts(self.path("verdicts", f"{shard}.arrow"), columns)

    def found(self, shard: str) -> dict[str, np.ndarray]:
        """The verdicts on a shard."""
        return read_verdicts(self.path("verdicts", f"{shard}.arrow"))

    def remove(self, prefix: str) -> None:
        self.disk = max(self.disk, disk_mb(self.folder))
        super().remove(prefix)

    def map(self, method: str, tasks: Sequence[str]) -> list[Any]:
        """One round in new processes, so that their memory is that of the round."""
        self.note_own()
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.workers, context) as pool:
            done = list(pool.map(_task, [self] * len(tasks), [method] * len(tasks), tasks, chunksize=1))
        self._note(method, sum(one[1] for one in done), max(one[2] for one in done))
        return [json.loads(one[0]) for one in done]

    def note_own(self) -> None:
        """Note what this process itself did since the last round."""
        self._note(OWN, time.process_time() - self._since, peak_mb())
        self._since = time.process_time()

    def _note(self, name: str, seconds: float, peak: float) -> None:
        before = self.phases.get(name, Phase(0, 0.0, 0.0))
        self.phases[name] = Phase(before.rounds + 1, before.seconds + seconds, max(before.peak, peak))
        self.disk = max(self.disk, disk_mb(self.folder))


def _task(bench: ScaleBench, method: str, task: str) -> tuple[str, float, float]:
    """What a method of the stage, or of the bench, returns as JSON; CPU seconds; the process's peak memory in MB."""
    started = time.process_time()
    found = bench.sketch(task) if method == SKETCH else getattr(bench.stage, method)(bench, task)
    return json.dumps(found, allow_nan=False), time.process_time() - started, peak_mb()


def disk_mb(folder: str) -> float:
    """Megabytes of the files below a folder."""
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / MB


def measure(folder: str, n_documents: int, workers: int) -> dict[str, Any]:
    """One size, in this process; prints its rounds. Returns what the table shows."""
    stage = MadeUp(verify="estimated")
    bench = ScaleBench(folder, stage, n_documents, workers)
    started = time.perf_counter()
    bench.map(SKETCH, bench.shards)
    facts = stage.compare(bench)
    bench.note_own()
    wall = time.perf_counter() - started
    print("    | what | rounds | CPU seconds | peak memory of a process, MB |\n    |---|---|---|---|")
    for name, phase in bench.phases.items():
        print(f"    | {name} | {phase.rounds} | {phase.seconds:.1f} | {phase.peak:,.0f} |")
    facts["clusters"].pop("largest")
    print(f"    {json.dumps({name: facts[name] for name in ('pairs', 'clusters', 'far')})}")
    dedup_truth.check(bench, facts)
    return {
        "documents": n_documents,
        "wall": wall,
        "seconds": sum(phase.seconds for phase in bench.phases.values()),
        "peak": max(phase.peak for phase in bench.phases.values()),
        "disk": bench.disk,
    }


def separately(folder: str, n_documents: int, workers: int) -> dict[str, Any]:
    """`measure` in a process of its own, whose peak memory is then that of this size."""
    command = [sys.executable, "-m", "tests.bench.dedup_scale", "--one", "--documents", str(n_documents)]
    command += ["--folder", folder, "--workers", str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        line = ""
        for line in process.stdout:
            if not line.startswith("{"):
                print(line, end="", flush=True)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    found: dict[str, Any] = json.loads(line)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", default="1e6,10e6,30e6")
    parser.add_argument("--folder", help="where to put the spills, on a disk with 1.2 KB free per document")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    sizes = [int(float(size)) for size in given.documents.split(",")]
    if given.one:
        print(json.dumps(measure(given.folder, sizes[0], given.workers)))
        return
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=given.folder, prefix="dedup-scale-") as folder:
            free = shutil.disk_usage(folder).free
            if free < size * BYTES_EACH:
                raise SystemExit(
                    f"{size:,} documents need {size * BYTES_EACH / 1e9:.0f} GB of disk, {free / 1e9:.0f} are free"
                )
            print(f"{size:,} documents; {free / 1e9:.0f} GB of disk are free")
            rows.append(separately(folder, size, given.workers))
    print(
        "\n| documents | CPU seconds | seconds | peak memory, MB | disk at most, GB | growth |\n|---|---|---|---|---|---|"
    )
    for before, row in zip([None, *rows], rows, strict=False):
        growth = "" if before is None else f"{growth_of(before, row):.2f}"
        print(
            f"| {row['documents']:,} | {row['seconds']:.0f} | {row['wall']:.0f} | {row['peak']:,.0f} | {row['disk'] / 1000:.1f} | {growth} |"
        )


def growth_of(before: Mapping[str, float], row: Mapping[str, float]) -> float:
    """The exponent with which CPU seconds grow from one size to another; 1 is linear."""
    return math.log(row["seconds"] / before["seconds"]) / math.log(row["documents"] / before["documents"])


if __name__ == "__main__":
    main()
