"""Duplicates: what the stages that compare documents or sentences found, between which sources, and what to look at.

A stage is about duplicates if its facts say so; of its documents and drops, the rows tell.
"""

from __future__ import annotations

from typing import Any

from pipeline import storage
from pipeline.histograms import OTHER

from .dedup_form import has_duplicates
from .dedup_rows import FARTHEST, NEAREST, Found, Judge, beginning, documents, dropped, excerpt
from .text import number, share, size

KIND = "dedup"
SENTENCE = "sentence"
MAX_SOURCES = 20
"""Sources with a row and a column of their own."""
MAX_ROOMY = 8
"""Sources up to which a matrix has room for all digits."""
N_OPEN, MAX_LISTED = 6, 20
"""Clusters that are seen at once; clusters, and sentences, in a list."""
NOT_THERE: dict[str, Any] = {
    **dict.fromkeys(("short", "left"), 0),
    **dict.fromkeys(("by", "banding", "pairs", "far", "sides", "index")),
}
"""What a stage that compares otherwise has nothing to tell of."""
NO_FIGURES = "The stage tells no figures, or not in the form that this version shows. Run it again to have them."
MATRIX_MEANS = (
    "A row is the source whose copy was kept, a column the one that lost a copy; on the diagonal are copies within a"
    " source."
)
ACROSS_MEANS = "Such copies would have put what is trained on into the validation."
SIDES_MEAN = "What is not found as a copy here may still be on both sides."
INDEX_MEANS = "It stands for what earlier runs kept: a document that resembles one of theirs is dropped here."
EXAMPLES = {
    NEAREST: "Drops with the least similarity to a neighbour",
    FARTHEST: "Drops that are less similar to the one kept than the threshold",
}
EDITED = "not shown: the document was edited here or later, so the place is another now"
GONE = "not shown: of a dropped document only the beginning is published"
NOT_HERE = "not in this run’s output"

Tree = dict[str, Any]


def duplicates_facts(run: str, manifest: Tree, stages: list[Tree], signals: Tree) -> dict[str, Tree]:
    """Label of each stage about duplicates -> its facts, and what the rows show; `level`: None if their form is not
    known.

    stages: of the report, with their counts by source; signals: of `signals.json`.
    `most_copied`: with one entry of each text that is shown, which counts its copies wherever they stay.
    `documents`: source -> documents that reached the stage; `examples`: kind -> drops of the least similarity; `texts`:
    uid -> what is known of a document that is named, with how it begins if the run is scrubbed; `orphans`: sentences
    lost with their documents, or None.
    """
    told = {label: _completed(about) for label, about in facts_of(run, manifest["steps"], KIND).items()}
    known = {label: about for label, about in told.items() if has_duplicates(about)}
    reached = {one["label"]: {name: of["rows_in"] for name, of in one["sources"].items()} for one in stages}
    rows = dropped(run, [_judge(label, about, signals) for label, about in known.items()])
    shown = _texts(run, manifest, known, rows, signals)
    return {
        label: {
            **about,
            "documents": reached.get(label, {}),
            "examples": _examples(rows.get(label)),
            "orphans": rows[label].orphans if _judge(label, about, signals).has_orphans else None,
            "is_scrubbed": bool(manifest["scrubbed_by"]),
            **shown[label],
        }
        if label in known
        else {"kind": KIND, "level": None}
        for label, about in told.items()
    }


def _completed(about: Tree) -> Tree:
    """With all that facts can lack."""
    whole = {**NOT_THERE, **about}
    pairs = whole["pairs"]
    return {**whole, "pairs": {"undecided": 0, **pairs} if isinstance(pairs, dict) else pairs}


def facts_of(run: str, steps: list[Tree], kind: str) -> dict[str, Tree]:
    """Label of each step that published facts of a kind -> these. steps: of the manifest."""
    found = {
        step["label"]: storage.read_json(storage.join(run, "out", step["facts"])) for step in steps if step["facts"]
    }
    return {label: about for label, about in found.items() if about.get("kind") == kind}


def _judge(label: str, about: Tree, signals: Tree) -> Judge:
    """Similarities are told of only where pairs were measured."""
    is_measured = about["banding"] is not None and about["banding"]["verify"] != "none"
    similar = all(f"{label}_{name}" in signals for name in ("neighbour", "kept_similarity"))
    return Judge(label, is_measured and similar, f"{label}_orphans" in signals)


def _examples(rows: Found | None) -> dict[str, list[Tree]]:
    """The drops of the least similarity; of those to the kept document, only what is below the limit."""
    if rows is None:
        return {NEAREST: [], FARTHEST: []}
    far = [one for one in rows.shown(FARTHEST) if one["limit"] is not None and one["kept_similarity"] < one["limit"]]
    return {NEAREST: rows.shown(NEAREST), FARTHEST: far}


