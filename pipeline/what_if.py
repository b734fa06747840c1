"""What a run would have kept with other limits: its documents judged again, from stored signals alone.

The answer counts documents by what became of them (now) and what becomes of them (then): kept, dropped, or
unknown where a later stage has never seen a document that now comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from . import storage
from .errors import InputError, PlanError, RecipeError, did_you_mean
from .ledger import Ledger
from .manifest import read_manifest
from .rejudge import Codes, Course, Gone, Judge
from .schema import build, options
from .shards import read_shard
from .stage import Export, GlobalStage, Stage, can_judge, find_stage, relabel, signals_of
from .tally import Place, Tally
from .worker import Done, Progress
from .yaml_tree import Tree

SOURCE = "source"
DROP_COLUMNS = ("stage", "reason", "failed", "value", "limit", "twin")


class Change(NamedTuple):
    """An option of a stage, by the label that it has in the run, and the value to try."""

    label: str
    option: str
    value: Any


class Record(NamedTuple):
    """What a complete run says of itself: its steps, the names of its sources, its published files, its ledger."""

    steps: list[dict[str, Any]]
    sources: list[str]
    files: list[str]
    ledger: Ledger


def parse_change(text: str) -> Change:
    """`quality.min_words=30` as a change; the value is YAML as in a recipe. Raises RecipeError.

    Of an option that is a map, `pii.max_findings.email=2` is one entry, and the others stay.
    """
    name, equals, value = text.partition("=")
    label, dot, option = name.strip().partition(".")
    if not (equals and dot and label and option):
        raise RecipeError(f"a change is written stage.option=value, such as quality.min_words=30, got {text!r}")
    change = Change(label, option, Tree(f"--set {label}.{option}", value).value)
    if not _is_finite(change.value):
        raise RecipeError(f"the value of {label}.{option} must be finite, got {value}")
    return change


def _is_finite(value: Any) -> bool:
    """Whether every number in a value is one that a float can hold and JSON can write."""
    if isinstance(value, (list, tuple, dict)):
        return all(map(_is_finite, value.values() if isinstance(value, dict) else value))
    try:
        return not isinstance(value, (int, float)) or isfinite(value)
    except OverflowError:
        return False


def what_if(run: str, changes: Sequence[Change], n_examples: int, progress: Progress) -> dict[str, Any]:
    """What the options in `changes` would have done to the documents of a complete run; JSON-ready.

    Stages must be loaded (`load_stages`). Raises InputError if there is no such run; RecipeError for an unknown
    stage, option or value; PlanError for an option that changes what is measured, or a stage that has changed.
    """
    record = read_record(run)
    judges = judges_of(record, changes)
    question = _Question(run, record.files, judges, {SOURCE: SOURCE, **sliced_by(judges)})
    compares = [judge for judge in judges[question.first :] if isinstance(judge.now, GlobalStage)]
    progress.begin("what if", len(question.shards) * (2 if compares else 1), 0)
    gone: Gone = {}
    if compares:  # who is dropped before a stage that compared it with others
        for _, course in question.courses(Codes(), {}, progress):
            _note_gone(gone, course, [judge.position for judge in compares])
    tally = Tally(question.dimensions, n_examples)
    for place, course in question.courses(tally.codes, gone, progress):
        tally.add(course, place)
    answer = tally.answer(judges)
    come_back = any(one["now"]["kind"] != "kept" and one["then"]["kind"] != "dropped" for one in answer["transitions"])
    displacing = [judge.label for judge in compares] if come_back else []
    return {"run": run, "changes": _differences(judges, record), **answer, "may_displace": displacing}


def read_record(run: str) -> Record:
    """The manifest and the ledger of a complete run. Raises InputError."""
    path = storage.join(run, "out", "manifest.json")
    if not storage.exists(path):
        raise InputError(f"{run} is not a complete run: give the folder that `corpusmill run` printed")
    counts = storage.read_json(storage.join(run, "out", "ledger.json"))
    try:
        manifest = read_manifest(run)
        names = ("label", "stage", "version", "options", "limits")
        steps = [{name: step[name] for name in names} for step in manifest["steps"]]
        return Record(steps, list(manifest["sources"]), sorted(manifest["files"]), Ledger.from_json(counts))
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} or the ledger beside it is not as a run writes it: run the recipe again") from error


def judges_of(record: Record, changes: Sequence[Change]) -> list[Judge]:
    """The stages of a run as its manifest has them, with the changes. Raises RecipeError and PlanError."""
    steps, ledger = record.steps, record.ledger
    asked: dict[str, dict[str, Any]] = {}
    for change in changes:
        values = asked.setdefault(change.label, {})
        if change.option in values:
            raise RecipeError(f"{change.label}.{change.option} is set twice")
        values[change.option] = change.value
    labels = [step["label"] for step in steps]
    for label in asked:
        if label not in labels:
            raise RecipeError(f"the run has no stage '{label}'{did_you_mean(label, labels)}")
    judges: list[Judge] = []
    for step in steps:
        cls, wanted = find_stage(step["stage"]), asked.get(step["label"])
        if issubclass(cls, Export) and not wanted:
            continue
        if cls.version != step["version"]:
            raise PlanError(
                f"the run was made with version {step['version']} of {step['stage']}, and this is version"
                f" {cls.version}: run the recipe again"
            )
        now = build(cls, step["options"], step["label"])
        then = _changed(now, step, _whole(wanted, step), record.sources) if wanted else now
        total = ledger.total(step["label"])
        drops = bool(total.reasons) or not total.rows_in  # no document has shown whether it has a rule
        judges.append(Judge(len(judges) + 1, step["label"], now, then, bool(wanted), drops))
    return judges


def _whole(values: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    """Options with their values; of maps of which single entries are asked for, with the other entries of the run."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        option, dot, key = name.partition(".")
        if dot and isinstance(step["options"].get(option), dict):
            given = found.get(option, values.get(option, step["options"][option]))
            found[option] = {**given, key: value} if isinstance(given, dict) else given
        else:
            found.setdefault(name, value)
    return found


