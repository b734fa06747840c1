"""Duplicates and evaluation sets as Markdown."""

from __future__ import annotations

from typing import Any

from . import contamination, dedup, dedup_advice
from .dedup_advice import curve
from .markdown_text import plain, table
from .text import NO_TEXTS, number, percent, share

N_SHOWN = 200
STEP = 5
"""Hundredths in a row of the table of similarities."""

Tree = dict[str, Any]


def duplicates_part(data: Tree) -> list[str]:
    """What each stage that compares found."""
    parts = ["## Duplicates"] if data["duplicates"] else []
    for label, found in data["duplicates"].items():
        if found["level"] is None:
            parts += [f"### {plain(label)}", plain(dedup.NO_FIGURES)]
        else:
            parts += _stage(label, found)
    return parts


def _stage(label: str, found: Tree) -> list[str]:
    figures = [[plain(name), n, plain(of)] for name, n, of in dedup.figures(found)]
    return [
        f"### {plain(label)}: {plain(dedup.method(found))}",
        *_lines(dedup_advice.warnings(label, found)),
        table(["what", "number", "of"], figures),
        *map(plain, dedup.index(found) + dedup.sides(found)),
        *_similarities(found),
        *_sizes(found),
        *_matrix(found),
        *_clusters(found),
        *_copied(found),
        *_examples(found),
        *([] if found["is_scrubbed"] else [plain(NO_TEXTS)]),
    ]


def _similarities(found: Tree) -> list[str]:
    """The S-curve and the pairs, in steps from the similarity on at which there is anything of either."""
    banding = found["banding"]
    if banding is None:
        return []
    counts = found["pairs"]["similarities"] if found["pairs"] is not None else [0] * 101
    rows = []
    for low in range(0, len(counts), STEP):
        chance, n = curve(low / 100, banding["bands"], banding["rows"]), sum(counts[low : low + STEP])
        if n or chance >= 0.001:
            rows.append([f"{low / 100:g}", percent(chance), number(n)])
    head = ["similarity from", "compared with a probability of", "pairs measured up to the next"]
    return [plain(dedup_advice.curve_means(found)), table(head, rows)]


def _sizes(found: Tree) -> list[str]:
    rows = [[name, number(n)] for name, n in dedup.sizes(found)]
    return [table([f"{plain(dedup.items(found))} in a cluster", "clusters"], rows)] if rows else []


def _matrix(found: Tree) -> list[str]:
    if not found["clusters"]["removed"] or not found["matrix"]:
        return []
    names, counts, wholes = dedup.matrix(found)
    rows = [
        [
            plain(name),
            *(f"{number(n)} ({plain(share(n, whole))})" if n else "·" for n, whole in zip(row, wholes, strict=True)),
        ]
        for name, row in zip(names, counts, strict=True)
    ]
    means = f"{dedup.MATRIX_MEANS} Shares are of {dedup.whole_name(found)}. {dedup.crossing(found)}"
    return [plain(means), table(["kept in", *map(plain, names)], rows)]


def _clusters(found: Tree) -> list[str]:
    if found["level"] == dedup.SENTENCE or not found["clusters"]["largest"]:
        return []
    rows = [
        [
            _document(found, one["kept"]), number(one["size"]),
            "–" if one["least_similarity"] is None else f"{one['least_similarity']:.4f}",
            ", ".join(f"{plain(name)} {number(n)}" for name, n in dedup.of_sources(one)),
            _begins(found, one["kept"]),
        ]
        for one in found["clusters"]["largest"][: dedup.MAX_LISTED]
    ]  # fmt: skip
    return [table(["kept document", "size", "least similarity", "sources", "begins"], rows)]


def _document(found: Tree, uid: str) -> str:
    """A document that is named."""
    one = found["texts"].get(uid)
    if not one:
        return f"`{plain(uid)}`"
    fate = dedup.fate(one)
    return f"`{plain(uid)}` {plain(one['source'])}, {plain(one['origin'])}{', ' + plain(fate) if fate else ''}"


def _begins(found: Tree, uid: str) -> str:
    return plain(found["texts"].get(uid, {}).get("text", "")[:N_SHOWN])


