"""The file of a classifier: a model in fastText's format, and what is known of it.

A file of ours is a zip, nothing in it compressed: `model.bin`, which fastText reads, and `classifier.json`, whose
content is called `about`. The same content makes the same bytes.
"""

from __future__ import annotations

import json
import zipfile
from typing import Any, BinaryIO, NamedTuple

from pipeline.errors import InputError

from .evaluation import SCALE
from .fasttext_model import Model, load, parse

FORMAT = 1
MODEL, ABOUT = "model.bin", "classifier.json"
ZIP_MAGIC = b"PK\3\4"
TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can tell."""


class Classifier(NamedTuple):
    """A model and what is known of it.

    positive: the place of the positive label in `model.labels`, or -1 if the file does not say. about: the content of
    `classifier.json`; empty for a bare fastText file, whose text is not prepared by `classifier_text`.
    """

    model: Model
    positive: int
    about: dict[str, Any]


def write(out: BinaryIO, model: bytes, about: dict[str, Any]) -> None:
    """Write a file from the content of a `.bin` file and `about`, which must be JSON-ready."""
    with zipfile.ZipFile(out, "w") as archive:
        _add(archive, MODEL, model)
        _add(archive, ABOUT, json.dumps({"format": FORMAT, **about}, ensure_ascii=False).encode())


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, TIME)
    entry.create_system = 3  # else it would tell the system that it was made on
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def read(path: str) -> Classifier:
    """A classifier from a file of ours, or a bare fastText `.bin` or `.ftz`. Raises InputError."""
    try:
        with open(path, "rb") as file:
            if file.read(len(ZIP_MAGIC)) != ZIP_MAGIC:
                return Classifier(load(path), -1, {})
            return _read(file, path)
    except OSError as error:
        raise InputError(f"{path} cannot be read as a classifier: {error}") from error


def about_of(file: BinaryIO) -> dict[str, Any]:
    """What is known of a classifier, from an open file of ours. Raises InputError."""
    return _unpacked(file, "the classifier")[1]


def _read(file: BinaryIO, name: str) -> Classifier:
    content, about = _unpacked(file, name)
    model = parse(content, f"{MODEL} in {name}")
    if list(model.labels) != about["labels"]:
        raise _damaged(name, f"{MODEL} has other labels than {ABOUT}")
    return Classifier(model, model.labels.index(about["positive"]), about)


def _unpacked(file: BinaryIO, name: str) -> tuple[bytes, dict[str, Any]]:
    """The content of both parts. Nothing is taken out of a zip that would grow by it."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if sorted(entries) != sorted((MODEL, ABOUT)):
                raise ValueError(f"it does not hold {MODEL} and {ABOUT}")
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries.values()):
                raise ValueError("it is compressed")
            about = json.loads(archive.read(ABOUT))
            _check(about)
            return archive.read(MODEL), about
    except (ValueError, RecursionError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise _damaged(name, str(error)) from error


def _damaged(name: str, what: str) -> InputError:
    return InputError(f"{name} is not a usable classifier ({what}): train it again, or fetch it again")


def _check(about: Any) -> None:
    """Raises ValueError unless what predicting needs is there and of the right form."""
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ValueError(f"{ABOUT} is not of format {FORMAT}")
    labels, languages, quantiles = (about.get(name) for name in ("labels", "languages", "quantiles"))
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"{ABOUT} has no labels")
    if about.get("positive") not in labels or len(set(labels)) < len(labels):
        raise ValueError(f"{ABOUT} has no positive label")
    if not isinstance(languages, dict) or not isinstance(quantiles, dict) or languages.keys() != quantiles.keys():
        raise ValueError(f"{ABOUT} has no quantiles for its languages")
    for scores in quantiles.values():
        is_list = isinstance(scores, list) and scores and all(type(score) is int for score in scores)
        if not is_list or not 0 <= scores[0] <= scores[-1] <= SCALE or scores != sorted(scores):
            raise ValueError(f"{ABOUT} has quantiles that are none")
