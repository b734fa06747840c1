"""The command as its user calls it: exit codes, one sentence per mistake, and no torch before it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from packed_folders import encode, packed_folder

from train import __main__ as command
from train import loop

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def data(tmp_path):
    documents = {"en": [encode("to be or not to be")], "zh": [encode("学而时习之，不亦说乎？")]}
    packed_folder(tmp_path / "packed", documents, documents)
    return str(tmp_path / "packed")


def call(*argv):
    return subprocess.run([sys.executable, "-m", "train", *map(str, argv)], cwd=ROOT, capture_output=True, text=True)


def test_train_from_a_file_and_again(data, tmp_path):
    (tmp_path / "c.yaml").write_text(
        f"data: {data}\nout: {tmp_path / 'run'}\nmixture: {{zh: 0.5, en: 0.5}}\ntokens: 500\n"
    )
    done = call("--config", tmp_path / "c.yaml", "--width", "16", "--tokens", "100")
    assert (done.returncode, done.stderr) == (0, "")  # no progress but on a terminal
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert (result["config"]["tokens"], result["config"]["width"]) == (100, 16)
    scores = {source: one["bits_per_byte"] for source, one in result["validation"].items()}
    assert done.stdout == f"bits per byte: en {scores['en']:.4f}, zh {scores['zh']:.4f}\n"
    again = call("--config", tmp_path / "c.yaml", "--width", "16", "--tokens", "100")
    assert (again.returncode, again.stdout) == (0, done.stdout)
    assert again.stderr == f"{tmp_path / 'run' / 'result.json'} is complete: nothing to do\n"


def loaded_by(*argv):
    """Exit code, what was said, and the modules that the command had loaded at its end."""
    code = (
        "import sys, json; sys.argv[1:] = json.loads(sys.argv[1]); from train.__main__ import main\n"
        "try: code = main(sys.argv[1:])\nexcept SystemExit as end: code = end.code\n"
        "print(*{name.split('.')[0] for name in sys.modules}); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, json.dumps(argv)], cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stderr, set(done.stdout.split())


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["--help"], 0, ""),
        (["--data", "d", "--out", "o", "--layrs", "3"], 2, "error: there is no option '--layrs' (did you mean '--layers'?)\n"),
        (["--config", "no.yaml"], 2, "error: cannot read no.yaml: No such file or directory\n"),
    ],
)  # fmt: skip
def test_help_and_mistakes_need_no_torch(argv, code, said):
    returncode, stderr, modules = loaded_by(*argv)
    assert (returncode, stderr) == (code, said)
    assert "argparse" in modules
    assert not {"torch", "numpy", "pyarrow", "tokenizers"} & modules


def test_every_kind_of_mistake_has_its_code(data, tmp_path, capsys, monkeypatch):
    out = ["--out", str(tmp_path / "run"), "--tokens", "50", "--width", "8", "--heads", "1"]
    monkeypatch.setattr("torch.set_num_interop_threads", lambda n: None)  # can be set only once in a process
    assert command.main(["--data", str(tmp_path), *out]) == 3
    assert "is this a folder of packed tokens?" in capsys.readouterr().err
    assert command.main(["--data", data, "--mixture", "code=1", *out]) == 2
    assert capsys.readouterr().err == "error: the mixture names no source of the data: 'code' (there are: en, zh)\n"
    for raised, code, said in (
        (loop.DivergedError("training diverged"), 4, "error: training diverged\n"),
        (KeyboardInterrupt(), 130, "interrupted: the same command goes on from the last checkpoint\n"),
    ):
        monkeypatch.setattr(loop.Run, "advance", lambda run, raised=raised: raise_(raised))
        assert command.main(["--data", data, *out]) == code
        assert capsys.readouterr().err == said
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["metrics.jsonl"]


def raise_(error):
    raise error


def test_no_validation_text_is_said(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("torch.set_num_interop_threads", lambda n: None)
    packed_folder(tmp_path / "packed", {"en": [encode("to be or not to be")], "zh": [encode("学而时习之")]})
    argv = ["--data", str(tmp_path / "packed"), "--out", str(tmp_path / "run"), "--tokens", "20", "--width", "8"]
    assert command.main([*argv, "--heads", "1"]) == 0
    assert capsys.readouterr().out == "no source has validation text\n"


def test_progress_on_a_terminal_only(data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("torch.set_num_interop_threads", lambda n: None)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    argv = [
        "--data",
        data,
        "--out",
        str(tmp_path / "run"),
        "--tokens",
        "99",
        "--width",
        "8",
        "--heads",
        "1",
        "--log-every",
        "1",
    ]
    assert command.main(argv) == 0
    shown = capsys.readouterr().err
    assert shown.startswith("\rstep 1 of ") and shown.endswith(" tokens/s\n") and shown.count("\n") == 1
    assert command.main(argv) == 0
    assert "\r" not in capsys.readouterr().err
