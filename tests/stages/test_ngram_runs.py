"""ngram_model in real runs: any number of workers, sources and shards, and the models of languages and of pieces."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Silent, plan, run, write_jsonl
from language_models import planted_bytes
from ngram_fits import corpus, read

from pipeline import storage
from pipeline.errors import PlanError
from pipeline.run import run_plan
from pipeline.work import Workspace

MODEL = "{by_language: false, min_mb: 0.0001, min_bounds_documents: 5, held_out_frac: 0.3, %s}"
PIECES = f"""
  - normalize
  - split: {{validation_frac: 0.2}}
  - pii
  - tokenizer: {{vocab_size: 400}}
  - ngram_model: {MODEL % 'tokens: pieces, tokenizer: "@tokenizer", order: 3'}
"""
WORDS = f"\n  - ngram_model: {MODEL % 'sources: [s0]'}\n"


def recipe(stages: str, n_sources: int = 2) -> str:
    lines = [f"  s{number}: {{reader: jsonl, paths: [{number}.jsonl]}}" for number in range(n_sources)]
    return "\n".join(["sources:", *lines, f"shard_mb: 1\nstages:{stages}"])


@pytest.fixture
def folder(tmp_path):
    for number in range(2):
        write_jsonl(tmp_path / f"{number}.jsonl", 120, seed=number, extra=[{"text": ""}, {"text": " "}])
    return tmp_path


def artifact(run_folder: Path) -> bytes:
    """The file of the model, beside which nothing of the rounds is left."""
    (path,) = (run_folder / "work").glob("artifact-ngram_model-*")
    assert not list(run_folder.rglob("*.partial")) and not list(run_folder.rglob("results-*"))
    return path.read_bytes()


@pytest.mark.parametrize("stages", [WORDS, PIECES], ids=["words", "pieces"])
def test_any_number_of_workers_and_any_folder_make_the_same_file(folder, stages):
    run(folder, recipe(stages), out="one")
    (folder / "elsewhere").mkdir()
    run(folder, recipe(stages), out="elsewhere/two", workers=2)
    content = artifact(folder / "one")
    assert artifact(folder / "elsewhere" / "two") == content
    for name in (str(folder).encode(), b"elsewhere", b"/work/", b".jsonl"):
        assert name not in content
    told = json.loads((folder / "one" / "out" / "ngram_model.json").read_text())
    assert told == {**read(content).about, "file_bytes": len(content)} and told["languages"].keys() == {"all"}
    assert told["languages"]["all"]["bounds"]["from"] == (["s1"] if stages is WORDS else ["s0", "s1"])


def test_a_run_on_other_storage_makes_the_same_file(folder):
    run(folder, recipe(WORDS))
    url = "memory://rounds-of-ngram-model/run"
    storage.remove_folder(url)
    made = plan(folder, recipe(WORDS))
    run_plan(made, url, 1, Silent())
    assert storage.read_bytes(Workspace(made, url).artifacts["ngram_model"]) == artifact(folder / "run")


def test_languages_are_those_that_the_stage_language_gives(tmp_path):
    """Documents of words that the planted identifier knows."""
    (tmp_path / "planted.bin").write_bytes(planted_bytes())
    texts = [
        "the cat sat on the mat and looked at the bird in the tree",
        " ".join("猫坐在垫子上看着树的鸟然后回家睡觉"),
    ]
    lines = [json.dumps({"text": f"{text}\n{text} {number}"}) for text in texts for number in range(60)]
    (tmp_path / "0.jsonl").write_text("\n".join(lines))
    options = "min_mb: 0.0001, min_bounds_documents: 3, held_out_frac: 0.2"
    stages = f"\n  - language: {{model: {tmp_path}/planted.bin}}\n  - ngram_model: {{{options}}}\n"
    stages += '  - perplexity: {model: "@ngram_model"}\n'
    result = run(tmp_path, recipe(stages, 1), workers=2)
    result.ledger.check()
    found = read(artifact(tmp_path / "run"))
    assert {language: model.tokens for language, model in found.models.items()} == {"en": "words", "zh": "characters"}
    with pytest.raises(PlanError, match="language_label"):
        run(tmp_path, recipe(f"\n  - ngram_model: {{{options}}}\n", 1), out="other")


def test_the_words_of_a_source_are_in_no_file_that_is_published(folder):
    rows = [{"text": f"quagga okapi {text}"} for _, _, text in corpus(60)]
    (folder / "0.jsonl").write_text("\n".join(map(json.dumps, rows)))
    run(folder, recipe(WORDS))
    assert b"quagga" in artifact(folder / "run")
    for path in (folder / "run" / "out").rglob("*.json"):
        assert b"quagga" not in path.read_bytes()
