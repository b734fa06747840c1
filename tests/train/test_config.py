"""Options of a training run: what is read, what overrides what, and that every mistake is one clear sentence."""

from __future__ import annotations

import dataclasses
import math

import pytest

from train.config import MAX_CONFIG_BYTES, Config, parser, read_config
from train.errors import ConfigError

NEEDED = ("--data", "packed", "--out", "run")


def config_file(tmp_path, text, name="c.yaml"):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def refusal(*argv):
    with pytest.raises(ConfigError) as caught:
        read_config(argv)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_only_folders_are_needed():
    assert read_config(NEEDED) == Config(data="packed", out="run")
    assert refusal("--out", "run") == "--data is needed: folder of packed tokens"
    assert refusal("--data", "packed") == "--out is needed: folder to write to"


def test_flags_override_the_file(tmp_path):
    path = config_file(
        tmp_path, "data: 語料\nout: b\nlr: 1e-3\nlayers: 3\ntie_embeddings: false\nmixture: {web: 1, zh: 0.5}\n"
    )
    config = read_config(["--config", path, "--layers", "4", "--tokens=5_000", "--attend-across-documents"])
    assert config == Config(
        data="語料", out="b", lr=0.001, layers=4, tokens=5000, tie_embeddings=False, attend_across_documents=True,
        mixture={"web": 1.0, "zh": 0.5},
    )  # fmt: skip
    assert read_config(["--config", path, "--tie-embeddings"]).tie_embeddings is True


def test_a_file_of_nothing_is_all_defaults(tmp_path):
    for text in ("", "# 空\n", "\ufeff"):
        assert read_config(["--config", config_file(tmp_path, text), *NEEDED]) == Config(data="packed", out="run")


def test_mixtures_by_name_and_by_weights():
    assert Config(data="d", out="o").mixture == "natural"
    assert read_config([*NEEDED, "--mixture", "uniform"]).mixture == "uniform"
    given = read_config([*NEEDED, "--mixture", " web=0.5, books = 1e-1,zh=0"]).mixture
    assert given == {"books": 0.1, "web": 0.5, "zh": 0.0} and list(given) == sorted(given)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "nautral",
            "--mixture has no mixture named 'nautral' (did you mean 'natural'?); weights are written web=0.5,books=0.5",
        ),
        ("web=0.5,web=0.5", "--mixture names a source twice"),
        ("web=-1", "--mixture gives 'web' the weight -1.0, it must be 0 or more"),
        ("web=nan", "--mixture gives 'web' the weight nan, it must be 0 or more"),
        ("web=inf", "--mixture gives 'web' the weight inf, it must be 0 or more"),
        ("web=0,zh=0", "--mixture gives no source a weight above 0"),
        ("web=much", "--mixture must be a name or weights of sources, got 'web=much'"),
    ],
)
def test_wrong_mixtures(text, said):
    assert refusal(*NEEDED, "--mixture", text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("layrs: 2", ": there is no option 'layrs' (did you mean 'layers'?)"),
        ("层: 2", ": there is no option '层' (there are: "),
        ("3: 2", ": there is no option 3 (there are: "),
        ("layers: two", ":layers must be a whole number, got 'two'"),
        ("layers: 2.0", ":layers must be a whole number, got 2.0"),
        ("layers: true", ":layers must be a whole number, got True"),
        ("layers: 0", ":layers must be from 1 to 256, got 0"),
        ("layers: [1, 2]", ":layers must be a whole number, got [1, 2]"),
        ("lr: .nan", ":lr must be from 0 to 10, got nan"),
        ("lr: .inf", ":lr must be from 0 to 10, got inf"),
        ("lr: yes", ":lr must be a number, got True"),
        ("tie_embeddings: 1", ":tie_embeddings must be true or false, got 1"),
        ("data: 12", ":data must be text, got 12"),
        ('data: "a\\0b"', ":data must not hold the character NUL"),
        ("precision: fp16", ":precision has no choice 'fp16' (there are: auto, bfloat16, float32)"),
        ("mixture: [web]", ":mixture must be a name or weights of sources, got ['web']"),
        ("mixture: {1: 2}", ":mixture must be a name or weights of sources, got {1: 2}"),
        ("mixture: {}", ":mixture gives no source a weight above 0"),
        ("lr: 0.1\nlr: 0.2", ": not valid YAML: 'lr' is given twice"),
        ("- lr", ": a config is a map, such as 'lr: 0.01', got ['lr']"),
        ("lr: [", ": not valid YAML: "),
        ("lr: !!python/object/apply:os.getcwd []", ": not valid YAML: could not determine a constructor"),
        ("lr: 2001-99-99", ": not valid YAML: month must be in 1..12"),
        (b"lr: \xff", ": not valid YAML: 'utf-8' codec can't decode"),
        ("seed: 0x" + "f" * 5000, ":seed must be from 0 to 9,223,372,036,854,775,807, got a number of very many digits"),
        ("[" * 1_000, ": not valid YAML: "),
        ("#" * MAX_CONFIG_BYTES + "#", ": a config may have at most 100,000 bytes"),
    ],
)  # fmt: skip
def test_wrong_files_name_file_and_key(tmp_path, text, said):
    path = config_file(tmp_path, text)
    assert refusal("--config", path, *NEEDED).startswith(path + said)


