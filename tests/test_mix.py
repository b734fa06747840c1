"""`corpusmill mix`: weighted by tokens, nothing more than allowed, shuffled, the same bytes however it is made."""

from __future__ import annotations

import json
import re

import numpy as np
import pyarrow as pa
import pytest
from harness import Silent, run
from whole import RECIPE, write_sources

from pipeline import mix as mixing
from pipeline.cli import main
from pipeline.engine import LocalEngine
from pipeline.errors import InputError, RecipeError
from pipeline.mix import Asked, mix
from train.packed import read_index, read_pieces
from train.sequences import Shards


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("mix")
    write_sources(root, seed=11)
    (root / "recipe.yaml").write_text(RECIPE)
    run(root, RECIPE, until="pack", workers=2)
    return root


def mixed(folder, name, tokens, *, out, seed=0, max_epochs=4.0, workers=1):
    return mix(
        str(folder / "run"), Asked(name, tokens, seed, max_epochs), str(folder / out), workers, Silent(), LocalEngine
    )


def pieces(folder) -> list[tuple[str, int, tuple[int, ...]]]:
    """(uid, part, tokens) of every piece to train on, in order."""
    found = []
    for shard in read_index(str(folder)).sources["mixture"].train.shards:
        array = np.load(folder / f"{shard.name}.npy")
        with open(folder / f"{shard.name}.docs.arrow", "rb") as file:
            table = read_pieces(file, 64)
        for row in table.to_pylist():
            part = array[row["sequence"], row["start"] : row["start"] + row["n_tokens"]]
            found.append((row["uid"], row["part"], tuple(part.tolist())))
    return found


def packed(folder, source) -> dict[tuple[str, int], tuple[int, ...]]:
    root = folder / "run" / "out" / "pack"
    found = {}
    for shard in read_index(str(root)).sources[source].train.shards:
        array = np.load(root / f"{shard.name}.npy")
        with pa.OSFile(str(root / f"{shard.name}.docs.arrow")) as file:
            for row in pa.ipc.open_file(file).read_all().to_pylist():
                part = array[row["sequence"], row["start"] : row["start"] + row["n_tokens"]]
                found[row["uid"], row["part"]] = tuple(part.tolist())
    return found


def test_a_natural_mix_of_everything_is_everything_once(folder):
    index = read_index(str(folder / "run" / "out" / "pack"))
    total = sum(tokens for _, tokens in index.available().values())
    account = mixed(folder, "natural", total, out="all")
    assert (account["tokens"], account["tokens_asked"], account["did_nothing"]) == (total, total, False)
    found = pieces(folder / "all")
    expected = {**packed(folder, "english"), **packed(folder, "chinese")}
    assert len(found) == len(expected)
    assert {(uid, part): tokens for uid, part, tokens in found} == expected
    languages = ["english" if (uid, part) in packed(folder, "english") else "chinese" for uid, part, _ in found]
    assert languages not in (sorted(languages), sorted(languages, reverse=True))


def test_weights_are_of_tokens_and_epochs_are_capped_and_told(folder):
    account = mixed(folder, "mostly_chinese", 20_000, out="chinese")
    shares = {name: source["share"] for name, source in account["sources"].items()}
    assert shares["chinese"] == pytest.approx(0.75, abs=0.01)
    available = read_index(str(folder / "run" / "out" / "pack")).available()
    asked = 10 * available["chinese"][1]
    account = mixed(folder, "mostly_chinese", asked, out="capped", max_epochs=1.5)
    chinese, english = account["sources"]["chinese"], account["sources"]["english"]
    assert chinese["capped"] and chinese["epochs"] <= 1.5 and english["epochs"] <= 1.5
    assert account["tokens"] < asked
    counts: dict[tuple[str, int], int] = {}
    for uid, part, _ in pieces(folder / "capped"):
        counts[uid, part] = counts.get((uid, part), 0) + 1
    assert set(counts.values()) == {1, 2}


def test_the_same_bytes_for_any_workers_another_order_for_another_seed(folder, monkeypatch):
    monkeypatch.setattr(mixing, "SHARD_BYTES", 3_000)
    for out, workers, seed in (("a", 1, 0), ("b", 2, 0), ("c", 1, 1)):
        assert mixed(folder, "uniform", 15_000, out=out, workers=workers, seed=seed)["shards"] > 5
    files = {
        out: {p.relative_to(folder / out): p.read_bytes() for p in (folder / out).rglob("*") if p.is_file()}
        for out in "abc"
    }
    assert files["a"] == files["b"]
    assert files["a"].keys() == files["c"].keys()
    assert files["a"] != files["c"]
    assert mixed(folder, "uniform", 15_000, out="a")["did_nothing"]


