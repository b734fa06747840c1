"""Docs say what is: commands exist, Python runs, generated pages are up to date, links lead somewhere."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import jsonschema
import pytest
import whole
import yaml
from harness import run, write_jsonl

from pipeline.cli import _parser
from pipeline.readers.base import load_readers
from pipeline.recipe import load_recipe, parse_recipe
from pipeline.reference import pages
from pipeline.stage import load_stages
from train.config import read_config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {
    path.name: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def blocks(language: str, page: str = "README.md") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGES[page], re.DOTALL)


def commands(page: str = "README.md") -> list[list[str]]:
    lines = [line for block in blocks("sh", page) for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.split(line) for line in lines if "<" not in line and not line.startswith("#")]


@pytest.fixture(scope="module", autouse=True)
def loaded():
    load_stages()
    load_readers()


def test_make_targets_exist_and_are_explained():
    targets = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE))
    assert {
        "setup",
        "test",
        "lint",
        "docs",
        "clean",
        "ingest",
        "language",
        "quality",
        "dedup",
        "pii",
        "help",
    } <= targets
    assert [command for command in commands() if command[0] == "make"][:2] == [["make", "demo"], ["make", "test"]]
    for command in commands():
        if command[0] == "make":
            assert command[1] in targets


def test_commands_of_the_readme_name_recipes_that_exist():
    for command in commands():
        if command[0].endswith("corpusmill"):
            arguments = _parser().parse_args(command[1:])
            if hasattr(arguments, "recipe"):
                assert (ROOT / arguments.recipe).exists()


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_understood(page):
    for command in commands(page):
        while "=" in command[0]:  # variables of the environment
            command = command[1:]
        if command[0].endswith("corpusmill"):
            _parser().parse_args(command[1:])
        if command[:3] == ["python", "-m", "train"]:
            read_config(
                [word for word in command[3:] if word != "--help"] if len(command) > 4 else ["--data=a", "--out=b"]
            )


@pytest.mark.parametrize("page", PAGES)
def test_recipes_in_pages_are_recipes(page):
    for text in blocks("yaml", page):
        if text.startswith("sources:"):
            parse_recipe(page, text)
    if page == "recipe.md":
        assert len(blocks("yaml", page)) == 1


def test_the_python_about_tokens_runs(tmp_path, monkeypatch):
    whole.write_sources(tmp_path)
    run(
        tmp_path, whole.RECIPE.replace("english:", "docs:").replace("books", "web"), out="runs/quickstart", until="pack"
    )
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("python", "data-format.md")
    names: dict = {}
    exec(code, names)
    assert names["first"][0] == names["first"][-1] == names["index"]["end_of_text"]
    assert len(names["first"]) == names["documents"]["n_tokens"][0].as_py()


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    write_jsonl(tmp_path / "a.jsonl", 50, seed=1)
    recipe = "sources: {web: {reader: jsonl, paths: [a.jsonl]}}\n"
    recipe += "stages: [{quality: {language: en}}, {length: {min_words: 100}}]\n"
    run(tmp_path, recipe, out="runs/quickstart")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (code,) = blocks("python")
    names: dict = {}
    exec(code, names)
    assert names["clean"].num_rows > 0
    assert names["lengths"].item() > 0
    assert "too_short" in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    folder = ROOT if page == "README.md" else ROOT / "docs"
    for target in re.findall(r"\]\(([^)]+)\)", PAGES[page]):
        assert (folder / target).exists(), target
    for path in re.findall(r"`(recipes/[\w./]+)`", PAGES[page]):
        assert (ROOT / path).exists(), path


def test_generated_pages_are_up_to_date():
    for name, text in pages().items():
        assert (ROOT / "recipes" / name).read_text(encoding="utf-8") == text, f"{name}: run `make docs`"


SCHEMA = json.loads((ROOT / "recipes" / "recipe.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted((ROOT / "recipes").glob("*.yaml")), ids=lambda path: path.name)
def test_recipes_load_and_agree_with_the_schema(path):
    load_recipe(str(path))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), SCHEMA)


@pytest.mark.parametrize(
    "wrong",
    [
        {"stages": ["nosuch"]},
        {"stages": [{"quality": {"min_word": 3}}]},
        {"stages": [{"quality": {"min_words": "three"}}]},
        {"stages": [{"quality": {"c4_min_line_words": "3"}}]},
        {"stages": [{"quality": {"min_words": -1}}]},
        {"sources": {"web": {"reader": "json", "paths": ["a"]}}},
        {"sources": {"web": {"reader": "jsonl"}}},
        {"on_error": "ignore"},
        {"extra": 1},
    ],
)
def test_the_schema_refuses_what_the_parser_refuses(wrong):
    good = {"sources": {"web": {"reader": "jsonl", "paths": ["a"]}}, "stages": ["normalize", {"pii": None}]}
    jsonschema.validate(good, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**good, **wrong}, SCHEMA)
    with pytest.raises(ValueError, match=r"x\.yaml"):
        parse_recipe("x.yaml", yaml.safe_dump({**good, **wrong}))
