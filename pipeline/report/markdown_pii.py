"""Personal data as Markdown."""

from __future__ import annotations

from typing import Any

from . import pii
from .markdown_text import plain, table
from .text import number, share

Tree = dict[str, Any]


def personal_part(data: Tree) -> list[str]:
    """What was found, what was done, what is repeated, and findings to look at."""
    found = data["scrubbed"]
    if found is None:
        return ["## Personal data", pii.NONE]
    n_documents = sum(one["documents"] for one in found["sources"].values())
    edited = f"{number(sum(found['edited'].values()))} of {number(n_documents)} documents edited"
    parts = ["## Personal data", f"### {plain(found['stage'])}: {edited}"]
    worries, told = pii.warnings(found), pii.dropped(found)
    parts += ["\n".join(f"- {plain(line)}" for line in worries)] if worries else []
    parts += [plain(told)] if told else []
    parts += _entities(found, n_documents)
    none = pii.absent(found)
    parts += [f"Looked for and not found: {plain(', '.join(none))}."] if none else []
    parts += [] if found["entities"] else ["The stage counts no entities."]
    return parts + _repeated(found) + _samples(found)


def _entities(found: Tree, n_documents: int) -> list[str]:
    rows = []
    for name, one in pii.ranked(found):
        n, documents = pii.total(one)
        told = f"{number(documents)} ({plain(share(documents, n_documents))})"
        rows.append([plain(name), number(n), told, plain(pii.done(one))])
    if not rows:
        return []
    parts = [table(["entity", "findings", "documents", "what was done"], rows), pii.MEANS, _heat_map(found, "sources")]
    return parts + ([_heat_map(found, "languages")] if found["languages"] else [])


def _heat_map(found: Tree, by: str) -> str:
    labels, rows = pii.heat_map(found, by)
    cells = [
        [plain(entity), *(f"{number(n)} ({plain(pii.brief_rate(value))})" if n else "·" for n, value, _ in counts)]
        for entity, counts in rows
    ]
    return table([f"findings by {by} (in a million bytes)", *map(plain, labels)], cells)


def _repeated(found: Tree) -> list[str]:
    parts = []
    for label, about in found["repeated"].items():
        if about is None:
            parts += [f"### {plain(label)}", pii.NO_FIGURES]
            continue
        names, rows = pii.shared(about)
        parts += [f"### {plain(label)}: values that {plain(about['of'])} found", pii.REPEATED_MEANS]
        cells = [[plain(entity), *map(number, counts)] for entity, _, counts in rows]
        parts += (
            [table(["values in so many documents", *map(plain, names)], cells)] if rows else ["No value was found."]
        )
        lines = [f"- {plain(entity)}, {plain(line)}" for entity, one, _ in rows for line in pii.widest(one)]
        parts += ["The values that most documents share:\n\n" + "\n".join(lines)] if lines else []
    return parts


def _samples(found: Tree) -> list[str]:
    parts = []
    for name, one in pii.ranked(found):
        rules = ", ".join(f"{of['rule']} {number(of['findings'])} (score {pii.scores(of)})" for of in one["rules"])
        lines = "\n".join(map(_sample, one["samples"]))
        parts += [f"#### {plain(name)}: {plain(rules)}\n\n{lines}"] if lines else []
    return ["### Findings to judge by eye", plain(pii.SAMPLES_MEAN), *parts] if parts else []


def _sample(row: Tree) -> str:
    where = f"{plain(row['source'])}, {plain(row['origin'])}, {plain(row['rule'])} ({number(row['score'])})"
    now = plain(row["now"] or pii.NOTHING)
    return f"- `{row['uid']}` {where}: {plain(row['before'])} **{now}** {plain(row['after'])}"
