"""What a run with a language stage and a classifier has in `out/`, made up by hand. Letters: N documents."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from made_up_run import LENGTHS, REGISTERS, WEB_SOURCES, sliced, write_json

from pipeline import histograms
from pipeline.intervals import wilson
from pipeline.rows import document_schema, dropped_schema

TAKEN_FOR = {"en": 0.5, "zh": 0.25, "de": 0.06, "ja": 0.04, "ru": 0.03, "ar": 0.02, "yue": 0.01, "中文方言": 0.03, "und": 0.005} | {
    f"x{number:02}": 0.075 / 30 for number in range(30)
}  # fmt: skip
SECOND = {
    "en": "sco",
    "zh": "ja",
    "de": "nl",
    "ja": "zh",
    "ru": "uk",
    "ar": "fa",
    "yue": "zh",
    "中文方言": "yue",
    "und": "",
}
KEPT = ("en", "zh", "de", "ja", "中文方言")
SIGNALS = {
    "language_label": pa.string(),
    "language_score": pa.float32(),
    "language_second": pa.string(),
    "language_second_score": pa.float32(),
    "language_script": pa.string(),
    "language_share_main": pa.float32(),
}
LANGUAGE_REASONS = ("undetermined", "wrong_language", "low_score", "mixed_language")


def _picked(random: np.random.Generator, weights: dict[str, float], n: int) -> np.ndarray:
    share = np.array(list(weights.values()))
    return random.choice(np.array(list(weights), object), n, p=share / share.sum())


def _scripts(random: np.random.Generator, labels_N: np.ndarray) -> list[str | None]:
    chinese = np.where(random.random(len(labels_N)) < 0.83, "Hans", "Hant")
    known = {"en": "Latn", "de": "Latn", "ja": "Jpan", "ru": "Cyrl", "ar": "Arab", "und": None}
    return [han if label in ("zh", "yue", "中文方言") else known.get(label, "Latn") for label, han in zip(labels_N, chinese, strict=True)]  # fmt: skip


def identified(n: int, seed: int = 0) -> tuple[pa.Table, np.ndarray]:
    """Sources and signals of N documents, and which of LANGUAGE_REASONS each fails, bool[N, 4]."""
    random = np.random.default_rng(seed)
    labels = _picked(random, TAKEN_FOR, n)
    scores = np.round(np.where(labels == "und", 0, random.beta(6, 0.8, n)), 4).astype(np.float32)
    seconds = [
        SECOND.get(label, "en") if picked else "fr"
        for label, picked in zip(labels, random.random(n) < 0.4, strict=True)
    ]
    shares = np.where(random.random(n) < 0.8, 1, np.round(random.uniform(0.3, 1, n), 4)).astype(np.float32)
    columns = {
        "source": _picked(random, WEB_SOURCES, n),
        "language_label": labels,
        "language_score": scores,
        "language_second": seconds,
        "language_second_score": (1 - scores) / 2,
        "language_script": _scripts(random, labels),
        "language_share_main": shares,
    }
    named = np.isin(labels, KEPT)
    known = labels != "und"
    failed = np.stack([~known, known & ~named, known & (scores < 0.65), known & (shares < 0.5)], axis=1)
    return pa.table(columns), failed


def add_judges(folder: Path, n: int = 20_000) -> None:
    """Give a run folder a stage `language`, a classifier, and the stage that judges by it."""
    out = folder / "out"
    table, failed = identified(n)
    _write_shards(out, table, failed)
    labels, sources = table["language_label"].to_numpy(), table["source"].to_numpy()
    random = np.random.default_rng(1)
    values = {
        "all": np.full(n, "all", object), "source": sources, "length": _picked(random, LENGTHS, n),
        "language": labels, "register": _picked(random, REGISTERS, n),
    }  # fmt: skip
    here = ~failed.any(axis=1)
    reached = {dimension: of[here] for dimension, of in values.items()}
    found = {
        "language": sliced({name: of for name, of in values.items() if name != "register"}, failed, list(LANGUAGE_REASONS)),
        "classifier": sliced(reached, colloquial_is_deleted(reached), ["low_score"]),
    }  # fmt: skip
    ledger, slices, signals, manifest = (
        json.loads((out / f"{name}.json").read_text(encoding="utf-8")) for name in ("ledger", "slices", "signals", "manifest")
    )  # fmt: skip
    for label, dimensions in found.items():
        ledger[label] = {source: ledger_of(one) for source, one in dimensions["source"].items()}
    facts = {"kind": "classifier", **classifier()}
    write_json(out / "classifier_model.json", facts)
    write_json(out / "ledger.json", ledger)
    write_json(out / "slices.json", {**slices, **found})
    write_json(out / "signals.json", {**signals, **_signals(table, ~failed.any(axis=1))})
    write_json(out / "manifest.json", {**manifest, "steps": [*manifest["steps"], *STEPS]})


STEPS = [
    {"label": "language", "stage": "language", "version": 2, "options": {"keep": KEPT}, "limits": [], "slices": {"language": "language_label"}, "facts": None},
    {"label": "classifier_model", "stage": "classifier_model", "version": 1, "options": {}, "limits": [], "slices": {}, "facts": "classifier_model.json"},
    {"label": "classifier", "stage": "classifier", "version": 1, "options": {"model": "@classifier_model", "by": "quantile", "unjudged": []}, "limits": [], "slices": {}, "facts": None},
]  # fmt: skip


def ledger_of(one: dict) -> dict:
    """The ledger's counts of one source at a stage, from its slice."""
    kept = one["reached"] - one["dropped"]
    rules = {r: {"failed": c["failed"], "dropped": c["first"], "dropped_bytes": 99 * c["first"]} for r, c in one["rules"].items()}  # fmt: skip
    return {"rows_in": one["reached"], "rows_out": kept, "bytes_in": 99 * one["reached"], "bytes_out": 99 * kept, "notes": {}, "reasons": rules}  # fmt: skip