def _texts(
    run: str, manifest: Tree, known: dict[str, Tree], rows: dict[str, Found], signals: Tree
) -> dict[str, dict[str, Any]]:
    """Label -> `texts` of the documents that it names, and `sentences`: the text of each of `most_copied`, or None."""
    named = {label: _named(about, _examples(rows.get(label))) for label, about in known.items()}
    edits = {label: edit_columns(manifest["steps"], label, signals) for label in known}
    also = sorted({column for of in edits.values() for column in of})
    is_scrubbed = bool(manifest["scrubbed_by"])
    found: dict[str, dict[str, Any]] = {
        label: {"texts": {}, "sentences": [None] * len(about.get("most_copied", []))} for label, about in known.items()
    }
    for about, content in documents(run, {uid for uids in named.values() for uid in uids}, also):
        for label, uids in named.items():
            if about["uid"] in uids:
                one = {name: about[name] for name in ("source", "origin", "dropped")}
                one["text"] = beginning(content) if is_scrubbed else ""
                found[label]["texts"][about["uid"]] = one
            if is_scrubbed and about["dropped"] is None and not any(about[column] for column in edits[label]):
                _cut_out(about["uid"], content, known[label].get("most_copied", []), found[label]["sentences"])
    for label, one in found.items():
        one["most_copied"], one["sentences"] = _by_text(known[label].get("most_copied", []), one["sentences"])
    return found


def _named(about: Tree, examples: dict[str, list[Tree]]) -> set[str]:
    """The uids of documents that are told of, without those of earlier runs, which nobody finds."""
    clusters = {one["kept"] for one in about["clusters"]["largest"]} if about["level"] != SENTENCE else set()
    pairs = {one[name] for rows in examples.values() for one in rows for name in ("neighbour", "twin")}
    return clusters | pairs | {one["uid"] for one in about.get("most_copied", [])}


def edit_columns(steps: list[Tree], label: str, signals: Tree) -> list[str]:
    """The columns that count edits by this stage and those after it."""
    labels = [step["label"] for step in steps]
    since = labels[labels.index(label) :]
    return [f"{name}_n_edits" for name in since if f"{name}_n_edits" in signals]


def _cut_out(uid: str, content: str, copied: list[Tree], sentences: list[str | None]) -> None:
    """The sentences that are in this document."""
    for place, one in enumerate(copied):
        if one["uid"] == uid:
            sentences[place] = excerpt(content, one["start"], one["stop"])


def _by_text(copied: list[Tree], sentences: list[str | None]) -> tuple[list[Tree], list[str | None]]:
    """One entry for each text, with all its copies, the most first; what is not shown is not known to be the same."""
    found: dict[Any, tuple[Tree, str | None]] = {}
    for place, (one, sentence) in enumerate(zip(copied, sentences, strict=True)):
        key = place if sentence is None else sentence
        first, _ = found.get(key, ({**one, "copies": 0}, None))
        found[key] = {**first, "copies": first["copies"] + one["copies"]}, sentence
    ranked = sorted(found.values(), key=lambda one: -int(one[0]["copies"]))
    return [one for one, _ in ranked], [sentence for _, sentence in ranked]


def not_shown(found: Tree, uid: str) -> str:
    """Why a sentence is not shown."""
    one = found["texts"].get(uid)
    if one is None:
        return NOT_HERE
    return GONE if one["dropped"] else EDITED


def items(found: Tree) -> str:
    """What is compared: `documents`, or `sentences` and the like."""
    return str(found["unit"]) if found["level"] == SENTENCE else "documents"


def method(found: Tree) -> str:
    """How they meet, and what counts as a copy."""
    banding = found["banding"]
    if banding is None:
        window = found["window"] if found["level"] == SENTENCE else 1
        several = f" in {number(window)} {items(found)} one after the other" if window > 1 else ""
        return f"the same {found['by'] or 'text'}{several}"
    meets = f"{number(banding['bands'])} bands of {number(banding['rows'])} minima"
    if banding["verify"] == "none":
        return f"{meets}, not verified"
    verify = {"exact": "measured on the texts", "estimated": "estimated from the minima"}
    told = f"similarity {banding['threshold']:g} or more, {verify.get(banding['verify'], banding['verify'])}"
    cluster = f"; clusters: {banding['cluster']}" if isinstance(banding.get("cluster"), str) else ""
    return f"{told}; {meets}{cluster}"


def figures(found: Tree) -> list[tuple[str, str, str]]:
    """Name, number, and what it is of, of the counts of a stage."""
    clusters, pairs, n = found["clusters"], found["pairs"], found["items"]
    told = [("compared", number(n - found["without_key"]), items(found))]
    if found["without_key"]:
        told.append(("not compared", number(found["without_key"]), share(found["without_key"], n)))
    if found["short"]:
        told.append(("too short for a shingle", number(found["short"]), share(found["short"], n)))
    if pairs is not None:
        told.append(("pairs measured", number(pairs["compared"]), f"in {number(pairs['rounds'])} rounds"))
        told.append(("pairs found", number(pairs["verified"]), share(pairs["verified"], pairs["compared"])))
    told.append(("clusters", number(clusters["n"]), f"{number(clusters['items'])} {items(found)}"))
    if found["level"] == SENTENCE:
        return told + _lost(found)
    return [*told, ("removed", number(clusters["removed"]), share(clusters["removed"], n))]


