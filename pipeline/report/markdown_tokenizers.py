"""Tokenizers side by side as Markdown."""

from __future__ import annotations

from typing import Any

from .markdown_text import plain, table
from .text import NO_TEXTS, brief_share, number, share, size
from .tokenizer_figures import said
from .tokenizers import FAIR, KNEE, MEANS, knees, others, per, premiums, round_trips, steps, sweeps

Tree = dict[str, Any]


def tokenizers_part(data: Tree) -> list[str]:
    """What several tokenizers make of the same text; nothing if the run compares none."""
    found = data["tokenizers"]
    if found is None:
        return []
    of = f"at most {size(found['max_mb'] * 1_000_000)} of each shard, chosen by hash" if found["max_mb"] else "all"
    return [
        "## Tokenizers side by side",
        f"Measured on {number(found['all']['documents'])} documents, {size(found['all']['bytes'])} ({of}).",
        *map(plain, round_trips(found)),
        _about(found),
        "### Bytes per token",
        plain(MEANS),
        _by_source(found),
        *_sweeps(found),
        "### What the same content costs",
        f"{plain(FAIR)} {number(found['parallel']['pairs'])} sentences; the reference is"
        f" {plain(found['parallel']['reference'])}.",
        _premiums(found),
        "### Tokens to look at",
        *_tokens(found, bool(data["scrubbed_by"])),
    ]


def _about(found: Tree) -> str:
    rows = []
    for name, one in found["models"].items():
        rates = found["all"]["models"][name]
        rows.append(
            [
                plain(name), plain(one["algorithm"]), number(one["vocab_size"]),
                plain(share(one["used"], one["vocab_size"] - one["special"])),
                *(per(rates[key]) for key in ("bytes_per_token", "tokens_per_word", "tokens_per_char")),
                number(one["failed"]), number(one["unknown"]),
            ]
        )  # fmt: skip
    head = ["tokenizer", "algorithm", "vocabulary", "of it used", "bytes per token", "tokens per word"]
    return table([*head, "tokens per character", "did not come back", "unknown"], rows)


def _by_source(found: Tree) -> str:
    rows = []
    for row in [found["all"], *found["rows"]]:
        rates = [
            f"{per(one['bytes_per_token'])} ({per(one['tokens_per_word'], 2)}"
            + (f", {plain(brief_share(one['unknown_share'], 1))} unknown)" if one["unknown_share"] else ")")
            for one in row["models"].values()
        ]
        where = plain(" ".join([row["source"], row["group"]])) if row["source"] else "all text"
        rows.append([where, size(row["bytes"]), *rates])
    more = f" {others(found)} in `comparison.json`." if found["left_out"] else ""
    return table(["text", "size", *map(plain, found["models"])], rows) + f"\n\nIn brackets: tokens per word.{more}"


def _sweeps(found: Tree) -> list[str]:
    parts = []
    for name, one in sweeps(found):
        places = steps(one)
        head = ["tokens for 1,000 bytes", *(number(one["sweep"]["sizes"][place]) for place in places), "knee"]
        rows = [
            [
                plain(curve["name"]),
                *(f"{curve['per_kb'][place]:.1f}" for place in places),
                number(curve["knee"]) if curve["knee"] else "–",
            ]
            for curve in one["sweep"]["curves"]
        ]
        parts += [f"#### {plain(name)}", plain(knees(one)), table(head, rows)]
    return ["### Size of the vocabulary", plain(KNEE), *parts] if parts else []


def _premiums(found: Tree) -> str:
    head = ["tokenizer", "language", "tokens", f"for one of {plain(found['parallel']['reference'])}"]
    rows = [
        [plain(row["model"]), plain(row["language"]), number(row["tokens"]), plain(said(row))]
        for row in premiums(found)
    ]
    return table(head, rows)


def _tokens(found: Tree, may_show: bool) -> list[str]:
    kinds = {"longest": "longest", "rarest": "rarest that occur", "unused": "longest that do not occur"}
    parts = []
    for name, one in found["models"].items():
        for kind, what in kinds.items():
            shown = ", ".join(plain(token["text"][:80]) for token in one[kind])
            parts += [f"{plain(name)}, {what}: {shown}."] if shown else []
        for case in one["failures"]:
            texts = f": {plain(case['given'])} came back as {plain(case['back'])}" if may_show else ""
            parts.append(f"{plain(name)}: `{plain(case['uid'])}` at character {number(case['at'])}{texts}.")
        if one["failures"] and not may_show:
            parts.append(NO_TEXTS)
    return parts
