"""Runs to report on: with documents only, and with everything."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import run, write_jsonl
from made_up_comparison import add_comparison
from made_up_dedup import add_dedup
from made_up_judges import add_judges
from made_up_perplexity import add_perplexity
from made_up_pii import add_pii
from made_up_run import RECIPE, SOURCES, ablation, add_ablation, add_judging, add_tokens, documents

HOSTILE = [
    "<script>document.title='owned'</script>",
    "</style><script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "'><svg onload=document.title='owned'>",
    "[click](javascript:alert(1)) ![x](http://a.example/x.png) `code` **bold** | cell |",
    "\u202etxt.exe\u202c \x1b[31m \x00 \u2066",
    "{{ 7 * 7 }} {% raw %} ]]> --> &lt;",
    "中文 <b>粗</b> 𠀀",
]

HOSTILE_RECIPE = """# \u202etxt.exe\u202c \u2066
sources:
  web: {reader: jsonl, paths: ["<img onerror=x>*.jsonl"], id: id}
  empty: {reader: jsonl, paths: [empty.jsonl]}
stages:  # </code><script>document.title='owned'</script>
  - toy_even
  - toy_first_char
  - toy_scrub
"""


@pytest.fixture(scope="session")
def documents_only(tmp_path_factory) -> Path:
    """A folder with a run, `run`, that has only documents."""
    folder = tmp_path_factory.mktemp("runs")
    for number, name in enumerate(SOURCES):
        write_jsonl(folder / f"{name}.jsonl", 40, seed=number)
    run(folder, RECIPE)
    return folder


@pytest.fixture
def plain_run(documents_only, tmp_path) -> Path:
    """A copy of that run, to add to."""
    return Path(shutil.copytree(documents_only / "run", tmp_path / "run"))


def add_training(run_folder: Path) -> None:
    """Add tokens and an ablation."""
    add_tokens(run_folder, documents())
    add_ablation(run_folder, ablation())


@pytest.fixture(scope="session")
def added(documents_only, tmp_path_factory):
    """Gives a copy of that run with what a function adds to it, which is done once for each function."""
    made: dict[Callable[[Path], None], Path] = {}

    def copy_with(add: Callable[[Path], None], to: Path) -> Path:
        if add not in made:
            made[add] = Path(shutil.copytree(documents_only / "run", tmp_path_factory.mktemp("added") / "run"))
            add(made[add])
        return Path(shutil.copytree(made[add], to))

    return copy_with


@pytest.fixture
def trained(added, tmp_path) -> Path:
    """A run with everything."""
    return added(add_training, tmp_path / "run")


@pytest.fixture
def judged(added, tmp_path) -> Path:
    """A run with a stage of many rules, two of which are unjust to some."""
    return added(add_judging, tmp_path / "run")


@pytest.fixture
def classified(added, tmp_path) -> Path:
    """A run that identifies languages, and whose classifier deletes colloquial text."""
    return added(add_judges, tmp_path / "run")


@pytest.fixture
def perplexed(added, tmp_path) -> Path:
    """A run with language models of many languages, which judges many sources by perplexity."""
    return added(add_perplexity, tmp_path / "run")


@pytest.fixture
def compared(added, tmp_path) -> Path:
    """A run whose stages found duplicates between many sources, and benchmarks."""
    return added(add_dedup, tmp_path / "run")


@pytest.fixture
def side_by_side(added, tmp_path) -> Path:
    """A run that compares tokenizers, one of which loses text."""
    return added(add_comparison, tmp_path / "run")


@pytest.fixture
def scrubbed(added, tmp_path) -> Path:
    """A run whose stage found personal data in many sources."""
    return added(add_pii, tmp_path / "run")


@pytest.fixture
def hostile(tmp_path):
    """A run over documents that try to be more than text."""
    extra = [{"text": text + "x" * (n % 2), "id": text, "url": text} for n, text in enumerate(HOSTILE * 2)]
    write_jsonl(tmp_path / "<img onerror=x>中.jsonl", 60, seed=1, extra=extra)
    (tmp_path / "empty.jsonl").write_text("")
    run(tmp_path, HOSTILE_RECIPE)
    return tmp_path / "run"
