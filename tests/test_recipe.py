"""Recipes: whatever is wrong, one line says where and what was meant."""

from __future__ import annotations

import pytest
from harness import plan, write_jsonl

from pipeline.errors import InputError, PlanError, RecipeError
from pipeline.readers.base import load_readers
from pipeline.recipe import load_recipe, parse_recipe
from pipeline.stage import Stage, load_stages, stage
from pipeline.yaml_tree import MAX_BYTES

GOOD = """\
sources:
  web:
    reader: jsonl
    paths: [a.jsonl]
on_error: stop
shard_mb: 8
stages:
  - normalize
  - quality:
      min_words: 10
  - length: {as: after, max_words: 99}
  - dedup_exact:
audit: 0.01
"""


@stage("toy_lost")
class ToyLost(Stage):
    """Needs a column that nobody adds."""

    def needs(self):
        return ("text", "toy_evan_n_char")


@pytest.fixture(autouse=True)
def loaded():
    load_stages(["toys"])
    load_readers()


def test_a_good_recipe():
    recipe = parse_recipe("/r/x.yaml", GOOD)
    assert [step.label for step in recipe.steps] == ["normalize", "quality", "after", "dedup_exact"]
    assert [step.line for step in recipe.steps] == [8, 9, 11, 12]
    assert recipe.steps[1].stage.min_words == 10
    assert recipe.steps[2].stage.max_words == 99
    assert (recipe.settings.shard_mb, recipe.settings.on_error, recipe.settings.audit) == (8, "stop", 0.01)
    assert (recipe.folder, recipe.name) == ("/r", "x")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sources:", "source:", "x.yaml:1: a recipe has no section 'source' (did you mean 'sources'?)"),
        ("stages:", "stage:", "x.yaml:7: a recipe has no section 'stage' (did you mean 'stages'?)"),
        ("on_error", "on_eror", "x.yaml:5: a recipe has no section 'on_eror' (did you mean 'on_error'?)"),
        ("stop", "stopp", "x.yaml:5: recipe option 'on_error' has no choice 'stopp' (did you mean 'stop'?)"),
        ("8\n", "lots\n", "x.yaml:6: recipe option 'shard_mb' must be integer, got 'lots'"),
        ("8\n", "0\n", "x.yaml:6: recipe option 'shard_mb' must be at least 1, got 0"),
        ("0.01", "1.5", "x.yaml:13: recipe option 'audit' must be at most 1, got 1.5"),
        ("0.01", "-0.1", "x.yaml:13: recipe option 'audit' must be at least 0, got -0.1"),
        ("0.01", ".nan", "x.yaml:13: recipe option 'audit' must be a finite number, got nan"),
        ("0.01", "yes", "x.yaml:13: recipe option 'audit' must be number, got True"),
        ("reader: jsonl", "reader: json", "x.yaml:3: there is no reader 'json' (did you mean 'jsonl'?)"),
        ("reader: jsonl\n", "", "x.yaml:2: the source 'web' needs a reader"),
        ("paths:", "path:", "x.yaml:4: reader jsonl has no option 'path' (did you mean 'paths'?)"),
        ("[a.jsonl]", "3", "x.yaml:4: reader jsonl option 'paths' must be list of text, got 3"),
        ("  web:", "  Web-1:", "x.yaml:2: the source name 'Web-1' must be lower-case"),
        ("- normalize", "- normalise", "x.yaml:8: there is no stage 'normalise' (did you mean 'normalize'?)"),
        ("- quality", "- qualty", "x.yaml:9: there is no stage 'qualty' (did you mean 'quality'?)"),
        ("min_words", "min_word", "x.yaml:10: quality has no option 'min_word' (did you mean 'min_words'?)"),
        ("min_words: 10", "min_words: ten", "x.yaml:10: quality option 'min_words' must be number or null, got 'ten'"),
        ("min_words: 10", "min_words: yes", "x.yaml:10: quality option 'min_words' must be number or null, got True"),
        ("min_words: 10", "min_words: -1", "x.yaml:10: quality option 'min_words' must be at least 0, got -1"),
        ("min_words: 10", "min_words: 10\n      min_words: 20", "x.yaml:11: 'min_words' is given twice"),
        ("as: after", "as: quality", "x.yaml:11: the label 'quality' is taken"),
        ("as: after", "as: 1", "x.yaml:11: 'as' must be text, got 1"),
        ("- normalize", "- {normalize: {}, length: {}}", "x.yaml:8: a stage is written"),
        ("- normalize", "- normalize: 3", "x.yaml:8: the options of normalize are a map"),
        ("- normalize", "- [normalize]", "x.yaml:8: a stage is written"),
        ("[a.jsonl]", "[a.jsonl", "x.yaml:5: "),
        ("[a.jsonl]", "&files [a.jsonl]", "x.yaml:4: not valid YAML: a recipe has no anchors or aliases"),
        ("on_error: stop", "on_error: !!python/name:os.system stop", "x.yaml:5: "),
        ("  web:", "  1:", "x.yaml:2: a key must be text, got 1 (put it in quotes)"),
        ("[a.jsonl]", "[" * 50 + "]" * 50, "x.yaml:4: nested deeper than"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old, new, message):
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(RecipeError) as caught:
        parse_recipe("x.yaml", text)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "text", ["", "- a", "text", "sources: {}", "sources: {w: {reader: jsonl, paths: [a]}}", "a: 中文\x00"]
)
def test_what_is_no_recipe(text):
    with pytest.raises(RecipeError, match=r"^x.yaml:\d+: "):
        parse_recipe("x.yaml", text)