def test_aliases_cannot_blow_up_a_message(tmp_path):
    levels = "\n".join(f"  - &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30))
    said = refusal("--config", config_file(tmp_path, f"layers:\n  - &a0 [1]\n{levels}\n"), *NEEDED)
    assert ":layers must be a whole number, got [" in said and len(said) < 300


def test_a_missing_file(tmp_path):
    assert (
        refusal("--config", str(tmp_path / "没有.yaml"))
        == f"cannot read {tmp_path / '没有.yaml'}: No such file or directory"
    )


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--layrs", "3"), "there is no option '--layrs' (did you mean '--layers'?)"),
        (("--layer", "3"), "there is no option '--layer' (did you mean '--layers'?)"),
        (("extra",), "there is no option 'extra' (there are: --attend"),
        (("--layers",), "argument --layers: expected one argument"),
        (("--layers", "x"), "--layers must be a whole number, got 'x'"),
        (("--layers", "9" * 5000), "--layers must be a whole number, got '999"),
        (("--lr", "11"), "--lr must be from 0 to 10, got 11.0"),
        (("--precision", "bfloat"), "--precision has no choice 'bfloat' (did you mean 'bfloat16'?)"),
        (("--width", "100", "--heads", "3"), "width must be a multiple of 2 x heads = 6, got 100"),
        (("--data", "a\0b"), "--data must not hold the character NUL"),
    ],
)
def test_wrong_flags(argv, said):
    assert refusal(*NEEDED, *argv).startswith(said)


def test_phases_have_tokens_and_may_have_a_mixture(tmp_path):
    text = "mixture: uniform\nphases: [{tokens: 1_000}, {mixture: {zh: 1, en: 3}, tokens: 500}]\n"
    config = read_config(["--config", config_file(tmp_path, text), *NEEDED])
    assert config.tokens == 1500
    assert config.budgets() == [("uniform", 1000), ({"en": 3.0, "zh": 1.0}, 500)]
    assert config.deciding()["phases"] == [{"tokens": 1000}, {"mixture": {"en": 3.0, "zh": 1.0}, "tokens": 500}]
    assert dataclasses.replace(config, out="other").budgets() == config.budgets()
    assert Config(data="d", out="o").budgets() == [("natural", 2_000_000)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("phases: 3", ":phases must be a list of {mixture: ..., tokens: N}, got 3"),
        ("phases: [{mixture: uniform}]", ":phases number 1: must be a map with tokens, such as {tokens: 1_000_000}, got {"),
        ("phases: [{tokens: 5}, web]", ":phases number 2: must be a map with tokens"),
        ("phases: [{tokens: 5, token: 5}]", ":phases number 1: has no option 'token' (did you mean 'tokens'?)"),
        ("phases: [{tokens: 0}]", ":phases number 1: tokens must be a whole number from 1 to 1,000,000,000,000,000, got 0"),
        ("phases: [{tokens: true}]", ":phases number 1: tokens must be a whole number from 1 to"),
        ("phases: [{tokens: 5, mixture: nautral}]", ":phases number 1: mixture has no mixture named 'nautral' (did"),
        ("phases: [{tokens: 5, mixture: [空]}]", ":phases number 1: mixture must be a name or weights of sources, got ['空']"),
        (f"phases: [{'{tokens: 5}, ' * 101}]", ":phases must be at most 100, got 101"),
        ("tokens: 7\nphases: [{tokens: 5}, {tokens: 5}]", "phases have 10 tokens together, but tokens is 7: leave it out"),
        ("mixture: uniform\nphases: [{mixture: natural, tokens: 5}]", "mixture has no effect: every one of the phases has"),
        (f"phases: [{{tokens: {10**15}}}, {{tokens: 1}}]", "phases have 1,000,000,000,000,001 tokens together, they may have"),
        ("tokens: 100\ntarget_tokens: 99", "target_tokens must be at least tokens = 100, got 99"),
    ],
)  # fmt: skip
def test_wrong_phases(tmp_path, text, said):
    path = config_file(tmp_path, text)
    assert refusal("--config", path, *NEEDED).removeprefix(path).startswith(said)


def test_phases_are_no_flag():
    assert refusal(*NEEDED, "--phases", "5").startswith("there is no option '--phases'")


def test_values_are_checked_in_python_too():
    assert Config(data="d", out="o", lr=1).lr == 1.0
    with pytest.raises(ConfigError, match="lr must be a number, got None"):
        Config(data="d", out="o", lr=None)
    with pytest.raises(ConfigError, match="mixture gives no source a weight above 0"):
        Config(data="d", out="o", mixture={})


def test_every_option_has_a_flag_and_a_valid_default():
    known = {action.dest for action in parser()._actions}
    for field in dataclasses.fields(Config):
        assert (field.name in known) == (field.name != "phases") and field.metadata["help"], field.name
        assert field.metadata["ge"] is None or math.isfinite(field.metadata["le"]), field.name


def test_deciding_options_leave_out_folders_and_logging():
    mine, theirs = (
        Config(data="a", out="b", log_every=1),
        Config(data="c", out="d", checkpoint_every_steps=5, evaluate_every=3),
    )
    assert mine.deciding() == theirs.deciding()
    assert mine.deciding() != dataclasses.replace(mine, threads=2).deciding()
    assert not {"data", "out"} & set(mine.deciding())
