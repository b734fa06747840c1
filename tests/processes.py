"""What processes there are on this machine, for tests of what is started and what is left: Linux only."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path


def stat(pid: int | str) -> list[str]:
    """State, parent, .., start of a process; none if it is gone."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return [] if fields[0] == "Z" else fields
    return []


def started(pid: int | str) -> str:
    """When a process was started: with its number, who it is; empty if it is gone."""
    return (stat(pid) or [""] * 20)[19]


def descendants(pid: int) -> set[tuple[str, str]]:
    """(pid, start) of all processes below one."""
    everyone = {name: stat(name) for name in os.listdir("/proc") if name.isdigit()}
    found, level = set(), {str(pid)}
    while level:
        level = {name for name, fields in everyone.items() if fields and fields[1] in level}
        found |= {(name, everyone[name][19]) for name in level}
    return found


def all_end(processes: set[tuple[str, str]], within_seconds: float = 20) -> bool:
    """Whether processes are gone soon."""
    end = time.monotonic() + within_seconds
    while any(started(pid) == start for pid, start in processes):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def title(pid: str) -> str:
    """A process's command line; empty if it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().strip("\0 ")
    return ""


def busy(folder: Path) -> list[int]:
    """The Ray workers that work for a run which was started in a folder of its own."""
    found = []
    for pid in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if title(pid) == "ray::_call" and os.readlink(f"/proc/{pid}/cwd") == str(folder):
                found.append(int(pid))
    return found


def wait_until_busy(folder: Path) -> list[int]:
    """The first of them that there are."""
    end = time.monotonic() + 100
    while not (found := busy(folder)):
        assert time.monotonic() < end
        time.sleep(0.005)
    return found
