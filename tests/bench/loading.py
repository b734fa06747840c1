"""How fast batches come from a packed folder in the page cache, beside a bare loop of numpy over the same tokens.

`python -m tests.bench.loading [FOLDER]`: FOLDER is a packed folder; without one, made-up tokens are packed first. With
`--peers`, MosaicML streaming and litdata are measured on the same tokens (`loading_peers.py`).
Both give a model what it needs, inputs and targets as int64; ours also tells documents and padding apart. Where malloc
gives the memory of every batch back, page faults take most of the bare loop's time; the variables
MALLOC_TRIM_THRESHOLD_=1000000000 MALLOC_MMAP_THRESHOLD_=1000000000 have it keep it.

Letters: B sequences of a batch, T predicted positions. Speeds are B * T * batches, by seconds of this process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

SEQUENCE = 2048
BATCH = 32
N_BATCHES = 400
ROUNDS = 5
N_TOKENS = 30_000_000
MILLION = 1e6


class Speed(NamedTuple):
    """Million tokens per second: the best of some rounds, and all of them; seconds are those of one processor."""

    best: float
    rounds: tuple[float, ...]

    @classmethod
    def of(cls, step: Callable[[int], object], n_tokens: int, n_batches: int = N_BATCHES) -> Speed:
        """Of a function of a batch's number; the first round warms the page cache and is not counted."""
        found = []
        for _ in range(ROUNDS + 1):
            begin = time.process_time()
            for number in range(n_batches):
                step(number)
            found.append(n_tokens * n_batches / (time.process_time() - begin) / MILLION)
        return cls(max(found[1:]), tuple(found[1:]))


def ours(folder: str, batch_sequences: int = BATCH, n_batches: int = N_BATCHES) -> Speed:
    """The batches of this project's loader, from the first on, as often as needed."""
    from train.loader import Loader

    loader = Loader.open(folder, tokens=10**15, batch_sequences=batch_sequences, max_epochs=float("inf"))
    return Speed.of(lambda number: loader[number].inputs, batch_sequences * loader.sequence_tokens, n_batches)


def numpy_crops(
    folder: str, batch_sequences: int = BATCH, n_batches: int = N_BATCHES, sequence_tokens: int = SEQUENCE
) -> Speed:
    """Crops at random places of one flat file: the loop of nanoGPT's `get_batch` without torch."""
    random = np.random.default_rng(0)
    with tempfile.NamedTemporaryFile() as file:
        tokens = flat(folder, file)

        def step(number: int) -> tuple[np.ndarray, np.ndarray]:
            begin = random.integers(0, len(tokens) - sequence_tokens - 1, batch_sequences)
            x = np.stack([tokens[i : i + sequence_tokens].astype(np.int64) for i in begin])
            y = np.stack([tokens[i + 1 : i + 1 + sequence_tokens].astype(np.int64) for i in begin])
            return x, y

        return Speed.of(step, batch_sequences * sequence_tokens, n_batches)


def flat(folder: str, file: IO[bytes]) -> np.memmap:
    """All training rows of a packed folder in a file without a header."""
    from train.packed import read_index
    from train.tokens import open_array

    index = read_index(folder)
    for source in index.sources.values():
        for shard in source.train.shards:
            open_array(os.path.join(folder, f"{shard.name}.npy")).tofile(file)
    return np.memmap(file.name, index.dtype, "r")


def made_up(folder: str) -> None:
    """Pack random tokens in two sources of 4 shards, lengths of documents log-normal like those of web text."""
    import packed_folders

    random = np.random.default_rng(0)
    lengths = np.maximum(random.lognormal(6.5, 1.1, N_TOKENS // 1200).astype(np.int64), 2)
    documents = [random.integers(0, packed_folders.END_OF_TEXT, n, np.uint16).tolist() for n in lengths.tolist()]
    half = len(documents) // 2
    sources = {"english": documents[:half], "chinese": documents[half:]}
    packed_folders.packed_folder(folder, sources, sequence_tokens=SEQUENCE, shards=4)


def report(folder: str) -> None:
    """Print both speeds, measured in turn."""
    for name, measure in (("loader", ours), ("numpy crops", numpy_crops)):
        speed = measure(folder)
        rounds = ", ".join(f"{one:.0f}" for one in speed.rounds)
        print(f"{name}: {speed.best:.0f} million tokens/s (rounds: {rounds})")


def main() -> None:
    """Measure a folder that is given, or one of made-up tokens; with another environment, other loaders on it too."""
    parser = argparse.ArgumentParser("python -m tests.bench.loading")
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="a packed folder (default: made-up tokens)")
    parser.add_argument("--peers", metavar="PYTHON", help="the Python of an environment with tests/bench/peers.txt")
    arguments = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1]))
    print(f"Loading, one core, batches of {BATCH} x {SEQUENCE}, warm page cache")
    with tempfile.TemporaryDirectory() as made:
        folder = arguments.folder or made
        if folder == made:
            made_up(made)
        report(folder)
        if arguments.peers:
            subprocess.run([arguments.peers, str(Path(__file__).with_name("loading_peers.py")), folder], check=True)


if __name__ == "__main__":
    main()
