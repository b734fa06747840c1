"""What the rules of each stage did, and whom they removed, as Markdown."""

from __future__ import annotations

from typing import Any

from .markdown_text import block, plain, table
from .rule_figures import of_all, shown_slices
from .rules import FAR_ABOVE, by_slice, decided, limit_words, warned
from .text import interval, number, percent

Tree = dict[str, Any]


def waterfall_part(data: Tree) -> list[str]:
    """A table for each stage with several rules, in the order of judging."""
    parts = []
    for label, steps in data["rules"].items():
        rows = [
            [plain(step["reason"]), *(number(step[name]) for name in ("failed", "first", "so_far", "only"))]
            for step in steps
        ]
        head = ["rule", "alone", "in order", "so far", "only this rule"]
        parts.append(f"### The rules of {plain(label)} in the order of judging\n\n{table(head, rows)}")
    return parts


def removed_part(data: Tree) -> list[str]:
    """The warnings, what to do, and a table for each stage; rates of rules by slice are in report.json."""
    if not data["removal"]:
        return []
    groups = by_slice(data["removal"])
    told = "\n".join(line for group in groups for line in _told(group))
    return [
        "## Who is removed",
        told or "No slice is removed far more than the others.",
        plain(FAR_ABOVE),
        *_to_do(data["removal_steps"]),
        *(part for label, audit in data["removal"].items() for part in _stage(label, audit)),
    ]


def _told(group: Tree) -> list[str]:
    slice_ = f"{plain(group['dimension'])} is {plain(group['value'])}"
    return [
        f"- {plain(group['stage'])}: {plain(one['rule'] or group['stage'])} removes {interval(one)} of the documents"
        f" whose {slice_}, {percent(one['others']['rate'])} of the others."
        for one in group["warnings"]
    ]


def _to_do(steps: list[dict[str, str]]) -> list[str]:
    commands = [step["command"] for step in steps if step["command"]]
    lines = [f"{place}. {plain(step['text'])}" for place, step in enumerate(steps, start=1)]
    return [*(["\n".join(lines)] if lines else []), *([block("\n".join(commands), "sh")] if commands else [])]


def _stage(label: str, audit: Tree) -> list[str]:
    far, only_rule = warned(audit), next(iter(audit["rules"]), None) if len(audit["rules"]) == 1 else None
    rows = [
        [
            f"{plain(dimension)}: {plain(value)}{' **far above**' if (only_rule, dimension, value) in far else ''}",
            number(one["reached"]), number(one["removed"]), interval(one),
        ]
        for dimension, values in audit["whole"].items()
        for value, one in shown_slices(values).items()
    ]  # fmt: skip
    return [
        f"### Removed by {plain(label)}: {of_all(audit)}",
        *(plain(decided(one)) for one in audit["decides"]),
        *([table(["slice", "documents", "removed", "rate (95 %)"], rows)] if rows else []),
    ]


def limits_cell(limits: list[Tree]) -> str:
    """The limits of one signal."""
    return plain("; ".join(limit_words(limits))) or "–"
