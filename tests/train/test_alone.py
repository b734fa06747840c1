"""`train/` alone: copied beside a packed folder, in an environment with exactly the packages it needs.

`make test-train` makes that environment and names its interpreter in TRAIN_PYTHON.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import packed_folders
import pytest

ROOT = Path(__file__).parent.parent.parent
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def interpreter():
    given = os.environ.get("TRAIN_PYTHON")
    if given is None:
        pytest.skip("needs an environment of its own: run make test-train")
    return given


def python(interpreter: str, folder: Path, *arguments: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run([interpreter, *arguments], cwd=folder, env=clean, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_environment_has_no_more_than_the_five_packages_and_what_they_need(interpreter, tmp_path):
    code = """
import importlib.metadata as m, re
wanted, seen = ["torch", "numpy", "pyarrow", "tokenizers", "pyyaml"], {"pip", "setuptools", "wheel"}
while wanted:
    name = re.sub("[-_.]+", "-", wanted.pop()).lower()
    if name not in seen:
        try:
            needs = m.requires(name) or []
        except m.PackageNotFoundError:
            continue
        seen.add(name)
        wanted += [re.match("[A-Za-z0-9._-]+", one)[0] for one in needs if "extra ==" not in one]
print(*sorted({re.sub("[-_.]+", "-", d.metadata["Name"]).lower() for d in m.distributions()} - seen))
"""
    assert python(interpreter, tmp_path, "-c", code).split() == []
    assert re.search(r"^TRAIN_PACKAGES := (.*)$", MAKEFILE, re.MULTILINE)[1].split() == [
        "torch", "numpy", "pyarrow", "tokenizers", "pyyaml",
    ]  # fmt: skip


def test_it_trains_to_the_same_bytes_as_beside_the_others(interpreter, tmp_path):
    texts = {
        "en": ["the river and the garden " * n for n in range(1, 9)],
        "zh": ["山水之间的花园" * n for n in range(1, 9)],
    }
    documents = {source: [packed_folders.encode(text) for text in part] for source, part in texts.items()}
    packed_folders.packed_folder(tmp_path / "alone" / "pack", documents, documents, sequence_tokens=32)
    shutil.copytree(ROOT / "train", tmp_path / "alone" / "train", ignore=shutil.ignore_patterns("__pycache__"))
    options = [
        "--data",
        "pack",
        "--mixture",
        "uniform",
        "--tokens",
        "2000",
        "--layers",
        "1",
        "--width",
        "16",
        "--heads",
        "1",
    ]
    python(interpreter, tmp_path / "alone", "-m", "train", *options, "--out", "first")
    shutil.rmtree(tmp_path / "alone" / "train")
    python(sys.executable, tmp_path / "alone", "-m", "train", *options, "--out", "second")
    first, second = (tmp_path / "alone" / name / "result.json" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
