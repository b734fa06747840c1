"""Recipe -> plan: columns checked end to end, passes over the text, fingerprints.

Neighbouring row stages are fused into one pass. A global stage ends the pass before it
(which sketches for it) and begins the next (which applies its verdicts), so G global
stages cost at most G + 1 passes; a Fit ends the pass before it. Exports read what was
published, after all passes.
"""

from __future__ import annotations

import hashlib
import json
import platform
import unicodedata
from dataclasses import dataclass
from importlib import metadata
from typing import Any, NamedTuple

import pyarrow as pa

from .errors import InputError, OptionError, PlanError, RecipeError, did_you_mean
from .ingest import READ
from .readers.base import Input, Reader
from .recipe import Recipe, Source, Step
from .references import references
from .rows import DOCUMENT, MAX_FILES, MAX_SOURCES
from .schema import REQUIRED, default_of, fields_of, options
from .sections import Ablation
from .stage import Declared, Export, Fit, GlobalStage, Stage, can_judge, load_stages, private_of, signals_of

FORMAT = 2
"""Version of the frame's own results: rows, shards, cuts. Raise it when their bytes change."""
FRAME_LIBRARIES = ("numpy", "numba", "pyarrow")
OWN_FOLDERS = ("documents", "dropped", "report", "ablation")
"""Folders of `out/` that no export may have."""
OWN_FILES = ("ledger.json", "signals.json", "slices.json", "inputs.jsonl", "manifest.json")
"""Files of `out/` that no stage may write."""
PARTITION_BYTES = 64_000_000
"""Input on disk per key partition; one partition's keys are in memory at a time."""
MAX_PARTITIONS = 4_096


@dataclass(frozen=True)
class Pass:
    """One pass over the text: steps[first..last], where step 0 is reading; then a sketch or a Fit for `then`."""

    first: int
    last: int
    then: int | None


class Scrub(NamedTuple):
    """A stage that makes text fit to be published. position: its place in the recipe, which the run may not reach."""

    position: int
    step: Step
    fingerprint: str


