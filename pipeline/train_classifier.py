"""A classifier from files alone: good documents and candidates, without a recipe of the user's.

The documents go through a few stages to a Fit, in a run folder that is deleted at the end. None of these removes
personal data, and the file holds the words that occur often enough (`min_count`), so it is as private as they are.
"""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from . import storage
from .engine import LocalEngine
from .errors import RecipeError
from .given_files import check_out, sources_of, writing
from .plan import make_plan
from .recipe import Recipe, Settings, Source, Step
from .run import Runner
from .schema import build
from .stage import Fit, find_stage
from .work import Workspace
from .worker import Progress
from .yaml_tree import Tree

STAGES: dict[str, dict[str, Any]] = {"normalize": {}, "language": {"min_score": 0.0}}
"""What documents go through first, with options; a language that is unsure counts as that language all the same."""
FIT = "classifier_model"
KINDS = ("positives", "negatives")
SHARD_MB = 32
"""Of files per task: there is no run to go on with, so tasks may be small enough to share out."""


class Asked(NamedTuple):
    """What to learn from: paths of good documents and of candidates; options of the Fit; reader and field if needed."""

    positives: tuple[str, ...]
    negatives: tuple[str, ...]
    options: Mapping[str, Any]
    reader: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class _Workplace(Workspace):
    """A run folder that is gone when an error is read."""

    command: str = ""

    @property
    def replay(self) -> str:
        return self.command


def parse_options(texts: Iterable[str]) -> dict[str, Any]:
    """`epochs=10` and the like as options; a value is YAML as in a recipe. Raises RecipeError."""
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not (equals and name):
            raise RecipeError(f"an option is written option=value, such as epochs=10, got {text!r}")
        if name in KINDS:
            raise RecipeError(f"'{name}' are files here: give them after --{name}")
        if name in found:
            raise RecipeError(f"{name} is set twice")
        found[name] = Tree(f"--set {name}", value).value
    return found


def train_classifier(asked: Asked, out: str, workers: int, progress: Progress) -> dict[str, Any]:
    """Write the classifier to the new file `out`; returns what the Fit tells of it.

    Stages and readers must be loaded. Raises RecipeError and PlanError for options, InputError for files that cannot
    be read, hold too little or cannot be written, StageError.
    """
    check_out(out)
    plan = make_plan(_recipe(asked))
    made = plan.steps[-1].stage
    assert isinstance(made, Fit)
    with tempfile.TemporaryDirectory(prefix="corpusmill-") as folder:
        work = _Workplace(plan, folder, command=_replay(asked, out))
        storage.make_folder(work.root, private=True)
        with LocalEngine(work, workers) as engine:
            Runner(work, engine, progress).all_passes()
        artifact = storage.read_bytes(work.artifacts[FIT])
    with writing(out):
        storage.write_bytes(out, artifact)
    return made.facts(artifact)


def _recipe(asked: Asked) -> Recipe:
    """A recipe of these files and stages."""
    kinds = {kind: _sources(getattr(asked, kind), kind, asked) for kind in KINDS}
    names = {kind: [source.name for source in sources] for kind, sources in kinds.items()}
    stages = {**STAGES, FIT: {**asked.options, **names}}
    steps = tuple(Step(name, build(find_stage(name), values, name), 0) for name, values in stages.items())
    sources = tuple(source for kind in KINDS for source in kinds[kind])
    return Recipe("train-classifier", "", Settings(shard_mb=SHARD_MB), sources, steps, {}, None)  # type: ignore[call-arg]


def _sources(paths: tuple[str, ...], kind: str, asked: Asked) -> list[Source]:
    found = list(sources_of(paths, kind, asked.reader, asked.text))
    for source in found:
        source.reader.inputs("")  # what cannot be found is told as it was given, not as a line of a recipe
    return found


def _replay(asked: Asked, out: str) -> str:
    """The command that does it again."""
    given = {"--reader": asked.reader, "--text": asked.text}
    more = [part for name, value in given.items() if value is not None for part in (name, value)]
    more += [part for name, value in asked.options.items() for part in ("--set", f"{name}={value}")]
    files = ["--positives", *asked.positives, "--negatives", *asked.negatives]
    return shlex.join(["corpusmill", "train-classifier", *files, "--out", out, *more, "--workers", "1"])
