"""Documents judged again from their stored signals, by stages with other limits; no text is read.

Positions count the stages of a run from 1; 0 is reading, and one more than the last stands for survivors.
A document that comes back meets stages that have not judged it: what they would have said is known only if
they judge by signals and the audit sample has these. Letters: N rows of a stored batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .batch import Batch, Bools
from .errors import PlanError
from .execute import QUARANTINED
from .stage import Declared, GlobalStage, Int64s, Stage, can_judge, relabel

NEVER_SAW, NEVER_MEASURED = "never saw it", "never measured it"
CLUSTER_CHANGES = "dropped it from a cluster that loses a document"
UNDECIDED = -1
FAILS, PASSES, UNMEASURED = 0, 1, 2
"""What the row stages to which the run did not bring a document say of it."""


Gone = dict[int, set[str]]
"""Position of a stage that compares -> uids of the documents that it kept of clusters which now lose a member."""


@dataclass(frozen=True)
class Judge:
    """A stage of the run at its place: as it was (now), and with the options asked for (then).

    drops: whether it may drop: the run knows a reason, or brought no document to it.
    """

    position: int
    label: str
    now: Declared
    then: Declared
    is_asked: bool
    drops: bool

    @property
    def columns(self) -> list[str]:
        """What its `judge` may read: its own published signals and the other columns that it needs."""
        made = self.now
        if not isinstance(made, Stage):
            return []
        own = [relabel(column, made.name, self.label) for column in made.adds() if column not in made.private]
        return own + [column for column in made.needs() if column != "text"]


class Outcome(NamedTuple):
    """What becomes of a document. kind: kept, dropped (by a stage, for a reason) or unknown (a stage, and why)."""

    kind: str
    stage: str = ""
    reason: str = ""


class Codes:
    """A number for each outcome met, so that arrays can hold them; 0 is `kept`."""

    def __init__(self) -> None:
        self.all: list[Outcome] = []
        self._numbers: dict[Outcome, int] = {}
        self.of(Outcome("kept"))

    def of(self, outcome: Outcome) -> int:
        """The outcome's number."""
        if outcome not in self._numbers:
            self._numbers[outcome] = len(self.all)
            self.all.append(outcome)
        return self._numbers[outcome]


class Verdict:
    """What one stage says of the rows of a batch.

    failed bool[N, R], by rule; fails bool[N]; first int64[N], the rule that is the reason (0 if none is).
    """

    def __init__(self, stage: Stage, label: str, rows: pa.RecordBatch) -> None:
        draft = Batch(rows, stage, label)
        stage.judge(draft)
        self.rules = list(draft.rules.values())
        self.names = np.array([*draft.rules, ""], dtype=object)
        masks = [rule.mask for rule in self.rules]
        self.failed = np.stack(masks, axis=1) if masks else np.zeros((len(draft), 1), dtype=bool)
        self.fails: Bools = np.asarray(self.failed.any(axis=1), dtype=np.bool_)
        self.first: Int64s = self.failed.argmax(axis=1)

    def reasons(self) -> Any:
        """object[N]: why a failing row is dropped."""
        return self.names[self.first]

    def measured(self, what: str) -> npt.NDArray[np.float64]:
        """float64[N]: the `value` or the `limit` of the first rule failed, NaN if there is none."""
        found = np.full(len(self.fails), np.nan)
        for number, rule in enumerate(self.rules):
            given, here = getattr(rule, what), self.fails & (self.first == number)
            if given is not None:
                array = np.asarray(given, dtype=np.float64)
                found[here] = array[here] if array.ndim else array
        return found

    def failed_names(self, rows: Int64s) -> pa.Array:
        """list<string>[len(rows)]: all rules that each of the rows failed, in order."""
        matrix = self.failed[rows]
        offsets = np.concatenate([[0], np.cumsum(matrix.sum(axis=1))]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), pa.array(self.names[np.nonzero(matrix)[1]], pa.string()))