@dataclass(frozen=True)
class Plan:
    """What a run does. until: the last stage, if that is not the recipe's end. steps: all stages but exports.
    fingerprints and signals have an entry per step, step 0 being `read`; artifacts has the fingerprint of each Fit
    and each Export by its label. scrubs: the scrubbing stages of the whole recipe; those that the run does not reach
    work while it is published.
    """

    recipe: Recipe
    until: str | None
    steps: tuple[Step, ...]
    exports: tuple[Step, ...]
    inputs: dict[str, list[Input]]
    passes: tuple[Pass, ...]
    fingerprints: tuple[str, ...]
    artifacts: dict[str, str]
    signals: tuple[dict[str, pa.DataType], ...]
    partitions: int
    scrubs: tuple[Scrub, ...]

    @property
    def ablation(self) -> Ablation | None:
        """The ablation to do, if the run goes to the recipe's end."""
        return self.recipe.ablation if self.until is None else None

    @property
    def published(self) -> dict[str, pa.DataType]:
        """The signal columns of `out/`: all there are at the end but the private ones."""
        private = {column for step in self.steps for column in private_of(step.stage, step.label)}
        return {column: kind for column, kind in self.signals[-1].items() if column not in private}

    @property
    def last(self) -> int:
        """The position of the last step."""
        return len(self.steps)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of all steps, `read` first; exports are not among them."""
        return (READ, *(step.label for step in self.steps))

    def step(self, position: int) -> Step:
        """The step at a position; 0, reading, has none."""
        assert position > 0
        return self.steps[position - 1]

    def folder_name(self, position: int) -> str:
        """The name below `work/` of the folder with the results of a step."""
        return f"{position:02d}-{self.labels[position]}-{self.fingerprints[position][:16]}"


def make_plan(recipe: Recipe, until: str | None = None) -> Plan:
    """Check a recipe against its inputs and lay out its passes. Raises PlanError and InputError."""
    chosen = _until(recipe, until)
    inputs = list_inputs(recipe)
    signals = _check_columns(recipe, chosen)
    _check_order(recipe, chosen)
    steps, exports = _apart(recipe, chosen)
    prints, artifacts = _fingerprints(recipe, steps, inputs)
    for step in exports:
        artifacts[step.label] = _own_print(recipe, step, prints[-1], artifacts)
    size = sum(item.size for items in inputs.values() for item in items)
    partitions = min(MAX_PARTITIONS, 1 + size // PARTITION_BYTES)
    left_out = until if until is not None and (len(chosen) < len(recipe.steps) or recipe.ablation) else None
    scrubs = _scrubs(recipe, steps, prints, artifacts)
    after, passes = signals[: len(steps) + 1], _passes(steps)
    return Plan(recipe, left_out, steps, exports, inputs, passes, prints, artifacts, after, partitions, scrubs)


def _apart(recipe: Recipe, steps: tuple[Step, ...]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """The stages that work on documents, and the exports. Raises PlanError if these are not the last."""
    first = next((n for n, step in enumerate(steps) if isinstance(step.stage, Export)), len(steps))
    documents, exports = steps[:first], steps[first:]
    for step in exports:
        if not isinstance(step.stage, Export):
            where = f"{recipe.at(step.line)}{step.label}"
            raise PlanError(f"{where} must come before {exports[0].label}, which writes what the others left")
        if step.label in OWN_FOLDERS:
            raise PlanError(f"{recipe.at(step.line)}'{step.label}' is a folder of every run: choose another as:")
    _check_published(recipe, documents)
    return documents, exports


def _is_scrubbing(step: Step) -> bool:
    return isinstance(step.stage, Stage) and step.stage.scrubs


def _scrubs(
    recipe: Recipe, steps: tuple[Step, ...], prints: tuple[str, ...], artifacts: dict[str, str]
) -> tuple[Scrub, ...]:
    """The scrubbing stages of a recipe. Raises PlanError if one that `steps` do not reach needs what these do not make;
    and as `_own_print` does."""
    found, before = [], prints[-1]
    for position, step in enumerate(recipe.steps, start=1):
        if not _is_scrubbing(step):
            continue
        if position > len(steps):
            missing = [name for name in references(step.stage).values() if name not in artifacts]
            if missing:
                what = f"scrubs what is published, and needs '@{missing[0]}'"
                raise PlanError(f"{recipe.at(step.line)}{step.label} {what}: let the run go on to {step.label}")
            before = _own_print(recipe, step, before, artifacts)
        found.append(Scrub(position, step, prints[position] if position <= len(steps) else before))
    return tuple(found)


def facts_file(step: Step) -> str:
    """The name in `out/` of the facts about a Fit's artifact, a comparison, or the model of another stage."""
    is_published = isinstance(step.stage, Fit) and bool(step.stage.publishes)
    return f"{step.label}.facts.json" if is_published else f"{step.label}.json"


def tells_facts(made: Declared) -> bool:
    """Whether it may have facts: of a model that a Fit makes the Fit tells them, not the stages that use it."""
    if isinstance(made, GlobalStage):
        return True
    if isinstance(made, Stage):
        return type(made).facts is not Stage.facts and not references(made)
    return isinstance(made, Fit) and made.tells_facts


def published_files(step: Step) -> list[str]:
    """The names in `out/` of what a stage may write there, besides rows."""
    artifact = artifact_file(step)
    return [artifact] * bool(artifact) + table_files(step) + [facts_file(step)] * tells_facts(step.stage)


def artifact_file(step: Step) -> str:
    """The name in `out/` of a Fit's artifact, with its label in front if the recipe gives it one; empty if none is."""
    name = step.stage.publishes if isinstance(step.stage, Fit) else ""
    return name if not name or step.label == step.stage.name else f"{step.label}.{name}"


def table_files(step: Step) -> list[str]:
    """The names in `out/` of the tables of a global stage, in their order."""
    return [f"{step.label}.{name}" for name in step.stage.tables] if isinstance(step.stage, GlobalStage) else []


