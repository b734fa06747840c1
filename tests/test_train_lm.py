"""Language models from files by the command line: what is learned from, what bounds are from, and in which format.

The Fit is a toy, which counts the documents that it would learn from.
"""

from __future__ import annotations

import gzip
import json
import tempfile

import judges
import pytest
from harness import Silent

from pipeline.cli import main
from pipeline.errors import StageError
from pipeline.readers.base import load_readers
from pipeline.stage import load_stages
from pipeline.train_fit import LM, Asked
from pipeline.train_fit import train as train_fit

TOY = LM._replace(fit="toy_lm")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    load_stages(["toy_fits"])
    load_readers()
    judges.write_files(tmp_path)
    (tmp_path / "zh.txt").write_text("河边的花园很美，孩子们每天早上都去那里读书。")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr("pipeline.train_fit.LM", TOY)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not list((tmp_path / "tmp").iterdir())


def train(*more: str, files: tuple[str, ...] = ("good.jsonl",), out: str = "made.lm") -> int:
    return main(["train-lm", *files, "--out", out, "--workers", "1", *more])


def counts(content: bytes) -> dict:
    """Documents by language and by what they are for."""
    return json.loads(content)[1]


def test_files_make_a_model_of_each_language(folder, capsys):
    assert train() == 0
    found = counts((folder / "made.lm").read_bytes())
    assert found.keys() >= {"en", "zh"} and all(one.keys() == {"sources"} for one in found.values())
    assert sum(one["sources"] for one in found.values()) == 120
    out, err = capsys.readouterr()
    lines = out.splitlines()
    heads = "language  documents  tokens  vocabulary  n-grams  held out  perplexity  unknown  bounds of"
    assert lines[0].split() == heads.split() and err == ""
    english = f"en {found['en']['sources']} {10 * found['en']['sources']} 1,000 3,500 5 1,234.6 1.23% 5 held out"
    assert english.split() in [line.split() for line in lines]
    assert lines[-1] == "language model: made.lm"


def test_a_reference_is_for_bounds_and_not_learned_from(folder, capsys):
    (folder / "more").mkdir()
    (folder / "more" / "good.jsonl").write_text('{"text": "河边的花园很美，孩子们每天早上都去那里。"}\n' * 7)
    reference = ["--reference", "web.jsonl", "--language", "zh", "--json", "--workers", "2"]
    assert train(*reference, files=("good.jsonl", "more/good.jsonl")) == 0
    sources, found = json.loads((folder / "made.lm").read_bytes())
    assert sources == ["files_0", "files_1"] and found.keys() == {"zh"}
    assert (
        found["zh"]["sources"] == 67 and 50 < found["zh"]["bounds"] <= 60
    )  # of 60, which is made up of few characters
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == "made.lm" and told["languages"]["zh"]["bounds"]["documents"] == found["zh"]["bounds"]


def test_languages_with_too_little_are_told_with_the_reason(folder, capsys):
    assert train("--reference", "web.jsonl", "--set", "min_documents=61", files=("good.jsonl", "zh.txt")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:-4] == ["zh", "61", "610", "1,000", "3,500", "0", "–", "–"]
    assert lines[1].endswith(" of the reference")
    (told,) = (line for line in lines if line.startswith("not served"))
    assert told.startswith("not served, too few documents (documents): en 60")


def test_without_languages_nothing_is_told_apart(folder):
    assert train("--set", "by_language=false") == 0
    assert counts((folder / "made.lm").read_bytes()) == {"all": {"sources": 120}}


