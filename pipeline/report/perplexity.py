"""Perplexity: what is told of the language models of a run, and what became of the documents that they measured.

A stage is about perplexity if it writes the columns of `perplexity_spread.ENDINGS`; a model, if its facts say so.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline import storage
from pipeline.histograms import OTHER
from pipeline.slices import ALL, LANGUAGE, SOURCE, UNMEASURED
from pipeline.stage import UNJUDGED

from .form import NAME, fits
from .perplexity_form import has_figures, quantile
from .perplexity_spread import ENDINGS, FATES, N_BINS, PARTS, SCALE, WIDTH, Measured, Spread, count, percentile, texts
from .text import number, percent, share, size

KIND = "ngram_model"
MAX_SHOWN = 20
"""Languages, and sources, with rows of their own."""
MAX_TEXTS = 10
"""Languages whose texts are shown."""
N_COLUMNS = 60
ENDS = ("head_percentile", "middle_percentile")
"""Options of a stage: where head and middle end."""
QUANTILES = (5, 25, 50, 75, 95)
EDGE = 0.5
"""Per cent of a language's documents that may lie beyond each end of the pictures."""
MIN_DOCUMENTS = 20
"""Documents of a language by which the ends of the pictures go."""
MIN_BOUNDS = 300
"""Documents below which a per cent of what bounds are taken from is a few of them."""
MAX_UNKNOWN = 0.1
MOSTLY = 0.5
VAST = 1e7
"""A perplexity from here on has a power of ten instead of its digits."""
MEANS = (
    "Perplexity says how surprised a language model is by a text, per token: the lower it is, the more the text is like"
    " what the model learned from. That is not the same as good: the same phrases again and again surprise nobody."
    " Perplexities of two models, or of two languages, cannot be compared, so each language is judged by bounds of its"
    " own."
)
NO_FIGURES = (
    "The model’s file tells no figures, or not in the form that this version writes. Train it again to have them."
)
FALLBACK = (
    "too little text, or too many copies in it, to estimate discounts from, so that fixed ones were taken. Learn from"
    " more text, or remove copies first."
)
UNKNOWN = "so much of the text held out is unknown to the model that its perplexity says little."
FEW = "so few documents gave the bounds that a per cent of them is next to nothing."
UNMEASURED_MEANS = "were not measured: no model serves their language, or they have no token."
LEARNED = (
    "judged by a model that learned from the same documents: it finds them better than they are. Learn from other"
    " sources, or name these as 'unjudged'."
)
LEARNED_FROM = {"sources": [NAME], "bounds_sources": [NAME]}
NOT_LEARNED = "Not learned:"
ITSELF = "its own documents"

Tree = dict[str, Any]
Int64s = npt.NDArray[np.int64]


def models_facts(run: str, steps: list[Tree]) -> dict[str, Tree]:
    """Label of each step that published a language model's facts -> these; languages: None if their form is not known.

    steps: of the manifest.
    """
    found = {}
    for step in steps:
        about = storage.read_json(storage.join(run, "out", step["facts"])) if step["facts"] else {}
        if about.get("kind") == KIND:
            found[step["label"]] = about if has_figures(about) else {"kind": KIND, "languages": None, "unserved": {}}
    return found


def without_sketches(models: dict[str, Tree]) -> dict[str, Tree]:
    """What `models_facts` gave, without the long lists that bounds come from."""
    return {
        label: {
            **about,
            "languages": about["languages"] and {name: _short(one) for name, one in about["languages"].items()},
        }
        for label, about in models.items()
    }


def _short(one: Tree) -> Tree:
    bounds = one["bounds"] and {name: of for name, of in one["bounds"].items() if not name.endswith("_sketch")}
    return {**one, "bounds": bounds}


def perplexity_facts(run: str, manifest: Tree, stages: list[str], signals: Tree, models: dict[str, Tree]) -> Tree:
    """Label of each stage about perplexity -> its `languages`, a row each; whether texts are shown (`is_scrubbed`); the
    sources `unjudged`, and those that are judged although `learned` from. Pictures begin at the bin `low`, and have
    `wide` bins per column.

    stages: of the ledger, in order; signals: of `signals.json`; models: of `models_facts`.
    """
    steps = manifest["steps"]
    slices = storage.read_json(storage.join(run, "out", "slices.json"))
    found = {}
    for step in steps:
        label = step["label"]
        if label in slices and all(signals.get(f"{label}_{ending}", {}).get("stage") == label for ending in ENDINGS):
            measured = _measured(label, steps, stages, slices[label])
            own = models.get(str(step["options"].get("model", "")).removeprefix("@"), {})
            languages = (own or models.get(label, {})).get("languages") or {}
            told = _stage(run, step, measured, languages, bool(manifest["scrubbed_by"]))
            found[label] = {**told, "learned": _learned(own, measured.sources, told["unjudged"])}
    return found


