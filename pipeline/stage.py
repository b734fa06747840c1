"""The contract: what a stage's author writes, and the registry of names recipes use.

Two kinds share one last line. A `Stage` judges batches on their own. A `GlobalStage`
compares all documents first: `sketch` gives keys, `compare` sees the keys of all by
partition, in rounds on all workers, and `apply` gets the verdicts. A `Fit` turns batches
into one artifact file, which later stages name as `model: "@name"`; a `GlobalFit` does so
in rounds too. An `Export` comes after all of these and writes other files from the
survivors, such as tokens.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .bench import Bench as Bench
from .bench import Comparison as Comparison
from .bench import ExportShard as ExportShard
from .bench import Folder as Folder
from .bench import Part as Part
from .bench import Spill as Spill
from .errors import PlanError, RecipeError, did_you_mean
from .schema import configured

if TYPE_CHECKING:
    from .batch import Batch

LANGUAGE_CODE = re.compile("[a-z]{2,3}(_[A-Z][a-z]{3})?")
"""A language as stages name it: ISO 639, perhaps with a script of ISO 15924."""
UNJUDGED = "unjudged"
"""The option with the names of sources that a stage measures and never drops; they are in no removal rate."""
IN_INDEX = "in_index"
"""The reason of a stage that drops a document for one of an earlier run: the twin is a document of that."""
UInt64s = npt.NDArray[np.uint64]
Int64s = npt.NDArray[np.int64]


class Declared:
    """What all kinds declare. Options are fields made by `schema.option`."""

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    """Raise it whenever the results of the same options on the same input change."""
    libraries: ClassVar[tuple[str, ...]] = ()
    """Distributions whose version can change the results."""
    source_options: ClassVar[tuple[str, ...]] = ()
    """Options that hold names of the recipe's sources; the plan checks them. UNJUDGED is one that all know."""
    after: ClassVar[Mapping[str, str]] = {}
    """Names of stages that may not come later in a recipe, and why; it need not have them."""

    def needs(self) -> tuple[str, ...]:
        """Columns that must be there."""
        return ("text",)

    def numeric_needs(self) -> tuple[str, ...]:
        """Those of `needs` that must be columns of numbers."""
        return ()

    def identity(self) -> dict[str, str]:
        """What else decides the results: hashes of model files by option name."""
        return {}


@dataclass(frozen=True)
class Limit:
    """A rule about one signal: documents whose value is below (least) or above the limit fail for `reason`.

    column: as `adds` names it; option: the one that sets the value; languages: those it holds for (empty: all).
    """

    reason: str
    column: str
    option: str
    least: bool
    value: float
    languages: tuple[str, ...] = ()


class Stage(Declared):
    """Judges, measures or edits the documents of a batch, each on its own.

    A stage that keeps measuring apart from judging, with `measure` and `judge` instead of `apply`, can be asked what
    other limits would have done, for `judge` sees the signals and not the text.
    """

    edits_text: bool = False
    """Whether `apply` calls `batch.edit`; the frame then adds `<stage>_n_edits` (int32). May depend on options."""
    scrubs: ClassVar[bool] = False
    """Whether what `apply` leaves of a text may be published (see `publish`)."""
    judging_options: ClassVar[tuple[str, ...]] = ()
    """Options that only `judge` reads: to change them changes no signal."""
    private: ClassVar[tuple[str, ...]] = ()
    """Columns of `adds` that later stages may need and nobody else may see: they stay in `work/`."""
    slices: ClassVar[dict[str, str]] = {}
    """Column (as `adds` names it) -> dimension, such as language, by which removal rates are compared."""

    def adds(self) -> dict[str, pa.DataType]:
        """Columns promised, named `<stage>_<signal>`."""
        return {}

    def open(self) -> Any:
        """A resource such as a model, made once per worker; it reaches `apply` as `batch.resource`."""
        return None

    def apply(self, batch: Batch) -> None:
        """Call `batch.set`, `batch.edit` and `batch.drop`."""
        self.measure(batch)
        self.judge(batch)

    def measure(self, batch: Batch) -> None:
        """Call `batch.set` and `batch.edit`."""
        raise NotImplementedError(f"{type(self).__name__}.measure, or apply")

    def judge(self, batch: Batch) -> None:
        """Call `batch.drop`, from `batch.signal` and columns other than the text."""
        raise NotImplementedError(f"{type(self).__name__}.judge, or apply")

    def limits(self) -> tuple[Limit, ...]:
        """The rules about single signals, in the order of `judge`, for pictures and for `calibrate`."""
        return ()

    def limits_in(self, language: str) -> tuple[Limit, ...]:
        """Those of `limits` that hold for documents with this code of a language."""
        return tuple(limit for limit in self.limits() if not limit.languages or language in limit.languages)

    def facts(self) -> dict[str, Any]:
        """What may be told of a model that an option names by its path, JSON-ready; none if it tells nothing.

        Asked once, while publishing, and published as `out/<label>.json`; of a model named "@name" its Fit tells.
        """
        return {}

    def profile(self, language: str, values: dict[str, float]) -> dict[str, Any] | None:
        """A language profile with these values of options, as YAML-ready values; None if the stage has no profiles."""
        return None


