"""The training half of `make bench`: tokenizer, packing beside a peer, the loader, and steps of the model."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

MB = 1_000_000
VOCABULARY, SEQUENCE = 8_192, 512
SHAPES = ((2, 64, 2), (4, 128, 4))


def seconds(function) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def tokenized(texts: list[str]) -> list[list[int]]:
    """Print the speed of training the tokenizer and of encoding, on one core; the token ids."""
    from stages.encoder import encoder
    from stages.tokenizer import train

    size = sum(len(text.encode()) for text in texts)
    made: list[bytes] = []
    took = seconds(lambda: made.append(train(texts, VOCABULARY)))
    print(f"tokenizer, {VOCABULARY:,} tokens: {size / MB / took:.1f} MB/s")
    encode, ids = encoder(made[0]), []
    took = seconds(lambda: ids.extend(encode.encode_batch(texts)))
    print(f"encode: {size / MB / took:.1f} MB/s, {size / sum(map(len, ids)):.2f} bytes per token")
    return ids


def first_fit_decreasing(lengths: list[int], capacity: int) -> int:
    """Bins that first-fit-decreasing takes, with a segment tree over their room: the usual choice elsewhere."""
    size = 1 << (len(lengths) - 1).bit_length()
    room = [capacity] * (2 * size)
    used = 0
    for length in sorted(lengths, reverse=True):
        node = 1
        while node < size:
            node = 2 * node if room[2 * node] >= length else 2 * node + 1
        used = max(used, node - size + 1)
        room[node] -= length
        while node > 1:
            node //= 2
            room[node] = max(room[2 * node], room[2 * node + 1])
    return used


def packed(ids: list[list[int]], folder: Path) -> None:
    """Print the speed of packing and its padding, beside first-fit-decreasing and concatenation, and write a folder."""
    import packed_folders

    from train.pack import best_fit, cut

    lengths = cut(np.array([len(one) + 2 for one in ids]), SEQUENCE + 1).length
    bins: list[int] = []
    ours = seconds(lambda: bins.append(best_fit(lengths, SEQUENCE + 1)[1]))
    theirs = seconds(lambda: bins.append(first_fit_decreasing(lengths.tolist(), SEQUENCE + 1)))
    waste = [100 * (1 - lengths.sum() / (n * (SEQUENCE + 1))) for n in bins]
    print(f"pack {len(lengths):,} pieces: {len(lengths) / ours / MB:.2f} million/s, {waste[0]:.3f} % padding")
    print(f"  first-fit-decreasing: {len(lengths) / theirs / MB:.2f} million/s, {waste[1]:.3f} % padding")
    print(f"  documents cut, beside one stream of all: {_cuts(ids)}")
    small = [[token % packed_folders.END_OF_TEXT for token in one] for one in ids[:2000]]
    packed_folders.packed_folder(folder, {"text": small[200:]}, {"text": small[:200]}, sequence_tokens=SEQUENCE)


def _cuts(ids: list[list[int]]) -> str:
    """Documents that packing cuts, and those that concatenation would cut."""
    n_tokens = np.array([len(one) + 2 for one in ids])
    ends = np.cumsum(n_tokens)
    stream = int(((ends - 1) // SEQUENCE > (ends - n_tokens) // SEQUENCE).sum())
    return f"{int((n_tokens > SEQUENCE + 1).sum()):,} instead of {stream:,} of {len(ids):,}"


def loaded(folder: Path) -> None:
    from train.loader import Loader

    loader = Loader.open(str(folder), batch_sequences=32)
    total = sum(loader.plan.asked.values())
    took = seconds(lambda: [loader[step] for step in range(len(loader))])
    print(f"loader: {total / took / MB:.1f} million tokens/s")


def trained(folder: Path) -> None:
    """Print tokens per second of training, one thread, in processes of their own."""
    for layers, width, heads in SHAPES:
        out = folder / f"{layers}x{width}"
        shape = ["--layers", str(layers), "--width", str(width), "--heads", str(heads)]
        command = [sys.executable, "-m", "train", "--data", str(folder), "--out", str(out), "--tokens", "60000", *shape]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2])
        timing, result = (json.loads((out / f"{name}.json").read_text()) for name in ("timing", "result"))
        flops = result["flops"] / timing["train_seconds"] / 1e9
        print(
            f"train {layers} x {width}, {result['parameters']:,} parameters: {timing['tokens_per_second']:,.0f} tokens/s,"
            f" {flops:.1f} GFLOP/s, peak memory {timing['peak_memory_bytes'] / MB:,.0f} MB"
        )


def main(texts: list[str]) -> None:
    """Print all figures of the training half; texts: documents of real text."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    print("\nFrom text to training, one core")
    with tempfile.TemporaryDirectory() as root:
        packed(tokenized(texts), Path(root))
        loaded(Path(root))
        trained(Path(root))