def _learned(about: Tree, sources: tuple[str, ...], unjudged: list[str]) -> list[str]:
    """The sources that are judged by a model of this run that learned from them; about: its facts, or nothing."""
    options = about.get("options", {})
    if not fits(options, LEARNED_FROM):
        return []
    given, others = set(options["sources"]), set(options["bounds_sources"])
    return [name for name in sources if name not in unjudged and (name in given if given else name not in others)]


def _measured(label: str, steps: list[Tree], stages: list[str], dimensions: Tree) -> Measured:
    """The languages and sources of the most documents."""
    columns = [step["slices"][LANGUAGE] for step in steps if LANGUAGE in step["slices"]]
    shown = {
        name: [value for value in dimensions.get(name, {}) if value not in (OTHER, UNMEASURED)][:MAX_SHOWN]
        for name in (LANGUAGE, SOURCE)
    }
    return Measured(
        label,
        columns[0] if LANGUAGE in dimensions else None,
        tuple(stages[stages.index(label) :]),
        tuple(shown[LANGUAGE]),
        tuple(shown[SOURCE]),
    )


def _stage(run: str, step: Tree, measured: Measured, models: Tree, is_scrubbed: bool) -> Tree:
    spread = count(run, measured)
    low, wide = _scale(spread.bins.sum(axis=(1, 2)))
    shown = texts(run, measured, spread, min(MAX_TEXTS, len(measured.languages) or 1)) if is_scrubbed else {}
    rows = []
    for place, language in enumerate((*measured.languages, OTHER if measured.language else ALL)):
        if spread.n[place].any():
            model = _only(spread.models[place])
            told = models.get(model, {}).get("bounds")
            rows.append(
                {
                    "language": language,
                    "model": model,
                    **_row(spread.n[place].sum(axis=0), spread.bins[place].sum(axis=0), low, wide),
                    "bounds": _bounds(told, step["options"], low, wide) if told else None,
                    "sources": _sources(spread, place, (*measured.sources, OTHER), low, wide),
                    "texts": shown.get(place, {}),
                }
            )
    return {
        "low": low,
        "wide": wide,
        "is_scrubbed": is_scrubbed,
        "languages": rows,
        "unjudged": step["options"].get(UNJUDGED, []),
    }


def _only(models: dict[str, int]) -> str:
    """The model that measured all documents of a row; empty if there are none or several."""
    return next(iter(models)) if len(models) == 1 else ""


