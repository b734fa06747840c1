"""Ablation and tokenizer as Markdown: the facts of their sections of the page."""

from __future__ import annotations

from typing import Any

from .advice import READING
from .markdown_text import block, plain, table
from .text import number, share, size
from .training import MAX_EPOCHS, apart, remarks
from .units import bits, difference, duration, operations, percent

Tree = dict[str, Any]


def ablation_part(data: Tree) -> list[str]:
    """What best means, the verdict, and what it rests on; nothing if the run has no ablation."""
    found = data["ablation"]
    if found is None:
        return []
    objective = ", ".join(f"{plain(source)} {percent(weight)}" for source, weight in found["objective"].items())
    return [
        "## Which mixture trains best",
        f"**Best means:** lowest mean of validation bits per byte, {objective}.",
        f"**{plain(found['verdict'])}**",
        f"The same model, trained on each mixture with {number(found['tokens'])} tokens and "
        f"{len(found['seeds'])} seed{'' if len(found['seeds']) == 1 else 's'}.{_noise(found)}",
        _ranking(found),
        "### Mixture by source",
        "Validation bits per byte, mean over seeds; what it is above the column's best; ? where that is not resolved.",
        _by_source(found),
        "### Best for each source alone",
        _sources(found),
        "### What it cost",
        _cost(found),
        "### Planned and served tokens",
        f"Seen more than {MAX_EPOCHS} times, text teaches less and less (arXiv 2305.16264).",
        _served(found),
        *_missing(found),
        *next_part(data),
    ]


def _noise(found: Tree) -> str:
    if found["noise"] is None:
        return ""
    return (
        f" A run's noise is {bits(found['noise']['std'])} bits per byte (standard deviation of what mixture and seed"
        " leave unexplained); intervals hold for all pairs of mixtures at once,"
        f" {percent(found['confidence'])} (Tukey)." + (f" {plain(apart(found))}" if apart(found) else "")
    )


def _ranking(found: Tree) -> str:
    rows = []
    for name, one in found["mixtures"].items():
        behind = "–" if name == found["best"] else difference(one["difference"], one["margin"])
        seeds = ", ".join(bits(value) for value in one["seeds"].values())
        rows.append([plain(name), bits(one["mean"]), plain(behind), one["standing"], seeds])
    return table(["mixture", "bits per byte", "to the best", "verdict", "seeds"], rows)


def _by_source(found: Tree) -> str:
    rows = []
    for name, one in found["mixtures"].items():
        cells = [
            bits(value, 3) + _apart(value - about["bits_per_byte"], one["by_source"][source], name == about["best"])
            for (source, value), about in zip(one["sources"].items(), found["sources"].values(), strict=True)
        ]
        objective = bits(one["mean"], 3) + _apart(one["difference"], one["standing"], name == found["best"])
        rows.append([plain(name), *cells, objective])
    return table(["mixture", *map(plain, found["sources"]), "objective"], rows)


def _apart(value: float, standing: str, is_best: bool) -> str:
    if is_best:
        return f" (**{standing}**)"
    return f" ({plain(difference(value, None, 3))}{' ?' if standing == 'not resolved' else ''})"


def _sources(found: Tree) -> str:
    rows = []
    for source, about in found["sources"].items():
        second = about["second"]
        rows.append(
            [
                plain(source), percent(about["weight"]), plain(about["best"]), bits(about["bits_per_byte"]),
                plain(second["mixture"]) if second else "–",
                plain(difference(second["difference"], second["margin"])) if second else "–",
                "resolved" if about["resolved"] else "not resolved", size(about["bytes"]),
            ]
        )  # fmt: skip
    head = [
        "source",
        "of the objective",
        "best mixture",
        "bits per byte",
        "nearest, or in doubt",
        "behind by",
        "verdict",
        "measured on",
    ]
    return table(head, rows)


def _cost(found: Tree) -> str:
    rows = []
    for name, one in found["mixtures"].items():
        time = one["time"]
        rows.append(
            [
                plain(name), number(one["parameters"]), number(round(one["tokens"])), operations(one["flops"]),
                duration(time["seconds"]) if time else "–",
                number(round(time["tokens_per_second"])) if time else "–",
                size(time["peak_memory_bytes"]) if time else "–",
            ]
        )  # fmt: skip
    total = found["total"]
    seconds = "–" if total["seconds"] is None else duration(total["seconds"])
    rows.append([f"all {total['runs']} runs", "", "", operations(total["flops"]), seconds, "", ""])
    return table(["mixture", "parameters", "tokens", "FLOPs", "time", "tokens/s", "peak memory"], rows)


def _served(found: Tree) -> str:
    rows = []
    for name, one in found["mixtures"].items():
        for source, served in one["served"].items():
            if one["weights"][source] or served["tokens"]:
                epochs = f"{served['epochs']:.2f}{' (too often)' if served['too_often'] else ''}"
                epochs += " (capped)" if source in one["capped"] else ""
                epochs += " (not repeated as in the target)" if source in one["coarse"] else ""
                cells = [number(round(served["planned"])), number(round(served["tokens"])), epochs]
                rows.append([plain(name), plain(source), percent(one["weights"][source]), *cells])
    return table(["mixture", "source", "weight", "planned", "served", "epochs"], rows)


def _missing(found: Tree) -> list[str]:
    parts = []
    for name, one in found["mixtures"].items():
        tags = ", ".join(map(plain, one["missing_tags"]))
        missing = f" No source here has its tags {tags}: the other proportions were scaled up." if tags else ""
        if one["cited"] or tags:
            parts.append(f"{plain(name)}: {plain(one['cited'])}.{missing}")
    return [*map(plain, remarks(found)), *parts]


def next_part(data: Tree) -> list[str]:
    """What to do next; nothing if there is nothing to say."""
    if not data["next"]:
        return []
    steps = [f"- {plain(step['text'])}" for step in data["next"]]
    commands = [block(step["command"], "sh") for step in data["next"] if step["command"]]
    reading = ", ".join(f"`{page}` ({about})" for page, about in READING.items())
    return ["### What to do next", "\n".join(steps), *commands, f"To read on: {reading}."]


def tokenized_part(data: Tree) -> list[str]:
    """The tokenizer; nothing if the run has none."""
    return [] if data["tokenizer"] is None else _tokenizer(data["tokenizer"])


def _tokenizer(found: Tree) -> list[str]:
    rows = []
    for source, sides in found["sources"].items():
        for side, one in sides.items():
            per_token = f"{one['bytes'] / one['tokens']:.3f}" if one["tokens"] else "–"
            shares = ["–" if one[key] is None else plain(share(one[key], 1)) for key in ("of_one_byte", "in_character")]
            counts = [number(one["documents"]), number(one["tokens"]), size(one["bytes"])]
            rows.append([plain(source), side, *counts, per_token, *shares])
    head = ["source", "side", "documents", "tokens", "text", "bytes per token", "single bytes", "parts of characters"]
    longest = ", ".join(plain(one["text"][:80]) for one in found["longest"])
    return [
        "## Tokenizer",
        f"{plain(found['algorithm'])}, {number(found['vocab_size'])} tokens.",
        *([table(head, rows), found["read_back"]] if rows else []),
        *([f"The longest: {longest}."] if longest else []),
    ]
