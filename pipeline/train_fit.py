"""What a Fit makes, from files alone: a classifier, a language model or a tokenizer, without a recipe of the user's.

The documents go through a few stages to the Fit, in a run folder below TMPDIR that is deleted at the end. None of these
stages removes personal data, and the file holds what the Fit learned, such as words that occur often enough, so it is
as private as the documents are.
"""

from __future__ import annotations

import gzip
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple, cast

from . import storage
from .engine import DeadWorker, LocalEngine
from .errors import CorpusmillError, InputError, PlanError, RecipeError, StageError
from .given_files import COMPRESSED, check_language, check_out, sources_of, writing
from .plan import make_plan
from .recipe import Recipe, Settings, Source, Step
from .references import references
from .run import Runner
from .schema import build
from .stage import Fit, find_stage
from .work import Workspace
from .worker import Progress, stage_error
from .yaml_tree import Tree

STAGES: dict[str, dict[str, Any]] = {"normalize": {}, "language": {"min_score": 0.0}}
"""What documents go through first, with options; a language that is unsure counts as that language all the same."""
LANGUAGE, LANGUAGE_COLUMN = "language", "language_label"
"""The stage that a Fit which does not need the column can do without."""
SHARD_MB = 32
"""Of files per task: there is no run to go on with, so tasks may be small enough to share out."""
PACKED = ".gz"
DIED = (
    "a worker process died (killed, or out of memory?): the same command starts over;"
    " give fewer --workers, or less to learn from, if memory was short"
)


class Command(NamedTuple):
    """A command that trains.

    files: flag, or nothing for what follows the command -> option with their sources, or nothing if the Fit takes all;
    options: those that have one value here.
    """

    name: str
    fit: str
    files: Mapping[str, str]
    options: Mapping[str, Any] = MappingProxyType({})


CLASSIFIER = Command("train-classifier", "classifier_model", {"--positives": "positives", "--negatives": "negatives"})
LM = Command("train-lm", "ngram_model", {"": "sources", "--reference": "bounds_sources"})
TOKENIZER = Command("train-tokenizer", "tokenizer", {"": ""}, {"side": "all"})


class Asked(NamedTuple):
    """What to learn from: paths by flag; options of the Fit; reader and field if needed."""

    files: Mapping[str, tuple[str, ...]]
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


def parse_options(texts: Iterable[str], command: Command) -> dict[str, Any]:
    """`epochs=10` and the like as options; a value is YAML as in a recipe. Raises RecipeError."""
    found: dict[str, Any] = {}
    flags = {option: flag for flag, option in command.files.items()}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not (equals and name):
            raise RecipeError(f"an option is written option=value, such as seed=10, got {text!r}")
        if name in flags:
            where = f"after {flags[name]}" if flags[name] else f"after {command.name}"
            raise RecipeError(f"'{name}' are files here: give them {where}")
        if name in command.options:
            raise RecipeError(f"'{name}' is '{command.options[name]}' here")
        if name in found:
            raise RecipeError(f"{name} is set twice")
        is_reference = value.strip().startswith("@")  # which YAML wants in quotes, and the shell takes them
        found[name] = value.strip() if is_reference else Tree(f"--set {name}", value).value
    return found


def with_language(options: dict[str, Any], code: str | None) -> dict[str, Any]:
    """Options that make a model of one language only, if one is given. Raises RecipeError and PlanError."""
    if code is None:
        return options
    check_language(code)
    if "languages" in options:
        raise RecipeError("languages is set by --language, too")
    return {**options, "languages": [code]}