def _scale(counts: Int64s) -> tuple[int, int]:
    """The first bin of the pictures, and the bins per column: all that hold more than a few documents of a language.

    counts: int64[L, B].
    """
    told = [of for of in counts if of.sum() >= MIN_DOCUMENTS] or [of for of in counts if of.any()]
    low = min((percentile(of, EDGE) for of in told), default=0)
    high = max((percentile(of, 100 - EDGE) for of in told), default=0)
    wide = (high - low) // N_COLUMNS + 1
    return max(0, (low + high + 1 - wide * N_COLUMNS) // 2), wide


def _sources(spread: Spread, place: int, names: tuple[str, ...], low: int, wide: int) -> list[Tree]:
    return [
        {"source": name, **_row(spread.n[place, source], spread.bins[place, source], low, wide)}
        for source, name in enumerate(names)
        if spread.n[place, source].any()
    ]


def _row(n: Int64s, bins: Int64s, low: int, wide: int) -> Tree:
    """What happened to some documents. n: int64[P, F]; bins: int64[F, B]."""
    whole = bins.sum(axis=0)
    return {
        "documents": int(n.sum()),
        "measured": int(whole.sum()),
        "fates": dict(zip(FATES, n.sum(axis=0).tolist(), strict=True)),
        "parts": {
            part: dict(zip(FATES, of.tolist(), strict=True)) for part, of in zip(PARTS, n, strict=True) if of.any()
        },
        "quantiles": {str(q): _perplexity(percentile(whole, q) + 0.5) for q in QUANTILES} if whole.any() else None,
        "columns": {fate: _columns(of, low, wide) for fate, of in zip(FATES, bins, strict=True)},
    }


def _columns(counts: Int64s, low: int, wide: int) -> list[int]:
    """Documents in each of N_COLUMNS columns; those beyond the ends count in the last ones."""
    places = np.clip((np.arange(len(counts)) - low) // wide, 0, N_COLUMNS - 1)
    return [int(n) for n in np.bincount(places, counts, N_COLUMNS)]


def _perplexity(bin: float) -> float:
    """What stands at a place among the bins; the middle of one ends in .5."""
    return math.pow(10, bin * WIDTH / SCALE)


def _bounds(told: Tree, options: Tree, low: int, wide: int) -> Tree | None:
    """Where the documents that gave bounds lie; `parts`: share of them in each, `ends`: where head and middle end."""
    sketch = told["document_sketch"]
    median = quantile(sketch, 50)
    if median is None:
        return None
    ends = [options[name] for name in ENDS] if all(name in options for name in ENDS) else []
    logs = [quantile(sketch, end) for end in ends]
    counts = np.zeros(N_BINS, np.int64)
    np.add.at(counts, np.minimum(np.array(sketch["bins"], np.int64), N_BINS - 1), sketch["counts"])
    shares = [(high - low) / 100 for low, high in pairwise([0, *ends, 100])]
    return {
        "from": told["from"],
        "documents": told["documents"],
        "median": 10.0**median,
        "ends": [10.0**log for log in logs if log is not None],
        "parts": dict(zip(PARTS, shares, strict=False)) if ends else {},
        "columns": _columns(counts, low, wide),
    }


def position(found: Tree, perplexity: float) -> float:
    """Where a perplexity lies between the ends of the pictures of a stage, 0 .. 1; at an end if it lies beyond it."""
    bin = math.log10(max(perplexity, 1.0)) * SCALE / WIDTH
    return float(min(1.0, max(0.0, (bin - found["low"]) / (found["wide"] * N_COLUMNS))))


def figure(perplexity: float) -> str:
    """A perplexity with three significant digits, or all before the point of one that is not vast."""
    if perplexity >= VAST:
        return f"{perplexity:.3g}"
    return number(round(perplexity) if perplexity >= 100 else float(f"{perplexity:.3g}"))


def parts(row: Tree) -> list[Tree]:
    """What became of each part of a language: documents, by fate; up to which perplexity; the share to expect."""
    bounds = row["bounds"] or {"ends": [], "parts": {}}
    ends = dict(zip(PARTS, bounds["ends"], strict=False))
    return [
        {"part": part, "documents": sum(fates.values()), **fates}
        | {"to": ends.get(part), "expected": bounds["parts"].get(part)}
        for part, fates in row["parts"].items()
    ]


def fate(one: Tree) -> str:
    """What became of a document whose text is shown."""
    told = one["dropped"]
    return f"dropped by {told['stage']} as {told['reason']}" if told else "kept"


def kind(about: Tree) -> str:
    """What a model is, with the size of its file if that is told."""
    return "language model" + (f", {size(about['file_bytes'])}" if "file_bytes" in about else "")


def warnings(about: Tree) -> list[str]:
    """What to be careful about with a model, in words, each with the languages that it is about."""
    languages = about["languages"] or {}
    held_out = {name: one["held_out"] for name, one in languages.items() if one["held_out"]}
    few = {name: one["bounds"] for name, one in languages.items() if one["bounds"]}
    worries = [
        ([f"{name} ({_orders(one)})" for name, one in languages.items() if any(one["fallback"])], FALLBACK),
        (
            [
                f"{name} ({percent(one['unknown_frac'])})"
                for name, one in held_out.items()
                if one["unknown_frac"] > MAX_UNKNOWN
            ],
            UNKNOWN,
        ),
        ([f"{name} ({number(one['documents'])})" for name, one in few.items() if one["documents"] < MIN_BOUNDS], FEW),
    ]
    return [f"{', '.join(names)}: {text}" for names, text in worries if names]


def _orders(one: Tree) -> str:
    """The lengths of n-grams whose discounts are fixed ones."""
    found = [str(order) for order, is_fixed in enumerate(one["fallback"], start=1) if is_fixed]
    return f"n-grams of {', '.join(found)} token{'' if found == ['1'] else 's'}"


def worries(label: str, found: Tree) -> list[str]:
    """What to be careful about with a stage."""
    documents, measured = (sum(row[name] for row in found["languages"]) for name in ("documents", "measured"))
    told = [f"{label}: {', '.join(found['learned'])} {LEARNED}"] if found["learned"] else []
    if documents - measured > MOSTLY * documents:
        told += [
            f"{label}: {share(documents - measured, documents)} of {number(documents)} documents {UNMEASURED_MEANS}"
        ]
    return told


def not_learned(about: Tree) -> str:
    """The languages that have no model although there was text, and why; empty if there are none."""
    found = sorted(about.get("unserved", {}).items(), key=lambda item: (-item[1]["documents"], item[0]))
    if not found:
        return ""
    told = [f"{name} ({number(one['documents'])} documents; {one['why']})" for name, one in found[:MAX_SHOWN]]
    more = f", and {number(len(found) - MAX_SHOWN)} more languages" if len(found) > MAX_SHOWN else ""
    return f"{NOT_LEARNED} {', '.join(told)}{more}."


def unjudged(found: Tree) -> list[str]:
    """What is said of sources that the stage was told not to judge."""
    return [f"Measured and never dropped here: {', '.join(found['unjudged'])}."] if found["unjudged"] else []


def by(row: Tree) -> str:
    """Whose model measured a language, if that is no matter of course."""
    return "" if row["model"] in ("", row["language"], ALL) else f"by {row['model']}"


def beside(row: Tree) -> str:
    """The median of a language beside that of what gave its bounds; empty if one of them is not known."""
    if not row["bounds"] or not row["quantiles"]:
        return ""
    sources = f" ({', '.join(row['bounds']['from'])})" if row["bounds"]["from"] else ""
    return (
        f"Half of the documents have a perplexity below {figure(row['quantiles']['50'])}; of the"
        f" {number(row['bounds']['documents'])} documents that gave the bounds{sources}, half lie below"
        f" {figure(row['bounds']['median'])}."
    )
