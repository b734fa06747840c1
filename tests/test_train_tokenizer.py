"""Tokenizers from files by the command line, from the recipe's mixtures, and what is told of them."""

from __future__ import annotations

import gzip
import json
import tempfile

import jsonschema
import pytest
import tokenizers
from harness import plan, write_jsonl

from pipeline.cli import main
from pipeline.errors import RecipeError
from pipeline.plan import published_files
from pipeline.readers.base import load_readers
from pipeline.reference import recipe_schema
from pipeline.stage import load_stages

SOURCES = "sources: {web: {reader: jsonl, paths: [a.jsonl]}, books: {reader: jsonl, paths: [b.jsonl]}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    load_stages()
    load_readers()
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "a.jsonl", 40, seed=1)
    write_jsonl(tmp_path / "b.jsonl", 40, seed=2)
    (tmp_path / "zh.txt").write_text("河边的花园很美，孩子们每天早上都去那里读书。" * 20)
    with gzip.open(tmp_path / "c.jsonl.gz", "wt") as file:
        file.write('{"text": "a garden by the river, 河边的花园"}\n' * 9)
    yield tmp_path
    assert not list((tmp_path / "tmp").iterdir())


def train(*more: str, files: tuple[str, ...] = ("a.jsonl", "zh.txt", "c.jsonl.gz"), out: str = "made.json") -> int:
    return main(["train-tokenizer", *files, "--out", out, "--workers", "1", *more])


@pytest.mark.parametrize("algorithm", ["bpe", "wordpiece", "unigram"])
def test_files_make_a_tokenizer(folder, capsys, algorithm):
    assert train("--vocab-size", "700", "--algorithm", algorithm, "--set", "special_tokens=[<pad>]") == 0
    made = tokenizers.Tokenizer.from_file("made.json")
    assert made.get_vocab_size() == 700 and made.token_to_id("<pad>") == 1
    assert made.decode(made.encode("河边的花园 by the river").ids) == "河边的花园 by the river"
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].split() == ["documents", "MB", "asked", "bytes", "per", "token"] and err == ""
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:-2]}
    assert rows.keys() == {"files_0", "files_1"} and rows["files_0"][0] == "49" and rows["files_1"][0] == "1"
    assert 1.5 < float(rows["files_0"][3]) < 12
    assert lines[-2:] == [f"{algorithm}, 700 tokens", "tokenizer: made.json"]


def test_languages_are_shares_and_facts_are_json(folder, capsys):
    options = ("--set", "languages={en: 1, zh: 1}", "--set", "max_mb=0.004", "--set", "vocab_size=8000", "--json")
    assert train(*options) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == "made.json" and told["kind"] == "tokenizer" and told["options"]["side"] == "all"
    assert {code: one["asked_bytes"] for code, one in told["languages"].items()} == {"en": 2000, "zh": 2000}
    assert all(one["bytes"] == pytest.approx(2000, abs=4) for one in told["languages"].values())
    assert sum(one["bytes"] for one in told["sources"].values()) == pytest.approx(4000, abs=8)
    assert told["guard"]["checked"] == told["guard"]["single"] and told["vocab_size"] < 8000
    assert train(*options[:-1], out="again.json") == 0
    assert (folder / "again.json").read_bytes() == (folder / "made.json").read_bytes()
    assert " of 8,000 asked for: there was nothing more to learn" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--vocab-size", "10"], 2, "'vocab_size' must be at least 257, got 10"),
        (["--vocab-size", "400", "--algorithm", "wordpiece"], 2, "'vocab_size' must be at least the 513"),
        (["--vocab-size", "400", "--set", "vocab_size=500"], 2, "vocab_size is set by --vocab-size, too"),
        (["--algorithm", "bep"], 2, "has no choice 'bep' (did you mean 'bpe'?)"),
        (["--set", "special_tokens=<|中|>"], 2, "must be list of text, got '<|中|>' (put it in square brackets)"),
        (["--set", "special_tokens=[1]"], 2, "must be list of text, got [1] (put it in quotes)"),
        (["--set", "side=train"], 2, "'side' is 'all' here"),
        (["--set", "weights={web: 1}"], 2, "names no source of this recipe: 'web'"),
        (["--set", "weights=mine"], 2, "'weights' must be map of text to number"),
        (["--set", "languages={de: 1, en: 1}"], 3, "no text of the language 'de' reached it"),
        (["--out", "there.json"], 3, "there.json exists: give another --out, or delete it"),
        (["--out", "made.json.gz"], 3, "cannot write made.json.gz, a packed file"),
    ],
)
def test_errors(folder, capsys, arguments, code, message):
    (folder / "there.json").write_bytes(b"mine")
    assert train(*arguments) == code
    err = capsys.readouterr().err
    assert err.startswith("error: ") and message in err and err.count("\n") == 1
    assert (folder / "there.json").read_bytes() == b"mine" and not list(folder.glob("made.*"))


def test_weights_may_be_the_name_of_a_mixture(folder):
    mixtures = "mixtures: {mine: {web: 0.25, books: 0.75}}\n"
    made = plan(folder, SOURCES + mixtures + "stages: [split, {tokenizer: {weights: mine}}]\n").steps[-1]
    assert made.stage.weights == {"web": 0.25, "books": 0.75}
    assert published_files(made) == ["tokenizer.json", "tokenizer.facts.json"]
    with pytest.raises(RecipeError, match=r":3: 'weights' names no mixture .*: 'mien' .did you mean 'mine'"):
        plan(folder, SOURCES + mixtures + "stages: [split, {tokenizer: {weights: mien}}]\n")
    with pytest.raises(RecipeError, match=r"names no mixture of this recipe's section 'mixtures': 'mine'"):
        plan(folder, SOURCES + "stages: [split, {tokenizer: {weights: mine}}]\n")


def test_editors_take_the_name_of_a_mixture_for_weights_and_nowhere_else():
    schema = recipe_schema(load_stages(), load_readers())
    good = {"sources": {"web": {"reader": "jsonl", "paths": ["a"]}}}
    jsonschema.validate({**good, "stages": [{"tokenizer": {"weights": "mine"}}]}, schema)
    jsonschema.validate({**good, "stages": [{"tokenizer": {"weights": {"web": 1}}}]}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**good, "stages": [{"tokenizer": {"languages": "mine"}}]}, schema)