def with_flags(options: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Options, and those that have a flag of their own (option -> value, None if not given). Raises RecipeError."""
    for name in options.keys() & {name for name, value in given.items() if value is not None}:
        raise RecipeError(f"{name} is set by --{name.replace('_', '-')}, too")
    return {**options, **{name: value for name, value in given.items() if value is not None}}


def train(command: Command, asked: Asked, out: str, workers: int, progress: Progress) -> dict[str, Any]:
    """Write what the Fit makes to the new file `out`, in the format of its suffix; returns what the Fit tells of it.

    Stages and readers must be loaded. Raises RecipeError and PlanError for options, InputError for files that cannot
    be read, hold too little or cannot be written, StageError.
    """
    check_out(out)
    plan = make_plan(_recipe(command, asked))
    made = plan.steps[-1].stage
    assert isinstance(made, Fit)
    suffix = _suffix(made, out)
    with tempfile.TemporaryDirectory(prefix="corpusmill-") as folder:
        work = _Workplace(plan, folder, command=_replay(command, asked, out))
        storage.make_folder(work.root, private=True)
        try:
            with LocalEngine(work, workers) as engine:
                Runner(work, engine, progress).all_passes()
        except DeadWorker as error:
            raise StageError(DIED) from error
        artifact = work.artifacts[command.fit]
        try:
            with storage.open_read(artifact) as file:
                facts = made.facts(file)
            with writing(out), _opened(out, suffix) as file:
                _write(made, artifact, suffix, file)
        except CorpusmillError:
            raise
        except Exception as error:
            raise stage_error(work, command.fit, "its artifact", None, error) from error
    return facts


def _suffix(made: Fit, out: str) -> str:
    """The format to convert to; empty for the Fit's own. Raises PlanError, InputError if there is none to write."""
    bare, ending = os.path.splitext(out)
    if ending not in COMPRESSED:
        bare, ending = out, ""
    for suffix, why_not in made.formats.items():
        if bare.endswith(suffix) and ending in ("", PACKED):
            if why_not:
                raise PlanError(f"cannot write {out}: {why_not}")
            return suffix
    if ending:
        can = " or ".join(f"{suffix}{PACKED}" for suffix in made.formats)
        raise InputError(
            f"cannot write {out}, a packed file: give --out a name without {ending}{can and f', or {can}'}"
        )
    return ""


@contextmanager
def _opened(out: str, suffix: str) -> Iterator[BinaryIO]:
    with storage.commit(out) as file:
        if suffix and out.endswith(PACKED):
            with gzip.GzipFile("", "wb", mtime=0, fileobj=file) as packed:  # no name, no time: the same bytes
                yield cast(BinaryIO, packed)
        else:
            yield file


def _write(made: Fit, artifact: str, suffix: str, file: BinaryIO) -> None:
    if suffix:
        made.convert(artifact, suffix, file)
    else:
        with storage.open_read(artifact) as content:
            shutil.copyfileobj(content, file, 1 << 20)


def _recipe(command: Command, asked: Asked) -> Recipe:
    """A recipe of these files and stages."""
    sources = {flag: _sources(flag, asked) for flag in command.files}
    names = {option: [source.name for source in sources[flag]] for flag, option in command.files.items() if option}
    made = build(find_stage(command.fit), {**asked.options, **command.options, **names}, command.fit)
    for option, name in references(made).items():
        raise RecipeError(f"{command.fit} option '{option}': no stage makes '@{name}' here, give the path of a file")
    before = {name: values for name, values in STAGES.items() if name != LANGUAGE or LANGUAGE_COLUMN in made.needs()}
    steps = [Step(name, build(find_stage(name), values, name), 0) for name, values in before.items()]
    everything = tuple(source for of_flag in sources.values() for source in of_flag)
    settings = Settings(shard_mb=SHARD_MB)  # type: ignore[call-arg]
    return Recipe(command.name, "", settings, everything, (*steps, Step(command.fit, made, 0)), {}, None)


def _sources(flag: str, asked: Asked) -> list[Source]:
    found = list(sources_of(asked.files.get(flag, ()), flag.strip("-") or "files", asked.reader, asked.text))
    for source in found:
        source.reader.inputs("")  # what cannot be found is told as it was given, not as a line of a recipe
    return found


def _replay(command: Command, asked: Asked, out: str) -> str:
    """The command that does it again."""
    given_files = {flag: asked.files.get(flag, ()) for flag in command.files}
    files = [part for flag, paths in given_files.items() if paths for part in (flag, *paths) if part]
    given = {"--reader": asked.reader, "--text": asked.text}
    more = [part for name, value in given.items() if value is not None for part in (name, value)]
    more += [part for name, value in asked.options.items() for part in ("--set", f"{name}={value}")]
    return shlex.join(["corpusmill", command.name, *files, "--out", out, *more, "--workers", "1"])
