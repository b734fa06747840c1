"""Classifiers that a run trained or was given: how good they are on documents held out, and what judges kept by them.

E below is an evaluation: of one language, or of all documents held out together.
"""

from __future__ import annotations

from typing import Any

from pipeline import storage
from pipeline.bias import Share, judged
from pipeline.slices import LANGUAGE, SOURCE, is_language

from .classifier_form import has_figures
from .text import interval, number, percent, share

KIND = "classifier"
ALL = "all"
MIN_AUC = 0.8
"""A classifier below it hardly tells the two kinds apart."""
MAX_AUC = 0.99
"""One above it may know the kinds by their form."""
MAX_ECE = 0.1
"""Scores that are further from the share of trusted documents, in the mean, are no probabilities."""
MIN_HELD_OUT = 100
"""Documents of a kind below which a figure is hardly one."""
MIN_READ = 20
"""Documents of a bin that is put into words."""
MAX_VALUES = 25
NOT_TRAINED_ON = "not trained on ({} languages)"
REST = "{} more together"
MOSTLY = 0.5
"""A stage that cannot judge this share of the documents, for their language, hardly judges at all."""
NO_FIGURES = (
    "The classifier’s file tells no figures of documents held out, or not in the form that this version writes. Train"
    " it again to have them."
)
AUC_MEANS = (
    "AUC is the chance that a trusted document, drawn at random, scores higher than a candidate drawn at random: 1 if"
    " all do, 0.5 if scores say nothing."
)
CANDIDATES = (
    "Candidates are not known to be bad. One with a high score may be as good as what is trusted, so that precision,"
    " the share of trusted documents among those above the threshold, is the least that it can be. It and the"
    " calibration hold for a mixture of both kinds like the one held out. The calibration error is how far scores are"
    " from the share of trusted documents, in the mean over all documents."
)
HARDLY = (
    "trusted documents are hardly told from candidates. Much of what such a score drops is as good as what it keeps."
)
BY_FORM = (
    "the two kinds are told apart nearly without fault. Look at examples: the classifier may know the sources by their"
    " form, such as mark-up or a site’s phrases, and not by how good they are."
)
NO_PROBABILITIES = (
    "scores are no probabilities: in the mean they are so far off the share of trusted documents. Judge by quantile,"
    " not by threshold."
)
UNSERVED = "are in languages that the classifier was not trained on, so that all of them stay."
NOT_LEARNED = (
    "Not trained on, for want of trusted documents or candidates to learn from or to hold out (documents of each kind):"
)
FEW = "so few trusted documents and candidates were held out that the figures may be far off."

Tree = dict[str, Any]


def classifiers_facts(run: str, steps: list[Tree]) -> dict[str, Tree]:
    """Label of each step that published a classifier's facts -> these, with `judges`: the stages that use it.

    judges: label of a stage -> documents of sources that it does not judge (`exempt`), others (`judged`), those of them
    in languages not trained on (`unserved`); `kept`: dimension (source, languages) -> value -> share of the judged
    documents that it kept. evaluation: None if its form is not known. steps: of the manifest.
    """
    slices = storage.read_json(storage.join(run, "out", "slices.json"))
    found: dict[str, Tree] = {}
    for step in steps:
        about = storage.read_json(storage.join(run, "out", step["facts"])) if step["facts"] else {}
        if about.get("kind") == KIND:
            told = {name: value for name, value in about.items() if name != "quantiles"}
            figures: Tree = {} if has_figures(about) else {"evaluation": None, "unserved": {}}
            found[step["label"]] = {
                **told,
                **figures,
                "judges": _judges(step["label"], steps, slices, about["languages"]),
            }
    return found


def _judges(label: str, steps: list[Tree], slices: Tree, languages: Tree) -> Tree:
    """Of the stages that name what the step has made, or of the step itself if it judges."""
    users = [step for step in steps if step["label"] == label or f"@{label}" in step["options"].values()]
    return {user["label"]: _judge(user, slices[user["label"]], languages) for user in users if user["label"] in slices}


def _judge(step: Tree, dimensions: Tree, languages: Tree) -> Tree:
    everything = dimensions[ALL][ALL]
    by_language = ALL not in languages and step["options"].get("by_language", True)
    codes = dimensions.get(LANGUAGE, {}) if by_language else {}
    return {
        "exempt": everything["reached"] - judged(everything),
        "judged": judged(everything),
        "unserved": sum(judged(one) for code, one in codes.items() if code not in languages),
        "kept": _kept(dimensions, languages),
    }


def _kept(dimensions: Tree, languages: Tree) -> Tree:
    """Dimension -> value -> share of documents kept: the largest values, the rest as one, those not trained on too."""
    return {
        dimension: _shares(values, dimension == SOURCE or ALL in languages, languages)
        for dimension, values in dimensions.items()
        if dimension == SOURCE or is_language(dimension)
    }