class Course:
    """What became of the documents of a stored batch (now), and what becomes of them (then).

    now, then int64[N]: codes; was, ends int64[N]: position of the stage that drops it; value, limit float64[N]: what
    a new drop measured; later int8[N]: what row stages say that had not met it (is_stranger), as far as they have its
    signals (is_audited).
    """

    def __init__(self, stored: pa.RecordBatch, judges: Sequence[Judge], codes: Codes, gone: Gone):
        self.stored, self.codes, self.gone = stored, codes, gone
        n_rows = stored.num_rows
        self.was, self.now = np.full(n_rows, len(judges) + 1, np.int64), np.zeros(n_rows, np.int64)
        self.is_quarantined = np.zeros(n_rows, dtype=bool)
        if "stage" in stored.schema.names:
            self._read_drops({judge.label: judge.position for judge in judges})
        self.ends, self.then = self.was.copy(), np.where(self.was == 0, self.now, UNDECIDED)
        self.value, self.limit = np.full(n_rows, np.nan), np.full(n_rows, np.nan)
        self.is_unknown, self.is_stranger, self.is_audited = (np.zeros(n_rows, dtype=bool) for _ in range(3))
        self.later = np.full(n_rows, PASSES, np.int8)
        for judge in judges:
            self._meet(judge)
        self.then[self.then == UNDECIDED] = 0

    def _read_drops(self, positions: dict[str, int]) -> None:
        stages, reasons = (self._column(name).dictionary_encode() for name in ("stage", "reason"))
        for number, stage in enumerate(stages.dictionary.to_pylist()):
            here = stages.indices.to_numpy() == number
            self.was[here] = positions.get(stage, 0)
            for code, reason in enumerate(reasons.dictionary.to_pylist()):
                both = here & (reasons.indices.to_numpy() == code)
                if both.any():
                    self.now[both] = self.codes.of(Outcome("dropped", stage, reason))
                    self.is_quarantined[both] = reason == QUARANTINED

    def _column(self, name: str) -> pa.Array:
        return self.stored.column(self.stored.schema.get_field_index(name))

    def _meet(self, judge: Judge) -> None:
        """Take the rows past one stage."""
        undecided = self.then == UNDECIDED
        here = undecided & (self.was == judge.position)
        strangers = (undecided & (self.was < judge.position)) | (self.is_unknown & (self.later == PASSES))
        if judge.is_asked:
            known = undecided & (self.was >= judge.position) & self._measured(judge) & ~(here & self.is_quarantined)
            self._check(judge, known)
            self._judge(judge, known)
            stays = here & ~known
        else:
            lost = self._lost_member(judge, here)
            self._lose(lost, judge, CLUSTER_CHANGES, PASSES)
            stays = here & ~lost
        self.then[stays] = self.now[stays]
        self._meet_strangers(judge, strangers)

    def _meet_strangers(self, judge: Judge, rows: Bools) -> None:
        """Rows that the run did not bring to this stage, or that come to it only perhaps."""
        if not (judge.drops or judge.is_asked) or not rows.any():
            return
        self.is_stranger |= rows
        if not can_judge(judge.then):
            why = NEVER_SAW if isinstance(judge.then, GlobalStage) else NEVER_MEASURED
            self._lose(rows, judge, why, PASSES)
            return
        measured = self._measured(judge)
        self.is_audited |= rows & measured
        self._judge(judge, rows & measured)
        self._lose(rows & ~measured, judge, NEVER_MEASURED, UNMEASURED)

    def _measured(self, judge: Judge) -> Bools:
        """bool[N]: every column that the stage judges by is there."""
        there = np.ones(self.stored.num_rows, dtype=bool)
        for column in judge.columns:
            there &= self._column(column).is_valid().to_numpy(zero_copy_only=False)
        return there

    def _judge(self, judge: Judge, rows: Bools) -> None:
        """Drop those of the rows that the stage now drops, unless they are unknown already."""
        assert isinstance(judge.then, Stage)
        verdict = Verdict(judge.then, judge.label, self.stored.filter(pa.array(rows)))
        places = np.flatnonzero(rows)
        self.later[places[verdict.fails]] = FAILS
        sure = verdict.fails & ~self.is_unknown[places]
        for number in np.unique(verdict.first[sure]).tolist():
            code = self.codes.of(Outcome("dropped", judge.label, verdict.names[number]))
            self.then[places[sure & (verdict.first == number)]] = code
        self.value[places[sure]] = verdict.measured("value")[sure]
        self.limit[places[sure]] = verdict.measured("limit")[sure]
        self.ends[places[sure]] = judge.position

    def _lose(self, rows: Bools, judge: Judge, why: str, later: int) -> None:
        """From here on nothing is certain about these rows."""
        if not rows.any():
            return
        new = rows & ~self.is_unknown
        self.then[new] = self.codes.of(Outcome("unknown", judge.label, why))
        self.is_unknown |= new
        self.later[rows] = later

    def _lost_member(self, judge: Judge, rows: Bools) -> Bools:
        """bool[N]: those of the rows that were dropped for another of a cluster which has now lost a member."""
        lost = np.zeros(self.stored.num_rows, dtype=bool)
        clusters = self.gone.get(judge.position)
        if clusters and rows.any():
            places = np.flatnonzero(rows)
            lost[places] = [twin in clusters for twin in self._column("twin").take(pa.array(places)).to_pylist()]
        return lost

    def _check(self, judge: Judge, rows: Bools) -> None:
        """Raises PlanError unless the options of the run, on the stored signals, say what the run said."""
        assert isinstance(judge.now, Stage)
        verdict = Verdict(judge.now, judge.label, self.stored.filter(pa.array(rows)))
        places = np.flatnonzero(rows)
        failing = np.flatnonzero(verdict.fails)
        agrees = bool((verdict.fails == (self.was[places] == judge.position)).all())
        if agrees and len(failing):
            at = pa.array(places[failing])
            agrees = (
                self._column("reason").take(at).to_pylist() == verdict.reasons()[failing].tolist()
                and self._column("failed").take(at).equals(verdict.failed_names(failing))
                and all(self._same_numbers(what, at, verdict.measured(what)[failing]) for what in ("value", "limit"))
            )
        if not agrees:
            raise PlanError(
                f"the run's signals do not reproduce its verdicts at {judge.label}, so they cannot answer for other"
                " options: the stage has changed since; run the recipe again"
            )

    def _same_numbers(self, name: str, rows: pa.Array, numbers: npt.NDArray[np.float64]) -> bool:
        stored = self._column(name).take(rows).to_numpy(zero_copy_only=False)
        return np.array_equal(stored, numbers, equal_nan=True)
