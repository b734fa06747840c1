"""Encoding beside the library's `encode_batch`, on one core by its time alone, and where it goes.

    python -m tests.bench.encoding [MB of text of each kind]

English, Chinese and code, with tokenizers trained on other documents of them. Our table of pieces is empty at the start
of each measurement, and so is the library's. Both must find the same ids. Also: one piece of unspaced text that grows
(time is to grow with it).
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

os.environ |= {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}
sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

MB = 1_000_000
CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
FILES = {
    "English": ["en/wikipedia_featured", "en/technical_prose", "en/gov_blog_web"],
    "Chinese": ["zh/wikipedia", "zh/tech_docs", "zh/classic_novels"],
    "code": ["code/repos"],
}
VOCABULARY, TRAINING_BYTES = 32_768, MB


def documents(names: list[str], n_bytes: int) -> tuple[list[str], list[str]]:
    """Two lists of different documents, one to learn from and one of so many bytes."""
    import zstandard

    learned, measured = [], []
    room = {"learned": TRAINING_BYTES // len(names), "measured": n_bytes // len(names)}
    for name in names:
        left = dict(room)
        with zstandard.open(CORPORA / f"{name}.jsonl.zst", "rt", encoding="utf-8") as file:
            for number, line in enumerate(file):
                part, into = ("learned", learned) if number % 3 == 0 else ("measured", measured)
                if left[part] > 0:
                    into.append(json.loads(line)["text"])
                    left[part] -= len(into[-1].encode())
    return learned, measured


def model(name: str, texts: list[str]) -> dict:
    """The content of a `tokenizer.json` learned from texts."""
    import token_kinds

    return token_kinds.learned("bpe", name, "threes", VOCABULARY, [text.replace("USER", "") for text in texts])


def buffers(texts: list[str]):
    import pyarrow as pa

    from pipeline.batch import utf8_buffers

    return utf8_buffers(pa.array(texts, pa.large_string()))


def both(content: dict, texts: list[str]) -> tuple[float, float, list]:
    """Seconds of ours and of `encode_batch_fast`, with tables empty; ours is compiled before."""
    from tokenizers import Tokenizer

    from stages.encoder import bare, encoder

    written = json.dumps(content).encode()
    encoder(written).encode_batch(["warm 中文"])
    ours, theirs = encoder(written), Tokenizer.from_str(json.dumps(bare(content)))
    data, offsets = buffers(texts)
    started = time.process_time()
    ids, borders = ours.encode(data, offsets)
    took = time.process_time() - started
    started = time.process_time()
    expected = theirs.encode_batch_fast(texts, add_special_tokens=False)
    took_theirs = time.process_time() - started
    for row, one in enumerate(expected):
        assert ids[borders[row] : borders[row + 1]].tolist() == one.ids, row
    return took, took_theirs, [ours, data, offsets, len(ids)]


def parts(ours, data, offsets) -> dict[str, float]:
    """Seconds of each step of encoding, with an empty table."""
    from stages.kernels import piece_table, pieces

    took = dict.fromkeys(("pieces", "table", "model", "out"), 0.0)
    fast = ours._fast
    fast._table = type(fast._table)()

    def timed(name, function):
        def call(*arguments):
            started = time.process_time()
            found = function(*arguments)
            took[name] += time.process_time() - started
            return found

        return call

    kept = pieces.pieces_kernel, piece_table.enter_kernel, piece_table.tokens_kernel, fast._model
    pieces.pieces_kernel, piece_table.enter_kernel = timed("pieces", kept[0]), timed("table", kept[1])
    piece_table.tokens_kernel, fast._model = timed("out", kept[2]), timed("model", kept[3])
    try:
        fast.encode(data, offsets)
    finally:
        pieces.pieces_kernel, piece_table.enter_kernel, piece_table.tokens_kernel, fast._model = kept
    return took


def told(what: str, content: dict, texts: list[str]) -> None:
    size = sum(len(text.encode()) for text in texts)
    found = [both(content, texts) for _ in range(2)]
    ours, theirs = min(one[0] for one in found), min(one[1] for one in found)
    encoder, data, offsets, n_tokens = found[-1][2]
    steps = ", ".join(f"{name} {seconds / ours:.0%}" for name, seconds in parts(encoder, data, offsets).items())
    print(
        f"{what:28} {size / MB:5.1f} MB, {size / n_tokens:.2f} bytes per token: {size / ours / MB:6.1f} MB/s"
        f" and {size / theirs / MB:5.2f} MB/s of encode_batch, {theirs / ours:5.1f} times; {steps}"
    )


def main(n_bytes: int) -> None:
    texts = {language: documents(names, n_bytes) for language, names in FILES.items()}
    learned = [text for found, _ in texts.values() for text in found]
    for name in ("gpt4", "chinese", "gpt2"):
        content = model(name, learned)
        for language, (_, measured) in texts.items():
            told(f"{name}, {language}", content, measured)
    content = model("published", learned)
    for n_chars in (100_000, 1_000_000):
        told(f"one piece of {n_chars:,}", content, ["".join(texts["Chinese"][1]).replace("，", "")[:n_chars]])


if __name__ == "__main__":
    main(round(float(sys.argv[1]) * MB) if len(sys.argv) > 1 else 6 * MB)
