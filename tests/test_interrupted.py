"""Ctrl-C and SIGTERM, wherever they come: no error of ours, nothing left behind, and a word on what to do that is true.

Compiled code turns the KeyboardInterrupt that comes while it is called into a SystemError.
"""

from __future__ import annotations

import itertools
import signal
import tempfile

import judges
import pytest
from harness import write_jsonl
from toy_fits import ToyWords
from toys import ToyEven, ToyFirstChar, ToyTold

from pipeline.cli import main
from pipeline.cli_parts import Terminated
from pipeline.errors import StageError, interruption
from pipeline.stage import load_stages
from stages.classifier import Classifier
from stages.classifier_model import ClassifierModel
from stages.language import Language

RECIPE = """\
sources: {web: {reader: jsonl, paths: [a.jsonl]}}
stages: [toy_even, toy_told, toy_first_char]
"""
TRAIN = ["train-classifier", "--positives", "good.jsonl", "--negatives", "web.jsonl", "--out", "made.zip"]
GOES_ON = "interrupted: run the same command again to go on\n"
STARTS_OVER = "interrupted: the same command starts over\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    load_stages(["toys"])
    write_jsonl(tmp_path / "a.jsonl", 30, seed=4, extra=[{"text": "中文"}])
    (tmp_path / "r.yaml").write_text(RECIPE)
    (tmp_path / "q.yaml").write_text(RECIPE + "on_error: quarantine\n")
    (tmp_path / "w.yaml").write_text(RECIPE.replace("toy_told", "toy_words"))
    judges.write_files(tmp_path, n=20)
    judges.write(tmp_path / "ours.zip", judges.planted())
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compiled(stop):
    """A method that is stopped while it calls compiled code."""

    def method(*_):
        try:
            stop()
        except KeyboardInterrupt as error:
            raise SystemError("CPUDispatcher returned a result with an exception set") from error

    return method


def ctrl_c():
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("cls", "method", "arguments", "said"),
    [
        (ToyEven, "apply", ["run", "r.yaml"], GOES_ON),
        (ToyEven, "apply", ["run", "q.yaml"], GOES_ON),
        (ToyWords, "count", ["run", "w.yaml"], GOES_ON),
        (ToyWords, "fit", ["run", "w.yaml"], GOES_ON),
        (ToyFirstChar, "sketch", ["run", "r.yaml"], GOES_ON),
        (ToyFirstChar, "decide", ["run", "r.yaml"], GOES_ON),
        (ToyFirstChar, "compare", ["run", "r.yaml"], GOES_ON),
        (ToyFirstChar, "open", ["run", "r.yaml"], GOES_ON),
        (ToyTold, "fit", ["run", "r.yaml"], GOES_ON),
        (ToyTold, "facts", ["run", "r.yaml"], GOES_ON),
        (Language, "measure", TRAIN, STARTS_OVER),
        (ClassifierModel, "fit", TRAIN, STARTS_OVER),
        (ClassifierModel, "facts", TRAIN, STARTS_OVER),
        (Classifier, "measure", ["classifier", "--model", "ours.zip", "--score", "web.jsonl"], STARTS_OVER),
    ],
)
def test_ctrl_c_in_compiled_code_ends_with_130(folder, monkeypatch, capsys, cls, method, arguments, said):
    if method == "facts":
        monkeypatch.setattr(cls, "fit", lambda self, batches, out: out.write(b"made"))
    monkeypatch.setattr(cls, method, compiled(ctrl_c))
    more = [] if arguments[0] == "classifier" else ["--workers", "1", "--plugin", "toys"]
    assert main([*arguments, *more]) == 130
    assert capsys.readouterr() == ("", said)
    assert not list((folder / "tmp").iterdir()) and not list(folder.rglob("*.partial"))
    assert not list(folder.rglob("quarantined"))


@pytest.mark.parametrize(
    "stop", [compiled(lambda: signal.raise_signal(signal.SIGTERM)), lambda *_: signal.raise_signal(signal.SIGTERM)]
)
def test_sigterm_leaves_no_text_of_a_training_behind(folder, monkeypatch, capsys, stop):
    def outer(number, frame):
        raise AssertionError("nobody minds SIGTERM")

    before = signal.signal(signal.SIGTERM, outer)
    try:
        monkeypatch.setattr(ClassifierModel, "fit", stop)
        assert main([*TRAIN, "--workers", "1"]) == 143
        assert signal.getsignal(signal.SIGTERM) is outer
    finally:
        signal.signal(signal.SIGTERM, before)
    assert capsys.readouterr().err == "terminated: the same command starts over\n"
    assert not list((folder / "tmp").iterdir()) and not (folder / "made.zip").exists()


def raised(*errors: BaseException) -> BaseException:
    """The last of errors, each raised while the one before is handled."""
    for before, after in itertools.pairwise(errors):
        after.__context__ = before
    return errors[-1]


def test_an_interruption_is_found_behind_any_number_of_errors_and_nothing_else_is_one():
    stop = Terminated()
    assert interruption(stop) is stop
    assert interruption(raised(stop, SystemError(), StageError("坏"), ValueError())) is stop
    caused = ValueError()
    caused.__cause__ = raised(stop, SystemError())
    assert interruption(caused) is stop
    assert interruption(raised(SystemExit(), GeneratorExit(), ValueError())) is None
    one, other = ValueError(), ValueError()
    one.__cause__, other.__cause__ = other, one
    assert interruption(one) is None
