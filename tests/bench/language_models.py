"""`make bench`, n-gram language models: training from files and its memory, scoring beside kenlm, smoothings compared.

python -m tests.bench.language_models --table       held-out perplexity by smoothing and order, for the log
python -m tests.bench.language_models --gigabyte    time and peak memory of training on 1 GB
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .quality import MB, fastest

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
ROOT = Path(__file__).parents[2]
OF_LANGUAGE = {
    "en": ["en/books_eltec", "en/wikipedia_featured", "en/technical_prose"],
    "zh": ["zh/wikipedia", "zh/laws", "zh/classic_novels"],
}
HELD_OUT = {"en": ["en/books_misc", "en/gov_blog_web"], "zh": ["zh/wiki_passages_cmrc", "zh/tech_articles_lctt"]}
TABLE = {
    "en": ["en/wikipedia_featured", "en/books_misc", "en/gov_blog_web", "dialogue/stackexchange_threads"],
    "zh": ["zh/wikipedia", "zh/laws", "zh/tech_articles_lctt", "dialogue/dialogues_zh"],
}
SMOOTHINGS = {"kneser_ney": {}, "stupid_backoff": {}, "add_k": {"k": 0.01}, "laplace": {}}
OPTIONS = {"min_mb": 0, "min_bounds_documents": 1, "max_mb": 10_000}


def texts(name: str) -> list[str]:
    import zstandard

    with zstandard.open(CORPORA / f"{name}.jsonl.zst", "rt", encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]


def n_bytes(given: list[str]) -> int:
    return sum(len(text.encode()) for text in given)


def command(*arguments: str) -> tuple[float, float, float]:
    """CPU seconds of a command of ours on one core, and its peak memory in MB: its own, and with files mapped into it.

    Where there is no /proc its own is not known, and told as 0. What is mapped the system takes back when it needs to.
    """
    started = [sys.executable, "-m", "pipeline", *arguments]
    with subprocess.Popen(started, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        own = 0.0
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            own = max(own, _own_memory(process.pid))
            time.sleep(0.05)
        _, status, usage = ended
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")
    peak = usage.ru_maxrss * (1024 if sys.platform != "darwin" else 1) / MB
    return usage.ru_utime + usage.ru_stime, own, peak


def _own_memory(process: int) -> float:
    """Megabytes that are in no file, now."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:  # it has just ended, or this is not Linux
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) * 1024 / MB


def trained(folder: Path, files: list[str], what: str, *options: str) -> Path:
    """A model of files, trained by `corpusmill train-lm` with one worker; prints how fast that was."""
    out = folder / f"{what}.lm"
    more = [part for name, value in OPTIONS.items() for part in ("--set", f"{name}={value}")]
    used = command("train-lm", *files, "--out", str(out), "--workers", "1", *options, *more)
    return report(out, what, *used)


def report(out: Path, what: str, seconds: float, own: float, peak: float) -> Path:
    from stages import ngram_file

    with open(out, "rb") as file:
        (facts,) = ngram_file.about_of(file)["languages"].values()
    size = facts["bytes"] / MB
    print(
        f"  train {what}, order {facts['order']}, {size:,.0f} MB: {size / seconds:.2f} MB/s of CPU time, peak memory"
        f" {own:,.0f} MB ({peak:,.0f} with the mapped model), file {out.stat().st_size / MB:,.0f} MB, {sum(facts['ngrams']):,} n-grams"
    )
    return out