def can_judge(made: Declared) -> bool:
    """Whether a stage judges by its signals alone."""
    return isinstance(made, Stage) and type(made).judge is not Stage.judge


@dataclass(frozen=True)
class Sketch:
    """What a batch gives to the comparison: its items, and the keys by which they meet.

    An item is a document, or a part of one such as a sentence; those of a batch are numbered from 0, in the order of
    the documents. keys uint64[K]; items int64[K]: whose key it is, any number of keys each; payload: name -> array[K]
    of a fixed-size type that comes with the key. n_items counts items without a key too; rows int64[I]: the row of
    the batch that each item is of, if items are not the rows themselves. records: name -> array[I] or [I, C] of a
    fixed-size type, kept for every item, in order.
    """

    keys: UInt64s
    items: Int64s
    n_items: int
    payload: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    rows: Int64s | None = None
    records: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdicts:
    """What `compare` decided about the documents of a batch.

    rows int64[V], ascending, those of which anything was decided, perhaps more than once; columns: name -> array[V] or
    [V, C].
    """

    rows: Int64s
    columns: dict[str, npt.NDArray[Any]]

    def filled(self, name: str, n_rows: int, default: Any) -> npt.NDArray[Any]:
        """A column as an array[N], where nothing was decided the default; of several values for a row the last."""
        values = self.columns[name]
        found = np.full((n_rows, *values.shape[1:]), default, values.dtype)
        found[self.rows] = values
        return found


class GlobalStage(Stage):
    """Compares all documents, in rounds on all workers, before it judges each.

    Methods that `bench.map` calls run in several processes, each of which has its own copy of the stage.
    """

    tables: ClassVar[tuple[str, ...]] = ()
    """Files that `compare` writes with `bench.write` and others may see: `clusters.arrow` becomes
    `out/<label>.clusters.arrow`. They hold no text of the corpus."""

    def sketch(self, batch: Batch) -> Sketch:
        """Keys by which documents meet; runs per shard, in parallel."""
        raise NotImplementedError(f"{type(self).__name__}.sketch")

    def compare(self, bench: Comparison) -> dict[str, Any]:
        """Write the verdicts of every shard; returns facts, JSON-ready, that are published as `out/<label>.json`.

        Results may depend on neither the number of partitions nor on where shards end. Facts hold no text of the
        corpus.
        """
        raise NotImplementedError(f"{type(self).__name__}.compare")

    def apply(self, batch: Batch, verdicts: Verdicts) -> None:  # type: ignore[override]
        """As for a Stage, with the verdicts on this batch's rows."""
        raise NotImplementedError(f"{type(self).__name__}.apply")


class Fit(Declared):
    """Turns the documents that reach it into one artifact file."""

    publishes: ClassVar[str] = ""
    """The artifact's name in `out/`, if others may see it; the Fit must then come after the scrubbing stage."""

    def fit(self, batches: Iterable[Batch], out: BinaryIO) -> None:
        """Read every batch, in order, and write the artifact."""
        raise NotImplementedError(f"{type(self).__name__}.fit")

    def facts(self, artifact: BinaryIO) -> dict[str, Any]:
        """What may be told of the artifact, JSON-ready; published as `out/<label>.json` by a Fit that defines it.

        artifact: open at its start, seekable; it may be larger than memory. Facts hold no text of the corpus, so the
        Fit may come before the scrubbing stage.
        """
        return {}

    @property
    def formats(self) -> dict[str, str]:
        """Suffix of another file that `convert` can make -> why it cannot with these options; empty if it can."""
        return {}

    def convert(self, path: str, suffix: str, out: BinaryIO) -> None:
        """Write the artifact at a path on the local disk as a file of another format."""
        raise NotImplementedError(f"{type(self).__name__}.convert")

    @property
    def tells_facts(self) -> bool:
        """Whether this kind of Fit has facts."""
        return type(self).facts is not Fit.facts


