"""Tokenizers side by side, from the `comparison.json` of an export, as plain JSON-ready values."""

from __future__ import annotations

from typing import Any

from pipeline import storage

from .text import number, share

MAX_ROWS = 40
MIN_ROW_BYTES = 10_000
"""Groups of text with a row of their own: those with the most, and enough to tell something."""
MAX_CURVES = 7
FEW_PAIRS = 30
MANY = 8

Tree = dict[str, Any]
Texts = dict[tuple[str, str], dict[str, int]]
"""By source and group: documents, bytes, characters and words."""

MEANS = (
    "All are measured on the same documents. More bytes per token are fewer tokens for the same text, so shorter"
    " sequences; they tell nothing of how well a model learns from them. A Chinese character has three bytes, so"
    " compare along a row, not down a column. Where a tokenizer has no tokens for a text, few stand for much of it: its"
    " figure says nothing then, and is not coloured."
)
KNEE = (
    "The knee is where a curve bends most between its first size and its last (Kneedle, Satopaa and others 2011, sizes"
    " by their logarithm): before it a larger vocabulary saves many tokens, behind it few. It moves with those ends,"
    " and knows nothing of what a vocabulary costs: every token is a row of the embeddings and of the output head, and"
    " in a small model the head is most of what is computed (84.5 % in RegMix’s smallest proxy)."
)
FAIR = (
    "The same sentences in each language: how many tokens the content costs there for one in the reference language."
    " Above 1 it takes more of the context and of the training budget to say the same (the premium of Petrov and others"
    " 2023). Unknown text makes it look cheap."
)


def comparison_facts(run: str, exports: list[str]) -> Tree | None:
    """What an export found of several tokenizers; None if the run has none."""
    paths = [storage.join(run, "out", label, "comparison.json") for label in exports]
    found = next((storage.read_json(path) for path in paths if storage.exists(path)), None)
    if found is None:
        return None
    text = {(source, group): one for source, groups in found["text"].items() for group, one in groups.items()}
    models = {name: _model(one, text) for name, one in found["models"].items()}
    ranked = sorted(text, key=lambda key: (-text[key]["bytes"], key))
    rows = [key for key in ranked if text[key]["bytes"] >= MIN_ROW_BYTES][:MAX_ROWS]
    return {
        "all": _row("", "", _summed(list(text.values())), models),
        "rows": [
            _row(*key, text[key], {name: one["sources"][key[0]][key[1]] for name, one in found["models"].items()})
            for key in rows
        ],
        "left_out": len(ranked) - len(rows),
        "max_mb": found["max_mb"],
        "by_group": any(group for _, group in text),
        "models": models,
        "parallel": {**found["parallel"], "few": found["parallel"]["pairs"] < FEW_PAIRS},
    }


def _summed(parts: list[dict[str, int]]) -> dict[str, int]:
    return {name: sum(one[name] for one in parts) for name in ("documents", "bytes", "chars", "words")}


def _row(source: str, group: str, text: dict[str, int], found: Tree) -> Tree:
    """One group of text, and what each tokenizer makes of it; a rate without a denominator is None.

    found: name -> counts; unknown_share: of its tokens, those that stand for text it does not know, which makes tokens
    look long.
    """
    models = {
        name: {
            "tokens": one["tokens"],
            "bytes_per_token": text["bytes"] / one["tokens"] if one["tokens"] else None,
            "tokens_per_word": one["tokens"] / text["words"] if text["words"] else None,
            "tokens_per_char": one["tokens"] / text["chars"] if text["chars"] else None,
            "unknown_share": one["unknown"] / one["tokens"] if one["tokens"] else 0.0,
        }
        for name, one in found.items()
    }
    return {"source": source, "group": group, **text, "models": models}


def _model(found: Tree, text: Texts) -> Tree:
    """A tokenizer: what the file says, with sums over all text."""
    groups = [one for of in found["sources"].values() for one in of.values()]
    sums = {name: sum(one[name] for one in groups) for name in ("tokens", "failed", "unknown")}
    names = ("algorithm", "vocab_size", "special", "is_lossless", "used", "failures", "parallel", "sha256")
    kinds = ("longest", "rarest", "unused")
    spelled = {kind: [{**one, "text": spelled_text(one["text"])} for one in found[kind]] for kind in kinds}
    documents = sum(one["documents"] for one in text.values())
    sweep = _sweep(found["sweep"], text) if found["sweep"] else None
    return {**{name: found[name] for name in names}, **sums, **spelled, "documents": documents, "sweep": sweep}


