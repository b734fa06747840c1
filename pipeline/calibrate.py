"""Thresholds of a language from text that is trusted: percentiles of what a recipe's stages measure on it.

The recipe's stages measure and edit the reference, and drop nothing; stages that compare documents and Fits are left
out. Letters: N documents of the reference.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import yaml

from . import storage
from .batch import Batch, utf8_buffers
from .errors import CorpusmillError, InputError, PlanError, did_you_mean
from .execute import carry_out
from .given_files import check_language, check_out, sources_of, writing
from .ingest import Place, read_batches
from .percentiles import documents_for, failing, order_interval, outward, shown
from .plan import Plan, make_plan
from .recipe import Recipe, Step, load_recipe
from .schema import fields_of, options
from .stage import GlobalStage, Limit, Stage, can_judge, relabel
from .worker import Done, Progress, stage_error

MIN_DOCUMENTS = 100
MAX_OTHERS = 0.05
"""Share of the reference that may be taken for another language before the answer warns."""
SHOWN = (1, 5, 50, 95, 99)

Values = npt.NDArray[np.floating[Any]]


class Asked(NamedTuple):
    """What to calibrate: paths of the reference, language, percentile; stage and reader if they cannot be guessed."""

    recipe: str
    reference: tuple[str, ...]
    language: str
    percentile: float = 1.0
    stage: str | None = None
    reader: str | None = None
    text: str | None = None

    @property
    def replay(self) -> str:
        """The command that does it again."""
        given = {"--stage": self.stage, "--reader": self.reader, "--text": self.text}
        more = [part for name, value in given.items() if value is not None for part in (name, value)]
        asked = ["--language", self.language, "--percentile", str(self.percentile), *more]
        return shlex.join(["corpusmill", "calibrate", self.recipe, "--reference", *self.reference, *asked])


@dataclass
class Measured:
    """What was measured on the reference. signals: column -> an array per batch; labels: documents by language."""

    signals: dict[str, list[npt.NDArray[Any]]] = field(default_factory=dict)
    labels: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    n_bytes: int = 0

    def values(self, column: str) -> Values:
        """float32[N] if the column is of that type, for `judge` compares in it, else float64[N]."""
        values = np.concatenate(self.signals[column])
        return values if values.dtype == np.float32 else values.astype(np.float64)


def calibrate(asked: Asked, progress: Progress) -> dict[str, Any]:
    """`profile`, YAML-ready, with its evidence; the `rows` of a table; `warnings`.

    Stages and readers must be loaded. Raises RecipeError and PlanError if the recipe has no stage to calibrate,
    InputError for a reference that cannot be read or is too small, StageError.
    """
    check_language(asked.language)
    recipe = load_recipe(asked.recipe)
    plan = make_plan(_over_reference(recipe, _chosen(recipe, asked.stage), asked))
    step = plan.steps[-1]
    assert isinstance(step.stage, Stage)
    limits = _limits(step, asked.language)
    measured = _measure(plan, asked, {limit.column for limit in limits}, progress)
    needed = documents_for(asked.percentile / 100)
    if measured.documents < MIN_DOCUMENTS:
        raise InputError(
            f"the reference has {measured.documents:,} documents, and thresholds need at least {MIN_DOCUMENTS}: give"
            f" more (at {asked.percentile:g} % some {needed:,} are wanted, for both ends of an interval)"
        )
    rows = [_row(limit, measured.values(limit.column), step, asked.percentile) for limit in limits]
    profile = step.stage.profile(asked.language, {row["option"]: row["value"] for row in rows})
    if profile is None:
        raise PlanError(f"{step.label} has no language profiles with these options")
    any_now, any_then = (
        _any_fails(measured, limits, {row["option"]: row[side] for row in rows}) for side in ("now", "value")
    )
    evidence = {**_about(plan, asked, measured), "options": _by_option(rows), "any": shown(any_then)}
    return {
        "profile": {**profile, "evidence": evidence},
        "rows": rows,
        "any": {"now": any_now, "then": any_then},
        "documents": measured.documents,
        "warnings": _warnings(asked, measured, needed),
    }


def profile_text(profile: dict[str, Any]) -> str:
    """The YAML of a profile: the same for the same profile, and without tags."""
    text: str = yaml.safe_dump(profile, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)
    return text


def write_profile(path: str, profile: dict[str, Any]) -> None:
    """Write a new file. Raises InputError if there is one, or it cannot be written."""
    check_out(path)
    with writing(path):
        storage.write_bytes(path, profile_text(profile).encode())


def _chosen(recipe: Recipe, label: str | None) -> Step:
    """The step with profiles that is meant."""
    able = [step for step in recipe.steps if _has_profiles(step)]
    names = [step.label for step in able]
    if label is None and len(able) == 1:
        return able[0]
    if not able:
        raise PlanError(f"{recipe.path} has no stage with language profiles, such as quality")
    if label is None:
        raise PlanError(f"{recipe.path} has several stages with language profiles, {', '.join(names)}: give --stage")
    if label not in names:
        raise PlanError(f"{recipe.path} has no stage '{label}' with language profiles{did_you_mean(label, names)}")
    return able[names.index(label)]


def _has_profiles(step: Step) -> bool:
    return isinstance(step.stage, Stage) and type(step.stage).profile is not Stage.profile and can_judge(step.stage)


def _over_reference(recipe: Recipe, last: Step, asked: Asked) -> Recipe:
    """The recipe with the reference as its sources, up to the stage to calibrate, without what compares or fits."""
    steps = []
    for step in recipe.steps[: recipe.steps.index(last) + 1]:
        if isinstance(step.stage, GlobalStage) or not isinstance(step.stage, Stage):
            continue
        made = [value for value in options(step.stage).values() if isinstance(value, str) and value.startswith("@")]
        if made:
            raise PlanError(f"{recipe.path}:{step.line}: {step.label} uses '{made[0]}', which calibrate does not make")
        unnamed = dict.fromkeys(step.stage.source_options, ())  # these name sources of the recipe
        steps.append(dataclasses.replace(step, stage=dataclasses.replace(step.stage, **unnamed)))  # type: ignore[type-var]
    sources = tuple(sources_of(asked.reference, "reference", asked.reader, asked.text))
    return dataclasses.replace(recipe, sources=sources, steps=tuple(steps), ablation=None)


def _limits(step: Step, language: str) -> list[Limit]:
    """The rules that hold for the language, one per option, its own before one for all; columns as they are here."""
    assert isinstance(step.stage, Stage)
    found: dict[str, Limit] = {}
    for limit in sorted(step.stage.limits_in(language), key=lambda limit: bool(limit.languages)):
        column = relabel(limit.column, step.stage.name, step.label)
        found[limit.option] = dataclasses.replace(limit, column=column)
    if not found:
        raise PlanError(f"{step.label} has no rule about a single signal that holds for {language}")
    return list(found.values())


def _measure(plan: Plan, asked: Asked, columns: set[str], progress: Progress) -> Measured:
    """Take the reference through the stages, file by file."""
    opened = [(step, step.stage.open()) for step in plan.steps if isinstance(step.stage, Stage)]
    language = _language_column(plan.steps)
    found = Measured()
    items = [(source, *item) for source in plan.recipe.sources for item in enumerate(plan.inputs[source.name])]
    settings = plan.recipe.settings
    progress.begin("measure", len(items), 0)
    for source, number, item in items:
        rows, n_bytes = 0, 0
        for _, draft in read_batches(source, [(Place(0, number), item)], settings.on_error, settings.shard_mb << 20):
            batch = draft.outcome().kept
            n_bytes += int(np.ptp(utf8_buffers(_column(batch, "text"))[1]))
            for step, resource in opened:
                batch = _take(step, resource, batch, asked)
            for column in sorted(columns):
                found.signals.setdefault(column, []).append(_column(batch, column).to_numpy(zero_copy_only=False))
            if language:
                found.labels.update(_column(batch, language).to_pylist())
            rows += batch.num_rows
        found.documents, found.n_bytes = found.documents + rows, found.n_bytes + n_bytes
        progress.advance(Done(item.name, [], rows, n_bytes, 0.0))
    return found


def _take(step: Step, resource: Any, batch: pa.RecordBatch, asked: Asked) -> pa.RecordBatch:
    """The batch with the stage's signals and edits; nothing is dropped."""
    assert isinstance(step.stage, Stage)
    draft = Batch(batch, step.stage, step.label, resource)
    try:
        if can_judge(step.stage):
            step.stage.measure(draft)
        else:
            step.stage.apply(draft)
            draft.rules.clear()
        return carry_out(draft, step.stage, step.label).kept
    except CorpusmillError:
        raise
    except Exception as error:
        raise stage_error(asked, step.label, "the reference", batch, error) from error


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    return batch.column(batch.schema.get_field_index(name))


