"""From raw text to the verdict: tokens and sequences hold the survivors, and the ablation is done, stopped and gone on with."""

from __future__ import annotations

import itertools
import json
import shutil

import numpy as np
import pyarrow as pa
import pytest
import tokenizers
from harness import Silent, plan, published, rows, run
from whole import RECIPE, write_sources

from pipeline import storage
from pipeline.ablation import check_ablation
from pipeline.contenders import contenders, fingerprint, mixtures_of
from pipeline.errors import PlanError, RecipeError, StageError
from pipeline.run import run_plan
from pipeline.variants import check_variants
from pipeline.work import Workspace


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("whole")
    write_sources(root)
    run(root, RECIPE, workers=2)
    return root


def out(folder, *parts, run="run"):
    return folder.joinpath(run, "out", *parts)


def load(folder, *parts, run="run"):
    return json.loads(out(folder, *parts, run=run).read_text(encoding="utf-8"))


def token_documents(folder):
    """(side, source, uid, ids without the marks) of every document in the token shards."""
    index = load(folder, "tokens", "tokens.json")
    for source, about in index["sources"].items():
        for side in ("train", "validation"):
            for shard in about[side]["shards"]:
                tokens = np.load(out(folder, "tokens", f"{shard['name']}.npy"))
                with pa.OSFile(str(out(folder, "tokens", f"{shard['name']}.docs.arrow"))) as file:
                    table = pa.ipc.open_file(file).read_all()
                for row in table.to_pylist():
                    part = tokens[row["start"] : row["start"] + row["n_tokens"]]
                    assert part[0] == part[-1] == index["end_of_text"]
                    yield side, source, row["uid"], part[1:-1].tolist()


def test_tokens_are_the_survivors_on_their_side(folder):
    model = tokenizers.Tokenizer.from_file(str(out(folder, "tokenizer.json")))
    survivors = {row["uid"]: row for row in rows(folder / "run")}
    found = list(token_documents(folder))
    assert sorted(uid for _, _, uid, _ in found) == sorted(survivors)
    end_of_text = load(folder, "tokens", "tokens.json")["end_of_text"]
    for side, source, uid, ids in found:
        assert (survivors[uid]["split_side"], survivors[uid]["source"]) == (side, source)
        assert end_of_text not in ids
        assert model.decode(ids, skip_special_tokens=False) == survivors[uid]["text"]
    assert {side for side, _, _, _ in found} == {"train", "validation"}


def test_copies_are_on_one_side_also_those_that_are_dropped(folder):
    survivors = {row["uid"]: row["split_side"] for row in rows(folder / "run")}
    copies = [row for row in rows(folder / "run", "dropped") if row["reason"] == "exact_duplicate"]
    assert len(copies) >= 20
    assert all(row["split_side"] == survivors[row["twin"]] for row in copies)


def test_packed_sequences_hold_every_pair_of_neighbours_once(folder):
    index = load(folder, "pack", "packed.json")
    pairs: dict[str, list[tuple[int, int]]] = {}
    for source, about in index["sources"].items():
        for side in ("train", "validation"):
            for shard in about[side]["shards"]:
                array = np.load(out(folder, "pack", f"{shard['name']}.npy"))
                assert array.shape == (shard["sequences"], 65)
                with pa.OSFile(str(out(folder, "pack", f"{shard['name']}.docs.arrow"))) as file:
                    pieces = pa.ipc.open_file(file).read_all().to_pylist()
                assert sum(piece["n_tokens"] - 1 for piece in pieces) == shard["tokens"]
                for piece in pieces:
                    part = array[piece["sequence"], piece["start"] : piece["start"] + piece["n_tokens"]].tolist()
                    pairs.setdefault(f"{side} {source} {piece['uid']}", []).extend(itertools.pairwise(part))
    end = index["end_of_text"]
    expected = {}
    for side, source, uid, ids in token_documents(folder):
        whole = [end, *ids, end]
        expected[f"{side} {source} {uid}"] = sorted(itertools.pairwise(whole))
    assert {name: sorted(found) for name, found in pairs.items()} == expected
    assert index["sources"]["empty"] == {"tag": "code", "train": {"shards": []}, "validation": {"shards": []}}


