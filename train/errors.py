"""Every error of `python -m train` that a user can meet, and the exit code it ends the program with.

TrainError
├─ ConfigError   an option, a mixture or an objective is wrong    what exists, did-you-mean    exit 2
└─ DataError     a file of the data folder is wrong               which file, what to do       exit 3
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TrainError(Exception):
    """Base of all errors meant for the user: the message is one complete sentence."""

    exit_code = 1


class ConfigError(TrainError, ValueError):
    """An option, a mixture or an objective is wrong."""

    exit_code = 2


class DataError(TrainError, ValueError):
    """A file of the data folder is damaged, missing, or does not belong to the others."""

    exit_code = 3


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence: the closest known name, or all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return f" (did you mean '{close[0]}'?)"
    return f" (there are: {', '.join(names)})" if names else " (there are none)"
