"""Personal data: what the scrubbing stage found in which sources and languages, what it did, and what is repeated."""

from __future__ import annotations

import math
from typing import Any

from pipeline import storage
from pipeline.histograms import OTHER
from pipeline.slices import LANGUAGE

from .ablation_figures import N_LEVELS
from .dedup import edit_columns, ends, facts_of
from .dedup_figures import briefly
from .pii_form import has_repeated
from .pii_rows import Found, Scrubbing, folded, read, samples
from .text import number, share

REPEATED = "repeated_pii"
MAX_COLUMNS = 20
"""Sources, or languages, with a column of their own."""
MAX_ROOMY = 6
"""Columns up to which a table has room for all digits."""
DECADES = 3
"""From the strongest colour to the weakest, in powers of ten."""
MANY, MIN_MANY = 0.3, 100
"""Of the documents of a source, and in so many: an entity that is found there may be something else."""
WIDE, MIN_WIDE = 0.01, 50
"""Of all documents, and so many: a value that stands there is learned by heart."""
N_WIDEST = 5
DONE = {
    "tag": "a tag stands in its place",
    "mask": "letters and digits became asterisks",
    "remove": "removed",
    "surrogate": "a made-up value stands in its place",
}
NONE = "No stage of this run scrubs personal data."
NOTHING = "∅"
"""Shown where nothing stands now."""
NO_FIGURES = "The stage tells no figures, or not in the form that this version shows. Run it again to have them."
MEANS = (
    "Findings in the documents that are left at the end, and how many of them there are in a million bytes of text, by"
    " which the colours go."
)
SAMPLES_MEAN = (
    "Some findings by chance, as they are published: what stands there now, and the text around it. Is it what the"
    " entity says?"
)
REPEATED_MEANS = (
    "In how many documents the same value stands. What is repeated is what a model learns by heart; a value that is"
    " widely shared is often a company’s and no person’s."
)

Tree = dict[str, Any]
Cell = tuple[int, float | None, int]
"""Findings, how many in a million bytes if that is known, and documents."""


def scrubbed_facts(run: str, manifest: Tree, stages: list[Tree], signals: Tree) -> Tree | None:
    """What the scrubbing stage replaced in the survivors; None if the run has none.

    stages: of the report, with their counts by source; signals: of `signals.json`.
    `entities`: name -> its `action`, if the stage says so, the findings and documents by `sources` and `languages`, its
    `rules` (name, findings, least and greatest score) and `samples`; `edited`: source -> documents with any; `sources`
    and `languages`: name -> documents and bytes; `drops`: reasons of the stage and of those about repeated values;
    `repeated`: label -> facts, None if their form is not known.
    """
    label = manifest["scrubbed_by"]
    if label is None:
        return None
    scrubbing = _scrubbing(manifest["steps"], label, signals)
    found = read(run, scrubbing)
    shown = samples(run, found, scrubbing) if scrubbing.has_findings else {}
    repeated = facts_of(run, manifest["steps"], REPEATED)
    return {
        "stage": label,
        "entities": {
            entity: {
                "action": _action(manifest["steps"], label, entity),
                **{by: dict(sorted(found.tallies[by][entity].items())) for by in found.tallies},
                "rules": _rules(found, entity),
                "samples": shown.get(entity, []),
            }
            for entity in scrubbing.entities
        },
        "edited": dict(sorted(found.edited.items())),
        "sources": _sized(found.totals["sources"], _source_bytes(stages)),
        "languages": _sized(found.totals["languages"], _language_bytes(run, scrubbing.language)),
        "drops": _drops(stages, [label, *repeated]),
        "repeated": {name: about if has_repeated(about) else None for name, about in repeated.items()},
    }


def _scrubbing(steps: list[Tree], label: str, signals: Tree) -> Scrubbing:
    """The entities are those with a column of their own."""
    total, edits = f"{label}_n_findings", f"{label}_n_edits"
    counts = [name for name, one in signals.items() if one["stage"] == label and name not in (total, edits)]
    entities = [name.removeprefix(f"{label}_n_") for name in counts if name.startswith(f"{label}_n_")]
    languages = [step["slices"][LANGUAGE] for step in steps if LANGUAGE in step["slices"]]
    later = tuple(name for name in edit_columns(steps, label, signals) if name != edits)
    return Scrubbing(label, tuple(entities), total in signals, next(iter(languages), None), later)


