"""Named mixtures -> weights of sources: the built-in ones, those of the recipe, and those of `mixes/NAME.yaml`.

A file of `mixes/` gives published proportions by what kind of text a source is (its `tag`), so that it fits any
recipe whose sources have tags.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial

from train import mixtures
from train.errors import ConfigError

from . import storage
from .errors import RecipeError, did_you_mean
from .recipe import Recipe
from .schema import configured, option
from .sections import BUILT_IN, ONLY
from .yaml_tree import NAME, NAME_RULE, Tree, read_yaml

TEMPER = 0.5
"""The power of `tempered`, as in RegMix (arXiv 2407.01492): between natural (1) and uniform (0)."""


@partial(configured, what="mixture")
class Proportions:
    """A file of published proportions."""

    cited: str = option(help="where the figures are from")
    note: str = option("", "how the publication's names became tags")
    tags: dict[str, float] = option(help="tag -> share of the tokens seen in training", ge=0)


@dataclass(frozen=True)
class Mixture:
    """Weights that sum to 1. missing: tags of the publication that no source of the run has; without: the stages that
    the corpus was made without, if it is a variant.
    """

    name: str
    weights: dict[str, float]
    missing: tuple[str, ...] = ()
    cited: str = ""
    without: tuple[str, ...] = ()


def expand(names: tuple[str, ...], recipe: Recipe) -> list[str]:
    """The mixtures that an ablation names, `alone` replaced by one per source, each once. Raises RecipeError."""
    found: list[str] = []
    for name in names:
        several = [ONLY + source.name for source in recipe.sources] if name == "alone" else [name]
        found += [one for one in several if one not in found]
    for name in found:
        _check_known(name, recipe)
    return found


def _check_known(name: str, recipe: Recipe) -> None:
    if not NAME.fullmatch(name):
        raise RecipeError(f"the mixture name '{name}' must be {NAME_RULE}")
    if name in BUILT_IN[1:] or name in recipe.mixtures or name in only(recipe):
        return
    if storage.exists(_path(name, recipe)):
        read_proportions(_path(name, recipe))
        return
    files = [os.path.basename(path).removesuffix(".yaml") for path in storage.list_files(_folder(recipe), ".yaml")]
    known = [*BUILT_IN[1:], *recipe.mixtures, *only(recipe), *files]
    raise RecipeError(
        f"there is no mixture '{name}'{did_you_mean(name, known)}, in {recipe.path} or as a file {_path(name, recipe)}"
    )


def only(recipe: Recipe) -> dict[str, str]:
    """The mixtures of one source: name -> source."""
    return {ONLY + source.name: source.name for source in recipe.sources}


def _folder(recipe: Recipe) -> str:
    return storage.join(recipe.folder, "mixes")


def _path(name: str, recipe: Recipe) -> str:
    return storage.join(_folder(recipe), f"{name}.yaml")


def read_proportions(path: str) -> Proportions:
    """A file of `mixes/`. Raises RecipeError with its line."""
    tree = Tree(path, read_yaml(path))
    if not isinstance(tree.value, dict):
        raise tree.error((), "a mixture is a map with the keys 'cited' and 'tags'")
    made: Proportions = tree.build(Proportions, tree.value, (), "mixture")
    if not any(made.tags.values()):
        raise tree.error(("tags",), "the mixture gives no tag a weight above 0")
    return made


def resolve(name: str, recipe: Recipe, tokens: dict[str, int]) -> Mixture:
    """The weights of a mixture. tokens: source -> tokens there are to train on. Raises RecipeError."""
    _check_known(name, recipe)
    try:
        if name == "natural":
            return Mixture(name, mixtures.natural(tokens))
        if name == "uniform":
            return Mixture(name, mixtures.uniform(tokens))
        if name == "tempered":
            return Mixture(name, mixtures.tempered(tokens, TEMPER))
        if name in recipe.mixtures:
            return Mixture(name, mixtures.check_weights(recipe.mixtures[name], tokens))
        if name in only(recipe):
            return Mixture(name, mixtures.alone(only(recipe)[name], tokens))
        found = read_proportions(_path(name, recipe))
        weights, missing = mixtures.by_tags(found.tags, recipe.tags, tokens)
        return Mixture(name, weights, tuple(missing), found.cited)
    except ConfigError as error:
        raise RecipeError(f"{recipe.path}: the mixture '{name}': {error}") from error