def _check_published(recipe: Recipe, steps: tuple[Step, ...]) -> None:
    """Raises PlanError if a Fit publishes what has seen text before it was scrubbed, or anyone another one's file."""
    by_file = dict.fromkeys(OWN_FILES, "every run")
    scrubbing = [position for position, step in enumerate(recipe.steps) if _is_scrubbing(step)]
    for position, step in enumerate(steps):
        where = f"{recipe.at(step.line)}{step.label}"
        for name in published_files(step):
            if name in by_file:
                better = "choose another as:" if name == facts_file(step) else "leave one of them out"
                raise PlanError(f"{where} publishes {name}, as {by_file[name]} does: {better}")
            by_file[name] = step.label
        is_published = isinstance(step.stage, Fit) and bool(step.stage.publishes)
        if is_published and scrubbing and position < scrubbing[-1]:
            last = recipe.steps[scrubbing[-1]].label
            raise PlanError(f"{where} is published, so it must come after {last}, which removes personal data")


def _until(recipe: Recipe, until: str | None) -> tuple[Step, ...]:
    """The recipe's steps up to and with the one named."""
    if until is None:
        return recipe.steps
    labels = [READ, *(step.label for step in recipe.steps)]
    if until not in labels:
        raise PlanError(f"{recipe.path} has no stage '{until}'{did_you_mean(until, labels)}")
    return recipe.steps[: labels.index(until)]


def list_inputs(recipe: Recipe) -> dict[str, list[Input]]:
    """Each source's inputs, in the order of the recipe. Raises InputError naming the source."""
    if len(recipe.sources) > MAX_SOURCES:
        raise PlanError(f"{recipe.path}: {len(recipe.sources)} sources, at most {MAX_SOURCES} are possible")
    inputs = {}
    for source in recipe.sources:
        try:
            inputs[source.name] = source.reader.inputs(recipe.folder)
        except InputError as error:
            raise InputError(f"{recipe.at(source.line)}source '{source.name}': {error}") from error
        if len(inputs[source.name]) > MAX_FILES:
            raise InputError(f"source '{source.name}' has over {MAX_FILES:,} files: split it into several sources")
    return inputs


def _check_columns(recipe: Recipe, steps: tuple[Step, ...]) -> tuple[dict[str, pa.DataType], ...]:
    """The signal columns there are after each step. Raises PlanError for one that nobody wrote, or of no numbers."""
    signals: dict[str, pa.DataType] = {}
    after: list[dict[str, pa.DataType]] = [dict(signals)]
    made: dict[str, Step] = {}
    for position, step in enumerate(steps):
        where = recipe.at(step.line)
        _check_sources(recipe, step, where)
        for column in step.stage.needs():
            if column not in DOCUMENT.names and column not in signals:
                raise PlanError(
                    f"{where}{step.label} needs the column '{column}', {_who_adds(column, steps, position)}"
                )
        _check_numbers(step, where, signals)
        _check_private(step, where, steps[:position])
        for column, kind in signals_of(step.stage, step.label).items():
            if column in DOCUMENT.names or column in signals:
                raise PlanError(f"{where}{step.label} adds the column '{column}', which is there already")
            signals[column] = kind
        for name in references(step.stage).values():
            if name not in made:
                raise PlanError(
                    f"{where}{step.label} uses '@{name}', which no stage before it makes{did_you_mean(name, made)}"
                )
        if isinstance(step.stage, (Fit, Export)):
            made[step.label] = step
        after.append(dict(signals))
    return tuple(after)


def _check_numbers(step: Step, where: str, signals: dict[str, pa.DataType]) -> None:
    """Raises PlanError if a column that a stage needs numbers of has none."""
    for column in step.stage.numeric_needs():
        found = signals[column] if column in signals else DOCUMENT.field(column).type
        if not (pa.types.is_integer(found) or pa.types.is_floating(found)):
            raise PlanError(f"{where}{step.label} needs numbers, and the column '{column}' is of {found}")


def _check_private(step: Step, where: str, before: tuple[Step, ...]) -> None:
    """Raises PlanError if what works on `out/` alone needs a column that is not there."""
    if isinstance(step.stage, Export) or can_judge(step.stage):
        for other in before:
            for column in private_of(other.stage, other.label) & set(step.stage.needs()):
                raise PlanError(f"{where}{step.label} needs the column '{column}', which {other.label} keeps private")