def test_files_that_are_no_recipes(tmp_path):
    path = tmp_path / "x.yaml"
    with pytest.raises(InputError, match="cannot read"):
        load_recipe(str(path))
    path.write_bytes(b"sources:\n  a: \xff\n")
    with pytest.raises(RecipeError, match=r"x.yaml:2: not UTF-8"):
        load_recipe(str(path))
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(RecipeError, match="at most"):
        load_recipe(str(path))
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_recipe(str(path)).steps[0].label == "normalize"


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ("[toy_first_char, toy_first_char: {as: toy_first_char_2}]", None),
        (
            '[toy_uses_count: {model: "@toy_count"}, toy_count]',
            "recipe.yaml:2: toy_uses_count uses '@toy_count', which no stage before it makes",
        ),
        ('[toy_count: {as: n}, toy_uses_count: {model: "@m"}]', "recipe.yaml:2: toy_uses_count uses '@m'"),
        (
            "[needs_signal, toy_even]",
            "needs the column 'toy_even_n_chars', which toy_even adds: move toy_even before it",
        ),
        ("[{quality: {unjudged: [wen]}}]", "names no source of this recipe: 'wen' (there is: w)"),
        (
            "[normalize, needs_signal: {as: later}]",
            "recipe.yaml:2: later needs the column 'toy_even_n_chars', which no stage of this recipe adds;"
            " the stage `toy_even` does: put it before later",
        ),
        (
            "[{toy_even: {as: toy_evan}}, toy_lost]",
            "needs the column 'toy_evan_n_char', which no stage of this recipe adds (did you mean 'toy_evan_n_chars'?)",
        ),
    ],
)
def test_columns_and_artifacts_are_checked_before_any_data_is_read(tmp_path, stages, message):
    write_jsonl(tmp_path / "a.jsonl", 1, seed=0)
    recipe = f"sources: {{w: {{reader: jsonl, paths: [a.jsonl]}}}}\nstages: {stages}\n"
    if message is None:
        assert plan(tmp_path, recipe).passes
    else:
        with pytest.raises(PlanError) as caught:
            plan(tmp_path, recipe)
        assert message in str(caught.value)


def test_until_must_be_a_stage_of_the_recipe(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 1, seed=0)
    recipe = "sources: {w: {reader: jsonl, paths: [a.jsonl]}}\nstages: [toy_even]\n"
    with pytest.raises(PlanError, match=r"has no stage 'toy_evn' \(did you mean 'toy_even'\?\)"):
        plan(tmp_path, recipe, "toy_evn")


def test_a_source_without_files(tmp_path):
    with pytest.raises(InputError, match=r"recipe.yaml:1: source 'w': no file matches .*/a\.jsonl"):
        plan(tmp_path, "sources: {w: {reader: jsonl, paths: [a.jsonl]}}\nstages: [toy_even]\n")


