"""A complete run -> the facts of its report, as plain JSON-ready values.

Shards are read a batch at a time and only in the columns that are needed; what is kept of them is
bounded: a few examples per reason, counts.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import storage
from pipeline.errors import InputError
from pipeline.ledger import Count, Ledger

from .advice import next_steps
from .classifiers import classifiers_facts
from .contamination import contamination_facts
from .dedup import duplicates_facts
from .languages import languages_facts
from .packing import packing_facts
from .perplexity import models_facts, perplexity_facts, without_sketches
from .pii import scrubbed_facts
from .rows import batches
from .rules import limits_facts, removal_steps, rules_facts
from .tokenized import tokenizer_facts
from .tokenizers import comparison_facts
from .training import ablation_facts

N_EXAMPLES = 3
MAX_LABELS = 12
EXAMPLE = ["uid", "source", "origin", "failed", "value", "limit", "twin", "text_bytes", "excerpt"]


def collect(run: str) -> dict[str, Any]:
    """Everything the report says. Raises InputError if the run is not complete."""
    if not storage.exists(storage.join(run, "out", "manifest.json")):
        raise InputError(f"{run} is not a complete run: give the folder that `corpusmill run` printed")
    manifest, signals = (
        storage.read_json(storage.join(run, "out", f"{name}.json")) for name in ("manifest", "signals")
    )
    ledger = Ledger.from_json(storage.read_json(storage.join(run, "out", "ledger.json")))
    drops = Drops()
    for batch in batches(run, "dropped", ["stage", "reason", *EXAMPLE]):
        drops.add(batch)
    stages = [_stage(label, ledger, drops) for label in ledger.stages]
    contamination = contamination_facts(run, manifest, list(ledger.stages), signals)
    rules = rules_facts(run, ledger, manifest["steps"], set(contamination))
    return {
        "recipe": manifest["recipe"],
        "until": manifest["until"],
        "fingerprint": manifest["fingerprint"],
        "scrubbed_by": manifest["scrubbed_by"],
        "totals": _totals(ledger),
        "sources": manifest["sources"],
        "stages": stages,
        "duplicates": duplicates_facts(run, manifest, stages, signals),
        "contamination": contamination,
        "labels": _labels(run, signals),
        **_learned(run, manifest, list(ledger.stages), signals),
        "scrubbed": scrubbed_facts(run, manifest, stages, signals),
        **rules,
        "removal_steps": removal_steps(_name(run), manifest["steps"], rules["removal"]),
        "signals": signals,
        "limits": limits_facts(manifest["steps"]),
        **_training(run, list(manifest["exports"])),
        "steps": manifest["steps"],
        "libraries": manifest["libraries"],
        "recipe_text": manifest["recipe_text"],
        "files": {name: file for name, file in manifest["files"].items() if name.endswith((".json", ".jsonl"))},
        "n_shards": sum(name.startswith("documents/") for name in manifest["files"]),
    }


def _totals(ledger: Ledger) -> dict[str, int]:
    """What was read, and what is left at the end."""
    first, last = ledger.total("read"), ledger.total(list(ledger.stages)[-1])
    return {
        "documents_in": first.rows_in,
        "bytes_in": first.bytes_in,
        "documents_out": last.rows_out,
        "bytes_out": last.bytes_out,
    }


def _learned(run: str, manifest: dict[str, Any], stages: list[str], signals: dict[str, Any]) -> dict[str, Any]:
    """What models say of the documents, and how good they are; each is empty where the run has none of it."""
    models = models_facts(run, manifest["steps"])
    return {
        "languages": languages_facts(run, manifest["steps"], signals),
        "classifiers": classifiers_facts(run, manifest["steps"]),
        "language_models": without_sketches(models),
        "perplexity": perplexity_facts(run, manifest, stages, signals, models),
    }


def _training(run: str, exports: list[str]) -> dict[str, Any]:
    """What follows the documents: each is None where the run has none of it."""
    ablation = ablation_facts(run)
    packing = packing_facts(run, [ablation["data"]] if ablation else exports)
    return {
        "ablation": ablation,
        "tokenizer": tokenizer_facts(run, exports),
        "tokenizers": comparison_facts(run, exports),
        "packing": packing,
        "next": next_steps(_name(run), ablation, packing),
    }


def _name(run: str) -> str:
    """The run folder as a command names it where runs usually are."""
    parts = (run if storage.is_url(run) else os.path.abspath(run)).rstrip("/").split("/")
    return "/".join(parts[-2:] if parts[-2:-1] == ["runs"] else parts[-1:])


def _stage(label: str, ledger: Ledger, drops: Drops) -> dict[str, Any]:
    total = ledger.total(label)
    reasons = [
        {
            "reason": name,
            "failed": tally.failed,
            "dropped": tally.dropped,
            "dropped_bytes": tally.dropped_bytes,
            "by_source": {
                source: count.reasons[name].dropped
                for source, count in ledger.stages[label].items()
                if name in count.reasons
            },
            "examples": drops.examples.get((label, name), []),
        }
        for name, tally in sorted(total.reasons.items(), key=lambda item: (-item[1].dropped, item[0]))
    ]
    return {
        "label": label,
        "total": _count(total),
        "sources": {source: _count(count) for source, count in ledger.stages[label].items()},
        "reasons": reasons,
    }


def _count(count: Count) -> dict[str, Any]:
    return {name: value for name, value in vars(count).items() if name != "reasons"}


class Drops:
    """What the dropped rows show: examples of every reason."""

    def __init__(self) -> None:
        self.examples: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in a batch of dropped rows; the examples kept are those of the least uids."""
        order = np.argsort(batch.column("uid").to_numpy(zero_copy_only=False).astype("S32"), kind="stable")
        pairs = pc.binary_join_element_wise(batch.column("stage"), batch.column("reason"), "\0").dictionary_encode()
        codes = pairs.indices.to_numpy(zero_copy_only=False)
        for code, pair in enumerate(pairs.dictionary.to_pylist()):
            stage, _, reason = pair.partition("\0")
            rows = order[codes[order] == code][:N_EXAMPLES]
            found = self.examples.get((stage, reason), []) + _rows(batch, rows)
            self.examples[stage, reason] = sorted(found, key=lambda row: row["uid"])[:N_EXAMPLES]


def _rows(batch: pa.RecordBatch, rows: Any) -> list[dict[str, Any]]:
    taken: list[dict[str, Any]] = batch.select(EXAMPLE).take(pa.array(rows)).to_pylist()
    return taken


def _labels(run: str, signals: dict[str, Any]) -> dict[str, dict[str, list[list[Any]]]]:
    """Column -> source -> (label, survivors), the most frequent first, for signals that are labels."""
    columns = [name for name, signal in signals.items() if signal["kind"] == "label" and name.endswith("_label")]
    counts: dict[str, dict[str, Counter[str]]] = {name: {} for name in columns}
    for batch in batches(run, "documents", ["source", *columns]) if columns else ():
        for name in columns:
            groups = pa.Table.from_batches([batch]).group_by(["source", name]).aggregate([([], "count_all")])
            for row in groups.to_pylist():
                counts[name].setdefault(row["source"], Counter())[row[name]] += row["count_all"]
    return {
        name: {source: _most_frequent(tally) for source, tally in sorted(sources.items())}
        for name, sources in counts.items()
    }


def _most_frequent(tally: Counter[str]) -> list[list[Any]]:
    ordered = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in ordered[MAX_LABELS:])
    return [list(item) for item in ordered[:MAX_LABELS]] + ([["(other)", rest]] if rest else [])
