"""The report as Markdown: the same facts, for terminals, reviews and version control."""

from __future__ import annotations

import json
from typing import Any

from .markdown_dedup import contamination_part, duplicates_part
from .markdown_judges import classifiers_part, languages_part
from .markdown_packing import packing_part
from .markdown_perplexity import perplexity_part
from .markdown_pii import personal_part
from .markdown_rules import limits_cell, removed_part, waterfall_part
from .markdown_text import block, plain, table
from .markdown_tokenizers import tokenizers_part
from .markdown_training import ablation_part, tokenized_part
from .text import number, share, size

N_SHOWN = 200


def render_markdown(data: dict[str, Any]) -> str:
    """The report for what `collect` returned."""
    totals = data["totals"]
    parts = [
        f"# {plain(data['recipe'])}",
        f"{number(totals['documents_in'])} documents ({size(totals['bytes_in'])}) went in, "
        f"{number(totals['documents_out'])} ({size(totals['bytes_out'])}) came out: "
        f"{plain(share(totals['documents_out'], totals['documents_in']))} of the documents, "
        f"{plain(share(totals['bytes_out'], totals['bytes_in']))} of the text.",
        f"Fingerprint `{data['fingerprint']}`." + (f" Run until {plain(data['until'])}." if data["until"] else ""),
        *ablation_part(data),
        "## Funnel",
        _funnel(data),
        *_notes(data),
        "## Why documents were dropped",
        _reasons(data),
        *waterfall_part(data),
        *_examples(data),
        *removed_part(data),
        *duplicates_part(data),
        *contamination_part(data),
        *personal_part(data),
        *languages_part(data),
        *classifiers_part(data),
        *perplexity_part(data),
        *_labels(data),
        *_signals(data),
        *tokenized_part(data),
        *tokenizers_part(data),
        *packing_part(data),
        *_recipe(data),
    ]
    return "\n\n".join(parts) + "\n"


def _funnel(data: dict[str, Any]) -> str:
    rows = []
    for stage in data["stages"]:
        for source, count in {**stage["sources"], "(all)": stage["total"]}.items():
            dropped = count["rows_in"] - count["rows_out"]
            cells = [plain(stage["label"]), plain(source), number(count["rows_in"]), number(count["rows_out"])]
            rows.append([*cells, number(dropped), size(count["bytes_out"]), number(count["rows_edited"])])
    return table(["stage", "source", "documents in", "out", "dropped", "text out", "edited"], rows)


def _notes(data: dict[str, Any]) -> list[str]:
    """What stages say of documents besides dropping them."""
    lines = [
        f"- {plain(one['label'])} notes of {number(n)} of {number(one['total']['rows_in'])} documents: {plain(what)}"
        for one in data["stages"]
        for what, n in one["total"]["notes"].items()
        if n
    ]
    return ["\n".join(lines)] if lines else []


def _reasons(data: dict[str, Any]) -> str:
    rows = [
        [
            plain(stage["label"]), plain(reason["reason"]), number(reason["dropped"]),
            plain(share(reason["dropped"], stage["total"]["rows_in"])), number(reason["failed"]),
            size(reason["dropped_bytes"]), _by_source(reason["by_source"]),
        ]
        for stage in data["stages"]
        for reason in stage["reasons"]
        if reason["failed"]
    ]  # fmt: skip
    if not rows:
        return "No document was dropped."
    return table(["stage", "reason", "dropped", "of its input", "failed the rule", "text", "by source"], rows)


def _by_source(counts: dict[str, int]) -> str:
    return ", ".join(f"{plain(source)} {number(n)}" for source, n in counts.items() if n) or "–"


def _examples(data: dict[str, Any]) -> list[str]:
    parts = []
    for stage in data["stages"]:
        for reason in stage["reasons"]:
            lines = [
                f"- `{example['uid']}` {plain(example['origin'])}{_measured(example)}: "
                + plain(example["excerpt"][:N_SHOWN])
                for example in reason["examples"]
            ]
            if lines:
                parts.append(f"### {plain(stage['label'])}: {plain(reason['reason'])}\n\n" + "\n".join(lines))
    return parts


def _measured(example: dict[str, Any]) -> str:
    if example["value"] is None:
        return ""
    limit = "" if example["limit"] is None else f", limit {number(example['limit'])}"
    return f" (measured {number(example['value'])}{limit})"


def _labels(data: dict[str, Any]) -> list[str]:
    parts = []
    told = {found["column"] for found in data["languages"].values()}
    for column, sources in ((column, sources) for column, sources in data["labels"].items() if column not in told):
        rows = [[plain(source), plain(label), number(n)] for source, pairs in sources.items() for label, n in pairs]
        parts += [f"## {plain(column)}", table(["source", "label", "survivors"], rows)]
    return parts


def _signals(data: dict[str, Any]) -> list[str]:
    """A line per numeric signal; the bins are in report.json."""
    rows = []
    for name, signal in data["signals"].items():
        if signal["kind"] != "label":
            counts = [number(sum(signal[side])) for side in ("kept", "dropped")]
            rows.append([plain(name), *counts, limits_cell(data["limits"].get(name, []))])
    head = ["signal", "measured and kept", "measured and dropped", "limits"]
    return ["## Signals", table(head, rows)] if rows else []


def _recipe(data: dict[str, Any]) -> list[str]:
    """What it takes to do the run again."""
    steps = [
        [plain(step["label"]), number(step["version"]), plain(json.dumps(step["options"], ensure_ascii=False))]
        for step in data["steps"]
    ]
    files = [[plain(name), size(file["bytes"]), f"`{file['sha256']}`"] for name, file in data["files"].items()]
    libraries = [[plain(name), plain(version)] for name, version in data["libraries"].items()]
    return [
        "## Recipe and versions",
        block(data["recipe_text"], "yaml"),
        *([table(["stage", "version", "options"], steps)] if steps else []),
        table(["library", "version"], libraries),
        f"{number(data['n_shards'])} shards, and:",
        table(["file", "size", "SHA-256"], files),
    ]
