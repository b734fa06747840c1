"""Tokenizers that a recipe trains, side by side: from the recipe to `comparison.json`."""

from __future__ import annotations

import json

import pytest
from compared_tokenizers import word_piece
from harness import Silent, plan, run, write_jsonl

from pipeline.errors import InputError, PlanError, RecipeError
from pipeline.references import references, with_artifacts
from pipeline.run import run_plan
from stages.compare_tokenizers import CompareTokenizers

RECIPE = """
sources:
  web: {{reader: jsonl, paths: [a.jsonl]}}
  books: {{reader: jsonl, paths: [b.jsonl]}}
stages:
  - split
  - tokenizer: {{vocab_size: 400}}
  - tokenizer: {{vocab_size: 700, as: larger}}
  - compare_tokenizers:
      models: {{small: "@tokenizer", large: "@larger", bert: {bert}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    write_jsonl(folder / "a.jsonl", 60, seed=1)
    write_jsonl(folder / "b.jsonl", 40, seed=2, extra=[{"text": ""}, {"text": "中文 <|endoftext|>\u0000 ภาษาไทย"}])
    word_piece(folder / "bert.json", ["the"])
    return folder


@pytest.fixture(scope="module")
def recipe(folder):
    return RECIPE.format(bert=folder / "bert.json")


def test_several_of_one_recipe_and_a_file_are_compared(folder, recipe):
    run(folder, recipe)
    out = folder / "run" / "out"
    found = json.loads((out / "compare_tokenizers" / "comparison.json").read_text(encoding="utf-8"))
    assert {name: one["vocab_size"] for name, one in found["models"].items()} == {"small": 400, "large": 700, "bert": 4}
    tokens = {name: sum(of[""]["tokens"] for of in one["sources"].values()) for name, one in found["models"].items()}
    assert tokens["large"] < tokens["small"]
    assert found["models"]["small"]["failures"] == found["models"]["large"]["failures"] == []
    assert len(found["models"]["bert"]["failures"]) == 5
    assert len(json.loads((out / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]) == 400
    assert len(json.loads((out / "larger.tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]) == 700


def test_a_changed_file_is_measured_again(folder):
    recipe = RECIPE.format(bert=word_piece(folder / "changed.json", ["the"]))
    before = plan(folder, recipe).artifacts
    word_piece(folder / "changed.json", ["the", "of"])
    after = plan(folder, recipe).artifacts
    assert {name for name in before if before[name] != after[name]} == {"compare_tokenizers"}


def test_values_of_a_map_refer_to_stages():
    stage = CompareTokenizers(models={"a": "@one", "b": "b.json", "c": "@two"})
    assert references(stage) == {"models.a": "one", "models.c": "two"}
    filled = with_artifacts(stage, {"one": "/1", "two": "/2"})
    assert filled.models == {"a": "/1", "b": "b.json", "c": "/2"}
    assert stage.models["a"] == "@one"


@pytest.mark.parametrize(
    ("models", "kind", "message"),
    [
        (
            '{a: "@tokeniser"}',
            PlanError,
            r"uses '@tokeniser', which no stage before it makes \(did you mean 'tokenizer'",
        ),
        ("{a: nowhere.json}", InputError, "compare_tokenizers: there is no model nowhere.json"),
        ("{}", RecipeError, "names 1 to 12 tokenizers"),
        ('{a.b: "@tokenizer"}', RecipeError, "1 to 40 characters, and no `.`"),
    ],
)
def test_models_that_are_none(folder, models, kind, message):
    recipe = RECIPE[: RECIPE.index("      models:")].format() + f"      models: {models}\n"
    with pytest.raises(kind, match=message):
        plan(folder, recipe)


def test_a_damaged_file_is_named(folder):
    (folder / "damaged.json").write_text('{"model": {}}')
    recipe = RECIPE.format(bert=folder / "damaged.json")
    with pytest.raises(InputError, match=r"the tokenizer 'bert' is no tokenizer\.json that can be read"):
        run_plan(plan(folder, recipe), str(folder / "three"), 1, Silent())
