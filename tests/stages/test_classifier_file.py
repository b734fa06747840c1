"""The file of a classifier: what was written is read, and what is damaged is refused in plain words."""

from __future__ import annotations

import io
import json
import random
import shutil
import zipfile

import fasttext
import pytest
from classifier_cases import about_of, trained

from pipeline.errors import InputError
from stages.classifier_file import ABOUT, MODEL, read, write


@pytest.fixture
def path(tmp_path):
    (tmp_path / "made.zip").write_bytes(trained())
    return tmp_path / "made.zip"


def parts(content: bytes) -> tuple[bytes, dict]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(MODEL), json.loads(archive.read(ABOUT))


def test_what_was_written_is_read(path):
    found = read(str(path))
    assert found.model.labels == ("good", "candidate") and found.positive == 0
    assert found.about == parts(trained())[1] == about_of(trained())
    assert list(found.about) == [
        "format",
        "positive",
        "labels",
        "options",
        "languages",
        "unserved",
        "evaluation",
        "ties",
        "quantiles",
    ]


def test_the_same_content_makes_the_same_bytes():
    model, about = parts(trained())
    about.pop("format")
    again = io.BytesIO()
    write(again, model, about)
    assert again.getvalue() == trained()
    with zipfile.ZipFile(again) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_any_tool_takes_the_model_out(path, tmp_path):
    shutil.unpack_archive(path, tmp_path / "out")
    assert sorted(fasttext.load_model(str(tmp_path / "out" / MODEL)).labels) == ["__label__candidate", "__label__good"]


def test_a_bare_model_is_read_too(tmp_path):
    (tmp_path / "bare.bin").write_bytes(parts(trained())[0])
    found = read(str(tmp_path / "bare.bin"))
    assert (found.positive, found.about) == (-1, {}) and found.model.labels == ("good", "candidate")


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def changed(**values) -> bytes:
    model, about = parts(trained())
    return zipped((MODEL, model), (ABOUT, json.dumps({**about, **values}).encode()))


CASES = {
    "empty": (lambda: b"", "not a usable"),
    "text": (lambda: b"PK is not enough", "not a usable"),
    "begins as a zip": (lambda: b"PK\3\4" + b"\0" * 100, "not a usable"),
    "no model": (lambda: zipped((ABOUT, b"{}")), "does not hold model.bin and classifier.json"),
    "more than it should": (lambda: zipped((MODEL, b""), (ABOUT, b"{}"), ("../x", b"")), "does not hold"),
    "compressed": (lambda: zipped((MODEL, b"0" * 10**6), (ABOUT, b"{}"), method=zipfile.ZIP_DEFLATED), "compressed"),
    "no JSON": (lambda: zipped((MODEL, b""), (ABOUT, b"{")), "not a usable"),
    "deep JSON": (lambda: zipped((MODEL, b""), (ABOUT, b"[" * 10**6)), "not a usable"),
    "no UTF-8": (lambda: zipped((MODEL, b""), (ABOUT, b"\xff{}")), "not a usable"),
    "a list": (lambda: zipped((MODEL, b""), (ABOUT, b"[]")), "not of format 1"),
    "another format": (lambda: changed(format=2), "not of format 1"),
    "labels": (lambda: changed(labels=["good", "bad"]), "other labels"),
    "no labels": (lambda: changed(labels=[["good"]]), "has no labels"),
    "positive": (lambda: changed(positive="best"), "no positive label"),
    "odd positive": (lambda: changed(positive=["good"]), "no positive label"),
    "languages": (lambda: changed(languages={"en": {}}), "no quantiles"),
    "no numbers": (lambda: changed(languages={"en": {}}, quantiles={"en": [0, True]}), "none"),
    "unsorted": (lambda: changed(languages={"en": {}}, quantiles={"en": [3, 2]}), "none"),
    "no quantile": (lambda: changed(languages={"en": {}}, quantiles={"en": []}), "none"),
    "too high": (lambda: changed(languages={"en": {}}, quantiles={"en": [0, 10**9]}), "none"),
    "no fastText": (lambda: zipped((MODEL, b"x" * 100), (ABOUT, json.dumps(parts(trained())[1]).encode())), MODEL),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_damaged_is_refused(case, tmp_path):
    content, message = CASES[case]
    (tmp_path / "odd").write_bytes(content())
    with pytest.raises(InputError, match=message):
        read(str(tmp_path / "odd"))


def test_a_missing_file_and_a_folder(tmp_path):
    for path in (tmp_path / "missing.zip", tmp_path):
        with pytest.raises(InputError, match=r"cannot be read|not a usable"):
            read(str(path))


def test_damage_anywhere_is_refused_or_harmless(tmp_path):
    """Cut files, and files with some bytes changed: an InputError or a classifier, never anything else."""
    whole, chance, n_refused = trained(), random.Random(4), 0
    for turn in range(60):
        broken = bytearray(whole[: chance.randrange(len(whole))] if turn % 2 else whole)
        for _ in range(5 * (turn % 2 == 0)):
            broken[chance.choice([chance.randrange(400), -1 - chance.randrange(400)])] = chance.randrange(256)
        (tmp_path / "broken").write_bytes(broken)
        try:
            read(str(tmp_path / "broken"))
        except InputError:
            n_refused += 1
    assert n_refused > 50