def test_counts_are_of_what_is_in_the_shards_and_the_data_are_opened_once(folder, monkeypatch):
    monkeypatch.setattr(mixing, "SHARD_BYTES", 3_000)
    opened = []
    monkeypatch.setattr(mixing, "Shards", lambda *given: opened.append(given) or Shards(*given))
    mixing._opened.cache_clear()
    account = mixed(folder, "mostly_chinese", 12_000, out="counted")
    shards = read_index(str(folder / "counted")).sources["mixture"].train.shards
    assert account["shards"] == len(shards) > 5 and len(opened) == 1
    found = pieces(folder / "counted")
    assert sum(shard.documents_cut for shard in shards) == sum(part == 1 for _, part, _ in found) > 0
    assert sum(shard.documents for shard in shards) == sum(part == 0 for _, part, _ in found) > 0
    for name, counts in account["sources"].items():
        there = packed(folder, name)
        mine = [len(tokens) - 1 for uid, part, tokens in found if (uid, part) in there]
        assert counts["tokens"] == sum(mine) > 0
    assert sum(counts["sequences"] for counts in account["sources"].values()) == sum(one.sequences for one in shards)


def test_it_can_be_trained_on_and_validation_is_what_it_was(folder):
    mixed(folder, "uniform", 5_000, out="small")
    index, before = read_index(str(folder / "small")), read_index(str(folder / "run" / "out" / "pack"))
    assert index.available()["mixture"][1] == pytest.approx(5_000, abs=130)
    for name, source in before.sources.items():
        assert index.sources[name].validation == source.validation
        assert index.sources[name].train.shards == ()


def test_the_command_prints_the_account(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    command = ["mix", "run", "--mixture", "natural", "--tokens", "4_000", "--workers", "1"]
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tokens"] == pytest.approx(4_000, abs=130)
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("nothing to do: the mixed corpus is complete\nsource ")
    assert re.search(rf"\ncorpus: {folder}/run/mix/natural-4000-[0-9a-f]{{8}}\n$", shown)
    assert main(["mix", "run", "--mixture", "natrual", "--tokens", "10"]) == 2
    assert "did you mean 'natural'?" in capsys.readouterr().err
    assert main(["mix", "nowhere", "--mixture", "natural", "--tokens", "10"]) == 3
    with pytest.raises(SystemExit):
        main(["mix", "run", "--mixture", "natural", "--tokens", "0"])


def test_nothing_of_somebody_else_is_written_over(folder):
    (folder / "mine").mkdir()
    (folder / "mine" / "precious.txt").write_text("留着")
    with pytest.raises(InputError, match="mine holds something else: choose another --out"):
        mixed(folder, "natural", 3_000, out="mine")
    with pytest.raises(InputError, match="pack holds something else"):
        mixed(folder, "natural", 3_000, out="run/out/pack")
    mixed(folder, "natural", 3_000, out="first")
    with pytest.raises(InputError, match="first holds another corpus: choose another --out, or delete it"):
        mixed(folder, "natural", 4_000, out="first")
    assert (folder / "mine" / "precious.txt").read_text() == "留着"
    assert not mixed(folder, "natural", 3_000, out="second")["did_nothing"]


def test_a_mix_that_was_killed_before_its_first_shard_was_noted_goes_on(folder, monkeypatch):
    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mixing.storage, "write_json", killed)
        with pytest.raises(KeyboardInterrupt):
            mixed(folder, "natural", 3_000, out="killed")
    assert list((folder / "killed").rglob("*.npy"))
    mixed(folder, "natural", 3_000, out="killed")
    mixed(folder, "natural", 3_000, out="straight")
    assert pieces(folder / "killed") == pieces(folder / "straight")


def test_what_was_lost_is_made_again(folder):
    mixed(folder, "uniform", 3_000, out="lost")
    files = {path: path.read_bytes() for path in (folder / "lost").rglob("*") if path.is_file()}
    for path in [*(folder / "lost" / "train").rglob("*.npy"), folder / "lost" / "tokenizer.json"]:
        path.unlink()
    assert not mixed(folder, "uniform", 3_000, out="lost")["did_nothing"]
    assert {path: path.read_bytes() for path in files} == files


def test_the_pack_of_the_ablation_is_mixed_or_the_one_that_is_named(folder):
    both = RECIPE.replace("64}", "64}\n  - pack: {as: short, sequence_tokens: 32}")
    run(folder, both, out="both", until="short")

    def shape(label):
        asked = Asked("natural", 2_000, 0, 4.0, label)
        made = mix(str(folder / "both"), asked, None, 1, Silent(), LocalEngine)["folder"]
        return read_index(made).sequence_tokens

    assert [shape(None), shape("short"), shape("pack")] == [64, 32, 64]
    with pytest.raises(InputError, match=r"no packed tokens of the stage 'shrt' \(did you mean 'short'\?\)"):
        shape("shrt")


def test_what_cannot_be_mixed(folder):
    with pytest.raises(RecipeError, match=r"only_empty.*has no tokens"):
        mixed(folder, "only_empty", 100, out="x")
    with pytest.raises(InputError, match="is not a complete run"):
        mix(str(folder), Asked("natural", 1, 0, 1.0), None, 1, Silent(), LocalEngine)
