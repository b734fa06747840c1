"""The kernels' cache: an edit of any kernel file compiles afresh; no folder to write to is no reason to fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

KERNELS = Path(__file__).parent.parent / "stages" / "kernels"
CALL = """
import numpy as np
from stages.kernels import caller
print(int(caller.twice_plus(np.int64(20))))
"""
CALLEE = "from numba import njit\n\n\n@njit(cache=True)\ndef plus(value):\n    return value + {n}\n"
CALLER = "from numba import njit\n\nfrom .callee import plus\n\n\n@njit(cache=True)\ndef twice_plus(value):\n    return plus(2 * value)\n"


def result(root: Path, cache: Path | None) -> tuple[str, str]:
    """What the copied kernels compute in a fresh process, and the cache folder they chose."""
    environment = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "PYTHONPATH")}
    environment["XDG_CACHE_HOME"] = str(cache) if cache else "/proc/nowhere"
    code = CALL + "import os\nprint(os.environ['NUMBA_CACHE_DIR'])\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, env=environment)
    assert done.returncode == 0, done.stderr
    value, folder = done.stdout.split()
    return value, folder


def copied(tmp_path: Path, n: int) -> Path:
    """A package `stages` with our cache logic and two kernels, one calling the other across files."""
    package = tmp_path / "stages" / "kernels"
    package.mkdir(parents=True)
    (tmp_path / "stages" / "__init__.py").write_text("")
    shutil.copy(KERNELS / "__init__.py", package)
    (package / "callee.py").write_text(CALLEE.format(n=n))
    (package / "caller.py").write_text(CALLER)
    return tmp_path


def test_an_edited_callee_in_another_file_is_noticed(tmp_path):
    root, cache = copied(tmp_path / "code", 1), tmp_path / "cache"
    value, first = result(root, cache)
    assert (value, first.startswith(str(cache / "corpusmill" / "numba"))) == ("41", True)
    assert list(Path(first).rglob("*.nbc"))
    assert result(root, cache) == ("41", first)
    (root / "stages" / "kernels" / "callee.py").write_text(CALLEE.format(n=2))
    value, second = result(root, cache)
    assert (value, second != first) == ("42", True)


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    value, folder = result(copied(tmp_path, 5), None)
    assert value == "45"
    assert not Path(folder).exists()