def _sweep(found: Tree, text: Texts) -> Tree:
    """Curves of tokens for 1,000 bytes, by size: that of all text first."""
    n_bytes: dict[str, int] = {}
    for (_, group), one in text.items():
        n_bytes[group] = n_bytes.get(group, 0) + one["bytes"]
    curves = [_curve("all", found["all"], sum(n_bytes.values()))]
    if len(found["groups"]) > 1:
        of = list(found["groups"].items())[: MAX_CURVES - 1]
        curves += [_curve(group, one, n_bytes[group]) for group, one in of]
    return {"sizes": found["sizes"], "curves": [one for one in curves if one is not None]}


def _curve(name: str, one: Tree, n_bytes: int) -> Tree | None:
    if not n_bytes:
        return None
    return {"name": name, "per_kb": [1000 * n / n_bytes for n in one["tokens"]], "knee": one["knee"]}


def spelled_text(text: str) -> str:
    r"""A token on one line: spaces as ␣, line feed, carriage return and tab as \n, \r, \t; one character many times as
    that character and how often it comes."""
    if len(text) > MANY and len(set(text)) == 1:
        text = f"{text[0]}×{len(text)}"
    return text.replace(" ", "␣").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def round_trips(found: Tree) -> list[str]:
    """What came back from its tokens, a sentence for all that lose nothing and one for each that does."""
    if not found["all"]["documents"]:
        return ["Round trip: there was no document to measure."]
    exact = [name for name, one in found["models"].items() if not one["failed"]]
    of = f"{number(found['all']['documents'])} documents"
    told = []
    if exact:
        told.append(f"Round trip: all {of} came back byte for byte from the tokens of {_listed(exact)}.")
    for name, one in found["models"].items():
        if one["failed"]:
            lost = f"{number(one['failed'])} of {of} ({share(one['failed'], one['documents'])})"
            told.append(f"Round trip: {lost} did not come back from the tokens of {name}.")
        if one["unknown"]:
            tokens = f"{number(one['unknown'])} of its {number(one['tokens'])} tokens"
            told.append(f"{name} has no token for some text: {tokens} stand for what is unknown to it.")
    return told


def others(found: Tree) -> str:
    """The groups of text without a row, as the beginning of a sentence that says where they are."""
    n = found["left_out"]
    return f"{number(n)} more groups, with less text, are" if n > 1 else "1 more group, with less text, is"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def sweeps(found: Tree) -> list[tuple[str, Tree]]:
    """The tokenizers whose smaller sizes are known, the largest first: the others may be its beginnings."""
    known = [(name, one) for name, one in found["models"].items() if one["sweep"]]
    return sorted(known, key=lambda pair: -pair[1]["vocab_size"])


def knees(one: Tree) -> str:
    """Where the curves of a tokenizer bend, in words; curves without a bend are not named."""
    told = [f"{curve['name']} {number(curve['knee'])}" for curve in one["sweep"]["curves"] if curve["knee"]]
    return f"Knees: {', '.join(told)} tokens." if told else "No curve has a knee."


def steps(one: Tree) -> list[int]:
    """The places of the sizes that a table shows: powers of two and the last, or all if these are few."""
    sizes = one["sweep"]["sizes"]
    powers = [place for place, n in enumerate(sizes) if n & (n - 1) == 0]
    return list(range(len(sizes))) if len(powers) < 3 else sorted({*powers, len(sizes) - 1})


def premiums(found: Tree) -> list[Tree]:
    """The fairness row: a tokenizer and a language other than the reference, and what its sentences cost."""
    reference = found["parallel"]["reference"]
    return [
        {"model": name, "language": language, **one}
        for name, model in found["models"].items()
        for language, one in model["parallel"].items()
        if language != reference
    ]


def per(value: float | None, digits: int = 3) -> str:
    """A rate, or a dash."""
    return "–" if value is None else f"{value:.{digits}f}"
