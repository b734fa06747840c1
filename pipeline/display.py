"""What the commands show: progress bars on a terminal, tables in plain text, and the same facts as JSON.

Corpus text is untrusted, so control characters never reach the terminal.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from . import storage
from .answers import table
from .ledger import Ledger
from .plan import Plan
from .run import Result
from .stage import IN_INDEX, Fit, GlobalStage
from .work import Workspace
from .worker import Done


def printable(text: str) -> str:
    """Text with control and format characters (escape sequences, bidirectional overrides) made visible."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs") else f"\\u{ord(c):04x}"
        for c in text
    )


class Silent:
    """Progress for machines."""

    def begin(self, what: str, total: int, done: int) -> None:
        """Nothing is shown."""

    def advance(self, done: Done) -> None:
        """Nothing is shown."""


class Bars:
    """Progress for people: a bar per pass, with the speed of its text."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.task = bars.add_task("", total=0, visible=False)
        self.n_bytes = 0

    def begin(self, what: str, total: int, done: int) -> None:
        """Show a new bar."""
        self.n_bytes = 0
        self.task = self.bars.add_task(what, total=total, completed=done, speed="")

    def advance(self, done: Done) -> None:
        """Move the bar by one task."""
        self.n_bytes += done.n_bytes
        seconds = self.bars.tasks[self.task].elapsed or 0.0
        speed = f"{self.n_bytes / 1e6 / seconds:,.1f} MB/s" if seconds > 0 and self.n_bytes else ""
        self.bars.update(self.task, advance=1, speed=speed)


@contextlib.contextmanager
def progress(*, quiet: bool) -> Iterator[Silent | Bars]:
    """Bars on stderr if it is a terminal, else nothing."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield Silent()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn("{task.fields[speed]}"), TimeRemainingColumn(), console=console) as bars:
        yield Bars(bars)


def _mb(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f}"


def plan_json(plan: Plan, run: str) -> dict[str, Any]:
    """The passes of a plan, and which of them are complete in the run folder."""
    work = Workspace(plan, run)
    return {
        "recipe": plan.recipe.path,
        "run": run,
        "sources": {
            source.name: {
                "reader": source.reader.name,
                "inputs": len(plan.inputs[source.name]),
                "bytes": sum(item.size for item in plan.inputs[source.name]),
            }
            for source in plan.recipe.sources
        },
        "passes": [
            {
                "stages": list(plan.labels[one.first : one.last + 1]),
                "then": plan.labels[one.then] if one.then is not None else None,
                "complete": work.index(one.last) is not None,
                "folder": work.folder(one.last),
            }
            for one in plan.passes
        ],
        "signals": {name: str(kind) for name, kind in plan.signals[-1].items()},
        "key_partitions": plan.partitions,
        "fingerprint": plan.fingerprints[-1],
        "global_stages": [step.label for step in plan.steps if isinstance(step.stage, GlobalStage)],
        "fits": [step.label for step in plan.steps if isinstance(step.stage, Fit)],
        "exports": [step.label for step in plan.exports],
        "ablation": list(plan.ablation.mixtures) if plan.ablation else None,
    }


def print_plan(described: dict[str, Any]) -> None:
    """The plan for people."""
    rows = [("source", "reader", "inputs", "MB on disk")]
    for name, source in described["sources"].items():
        rows.append((name, source["reader"], f"{source['inputs']:,}", _mb(source["bytes"])))
    print(table(rows))
    print()
    for number, one in enumerate(described["passes"], start=1):
        then = (
            f", then {'fit' if one['then'] in described['fits'] else 'compare for'} {one['then']}"
            if one["then"]
            else ""
        )
        done = "  (complete)" if one["complete"] else ""
        print(f"pass {number}: {' -> '.join(one['stages'])}{then}{done}")
    if described["exports"]:
        print(f"then write: {', '.join(described['exports'])}")
    if described["ablation"]:
        print(f"then compare the mixtures: {', '.join(described['ablation'])}")
    print(f"\n{len(described['signals'])} signals; {described['key_partitions']} key partitions")
    print(f"run folder: {described['run']}")


def _ablation(result: Result) -> dict[str, Any] | None:
    """What the ablation says, if the run has one."""
    path = storage.join(result.run, "out", "ablation", "ablation.json")
    if not storage.exists(path):
        return None
    found = storage.read_json(path)["verdict"]
    return {key: found[key] for key in ("objective", "best", "resolved", "verdict")}