def colloquial_is_deleted(values: dict[str, np.ndarray], seed: int = 2) -> np.ndarray:
    """Which documents a classifier drops that learned to prefer books: bool[N, 1]."""
    random, n = np.random.default_rng(seed), len(values["all"])
    rates = np.full(n, 0.1)
    for dimension, value in UNJUST.items():
        rates[values[dimension] == value] += 0.5
    return (random.random(n) < rates)[:, None]


UNJUST = {"register": "spoken", "language": "中文方言", "source": "论坛", "length": "under 1 KB"}
"""What the made-up classifier deletes far more of than of the rest."""


def _write_shards(out: Path, table: pa.Table, failed: np.ndarray) -> None:
    """In place of the shards that are there: those of the survivors of `language`, and what it dropped."""
    dropped = failed.any(axis=1)
    reasons = np.array(LANGUAGE_REASONS, object)[failed.argmax(axis=1)]
    more = {"stage": ["language"] * len(failed), "reason": reasons, "failed": [[reason] for reason in reasons], "twin": [""] * len(failed)}  # fmt: skip
    sides = {
        "documents": (~dropped, document_schema(SIGNALS), {}),
        "dropped": (dropped, dropped_schema(SIGNALS), more),
    }
    for kind, (here, schema, columns) in sides.items():
        for path in (out / kind).glob("*.arrow"):
            path.unlink()
        filled = {field.name: _filled(field, len(failed)) for field in schema} | columns
        filled |= {name: table[name] for name in table.column_names}
        whole = pa.table({name: filled[name] for name in schema.names}, schema=schema).filter(pa.array(here))
        with pa.OSFile(str(out / kind / "000.arrow"), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            writer.write_table(whole, max_chunksize=1000)


def _filled(field: pa.Field, n: int) -> list:
    if field.name == "uid":
        return [f"{number:032x}" for number in range(n)]
    texts = {"text": "一份 document", "excerpt": "一份 document", "origin": "a.jsonl"}
    return [texts.get(field.name, "" if pa.types.is_string(field.type) else 13 if field.name == "text_bytes" else 0)] * n  # fmt: skip


def _signals(table: pa.Table, kept: np.ndarray) -> dict:
    counts: histograms.Counts = {}
    for side, here in (("kept", kept), ("dropped", ~kept)):
        for batch in table.select(list(SIGNALS)).filter(pa.array(here)).combine_chunks().to_batches():
            histograms.add_batch(counts, batch, SIGNALS, side)
    return histograms.to_json(counts, SIGNALS, dict.fromkeys(SIGNALS, "language"))


CLASSIFIED = {"en": (4000, 6000, 2.2), "zh": (2500, 2500, 1.9), "de": (600, 900, 0.6), "中文方言": (40, 35, 1.5)}
"""Language -> trusted documents, candidates, and how far apart their scores are."""


def classifier() -> dict:
    """The content of `classifier.json`; German is hardly told apart, and few documents of a dialect are there."""
    random = np.random.default_rng(4)
    held_out = {}
    for language, (n_trusted, n_candidates, apart) in CLASSIFIED.items():
        is_trusted = np.arange(n_trusted + n_candidates) < n_trusted
        logits = random.normal(np.where(is_trusted, apart, -apart) / 2 + (1.2 if language == "de" else 0), 1.3)
        held_out[language] = is_trusted, 1 / (1 + np.exp(-logits))
    whole = tuple(np.concatenate(parts) for parts in zip(*held_out.values(), strict=True))
    return {
        "format": 1,
        "positive": "good",
        "labels": ["good", "candidate"],
        "options": {"word_ngrams": 2},
        "languages": {name: {"positives": 10 * n, "candidates": 10 * m} for name, (n, m, _) in CLASSIFIED.items()},
        "evaluation": {
            "all": evaluation(*whole),
            "by_language": {name: evaluation(*documents) for name, documents in held_out.items()},
        },
        "quantiles": {name: list(range(0, 1_000_000, 500)) for name in CLASSIFIED},
    }


def evaluation(is_trusted: np.ndarray, scores: np.ndarray, threshold: float = 0.5) -> dict:
    """The measures of bool[N] and float64[N] in [0, 1]."""
    n, m = int(is_trusted.sum()), int((~is_trusted).sum())
    ranks = np.argsort(np.argsort(scores)) + 1
    auc = float((ranks[is_trusted].sum() - n * (n + 1) / 2) / (n * m))
    margin = 1.96 * (auc * (1 - auc) / min(n, m)) ** 0.5
    above = scores >= threshold
    hits = int((above & is_trusted).sum())
    precision, recall = wilson(hits, int(above.sum())), wilson(hits, n)
    bins = calibration(is_trusted, scores)
    return {
        "positives": n, "candidates": m, "auc": auc, "auc_low": auc - margin, "auc_high": min(1.0, auc + margin),
        "threshold": threshold,
        "precision": hits / int(above.sum()), "precision_low": precision[0], "precision_high": precision[1],
        "recall": hits / n, "recall_low": recall[0], "recall_high": recall[1],
        "average_precision": auc, "brier": float(np.mean((scores - is_trusted) ** 2)),
        "ece": sum(one["n"] * abs(one["mean_score"] - one["share"]) for one in bins if one["n"]) / (n + m),
        "curve": [_at(is_trusted, scores, percent / 100) for percent in range(101)],
        "calibration": bins,
        "scores": {kind: np.histogram(scores[here], 50, (0, 1))[0].tolist() for kind, here in (("positives", is_trusted), ("candidates", ~is_trusted))},
    }  # fmt: skip


def calibration(is_trusted: np.ndarray, scores: np.ndarray) -> list[dict]:
    """Ten bins."""
    bins = []
    for place in range(10):
        here = np.minimum((scores * 10).astype(int), 9) == place
        n, k = int(here.sum()), int(is_trusted[here].sum())
        low, high = wilson(k, n)
        mean = float(scores[here].mean()) if n else None
        bins.append({"low": place / 10, "high": (place + 1) / 10, "n": n, "mean_score": mean, "positives": k, "share": k / n if n else None, "share_low": low, "share_high": high})  # fmt: skip
    return bins


def _at(is_trusted: np.ndarray, scores: np.ndarray, least: float) -> dict:
    above = scores >= least
    precision = float(is_trusted[above].mean()) if above.any() else None
    kept = float(above[~is_trusted].mean())
    return {"score": least, "precision": precision, "recall": float(above[is_trusted].mean()), "kept": kept}