class GlobalFit(Fit):
    """A Fit that works in rounds on all workers, for more documents than one of them should read.

    Its methods run in several processes, each of which has its own copy with the options of the recipe; an option that
    names the artifact of another Fit is a path on the local disk there, which says nothing to others.
    """

    def fit(self, bench: Bench, out: BinaryIO) -> None:  # type: ignore[override]
        """Call `bench.map`, as often as it takes, and write the artifact."""
        raise NotImplementedError(f"{type(self).__name__}.fit")


@dataclass(frozen=True)
class Exported:
    """What an Export made of one shard. facts: what `export` returned."""

    shard: str
    source: str
    facts: dict[str, Any]


class Export(Declared):
    """Writes files made of the survivors below `out/<label>`; later ones name the folder as `tokens: "@label"`."""

    trains: ClassVar[bool] = False
    """Whether the folder is one that `python -m train` trains from."""

    def export(self, shard: ExportShard) -> dict[str, Any]:
        """Write the files of one shard, in parallel with others; returns facts about them, JSON-ready."""
        raise NotImplementedError(f"{type(self).__name__}.export")

    def index(self, folder: Folder, shards: list[Exported], tags: dict[str, str]) -> None:
        """Write the files that are about all shards, once. tags: source -> what the recipe says it is."""
        raise NotImplementedError(f"{type(self).__name__}.index")


_registry: dict[str, type[Declared]] = {}
Kind = TypeVar("Kind", bound=type[Declared])


def stage(name: str) -> Callable[[Kind], Kind]:
    """Class decorator: make the class a frozen dataclass of its options, known by `name`."""

    def register(cls: Kind) -> Kind:
        rival = _registry.get(name)
        if rival is not None and (rival.__module__, rival.__qualname__) != (cls.__module__, cls.__qualname__):
            raise PlanError(f"two stages claim the name '{name}': {rival.__module__} and {cls.__module__}")
        cls.name = name
        made: Kind = configured(cls, name)  # type: ignore[assignment]
        _registry[name] = made
        return made

    return register


def load_stages(plugins: Iterable[str] = ()) -> dict[str, type[Declared]]:
    """Every known stage by name: this project's, those of entry points, those of `plugins`.

    A package named by an entry point in the group `corpusmill.stages` has all its modules imported.
    """
    for point in entry_points(group="corpusmill.stages"):
        package = point.load()
        for module in pkgutil.iter_modules(getattr(package, "__path__", [])):
            if not module.ispkg:
                importlib.import_module(f"{package.__name__}.{module.name}")
    for plugin in plugins:
        importlib.import_module(plugin)
    return dict(sorted(_registry.items()))


def find_stage(name: str) -> type[Declared]:
    """The stage class a recipe names. Raises RecipeError with a suggestion."""
    if name not in _registry:
        raise RecipeError(f"there is no stage '{name}'{did_you_mean(name, _registry)}")
    return _registry[name]


def signals_of(made: Declared, label: str) -> dict[str, pa.DataType]:
    """The columns a stage adds to survivors, under the label it has in the recipe."""
    if not isinstance(made, Stage):
        return {}
    columns = {relabel(column, made.name, label): kind for column, kind in made.adds().items()}
    if made.edits_text:
        columns[f"{label}_n_edits"] = pa.int32()
    return columns


def private_of(made: Declared, label: str) -> set[str]:
    """Those of the columns of `signals_of` that are never published."""
    return {relabel(column, made.name, label) for column in made.private} if isinstance(made, Stage) else set()


def relabel(column: str, name: str, label: str) -> str:
    """A column of stage `name` as it is called under `label` (`as:` in the recipe)."""
    assert column.startswith(f"{name}_"), f"stage {name} may not write the column {column}"
    return label + column[len(name) :]
