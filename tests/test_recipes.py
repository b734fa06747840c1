"""The recipes that ship: the one for Chinese and English runs on somebody's own files, the others fit their sources."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from harness import Silent, rows, text_of

from pipeline.ablation import check_ablation
from pipeline.errors import RecipeError
from pipeline.mixtures import expand, read_proportions
from pipeline.plan import make_plan
from pipeline.readers.base import load_readers
from pipeline.recipe import load_recipe
from pipeline.run import run_plan
from pipeline.stage import load_stages

RECIPES = Path(__file__).parent.parent / "recipes"


@pytest.fixture(autouse=True)
def loaded():
    load_stages()
    load_readers()


def of_language(chance: random.Random, language: str, n_words: int) -> str:
    while True:
        text = text_of(chance, n_words)
        if text.isascii() == (language == "en"):
            return text


QUESTION = "Natalia sold clips to forty-eight of her friends in April and then half as many clips in May again"
TEST = "下列关于光合作用的说法中正确的是哪一项，请从四个选项中选出一个并说明理由"


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The recipe beside files of somebody's own, where the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "benchmarks" / "ceval").mkdir(parents=True)
    (tmp_path / "data" / "benchmarks" / "gsm8k.jsonl").write_text(json.dumps({"question": QUESTION, "answer": "72"}))
    (tmp_path / "data" / "benchmarks" / "ceval" / "biology.csv").write_text(
        f"question,A\n{TEST},甲\n", encoding="utf-8"
    )
    chance = random.Random(31)
    shutil.copytree(RECIPES, tmp_path / "recipes")
    for language in ("zh", "en"):
        books = [of_language(chance, language, 3000) for _ in range(12)]
        (tmp_path / "data" / f"{language}_books").mkdir(parents=True)
        pa.parquet.write_table(pa.table({"text": books}), tmp_path / "data" / f"{language}_books" / "0.parquet")
        web = [of_language(chance, language, 200) for _ in range(120)]
        web += [f"{web[0]} {QUESTION.upper()}. {web[1]}", f"{web[2]}{TEST}{web[3]}"]
        web += [*web[:10], "short", "", "写信给 jane.doe@acme.org。" + web[0], "broken\ud800"]
        (tmp_path / "data" / f"{language}_web").mkdir()
        lines = [json.dumps({"text": text}) for text in web]
        (tmp_path / "data" / f"{language}_web" / "0.jsonl").write_text("\n".join([*lines, "{not json"]))
    return tmp_path


def test_the_recipe_for_chinese_and_english_is_planned(data):
    plan = make_plan(load_recipe(str(data / "recipes" / "web-zh-en.yaml")))
    check_ablation(plan)
    ours = {name for name, cls in load_stages().items() if cls.__module__.startswith("stages.")}
    assert {step.stage.name for step in (*plan.steps, *plan.exports)} == ours


def test_the_recipe_for_chinese_and_english_runs(data):
    path = data / "recipes" / "web-zh-en.yaml"
    text = path.read_text(encoding="utf-8")
    smaller = {
        "vocab_size: 8192": "vocab_size: 500", "validation_frac: 0.01": "validation_frac: 0.3",
        "mixtures: [alone, natural, uniform, half_chinese, llama]": "mixtures: [half_chinese, llama]",
        "tokens: 400_000": "tokens: 2_000", "layers: 2, width: 64, heads: 2": "layers: 1, width: 16, heads: 1",
        "sequence_tokens: 512": "sequence_tokens: 64", "min_score: 0.65": "min_score: 0.1", "seeds: 2": "seeds: 1",
        "min_documents: 100": "min_documents: 10, min_held_out: 1",
        "ngram_model: {sources: [zh_books, en_books]}": "ngram_model: {sources: [zh_books, en_books], min_mb: 0.001}",
    }  # fmt: skip
    for old, new in smaller.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    run = data / "run"
    run_plan(make_plan(load_recipe(str(path))), str(run), 2, Silent())
    kept, dropped = rows(run), rows(run, "dropped")
    assert {row["source"] for row in kept} == {"zh_books", "en_books", "zh_web", "en_web"}
    assert len(kept) + len(dropped) == 2 * (12 + 120 + 2 + 10 + 4 + 1)
    assert {row["reason"] for row in dropped} >= {"bad_json", "empty", "too_short", "exact_duplicate", "contaminated"}
    facts = json.loads((run / "out" / "classifier_model.json").read_text(encoding="utf-8"))
    assert set(facts["languages"]) == {"zh", "en"}
    assert "jane.doe" not in json.dumps(kept + dropped)
    found = json.loads((run / "out" / "ablation" / "ablation.json").read_text(encoding="utf-8"))
    assert set(found["verdict"]["mixtures"]) == {"half_chinese", "llama"}
    assert found["mixtures"]["llama"]["missing_tags"] == ["code", "papers", "questions", "wikipedia"]
    assert found["mixtures"]["llama"]["cited"].startswith("Touvron et al. 2023")
    web = found["mixtures"]["llama"]["weights"]
    assert web["zh_web"] + web["en_web"] == pytest.approx(0.82 / (0.82 + 0.045))


@pytest.mark.parametrize("name", ["quickstart", "ablation"])
def test_the_recipes_over_the_installation_are_planned(name):
    check_ablation(make_plan(load_recipe(str(RECIPES / f"{name}.yaml"))))


def test_published_mixtures_are_suggested():
    recipe = load_recipe(str(RECIPES / "quickstart.yaml"))
    with pytest.raises(RecipeError, match=r"there is no mixture 'lama' \(did you mean 'llama'\?\)"):
        expand(("lama",), recipe)


@pytest.mark.parametrize(("name", "total"), [("gpt3", 1.01), ("palm", 1.0), ("llama", 1.0)])
def test_published_proportions_are_cited_and_add_up_as_printed(name, total):
    found = read_proportions(str(RECIPES / "mixes" / f"{name}.yaml"))
    assert "arXiv" in found.cited
    assert sum(found.tags.values()) == pytest.approx(total)