def result_json(result: Result) -> dict[str, Any]:
    """What a run came to, for machines."""
    out = os.path.join(result.run, "out")
    return {
        "run": result.run,
        "did_nothing": result.did_nothing,
        "documents": os.path.join(out, "documents"),
        "dropped": os.path.join(out, "dropped"),
        "report": os.path.join(out, "report", "index.html"),
        "ablation": _ablation(result),
        "ledger": result.ledger.to_json(),
    }


def _funnel(ledger: Ledger) -> str:
    rows = [("stage", "documents in", "out", "MB out", "dropped for")]
    for label in ledger.stages:
        count = ledger.total(label)
        reasons = sorted(count.reasons.items(), key=lambda item: -item[1].dropped)
        why = ", ".join(f"{name} {reason.dropped:,}" for name, reason in reasons if reason.dropped)
        rows.append((label, f"{count.rows_in:,}", f"{count.rows_out:,}", _mb(count.bytes_out), why))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    )


def print_result(result: Result) -> None:
    """The funnel, the verdict and where things are; on anything but a terminal without the funnel."""
    if result.did_nothing:
        print("nothing to do: the run is complete")
    elif sys.stdout.isatty():
        print(_funnel(result.ledger) + "\n")
    ablation = _ablation(result)
    if ablation:
        parts = ", ".join(f"{source} {weight:.0%}" for source, weight in ablation["objective"].items() if weight)
        print(f"best means: least bits per byte of validation text, {parts}\n{ablation['verdict']}")
    print(f"report: {os.path.join(result.run, 'out', 'report', 'index.html')}")


def print_mix(account: dict[str, Any]) -> None:
    """What a mixed corpus holds, beside what was asked for."""
    if account["did_nothing"]:
        print("nothing to do: the mixed corpus is complete")
    rows = [("source", "weight", "share", "tokens", "epochs")]
    for name, source in account["sources"].items():
        capped = " (capped)" if source["capped"] else ""
        shares = f"{source['weight']:.4f}", f"{source['share']:.4f}"
        rows.append((name, *shares, f"{source['tokens']:,}", f"{source['epochs']:.2f}{capped}"))
    print(table(rows))
    print(f"{account['tokens']:,} tokens of {account['tokens_asked']:,} asked for, in {account['shards']:,} shards")
    if account["missing_tags"]:
        print(printable(f"no source has the tag {', '.join(account['missing_tags'])}: the others share its weight"))
    print(f"corpus: {account['folder']}")


def print_lines(lines: Iterable[str], to: TextIO | None = None) -> None:
    """Lines for people, on stdout or elsewhere."""
    for line in lines:
        print(printable(line), file=to)


def print_data(lines: Iterable[str]) -> None:
    """Lines for machines."""
    for line in lines:
        print(line)


def print_json(value: Any) -> None:
    """One JSON value for machines."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


def story_lines(told: dict[str, Any]) -> Iterator[str]:
    """A document's story for people."""
    yield f"{told['uid']}  {told['outcome']}"
    for name in ("source", "origin", "id", "meta", "broken_utf8"):
        yield f"  {name}: {told[name]}".rstrip()
    drop = told.get("drop")
    if drop:
        yield f"dropped by {drop['stage']}: {drop['reason']}" + _measured(drop)
        yield f"  all rules it failed there: {', '.join(drop['failed'])}"
        if drop["twin"]:
            where = "in an earlier run" if drop["reason"] == IN_INDEX else told["twin_origin"]
            yield f"  kept instead: {drop['twin']}" + (f" ({where})" if where else "")
    yield "signals:"
    for name, value in told["signals"].items():
        yield f"  {name}: {value:.4g}" if isinstance(value, float) else f"  {name}: {value}"
    yield from _replay_lines(told["replay"])


def _measured(drop: dict[str, Any]) -> str:
    if drop["value"] is None:
        return ""
    return f" (measured {drop['value']:g}" + (f", limit {drop['limit']:g})" if drop["limit"] is not None else ")")


def _replay_lines(replay: dict[str, Any]) -> Iterator[str]:
    if "why_not" in replay:
        yield f"edits: not replayed, {replay['why_not']}"
        return
    for stage in replay["stages"]:
        if stage["edits"]:
            yield f"{stage['label']} made {stage['n_edits']} edits:"
        for edit in stage["edits"]:
            yield f"  at byte {edit['start']}: {edit['before']!r} -> {edit['after']!r}"
    yield f"text: {replay['excerpt']!r}"
