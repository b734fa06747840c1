"""What-if questions that get no answer, and runs that can give none."""

from __future__ import annotations

import pytest
from harness import Silent, run
from questions import PLANTED, ask, made_up, recipe, write

from pipeline.errors import InputError, OptionError, PlanError, RecipeError
from pipeline.what_if import Change, what_if


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ("toy_judge", RecipeError, "a change is written stage.option=value, such as quality.min_words=30"),
        ("toy_judge=3", RecipeError, "a change is written stage.option=value"),
        ("toy_judge.min_chars=[", RecipeError, "--set toy_judge.min_chars:1: not valid YAML: "),
        ("toy_judge.min_chars=!!python/name:os.system", RecipeError, ":1: not valid YAML: could not determine"),
        ("toy_judge.min_chars=2020-99-99", RecipeError, ":1: not valid YAML: month must be in 1..12"),
        pytest.param(f"toy_judge.keep={'[' * 5000}{']' * 5000}", RecipeError, ":1: nested too deeply", id="nested"),
        (
            "toy_judge.max_digit_frac=.inf",
            RecipeError,
            "the value of toy_judge.max_digit_frac must be finite, got .inf",
        ),
        ("toy_bounds.most=inf", RecipeError, "toy_bounds option 'most' must be a finite number, got inf"),
        ("toy_bounds.most=-.inf", RecipeError, "the value of toy_bounds.most must be finite, got -.inf"),
        pytest.param("toy_bounds.most=1" + "0" * 400, RecipeError, "toy_bounds.most must be finite", id="huge"),
        ("toy_bounds.edits=true", PlanError, "toy_bounds with other edits gives later stages another text"),
        (
            "toy_bounds.more=true",
            PlanError,
            "toy_bounds with other more gives later stages another text or other columns",
        ),
        (
            "toy_bounds.unjudged=[webb]",
            PlanError,
            "option 'unjudged' names no source .*'webb' \\(did you mean 'web'\\?",
        ),
        ("toy_bounds.most=13", OptionError, "toy_bounds option 'most': the model knows no 13"),
        ("toy_juge.min_chars=3", RecipeError, "the run has no stage 'toy_juge' \\(did you mean 'toy_judge'\\?\\)"),
        ("toy_judge.min_char=3", OptionError, "has no option 'min_char' \\(did you mean 'min_chars'\\?\\)"),
        ("toy_judge.min_chars=-3", OptionError, "must be at least 0"),
        ("toy_judge.min_chars=三", OptionError, "must be integer, got '三'"),
        ("toy_judge.unit=bytes", PlanError, "toy_judge.unit changes what is measured: change the recipe and run again"),
        ("toy_files.mark=x", PlanError, "toy_files has no option that only judges"),
    ],
)
def test_questions_that_cannot_be_asked(tmp_path, change, error, message):
    write(tmp_path, ["abcdef"])
    run(tmp_path, recipe("{}", "toy_bounds", "toy_files"))
    with pytest.raises(error, match=message):
        ask(tmp_path, change)


def test_an_option_is_set_once(tmp_path):
    write(tmp_path, ["abcdef"])
    run(tmp_path, recipe())
    with pytest.raises(RecipeError, match=r"toy_judge\.min_chars is set twice"):
        ask(tmp_path, "toy_judge.min_chars=3", "toy_judge.max_chars=9", "toy_judge.min_chars=5")


def test_only_the_shards_of_the_manifest_count_and_all_of_them(tmp_path):
    write(tmp_path, PLANTED)
    run(tmp_path, recipe())
    before = ask(tmp_path, "toy_judge.min_chars=1")
    first, *_ = sorted((tmp_path / "run" / "out" / "documents").glob("*.arrow"))
    (first.parent / "zz-left-over.arrow").write_bytes(first.read_bytes())
    assert ask(tmp_path, "toy_judge.min_chars=1") == before
    first.unlink()
    with pytest.raises(InputError, match=f"{first.name} is missing or damaged"):
        ask(tmp_path, "toy_judge.min_chars=1")


def test_a_shard_that_is_damaged_in_the_middle(tmp_path):
    write(tmp_path, PLANTED + made_up(300, seed=9))
    run(tmp_path, recipe())
    (path, *_) = sorted((tmp_path / "run" / "out" / "dropped").glob("*.arrow"))
    data = bytearray(path.read_bytes())
    mark = bytes.fromhex("28b52ffd")  # where a zstd frame begins
    assert data.count(mark) > 5
    path.write_bytes(data.replace(mark, b"\0\0\0\0"))
    with pytest.raises(InputError, match=f"{path.name} is missing or damaged"):
        ask(tmp_path, "toy_judge.min_chars=1")


@pytest.mark.parametrize("content", ["{}", "[]", '{"steps": [1], "sources": {}, "files": {}}'])
def test_a_manifest_that_is_none(tmp_path, content):
    write(tmp_path, ["abcdef"])
    run(tmp_path, recipe())
    (tmp_path / "run" / "out" / "manifest.json").write_text(content)
    with pytest.raises(InputError, match="is not as a run writes it: run the recipe again"):
        ask(tmp_path, "toy_judge.min_chars=1")


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(InputError, match="is not a complete run"):
        what_if(str(tmp_path), [Change("toy_judge", "min_chars", 1)], 0, Silent())


def test_a_stage_that_has_changed_since(tmp_path, monkeypatch):
    from toys import ToyJudge

    write(tmp_path, PLANTED)
    run(tmp_path, recipe())
    with monkeypatch.context() as patch:
        patch.setattr(ToyJudge, "version", 2)
        with pytest.raises(PlanError, match="version 1 of toy_judge, and this is version 2: run the recipe again"):
            ask(tmp_path, "toy_judge.min_chars=1")
    judge = ToyJudge.judge

    def other(self, batch):
        judge(self, batch)
        batch.rules["too_short"].mask[:] = False

    monkeypatch.setattr(ToyJudge, "judge", other)
    with pytest.raises(PlanError, match="the run's signals do not reproduce its verdicts at toy_judge"):
        ask(tmp_path, "toy_judge.min_chars=1")