def _action(steps: list[Tree], label: str, entity: str) -> str | None:
    options = next(step["options"] for step in steps if step["label"] == label)
    actions = options.get("actions")
    own = actions.get(entity) if isinstance(actions, dict) else None
    action = own or options.get("action")
    return str(action) if action else None


def _rules(found: Found, entity: str) -> list[Tree]:
    rules = [(rule, *of) for (name, rule), of in found.rules.items() if name == entity]
    return [
        {"rule": rule, "findings": n, "least": round(least, 4), "most": round(most, 4)}
        for rule, n, least, most in sorted(rules, key=lambda one: (-one[1], one[0]))
    ]


def _sized(documents: dict[str, int], n_bytes: dict[str, int]) -> Tree:
    """Name -> documents and, if they are known, bytes; the most documents first."""
    ranked = sorted(documents.items(), key=lambda item: (-item[1], item[0]))
    return {name: {"documents": n, "bytes": n_bytes.get(name)} for name, n in ranked}


def _source_bytes(stages: list[Tree]) -> dict[str, int]:
    return {name: count["bytes_out"] for name, count in stages[-1]["sources"].items()} if stages else {}


def _language_bytes(run: str, column: str | None) -> dict[str, int]:
    """Bytes that are left of each language, which all stages after the one that measures it tell alike."""
    if column is None:
        return {}
    told = storage.read_json(storage.join(run, "out", "slices.json"))
    here: Tree = next((of[LANGUAGE] for of in told.values() if LANGUAGE in of), {})
    return {name: one["kept_bytes"] for name, one in here.items()}


def _drops(stages: list[Tree], labels: list[str]) -> list[Tree]:
    return [
        {"stage": stage["label"], **{name: reason[name] for name in ("reason", "dropped", "by_source")}}
        for stage in stages
        if stage["label"] in labels
        for reason in stage["reasons"]
        if reason["dropped"]
    ]


def total(entity: Tree) -> tuple[int, int]:
    """Findings, and documents with any, in all sources."""
    both = entity["sources"].values()
    return sum(n for n, _ in both), sum(n for _, n in both)


def ranked(found: Tree) -> list[tuple[str, Tree]]:
    """The entities that were found, those with the most findings first."""
    there = [(name, one) for name, one in found["entities"].items() if total(one)[0]]
    return sorted(there, key=lambda item: (-total(item[1])[0], item[0]))


def absent(found: Tree) -> list[str]:
    """The entities that were looked for and not found."""
    return [name for name, one in found["entities"].items() if not total(one)[0]]


def done(entity: Tree) -> str:
    """What was done with it."""
    return DONE.get(entity["action"], entity["action"] or "–")


def rate(n: int, n_bytes: int | None) -> float | None:
    """Findings in a million bytes, if it is known how many there are."""
    return 1e6 * n / n_bytes if n_bytes else None


def brief_rate(value: float | None) -> str:
    """A rate with two or three digits."""
    if value is None:
        return "–"
    return briefly(round(value)) if value >= 10 else f"{value:.2g}" if value >= 0.01 else "<0.01"


def heat_map(found: Tree, by: str) -> tuple[list[str], list[tuple[str, list[Cell]]]]:
    """Names of columns; entities with a cell for each column. by: `sources` or `languages`.

    Beyond MAX_COLUMNS, those with the fewest documents are one.
    """
    of = folded(list(found[by]), MAX_COLUMNS)
    labels = list(dict.fromkeys(of.values()))
    n_bytes: dict[str, int | None] = {}
    for name, one in found[by].items():
        so_far = n_bytes.get(of[name], 0)
        n_bytes[of[name]] = None if so_far is None or one["bytes"] is None else so_far + one["bytes"]
    rows = []
    for entity, one in ranked(found):
        counts = {label: [0, 0] for label in labels}
        for name, (n, n_documents) in one[by].items():
            counts[of[name]][0] += n
            counts[of[name]][1] += n_documents
        rows.append((entity, [(n, rate(n, n_bytes[label]), rows_) for label, (n, rows_) in counts.items()]))
    return labels, rows


def most_of(rows: list[tuple[str, list[Cell]]]) -> float:
    """The highest rate of a table."""
    return max((value or 0.0 for _, cells in rows for _, value, _ in cells), default=0.0)