def _language_column(steps: Sequence[Step]) -> str | None:
    """The first column by which removal rates are compared between languages."""
    for step in steps:
        for column, dimension in step.stage.slices.items() if isinstance(step.stage, Stage) else ():
            if dimension == "language":
                return relabel(column, step.stage.name, step.label)
    return None


def _row(limit: Limit, values: Values, step: Step, percentile: float) -> dict[str, Any]:
    """What the reference says about one rule. now, value: the limit in force and the new one."""
    ordered, n = np.sort(values), len(values)
    assert not np.isnan(ordered[-1]), f"{limit.column} has NaN"
    most = failing(n, percentile)
    share = percentile / 100 if limit.least else 1 - percentile / 100
    low, high = (None if at is None else shown(ordered[at]) for at in order_interval(n, share))
    value = outward(ordered[most if limit.least else n - 1 - most], least=limit.least, whole=_is_whole(limit, step))
    return {
        "option": limit.option,
        "signal": limit.column,
        "reason": limit.reason,
        "now": limit.value,
        "value": value,
        "low": low,
        "high": high,
        **{f"p{p}": shown(np.percentile(ordered, p, method="inverted_cdf")) for p in SHOWN},
        "fails_now": float(_fails(limit, values, limit.value).mean()),
        "fails": float(_fails(limit, values, value).mean()),
    }


