"""Every error a user can meet, and the exit code each one ends the program with.

CorpusmillError
├─ RecipeError   the YAML is wrong        file:line, did-you-mean, what exists            exit 2
├─ PlanError     stages do not fit        which column, who needs it, who could add it    exit 2
├─ InputError    this input is bad        path, row; quarantinable                        exit 3
└─ StageError    our bug                  stage, shard, rows, the command that replays it exit 4
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

MAX_NAMES = 40
"""Names that a message lists; the rest are counted."""
MAX_NAME, MAX_SAID = 80, 1_000
"""Characters of a name, and of what a library or a file says, in a message."""


class CorpusmillError(Exception):
    """Base of all errors meant for the user: the message is one complete sentence."""

    exit_code = 1


class RecipeError(CorpusmillError, ValueError):
    """The recipe, or an option given in Python, is wrong."""

    exit_code = 2


class OptionError(RecipeError):
    """One option of a stage, reader or section is wrong; `key` names it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.key, str(self))


class PlanError(CorpusmillError, ValueError):
    """The stages of a recipe do not fit together."""

    exit_code = 2


class InputError(CorpusmillError, ValueError):
    """An input file or row cannot be used; the message names path and row."""

    exit_code = 3


class StageError(CorpusmillError, RuntimeError):
    """A stage failed on data that it should have handled: a bug of ours or of a plugin."""

    exit_code = 4


def did_you_mean(word: str, known: Iterable[str], most: int = MAX_NAMES) -> str:
    """` (did you mean 'x'?)` for the closest of `known`, else what exists, `most` names at most."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f" (did you mean '{shortened(close[0], MAX_NAME)}'?)"
    return f" (there is: {listed(names, most)})" if names else ""


def listed(names: Sequence[str], most: int = MAX_NAMES) -> str:
    """Names for a message, which may be very many and very long: the first of them, and how many more there are."""
    told = ", ".join(shortened(name, MAX_NAME) for name in names[:most])
    return told if len(names) <= most else f"{told} and {len(names) - most:,} more"


def shortened(text: str, most: int = MAX_SAID) -> str:
    """Text of somebody else's for a message: what is over `most` characters is left out of its middle."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} [... {len(text) - 2 * half:,} characters ...] {text[-half:]}"


def interruption(error: BaseException) -> KeyboardInterrupt | None:
    """The KeyboardInterrupt that an error is, or was made from: compiled code turns it into a SystemError."""
    chain: list[BaseException | None] = [error]
    met: set[int] = set()
    while chain:
        one = chain.pop()
        if isinstance(one, KeyboardInterrupt):
            return one
        if one is not None and id(one) not in met:
            met.add(id(one))
            chain += [one.__context__, one.__cause__]
    return None