def heat(value: float | None, most: float) -> str:
    """The class of a cell: h8 for the highest rate, a level less for every 3 / 8 power of ten below it; h0 of none."""
    if not value or not most:
        return "h0"
    return f"h{max(1, math.ceil(N_LEVELS * (1 + math.log10(value / most) / DECADES)))}"


def cell_title(entity: str, column: str, cell: Cell, found: Tree, by: str) -> str:
    """What a cell says, in words."""
    n, value, documents = cell
    whole = found[by].get(column, {}).get("documents", 0)
    part = f" ({share(documents, whole)})" if whole and column != OTHER else ""
    told = f"; {brief_rate(value)} in a million bytes" if value is not None else ""
    return f"{column}: {number(n)} of {entity} in {number(documents)} documents{part}{told}"


def scores(rule: Tree) -> str:
    """The scores of a rule's findings."""
    least, most = number(rule["least"]), number(rule["most"])
    return least if least == most else f"{least} to {most}"


def dropped(found: Tree) -> str:
    """What was dropped for personal data; empty if nothing was."""
    parts = [f"{one['stage']} as {one['reason']} {number(one['dropped'])}" for one in found["drops"]]
    return f"Documents dropped for it: {', '.join(parts)}." if parts else ""


def shared(about: Tree) -> tuple[list[str], list[tuple[str, Tree, list[int]]]]:
    """Ranges of documents, such as `3 to 4`; entities with their facts and how many values stand in so many."""
    names = {name for one in about["entities"].values() for name in one["shared_by"]}
    ordered = sorted(names, key=lambda name: (*ends(name), name))
    rows = [
        (entity, one, [one["shared_by"].get(name, 0) for name in ordered])
        for entity, one in sorted(about["entities"].items(), key=lambda item: (-item[1]["values"], item[0]))
        if one["values"]
    ]
    return [" to ".join(map(number, dict.fromkeys(ends(name)))) for name in ordered], rows


def widest(one: Tree) -> list[str]:
    """The most widely shared values of an entity, in words; none that stands in one document only."""
    told = []
    for value in [value for value in one["widest"] if value["documents"] > 1][:N_WIDEST]:
        by_source = sorted(value["sources"].items(), key=lambda item: (-item[1], item[0]))
        names = ", ".join(f"{name} {number(n)}" for name, n in by_source[:MAX_ROOMY])
        more = f" and {number(len(by_source) - MAX_ROOMY)} more" if len(by_source) > MAX_ROOMY else ""
        told.append(f"{number(value['documents'])} documents: {names}{more}")
    return told


def warnings(found: Tree) -> list[str]:
    """What to look at: an entity in many documents of a source, and values that very many documents share."""
    told = []
    for entity, one in ranked(found):
        parts = {name: (n, found["sources"][name]["documents"]) for name, (_, n) in one["sources"].items()}
        many = [
            f"{share(*part)} of the documents of {name} ({number(one['sources'][name][0])} in {number(part[0])})"
            for name, part in sorted(parts.items(), key=lambda item: -item[1][0] / item[1][1])
            if part[0] >= max(MIN_MANY, MANY * part[1])
        ]
        if many:
            told.append(
                f"{entity} was found in {', '.join(many)}. Look at the samples: if they are something else, raise"
                f" “min_scores” for {entity} in {found['stage']}; if they are what they seem, ask whether such text may"
                " be used."
            )
    n_all = sum(one["documents"] for one in found["sources"].values())
    known = [(label, about) for label, about in found["repeated"].items() if about]
    return told + [line for label, about in known for line in _repeated(label, about, n_all)]


def _repeated(label: str, about: Tree, n_all: int) -> list[str]:
    told, least = [], max(MIN_WIDE, WIDE * n_all)
    for entity, one in about["entities"].items():
        wide = [value["documents"] for value in one["widest"] if value["documents"] >= least]
        if wide:
            told.append(
                f"{entity}: {_values(len(wide))} in {number(min(wide))} documents or more, the first in"
                f" {number(max(wide))}. What is of persons can be dropped with “max_documents” in {label}; what a site"
                " repeats, dedup_sentence cuts."
            )
    return told


def _values(n: int) -> str:
    return "one value stands" if n == 1 else f"{number(n)} values stand"
