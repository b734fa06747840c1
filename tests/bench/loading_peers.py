"""How fast other projects' loaders serve the rows of a packed folder: MosaicML streaming and litdata.

`python tests/bench/loading_peers.py FOLDER`, in an environment of its own with `tests/bench/peers.txt`, since MosaicML
streaming needs an older numpy and huggingface-hub. FOLDER is a packed folder, such as `out/pack` of a run. Its training
rows are written in each project's own format, uncompressed, and read back from the page cache: one process without
workers, one core, B = 32 rows to a batch, x and y as int64. Rows in memory under a bare DataLoader of torch show what
is left to win.

Letters: B rows of a batch, S slots of a row. A row of S slots is S - 1 tokens that are predicted. Speeds are by
seconds of the processor, threads of this process included, as those of `tests/bench/loading.py`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

BATCH = 32
ROUNDS = 3
MAX_ROWS = 16_384
CHUNK_ROWS = 2048
"""Of litdata, 8 MiB of uint16 in rows of 2,048: MDS shards hold 64 MiB by default, both are small beside memory."""
MILLION = 1e6


class Way(NamedTuple):
    """One way to read the rows: what is read, what makes a batch of samples, and the batches, again in each epoch."""

    name: str
    collate: Callable[[list[Any]], tuple[Any, Any]]
    shuffle: bool
    batches: Iterable[tuple[Any, Any]]

    def __str__(self) -> str:
        return f"{self.name}, {self.collate.__name__}, {'shuffled' if self.shuffle else 'in order'}"


def packed_rows(folder: Path) -> np.ndarray:
    """The first training rows of a packed folder, of all its sources, [n,S] of the tokens' type; n divides by B."""
    index = json.loads((folder / "packed.json").read_text(encoding="utf-8"))
    names = [shard["name"] for source in index["sources"].values() for shard in source["train"]["shards"]]
    rows = np.concatenate([np.load(folder / f"{name}.npy", mmap_mode="r") for name in names])[:MAX_ROWS]
    if len(rows) < BATCH:
        sys.exit(
            f"{folder} has {len(rows)} training rows, a batch takes {BATCH}: pack more tokens, or shorter sequences"
        )
    return rows[: len(rows) // BATCH * BATCH]


def pairs(rows: Any) -> tuple[Any, Any]:
    """x and y, int64[B,S-1], of rows [B,S], which nanoGPT's loop returns too."""
    rows = rows.long()
    return rows[:, :-1], rows[:, 1:]


def torch_way(samples: list[Any]) -> tuple[Any, Any]:
    """What a DataLoader does with samples that nobody tells it about: a tensor of each, then one of all."""
    from torch.utils.data import default_collate

    found = default_collate(samples)
    return pairs(next(iter(found.values())) if isinstance(found, dict) else found)


def numpy_way(samples: list[Any]) -> tuple[Any, Any]:
    """The fastest that was found: one array of all, made a tensor at the end. Samples are arrays, or {dtype: bytes}."""
    import torch

    return pairs(torch.from_numpy(np.stack([_array(one) for one in samples]).astype(np.int64)))


def _array(sample: Any) -> np.ndarray:
    if not isinstance(sample, dict):
        return sample
    ((dtype, data),) = sample.items()
    return np.frombuffer(data, dtype)


def in_memory(rows: np.ndarray, _folder: Path) -> Iterator[Way]:
    """For comparison, what DataLoader itself takes for rows in memory."""
    from torch.utils.data import DataLoader

    for collate in (torch_way, numpy_way):
        yield Way("DataLoader of an array", collate, False, DataLoader(rows, batch_size=BATCH, collate_fn=collate))


def mosaic(rows: np.ndarray, folder: Path) -> Iterator[Way]:
    """MDS, a row being an array of fixed shape or plain bytes: as a stream, in order and shuffled, and as a local list."""
    _stand_in_for_torchvision()
    import streaming
    from torch.utils.data import DataLoader

    column = rows.dtype.name
    encodings = {"array": f"ndarray:{column}:{rows.shape[1]}", "bytes": "bytes"}
    for name, encoding in encodings.items():
        out = str(folder / name)
        with streaming.MDSWriter(out=out, columns={column: encoding}) as writer:
            for row in rows:
                writer.write({column: row.tobytes() if name == "bytes" else row})
    for name, collate in (("array", torch_way), ("bytes", numpy_way)):
        out = str(folder / name)
        for shuffle in (False, True):
            stream = streaming.StreamingDataset(local=out, shuffle=shuffle, batch_size=BATCH, num_canonical_nodes=1)
            loader = DataLoader(stream, batch_size=BATCH, collate_fn=collate)
            yield Way(f"StreamingDataset of {name}", collate, shuffle, loader)
        local = streaming.LocalDataset(out)
        yield Way(f"LocalDataset of {name}", collate, False, DataLoader(local, batch_size=BATCH, collate_fn=collate))


def _stand_in_for_torchvision() -> None:
    """MosaicML streaming imports torchvision for its data sets of images, whose wheels need torch's build for GPUs."""
    import transformers  # asks whether there is a torchvision: before the stand-in

    assert transformers.__version__
    stand_in: Any = types.ModuleType("torchvision")
    stand_in.VisionDataset = stand_in.to_tensor = object
    for name in ("torchvision", "torchvision.datasets", "torchvision.transforms", "torchvision.transforms.functional"):
        sys.modules[name] = stand_in


def one_row(row: np.ndarray) -> Iterator[np.ndarray]:
    """What litdata's workers store of a row: its tokens, one after another."""
    yield row


def litdata(rows: np.ndarray, folder: Path) -> Iterator[Way]:
    """Chunks of bare tokens, read in blocks of a row's length by its TokensLoader, in order and shuffled."""
    os.environ["LITDATA_DISABLE_VERSION_CHECK"] = "1"
    import litdata as theirs

    width = rows.shape[1]
    out = str(folder / "tokens")
    theirs.optimize(
        fn=one_row,
        inputs=list(rows),
        output_dir=out,
        chunk_size=CHUNK_ROWS * width,
        item_loader=theirs.TokensLoader(block_size=width),
        num_workers=1,
        reorder_files=False,
        verbose=False,
    )
    for collate in (torch_way, numpy_way):
        for shuffle in (False, True):
            stream = theirs.StreamingDataset(out, item_loader=theirs.TokensLoader(block_size=width), shuffle=shuffle)
            loader = theirs.StreamingDataLoader(stream, batch_size=BATCH, collate_fn=collate)
            yield Way("StreamingDataset of tokens", collate, shuffle, loader)


def check(loader: Iterable[Any], rows: np.ndarray) -> None:
    """Warm the page cache, and see that every row comes once, by the sums of rows, whatever their order."""
    sums = [int(one) for x, y in loader for one in x.sum(1) + y[:, -1]]
    assert sorted(sums) == sorted(rows.sum(1, dtype=np.int64).tolist()), "a loader lost rows, or made some up"


def measure(loader: Iterable[Any], n_tokens: int) -> tuple[list[float], list[float]]:
    """Million tokens per second in some epochs: by seconds of the processor, and by those of the clock."""
    processor, clock = [], []
    for _ in range(ROUNDS):
        begin = time.process_time(), time.perf_counter()
        for _ in loader:
            pass
        processor.append(n_tokens / (time.process_time() - begin[0]) / MILLION)
        clock.append(n_tokens / (time.perf_counter() - begin[1]) / MILLION)
    return processor, clock


def report(project: str, ways: Iterator[Way], rows: np.ndarray) -> None:
    """Print the speed of every way of one project."""
    for way in ways:
        check(way.batches, rows)
        processor, clock = measure(way.batches, rows.shape[0] * (rows.shape[1] - 1))
        rounds = ", ".join(f"{one:.1f}" for one in processor)
        print(
            f"{project} {way}: {max(processor):.1f} million tokens/s (rounds: {rounds}; clock {max(clock):.1f})",
            flush=True,
        )


def main(argv: list[str]) -> None:
    """Measure all on the folder that is named."""
    import torch

    if len(argv) != 1:
        sys.exit("usage: python tests/bench/loading_peers.py FOLDER")
    warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # MosaicML's, which nobody writes to
    torch.set_num_threads(1)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rows = packed_rows(Path(argv[0]))
    print(f"Other loaders, one core, batches of {BATCH} x {rows.shape[1] - 1}, {len(rows):,} rows of {rows.dtype}")
    for name, ways in (("torch", in_memory), ("MosaicML", mosaic), ("litdata", litdata)):
        with tempfile.TemporaryDirectory() as folder:
            report(name, ways(rows, Path(folder)), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