def test_every_run_has_the_same_budget_and_the_verdict_is_over_all(folder):
    found = load(folder, "ablation", "ablation.json")
    assert [(one["mixture"], one["seed"]) for one in found["runs"]] == [
        ("natural", 0), ("mostly_chinese", 0), ("natural", 1), ("mostly_chinese", 1),
    ]  # fmt: skip
    for one in found["runs"]:
        served = sum(source["tokens"] for source in one["served"].values())
        assert abs(served - 3_000) <= 2 * 64 * len(one["served"])
        assert {name for name, source in one["validation"].items() if source["bytes"]} == {"english", "chinese"}
        assert one["curve"][-1][1] < one["curve"][0][1]
    first = {one["mixture"]: one for one in found["runs"] if one["seed"] == 0}
    assert first["mostly_chinese"]["validation"] != first["natural"]["validation"]
    assert set(found["verdict"]["mixtures"]) == {"natural", "mostly_chinese"}
    assert str(folder) not in json.dumps(found)
    assert set(load(folder, "ablation", "timing.json")) == {f"{m}-{s}" for m in found["mixtures"] for s in (0, 1)}


def reproducible(folder, run):
    return {
        name: sha256
        for name, sha256 in published(folder / run).items()
        if "/report/" not in name and not name.endswith("timing.json")
    }


ONE_SEED = RECIPE + "  seeds: 1\n"


@pytest.fixture(scope="module")
def one_seed(folder):
    """Hashes of what the run publishes with one seed; nothing is trained for it."""
    shutil.copytree(folder / "run", folder / "one_seed")
    run(folder, ONE_SEED, out="one_seed", workers=2)
    return reproducible(folder, "one_seed")


def test_one_worker_gives_the_same_bytes(folder, one_seed):
    run(folder, ONE_SEED, out="one")
    assert reproducible(folder, "one") == one_seed
    assert run(folder, ONE_SEED, out="one").did_nothing


@pytest.mark.ray
def test_training_runs_on_ray_give_the_same_bytes(folder, one_seed):
    from pipeline.engine_ray import RayEngine

    shutil.copytree(folder / "run", folder / "ray")
    for trained in ("work", "out"):
        shutil.rmtree(folder / "ray" / trained / "ablation")
    run_plan(plan(folder, ONE_SEED), str(folder / "ray"), 2, Silent(), RayEngine)
    assert len(list((folder / "ray" / "work" / "ablation").rglob("result.json"))) == 2
    assert reproducible(folder, "ray") == one_seed


def test_another_objective_trains_nothing_again(folder):
    shutil.copytree(folder / "run", folder / "other")
    before = {path: path.stat().st_mtime_ns for path in (folder / "other" / "work" / "ablation").rglob("result.json")}
    changed = RECIPE.replace("objective: {english: 1, chinese: 1}", "objective: {english: 1}")
    assert not run(folder, changed, out="other").did_nothing
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert load(folder, "ablation", "ablation.json", run="other")["verdict"]["objective"] == {"english": 1.0}
    run(folder, changed, out="other", until="pack")
    assert not out(folder, "ablation", "ablation.json", run="other").exists()
    assert not run(folder, changed, out="other").did_nothing
    assert {path: path.stat().st_mtime_ns for path in before} == before


VARIANT = RECIPE.replace("[natural, mostly_chinese]", "[natural]").replace(
    "  tokens: 3_000", "  variants: {no_dedup: {without: [dedup_exact]}}\n  seeds: 1\n  tokens: 3_000"
)


def test_a_variant_is_trained_on_its_own_documents_and_validated_on_those_of_the_corpus(folder):
    shutil.copytree(folder / "run", folder / "variant")
    before = published(folder / "variant")
    run(folder, VARIANT, out="variant")
    found = load(folder, "ablation", "ablation.json", run="variant")
    assert list(found["mixtures"]) == ["natural", "no_dedup"]
    assert found["mixtures"]["no_dedup"]["without"] == ["dedup_exact"]
    natural, without = (next(one for one in found["runs"] if one["mixture"] == name) for name in found["mixtures"])
    for source in ("english", "chinese"):
        assert without["validation"][source]["bytes"] == natural["validation"][source]["bytes"]
    assert without["validation"] != natural["validation"]
    data = folder / "variant" / "work" / "variants" / "no_dedup" / "state" / "data"
    ours, theirs = json.loads((data / "packed.json").read_text()), load(folder, "pack", "packed.json")
    assert ours["tokenizer_sha256"] == theirs["tokenizer_sha256"]
    for name in ("english", "chinese"):
        assert ours["sources"][name]["validation"] == theirs["sources"][name]["validation"]
        more, fewer = (sum(s["documents"] for s in one["sources"][name]["train"]["shards"]) for one in (ours, theirs))
        assert more > fewer
    held_out = {row["uid"] for row in rows(folder / "variant") if row["split_side"] == "validation"}
    trained_on = set()
    for path in data.glob("train/*/*.docs.arrow"):
        with pa.OSFile(str(path)) as file:
            trained_on |= set(pa.ipc.open_file(file).read_all()["uid"].to_pylist())
    dropped = {row["uid"]: row["twin"] for row in rows(folder / "variant", "dropped") if row["twin"]}
    assert trained_on and not trained_on & held_out
    assert trained_on & dropped.keys(), "copies are back"
    assert not {dropped[uid] for uid in trained_on & dropped.keys()} & held_out, "but none of what is validated on"
    after = published(folder / "variant")
    changed = {name for name in before if before[name] != after.get(name)}
    assert all(name.startswith(("out/report/", "out/ablation/", "out/manifest.json")) for name in changed)
    assert run(folder, VARIANT, out="variant").did_nothing


