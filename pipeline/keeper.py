"""Keeps one command: `python keeper.py PROGRAM ARGUMENT..` runs it, ends as it ends, and ends it when stdin ends.

stdin is a pipe whose other end its parent holds and never writes to, so it ends when the parent does, however that
comes about. The keeper leads a session of its own, so what the command has started is ended with it. A file of
its own that imports little: there is a keeper per training run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading

NOT_FOUND = 127
"""The exit code of a shell for a program that cannot be started."""


def main(command: list[str]) -> int:
    """Run a command with its output and errors to our stderr; returns its exit code, -N if signal N ended it."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        return NOT_FOUND


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    if code < 0:  # end by the same signal
        with contextlib.suppress(OSError):  # SIGKILL takes no handler, and needs none
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)  # the thread still waits
