"""`make bench`: the speed floor of a whole run on one core, its memory, and ratios to other tools in the same run.

The documents are pieces of about 4 KB of real text: the corpora beside the checkout if they are there, else
the standard library's docstrings and sources. Every figure is of this machine; the ratios travel.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import classifiers, dedup, language_models, languages, quality, training
from .quality import MB, fastest, n_bytes

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
FILES = ("en/technical_prose", "en/gov_blog_web", "en/wikipedia_featured", "zh/wikipedia", "zh/tech_docs")
PIECE_CHARS = {"en": 4000, "zh": 1400}

RECIPE = """
sources: {web: {reader: jsonl, paths: [documents.jsonl]}}
stages: [normalize, {quality: {language: en}}, dedup_exact, dedup_document]
"""


def pieces() -> dict[str, list[str]]:
    """Language -> documents of about 4 KB."""
    found: dict[str, list[str]] = {"en": [], "zh": []}
    if not CORPORA.exists():
        for path in sorted(Path(os.__file__).parent.glob("*.py")):
            found["en"] += cut(path.read_text(encoding="utf-8", errors="replace"), PIECE_CHARS["en"])
        return found
    import zstandard

    for name in FILES:
        language = name[:2]
        with zstandard.open(CORPORA / f"{name}.jsonl.zst", "rt", encoding="utf-8") as file:
            for line in file:
                found[language] += cut(json.loads(line)["text"], PIECE_CHARS[language])
    return found


def cut(text: str, size: int) -> list[str]:
    return [text[place : place + size] for place in range(0, len(text), size) if text[place : place + size].strip()]


def write(folder: Path, texts: list[str], repeat: int) -> int:
    """JSONL of the texts, each copy of them a little different; returns the bytes of text."""
    total = 0
    with open(folder / "documents.jsonl", "w", encoding="utf-8") as file:
        for copy in range(repeat):
            for number, text in enumerate(texts):
                body = f"{text}\n{copy}"
                total += len(body.encode())
                file.write(json.dumps({"text": body, "id": f"{copy}-{number}"}, ensure_ascii=False) + "\n")
    (folder / "recipe.yaml").write_text(RECIPE)
    return total


def corpusmill(folder: Path) -> tuple[float, float]:
    """(seconds, peak MB) of a whole run on one core, in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "pipeline",
        "run",
        str(folder / "recipe.yaml"),
        "--out",
        str(folder / "run"),
        "--workers",
        "1",
    ]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2]) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    unit = 1024 if sys.platform != "darwin" else 1
    return time.perf_counter() - started, usage.ru_maxrss * unit / MB


def whole_runs(texts: list[str]) -> None:
    """A run and what it does not do again, at two sizes, so that memory shows whether it grows."""
    print("Whole runs on one core: read, normalize, quality, dedup_exact, dedup_document, publish, report")
    with tempfile.TemporaryDirectory() as root:
        warm = Path(root) / "warm"
        warm.mkdir()
        write(warm, texts[:50], 1)
        corpusmill(warm)
        for repeat in (1, 4):
            folder = Path(root) / str(repeat)
            folder.mkdir()
            size = write(folder, texts, repeat)
            seconds, peak = corpusmill(folder)
            again, _ = corpusmill(folder)
            rate = size / MB / seconds
            print(
                f"  {size / MB:7.0f} MB of text: {rate:6.1f} MB/s, peak memory {peak:5.0f} MB, second run {again:.1f} s"
            )


def floor(texts: list[str]) -> None:
    """Read, normalize, quality, exact hash and dedup signature, without storage."""
    from pipeline.batch import Batch
    from pipeline.execute import run_stage
    from pipeline.ingest import Place, read_batches
    from pipeline.readers.base import load_readers
    from pipeline.recipe import Source
    from pipeline.stage import load_stages

    stages, readers = load_stages(), load_readers()
    row_stages = [stages["normalize"](), stages["quality"](language="en")]
    sketching = [stages[name]() for name in ("dedup_exact", "dedup_document")]

    def go() -> None:
        for _, draft in read_batches(source, [(Place(0, 0), item)], "stop", 1 << 40):
            batch = draft.outcome().kept
            for stage in row_stages:
                batch = run_stage(stage, batch).kept
            for stage in sketching:
                stage.sketch(Batch(batch, stage, stage.name))

    with tempfile.TemporaryDirectory() as root:
        size = write(Path(root), texts, 1)
        source = Source("web", readers["jsonl"](paths=("documents.jsonl",)), "", 1)
        (item,) = source.reader.inputs(root)
        go()
        print(f"\nRead, normalize, quality, exact hash, dedup signature, one core: {size / MB / fastest(go):.1f} MB/s")


def main() -> None:
    found = pieces()
    for language, texts in found.items():
        print(f"{language}: {len(texts):,} documents, {n_bytes(texts) / MB:.0f} MB")
    print()
    whole_runs(found["en"] + found["zh"])
    floor(found["en"] + found["zh"])
    print("\ndedup_document, one core")
    dedup.main(found)
    print("\nquality, one core, in memory")
    quality.main(found)
    print("\nlanguage, one core, in memory")
    languages.main()
    print("\nclassifier, one core, in memory")
    classifiers.main(found)
    print("\nn-gram language models, one core")
    language_models.main()
    training.main(found["en"][:2500] + found["zh"][:2500])


if __name__ == "__main__":
    main()
