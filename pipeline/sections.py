"""The sections of a recipe that are about the finished corpus: named mixtures, and the ablation over them."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from .errors import OptionError, did_you_mean
from .schema import configured, fields_of, option
from .stage import Declared
from .yaml_tree import NAME, NAME_RULE, Path, Tree, check_name

Mixtures = dict[str, dict[str, float]]
"""Name -> source -> weight."""

BUILT_IN = ("alone", "natural", "uniform", "tempered")
"""`alone` stands for `only_SOURCE` of every source; the others are defined in `train.mixtures`."""
ONLY = "only_"


@partial(configured, what="ablation")
class Ablation:
    """Train the same small model on several mixtures, and say which is best and how sure that is."""

    objective: dict[str, float] = option(
        help="what best means: the weight of each source's validation loss (bits per byte)", ge=0, le=1e9
    )
    mixtures: tuple[str, ...] = option(
        ("alone", "natural", "uniform"),
        "`alone` (each source by itself), `natural`, `uniform`, `tempered`, names from the section `mixtures`, or"
        " of files `mixes/NAME.yaml` beside the recipe",
    )
    variants: dict[str, dict[str, tuple[str, ...]]] = option(
        {},
        "corpora to compare with, made without some stages, mixed as they come: {no_dedup: {without: [dedup_exact]}}",
    )
    tokens: int = option(1_000_000, "tokens that every run is trained on", ge=1)
    seeds: int = option(2, "runs of each mixture; with one, nothing can be said about noise", ge=1, le=1000)
    data: str = option("@pack", "the stage that packed the tokens")
    train: dict[str, Any] = option(
        {},
        "options of `python -m train`, such as layers, width, batch_sequences, lr; of its phases, those without a"
        " mixture have the one that is compared",
    )
    gpus_per_job: float = option(0.0, "GPUs that Ray reserves for a run; 0.25 puts four on one", ge=0)

    def check(self) -> None:
        """Raises OptionError if no source counts, or nothing is to be compared."""
        if not any(self.objective.values()):
            raise OptionError("objective", "ablation option 'objective' gives no source a weight above 0")
        if not self.mixtures:
            raise OptionError("mixtures", "ablation option 'mixtures' names no mixture")
        if self.gpus_per_job > 1 and not self.gpus_per_job.is_integer():
            raise OptionError("gpus_per_job", "ablation option 'gpus_per_job' above 1 must be a whole number")
        for name in (*self.mixtures, *self.variants):
            if not NAME.fullmatch(name):
                option_ = "mixtures" if name in self.mixtures else "variants"
                raise OptionError(option_, f"the name '{name}' must be {NAME_RULE}")
        for name, about in self.variants.items():
            if list(about) != ["without"] or not about["without"]:
                raise OptionError("variants", f"the variant '{name}' is written {name}: {{without: [STAGE]}}")
            if name in (*BUILT_IN, *self.mixtures) or name.startswith(ONLY):
                raise OptionError("variants", f"the variant '{name}' has the name of a mixture: choose another")


def check_mixtures(tree: Tree, sources: list[str]) -> Mixtures:
    """The section `mixtures`. Raises RecipeError."""
    section = tree.value.get("mixtures", {})
    if not isinstance(section, dict):
        raise tree.error(("mixtures",), "'mixtures' is a map, such as mixtures: {mine: {web: 0.7, books: 0.3}}")
    return {name: _weights(tree, name, values, sources) for name, values in section.items()}


def weights_of(cls: type[Declared]) -> list[str]:
    """The options of a stage that are weights of sources, and may be the name of a mixture in a recipe."""
    return [
        field.name for field, kind in fields_of(cls) if kind == dict[str, float] and field.name in cls.source_options
    ]


def _weights(tree: Tree, name: str, values: Any, sources: list[str]) -> dict[str, float]:
    at: Path = ("mixtures", name)
    check_name(tree, name, at, "the mixture name")
    if name in BUILT_IN or name.startswith(ONLY):
        raise tree.error(at, f"the mixture '{name}' has the name of one that is always there: choose another")
    if not isinstance(values, dict) or not values:
        raise tree.error(at, f"the mixture '{name}' is a map of sources to weights, such as {name}: {{web: 0.7}}")
    weights = {}
    for source, weight in values.items():
        if source not in sources:
            raise tree.error(
                (*at, source), f"the mixture '{name}' names no source of this recipe: '{source}'"
                f"{did_you_mean(source, sources)}",
            )  # fmt: skip
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < math.inf:
            raise tree.error((*at, source), f"the weight of '{source}' must be a number from 0 on, got {weight!r}")
        weights[source] = float(weight)
    if not any(weights.values()):
        raise tree.error(at, f"the mixture '{name}' gives no source a weight above 0")
    return weights