def _check_order(recipe: Recipe, steps: tuple[Step, ...]) -> None:
    """Raises PlanError if a stage comes before one that it must come after."""
    for position, step in enumerate(steps):
        for later in steps[position + 1 :]:
            if later.stage.name in step.stage.after:
                order = f"{step.label} must come after {later.label}, which is in line {later.line}"
                raise PlanError(f"{recipe.at(step.line)}{order}: {step.stage.after[later.stage.name]}")


def _check_sources(recipe: Recipe, step: Step, where: str) -> None:
    """Raises PlanError if an option names a source that the recipe does not have."""
    names = [source.name for source in recipe.sources]
    for option in step.stage.source_options:
        for name in getattr(step.stage, option):
            if name not in names:
                raise PlanError(
                    f"{where}{step.label} option '{option}' names no source of this recipe:"
                    f" '{name}'{did_you_mean(name, names)}"
                )


def _who_adds(column: str, steps: tuple[Step, ...], position: int) -> str:
    later = [step.label for step in steps[position:] if column in signals_of(step.stage, step.label)]
    if later:
        return f"which {later[0]} adds: move {later[0]} before it"
    others = [name for name, cls in load_stages().items() if column in _default_signals(cls)]
    if others:
        before = steps[position].label
        return f"which no stage of this recipe adds; the stage `{others[0]}` does: put it before {before}"
    have = [name for step in steps[:position] for name in signals_of(step.stage, step.label)]
    return f"which no stage of this recipe adds{did_you_mean(column, [*DOCUMENT.names, *have])}"


def _default_signals(cls: type[Declared]) -> dict[str, pa.DataType]:
    """The columns that a stage adds with no option given; none if it needs one."""
    needs_option = any(default_of(field) is REQUIRED for field, _ in fields_of(cls))
    return {} if needs_option else signals_of(cls(), cls.name)


def _passes(steps: tuple[Step, ...]) -> tuple[Pass, ...]:
    passes: list[Pass] = []
    first = 0
    for position, step in enumerate(steps, start=1):
        if isinstance(step.stage, (GlobalStage, Fit)):
            passes.append(Pass(first, position - 1, position))
            first = position
    return (*passes, Pass(first, len(steps), None))


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def library_versions(made: Declared | Reader | None = None) -> dict[str, str]:
    """Versions of the libraries whose change can change the results, of the frame or of one stage or reader."""
    if made is None:
        versions = {name: _version(name) for name in FRAME_LIBRARIES}
        return {**versions, "unicode": unicodedata.unidata_version}
    return {name: _version(name) for name in made.libraries}


def _reader_print(source: Source, items: list[Input]) -> list[Any]:
    reader = source.reader
    listing = [(item.name, item.size, item.stamp) for item in items]
    return [source.name, reader.name, reader.version, options(reader), library_versions(reader), listing]


def _fingerprints(
    recipe: Recipe, steps: tuple[Step, ...], inputs: dict[str, list[Input]]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """A hash per step of all that decides its results, chained from the inputs on; and the hash of each Fit."""
    sources = [_reader_print(source, inputs[source.name]) for source in recipe.sources]
    frame = {**library_versions(), "machine": platform.machine()}
    prints = [_digest(FORMAT, frame, recipe.settings.shard_mb, recipe.settings.audit, sources)]
    fits: dict[str, str] = {}
    for step in steps:
        stage = step.stage
        own = _own_print(recipe, step, prints[-1], fits)
        if isinstance(stage, Fit):
            fits[step.label] = own
            prints.append(_digest(prints[-1], "after a fit", step.label))
        else:
            prints.append(own)
    return tuple(prints), fits


def _own_print(recipe: Recipe, step: Step, before: str, made: dict[str, str]) -> str:
    """The hash of a step on what came before. made: the hashes of what it may refer to.

    Raises InputError or RecipeError if a file that an option names is not there.
    """
    stage = step.stage
    used = {name: made[target] for name, target in references(stage).items()}
    try:
        identity = stage.identity() if all("." in name for name in used) else {}  # a map may name files as well
    except InputError as error:
        raise InputError(f"{recipe.at(step.line)}{step.label}: {error}") from error
    except OptionError as error:
        raise RecipeError(f"{recipe.at(step.line)}{error}") from error
    return _digest(
        before, step.label, stage.name, stage.version, options(stage), used, identity, library_versions(stage)
    )
