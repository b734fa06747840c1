"""Who may import whom, and what a light command may load."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"numba", "fasttext", "datasets", "presidio_analyzer", "phonenumbers", "spacy", "torch", "ray"}
TRAIN_LIGHT = {
    f"train.{name}"
    for name in (
        "account",
        "config",
        "errors",
        "loader",
        "mixtures",
        "pack",
        "packed",
        "plan",
        "sequences",
        "tokens",
        "verdict",
        "vocabulary",
    )
}
"""What others may use of `train`: it needs no torch."""
TRAIN_MAY = {"torch", "numpy", "pyarrow", "tokenizers", "yaml", "scipy"}
STAGES_MAY = {f"pipeline.{name}" for name in ("stage", "batch", "schema", "errors", "assets", "yaml_tree", "intervals")}


def imports(path: Path) -> set[tuple[str, bool]]:
    """(absolute module, whether at the top level) of every import of a file."""
    package = ".".join(path.relative_to(ROOT).parent.parts)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        top = node in tree.body
        if isinstance(node, ast.Import):
            found |= {(name.name, top) for name in node.names}
        if isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
            module = f"{base}.{node.module or ''}".strip(".") if node.level else node.module or ""
            found |= {(module, top)} | {(f"{module}.{name.name}", top) for name in node.names}
    return found


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def is_light(module: str) -> bool:
    return any(module == allowed or module.startswith(f"{allowed}.") for allowed in TRAIN_LIGHT)


def test_the_rule_sees_imports():
    found = imports(ROOT / "stages" / "pii.py")
    assert ("pipeline.stage", True) in found
    assert ("phonenumbers", False) in found


@pytest.mark.parametrize("path", files("pipeline"), ids=lambda path: path.name)
def test_pipeline_knows_no_stage_and_loads_nothing_heavy(path):
    for module, top in imports(path):
        name = module.split(".")[0]
        assert name not in {"stages", "tests"}, module
        assert not (top and name in HEAVY) or path.name == "engine_ray.py", module
        assert name not in {"torch", "numba", "fasttext"}, module
        assert name != "ray" or path.name == "engine_ray.py", module
        assert name != "train" or module == "train" or is_light(module), module


@pytest.mark.parametrize("path", files("train"), ids=lambda path: path.name)
def test_train_can_be_copied_alone(path):
    for module, top in imports(path):
        name = module.split(".")[0]
        assert name in {*sys.stdlib_module_names, *TRAIN_MAY, "train"}, module
        assert name != "torch" or not is_light(f"train.{path.stem}"), module
        assert name != "scipy" or not top, module


@pytest.mark.parametrize("path", files("stages"), ids=lambda path: path.name)
def test_stages_see_the_contract_only(path):
    is_kernel = path.parent.name == "kernels"
    for module, top in imports(path):
        if module.split(".")[0] == "pipeline":
            assert not is_kernel, module
            assert module == "pipeline" or any(module.startswith(allowed) for allowed in STAGES_MAY), module
        elif is_kernel:
            assert module.split(".")[0] in {*sys.stdlib_module_names, "numba", "numpy", "stages", ""}, module
        else:
            assert not (top and module.split(".")[0] in HEAVY), module
            assert not (top and module.startswith("stages.kernels")), module


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import pipeline.cli; pipeline.cli._parser()", HEAVY | {"pyarrow", "numpy", "rich", "jinja2", "yaml"}),
        ("from pipeline.stage import load_stages; load_stages()", HEAVY | {"jinja2", "rich"}),
        ("from pipeline.readers.base import load_readers; load_readers()", HEAVY),
        ("import pipeline.run, pipeline.mix", HEAVY | {"scipy"}),
    ],
)
def test_what_a_command_loads(code, absent):
    show = f"import sys; {code}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not absent & set(done.stdout.split())


def test_files_and_functions_fit_a_screen():
    for path in files("pipeline") + files("stages") + files("train"):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 400, path
        assert ast.get_docstring(ast.parse(text)), path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and path.parent.name != "kernels":
                first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
                assert (node.end_lineno or 0) - first.lineno < 40, f"{path}: {node.name}"


def test_every_file_that_is_no_code_is_installed():
    with open(ROOT / "pyproject.toml", "rb") as file:
        setuptools = tomllib.load(file)["tool"]["setuptools"]
    data = setuptools["package-data"]
    listed = {path for name in data for one in data[name] for path in (ROOT / name.replace(".", "/")).glob(one)}
    folders = {ROOT / name.split(".")[0] for name in setuptools["packages"]}
    there = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert listed == {path for path in there if path.suffix != ".py" and path.parent.name != "__pycache__"}
