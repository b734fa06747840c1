"""What a run with a language model and a stage that judges by perplexity has in `out/`, made up by hand.

Letters: N documents. Ten languages and ten sources; one language is served by another's model, one by none.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from made_up_judges import ledger_of
from made_up_run import LENGTHS, sliced, write_json
from made_up_shards import histograms_of, write_rows

from stages.perplexity import Perplexity

LANGUAGES = {
    "en": (0.4, 2.25), "zh": (0.2, 2.7), "de": (0.1, 2.4), "ja": (0.06, 2.2), "ru": (0.06, 2.6), "fr": (0.05, 2.1),
    "ar": (0.05, 3.0), "中文方言": (0.03, 3.2), "nds": (0.03, 2.9), "sw": (0.02, 0.0),
}  # fmt: skip
"""Language -> its share, and the log10 perplexity of its middle."""
SERVES = {"nds": "de", "中文方言": "zh"}
UNSERVED = "sw"
SOURCES = {
    "docs": (0.1, -0.25), "common_crawl_2024_10": (0.35, 0.1), "common_crawl_2024_18": (0.2, 0.15), "论坛": (0.1, 0.4),
    "books": (0.05, -0.1), "menus": (0.05, 0.9), "wikipedia": (0.05, -0.2), "subtitles": (0.04, 0.2),
    "word_salad": (0.03, 1.3), "copies": (0.03, -1.2),
}  # fmt: skip
"""Source -> its share, and how far it lies from the middle."""
REFERENCE, UNJUDGED = "docs", "docs"
REASONS = ("unserved_language", "high_perplexity")
PERCENTILES = {"head": 33.33, "middle": 66.67}
TEXTS = {"zh": "这是第{}篇文章，讲的是一座城市的历史。", "ar": "هذا هو النص رقم {} عن تاريخ المدينة. "}
HOSTILE = "<img src=x onerror=\"document.title='owned'\"> \u202etxt.exe "
SIGNALS = {
    "language_label": pa.string(),
    "toy_scrub_n_edits": pa.int32(),
    **Perplexity().adds(),
}
STEPS = [
    {"label": "language", "stage": "language", "options": {}, "slices": {"language": "language_label"}, "facts": None},
    {"label": "ngram_model", "stage": "ngram_model", "options": {}, "slices": {}, "facts": "ngram_model.json"},
    {
        "label": "perplexity",
        "stage": "perplexity",
        "options": {"model": "@ngram_model", "keep": ["head", "middle"], "unjudged": [UNJUDGED]}
        | {f"{part}_percentile": end for part, end in PERCENTILES.items()},
        "slices": {},
        "facts": None,
    },
    {"label": "dedup_document", "stage": "dedup_document", "options": {}, "slices": {}, "facts": None},
    {"label": "toy_scrub", "stage": "toy_scrub", "options": {}, "slices": {}, "facts": None},
]


def sketch(logs: np.ndarray) -> dict:
    """float64[N] -> what a model's file holds of them."""
    bins, counts = np.unique(np.rint(logs * 10_000).astype(np.int64) // 20, return_counts=True)
    return {"width": 20, "bins": bins.tolist(), "counts": counts.tolist()}


def _model(number: int, logs: np.ndarray) -> dict:
    order = 5
    return {
        "tokens": "characters" if number == 1 else "words", "order": order, "documents": 3_000 + number,
        "bytes": 40_000_000, "n_tokens": 7_000_000, "vocabulary": 100_003,
        "ngrams": [100_003, 1_200_000, 900_000, 400_000, 200_000],
        "discounts": [[0.6 + n / 20, 1.1, 1.4 + n / 30] for n in range(order)],
        "fallback": [False] * order if number else [True, False, False, False, True],
        "held_out": {"documents": 200, "tokens": 500_000, "perplexity": 171.4, "unknown_frac": 0.21 if number == 2 else 0.03},
        "bounds": {"from": [REFERENCE], "documents": len(logs), "document_sketch": sketch(logs)},
    }  # fmt: skip


def model_facts(logs: dict[str, np.ndarray]) -> dict:
    """The content of `ngram_model.json`; the bounds are those of these log10 perplexities by language."""
    unserved = {UNSERVED: {"documents": 40, "why": "under 100 documents of reference"}}
    languages = {name: _model(number, of) for number, (name, of) in enumerate(logs.items())}
    return {"kind": "ngram_model", "file_bytes": 41_234_567, "languages": languages, "unserved": unserved}


def given_bounds(seed: int = 0) -> dict[str, np.ndarray]:
    """Language -> the log10 perplexities that the bounds of its model are taken from."""
    random = np.random.default_rng([seed, 1])
    return {
        name: np.round(random.normal(middle - 0.2, 0.25, 200 if name == "fr" else 3000), 4)
        for name, (_, middle) in LANGUAGES.items()
        if name not in SERVES and name != UNSERVED
    }


def measured(n: int, seed: int = 0) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Columns of N documents, and by language the log10 perplexities that bounds are taken from."""
    random = np.random.default_rng(seed)
    languages, sources = (_picked(random, of, n) for of in (LANGUAGES, SOURCES))
    middle = np.array([LANGUAGES[one][1] for one in languages]) + np.array([SOURCES[one][1] for one in sources])
    logs = np.round(np.maximum(random.normal(middle, 0.28), 0.02), 4)
    is_measured = languages != UNSERVED
    models = np.array([SERVES.get(one, "" if one == UNSERVED else one) for one in languages], object)
    references, ranks = given_bounds(seed), np.zeros(n)
    for name, of in references.items():  # the share of them that is lower
        ranks[models == name] = np.searchsorted(np.sort(of), logs[models == name]) / len(of)
    part = np.where(ranks <= 0.3333, "head", np.where(ranks <= 0.6667, "middle", "tail"))
    columns = {
        "source": sources,
        "language_label": languages,
        "toy_scrub_n_edits": np.zeros(n, np.int32),
        "perplexity_per_token": np.where(is_measured, 10**logs, 0).astype(np.float32),
        "perplexity_log10": np.where(is_measured, logs, 0).astype(np.float32),
        "perplexity_tokens": np.where(is_measured, random.integers(20, 3000, n), 0).astype(np.int32),
        "perplexity_unknown_frac": np.where(is_measured, 0.01, 0).astype(np.float32),
        "perplexity_rank_frac": np.where(is_measured, np.round(ranks, 4), 0).astype(np.float32),
        "perplexity_part": np.where(is_measured, part, "none").astype(object),
        "perplexity_model": models,
    }
    return columns, references


def _picked(random: np.random.Generator, weights: dict[str, tuple[float, float]], n: int) -> np.ndarray:
    share = np.array([one for one, _ in weights.values()])
    return random.choice(np.array(list(weights), object), n, p=share / share.sum())


def text_of(language: str, number: int) -> str:
    """The text of the document of a number, more of it than is shown."""
    return (HOSTILE if number % 5 == 0 else "") + TEXTS.get(language, "This is text {} about a town. ").format(
        number
    ) * 60


def add_perplexity(folder: Path, n: int = 12_000, n_shards: int = 3) -> dict[str, np.ndarray]:
    """Give a run folder a language model, the stage that judges by it, and a later one; returns the columns, with
    `stage` (empty for survivors), `reason` and `uid`."""
    out = folder / "out"
    columns, references = measured(n)
    random = np.random.default_rng(1)
    judged = columns["source"] != UNJUDGED
    failed = np.stack(
        [judged & (columns["perplexity_model"] == ""), judged & (columns["perplexity_part"] == "tail")], axis=1
    )
    here, later = failed.any(axis=1), random.random(n) < 0.1
    columns["stage"] = np.where(here, "perplexity", np.where(later, "dedup_document", "")).astype(object)
    reason = np.array(REASONS, object)[failed.argmax(axis=1)]
    columns["reason"] = np.where(here, reason, np.where(later, "duplicate", "")).astype(object)
    columns["uid"] = np.array([f"{number * 7919 % 1_000_003:032x}" for number in range(n)], object)
    write_shards(out, columns, n_shards)
    _write_counts(out, columns, failed, later)
    write_json(out / "ngram_model.json", model_facts(references))
    return columns


def _write_counts(out: Path, columns: dict[str, np.ndarray], failed: np.ndarray, later: np.ndarray) -> None:
    n = len(later)
    lengths = np.random.default_rng(2).choice(np.array(list(LENGTHS), object), n, p=list(LENGTHS.values()))
    values = {"all": np.full(n, "all", object), "source": columns["source"], "length": lengths, "language": columns["language_label"]}  # fmt: skip
    left = {dimension: of[~failed.any(axis=1)] for dimension, of in values.items()}
    found = {
        "language": sliced(values, np.zeros((n, 1), bool), ["wrong_language"]),
        "perplexity": sliced(values, failed, list(REASONS)),
        "dedup_document": sliced(left, later[~failed.any(axis=1), None], ["duplicate"]),
    }
    ledger, slices, signals, manifest = (
        json.loads((out / f"{name}.json").read_text(encoding="utf-8")) for name in ("ledger", "slices", "signals", "manifest")
    )  # fmt: skip
    for label, dimensions in found.items():
        ledger[label] = {source: ledger_of(one) for source, one in dimensions["source"].items()}
    steps = [{"version": 1, "limits": [], **step} for step in STEPS]
    write_json(out / "ledger.json", ledger)
    write_json(out / "slices.json", {**slices, **found})
    write_json(out / "signals.json", {**signals, **histograms_of(columns, SIGNALS, _stage_of)})
    write_json(out / "manifest.json", {**manifest, "scrubbed_by": "toy_scrub", "steps": [*manifest["steps"], *steps]})


def write_shards(out: Path, columns: dict[str, np.ndarray], n_shards: int) -> None:
    """In place of the shards that are there: survivors and dropped rows, every n_shards-th document in one."""
    n = len(columns["uid"])
    texts = [text_of(language, number) for number, language in enumerate(columns["language_label"])]
    more = {"text": texts, "excerpt": [text[:500] for text in texts], "failed": [[one] for one in columns["reason"]], "twin": [""] * n, "origin": ["a.jsonl"] * n}  # fmt: skip
    write_rows(out, {**more, **columns}, SIGNALS, n_shards)


def _stage_of(column: str) -> str:
    return "toy_scrub" if column.startswith("toy_scrub") else column.partition("_")[0]
