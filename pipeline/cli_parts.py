"""What the commands of the command line share."""

from __future__ import annotations

import argparse
import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from .arguments import n_cores, positive

Subparsers = Any


class Terminated(KeyboardInterrupt):
    """SIGTERM, within `terminable`."""


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """A block that SIGTERM leaves with Terminated, so that what is temporary is removed. For the main thread."""

    def end(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would stop the removal
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def add_command(
    commands: Subparsers,
    function: Callable[[argparse.Namespace], int],
    help: str,
    example: str,
    *,
    more: str = "",
    goes_on: bool = False,
) -> argparse.ArgumentParser:
    """A command named like its function, which takes the arguments and returns the exit code.

    more: sentences after `help` in the command's own help; goes_on: whether one that was stopped goes on if it is given
    again.
    """
    name = function.__name__.removeprefix("_").replace("_", "-")
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description="\n\n".join(filter(None, [help[0].upper() + help[1:] + ".", more])),
        epilog="example:\n  " + example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=function, goes_on=goes_on)
    parser.add_argument("--plugin", action="append", default=[], metavar="MODULE", help="a module with more stages")
    return parser


def json_option(parser: argparse.ArgumentParser) -> None:
    """Answer for machines."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def workers_option(parser: argparse.ArgumentParser) -> None:
    """How many processes work."""
    parser.add_argument("--workers", type=positive, default=n_cores(), metavar="N", help="processes (default: cores)")


def load(arguments: argparse.Namespace) -> None:
    """Make all stages and readers known."""
    from .readers.base import load_readers
    from .stage import load_stages

    load_stages(arguments.plugin)
    load_readers()
