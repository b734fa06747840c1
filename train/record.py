"""What a run writes beside its checkpoint: metrics.jsonl, timing.json, result.json; and how a file is replaced."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from .errors import ConfigError, DataError


@contextlib.contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when the block ends, and disappears if it fails."""
    temporary = f"{path}.tmp"
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def peak_memory_bytes() -> int:
    """The most memory that this process has held. Linux counts what its parent held in `ru_maxrss`, too."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            held = [line.split()[1] for line in status if line.startswith("VmHWM:")]
        if held:
            return int(held[0]) * 1024
    except FileNotFoundError:  # not Linux
        pass
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def write_json(path: str, tree: Mapping[str, Any]) -> None:
    """Write a map as JSON in place of the file before, whole or not at all."""
    with replacing(path) as file:
        file.write(json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n")


def read_json(path: str) -> dict[str, Any] | None:
    """The map of a JSON file that `write_json` wrote; None if there is none. Raises DataError if it is damaged."""
    try:
        with open(path, "rb") as file:
            tree = json.loads(file.read())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged: delete that folder to start this run again") from error
    if not isinstance(tree, dict):
        raise DataError(f"{path} is not of a training run: choose another --out")
    return tree


def check_same_run(path: str, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
    """Raise ConfigError, which names what differs, unless the file at `path` comes from this very run."""
    names = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
    if names:
        changes = "; ".join(f"{name} {theirs.get(name)!r}, now {ours.get(name)!r}" for name in names)
        raise ConfigError(f"{path} is of another run ({changes}): choose another --out or delete that folder")


class Log:
    """metrics.jsonl: one line of JSON per call; `n_bytes` is its length."""

    def __init__(self, path: str, n_bytes: int) -> None:
        """Keep the first `n_bytes`, which the last checkpoint knows. Raises DataError if they are not there."""
        self._file = open(path, "ab")  # noqa: SIM115 - open as long as the run lasts
        if os.path.getsize(path) < n_bytes:
            self._file.close()
            raise DataError(f"{path} lacks lines that its checkpoint knows: delete that folder to start this run again")
        self._file.truncate(n_bytes)
        self.n_bytes = n_bytes

    def write(self, line: Mapping[str, Any]) -> None:
        """Add a line; a kill of this process does not lose it."""
        self.n_bytes += self._file.write(json.dumps(line, allow_nan=False).encode() + b"\n")
        self._file.flush()

    def sync(self) -> None:
        """Wait until all lines are on the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Write no more."""
        self._file.close()


class Clock:
    """timing.json: what a run took, added up over its interruptions; outside the guarantee of same bytes.

    seconds: in all, but for starting Python; train_seconds: of the steps alone, without evaluation and checkpoints.
    """

    def __init__(self, path: str, resumed: bool) -> None:
        before = (read_json(path) or {}) if resumed else {}
        self._path, self._start = path, time.perf_counter()
        self._before: float = before.get("seconds", 0.0)
        self.train_seconds: float = before.get("train_seconds", 0.0)

    def tokens_per_second(self, n_tokens: int) -> float:
        """Speed of the steps, after `n_tokens` tokens of the run."""
        return n_tokens / max(self.train_seconds, 1e-9)

    def write(self, n_tokens: int, peak_memory_bytes: int) -> None:
        """Write what was measured until now, after `n_tokens` tokens of the run."""
        timing = {
            "seconds": self._before + time.perf_counter() - self._start,
            "train_seconds": self.train_seconds,
            "tokens_per_second": self.tokens_per_second(n_tokens),
            "peak_memory_bytes": peak_memory_bytes,
        }
        write_json(self._path, timing)