def _shares(values: Tree, is_all: bool, languages: Tree) -> Tree:
    known = {value: one for value, one in values.items() if judged(one)}
    told = {value: one for value, one in known.items() if is_all or value in languages}
    largest = sorted(told, key=lambda value: -judged(told[value]))
    rest = [told[value] for value in largest[MAX_VALUES:]]
    others = [one for value, one in known.items() if value not in told]
    found = {value: _as_kept([told[value]]) for value in largest[:MAX_VALUES]}
    found.update({REST.format(len(rest)): _as_kept(rest)} if rest else {})
    return {**found, **({NOT_TRAINED_ON.format(len(others)): _as_kept(others)} if others else {})}


def _as_kept(counts: list[Tree]) -> Tree:
    n, dropped = sum(map(judged, counts)), sum(one["dropped"] for one in counts)
    kept = Share(n - dropped, n).to_json()
    return {"kept": kept.pop("removed"), **kept}


def evaluations(about: Tree) -> dict[str, Tree]:
    """Of all documents, then of each language, by the number of documents; without languages one, or none at all."""
    found = about["evaluation"]
    if found is None:
        return {}
    languages = {name: one for name, one in found["by_language"].items() if name != ALL}
    return {ALL: found[ALL], **dict(sorted(languages.items(), key=lambda item: (-held_out(item[1]), item[0])))}


def held_out(one: Tree) -> int:
    """Documents of both kinds."""
    return int(one["positives"] + one["candidates"])


def measure(one: Tree, name: str) -> str:
    """A measure of E with its interval, such as 0.93 (0.92 to 0.94); a dash if there is none."""
    value, low, high = (one.get(f"{name}{end}") for end in ("", "_low", "_high"))
    if value is None:
        return "–"
    return f"{value:.3f}" + ("" if low is None or high is None else f" ({low:.3f} to {high:.3f})")


def reading(one: Tree) -> list[str]:
    """E in plain words."""
    lines = []
    if one["auc"] is not None:
        lines.append(
            f"Of a trusted document and a candidate, both held out and drawn at random, the trusted one scores higher"
            f" in {percent(one['auc'])} of cases."
        )
    bins = [part for part in one["calibration"] if part["n"] >= MIN_READ]
    lines += [
        f"Of the documents scored {part['low']:.1f} to {part['high']:.1f}, {interval(rated(part))} were trusted ones."
        for part in ([bins[-1], bins[0]] if len(bins) > 1 else bins)
    ]
    return lines


def rated(part: Tree) -> Tree:
    """The share of trusted documents in a bin of the calibration, as `interval` takes it."""
    return {"rate": part["share"], "low": part["share_low"], "high": part["share_high"]}


def whose(name: str) -> str:
    """How an evaluation is called."""
    return "all documents" if name == ALL else name


def warnings(about: Tree) -> list[str]:
    """What to be careful about, in words, each with the languages that it is about.

    Of a language with few documents nothing else is said; of all documents together only where there are no languages.
    """
    found = evaluations(about)
    named = {whose(name): one for name, one in found.items() if name != ALL or len(found) == 1}
    few = {name: one for name, one in named.items() if min(one["positives"], one["candidates"]) < MIN_HELD_OUT}
    known = {name: one for name, one in named.items() if name not in few}
    told_auc = {name: one for name, one in known.items() if one["auc"] is not None}
    auc = {name: (one["auc"], f"{name} (AUC {measure(one, 'auc')})") for name, one in told_auc.items()}
    worries = [
        ([told for value, told in auc.values() if value < MIN_AUC], HARDLY),
        ([told for value, told in auc.values() if value > MAX_AUC], BY_FORM),
        (
            [f"{name} ({one['ece']:.2f})" for name, one in known.items() if (one["ece"] or 0) > MAX_ECE],
            NO_PROBABILITIES,
        ),
        ([f"{name} ({number(one['positives'])} and {number(one['candidates'])})" for name, one in few.items()], FEW),
    ]
    return [*_unserved(about), *(f"{', '.join(names)}: {text}" for names, text in worries if names)]


def _unserved(about: Tree) -> list[str]:
    """The stages that judge hardly any document. Of a classifier's own file nobody knows whom it judges."""
    return [
        f"{judge}: {share(one['unserved'], one['judged'])} of {number(one['judged'])} documents {UNSERVED}"
        for judge, one in about.get("judges", {}).items()
        if one["unserved"] > MOSTLY * one["judged"]
    ]


def not_learned(about: Tree) -> str:
    """The languages that the model was not trained on although there was text, by how much; empty if there are none."""
    found = sorted(about.get("unserved", {}).items(), key=lambda item: (-held_out(item[1]), item[0]))
    if not found:
        return ""
    told = [f"{name} ({number(one['positives'])} and {number(one['candidates'])})" for name, one in found[:MAX_VALUES]]
    more = f", and {number(len(found) - MAX_VALUES)} more languages" if len(found) > MAX_VALUES else ""
    return f"{NOT_LEARNED} {', '.join(told)}{more}."


def spared(one: Tree) -> str:
    """What is said of documents that a stage was told not to judge; empty if there are none."""
    return f"{number(one['exempt'])} documents of sources that it does not judge are left out." if one["exempt"] else ""
