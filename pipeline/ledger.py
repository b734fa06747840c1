"""Ledger: rows and bytes in and out of every stage by source, and every drop's reason.

The counts are integers and merging is addition, so a ledger is the same for any number
of workers. `check()` holds it to account: what goes in comes out or is dropped for a
named reason, and what one stage hands on is what the next receives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Reason:
    """One rule's count: documents that failed it, those whose first failure it was, their bytes."""

    failed: int = 0
    dropped: int = 0
    dropped_bytes: int = 0


@dataclass
class Count:
    """What one stage did to one source. Bytes are UTF-8 bytes of text."""

    rows_in: int = 0
    bytes_in: int = 0
    rows_out: int = 0
    bytes_out: int = 0
    rows_edited: int = 0
    bytes_edited: int = 0
    """Bytes that edits added to the survivors' text (negative: removed)."""
    reasons: dict[str, Reason] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    """Documents of those that came in of which something is true that is no reason to drop them."""

    def check(self, where: str) -> None:
        """Assert conservation of rows and bytes."""
        dropped = sum(reason.dropped for reason in self.reasons.values())
        dropped_bytes = sum(reason.dropped_bytes for reason in self.reasons.values())
        assert self.rows_in == self.rows_out + dropped, (
            f"{where}: {self.rows_in} rows in, {self.rows_out} out, {dropped} dropped"
        )
        assert self.bytes_in + self.bytes_edited == self.bytes_out + dropped_bytes, f"{where}: bytes do not add up"
        assert all(reason.dropped <= reason.failed for reason in self.reasons.values()), where

    def merge(self, other: Count) -> None:
        """Add another count of the same stage and source."""
        for name in ("rows_in", "bytes_in", "rows_out", "bytes_out", "rows_edited", "bytes_edited"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name, noted in other.notes.items():
            self.notes[name] = self.notes.get(name, 0) + noted
        for name, theirs in other.reasons.items():
            ours = self.reasons.setdefault(name, Reason())
            ours.failed += theirs.failed
            ours.dropped += theirs.dropped
            ours.dropped_bytes += theirs.dropped_bytes


class Ledger:
    """Counts by stage label, then by source, in the order of the recipe."""

    def __init__(self) -> None:
        self.stages: dict[str, dict[str, Count]] = {}

    def count(self, stage: str, source: str) -> Count:
        """The count of a stage and a source, made if it is not there yet."""
        return self.stages.setdefault(stage, {}).setdefault(source, Count())

    def merge(self, other: Ledger) -> Ledger:
        """Add another ledger; returns self."""
        for stage, sources in other.stages.items():
            self.stages.setdefault(stage, {})
            for source, count in sources.items():
                self.count(stage, source).merge(count)
        return self

    def check(self) -> None:
        """Assert that nothing was lost or doubled, in each stage and between stages."""
        previous: dict[str, Count] = {}
        for position, (stage, sources) in enumerate(self.stages.items()):
            for source, count in sources.items():
                count.check(f"{stage}/{source}")
            for source in (previous.keys() | sources.keys()) if position else ():
                before, now = previous.get(source, Count()), sources.get(source, Count())
                assert (before.rows_out, before.bytes_out) == (now.rows_in, now.bytes_in), (
                    f"{stage}/{source}: {now.rows_in} rows received, {before.rows_out} handed on"
                )
            previous = sources

    def total(self, stage: str) -> Count:
        """A stage's count over all sources."""
        total = Count()
        for count in self.stages.get(stage, {}).values():
            total.merge(count)
        return total

    def to_json(self) -> dict[str, Any]:
        """Nested plain values, stages in order of the recipe, sources and reasons sorted."""
        return {
            stage: {source: _count_json(sources[source]) for source in sorted(sources)}
            for stage, sources in self.stages.items()
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Ledger:
        """The ledger that `to_json` wrote."""
        ledger = cls()
        for stage, sources in data.items():
            ledger.stages[stage] = {}
            for source, values in sources.items():
                plain = {name: value for name, value in values.items() if name != "reasons"}
                plain["notes"] = dict(values["notes"])
                reasons = {name: Reason(**reason) for name, reason in values["reasons"].items()}
                ledger.stages[stage][source] = Count(**plain, reasons=reasons)
        return ledger


def _count_json(count: Count) -> dict[str, Any]:
    plain: dict[str, Any] = {name: value for name, value in vars(count).items() if name != "reasons"}
    plain["notes"] = dict(count.notes)
    plain["reasons"] = {name: vars(count.reasons[name]).copy() for name in count.reasons}
    return plain
