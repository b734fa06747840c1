"""Numba kernels over Arrow buffers; importing this package only decides where compiled code is cached.

Numba's cache does not notice an edited callee in another file, so the cache folder's name is a hash of
all kernel sources, the numba version and the CPU: a change of any of them compiles afresh. The folder is
`<base>/<hash>`, where base is NUMBA_CACHE_DIR if the user set it, else `corpusmill/numba` in
XDG_CACHE_HOME (default `~/.cache`). If it cannot be written, code is compiled once per run, into a
private temporary folder that this process's children share and that goes when the process ends.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import platform
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path


def cache_key() -> str:
    """16 hex digits that change with any kernel source, with numba and with the CPU."""
    digest = hashlib.sha256(f"{version('numba')}\n{_cpu()}\n".encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        content = source.read_bytes()
        digest.update(f"{source.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _cpu() -> str:
    """The machine type and, on Linux, the first processor's description (model and features)."""
    lines = [platform.machine()]
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as info:
            for line in info:
                if not line.strip():
                    break
                if line.startswith(("model name", "flags", "Features", "CPU part")):
                    lines.append(line)
    except FileNotFoundError:  # not Linux; numba's own index still tells CPUs apart
        pass
    return "\n".join(lines)


def _base() -> Path:
    if os.environ.get("NUMBA_CACHE_DIR"):
        return Path(os.environ["NUMBA_CACHE_DIR"])
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return Path(cache if os.path.isabs(cache) else os.path.expanduser("~/.cache")) / "corpusmill" / "numba"


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _choose_folder() -> Path:
    base, key = _base(), cache_key()
    folder = base if base.name == key else base / key  # a child process inherits the finished name
    if not _is_writable(folder):
        private = tempfile.mkdtemp(prefix="corpusmill-numba-")
        atexit.register(shutil.rmtree, private, ignore_errors=True)
        folder = Path(private) / key
    return folder


def _point_numba_to(folder: Path) -> None:
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if "numba" in sys.modules:  # it reads the environment only when it is imported
        sys.modules["numba"].config.CACHE_DIR = str(folder)


_point_numba_to(_choose_folder())
