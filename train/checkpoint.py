"""The state of a run on disk: written whole or not at all, read without running code.

A checkpoint is a map of plain values and tensors: `run` (all that decides the weights, compared before a run goes on
from it), `loader` (the step, the skipped windows, and what plan they are of), `served` (the account until then),
`log_bytes` (length of metrics.jsonl then), `window` (losses not yet written there), `model` and `optimizer`.
"""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Mapping
from typing import Any

import torch

from .errors import DataError
from .record import check_same_run, replacing

FORMAT = 3
_KEYS = {"format", "run", "loader", "served", "log_bytes", "window", "model", "optimizer"}


def save(path: str, state: Mapping[str, Any]) -> None:
    """Write a checkpoint in place of the one before."""
    assert {"format", *state} == _KEYS
    with replacing(path) as file:
        torch.save({"format": FORMAT, **state}, file)


def load(path: str, run: Mapping[str, Any]) -> dict[str, Any] | None:
    """The checkpoint of this run, its tensors on the CPU; None if there is none.

    run: what decides the weights, as given to `save`. Raises DataError for a damaged file, ConfigError
    for one of another run.
    """
    if not os.path.exists(path):
        return None
    try:
        _check_sums(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (
        OSError,
        EOFError,
        LookupError,
        RuntimeError,
        ValueError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
    ) as error:
        raise DataError(f"{path} is damaged or no checkpoint: delete it to start this run again") from error
    if not isinstance(state, dict) or set(state) != _KEYS or state["format"] != FORMAT:
        raise DataError(f"{path} is no checkpoint of this program's version: delete it to start this run again")
    check_same_run(path, state["run"], run)
    return state


def _check_sums(path: str) -> None:
    """Raise BadZipFile if a part of the file is not what was written, which torch would not notice."""
    with zipfile.ZipFile(path) as archive:
        part = archive.testzip()
    if part is not None:
        raise zipfile.BadZipFile(f"{part} has another checksum")