@pytest.mark.parametrize(
    ("without", "message"),
    [
        ("[dedup_exactly]", "the variant 'no_dedup' leaves out 'dedup_exactly', which is no stage (did you mean 'dedup_exact'?)"),
        ("[split]", "leaves out split, which must stay: validation is what split sets aside"),
        ("[normalize]", "leaves out normalize, which must stay: validation is what split sets aside"),
        ("[pii]", "leaves out pii, which must stay"),
        ("[tokenizer]", "leaves out tokenizer, which must stay"),
        ("[pack]", "leaves out 'pack', which is no stage"),
    ],
)  # fmt: skip
def test_what_a_variant_may_not_leave_out(folder, without, message):
    with pytest.raises(PlanError) as caught:
        check_variants(plan(folder, VARIANT.replace("[dedup_exact]", without)))
    assert message in str(caught.value)


def test_a_failing_training_run_is_named_with_what_it_said(folder):
    shutil.copytree(folder / "run", folder / "broken")
    for path in out(folder, "pack", "train", "english", run="broken").glob("*.npy"):
        with open(path, "rb") as file:
            tokens = np.load(file)
        with open(path, "wb") as file:
            np.lib.format.write_array(file, np.full_like(tokens, 65535), version=(1, 0))
    changed = RECIPE.replace("width: 16", "width: 32")
    with pytest.raises(StageError, match=r"the training run natural-0 ended with exit code 3 .*outside the vocabulary"):
        run(folder, changed, out="broken")
    assert not out(folder, "ablation", "ablation.json", run="broken").exists()