@pytest.mark.parametrize("more", [["--language", "zh"], ["--set", "by_language=false"]])
def test_the_suffix_says_the_format(folder, more):
    for name in ("own.lm", "text.toy", "packed.toy.gz", "again.toy.gz"):
        assert train(*more, out=name) == 0
    own, text, packed, again = (
        (folder / name).read_bytes() for name in ("own.lm", "text.toy", "packed.toy.gz", "again.toy.gz")
    )
    assert text == ".toy 语 ".encode() + own
    assert gzip.decompress(packed) == text and packed == again


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--reference", "absent.jsonl"], 3, "no file matches {folder}/absent.jsonl\n"),
        (["--reference", "some.bin"], 2, "nothing says how to read some.bin: give --reader"),
        (["--text", "body"], 3, "good.jsonl"),
        (["--set", "language=de"], 2, "toy_lm has no option 'language' (did you mean 'languages'?)"),
        (["--set", "sources=[a]"], 2, "'sources' are files here: give them after train-lm"),
        (["--set", "bounds_sources=[a]"], 2, "'bounds_sources' are files here: give them after --reference"),
        (["--language", "zh-Hant"], 2, "--language takes a code such as de or zh_Hant, got 'zh-Hant' (did you mean"),
        (["--language", "zh", "--set", "languages=[zh, en]"], 2, "languages is set by --language, too"),
        (["--language", "de"], 3, "toy_lm can serve no language"),
        (["--out", "made.toy"], 2, "cannot write made.toy: such a file holds one model: give --language"),
        (["--out", "made.lm.gz"], 3, "cannot write made.lm.gz, a packed file: give --out a name without .gz, or .toy.gz"),
        (["--out", "made.toy.zst"], 3, "cannot write made.toy.zst, a packed file: give --out a name without .zst, or .toy.gz"),
        (["--out", "made.toy.bz2", "--language", "zh"], 3, "cannot write made.toy.bz2, a packed file: give --out a name"),
        (["--out", "made.xz"], 3, "cannot write made.xz, a packed file: give --out a name without .xz, or .toy.gz"),
        (["--set", "tokenizer=@tokenizer"], 2, "error: toy_lm option 'tokenizer': no stage makes '@tokenizer' here, give"),
        (["--set", "tokenizer=nope.json"], 3, "error: toy_lm: there is no model nope.json"),
        (["--out", "there.lm"], 3, "there.lm exists: give another --out, or delete it"),
    ],
)  # fmt: skip
def test_errors(folder, capsys, arguments, code, message):
    (folder / "there.lm").write_bytes(b"mine")
    (folder / "some.bin").write_bytes(b"\xff\xfe\0")
    assert train(*arguments) == code
    err = capsys.readouterr().err
    assert err.startswith("error: ") and message.format(folder=folder) in err and err.count("\n") == 1
    assert (folder / "there.lm").read_bytes() == b"mine" and not list(folder.glob("made.*"))


def test_a_worker_that_dies_is_said_to_make_the_command_start_over(folder, capsys, monkeypatch):
    monkeypatch.setenv("TOY_DIES", "survey")
    more = ["--plugin", "toy_fits", "--workers", "2"]
    assert train(*more, "--reference", "web.jsonl") == 4
    err = capsys.readouterr().err
    assert err.splitlines()[-1].startswith("error: a worker process died (killed, or out of memory?): the same command")
    assert "starts over" in err.splitlines()[-1] and "go on" not in err.splitlines()[-1]


@pytest.mark.parametrize("more", [{}, {"out": "made.toy.gz"}])
def test_a_bug_names_the_command_that_shows_it_again_and_leaves_no_file(folder, monkeypatch, more):
    monkeypatch.setattr("toy_fits.ToyLm.facts" if not more else "toy_fits.ToyLm.convert", lambda *_: 1 / 0)
    out = more.get("out", "made.lm")
    reference = ("web.jsonl",) if more else ()
    asked = Asked({"": ("good.jsonl",), "--reference": reference}, {"languages": ["zh"]})
    given = "good.jsonl --reference web.jsonl" if more else "good.jsonl"
    again = f"corpusmill train-lm {given} --out {out} --set .*languages=.*zh.* --workers 1"
    with pytest.raises(StageError, match=rf"^toy_lm failed on its artifact \(ZeroDivisionError.*{again}$"):
        train_fit(TOY, asked, out, 1, Silent())
    assert not list(folder.glob("made.*"))
