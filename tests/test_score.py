"""`corpusmill classifier --score`: scores of files by one's own fastText model and by ours, in order and counted."""

from __future__ import annotations

import gzip
import json

import judges
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness import Silent
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.errors import InputError, StageError
from pipeline.readers.base import load_readers
from pipeline.score import MILLION, Asked, Scores, score
from pipeline.stage import load_stages

TEXTS = ["good good", "good\nbad", "坏 坏", "好", "好文。", "", "Good"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    load_stages()
    load_readers()
    judges.write(tmp_path / "mine.bin", judges.model(("hq", "cc")))
    judges.write(tmp_path / "ours.zip", judges.planted())
    (tmp_path / "b.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scored(capsys, *arguments: str) -> tuple[list[tuple[str, float]], list[str]]:
    """Origins and scores of stdout, and the lines of stderr."""
    assert main(["classifier", *arguments]) == 0
    out, err = capsys.readouterr()
    found = [json.loads(line) for line in out.splitlines()]
    assert all(list(row) == ["origin", "score"] for row in found)
    return [(row["origin"], row["score"]) for row in found], err.splitlines()


def expected(*texts: str) -> list[float]:
    return [pytest.approx(judges.score(text), abs=2e-6) for text in texts]


def test_your_own_model_scores_plain_lines(folder, capsys):
    found, summary = scored(capsys, "--model", "mine.bin", "--label", "hq", "--score", "b.jsonl")
    assert [origin for origin, _ in found] == [f"b.jsonl:{row}" for row in range(1, 8)]
    scores = [value for _, value in found]
    assert scores == expected("good good", "good bad", "坏 坏", "好", "", "", "")
    assert scores == [round(value, 6) for value in scores]
    assert summary[0] == f"7 documents, mean score {np.mean(scores):.4f}"
    deciles = np.percentile(scores, range(10, 100, 10), method="inverted_cdf")
    assert summary[1:] == ["deciles: " + " ".join(f"{value:.4f}" for value in deciles)]
    other, _ = scored(capsys, "--model", "mine.bin", "--label", "__label__cc", "--score", "b.jsonl")
    assert [value for _, value in other] == [pytest.approx(1.00002 - value, abs=4e-6) for value in scores]


def test_ours_sees_words_as_in_training_and_needs_no_label(folder, capsys):
    found, _ = scored(capsys, "--model", "ours.zip", "--score", "b.jsonl")
    assert [value for _, value in found] == expected("good good", "good bad", "坏 坏", "好", "好 文", "", "good")


def test_files_of_all_kinds_come_in_the_order_given(folder, capsys):
    (folder / "page.txt").write_text("好 好\n好")
    pq.write_table(pa.table({"text": ["bad", "坏"]}), folder / "z.parquet")
    (folder / "sub").mkdir()
    with gzip.open(folder / "sub" / "b.jsonl.gz", "wt") as file:
        file.write('{"text": "good", "body": "坏"}\n')
    files = ["z.parquet", "page.txt", "sub/*.jsonl.gz", "b.jsonl", "page.txt"]
    found, summary = scored(capsys, "--model", "mine.bin", "--label", "hq", "--score", *files)
    assert [origin for origin, _ in found[:4]] == ["z.parquet:1", "z.parquet:2", "page.txt", "b.jsonl.gz:1"]
    assert [value for _, value in found[:4]] == expected("bad", "坏", "好 好 好", "good")
    assert found[-1] == found[2] and len(found) == 12
    assert summary[0].startswith("12 documents, ")
    read = ["--reader", "jsonl", "--text", "body"]
    found, _ = scored(capsys, "--model", "mine.bin", "--label", "hq", *read, "--score", "sub")
    assert found == [("b.jsonl.gz:1", *expected("坏"))]


def test_scores_go_to_a_new_file(folder, capsys):
    on_screen, _ = scored(capsys, "--model", "ours.zip", "--score", "b.jsonl")
    given = ["classifier", "--model", "ours.zip", "--score", "b.jsonl", "--out", "new/scores.jsonl"]
    assert main(given) == 0
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in (folder / "new" / "scores.jsonl").read_text().splitlines()]
    assert [(row["origin"], row["score"]) for row in rows] == on_screen
    assert out == "" and err.startswith("7 documents, ")
    assert main(given) == 3
    assert "new/scores.jsonl exists: give another --out" in capsys.readouterr().err


def test_many_documents_are_scored_batch_by_batch(folder):
    texts = ["good bad bad", "好 文 坏", "", "bad"] * 5_000
    (folder / "many.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    found = Scores()
    lines = [json.loads(line) for line in score(Asked("mine.bin", ("many.jsonl",), "hq"), found, Silent())]
    assert [line["score"] for line in lines[:4]] == expected(*texts[:4])
    assert [line["score"] for line in lines] == [line["score"] for line in lines[:4]] * 5_000
    assert (found.summary()["documents"], lines[-1]["origin"]) == (20_000, "many.jsonl:20000")


@given(st.lists(st.integers(0, MILLION), min_size=1, max_size=60))
def test_counts_give_mean_and_deciles_as_numpy(scores):
    found = Scores()
    found.add(np.array(scores[:7], np.int64))
    found.add(np.array(scores[7:], np.int64))
    summary = found.summary()
    deciles = np.percentile(scores, range(10, 100, 10), method="inverted_cdf") / MILLION
    assert summary["documents"] == len(scores)
    assert summary["mean"] == pytest.approx(np.mean(scores) / MILLION, abs=1e-6)
    assert summary["deciles"] == pytest.approx(deciles.tolist())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--model", "absent.bin"], 3, "error: there is no model absent.bin: give the path of a local file"),
        (["--model", "cut.bin"], 3, "error: cut.bin is not a usable fastText classifier (it ends too early"),
        (["--model", "cut.zip"], 3, "error: cut.zip is not a usable classifier"),
        (["--model", "b.jsonl"], 3, "error: b.jsonl is not a usable fastText classifier"),
        (["--model", "."], 3, "error: there is no model ."),
        (["--label", "hqq"], 2, "error: classifier option 'label': the model has no label 'hqq' (did you mean 'hq'?)"),
        (["--label", ""], 2, "the model mine.bin does not say which: name the one to score (there is: cc, hq)"),
        (["--model", "ours.zip"], 2, "the model has no label 'hq' (there is: good)"),
        (["--score", "absent.jsonl"], 3, "error: no file matches {folder}/absent.jsonl"),
        (["--score", "mine.bin"], 2, "error: nothing says how to read mine.bin: give --reader"),
        (["--score", "binary.txt"], 3, "binary.txt: the file is not text, for it holds a NUL byte"),
        (["--score", "binary.jsonl"], 3, "binary.jsonl"),
        (["--score", "empty.jsonl"], 3, "error: there is no document in empty.jsonl"),
        (["--score", "b.jsonl", "--text", "body"], 3, "b.jsonl"),
        (["--score", "b.jsonl", "--reader", "jsnol"], 2, "error: there is no reader 'jsnol' (did you mean 'jsonl'?)"),
    ],
)
def test_errors(folder, capsys, arguments, code, message):
    judges.write(folder / "cut.bin", (folder / "mine.bin").read_bytes()[:-1])
    judges.write(folder / "cut.zip", (folder / "ours.zip").read_bytes()[:-1])
    (folder / "empty.jsonl").write_text("")
    for name in ("binary.txt", "binary.jsonl"):
        (folder / name).write_bytes(b"\x89PNG\r\n\0\0\xff")
    given = ["--model", "mine.bin", "--label", "hq", "--score", "b.jsonl"]
    assert main(["classifier", *given, *arguments]) == code
    out, err = capsys.readouterr()
    assert message.format(folder=folder) in err and "on_error" not in err and err.count("\n") == 1 and out == ""