def _is_whole(limit: Limit, step: Step) -> bool:
    """Whether the limit is an integer."""
    assert isinstance(step.stage, Stage)
    kinds = {option.name: kind for option, kind in fields_of(type(step.stage))}
    column = relabel(limit.column, step.label, step.stage.name)
    return kinds.get(limit.option) is int or pa.types.is_integer(step.stage.adds()[column])


def _fails(limit: Limit, values: Values, value: float) -> npt.NDArray[np.bool_]:
    bound = values.dtype.type(value)
    return values < bound if limit.least else values > bound


def _any_fails(measured: Measured, limits: Sequence[Limit], by_option: dict[str, float]) -> float:
    """The share of the reference that fails at least one rule, with these values of the options."""
    fails = np.zeros(measured.documents, dtype=bool)
    for limit in limits:
        fails |= _fails(limit, measured.values(limit.column), by_option[limit.option])
    return float(fails.mean())


def _about(plan: Plan, asked: Asked, measured: Measured) -> dict[str, Any]:
    """What was read and how, for those who wonder at a profile later."""
    files = [
        {"name": item.name, "bytes": item.size, "sha256": _sha256(item.location)}
        for source in plan.recipe.sources
        for item in plan.inputs[source.name]
    ]
    stages = [f"{step.label}: {step.stage.name} {step.stage.version}" for step in plan.steps]
    return {
        "files": files,
        "stages": stages,
        "documents": measured.documents,
        "bytes": measured.n_bytes,
        "identified": dict(sorted(measured.labels.items(), key=lambda entry: (-entry[1], entry[0]))),
        "percentile": asked.percentile,
    }


def _sha256(location: str) -> str:
    """The content hash of a local file; empty for what comes over a network."""
    return storage.sha256_of(location) if storage.is_local_file(location) else ""


def _by_option(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    names = ("signal", "value", "low", "high", *(f"p{p}" for p in SHOWN))
    return {row["option"]: {**{name: row[name] for name in names}, "fails": shown(row["fails"])} for row in rows}


def _warnings(asked: Asked, measured: Measured, needed: int) -> list[str]:
    found = []
    if measured.documents < needed:
        found.append(
            f"{measured.documents:,} documents are few: at {asked.percentile:g} % an interval has both ends from"
            f" {needed:,} on"
        )
    own = (asked.language, asked.language.split("_")[0])
    others = Counter({label: n for label, n in measured.labels.items() if label not in own})
    if others.total() > MAX_OTHERS * measured.documents:
        label, n = others.most_common(1)[0]
        found.append(
            f"{others.total():,} of {measured.documents:,} documents were not taken for {asked.language}"
            f" ({n:,} for {label}): is this the right reference?"
        )
    return found
