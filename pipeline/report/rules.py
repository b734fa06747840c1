"""What the rules of each stage did: alone, in order, to every slice; and the limits that signals are held to."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from typing import Any

from pipeline import bias, storage
from pipeline.ledger import Ledger
from pipeline.slices import SOURCE, is_language

from .text import number

N_WARNINGS = 8
"""Slices whose warnings are shown at once."""
FAR_ABOVE = (
    f"Far more means: {bias.MIN_REMOVED} documents or more of the slice are removed and, beyond what chance explains,"
    f" more than {bias.FACTOR:g} times as often as all others together, or they are kept less than 1/{bias.FACTOR:g} as"
    f" often. For independent documents the chance that any warning of a stage is false is at most"
    f" {100 * (1 - bias.CONFIDENCE):.0f} %: all comparisons of its rules and slices share it (Bonferroni), each by"
    " Chernoff’s bound, which holds for few documents too."
)

Tree = dict[str, Any]


def rules_facts(run: str, ledger: Ledger, steps: list[Tree], searched: Collection[str] = ()) -> Tree:
    """`rules`: the waterfall of every stage with two rules or more that failed; `removal`: the audit of all that drop.

    rules: stage -> rules in the order of judging, each with documents that failed it (`failed`, what it would drop
    alone), that it dropped (`first`), that no other rule would have dropped (`only`), and dropped so far (`so_far`).
    removal: stage -> `bias.audit`, where there are slices to compare, the share of all judged documents, and how many
    are `exempt`: of sources that the stage does not judge. steps: of the manifest; searched: labels of the stages that
    look for benchmarks, which remove by what they measure, as they are meant to.
    """
    by_label = {step["label"]: step for step in steps}
    slices = storage.read_json(storage.join(run, "out", "slices.json"))
    rules: dict[str, list[Tree]] = {}
    removal: dict[str, Tree] = {}
    for label, measured in slices.items():
        own = by_label[label]["slices"] if label in searched else ()
        dimensions = {name: values for name, values in measured.items() if name not in own}
        order = list(ledger.total(label).reasons)
        whole = dimensions["all"]["all"]
        if sum(one["failed"] > 0 for one in whole["rules"].values()) > 1:
            rules[label] = waterfall(whole, order)
        audit = bias.audit(dimensions, order, _by_name(by_label[label], order) if label in by_label else ())
        if whole["dropped"] and audit["whole"]:
            n = bias.judged(whole)
            told = {**bias.Share(whole["dropped"], n).to_json(), "exempt": whole["reached"] - n}
            removal[label] = {**told, **audit}
    return {"rules": rules, "removal": removal}


def _by_name(step: Tree, rules: list[str]) -> set[tuple[str, str]]:
    """(rule, dimension) where a recipe can name the values to remove: languages, at the stage that tells them.

    A rule with a limit goes by a number, and may hit every document of a language unasked. No recipe names registers,
    although a stage tells them; sources and lengths are nobody's to tell.
    """
    limited = {limit["reason"] for limit in step["limits"]}
    return {(rule, name) for rule in rules if rule not in limited for name in step["slices"] if is_language(name)}


def waterfall(whole: Tree, order: list[str]) -> list[Tree]:
    """The rules that failed at all, in order."""
    steps: list[Tree] = []
    for reason in order:
        one = whole["rules"].get(reason)
        if one and one["failed"]:
            so_far = (steps[-1]["so_far"] if steps else 0) + one["first"]
            steps.append({"reason": reason, **one, "so_far": so_far})
    return steps


def limits_facts(steps: list[Tree]) -> dict[str, list[Tree]]:
    """Column -> the limits it is held to; those that differ in nothing but the language are one.

    Where an option has a limit in all languages of its step, the one that holds for the most names none: it holds for
    all that others do not name.
    """
    found: dict[str, list[Tree]] = {}
    for step in steps:
        everyone = {language for limit in step["limits"] for language in limit["languages"]}
        by_option: dict[tuple[str, str], dict[tuple[Any, ...], Tree]] = {}
        for limit in step["limits"]:
            same = by_option.setdefault((limit["column"], limit["option"]), {})
            key = (limit["reason"], limit["least"], limit["value"], bool(limit["languages"]))
            one = same.setdefault(key, {**limit, "languages": []})
            one["languages"] = [*one["languages"], *limit["languages"]]
        for (column, _), same in by_option.items():
            found.setdefault(column, []).extend(_briefly(list(same.values()), everyone))
    return found


def _briefly(limits: list[Tree], everyone: set[str]) -> list[Tree]:
    """The limits of one option, the one for the most languages first, and without their names if all have a limit."""
    widest = max(limits, key=lambda limit: len(limit["languages"] or everyone))
    has_all = everyone == {language for limit in limits for language in limit["languages"]}
    first = {**widest, "languages": []} if has_all else widest
    return [first, *(limit for limit in limits if limit is not widest)]


def limit_text(limit: Tree) -> str:
    """Such as `min_words 50 (en, zh)`."""
    return f"{limit['option']} {_value(limit)}"


def _value(limit: Tree) -> str:
    languages = f" ({', '.join(limit['languages'])})" if limit["languages"] else ""
    return number(limit["value"]) + languages


def limit_words(limits: list[Tree]) -> list[str]:
    """What each rule says of a signal, such as `too_short below min_words 50, 30 (zh, ja)`."""
    values: dict[str, list[str]] = {}
    for limit in limits:
        rule = f"{limit['reason']} {'below' if limit['least'] else 'above'} {limit['option']}"
        values.setdefault(rule, []).append(_value(limit))
    return [f"{rule} {', '.join(of_rule)}" for rule, of_rule in values.items()]


def by_slice(removal: dict[str, Tree]) -> list[Tree]:
    """The warnings of all stages, those of a stage and slice together; the most documents first.

    is_whole: whether the stage as a whole is far above, not some rules of many.
    """
    groups: dict[tuple[str, str, str], Tree] = {}
    for label, audit in removal.items():
        for warning in audit["warnings"]:
            slice_ = {name: warning[name] for name in ("dimension", "value", "reached")}
            key = (label, slice_["dimension"], slice_["value"])
            group = groups.setdefault(key, {"stage": label, **slice_, "is_whole": False, "warnings": []})
            group["warnings"].append(warning)
            group["is_whole"] |= warning["rule"] is None or len(audit["rules"]) == 1
    return sorted(groups.values(), key=lambda group: -group["warnings"][0]["excess"])


def warned(audit: Tree) -> set[tuple[str | None, str, str]]:
    """(rule, dimension, value) of the warnings of a stage."""
    return {(one["rule"], one["dimension"], one["value"]) for one in audit["warnings"]}


def compared(audit: Tree) -> Tree:
    """`whole` without the values that a rule was told to remove, whose rates say nothing."""
    told = {(one["dimension"], value) for one in audit["decides"] for value in one["values"]}
    return {
        dimension: {value: one for value, one in values.items() if (dimension, value) not in told}
        for dimension, values in audit["whole"].items()
    }


def decided(one: Tree) -> str:
    """What is said of a rule that is about a dimension."""
    values = ", ".join(one["values"])
    return (
        f"{one['rule']} decides by {one['dimension']} alone: it removes all of {values}"
        f" ({number(one['removed'])} documents) and nothing of the others, so it is not compared."
    )


def removal_steps(name: str, steps: list[Tree], removal: dict[str, Tree]) -> list[dict[str, str]]:
    """What to do about the warnings: `text` and, where there is one, `command`; none without warnings.

    name: the run folder, as it is written in a command; steps: of the manifest.
    """
    groups = by_slice(removal)
    if not groups:
        return []
    whole = [group for group in groups if group["is_whole"]]
    return [
        {
            "text": "Read the examples of these rules: a slice can deserve it, as copies do.",
            "command": "",
        },
        *_calibrate(steps, groups),
        *_what_if(name, steps, groups),
        *_unjudged(steps, whole),
    ]


def _calibrate(steps: list[Tree], groups: list[Tree]) -> list[dict[str, str]]:
    """For languages that lose by limits of a stage that has some for each language."""
    limited = {
        step["label"]: {None, *(limit["reason"] for limit in step["limits"])}
        for step in steps
        if any(limit["languages"] for limit in step["limits"])
    }
    languages = [
        group["value"]
        for group in groups
        if is_language(group["dimension"])
        and any(one["rule"] in limited.get(group["stage"], ()) for one in group["warnings"])
    ]
    if not languages:
        return []
    names = ", ".join(dict.fromkeys(languages))
    command = f"corpusmill calibrate RECIPE --language {shlex.quote(languages[0])} --reference FILES"
    return [{"text": f"Take limits for {names} from text that you trust.", "command": command}]


def _what_if(name: str, steps: list[Tree], groups: list[Tree]) -> list[dict[str, str]]:
    """For the rule with a limit that removes the most documents too many."""
    options = {(step["label"], limit["reason"]): limit["option"] for step in steps for limit in step["limits"]}
    found = [
        (one["excess"], group["stage"], options[group["stage"], one["rule"]])
        for group in groups
        for one in group["warnings"]
        if (group["stage"], one["rule"]) in options
    ]
    if not found:
        return []
    _, stage, option = max(found)
    command = f"corpusmill what-if {shlex.quote(name)} --set {shlex.quote(f'{stage}.{option}')}=VALUE"
    return [{"text": "Ask what another limit would bring back; no text is read again.", "command": command}]


def _unjudged(steps: list[Tree], groups: list[Tree]) -> list[dict[str, str]]:
    """For sources that a stage as a whole hits, where it can be told to leave them alone."""
    can = {step["label"] for step in steps if "unjudged" in step["options"]}
    found: dict[str, list[str]] = {}
    for group in groups:
        if group["dimension"] == SOURCE and group["stage"] in can:
            found.setdefault(group["stage"], []).append(group["value"])
    return [
        {"text": f"Name {', '.join(sources)} in “unjudged” of {stage}, to measure and not to judge.", "command": ""}
        for stage, sources in found.items()
    ]
