"""What an ablation compares: mixtures of the corpus and variants of it, each once, whatever their names."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from train.errors import DataError
from train.packed import PackedIndex, read_index

from . import storage
from .errors import InputError, RecipeError
from .mixtures import Mixture, expand, only, resolve
from .plan import Plan
from .sections import Ablation
from .variants import data_of, variants
from .work import Workspace


@dataclass(frozen=True)
class Contender:
    """A mixture and the packed folder it is trained from. also: other names of the same mixture of the same text."""

    mixture: Mixture
    folder: str
    also: tuple[str, ...] = ()

    @property
    def same(self) -> tuple[str, tuple[tuple[str, float], ...]]:
        """What it is trained on: equal for contenders whose runs would be the same."""
        packed = storage.sha256_of(storage.join(self.folder, "packed.json"))
        return packed, tuple(sorted((name, round(weight, 9)) for name, weight in self.mixture.weights.items()))


def label_of(chosen: Ablation) -> str:
    """The label of the export that packed the tokens."""
    return chosen.data.removeprefix("@")


def packed_index(folder: str) -> PackedIndex:
    """The index of a packed folder. Raises InputError."""
    try:
        return read_index(folder)
    except DataError as error:
        raise InputError(str(error)) from error


def _tokens(folder: str) -> dict[str, int]:
    return {name: n_tokens for name, (_, n_tokens) in packed_index(folder).available().items()}


def mixtures_of(work: Workspace, chosen: Ablation) -> tuple[list[Mixture], list[str]]:
    """The mixtures that the ablation names, and those of `alone` that are left out: their source has no tokens."""
    recipe = work.plan.recipe
    tokens = _tokens(work.artifacts[label_of(chosen)])
    sources = only(recipe)
    empty = [name for name, source in sources.items() if name not in chosen.mixtures and not tokens.get(source)]
    names = [name for name in expand(chosen.mixtures, recipe) if name not in empty]
    return [resolve(name, recipe, tokens) for name in names], empty if "alone" in chosen.mixtures else []


def contenders(work: Workspace, chosen: Ablation) -> list[Contender]:
    """Everything to train on, in order, each once. Raises RecipeError if nothing is left."""
    folder = work.artifacts[label_of(chosen)]
    named, _ = mixtures_of(work, chosen)
    found = [Contender(mixture, folder) for mixture in named]
    for variant in variants(work):
        data = data_of(work, variant, label_of(chosen))
        natural = resolve("natural", work.plan.recipe, _tokens(data))
        without = chosen.variants[variant.variant]["without"]
        found.append(Contender(dataclasses.replace(natural, name=variant.variant, without=without), data))
    if not found:
        raise RecipeError(f"{work.plan.recipe.path}: the ablation has no mixture of a source with tokens")
    return _each_once(found)


def _each_once(found: list[Contender]) -> list[Contender]:
    """The first of those that are the same, with the names of the others: their runs would not be independent."""
    first: dict[Any, Contender] = {}
    for one in found:
        before = first.setdefault(one.same, one)
        if before is not one:
            first[one.same] = dataclasses.replace(before, also=(*before.also, one.mixture.name))
    return list(first.values())


def fingerprint(work: Workspace, chosen: Ablation, version: int) -> str:
    """What decides the results of an ablation over a published corpus."""
    label = label_of(chosen)
    named, empty = mixtures_of(work, chosen)
    decides = [
        version,
        chosen,
        torch_version(),
        storage.sha256_of(storage.join(work.artifacts[label], "packed.json")),
        named,
        empty,
        [(variant.variant, variant.plan.artifacts[label]) for variant in variants(work)],
    ]
    return hashlib.sha256(repr(decides).encode()).hexdigest()


def torch_version() -> str:
    """The version of torch that trains, which decides the last digits."""
    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        return "not installed"


def check_objective(plan: Plan, chosen: Ablation, index: PackedIndex) -> None:
    """Raises RecipeError, before anything is trained, if a source that counts has no validation text."""
    for name, weight in chosen.objective.items():
        if weight and not index.sources[name].validation.total("bytes"):
            raise RecipeError(
                f"{plan.recipe.path}: the ablation's objective counts the source '{name}', which has no document on the"
                " side 'validation': raise validation_frac of the stage split, or leave it out"
            )
