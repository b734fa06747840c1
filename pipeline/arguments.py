"""What the command line takes as numbers; argparse shows the errors."""

from __future__ import annotations

import argparse
import math
import os


def positive(text: str) -> int:
    """A whole number from 1 on; _ may stand between digits."""
    digits = text.replace("_", "")
    if not digits.isdecimal() or int(digits) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, got {text!r}")
    return int(digits)


def whole(text: str) -> int:
    """A whole number."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number, got {text!r}")
    return int(text)


def percentile(text: str) -> float:
    """A number above 0 and below 50."""
    if not 0 < (value := above_zero(text)) < 50:
        raise argparse.ArgumentTypeError(f"must be above 0 and below 50, got {text!r}")
    return value


def seed(text: str) -> int:
    """A whole number of 64 bits."""
    if not text.isdecimal() or int(text) >= 1 << 64:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to 2^64 - 1, got {text!r}")
    return int(text)


def above_zero(text: str) -> float:
    """A number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number above 0, got {text!r}")
    return value


def n_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
