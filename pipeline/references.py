"""Options whose value is `@name`: what another stage of the recipe makes."""

from __future__ import annotations

import dataclasses
from typing import Any

from .schema import options
from .stage import Declared


def references(made: Declared) -> dict[str, str]:
    """option -> name, for the options whose value is `@name`: the file of a Fit, or the folder of an Export.

    A value of a map goes by `option.key`.
    """
    values: dict[str, Any] = {}
    for name, value in options(made).items():
        values.update(
            {f"{name}.{key}": one for key, one in value.items()} if isinstance(value, dict) else {name: value}
        )
    return {name: value[1:] for name, value in values.items() if isinstance(value, str) and value.startswith("@")}


def with_artifacts(made: Declared, artifacts: dict[str, str]) -> Declared:
    """The stage with each `@name` that `artifacts` has replaced by its path."""
    paths: dict[str, Any] = {}
    for name, target in references(made).items():
        option, _, key = name.partition(".")
        if target in artifacts:
            path = artifacts[target]
            paths[option] = {**paths.get(option, getattr(made, option)), key: path} if key else path
    return dataclasses.replace(made, **paths) if paths else made  # type: ignore[type-var]