def test_fingerprints_change_with_what_decides_the_bytes_and_with_nothing_else(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", 3, seed=0)
    base = "sources: {w: {reader: jsonl, paths: [a.jsonl]}}\nstages:\n  - toy_even\n  - length: {min_words: 1}\n"
    prints = plan(tmp_path, base).fingerprints
    assert plan(tmp_path, base + "# a comment\non_error: quarantine\n").fingerprints == prints
    assert plan(tmp_path, base.replace("min_words: 1", "max_words: 100_000, min_words: 1")).fingerprints == prints
    changed = plan(tmp_path, base.replace("min_words: 1", "min_words: 2")).fingerprints
    assert (changed[:2], changed[2] == prints[2]) == (prints[:2], False)
    for other in (base.replace("{w:", "{v:"), base.replace("paths:", "id: n, paths:"), base + "shard_mb: 9\n"):
        assert not set(plan(tmp_path, other).fingerprints) & set(prints)
    write_jsonl(tmp_path / "a.jsonl", 4, seed=0)
    assert not set(plan(tmp_path, base).fingerprints) & set(prints)


STUDY = """\
sources:
  web: {reader: jsonl, paths: [a.jsonl], tag: web}
  书: {reader: jsonl, paths: [a.jsonl]}
stages: [normalize, toy_files]
mixtures:
  mine: {web: 3, books: 1}
ablation:
  objective: {web: 1, books: 0.5}
  mixtures: [alone, mine]
  train: {lr: 1e-3, layers: 2}
""".replace("书", "books")


def test_mixtures_tags_and_the_ablation():
    recipe = parse_recipe("/r/x.yaml", STUDY)
    assert recipe.tags == {"web": "web", "books": ""}
    assert recipe.mixtures == {"mine": {"web": 3.0, "books": 1.0}}
    assert recipe.ablation is not None
    assert recipe.ablation.objective == {"web": 1.0, "books": 0.5}
    assert recipe.ablation.train == {"lr": "1e-3", "layers": 2}, (
        "YAML 1.1 reads text, which train.config takes as a number"
    )
    assert parse_recipe("x.yaml", GOOD).ablation is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tag: web", "tag: 3", "x.yaml:2: 'tag' must be text, got 3"),
        ("tag: web", "tag: 网页", "x.yaml:2: the tag '网页' must be lower-case"),
        ("mine: {web: 3, books: 1}", "mine: {wbe: 3}", "x.yaml:6: the mixture 'mine' names no source of this recipe: 'wbe' (did you mean 'web'?)"),
        ("mine: {web: 3, books: 1}", "mine: {web: -1}", "x.yaml:6: the weight of 'web' must be a number from 0 on, got -1"),
        ("mine: {web: 3, books: 1}", "mine: {web: .nan}", "x.yaml:6: the weight of 'web' must be a number from 0 on, got nan"),
        ("mine: {web: 3, books: 1}", "mine: {web: true}", "x.yaml:6: the weight of 'web' must be a number from 0 on, got True"),
        ("mine: {web: 3, books: 1}", "mine: {web: 0}", "x.yaml:6: the mixture 'mine' gives no source a weight above 0"),
        ("mine: {web: 3, books: 1}", "mine: 3", "x.yaml:6: the mixture 'mine' is a map of sources to weights"),
        ("mine: {", "natural: {", "x.yaml:6: the mixture 'natural' has the name of one that is always there"),
        ("mine: {", "only_web: {", "x.yaml:6: the mixture 'only_web' has the name of one that is always there"),
        ("  objective: {web: 1, books: 0.5}\n", "", "x.yaml:7: ablation needs the option 'objective': what best means"),
        ("objective: {web: 1, books: 0.5}", "objective: {web: 0}", "x.yaml:8: ablation option 'objective' gives no source"),
        ("objective: {web: 1, books: 0.5}", "objective: {wbe: 1}", "x.yaml:8: ablation option 'objective' names no source of this recipe: 'wbe' (did you mean 'web'?)"),
        ("objective: {web: 1, books: 0.5}", "objective: {web: -1}", "x.yaml:8: ablation option 'objective' must be at least 0, got -1"),
        ("mixtures: [alone, mine]", "mixtures: []", "x.yaml:9: ablation option 'mixtures' names no mixture"),
        ("mixtures: [alone, mine]", "seeds: 0", "x.yaml:9: ablation option 'seeds' must be at least 1, got 0"),
        ("mixtures: [alone, mine]", "variants: {raw: [normalize]}", "x.yaml:9: ablation option 'variants' must be map of text to map of text to list of text"),
        ("mixtures: [alone, mine]", "variants: {raw: {with: [normalize]}}", "x.yaml:9: the variant 'raw' is written raw: {without: [STAGE]}"),
        ("mixtures: [alone, mine]", "variants: {natural: {without: [normalize]}}", "x.yaml:9: the variant 'natural' has the name of a mixture"),
        ("mixtures: [alone, mine]", "variants: {../..: {without: [normalize]}}", "x.yaml:9: the name '../..' must be lower-case letters"),
        ("mixtures: [alone, mine]", "mixtures: [../mine]", "x.yaml:9: the name '../mine' must be lower-case letters"),
        ("mine: {web", "我的: {web", "x.yaml:6: the mixture name '我的' must be lower-case letters"),
        ("objective: {web: 1, books: 0.5}", "objective: {web: .inf}", "x.yaml:8: ablation option 'objective' must be a finite number, got inf"),
        ("tag: web", "tag: 2024-13-45", "x.yaml:2: not valid YAML: month must be in 1..12 (put it in quotes)"),
        ("mixtures: [alone, mine]", "gpus_per_job: 1.5", "x.yaml:9: ablation option 'gpus_per_job' above 1 must be a whole number"),
        ("mixtures: [alone, mine]", "seed: 2", "x.yaml:9: ablation has no option 'seed' (did you mean 'seeds'?)"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_mixtures_and_the_ablation(old, new, message):
    assert old in STUDY
    with pytest.raises(RecipeError) as caught:
        parse_recipe("x.yaml", STUDY.replace(old, new))
    assert str(caught.value).startswith(message)
