"""How fast documents are packed, in every way: 10 million made-up lengths like those of web pages, one core.

Each way runs in a process of its own, so that its memory is its own. Every figure is of this machine.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time

import numpy as np

MILLION = 1_000_000
DOCUMENTS, SHARD = 10 * MILLION, 50_000
SEQUENCES = (512, 2048)
LOG_MEAN, LOG_STD = 6.0, 1.1
"""Of the tokens of a document: half have more than 400, the mean is about 740."""


def lengths(n: int) -> np.ndarray:
    """Tokens of n documents with their borders, int64[n]."""
    return np.random.default_rng(0).lognormal(LOG_MEAN, LOG_STD, n).astype(np.int64) + 2


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1000 if sys.platform != "darwin" else 1e6)


def arranged(way: str, sequence_tokens: int) -> tuple[float, float, int, int]:
    """Seconds and MB (beyond the lengths) that arranging them takes; sequences and pieces."""
    from train.pack import WAYS, arrange

    n_tokens = lengths(DOCUMENTS)
    before, started = peak_mb(), time.process_time()
    pieces, _, n_sequences = arrange(n_tokens, sequence_tokens + 1, *WAYS[way])
    return time.process_time() - started, peak_mb() - before, n_sequences, len(pieces.length)


def told(sequence_tokens: int) -> float:
    """Seconds to compute what every way costs."""
    from train.pack import costs

    n_tokens = lengths(DOCUMENTS)
    started = time.process_time()
    costs(n_tokens, sequence_tokens)
    return time.process_time() - started


def packed(way: str, sequence_tokens: int) -> float:
    """Seconds to pack a shard of SHARD documents whole: rows and pieces, in memory."""
    import pyarrow as pa

    from train.pack import WAYS, pack_shard

    n_tokens = lengths(SHARD)
    starts = np.cumsum(n_tokens) - n_tokens
    tokens = np.random.default_rng(1).integers(1, 50_000, n_tokens.sum()).astype(np.uint16)
    tokens[starts] = tokens[starts + n_tokens - 1] = 0
    uid = pa.array([f"{number:032x}" for number in range(SHARD)])
    docs = pa.table({"uid": uid, "start": starts, "n_tokens": n_tokens, "n_bytes": n_tokens})
    started = time.process_time()
    pack_shard(tokens, docs, sequence_tokens, 0, *WAYS[way])
    return time.process_time() - started


def apart(function, *arguments):
    """The result of a call in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def main() -> None:
    """Print all figures."""
    from train.pack import WAYS

    total = int(lengths(DOCUMENTS).sum())
    print(f"{DOCUMENTS:,} documents of {total / DOCUMENTS:,.0f} tokens on average, seconds of processor time")
    for sequence_tokens in SEQUENCES:
        print(f"\nSequences of {sequence_tokens:,}")
        for way in WAYS:
            seconds, memory, n_sequences, n_pieces = apart(arranged, way, sequence_tokens)
            whole = apart(packed, way, sequence_tokens) * MILLION / SHARD
            print(
                f"  {way:17} {seconds:5.1f} s, {memory:5,.0f} MB more, {n_pieces:,} pieces in {n_sequences:,} sequences;"
                f" with rows in shards of {SHARD:,} documents {whole:4.1f} s per million"
            )
        print(f"  what every way costs: {apart(told, sequence_tokens):.1f} s")


if __name__ == "__main__":
    main()