@pytest.mark.parametrize("label", ["", "坏", "evil\x1b[2J0"])
def test_labels_of_a_model_reach_the_terminal_few_short_and_without_escapes(folder, capsys, label):
    names = tuple(f"evil\x1b[2J{n}\u202e\n" + "好" * 300 for n in range(3_000))
    judges.write(folder / "evil.bin", judges.model(names))
    assert main(["classifier", "--model", "evil.bin", "--label", label, "--score", "b.jsonl"]) == 2
    err = capsys.readouterr().err
    assert len(err) < 2_500 and err.count("\n") == 1 and "\x1b" not in err and "\u202e" not in err
    assert "evil\\u001b[2J" in err and " and 2,990 more" in err


def test_what_a_library_says_reaches_the_terminal_bounded_and_without_escapes(capsys, monkeypatch):
    from stages.classifier import Classifier

    def fails(self, batch):
        raise ValueError("坏\x1b[2J\n" * 100_000)

    monkeypatch.setattr(Classifier, "measure", fails)
    assert main(["classifier", "--model", "ours.zip", "--score", "b.jsonl"]) == 4
    err = capsys.readouterr().err
    last = err.splitlines()[-1]
    assert last.startswith(
        "error: classifier failed on these files, rows b.jsonl:1 to b.jsonl:7 (ValueError: 坏\\u001b"
    )
    assert last.endswith("; to run it again: corpusmill classifier --model ours.zip --score b.jsonl")
    assert "Traceback" in err and "\x1b" not in err and len(last) < 3_000 and len(err) < 100_000


def test_a_file_without_documents_leaves_no_file_of_scores(folder):
    (folder / "empty.jsonl").write_text("")
    given = ["--model", "mine.bin", "--label", "hq", "--score", "empty.jsonl"]
    assert main(["classifier", *given, "--out", "scores.jsonl"]) == 3
    assert not list(folder.glob("scores*"))


def test_a_bug_names_the_command_that_shows_it_again(monkeypatch):
    from stages.classifier import Classifier

    def fails(self, batch):
        raise ZeroDivisionError("by wish")

    monkeypatch.setattr(Classifier, "measure", fails)
    again = "corpusmill classifier --model mine.bin --label hq --score b.jsonl"
    with pytest.raises(StageError, match=f"classifier failed on these files, rows b.jsonl:1 to b.jsonl:7 .*{again}$"):
        list(score(Asked("mine.bin", ("b.jsonl",), "hq"), Scores(), Silent()))


def test_nothing_is_read_before_the_model_is_known_to_fit():
    with pytest.raises(InputError, match="there is no model"):
        next(score(Asked("absent.bin", ("absent.jsonl",), "hq"), Scores(), Silent()))