def _changed(now: Any, step: dict[str, Any], values: dict[str, Any], sources: Sequence[str]) -> Any:
    """The stage with other values of its judging options, which a run with these sources would accept."""
    label = step["label"]
    then = build(type(now), {**step["options"], **values}, label)
    known = now.judging_options if can_judge(now) else ()
    if not known:
        raise PlanError(f"{label} has no option that only judges: change the recipe and run again")
    for name in values:
        if name not in known:
            raise PlanError(
                f"{label}.{name} changes what is measured: change the recipe and run again"
                f" (to be tried here: {', '.join(known)})"
            )
        if not _is_finite(getattr(then, name)):  # a text that stands for a number, such as inf
            raise RecipeError(f"the value of {label}.{name} must be finite, got {values[name]}")
    if then.edits_text != now.edits_text or signals_of(then, label) != signals_of(now, label):
        raise PlanError(
            f"{label} with other {', '.join(values)} gives later stages another text or other columns:"
            " change the recipe and run again"
        )
    _check_sources(then, label, sources)
    if not any(isinstance(value, str) and value.startswith("@") for value in options(then).values()):
        then.open()  # what a stage refuses only when it has its model
    return then


def _check_sources(made: Stage, label: str, sources: Sequence[str]) -> None:
    """Raises PlanError if an option names a source that the run does not have."""
    for option in made.source_options:
        for name in getattr(made, option):
            if name not in sources:
                raise PlanError(
                    f"{label} option '{option}' names no source of this recipe: '{name}'{did_you_mean(name, sources)}"
                )


def _differences(judges: Sequence[Judge], record: Record) -> list[dict[str, Any]]:
    """The options that change. limits: what is in force for one, with the languages if not all."""
    before = {step["label"]: step["limits"] for step in record.steps}
    return [
        {
            "stage": judge.label,
            "option": name,
            "now": getattr(judge.now, name),
            "then": getattr(judge.then, name),
            "limits_now": _in_force(before[judge.label], name),
            "limits_then": _in_force(map(asdict, judge.then.limits()), name),
        }
        for judge in judges
        if judge.is_asked and isinstance(judge.now, Stage) and isinstance(judge.then, Stage)
        for name in judge.now.judging_options
        if getattr(judge.now, name) != getattr(judge.then, name)
    ]


def _in_force(limits: Iterable[dict[str, Any]], option: str) -> list[dict[str, Any]]:
    return [
        {"value": limit["value"], "languages": list(limit["languages"])}
        for limit in limits
        if limit["option"] == option
    ]


def sliced_by(judges: Sequence[Judge]) -> dict[str, str]:
    """Dimension -> the column of the first stage that has it."""
    found: dict[str, str] = {}
    for judge in judges:
        if isinstance(judge.now, Stage):
            for column, dimension in judge.now.slices.items():
                found.setdefault(dimension, relabel(column, judge.now.name, judge.label))
    return found


@dataclass(frozen=True)
class _Question:
    """A run, its stages with the changes, and the columns by which to slice."""

    run: str
    files: list[str]
    judges: list[Judge]
    dimensions: dict[str, str]

    @property
    def first(self) -> int:
        """The position of the first stage with a change."""
        return next(judge.position for judge in self.judges if judge.is_asked)

    @property
    def shards(self) -> list[tuple[str, str]]:
        """(kind, path) of every published shard."""
        return [
            (kind, storage.join(self.run, "out", name))
            for kind in ("documents", "dropped")
            for name in self.files
            if name.startswith(f"{kind}/") and name.endswith(".arrow")
        ]

    def courses(self, codes: Codes, gone: Gone, progress: Progress) -> Iterator[tuple[Place, Course]]:
        """What becomes of the rows of each published batch."""
        for kind, path in self.shards:
            rows = 0
            for number, batch in enumerate(read_shard(path, self._columns(kind))):
                yield Place(kind, path, number), Course(batch, self.judges, codes, gone)
                rows += batch.num_rows
            progress.advance(Done(path, [], rows, 0, 0.0))

    def _columns(self, kind: str) -> list[str]:
        """What is read of a shard: neither the text nor signals that no stage here judges by."""
        judging = [judge for judge in self.judges[self.first - 1 :] if can_judge(judge.now)]
        signals = sorted({column for judge in judging for column in judge.columns})
        drop = DROP_COLUMNS if kind == "dropped" else ()
        return list(dict.fromkeys(["uid", *self.dimensions.values(), *drop, *signals]))


def _note_gone(gone: Gone, course: Course, comparing: Sequence[int]) -> None:
    """Add the clusters that lose a document which is dropped earlier than it was.

    Whether two documents belong together may depend on a third (a is like b, b is like c), so the loss of any member
    leaves open what becomes of the others.
    """
    for position in comparing:
        goes = course.ends < position
        kept, dropped = (np.flatnonzero(goes & mask) for mask in (course.was > position, course.was == position))
        uids = course.stored.column("uid").take(pa.array(kept)).to_pylist()
        twins = course.stored.column("twin").take(pa.array(dropped)).to_pylist() if len(dropped) else []
        gone.setdefault(position, set()).update(uids, filter(None, twins))
