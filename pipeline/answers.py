"""The answers of commands about judging as lines for people; pure functions, whoever prints them hides escapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .errors import listed
from .report import classifiers, perplexity

MAX_ROWS = 20
"""Rows of a table that people see; JSON has all."""
MAX_UNSERVED = 10
"""Languages on a line."""


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Columns in plain text: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def what_if_lines(answer: dict[str, Any]) -> Iterator[str]:
    """What `what_if` found."""
    for change in answer["changes"]:
        yield f"{change['stage']}.{change['option']}: {_in_force(change, 'now')} -> {_in_force(change, 'then')}"
    if not answer["changes"]:
        yield "these are the options of the run: nothing changes"
        return
    yield ""
    kinds = ("kept", "dropped", "unknown")
    yield table([("", "now", "then", "change"), *(_change(answer, kind) for kind in kinds)])
    moved = [one for one in answer["transitions"] if one["now"] != one["then"]]
    yield from _section("what changes", [(_pair(one), f"{one['documents']:,}") for one in moved], ("", "documents"))
    rules = [one for one in answer["rules"] if one["now"] != one["then"]]
    rows = [(f"{one['stage']}: {one['reason']}", *_both(one["now"], one["then"])) for one in rules]
    yield from _section("dropped for", rows, ("", "now", "then", "change"))
    for dimension, values in answer["by"].items():
        slices = [_slice(value, sides) for value, sides in values.items()]
        yield from _section(f"by {dimension}", slices, ("", "documents", "kept now", "then", "unknown"))
    yield from _doubts(answer)
    for one in answer["examples"]:
        yield from _example(one)


def _change(answer: dict[str, Any], kind: str) -> tuple[str, ...]:
    return kind, *_both(answer["now"][kind], answer["then"][kind])


def _both(now: int, then: int) -> tuple[str, str, str]:
    return f"{now:,}", f"{then:,}", f"{then - now:+,}" if then != now else ""


def _section(title: str, rows: Sequence[tuple[str, ...]], heads: tuple[str, ...]) -> Iterator[str]:
    if rows:
        yield "\n" + table([(title, *heads[1:]), *rows[:MAX_ROWS]])
    if len(rows) > MAX_ROWS:
        yield f"... and {len(rows) - MAX_ROWS:,} more (--json has all)"


def _outcome(one: dict[str, Any]) -> str:
    if one["kind"] == "dropped":
        return f"{one['stage']}: {one['reason']}"
    return "kept" if one["kind"] == "kept" else f"unknown, {one['stage']} {one['reason']}"


def _pair(one: dict[str, Any]) -> str:
    return f"{_outcome(one['now'])} -> {_outcome(one['then'])}"


def _slice(value: str, sides: dict[str, dict[str, int]]) -> tuple[str, ...]:
    now, then = sides["now"], sides["then"]
    return value, f"{sum(now.values()):,}", f"{now['kept']:,}", f"{then['kept']:,}", f"{then['unknown']:,}"


def _doubts(answer: dict[str, Any]) -> Iterator[str]:
    """What the answer cannot say, and what the audit sample says of it."""
    estimate = answer["estimate"]
    if estimate:
        share = f"{estimate['share']:.1%} ({estimate['low']:.1%} to {estimate['high']:.1%})"
        blind = f"; {', '.join(estimate['not_judged_by'])} cannot be asked" if estimate["not_judged_by"] else ""
        yield (
            f"\n{estimate['documents']:,} documents come to stages that never had them: by the audit sample"
            f" ({estimate['audited']:,} of them) these would keep {share}{blind}"
        )
    elif answer["then"]["unknown"]:
        yield "\nto learn more of the unknown, run with `audit: 0.01` in the recipe, or run it with these options"
    if answer["may_displace"]:
        yield f"a document that comes back may take the place of a kept one at {', '.join(answer['may_displace'])}"


def _example(one: dict[str, Any]) -> Iterator[str]:
    yield f"\n{one['uid']}  {one['source']}  {one['origin']}"
    yield f"  now:  {_outcome(one['now'])}{_measured(one['now'])}"
    yield f"  then: {_outcome(one['then'])}{_measured(one['then'])}"
    if one["excerpt"]:
        yield f"  {one['excerpt'][:200]!r}"


def _measured(one: dict[str, Any]) -> str:
    if one["value"] is None:
        return ""
    return f" (measured {one['value']:g}" + (f", limit {one['limit']:g})" if one["limit"] is not None else ")")


def _in_force(change: dict[str, Any], side: str) -> str:
    """An option's value, or the limits that hold where it has none."""
    limits = change[f"limits_{side}"]
    if change[side] is not None:
        return _plain(change[side])
    if not limits:
        return "none"
    if len(limits) == 1:
        return _plain(limits[0]["value"])
    return ", ".join(f"{_plain(limit['value'])} ({', '.join(limit['languages'])})" for limit in limits)


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def calibration_lines(found: dict[str, Any], path: str) -> Iterator[str]:
    """What `calibrate` found, and where its profile is."""
    heads = ("option", "now", "new", "interval, 95 %", "fail now", "fail new")
    yield table([heads, *(_threshold(row) for row in found["rows"]), _any(found)])
    yield f"{found['documents']:,} documents"
    for warning in found["warnings"]:
        yield f"warning: {warning}"
    yield f"profile: {path}"


