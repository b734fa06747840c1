"""The stage `quality` beside datatrove's four filters: one process, one core, the same documents in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

MB = 1_000_000
FOUR = ("gopher_repetition", "gopher_quality", "fineweb", "c4")
N_THEIRS = 400
"""Documents that datatrove gets: it takes about a second for eighty."""


def n_bytes(texts: list[str]) -> int:
    return sum(len(text.encode()) for text in texts)


def fastest(function: Callable[[], object], times: int = 3) -> float:
    best = float("inf")
    for _ in range(times):
        started = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - started)
    return best


def rate(texts: list[str], function: Callable[[], object]) -> float:
    """MB/s of UTF-8 text; the first call, which may compile, does not count."""
    function()
    return n_bytes(texts) / MB / fastest(function)


def datatrove(texts: list[str]) -> dict[str, float]:
    """MB/s of each filter alone, and of all four on each document, which lets them share its words."""
    from datatrove.data import Document
    from datatrove.pipeline import filters as kinds

    made = [
        kinds.GopherRepetitionFilter(),
        kinds.GopherQualityFilter(),
        kinds.FineWebQualityFilter(),
        kinds.C4QualityFilter(),
    ]

    def through(filters: list) -> Callable[[], object]:
        return lambda: [one.filter(Document(text=text, id="0")) for text in texts for one in filters]

    through(made)()
    speed = {"all four": n_bytes(texts) / MB / fastest(through(made), 1)}
    for one in made:
        from datatrove.utils.text import split_into_parts

        split_into_parts.cache_clear()
        speed[type(one).__name__] = n_bytes(texts) / MB / fastest(through([one]), 1)
    return speed


def compare(language: str, texts: list[str]) -> None:
    """Print our rates and how many times datatrove's they are."""
    from batches import documents

    from pipeline.batch import utf8_buffers
    from pipeline.execute import run_stage
    from stages.kernels import words
    from stages.quality import PRESETS, Quality

    batch = documents(texts)
    theirs = datatrove(texts[:: max(1, len(texts) // N_THEIRS)])
    print(f"{language}: datatrove " + ", ".join(f"{name} {speed:.2f} MB/s" for name, speed in theirs.items()))
    alone = rate(texts, lambda: words.count(*utf8_buffers(batch.column("text"))))
    print(f"  counting words only: {alone:.0f} MB/s")
    for unit in ("fast", "spacy"):
        for what, presets in (("four filters", FOUR), ("all presets", PRESETS)):
            stage = Quality(language=language, words=unit, presets=presets)
            speed = rate(texts, lambda stage=stage: run_stage(stage, batch))
            ratio = f", {speed / theirs['all four']:.0f} times datatrove's four together" if presets == FOUR else ""
            print(
                f"  {what}, words: {unit}: {speed:.1f} MB/s{ratio}; {alone / speed:.1f} times as long as counting words"
            )


def agreement(texts: list[str]) -> None:
    """Print the share of verdicts that are datatrove's."""
    from agreement import PRESETS, differences, theirs

    given = theirs(texts)
    for unit in ("fast", "spacy"):
        found = [one for one in differences(texts, given, unit) if not one[4]]
        shares = [f"{preset} {1 - sum(one[0] == preset for one in found) / len(texts):.2%}" for preset in PRESETS]
        print(f"  verdicts as datatrove's, words: {unit}: {', '.join(shares)} of {len(texts)} documents")


FIRST_BATCH = """
import resource
from batches import documents
from pipeline.execute import run_stage
from stages.quality import PRESETS, Quality
run_stage(Quality(language="en", words={words!r}, presets=PRESETS), documents(["So it begins."]))
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime)
"""


def start_up() -> None:
    """Print the CPU seconds that a new process needs up to the end of its first batch, with kernels cached on disk."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}:{root / 'tests'}"}
    for words in ("fast", "spacy"):
        command = [sys.executable, "-c", FIRST_BATCH.format(words=words)]
        runs = [subprocess.run(command, capture_output=True, text=True, check=True, env=environment) for _ in range(4)]
        seconds = min(float(one.stdout) for one in runs[1:])
        print(f"  a new process has its first batch done after {seconds:.2f} s of CPU time, words: {words}")


def main(found: dict[str, list[str]]) -> None:
    """Quality, by language."""
    for language, texts in found.items():
        if texts:
            compare(language, texts[:8000])
    start_up()
    agreement(found["en"][:: max(1, len(found["en"]) // N_THEIRS)])