def scored(path: Path, language: str, given: list[str]) -> None:
    """Print how fast texts are scored, and beside it kenlm on the same ARPA and the same tokens, if it is installed."""
    from batches import documents

    from pipeline.batch import utf8_buffers
    from stages import ngram_arpa, ngram_file
    from stages.kernels.ngram_tokens import token_hashes, written
    from stages.kernels.windows import line_spans
    from stages.ngram_score import score_lines

    (model,) = ngram_file.read(str(path)).models.values()
    data, offsets = utf8_buffers(documents(given).column("text"))
    starts, stops, _ = line_spans(data, offsets, 1)
    size = n_bytes(given)
    score_lines(model, data, starts[:1], stops[:1])
    ours = fastest(lambda: score_lines(model, data, starts, stops))
    print(f"  score {language}, order {model.order}: {size / MB / ours:.1f} MB/s from raw text")
    try:
        import kenlm
    except ModuleNotFoundError:
        print("  kenlm is not installed (make kenlm): nothing to compare with")
        return
    _, firsts_T, stops_T, firsts = token_hashes(data, starts, stops, model.tokens)
    words = [word.decode() for word in written(data, firsts_T, stops_T, model.tokens)]
    lines = [" ".join(words[a:b]) for a, b in itertools.pairwise(firsts) if a < b]
    with tempfile.NamedTemporaryFile(suffix=".arpa") as file:
        ngram_arpa.write(model, file)
        file.flush()
        with silent():
            theirs = kenlm.Model(file.name)
    peer = fastest(lambda: [theirs.score(line) for line in lines], 1)
    total = sum(theirs.score(line) for line in lines)
    own = -score_lines(model, data, starts, stops).sums.sum() / MB
    print(
        f"    kenlm's Python, given the tokens: {size / MB / peer:.1f} MB/s; ours, cutting them too, is"
        f" {peer / ours:.1f} times as fast; log10 of all {own:,.2f} and {total:,.2f}"
    )


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """A block whose stderr, also that of libraries, goes nowhere: kenlm draws a progress bar."""
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def main() -> None:
    """Print speed and memory of training, and speed of scoring beside kenlm."""
    if not CORPORA.exists():
        print("  there are no corpora beside the checkout")
        return
    with tempfile.TemporaryDirectory() as root:
        for language, names in OF_LANGUAGE.items():
            files = [str(CORPORA / f"{name}.jsonl.zst") for name in names]
            path = trained(Path(root), files, language, "--language", language)
            scored(path, language, [text for name in HELD_OUT[language] for text in texts(name)])


def table() -> None:
    """Print held-out perplexity by corpus, smoothing and order, in Markdown."""
    orders = (2, 3, 5)
    print("| corpus | " + " | ".join(f"{name}, {n}" for name in SMOOTHINGS for n in orders) + " |")
    print("|---" * (1 + len(orders) * len(SMOOTHINGS)) + "|")
    for language, names in TABLE.items():
        for name in names:
            found = [held_out(texts(name), language, n, smoothing) for smoothing in SMOOTHINGS for n in orders]
            print(f"| {name} | " + " | ".join(f"{value:,.1f}" for value in found) + " |", flush=True)


def held_out(given: list[str], language: str, order: int, smoothing: str) -> float:
    """The perplexity of a tenth of these documents by a model of the others."""
    from batches import documents
    from benches import ToyBench

    from stages.ngram_model import NgramModel

    options = {**OPTIONS, "order": order, "smoothing": smoothing, **SMOOTHINGS[smoothing]}
    stage = NgramModel(languages=(language,), held_out_frac=0.1, **options)
    with tempfile.TemporaryDirectory() as root, open(Path(root) / "lm", "w+b") as out:
        batch = documents(given, languages=[language] * len(given))
        stage.fit(ToyBench(stage, {"s": [batch]}, Path(root) / "bench"), out)
        return float(stage.facts(out)["languages"][language]["held_out"]["perplexity"])


def gigabyte() -> None:
    """Train on all text in all languages and, up to 1 GB, on copies in which one word in five is another one."""
    names = sorted(str(path.relative_to(CORPORA)).removesuffix(".jsonl.zst") for path in CORPORA.glob("*/*.jsonl.zst"))
    everything = [text for name in names for text in texts(name)]
    dice = np.random.default_rng(3)
    with tempfile.TemporaryDirectory() as root:
        path, size, copy = Path(root) / "all.jsonl", 0, 0
        with open(path, "w", encoding="utf-8") as file:
            while size < 1000 * MB:
                for text in everything:
                    changed = text if not copy else altered(text, dice)
                    size += len(changed.encode())
                    file.write(json.dumps({"text": changed}, ensure_ascii=False) + "\n")
                    if size >= 1000 * MB:
                        break
                copy += 1
        trained(Path(root), [str(path)], "all languages", "--set", "by_language=false")


def altered(text: str, dice: np.random.Generator) -> str:
    """A text with one word in five in the place of another."""
    words = text.split(" ")
    places = np.flatnonzero(dice.random(len(words)) < 0.2)
    for place, other in zip(places.tolist(), dice.permutation(places).tolist(), strict=True):
        words[place] = words[other]
    return " ".join(words)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    {"--table": table, "--gigabyte": gigabyte}.get(sys.argv[-1], main)()