def _threshold(row: dict[str, Any]) -> tuple[str, ...]:
    low, high = ("..." if row[end] is None else f"{row[end]:g}" for end in ("low", "high"))
    shares = f"{row['fails_now']:.2%}", f"{row['fails']:.2%}"
    return row["option"], f"{row['now']:g}", f"{row['value']:g}", f"{low} to {high}", *shares


def _any(found: dict[str, Any]) -> tuple[str, ...]:
    return "any of them", "", "", "", f"{found['any']['now']:.2%}", f"{found['any']['then']:.2%}"


def classifier_lines(facts: dict[str, Any], path: str) -> Iterator[str]:
    """How good a classifier is on documents that it was not trained on, and where it is.

    facts: what the Fit `classifier_model` tells.
    """
    heads = ("language", "positives", "candidates", "held out", "AUC", "interval, 95 %", "precision", "recall")
    rows = [
        _quality(name, facts["evaluation"]["by_language"][name], about) for name, about in facts["languages"].items()
    ]
    if len(rows) > 1:
        total = {
            kind: sum(about[kind] for about in facts["languages"].values()) for kind in ("positives", "candidates")
        }
        rows.append(_quality("all of them", facts["evaluation"]["all"], total))
    yield table([heads, *rows])
    yield from _unserved(facts["unserved"], ("positives", "candidates"))
    for warning in classifiers.warnings(facts):
        yield f"warning: {warning}"
    yield f"classifier: {path}"


def lm_lines(facts: dict[str, Any], path: str) -> Iterator[str]:
    """How well language models foretell documents that they were not trained on, and where they are.

    facts: what the Fit `ngram_model` tells.
    """
    heads = (
        "language",
        "documents",
        "tokens",
        "vocabulary",
        "n-grams",
        "held out",
        "perplexity",
        "unknown",
        "bounds of",
    )
    yield table([heads, *(_foretold(name, about) for name, about in facts["languages"].items())])
    yield from _unserved(facts["unserved"], ("documents",))
    for warning in perplexity.warnings(facts):
        yield f"warning: {warning}"
    yield f"language model: {path}"


def tokenizer_lines(facts: dict[str, Any], path: str) -> Iterator[str]:
    """What a tokenizer was made of, and where it is.

    facts: what the Fit `tokenizer` tells.
    """
    heads = ("", "documents", "MB", "asked", "bytes per token")
    rows = [_sampled(name, one) for kind in ("sources", "languages") for name, one in facts[kind].items()]
    yield table([heads, *rows])
    if facts["guard"] is not None:
        yield f"{facts['guard']['single']} of the {facts['guard']['checked']} most frequent words are single tokens"
    asked = facts["options"]["vocab_size"]
    fewer = f" of {asked:,} asked for: there was nothing more to learn" if facts["vocab_size"] < asked else ""
    yield f"{facts['options']['algorithm']}, {facts['vocab_size']:,} tokens{fewer}"
    yield f"tokenizer: {path}"


def _sampled(name: str, about: dict[str, Any]) -> tuple[str, ...]:
    asked = "–" if about["asked_bytes"] is None else f"{about['asked_bytes'] / 1e6:,.2f}"
    per_token = about["measured_bytes"] / about["tokens"]
    return name, f"{about['documents']:,}", f"{about['bytes'] / 1e6:,.2f}", asked, f"{per_token:.2f}"


WHOSE = {"reference": "of the reference", "corpus": "of the corpus", "held_out": "held out"}
"""Whose documents bounds are from."""


def _foretold(name: str, about: dict[str, Any]) -> tuple[str, ...]:
    counts = about["documents"], about["n_tokens"], about["vocabulary"], sum(about["ngrams"])
    held_out, bounds = about["held_out"], f"{about['bounds']['documents']:,} {WHOSE[about['bounds']['whose']]}"
    found = ("0", "–", "–")
    if held_out is not None:
        found = (f"{held_out['documents']:,}", f"{held_out['perplexity']:,.1f}", f"{held_out['unknown_frac']:.2%}")
    return name, *(f"{count:,}" for count in counts), *found, bounds


def _unserved(languages: dict[str, dict[str, Any]], kinds: tuple[str, ...]) -> Iterator[str]:
    """Why languages are not served, each with how many documents of these kinds it has."""
    for why in sorted({one["why"] for one in languages.values()}):
        here = [(name, [one[kind] for kind in kinds]) for name, one in languages.items() if one["why"] == why]
        here.sort(key=lambda one: (-min(one[1]), -max(one[1]), one[0]))
        told = [f"{name} {' and '.join(f'{count:,}' for count in counts)}" for name, counts in here]
        yield f"not served, {why} ({' and '.join(kinds)}): {listed(told, MAX_UNSERVED)}"


def _quality(name: str, found: dict[str, Any], about: dict[str, int]) -> tuple[str, ...]:
    counts = about["positives"], about["candidates"], found["positives"] + found["candidates"]
    interval = f"{found['auc_low']:.3f} to {found['auc_high']:.3f}"
    shares = tuple("–" if found[what] is None else f"{found[what]:.1%}" for what in ("precision", "recall"))
    return name, *(f"{count:,}" for count in counts), f"{found['auc']:.3f}", interval, *shares


def score_lines(summary: dict[str, Any]) -> Iterator[str]:
    """How many documents were scored, and how the scores lie."""
    yield f"{summary['documents']:,} documents, mean score {summary['mean']:.4f}"
    yield "deciles: " + " ".join(f"{value:.4f}" for value in summary["deciles"])
