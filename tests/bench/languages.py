"""The stage `language` beside fastText's library, and how often it is right on real text, by language."""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

MB = 1_000_000
CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
FOLDERS = ("en", "zh", "multi", "dialogue", "science")
LABELS = {"lzh": "zh", "zh-Hant": "zh", "pt-br": "pt"}
"""What the model calls the languages of the corpora, where it is something else."""
MIXED = "mul"
CUT_BYTES = 4096
N_SPEED = 2000
MIN_CHARS = 500


def read(path: Path) -> tuple[list[str], list[str]]:
    """Languages and texts of a file, without those that are in several languages."""
    import zstandard

    with zstandard.open(path, "rt", encoding="utf-8") as file:
        rows = [(row["lang"], row["text"]) for row in map(json.loads, file) if row["lang"] != MIXED]
    return [LABELS.get(language, language) for language, _ in rows], [text for _, text in rows]


def files() -> Iterator[tuple[str, list[str], list[str]]]:
    """Name, languages and texts of every file of natural language."""
    for folder in FOLDERS:
        for path in sorted((CORPORA / folder).glob("*.jsonl.zst")):
            yield f"{folder}/{path.name.split('.')[0]}", *read(path)


def identified(texts: list[str], resource: Any, **options: Any) -> Any:
    """The signals of documents: a record batch."""
    from batches import documents

    from pipeline.execute import run_stage
    from stages.language import Language

    return run_stage(
        Language(min_score=0, keep=("und", *resource.codes.names), **options), documents(texts), resource=resource
    ).kept


def fastest(ways: dict[str, Callable[[], object]], times: int = 4) -> dict[str, float]:
    """Seconds that each way takes at best; they take turns, and the first turn, which may compile, does not count."""
    best = dict.fromkeys(ways, float("inf"))
    for turn in range(times):
        for way, run in ways.items():
            started = time.perf_counter()
            run()
            if turn:
                best[way] = min(best[way], time.perf_counter() - started)
    return best


def speeds(name: str, texts: list[str], resource: Any) -> None:
    """Print MB/s of text, ours and fastText's own, on documents of 4 KB."""
    from batches import documents
    from fasttext.FastText import _FastText

    from pipeline.assets import asset
    from pipeline.batch import utf8_buffers
    from pipeline.execute import run_stage
    from stages.kernels.windows import windows
    from stages.language import N_WINDOWS, Language

    texts = [text.encode()[:CUT_BYTES].decode(errors="ignore") for text in texts if len(text.encode()) > CUT_BYTES]
    texts = (texts * N_SPEED)[:N_SPEED]
    batch = documents(texts)
    n_bytes = sum(len(text.encode()) for text in texts)
    library = _FastText(model_path=asset("lid.176.ftz"))
    starts, stops, firsts = windows(*utf8_buffers(batch.column("text")), N_WINDOWS, Language().sample_bytes)
    data = utf8_buffers(batch.column("text"))[0].tobytes()
    pieces = [data[start:stop].decode() for start, stop in zip(starts, stops, strict=True)]
    sampled = [" ".join(pieces[first:last]) for first, last in itertools.pairwise(firsts)]

    def ours(**options: Any) -> Callable[[], object]:
        return lambda: run_stage(Language(**options), batch, resource=resource)

    def theirs(given: list[str]) -> Callable[[], object]:
        return lambda: library.predict([text.replace("\n", " ") for text in given], k=2)

    ways = {
        "sampled": ours(),
        "in full": ours(sample_bytes=0),
        "by line": ours(by_line=True),
        "fastText, the same sample": theirs(sampled),
        "fastText, in full": theirs(texts),
    }
    seconds = fastest(ways)
    rates = ", ".join(f"{way} {n_bytes / MB / spent:.1f}" for way, spent in seconds.items())
    print(f"{name}, {len(texts)} documents of 4 KB, MB/s: {rates}")
    print(f"  a sample costs {seconds['sampled'] / seconds['in full']:.2f} of the full text")


def agreement(resource: Any) -> dict[str, Any]:
    """Print how often a sample and the full text have one label, by file; returns the signals of the sample."""
    found, n_same, n_all = {}, 0, 0
    for name, languages, texts in files():
        signals = identified(texts, resource)
        long = [row for row, text in enumerate(texts) if len(text) > MIN_CHARS]
        full = identified([texts[row] for row in long], resource, sample_bytes=0).column("language_label").to_pylist()
        labels = signals.column("language_label").to_pylist()
        same = sum(labels[row] == label for row, label in zip(long, full, strict=True))
        n_same, n_all = n_same + same, n_all + len(long)
        print(f"  {name}: {same / len(long) if long else 1:.2%} of {len(long)}")
        found[name] = (languages, [len(text.encode()) for text in texts], signals)
    print(f"sample and full text agree on {n_same / n_all:.3%} of {n_all} documents above {MIN_CHARS} characters")
    return found


def accuracy(found: dict[str, Any]) -> None:
    """Print, by language, how often the label is right, of documents and of bytes, and what else it is."""
    n_documents: Counter[str] = Counter()
    n_bytes: Counter[str] = Counter()
    right: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    wrong: dict[str, Counter[str]] = defaultdict(Counter)
    for languages, sizes, signals in found.values():
        for language, size, label in zip(languages, sizes, signals.column("language_label").to_pylist(), strict=True):
            n_documents[language] += 1
            n_bytes[language] += size
            if label == language:
                right[language][0] += 1
                right[language][1] += size
            else:
                wrong[language][label] += 1
    print("language | documents | right | right, of bytes | most frequent wrong answers")
    for language, n in n_documents.most_common():
        others = ", ".join(f"{label} {count}" for label, count in wrong[language].most_common(5))
        shares = f"{right[language][0] / n:.2%} | {right[language][1] / max(1, n_bytes[language]):.2%}"
        print(f"{language} | {n} | {shares} | {others}")


def scripts(found: dict[str, Any]) -> None:
    """Print the scripts of the Chinese files."""
    for name, (languages, _, signals) in found.items():
        counts = Counter(
            script
            for language, script in zip(languages, signals.column("language_script").to_pylist(), strict=True)
            if language == "zh"
        )
        if counts:
            print(f"  {name}: {', '.join(f'{script} {n}' for script, n in counts.most_common())}")


def main() -> None:
    """Speed, agreement, accuracy, scripts."""
    from stages.language import Language

    if not CORPORA.exists():
        print(f"there are no corpora at {CORPORA}")
        return
    resource = Language().open()
    for name in ("en/wikipedia_featured", "en/technical_prose", "zh/tech_docs", "zh/wikipedia"):
        speeds(name, read(CORPORA / f"{name}.jsonl.zst")[1], resource)
    found = agreement(resource)
    accuracy(found)
    print("scripts of Chinese:")
    scripts(found)


if __name__ == "__main__":
    main()
