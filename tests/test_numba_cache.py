"""The folder of compiled kernels: a new one for new sources, never stale code, and none where none can be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import stages.kernels

KERNELS = Path(stages.kernels.__file__).parent
CALLEE = """
from numba import njit

@njit(cache=True, nogil=True)
def step(number):
    return number + 1
"""
CALLER = """
from numba import njit
from .callee import step

@njit(cache=True, nogil=True)
def run(number):
    return step(number) * 10
"""
FOLDER = "import kernels, os; print(os.environ['NUMBA_CACHE_DIR'])"
RUN = "from kernels.caller import run; print(run(4), sum(run.stats.cache_hits.values()))"


@pytest.fixture
def package(tmp_path):
    """A copy of the kernels, with two files of which one calls the other."""
    copy = tmp_path / "package" / "kernels"
    shutil.copytree(KERNELS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "callee.py").write_text(CALLEE)
    (copy / "caller.py").write_text(CALLER)
    return copy


def python(package: Path, code: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    clean = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    environment = {**clean, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_edited_callee_in_another_file_is_noticed(package, tmp_path):
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    assert python(package, RUN, **cache) == "50 0"
    assert python(package, RUN, **cache) == "50 1"
    (package / "callee.py").write_text(CALLEE.replace("number + 1", "number + 2"))
    assert python(package, RUN, **cache) == "60 0"


def test_the_folder_follows_the_sources(package, tmp_path):
    def folder() -> Path:
        return Path(python(package, FOLDER, NUMBA_CACHE_DIR=str(tmp_path / "cache")))

    first = folder()
    assert first.parent == tmp_path / "cache"
    assert folder() == first
    (package / "words.py").write_text((package / "words.py").read_text() + "\n")
    edited = folder()
    (package / "added.py").write_text("")
    added = folder()
    (package / "added.py").rename(package / "renamed.py")
    assert len({first, edited, added, folder()}) == 4


def test_the_folder_follows_numba(package, tmp_path):
    fake = "import importlib.metadata as m; m.version = lambda name: '0.0'; " + FOLDER
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    assert python(package, fake, **cache) != python(package, FOLDER, **cache)


def test_a_child_process_uses_its_parents_folder(package, tmp_path):
    folder = python(package, FOLDER, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert python(package, FOLDER, NUMBA_CACHE_DIR=folder) == folder


def test_where_the_folder_is_without_NUMBA_CACHE_DIR(package, tmp_path):
    folder = Path(python(package, FOLDER, XDG_CACHE_HOME=str(tmp_path / "xdg")))
    assert folder.parent == tmp_path / "xdg" / "corpusmill" / "numba"
    folder = Path(python(package, FOLDER, HOME=str(tmp_path)))
    assert folder.parent == tmp_path / ".cache" / "corpusmill" / "numba"


def test_numba_imported_before_the_kernels_gets_the_folder_too(package, tmp_path):
    code = "import numba; " + FOLDER + "; print(numba.config.CACHE_DIR)"
    first, second = python(package, code, NUMBA_CACHE_DIR=str(tmp_path / "cache")).split()
    assert first == second


def test_a_folder_that_cannot_be_written_is_replaced_for_the_run(package, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    private = tmp_path / "tmp"
    private.mkdir()
    cache = {"NUMBA_CACHE_DIR": str(in_the_way / "cache"), "TMPDIR": str(private)}
    assert Path(python(package, FOLDER, **cache)).is_relative_to(private)
    assert python(package, RUN, **cache) == "50 0"
    assert python(package, RUN, **cache) == "50 0"
    assert list(private.iterdir()) == []
    assert in_the_way.read_text() == "not a folder"
