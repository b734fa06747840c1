"""Language models and perplexity as Markdown."""

from __future__ import annotations

from typing import Any

from .markdown_text import plain, table
from .perplexity import (
    ITSELF,
    MEANS,
    NO_FIGURES,
    beside,
    by,
    fate,
    figure,
    kind,
    not_learned,
    parts,
    unjudged,
    warnings,
    worries,
)
from .text import NO_TEXTS, number, percent, share, size

N_SHOWN = 200
SPREAD = ["documents", "median", "90 % within", "dropped here", "of these", "dropped later"]
MODEL = [
    "tokens",
    "order",
    "documents",
    "text",
    "vocabulary",
    "n-grams",
    "perplexity held out",
    "unknown",
    "bounds from",
]

Tree = dict[str, Any]


def perplexity_part(data: Tree) -> list[str]:
    """What each model is, how perplexities spread by language and source, and the texts to look at."""
    if not data["language_models"] and not data["perplexity"]:
        return []
    found = ["## Perplexity", plain(MEANS)]
    for label, about in data["language_models"].items():
        found += [f"### {plain(label)}: {plain(kind(about))}", *_lines(warnings(about)), *_model(about)]
    for label, stage in data["perplexity"].items():
        rows = [_spread(_name(row), row) for row in stage["languages"]]
        found += [
            f"### {plain(label)}",
            *_lines(worries(label, stage)),
            *_lines(unjudged(stage)),
            table(["language", *SPREAD], rows),
        ]
        for row in stage["languages"]:
            if row["measured"]:
                found += _language(label, row)
        found += [] if stage["is_scrubbed"] else [plain(NO_TEXTS)]
    return found


def _model(about: Tree) -> list[str]:
    if about["languages"] is None:
        return [plain(NO_FIGURES)]
    rows = [
        [
            plain(name), plain(one["tokens"]), number(one["order"]), number(one["documents"]), size(one["bytes"]),
            number(one["vocabulary"]), number(sum(one["ngrams"])), *_held_out(one["held_out"]), _from(one["bounds"]),
        ]
        for name, one in about["languages"].items()
    ]  # fmt: skip
    return [table(["language", *MODEL], rows), *(plain(line) for line in [not_learned(about)] if line)]


def _held_out(one: Tree | None) -> list[str]:
    return [figure(one["perplexity"]), plain(share(one["unknown_frac"], 1))] if one else ["–", "–"]


def _from(bounds: Tree | None) -> str:
    if not bounds:
        return "–"
    return f"{number(bounds['documents'])} documents: {plain(', '.join(bounds['from']) or ITSELF)}"


def _name(row: Tree) -> str:
    return f"{row['language']} ({by(row)})" if by(row) else str(row["language"])


def _spread(name: str, row: Tree) -> list[str]:
    low, median, high = (figure(row["quantiles"][q]) if row["quantiles"] else "" for q in ("5", "50", "95"))
    lost = row["fates"]["here"]
    return [
        plain(name), number(row["documents"]), median or "–", f"{low} to {high}" if median else "–", number(lost),
        plain(share(lost, row["documents"])), number(row["fates"]["later"]),
    ]  # fmt: skip


def _language(label: str, row: Tree) -> list[str]:
    """Sources, parts and texts of one language."""
    by_part = [
        [
            plain(part["part"]), figure(part["to"]) if part["to"] else "–", number(part["documents"]),
            plain(share(part["documents"], row["documents"])),
            "–" if part["expected"] is None else percent(part["expected"]),
            *(number(part[one]) for one in ("here", "later", "kept")),
        ]
        for part in parts(row)
    ]  # fmt: skip
    head = ["part", "up to", "documents", "of all", "of what gave the bounds", "dropped here", "dropped later", "kept"]
    sources = [_spread(one["source"], one) for one in row["sources"]]
    return [
        f"#### {plain(label)}: {plain(row['language'])}",
        *(plain(line) for line in [beside(row)] if line),
        table(["source", *SPREAD], sources),
        table(head, by_part),
        *(_texts(percentile, rows, row["language"]) for percentile, rows in row["texts"].items()),
    ]


def _texts(percentile: str, rows: list[Tree], language: str) -> str:
    lines = [
        f"- `{one['uid']}` {plain(one['source'])}, {plain(one['origin'])}: perplexity {figure(one['perplexity'])},"
        f" {plain(one['part'])}, {plain(fate(one))}: {plain(one['text'][:N_SHOWN])}"
        for one in rows
    ]
    return "\n".join([f"{percentile} % of {plain(language)} lie below these:\n", *lines])


def _lines(lines: list[str]) -> list[str]:
    return ["\n".join(f"- {plain(line)}" for line in lines)] if lines else []