def _lost(found: Tree) -> list[tuple[str, str, str]]:
    """The same of sentences."""
    n_cut = found["cut"]["items"]
    told = [("cut", number(n_cut), share(n_cut, found["items"])), ("text cut", size(found["cut"]["bytes"]), "")]
    if found["orphans"] is not None:
        told.append(("left without a copy", number(found["orphans"]), "their documents were then too short"))
    return told


def of_sources(cluster: Tree) -> list[tuple[str, int]]:
    """The sources of a cluster, those with the most copies first."""
    ranked = sorted(cluster["sources"].items(), key=lambda one: (-one[1], one[0]))
    rest = sum(n for _, n in ranked[MAX_ROOMY:])
    return ranked[:MAX_ROOMY] + ([(OTHER, rest)] if rest else [])


def matrix(found: Tree) -> tuple[list[str], list[list[int]], list[int]]:
    """Names of sources; removed ones by the source of the kept copy and by their own; what shares are of, by source.

    Beyond MAX_SOURCES those that have the least to do with duplicates are one. A share is of the documents of a source
    that reached the stage, or of its sentences that were cut, for of these nobody counts all.
    """
    names, counts = list(found["sources"]), [list(row) for row in found["matrix"]]
    busy = [sum(row) + sum(column) for row, column in zip(counts, zip(*counts, strict=True), strict=True)]
    shown = sorted(sorted(range(len(names)), key=lambda place: (-busy[place], place))[: MAX_SOURCES - 1])
    if len(names) <= MAX_SOURCES:
        shown = list(range(len(names)))
    of = {place: row for row, place in enumerate(shown)}
    labels = [names[place] for place in shown] + ([OTHER] if len(shown) < len(names) else [])
    folded = [[0] * len(labels) for _ in labels]
    wholes = [0] * len(labels)
    for i, row in enumerate(counts):
        for j, n in enumerate(row):
            folded[of.get(i, len(shown))][of.get(j, len(shown))] += n
    for place, name in enumerate(names):
        reached = sum(row[place] for row in counts) if found["level"] == SENTENCE else found["documents"].get(name, 0)
        wholes[of.get(place, len(shown))] += reached
    return labels, folded, wholes


def crossing(found: Tree) -> str:
    """How many copies were shared by sources, in words."""
    n = sum(map(sum, found["matrix"]))
    within = sum(row[place] for place, row in enumerate(found["matrix"]))
    left = f" Of {number(found['left'])} more, nobody followed where their copy is." if found["left"] else ""
    return (
        f"Of {number(n)} removed {items(found)}, {number(within)} have the copy that was kept in their own source,"
        f" {number(n - within)} ({share(n - within, n)}) in another.{left}"
    )


def whole_name(found: Tree) -> str:
    """What the shares of the matrix are of."""
    return "what the column’s source lost" if found["level"] == SENTENCE else "the column’s documents"


def sides(found: Tree) -> list[str]:
    """What was removed across the sides of a split; empty if there is no split before the stage."""
    if found["sides"] is None:
        return []
    across = [
        f"{number(n)} of {removed} for a copy in {kept}"
        for kept, counts in found["sides"].items()
        for removed, n in counts.items()
        if kept != removed and n
    ]
    within = sum(counts.get(side, 0) for side, counts in found["sides"].items())
    told = f"{', '.join(across)}; within a side: {number(within)}. {ACROSS_MEANS}" if across else "none."
    return [f"Removed across the sides of the split: {told} {SIDES_MEAN}"]


def index(found: Tree) -> list[str]:
    """What an index of earlier runs removed; empty if none was used."""
    about = found["index"]
    if about is None:
        return []
    files = f"{number(about['files'])} file{'' if about['files'] == 1 else 's'}"
    return [
        f"Compared with an index of {number(about['documents'])} documents ({files}): {number(about['removed'])} were"
        f" removed for one of them. {INDEX_MEANS}"
    ]


def sizes(found: Tree) -> list[tuple[str, int]]:
    """Size of a cluster, such as `5 to 8`, and clusters, the smallest first."""
    ranges = [(*ends(name), n) for name, n in found["clusters"]["sizes"].items()]
    return [(number(low) if low == high else f"{number(low)} to {number(high)}", n) for low, high, n in sorted(ranges)]


def ends(name: str) -> tuple[int, int]:
    """The least and the greatest size of a range such as `5-8`; 0 of what is none."""
    low, _, high = name.partition("-")
    least, greatest = (int(end) if end.isascii() and end.isdigit() else 0 for end in (low, high or low))
    return least, greatest


def fate(one: Tree) -> str:
    """What became of a document that is named, if it is no longer there."""
    told = one["dropped"]
    return f"dropped later by {told['stage']} as {told['reason']}" if told else ""