def _copied(found: Tree) -> list[str]:
    if found["level"] != dedup.SENTENCE or not found["most_copied"]:
        return []
    rows = [
        [
            _document(found, one["uid"]),
            f"{number(one['start'])} to {number(one['stop'])}",
            number(one["copies"]),
            plain(sentence[:N_SHOWN]) if sentence else plain(dedup.not_shown(found, one["uid"])),
        ]
        for one, sentence in zip(found["most_copied"], found["sentences"], strict=True)
    ]
    return [table(["first copy", "bytes", "copies", "text"], rows[: dedup.MAX_LISTED])]


def _examples(found: Tree) -> list[str]:
    parts = []
    for kind, told in dedup.EXAMPLES.items():
        lines = [_drop(found, one) for one in found["examples"][kind]]
        parts += [plain(told) + ":\n\n" + "\n".join(lines)] if lines else []
    return parts


def _drop(found: Tree, one: Tree) -> str:
    texts = f": {plain(one['text'][:N_SHOWN])}" if one["text"] else ""
    kept = _begins(found, one["twin"])
    return (
        f"- `{one['uid']}` {plain(one['source'])}, {plain(one['origin'])}: {one['value']:.4f} to"
        f" {_document(found, one['neighbour'])}, {one['kept_similarity']:.4f} to the kept"
        f" {_document(found, one['twin'])}"
        f"{texts}{' / ' + kept if kept else ''}"
    )


def contamination_part(data: Tree) -> list[str]:
    """What of evaluation sets was found."""
    parts = ["## Evaluation sets in the corpus", plain(contamination.MEANS)] if data["contamination"] else []
    for label, found in data["contamination"].items():
        if found["benchmarks"] is None:
            parts += [f"### {plain(label)}", plain(contamination.NO_FIGURES)]
        else:
            parts += [
                f"### {plain(label)}: {plain(contamination.grams(found))}",
                *_lines(contamination.warnings(found)),
            ]
            parts += [*_benchmarks(found), *_worst(found)]
    return parts


def _benchmarks(found: Tree) -> list[str]:
    """All benchmarks, what of them was left out, and those that were found by source."""
    rows, left_out, by_source = [], [], []
    for name, one in found["benchmarks"].items():
        about = [number(one[what]) for what in ("items", "short", "ngrams")]
        share_found = f"{number(one['found'])} ({plain(share(one['found'], contamination.searched(one)))})"
        rows.append([plain(name), *about, share_found, *_fates(contamination.total(one))])
        told = contamination.left_out(one)
        left_out += [f"{name}: {told}"] if told else []
        by_source += [[plain(name), plain(of), *_fates(counts)] for of, counts in contamination.sources(one)]
    fates = ["documents", *contamination.FATE_WORDS.values()]
    head = ["benchmark", "items", "too short to search", "n-grams", "items found, at least"]
    parts = [table([*head, *fates], rows), *_lines(left_out)]
    return parts + ([table(["benchmark", "source", *fates], by_source)] if by_source else [])


def _fates(counts: dict[str, int]) -> list[str]:
    """Documents, and those of each fate."""
    return [number(sum(counts.values())), *(number(counts[fate]) for fate in contamination.FATES)]


def _worst(found: Tree) -> list[str]:
    rows = [
        [
            f"`{one['uid']}` {plain(one['source'])}, {plain(one['origin'])}", plain(one["benchmark"]),
            number(one["item"]), plain(share(one["item_frac"], 1)), number(one["hits"]),
            plain(share(one["covered_frac"], 1)), number(one["documents"]), contamination.FATE_WORDS[one["fate"]],
        ]
        for one in found["worst"]
    ]  # fmt: skip
    head = [
        "document",
        "benchmark",
        "item",
        "share of the item",
        "n-grams",
        "share of the document",
        "documents closest to it",
        "what became of it",
    ]
    return [table(head, rows)] if rows else ["Nothing of them was found."]


def _lines(lines: list[str]) -> list[str]:
    return ["\n".join(f"- {plain(line)}" for line in lines)] if lines else []