def test_phases_and_the_repetition_of_a_target_reach_the_training_runs(folder):
    shutil.copytree(folder / "run", folder / "phases")
    phases = "phases: [{tokens: 2_000}, {mixture: {chinese: 1}, tokens: 1_000}], target_tokens: 9_000"
    changed = RECIPE.replace("[natural, mostly_chinese]", "[only_english]").replace("width: 16", f"width: 16, {phases}")
    run(folder, changed + "  seeds: 1\n", out="phases")
    (one,) = load(folder, "ablation", "ablation.json", run="phases")["runs"]
    first, second = (phase["served"] for phase in one["account"]["phases"])
    assert first["chinese"]["tokens"] == second["english"]["tokens"] == 0
    assert first["english"]["tokens"] == pytest.approx(2_000, abs=80)
    assert second["chinese"]["tokens"] == pytest.approx(1_000, abs=80)
    assert one["planned"] == {"chinese": 1_000, "english": 2_000}
    there = {name: sum(shard["sequences"] for shard in source["train"]["shards"])
             for name, source in load(folder, "pack", "packed.json", run="phases")["sources"].items()}  # fmt: skip
    for name, served in one["served"].items():
        assert served["epochs"] == pytest.approx(3 * served["sequences"] / there[name], rel=0.1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[natural, mostly_chinese]", "[natral]", "there is no mixture 'natral' (did you mean 'natural'?)"),
        ("width: 16", "widht: 16", "ablation option 'train' has no option 'widht' (did you mean 'width'?)"),
        (
            "  tokens: 3_000",
            '  data: "@tokens"\n  tokens: 3_000',
            "the ablation needs packed tokens, and '@tokens' has none",
        ),
        ("[natural, mostly_chinese]", "[../natural]", "must be lower-case letters"),
        ("width: 16", "width: 15", "width must be a multiple of"),
        ("width: 16", "seed: 16", "ablation option 'train' may not have 'seed': the ablation sets it"),
        ("  - pack: {sequence_tokens: 64}\n", "", "the ablation needs packed tokens"),
        (
            "width: 16",
            "phases: [{tokens: 2_000}]",
            "phases have 2,000 tokens together, but every run gets 3,000: set the ablation's option tokens to 2_000",
        ),
        (
            "width: 16",
            "phases: [{tokens: 2_000}, {tokens: 1_000, mixture: {chinese: 1, englsh: 1}}]",
            "the mixture of phase 2 names no source of this recipe: 'englsh' (did you mean 'english'?)",
        ),
        (
            "width: 16",
            "phases: [{tokens: 2_000, mixture: {全唐诗: 1}}, {tokens: 1_000}]",
            "phase 1 names no source of this",
        ),
        ("width: 16", "phases: [{tokens: 3_000, mixture: uniform}]", "every one of the phases has its own mixture, so"),
        (
            "width: 16",
            "phases: 7",
            "ablation option 'train': phases must be a list of {mixture: ..., tokens: N}, got 7",
        ),
        ("width: 16", "target_tokens: 2_000", "target_tokens must be at least tokens = 3,000, got 2,000"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_read(folder, old, new, message):
    assert old in RECIPE
    with pytest.raises(RecipeError) as caught:
        check_ablation(plan(folder, RECIPE.replace(old, new)))
    assert message in str(caught.value)


def test_an_objective_without_validation_text_is_refused_before_training(folder):
    changed = RECIPE.replace("objective: {english: 1, chinese: 1}", "objective: {english: 1, empty: 1}")
    changed = changed.replace("width: 16", "width: 48")
    with pytest.raises(RecipeError, match=r"counts the source 'empty', which has no document on the side 'validation'"):
        run(folder, changed, out="run_of_nothing")
    assert not list((folder / "run_of_nothing" / "work" / "ablation").rglob("*"))


def work_of(folder, recipe) -> Workspace:
    return Workspace(plan(folder, recipe), str(folder / "run"))


def test_names_of_the_same_mixture_are_trained_once_and_sources_without_text_left_out(folder):
    recipe = RECIPE.replace("mostly_chinese: {english: 1, chinese: 3}", "half: {english: 2, chinese: 2}")
    work = work_of(folder, recipe.replace("[natural, mostly_chinese]", "[alone, uniform, half, natural]"))
    assert work.plan.ablation is not None
    found = contenders(work, work.plan.ablation)
    assert [(one.mixture.name, one.also) for one in found] == [
        ("only_english", ()), ("only_chinese", ()), ("uniform", ("half",)), ("natural", ()),
    ]  # fmt: skip
    assert mixtures_of(work, work.plan.ablation)[1] == ["only_empty"]


def test_what_decides_the_results_makes_them_stale(folder):
    shutil.copytree(folder / "run", folder / "stale")
    (folder / "mixes").mkdir(exist_ok=True)
    recipe = RECIPE.replace("[natural, mostly_chinese]", "[mine]").replace("seeds: 2", "seeds: 1")

    def mark() -> str:
        work = Workspace(plan(folder, recipe), str(folder / "stale"))
        assert work.plan.ablation is not None
        return fingerprint(work, work.plan.ablation, 1)

    storage.write_bytes(str(folder / "mixes" / "mine.yaml"), b"cited: somebody\ntags: {books: 0.6, web: 0.4}\n")
    first = mark()
    assert mark() == first
    storage.write_bytes(str(folder / "mixes" / "mine.yaml"), b"cited: somebody\ntags: {books: 0.4, web: 0.6}\n")
    second = mark()
    index = out(folder, "pack", "packed.json", run="stale")
    index.write_text(index.read_text() + " ")
    assert len({first, second, mark()}) == 3


def test_published_mixtures_fit_by_tags(folder):
    (folder / "mixes").mkdir(exist_ok=True)
    storage.write_bytes(str(folder / "mixes" / "mine.yaml"), b"cited: somebody\ntags: {books: 0.6, news: 0.4}\n")
    check_ablation(plan(folder, RECIPE.replace("[natural, mostly_chinese]", "[mine]")))
    storage.write_bytes(str(folder / "mixes" / "mine.yaml"), b"cited: somebody\ntags: {books: -1}\n")
    with pytest.raises(RecipeError, match=r"mine\.yaml:2: mixture option 'tags' must be at least 0"):
        check_ablation(plan(folder, RECIPE.replace("[natural, mostly_chinese]", "[mine]")))
